//! SES throttles, pauses, fails, refuses, does not answer.

use super::{count, variables, waiting, world};
use anyhow::Result;
use domain::command::{Actor, Command};
use domain::event::Event;
use domain::external_task::Status;
use domain::notification::Delivery;
use testkit::aws::Function;
use testkit::gate::{Call, Fault};
use testkit::samples;
use testkit::world::{TENANT, operator, submit};

/// Faults 5 and 7: whatever passes is tried again by the queue, the stream goes on, and one mail goes out.
#[tokio::test]
async fn a_mail_that_ses_throttles_pauses_or_fails_goes_out_once_and_delays_nobody() -> Result<()> {
    for fault in [Fault::Throttled, Fault::Paused, Fault::Unavailable, Fault::Broken] {
        let mut world = world(&samples::approval()).await?;
        world.gate.fail_next(Call::SendEmail, fault);
        let first = world.begin("Approval", variables()).await?;
        let second = world.begin("Approval", variables()).await?;
        world.drain().await?;
        assert_eq!(world.stream_failures, 0, "{fault:?}");
        assert_eq!(world.aws.held().mails.len(), 1, "the second one's: {fault:?}");
        assert_eq!(world.task(first).await?.status, Status::Pending);
        world.settle().await?;
        assert_eq!(world.aws.held().mails.len(), 2, "{fault:?}");
        for key in [first, second] {
            world.check(key, 0).await?;
        }
    }
    Ok(())
}

/// Fault 5: no answer within 3 s, and nothing sent: the queue sends it.
#[tokio::test]
async fn a_mail_without_an_answer_is_given_to_the_queue_after_three_seconds() -> Result<()> {
    let mut world = world(&samples::question()).await?;
    world.gate.fail_next(Call::SendEmail, Fault::Silent);
    let key = world.begin("Question", variables()).await?;
    world.settle().await?;
    assert_eq!((world.stream_failures, world.aws.held().mails.len()), (0, 1));
    world.check(key, 0).await?;
    Ok(())
}

/// Faults 4 and 5: SES took the mail and its answer was lost. At most one more, with the same link; never none.
#[tokio::test]
async fn a_lost_answer_of_ses_doubles_a_mail_at_most_once_and_with_the_same_link() -> Result<()> {
    let mut world = world(&samples::question()).await?;
    world.gate.fail_next(Call::SendEmail, Fault::DoneThenBroken);
    let key = world.begin("Question", variables()).await?;
    world.settle().await?;
    let mails = world.aws.held().mails.clone();
    assert_eq!(mails.len(), 2);
    let link = format!("/t/{}", world.link(world.task(key).await?.key).await?);
    assert!(mails.iter().all(|mail| mail.text.contains(&link)));
    assert!(world.check(key, 0).await.is_err(), "the check would see a doubled mail");
    world.check(key, 1).await?;
    Ok(())
}

/// The mail went out and the table is throttled at its mark: the mark is tried again, not the mail.
#[tokio::test]
async fn a_throttled_mark_does_not_send_the_mail_again() -> Result<()> {
    let mut world = world(&samples::question()).await?;
    for _ in 0..2 {
        world.gate.fail_next(Call::Update, Fault::Throttled);
    }
    let key = world.begin("Question", variables()).await?;
    world.settle().await?;
    assert_eq!(world.aws.held().mails.len(), 1);
    world.check(key, 0).await?;
    Ok(())
}

/// Fault 6: SES refuses the address for good: recorded, flagged, no reminder any more; the task can still be answered.
#[tokio::test]
async fn a_refused_mail_is_recorded_as_failed_and_stops_the_reminders() -> Result<()> {
    let mut world = world(&samples::approval()).await?;
    world.gate.fail_next(Call::SendEmail, Fault::Refused);
    let key = world.begin("Approval", variables()).await?;
    world.settle().await?;
    let task = world.task(key).await?;
    assert_eq!((task.status, task.delivery, task.follow_up), (Status::Pending, Delivery::Failed, true));
    let names: Vec<String> = world.aws.held().schedules.keys().cloned().collect();
    assert_eq!(names, [format!("7-{}-e", task.key)], "the reminder is gone, the expiry stays");
    world.advance(11 * 86_400).await?;
    assert_eq!(world.aws.held().mails.len(), 0);
    world.execute(key, Actor::Recipient, submit(task.key, "approve", "page")).await?;
    world.drain().await?;
    world.check(key, 0).await?;
    Ok(())
}

/// Fault 7 and the end of retries: the last receive records the failure before the message goes to the dead letters.
#[tokio::test]
async fn the_last_receive_of_a_retry_marks_the_mail_failed_and_flags_the_task() -> Result<()> {
    let mut world = world(&samples::approval()).await?;
    world.gate.fail_always(Call::SendEmail, Fault::Paused);
    let key = world.begin("Approval", variables()).await?;
    world.drain().await?;
    world.advance(200).await?;
    assert_eq!(world.task(key).await?.delivery, Delivery::Queued, "not given up yet");
    world.settle().await?;
    let task = world.task(key).await?;
    assert_eq!((task.status, task.delivery, task.follow_up), (Status::Pending, Delivery::Failed, true));
    let letters = world.aws.held().dead_letters.clone();
    assert_eq!(
        letters.iter().map(|letter| (letter.function, letter.receives)).collect::<Vec<_>>(),
        [(Function::Outbox, testkit::outbox::RECEIVES_MAX)]
    );
    // The account sends again: an operator's resend goes out, and a replay of the dead letter changes nothing.
    world.gate.mend();
    world.execute(key, operator(), Command::Resend { task: task.key }).await?;
    world.settle().await?;
    let now = world.clock.now();
    world.aws.held().put(Function::Outbox, letters[0].body.clone(), now);
    world.settle().await?;
    assert_eq!(world.aws.held().mails.len(), 1);
    world.check(key, 0).await?;
    Ok(())
}

/// Fault 7: repetitions wait longer each time, so that an outage of a day, or a daily quota that is used up, costs no mail and
/// no hammering.
#[tokio::test]
async fn a_mail_outlasts_an_outage_of_a_day_with_few_tries() -> Result<()> {
    let mut world = world(&samples::question()).await?;
    world.gate.fail_always(Call::SendEmail, Fault::Unavailable);
    let key = world.begin("Question", variables()).await?;
    world.advance(24 * 3_600).await?;
    let tries = world.gate.calls().iter().filter(|call| **call == Call::SendEmail).count();
    assert!((14..=19).contains(&tries), "{tries} tries");
    world.gate.mend();
    world.settle().await?;
    world.check(key, 0).await?;
    let held = world.aws.held();
    assert_eq!((held.mails.len(), held.dead_letters.len()), (1, 0));
    Ok(())
}

/// A message that cannot be put off comes back when the queue shows it again.
#[tokio::test]
async fn a_retry_that_cannot_be_put_off_comes_back_by_itself() -> Result<()> {
    let mut world = world(&samples::question()).await?;
    world.gate.fail_next(Call::SendEmail, Fault::Throttled);
    world.gate.fail_next(Call::SendEmail, Fault::Throttled);
    world.gate.fail_always(Call::PutOff, Fault::Unavailable);
    let key = world.begin("Question", variables()).await?;
    world.settle().await?;
    assert_eq!(world.aws.held().mails.len(), 1);
    world.check(key, 0).await?;
    Ok(())
}

/// I5: the mail waits in the queue while the task is cancelled: it is not started.
#[tokio::test]
async fn no_mail_is_started_after_the_final_state() -> Result<()> {
    let mut world = world(&samples::approval()).await?;
    world.gate.fail_next(Call::SendEmail, Fault::Throttled);
    let key = world.begin("Approval", variables()).await?;
    world.drain().await?;
    let task = world.task(key).await?.key;
    world.execute(key, operator(), Command::CancelTask { task, reason: Some("ordered twice".to_owned()) }).await?;
    world.settle().await?;
    assert_eq!(world.aws.held().mails.len(), 0);
    world.check(key, 0).await?;
    Ok(())
}

/// A task whose time has passed gets no mail either, whether or not its timer has come.
#[tokio::test]
async fn no_mail_is_started_for_a_task_that_has_expired_by_time() -> Result<()> {
    let mut world = world(&samples::approval()).await?;
    world.gate.fail_next(Call::SendEmail, Fault::Throttled);
    let key = world.begin("Approval", variables()).await?;
    world.drain().await?;
    world.aws.held().schedules.clear();
    world.clock.move_to(world.clock.now().plus_millis(15 * 86_400_000));
    world.drain().await?;
    assert_eq!(world.aws.held().mails.len(), 0);
    assert_eq!(world.task(key).await?.status, Status::Pending, "its timer was lost; the time decides");
    Ok(())
}

/// Fault 29: the mail leaves only after the commit. A commit that fails leaves nothing at all.
#[tokio::test]
async fn a_start_that_is_not_committed_sends_nothing() -> Result<()> {
    let mut world = world(&samples::approval()).await?;
    world.gate.fail_next(Call::Commit, Fault::Throttled);
    assert!(world.begin("Approval", variables()).await.is_err());
    world.settle().await?;
    let held = world.aws.held();
    assert_eq!((held.mails.len(), held.schedules.len(), held.messages.len()), (0, 0, 0));
    Ok(())
}

/// A mail that was sent is recorded as sent, once, with SES's id; the row waits for a receipt.
#[tokio::test]
async fn a_mail_is_recorded_with_the_id_that_ses_gave() -> Result<()> {
    let (world, key, _) = waiting(&samples::approval(), "Approval").await?;
    let mail = world.aws.held().mails[0].clone();
    assert_eq!(
        (mail.to.as_str(), mail.from.as_str()),
        ("marta.lind@nordguss.example", "\"Norvik Harbour\" <mail@norvik.example>")
    );
    let journal = world.observer.journal(TENANT, key).await?;
    let records: Vec<_> = journal.iter().flat_map(|entry| entry.mails.values()).collect();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].message_id.as_deref(), Some(mail.id.as_str()));
    assert_eq!((records[0].delivery, world.task(key).await?.delivery), (Delivery::Sent, Delivery::Queued));
    assert_eq!(count(&world, key, |event| matches!(event, Event::TaskBounced { .. })).await?, 0);
    Ok(())
}
