//! Tenants and API tokens. Keeps records; checks no permission and makes no token.
//!
//! Records are cached in the process for [`CACHED_MS`] by the clock the caller hands in; the store reads none. So a raised
//! epoch and a deleted token are dead everywhere within 30 s, and in the process that did it at once.

use crate::item::{Item, Reader, Writer};
use crate::keys;
use crate::table::SORT_KEY;
use crate::{Error, Store};
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::ids::TenantId;
use domain::outbound::Outbound;
use domain::permission::Setup;
use domain::time::Timestamp;

/// Milliseconds for which a record is taken from the process's own memory (design: at most 30 s).
pub const CACHED_MS: i64 = 30_000;
/// Shards of a tenant's lists at most: a page asks every one.
pub const SHARDS_MAX: u32 = 64;

/// A tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantRecord {
    /// Number.
    pub id: TenantId,
    /// Display name.
    pub name: String,
    /// BCP 47 language of pages and mails where a task has none.
    pub language: String,
    /// IANA time zone in which times are shown.
    pub time_zone: String,
    /// Key epoch: raising it kills every public link of the tenant. Only [`Store::raise_epoch`] changes it.
    pub epoch: u16,
    /// Over how many partitions the rows of its lists are spread. Only grows: a task keeps the shard of its creation, and
    /// a list asks all shards. One until the tenant creates 150 tasks a second.
    pub shards: u32,
    /// Display name of the sender of its mails.
    pub mail_from_name: Option<String>,
    /// Where answers to its mails go.
    pub reply_to: Option<String>,
    /// What its roles may do.
    pub setup: Setup,
    /// Days after their end for which instances with their tasks and journals are kept; `None`: for ever.
    pub retention_days: Option<u32>,
    /// Mails in one UTC day at most, about: the day's counter is added to a batch at a time. `None`: no limit.
    pub mails_per_day: Option<u32>,
    /// Mails to one recipient in one UTC day at most; costs a write unit a mail. `None`: no limit.
    pub mails_per_recipient_day: Option<u32>,
    /// Where its system tasks may call.
    pub outbound: Outbound,
    /// When it was created.
    pub created_at: Timestamp,
}

impl TenantRecord {
    /// A tenant with the defaults of everything.
    pub fn new(id: TenantId, name: &str, now: Timestamp) -> TenantRecord {
        TenantRecord {
            id,
            name: name.to_owned(),
            language: "en".to_owned(),
            time_zone: "UTC".to_owned(),
            epoch: 1,
            shards: 1,
            mail_from_name: None,
            reply_to: None,
            setup: Setup::default(),
            retention_days: None,
            mails_per_day: None,
            mails_per_recipient_day: None,
            outbound: Outbound::default(),
            created_at: now,
        }
    }
}

/// An API token, without the token: the table holds only its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRecord {
    /// Tenant.
    pub tenant: TenantId,
    /// User or client id.
    pub user: String,
    /// Roles within the tenant.
    pub roles: Vec<String>,
    /// Groups (teams) of the user, as candidates of tasks name them.
    pub groups: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Store {
    /// A tenant's record, not older than 30 s. `None`: no such tenant.
    ///
    /// # Errors
    /// [`Error::Corrupt`] where the record cannot be read; [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn tenant(&self, id: TenantId, now: Timestamp) -> Result<Option<TenantRecord>, Error> {
        if let Some(record) = self.inner.tenants.get(&id, now) {
            return Ok(Some(record));
        }
        let Some(item) = self.get("tenant", &keys::tenant(id), false).await? else { return Ok(None) };
        let record = read_tenant(id, &item)?;
        self.inner.tenants.put(id, record.clone(), now);
        Ok(Some(record))
    }

    /// Every tenant of the installation, by number. For operators: reads one item for each.
    ///
    /// # Errors
    /// As [`Store::tenant`].
    pub async fn tenants(&self) -> Result<Vec<TenantRecord>, Error> {
        let query = self.partition(keys::Collection::Tenants.to_string()).key_condition_expression("#pk = :pk");
        let mut records = Vec::new();
        for entry in self.query_all("tenants", query.consistent_read(true)).await? {
            let reader = Reader(&entry);
            let id = keys::parse_tenant_entry(reader.text(SORT_KEY)?)
                .map_err(|_| reader.corrupt("its key is no tenant's"))?;
            if let Some(item) = self.get("tenants", &keys::tenant(id), true).await? {
                records.push(read_tenant(id, &item)?);
            }
        }
        Ok(records)
    }

    /// Creates a tenant or changes its record. The epoch of an existing one stays, and its shards never become fewer.
    ///
    /// # Errors
    /// [`Error::Conflict`] where shards would become fewer; [`Error::TooLarge`] beyond [`SHARDS_MAX`].
    pub async fn put_tenant(&self, record: &TenantRecord) -> Result<(), Error> {
        let (size, limit) = (record.shards as usize, SHARDS_MAX as usize);
        if size > limit {
            return Err(Error::TooLarge { what: "the number of shards", size, limit });
        }
        // First the entry of the list: an entry without a record is passed over, a record without entry would be hidden.
        let entry = Writer::new(&keys::tenant_entry(record.id), "TL1").done();
        self.put("put tenant", entry).await?;
        let text = |value: &str| AttributeValue::S(value.to_owned());
        let optional = |value: &Option<String>| text(value.as_deref().unwrap_or_default());
        let number = |value: i64| AttributeValue::N(value.to_string());
        // What a tenant does not set up is not stored.
        let setup = (!record.setup.is_default()).then(|| text(&setup_json(&record.setup)));
        let outbound = (!record.outbound.is_empty()).then(|| text(&outbound_json(&record.outbound)));
        let limit = |limit: Option<u32>| limit.map(|limit| number(i64::from(limit)));
        let retention = limit(record.retention_days);
        let (per_day, per_recipient) = (limit(record.mails_per_day), limit(record.mails_per_recipient_day));
        let mut sets = "SET #k = :k, #nm = :nm, #lg = :lg, #tz = :tz, #sh = :sh, #fn = :fn, #rt = :rt, \
                        #ep = if_not_exists(#ep, :ep), #at = if_not_exists(#at, :at)"
            .to_owned();
        let mut removes = Vec::new();
        let mut update = self.update(&keys::tenant(record.id));
        let unset = [
            (SETUP, setup),
            (RETENTION, retention),
            (PER_DAY, per_day),
            (PER_RECIPIENT, per_recipient),
            (OUTBOUND, outbound),
        ];
        for (name, value) in unset {
            update = update.expression_attribute_names(format!("#{name}"), name);
            match value {
                Some(value) => {
                    sets.push_str(&format!(", #{name} = :{name}"));
                    update = update.expression_attribute_values(format!(":{name}"), value);
                }
                None => removes.push(format!("#{name}")),
            }
        }
        if !removes.is_empty() {
            sets.push_str(&format!(" REMOVE {}", removes.join(", ")));
        }
        let update = update.update_expression(sets).condition_expression("attribute_not_exists(pk) OR #sh <= :sh");
        let values = [
            ("k", text("T1")),
            ("nm", text(&record.name)),
            ("lg", text(&record.language)),
            ("tz", text(&record.time_zone)),
            ("sh", number(i64::from(record.shards.max(1)))),
            ("fn", optional(&record.mail_from_name)),
            ("rt", optional(&record.reply_to)),
            ("ep", number(i64::from(record.epoch))),
            ("at", number(record.created_at.as_millis())),
        ];
        let update = values.into_iter().fold(update, |update, (name, value)| {
            update
                .expression_attribute_names(format!("#{name}"), name)
                .expression_attribute_values(format!(":{name}"), value)
        });
        self.inner.tenants.forget(&record.id);
        self.send_update("put tenant", update).await?.map(|_| ()).ok_or(Error::Conflict)
    }

    /// Raises a tenant's key epoch by one and so kills every public link of the tenant, everywhere within 30 s.
    /// Gives the new epoch, `None` where there is no such tenant.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the last of 65,535 epochs is used up.
    pub async fn raise_epoch(&self, id: TenantId) -> Result<Option<u16>, Error> {
        let update = self
            .update(&keys::tenant(id))
            .update_expression("SET #ep = #ep + :one")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#ep", "ep")
            .expression_attribute_values(":one", AttributeValue::N("1".to_owned()))
            .return_values(ReturnValue::AllNew);
        let item = self.send_update("raise epoch", update).await?;
        self.inner.tenants.forget(&id);
        item.map(|item| Reader(&item).number("ep")).transpose()
    }

    /// The record of an API token by the hexadecimal SHA-256 of the token, not older than 30 s. `None`: no such token.
    ///
    /// # Errors
    /// As [`Store::tenant`].
    pub async fn token(&self, hash: &str, now: Timestamp) -> Result<Option<TokenRecord>, Error> {
        let key = hash.to_owned();
        if let Some(record) = self.inner.tokens.get(&key, now) {
            return Ok(Some(record));
        }
        let Some(item) = self.get("token", &keys::token(hash), false).await? else { return Ok(None) };
        let reader = Reader(&item);
        let record = TokenRecord {
            tenant: TenantId(reader.number("t")?),
            user: reader.text("u")?.to_owned(),
            roles: reader.json("ro")?,
            groups: reader.json_or_default("gr")?,
            created_at: Timestamp::from_millis(reader.number("at")?),
        };
        // Only tokens that exist are kept: guesses must not push them out.
        self.inner.tokens.put(key, record.clone(), now);
        Ok(Some(record))
    }

    /// Stores an API token under the hexadecimal SHA-256 of the token.
    ///
    /// # Errors
    /// [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn put_token(&self, hash: &str, record: &TokenRecord) -> Result<(), Error> {
        self.inner.tokens.forget(&hash.to_owned());
        self.put("put token", write_token(hash, record)).await
    }

    /// Deletes an API token; it is dead everywhere within 30 s. Unknown ones are success.
    ///
    /// # Errors
    /// [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn delete_token(&self, hash: &str) -> Result<(), Error> {
        self.delete("delete token", &keys::token(hash)).await?;
        self.inner.tokens.forget(&hash.to_owned());
        Ok(())
    }
}

/// Attribute with the setup of roles as JSON, where it is not the default.
const SETUP: &str = "pm";
/// Attribute with the days for which ended instances are kept, where they are not kept for ever.
const RETENTION: &str = "rd";
/// Attributes with the limits of mails.
const PER_DAY: &str = "md";
const PER_RECIPIENT: &str = "mr";
/// Attribute with the hosts and commands of system tasks as JSON, where any are set up.
const OUTBOUND: &str = "ob";

fn outbound_json(outbound: &Outbound) -> String {
    serde_json::to_string(outbound).expect("hosts and commands are JSON")
}

fn setup_json(setup: &Setup) -> String {
    serde_json::to_string(setup).expect("names of roles and permissions are JSON")
}

pub(crate) fn write_token(hash: &str, record: &TokenRecord) -> Item {
    Writer::new(&keys::token(hash), "A1")
        .number("t", record.tenant.0)
        .text("u", &record.user)
        .json("ro", &record.roles)
        .json_unless(record.groups.is_empty(), "gr", &record.groups)
        .number("at", record.created_at.as_millis())
        .done()
}

pub(crate) fn read_tenant(id: TenantId, item: &Item) -> Result<TenantRecord, Error> {
    let reader = Reader(item);
    let optional = |name| reader.owned_opt(name).filter(|text| !text.is_empty());
    Ok(TenantRecord {
        id,
        name: reader.text("nm")?.to_owned(),
        language: reader.text("lg")?.to_owned(),
        time_zone: reader.text("tz")?.to_owned(),
        epoch: reader.number("ep")?,
        shards: reader.number("sh")?,
        mail_from_name: optional("fn"),
        reply_to: optional("rt"),
        setup: reader.json_or_default(SETUP)?,
        retention_days: reader.number_opt(RETENTION)?,
        mails_per_day: reader.number_opt(PER_DAY)?,
        mails_per_recipient_day: reader.number_opt(PER_RECIPIENT)?,
        outbound: reader.json_or_default(OUTBOUND)?,
        created_at: Timestamp::from_millis(reader.number("at")?),
    })
}
