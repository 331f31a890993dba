//! Service and send tasks: what they do, in the product's spelling and in Camunda 8's. What must be given
//! together, or not at all, is judged by rules.

use super::{FlowNode, Reader, task, timer, value};
use domain::action::{CONNECTION_HEADERS, is_secret_header};
use domain::process::{
    BACKOFF_MS, BACKOFF_MS_MAX, ElementKind, EmailModel, HttpCall, RETRIES_MAX, SystemElement, SystemTask, TIMEOUT_MS,
    TIMEOUT_MS_MAX, Work,
};
use domain::template::Template;
use domain::value::ValueExpr;
use std::ops::RangeInclusive;

/// What `Type` or `messageType` says a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Http,
    GraphQl,
    JavaScript,
    Email,
    Webhook,
    Delay,
    Echo,
    Command,
}

/// The words of `Type`.
pub(crate) const TYPES: &str = "http, graphql, javascript, email, delay or echo";

/// What a task does; `None` where nothing or something unknown is modelled, which a rule reports.
pub(crate) fn action(node: &FlowNode<'_, '_>) -> Option<Action> {
    let properties = &node.properties;
    match node.bpmn_name() {
        "sendTask" => match properties.plain("messageType") {
            None if properties.get("to").is_some() => Some(Action::Email),
            // In Camunda 8 a send task is a job for a worker like any service task.
            None if properties.get("Type").is_some_and(|property| property.of_task_definition) => Some(Action::Command),
            None => None,
            Some(word) => match word.to_ascii_lowercase().as_str() {
                "email" => Some(Action::Email),
                "webhook" => Some(Action::Webhook),
                _ => None,
            },
        },
        _ if properties.get("ConnectorKey").is_some() => Some(Action::Command),
        _ => match properties.get("Type") {
            None => properties.get("Endpoint").map(|_| Action::Http),
            Some(property) => match property.value.plain().to_ascii_lowercase().as_str() {
                "http" | "rest" => Some(Action::Http),
                "graphql" => Some(Action::GraphQl),
                "javascript" | "script" => Some(Action::JavaScript),
                "email" => Some(Action::Email),
                "delay" => Some(Action::Delay),
                "echo" => Some(Action::Echo),
                // Camunda 8 names the worker of the job: here that is a command of the tenant.
                _ if property.of_task_definition => Some(Action::Command),
                _ => None,
            },
        },
    }
}

/// A system task.
pub(crate) fn read(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<ElementKind> {
    task::task_type(node, reader);
    let input_mapping = task::mappings(node, "InputMapping", true, reader);
    let output_mapping = task::mappings(node, "OutputMapping", false, reader);
    let result_variable = task::result_variable(node, reader);
    let retries = retries(node, reader);
    let backoff_ms = number(node, "RetryBackoff", BACKOFF_MS, 0..=BACKOFF_MS_MAX, reader);
    let work = work(node, reader)?;
    let element = match node.bpmn_name() {
        "sendTask" => SystemElement::Send,
        _ => SystemElement::Service,
    };
    Some(ElementKind::SystemTask(Box::new(SystemTask {
        element,
        work,
        input_mapping,
        result_variable,
        output_mapping,
        retries,
        backoff_ms,
    })))
}

fn work(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<Work> {
    let timeout_ms = number(node, "TimeoutMs", TIMEOUT_MS, 1..=TIMEOUT_MS_MAX, reader);
    match action(node)? {
        Action::Http => call(node, "Endpoint", timeout_ms, reader).map(|call| Work::Http(Box::new(call))),
        Action::Webhook => {
            let target = if node.properties.get("Endpoint").is_some() { "Endpoint" } else { "to" };
            let mut call = call(node, target, timeout_ms, reader)?;
            call.method = "POST".to_owned();
            if call.payload.is_none() {
                call.payload = payload(node, "body", reader);
            }
            Some(Work::Http(Box::new(call)))
        }
        Action::GraphQl => {
            let mut call = call(node, "Endpoint", timeout_ms, reader)?;
            (call.method, call.payload) = ("POST".to_owned(), None);
            let query = node.properties.get("PayloadTemplate").or(node.properties.get("Query"));
            call.query.clear();
            query.map(|query| Work::GraphQl { call: Box::new(call), query: query.value.text.clone() })
        }
        Action::JavaScript => {
            let script = node.properties.get("Script")?;
            Some(Work::JavaScript(reader.script(&script.value, &node.id, "the script")))
        }
        Action::Email => email(node, reader).map(|model| Work::Email(Box::new(model))),
        Action::Delay => {
            let (id, properties) = (&node.id, &node.properties);
            let when = match (properties.get("Duration"), properties.get("Until")) {
                (Some(duration), None) => timer::after(&duration.value, id, "Duration", reader),
                (None, Some(until)) => timer::date(&until.value, id, "Until", reader),
                // A rule says that one of them is needed.
                (Some(_), Some(_)) | (None, None) => None,
            };
            when.map(Work::Delay)
        }
        Action::Echo => Some(Work::Echo),
        Action::Command => {
            let name = node.properties.plain("ConnectorKey").or_else(|| node.properties.plain("Type"))?;
            without_effect(node, reader);
            Some(Work::Command { name, timeout_ms })
        }
    }
}

fn call(node: &FlowNode<'_, '_>, target: &'static str, timeout_ms: u64, reader: &mut Reader<'_>) -> Option<HttpCall> {
    let (id, properties) = (&node.id, &node.properties);
    let method = method(node, reader);
    let headers = headers(node, reader);
    let is_graphql = action(node) == Some(Action::GraphQl);
    let query = match properties.get("Query").filter(|_| !is_graphql) {
        Some(property) => value::values(property, id, reader),
        None => Vec::new(),
    };
    let payload = if is_graphql { None } else { payload(node, "PayloadTemplate", reader) };
    let credentials = credentials(node, reader);
    // A rule says that it is missing.
    let endpoint = properties.get(target)?;
    let expression = value::expression(&endpoint.value, id, target, reader)?;
    if let ValueExpr::Literal(text) = &expression
        && !["https://", "http://"].iter().any(|scheme| text.to_ascii_lowercase().starts_with(scheme))
    {
        let message =
            format!("{target}=\"{text}\" is no address; write https://host/path, with {{{{ path }}}} for values");
        reader.report.error("INVALID_ENDPOINT", endpoint.value.start(), id, message);
        return None;
    }
    Some(HttpCall { method, endpoint: expression, query, headers, payload, credentials, timeout_ms })
}

/// What describes a request or a mail says nothing about a command.
fn without_effect(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) {
    const OTHERS: [&str; 10] = [
        "Method",
        "Headers",
        "Query",
        "PayloadTemplate",
        "Credentials",
        "to",
        "subject",
        "body",
        "template",
        "templateData",
    ];
    for property in OTHERS.iter().filter_map(|name| node.properties.get(name)) {
        let name = &property.name;
        let message = format!("{name} has no effect on a command, which is given the InputMapping, or all variables");
        reader.report.warning("PROPERTY_IGNORED", property.at, &node.id, message);
    }
}

fn method(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> String {
    const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"];
    let Some(property) = node.properties.get("Method") else { return "GET".to_owned() };
    let method = property.value.plain().to_ascii_uppercase();
    if !METHODS.contains(&method.as_str()) {
        let message = format!("Method=\"{method}\" is none of {}", METHODS.join(", "));
        reader.report.error("INVALID_METHOD", property.value.start(), &node.id, message);
    }
    method
}

fn headers(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Vec<(String, ValueExpr)> {
    let Some(property) = node.properties.get("Headers") else { return Vec::new() };
    let headers = value::values(property, &node.id, reader);
    for (name, value) in &headers {
        let token =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        if !token {
            let message = format!("Headers: \"{name}\" is no name of a header");
            reader.report.error("INVALID_HEADER", property.value.start(), &node.id, message);
        }
        if CONNECTION_HEADERS.iter().any(|own| name.eq_ignore_ascii_case(own)) {
            let message =
                format!("Headers: \"{name}\" is left out; it belongs to the connection, which sets it itself");
            reader.report.warning("HEADER_LEFT_OUT", property.value.start(), &node.id, message);
        } else if is_secret_header(name) && matches!(value, ValueExpr::Literal(_)) {
            let message = format!(
                "Headers: the value of \"{name}\" stands in the file, which every designer can read; keep it in a secret \
                 and name that in Credentials"
            );
            reader.report.warning("SECRET_IN_FILE", property.value.start(), &node.id, message);
        }
    }
    headers
}

fn payload(node: &FlowNode<'_, '_>, name: &'static str, reader: &mut Reader<'_>) -> Option<ValueExpr> {
    let property = node.properties.get(name)?;
    reader.report.steps += property.value.text.len();
    match ValueExpr::parse(&property.value.text) {
        Ok(value) => Some(value),
        Err(error) => {
            let message = format!("{name}: {}", error.message);
            reader.report.error("INVALID_TEMPLATE", property.value.place(error.offset), &node.id, message);
            None
        }
    }
}

fn credentials(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<String> {
    let property = node.properties.get("Credentials")?;
    let name = property.value.plain();
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') && name.len() <= 100 {
        return Some(name);
    }
    let message = "Credentials is the name of a secret: letters, digits, - and _; never the credentials themselves";
    reader.report.error("INVALID_NAME", property.value.start(), &node.id, message);
    None
}

fn email(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<EmailModel> {
    let (id, properties) = (&node.id, &node.properties);
    if let (Some(_), Some(template)) = (properties.get("body"), properties.get("template")) {
        let message = "template is ignored because body is given as well; keep one of them";
        reader.report.warning("PROPERTY_IGNORED", template.at, id, message);
    }
    let body = properties.get("body").or(properties.get("template"));
    let data = match properties.get("templateData") {
        Some(property) => value::mapping(property, id, reader),
        None => Vec::new(),
    };
    let subject = match properties.get("subject") {
        Some(property) => value::expression(&property.value, id, "subject", reader)?,
        None => {
            let message = format!("the mail of this {} has no subject; add subject", node.bpmn_name());
            reader.report.warning("MAIL_WITHOUT_SUBJECT", node.at, id, message);
            ValueExpr::Literal(String::new())
        }
    };
    // A rule says which of them is missing.
    let to = value::expression(&properties.get("to")?.value, id, "to", reader)?;
    let body = body?;
    reader.report.steps += body.value.text.len();
    match Template::parse(&body.value.text) {
        Ok(body) => Some(EmailModel { to, subject, body, data }),
        Err(error) => {
            reader.report.error("INVALID_TEMPLATE", body.value.place(error.offset), id, format!("body: {error}"));
            None
        }
    }
}

/// `Retries` are repetitions; Camunda 8 counts all attempts.
fn retries(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> u32 {
    let all = node.properties.get("Retries").is_some_and(|property| property.of_task_definition);
    let written = number(node, "Retries", 0, 0..=u64::from(RETRIES_MAX), reader);
    u32::try_from(written).unwrap_or(RETRIES_MAX).saturating_sub(u32::from(all))
}

fn number(
    node: &FlowNode<'_, '_>,
    name: &'static str,
    default: u64,
    range: RangeInclusive<u64>,
    reader: &mut Reader<'_>,
) -> u64 {
    let Some(property) = node.properties.get(name) else { return default };
    match property.value.plain().parse::<u64>() {
        Ok(number) if range.contains(&number) => number,
        Ok(_) | Err(_) => {
            let (written, min, max) = (property.value.plain(), range.start(), range.end());
            let message = format!("{name}=\"{written}\" is no whole number from {min} to {max}");
            reader.report.error("INVALID_NUMBER", property.value.start(), &node.id, message);
            default
        }
    }
}
