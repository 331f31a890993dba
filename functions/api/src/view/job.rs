//! Jobs of an instance on the wire: what waits to go on, and what system tasks ask of other systems. Secrets are masked.

use super::{element_name, time};
use domain::action::{ActionRequest, AttemptRecord, UNAWAITED, shown_address, shown_body, shown_header};
use domain::instance::Instance;
use domain::process::Process;
use serde_json::{Map, Value, json};
use store::Job;

/// Everything that is done in the background. Without `values`, what requests and answers say is left out.
pub fn all(process: &Process, instance: &Instance, actions: &[Job], values: bool) -> Value {
    let ready = instance.ready.iter().map(|ready| json!({ "type": "continue", "elementId": ready.element }));
    ready.chain(actions.iter().map(|job| action(process, instance, job, values))).collect()
}

fn action(process: &Process, instance: &Instance, job: &Job, values: bool) -> Value {
    let live = instance.element(job.element);
    let under_way = live.and_then(|live| live.action.as_ref().filter(|_| !live.failed && !instance.status.is_final()));
    let last = job.attempts.last();
    let status = match (live, under_way, last) {
        // A script ordered it and went on.
        _ if job.first == UNAWAITED => "COMPLETED",
        (Some(live), _, _) if live.failed => "FAILED",
        (_, Some(_), _) => "WAITING",
        (_, None, Some(AttemptRecord { code: None, .. })) => "COMPLETED",
        (_, None, Some(_)) => "FAILED",
        (_, None, None) => "CANCELLED",
    };
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
    let model = process.element(&job.activity).and_then(|element| element.kind.as_system_task());
    put("type", model.map_or("action", |task| task.work_name()).into());
    put("elementId", job.activity.as_str().into());
    put("elementKey", json!(instance.key.element(job.element)));
    put("name", element_name(process, &job.activity).into());
    put("status", status.into());
    put("orderedAt", job.ordered_at.to_string().into());
    put("attempt", json!(under_way.map(|action| action.attempt)));
    put("retriesLeft", json!(under_way.map_or(0, |action| action.left)));
    put(
        "configuration",
        json!({ "retries": model.map(|task| task.retries), "retryBackoffMs": model.map(|task| task.backoff_ms) }),
    );
    put("attempts", job.attempts.iter().map(|attempt| self::attempt(attempt, values)).collect());
    put("request", request(&job.request, values));
    Value::Object(body)
}

fn attempt(attempt: &AttemptRecord, values: bool) -> Value {
    json!({
        "attempt": attempt.attempt,
        "at": attempt.at.to_string(),
        "httpStatus": attempt.status,
        "errorCode": attempt.code,
        "errorMessage": attempt.message,
        "retryAt": time(attempt.retry_at),
        "response": attempt.response.as_deref().filter(|_| values).map(shown_body),
    })
}

fn request(request: &ActionRequest, values: bool) -> Value {
    match request {
        ActionRequest::Http(http) => {
            let headers: Map<String, Value> =
                http.headers.iter().map(|(name, value)| (name.clone(), shown_header(name, value).into())).collect();
            json!({
                "method": http.method,
                "url": values.then(|| shown_address(&http.url)),
                "headers": values.then_some(headers),
                "body": http.body.as_deref().filter(|_| values).map(shown_body),
                "credentials": http.credentials,
                "timeoutMs": http.timeout_ms,
            })
        }
        ActionRequest::Command { name, arguments, timeout_ms } => {
            // What is masked as a text is read again: the members stay members.
            let arguments = values.then(|| serde_json::from_str::<Value>(&shown_body(&arguments.to_string())).ok());
            json!({ "command": name, "arguments": arguments.flatten(), "timeoutMs": timeout_ms })
        }
        ActionRequest::Email(mail) => json!({
            "recipients": mail.to.len(),
            "to": values.then(|| mail.to.iter().map(|address| address.as_str()).collect::<Vec<_>>()),
            "subject": values.then_some(&mail.subject),
            "body": values.then_some(&mail.text),
        }),
    }
}
