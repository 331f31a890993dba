//! Fetches the installation's secret from Secrets Manager, once per process.

use crate::keys::Secret;

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

/// Fetches the secret named by `arn`.
pub async fn fetch(config: &aws_config::SdkConfig, arn: &str) -> Result<Secret, Error> {
    let client = aws_sdk_secretsmanager::Client::new(config);
    let answer = client.get_secret_value().secret_id(arn).send().await.map_err(|error| Error::Unreadable {
        arn: arn.to_owned(),
        detail: aws_sdk_secretsmanager::error::DisplayErrorContext(error).to_string(),
    })?;
    answer.secret_string().and_then(Secret::new).ok_or_else(|| Error::TooShort(arn.to_owned()))
}
