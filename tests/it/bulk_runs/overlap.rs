//! Fault 20: two operators start the same run. Each task is done once, and both runs count it as done.

use super::{failures, look, message, resent, start_keys, waiting_tasks};
use anyhow::Result;
use domain::bulk_run::{Action, RunStatus};
use domain::external_task::Status;

#[tokio::test]
async fn two_runs_over_the_same_tasks_do_each_task_once() -> Result<()> {
    for action in [Action::Resend, Action::Cancel] {
        let (mut world, tasks) = waiting_tasks(5).await?;
        let first = start_keys(&world, action, &tasks).await?;
        let turned: Vec<_> = tasks.iter().rev().copied().collect();
        let second = start_keys(&world, action, &turned).await?;
        // One goes ahead on some, the other on others.
        assert!(message(&mut world, &first, 2, 1).await?);
        assert!(message(&mut world, &second, 2, 1).await?);
        world.settle().await?;
        for run in [&first, &second] {
            let run = look(&world, run).await?;
            assert_eq!((run.status, run.succeeded, run.failed), (RunStatus::Completed, 5, 0), "{action:?}");
            assert_eq!(failures(&world, &run).await?, []);
        }
        for task in tasks {
            match action {
                Action::Resend => assert_eq!(resent(&world, task).await?, 1),
                Action::Cancel => assert_eq!(world.task(task.instance()).await?.status, Status::Cancelled),
                Action::SyncTemplates => {}
            }
            world.check(task.instance(), 0).await?;
        }
    }
    Ok(())
}

/// What another run did before this one began is no reason to leave it out.
#[tokio::test]
async fn a_run_that_begins_when_another_has_ended_does_everything_again() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(2).await?;
    for times in 1..=2 {
        let run = start_keys(&world, Action::Resend, &tasks).await?;
        world.settle().await?;
        assert_eq!(look(&world, &run).await?.succeeded, 2);
        for task in &tasks {
            assert_eq!(resent(&world, *task).await?, times);
        }
    }
    Ok(())
}

/// Two workers have the same task of two runs in hand at the same moment: the commit lets one of them do it.
#[tokio::test]
async fn two_workers_at_the_same_moment_send_one_mail() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(1).await?;
    let first = start_keys(&world, Action::Resend, &tasks).await?;
    let second = start_keys(&world, Action::Resend, &tasks).await?;
    let (one, other) = (world.running(), world.another());
    let (now, task) = (world.tick(), tasks[0]);
    let work = |running: std::sync::Arc<testkit::world::Running>, run: domain::bulk_run::BulkRun| async move {
        let scripts = script::QuickJs::default();
        app::bulk_runs::perform(&running.app, &scripts, &run, task, now).await
    };
    let (done, again) = tokio::join!(work(one, first.clone()), work(other, second.clone()));
    let mut outcomes = [done?, again?].map(|outcome| format!("{outcome:?}"));
    outcomes.sort();
    assert_eq!(outcomes, ["AlreadyDone", "Done"]);
    world.settle().await?;
    assert_eq!(resent(&world, tasks[0]).await?, 1);
    assert_eq!((look(&world, &first).await?.succeeded, look(&world, &second).await?.succeeded), (1, 1));
    Ok(())
}
