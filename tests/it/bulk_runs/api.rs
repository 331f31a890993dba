//! Bulk runs through the API: what is accepted, what is refused, and in which words.

use super::{start_keys, waiting_tasks};
use crate::{Api, routes};
use anyhow::{Context, Result};
use app::auth::{Authenticator, hash_token};
use domain::bulk_run::Action;
use domain::ids::{TaskKey, TenantId};
use lambda_http::Body;
use serde_json::{Value, json};
use store::TokenRecord;
use testkit::World;
use testkit::world::{PUBLIC_URL, TENANT};

pub(crate) const OPERATOR: &str = "cs_operator";
pub(crate) const MANAGER: &str = "cs_manager";
pub(crate) const USER: &str = "cs_user";
pub(crate) const STRANGER: &str = "cs_stranger";

/// The API over a world, with a token for each role and one of another tenant.
pub(crate) async fn api(world: &World) -> Result<Api> {
    let mut other = world.observer.tenant(TENANT, world.clock.now()).await?.context("the tenant")?;
    other.id = TenantId(8);
    world.observer.put_tenant(&other).await?;
    for (token, tenant, role) in
        [(OPERATOR, 7, "operator"), (MANAGER, 7, "manager"), (USER, 7, "user"), (STRANGER, 8, "admin")]
    {
        let roles = vec![role.to_owned()];
        let (tenant, created_at) = (TenantId(tenant), world.clock.now());
        let groups = if role == "user" { vec!["Loans".to_owned()] } else { Vec::new() };
        let record = TokenRecord { tenant, user: role.to_owned(), roles, groups, created_at };
        world.observer.put_token(&hash_token(token), &record).await?;
    }
    let app = world.running().app.clone();
    let authenticator = Authenticator::new(app.store.clone(), None)?;
    Ok(Api {
        authenticator,
        app,
        scripts: script::QuickJs::default(),
        public_url: PUBLIC_URL.to_owned(),
        files: app::exports::presign::Files::new(&world.aws.config(), "exports".to_owned()),
    })
}

/// One call; status and body of the answer, null where there is none.
pub(crate) async fn call(
    api: &Api,
    token: &str,
    method: &str,
    path: &str,
    body: Value,
    key: &str,
) -> Result<(u16, Value)> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query,
        "headers": { "authorization": format!("Bearer {token}"), "content-type": "application/json" },
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "api.norvik.example", "domainPrefix": "api",
            "requestId": "1", "routeKey": "$default", "stage": "$default", "time": "18/Nov/2026:09:46:40 +0000",
            "timeEpoch": 1_795_000_000_000_i64,
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "t" },
        },
        "body": if body.is_null() { String::new() } else { body.to_string() }, "isBase64Encoded": false,
    });
    if !key.is_empty() {
        event["headers"]["idempotency-key"] = key.into();
    }
    let pairs: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    event["queryStringParameters"] = pairs.into_iter().collect();
    let answer = routes::handle(api, lambda_http::request::from_str(&event.to_string())?).await;
    let status = answer.status().as_u16();
    let text = match answer.into_body() {
        Body::Text(text) => text,
        Body::Binary(bytes) => String::from_utf8(bytes)?,
        Body::Empty | _ => String::new(),
    };
    Ok((status, if text.is_empty() { Value::Null } else { serde_json::from_str(&text)? }))
}

async fn post(api: &Api, path: &str, body: Value) -> Result<(u16, Value)> {
    call(api, OPERATOR, "POST", path, body, "").await
}

fn codes(body: &Value) -> Vec<(String, String)> {
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let errors = body["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| (text(error, "field"), text(error, "code"))).collect()
}

/// Start, look, stop, lease and list, each as the contract says.
#[tokio::test]
async fn a_run_is_started_watched_stopped_and_listed() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(3).await?;
    let api = api(&world).await?;
    let (status, started) =
        post(&api, "/v1/bulk-runs", json!({ "action": "resend", "taskKeys": tasks, "attached": null })).await?;
    assert_eq!((status, &started["status"], &started["total"]), (202, &json!("running"), &json!(3)));
    assert_eq!((&started["eligible"], &started["selected"]), (&json!(3), &json!(3)));
    let path = format!("/v1/bulk-runs/{}", started["bulkRunKey"].as_str().context("a key")?);
    let (status, run) = call(&api, MANAGER, "GET", &path, Value::Null, "").await?;
    assert_eq!((status, &run["summary"], &run["failures"]), (200, &json!("0 of 3 processed"), &json!([])));
    assert_eq!(
        (&run["startedBy"], &run["attached"], &run["waiting"]),
        (&json!("operator"), &json!(false), &Value::Null)
    );
    assert_eq!(post(&api, &format!("{path}/lease"), json!({})).await?.0, 200);
    let (status, run) = post(&api, &format!("{path}/stop"), json!({})).await?;
    assert_eq!((status, &run["status"]), (200, &json!("stopping")));
    world.settle().await?;
    for action in ["stop", "lease"] {
        let (status, run) = post(&api, &format!("{path}/{action}"), Value::Null).await?;
        assert_eq!((status, &run["status"], &run["skipped"]), (200, &json!("stopped"), &json!(3)));
    }
    assert_eq!(call(&api, MANAGER, "GET", &path, Value::Null, "").await?.1["summary"], "0 done, 0 failed, 3 skipped.");

    let (_, by_filter) = post(
        &api,
        "/v1/bulk-runs",
        json!({
            "action": "cancel", "filter": { "status": ["PENDING", "COMPLETED"], "processId": "Question" },
        }),
    )
    .await?;
    assert_eq!((&by_filter["status"], &by_filter["total"]), (&json!("preparing"), &Value::Null));
    world.settle().await?;
    let (_, page) = call(&api, MANAGER, "GET", "/v1/bulk-runs?limit=1", Value::Null, "").await?;
    assert_eq!(page["items"][0]["bulkRunKey"], by_filter["bulkRunKey"], "newest first");
    assert_eq!(page["items"][0]["summary"], "3 tasks processed successfully.");
    let cursor = page["nextCursor"].as_str().context("a cursor")?;
    let (_, page) =
        call(&api, MANAGER, "GET", &format!("/v1/bulk-runs?limit=1&cursor={cursor}"), Value::Null, "").await?;
    assert_eq!(page["items"][0]["bulkRunKey"], started["bulkRunKey"]);
    Ok(())
}

/// Bad input: everything that is wrong is said, and nothing is started.
#[tokio::test]
async fn what_cannot_be_a_run_is_refused_field_by_field() -> Result<()> {
    let (world, tasks) = waiting_tasks(1).await?;
    let api = api(&world).await?;
    let many: Vec<String> = (1..=1_001).map(|n| n.to_string()).collect();
    let cases = [
        (json!({ "action": "resend", "taskKeys": many }), "taskKeys", "TOO_MANY"),
        (json!({ "action": "resend", "taskKeys": [] }), "taskKeys", "REQUIRED"),
        (json!({ "action": "resend" }), "taskKeys", "REQUIRED"),
        (json!({ "action": "explode", "taskKeys": tasks }), "action", "UNKNOWN_ACTION"),
        (json!({ "taskKeys": tasks }), "action", "REQUIRED"),
        (json!({ "action": "resend", "taskKeys": tasks, "filter": {} }), "filter", "KEYS_OR_FILTER"),
        (json!({ "action": "resend", "taskKeys": [7] }), "taskKeys", "INVALID_KEY"),
        (json!({ "action": "resend", "taskKeys": ["-7"] }), "taskKeys", "INVALID_KEY"),
        (json!({ "action": "resend", "taskKeys": "7" }), "taskKeys", "WRONG_TYPE"),
        (json!({ "action": "resend", "taskKeys": tasks, "attached": "yes" }), "attached", "WRONG_TYPE"),
        (json!({ "action": "resend", "taskKeys": tasks, "dryrun": true }), "dryrun", "UNKNOWN_FIELD"),
        (json!({ "action": "resend", "filter": [] }), "filter", "WRONG_TYPE"),
        (json!({ "action": "resend", "filter": { "status": ["OPEN"] } }), "filter.status", "UNKNOWN_STATUS"),
        (json!({ "action": "resend", "filter": { "processId": 7 } }), "filter.processId", "WRONG_TYPE"),
    ];
    for (body, field, code) in cases {
        let (status, answer) = post(&api, "/v1/bulk-runs", body.clone()).await?;
        assert_eq!(status, 422, "{body}: {answer}");
        assert_eq!(codes(&answer), [(field.to_owned(), code.to_owned())], "{body}");
    }
    for field in ["recipient", "activity", "processId", "colour"] {
        let (status, answer) =
            post(&api, "/v1/bulk-runs", json!({ "action": "resend", "filter": { (field): "x".repeat(10_000) } }))
                .await?;
        assert_eq!(status, 422, "{answer}");
        assert!(answer.to_string().len() < 1_500, "what was sent is not sent back: {answer}");
    }
    for (body, status) in [(json!([]), 400), (json!("resend"), 400)] {
        assert_eq!(post(&api, "/v1/bulk-runs", body).await?.0, status);
    }
    let (_, page) = call(&api, OPERATOR, "GET", "/v1/bulk-runs", Value::Null, "").await?;
    assert_eq!(page, json!({ "items": [], "nextCursor": null }));
    Ok(())
}

/// S0-76: 404 without `external-tasks:read` and for another tenant, 403 without `external-tasks:manage`.
#[tokio::test]
async fn who_may_not_manage_tasks_starts_and_stops_nothing() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(1).await?;
    let api = api(&world).await?;
    let run = start_keys(&world, Action::Resend, &tasks).await?;
    let path = format!("/v1/bulk-runs/{}", run.key);
    let start = json!({ "action": "cancel", "taskKeys": tasks });
    for (token, starts, sees, changes) in [(MANAGER, 403, 200, 403), (USER, 404, 404, 404), (STRANGER, 202, 404, 404)] {
        assert_eq!(call(&api, token, "POST", "/v1/bulk-runs", start.clone(), "").await?.0, starts, "{token}");
        assert_eq!(call(&api, token, "GET", &path, Value::Null, "").await?.0, sees, "{token}");
        assert_eq!(call(&api, token, "GET", &format!("{path}/failures"), Value::Null, "").await?.0, sees, "{token}");
        for action in ["stop", "lease"] {
            let answer = call(&api, token, "POST", &format!("{path}/{action}"), json!({}), "").await?;
            assert_eq!(answer.0, changes, "{token} {action}");
        }
    }
    for path in ["/v1/bulk-runs/0", "/v1/bulk-runs/007", "/v1/bulk-runs/x", "/v1/bulk-runs/0/stop"] {
        let method = if path.ends_with("stop") { "POST" } else { "GET" };
        assert_eq!(call(&api, OPERATOR, method, path, Value::Null, "").await?.0, 404, "{path}");
    }
    assert_eq!(call(&api, OPERATOR, "DELETE", &path, Value::Null, "").await?.0, 405);
    world.settle().await?;
    assert_eq!(super::look(&world, &run).await?.succeeded, 1, "nobody stopped or cancelled anything");
    Ok(())
}

/// the same request twice is one run, whatever became of it meanwhile.
#[tokio::test]
async fn a_repeated_start_is_one_run() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(2).await?;
    let api = api(&world).await?;
    let body = json!({ "action": "resend", "taskKeys": tasks });
    let first = call(&api, OPERATOR, "POST", "/v1/bulk-runs", body.clone(), "k").await?;
    world.settle().await?;
    assert_eq!(call(&api, OPERATOR, "POST", "/v1/bulk-runs", body, "k").await?, first);
    let other = json!({ "action": "cancel", "taskKeys": tasks });
    let (status, answer) = call(&api, OPERATOR, "POST", "/v1/bulk-runs", other, "k").await?;
    assert_eq!((status, &answer["code"]), (409, &json!("IDEMPOTENCY_MISMATCH")));
    let (_, page) = call(&api, OPERATOR, "GET", "/v1/bulk-runs", Value::Null, "").await?;
    assert_eq!(page["items"].as_array().map(Vec::len), Some(1));
    Ok(())
}

/// A dry run counts; a thousand keys are accepted; failures are read page by page.
#[tokio::test]
async fn counts_and_failures_are_told() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(2).await?;
    let api = api(&world).await?;
    let mut keys: Vec<TaskKey> = (1..=998_u64).filter_map(TaskKey::new).collect();
    keys.extend(&tasks);
    let dry = json!({ "action": "resend", "taskKeys": keys, "dryRun": true });
    let (status, counted) = post(&api, "/v1/bulk-runs", dry).await?;
    assert_eq!((status, &counted["selected"], &counted["eligible"]), (200, &json!(1_000), &json!(2)));
    let dry = json!({ "action": "resend", "filter": { "status": "COMPLETED" }, "dryRun": true });
    assert_eq!(post(&api, "/v1/bulk-runs", dry).await?.1["eligible"], 0);
    let run = start_keys(&world, Action::Resend, &tasks).await?;
    for task in &tasks {
        let cancel = domain::command::Command::CancelTask { task: *task, reason: None };
        world.execute(task.instance(), testkit::world::operator(), cancel).await?;
    }
    world.settle().await?;
    let path = format!("/v1/bulk-runs/{}", run.key);
    let (_, body) = call(&api, OPERATOR, "GET", &path, Value::Null, "").await?;
    assert_eq!(
        (&body["summary"], body["failures"].as_array().map(Vec::len)),
        (&json!("0 successful, 2 failed."), Some(2))
    );
    let (_, page) = call(&api, OPERATOR, "GET", &format!("{path}/failures?limit=1"), Value::Null, "").await?;
    assert_eq!(page["items"][0], body["failures"][0]);
    assert_eq!(page["items"][0]["code"], "NOT_PENDING");
    let cursor = page["nextCursor"].as_str().context("a cursor")?;
    let next = format!("{path}/failures?limit=1&cursor={cursor}");
    assert_eq!(call(&api, OPERATOR, "GET", &next, Value::Null, "").await?.1["items"][0], body["failures"][1]);
    let foreign = format!("/v1/bulk-runs?cursor={cursor}");
    let (status, answer) = call(&api, OPERATOR, "GET", &foreign, Value::Null, "").await?;
    assert_eq!((status, &answer["code"]), (400, &json!("INVALID_CURSOR")));
    Ok(())
}
