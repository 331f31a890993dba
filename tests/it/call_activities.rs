//! A call activity and its child through table, stream and queues: started once, told how it ended, cancelled together.

use anyhow::{Context, Result};
use domain::command::Command;
use domain::ids::InstanceKey;
use serde_json::{Value, json};
use testkit::World;
use testkit::world::{operator, submit};

/// The child asks somebody; who rejects ends it by an error that only the caller catches.
const FILE: &str = r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="urn:example">
  <bpmn:error id="Error_Stop" errorCode="STOP"/>
  <bpmn:process id="Parent">
    <bpmn:startEvent id="Start"/>
    <bpmn:sequenceFlow id="F1" sourceRef="Start" targetRef="Call"/>
    <bpmn:callActivity id="Call" calledElement="Child"/>
    <bpmn:boundaryEvent id="Stopped" attachedToRef="Call"><bpmn:errorEventDefinition errorRef="Error_Stop"/></bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="F2" sourceRef="Call" targetRef="End"/>
    <bpmn:endEvent id="End"/>
    <bpmn:sequenceFlow id="F3" sourceRef="Stopped" targetRef="Note"/>
    <bpmn:scriptTask id="Note"><bpmn:script>note = _lastError.errorMessage</bpmn:script></bpmn:scriptTask>
  </bpmn:process>
  <bpmn:process id="Child">
    <bpmn:startEvent id="Begin"/>
    <bpmn:sequenceFlow id="G1" sourceRef="Begin" targetRef="Ask"/>
    <bpmn:userTask id="Ask">
      <bpmn:extensionElements><c:properties>
        <c:property name="TaskProfile" value="external"/>
        <c:property name="Recipient" value="context.who"/>
        <c:property name="Actions" value="Approve,Reject"/>
        <c:property name="ExpiresAfter" value="P7D"/>
        <c:property name="ServerScript" value="if (userAction === 'Reject') throw new BpmnError('STOP', 'The supplier declined.')"/>
      </c:properties></bpmn:extensionElements>
    </bpmn:userTask>
    <bpmn:sequenceFlow id="G2" sourceRef="Ask" targetRef="Finish"/>
    <bpmn:endEvent id="Finish"/>
  </bpmn:process>
</bpmn:definitions>"#;

struct Called {
    world: World,
    parent: InstanceKey,
    child: InstanceKey,
}

async fn called() -> Result<Called> {
    let mut world = World::start().await?;
    world.deploy(FILE).await?;
    let parent = world.begin("Parent", json!({ "who": "marta.lind@nordguss.example" })).await?;
    world.drain().await?;
    let instance = world.load(parent).await?.aggregate.instance;
    let child = instance.elements.first().and_then(|live| live.child).context("the parent has its child")?;
    Ok(Called { world, parent, child })
}

impl Called {
    async fn answer(&mut self, action: &str) -> Result<()> {
        let task = self.world.task(self.child).await?.key;
        self.world.execute(self.child, domain::command::Actor::Recipient, submit(task, action, "page-1")).await?;
        self.world.drain().await
    }

    async fn ends(&self, parent: &str, child: &str) -> Result<()> {
        let status = async |key| anyhow::Ok(self.world.load(key).await?.aggregate.instance.status.to_string());
        assert_eq!((status(self.parent).await?, status(self.child).await?), (parent.to_owned(), child.to_owned()));
        self.world.check(self.parent, 0).await?;
        self.world.check(self.child, 0).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_child_is_started_once_and_gives_what_it_has() -> Result<()> {
    let mut called = called().await?;
    let parent = called.world.load(called.child).await?.aggregate.instance.parent.context("it knows its parent")?;
    assert_eq!((parent.instance, parent.depth), (called.parent, 1));
    // Whatever travels may come twice, at any time.
    called.world.deliver_again(|n| n).await?;
    called.world.drain().await?;
    called.answer("Approve").await?;
    called.world.deliver_again(|n| n).await?;
    called.world.drain().await?;
    called.ends("COMPLETED", "COMPLETED").await?;
    let variables = called.world.load(called.parent).await?.aggregate.instance.variables;
    assert_eq!(variables["lastSubprocessResult"]["who"], json!("marta.lind@nordguss.example"));
    assert_eq!(variables.get("userAction"), None, "the child's variables are its own");
    Ok(())
}

#[tokio::test]
async fn an_error_that_the_child_does_not_catch_goes_on_at_the_call_activity() -> Result<()> {
    let mut called = called().await?;
    called.answer("Reject").await?;
    called.ends("COMPLETED", "CANCELLED").await?;
    let variables = called.world.load(called.parent).await?.aggregate.instance.variables;
    assert_eq!(variables["note"], Value::from("The supplier declined."));
    Ok(())
}

#[tokio::test]
async fn a_cancel_anywhere_ends_the_tree() -> Result<()> {
    for above in [true, false] {
        let mut called = called().await?;
        let key = if above { called.parent } else { called.child };
        called.world.execute(key, operator(), Command::CancelInstance { reason: None }).await?;
        called.world.drain().await?;
        called.ends("CANCELLED", "CANCELLED").await?;
    }
    Ok(())
}

/// Issue, bad input: an answer to a task whose root is cancelling is refused.
#[tokio::test]
async fn an_answer_is_refused_while_the_cancel_of_the_caller_is_on_its_way() -> Result<()> {
    let mut called = called().await?;
    let task = called.world.task(called.child).await?.key;
    called.world.execute(called.parent, operator(), Command::CancelInstance { reason: None }).await?;
    let answer = submit(task, "Approve", "page-1");
    let refused = called.world.execute(called.child, domain::command::Actor::Recipient, answer).await;
    assert!(format!("{:?}", refused.err()).contains("InvalidState"), "nothing was delivered yet");
    called.world.drain().await?;
    called.ends("CANCELLED", "CANCELLED").await
}

/// S0-44: an accepted answer stays accepted when its page is posted again, wherever the caller is by then.
#[tokio::test]
async fn a_repeated_answer_is_answered_as_the_first_after_the_caller_went_on() -> Result<()> {
    let mut called = called().await?;
    called.answer("Approve").await?;
    called.ends("COMPLETED", "COMPLETED").await?;
    let task = called.world.task(called.child).await?.key;
    let again = submit(task, "Approve", "page-1");
    let outcome = called.world.execute(called.child, domain::command::Actor::Recipient, again).await?;
    assert_eq!(outcome.reply, domain::decision::Reply::Submitted);
    Ok(())
}

#[tokio::test]
async fn a_process_that_is_not_deployed_is_said_and_a_retry_finds_it() -> Result<()> {
    let mut world = World::start().await?;
    let (parent, child) = FILE.split_once("  <bpmn:process id=\"Child\">").context("two processes")?;
    world.deploy(&format!("{parent}</bpmn:definitions>")).await?;
    let key = world.begin("Parent", json!({ "who": "marta.lind@nordguss.example" })).await?;
    world.drain().await?;
    let incidents = world.load(key).await?.aggregate.instance.incidents;
    assert_eq!(incidents.iter().map(|incident| incident.code.as_str()).collect::<Vec<_>>(), ["UNKNOWN_PROCESS"]);
    let head = FILE.split_once("  <bpmn:error").context("a head")?.0;
    world.deploy(&format!("{head}  <bpmn:process id=\"Child\">{child}")).await?;
    world
        .execute(key, operator(), Command::Retry { element: None, variables: domain::variables::Variables::new() })
        .await?;
    world.drain().await?;
    let instance = world.load(key).await?.aggregate.instance;
    assert_eq!(instance.status.as_str(), "WAITING");
    assert!(instance.elements.first().and_then(|live| live.child).is_some());
    Ok(())
}
