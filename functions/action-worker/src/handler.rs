//! A batch of attempts: each is made if it is still waited for, and its end goes through the waist. What could not be told
//! returns to the queue and is made again under the same idempotency key.

use app::App;
use app::action::{ActionMessage, Secrets};
use domain::action::{ActionRequest, Answer, HttpRequest, Trouble, idempotency_key};
use domain::outbound::{CommandEndpoint, Outbound};
use domain::script::Scripts;
use domain::time::Timestamp;
use outbound::{Caller, Credentials};
use serde_json::{Value, json};

/// What the function keeps between invocations.
pub struct Actions {
    pub app: App,
    pub caller: Caller,
    pub secrets: Secrets,
}

/// Handles a batch. Only the failed messages return to the queue.
pub async fn handle(actions: &Actions, scripts: &dyn Scripts, now: impl Fn() -> Timestamp, event: &Value) -> Value {
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
                Some(job) => self.carry_out(attempt, job.request, now()).await?,
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

    /// `None`: it is not this function's.
    async fn carry_out(
        &self,
        attempt: &ActionMessage,
        request: ActionRequest,
        now: Timestamp,
    ) -> Result<Option<Result<Answer, Trouble>>, app::Error> {
        let outbound =
            self.app.store.tenant(attempt.tenant, now).await?.map(|record| record.outbound).unwrap_or_default();
        let request = match request {
            ActionRequest::Http(request) => request,
            ActionRequest::Command { name, arguments, timeout_ms } => match outbound.commands.get(&name) {
                Some(endpoint) => command(endpoint, &arguments, timeout_ms),
                None => {
                    let message = format!("the tenant has no command \"{name}\"");
                    return Ok(Some(Err(Trouble { code: "UNKNOWN_COMMAND", message, again: false })));
                }
            },
            ActionRequest::Email(_) => return Ok(None),
        };
        Ok(Some(self.call(attempt, &request, &outbound).await))
    }

    async fn call(
        &self,
        attempt: &ActionMessage,
        request: &HttpRequest,
        outbound: &Outbound,
    ) -> Result<Answer, Trouble> {
        let credentials = match &request.credentials {
            Some(name) => Some(self.credentials(attempt, name).await?),
            None => None,
        };
        let key = idempotency_key(attempt.instance, attempt.element, attempt.attempt);
        self.caller.call(request, outbound, credentials.as_ref(), &key).await.map(Answer::Http)
    }

    async fn credentials(&self, attempt: &ActionMessage, name: &str) -> Result<Credentials, Trouble> {
        let trouble = |message: String, again| Trouble { code: "CREDENTIALS", message, again };
        let text = self.secrets.get(attempt.tenant, name).await.map_err(|error| {
            tracing::error!(%error, "credentials cannot be had");
            trouble(format!("the credentials \"{name}\" are not to be had"), true)
        })?;
        let text = text.ok_or_else(|| trouble(format!("the credentials \"{name}\" are empty"), false))?;
        Credentials::parse(&text).map_err(|error| trouble(format!("the credentials \"{name}\": {error}"), false))
    }
}

/// A command of the registry as a request.
fn command(endpoint: &CommandEndpoint, arguments: &Value, timeout_ms: u64) -> HttpRequest {
    HttpRequest {
        method: "POST".to_owned(),
        url: endpoint.url.clone(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: Some(arguments.to_string()),
        credentials: endpoint.credentials.clone(),
        timeout_ms,
    }
}
