//! Lists of many tasks cost what lists of few cost. By default with 1,000 and 10,000 tasks; `LISTS_SIZES` names others, and
//! `LISTS_REPORT` a file for a report with units, calls and times (`bench.py lists`).

use super::fixture::*;
use crate::item::wire::item_to_json;
use crate::item::{Item, Writer, head, task};
use crate::keys;
use crate::{InstanceQuery, Order, Store, TaskQuery, TenantRecord, Units};
use domain::external_task::Status;
use domain::ids::InstanceKey;
use domain::instance::{Aggregate, InstanceStatus};
use domain::notification::{Delivery, Email};
use dynoxide::{Database, ImportOptions};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const PROCESS: &str = "Supplier_Approval_Process";
const ACTIVITIES: [&str; 2] = ["Activity_Approve", "Activity_Deliver"];
/// Tasks made between two imports.
const BATCH: u64 = 5_000;
/// Reads of each shape that are timed for a report; a test times none.
const TIMED: usize = 15;
/// One task in so many has its instance stored as well.
const INSTANCES: u64 = 10;

/// A table whose database is at hand, so that a million items need no wire.
struct Filled {
    store: Store,
    database: Database,
    name: String,
}

async fn filled(count: u64) -> Filled {
    let database = Database::memory().expect("a database in memory");
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(dynoxide::server::serve_on(listener, database.clone()));
    let table = super::dynamo::LocalTable::at(endpoint).await.expect("a table");
    let filled = Filled { store: table.store(), database, name: table.name.clone() };
    filled.store.put_tenant(&TenantRecord::new(TENANT, "Acme", at(0))).await.expect("a tenant");
    for n in 0..100 {
        filled.store.remember_recipient(TENANT, &recipient(n)).await.expect("findable");
    }
    let entry =
        Writer::new(&keys::catalogue(TENANT, PROCESS), "L1").text("p", PROCESS).number("n", 1).text("nm", PROCESS);
    filled.store.put("test", entry.number("at", 0).json("xa", &ACTIVITIES).done()).await.expect("a process");
    let model = started(key(0), at(0)).after;
    let mut from = 0;
    while from < count {
        let to = count.min(from + BATCH);
        filled.import((from..to).flat_map(|n| items(&model, n)).collect());
        from = to;
    }
    filled
}

impl Filled {
    fn import(&self, items: Vec<Item>) {
        let items = items.iter().map(|item| {
            let json = item_to_json(item).expect("a plain item");
            serde_json::from_value(json).expect("DynamoDB's JSON")
        });
        self.database.import_items(&self.name, items.collect(), ImportOptions::default()).expect("fresh keys");
    }
}

/// One hundred addresses, of equal length; every fifth at Acme.
fn recipient(n: u64) -> Email {
    let domain = if n.is_multiple_of(5) { "acme00".to_owned() } else { format!("firm{:02}", n % 40) };
    Email::parse(&format!("person{n:04}@{domain}.example")).expect("an address")
}

/// The nth task and its instance, by the real writers: 3 of 5 pending, one process, two activities by turns.
fn items(model: &Aggregate, n: u64) -> Vec<Item> {
    let seconds = i64::try_from(n).expect("few");
    let created = at(seconds);
    let mut aggregate = model.clone();
    let instance = &mut aggregate.instance;
    instance.key = InstanceKey::compose(created.as_millis(), n);
    instance.started_at = created;
    let task = aggregate.tasks.get_mut(&TASK).expect("the model's task");
    task.key = instance.key.task(TASK);
    task.created_at = created;
    // In an order of its own, not that of creation.
    task.expires_at = Some(at(14 * 86_400 + seconds / 1_000 * 1_000 + (seconds * 7) % 1_000));
    task.activity = ACTIVITIES[usize::from(!n.is_multiple_of(2))].to_owned();
    // Mixed, so that statuses, activities and addresses meet in every combination.
    task.recipient = recipient(n / 10 % 100);
    (task.status, instance.status) = match n % 5 {
        3 => (Status::Completed, InstanceStatus::Completed),
        4 => (Status::Cancelled, InstanceStatus::Cancelled),
        _ => (Status::Pending, InstanceStatus::Waiting),
    };
    if n % 5 == 2 && n.is_multiple_of(3) {
        (task.delivery, task.follow_up) = (Delivery::Bounced, true);
    }
    let extras = task::Extras { chain: None, shard: 0 };
    let mut items = vec![task::write(TENANT, instance, task, &extras)];
    if n.is_multiple_of(INSTANCES) {
        items.push(head::write(TENANT, instance, &head::Extras { chain: None, shard: 0 }));
    }
    items
}

/// Shapes of questions, each with the read units that a page of 50 may cost.
fn shapes() -> Vec<(&'static str, f64, TaskQuery)> {
    let query = |statuses: &[Status]| TaskQuery { statuses: statuses.to_vec(), limit: 50, ..TaskQuery::default() };
    let pending = || query(&[Status::Pending]);
    let recipient = |part: &str| TaskQuery { recipient: Some(part.to_owned()), ..pending() };
    let activity = |activity: &str| TaskQuery { activity: Some(activity.to_owned()), ..pending() };
    let process = || Some(PROCESS.to_owned());
    vec![
        ("pending, newest first", 3.0, pending()),
        ("pending, oldest first", 3.0, TaskQuery { order: Order::Oldest, ..pending() }),
        ("all statuses", 4.5, query(&[])),
        ("three statuses", 3.0, query(&[Status::Pending, Status::Completed, Status::Cancelled])),
        ("created within a range", 3.0, {
            TaskQuery { created_from: Some(at(100)), created_to: Some(at(600)), ..pending() }
        }),
        ("one activity", 3.5, activity(ACTIVITIES[0])),
        ("one activity of one process", 3.0, TaskQuery { process_id: process(), ..activity(ACTIVITIES[0]) }),
        ("one process", 3.5, TaskQuery { process_id: process(), ..pending() }),
        ("expiring soonest", 28.0, TaskQuery { order: Order::ExpiresSoonest, ..pending() }),
        ("expiring latest", 28.0, TaskQuery { order: Order::ExpiresLatest, ..pending() }),
        ("needs follow-up", 3.0, TaskQuery { follow_up: true, ..pending() }),
        ("recipient, part of a domain", 30.0, recipient("@acme")),
        (
            "recipient, part of a domain, one activity",
            30.0,
            TaskQuery { recipient: Some("@acme".to_owned()), ..activity(ACTIVITIES[1]) },
        ),
        ("recipient, part of all addresses", 30.0, recipient("person")),
    ]
}

struct Measured {
    units: f64,
    calls: usize,
    rows: usize,
    p50: Duration,
}

/// The median time of a call.
async fn median(mut call: impl AsyncFnMut()) -> Duration {
    let mut times = Vec::with_capacity(TIMED);
    for _ in 0..std::env::var_os("LISTS_REPORT").map_or(1, |_| TIMED) {
        let begun = Instant::now();
        call().await;
        times.push(begun.elapsed());
    }
    times.sort_unstable();
    times[times.len() / 2]
}

/// What one shape costs: units and calls of the first page and of the one behind it, and the median time of the first.
async fn measured(store: &Store, query: &TaskQuery) -> Measured {
    let (metered, meter) = store.metered();
    let read = async |store: &Store, query: &TaskQuery| {
        store.external_tasks(TENANT, query, at(0)).await.expect("a page of tasks")
    };
    let first = read(&metered, query).await;
    let calls = meter.take();
    let Units { table_read, index_read, .. } = Units::sum(&calls);
    let p50 = median(async || drop(read(store, query).await)).await;
    let second = TaskQuery { after: first.next.clone(), ..query.clone() };
    read(&metered, &second).await;
    let next = meter.units();
    // A page behind a position reads that position's row again.
    assert!(next.table_read + next.index_read <= table_read + index_read + 1.0, "{query:?}: {next}");
    Measured { units: table_read + index_read, calls: calls.len(), rows: first.items.len(), p50 }
}

async fn instances(store: &Store) -> Measured {
    let (metered, meter) = store.metered();
    let query = InstanceQuery { statuses: vec![InstanceStatus::Waiting], limit: 50, ..InstanceQuery::default() };
    let rows = metered.instances(TENANT, &query, at(0)).await.expect("a page of instances").items.len();
    let calls = meter.take();
    let Units { table_read, index_read, .. } = Units::sum(&calls);
    let p50 = median(async || drop(store.instances(TENANT, &query, at(0)).await.expect("a page"))).await;
    Measured { units: table_read + index_read, calls: calls.len(), rows, p50 }
}

/// Issue: a page of 50 costs at most 3 read units while at most 5 streams are merged, else half a unit for each and one;
/// by expiry 28, a search 30; and units and calls do not depend on the number of tasks.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_costs_the_same_units_and_calls_however_many_tasks_there_are() {
    let sizes = std::env::var("LISTS_SIZES").unwrap_or_else(|_| "1000,10000".to_owned());
    let mut report: Vec<Value> = Vec::new();
    let mut costs: Vec<Vec<(f64, usize, usize)>> = Vec::new();
    for size in sizes.split(',').map(|size| size.trim().parse::<u64>().expect("LISTS_SIZES: numbers and commas")) {
        let begun = Instant::now();
        let filled = filled(size).await;
        let seconds = begun.elapsed().as_secs_f64();
        let mut of_size = Vec::new();
        let mut note = |shape: &str, bound: f64, found: Measured| {
            assert!(found.units <= bound, "{shape} at {size}: {} units, at most {bound}", found.units);
            report.push(json!({
                "shape": shape, "tasks": size, "bound": bound, "units": found.units, "calls": found.calls,
                "rows": found.rows, "p50_ms": found.p50.as_secs_f64() * 1_000.0, "filled_s": seconds,
            }));
            of_size.push((found.units, found.calls, found.rows));
        };
        for (shape, bound, query) in shapes() {
            let found = measured(&filled.store, &query).await;
            // Where half of what a search reads is dropped, its bound ends the page a little earlier.
            assert!(found.rows == 50 || (found.rows > 45 && query.recipient.is_some()), "{shape} at {size}");
            note(shape, bound, found);
        }
        // One of a hundred addresses: the bound, not the number of hits, ends a page.
        let rare = TaskQuery {
            statuses: vec![Status::Pending],
            recipient: Some("person0005".to_owned()),
            limit: 50,
            ..TaskQuery::default()
        };
        let found = measured(&filled.store, &rare).await;
        assert!(found.units <= 30.0 && found.rows > 0, "a rare address at {size}: {} units", found.units);
        note("instances that wait", 5.0, instances(&filled.store).await);
        costs.push(of_size);
        // After each size: what is measured stays, should a larger one not fit the machine.
        if let Ok(path) = std::env::var("LISTS_REPORT") {
            std::fs::write(path, Value::from(report.clone()).to_string()).expect("the report's file");
        }
    }
    for later in &costs[1..] {
        assert_eq!(*later, costs[0], "units, calls and rows of each shape");
    }
}
