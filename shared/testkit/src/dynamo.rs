//! The table in process: DynamoDB's wire protocol on 127.0.0.1 over memory, one database a test. Must not know the product
//! beyond the definition of its table.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use dynoxide::Database;
use std::time::Duration;
use store::Store;
use store::http::{self, Roots};

/// A running database with the product's table in it. Ends with the runtime it was started on.
#[derive(Clone, Debug)]
pub struct LocalTable {
    /// A client for what the store does not do: looking at items, tampering with them.
    pub client: Client,
    /// Name of the table.
    pub name: String,
    /// Where the database listens, for clients of other makes.
    pub endpoint: String,
}

impl LocalTable {
    /// Starts a database on a free port of 127.0.0.1 and creates the table.
    ///
    /// # Errors
    /// Where no port is free or the table is refused.
    pub async fn start() -> Result<LocalTable, Box<dyn std::error::Error + Send + Sync>> {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        tokio::spawn(dynoxide::server::serve_on(listener, Database::memory()?));
        LocalTable::at(endpoint).await
    }

    /// Creates the table in a database that listens there.
    ///
    /// # Errors
    /// Where the table is refused.
    pub async fn at(endpoint: String) -> Result<LocalTable, Box<dyn std::error::Error + Send + Sync>> {
        let name = "countersign".to_owned();
        let client = client(&endpoint);
        store::table::create_table(&client, &name)?.send().await?;
        let ttl = aws_sdk_dynamodb::types::TimeToLiveSpecification::builder()
            .attribute_name(store::table::TTL)
            .enabled(true)
            .build()?;
        client.update_time_to_live().table_name(&name).time_to_live_specification(ttl).send().await?;
        Ok(LocalTable { client, name, endpoint })
    }

    /// A store on the table, with memory of its own, as another process would have.
    pub fn store(&self) -> Store {
        Store::new(self.client.clone(), &self.name)
    }
}

/// No retries: what the database refuses, the test sees.
fn client(endpoint: &str) -> Client {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "local"))
        .endpoint_url(endpoint)
        .http_client(http::client(Roots::Pem(&[]), Duration::from_secs(5)))
        .retry_config(RetryConfig::disabled())
        .timeout_config(
            aws_sdk_dynamodb::config::timeout::TimeoutConfig::builder()
                .operation_timeout(Duration::from_secs(30))
                .build(),
        )
        .build();
    Client::from_conf(config)
}
