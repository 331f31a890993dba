//! Every combination of filters against a plain look through all tasks: the same rows in the same order, page after page,
//! each page within its budget.

use super::fixture::*;
use crate::item::Writer;
use crate::keys;
use crate::{InstanceQuery, Order, Store, TaskQuery, TaskRow};
use domain::external_task::Status;
use domain::ids::{TaskKey, TenantId};
use domain::instance::InstanceStatus;
use domain::notification::Email;
use domain::time::Timestamp;

/// Numbers by chance, the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % n
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

#[derive(Clone, Debug)]
struct Known {
    key: TaskKey,
    status: Status,
    process: &'static str,
    activity: &'static str,
    recipient: &'static str,
    created: Timestamp,
    expires: Option<Timestamp>,
    follow_up: bool,
}

const ACTIVITIES: [(&str, &str); 4] = [("Purchase", "Ask"), ("Purchase", "Confirm"), ("Permit", "Ask"), ("i", "t#q%")];
const RECIPIENTS: [&str; 6] = [
    "marta.lind@nordguss.example",
    "Bo@acme.example",
    "ann.acme@supplier.example",
    "lindqvist@nordguss.example",
    "x@a.co",
    "o'hara+acme#1@acme.example.org",
];
const PARTS: [&str; 13] = [
    "acme",
    "@acme",
    "LIND",
    "nord",
    "@nor",
    "example",
    "bo@acme",
    "zzz",
    "o'hara+",
    "acme#1@",
    "lind@nordguss.example",
    "a.co",
    "ü@acme",
];
const COUNT: u64 = 90;

async fn fill(store: &Store, shards: u32) -> Vec<Known> {
    store
        .put_tenant(&crate::TenantRecord { shards, ..crate::TenantRecord::new(TENANT, "Acme", at(0)) })
        .await
        .expect("a tenant");
    for process in ["Purchase", "Permit", "i"] {
        let activities: Vec<&str> =
            ACTIVITIES.iter().filter(|(of, _)| *of == process).map(|(_, activity)| *activity).collect();
        let entry = Writer::new(&keys::catalogue(TENANT, process), "L1")
            .text("p", process)
            .number("n", 1)
            .text("nm", process)
            .number("at", 0)
            .json("xa", &activities)
            .done();
        store.put("test", entry).await.expect("an entry");
    }
    let mut chance = Chance(0x5EED);
    let mut all = Vec::new();
    for n in 0..COUNT {
        // Many share a millisecond.
        let created = at(i64::try_from(n / 3).expect("few"));
        let (process, activity) = *chance.pick(&ACTIVITIES);
        let recipient = *chance.pick(&RECIPIENTS);
        let mut start = started(key(n), created);
        start.after.instance.process_id = process.to_owned();
        start.after.instance.business_key = (n % 5 == 0).then(|| format!("B#{}", n % 10));
        let address = Email::parse(recipient).expect("an address");
        let task = start.after.tasks.get_mut(&TASK).expect("a task");
        (task.activity, task.recipient) = (activity.to_owned(), address.clone());
        if n % 4 == 0 {
            task.expires_at = None;
        } else {
            task.expires_at = Some(created.plus_millis(i64::try_from(chance.below(40)).expect("few") * 86_400_000));
        }
        let expires = task.expires_at;
        let state = commit(store, None, &start, created).await.expect("a start").loaded;
        store.remember_recipient(TENANT, &address).await.expect("findable");
        let (mut status, mut follow_up) = (Status::Pending, false);
        let later = at(10_000);
        match chance.below(5) {
            0 => {
                commit(store, Some(&state), &completed(&state, later), later).await.expect("an answer");
                status = Status::Completed;
            }
            1 => {
                commit(store, Some(&state), &cancelled(&state, later), later).await.expect("a cancel");
                status = Status::Cancelled;
            }
            2 => {
                commit(store, Some(&state), &bounced(&state, later), later).await.expect("a bounce");
                follow_up = true;
            }
            _ => {}
        }
        all.push(Known { key: task_key(n), status, process, activity, recipient, created, expires, follow_up });
    }
    all
}

fn task_key(n: u64) -> TaskKey {
    key(n).task(TASK)
}

fn some_query(chance: &mut Chance) -> TaskQuery {
    let maybe = |chance: &mut Chance| chance.below(2) == 0;
    let mut statuses: Vec<Status> = Status::ALL.into_iter().filter(|_| chance.below(3) > 0).collect();
    let order =
        *chance.pick(&[Order::Newest, Order::Newest, Order::Oldest, Order::ExpiresSoonest, Order::ExpiresLatest]);
    if matches!(order, Order::ExpiresSoonest | Order::ExpiresLatest) {
        statuses = vec![Status::Pending];
    }
    let follow_up = chance.below(6) == 0;
    TaskQuery {
        statuses,
        activity: maybe(chance).then(|| chance.pick(&["Ask", "Confirm", "t#q%", "None"]).to_string()),
        process_id: (chance.below(3) == 0).then(|| chance.pick(&["Purchase", "Permit", "i", "None"]).to_string()),
        recipient: maybe(chance).then(|| chance.pick(&PARTS).to_string()),
        created_from: (chance.below(3) == 0).then(|| at(i64::try_from(chance.below(40)).expect("few"))),
        created_to: (chance.below(3) == 0).then(|| at(i64::try_from(chance.below(50)).expect("few"))),
        follow_up,
        order,
        limit: *chance.pick(&[4, 50, 100]),
        after: None,
    }
}

fn expected(all: &[Known], query: &TaskQuery) -> Vec<TaskKey> {
    let by_expiry = matches!(query.order, Order::ExpiresSoonest | Order::ExpiresLatest);
    let mut found: Vec<&Known> = all
        .iter()
        .filter(|task| query.statuses.is_empty() || query.statuses.contains(&task.status))
        .filter(|task| query.activity.as_ref().is_none_or(|activity| task.activity == activity))
        .filter(|task| query.process_id.as_ref().is_none_or(|process| task.process == process))
        .filter(|task| {
            let part = query.recipient.as_ref().map(|part| part.to_lowercase());
            part.is_none_or(|part| task.recipient.to_lowercase().contains(&part))
        })
        .filter(|task| query.created_from.is_none_or(|from| task.created >= from))
        .filter(|task| query.created_to.is_none_or(|to| task.created <= to))
        .filter(|task| !query.follow_up || (task.follow_up && task.status == Status::Pending))
        .filter(|task| !by_expiry || task.expires.is_some())
        .collect();
    found.sort_by_key(|task| {
        let at = if by_expiry { task.expires.expect("filtered") } else { task.created };
        // As sort keys do: by the text of the key.
        (at, task.key.to_string())
    });
    if matches!(query.order, Order::Newest | Order::ExpiresLatest) {
        found.reverse();
    }
    found.into_iter().map(|task| task.key).collect()
}

/// All pages; none costs more than the budget of its kind.
async fn pages(store: &Store, query: &TaskQuery) -> Vec<TaskRow> {
    let mut query = query.clone();
    let mut rows = Vec::new();
    let (metered, meter) = store.metered();
    for _ in 0..2_000 {
        let page = metered.external_tasks(TENANT, &query, at(20_000)).await.expect("a page");
        let units: f64 = meter.take().iter().map(|call| call.units.table_read + call.units.index_read).sum();
        // Thirty, and the lookup of addresses; a merge of many streams begins with half a unit for each.
        assert!(units <= 33.0, "{units} units for {query:?}");
        assert!(page.items.len() <= query.limit);
        assert!(page.searched_to.is_none() || page.next.is_some());
        rows.extend(page.items);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return rows,
        }
    }
    panic!("{query:?} does not end");
}

#[tokio::test]
async fn every_combination_of_filters_lists_what_a_look_through_all_tasks_finds() {
    for shards in [1, 3] {
        let table = table().await;
        let store = table.store();
        let all = fill(&store, shards).await;
        let mut chance = Chance(0xC0FFEE + u64::from(shards));
        let mut found = 0;
        for _ in 0..60 {
            let query = some_query(&mut chance);
            let rows = pages(&store, &query).await;
            let keys: Vec<TaskKey> = rows.iter().map(|row| row.task).collect();
            assert_eq!(keys, expected(&all, &query), "{query:?}");
            for row in rows {
                let known = all.iter().find(|known| known.key == row.task).expect("one of them");
                assert_eq!(
                    (row.status, row.activity.as_str(), row.follow_up),
                    (known.status, known.activity, known.follow_up)
                );
                assert_eq!(
                    (row.created_at, row.expires_at, row.process_id.as_str()),
                    (known.created, known.expires, known.process)
                );
            }
            found += keys.len();
        }
        assert!(found > 300, "the queries find something: {found}");
    }
}

#[tokio::test]
async fn instances_are_listed_by_process_status_and_business_key() {
    let table = table().await;
    let store = table.store();
    let all = fill(&store, 3).await;
    let list = async |mut query: InstanceQuery| {
        let mut keys = Vec::new();
        for _ in 0..200 {
            let page = store.instances(TENANT, &query, at(20_000)).await.expect("a page");
            keys.extend(page.items.iter().map(|row| row.key));
            match page.next {
                Some(next) => query.after = Some(next),
                None => return keys,
            }
        }
        panic!("the list does not end");
    };
    let newest_first = |mut keys: Vec<&Known>| {
        keys.sort_by_key(|known| (known.created, known.key.instance().to_string()));
        keys.into_iter().rev().map(|known| known.key.instance()).collect::<Vec<_>>()
    };
    let base = InstanceQuery { limit: 9, ..InstanceQuery::default() };
    assert_eq!(list(base.clone()).await, newest_first(all.iter().collect()));
    let query = InstanceQuery {
        process_id: Some("i".to_owned()),
        statuses: vec![InstanceStatus::Completed, InstanceStatus::Waiting],
        ..base.clone()
    };
    let wanted = all.iter().filter(|known| known.process == "i" && known.status != Status::Cancelled).collect();
    assert_eq!(list(query).await, newest_first(wanted));
    let keyed = InstanceQuery { business_key: Some("B#5".to_owned()), ..base.clone() };
    let wanted: Vec<&Known> = all.iter().enumerate().filter(|(n, _)| n % 10 == 5).map(|(_, known)| known).collect();
    assert_eq!(list(keyed.clone()).await, newest_first(wanted.clone()));
    let cancelled = InstanceQuery { statuses: vec![InstanceStatus::Cancelled], ..keyed };
    let wanted = wanted.into_iter().filter(|known| known.status == Status::Cancelled).collect();
    assert_eq!(list(cancelled).await, newest_first(wanted));
    let page = store.instances(TenantId(8), &base, at(20_000)).await.expect("a page");
    assert!(page.items.is_empty() && page.next.is_none(), "of another tenant");
}

/// An address is written once; a second time costs half a read unit.
#[tokio::test]
async fn an_address_costs_one_write_a_character_and_then_nothing() {
    let table = table().await;
    let (store, meter) = table.store().metered();
    let address = Email::parse("marta.lind@nordguss.example").expect("an address");
    store.remember_recipient(TENANT, &address).await.expect("findable");
    let units = crate::Units::sum(&meter.take());
    // Ten characters; fifteen suffixes of "@nordguss.example".
    assert_eq!(units.table_write, 10.0 + 15.0, "{units}");
    store.remember_recipient(TENANT, &address).await.expect("findable");
    assert_eq!(
        crate::Units::sum(&meter.take()).to_string(),
        crate::Units { table_read: 0.5, ..crate::Units::default() }.to_string()
    );
    let second = Email::parse("bo@nordguss.example").expect("an address");
    store.remember_recipient(TENANT, &second).await.expect("findable");
    assert_eq!(crate::Units::sum(&meter.take()).table_write, 2.0);
}

/// A task whose status changes between two pages is listed once or not at all, never twice, and nothing else is lost.
#[tokio::test]
async fn changes_between_pages_lose_and_double_no_other_row() {
    let table = table().await;
    let store = table.store();
    let all = fill(&store, 1).await;
    let mut query = TaskQuery { limit: 5, ..TaskQuery::default() };
    let mut seen: Vec<TaskKey> = Vec::new();
    for n in 0..200_u64 {
        let page = store.external_tasks(TENANT, &query, at(20_000)).await.expect("a page");
        seen.extend(page.items.iter().map(|row| row.task));
        let number = (n * 37) % COUNT;
        let state = store.load(TENANT, key(number)).await.expect("a table").expect("an instance");
        if state.aggregate.tasks[&TASK].status == Status::Pending {
            let now = at(30_000 + i64::try_from(n).expect("few"));
            commit(&store, Some(&state), &cancelled(&state, now), now).await.expect("a cancel");
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    let mut expected: Vec<TaskKey> = all.iter().map(|known| known.key).collect();
    expected.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, expected, "all statuses are asked, so each task is there once");
}
