//! What the reader makes of a file runs in the engine as it is drawn: scopes, errors, turns, decisions and time limits in
//! one process, with the real script language.

use crate::engine_conformance::path;
use anyhow::Result;
use serde_json::json;
use testkit::World;

/// A check that fails by a code, two reviewers chosen at once, a price for each line, an error that the process itself
/// handles, and a question that nobody answers in time.
const ORDER: &str = r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:c="urn:example">
  <bpmn:error id="Error_Much" errorCode="TOO_MUCH"/>
  <bpmn:error id="Error_Stop" errorCode="GIVEN_UP"/>
  <bpmn:process id="Order">
    <bpmn:startEvent id="Start"/>
    <bpmn:sequenceFlow id="F1" sourceRef="Start" targetRef="Check"/>
    <bpmn:subProcess id="Check">
      <bpmn:startEvent id="Begin"/>
      <bpmn:sequenceFlow id="F2" sourceRef="Begin" targetRef="Sum"/>
      <bpmn:scriptTask id="Sum">
        <bpmn:script>throw new BpmnError('TOO_MUCH', 'The order is above the limit.')</bpmn:script>
      </bpmn:scriptTask>
      <bpmn:sequenceFlow id="F3" sourceRef="Sum" targetRef="Never"/>
      <bpmn:endEvent id="Never"/>
    </bpmn:subProcess>
    <bpmn:boundaryEvent id="Much" attachedToRef="Check"><bpmn:errorEventDefinition errorRef="Error_Much"/></bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="F4" sourceRef="Check" targetRef="Fine"/>
    <bpmn:endEvent id="Fine"/>
    <bpmn:sequenceFlow id="F5" sourceRef="Much" targetRef="Who"/>
    <bpmn:inclusiveGateway id="Who">
      <bpmn:extensionElements><c:properties>
        <c:property name="Condition" value="return ['ToLegal', 'ToPrices']"/>
      </c:properties></bpmn:extensionElements>
    </bpmn:inclusiveGateway>
    <bpmn:sequenceFlow id="ToLegal" sourceRef="Who" targetRef="Legal"/>
    <bpmn:sequenceFlow id="ToPrices" sourceRef="Who" targetRef="Prices"/>
    <bpmn:sequenceFlow id="ToNobody" sourceRef="Who" targetRef="All"/>
    <bpmn:task id="Legal"/>
    <bpmn:scriptTask id="Prices">
      <bpmn:extensionElements><c:properties>
        <c:property name="collection" value="lines"/>
        <c:property name="ResultVariable" value="last"/>
      </c:properties></bpmn:extensionElements>
      <bpmn:multiInstanceLoopCharacteristics isSequential="true"/>
      <bpmn:script>total = (context.total || 0) + item.price; return item.price</bpmn:script>
    </bpmn:scriptTask>
    <bpmn:sequenceFlow id="F6" sourceRef="Legal" targetRef="All"/>
    <bpmn:sequenceFlow id="F7" sourceRef="Prices" targetRef="All"/>
    <bpmn:inclusiveGateway id="All"/>
    <bpmn:sequenceFlow id="F8" sourceRef="All" targetRef="Ask"/>
    <bpmn:userTask id="Ask">
      <bpmn:extensionElements><c:properties>
        <c:property name="TaskProfile" value="external"/>
        <c:property name="Recipient" value="marta.lind@nordguss.example"/>
        <c:property name="TimeoutMs" value="3600000"/>
        <c:property name="OnTimeout" value="Stop"/>
      </c:properties></bpmn:extensionElements>
    </bpmn:userTask>
    <bpmn:sequenceFlow id="F9" sourceRef="Ask" targetRef="Answered"/>
    <bpmn:endEvent id="Answered"/>
    <bpmn:endEvent id="Stop"><bpmn:errorEventDefinition errorRef="Error_Stop"/></bpmn:endEvent>
    <bpmn:subProcess id="Handle" triggeredByEvent="true">
      <bpmn:startEvent id="Caught"><bpmn:errorEventDefinition errorRef="Error_Stop"/></bpmn:startEvent>
      <bpmn:sequenceFlow id="F10" sourceRef="Caught" targetRef="Note"/>
      <bpmn:scriptTask id="Note"><bpmn:script>note = _lastError.errorCode</bpmn:script></bpmn:scriptTask>
    </bpmn:subProcess>
  </bpmn:process>
</bpmn:definitions>"#;

#[tokio::test]
async fn scopes_errors_turns_and_time_limits_run_as_they_are_drawn() -> Result<()> {
    let mut world = World::start().await?;
    world.deploy(ORDER).await?;
    let key = world.begin("Order", json!({ "lines": [{ "price": 2 }, { "price": 3 }] })).await?;
    world.drain().await?;
    assert_eq!(world.task(key).await?.status.as_str(), "PENDING");
    world.advance(3_590).await?;
    assert_eq!(world.task(key).await?.status.as_str(), "PENDING", "seconds before its time");
    world.advance(120).await?;
    world.settle().await?;
    let path = path(&world, key).await?;
    let at = |id: &str| path.iter().position(|element| element == id);
    for (before, after) in [
        ("Begin", "Sum"),
        ("Sum", "Much"),
        ("Much", "Who"),
        ("Who", "Legal"),
        ("Prices", "All"),
        ("All", "Ask"),
        ("Ask", "Ask__timeout"),
        ("Ask__timeout", "Stop"),
        ("Stop", "Caught"),
        ("Caught", "Note"),
    ] {
        assert!(at(before).is_some() && at(before) < at(after), "{before}, {after}: {path:?}");
    }
    assert!(at("Never").is_none() && at("Fine").is_none() && at("Answered").is_none(), "{path:?}");
    let instance = world.load(key).await?.aggregate.instance;
    assert_eq!(instance.status.as_str(), "COMPLETED");
    assert_eq!(instance.variables["total"], json!(5));
    assert_eq!(instance.variables["last"], json!(3));
    assert_eq!(instance.variables["note"], json!("GIVEN_UP"));
    assert!(!instance.variables.contains_key("item"), "a turn's item is its own");
    assert_eq!(world.task(key).await?.status.as_str(), "CANCELLED");
    world.check(key, 0).await?;
    Ok(())
}
