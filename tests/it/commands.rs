//! Commands of scripts over the wire: carried out by the worker of actions while the step is decided, each once for one
//! decision whatever else happens to it; mails after the commit (S4-26, S4-42).

use crate::actions::{Server, register, serve};
use crate::bulk_runs::api::{MANAGER, api, call};
use anyhow::{Context, Result};
use axum::Router;
use axum::routing::any;
use domain::command::{Command, Completion};
use domain::ids::InstanceKey;
use domain::instance::{Aggregate, InstanceStatus};
use domain::variables::Variables;
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::world::operator;
use testkit::{World, samples};
use tokio::sync::Barrier;

/// A script, then an end; a boundary event cannot stand at a script task's failure of another kind.
fn script(source: &str) -> String {
    format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\"><error id=\"Low\" errorCode=\"LOW_SCORE\"/>\
         <process id=\"Rating\"><startEvent id=\"Start\"/><sequenceFlow id=\"f1\" sourceRef=\"Start\" targetRef=\"Rate\"/>\
         <scriptTask id=\"Rate\"><script><![CDATA[{source}]]></script></scriptTask>\
         <sequenceFlow id=\"f2\" sourceRef=\"Rate\" targetRef=\"End\"/><endEvent id=\"End\"/>\
         <boundaryEvent id=\"Refused\" attachedToRef=\"Rate\"><errorEventDefinition errorRef=\"Low\"/></boundaryEvent>\
         <sequenceFlow id=\"f3\" sourceRef=\"Refused\" targetRef=\"No\"/><endEvent id=\"No\"/></process></definitions>"
    )
}

async fn begun(world: &mut World, source: &str) -> Result<InstanceKey> {
    world.deploy(&script(source)).await?;
    let key = world.begin("Rating", json!({ "customer": "C 1" })).await?;
    world.drain().await?;
    Ok(key)
}

async fn state(world: &World, key: InstanceKey) -> Result<Aggregate> {
    Ok(world.load(key).await?.aggregate)
}

const TWO_COMMANDS: &str = "const first = doCmd('Score', { customer });\n\
                            const second = BankLingo.ExecuteCommand('Score', { customer, after: first.points });\n\
                            context.points = first.points + second.points;";

/// S4-26: the answers of two commands stand in the variables, each asked under a key of its own.
#[tokio::test]
async fn a_script_reads_the_answers_of_its_commands() -> Result<()> {
    let mut world = World::start().await?;
    let (server, port) = Server::start(&world, &[(200, "{\"points\":3}"), (200, "{\"points\":4}")]).await?;
    register(&mut world, "Score", port).await?;
    let key = begun(&mut world, TWO_COMMANDS).await?;
    let state = state(&world, key).await?;
    assert_eq!((state.instance.status, &state.instance.variables["points"]), (InstanceStatus::Completed, &json!(7)));
    assert_eq!(server.keys(), [0, 1].map(|number| format!("{key}/2/0/{number}")));
    world.settle().await
}

/// Two answers to two tasks of one instance at the same moment: the commit that comes second is decided again with what
/// its command answered, and asks nobody twice. The server answers only when both have asked.
#[tokio::test]
async fn a_conflict_asks_no_command_again() -> Result<()> {
    let mut world = World::start().await?;
    let both = Arc::new(Barrier::new(2));
    let router = Router::new().fallback(any(async move || {
        both.wait().await;
        ([("content-type", "application/json")], "{\"points\":3}")
    }));
    let port = serve(&world, router).await?;
    register(&mut world, "Score", port).await?;
    world.deploy(&two_reviews()).await?;
    let key = world.begin("Reviews", json!({})).await?;
    world.drain().await?;
    let tasks: Vec<_> = state(&world, key).await?.work_tasks.into_values().map(|task| task.key).collect();
    let complete =
        |task| Command::Complete(Completion { task, action: Some("Done".to_owned()), values: Variables::new() });
    let (first, second) = tokio::join!(
        world.execute(key, operator(), complete(tasks[0])),
        world.execute(key, operator(), complete(tasks[1])),
    );
    first?;
    second?;
    let state = state(&world, key).await?;
    assert_eq!(state.instance.status, InstanceStatus::Completed, "{:?}", state.instance.incidents);
    assert_eq!((&state.instance.variables["One"], &state.instance.variables["Two"]), (&json!(3), &json!(3)));
    world.settle().await
}

/// Two tasks side by side whose answers each call a command.
fn two_reviews() -> String {
    let task = |id: &str| {
        format!(
            "<sequenceFlow id=\"to{id}\" sourceRef=\"Fork\" targetRef=\"{id}\"/><userTask id=\"{id}\"><extensionElements>\
             <cs:properties><cs:property name=\"ServerScript\"><![CDATA[context.{id} = doCmd('Score', {{}}).points]]>\
             </cs:property></cs:properties></extensionElements></userTask>\
             <sequenceFlow id=\"from{id}\" sourceRef=\"{id}\" targetRef=\"Join\"/>"
        )
    };
    format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" xmlns:cs=\"urn:x\"><process id=\"Reviews\">\
         <startEvent id=\"Start\"/><sequenceFlow id=\"f1\" sourceRef=\"Start\" targetRef=\"Fork\"/>\
         <parallelGateway id=\"Fork\"/>{}{}<parallelGateway id=\"Join\"/>\
         <sequenceFlow id=\"f2\" sourceRef=\"Join\" targetRef=\"End\"/><endEvent id=\"End\"/></process></definitions>",
        task("One"),
        task("Two"),
    )
}

/// What a command answers as its error is one of the script: a boundary event catches it by its code.
#[tokio::test]
async fn a_command_that_refuses_throws_its_code_in_the_script() -> Result<()> {
    let mut world = World::start().await?;
    let (_, port) = Server::start(&world, &[(422, "{\"code\":\"LOW_SCORE\",\"message\":\"too low\"}")]).await?;
    register(&mut world, "Score", port).await?;
    let key = begun(&mut world, TWO_COMMANDS).await?;
    let refused = state(&world, key).await?;
    assert_eq!(refused.instance.status, InstanceStatus::Completed);
    assert_eq!(refused.instance.variables["_lastError"]["errorCode"], json!("LOW_SCORE"));
    let unknown = begun(&mut world, "doCmd('Elsewhere', {})").await?;
    assert_eq!(state(&world, unknown).await?.instance.incidents[0].code, "UNKNOWN_COMMAND");
    world.settle().await
}

/// S4-42: the mail of a script goes out once, however often its commit is delivered.
#[tokio::test]
async fn a_mail_of_a_script_goes_out_once() -> Result<()> {
    let mut world = World::start().await?;
    let source = "doCmd('SendEmail', { to: 'marta.lind@nordguss.example', subject: 'Rated ' + customer, body: 'Done.' });\n\
                  context.sent = true";
    let key = begun(&mut world, source).await?;
    assert_eq!(state(&world, key).await?.instance.status, InstanceStatus::Completed);
    world.deliver_again(|n| n).await?;
    world.settle().await?;
    let held = world.aws.held();
    let mails: Vec<_> = held.mails.iter().map(|mail| (mail.to.as_str(), mail.subject.as_str())).collect();
    assert_eq!(mails, [("marta.lind@nordguss.example", "Rated C 1")]);
    Ok(())
}

/// D-27, S4-58: what the ServerScript says at the form before it throws comes with the refusal, and stands at the task.
#[tokio::test]
async fn a_refusal_brings_what_the_script_said_at_the_form() -> Result<()> {
    let script = "doCmd('SendFormErrors', { taskId: 'First', errors: { amount: 'Say how much.' } });
                  throw new BpmnError('AMOUNT_MISSING', 'The request is not complete.')";
    let caught = r#"<boundaryEvent id="Caught" attachedToRef="First" cancelActivity="false"><errorEventDefinition/>
        </boundaryEvent></process>"#;
    let mut world = World::start().await?;
    world.deploy(&samples::review(&[("ServerScript", script)]).replace("</process>", caught)).await?;
    let api = api(&world).await?;
    let key = world.begin("Review", json!({})).await?;
    let answer = json!({ "instanceGuid": key.guid(), "taskId": "First", "userAction": "Approve" });
    let (status, body) = call(&api, MANAGER, "POST", "/api/user-tasks/complete", answer, "").await?;
    let at_form = json!([{ "field": "amount", "code": "FORM_ERROR", "message": "Say how much." }]);
    assert_eq!((status, &body["error"]["code"]), (422, &json!("AMOUNT_MISSING")));
    assert_eq!(body["error"]["details"], at_form);
    let tasks = state(&world, key).await?.work_tasks;
    let path = format!("/v2/user-tasks/{}/completion", tasks.first_key_value().context("a task")?.1.key);
    let (status, body) = call(&api, MANAGER, "POST", &path, json!({ "action": "Approve" }), "").await?;
    assert_eq!((status, &body["code"], &body["errors"]), (422, &json!("AMOUNT_MISSING"), &at_form));
    let path = format!("/api/user-tasks/{}/First", key.guid());
    let (_, body) = call(&api, MANAGER, "GET", &path, Value::Null, "").await?;
    assert_eq!(body["data"]["formErrors"], json!([{ "field": "amount", "message": "Say how much." }]));
    world.drain().await?;
    Ok(())
}
