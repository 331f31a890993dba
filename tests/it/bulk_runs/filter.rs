//! Runs by filter: collected in steps by the worker, not in one request.

use super::{in_time, look, resent, start, waiting_tasks};
use anyhow::Result;
use app::bulk_runs::{self, Selection};
use domain::bulk_run::{Action, Filter, RunStatus};
use serde_json::json;
use testkit::samples;

/// B-01 by filter: preparing first, then the PENDING tasks that match, oldest first where that was asked.
#[tokio::test]
async fn a_run_by_filter_collects_what_matches_and_does_it() -> Result<()> {
    let (mut world, tasks) = waiting_tasks(4).await?;
    world.deploy(&samples::approval()).await?;
    let other = world.begin("Approval", json!({ "recipient": "kim@acme.example", "order": "1" })).await?;
    world.drain().await?;
    let other = world.task(other).await?.key;
    let filter = Filter { process_id: Some("Question".to_owned()), oldest_first: true, ..Filter::default() };
    let run = start(&world, Action::Resend, Selection::Filter(filter), false).await?;
    assert_eq!((run.status, run.total), (RunStatus::Preparing, None));
    let before = world.aws.held().mails.len();
    world.settle().await?;
    let run = look(&world, &run).await?;
    assert_eq!((run.status, run.total, run.selected, run.succeeded), (RunStatus::Completed, Some(4), 4, 4));
    assert_eq!(world.aws.held().mails.len(), before + 4);
    assert_eq!(in_time(&world, &tasks).await?, tasks);
    assert_eq!((resent(&world, tasks[0]).await?, resent(&world, other).await?), (1, 0));
    Ok(())
}

/// A filter that nothing matches ends where it began, and so does one stopped while it is prepared.
#[tokio::test]
async fn a_run_that_finds_nothing_and_one_stopped_in_preparation_end() -> Result<()> {
    let (mut world, _) = waiting_tasks(1).await?;
    let nobody = Filter { activity: Some("Nothing".to_owned()), ..Filter::default() };
    let run = start(&world, Action::Resend, Selection::Filter(nobody), false).await?;
    let stopped = start(&world, Action::Resend, Selection::Filter(Filter::default()), false).await?;
    bulk_runs::stop(&world.running().app, &super::manager(), stopped.key, world.tick()).await?;
    let nothing = start(&world, Action::Resend, Selection::Nothing, false).await?;
    assert_eq!((nothing.status, nothing.total), (RunStatus::Completed, Some(0)));
    world.settle().await?;
    let run = look(&world, &run).await?;
    assert_eq!((run.status, run.summary().as_str()), (RunStatus::Completed, "0 tasks processed successfully."));
    let stopped = look(&world, &stopped).await?;
    assert_eq!((stopped.status, stopped.total, stopped.skipped), (RunStatus::Stopped, Some(0), 0));
    Ok(())
}
