//! Schedules that are throttled, exist already, are gone, fire twice, early, late or for nothing.

use super::{reminders, variables, waiting, world};
use anyhow::Result;
use domain::command::Actor;
use domain::external_task::Status;
use serde_json::json;
use testkit::World;
use testkit::aws::Function;
use testkit::gate::{Call, Fault};
use testkit::samples;
use testkit::world::{TENANT, submit};

const DAY_MS: i64 = 86_400_000;

/// Fault 12: the task is there although Scheduler throttles, is down or its quota is full, and the schedules follow.
#[tokio::test]
async fn schedules_that_cannot_be_made_now_are_made_later() -> Result<()> {
    for fault in [Fault::Throttled, Fault::Unavailable, Fault::Paused, Fault::Broken, Fault::DoneThenBroken] {
        let mut world = world(&samples::approval()).await?;
        world.gate.fail_next(Call::CreateSchedule, fault);
        world.gate.fail_next(Call::CreateSchedule, fault);
        let key = world.begin("Approval", variables()).await?;
        world.drain().await?;
        assert_eq!(world.aws.held().mails.len(), 1, "the mail does not wait for them");
        world.settle().await?;
        assert_eq!(world.aws.held().schedules.len(), 2, "{fault:?}");
        world.check(key, 0).await?;
    }
    Ok(())
}

/// Fault 12 and design 8: a schedule whose creation was delayed past the end of its task is deleted by that creation.
#[tokio::test]
async fn a_schedule_made_after_the_end_of_its_task_does_not_outlive_its_making() -> Result<()> {
    let mut world = world(&samples::approval()).await?;
    world.gate.fail_next(Call::CreateSchedule, Fault::Throttled);
    world.gate.fail_next(Call::CreateSchedule, Fault::Throttled);
    let key = world.begin("Approval", variables()).await?;
    world.drain().await?;
    let task = world.task(key).await?.key;
    world.execute(key, Actor::Recipient, submit(task, "approve", "page")).await?;
    world.settle().await?;
    assert_eq!(world.aws.held().made.len(), 2);
    assert!(world.aws.held().schedules.is_empty());
    world.check(key, 0).await?;
    Ok(())
}

/// Deleting a schedule that is gone is success, one that Scheduler throttles is deleted later.
#[tokio::test]
async fn deleting_is_done_when_the_schedule_is_unknown_and_again_when_it_failed() -> Result<()> {
    let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
    let expiry = format!("7-{task}-e");
    world.aws.held().schedules.remove(&expiry);
    world.gate.fail_next(Call::DeleteSchedule, Fault::Throttled);
    world.gate.fail_next(Call::DeleteSchedule, Fault::DoneThenBroken);
    world.execute(key, Actor::Recipient, submit(task, "approve", "page")).await?;
    world.drain().await?;
    assert!(!world.aws.held().messages.is_empty(), "both wait in the queue of retries");
    world.settle().await?;
    let held = world.aws.held();
    assert_eq!((held.schedules.len(), held.messages.len(), held.dead_letters.len()), (0, 0, 0));
    Ok(())
}

/// Fault 8: a reminder that fires twice is one reminder.
#[tokio::test]
async fn a_reminder_that_fires_twice_reminds_once() -> Result<()> {
    let (mut world, key, _) = waiting(&samples::approval(), "Approval").await?;
    let input = scheduled(&world, "r1");
    world.advance(5 * 86_400 + 60).await?;
    assert_eq!(reminders(&world, key).await?, 1);
    for _ in 0..2 {
        let again = world.invoke(Function::Reminder, input.clone()).await;
        assert!(again.is_some_and(|again| again.is_ok()), "a repeated firing counts as handled");
    }
    world.settle().await?;
    assert_eq!((reminders(&world, key).await?, world.aws.held().mails.len()), (1, 2));
    world.check(key, 0).await?;
    Ok(())
}

/// Fault 9: a firing before its time is kept for later by whoever delivered it, schedule or queue.
#[tokio::test]
async fn a_firing_before_its_time_is_kept_for_later() -> Result<()> {
    let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
    for (function, suffix) in [(Function::Reminder, "r1"), (Function::Expiry, "e")] {
        let input = scheduled(&world, suffix);
        let early = world.invoke(function, input.clone()).await;
        assert!(early.is_some_and(|early| early.is_err()), "the scheduler must fire again");
        let batch = json!({ "Records": [{
            "messageId": "m1", "body": input.to_string(), "eventSource": "aws:sqs",
            "attributes": { "ApproximateReceiveCount": "1" },
        }] });
        let answer = world.invoke(function, batch).await.and_then(Result::ok);
        assert_eq!(answer, Some(json!({ "batchItemFailures": [{ "itemIdentifier": "m1" }] })));
    }
    assert_eq!(world.observer.journal(TENANT, key).await?.len(), 1, "nothing was decided");
    // A firing that came a minute early and is made again is carried out in its time.
    let at = world.aws.held().schedules[&format!("7-{task}-r1")].at;
    if let Some(schedule) = world.aws.held().schedules.get_mut(&format!("7-{task}-r1")) {
        schedule.at = at.plus_millis(-60_000);
    }
    world.advance_to(at.plus_millis(60_000)).await?;
    assert_eq!(reminders(&world, key).await?, 1);
    world.check(key, 0).await?;
    Ok(())
}

/// Fault 9: a day late. Missed reminders fold into one.
#[tokio::test]
async fn reminders_that_were_missed_fold_into_one() -> Result<()> {
    let (mut world, key, _) = waiting(&samples::approval(), "Approval").await?;
    world.clock.move_to(world.clock.now().plus_millis(11 * DAY_MS));
    world.settle().await?;
    assert_eq!((reminders(&world, key).await?, world.aws.held().mails.len()), (1, 2));
    assert_eq!(world.aws.held().schedules.len(), 1, "only the expiry is left");
    world.check(key, 0).await?;
    Ok(())
}

/// Fault 9: the expiry is a day late. The stored time decides: the page says so and the answer is refused.
#[tokio::test]
async fn a_late_expiry_lets_nobody_answer_after_the_stored_time() -> Result<()> {
    let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
    let page = world.open(task).await?;
    world.clock.move_to(world.clock.now().plus_millis(15 * DAY_MS));
    let late = world.open(task).await?;
    assert_eq!(late.status, 200);
    assert!(late.value().is_err(), "no form on the page of an expired task");
    assert_eq!(world.task(key).await?.status, Status::Pending, "a GET decides nothing");
    let answered = world.post(task, &page, "action=approve").await?;
    assert_eq!(answered.status, 409);
    assert_eq!(world.task(key).await?.status, Status::Expired, "the refused answer carried the expiry out");
    world.settle().await?;
    assert!(world.aws.held().schedules.is_empty());
    world.check(key, 0).await?;
    Ok(())
}

/// Fault 10: after completion, after deletion, for a task, an instance and a tenant that do not exist: nothing happens.
#[tokio::test]
async fn a_firing_for_what_has_ended_or_never_was_does_nothing() -> Result<()> {
    let (mut world, key, task) = waiting(&samples::hurried(), "Hurried").await?;
    world.execute(key, Actor::Recipient, submit(task, "approve", "page")).await?;
    world.settle().await?;
    let journal = world.observer.journal(TENANT, key).await?.len();
    let number = task.number().0;
    let (reminder, expiry) = (json!({ "r": { "t": number, "n": 1 } }), json!({ "e": { "t": number } }));
    let timer = json!({ "b": { "k": 2, "e": "TimeIsUp", "n": 1 } });
    let no_task = json!({ "e": { "t": 60_000 } });
    for (function, due) in [
        (Function::Reminder, reminder),
        (Function::Expiry, expiry),
        (Function::Timer, timer),
        (Function::Expiry, no_task),
    ] {
        for (tenant, instance) in [(7, key.to_string()), (7, "65536".to_owned()), (8, key.to_string())] {
            let event = json!({ "tenant": tenant, "instance": instance, "due": due });
            let handled = world.invoke(function, event).await;
            assert!(handled.is_some_and(|handled| handled.is_ok()), "{function:?} {tenant} {instance}");
        }
    }
    // What was queued for the next minute comes and finds the end.
    world.advance(120).await?;
    assert_eq!(world.observer.journal(TENANT, key).await?.len(), journal);
    assert_eq!(world.aws.held().mails.len(), 1);
    world.check(key, 0).await?;
    Ok(())
}

/// Times within a minute travel through the queues: two reminders, a timer that repeats, then the expiry.
#[tokio::test]
async fn a_life_of_seconds_runs_through_the_queues_and_leaves_nothing_behind() -> Result<()> {
    let (mut world, key, _) = waiting(&samples::hurried(), "Hurried").await?;
    assert!(world.aws.held().made.is_empty(), "no schedule for what is due within a minute");
    world.advance(120).await?;
    assert_eq!(reminders(&world, key).await?, 2);
    assert_eq!(world.task(key).await?.status, Status::Expired);
    world.check(key, 0).await?;
    let held = world.aws.held();
    assert_eq!((held.messages.len(), held.schedules.len(), held.dead_letters.len()), (0, 0, 0));
    Ok(())
}

/// The payload of the schedule whose name ends so.
fn scheduled(world: &World, suffix: &str) -> serde_json::Value {
    let held = world.aws.held();
    let found = held.schedules.iter().find(|(name, _)| name.ends_with(&format!("-{suffix}")));
    found.map(|(_, schedule)| schedule.input.clone()).expect("it was made at creation")
}
