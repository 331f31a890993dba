//! Lists of external tasks: one order over all streams, pages that join, and a cost of their own size.

use super::fixture::*;
use crate::{Order, Store, TaskQuery, TaskRow, TenantRecord};
use domain::external_task::Status;
use domain::ids::{TaskKey, TenantId};
use domain::notification::Delivery;
use std::collections::BTreeSet;

async fn put_tenant(store: &Store, shards: u32) {
    let record = TenantRecord { shards, ..TenantRecord::new(TENANT, "Acme", at(0)) };
    store.put_tenant(&record).await.expect("a tenant");
}

/// 40 tasks in 3 shards, created one a second; every third is cancelled and every fifth (else) answered.
async fn forty(store: &Store) {
    put_tenant(store, 3).await;
    for n in 0..40 {
        let state = start(store, n).await;
        let later = at(1_000);
        if n % 3 == 0 {
            commit(store, Some(&state), &cancelled(&state, later), later).await.expect("a cancel");
        } else if n % 5 == 0 {
            commit(store, Some(&state), &completed(&state, later), later).await.expect("an answer");
        }
    }
}

fn query(statuses: &[Status], newest_first: bool, limit: usize) -> TaskQuery {
    let order = if newest_first { Order::Newest } else { Order::Oldest };
    TaskQuery { statuses: statuses.to_vec(), order, limit, ..TaskQuery::default() }
}

async fn all(store: &Store, mut query: TaskQuery) -> Vec<TaskRow> {
    let mut rows = Vec::new();
    for _ in 0..60 {
        let page = store.external_tasks(TENANT, &query, at(5_000)).await.expect("a page");
        assert!(page.items.len() <= query.limit);
        rows.extend(page.items);
        query.after = page.next;
        if query.after.is_none() {
            return rows;
        }
    }
    panic!("the list does not end");
}

fn keys(rows: &[TaskRow]) -> Vec<TaskKey> {
    rows.iter().map(|row| row.task).collect()
}

fn expected(kept: impl Fn(u64) -> bool) -> Vec<TaskKey> {
    (0..40).filter(|n| kept(*n)).map(task).collect()
}

#[tokio::test]
async fn pages_over_two_statuses_and_three_shards_join_to_one_order() {
    let table = table().await;
    let store = table.store();
    forty(&store).await;
    let ended = [Status::Cancelled, Status::Completed];
    let kept = |n: u64| n.is_multiple_of(3) || n.is_multiple_of(5);
    for limit in [1, 4, 7, 100] {
        let oldest_first = all(&store, query(&ended, false, limit)).await;
        assert_eq!(keys(&oldest_first), expected(kept), "limit {limit}");
        let mut newest_first = keys(&all(&store, query(&ended, true, limit)).await);
        newest_first.reverse();
        assert_eq!(newest_first, expected(kept), "limit {limit}");
    }
    let pending = all(&store, query(&[Status::Pending], true, 10)).await;
    assert_eq!(pending.len(), 40 - expected(kept).len());
    let shards: BTreeSet<u32> = pending.iter().map(|row| crate::keys::shard(row.task.get(), 3)).collect();
    assert_eq!(shards.len(), 3, "the test reaches every shard");
}

#[tokio::test]
async fn a_row_shows_what_the_task_is() {
    let table = table().await;
    let store = table.store();
    let state = start(&store, 1).await;
    let state = commit(&store, Some(&state), &reminded(&state, at(60), 2), at(60)).await.expect("a reminder").loaded;
    store.show_delivery(TENANT, task(1), Delivery::Delivered).await.expect("a table");
    commit(&store, Some(&state), &completed(&state, at(90)), at(90)).await.expect("an answer");
    let rows = store.external_tasks(TENANT, &query(&Status::ALL, true, 10), at(5_000)).await.expect("a page").items;
    let row = TaskRow {
        task: task(1),
        status: Status::Completed,
        recipient: state.aggregate.tasks[&TASK].recipient.clone(),
        activity: "Activity_ApproveSupplier".to_owned(),
        process_id: "Supplier_Approval_Process".to_owned(),
        definition_version: 12,
        reference: Some("PO-2026-000815".to_owned()),
        created_at: at(1),
        expires_at: Some(at(1 + 14 * 86_400)),
        completed_at: Some(at(90)),
        reminders: 1,
        delivery: Delivery::Delivered,
        follow_up: false,
    };
    assert_eq!(rows, vec![row]);
}

#[tokio::test]
async fn the_range_of_creation_includes_both_ends() {
    let table = table().await;
    let store = table.store();
    forty(&store).await;
    let range = |from: i64, to: i64| TaskQuery {
        created_from: Some(at(from)),
        created_to: Some(at(to)),
        ..query(&Status::ALL, false, 4)
    };
    assert_eq!(keys(&all(&store, range(10, 19)).await), expected(|n| (10..=19).contains(&n)));
    assert_eq!(keys(&all(&store, range(7, 7)).await), vec![task(7)]);
    assert!(all(&store, range(9, 8)).await.is_empty());
    let newest = TaskQuery { order: Order::Newest, ..range(10, 19) };
    assert_eq!(all(&store, newest).await.len(), 10);
}

#[tokio::test]
async fn tasks_of_another_tenant_are_in_no_list() {
    let table = table().await;
    let store = table.store();
    start(&store, 1).await;
    let page = store.external_tasks(TenantId(8), &query(&Status::ALL, true, 10), at(5_000)).await.expect("a page");
    assert!(page.items.is_empty() && page.next.is_none());
}

#[tokio::test]
async fn a_task_keeps_its_shard_when_the_tenant_gets_more() {
    let table = table().await;
    let store = table.store();
    forty(&store).await;
    put_tenant(&store, 8).await;
    let state = store.load(TENANT, key(1)).await.expect("a table").expect("an instance");
    commit(&store, Some(&state), &completed(&state, at(2_000)), at(2_000)).await.expect("an answer");
    let rows =
        store.external_tasks(TENANT, &query(&[Status::Completed], true, 100), at(5_000)).await.expect("a page").items;
    assert!(keys(&rows).contains(&task(1)));
    let item = store.get("test", &crate::keys::InstanceItem::Task(TASK).key(TENANT, key(1)), true).await;
    let item = item.expect("a table").expect("a task");
    let shard = crate::keys::shard(task(1).get(), 3);
    assert_eq!(crate::item::Reader(&item).text_opt("l1"), Some(format!("7#COMPLETED#{shard}").as_str()));
}

/// Design 11: a page costs about its own size, however long the list is.
#[tokio::test]
async fn the_first_page_costs_the_same_with_ten_tasks_and_with_two_hundred() {
    let mut costs = Vec::new();
    for count in [10, 200] {
        let table = table().await;
        let store = table.store();
        for n in 0..count {
            start(&store, n).await;
        }
        let (store, meter) = store.metered();
        store.external_tasks(TENANT, &query(&[Status::Pending], true, 10), at(5_000)).await.expect("a page");
        costs.push(meter.units().index_read);
    }
    assert_eq!(costs, vec![0.5, 0.5], "rows of a page fit 4 KB");
}
