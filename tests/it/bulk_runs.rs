//! Bulk runs from their start to their last mail (S0-48 to S0-61, faults 1, 3, 13, 19 and 20): the product's own waist,
//! outbox and worker over a FIFO queue, with everything that may go wrong on the way.

pub(crate) mod api;
mod crash;
mod filter;
mod large;
mod overlap;
mod waiting;

use anyhow::{Context, Result, ensure};
use app::auth::Caller;
use app::bulk_runs::{self, Selection, StartRun, Started};
use domain::bulk_run::{Action, BulkRun, RunStatus};
use domain::command::{Actor, Command, Door, Origin};
use domain::event::Event;
use domain::external_task::Status;
use domain::ids::TaskKey;
use domain::permission::{Role, Setup};
use serde_json::json;
use testkit::World;
use testkit::aws::Function;
use testkit::gate::{Call, Fault};
use testkit::samples;
use testkit::world::{TENANT, operator, submit};

fn manager() -> Caller {
    Caller::new(TENANT, "ines".to_owned(), vec![Role::Operator], &Setup::default())
}

fn from_here() -> Origin {
    Origin { door: Some(Door::Api), address: Some("192.0.2.7".to_owned()), run: None }
}

/// A world with `n` pending tasks, each of its own instance and delivered.
async fn waiting_tasks(n: usize) -> Result<(World, Vec<TaskKey>)> {
    let mut world = World::start().await?;
    world.deploy(&samples::question()).await?;
    let tasks = more(&mut world, n).await?;
    Ok((world, tasks))
}

async fn more(world: &mut World, n: usize) -> Result<Vec<TaskKey>> {
    let mut tasks = Vec::new();
    for number in 0..n {
        let variables = json!({ "recipient": format!("m{number}@nordguss.example"), "order": "PO-4711" });
        let key = world.begin("Question", variables).await?;
        tasks.push(world.task(key).await?.key);
    }
    world.drain().await?;
    Ok(tasks)
}

async fn start(world: &World, action: Action, selection: Selection, attached: bool) -> Result<BulkRun> {
    let what = StartRun { action, reason: None, selection, attached, dry_run: false };
    let running = world.running();
    match bulk_runs::start(&running.app, &manager(), what, from_here(), world.tick(), None).await? {
        Started::Run(run) => Ok(*run),
        Started::Counted(counted) => anyhow::bail!("only counted: {counted:?}"),
    }
}

async fn start_keys(world: &World, action: Action, keys: &[TaskKey]) -> Result<BulkRun> {
    start(world, action, Selection::Keys(keys.to_vec()), false).await
}

/// The run as it is stored, its sums checked.
async fn look(world: &World, run: &BulkRun) -> Result<BulkRun> {
    let run = world.observer.bulk_run(TENANT, run.key).await?.context("the run")?;
    ensure!(run.processed == run.succeeded + run.failed, "invariant 18: {run:?}");
    let over = run.status.is_final();
    ensure!(!over || Some(run.succeeded + run.failed + run.skipped) == run.total, "invariant 18: {run:?}");
    Ok(run)
}

/// Hands the worker the message for one task of a run, as the queue would.
async fn message(world: &mut World, run: &BulkRun, number: u32, receives: u32) -> Result<bool> {
    let body = json!({ "tenant": TENANT, "run": run.key, "order": 1, "task": number });
    let event = json!({ "Records": [{
        "messageId": "m", "receiptHandle": "m", "body": body.to_string(), "eventSource": "aws:sqs",
        "attributes": { "ApproximateReceiveCount": receives.to_string(), "MessageGroupId": run.key.to_string() },
    }] });
    let answer = world.invoke(Function::BulkWorker, event).await.context("the process died")??;
    Ok(answer["batchItemFailures"] == json!([]))
}

/// How often a task was sent again, by whoever.
async fn resent(world: &World, task: TaskKey) -> Result<usize> {
    let journal = world.observer.journal(TENANT, task.instance()).await?;
    let events = journal.iter().flat_map(|entry| &entry.events);
    Ok(events.filter(|event| matches!(event, Event::TaskResent(number) if *number == task.number())).count())
}

/// Those of `tasks` that a run was about, in the order of time.
async fn in_time(world: &World, tasks: &[TaskKey]) -> Result<Vec<TaskKey>> {
    let mut done = Vec::new();
    for task in tasks {
        let journal = world.observer.journal(TENANT, task.instance()).await?;
        done.extend(journal.iter().filter(|entry| entry.origin.run.is_some()).map(|entry| (entry.at, *task)));
    }
    done.sort();
    Ok(done.into_iter().map(|(_, task)| task).collect())
}

async fn failures(world: &World, run: &BulkRun) -> Result<Vec<(TaskKey, String)>> {
    let page = world.observer.run_failures(TENANT, run.key, 1_000, None).await?;
    Ok(page.items.into_iter().map(|failure| (failure.task, failure.code)).collect())
}

/// S0-48, S0-52, S0-57: every task once, in the order given, by whoever started the run; its mails are counted apart.
#[tokio::test]
async fn a_run_by_keys_does_each_task_once_and_in_order() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(5).await?;
    let order = [tasks[3], tasks[0], tasks[3], tasks[4], tasks[1], tasks[0]];
    let run = start_keys(&world, Action::Resend, &order).await?;
    assert_eq!((run.status, run.selected, run.total, run.eligible), (RunStatus::Running, 4, Some(4), 4));
    let before = world.aws.held().mails.len();
    world.settle().await?;
    let run = look(&world, &run).await?;
    assert_eq!((run.status, run.succeeded, run.mails_sent), (RunStatus::Completed, 4, 4));
    assert_eq!(run.summary(), "4 tasks processed successfully.");
    assert_eq!(world.aws.held().mails.len(), before + 4);
    assert_eq!(in_time(&world, &tasks).await?, [tasks[3], tasks[0], tasks[4], tasks[1]]);
    let journal = world.observer.journal(TENANT, tasks[3].instance()).await?;
    let last = journal.last().context("an entry")?;
    assert_eq!(last.actor, Actor::User("ines".to_owned()));
    let origin = Origin { door: Some(Door::Bulk), address: Some("192.0.2.7".to_owned()), run: Some(run.key) };
    assert_eq!(last.origin, origin);
    assert_eq!(resent(&world, tasks[2]).await?, 0);
    for task in tasks {
        world.check(task.instance(), 0).await?;
    }
    Ok(())
}

/// B-01, S0-75: only what is PENDING counts; unknown keys and those of another tenant are as if they did not exist.
#[tokio::test]
async fn only_pending_tasks_of_the_tenant_are_eligible() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(3).await?;
    world.execute(tasks[1].instance(), Actor::Recipient, submit(tasks[1], "approve", "page")).await?;
    world.drain().await?;
    let unknown = world.next_key().task(domain::ids::TaskNumber(3));
    let run = start_keys(&world, Action::Cancel, &[tasks[0], tasks[1], unknown, tasks[2]]).await?;
    assert_eq!((run.selected, run.eligible, run.total), (4, 2, Some(2)));
    let stranger = Caller { tenant: domain::ids::TenantId(8), ..manager() };
    let what = StartRun {
        action: Action::Cancel,
        reason: None,
        selection: Selection::Keys(tasks.clone()),
        attached: false,
        dry_run: false,
    };
    let running = world.running();
    let foreign = bulk_runs::start(&running.app, &stranger, what, from_here(), world.tick(), None).await?;
    let Started::Run(foreign) = foreign else { anyhow::bail!("a run") };
    assert_eq!((foreign.eligible, foreign.status), (0, RunStatus::Completed));
    assert!(bulk_runs::get(&running.app, &stranger, run.key).await.is_err());
    assert!(bulk_runs::stop(&running.app, &stranger, run.key, world.tick()).await.is_err());
    world.settle().await?;
    assert_eq!(look(&world, &run).await?.succeeded, 2);
    assert_eq!(world.task(tasks[0].instance()).await?.status, Status::Cancelled);
    assert_eq!(world.task(tasks[1].instance()).await?.status, Status::Completed);
    Ok(())
}

/// A dry run writes nothing.
#[tokio::test]
async fn a_dry_run_only_counts() -> Result<()> {
    let (world, tasks) = waiting_tasks(2).await?;
    let what = |selection| StartRun { action: Action::Resend, reason: None, selection, attached: false, dry_run: true };
    let running = world.running();
    let commits = world.gate.commits();
    for selection in [Selection::Keys(tasks.clone()), Selection::Filter(domain::bulk_run::Filter::default())] {
        let counted =
            bulk_runs::start(&running.app, &manager(), what(selection), from_here(), world.tick(), None).await?;
        let Started::Counted(counted) = counted else { anyhow::bail!("a count") };
        assert_eq!((counted.selected, counted.eligible, counted.exact), (2, 2, true));
    }
    assert_eq!(world.gate.commits(), commits);
    Ok(())
}

/// S0-56, S0-59, B-03, B-04: handled tasks stay handled, the rest is skipped, later messages write nothing.
#[tokio::test]
async fn stop_ends_a_run_after_the_task_at_hand_at_any_point() -> Result<()> {
    for k in 0..=3 {
        let (mut world, tasks) = waiting_tasks(4).await?;
        let run = start_keys(&world, Action::Resend, &tasks).await?;
        for number in 1..=k {
            assert!(message(&mut world, &run, number, 1).await?);
        }
        let running = world.running();
        let stopping = bulk_runs::stop(&running.app, &manager(), run.key, world.tick()).await?;
        assert_eq!((stopping.status, stopping.processed), (RunStatus::Stopping, k));
        world.settle().await?;
        let stopped = look(&world, &run).await?;
        assert_eq!((stopped.status, stopped.processed, stopped.skipped), (RunStatus::Stopped, k, 4 - k));
        assert_eq!(stopped.summary(), format!("{k} done, 0 failed, {} skipped.", 4 - k));
        for (number, task) in (1..).zip(&tasks) {
            assert_eq!(resent(&world, *task).await?, usize::from(number <= k));
        }
        let commits = world.gate.commits();
        assert!(message(&mut world, &run, 4, 1).await?);
        assert_eq!(bulk_runs::stop(&running.app, &manager(), run.key, world.tick()).await?, stopped);
        assert_eq!(world.gate.commits(), commits, "nothing is written after the end");
    }
    Ok(())
}

/// S0-60, B-03: the window that holds a run is gone, or says that it goes.
#[tokio::test]
async fn a_run_ends_when_its_window_is_gone_and_goes_on_while_it_is_renewed() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(3).await?;
    let run = start(&world, Action::Resend, Selection::Keys(tasks.clone()), true).await?;
    world.clock.move_to(world.clock.now().plus_millis(140_000));
    let running = world.running();
    let renewed = bulk_runs::renew_lease(&running.app, &manager(), run.key, world.tick()).await?;
    assert!(renewed.lease_until > run.lease_until);
    world.clock.move_to(world.clock.now().plus_millis(140_000));
    assert!(message(&mut world, &run, 1, 1).await?);
    assert_eq!(look(&world, &run).await?.processed, 1);
    world.clock.move_to(world.clock.now().plus_millis(11_000));
    world.settle().await?;
    let over = look(&world, &run).await?;
    assert_eq!((over.status, over.processed, over.skipped), (RunStatus::Stopped, 1, 2));
    let late = bulk_runs::renew_lease(&running.app, &manager(), run.key, world.tick()).await?;
    assert_eq!(late, over, "200 in every status, with the run");

    let run = start(&world, Action::Resend, Selection::Keys(tasks.clone()), true).await?;
    bulk_runs::give_up_lease(&running.app, &manager(), run.key, world.tick()).await?;
    let detached = start(&world, Action::Resend, Selection::Keys(tasks), false).await?;
    bulk_runs::give_up_lease(&running.app, &manager(), detached.key, world.tick()).await?;
    world.settle().await?;
    assert_eq!(look(&world, &run).await?.status, RunStatus::Stopped);
    assert_eq!(look(&world, &detached).await?.status, RunStatus::Completed, "nobody holds it");
    Ok(())
}

/// S0-55, S0-58: tasks that end before their turn fail with a reason and stop nobody.
#[tokio::test]
async fn a_task_that_ends_before_its_turn_fails_and_the_run_goes_on() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(4).await?;
    let run = start_keys(&world, Action::Resend, &tasks).await?;
    world.execute(tasks[1].instance(), Actor::Recipient, submit(tasks[1], "approve", "page")).await?;
    let cancel = Command::CancelTask { task: tasks[2], reason: None };
    world.execute(tasks[2].instance(), operator(), cancel).await?;
    world.settle().await?;
    let run = look(&world, &run).await?;
    assert_eq!((run.status, run.summary().as_str()), (RunStatus::Completed, "2 successful, 2 failed."));
    let expected = [(tasks[1], "NOT_PENDING".to_owned()), (tasks[2], "NOT_PENDING".to_owned())];
    assert_eq!(failures(&world, &run).await?, expected);
    let page = world.observer.run_failures(TENANT, run.key, 1, None).await?;
    assert_eq!(page.items[0].message, "The task is COMPLETED; only a pending task can be sent again.");
    assert_eq!((page.items.len(), page.next.as_deref()), (1, Some("2")));
    Ok(())
}

/// S0-72, S0-73: the other two actions.
#[tokio::test]
async fn sync_and_cancel_are_done_to_every_task() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(3).await?;
    let corrected = samples::question().replace("Please answer to order", "Please answer soon to order");
    world.deploy(&corrected).await?;
    let run = start_keys(&world, Action::SyncTemplates, &tasks).await?;
    world.settle().await?;
    assert_eq!(look(&world, &run).await?.succeeded, 3);
    for task in &tasks {
        assert_eq!(world.task(task.instance()).await?.templates_version, 2);
    }
    world.deploy(&corrected.replace("\"Answer\"", "\"Other\"").replace("Answer_Done", "Other_Done")).await?;
    let run = start_keys(&world, Action::SyncTemplates, &tasks[..2]).await?;
    world.settle().await?;
    let codes: Vec<String> = failures(&world, &run).await?.into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["NOT_IN_DEPLOYED", "NOT_IN_DEPLOYED"]);
    let run = start_keys(&world, Action::Cancel, &tasks).await?;
    world.settle().await?;
    assert_eq!(look(&world, &run).await?.succeeded, 3);
    for task in &tasks {
        assert_eq!(world.load(task.instance()).await?.aggregate.instance.status.as_str(), "CANCELLED");
    }
    Ok(())
}

/// A cancel takes the whole instance: the run's own next task in it was cancelled by the run.
#[tokio::test]
async fn two_tasks_of_one_instance_are_both_cancelled_by_the_run() -> Result<()> {
    let mut world = World::start().await?;
    world.deploy(&samples::two_at_once()).await?;
    let key = world.begin("TwoAtOnce", json!({ "recipient": "marta.lind@nordguss.example", "order": "1" })).await?;
    world.drain().await?;
    let tasks: Vec<TaskKey> = world.load(key).await?.aggregate.tasks.values().map(|task| task.key).collect();
    let run = start_keys(&world, Action::Cancel, &tasks).await?;
    world.settle().await?;
    let run = look(&world, &run).await?;
    assert_eq!((run.succeeded, run.failed), (2, 0));
    Ok(())
}

/// At the third receive the worker itself records the task as failed, and goes on with the next.
#[tokio::test]
async fn a_task_that_cannot_be_done_is_recorded_as_failed_at_the_third_receive() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(2).await?;
    let run = start_keys(&world, Action::Resend, &tasks).await?;
    for receive in 1..=3 {
        world.gate.fail_next(Call::Commit, Fault::Unavailable);
        assert_eq!(message(&mut world, &run, 1, receive).await?, receive == 3);
    }
    world.settle().await?;
    let run = look(&world, &run).await?;
    assert_eq!((run.status, run.succeeded, run.failed), (RunStatus::Completed, 1, 1));
    assert_eq!(failures(&world, &run).await?, [(tasks[0], "INTERNAL".to_owned())]);
    assert_eq!(world.aws.held().dead_letters.len(), 0);
    Ok(())
}

/// What cannot be parsed goes to the dead letters and holds nobody up.
#[tokio::test]
async fn a_message_that_cannot_be_read_goes_to_the_dead_letters() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(1).await?;
    let now = world.clock.now();
    world.aws.held().put_fifo("odd".to_owned(), "odd".to_owned(), "not json".to_owned(), now);
    let run = start_keys(&world, Action::Resend, &tasks).await?;
    world.settle().await?;
    assert_eq!(look(&world, &run).await?.status, RunStatus::Completed);
    let letters = world.aws.held().dead_letters.clone();
    assert_eq!(letters.iter().map(|letter| letter.receives).collect::<Vec<_>>(), [5]);
    Ok(())
}

/// Fault 1: every message twice, at once and an hour later, and every order of the run again.
#[tokio::test]
async fn messages_and_orders_that_come_twice_change_nothing() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(4).await?;
    let run = start_keys(&world, Action::Resend, &tasks).await?;
    for number in [1, 1, 2, 3, 2, 4, 4, 1] {
        assert!(message(&mut world, &run, number, 1).await?);
    }
    world.settle().await?;
    let done = look(&world, &run).await?;
    assert_eq!((done.status, done.succeeded), (RunStatus::Completed, 4));
    world.advance(3_600).await?;
    world.deliver_again(|n| n).await?;
    world.settle().await?;
    for number in 1..=4 {
        assert!(message(&mut world, &run, number, 2).await?);
    }
    assert_eq!(look(&world, &run).await?, done);
    for task in tasks {
        assert_eq!(resent(&world, task).await?, 1);
        world.check(task.instance(), 0).await?;
    }
    Ok(())
}

/// A message that never comes is made up for by the next one.
#[tokio::test]
async fn a_lost_message_is_made_up_for_by_the_next() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(3).await?;
    let run = start_keys(&world, Action::Resend, &tasks).await?;
    assert!(message(&mut world, &run, 3, 1).await?);
    let run = look(&world, &run).await?;
    assert_eq!((run.status, run.succeeded), (RunStatus::Completed, 3));
    world.settle().await?;
    Ok(())
}
