//! The installation's secret: fetched from Secrets Manager once per process. What is signed with it is `keys`' and
//! `link`'s matter.

use crate::keys::Secret;
use aws_config::SdkConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;

/// The secret could not be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Secrets Manager did not give it.
    #[error("the secret {arn} cannot be read: {detail}")]
    Unreadable {
        /// Which.
        arn: String,
        /// Why.
        detail: String,
    },
    /// It is shorter than 32 bytes.
    #[error("the secret {0} is shorter than 32 bytes")]
    TooShort(String),
}

/// Where the secret comes from. Clones share what was fetched.
#[derive(Clone, Debug)]
pub struct SecretSource(Arc<Source>);

#[derive(Debug)]
struct Source {
    fetched: OnceCell<Secret>,
    /// Configuration and name; `None` where the secret was given.
    origin: Option<(SdkConfig, String)>,
}

impl SecretSource {
    /// The secret that `arn` names in Secrets Manager.
    pub fn named(aws: &SdkConfig, arn: String) -> SecretSource {
        SecretSource(Arc::new(Source { fetched: OnceCell::new(), origin: Some((aws.clone(), arn)) }))
    }

    /// A secret at hand, for tests and tools.
    pub fn given(secret: Secret) -> SecretSource {
        SecretSource(Arc::new(Source { fetched: OnceCell::new_with(Some(secret)), origin: None }))
    }

    /// Begins to fetch while the function tells Lambda that it is ready: the first request finds the secret there, or
    /// waits for the rest. A failure is not lost, the request tries again.
    pub fn fetch_early(&self) {
        let source = self.clone();
        tokio::spawn(async move {
            // Lets the runtime ask for its first event before anything else is set up.
            tokio::time::sleep(Duration::from_millis(1)).await;
            if let Err(error) = source.get().await {
                tracing::warn!(%error, "the secret could not be fetched early");
            }
        });
    }

    /// The secret, fetched at most once.
    ///
    /// # Errors
    /// Where Secrets Manager does not give it, or it is too short; the next call tries again.
    pub async fn get(&self) -> Result<&Secret, Error> {
        self.0.fetched.get_or_try_init(|| self.fetch()).await
    }

    async fn fetch(&self) -> Result<Secret, Error> {
        let Some((aws, arn)) = &self.0.origin else {
            return Err(Error::Unreadable { arn: String::new(), detail: "no origin".to_owned() });
        };
        let text = text(aws, arn).await?;
        text.as_deref().and_then(Secret::new).ok_or_else(|| Error::TooShort(arn.clone()))
    }
}

/// The text of a secret of somebody else's making, such as the one an identity provider gave. Not kept.
///
/// # Errors
/// [`Error::Unreadable`].
pub async fn text(aws: &SdkConfig, arn: &str) -> Result<Option<String>, Error> {
    let client = aws_sdk_secretsmanager::Client::new(aws);
    let answer = client.get_secret_value().secret_id(arn).send().await.map_err(|error| Error::Unreadable {
        arn: arn.to_owned(),
        detail: aws_sdk_secretsmanager::error::DisplayErrorContext(error).to_string(),
    })?;
    Ok(answer.secret_string().map(str::to_owned))
}
