//! The journal: order, pages, the chain of hashes, and what a stream record carries.

use super::fixture::*;
use crate::item::{Item, wire};
use crate::{Error, JournalEntry, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;

/// One whole life with two reminders.
async fn life(store: &Store) -> Vec<JournalEntry> {
    let mut state = start(store, 1).await;
    for (seconds, next) in [(100, 2), (200, 3)] {
        state =
            commit(store, Some(&state), &reminded(&state, at(seconds), next), at(seconds)).await.expect("ok").loaded;
    }
    commit(store, Some(&state), &completed(&state, at(300)), at(300)).await.expect("an answer");
    store.journal(TENANT, key(1)).await.expect("a journal")
}

#[tokio::test]
async fn the_journal_replays_to_the_stored_state() {
    let table = table().await;
    let store = table.store();
    let journal = life(&store).await;
    assert_eq!(journal.len(), 4);
    let domain::event::Event::InstanceStarted(started) = &journal[0].events[0] else { panic!("it begins") };
    let mut state = domain::begin(key(1), journal[0].at, started);
    for entry in &journal {
        for event in &entry.events {
            domain::apply(&mut state, entry.at, event);
        }
    }
    let mut stored = store.load(TENANT, key(1)).await.expect("a table").expect("an instance").aggregate;
    // Versions count commits, not events.
    stored.instance.version = 0;
    for task in stored.tasks.values_mut() {
        task.version = 0;
    }
    assert_eq!(state, stored);
}

#[tokio::test]
async fn pages_of_the_journal_join_to_the_whole() {
    let table = table().await;
    let store = table.store();
    let whole = life(&store).await;
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let (entries, next) = store.journal_page(TENANT, key(1), 3, after.as_ref()).await.expect("a page");
        assert!(entries.len() <= 3);
        pages.extend(entries);
        after = next;
        if after.is_none() {
            break;
        }
    }
    let ids = |entries: &[JournalEntry]| entries.iter().map(|entry| entry.id).collect::<Vec<_>>();
    assert_eq!(ids(&pages), ids(&whole));
}

#[tokio::test]
async fn parts_of_the_journal_join_to_the_whole_backwards() {
    let table = table().await;
    let store = table.store();
    let mut whole = life(&store).await;
    whole.reverse();
    for (limit, events) in [(1, 1_000), (2, 1_000), (1_000, 3), (1_000, 1_000)] {
        let (mut parts, mut before) = (Vec::new(), None);
        loop {
            let (part, next) =
                store.journal_newest(TENANT, key(1), (limit, events), before.as_ref()).await.expect("a part");
            assert!(part.len() <= limit);
            // A command is never cut: only the last one of a part may go beyond.
            let but_last = part.iter().rev().skip(1).map(|entry| entry.events.len()).sum::<usize>();
            assert!(but_last < events);
            parts.extend(part);
            before = next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(
            parts.iter().map(|entry| entry.id).collect::<Vec<_>>(),
            whole.iter().map(|entry| entry.id).collect::<Vec<_>>()
        );
    }
}

#[tokio::test]
async fn commands_of_one_millisecond_stay_in_the_order_of_their_numbers() {
    let table = table().await;
    let store = table.store();
    let mut state = start(&store, 1).await;
    for _ in 0..12 {
        state = commit(&store, Some(&state), &opened(&state, at(5)), at(5)).await.expect("a commit").loaded;
    }
    let numbers: Vec<u64> =
        store.journal(TENANT, key(1)).await.expect("a journal").iter().skip(1).map(|entry| entry.id.n()).collect();
    assert_eq!(numbers, (2..=13).collect::<Vec<u64>>());
    assert!(store.verify_chain(TENANT, key(1)).await.expect("a journal").is_empty());
}

#[tokio::test]
async fn a_clock_that_goes_back_breaks_no_chain() {
    let table = table().await;
    let store = table.store();
    let state = start(&store, 1).await;
    let state = commit(&store, Some(&state), &opened(&state, at(500)), at(500)).await.expect("a commit").loaded;
    commit(&store, Some(&state), &opened(&state, at(400)), at(400)).await.expect("another machine's clock");
    assert!(store.verify_chain(TENANT, key(1)).await.expect("a journal").is_empty());
    let journal = store.journal(TENANT, key(1)).await.expect("a journal");
    assert!(journal.iter().all(|entry| entry.hash_ok == Some(true)), "{journal:?}");
}

async fn overwrite(table: &super::dynamo::LocalTable, entry: &JournalEntry, name: &str, value: &str) {
    table
        .client
        .update_item()
        .table_name(&table.name)
        .set_key(Some(crate::item::key_item(&entry.id.key())))
        .update_expression("SET #n = :v")
        .expression_attribute_names("#n", name)
        .expression_attribute_values(":v", AttributeValue::S(value.to_owned()))
        .send()
        .await
        .expect("an update");
}

/// Design 2: a chain that shows tampering.
#[tokio::test]
async fn every_change_of_a_journal_item_shows() {
    for (position, name, value) in
        [(0, "by", "{\"u\":\"mallory\"}"), (1, "c", "resend"), (2, "ev", "[]"), (1, "ef", "[]"), (3, "ev", "[]")]
    {
        let table = table().await;
        let store = table.store();
        let journal = life(&store).await;
        assert!(store.verify_chain(TENANT, key(1)).await.expect("a journal").is_empty(), "untouched");
        overwrite(&table, &journal[position], name, value).await;
        let faults = store.verify_chain(TENANT, key(1)).await.expect("a journal");
        assert_eq!(faults.len(), 1, "{name} of item {position}: {faults:?}");
    }
}

#[tokio::test]
async fn a_removed_journal_item_shows() {
    for position in 0..4 {
        let table = table().await;
        let store = table.store();
        let journal = life(&store).await;
        store.delete("test", &journal[position].id.key()).await.expect("deleted");
        let faults = store.verify_chain(TENANT, key(1)).await.expect("a journal");
        assert!(!faults.is_empty(), "item {position}");
    }
}

#[tokio::test]
async fn a_forged_journal_item_at_the_end_shows() {
    let table = table().await;
    let store = table.store();
    let journal = life(&store).await;
    let last = journal.last().expect("an entry");
    let id = crate::JournalId::new(TENANT, key(1), at(900), last.id.counter(), last.id.n() + 1);
    let forged = crate::item::Writer::new(&id.key(), "J1")
        .json("by", &user())
        .text("c", "cancelTask")
        .text("ev", "[]")
        .text("ph", last.hash.as_str())
        .done();
    store.put("test", forged).await.expect("a put");
    let faults = store.verify_chain(TENANT, key(1)).await.expect("a journal");
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].sk, "H");
}

#[tokio::test]
async fn a_stream_record_reads_as_the_item_itself() {
    let table = table().await;
    let store = table.store();
    let id = commit(&store, None, &started(key(1), at(1)), at(1)).await.expect("a start").journal;
    let item: Item = store.get("test", &id.key(), true).await.expect("a table").expect("an item");
    let record = json!({
        "eventName": "INSERT",
        "dynamodb": { "NewImage": wire::item_to_json(&item).expect("known values"), "StreamViewType": "NEW_IMAGE" },
    });
    let from_stream = JournalEntry::from_stream_json(&record["dynamodb"]["NewImage"]).expect("an entry");
    let stored = store.journal_item(TENANT, &id, true).await.expect("a table").expect("an entry");
    assert_eq!(from_stream, stored);
    assert_eq!(from_stream, JournalEntry::from_image(&item).expect("an entry"));
    assert_eq!(from_stream.effects.len(), 3);
}

#[test]
fn a_record_that_is_no_journal_item_is_refused_with_words() {
    for image in [
        json!(null),
        json!({ "pk": "text" }),
        json!({ "pk": { "S": "7#I#6553600" }, "sk": { "S": "H" } }),
        json!({ "pk": { "S": "7#I#6553600" }, "sk": { "S": "~J#1795000000000#H#1" } }),
        json!({ "pk": { "S": "7#I#6553600" }, "sk": { "S": "~J#1795000000000#H#1" }, "by": { "S": "\"s\"" },
                "c": { "S": "start" }, "ev": { "S": "[{\"eventOfTomorrow\":1}]" } }),
    ] {
        let refused = JournalEntry::from_stream_json(&image);
        assert!(matches!(&refused, Err(Error::Corrupt { .. })), "{image}: {refused:?}");
    }
}
