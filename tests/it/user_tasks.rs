//! Ordinary user tasks through the API, in both shapes: lists, details, completion, refusals (S4-47 to S4-62, D-15 to D-36).

use crate::Api;
use crate::bulk_runs::api::{MANAGER, OPERATOR, STRANGER, USER, api, call};
use anyhow::{Context, Result};
use domain::ids::InstanceKey;
use serde_json::{Value, json};
use testkit::{World, samples};

const ACTIVE: &str = "/api/user-tasks/active";
const COMPLETE: &str = "/api/user-tasks/complete";

/// A world with the process `Review`, whose tasks have these properties.
async fn world(properties: &[(&str, &str)]) -> Result<(World, Api)> {
    let mut world = World::start().await?;
    world.deploy(&samples::review(properties)).await?;
    let api = api(&world).await?;
    world.drain().await?;
    Ok((world, api))
}

async fn begin(world: &mut World, variables: Value) -> Result<InstanceKey> {
    Ok(world.begin("Review", variables).await?)
}

async fn get(api: &Api, token: &str, path: &str) -> Result<(u16, Value)> {
    call(api, token, "GET", path, Value::Null, "").await
}

async fn post(api: &Api, token: &str, path: &str, body: Value) -> Result<(u16, Value)> {
    call(api, token, "POST", path, body, "").await
}

fn answer(key: InstanceKey, action: &str, variables: Value) -> Value {
    json!({ "instanceGuid": key.guid(), "taskId": "First", "userAction": action, "variables": variables })
}

async fn first_key(world: &World, key: InstanceKey) -> Result<String> {
    let loaded = world.load(key).await?;
    let (_, task) = loaded.aggregate.work_tasks.first_key_value().context("a task")?;
    Ok(task.key.to_string())
}

async fn called(world: &World, caller: InstanceKey) -> Result<InstanceKey> {
    let live = world.load(caller).await?.aggregate.instance.elements;
    live.first().and_then(|live| live.child).context("a child")
}

fn ids(body: &Value) -> Vec<&str> {
    let data = body["data"].as_array().map(Vec::as_slice).unwrap_or_default();
    data.iter().filter_map(|item| item["instanceGuid"].as_str()).collect()
}

/// S4-47, S4-49: each filter alone and together; what the caller may not see is not there.
#[tokio::test]
async fn active_tasks_are_listed_by_every_filter() -> Result<()> {
    let properties = [
        ("ResponsibleTeams", "context.team"),
        ("ResponsibleUsers", "context.who,deputy"),
        ("EntityState", "PendingReview"),
    ];
    let (mut world, api) = world(&properties).await?;
    let loans = begin(&mut world, json!({ "team": "Loans", "who": "ann" })).await?.guid();
    let risk = begin(&mut world, json!({ "team": "Risk", "who": "user" })).await?.guid();
    let legal = begin(&mut world, json!({ "team": "Legal", "who": "bob" })).await?.guid();
    for (token, query, expected) in [
        (MANAGER, "", vec![&legal, &risk, &loans]),
        (MANAGER, "?assignedToTeam=Loans", vec![&loans]),
        (MANAGER, "?assignedToUser=bob", vec![&legal]),
        (MANAGER, "?assignedToUser=bob&assignedToTeam=Loans", vec![]),
        (MANAGER, "?processKey=Review&entityState=PendingReview", vec![&legal, &risk, &loans]),
        (MANAGER, "?processKey=Other", vec![]),
        (MANAGER, "?entityState=Done", vec![]),
        // The user is a member of Loans, and listed by name for the second one.
        (USER, "", vec![&risk, &loans]),
        (USER, "?assignedToTeam=Legal", vec![]),
        (OPERATOR, "", vec![]),
        (STRANGER, "", vec![]),
    ] {
        let (status, body) = get(&api, token, &format!("{ACTIVE}{query}")).await?;
        assert_eq!((status, ids(&body)), (200, expected.iter().map(|guid| guid.as_str()).collect()), "{token} {query}");
    }
    let (_, page) = get(&api, MANAGER, &format!("{ACTIVE}?limit=2")).await?;
    assert_eq!(ids(&page), [legal.as_str(), risk.as_str()]);
    let cursor = page["nextCursor"].as_str().context("a cursor")?;
    let (_, page) = get(&api, MANAGER, &format!("{ACTIVE}?limit=2&cursor={cursor}")).await?;
    assert_eq!((ids(&page), &page["nextCursor"]), (vec![loans.as_str()], &Value::Null));
    let (status, body) = get(&api, MANAGER, &format!("{ACTIVE}?assignedToUser=bob&cursor={cursor}")).await?;
    assert_eq!((status, &body["error"]["code"]), (400, &json!("INVALID_CURSOR")));
    let (status, body) = get(&api, MANAGER, &format!("{ACTIVE}?team=Loans")).await?;
    assert_eq!((status, &body["error"]["details"][0]["code"]), (422, &json!("UNKNOWN_PARAMETER")));
    world.drain().await?;
    Ok(())
}

/// S4-30, S4-52, D-15, D-30: staff see inputData, nobody the process's variables.
#[tokio::test]
async fn details_show_form_context_input_data_and_metadata() -> Result<()> {
    let properties = [
        ("FormVariables", "shown"),
        ("InputMapping", r#"{"total": "order.total"}"#),
        ("Priority", "HIGH"),
        ("UserActions", "Approve,Reject"),
        ("DueDate", "P2D"),
        ("Description", "Check {{ shown }}"),
        ("FormKey", "f-1"),
    ];
    let (mut world, api) = world(&properties).await?;
    let key = begin(&mut world, json!({ "shown": "this", "hidden": "that", "order": { "total": 7 } })).await?;
    let (status, body) = get(&api, MANAGER, &format!("/api/user-tasks/{}/First", key.guid())).await?;
    let data = &body["data"];
    assert_eq!(
        (status, &data["inputData"], &data["formContext"]),
        (200, &json!({ "total": 7 }), &json!({ "shown": "this" }))
    );
    assert_eq!((&data["description"], &data["formKey"]), (&json!("Check this"), &json!("f-1")));
    assert_eq!((&data["userActions"], &data["metadata"]["priority"]), (&json!(["Approve", "Reject"]), &json!("High")));
    assert!(data["metadata"]["dueDate"].is_string() && !body.to_string().contains("that"));
    let task = first_key(&world, key).await?;
    let (status, body) = get(&api, MANAGER, &format!("/v2/user-tasks/{task}")).await?;
    assert_eq!((status, &body["userTaskKey"], &body["priority"]), (200, &json!(task), &json!(75)));
    assert_eq!((&body["externalFormReference"], &body["processDefinitionId"]), (&json!("f-1"), &json!("Review")));
    for path in [format!("/api/user-tasks/{}/Second", key.guid()), "/api/user-tasks/nonsense/First".to_owned()] {
        let (status, body) = get(&api, MANAGER, &path).await?;
        assert_eq!((status, &body["success"], &body["error"]["code"]), (404, &json!(false), &json!("NOT_FOUND")));
    }
    assert_eq!(get(&api, MANAGER, "/v2/user-tasks/17").await?.0, 404);
    world.drain().await?;
    Ok(())
}

/// The policy: invisible is 404, a candidate may not complete what is not assigned, the assignee and managers may.
#[tokio::test]
async fn who_may_complete_is_decided_by_assignment() -> Result<()> {
    let (mut world, api) = world(&[("ResponsibleTeams", "context.team"), ("Assignee", "context.who")]).await?;
    let open = begin(&mut world, json!({ "team": "Loans" })).await?;
    let own = begin(&mut world, json!({ "team": "Risk", "who": "user" })).await?;
    let others = begin(&mut world, json!({ "team": "Loans", "who": "ann" })).await?;
    for (token, key, status, code) in [
        (USER, open, 403, "FORBIDDEN"),
        (USER, others, 403, "FORBIDDEN"),
        (OPERATOR, open, 404, "NOT_FOUND"),
        (STRANGER, own, 404, "NOT_FOUND"),
    ] {
        let (found, body) = post(&api, token, COMPLETE, answer(key, "Approve", json!({}))).await?;
        assert_eq!((found, body["error"]["code"].as_str()), (status, Some(code)), "{token}");
    }
    let (status, body) = post(&api, USER, COMPLETE, answer(own, "Approve", json!({}))).await?;
    assert_eq!((status, &body["data"]["nextTaskId"]), (200, &json!("Second")));
    assert_eq!(world.load(own).await?.aggregate.instance.variables["currentUser"], "user");
    let (status, _) = post(&api, MANAGER, COMPLETE, answer(others, "Reject", json!({}))).await?;
    assert_eq!(status, 200);
    world.drain().await?;
    Ok(())
}

/// S4-54, S4-55, S4-58, D-19, D-20: the answer, and the same answer again for the same key.
#[tokio::test]
async fn a_completion_is_answered_once_however_often_it_is_sent() -> Result<()> {
    let (mut world, api) = world(&[("UserActions", "Approve,Reject")]).await?;
    let key = begin(&mut world, json!({})).await?;
    let body = answer(key, "Reject", json!({ "why": "late" }));
    let first = call(&api, MANAGER, "POST", COMPLETE, body.clone(), "k-1").await?;
    let data = &first.1["data"];
    assert_eq!((first.0, &first.1["success"], &data["taskCompleted"]), (200, &json!(true), &json!(true)));
    assert_eq!((&data["nextTaskId"], &data["status"]), (&Value::Null, &json!("Completed")));
    assert_eq!(call(&api, MANAGER, "POST", COMPLETE, body, "k-1").await?, first);
    let other = answer(key, "Approve", json!({}));
    let (status, body) = call(&api, MANAGER, "POST", COMPLETE, other.clone(), "k-1").await?;
    assert_eq!((status, &body["error"]["code"]), (409, &json!("IDEMPOTENCY_MISMATCH")));
    let (status, body) = call(&api, MANAGER, "POST", COMPLETE, other, "k-2").await?;
    assert_eq!((status, &body["error"]["details"]["state"]), (409, &json!("completed")));

    let key = begin(&mut world, json!({})).await?;
    let path = format!("/v2/user-tasks/{}/completion", first_key(&world, key).await?);
    let body = json!({ "action": "Approve", "variables": { "sum": 3 } });
    assert_eq!(call(&api, MANAGER, "POST", &path, body.clone(), "k-3").await?, (204, Value::Null));
    assert_eq!(call(&api, MANAGER, "POST", &path, body, "k-3").await?, (204, Value::Null));
    let loaded = world.load(key).await?;
    assert_eq!((&loaded.aggregate.instance.variables["sum"], loaded.aggregate.work_tasks.len()), (&json!(3), 2));
    world.drain().await?;
    Ok(())
}

/// W-17, D-36: 422 where the task is still open; what was submitted is kept as draft.
#[tokio::test]
async fn a_refused_completion_says_why_and_keeps_the_draft() -> Result<()> {
    let (mut world, api) = world(&[("UserActions", "Approve,Reject")]).await?;
    let key = begin(&mut world, json!({})).await?;
    let (status, body) = post(&api, MANAGER, COMPLETE, answer(key, "Nod", json!({ "why": "typed" }))).await?;
    assert_eq!((status, &body["error"]["code"]), (422, &json!("UNKNOWN_ACTION")));
    let (_, body) = get(&api, MANAGER, &format!("/api/user-tasks/{}/First", key.guid())).await?;
    assert_eq!((&body["data"]["draft"], &body["data"]["state"]), (&json!({ "why": "typed" }), &json!("open")));
    let path = format!("/v2/user-tasks/{}/completion", first_key(&world, key).await?);
    let (status, body) = post(&api, MANAGER, &path, json!({})).await?;
    assert_eq!((status, &body["code"], &body["errors"][0]["field"]), (422, &json!("UNKNOWN_ACTION"), &json!("action")));
    // A clash with the engine's own names is malformed (BPMN semantics, "Submission").
    for name in ["userId", "action", "currentUser"] {
        let (status, body) = post(&api, MANAGER, COMPLETE, answer(key, "Approve", json!({ name: "x" }))).await?;
        assert_eq!((status, &body["error"]["code"]), (400, &json!("RESERVED_NAME")), "{name}");
    }
    let (status, body) = post(&api, MANAGER, COMPLETE, json!({ "taskId": 7, "extra": 1 })).await?;
    assert_eq!((status, body["error"]["details"].as_array().map(Vec::len)), (422, Some(3)));
    world.drain().await?;
    Ok(())
}

/// W-19, S4-43, V-04: 422 with the code of the incident; a retry opens the task again.
#[tokio::test]
async fn a_failing_server_script_is_422_and_an_administrator_retries() -> Result<()> {
    let script = "if (userAction !== 'Approve') throw new Error('comments are missing')";
    let (mut world, api) = world(&[("ServerScript", script)]).await?;
    let key = begin(&mut world, json!({})).await?;
    let (status, body) = post(&api, MANAGER, COMPLETE, answer(key, "Reject", json!({}))).await?;
    assert_eq!((status, &body["error"]["code"]), (422, &json!("SCRIPT_ERROR")));
    assert_eq!(body["error"]["details"]["instanceStatus"], "ERROR");
    let task = first_key(&world, key).await?;
    assert_eq!(get(&api, MANAGER, &format!("/v2/user-tasks/{task}")).await?.1["state"], "FAILED");
    let (status, body) = post(&api, MANAGER, COMPLETE, answer(key, "Approve", json!({}))).await?;
    assert_eq!((status, &body["error"]["code"]), (409, &json!("INSTANCE_IN_ERROR")));
    let retry = domain::command::Command::Retry { element: None, variables: domain::variables::Variables::new() };
    world.execute(key, testkit::world::operator(), retry).await?;
    let (status, body) = post(&api, MANAGER, COMPLETE, answer(key, "Approve", json!({}))).await?;
    assert_eq!((status, &body["data"]["nextTaskId"]), (200, &json!("Second")));
    world.drain().await?;
    Ok(())
}

/// D-18: several live tasks of one activity need the task's key.
#[tokio::test]
async fn several_tasks_of_one_activity_are_ambiguous_without_a_key() -> Result<()> {
    let mut world = World::start().await?;
    world.deploy(&samples::review_twice()).await?;
    let api = api(&world).await?;
    let key = world.begin("ReviewTwice", json!({})).await?;
    let path = format!("/api/user-tasks/{}/First", key.guid());
    let (status, body) = get(&api, MANAGER, &path).await?;
    assert_eq!((status, &body["error"]["code"]), (409, &json!("AMBIGUOUS_TASK")));
    let keys = body["error"]["details"]["taskKeys"].as_array().context("keys")?.clone();
    assert_eq!(keys.len(), 2);
    let last = keys[1].as_str().context("a key")?;
    let (status, body) = get(&api, MANAGER, &format!("{path}?taskKey={last}")).await?;
    assert_eq!((status, &body["data"]["taskKey"]), (200, &keys[1]));
    assert_eq!(post(&api, MANAGER, COMPLETE, answer(key, "x", json!({}))).await?.0, 409);
    let mut named = answer(key, "x", json!({}));
    named["taskKey"] = keys[1].clone();
    assert_eq!(post(&api, MANAGER, COMPLETE, named).await?.0, 200);
    // One is left: the activity says enough again.
    let (status, body) = get(&api, MANAGER, &path).await?;
    assert_eq!((status, &body["data"]["taskKey"]), (200, &keys[0]));
    world.drain().await?;
    Ok(())
}

/// Issue, bad input: an answer to a task whose root is cancelling is refused, through this door as well.
#[tokio::test]
async fn a_task_beneath_a_cancelled_caller_cannot_be_completed() -> Result<()> {
    let (mut world, api) = world(&[]).await?;
    world
        .deploy(
            r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"><bpmn:process id="Caller">
            <bpmn:startEvent id="Start"/><bpmn:sequenceFlow id="F1" sourceRef="Start" targetRef="Call"/>
            <bpmn:callActivity id="Call" calledElement="Review"/></bpmn:process></bpmn:definitions>"#,
        )
        .await?;
    let caller = world.begin("Caller", json!({})).await?;
    world.drain().await?;
    let child = called(&world, caller).await?;
    let (status, body) = post(&api, OPERATOR, &format!("/v1/instances/{caller}/cancel"), json!({})).await?;
    assert_eq!(status, 200, "{body}");
    let (status, body) = post(&api, MANAGER, COMPLETE, answer(child, "complete", json!({}))).await?;
    assert_eq!((status, &body["error"]["code"]), (409, &json!("INVALID_STATE")), "nothing was delivered yet");
    world.drain().await?;
    assert_eq!(world.load(child).await?.aggregate.instance.status.as_str(), "CANCELLED");
    Ok(())
}

/// S4-28: the answer to a completion shows the tasks that now wait, with their form context, to whoever may see them.
#[tokio::test]
async fn a_completion_shows_the_next_task_to_who_may_see_it() -> Result<()> {
    let (mut world, api) = world(&[("Assignee", "user"), ("FormVariables", "shown")]).await?;
    let key = begin(&mut world, json!({ "shown": "this", "hidden": "that" })).await?;
    let (status, body) = post(&api, USER, COMPLETE, answer(key, "Approve", json!({}))).await?;
    assert_eq!((status, &body["data"]["nextTaskId"]), (200, &json!("Second")), "{body}");
    let waiting = &body["data"]["waitingTasks"][0];
    assert_eq!((&waiting["taskId"], &waiting["variables"]), (&json!("Second"), &json!({ "shown": "this" })));
    world.drain().await?;
    Ok(())
}

/// Issue, operations: where an instance stands says also that what it called has stopped at an error.
#[tokio::test]
async fn an_error_further_down_is_shown_at_the_caller() -> Result<()> {
    let (mut world, api) = world(&[("ServerScript", "throw new Error('no')")]).await?;
    let call = |id: &str, called: &str| {
        format!(
            r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"><bpmn:process id="{id}">
            <bpmn:startEvent id="Start"/><bpmn:sequenceFlow id="F1" sourceRef="Start" targetRef="Call"/>
            <bpmn:callActivity id="Call" calledElement="{called}"/></bpmn:process></bpmn:definitions>"#
        )
    };
    world.deploy(&call("Middle", "Review")).await?;
    world.deploy(&call("Top", "Middle")).await?;
    let top = world.begin("Top", json!({})).await?;
    world.drain().await?;
    let path = format!("/v1/instances/{top}");
    let (_, body) = get(&api, MANAGER, &path).await?;
    assert_eq!(
        (&body["children"][0]["status"], &body["children"][0]["failedInstanceKey"]),
        (&json!("WAITING"), &Value::Null)
    );
    let middle = called(&world, top).await?;
    let review = called(&world, middle).await?;
    let (status, _) = post(&api, MANAGER, COMPLETE, answer(review, "Approve", json!({}))).await?;
    assert_eq!(status, 422);
    let (_, body) = get(&api, MANAGER, &path).await?;
    assert_eq!(
        (&body["children"][0]["status"], &body["children"][0]["failedInstanceKey"]),
        (&json!("WAITING"), &json!(review))
    );
    world.drain().await?;
    Ok(())
}
