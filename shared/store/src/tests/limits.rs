//! DynamoDB's limits are met before anything is sent, with words that help.

use super::fixture::*;
use crate::size::{ITEM_BYTES_MAX, TRANSACTION_ITEMS_MAX};
use crate::{Error, NewDefinition, NewDeployment};
use domain::event::{Event, TaskCreated};
use domain::ids::{ElementNumber, TaskNumber};
use domain::process::Process;
use domain::variables::Variables;
use serde_json::Value;

fn huge(bytes: usize) -> Variables {
    let mut variables = Variables::new();
    variables.insert("report".to_owned(), Value::String("x".repeat(bytes)));
    variables
}

#[tokio::test]
async fn an_item_over_400_kb_is_refused_by_name_and_nothing_is_written() {
    let table = table().await;
    let (store, meter) = table.store().metered();
    let decision = started_with(key(1), at(1), huge(ITEM_BYTES_MAX));
    let refused = commit(&store, None, &decision, at(1)).await.expect_err("too large");
    let Error::TooLarge { what, size, limit } = refused else { panic!("{refused:?}") };
    assert!(what.contains("state of the process instance"), "{what}");
    assert!(size > limit && limit == ITEM_BYTES_MAX);
    assert!(!meter.calls().iter().any(|call| call.operation == "TransactWriteItems"), "nothing was sent");
    assert_eq!(store.load(TENANT, key(1)).await.expect("a table"), None);
}

#[tokio::test]
async fn the_largest_item_that_is_allowed_is_stored() {
    let table = table().await;
    let store = table.store();
    let before = start(&store, 1).await;
    let stored = store.get("test", &crate::keys::InstanceItem::Head.key(TENANT, key(1)), true).await;
    let free = ITEM_BYTES_MAX - crate::size::item_size(&stored.expect("a table").expect("a head"));
    // The name, quotes, comma and colon of the variable and longer numbers in the head take their part.
    let mut decision = variables_set(&before, at(5), huge(free - 64));
    // Only the head is at its limit here: the journal item must stay below.
    decision.events = vec![Event::EntityStateSet("Filed".to_owned())];
    commit(&store, Some(&before), &decision, at(5)).await.expect("it fits");
    let after = store.load(TENANT, key(1)).await.expect("a table").expect("an instance");
    assert_eq!(after.aggregate.instance.variables.len(), 6);
}

fn many_tasks(count: u16) -> domain::decision::Decision {
    let mut decision = started(key(1), at(1));
    for number in 10..10 + count {
        let created = Event::TaskCreated(Box::new(TaskCreated {
            task: TaskNumber(number),
            element: ElementNumber(2),
            activity: "Activity_ApproveSupplier".to_owned(),
            recipient: domain::notification::Email::parse("a@supplier.example").expect("an address"),
            recipient_name: None,
            channel: domain::notification::Channel::Email,
            language: None,
            expires_at: None,
            form_context: Variables::new(),
            input_data: Variables::new(),
        }));
        domain::apply(&mut decision.after, at(1), &created);
        decision.events.push(created);
    }
    decision
}

#[tokio::test]
async fn a_commit_of_100_items_is_stored_and_one_of_101_refused() {
    let table = table().await;
    let store = table.store();
    // Head, journal item and the task of the fixture come on top.
    let refused = commit(&store, None, &many_tasks(98), at(1)).await.expect_err("101 items");
    let Error::TooLarge { size, limit, .. } = refused else { panic!("{refused:?}") };
    assert_eq!((size, limit), (101, TRANSACTION_ITEMS_MAX));
    assert_eq!(store.load(TENANT, key(1)).await.expect("a table"), None, "nothing half applied");
    commit(&store, None, &many_tasks(97), at(1)).await.expect("100 items");
    let loaded = store.load(TENANT, key(1)).await.expect("a table").expect("an instance");
    assert_eq!(loaded.aggregate.tasks.len(), 98);
}

#[tokio::test]
async fn an_aggregate_over_1_mb_is_loaded_whole() {
    let table = table().await;
    let store = table.store();
    let mut decision = many_tasks(4);
    for task in decision.after.tasks.values_mut() {
        task.form_context = huge(300 * 1024);
    }
    commit(&store, None, &decision, at(1)).await.expect("1.5 MB in one transaction");
    let loaded = store.load(TENANT, key(1)).await.expect("a table").expect("an instance");
    assert_eq!(loaded.aggregate.tasks.len(), 5);
}

#[tokio::test]
async fn a_transaction_over_4_mb_is_refused() {
    let table = table().await;
    let store = table.store();
    let mut decision = many_tasks(14);
    for task in decision.after.tasks.values_mut() {
        task.form_context = huge(300 * 1024);
    }
    let refused = commit(&store, None, &decision, at(1)).await.expect_err("4.4 MB");
    assert!(matches!(refused, Error::TooLarge { limit: 4_194_304, .. }), "{refused:?}");
}

#[tokio::test]
async fn an_answer_too_large_to_keep_says_so() {
    let table = table().await;
    let store = table.store();
    let (actor, decision) = (user(), started(key(1), at(1)));
    let response = Value::String("x".repeat(ITEM_BYTES_MAX));
    let idempotency =
        crate::IdempotencyRecord { hash: "a".into(), body_hash: "b".into(), status: 201, response, kept_s: 86_400 };
    let request = crate::CommitRequest {
        before: None,
        decision: &decision,
        actor: &actor,
        origin: &domain::command::Origin::default(),
        command: "start",
        now: at(1),
        idempotency: Some(idempotency),
    };
    let refused = store.commit(TENANT, request).await.expect_err("too large");
    assert!(refused.to_string().contains("answer to keep"), "{refused}");
}

#[tokio::test]
async fn a_file_that_does_not_fit_one_transaction_is_refused_with_the_number() {
    let table = table().await;
    let store = table.store();
    let definition = NewDefinition {
        process: Process::new("Many".to_owned(), "Many".to_owned(), Vec::new(), Vec::new()),
        texts: vec!["<p>one of many</p>".to_owned(); 120],
        activities: Value::Array(Vec::new()),
        warnings: Value::Array(Vec::new()),
    };
    let deployment = NewDeployment { xml: b"<xml/>", definitions: vec![definition], by: "anna".to_owned(), now: at(1) };
    let refused = store.deploy(TENANT, deployment).await.expect_err("125 items");
    assert!(matches!(refused, Error::TooLarge { size: 125, limit: TRANSACTION_ITEMS_MAX, .. }), "{refused:?}");
    assert_eq!(store.deployed(TENANT, "Many").await.expect("a table"), None);
}
