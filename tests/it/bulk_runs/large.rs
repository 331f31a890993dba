//! Runs of more tasks than are ordered at once, driven without mails: the orders are read from the table and their messages handed to the
//! worker, as outbox and queue would. What it costs does not depend on the size of the run.

use super::{look, manager};
use anyhow::{Context, Result, ensure};
use app::bulk_runs::message::Message;
use app::bulk_runs::worker::{Taken, Time, Worker};
use app::bulk_runs::{self, Selection, StartRun, Started, pace};
use domain::bulk_run::{AHEAD_MAX, Action, BulkRun, Filter, RunStatus, Work};
use domain::command::{Command, Origin};
use domain::ids::TaskKey;
use domain::time::Timestamp;
use serde_json::json;
use std::collections::{HashSet, VecDeque};
use store::RunOrder;
use testkit::World;
use testkit::aws::Clock;
use testkit::samples;
use testkit::world::{TENANT, operator};

struct Told(Clock);

impl Time for Told {
    fn now(&self) -> Timestamp {
        self.0.move_to(self.0.now().plus_millis(1));
        self.0.now()
    }

    async fn until(&self, at: Timestamp) {
        self.0.move_to(at);
    }
}

/// The orders of a run, as the stream would bring them.
async fn orders(world: &World, run: &BulkRun) -> Result<Vec<RunOrder>> {
    let items = world
        .table
        .client
        .query()
        .table_name(&world.table.name)
        .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
        .expression_attribute_values(":pk", text(format!("{TENANT}#B#{}", run.key)))
        .expression_attribute_values(":sk", text("~J#".to_owned()))
        .send()
        .await?;
    let mut orders = Vec::new();
    for item in items.items() {
        let name = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
        orders.push(world.observer.run_order(&name("pk"), &name("sk")).await?.context("an order")?);
    }
    orders.sort_by_key(|order| order.order.number);
    Ok(orders)
}

fn text(value: String) -> aws_sdk_dynamodb::types::AttributeValue {
    aws_sdk_dynamodb::types::AttributeValue::S(value)
}

/// Works on a run to its end; gives the most messages that were queued at once, and the steps of its preparation.
async fn drive(world: &World, worker: &Worker, run: &BulkRun) -> Result<(usize, usize)> {
    let (scripts, time) = (script::QuickJs::default(), Told(world.clock.clone()));
    let mut queue: VecDeque<Message> = VecDeque::new();
    let (mut fed, mut most, mut steps) = (0, 0, 0);
    loop {
        for order in orders(world, run).await?.into_iter().skip(fed) {
            fed += 1;
            steps += usize::from(matches!(order.order.work, Work::Prepare { .. }));
            queue.extend(Message::of_order(&order));
        }
        most = most.max(queue.len());
        ensure!(!queue.is_empty(), "the run starves: {:?}", look(world, run).await?);
        for _ in 0..50 {
            let Some(message) = queue.pop_front() else { break };
            let until = world.clock.now().plus_millis(1_000_000);
            ensure!(worker.work(&scripts, &time, &message, 1, until).await? == Taken::Done);
        }
        if look(world, run).await?.status.is_final() {
            return Ok((most, steps));
        }
    }
}

/// A run by filter over 540 tasks: collected in three steps, never more than 500 messages ahead, each
/// task done once; tasks that end meanwhile fail, and the sums add up.
#[tokio::test]
async fn a_run_by_filter_of_540_tasks_is_collected_in_steps_and_fed_in_blocks() -> Result<()> {
    let mut world = World::start().await?;
    world.leave_undone();
    world.deploy(&samples::question()).await?;
    let mut tasks: Vec<TaskKey> = Vec::new();
    for number in 0..540 {
        world.clock.move_to(world.clock.now().plus_millis(20));
        let key = world.begin("Question", json!({ "recipient": format!("m{number}@nordguss.example") })).await?;
        tasks.push(key.task(domain::ids::TaskNumber(1)));
    }
    let first = world.task(tasks[0].instance()).await?.key;
    let tasks: Vec<TaskKey> = tasks.iter().map(|task| task.instance().task(first.number())).collect();
    let running = world.running();
    let what = StartRun {
        action: Action::Cancel,
        reason: None,
        selection: Selection::Filter(Filter { oldest_first: true, ..Filter::default() }),
        attached: false,
        dry_run: false,
    };
    let started = bulk_runs::start(&running.app, &manager(), what, Origin::default(), world.tick(), None).await?;
    let Started::Run(run) = started else { anyhow::bail!("a run") };
    for task in tasks.iter().skip(500).step_by(10) {
        let cancel = Command::CancelTask { task: *task, reason: None };
        world.execute(task.instance(), operator(), cancel).await?;
    }
    let worker = Worker::new(running.app.clone(), pace::PERCENT).in_steps_of(200);
    running.meter.take();
    let (most, steps) = drive(&world, &worker, &run).await?;
    let units = running.meter.units();
    let run = look(&world, &run).await?;
    assert_eq!((run.status, run.total, steps), (RunStatus::Completed, Some(536), 3), "four had ended before");
    assert_eq!((run.succeeded, run.failed), (536, 0));
    assert!(most <= usize::try_from(AHEAD_MAX)?, "{most} messages ahead");
    let mut done = HashSet::new();
    for task in &tasks {
        let journal = world.observer.journal(TENANT, task.instance()).await?;
        done.extend(journal.iter().filter(|entry| entry.origin.run == Some(run.key)).map(|entry| entry.id));
    }
    assert_eq!(done.len(), 536, "each once");
    let tasks = f64::from(run.processed);
    let read = (units.table_read + units.index_read) / tasks;
    let write = (units.table_write + units.index_write) / tasks;
    assert!(read <= 6.0 && write <= 24.0, "{read} read and {write} write units a task: {units:?}");
    Ok(())
}
