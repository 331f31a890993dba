//! What an erasure takes out of events, tasks and variables, and what it leaves.

use super::dsl::{given, one_task, vars, work};
use crate::effect::Effect;
use crate::erasure::{ERASED_ADDRESS, Erasure};
use crate::event::{EndCause, Event, InstanceStarted, TaskCreated};
use crate::external_task::Status;
use crate::ids::{ElementNumber, TaskNumber};
use crate::instance::{Aggregate, Awaited};
use crate::notification::{Channel, Email};
use crate::template::Template;
use crate::time::Timestamp;
use serde_json::json;

const ADDRESS: &str = "Marta.Lind@supplier.example";

fn created(task: u16, recipient: &str, name: Option<&str>) -> Event {
    Event::TaskCreated(Box::new(TaskCreated {
        task: TaskNumber(task),
        element: ElementNumber(u32::from(task)),
        activity: "Ask".to_owned(),
        recipient: Email::parse(recipient).expect("an address"),
        recipient_name: name.map(str::to_owned),
        channel: Channel::Email,
        language: None,
        expires_at: None,
        form_context: vars(json!({ "question": "Fine?", "to": ADDRESS })),
        input_data: vars(json!({ "note": "internal" })),
    }))
}

fn aggregate() -> Aggregate {
    let started = InstanceStarted {
        process_id: "order".to_owned(),
        definition_version: 1,
        business_key: None,
        reference: None,
        parent: None,
        timer: None,
        by: "portal".to_owned(),
        variables: vars(json!({ "contact": { "mail": [ADDRESS] } })),
    };
    let now = Timestamp::from_millis(1_800_000_000_000);
    let events = [created(3, ADDRESS, Some("Marta Lind")), created(5, "other@supplier.example", None)];
    let mut state = crate::begin(super::dsl::key(), now, &started);
    for event in &events {
        crate::apply(&mut state, now, event);
    }
    state
}

fn erasure(aggregate: &Aggregate) -> Erasure {
    let recipient = Email::parse(&ADDRESS.to_uppercase()).expect("an address");
    Erasure::of(aggregate, &recipient).expect("a task of theirs")
}

#[test]
fn only_tasks_of_the_recipient_are_theirs_whatever_the_case() {
    let aggregate = aggregate();
    assert_eq!(erasure(&aggregate).tasks().iter().copied().collect::<Vec<_>>(), [TaskNumber(3)]);
    let nobody = Email::parse("lind@supplier.example").expect("an address");
    assert_eq!(Erasure::of(&aggregate, &nobody), None, "a part of an address is nobody");
}

#[test]
fn a_task_keeps_its_life_and_loses_the_person() {
    let aggregate = aggregate();
    let mut task = aggregate.tasks[&TaskNumber(3)].clone();
    task.answers = vars(json!({ "comment": "mine" }));
    let before = task.clone();
    erasure(&aggregate).task(&mut task);
    assert_eq!((task.recipient.as_str(), task.recipient_name.as_deref()), (ERASED_ADDRESS, None));
    assert!(task.form_context.is_empty() && task.input_data.is_empty() && task.answers.is_empty());
    assert_eq!((task.status, task.created_at, task.seq), (before.status, before.created_at, before.seq));
}

#[test]
fn events_lose_what_was_said_and_keep_that_it_was() {
    let erasure = erasure(&aggregate());
    let answered = [
        Event::TaskCompleted {
            task: TaskNumber(3),
            outcome: "Yes".to_owned(),
            answers: vars(json!({ "iban": "NO93" })),
            submission: "s".to_owned(),
        },
        Event::VariablesSet(vars(json!({ "iban": "NO93", "ok": true }))),
    ];
    let set = erasure.answered(&answered);
    assert_eq!(set, vars(json!({ "iban": "NO93", "ok": true })));
    let mut events = answered.clone();
    assert!(erasure.events(&mut events));
    assert!(
        matches!(&events[0], Event::TaskCompleted { outcome, answers, .. } if outcome == "Yes" && answers.is_empty())
    );
    assert_eq!(events[1], Event::VariablesSet(vars(json!({ "iban": null, "ok": null }))));
    let mut instance = aggregate().instance;
    instance.variables =
        vars(json!({ "iban": "NO93", "ok": false, "contact": { "mail": [ADDRESS] }, "who": "Marta Lind" }));
    erasure.instance(&mut instance, &set);
    let left = json!({ "iban": null, "ok": false, "contact": { "mail": ["(erased)"] }, "who": "(erased)" });
    assert_eq!(instance.variables, vars(left), "a value that was written later is not the answer");
}

#[test]
fn other_recipients_keep_theirs_but_for_mentions() {
    let erasure = erasure(&aggregate());
    let mut events = [
        created(5, "other@supplier.example", Some("Other")),
        Event::TaskDraftSaved { task: TaskNumber(5), values: vars(json!({ "comment": "as Marta Lind said" })) },
        Event::TaskEnded {
            task: TaskNumber(5),
            status: Status::Cancelled,
            cause: EndCause::Cancel,
            reason: Some(format!("{} asked", ADDRESS.to_lowercase())),
        },
    ];
    assert!(erasure.events(&mut events));
    let Event::TaskCreated(other) = &events[0] else { panic!("{:?}", events[0]) };
    assert_eq!(other.recipient.as_str(), "other@supplier.example");
    assert_eq!(other.form_context, vars(json!({ "question": "Fine?", "to": "(erased)" })));
    assert!(matches!(&events[2], Event::TaskEnded { reason: Some(text), .. } if text == "(erased)"));
    let mut nothing = [Event::TaskResent(TaskNumber(3)), Event::TaskOpened(TaskNumber(3)), Event::FlowsResumed];
    assert!(!erasure.events(&mut nothing), "what names nobody is left as it is");
}

/// Who it names stands in the middle of a text, and a name alone is not looked for there.
#[test]
fn the_description_of_an_ordinary_task_goes_as_a_whole() {
    let mut process = one_task(work());
    process.elements[1].description = Some(Template::parse("Call {{ who }} back").expect("a template"));
    let mut world = given(process.indexed()).started(json!({ "who": "Marta Lind" }));
    let erasure = erasure(&aggregate());
    let mut task = world.work_task("ask").clone();
    assert_eq!(task.description.as_deref(), Some("Call Marta Lind back"));
    assert!(erasure.work_task(&mut task, &vars(json!({}))));
    assert_eq!(task.description, None);
    let (_, events, _) = &mut world.journal[0];
    assert!(erasure.events(events));
    let text = serde_json::to_string(events).expect("JSON");
    assert!(!text.contains("Marta"), "{text}");
}

#[test]
fn what_was_sent_to_others_loses_the_person() {
    let erasure = erasure(&aggregate());
    let sent = |key: &str, variables| Effect::Throw {
        element: ElementNumber(4),
        to: Awaited::Message { name: "Paid".to_owned(), key: key.to_owned() },
        variables: vars(variables),
    };
    let mut mentions = [sent(ADDRESS, json!({ "who": "Marta Lind", "sum": 5 })), Effect::Continue];
    assert!(erasure.effects(&[], &mut mentions));
    assert_eq!(mentions, [sent("(erased)", json!({ "who": "(erased)", "sum": 5 })), Effect::Continue]);
    // Beside an answer it may be the answer.
    let answered = [Event::TaskCompleted {
        task: TaskNumber(3),
        outcome: "Yes".to_owned(),
        answers: vars(json!({ "iban": "NO93" })),
        submission: "s".to_owned(),
    }];
    let mut answers = [sent("17", json!({ "account": "NO93" }))];
    assert!(erasure.effects(&answered, &mut answers));
    assert_eq!(answers, [sent("17", json!({ "account": null }))]);
    let mut nothing = [sent("17", json!({ "sum": 5 })), Effect::Find { task: TaskNumber(3) }];
    assert!(!erasure.effects(&[], &mut nothing), "what names nobody is left as it is");
}
