//! Faults 3 and 19: a run whose processes die after every single call, one world for each call.

use super::{look, resent, start_keys, waiting_tasks};
use anyhow::{Context, Result, ensure};
use domain::bulk_run::{Action, BulkRun, RunStatus};
use domain::external_task::Status;
use testkit::gate::Call;

/// What one run left behind.
struct Ran {
    calls: Vec<Call>,
    run: BulkRun,
}

/// A run of three tasks in which the process dies after the `k`th call; 0: it does not.
async fn ran(action: Action, k: usize) -> Result<Ran> {
    let (mut world, tasks) = waiting_tasks(3).await?;
    let run = start_keys(&world, action, &tasks).await?;
    let before = world.gate.calls().len();
    if k > 0 {
        world.gate.die_after(k);
    }
    world.settle().await?;
    let calls = world.gate.calls()[before..].to_vec();
    ensure!(world.deaths == usize::from(k > 0), "it dies once");
    let run = look(&world, &run).await?;
    ensure!((run.status, run.succeeded, run.failed) == (RunStatus::Completed, 3, 0), "{run:?}");
    // Only between SES's answer and the mark may a mail be doubled.
    let doubled = usize::from(k > 0 && calls.get(k - 1) == Some(&Call::SendEmail));
    for task in &tasks {
        world.check(task.instance(), doubled).await?;
        match action {
            Action::Resend => ensure!(resent(&world, *task).await? == 1, "{task} was sent again more than once"),
            Action::Cancel => ensure!(world.task(task.instance()).await?.status == Status::Cancelled, "{task}"),
            Action::SyncTemplates => {}
        }
    }
    let held = world.aws.held();
    ensure!(held.messages.is_empty() && held.dead_letters.is_empty(), "{held:?}");
    ensure!(held.mails.len() <= 6 + doubled, "{} mails", held.mails.len());
    drop(held);
    Ok(Ran { calls, run })
}

async fn every_kill_point(action: Action, part: usize, of: usize) -> Result<()> {
    let Ran { calls, run } = ran(action, 0).await?;
    let mails = if action == Action::Resend { 3 } else { 0 };
    assert_eq!(run.mails_sent, mails);
    assert!(calls.len() >= 20, "there is something to kill: {}", calls.len());
    for k in (1..=calls.len()).filter(|k| k % of == part) {
        ran(action, k).await.with_context(|| format!("killed after call {k}, {:?}", calls.get(k - 1)))?;
    }
    Ok(())
}

#[tokio::test]
async fn a_death_after_any_odd_call_of_a_run_mails_nobody_twice() -> Result<()> {
    every_kill_point(Action::Resend, 1, 2).await
}

#[tokio::test]
async fn a_death_after_any_even_call_of_a_run_mails_nobody_twice() -> Result<()> {
    every_kill_point(Action::Resend, 0, 2).await
}

#[tokio::test]
async fn a_death_after_any_call_of_a_run_of_cancels_counts_every_cancel_as_done() -> Result<()> {
    every_kill_point(Action::Cancel, 0, 1).await
}
