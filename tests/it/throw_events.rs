//! Messages and signals that instances send, through table, stream and queues: who waits receives them, once each,
//! whatever travels twice and whoever dies.

use anyhow::{Context, Result};
use domain::command::Command;
use domain::event::Event;
use domain::ids::InstanceKey;
use domain::variables::Variables;
use serde_json::json;
use testkit::World;
use testkit::gate::Call;
use testkit::world::{TENANT, operator};

/// One process tells about a payment, one ends with a signal; those who wait note what they receive and wait again for
/// the signal, so that a second delivery would show.
const FILE: &str = r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="urn:example">
  <bpmn:message id="Message_Paid" name="Paid"/>
  <bpmn:signal id="Signal_Stop" name="Stop"/>
  <bpmn:process id="Paying">
    <bpmn:startEvent id="Start"/>
    <bpmn:sequenceFlow id="F1" sourceRef="Start" targetRef="Tell"/>
    <bpmn:intermediateThrowEvent id="Tell">
      <bpmn:extensionElements><c:properties>
        <c:property name="correlationKey" value="order"/>
        <c:property name="InputMapping" value="{&quot;sum&quot;: &quot;amount&quot;}"/>
      </c:properties></bpmn:extensionElements>
      <bpmn:messageEventDefinition messageRef="Message_Paid"/>
    </bpmn:intermediateThrowEvent>
    <bpmn:sequenceFlow id="F2" sourceRef="Tell" targetRef="End"/>
    <bpmn:endEvent id="End"/>
  </bpmn:process>
  <bpmn:process id="Closing">
    <bpmn:startEvent id="Begin"/>
    <bpmn:sequenceFlow id="G1" sourceRef="Begin" targetRef="Stop"/>
    <bpmn:endEvent id="Stop">
      <bpmn:extensionElements><c:properties>
        <c:property name="InputMapping" value="{&quot;why&quot;: &quot;why&quot;}"/>
      </c:properties></bpmn:extensionElements>
      <bpmn:signalEventDefinition signalRef="Signal_Stop"/>
    </bpmn:endEvent>
  </bpmn:process>
  <bpmn:process id="Waiting">
    <bpmn:startEvent id="Enter"/>
    <bpmn:sequenceFlow id="H1" sourceRef="Enter" targetRef="Wait"/>
    <bpmn:receiveTask id="Wait" messageRef="Message_Paid">
      <bpmn:extensionElements><c:properties>
        <c:property name="correlationKey" value="order"/>
        <c:property name="ResultVariable" value="payment"/>
      </c:properties></bpmn:extensionElements>
    </bpmn:receiveTask>
    <bpmn:boundaryEvent id="Stopped" attachedToRef="Wait" cancelActivity="false"><bpmn:signalEventDefinition signalRef="Signal_Stop"/></bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="H2" sourceRef="Stopped" targetRef="Note"/>
    <bpmn:scriptTask id="Note"><bpmn:script>notes = (context.notes || []).concat(lastSignalData.why)</bpmn:script></bpmn:scriptTask>
    <bpmn:sequenceFlow id="H3" sourceRef="Wait" targetRef="Done"/>
    <bpmn:endEvent id="Done"/>
  </bpmn:process>
</bpmn:definitions>"#;

/// A message ends what is called.
const CALLING: &str = r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="urn:example">
  <bpmn:message id="Message_Paid" name="Paid"/>
  <bpmn:process id="Calling">
    <bpmn:startEvent id="Start"/>
    <bpmn:sequenceFlow id="F1" sourceRef="Start" targetRef="Call"/>
    <bpmn:callActivity id="Call" calledElement="Later"/>
    <bpmn:boundaryEvent id="Paid" attachedToRef="Call">
      <bpmn:extensionElements><c:properties><c:property name="correlationKey" value="order"/></c:properties></bpmn:extensionElements>
      <bpmn:messageEventDefinition messageRef="Message_Paid"/>
    </bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="F2" sourceRef="Call" targetRef="End"/>
    <bpmn:sequenceFlow id="F3" sourceRef="Paid" targetRef="End"/>
    <bpmn:endEvent id="End"/>
  </bpmn:process>
</bpmn:definitions>"#;

/// What is called waits.
const LATER: &str = r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="urn:example">
  <bpmn:message id="Message_Never" name="Never"/>
  <bpmn:process id="Later">
    <bpmn:startEvent id="Start"/>
    <bpmn:sequenceFlow id="F1" sourceRef="Start" targetRef="Wait"/>
    <bpmn:receiveTask id="Wait" messageRef="Message_Never"/>
  </bpmn:process>
</bpmn:definitions>"#;

/// A world in which an instance waits for each of the orders.
async fn world(orders: &[&str]) -> Result<(World, Vec<InstanceKey>)> {
    let mut world = World::start().await?;
    world.deploy(FILE).await?;
    let mut keys = Vec::new();
    for order in orders {
        keys.push(world.begin("Waiting", json!({ "order": order })).await?);
    }
    world.drain().await?;
    Ok((world, keys))
}

async fn pay(world: &mut World, order: &str) -> Result<InstanceKey> {
    Ok(world.begin("Paying", json!({ "order": order, "amount": 5, "secret": 1 })).await?)
}

async fn instance(world: &World, key: InstanceKey) -> Result<(String, Variables)> {
    let instance = world.load(key).await?.aggregate.instance;
    Ok((instance.status.to_string(), instance.variables))
}

/// How often an instance received something.
async fn received(world: &World, key: InstanceKey) -> Result<usize> {
    let journal = world.observer.journal(TENANT, key).await?;
    let events = journal.iter().flat_map(|entry| &entry.events);
    Ok(events.filter(|event| matches!(event, Event::Received { .. })).count())
}

#[tokio::test]
async fn a_message_reaches_the_instance_that_waits_for_it() -> Result<()> {
    let (mut world, keys) = world(&["A", "B"]).await?;
    let sender = pay(&mut world, "B").await?;
    assert_eq!(instance(&world, sender).await?.0, "COMPLETED", "nothing is awaited");
    world.drain().await?;
    let (status, variables) = instance(&world, keys[1]).await?;
    assert_eq!((status.as_str(), &variables["payment"]), ("COMPLETED", &json!({ "sum": 5 })));
    assert_eq!(instance(&world, keys[0]).await?.0, "WAITING");
    for key in [sender, keys[0], keys[1]] {
        world.check(key, 0).await?;
    }
    Ok(())
}

/// Two wait for the same: a second delivery must not reach the second one, a second message must.
#[tokio::test]
async fn a_message_that_is_delivered_again_reaches_nobody_else() -> Result<()> {
    let (mut world, keys) = world(&["A", "A"]).await?;
    pay(&mut world, "A").await?;
    for _ in 0..3 {
        world.drain().await?;
        world.deliver_again(|n| n).await?;
    }
    world.drain().await?;
    assert_eq!((received(&world, keys[0]).await?, received(&world, keys[1]).await?), (1, 0));
    pay(&mut world, "A").await?;
    world.drain().await?;
    assert_eq!((received(&world, keys[0]).await?, received(&world, keys[1]).await?), (1, 1));
    Ok(())
}

/// What failed for a day may come back from the dead letters within two weeks.
#[tokio::test]
async fn a_message_that_comes_again_after_days_reaches_nobody_else() -> Result<()> {
    let (mut world, keys) = world(&["A", "A"]).await?;
    pay(&mut world, "A").await?;
    world.drain().await?;
    world.advance(15 * 86_400).await?;
    world.deliver_again(|n| n).await?;
    world.drain().await?;
    assert_eq!((received(&world, keys[0]).await?, received(&world, keys[1]).await?), (1, 0));
    Ok(())
}

#[tokio::test]
async fn a_message_that_nobody_waits_for_is_dropped() -> Result<()> {
    let (mut world, _) = world(&[]).await?;
    pay(&mut world, "A").await?;
    world.drain().await?;
    let late = world.begin("Waiting", json!({ "order": "A" })).await?;
    world.drain().await?;
    assert_eq!(instance(&world, late).await?.0, "WAITING");
    let held = world.aws.held();
    assert!(held.messages.is_empty() && held.dead_letters.is_empty(), "{held:?}");
    Ok(())
}

#[tokio::test]
async fn a_signal_reaches_everybody_once_however_often_it_is_delivered() -> Result<()> {
    let (mut world, keys) = world(&["A", "B"]).await?;
    for why in ["strike", "storm"] {
        world.begin("Closing", json!({ "why": why })).await?;
        world.drain().await?;
        world.deliver_again(|n| n).await?;
        world.drain().await?;
    }
    for key in keys {
        let (status, variables) = instance(&world, key).await?;
        assert_eq!((status.as_str(), &variables["notes"]), ("WAITING", &json!(["strike", "storm"])));
        world.check(key, 0).await?;
    }
    Ok(())
}

/// The process dies after every call that it makes for one message, from the sender's commit on.
#[tokio::test]
async fn a_death_anywhere_between_commit_and_delivery_delivers_once() -> Result<()> {
    let calls = message_and_signal(0).await?;
    assert!(calls.contains(&Call::SendMessage) && calls.contains(&Call::Commit), "{calls:?}");
    for k in 1..=calls.len() {
        message_and_signal(k).await.with_context(|| format!("killed after call {k}, {:?}", calls.get(k - 1)))?;
    }
    Ok(())
}

/// The calls of one message and one signal that are sent, of which the process survives the `k`th not; 0: all.
async fn message_and_signal(k: usize) -> Result<Vec<Call>> {
    let (mut world, keys) = world(&["A", "A"]).await?;
    // Both are committed, and nothing of them is delivered yet.
    pay(&mut world, "A").await?;
    world.begin("Closing", json!({ "why": "strike" })).await?;
    let before = world.gate.calls().len();
    if k > 0 {
        world.gate.die_after(k);
    }
    world.drain().await?;
    // What was being worked on when the process died becomes visible again.
    world.advance(300).await?;
    anyhow::ensure!(world.deaths == usize::from(k > 0), "{} deaths", world.deaths);
    let (first, second) = (instance(&world, keys[0]).await?, instance(&world, keys[1]).await?);
    anyhow::ensure!((first.0.as_str(), second.0.as_str()) == ("COMPLETED", "WAITING"), "{first:?} {second:?}");
    anyhow::ensure!(second.1.get("notes") == Some(&json!(["strike"])), "{second:?}");
    anyhow::ensure!(first.1.get("payment") == Some(&json!({ "sum": 5 })), "{first:?}");
    let held = world.aws.held();
    anyhow::ensure!(held.messages.is_empty() && held.dead_letters.is_empty(), "{held:?}");
    Ok(world.gate.calls().split_off(before))
}

/// An activity that failed receives nothing; the message comes back, and finds it mended.
#[tokio::test]
async fn a_message_for_a_failed_activity_waits_for_its_retry() -> Result<()> {
    let (mut world, _) = world(&[]).await?;
    world.deploy(CALLING).await?;
    let key = world.begin("Calling", json!({ "order": "A" })).await?;
    world.drain().await?;
    assert_eq!(instance(&world, key).await?.0, "ERROR", "no process \"Later\" is deployed");
    pay(&mut world, "A").await?;
    world.drain().await?;
    assert_eq!(received(&world, key).await?, 0);
    world.deploy(LATER).await?;
    let retry = Command::Retry { element: None, variables: Variables::new() };
    world.execute(key, operator(), retry).await?;
    world.advance(300).await?;
    let (status, variables) = instance(&world, key).await?;
    assert_eq!((status.as_str(), &variables["lastSignalData"]), ("COMPLETED", &json!({ "sum": 5 })));
    Ok(())
}
