//! Commands of scripts (`doCmd`) on their way out and back: the worker of actions, which alone may call other systems, is
//! asked for each, and its answers are kept as long as one request is decided. Knows no registry and no credentials.

use crate::execute::{App, Error};
use crate::signature::sign;
use aws_config::SdkConfig;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings};
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use domain::ids::{InstanceKey, TenantId};
use domain::script::{CommandAnswer, CommandCall};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Milliseconds that the commands of one request may take together: its caller waits, and the function has 15 s.
pub const BUDGET_MS: u64 = 10_000;
/// What is left of the budget when it counts as used up: nobody answers in less.
const REST_MS: u64 = 50;

/// A command that is to be carried out now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandOrder {
    /// Whose registry names it.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// What it is given.
    pub arguments: Value,
    /// What the called system knows a repetition by.
    pub idempotency_key: String,
    /// Milliseconds its answer is waited for.
    pub timeout_ms: u64,
}

/// The carrier could not be asked: nothing is known of the command.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// Carries out commands.
pub trait CarryOut: Debug + Send + Sync {
    /// The command's answer; a refusal is one, too.
    fn carry_out<'a>(
        &'a self,
        order: &'a CommandOrder,
    ) -> Pin<Box<dyn Future<Output = Result<CommandAnswer, Unavailable>> + Send + 'a>>;
}

/// The commands of one request and their answers, over all conflicts.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// When the request began.
    pub since: Instant,
    /// When the first was called, and the version of the instance that called it.
    begun: Option<(Instant, u64)>,
    answers: Vec<(CommandCall, CommandAnswer)>,
}

impl Default for Recorded {
    fn default() -> Recorded {
        Recorded { since: Instant::now(), begun: None, answers: Vec::new() }
    }
}

impl Recorded {
    pub fn answers(&self) -> &[(CommandCall, CommandAnswer)] {
        &self.answers
    }
}

impl App {
    /// Carries out a command that a script of `instance`, in its `version`, called.
    pub(crate) async fn carry_out(
        &self,
        (tenant, instance, version): (TenantId, InstanceKey, u64),
        call: CommandCall,
        recorded: &mut Recorded,
    ) -> Result<(), Error> {
        let (begun, version) = *recorded.begun.get_or_insert_with(|| (Instant::now(), version));
        let spent_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let left_ms = BUDGET_MS.saturating_sub(spent_ms);
        let failed = |code: &str, message: String| CommandAnswer::Failed { code: code.to_owned(), message };
        let answer = match &self.commands {
            None => failed("UNKNOWN_COMMAND", format!("no command can be carried out here, \"{}\" neither", call.name)),
            Some(_) if left_ms < REST_MS => {
                failed("HTTP_TIMEOUT", format!("the commands of one step took more than {BUDGET_MS} ms"))
            }
            Some(carrier) => {
                let order = CommandOrder {
                    tenant,
                    name: call.name.clone(),
                    arguments: call.arguments.clone(),
                    idempotency_key: format!("{instance}/{}/{version}/{}", call.element.0, call.number),
                    timeout_ms: left_ms,
                };
                carrier.carry_out(&order).await.map_err(|error| {
                    tracing::error!(instance.id = %instance, %error, "a command could not be carried out");
                    Error::NotReady
                })?
            }
        };
        recorded.answers.push((call, answer));
        Ok(())
    }
}

/// The function that carries out commands, invoked and waited for. Its client is these few lines: the SDK's would be
/// linked into each function that runs scripts, for one call.
#[derive(Debug)]
pub struct Worker {
    aws: SdkConfig,
    function: String,
    connector: OnceLock<SharedHttpConnector>,
    now: fn() -> Timestamp,
}

impl Worker {
    /// `function`: its name.
    pub fn new(aws: &SdkConfig, function: String) -> Arc<Worker> {
        Arc::new(Worker { aws: aws.clone(), function, connector: OnceLock::new(), now: crate::clock::now })
    }

    async fn invoke(&self, order: &CommandOrder) -> Result<CommandAnswer, Box<dyn std::error::Error + Send + Sync>> {
        let region = self.aws.region().ok_or("no region")?;
        let host = match self.aws.endpoint_url() {
            // A local installation has one address for everything.
            Some(endpoint) => endpoint.trim_end_matches('/').to_owned(),
            None => format!("https://lambda.{region}.amazonaws.com"),
        };
        let url = format!("{host}/2015-03-31/functions/{}/invocations", self.function);
        let body = json!({ "command": order }).to_string();
        let signable = SignableRequest::new("POST", &url, std::iter::empty(), SignableBody::Bytes(body.as_bytes()))?;
        let signed = sign(&self.aws, "lambda", SigningSettings::default(), signable, (self.now)()).await?;
        let mut request = HttpRequest::new(SdkBody::from(body.clone()));
        request.set_method("POST")?;
        request.set_uri(url.as_str())?;
        for (name, value) in signed.headers() {
            request.headers_mut().try_insert(name.to_owned(), value.to_owned())?;
        }
        let connector = self.connector.get_or_init(store::aws_connector);
        let response = connector.call(request).await?;
        let (status, failed) = (response.status().as_u16(), response.headers().contains_key("x-amz-function-error"));
        let bytes = ByteStream::new(response.into_body()).collect().await?.into_bytes();
        if status != 200 || failed {
            return Err(format!("the worker of actions answered {status}").into());
        }
        Ok(serde_json::from_slice(&bytes)?)
    }
}

impl CarryOut for Worker {
    fn carry_out<'a>(
        &'a self,
        order: &'a CommandOrder,
    ) -> Pin<Box<dyn Future<Output = Result<CommandAnswer, Unavailable>> + Send + 'a>> {
        // Longer than the command itself may take: the worker answers in its place.
        let limit = Duration::from_millis(order.timeout_ms + 1_500);
        Box::pin(async move {
            match tokio::time::timeout(limit, self.invoke(order)).await {
                Ok(answer) => answer.map_err(|error| Unavailable(error.to_string())),
                Err(_) => Err(Unavailable("the worker of actions gave no answer in time".to_owned())),
            }
        })
    }
}
