//! Renders the request of a system task from variables and InputMapping. Values enter a text only in the escaping of
//! their place: percent-encoded in addresses, as JSON in JSON, as text in HTML.

use super::super::{Failure, Step, script};
use crate::action::{ActionRequest, HttpRequest, MailRequest, RECIPIENTS_MAX};
use crate::ids::ElementNumber;
use crate::notification::Email;
use crate::process::{EmailModel, HttpCall, SEND_EMAIL, SystemTask, Work};
use crate::template::{Placeholder, Segment, Template, plain_text};
use crate::value::ValueExpr;
use crate::variables::Variables;
use serde_json::{Value, json};

/// What the InputMapping gives.
pub(super) fn inputs(step: &Step<'_>, task: &SystemTask, at: Option<ElementNumber>) -> Result<Variables, Failure> {
    script::mapped(&task.input_mapping, &step.variables_at(at), step.env.now)
}

/// What the work sees: the variables, and the InputMapping before them.
pub(super) fn data(step: &Step<'_>, task: &SystemTask, at: Option<ElementNumber>) -> Result<Variables, Failure> {
    let mut data = step.variables_at(at).into_owned();
    data.extend(inputs(step, task, at)?);
    Ok(data)
}

/// The request. Fails where a value makes it impossible.
pub(super) fn request(step: &Step<'_>, task: &SystemTask, number: ElementNumber) -> Result<ActionRequest, Failure> {
    let data = data(step, task, Some(number))?;
    match &task.work {
        Work::Http(call) => {
            let has_body = matches!(call.method.as_str(), "POST" | "PUT" | "PATCH");
            let body = match &call.payload {
                Some(payload) => Some(self::payload(step, payload, &data)),
                None if has_body => Some(handed_over(step, task, Some(number))?.to_string()),
                None => None,
            };
            http(step, call, &data, body).map(ActionRequest::Http)
        }
        Work::GraphQl { call, query } => {
            let body = json!({ "query": query, "variables": inputs(step, task, Some(number))? }).to_string();
            http(step, call, &data, Some(body)).map(ActionRequest::Http)
        }
        Work::Command { name, .. } if name == SEND_EMAIL => {
            written_mail(&handed_over(step, task, Some(number))?).map(ActionRequest::Email)
        }
        Work::Command { name, timeout_ms } => Ok(ActionRequest::Command {
            name: name.clone(),
            arguments: handed_over(step, task, Some(number))?,
            timeout_ms: *timeout_ms,
        }),
        Work::Email(model) => mail(step, model, data).map(ActionRequest::Email),
        Work::JavaScript(_) | Work::Delay(_) | Work::Echo => {
            Err(Failure::new("INVALID_REQUEST", "the task asks nothing of the outside".to_owned()))
        }
    }
}

/// The InputMapping, or all variables where there is none. What the engine keeps for itself stays inside.
pub(super) fn handed_over(step: &Step<'_>, task: &SystemTask, at: Option<ElementNumber>) -> Result<Value, Failure> {
    if !task.input_mapping.is_empty() {
        return inputs(step, task, at).map(Value::Object);
    }
    let mut variables = step.variables_at(at).into_owned();
    variables.retain(|name, _| !name.starts_with('_'));
    Ok(Value::Object(variables))
}

fn http(step: &Step<'_>, call: &HttpCall, data: &Variables, body: Option<String>) -> Result<HttpRequest, Failure> {
    let invalid = |message: String| Failure::new("INVALID_REQUEST", message);
    let mut url = address(step, &call.endpoint, data)?;
    for (name, value) in &call.query {
        let value = plain_text(&value.evaluate(data, step.env.now));
        let separator = if url.contains('?') { '&' } else { '?' };
        url.push_str(&format!("{separator}{}={}", encoded(name), encoded(&value)));
    }
    if url.is_empty() || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(invalid("the address of the request is empty or holds spaces".to_owned()));
    }
    let mut headers = Vec::new();
    for (name, value) in &call.headers {
        let value = plain_text(&value.evaluate(data, step.env.now));
        if value.chars().any(char::is_control) {
            return Err(invalid(format!("the value of the header {name} holds line breaks or control characters")));
        }
        headers.push((name.clone(), value));
    }
    let typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if let Some(body) = &body
        && !typed
    {
        let kind = if looks_like_json(body) { "application/json" } else { "text/plain; charset=utf-8" };
        headers.push(("Content-Type".to_owned(), kind.to_owned()));
    }
    Ok(HttpRequest {
        method: call.method.clone(),
        url,
        headers,
        body,
        credentials: call.credentials.clone(),
        timeout_ms: call.timeout_ms,
    })
}

/// The address. A value cannot leave its place in it, unless the address begins with the value.
fn address(step: &Step<'_>, endpoint: &ValueExpr, data: &Variables) -> Result<String, Failure> {
    let ValueExpr::Template(template) = endpoint else {
        return Ok(plain_text(&endpoint.evaluate(data, step.env.now)).trim().to_owned());
    };
    let (mut text, mut values) = (String::new(), Vec::new());
    for segment in &template.0 {
        match segment {
            Segment::Text(written) => text.push_str(written),
            Segment::Value(placeholder) if text.is_empty() => text.push_str(&placeholder.plain(data)),
            Segment::Value(placeholder) => {
                values.push(text.len());
                text.push_str(&encoded(&placeholder.plain(data)));
            }
        }
    }
    if values.into_iter().any(|at| is_dot_segment(&text, at)) {
        let message = "a value makes a segment of the address \".\" or \"..\", which would lead to another place";
        return Err(Failure::new("INVALID_REQUEST", message.to_owned()));
    }
    Ok(text.trim().to_owned())
}

/// RFC 3986, 5.2.4: the segment of the path around this place is one that servers take out, with the segment before it.
fn is_dot_segment(address: &str, at: usize) -> bool {
    let path = &address[..address.find(['?', '#']).unwrap_or(address.len())];
    let (Some(before), Some(after)) = (path.get(..at), path.get(at..)) else { return false };
    let start = before.rfind('/').map_or(0, |slash| slash + 1);
    let end = at + after.find('/').unwrap_or(after.len());
    matches!(path[start..end].trim().to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

/// RFC 3986: everything but unreserved characters.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

/// The body: an expression as JSON, a JSON text with its values as JSON, any other text with its values as text.
fn payload(step: &Step<'_>, payload: &ValueExpr, data: &Variables) -> String {
    match payload {
        ValueExpr::Template(template) => {
            let first = template.0.first();
            let json = first.is_some_and(|segment| match segment {
                Segment::Text(text) => looks_like_json(text),
                Segment::Value(_) => false,
            });
            if json { json_text(template, data) } else { template.render_plain(data) }
        }
        ValueExpr::Literal(text) => text.clone(),
        ValueExpr::Path(_) | ValueExpr::Expression(_) => match payload.evaluate(data, step.env.now) {
            Value::String(text) => text,
            value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                value.to_string()
            }
        },
    }
}

/// A JSON text: a value inside quotes is escaped, one outside of them is written as JSON.
fn json_text(template: &Template, data: &Variables) -> String {
    let (mut out, mut quoted) = (String::new(), false);
    for segment in &template.0 {
        match segment {
            Segment::Text(text) => {
                let mut escaped = false;
                for c in text.chars() {
                    match c {
                        _ if escaped => escaped = false,
                        '\\' if quoted => escaped = true,
                        '"' => quoted = !quoted,
                        _ => {}
                    }
                }
                out.push_str(text);
            }
            Segment::Value(placeholder) if quoted => {
                let json = Value::String(placeholder.plain(data)).to_string();
                out.push_str(&json[1..json.len() - 1]);
            }
            Segment::Value(placeholder) => out.push_str(&json_value(placeholder, data).to_string()),
        }
    }
    out
}

fn json_value(placeholder: &Placeholder, data: &Variables) -> Value {
    if placeholder.filters.is_empty() {
        return placeholder.path.get(data).cloned().unwrap_or(Value::Null);
    }
    Value::String(placeholder.plain(data))
}

/// The mail that the command `SendEmail` is given: `{ to, subject, body }`, the values already in their places.
pub(in super::super) fn written_mail(arguments: &Value) -> Result<MailRequest, Failure> {
    let text = |name: &str| arguments.get(name).map(plain_text).unwrap_or_default();
    let to = recipients(arguments.get("to").unwrap_or(&Value::Null))?;
    let body = text("body");
    let (text_part, html) =
        if body.trim_start().starts_with('<') { (text_of(&body), body) } else { (body.clone(), html_of(&body)) };
    Ok(MailRequest { to, subject: subject_line(&text("subject")), text: text_part, html })
}

fn mail(step: &Step<'_>, model: &EmailModel, mut data: Variables) -> Result<MailRequest, Failure> {
    for mapping in &model.data {
        let value = mapping.source.evaluate(&data, step.env.now);
        script::assign(&mut data, &mapping.target, value)?;
    }
    let to = recipients(&model.to.evaluate(&data, step.env.now))?;
    let subject = subject_line(&plain_text(&model.subject.evaluate(&data, step.env.now)));
    let is_html = match model.body.0.first() {
        Some(Segment::Text(text)) => text.trim_start().starts_with('<'),
        Some(Segment::Value(_)) | None => false,
    };
    let (text, html) = if is_html {
        let html = model.body.render(|placeholder| escaped(&placeholder.plain(&data)));
        (text_of(&html), html)
    } else {
        let text = model.body.render_plain(&data);
        let html = html_of(&text);
        (text, html)
    };
    Ok(MailRequest { to, subject, text, html })
}

/// Each address once.
fn recipients(value: &Value) -> Result<Vec<Email>, Failure> {
    let rejected = |message: String| Failure::catchable("MAIL_REJECTED", message);
    let mut to: Vec<Email> = Vec::new();
    for text in addresses(value) {
        let address = Email::parse(&text).map_err(|error| {
            let shown: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
            rejected(format!("the mail is addressed to \"{shown}\"; {error}"))
        })?;
        if !to.contains(&address) {
            to.push(address);
        }
    }
    if to.is_empty() || to.len() > RECIPIENTS_MAX {
        return Err(rejected(format!("the mail has {} recipients; it needs 1 to {RECIPIENTS_MAX}", to.len())));
    }
    Ok(to)
}

fn subject_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

fn html_of(text: &str) -> String {
    format!("<p>{}</p>", escaped(text).replace('\n', "<br>"))
}

/// One address, a comma list, a JSON array as text, or a list.
fn addresses(value: &Value) -> Vec<String> {
    let items = match value {
        Value::Array(list) => list.iter().map(plain_text).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            let text = plain_text(value);
            match serde_json::from_str::<Vec<String>>(&text) {
                Ok(list) => list,
                Err(_) => text.split(',').map(str::to_owned).collect::<Vec<String>>(),
            }
        }
    };
    items.into_iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// What a mail program without HTML shows: the text without its tags.
fn text_of(html: &str) -> String {
    let (mut text, mut inside) = (String::new(), false);
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                if !text.ends_with(['\n', ' ']) {
                    text.push(' ');
                }
            }
            _ if inside => {}
            c => text.push(c),
        }
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    text.replace("&nbsp;", " ").replace("&amp;", "&").trim().to_owned()
}
