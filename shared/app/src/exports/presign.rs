//! Links to files of the bucket that work for a short time without credentials (SigV4 in the query). Asks S3 nothing, so
//! that the doors need no client of S3.

use crate::Error;
use crate::signature::sign;
use aws_config::SdkConfig;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings, UriPathNormalizationMode,
};
use domain::time::Timestamp;
use std::time::Duration;

/// A bucket, and what signs links to it.
#[derive(Clone, Debug)]
pub struct Files {
    aws: SdkConfig,
    bucket: String,
}

impl Files {
    /// The files of `bucket`.
    pub fn new(aws: &SdkConfig, bucket: String) -> Files {
        Files { aws: aws.clone(), bucket }
    }

    /// A link to the file `name` that works for `seconds` from `now`, and saves it under its last part.
    ///
    /// # Errors
    /// [`Error::NotReady`] where there are no credentials.
    pub async fn link(&self, name: &str, seconds: u32, now: Timestamp) -> Result<String, Error> {
        let not_ready = |what: &str| {
            tracing::error!(what, "a link to a file cannot be signed");
            Error::NotReady
        };
        let address = match self.aws.endpoint_url() {
            // A local installation has one address for everything.
            Some(endpoint) => format!("{}/{}/{name}", endpoint.trim_end_matches('/'), self.bucket),
            None => {
                let region = self.aws.region().ok_or_else(|| not_ready("no region"))?;
                format!("https://{}.s3.{region}.amazonaws.com/{name}", self.bucket)
            }
        };
        let file = name.rsplit('/').next().unwrap_or(name);
        let address = format!("{address}?response-content-disposition=attachment%3B%20filename%3D%22{file}%22");
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(u64::from(seconds)));
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        let request = SignableRequest::new("GET", &address, std::iter::empty(), SignableBody::UnsignedPayload)
            .map_err(|error| not_ready(&error.to_string()))?;
        let signed = sign(&self.aws, "s3", settings, request, now).await;
        let instructions = signed.map_err(|error| not_ready(&error.to_string()))?;
        let query: Vec<String> =
            instructions.params().iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        Ok(format!("{address}&{}", query.join("&")))
    }
}

/// Percent-encodes all but the unreserved characters, as SigV4 signs them.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
