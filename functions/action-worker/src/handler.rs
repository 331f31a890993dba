//! A batch of attempts: each is made if it is still waited for, and its end goes through the waist. What could not be told
//! returns to the queue and is made again under the same idempotency key.

use app::App;
use app::action::{ActionMessage, Secrets};
use app::commands::{CarryOut, CommandOrder, Unavailable};
use domain::action::{ActionRequest, Answer, HttpRequest, Trouble, idempotency_key};
use domain::command_answer;
use domain::ids::TenantId;
use domain::outbound::{CommandEndpoint, Outbound};
use domain::script::{CommandAnswer, Scripts};
use domain::time::Timestamp;
use outbound::{Caller, Credentials};
use serde_json::{Value, json};
use std::pin::Pin;
use std::sync::Arc;
use store::Store;

/// What the function keeps between invocations.
pub struct Actions {
    pub app: App,
    pub calls: Arc<Calls>,
}

/// What calls leave with.
#[derive(Debug)]
pub struct Calls {
    pub store: Store,
    pub caller: Caller,
    pub secrets: Secrets,
}

/// Handles an event: a command that another function waits for, or a batch of the queue.
pub async fn handle(actions: &Actions, scripts: &dyn Scripts, now: impl Fn() -> Timestamp, event: &Value) -> Value {
    match event.get("command").map(|order| serde_json::from_value::<CommandOrder>(order.clone())) {
        None => batch(actions, scripts, now, event).await,
        Some(Ok(order)) => json!(actions.calls.command(&order, now()).await),
        Some(Err(error)) => {
            tracing::error!(%error, "an order of a command cannot be read");
            json!(failed("INVALID_REQUEST", "the command cannot be read"))
        }
    }
}

/// Handles a batch. Only the failed messages return to the queue.
async fn batch(actions: &Actions, scripts: &dyn Scripts, now: impl Fn() -> Timestamp, event: &Value) -> Value {
    let records = event.get("Records").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut failures = Vec::new();
    for record in records {
        let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
        let done = match serde_json::from_str::<ActionMessage>(body) {
            Ok(attempt) => actions.attempt(scripts, &now, &attempt).await,
            Err(error) => {
                // The queue gives it to the dead letters, and an alarm goes off.
                tracing::error!(%error, "a message of the queue of actions cannot be read");
                false
            }
        };
        if !done {
            failures.push(json!({ "itemIdentifier": record.get("messageId") }));
        }
    }
    json!({ "batchItemFailures": failures })
}

impl Actions {
    /// Makes one attempt; false where it must be made again.
    async fn attempt(&self, scripts: &dyn Scripts, now: &impl Fn() -> Timestamp, attempt: &ActionMessage) -> bool {
        match self.try_attempt(scripts, now, attempt).await {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(instance.id = %attempt.instance, %error, "an attempt returns to its queue");
                false
            }
        }
    }

    async fn try_attempt(
        &self,
        scripts: &dyn Scripts,
        now: &impl Fn() -> Timestamp,
        attempt: &ActionMessage,
    ) -> Result<(), app::Error> {
        let ended = if attempt.mails.is_some() {
            self.app.mails_ended(attempt).await?
        } else {
            match self.app.wanted(attempt).await? {
                Some(job) => {
                    let key = idempotency_key(attempt.instance, attempt.element, attempt.attempt);
                    self.calls.carry_out(attempt.tenant, job.request, &key, now()).await?
                }
                None => None,
            }
        };
        let Some(ended) = ended else {
            tracing::info!(instance.id = %attempt.instance, attempt = attempt.attempt, "nobody waits for the attempt");
            return Ok(());
        };
        let code = ended.as_ref().err().map_or("answered", |trouble| trouble.code);
        tracing::info!(instance.id = %attempt.instance, attempt = attempt.attempt, code, "attempt made");
        self.app.end_action(attempt, ended, scripts, now()).await
    }
}

impl Calls {
    /// Carries out a request under an idempotency key. `None`: it is not this function's.
    async fn carry_out(
        &self,
        tenant: TenantId,
        request: ActionRequest,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<Result<Answer, Trouble>>, store::Error> {
        let outbound = self.store.tenant(tenant, now).await?.map(|record| record.outbound).unwrap_or_default();
        let request = match request {
            ActionRequest::Http(request) => request,
            ActionRequest::Command { name, arguments, timeout_ms } => match outbound.commands.get(&name) {
                Some(endpoint) => endpoint_request(endpoint, &arguments, timeout_ms),
                None => {
                    let message = format!("the tenant has no command \"{name}\"");
                    return Ok(Some(Err(Trouble { code: "UNKNOWN_COMMAND", message, again: false })));
                }
            },
            ActionRequest::Email(_) => return Ok(None),
        };
        Ok(Some(self.call(tenant, &request, &outbound, key).await))
    }

    async fn call(
        &self,
        tenant: TenantId,
        request: &HttpRequest,
        outbound: &Outbound,
        key: &str,
    ) -> Result<Answer, Trouble> {
        let credentials = match &request.credentials {
            Some(name) => Some(self.credentials(tenant, name).await?),
            None => None,
        };
        self.caller.call(request, outbound, credentials.as_ref(), key).await.map(Answer::Http)
    }

    async fn credentials(&self, tenant: TenantId, name: &str) -> Result<Credentials, Trouble> {
        let trouble = |message: String, again| Trouble { code: "CREDENTIALS", message, again };
        let text = self.secrets.get(tenant, name).await.map_err(|error| {
            tracing::error!(%error, "credentials cannot be had");
            trouble(format!("the credentials \"{name}\" are not to be had"), true)
        })?;
        let text = text.ok_or_else(|| trouble(format!("the credentials \"{name}\" are empty"), false))?;
        Credentials::parse(&text).map_err(|error| trouble(format!("the credentials \"{name}\": {error}"), false))
    }

    /// The answer to a command of a script: what went wrong is an answer, too.
    async fn command(&self, order: &CommandOrder, now: Timestamp) -> CommandAnswer {
        let CommandOrder { tenant, name, arguments, idempotency_key, timeout_ms } = order;
        let (name, arguments, timeout_ms) = (name.clone(), arguments.clone(), *timeout_ms);
        let request = ActionRequest::Command { name, arguments, timeout_ms };
        match self.carry_out(*tenant, request, idempotency_key, now).await {
            Ok(Some(Ok(answer))) => command_answer(&answer),
            Ok(Some(Err(trouble))) => failed(trouble.code, &trouble.message),
            Ok(None) => failed("UNKNOWN_COMMAND", "this is no command"),
            Err(error) => {
                tracing::error!(%error, "the tenant's commands cannot be read");
                failed("HTTP_CONNECT", "the command could not be carried out at the moment")
            }
        }
    }
}

impl CarryOut for Calls {
    fn carry_out<'a>(
        &'a self,
        order: &'a CommandOrder,
    ) -> Pin<Box<dyn Future<Output = Result<CommandAnswer, Unavailable>> + Send + 'a>> {
        Box::pin(async move { Ok(self.command(order, app::clock::now()).await) })
    }
}

fn failed(code: &str, message: &str) -> CommandAnswer {
    CommandAnswer::Failed { code: code.to_owned(), message: message.to_owned() }
}

/// A command of the registry as a request.
fn endpoint_request(endpoint: &CommandEndpoint, arguments: &Value, timeout_ms: u64) -> HttpRequest {
    HttpRequest {
        method: "POST".to_owned(),
        url: endpoint.url.clone(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Some(arguments.to_string()),
        credentials: endpoint.credentials.clone(),
        timeout_ms,
    }
}
