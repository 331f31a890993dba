//! The JSON of events and effects in journal items. What is stored once must be readable for ever: a changed line in a
//! snapshot is a change of stored data.

use super::dsl::{RECIPIENT, key, lines, vars};
use crate::decision::FormError;
use crate::effect::{CallEffect, Due, Effect};
use crate::event::{ElementActivated, EndCause, Event, InstanceStarted, TaskCreated};
use crate::external_task::Status;
use crate::ids::{ElementNumber, TaskNumber};
use crate::instance::{Awaited, Incident, InstanceStatus, Parent, Ready, Subscription, Thrown};
use crate::notification::{Channel, Delivery, Email, NotificationKind};
use crate::time::Timestamp;
use crate::work_task::event::{CancelCause, WorkTaskCreated, WorkTaskEvent};
use crate::work_task::{Priority, Responsible, State};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::collections::BTreeSet;
use std::fmt::Debug;

/// One line for each value, after reading it back.
fn stored<T: Serialize + DeserializeOwned + PartialEq + Debug>(values: &[T]) -> String {
    values
        .iter()
        .map(|value| {
            let text = serde_json::to_string(value).unwrap();
            assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
            text + "\n"
        })
        .collect()
}

fn at() -> Timestamp {
    "2026-03-02T09:00:00.007Z".parse().unwrap()
}

fn task_created() -> TaskCreated {
    TaskCreated {
        task: TaskNumber(3),
        element: ElementNumber(2),
        activity: "ask".to_owned(),
        recipient: Email::parse(RECIPIENT).unwrap(),
        recipient_name: Some("Ann".to_owned()),
        channel: Channel::Graph,
        language: Some("de".to_owned()),
        expires_at: Some(at()),
        form_context: vars(json!({"total": 12.5})),
        input_data: vars(json!({"secret": [1]})),
    }
}

fn instance_events() -> Vec<Event> {
    let reached = ElementActivated {
        number: ElementNumber(2),
        element: "ask".to_owned(),
        flow: Some("start-ask".to_owned()),
        scope: Some(ElementNumber(1)),
        handles: None,
    };
    let bare = ElementActivated { flow: None, scope: None, ..reached.clone() };
    let handling = ElementActivated { handles: Some(ElementNumber(1)), ..bare.clone() };
    let ready = Ready { element: "next".to_owned(), flow: Some("ask-next".to_owned()), scope: None, handles: None };
    let started = InstanceStarted {
        process_id: "approval".to_owned(),
        definition_version: 4,
        business_key: Some("B-1".to_owned()),
        reference: Some("Order 1".to_owned()),
        parent: None,
        timer: None,
        by: "olga".to_owned(),
        variables: vars(json!({"amount": 10})),
    };
    let shortest =
        InstanceStarted { business_key: None, reference: None, variables: vars(json!({})), ..started.clone() };
    let incident = Incident {
        element_number: ElementNumber(2),
        element: "ask".to_owned(),
        code: "SCRIPT_ERROR".to_owned(),
        message: "no amount".to_owned(),
        at: at(),
    };
    let (element, event, occurrence) = (ElementNumber(2), "late".to_owned(), 1);
    vec![
        Event::InstanceStarted(Box::new(started)),
        Event::InstanceStarted(Box::new(shortest)),
        Event::StatusChanged(InstanceStatus::Waiting),
        Event::ElementActivated(reached),
        Event::ElementPassed(bare),
        Event::ElementPassed(handling),
        Event::ElementCompleted(ElementNumber(2)),
        Event::ElementTerminated(ElementNumber(2)),
        Event::FlowJoined { element: ElementNumber(2), flow: "a-join".to_owned() },
        Event::TurnsBegun { element: ElementNumber(2), total: 3 },
        Event::TurnGave { element: ElementNumber(2), turn: 0, value: json!("yes") },
        Event::LocalsSet { element: ElementNumber(3), values: vars(json!({"item": 1})) },
        Event::FlowsTaken(vec![std::sync::Arc::new(ready)]),
        Event::FlowsResumed,
        Event::VariablesSet(vars(json!({"a": null, "b": {"c": "d"}}))),
        Event::EntityStateSet("ASKED".to_owned()),
        Event::TimerStarted { element, event: event.clone(), occurrence, due: at(), cycle: None },
        Event::TimerFired { element, event, occurrence },
        Event::ChildStarted { element: ElementNumber(2), child: key() },
        Event::ChildGone { element: ElementNumber(2) },
        Event::ErrorThrown(Thrown { code: "STOP".to_owned(), message: "enough".to_owned() }),
        Event::Subscribed {
            element: ElementNumber(2),
            subscription: Subscription {
                event: "paid".to_owned(),
                to: Awaited::Message { name: "Paid".to_owned(), key: "B-1".to_owned() },
            },
        },
        Event::Subscribed {
            element: ElementNumber(2),
            subscription: Subscription { event: "stop".to_owned(), to: Awaited::Signal { name: "Stop".to_owned() } },
        },
        Event::Received { element: ElementNumber(2), event: "paid".to_owned() },
        Event::ActionOrdered { element, attempt: 1, retries: 2 },
        Event::ActionOrdered { element, attempt: 3, retries: 0 },
        Event::ActionCompleted { element, attempt: 2 },
        Event::ActionFailed { element, attempt: 1, code: "HTTP_503".to_owned(), next: Some(at()) },
        Event::ActionFailed { element, attempt: 3, code: "HTTP_404".to_owned(), next: None },
        Event::FormErrorsSet {
            task: TaskNumber(3),
            errors: vec![
                FormError { field: "amount".to_owned(), message: "Too high.".to_owned() },
                FormError { field: String::new(), message: "Look again.".to_owned() },
            ],
        },
        Event::IncidentRaised(incident),
        Event::IncidentResolved(ElementNumber(2)),
        Event::CancelRequested("mistake".to_owned()),
    ]
}

fn task_events() -> Vec<Event> {
    let task = TaskNumber(3);
    let shortest = TaskCreated {
        recipient_name: None,
        channel: Channel::Email,
        language: None,
        expires_at: None,
        form_context: vars(json!({})),
        input_data: vars(json!({})),
        ..task_created()
    };
    let values = vars(json!({"comment": "fine"}));
    let ended = |status, cause, reason: Option<&str>| Event::TaskEnded {
        task,
        status,
        cause,
        reason: reason.map(str::to_owned),
    };
    vec![
        Event::TaskCreated(Box::new(task_created())),
        Event::TaskCreated(Box::new(shortest)),
        Event::TaskOpened(task),
        Event::TaskDraftSaved { task, values: values.clone() },
        Event::TaskSubmitDenied { task, codes: vec!["REQUIRED".to_owned()], values: values.clone() },
        Event::TaskSubmitDenied { task, codes: vec!["UNKNOWN_ACTION".to_owned()], values: vars(json!({})) },
        Event::TaskReminded { task, next: 2 },
        Event::TaskResent(task),
        Event::TaskSynced { task, version: 5 },
        Event::TaskCompleted { task, outcome: "Approve".to_owned(), answers: values, submission: "s-1".to_owned() },
        ended(Status::Cancelled, EndCause::Cancel, Some("mistake")),
        ended(Status::Cancelled, EndCause::Interrupt, None),
        ended(Status::Expired, EndCause::Expire, None),
        Event::TaskBounced { task, delivery: Delivery::Complained },
    ]
}

fn work_task_events() -> Vec<Event> {
    let created = WorkTaskCreated {
        element: ElementNumber(2),
        activity: "review".to_owned(),
        responsible: Responsible {
            assignee: Some("ann".to_owned()),
            users: vec!["ann".to_owned()],
            groups: vec!["Loans".to_owned()],
        },
        priority: Priority::new(75).unwrap(),
        due_at: Some(at()),
        follow_up_at: Some(at()),
        description: Some("Review order 7".to_owned()),
        form_context: vars(json!({"total": 12.5})),
        input_data: vars(json!({"secret": [1]})),
    };
    let shortest = WorkTaskCreated {
        description: None,
        responsible: Responsible::default(),
        priority: Priority::default(),
        due_at: None,
        follow_up_at: None,
        form_context: vars(json!({})),
        input_data: vars(json!({})),
        ..created.clone()
    };
    let values = vars(json!({"comment": "fine"}));
    let none = vars(json!({}));
    [
        WorkTaskEvent::Created(Box::new(created)),
        WorkTaskEvent::Created(Box::new(shortest)),
        WorkTaskEvent::Completed { outcome: "Approve".to_owned(), answers: values.clone() },
        WorkTaskEvent::CompleteDenied { codes: vec!["UNKNOWN_ACTION".to_owned()], values: values.clone() },
        WorkTaskEvent::CompleteDenied { codes: vec!["UNKNOWN_ACTION".to_owned()], values: none.clone() },
        WorkTaskEvent::Failed { code: "SCRIPT_ERROR".to_owned(), values },
        WorkTaskEvent::Failed { code: "SCRIPT_ERROR".to_owned(), values: none },
        WorkTaskEvent::Retried,
        WorkTaskEvent::Canceled { cause: CancelCause::Interrupt },
        WorkTaskEvent::Canceled { cause: CancelCause::Cancel },
    ]
    .map(|what| Event::WorkTask { task: TaskNumber(3), what })
    .into()
}

fn effects() -> Vec<Effect> {
    let task = TaskNumber(3);
    let dues = [
        Due::Reminder { task, occurrence: 2 },
        Due::Expiry { task },
        Due::Timer { element: ElementNumber(2), event: "late".to_owned(), occurrence: 1 },
    ];
    let kinds = [NotificationKind::Initial, NotificationKind::Reminder, NotificationKind::Resend];
    let mut effects: Vec<Effect> = kinds.into_iter().map(|kind| Effect::Notify { task, kind }).collect();
    effects.extend(dues.iter().cloned().map(|due| Effect::Schedule { due, at: at() }));
    effects.extend(dues.into_iter().map(|due| Effect::Unschedule { due }));
    effects.push(Effect::Call(CallEffect::Start { element: ElementNumber(2) }));
    effects.push(Effect::Call(CallEffect::Cancel { child: key() }));
    let parent = Parent { instance: key(), element: ElementNumber(2), depth: 1 };
    effects.push(Effect::Call(CallEffect::Ended { parent }));
    let to = Awaited::Message { name: "Paid".to_owned(), key: "17".to_owned() };
    effects.push(Effect::Throw { element: ElementNumber(2), to, variables: vars(json!({ "sum": 5 })) });
    let to = Awaited::Signal { name: "Stop".to_owned() };
    effects.push(Effect::Throw { element: ElementNumber(2), to, variables: vars(json!({})) });
    effects.push(Effect::Continue);
    effects.push(Effect::Act { element: ElementNumber(2), attempt: 1, at: at() });
    effects.push(Effect::Mail { element: ElementNumber(2), attempt: 1, recipient: 0 });
    effects
}

#[test]
fn events_of_instances_are_stored_like_this() {
    insta::assert_snapshot!(stored(&instance_events()));
}

#[test]
fn events_of_tasks_are_stored_like_this() {
    insta::assert_snapshot!(stored(&task_events()));
}

#[test]
fn events_of_ordinary_tasks_are_stored_like_this() {
    insta::assert_snapshot!(stored(&work_task_events()));
}

#[test]
fn effects_are_stored_like_this() {
    insta::assert_snapshot!(stored(&effects()));
}

#[test]
fn the_words_of_states_are_stored_like_this() {
    let instance = [
        InstanceStatus::Running,
        InstanceStatus::Waiting,
        InstanceStatus::Completed,
        InstanceStatus::Error,
        InstanceStatus::Cancelled,
    ];
    let delivery = [
        Delivery::Queued,
        Delivery::Sent,
        Delivery::Delayed,
        Delivery::Delivered,
        Delivery::Failed,
        Delivery::Bounced,
        Delivery::Complained,
    ];
    let channel = [Channel::Email, Channel::Smtp, Channel::Graph];
    insta::assert_snapshot!(
        [stored(&instance), stored(&Status::ALL), stored(&State::ALL), stored(&delivery), stored(&channel)].concat()
    );
}

/// The examples above show every kind of event: `lines` names each kind, and its match has no wildcard.
#[test]
fn every_kind_of_event_has_an_example_and_a_tag_of_its_own() {
    let events = [instance_events(), task_events(), work_task_events()].concat();
    let tag = |event: &Event| match serde_json::to_value(event).unwrap() {
        serde_json::Value::String(tag) => tag,
        serde_json::Value::Object(map) => map.keys().next().cloned().unwrap(),
        other @ (serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::Array(_)) => panic!("{other}"),
    };
    let kinds: BTreeSet<_> = events.iter().map(|event| format!("{:?}", std::mem::discriminant(event))).collect();
    let tags: BTreeSet<String> = events.iter().map(tag).collect();
    assert_eq!((kinds.len(), tags.len()), (39, 39));
    assert_eq!(lines::events(&events).len(), events.len());
}

/// A journal item of an ordinary step must stay small: an answer with its flow fits 1,024 bytes.
#[test]
fn an_ordinary_answer_is_stored_in_less_than_a_kilobyte() {
    let mut world = super::dsl::given(super::dsl::one_task(super::dsl::ticket().expires_after("P7D")));
    world.start(json!({})).accepted();
    let then = world.submit("ask", "Approve", json!({"comment": "fine", "amount": "12"}));
    let bytes = serde_json::to_string(&then.accepted().events).unwrap().len()
        + serde_json::to_string(&then.accepted().effects).unwrap().len();
    assert!(bytes < 600, "{bytes}");
}
