//! Load and commit: what is written is read back, and of two writers exactly one wins.

use super::fixture::*;
use crate::{CommitRequest, Counter, Error, IdempotencyRecord, Loaded, Store};
use domain::event::Event;
use domain::external_task::Status;
use domain::ids::{ElementNumber, TaskNumber, TenantId};
use domain::instance::InstanceStatus;
use domain::notification::Delivery;
use serde_json::json;
use std::sync::Arc;

async fn loaded(store: &Store, n: u64) -> Loaded {
    store.load(TENANT, key(n)).await.expect("a table").expect("an instance")
}

#[tokio::test]
async fn what_a_commit_gives_back_is_what_a_load_reads() {
    let table = table().await;
    let store = table.store();
    let first = start(&store, 1).await;
    assert_eq!(first, loaded(&store, 1).await);
    assert_eq!((first.aggregate.instance.version, first.aggregate.tasks[&TASK].version), (1, 1));

    let reminded = commit(&store, Some(&first), &reminded(&first, at(60), 2), at(60)).await.expect("a reminder").loaded;
    assert_eq!(reminded, loaded(&store, 1).await);
    assert_eq!((reminded.aggregate.instance.version, reminded.aggregate.tasks[&TASK].version), (1, 2));

    let ended = commit(&store, Some(&reminded), &completed(&reminded, at(90)), at(90)).await.expect("an answer").loaded;
    assert_eq!(ended, loaded(&store, 1).await);
    assert_eq!(ended.aggregate.instance.status, InstanceStatus::Completed);
    assert_eq!(ended.aggregate.tasks[&TASK].status, Status::Completed);
    assert!(ended.aggregate.instance.elements.is_empty(), "what is gone from the state is gone from the item");
    let alone = store.task(TENANT, task(1), true).await.expect("a table").expect("a task");
    assert_eq!(alone.task, ended.aggregate.tasks[&TASK]);
    assert_eq!(alone.process_id, ended.aggregate.instance.process_id);
    assert_eq!(alone.reference, ended.aggregate.instance.reference);
}

/// An instance that has run for years, in the middle of a long way without a wait.
#[tokio::test]
async fn large_numbers_and_the_count_of_activations_are_read_as_they_were_written() {
    let table = table().await;
    let store = table.store();
    let before = start(&store, 1).await;
    let mut decision = variables_set(&before, at(5), variables());
    let instance = &mut decision.after.instance;
    Arc::make_mut(&mut instance.elements[0]).number = ElementNumber(u32::MAX - 1);
    (instance.last_element, instance.last_task) = (ElementNumber(u32::MAX), TaskNumber(u16::MAX));
    (instance.status, instance.activations) = (InstanceStatus::Running, 99_999);
    let written = commit(&store, Some(&before), &decision, at(5)).await.expect("a commit").loaded;
    assert_eq!(written, loaded(&store, 1).await);
    assert_eq!(written.aggregate.instance.activations, 99_999);
}

#[tokio::test]
async fn an_aggregate_that_is_not_there_is_none() {
    let table = table().await;
    let store = table.store();
    start(&store, 1).await;
    assert_eq!(store.load(TENANT, key(2)).await.expect("a table"), None);
    assert_eq!(store.load(TenantId(8), key(1)).await.expect("a table"), None, "another tenant sees nothing");
    assert_eq!(store.task(TenantId(8), task(1), true).await.expect("a table"), None);
}

#[tokio::test]
async fn of_two_answers_to_the_same_state_exactly_one_is_stored() {
    let table = table().await;
    let store = table.store();
    let before = start(&store, 1).await;
    let (answer, cancel) = (completed(&before, at(5)), cancelled(&before, at(5)));
    let (a, b) =
        tokio::join!(commit(&store, Some(&before), &answer, at(5)), commit(&store, Some(&before), &cancel, at(6)),);
    assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1);
    for result in [&a, &b] {
        assert!(matches!(result, Ok(_) | Err(Error::Conflict)), "{result:?}");
    }
    let winner = a.or(b).expect("one of them").loaded;
    assert_eq!(winner, loaded(&store, 1).await);
    assert_eq!(store.journal(TENANT, key(1)).await.expect("a journal").len(), 2);
}

#[tokio::test]
async fn a_command_for_the_task_alone_and_one_for_the_structure_meet_on_the_task() {
    let table = table().await;
    let store = table.store();
    let before = start(&store, 1).await;
    commit(&store, Some(&before), &reminded(&before, at(5), 2), at(5)).await.expect("first");
    let late = commit(&store, Some(&before), &completed(&before, at(6)), at(6)).await;
    assert!(matches!(late, Err(Error::Conflict)), "{late:?}");
    let again = loaded(&store, 1).await;
    commit(&store, Some(&again), &completed(&again, at(6)), at(6)).await.expect("decided on the newest state");
    let late = commit(&store, Some(&again), &reminded(&again, at(7), 3), at(7)).await;
    assert!(matches!(late, Err(Error::Conflict)), "no reminder after the answer: {late:?}");
}

#[tokio::test]
async fn commands_on_the_head_and_on_another_item_do_not_disturb_each_other() {
    let table = table().await;
    let store = table.store();
    let before = start(&store, 1).await;
    let head_only = variables_set(&before, at(5), variables());
    commit(&store, Some(&before), &reminded(&before, at(5), 2), at(5)).await.expect("the task");
    commit(&store, Some(&before), &head_only, at(5)).await.expect("the head, decided on the same state");
    let after = loaded(&store, 1).await;
    assert_eq!((after.aggregate.instance.version, after.aggregate.tasks[&TASK].version), (2, 2));
    assert_eq!(after.aggregate.tasks[&TASK].reminders, 1);
}

#[tokio::test]
async fn a_taken_key_is_told_apart_from_a_conflict() {
    let table = table().await;
    let store = table.store();
    start(&store, 1).await;
    let clash = commit(&store, None, &started(key(1), at(9)), at(9)).await;
    assert!(matches!(clash, Err(Error::KeyTaken)), "{clash:?}");
    assert_eq!(store.journal(TENANT, key(1)).await.expect("a journal").len(), 1, "nothing was written");
}

#[tokio::test]
async fn a_decision_without_events_is_refused() {
    let table = table().await;
    let store = table.store();
    let before = start(&store, 1).await;
    let mut nothing = opened(&before, at(5));
    nothing.events.clear();
    assert!(matches!(commit(&store, Some(&before), &nothing, at(5)).await, Err(Error::NothingToCommit)));
}

#[tokio::test]
async fn a_journal_item_is_never_written_over() {
    let table = table().await;
    let store = table.store();
    let before = start(&store, 1).await;
    // Somebody put an item where the next one belongs.
    let id = crate::JournalId::parse(&format!("7#I#{}", key(1)), &format!("~J#{}#00003#2", at(5).as_millis()));
    let squatter = crate::item::Writer::new(&id.expect("a journal key").key(), "J1").text("c", "squatter").done();
    table.client.put_item().table_name(&table.name).set_item(Some(squatter)).send().await.expect("a put");
    let refused = commit(&store, Some(&before), &opened(&before, at(5)), at(5)).await;
    assert!(matches!(refused, Err(Error::Conflict)), "{refused:?}");
    assert_eq!(before, loaded(&store, 1).await, "nothing else was written");
}

#[tokio::test]
async fn what_a_newer_release_added_to_an_item_survives_a_commit_of_this_one() {
    let table = table().await;
    let store = table.store();
    let before = start(&store, 1).await;
    for item in [crate::keys::InstanceItem::Head, crate::keys::InstanceItem::Task(TASK)] {
        let update = store
            .update(&item.key(TENANT, key(1)))
            .update_expression("SET future = :f")
            .expression_attribute_values(":f", aws_sdk_dynamodb::types::AttributeValue::S("kept".to_owned()));
        store.send_update("test", update).await.expect("a table").expect("updated");
    }
    commit(&store, Some(&before), &completed(&before, at(5)), at(5)).await.expect("a commit");
    for item in [crate::keys::InstanceItem::Head, crate::keys::InstanceItem::Task(TASK)] {
        let stored = store.get("test", &item.key(TENANT, key(1)), true).await.expect("a table").expect("an item");
        assert_eq!(crate::item::Reader(&stored).text_opt("future"), Some("kept"), "{item}");
    }
}

/// Contract: writes with an Idempotency-Key.
#[tokio::test]
async fn a_repeated_request_changes_nothing_and_finds_the_first_answer() {
    let table = table().await;
    let store = table.store();
    let actor = user();
    let record = IdempotencyRecord {
        hash: "a1".to_owned(),
        body_hash: "b2".to_owned(),
        status: 201,
        response: json!({ "instanceKey": "1", "waitingTasks": ["2"] }),
        kept_s: 86_400,
    };
    let start = async |n, now| {
        let decision = started(key(n), now);
        let idempotency = Some(record.clone());
        let request = CommitRequest {
            before: None,
            decision: &decision,
            actor: &actor,
            origin: &domain::command::Origin::default(),
            command: "start",
            now,
            idempotency,
        };
        store.commit(TENANT, request).await
    };
    assert_eq!(store.idempotent(TENANT, "a1", at(0)).await.expect("a table"), None);
    start(1, at(1)).await.expect("the first");
    let second = start(2, at(2)).await;
    assert!(matches!(second, Err(Error::IdempotencyTaken)), "{second:?}");
    assert_eq!(store.load(TENANT, key(2)).await.expect("a table"), None);
    // The same key drawn again by the repeat: still the answer, not another draw.
    let third = start(1, at(3)).await;
    assert!(matches!(third, Err(Error::IdempotencyTaken)), "{third:?}");
    let left = IdempotencyRecord { kept_s: 86_398, ..record.clone() };
    assert_eq!(store.idempotent(TENANT, "a1", at(3)).await.expect("a table"), Some(left));
    assert_eq!(store.idempotent(TenantId(8), "a1", at(3)).await.expect("a table"), None);

    // DynamoDB deletes late: the time decides.
    let later = at(1 + 86_400);
    assert_eq!(store.idempotent(TENANT, "a1", later).await.expect("a table"), None);
    start(4, later).await.expect("a new request a day later");
}

#[tokio::test]
async fn the_journal_counter_is_the_heads_where_the_structure_changes_and_else_the_tasks() {
    let table = table().await;
    let store = table.store();
    let actor = user();
    let decision = started(key(1), at(1));
    let request = CommitRequest {
        before: None,
        decision: &decision,
        actor: &actor,
        origin: &domain::command::Origin::default(),
        command: "start",
        now: at(1),
        idempotency: None,
    };
    let first = store.commit(TENANT, request).await.expect("a start");
    assert_eq!((first.journal.counter(), first.journal.n()), (Counter::Head, 1));
    let second = commit(&store, Some(&first.loaded), &opened(&first.loaded, at(2)), at(2)).await.expect("a commit");
    assert_eq!((second.journal.counter(), second.journal.n()), (Counter::Task(TASK), 2));
    let entry = store.journal_item(TENANT, &second.journal, true).await.expect("a table").expect("an entry");
    assert_eq!((entry.at, &entry.actor, entry.command.as_str()), (at(2), &actor, "test"));
    assert_eq!(entry.events, vec![Event::TaskOpened(TASK)]);
    assert_eq!(store.journal_item(TenantId(8), &second.journal, true).await.expect("a table"), None);
}

/// Design 6: the first GET of a link may add one item.
#[tokio::test]
async fn the_first_fetch_is_noted_once() {
    let table = table().await;
    let store = table.store();
    let before = start(&store, 1).await;
    assert!(before.fetched.is_empty());
    assert!(store.first_fetch(TENANT, task(1), at(5)).await.expect("a table"));
    assert!(!store.first_fetch(TENANT, task(1), at(6)).await.expect("a table"));
    let after = loaded(&store, 1).await;
    assert_eq!(after.fetched.get(&TASK), Some(&at(5)));
    assert_eq!(after.aggregate, before.aggregate, "a fetch changes neither task nor instance");
}

#[tokio::test]
async fn a_bounce_and_a_receipt_that_came_between_are_both_kept() {
    let table = table().await;
    let store = table.store();
    let before = start(&store, 1).await;
    assert!(store.show_delivery(TENANT, task(1), Delivery::Complained).await.expect("a table"));
    let stale = commit(&store, Some(&before), &bounced(&before, at(5)), at(5)).await;
    assert!(matches!(stale, Err(Error::Conflict)), "a bounce must not cover a complaint: {stale:?}");
    let again = loaded(&store, 1).await;
    commit(&store, Some(&again), &bounced(&again, at(5)), at(5)).await.expect("decided on what is shown");
    let after = loaded(&store, 1).await;
    assert_eq!(after.aggregate.tasks[&TASK].delivery, Delivery::Complained);
    assert!(after.aggregate.tasks[&TASK].follow_up);
}
