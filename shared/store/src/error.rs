//! What can go wrong with the table, by what the caller does next. Must not decide retries: those are the waist's and the SDK's.

use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use std::error::Error as StdError;

/// Why the table did not do what was asked. Every variant says what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another writer was first. Load, decide and commit again.
    #[error("another writer was first; load and decide again")]
    Conflict,
    /// The drawn instance key is taken. Draw another and start again.
    #[error("this instance key is taken; draw another")]
    KeyTaken,
    /// A request with the same idempotency key was committed. Read its record and give its answer.
    #[error("a request with the same idempotency key was carried out; give its answer")]
    IdempotencyTaken,
    /// A limit of DynamoDB would be passed; nothing was sent. The data must shrink: trying again is useless.
    #[error("{what} would be {size}, the limit is {limit}")]
    TooLarge {
        /// What is too large, with its unit.
        what: &'static str,
        /// How large it would be.
        size: usize,
        /// How large it may be.
        limit: usize,
    },
    /// The table or one of its partitions is asked too much. Try again later.
    #[error("the table is asked too much at the moment; try again later")]
    Throttled,
    /// The decision has no events. A bug of the caller: it must not commit such a decision.
    #[error("there is nothing to commit")]
    NothingToCommit,
    /// A stored item cannot be read. An operator must look; trying again is useless.
    #[error("the stored item {key} cannot be read: {problem}")]
    Corrupt {
        /// Partition and sort key.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The table did not answer or refused for another reason. Whether a write took place is unknown; try again with
    /// the same idempotency key.
    #[error("{operation} failed: {message}")]
    Other {
        /// The operation of the API.
        operation: &'static str,
        /// Code and message of the service, or what happened on the way to it.
        message: String,
        /// The SDK's error.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
}

impl Error {
    pub(crate) fn from_sdk<E, R>(operation: &'static str, error: SdkError<E, R>) -> Error
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
        R: std::fmt::Debug + Send + Sync + 'static,
    {
        match error.as_service_error().and_then(ProvideErrorMetadata::code) {
            Some(
                "ConditionalCheckFailedException" | "TransactionConflictException" | "TransactionInProgressException",
            ) => return Error::Conflict,
            Some(
                "ProvisionedThroughputExceededException"
                | "ThrottlingException"
                | "RequestLimitExceeded"
                | "Throttling",
            ) => return Error::Throttled,
            Some(_) | None => {}
        }
        // The service's own words; never the raw answer, which may hold personal data.
        let message = match error.as_service_error() {
            Some(service) => {
                format!("{}: {}", service.code().unwrap_or("no code"), service.message().unwrap_or("no message"))
            }
            None => match &error {
                SdkError::TimeoutError(_) => "no answer in time".to_owned(),
                SdkError::DispatchFailure(failure) => failure
                    .as_connector_error()
                    .map_or_else(|| "not sent".to_owned(), |error| DisplayErrorContext(error).to_string()),
                SdkError::ConstructionFailure(_) => "the request could not be built".to_owned(),
                SdkError::ResponseError(_) | SdkError::ServiceError(_) | _ => "the answer could not be read".to_owned(),
            },
        };
        Error::Other { operation, message, source: Box::new(error) }
    }
}
