//! The page of an instance, for each reader and in each state.

mod operations;
mod system_tasks;

use super::overview::EXECUTIONS_MAX;
use super::*;
use crate::a11y;
use crate::console::diagram::Diagram;
use domain::command::Door;
use domain::event::{ElementActivated, EndCause};
use domain::external_task::{ExternalTask, Status};
use domain::ids::{ElementNumber, InstanceKey, RunKey, TaskNumber};
use domain::work_task::{State as WorkState, WorkTask};
use serde_json::json;
use std::collections::BTreeMap;

const NOW_MS: i64 = 1_795_165_200_000;
const HOSTILE: &str = "</p></dd></svg><script>alert(1)</script>\" onclick=\"alert(2)";

fn now() -> Timestamp {
    Timestamp::from_millis(NOW_MS)
}

fn process() -> Process {
    let file = format!(
        "<bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\"><bpmn:process id=\"P\" \
         name=\"Pier works permit\" isExecutable=\"true\"><bpmn:startEvent id=\"S\" name=\"Request in\"/><bpmn:userTask \
         id=\"Ask\" name=\"Upload certificate\"><bpmn:extensionElements><cs:properties \
         xmlns:cs=\"https://countersign.example/bpmn\"><cs:property name=\"TaskProfile\" value=\"external\"/><cs:property \
         name=\"Recipient\" value=\"a@b.example\"/></cs:properties></bpmn:extensionElements></bpmn:userTask>\
         <bpmn:scriptTask id=\"Register\" name=\"{}\"><bpmn:script>1</bpmn:script></bpmn:scriptTask><bpmn:endEvent \
         id=\"E\"/><bpmn:sequenceFlow id=\"F1\" sourceRef=\"S\" targetRef=\"Ask\"/><bpmn:sequenceFlow id=\"F2\" \
         sourceRef=\"S\" targetRef=\"Register\"/><bpmn:sequenceFlow id=\"F3\" sourceRef=\"Ask\" targetRef=\"E\"/>\
         <bpmn:sequenceFlow id=\"F4\" sourceRef=\"Register\" targetRef=\"E\"/></bpmn:process></bpmn:definitions>",
        HOSTILE.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
    );
    let reading = bpmn::read(file.as_bytes());
    assert!(!reading.has_errors(), "{:?}", reading.diagnostics);
    reading.definitions.into_iter().next().expect("one process").process
}

fn key() -> InstanceKey {
    InstanceKey::compose(NOW_MS, 7)
}

/// Waits for an answer and failed at a script.
fn aggregate() -> Aggregate {
    let instance = serde_json::from_value(json!({
        "key": key(), "version": 1, "process_id": "P", "definition_version": 7, "status": "ERROR",
        "business_key": "WP-2211", "reference": "Quay 4 fender renewal", "started_by": "ingrid", "started_at": now(),
        "last_element": 9, "last_task": 9, "variables": { "order": { "number": HOSTILE }, "count": 3, "note": "a\nb" },
        "elements": [
            { "k": 2, "e": "Ask", "s": now(), "t": 4, "d": [{ "b": "Late", "n": 1, "a": now() }] },
            { "k": 3, "e": "Register", "s": now(), "f": true }],
        "incidents": [{ "k": 3, "e": "Register", "c": "SCRIPT_ERROR", "m": HOSTILE, "a": now() }],
    }));
    let task: ExternalTask = serde_json::from_value(json!({
        "key": key().task(TaskNumber(4)), "seq": 1, "version": 1, "status": "PENDING", "activity": "Ask", "element": 2,
        "recipient": "m.okafor@kestrel.example", "channel": "email", "created_at": now(), "reminders": 0,
        "next_reminder": 1, "templates_version": 7, "delivery": "sent",
    }))
    .expect("a task");
    Aggregate {
        instance: instance.expect("an instance"),
        tasks: BTreeMap::from([(TaskNumber(4), task)]),
        work_tasks: BTreeMap::new(),
    }
}

fn reached(number: u32, element: &str, flow: Option<&str>) -> ElementActivated {
    ElementActivated {
        number: ElementNumber(number),
        element: element.to_owned(),
        flow: flow.map(str::to_owned),
        scope: None,
        handles: None,
    }
}

fn events() -> Vec<Event> {
    vec![
        Event::ElementPassed(reached(1, "S", None)),
        Event::ElementActivated(reached(2, "Ask", Some("F1"))),
        Event::ElementActivated(reached(3, "Register", Some("F2"))),
        Event::VariablesSet(serde_json::from_value(json!({ "secretName": 1 })).expect("variables")),
        Event::TaskEnded {
            task: TaskNumber(4),
            status: Status::Cancelled,
            cause: EndCause::Interrupt,
            reason: Some(HOSTILE.to_owned()),
        },
    ]
}

const ALL: May = May { variables: true, tasks: true, definitions: true, list: true, cancel: true, retry: true };

fn shown(aggregate: &Aggregate, tab: Tab, may: May) -> String {
    let (process, events) = (process(), events());
    let user = Actor::User("ingrid".to_owned());
    let origin = Origin {
        door: Some(Door::Console),
        address: Some("192.0.2.7".to_owned()),
        run: Some(RunKey::compose(NOW_MS, 1)),
    };
    let journal = [Entry { at: now(), actor: &user, origin: &origin, command: "start", events: &events }];
    let progress = Progress::of(&aggregate.instance, &journal);
    let marks = progress.states().into_iter().map(|(id, state)| (id, state.class())).collect();
    let diagram = Diagram::at("/x".to_owned(), "<svg aria-hidden=\"true\"></svg>".to_owned(), &marks, &progress.flows);
    let details = Details {
        process: &process,
        aggregate,
        journal: &journal,
        progress: &progress,
        failed: Default::default(),
        calls: &[],
        diagram: Some(diagram),
        may,
        tab,
        said: None,
    };
    page(&Shell::sample(), &details, &Zone::named("Europe/Oslo"), now())
}

fn no_script(page: &str) {
    for element in a11y::elements(page) {
        assert!(element.name != "script" || element.get("src").is_some(), "a script came in");
        assert!(element.get("onclick").is_none(), "a handler came in");
    }
}

#[test]
fn the_journal_says_where_each_element_stands_and_which_flows_were_taken() {
    let (aggregate, events) = (aggregate(), events());
    let (user, origin) = (Actor::System, Origin::default());
    let later = [Event::ElementTerminated(ElementNumber(2))];
    let entry = |at, events| Entry { at, actor: &user, origin: &origin, command: "start", events };
    let progress = Progress::of(&aggregate.instance, &[entry(now(), &events), entry(now(), &later)]);
    let states: Vec<(String, State)> = progress.states().into_iter().collect();
    let state = |id: &str, state| (id.to_owned(), state);
    assert_eq!(states, [state("Ask", State::Stopped), state("Register", State::Failed), state("S", State::Completed)]);
    assert_eq!(progress.flows.into_iter().collect::<Vec<_>>(), ["F1", "F2"]);
}

#[test]
fn trouble_stands_first_with_a_retry_for_those_who_may() {
    let page = shown(&aggregate(), Tab::Overview, ALL);
    a11y::check_console(&page);
    no_script(&page);
    let at = |what: &str| page.find(what).unwrap_or_else(|| panic!("{what} is missing"));
    assert!(at("class=\"note bad\"") < at("data-diagram"));
    assert!(at("/retry?elementId=Register\"") > 0 && !page.contains("/retry\""), "asked before it is done");
    let without = shown(&aggregate(), Tab::Overview, May { retry: false, cancel: false, ..ALL });
    assert!(without.contains("An administrator can retry") && !without.contains("/retry?"));
    assert!(!without.contains("/cancel\""));
}

#[test]
fn the_overview_stays_as_it_was_designed() {
    let page = shown(&aggregate(), Tab::Overview, ALL);
    // The frame carries fingerprints of scripts and has tests of its own.
    let main = page.split_once("<main").and_then(|(_, rest)| rest.split_once("</main>")).expect("one main").0;
    let viewer = crate::console::assets::address("viewer.js").expect("it is embedded");
    insta::assert_snapshot!("overview", main.replace(viewer, "/assets/viewer.js"));
}

#[test]
fn recipients_and_their_tasks_are_shown_to_those_who_may_see_them() {
    let page = shown(&aggregate(), Tab::Overview, ALL);
    let task = format!("/external-tasks/{}", key().task(TaskNumber(4)));
    assert!(page.contains("m.okafor@kestrel.example") && page.contains(&task));
    for tab in [Tab::Overview, Tab::Waiting, Tab::History { skipped: 0 }] {
        let page = shown(&aggregate(), tab, May::default());
        a11y::check_console(&page);
        for hidden in ["kestrel", "/external-tasks/", "secretName", "fender</code>", "tab=variables", "/definitions/"] {
            assert!(!page.contains(hidden), "{hidden} in {tab:?}");
        }
    }
    assert!(!shown(&aggregate(), Tab::Variables, May::default()).contains("Value of"));
}

/// Ordinary tasks stand in the same list: no page of their own, and no permission for external tasks needed.
#[test]
fn ordinary_tasks_are_listed_with_who_may_do_them() {
    let mut aggregate = aggregate();
    let task: WorkTask = serde_json::from_value(json!({
        "key": key().task(TaskNumber(5)), "seq": 1, "version": 1, "state": "open", "activity": "Register", "element": 3,
        "responsible": { "g": ["Loans", HOSTILE] }, "priority": 50, "created_at": now(),
    }))
    .expect("an ordinary task");
    let failed = WorkTask { state: WorkState::Failed, key: key().task(TaskNumber(6)), ..task.clone() };
    aggregate.work_tasks = BTreeMap::from([(TaskNumber(5), task), (TaskNumber(6), failed)]);
    let page = shown(&aggregate, Tab::Overview, May { tasks: false, ..ALL });
    assert!(page.contains("Loans") && page.contains("To do") && page.contains(">Failed<"));
    assert!(!page.contains(HOSTILE) && !page.contains("/external-tasks/"), "escaped, and without a link");
    assert!(!page.contains("m.okafor@kestrel.example"));
}

#[test]
fn variables_history_and_timers_have_addresses_of_their_own() {
    let variables = shown(&aggregate(), Tab::Variables, ALL);
    a11y::check_console(&variables);
    no_script(&variables);
    assert!(variables.contains("<code>3</code>") && variables.contains("aria-label=\"Value of order\""));
    let history = shown(&aggregate(), Tab::History { skipped: 0 }, ALL);
    a11y::check_console(&history);
    no_script(&history);
    for words in [
        "Started the instance",
        "ingrid",
        "in the console, from 192.0.2.7",
        "/bulk-runs/",
        "secretName",
        "was taken away by the process",
    ] {
        assert!(history.contains(words), "{words}");
    }
    let past = shown(&aggregate(), Tab::History { skipped: 900 }, ALL);
    assert!(past.contains("nothing at this place"));
    let timers = shown(&aggregate(), Tab::Waiting, ALL);
    a11y::check_console(&timers);
    assert!(timers.contains("Upload certificate"));
}

#[test]
fn what_comes_next_is_shown_beside_what_was() {
    let mut running = aggregate();
    running.instance.status = domain::instance::InstanceStatus::Running;
    running.instance.incidents.clear();
    running.instance.ready = ["E", "E"]
        .map(|element| domain::instance::Ready::at(element, domain::instance::Place::default()).into())
        .to_vec();
    let page = shown(&running, Tab::Overview, ALL);
    a11y::check_console(&page);
    assert_eq!(page.matches("Next</span>").count(), 2);
    assert!(page.contains("&quot;E&quot;:&quot;active&quot;"));
}

#[test]
fn an_ended_instance_offers_nothing_and_many_executions_are_cut() {
    let mut ended = aggregate();
    ended.instance.status = domain::instance::InstanceStatus::Completed;
    ended.instance.incidents.clear();
    ended.instance.ended_at = Some(now());
    let page = shown(&ended, Tab::Overview, ALL);
    a11y::check_console(&page);
    assert!(!page.contains("/cancel\"") && !page.contains("/retry?") && page.contains("<dt>Ended</dt>"));

    let process = process();
    let many: Vec<Event> = (1..=1_000).map(|n| Event::ElementPassed(reached(n, "Register", None))).collect();
    let (actor, origin) = (Actor::System, Origin::default());
    let journal = [Entry { at: now(), actor: &actor, origin: &origin, command: "continue", events: &many }];
    let progress = Progress::of(&ended.instance, &journal);
    let details = |tab| Details {
        process: &process,
        aggregate: &ended,
        journal: &journal,
        progress: &progress,
        failed: Default::default(),
        calls: &[],
        diagram: None,
        may: ALL,
        tab,
        said: None,
    };
    let zone = Zone::named("Europe/Oslo");
    let page = super::page(&Shell::sample(), &details(Tab::Overview), &zone, now());
    a11y::check_console(&page);
    assert_eq!(page.matches("data-element=").count(), EXECUTIONS_MAX);
    assert!(page.contains("800 earlier ones") && page.contains("cannot be drawn"));
    let history = super::page(&Shell::sample(), &details(Tab::History { skipped: 0 }), &zone, now());
    assert!(history.contains("and 970 more steps"));
}

#[test]
fn the_question_before_a_cancellation_says_what_stops() {
    let (process, aggregate) = (process(), aggregate());
    let progress = Progress::default();
    let details = |may| Details {
        process: &process,
        aggregate: &aggregate,
        journal: &[],
        progress: &progress,
        failed: Default::default(),
        calls: &[],
        diagram: None,
        may,
        tab: Tab::Overview,
        said: None,
    };
    let page = cancel_page(&Shell::sample(), &details(ALL), "", None, false, now());
    a11y::check_console(&page);
    for words in [
        "1 open task ends.",
        "can no longer answer",
        "1 timer stops.",
        "m.okafor@kestrel.example",
        "cannot be undone",
        "Keep instance",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let part = cancel_page(
        &Shell::sample(),
        &details(May::default()),
        HOSTILE,
        Some("Use at most 500 characters."),
        true,
        now(),
    );
    assert!(!part.contains("<html") && !part.contains("okafor") && !part.contains("<script"));
    assert!(part.contains("aria-invalid=\"true\""));
}
