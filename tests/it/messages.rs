//! Messages and signals through the API, from the file that waits for them to the path that goes on (S4-106, S4-114).

use crate::Api;
use crate::bulk_runs::api::{MANAGER, STRANGER, api, call};
use anyhow::{Context, Result};
use domain::ids::InstanceKey;
use serde_json::{Value, json};
use testkit::World;

/// Waits for the payment of its order; a signal stops what still waits.
const FILE: &str = r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="urn:example">
  <bpmn:message id="Message_Paid" name="Paid"/>
  <bpmn:signal id="Signal_Stop" name="Stop"/>
  <bpmn:process id="Payment">
    <bpmn:startEvent id="Start"/>
    <bpmn:sequenceFlow id="F1" sourceRef="Start" targetRef="Wait"/>
    <bpmn:receiveTask id="Wait" messageRef="Message_Paid">
      <bpmn:extensionElements><c:properties>
        <c:property name="correlationKey" value="order.id"/>
        <c:property name="ResultVariable" value="payment"/>
      </c:properties></bpmn:extensionElements>
    </bpmn:receiveTask>
    <bpmn:boundaryEvent id="Stopped" attachedToRef="Wait"><bpmn:signalEventDefinition signalRef="Signal_Stop"/></bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="F2" sourceRef="Wait" targetRef="Paid"/>
    <bpmn:endEvent id="Paid"/>
    <bpmn:sequenceFlow id="F3" sourceRef="Stopped" targetRef="Note"/>
    <bpmn:scriptTask id="Note"><bpmn:script>why = lastSignalData.why</bpmn:script></bpmn:scriptTask>
  </bpmn:process>
</bpmn:definitions>"#;

async fn world(orders: &[&str]) -> Result<(World, Api, Vec<InstanceKey>)> {
    let mut world = World::start().await?;
    world.deploy(FILE).await?;
    let mut keys = Vec::new();
    for order in orders {
        keys.push(world.begin("Payment", json!({ "order": { "id": order } })).await?);
    }
    world.drain().await?;
    let api = api(&world).await?;
    Ok((world, api, keys))
}

async fn send(api: &Api, token: &str, path: &str, body: Value, key: &str) -> Result<(u16, Value)> {
    call(api, token, "POST", path, body, key).await
}

async fn ended(world: &World, key: InstanceKey) -> Result<(String, domain::variables::Variables)> {
    let instance = world.load(key).await?.aggregate.instance;
    Ok((instance.status.to_string(), instance.variables))
}

fn paid(order: &str) -> Value {
    json!({ "name": "Paid", "correlationKey": order, "variables": { "sum": 5 } })
}

#[tokio::test]
async fn a_message_reaches_the_one_instance_that_waits_for_it() -> Result<()> {
    let (mut world, api, keys) = world(&["A", "B"]).await?;
    let (status, body) = send(&api, MANAGER, "/v1/messages", paid("B"), "").await?;
    assert_eq!((status, &body), (200, &json!({ "instanceKey": keys[1].to_string(), "elementId": "Wait" })));
    world.drain().await?;
    let (status, variables) = ended(&world, keys[1]).await?;
    assert_eq!((status.as_str(), &variables["payment"]), ("COMPLETED", &json!({ "sum": 5 })));
    assert_eq!(ended(&world, keys[0]).await?.0, "WAITING");
    // Who waits no more, and who never did.
    for order in ["B", "C"] {
        let (status, body) = send(&api, MANAGER, "/v1/messages", paid(order), "").await?;
        assert_eq!((status, &body["code"]), (404, &json!("NOT_AWAITED")), "{order}");
    }
    Ok(())
}

/// Of several that wait for the same, each message is for one, the oldest first; another tenant's are not seen.
#[tokio::test]
async fn each_message_is_for_one_instance_of_the_tenant() -> Result<()> {
    let (mut world, api, keys) = world(&["A", "A"]).await?;
    assert_eq!(send(&api, STRANGER, "/v1/messages", paid("A"), "").await?.0, 404);
    for key in &keys {
        let (_, body) = send(&api, MANAGER, "/v1/messages", paid("A"), "").await?;
        assert_eq!(body["instanceKey"], json!(key.to_string()));
    }
    world.drain().await?;
    Ok(())
}

#[tokio::test]
async fn a_message_that_is_sent_again_with_its_key_is_received_once() -> Result<()> {
    let (mut world, api, keys) = world(&["A", "A"]).await?;
    let first = send(&api, MANAGER, "/v1/messages", paid("A"), "once").await?;
    assert_eq!(send(&api, MANAGER, "/v1/messages", paid("A"), "once").await?, first);
    world.drain().await?;
    assert_eq!(ended(&world, keys[1]).await?.0, "WAITING");
    Ok(())
}

#[tokio::test]
async fn what_a_message_may_not_write_is_refused_and_it_waits_on() -> Result<()> {
    let (mut world, api, keys) = world(&["A"]).await?;
    let body = json!({ "name": "Paid", "correlationKey": "A", "variables": { "_lastError": 1 } });
    let (status, problem) = send(&api, MANAGER, "/v1/messages", body, "").await?;
    assert_eq!((status, problem["errors"][0]["code"].as_str()), (422, Some("RESERVED_NAME")), "{problem}");
    let (status, problem) = send(&api, MANAGER, "/v1/messages", json!({ "name": "Paid" }), "").await?;
    assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some("correlationKey")), "{problem}");
    assert_eq!(ended(&world, keys[0]).await?.0, "WAITING");
    world.drain().await?;
    Ok(())
}

#[tokio::test]
async fn a_signal_reaches_everybody_who_waits() -> Result<()> {
    let (mut world, api, keys) = world(&["A", "B", "C"]).await?;
    send(&api, MANAGER, "/v1/messages", paid("B"), "").await?;
    let body = json!({ "name": "Stop", "variables": { "why": "strike" } });
    let (status, answer) = send(&api, MANAGER, "/v1/signals", body.clone(), "").await?;
    let receivers = answer["receivers"].as_array().context("receivers")?;
    let reached: Vec<&str> = receivers.iter().filter_map(|receiver| receiver["instanceKey"].as_str()).collect();
    assert_eq!((status, reached), (200, vec![keys[0].to_string().as_str(), keys[2].to_string().as_str()]));
    world.drain().await?;
    for key in [keys[0], keys[2]] {
        let (status, variables) = ended(&world, key).await?;
        assert_eq!((status.as_str(), &variables["why"]), ("COMPLETED", &json!("strike")));
    }
    assert_eq!(send(&api, MANAGER, "/v1/signals", body, "").await?, (200, json!({ "receivers": [] })));
    Ok(())
}
