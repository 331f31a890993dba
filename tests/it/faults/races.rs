//! Two wills at one moment: recipients, operators and timers that meet on one task. One conditional write decides.

use super::{completions, count, variables, waiting, world};
use anyhow::Result;
use app::Error;
use domain::command::{Actor, Command};
use domain::decision::Reply;
use domain::event::Event;
use domain::external_task::Status;
use domain::rejection::Rejection;
use testkit::samples;
use testkit::world::{operator, submit};

/// The refusal that tells the state.
fn refused_as(result: Result<app::Outcome, Error>, expected: &str) -> bool {
    matches!(result, Err(Error::Rejected(Rejection::InvalidState { state, .. })) if state == expected)
}

/// Fault 14: two tabs answer at once: one answer counts, the other one is told.
#[tokio::test]
async fn two_answers_at_once_complete_the_task_once() -> Result<()> {
    for _ in 0..5 {
        let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
        let (one, other, now) = (world.running(), world.another(), world.tick());
        let (first, second) = tokio::join!(
            one.execute(key, Actor::Recipient, submit(task, "approve", "tab one"), now),
            other.execute(key, Actor::Recipient, submit(task, "reject", "tab two"), now),
        );
        assert_eq!(usize::from(first.is_ok()) + usize::from(second.is_ok()), 1);
        let loser = if first.is_ok() { second } else { first };
        assert!(refused_as(loser, "COMPLETED"));
        world.drain().await?;
        assert_eq!(completions(&world, key).await?, 1);
        world.check(key, 0).await?;
    }
    Ok(())
}

/// Fault 14: a double click posts the same page twice: both are told that the answer arrived, once.
#[tokio::test]
async fn the_same_page_posted_twice_at_once_is_one_answer_and_two_thanks() -> Result<()> {
    let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
    let (one, other, now) = (world.running(), world.another(), world.tick());
    let (first, second) = tokio::join!(
        one.execute(key, Actor::Recipient, submit(task, "approve", "page"), now),
        other.execute(key, Actor::Recipient, submit(task, "approve", "page"), now),
    );
    assert_eq!((first?.reply, second?.reply), (Reply::Submitted, Reply::Submitted));
    assert_eq!(completions(&world, key).await?, 1);
    world.drain().await?;
    world.check(key, 0).await?;
    Ok(())
}

/// Fault 14 through the door: the second tab gets 409 with the page that says so; the double click gets its success page.
#[tokio::test]
async fn the_door_answers_a_double_click_with_success_and_a_second_tab_with_409() -> Result<()> {
    let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
    let (tab_one, tab_two) = (world.open(task).await?, world.open(task).await?);
    assert_ne!(tab_one.value()?, tab_two.value()?);
    let first = world.post(task, &tab_one, "action=approve").await?;
    let again = world.post(task, &tab_one, "action=approve").await?;
    assert_eq!((first.status, again.status), (303, 303));
    assert_eq!(first.location, again.location);
    assert_eq!(world.post(task, &tab_two, "action=reject").await?.status, 409);
    world.drain().await?;
    assert_eq!(completions(&world, key).await?, 1);
    Ok(())
}

/// Fault 15: answer and expiry in both orders around the stored millisecond, and at once.
#[tokio::test]
async fn an_answer_and_the_expiry_end_the_task_once_in_any_order() -> Result<()> {
    let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
    let expires = world.task(key).await?.expires_at.expect("the process limits the time");
    let app = world.running();
    world.clock.move_to(expires);
    app.execute(key, Actor::Recipient, submit(task, "approve", "page"), expires.plus_millis(-1)).await?;
    let late = app.execute(key, Actor::System, Command::Expire { task }, expires).await;
    assert!(refused_as(late, "COMPLETED"));
    world.settle().await?;
    world.check(key, 0).await?;

    let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
    let app = world.running();
    world.clock.move_to(expires.plus_millis(60_000));
    let at = world.task(key).await?.expires_at.expect("the process limits the time");
    app.execute(key, Actor::System, Command::Expire { task }, at).await?;
    let late = app.execute(key, Actor::Recipient, submit(task, "approve", "page"), at).await;
    assert!(refused_as(late, "EXPIRED"));
    world.settle().await?;
    world.check(key, 0).await?;

    for _ in 0..5 {
        let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
        let at = world.task(key).await?.expires_at.expect("the process limits the time");
        world.clock.move_to(at);
        let (one, other) = (world.running(), world.another());
        let (answer, expiry) = tokio::join!(
            one.execute(key, Actor::Recipient, submit(task, "approve", "page"), at.plus_millis(-1)),
            other.execute(key, Actor::System, Command::Expire { task }, at),
        );
        assert_eq!(usize::from(answer.is_ok()) + usize::from(expiry.is_ok()), 1);
        world.settle().await?;
        world.check(key, 0).await?;
    }
    Ok(())
}

/// Fault 16: answer and cancel in both orders and at once. A cancel stops task, instance and schedules, or nothing.
#[tokio::test]
async fn an_answer_and_a_cancel_end_the_instance_once_in_any_order() -> Result<()> {
    for order in 0..3 {
        let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
        let page = world.open(task).await?;
        let (one, other, now) = (world.running(), world.another(), world.tick());
        let answer = one.execute(key, Actor::Recipient, submit(task, "approve", "page"), now);
        let cancel = other.execute(key, operator(), Command::CancelTask { task, reason: None }, now.plus_millis(1));
        let (answer, cancel) = match order {
            0 => (answer.await, cancel.await),
            1 => {
                let cancel = cancel.await;
                (answer.await, cancel)
            }
            _ => tokio::join!(answer, cancel),
        };
        assert_eq!(usize::from(answer.is_ok()) + usize::from(cancel.is_ok()), 1);
        world.settle().await?;
        let status = world.task(key).await?.status;
        assert_eq!(status, if answer.is_ok() { Status::Completed } else { Status::Cancelled });
        assert!(world.aws.held().schedules.is_empty());
        let shown = world.post(task, &page, "action=approve").await?;
        assert_eq!(shown.status, 409, "the link shows what happened");
        world.check(key, 0).await?;
    }
    Ok(())
}

/// Fault 17: a resend and an answer, a sync and an answer, in both orders and at once.
#[tokio::test]
async fn a_resend_or_a_sync_beside_an_answer_changes_nothing_of_it() -> Result<()> {
    for order in 0..6 {
        let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
        let (one, other, now) = (world.running(), world.another(), world.tick());
        let command = if order < 3 { Command::Resend { task } } else { Command::SyncTemplates { task, version: 1 } };
        let upkeep = other.execute(key, operator(), command, now);
        let answer = one.execute(key, Actor::Recipient, submit(task, "approve", "page"), now.plus_millis(1));
        let (answer, upkeep) = match order % 3 {
            0 => {
                let upkeep = upkeep.await;
                (answer.await, upkeep)
            }
            1 => (answer.await, upkeep.await),
            _ => tokio::join!(answer, upkeep),
        };
        assert!(answer.is_ok(), "{answer:?}");
        assert!(upkeep.is_ok() || refused_as(upkeep, "COMPLETED"));
        world.settle().await?;
        assert_eq!(completions(&world, key).await?, 1);
        world.check(key, 0).await?;
    }
    Ok(())
}

/// Fault 28: two parallel tasks of one instance are answered at once: both count, the instance completes once.
#[tokio::test]
async fn two_branches_answered_at_once_complete_the_instance_once() -> Result<()> {
    for _ in 0..5 {
        let mut world = world(&samples::two_at_once()).await?;
        let key = world.begin("TwoAtOnce", variables()).await?;
        world.drain().await?;
        let tasks: Vec<_> = world.load(key).await?.aggregate.tasks.into_values().map(|task| task.key).collect();
        let (one, other, now) = (world.running(), world.another(), world.tick());
        let (left, right) = tokio::join!(
            one.execute(key, Actor::Recipient, submit(tasks[0], "approve", "left"), now),
            other.execute(key, Actor::Recipient, submit(tasks[1], "reject", "right"), now),
        );
        assert_eq!((left?.reply, right?.reply), (Reply::Submitted, Reply::Submitted));
        world.settle().await?;
        assert_eq!(completions(&world, key).await?, 2);
        let ends = |event: &Event| matches!(event, Event::StatusChanged(status) if status.is_final());
        assert_eq!(count(&world, key, ends).await?, 1);
        assert!(world.aws.held().schedules.is_empty());
        world.check(key, 0).await?;
    }
    Ok(())
}
