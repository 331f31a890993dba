//! Stored bulk runs: shapes, locks, pages and what they cost. Their rules are the domain's.

use super::fixture::*;
use crate::item::{Item, wire};
use crate::keys::{self, Collection, RunItem};
use crate::{Error, IdempotencyRecord, KeyChunk, RunOrder, RunParts, Store};
use domain::bulk_run::{Action, BulkRun, Filter, NewRun, Order, Outcome};
use domain::command::Door;
use domain::ids::{RunKey, TaskKey, TenantId};
use serde_json::{Value, json};

fn new(n: u64) -> NewRun {
    NewRun {
        tenant: TENANT,
        key: RunKey::compose(at(i64::try_from(n).expect("few")).as_millis(), n),
        action: Action::Resend,
        reason: None,
        by: "ines@norvik.example".to_owned(),
        door: Some(Door::Console),
        address: Some("192.0.2.7".to_owned()),
        attached: true,
        now: at(i64::try_from(n).expect("few")),
    }
}

fn tasks(n: u64) -> Vec<TaskKey> {
    (1..=n).map(task).collect()
}

async fn started(store: &Store, n: u64, total: u64) -> (BulkRun, Order) {
    let keys = tasks(total);
    let count = u32::try_from(total).expect("few");
    let (run, order) = BulkRun::of_keys(new(n), count, count);
    let order = order.expect("an order");
    let parts = RunParts { keys: Some((1, &keys)), order: Some(&order), ..RunParts::default() };
    store.put_run(&run, parts, at(1)).await.expect("a new run");
    (run, order)
}

fn failed() -> Outcome {
    Outcome::Failed { code: "NOT_PENDING".to_owned(), message: "The task is COMPLETED.".to_owned() }
}

#[tokio::test]
async fn a_run_is_read_back_with_its_keys_and_its_order() {
    let table = table().await;
    let store = table.store();
    let (run, order) = started(&store, 1, 3).await;
    assert_eq!(store.bulk_run(TENANT, run.key).await.expect("a run"), Some(run.clone()));
    assert_eq!(store.bulk_run(TenantId(8), run.key).await.expect("no run"), None, "another tenant's");
    let chunk = store.run_keys(TENANT, run.key, 2).await.expect("keys").expect("a chunk");
    assert_eq!(chunk, KeyChunk { first: 1, keys: tasks(3) });
    assert_eq!((chunk.get(0), chunk.get(3), chunk.get(4)), (None, Some(task(3)), None));
    let stored = RunOrder { tenant: TENANT, run: run.key, at: at(1), order };
    assert_eq!(store.run_order(&stored.pk(), &stored.sk()).await.expect("an order"), Some(stored));
    assert_eq!(RunOrder::is_one(&stored.pk(), "~J#01#1"), None, "only the canonical spelling");
    let key = RunItem::Order { at: at(1), number: 1 }.key(TENANT, run.key);
    let image = store.get("test", &key, true).await.expect("a table").expect("an item");
    let image = wire::item_to_json(&image).expect("known values");
    assert_eq!(RunOrder::from_stream_json(&image), Some(stored));
    assert!(crate::JournalEntry::from_stream_json(&image).is_err(), "an order is no journal item");
}

/// Yesterday's runs are read tomorrow: the stored text is fixed.
#[tokio::test]
async fn a_run_is_stored_like_this() {
    let filter = Filter { activity: Some("Answer".to_owned()), oldest_first: true, ..Filter::default() };
    let (run, order) = BulkRun::of_filter(new(1), filter);
    let table = table().await;
    let store = table.store();
    let parts = RunParts { order: order.as_ref(), ..RunParts::default() };
    store.put_run(&run, parts, at(1)).await.expect("a new run");
    let stored = store.get("test", &keys::run(TENANT, run.key), true).await.expect("a table").expect("an item");
    let text = stored["d"].as_s().expect("a text");
    let json: Value = serde_json::from_str(text).expect("JSON");
    assert_eq!(
        json,
        json!({
            "key": run.key.to_string(), "action": "resend", "status": "preparing", "selected": 0, "eligible": 0,
            "processed": 0, "succeeded": 0, "failed": 0, "skipped": 0, "by": "ines@norvik.example", "door": "c",
            "address": "192.0.2.7", "started_at": 1_795_000_001_000_i64, "attached": true,
            "lease_until": 1_795_000_151_000_i64, "steps": 0, "ordered": 0, "orders": 1,
            "filter": { "activity": "Answer", "process_id": null, "recipient": null, "created_from": null,
                "created_to": null, "follow_up": false, "oldest_first": true },
        })
    );
    let order = store.get("test", &RunItem::Order { at: at(1), number: 1 }.key(TENANT, run.key), true).await;
    let order: Item = order.expect("a table").expect("an item");
    assert_eq!(order["or"].as_s().expect("a text"), r#"{"n":1,"w":{"p":{"step":1}}}"#);
}

#[tokio::test]
async fn of_two_changes_of_one_state_the_second_loses_with_everything_it_brought() {
    let table = table().await;
    let store = table.store();
    let (run, _) = started(&store, 1, 3).await;
    let mut stopping = run.clone();
    let look = stopping.stop().expect("an order");
    let parts = RunParts { order: Some(&look), ..RunParts::default() };
    let stopping = store.save_run(&run, stopping, parts, at(2)).await.expect("the first");
    assert_eq!(stopping.version, 1);
    let outcome = failed();
    let mut worked = run.clone();
    worked.record(&outcome, at(2));
    let parts = || RunParts { outcome: Some((1, task(1), &outcome)), ..RunParts::default() };
    let lost = store.save_run(&run, worked, parts(), at(2)).await;
    assert!(matches!(lost, Err(Error::Conflict)), "{lost:?}");
    assert_eq!(store.run_failures(TENANT, run.key, 10, None).await.expect("failures").items, []);
    let mut worked = stopping.clone();
    worked.record(&outcome, at(3));
    let saved = store.save_run(&stopping, worked, parts(), at(3)).await.expect("on the new state");
    assert_eq!(store.run_at_work(TENANT, run.key).await.expect("a run"), Some(saved));
    let again = store.put_run(&run, RunParts::default(), at(3)).await;
    assert!(matches!(again, Err(Error::KeyTaken)), "{again:?}");
}

#[tokio::test]
async fn a_start_that_was_made_before_writes_nothing() {
    let table = table().await;
    let store = table.store();
    let record = || IdempotencyRecord {
        hash: "3f2a".to_owned(),
        body_hash: "77c1".to_owned(),
        status: 202,
        response: json!({}),
        kept_s: 86_400,
    };
    for (n, expected) in [(1, true), (2, false)] {
        let (run, _) = BulkRun::of_filter(new(n), Filter::default());
        let parts = RunParts { idempotency: Some(record()), ..RunParts::default() };
        let put = store.put_run(&run, parts, at(1)).await;
        assert_eq!(put.is_ok(), expected, "{put:?}");
        assert_eq!(store.bulk_run(TENANT, run.key).await.expect("a table").is_some(), expected);
    }
}

#[tokio::test]
async fn runs_are_listed_newest_first_and_failures_in_the_order_of_the_run() {
    let table = table().await;
    let store = table.store();
    let mut runs = Vec::new();
    for n in 1..=5 {
        runs.push(started(&store, n, 3).await.0);
    }
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.bulk_runs(TENANT, 2, after).await.expect("a page");
        seen.extend(page.items.iter().map(|run| run.key));
        let Some(next) = page.next else { break };
        after = Some(next.parse().expect("a key"));
    }
    assert_eq!(seen, runs.iter().rev().map(|run| run.key).collect::<Vec<_>>());
    let mut run = runs.remove(0);
    for number in 1..=3 {
        let mut after = run.clone();
        let outcome = if number == 2 { Outcome::AlreadyDone } else { failed() };
        after.record(&outcome, at(2));
        let parts = RunParts { outcome: Some((number, task(number.into()), &outcome)), ..RunParts::default() };
        run = store.save_run(&run, after, parts, at(2)).await.expect("saved");
    }
    let page = store.run_failures(TENANT, run.key, 1, None).await.expect("failures");
    assert_eq!((page.items[0].number, page.items[0].task, page.next.as_deref()), (1, task(1), Some("1")));
    let page = store.run_failures(TENANT, run.key, 5, Some(1)).await.expect("failures");
    assert_eq!(page.items.iter().map(|failure| failure.number).collect::<Vec<_>>(), [3]);
    let done = RunItem::Succeeded(2).key(TENANT, run.key);
    let done = store.get("test", &done, true).await.expect("a table").expect("what became of the second");
    assert_eq!(done["c"].as_s().expect("a text"), "ALREADY_DONE");
}

/// Keys of a run by filter lie in several chunks; each number is found in its own.
#[tokio::test]
async fn a_number_is_found_in_its_chunk() {
    let table = table().await;
    let store = table.store();
    let (mut run, _) = BulkRun::of_filter(new(1), Filter::default());
    store.put_run(&run, RunParts::default(), at(1)).await.expect("a new run");
    let keys = tasks(7);
    for (first, chunk) in [(1_u32, &keys[..3]), (4, &keys[3..])] {
        let mut after = run.clone();
        after.prepared(3, Some("there".to_owned()), at(1));
        let parts = RunParts { keys: Some((first, chunk)), ..RunParts::default() };
        run = store.save_run(&run, after, parts, at(1)).await.expect("saved");
    }
    for number in 1..=7_u32 {
        let chunk = store.run_keys(TENANT, run.key, number).await.expect("keys").expect("a chunk");
        assert_eq!(chunk.get(number), Some(task(number.into())));
    }
    assert_eq!(store.run_keys(TenantId(8), run.key, 1).await.expect("keys"), None);
}

#[tokio::test]
async fn mails_are_counted_beside_the_run() {
    let table = table().await;
    let store = table.store();
    let (run, _) = started(&store, 1, 1).await;
    for _ in 0..3 {
        store.count_run_mail(TENANT, run.key, at(2)).await.expect("counted");
    }
    let read = store.bulk_run(TENANT, run.key).await.expect("a table").expect("a run");
    assert_eq!((read.mails_sent, read.version), (3, 0));
}

/// A task of a run costs the run one strong read and two items of a transaction, whatever the size of the run.
#[tokio::test]
async fn a_task_costs_the_run_one_read_and_four_write_units() {
    let table = table().await;
    let (store, meter) = table.store().metered();
    let (run, _) = started(&store, 1, 1_000).await;
    meter.take();
    let before = store.run_at_work(TENANT, run.key).await.expect("a table").expect("a run");
    let mut after = before.clone();
    after.record(&Outcome::Done, at(2));
    let parts = RunParts { outcome: Some((1, task(1), &Outcome::Done)), ..RunParts::default() };
    store.save_run(&before, after, parts, at(2)).await.expect("saved");
    let units = meter.units();
    assert_eq!((units.table_read, units.table_write), (1.0, 4.0), "{units:?}");
    assert_eq!((units.index_read, units.index_write), (0.0, 0.0), "no index lists runs");
}

#[test]
fn keys_of_runs_are_read_back() {
    let run = RunKey::new(305_674_164_639_498_240).expect("a key");
    for item in [
        RunItem::Failed(7),
        RunItem::Succeeded(100_000),
        RunItem::Keys(1),
        RunItem::Mails,
        RunItem::Order { at: at(0), number: 12 },
    ] {
        assert_eq!(item.to_string().parse(), Ok(item));
        assert_eq!(item.key(TENANT, run).pk.parse(), Ok(Collection::Run(TENANT, run)));
    }
    assert_eq!(Collection::Runs(TENANT).to_string(), "7#B");
    assert_eq!("7#B".parse(), Ok(Collection::Runs(TENANT)));
    assert!(RunItem::Failed(9).to_string() < RunItem::Failed(10).to_string());
    assert!(
        keys::run(TENANT, RunKey::new(9).expect("a key")).sk < keys::run(TENANT, RunKey::new(10).expect("a key")).sk
    );
}
