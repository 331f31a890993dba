//! Vectors of the product's documentation that go from a file to its run: what a deployment says about the printed
//! fragment, and what the amended one does. The other vectors stand with the crates they are about.

use crate::outside::{open, pass_time, root, timers};
use crate::world::World;
use bpmn::{Diagnostic, Reading, Severity, lenient, read};
use domain::instance::InstanceStatus;
use domain::time::{Duration, Timestamp};
use domain::variables::Variables;
use domain::work_task::State;

/// A review with a time limit of its own beside a boundary timer of the same length, and what stands around them.
fn review(around: [&str; 2]) -> Reading {
    let [before, behind] = around;
    let fragment = r#"<bpmn:userTask id="Task_Review">
  <bpmn:extensionElements><custom:properties>
    <custom:property name="FormKey" value="review-form"/>
    <custom:property name="TimeoutMs" value="86400000"/>
    <custom:property name="OnTimeout" value="EscalateToManager"/>
  </custom:properties></bpmn:extensionElements>
</bpmn:userTask>
<bpmn:boundaryEvent id="Event_Timeout" attachedToRef="Task_Review">
  <bpmn:timerEventDefinition><bpmn:timeDuration>PT24H</bpmn:timeDuration></bpmn:timerEventDefinition>
</bpmn:boundaryEvent>
<bpmn:sequenceFlow sourceRef="Event_Timeout" targetRef="Task_EscalateToManager"/>"#;
    let repaired = lenient::repair(&format!("{before}{fragment}{behind}"));
    read(repaired.text.as_bytes())
}

fn found<'r>(reading: &'r Reading, severity: Severity, code: &str) -> Option<&'r Diagnostic> {
    reading.diagnostics.iter().find(|found| found.severity == severity && found.code == code)
}

/// V-24: the printed fragment leads to a task that it does not have.
#[test]
fn v_24_a_time_limit_whose_flow_leads_to_nothing_is_refused_by_the_name_of_its_target() {
    let reading = review(["", ""]);
    let error = found(&reading, Severity::Error, "DANGLING_REFERENCE").expect("an error");
    assert!(error.message.contains("\"Task_EscalateToManager\""), "{}", error.message);
    assert!(reading.definitions.is_empty());
}

/// V-24: with the target the drawn timer counts and `TimeoutMs` does not, so that one day later there is one escalation.
#[test]
fn v_24_of_a_time_limit_and_a_boundary_timer_only_the_timer_escalates() {
    let reading = review([
        r#"<bpmn:startEvent id="Start"/><bpmn:sequenceFlow id="F1" sourceRef="Start" targetRef="Task_Review"/>"#,
        r#"<bpmn:userTask id="Task_EscalateToManager"/>"#,
    ]);
    assert!(!reading.has_errors(), "{:?}", reading.diagnostics);
    let warning = found(&reading, Severity::Warning, "TIMEOUT_IGNORED").expect("a warning");
    assert_eq!(warning.element_id.as_deref(), Some("Task_Review"));
    assert!(warning.message.contains("TimeoutMs") && warning.message.contains("Event_Timeout"), "{}", warning.message);

    let process = &reading.definitions[0].process;
    let mut world = World::new(vec![process]);
    world.start(&process.id, Variables::new()).expect("a start");
    let due = "PT24H".parse::<Duration>().expect("a duration").after(world.now);
    let activities = |world: &World<'_>| open(world).map(|(_, task)| task.activity.clone()).collect::<Vec<_>>();
    assert_eq!(timers(&world), 1);
    pass_time(&mut world, Timestamp::from_millis(due.as_millis() - 1_000)).expect("time passes");
    assert_eq!(activities(&world), ["Task_Review"]);
    pass_time(&mut world, due).expect("time passes");
    pass_time(&mut world, "P30D".parse::<Duration>().expect("a duration").after(due)).expect("time passes");
    assert_eq!(activities(&world), ["Task_EscalateToManager"]);

    let life = root(&world);
    let states: Vec<State> = life.state.work_tasks.values().map(|task| task.state).collect();
    assert_eq!(states, [State::Canceled, State::Open]);
    assert_eq!(life.reached, ["Start", "Task_Review", "Event_Timeout", "Task_EscalateToManager"]);
    assert_eq!((life.state.instance.status, timers(&world)), (InstanceStatus::Waiting, 0));
}
