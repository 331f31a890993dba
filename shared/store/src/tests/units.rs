//! What the steps of a life cost in request units. The database in process counts by DynamoDB's rules, which the sizes of
//! our own function confirm.

use super::fixture::*;
use crate::item::{Item, Writer};
use crate::keys::InstanceItem;
use crate::size::item_size;
use crate::{Counter, JournalId, Loaded, Mark, Store, Units};
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use domain::event::Event;
use domain::notification::Delivery;

/// As long as SES makes them.
const MESSAGE_ID: &str = "0102018c7a2b3c4d-5e6f7a8b-9c0d-1e2f-3a4b-5c6d7e8f9a0b-000000";

async fn item(store: &Store, item: InstanceItem) -> Item {
    store.get("test", &item.key(TENANT, key(1)), true).await.expect("a table").expect("an item")
}

fn units(table_read: f64, table_write: f64, index_read: f64, index_write: f64) -> Units {
    Units { table_read, table_write, index_read, index_write }
}

/// Issue: at most 28 write and 10 read units on the table for a life, and 21 write units for the lists (a business key would
/// be the last of them); here the store's part of it, step by step.
#[tokio::test]
async fn a_life_with_two_reminders_costs_28_write_units_and_20_of_lists() {
    let table = table().await;
    let (store, meter) = table.store().metered();
    let mut sum = Vec::new();
    let mut step = |expected: Units| {
        let calls: Vec<_> = meter.take().into_iter().filter(|call| call.pattern != "tenant").collect();
        assert_eq!(Units::sum(&calls), expected, "{calls:?}");
        sum.extend(calls);
    };
    let sent = async |id| {
        let mark = Mark { delivery: Delivery::Sent, message_id: Some(MESSAGE_ID.to_owned()), reason: None, at: at(9) };
        store.mark_mail(TENANT, &id, 0, &mark).await.expect("marked");
        let mark = Mark { delivery: Delivery::Delivered, message_id: None, reason: None, at: at(10) };
        store.mark_mail(TENANT, &id, 0, &mark).await.expect("marked");
    };
    let load = async || -> Loaded { store.load(TENANT, key(1)).await.expect("a table").expect("an instance") };

    let start = commit(&store, None, &started(key(1), at(1)), at(1)).await.expect("a start");
    step(units(0.0, 6.0, 0.0, 5.0));
    store.journal_item(TENANT, &start.journal, true).await.expect("is it sent?");
    store.task(TENANT, task(1), false).await.expect("for the mail");
    sent(start.journal).await;
    store.show_delivery(TENANT, task(1), Delivery::Delivered).await.expect("shown");
    step(units(1.5, 3.0, 0.0, 2.0));
    store.task(TENANT, task(1), true).await.expect("the page");
    store.first_fetch(TENANT, task(1), at(20)).await.expect("noted");
    step(units(1.0, 1.0, 0.0, 0.0));
    for (seconds, next) in [(100, 2), (200, 3)] {
        let state = load().await;
        let done = commit(&store, Some(&state), &reminded(&state, at(seconds), next), at(seconds)).await.expect("ok");
        store.journal_item(TENANT, &done.journal, true).await.expect("is it sent?");
        store.task(TENANT, task(1), false).await.expect("for the mail");
        sent(done.journal).await;
        step(units(2.5, 6.0, 0.0, 2.0));
    }
    let state = load().await;
    commit(&store, Some(&state), &completed(&state, at(300)), at(300)).await.expect("an answer");
    step(units(1.0, 6.0, 0.0, 9.0));
    assert_eq!(Units::sum(&sum), units(8.5, 28.0, 0.0, 20.0));
}

/// Issue: a waiting instance with a task and five variables is stored in under 1,024 bytes per item.
#[tokio::test]
async fn every_waiting_item_of_an_ordinary_instance_stays_under_1_kib() {
    let table = table().await;
    let store = table.store();
    let first = commit(&store, None, &started(key(1), at(1)), at(1)).await.expect("a start");
    for (delivery, second) in [(Delivery::Sent, 2), (Delivery::Delivered, 4)] {
        let mark =
            Mark { delivery, message_id: Some(MESSAGE_ID.to_owned()), reason: None, at: at(second).plus_millis(123) };
        assert!(store.mark_mail(TENANT, &first.journal, 0, &mark).await.expect("marked"));
    }
    let mut sizes = vec![
        ("head", item_size(&item(&store, InstanceItem::Head).await)),
        ("task", item_size(&item(&store, InstanceItem::Task(TASK)).await)),
        ("journal", item_size(&store.get("test", &first.journal.key(), true).await.expect("a table").expect("one"))),
    ];
    let reminded = commit(&store, Some(&first.loaded), &reminded(&first.loaded, at(9), 2), at(9)).await.expect("ok");
    let ended = completed(&reminded.loaded, at(20));
    commit(&store, Some(&reminded.loaded), &ended, at(20)).await.expect("an answer");
    sizes.push(("task, answered", item_size(&item(&store, InstanceItem::Task(TASK)).await)));
    sizes.push(("head, completed", item_size(&item(&store, InstanceItem::Head).await)));
    assert!(sizes.iter().all(|(_, size)| *size < 1_024), "{sizes:?}");
    let row: usize = item(&store, InstanceItem::Task(TASK))
        .await
        .iter()
        .filter(|(name, _)| {
            crate::table::BY_STATUS.includes.contains(&name.as_str())
                || ["pk", "sk", "l1", "ls"].contains(&name.as_str())
        })
        .map(|(name, value)| item_size(&Item::from([(name.clone(), value.clone())])))
        .sum();
    assert!(row <= 280, "a row of the list is {row} bytes");
}

/// A long history is never loaded: the cost of a command does not grow with it.
#[tokio::test]
async fn a_journal_of_ten_thousand_events_makes_no_load_dearer() {
    let table = table().await;
    let (store, meter) = table.store().metered();
    let state = start(&store, 1).await;
    meter.take();
    store.load(TENANT, key(1)).await.expect("a table");
    let before = meter.take();
    let events = vec![Event::EntityStateSet("x".repeat(50)); 20];
    for batch in 0..20 {
        let requests = (0..25).map(|n| {
            let id = JournalId::new(
                TENANT,
                key(1),
                at(batch),
                Counter::Head,
                u64::try_from(100 + batch * 25 + n).expect("few"),
            );
            let item = Writer::new(&id.key(), "J1").json("by", &user()).text("c", "test").json("ev", &events).done();
            let put = PutRequest::builder().set_item(Some(item)).build().expect("an item");
            WriteRequest::builder().put_request(put).build()
        });
        let request = table.client.batch_write_item().request_items(&table.name, requests.collect());
        request.send().await.expect("25 items");
    }
    let journal = store.journal(TENANT, key(1)).await.expect("a journal");
    assert!(journal.iter().map(|entry| entry.events.len()).sum::<usize>() > 10_000);
    meter.take();
    let after = store.load(TENANT, key(1)).await.expect("a table").expect("an instance");
    assert_eq!(meter.take(), before);
    assert_eq!(Units::sum(&before), units(1.0, 0.0, 0.0, 0.0));
    assert_eq!(after, state);
}

/// Every further KiB of a journal item is another unit of each mark, so larger ones are packed.
#[tokio::test]
async fn a_start_with_fifteen_variables_costs_no_more_than_one_with_five() {
    let table = table().await;
    let (store, meter) = table.store().metered();
    let mut values = variables();
    for n in 0..10 {
        values.insert(format!("deliveryTerm{n}"), format!("within {n} weeks").into());
    }
    let decision = started_with(key(1), at(1), values);
    let committed = commit(&store, None, &decision, at(1)).await.expect("a start");
    assert_eq!(meter.units().table_write, 6.0);
    meter.take();
    let mark = Mark { delivery: Delivery::Sent, message_id: Some(MESSAGE_ID.to_owned()), reason: None, at: at(2) };
    assert!(store.mark_mail(TENANT, &committed.journal, 0, &mark).await.expect("marked"));
    assert_eq!(meter.units().table_write, 1.0);
    let entry = store.journal_item(TENANT, &committed.journal, true).await.expect("a table").expect("an entry");
    assert_eq!(entry.events, decision.events);
    commit(&store, Some(&committed.loaded), &completed(&committed.loaded, at(9)), at(9)).await.expect("an answer");
    assert!(store.verify_chain(TENANT, key(1)).await.expect("a journal").is_empty());
}
