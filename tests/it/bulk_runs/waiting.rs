//! Fault 5: the account is paused or its quota is used up. The run waits and says why, and goes on by itself.

use super::{look, resent, start_keys, waiting_tasks};
use anyhow::{Context, Result};
use app::bulk_runs;
use domain::bulk_run::{Action, RunStatus};
use store::Quota;
use testkit::World;

/// What SES would say of the account from now on, and what the outbox has kept of it.
async fn quota(world: &World, sent_24h: f64, sending_enabled: bool) -> Result<()> {
    let read_at = world.clock.now();
    let quota = Quota { max_24h: 200.0, sent_24h, per_second: 14.0, sending_enabled, read_at };
    world.aws.held().account = testkit::aws::Account { max_24h: 200.0, sent_24h, per_second: 14.0, sending_enabled };
    Ok(world.observer.put_quota(&quota).await?)
}

/// Quota exhausted: nothing is sent, the run says why, no receive is used up, and it goes on when mail can be sent again.
#[tokio::test]
async fn a_run_waits_while_the_quota_is_used_up_and_then_goes_on() -> Result<()> {
    for (sent, enabled, code) in [(200.0, true, "QUOTA_EXHAUSTED"), (0.0, false, "SENDING_PAUSED")] {
        let (mut world, tasks) = waiting_tasks(12).await?;
        quota(&world, sent, enabled).await?;
        world.restart();
        let mails = world.aws.held().mails.len();
        let run = start_keys(&world, Action::Resend, &tasks).await?;
        world.advance(1_000).await?;
        let held_up = look(&world, &run).await?;
        let waiting = held_up.waiting.context("it waits")?;
        assert_eq!((held_up.status, held_up.processed, waiting.reason.code()), (RunStatus::Running, 0, code));
        assert!(waiting.since < run.started_at.plus_millis(60_000), "since the beginning");
        assert_eq!(world.aws.held().mails.len(), mails);
        assert_eq!(world.aws.held().dead_letters.len(), 0);
        quota(&world, 0.0, true).await?;
        world.advance(300).await?;
        let done = look(&world, &run).await?;
        assert_eq!((done.status, done.succeeded, done.waiting), (RunStatus::Completed, 12, None));
        for task in tasks {
            assert_eq!(resent(&world, task).await?, 1);
        }
        world.settle().await?;
    }
    Ok(())
}

/// A run that waits can be stopped, and one whose quota runs out on the way has done what was left of it.
#[tokio::test]
async fn a_run_does_what_the_quota_still_allows_and_can_be_stopped_while_it_waits() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(6).await?;
    quota(&world, 196.0, true).await?;
    world.restart();
    let run = start_keys(&world, Action::Resend, &tasks).await?;
    world.drain().await?;
    let held_up = look(&world, &run).await?;
    assert_eq!((held_up.processed, held_up.waiting.is_some()), (4, true));
    bulk_runs::stop(&world.running().app, &super::manager(), run.key, world.tick()).await?;
    world.settle().await?;
    let stopped = look(&world, &run).await?;
    assert_eq!((stopped.status, stopped.summary().as_str()), (RunStatus::Stopped, "4 done, 0 failed, 2 skipped."));
    Ok(())
}

/// Cancels and syncs send nothing: no quota holds them up, and no pace.
#[tokio::test]
async fn a_run_that_mails_nobody_does_not_wait_for_the_quota() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(2).await?;
    quota(&world, 200.0, false).await?;
    world.restart();
    let run = start_keys(&world, Action::Cancel, &tasks).await?;
    world.settle().await?;
    assert_eq!(look(&world, &run).await?.succeeded, 2);
    Ok(())
}
