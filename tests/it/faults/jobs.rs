//! Background work that fails again and again stops the instance where a person sees it, and a retry goes on there.

use super::world;
use anyhow::Result;
use domain::command::Command;
use domain::ids::InstanceKey;
use domain::variables::Variables;
use serde_json::json;
use testkit::World;
use testkit::aws::Function;
use testkit::gate::{Call, Fault};
use testkit::world::operator;

/// A script in the background, then a day at most for a message.
const FILE: &str = r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn">
  <bpmn:message id="Message_Paid" name="Paid"/>
  <bpmn:process id="Job">
    <bpmn:startEvent id="Start"/>
    <bpmn:sequenceFlow id="F1" sourceRef="Start" targetRef="Work"/>
    <bpmn:scriptTask id="Work" camunda:asyncBefore="true"><bpmn:script>n = (context.n || 0) + 1</bpmn:script></bpmn:scriptTask>
    <bpmn:sequenceFlow id="F2" sourceRef="Work" targetRef="Wait"/>
    <bpmn:receiveTask id="Wait" messageRef="Message_Paid"/>
    <bpmn:boundaryEvent id="Late" attachedToRef="Wait"><bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>
    <bpmn:sequenceFlow id="F3" sourceRef="Late" targetRef="End"/>
    <bpmn:endEvent id="End"/>
  </bpmn:process>
</bpmn:definitions>"#;

async fn retry(world: &mut World, key: InstanceKey) -> Result<()> {
    let command = Command::Retry { element: None, variables: Variables::new() };
    world.execute(key, operator(), command).await?;
    Ok(())
}

/// The instance's status, and code and element of its incidents.
async fn status(world: &World, key: InstanceKey) -> Result<(String, Vec<(String, String)>)> {
    let instance = world.load(key).await?.aggregate.instance;
    let incidents = instance.incidents.into_iter().map(|incident| (incident.code, incident.element));
    Ok((instance.status.to_string(), incidents.collect()))
}

fn failed(element: &str) -> (String, Vec<(String, String)>) {
    ("ERROR".to_owned(), vec![("JOB_FAILED".to_owned(), element.to_owned())])
}

/// BPMN semantics, "Async boundaries".
#[tokio::test]
async fn a_job_that_fails_four_times_becomes_an_incident_and_a_retry_goes_on() -> Result<()> {
    let mut world = world(FILE).await?;
    let key = world.begin("Job", json!({})).await?;
    for _ in 0..4 {
        world.gate.fail_next(Call::Commit, Fault::Throttled);
    }
    world.drain().await?;
    for pause_s in [1, 5, 25] {
        assert_eq!(status(&world, key).await?.0, "RUNNING");
        let again = world.next_due().expect("the next try");
        assert_eq!((again.as_millis() - world.clock.now().as_millis()) / 1_000, pause_s);
        world.advance_to(again).await?;
    }
    assert_eq!(status(&world, key).await?, failed("Work"));
    assert!(world.aws.held().dead_letters.is_empty(), "the incident stands for the message");
    retry(&mut world, key).await?;
    world.drain().await?;
    assert_eq!(status(&world, key).await?, ("WAITING".to_owned(), Vec::new()));
    assert_eq!(world.load(key).await?.aggregate.instance.variables["n"], json!(1));
    world.check(key, 0).await?;
    Ok(())
}

/// A schedule calls the function; what fails there goes to the queue, wrapped by Lambda, and is tried on.
#[tokio::test]
async fn a_timer_that_fails_again_and_again_becomes_an_incident_and_a_retry_fires_it() -> Result<()> {
    let mut world = world(FILE).await?;
    let key = world.begin("Job", json!({})).await?;
    world.drain().await?;
    let input = world.aws.held().schedules.values().next().expect("a day").input.clone();
    world.aws.held().schedules.clear();
    world.advance(86_400 + 60).await?;
    let record = |receives: u32| {
        let body =
            json!({ "version": "1.0", "requestPayload": input, "responsePayload": { "errorType": "CommandFailed" } });
        json!({ "Records": [{
            "messageId": "m1", "receiptHandle": "m1", "body": body.to_string(), "eventSource": "aws:sqs",
            "attributes": { "ApproximateReceiveCount": receives.to_string() },
        }] })
    };
    let comes_again = json!({ "batchItemFailures": [{ "itemIdentifier": "m1" }] });
    for receives in 1..=4 {
        // The fourth failure is followed at once by the incident, which fails here as well: the queue counts on.
        for _ in 0..=i32::from(receives == 4) {
            world.gate.fail_next(Call::Commit, Fault::Throttled);
        }
        let answer = world.invoke(Function::Timer, record(receives)).await.and_then(Result::ok);
        assert_eq!(answer.as_ref(), Some(&comes_again));
    }
    let answer = world.invoke(Function::Timer, record(5)).await.and_then(Result::ok);
    assert_eq!(answer, Some(json!({ "batchItemFailures": [] })));
    assert_eq!(status(&world, key).await?, failed("Late"));
    retry(&mut world, key).await?;
    world.advance(60).await?;
    assert_eq!(status(&world, key).await?, ("COMPLETED".to_owned(), Vec::new()));
    world.check(key, 0).await?;
    Ok(())
}
