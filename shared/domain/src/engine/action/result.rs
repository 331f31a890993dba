//! What an answer means to the process: a result, or a failure with a code that can be caught.

use super::Failed;
use crate::action::{Answer, HttpAnswer};
use crate::process::{SystemTask, Work};
use crate::script::CommandAnswer;
use serde_json::{Map, Value, json};

/// The result of an answer.
pub(super) fn of(task: &SystemTask, answer: &Answer) -> Result<Value, Failed> {
    let http = match answer {
        Answer::Mail { message_ids } => {
            return Ok(json!({ "messageId": message_ids.first(), "messageIds": message_ids }));
        }
        Answer::Http(http) => http,
    };
    if !(200..300).contains(&http.status) {
        let own = matches!(task.work, Work::Command { .. }).then(|| commands_own(http)).flatten();
        return Err(own.unwrap_or_else(|| refused(http)));
    }
    match &task.work {
        Work::GraphQl { .. } => graphql(http),
        // A command's answer is its result; nobody asks for the envelope.
        Work::Command { .. } => Ok(body(http)),
        Work::Http(_) | Work::Email(_) | Work::JavaScript(_) | Work::Delay(_) | Work::Echo => Ok(json!({
            "status": http.status,
            "headers": http.headers.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect::<Map<_, Value>>(),
            "body": body(http),
        })),
    }
}

/// What the answer to a command means to the script that called it.
pub fn command_answer(answer: &Answer) -> CommandAnswer {
    match answer {
        Answer::Http(http) if (200..300).contains(&http.status) => CommandAnswer::Done(body(http)),
        Answer::Http(http) => {
            let Failed { code, message, .. } = commands_own(http).unwrap_or_else(|| refused(http));
            CommandAnswer::Failed { code, message }
        }
        Answer::Mail { message_ids } => CommandAnswer::Done(json!({ "messageIds": message_ids })),
    }
}

/// JSON where it says so or reads so, else text.
fn body(http: &HttpAnswer) -> Value {
    let kind = http.headers.iter().find(|(name, _)| name == "content-type");
    let json = kind.is_some_and(|(_, value)| value.to_ascii_lowercase().contains("json"));
    match serde_json::from_str(&http.body) {
        Ok(value) if json => value,
        Ok(_) | Err(_) => Value::String(http.body.clone()),
    }
}

fn graphql(http: &HttpAnswer) -> Result<Value, Failed> {
    let failed = |message: String| Failed { code: "GRAPHQL_ERROR".to_owned(), class: None, message, again: false };
    let Ok(Value::Object(mut answer)) = serde_json::from_str::<Value>(&http.body) else {
        return Err(failed("the answer is no JSON object".to_owned()));
    };
    if let Some(Value::Array(errors)) = answer.get("errors")
        && !errors.is_empty()
    {
        let messages: Vec<&str> = errors.iter().filter_map(|error| error.get("message")?.as_str()).collect();
        return Err(failed(if messages.is_empty() { "the answer has errors".to_owned() } else { messages.join("; ") }));
    }
    Ok(answer.remove("data").unwrap_or(Value::Null))
}

/// A command says with `code` and `message` why it refused; the class is that of its status all the same.
fn commands_own(http: &HttpAnswer) -> Option<Failed> {
    let body: Value = serde_json::from_str(&http.body).ok()?;
    let code = body.get("code")?.as_str().filter(|code| !code.is_empty())?.to_owned();
    let status = refused(http);
    let message = body.get("message").and_then(Value::as_str).map_or_else(|| status.message.clone(), str::to_owned);
    Some(Failed { code, message, ..status })
}

/// The exact code, with its class; what another attempt may mend is tried again.
fn refused(http: &HttpAnswer) -> Failed {
    let (class, again) = match http.status {
        400..500 => (Some("HTTP_STATUS_4XX"), matches!(http.status, 408 | 425 | 429)),
        500..600 => (Some("HTTP_STATUS_5XX"), true),
        _ => (None, false),
    };
    let message = format!("the server answered with the status {}", http.status);
    Failed { code: format!("HTTP_{}", http.status), class, message, again }
}
