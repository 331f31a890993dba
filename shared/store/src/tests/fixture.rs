//! An ordinary supplier approval: one instance with one external task, and the decisions of its life.

use super::dynamo::LocalTable;
use crate::{CommitRequest, Committed, Error, Loaded, Store};
use domain::command::{Actor, Origin};
use domain::decision::{Decision, Reply};
use domain::effect::{Due, Effect};
use domain::event::{ElementActivated, EndCause, Event, InstanceStarted, TaskCreated};
use domain::external_task::Status;
use domain::ids::{ElementNumber, InstanceKey, TaskKey, TaskNumber, TenantId};
use domain::instance::{Aggregate, InstanceStatus};
use domain::notification::{Channel, Email, NotificationKind};
use domain::time::Timestamp;
use domain::variables::Variables;
use serde_json::json;

pub const TENANT: TenantId = TenantId(7);
pub const TASK: TaskNumber = TaskNumber(3);

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000 + seconds * 1_000)
}

/// The key of the nth instance of a test.
pub fn key(n: u64) -> InstanceKey {
    InstanceKey::compose(at(i64::try_from(n).expect("few")).as_millis(), n)
}

pub fn task(n: u64) -> TaskKey {
    key(n).task(TASK)
}

pub async fn table() -> LocalTable {
    LocalTable::start().await.expect("a database in process")
}

/// Five variables with names of about 10 bytes and values of about 15.
pub fn variables() -> Variables {
    let json = json!({
        "supplierNo": "SUP-2026-000417",
        "legalEntity": "Nordwind GmbH 1",
        "costCentre": "CC-4711-Bremen1",
        "amountEuro": "EUR 125,000.00.",
        "approverId": "anna.schmidt-01",
    });
    json.as_object().expect("an object").clone()
}

pub fn user() -> Actor {
    Actor::User("purchasing.portal@acme".to_owned())
}

fn decision(mut after: Aggregate, now: Timestamp, events: Vec<Event>, effects: Vec<Effect>) -> Decision {
    for event in &events {
        domain::apply(&mut after, now, event);
    }
    Decision { after, events, effects, jobs: Vec::new(), reply: Reply::Done, log: Vec::new() }
}

pub fn started(key: InstanceKey, now: Timestamp) -> Decision {
    started_with(key, now, variables())
}

pub fn started_with(key: InstanceKey, now: Timestamp, variables: Variables) -> Decision {
    let started = InstanceStarted {
        process_id: "Supplier_Approval_Process".to_owned(),
        definition_version: 12,
        business_key: None,
        reference: Some("PO-2026-000815".to_owned()),
        parent: None,
        timer: None,
        by: "purchasing.portal@acme".to_owned(),
        variables: variables.clone(),
    };
    let activated = |number, element: &str, flow: &str| ElementActivated {
        number: ElementNumber(number),
        element: element.to_owned(),
        flow: Some(flow.to_owned()),
        scope: None,
        handles: None,
    };
    let expires = now.plus_millis(14 * 86_400_000);
    let begin = domain::begin(key, now, &started);
    let events = vec![
        Event::InstanceStarted(Box::new(started)),
        Event::ElementPassed(ElementActivated { flow: None, ..activated(1, "StartEvent_Request", "") }),
        Event::ElementActivated(activated(2, "Activity_ApproveSupplier", "Flow_0k3q8x1")),
        Event::TaskCreated(Box::new(TaskCreated {
            task: TASK,
            element: ElementNumber(2),
            activity: "Activity_ApproveSupplier".to_owned(),
            recipient: Email::parse("accounting.department@supplier.example").expect("an address"),
            recipient_name: None,
            channel: Channel::Email,
            language: None,
            expires_at: Some(expires),
            form_context: variables,
            input_data: Variables::new(),
        })),
        Event::StatusChanged(InstanceStatus::Waiting),
    ];
    let effects = vec![
        Effect::Notify { task: TASK, kind: NotificationKind::Initial },
        Effect::Schedule { due: Due::Expiry { task: TASK }, at: expires },
        Effect::Schedule { due: Due::Reminder { task: TASK, occurrence: 1 }, at: now.plus_millis(259_200_000) },
    ];
    decision(begin, now, events, effects)
}

pub fn reminded(before: &Loaded, now: Timestamp, next: u32) -> Decision {
    let events = vec![Event::TaskReminded { task: TASK, next }];
    let due = Due::Reminder { task: TASK, occurrence: next };
    let effects = vec![
        Effect::Notify { task: TASK, kind: NotificationKind::Reminder },
        Effect::Schedule { due, at: now.plus_millis(259_200_000) },
    ];
    decision(before.aggregate.clone(), now, events, effects)
}

pub fn opened(before: &Loaded, now: Timestamp) -> Decision {
    decision(before.aggregate.clone(), now, vec![Event::TaskOpened(TASK)], Vec::new())
}

pub fn completed(before: &Loaded, now: Timestamp) -> Decision {
    let mut answers = Variables::new();
    answers.insert("comment".to_owned(), "Approved as agreed.".into());
    let events = vec![
        Event::TaskOpened(TASK),
        Event::TaskCompleted { task: TASK, outcome: "Approve".to_owned(), answers, submission: "s-4f1c".to_owned() },
        Event::ElementCompleted(ElementNumber(2)),
        Event::StatusChanged(InstanceStatus::Completed),
    ];
    let effects = vec![
        Effect::Unschedule { due: Due::Expiry { task: TASK } },
        Effect::Unschedule { due: Due::Reminder { task: TASK, occurrence: 3 } },
    ];
    decision(before.aggregate.clone(), now, events, effects)
}

pub fn cancelled(before: &Loaded, now: Timestamp) -> Decision {
    let events = vec![
        Event::TaskEnded { task: TASK, status: Status::Cancelled, cause: EndCause::Cancel, reason: None },
        Event::ElementTerminated(ElementNumber(2)),
        Event::StatusChanged(InstanceStatus::Cancelled),
    ];
    decision(before.aggregate.clone(), now, events, Vec::new())
}

pub fn bounced(before: &Loaded, now: Timestamp) -> Decision {
    let delivery = domain::notification::Delivery::Bounced;
    decision(before.aggregate.clone(), now, vec![Event::TaskBounced { task: TASK, delivery }], Vec::new())
}

/// A decision of any events.
pub fn changed(before: &Loaded, now: Timestamp, events: Vec<Event>) -> Decision {
    decision(before.aggregate.clone(), now, events, Vec::new())
}

pub fn variables_set(before: &Loaded, now: Timestamp, values: Variables) -> Decision {
    decision(before.aggregate.clone(), now, vec![Event::VariablesSet(values)], Vec::new())
}

pub async fn commit(
    store: &Store,
    before: Option<&Loaded>,
    decision: &Decision,
    now: Timestamp,
) -> Result<Committed, Error> {
    let actor = user();
    let origin = Origin::default();
    let request =
        CommitRequest { before, decision, actor: &actor, origin: &origin, command: "test", now, idempotency: None };
    store.commit(TENANT, request).await
}

/// Starts the nth instance and gives it as loaded.
pub async fn start(store: &Store, n: u64) -> Loaded {
    let now = at(i64::try_from(n).expect("few"));
    commit(store, None, &started(key(n), now), now).await.expect("a new instance").loaded
}
