//! The definition of the one table, as data: what tests create, what the template must say. Creates nothing by itself in
//! production: there the stack owns the table.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType, StreamSpecification, StreamViewType,
};

/// Partition key of the table; text.
pub const PARTITION_KEY: &str = "pk";
/// Sort key of the table; text.
pub const SORT_KEY: &str = "sk";
/// Attribute with the second (of the Unix epoch) after which DynamoDB may delete the item.
pub const TTL: &str = "ttl";

/// A secondary index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index {
    /// Name.
    pub name: &'static str,
    /// Partition key; text.
    pub partition_key: &'static str,
    /// Sort key; text.
    pub sort_key: &'static str,
    /// Attributes kept in the index besides the keys.
    pub includes: &'static [&'static str],
}

/// External tasks by status, in the order of their creation.
pub const BY_STATUS: Index = Index {
    // DynamoDB takes names of three characters and more.
    name: "ByStatus",
    partition_key: "l1",
    sort_key: "ls",
    includes: ROW,
};

/// External tasks of one activity, and instances of one process, by status, in the order of their creation.
pub const BY_PROCESS: Index = Index {
    name: "ByProcess",
    partition_key: "l2",
    sort_key: "ls",
    // The row of a task, and business key and end of an instance.
    includes: &["r", "a", "p", "dv", "ref", "x", "c", "rm", "dl", "fu", "bk", "en"],
};

/// External tasks by the domain of their recipient, and instances by business key. Holds only what never changes while
/// the status stays: what a search drops costs no read of its own, and reminders and receipts cost nothing here.
pub const BY_DOMAIN: Index = Index {
    name: "ByDomain",
    partition_key: "l3",
    sort_key: "ls",
    includes: &["r", "a", "p", "dv", "ref", "s", "bk", "en"],
};

/// Pending external tasks that expire, in the order of their expiry.
pub const BY_EXPIRY: Index =
    Index { name: "ByExpiry", partition_key: "l4", sort_key: "lx", includes: &["r", "a", "p", "at", "fu"] };

/// Pending external tasks that a person must look at: empty in a good life.
pub const FOLLOW_UP: Index = Index { name: "FollowUp", partition_key: "l5", sort_key: "ls", includes: ROW };

/// What the row of a task shows besides its keys: recipient, activity, process, definition version, reference, expires,
/// completed, reminders, delivery, follow-up.
const ROW: &[&str] = &["r", "a", "p", "dv", "ref", "x", "c", "rm", "dl", "fu"];

/// Every index. A new list adds its index here and in the template.
pub const INDEXES: &[Index] = &[BY_STATUS, BY_PROCESS, BY_DOMAIN, BY_EXPIRY, FOLLOW_UP];

/// A request that creates the table, for tests and local tools.
///
/// # Errors
/// None in practice: every required part is set.
pub fn create_table(client: &aws_sdk_dynamodb::Client, name: &str) -> Result<CreateTableFluentBuilder, BuildError> {
    let mut request = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key(PARTITION_KEY, KeyType::Hash)?)
        .key_schema(key(SORT_KEY, KeyType::Range)?)
        .attribute_definitions(text(PARTITION_KEY)?)
        .attribute_definitions(text(SORT_KEY)?)
        .stream_specification(
            StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::NewImage).build()?,
        );
    let mut defined: Vec<&str> = Vec::new();
    for index in INDEXES {
        let mut projection = Projection::builder().projection_type(ProjectionType::Include);
        for name in index.includes {
            projection = projection.non_key_attributes(*name);
        }
        request = request.global_secondary_indexes(
            GlobalSecondaryIndex::builder()
                .index_name(index.name)
                .key_schema(key(index.partition_key, KeyType::Hash)?)
                .key_schema(key(index.sort_key, KeyType::Range)?)
                .projection(projection.build())
                .build()?,
        );
        for name in [index.partition_key, index.sort_key] {
            if !defined.contains(&name) {
                defined.push(name);
                request = request.attribute_definitions(text(name)?);
            }
        }
    }
    Ok(request)
}

fn key(name: &str, kind: KeyType) -> Result<KeySchemaElement, BuildError> {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build()
}

fn text(name: &str) -> Result<AttributeDefinition, BuildError> {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
}
