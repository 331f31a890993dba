//! Signature Version 4 for the two requests that are made without a client of the SDK. Sends nothing.

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials;
use aws_sigv4::http_request::{SignableRequest, SigningInstructions, SigningSettings};
use aws_sigv4::sign::v4;
use domain::time::Timestamp;
use std::error::Error;
use std::time::{Duration, SystemTime};

/// What must be added to `request`, which is for `service` in the Region of `aws`.
///
/// # Errors
/// Where there is no Region, there are no credentials, or the request cannot be signed.
pub(crate) async fn sign(
    aws: &SdkConfig,
    service: &str,
    settings: SigningSettings,
    request: SignableRequest<'_>,
    now: Timestamp,
) -> Result<SigningInstructions, Box<dyn Error + Send + Sync>> {
    let region = aws.region().ok_or("no region")?;
    let credentials = aws.credentials_provider().ok_or("no credentials")?.provide_credentials().await?;
    let identity = credentials.into();
    let at = u64::try_from(now.as_millis()).unwrap_or(0);
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region.as_ref())
        .name(service)
        .time(SystemTime::UNIX_EPOCH + Duration::from_millis(at))
        .settings(settings)
        .build()?
        .into();
    let (instructions, _) = aws_sigv4::http_request::sign(request, &params)?.into_parts();
    Ok(instructions)
}
