//! The wire shapes of the services: reads requests, answers as AWS answers. Keeps nothing of its own.

use super::{Account, Aws, Function, Mail, Schedule};
use crate::gate::{Call, Fault};
use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::time::Timestamp;
use serde_json::{Value, json};

pub fn router(aws: Aws) -> Router {
    Router::new().fallback(async move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
        let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let answer = match (method.as_str(), uri.path()) {
            ("POST", "/v2/email/outbound-emails") => send_email(&aws, &body),
            ("GET", "/v2/email/account") => Some(account(&aws)),
            ("POST", "/") if target == "AmazonSQS.SendMessage" => send_message(&aws, &body),
            ("POST", "/") if target == "AmazonSQS.SendMessageBatch" => send_batch(&aws, &body),
            ("POST", "/") if target == "AmazonSQS.ChangeMessageVisibility" => put_off(&aws, &body),
            ("POST", path) if path.starts_with("/schedules/") => create(&aws, &path[11..], &body),
            ("DELETE", path) if path.starts_with("/schedules/") => delete(&aws, &path[11..]),
            _ => None,
        };
        answer.unwrap_or_else(|| {
            aws.held().misunderstood.push(format!("{method} {uri} {target} {body}"));
            refusal(400, "ValidationException")
        })
    })
}

fn refusal(status: u16, name: &str) -> Response {
    let body = json!({ "__type": name, "message": "made up by the test", "Message": "made up by the test" });
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, [("x-amzn-errortype", name.to_owned())], body.to_string()).into_response()
}

fn done(body: &Value) -> Response {
    (StatusCode::OK, [("content-type", "application/json")], body.to_string()).into_response()
}

/// The answer to a fault: throttled, failed, refused in the words of the service.
fn fault(aws: &Aws, call: Call, words: [(u16, &str); 4]) -> Option<Response> {
    let [throttled, unavailable, refused, paused] = words;
    let (status, name) = match aws.gate.answer_fault(call)? {
        Fault::Throttled => throttled,
        Fault::Refused => refused,
        Fault::Paused => paused,
        Fault::Unavailable | Fault::Broken | Fault::DoneThenBroken | Fault::Silent | Fault::DoneThenSilent => {
            unavailable
        }
    };
    Some(refusal(status, name))
}

fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().map(str::to_owned)
}

fn send_email(aws: &Aws, body: &Value) -> Option<Response> {
    let words = [
        (429, "TooManyRequestsException"),
        (500, "InternalServiceErrorException"),
        (400, "MessageRejected"),
        (400, "SendingPausedException"),
    ];
    if let Some(answer) = fault(aws, Call::SendEmail, words) {
        return Some(answer);
    }
    let [to] = body.pointer("/Destination/ToAddresses")?.as_array()?.as_slice() else { return None };
    let tags = body.pointer("/EmailTags")?.as_array()?.iter();
    let tags = tags.map(|tag| Some((text(tag, "/Name")?, text(tag, "/Value")?))).collect::<Option<_>>()?;
    let mut held = aws.held();
    let id = held.id();
    held.mails.push(Mail {
        id: id.clone(),
        at: aws.clock.now(),
        to: to.as_str()?.to_owned(),
        from: text(body, "/FromEmailAddress")?,
        subject: text(body, "/Content/Simple/Subject/Data")?,
        text: text(body, "/Content/Simple/Body/Text/Data")?,
        html: text(body, "/Content/Simple/Body/Html/Data")?,
        tags,
    });
    Some(done(&json!({ "MessageId": id })))
}

/// What SES says of the account.
fn account(aws: &Aws) -> Response {
    let Account { max_24h, sent_24h, per_second, sending_enabled } = aws.held().account;
    done(&json!({
        "SendQuota": { "Max24HourSend": max_24h, "MaxSendRate": per_second, "SentLast24Hours": sent_24h },
        "SendingEnabled": sending_enabled, "ProductionAccessEnabled": true, "EnforcementStatus": "HEALTHY",
    }))
}

fn create(aws: &Aws, name: &str, body: &Value) -> Option<Response> {
    let words = [
        (429, "ThrottlingException"),
        (500, "InternalServerException"),
        (400, "ValidationException"),
        (402, "ServiceQuotaExceededException"),
    ];
    if let Some(answer) = fault(aws, Call::CreateSchedule, words) {
        return Some(answer);
    }
    let expression = text(body, "/ScheduleExpression")?;
    let at: Timestamp = format!("{}Z", expression.strip_prefix("at(")?.strip_suffix(')')?).parse().ok()?;
    let known = text(body, "/ScheduleExpressionTimezone")? == "UTC"
        && text(body, "/ActionAfterCompletion")? == "DELETE"
        && text(body, "/GroupName")? == "countersign"
        && text(body, "/FlexibleTimeWindow/Mode")? == "OFF"
        && body.pointer("/Target/DeadLetterConfig/Arn").is_some();
    if !known || name.len() > 64 {
        return None;
    }
    let function = match text(body, "/Target/Arn")?.rsplit(':').next()? {
        "reminder" => Function::Reminder,
        "expiry" => Function::Expiry,
        "timer" => Function::Timer,
        _ => return None,
    };
    let input = serde_json::from_str(&text(body, "/Target/Input")?).ok()?;
    let mut held = aws.held();
    if held.schedules.contains_key(name) {
        return Some(refusal(409, "ConflictException"));
    }
    held.schedules.insert(name.to_owned(), Schedule { at, function, input });
    held.made.push(name.to_owned());
    Some(done(
        &json!({ "ScheduleArn": format!("arn:aws:scheduler:eu-west-1:123456789012:schedule/countersign/{name}") }),
    ))
}

fn delete(aws: &Aws, name: &str) -> Option<Response> {
    let words = [
        (429, "ThrottlingException"),
        (500, "InternalServerException"),
        (400, "ValidationException"),
        (400, "ValidationException"),
    ];
    if let Some(answer) = fault(aws, Call::DeleteSchedule, words) {
        return Some(answer);
    }
    match aws.held().schedules.remove(name) {
        Some(_) => Some(done(&json!({}))),
        None => Some(refusal(404, "ResourceNotFoundException")),
    }
}

const QUEUE_WORDS: [(u16, &str); 4] = [
    (400, "com.amazonaws.sqs#RequestThrottled"),
    (500, "com.amazonaws.sqs#InternalError"),
    (400, "com.amazonaws.sqs#InvalidMessageContents"),
    (400, "com.amazonaws.sqs#UnsupportedOperation"),
];

fn put_off(aws: &Aws, body: &Value) -> Option<Response> {
    if let Some(answer) = fault(aws, Call::PutOff, QUEUE_WORDS) {
        return Some(answer);
    }
    let receipt = text(body, "/ReceiptHandle")?;
    let seconds = body.pointer("/VisibilityTimeout")?.as_i64().filter(|seconds| (0..=43_200).contains(seconds))?;
    let visible_at = aws.clock.now().plus_millis(seconds * 1_000);
    match aws.held().messages.iter_mut().find(|message| message.id == receipt) {
        Some(message) => {
            message.visible_at = visible_at;
            Some(done(&json!({})))
        }
        None => Some(refusal(404, "com.amazonaws.sqs#ReceiptHandleIsInvalid")),
    }
}

/// Only the FIFO queue gets batches.
fn send_batch(aws: &Aws, body: &Value) -> Option<Response> {
    if let Some(answer) = fault(aws, Call::SendMessage, QUEUE_WORDS) {
        return Some(answer);
    }
    let entries = body.pointer("/Entries")?.as_array()?;
    if text(body, "/QueueUrl")?.rsplit('/').next()? != "bulk.fifo" || entries.is_empty() || entries.len() > 10 {
        return None;
    }
    let mut taken = Vec::new();
    for entry in entries {
        let (group, id) = (text(entry, "/MessageGroupId")?, text(entry, "/MessageDeduplicationId")?);
        let message = aws.held().put_fifo(group, id, text(entry, "/MessageBody")?, aws.clock.now());
        taken.push(json!({ "Id": text(entry, "/Id")?, "MessageId": message, "MD5OfMessageBody": "" }));
    }
    Some(done(&json!({ "Successful": taken, "Failed": [] })))
}

fn send_message(aws: &Aws, body: &Value) -> Option<Response> {
    if let Some(answer) = fault(aws, Call::SendMessage, QUEUE_WORDS) {
        return Some(answer);
    }
    let function = match text(body, "/QueueUrl")?.rsplit('/').next()? {
        "effects" => Function::Outbox,
        "reminder" => Function::Reminder,
        "expiry" => Function::Expiry,
        "timer" => Function::Timer,
        "actions" => Function::ActionWorker,
        _ => return None,
    };
    let delay_s = body.pointer("/DelaySeconds")?.as_i64().filter(|delay| (0..=900).contains(delay))?;
    let visible_at = aws.clock.now().plus_millis(delay_s * 1_000);
    let id = aws.held().put(function, text(body, "/MessageBody")?, visible_at);
    Some(done(&json!({ "MessageId": id })))
}
