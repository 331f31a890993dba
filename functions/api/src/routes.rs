//! The one table of the API: method and path -> function. Everything else of a route lives in its own file.

mod bulk_runs;
mod definitions;
mod delivery;
mod exports;
mod external_tasks;
mod instances;
mod messages;
mod recipients;
mod user_tasks;

use crate::Api;
use crate::problem::{Problem, Shape};
use crate::request::{Answer, Call};
use lambda_http::{Body, Request, RequestExt, Response};

const OPENAPI: &str = include_str!("../openapi.json");

/// Answers one request.
pub async fn handle(api: &Api, request: Request) -> Response<Body> {
    let method = request.method().as_str().to_owned();
    let path = request.raw_http_path().to_owned();
    match (method.as_str(), path.as_str()) {
        ("GET", "/healthz") => return json(200, r#"{"status":"ok"}"#),
        ("GET", "/openapi.json") => return json(200, OPENAPI),
        _ => {}
    }
    let shape = Shape::of(&path);
    let call = match Call::new(api, request).await {
        Ok(call) => call,
        Err(problem) => return problem.response(shape),
    };
    match route(&call).await {
        Ok(Reply::Json(answer)) => answer.response(shape),
        Ok(Reply::Xml(xml)) => Response::builder()
            .header("content-type", "application/xml")
            .header("cache-control", "no-store")
            .body(Body::from(xml))
            .expect("the headers are constants"),
        Err(problem) => {
            if problem.status() >= 500 {
                tracing::warn!(method, status = problem.status(), "request failed");
            }
            problem.response(shape)
        }
    }
}

/// What a route answers with.
enum Reply {
    Json(Answer),
    Xml(String),
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Reply {
        Reply::Json(answer)
    }
}

async fn route(call: &Call<'_>) -> Result<Reply, Problem> {
    let segments: Vec<&str> = call.path.trim_matches('/').split('/').collect();
    Ok(match (call.method.as_str(), segments.as_slice()) {
        ("POST", ["v1", "bulk-runs"]) => bulk_runs::start(call).await?.into(),
        ("GET", ["v1", "bulk-runs"]) => bulk_runs::list(call).await?.into(),
        ("GET", ["v1", "bulk-runs", key]) => bulk_runs::get(call, key).await?.into(),
        ("GET", ["v1", "bulk-runs", key, "failures"]) => bulk_runs::failures(call, key).await?.into(),
        ("POST", ["v1", "bulk-runs", key, "stop"]) => bulk_runs::stop(call, key).await?.into(),
        ("POST", ["v1", "bulk-runs", key, "lease"]) => bulk_runs::lease(call, key).await?.into(),
        ("POST", ["v1", "definitions"]) => definitions::deploy(call).await?.into(),
        ("GET", ["v1", "definitions"]) => definitions::list(call).await?.into(),
        ("GET", ["v1", "definitions", id]) => definitions::get(call, id).await?.into(),
        ("GET", ["v1", "definitions", id, "versions", n]) => definitions::version(call, id, n).await?.into(),
        ("GET", ["v1", "definitions", id, "versions", n, "xml"]) => Reply::Xml(definitions::xml(call, id, n).await?),
        ("GET", ["v1", "delivery"]) => delivery::get(call).await?.into(),
        ("POST", ["v1", "instances"]) => instances::start(call).await?.into(),
        ("GET", ["v1", "instances"]) => instances::list(call).await?.into(),
        ("GET", ["v1", "instances", key]) => instances::get(call, key).await?.into(),
        ("GET", ["v1", "instances", key, "history"]) => instances::history(call, key).await?.into(),
        ("POST", ["v1", "instances", key, "cancel"]) => instances::cancel(call, key).await?.into(),
        ("POST", ["v1", "instances", key, "retry"]) => instances::retry(call, key).await?.into(),
        ("POST", ["v1", "messages"]) => messages::message(call).await?.into(),
        ("POST", ["v1", "signals"]) => messages::signal(call).await?.into(),
        ("POST", ["v1", "recipients", "erase"]) => recipients::erase(call).await?.into(),
        ("POST", ["v1", "exports"]) => exports::start(call).await?.into(),
        ("GET", ["v1", "exports", key]) => exports::get(call, key).await?.into(),
        ("GET", ["v1", "external-tasks"]) => external_tasks::list(call).await?.into(),
        ("GET", ["v1", "external-tasks", key]) => external_tasks::get(call, key).await?.into(),
        ("POST", ["v1", "external-tasks", key, action @ ("resend" | "sync-templates" | "cancel")]) => {
            external_tasks::act(call, key, action).await?.into()
        }
        ("GET", ["api", "user-tasks", "active"]) => user_tasks::active(call).await?.into(),
        ("POST", ["api", "user-tasks", "complete"]) => user_tasks::complete(call).await?.into(),
        ("GET", ["api", "user-tasks", guid, activity]) => user_tasks::details(call, guid, activity).await?.into(),
        ("GET", ["v2", "user-tasks", key]) => user_tasks::camunda_get(call, key).await?.into(),
        ("POST", ["v2", "user-tasks", key, "completion"]) => user_tasks::camunda_complete(call, key).await?.into(),
        (
            _,
            ["v1", "bulk-runs"]
            | ["v1", "bulk-runs", _]
            | ["v1", "bulk-runs", _, "failures" | "stop" | "lease"]
            | ["v1", "definitions" | "delivery" | "instances" | "external-tasks" | "messages" | "signals"]
            | ["v1", "definitions" | "instances" | "external-tasks", _]
            | ["v1", "instances", _, "cancel" | "retry" | "history"]
            | ["v1", "external-tasks", _, "resend" | "sync-templates" | "cancel"]
            | ["v1", "definitions", _, "versions", _]
            | ["v1", "definitions", _, "versions", _, "xml"]
            | ["api", "user-tasks", "active" | "complete"]
            | ["api", "user-tasks", _, _]
            | ["v2", "user-tasks", _]
            | ["v2", "user-tasks", _, "completion"],
        ) => {
            return Err(Problem::new(405, "METHOD_NOT_ALLOWED", format!("{} is not possible here.", call.method)));
        }
        _ => return Err(Problem::not_found("resource")),
    })
}

fn json(status: u16, body: &'static str) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", "application/json")
        .body(Body::from(body))
        .expect("the headers are constants")
}
