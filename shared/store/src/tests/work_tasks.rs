//! Ordinary user tasks: stored beside external ones, never in their lists; the list of active ones at a bounded cost.

use super::fixture::*;
use crate::item::{wire, work_task};
use crate::keys::InstanceItem;
use crate::size::{WRITE_UNIT_BYTES, item_size};
use crate::{ActiveQuery, ActiveRow, Loaded, Store, StoredWorkTask, TaskQuery, TenantRecord};
use domain::decision::{Decision, Reply};
use domain::event::{Event, InstanceStarted};
use domain::ids::{ElementNumber, TaskKey};
use domain::instance::{Aggregate, InstanceStatus};
use domain::time::Timestamp;
use domain::variables::Variables;
use domain::work_task::event::{CancelCause, WorkTaskCreated, WorkTaskEvent};
use domain::work_task::{Priority, Responsible, State};

fn decision(mut after: Aggregate, now: Timestamp, events: Vec<Event>) -> Decision {
    for event in &events {
        domain::apply(&mut after, now, event);
    }
    Decision { after, events, effects: Vec::new(), jobs: Vec::new(), reply: Reply::Done, log: Vec::new() }
}

fn responsible(assignee: Option<&str>, group: &str) -> Responsible {
    Responsible { assignee: assignee.map(str::to_owned), users: Vec::new(), groups: vec![group.to_owned()] }
}

/// The nth instance with one ordinary task of a team.
fn begun(n: u64, process: &str, group: &str) -> Decision {
    let now = at(i64::try_from(n).expect("few"));
    let started = InstanceStarted {
        process_id: process.to_owned(),
        definition_version: 12,
        business_key: Some(format!("LOAN-{n}")),
        reference: None,
        by: "portal".to_owned(),
        parent: None,
        timer: None,
        variables: Variables::new(),
    };
    let begin = domain::begin(key(n), now, &started);
    let created = WorkTaskCreated {
        element: ElementNumber(2),
        activity: "Activity_ReviewApplication".to_owned(),
        responsible: responsible(None, group),
        priority: Priority::new(75).expect("a priority"),
        due_at: Some(now.plus_millis(86_400_000)),
        follow_up_at: None,
        description: None,
        form_context: variables(),
        input_data: Variables::new(),
    };
    let events = vec![
        Event::InstanceStarted(Box::new(started)),
        Event::EntityStateSet("PendingReview".to_owned()),
        Event::WorkTask { task: TASK, what: WorkTaskEvent::Created(Box::new(created)) },
        Event::StatusChanged(InstanceStatus::Waiting),
    ];
    decision(begin, now, events)
}

async fn begin(store: &Store, n: u64, process: &str, group: &str) -> Loaded {
    let now = at(i64::try_from(n).expect("few"));
    commit(store, None, &begun(n, process, group), now).await.expect("a start").loaded
}

fn done(before: &Loaded, now: Timestamp) -> Decision {
    let what = WorkTaskEvent::Completed { outcome: "Approve".to_owned(), answers: variables() };
    decision(before.aggregate.clone(), now, vec![Event::WorkTask { task: TASK, what }])
}

async fn active(store: &Store, query: &ActiveQuery, keep: impl Fn(&ActiveRow) -> bool + Send + Copy) -> Vec<TaskKey> {
    let mut query = query.clone();
    let mut keys = Vec::new();
    for _ in 0..50 {
        let page = store.active_work_tasks(TENANT, &query, keep, at(9_000)).await.expect("a page");
        assert!(page.items.len() <= query.limit);
        keys.extend(page.items.iter().map(|found: &StoredWorkTask| found.task.key));
        query.after = page.next;
        if query.after.is_none() {
            return keys;
        }
    }
    panic!("the list does not end");
}

fn every(limit: usize) -> ActiveQuery {
    ActiveQuery { limit, ..ActiveQuery::default() }
}

#[tokio::test]
async fn a_task_comes_back_as_it_was_committed() {
    let table = table().await;
    let store = table.store();
    let first = begin(&store, 1, "Loan", "Loans").await;
    let loaded = store.load(TENANT, key(1)).await.expect("a table").expect("an instance");
    assert_eq!(loaded, first);
    let task = &loaded.aggregate.work_tasks[&TASK];
    assert_eq!((task.version, task.entity_state.as_deref()), (1, Some("PendingReview")));
    let failed = WorkTaskEvent::Failed { code: "SCRIPT_ERROR".to_owned(), values: variables() };
    let failed = decision(first.aggregate.clone(), at(5), vec![Event::WorkTask { task: TASK, what: failed }]);
    let second = commit(&store, Some(&first), &failed, at(5)).await.expect("a failure").loaded;
    assert_eq!(store.load(TENANT, key(1)).await.expect("a table").expect("an instance"), second);
    let task = &second.aggregate.work_tasks[&TASK];
    assert_eq!((task.state, task.failed_in, task.version), (State::Failed, Some(State::Open), 2));
    let ended = commit(&store, Some(&second), &done(&second, at(6)), at(6)).await.expect("an end").loaded;
    assert_eq!(store.load(TENANT, key(1)).await.expect("a table").expect("an instance"), ended);
    // The lock of the task is the commit's.
    let again = commit(&store, Some(&second), &done(&second, at(7)), at(7)).await;
    assert!(matches!(again, Err(crate::Error::Conflict)), "{again:?}");
}

/// A denial changes the task alone: its journal item is numbered by the task.
#[tokio::test]
async fn a_denied_completion_locks_the_task_and_not_the_head() {
    let table = table().await;
    let store = table.store();
    let first = begin(&store, 1, "Loan", "Loans").await;
    let what = WorkTaskEvent::CompleteDenied { codes: vec!["UNKNOWN_ACTION".to_owned()], values: variables() };
    let denied = decision(first.aggregate.clone(), at(5), vec![Event::WorkTask { task: TASK, what }]);
    let second = commit(&store, Some(&first), &denied, at(5)).await.expect("a denial");
    assert!(second.journal.sk().contains("#00003#2"), "{}", second.journal.sk());
    assert_eq!(second.loaded.aggregate.instance.version, first.aggregate.instance.version);
    assert_eq!(store.load(TENANT, key(1)).await.expect("a table").expect("an instance"), second.loaded);
    assert!(store.verify_chain(TENANT, key(1)).await.expect("a table").is_empty());
}

#[tokio::test]
async fn an_ordinary_task_stays_below_a_kilobyte_and_is_written_as_its_golden_file() {
    let table = table().await;
    let store = table.store();
    begin(&store, 1, "Supplier_Approval_Process", "Purchasing").await;
    let item = InstanceItem::WorkTask(TASK).key(TENANT, key(1));
    let stored = store.get("test", &item, true).await.expect("a table").expect("an item");
    assert!(item_size(&stored) < WRITE_UNIT_BYTES, "{} bytes", item_size(&stored));
    let path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/work-task-1.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() && !path.exists() {
        let json = wire::item_to_json(&stored).expect("known values");
        std::fs::write(&path, serde_json::to_string_pretty(&json).expect("JSON") + "\n").expect("testdata");
    }
    let text = std::fs::read_to_string(&path).expect("work-task-1.json");
    let golden = wire::item_from_json(&serde_json::from_str(&text).expect("JSON")).expect("DynamoDB's JSON");
    assert_eq!(stored, golden);
    let (read, extras) = work_task::read(task(1), &golden).expect("a task");
    let after = begun(1, "Supplier_Approval_Process", "Purchasing").after;
    assert_eq!(read, domain::work_task::WorkTask { version: 1, ..after.work_tasks[&TASK].clone() });
    let described = domain::work_task::WorkTask { description: Some("Review order 7".to_owned()), ..read };
    let item = work_task::write(TENANT, &after.instance, &described, &extras);
    assert_eq!(work_task::read(task(1), &item).expect("a task").0, described);
}

/// S4-47 to S4-49: newest first, over shards and pages; ended tasks and external ones are not in it.
#[tokio::test]
async fn the_list_holds_active_tasks_only_and_no_list_of_external_tasks_holds_them() {
    let table = table().await;
    let store = table.store();
    let tenant = TenantRecord { shards: 3, ..TenantRecord::new(TENANT, "Acme", at(0)) };
    store.put_tenant(&tenant).await.expect("a tenant");
    for n in 0..30 {
        let (process, group) = (if n % 2 == 0 { "Loan" } else { "Claim" }, if n % 3 == 0 { "Risk" } else { "Loans" });
        let state = begin(&store, n, process, group).await;
        if n % 5 == 0 {
            commit(&store, Some(&state), &done(&state, at(100)), at(100)).await.expect("an end");
        }
        if n == 7 {
            let what = WorkTaskEvent::Canceled { cause: CancelCause::Cancel };
            let cancel = decision(state.aggregate.clone(), at(100), vec![Event::WorkTask { task: TASK, what }]);
            commit(&store, Some(&state), &cancel, at(100)).await.expect("a cancel");
        }
    }
    start(&store, 40).await;
    let expected = |keep: &dyn Fn(u64) -> bool| -> Vec<TaskKey> {
        (0..30).rev().filter(|n| n % 5 != 0 && *n != 7 && keep(*n)).map(task).collect()
    };
    for limit in [1, 4, 100] {
        assert_eq!(active(&store, &every(limit), |_| true).await, expected(&|_| true), "{limit}");
    }
    let loan = ActiveQuery { process_id: Some("Loan".to_owned()), ..every(7) };
    assert_eq!(active(&store, &loan, |_| true).await, expected(&|n| n % 2 == 0));
    let risk = active(&store, &every(5), |row| row.responsible.names_group("Risk")).await;
    assert_eq!(risk, expected(&|n| n % 3 == 0));
    let state = active(&store, &every(5), |row| row.entity_state.as_deref() == Some("PendingReview")).await;
    assert_eq!(state, expected(&|_| true));
    let external = TaskQuery { limit: 100, ..TaskQuery::default() };
    let page = store.external_tasks(TENANT, &external, at(9_000)).await.expect("a page");
    assert_eq!(page.items.iter().map(|row| row.task).collect::<Vec<_>>(), [task(40)]);
}

/// What a page may cost does not grow with the tasks: 28 read units beside half a unit for each shard.
#[tokio::test]
async fn a_page_costs_no_more_however_many_tasks_there_are() {
    let table = table().await;
    let (store, meter) = table.store().metered();
    for n in 0..300 {
        begin(&store, n, "Loan", if n == 0 { "Rare" } else { "Loans" }).await;
    }
    meter.take();
    let mut query = every(25);
    let mut found = Vec::new();
    loop {
        let keep = |row: &ActiveRow| row.responsible.names_group("Rare");
        let page = store.active_work_tasks(TENANT, &query, keep, at(9_000)).await.expect("a page");
        let calls: Vec<_> = meter.take().into_iter().filter(|call| call.pattern != "tenant").collect();
        let units = crate::Units::sum(&calls);
        assert!(units.table_read + units.index_read <= 28.5, "{units:?}");
        found.extend(page.items.iter().map(|found| found.task.key));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    assert_eq!(found, [task(0)]);
}
