//! Streams and queues that deliver twice, late, in another order, or what nobody can read.

use super::{effects, permutations, variables, waiting, world};
use anyhow::Result;
use domain::command::{Actor, Command};
use domain::external_task::Status;
use serde_json::json;
use testkit::aws::Function;
use testkit::gate::{Call, Fault};
use testkit::samples;
use testkit::world::{operator, submit};

/// Fault 1: a batch comes twice, at once and an hour later. One mail, the same schedules.
#[tokio::test]
async fn a_stream_that_delivers_twice_sends_one_mail_and_makes_each_schedule_once() -> Result<()> {
    let (mut world, key, _) = waiting(&samples::approval(), "Approval").await?;
    let made = world.aws.held().made.clone();
    world.deliver_again(|n| n).await?;
    world.advance(3_600).await?;
    world.deliver_again(|n| n).await?;
    world.settle().await?;
    assert_eq!(world.aws.held().mails.len(), 1);
    assert_eq!(world.aws.held().made, made, "a schedule that exists is success");
    assert_eq!(world.aws.held().messages.len(), 0, "nothing waits to be tried again");
    world.check(key, 0).await?;
    Ok(())
}

/// Fault 1: the whole stream of a life that has ended is read again from its beginning.
#[tokio::test]
async fn a_stream_read_again_after_the_end_sends_nothing_and_leaves_no_schedule() -> Result<()> {
    let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
    world.execute(key, Actor::Recipient, submit(task, "approve", "page")).await?;
    world.drain().await?;
    world.deliver_again(|n| n).await?;
    world.settle().await?;
    assert_eq!(world.aws.held().mails.len(), 1);
    assert!(world.aws.held().schedules.is_empty());
    world.check(key, 0).await?;
    Ok(())
}

/// Fault 2: retries come in any order, here every one of them, while the task waits.
#[tokio::test]
async fn effects_of_a_waiting_task_in_any_order_send_one_mail() -> Result<()> {
    let (mut world, key, _) = waiting(&samples::approval(), "Approval").await?;
    let names = effects(&world, key).await?;
    assert_eq!(names.len(), 4, "expiry, first reminder, mail, recipient");
    for order in permutations(names.len()) {
        for at in order {
            let now = world.clock.now();
            world.aws.held().put(Function::Outbox, names[at].clone(), now);
            world.drain().await?;
        }
    }
    assert_eq!(world.aws.held().mails.len(), 1);
    assert_eq!(world.aws.held().schedules.len(), 2);
    world.check(key, 0).await?;
    Ok(())
}

/// Fault 2: nothing of the creation was done, the task was cancelled meanwhile, and the retries come in any order, also
/// the deletion of a schedule before its creation. I5, I6, I8.
#[tokio::test]
async fn effects_in_any_order_after_a_cancel_send_no_mail_and_leave_no_schedule() -> Result<()> {
    let mut world = world(&samples::approval()).await?;
    for call in [Call::SendEmail, Call::CreateSchedule, Call::DeleteSchedule] {
        world.gate.fail_always(call, Fault::Unavailable);
    }
    let key = world.begin("Approval", variables()).await?;
    world.drain().await?;
    let task = world.task(key).await?.key;
    world.execute(key, operator(), Command::CancelTask { task, reason: None }).await?;
    world.drain().await?;
    world.gate.mend();
    world.aws.held().messages.clear();
    let names = effects(&world, key).await?;
    assert_eq!(names.len(), 6, "expiry, reminder, mail, recipient; both schedules deleted");
    for order in permutations(names.len()).into_iter().step_by(29) {
        for at in order {
            let now = world.clock.now();
            world.aws.held().put(Function::Outbox, names[at].clone(), now);
        }
        world.drain().await?;
        assert!(world.aws.held().schedules.is_empty());
    }
    assert_eq!(world.aws.held().mails.len(), 0);
    world.check(key, 0).await?;
    Ok(())
}

/// The outbox never blocks the stream; only when the queue of retries does not take an effect is the record delivered
/// again, and that, too, sends one mail.
#[tokio::test]
async fn a_record_is_delivered_again_only_where_the_queue_of_retries_is_down() -> Result<()> {
    let mut world = world(&samples::approval()).await?;
    world.gate.fail_next(Call::SendEmail, Fault::Throttled);
    world.gate.fail_next(Call::SendMessage, Fault::Unavailable);
    let key = world.begin("Approval", variables()).await?;
    world.drain().await?;
    assert_eq!(world.stream_failures, 1);
    world.settle().await?;
    assert_eq!(world.aws.held().mails.len(), 1);
    world.check(key, 0).await?;
    Ok(())
}

/// Fault 21: what cannot be read is passed over on the stream and reaches the dead letters from the queue; others flow.
#[tokio::test]
async fn poison_reaches_the_dead_letters_and_holds_up_nobody() -> Result<()> {
    let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
    let future = json!({ "Records": [{
        "eventSource": "aws:dynamodb", "eventName": "INSERT",
        "dynamodb": { "NewImage": { "pk": { "S": "7#I#1" }, "sk": { "S": "~J#1#H#1" }, "ev": { "S": "[{\"new\":1}]" } } },
    }] });
    let handled = world.invoke(Function::Outbox, future).await;
    assert!(handled.is_some_and(|handled| handled.is_ok()), "a record of a later version must not hold up the shard");
    let now = world.clock.now();
    let huge = "x".repeat(1_000_000);
    for body in ["not json", "{}", r#"{"pk":"7#T","sk":"T","effect":0}"#, huge.as_str()] {
        world.aws.held().put(Function::Outbox, body.to_owned(), now);
    }
    world.aws.held().put(Function::Expiry, "not json".to_owned(), now);
    world.execute(key, operator(), Command::Resend { task }).await?;
    world.settle().await?;
    world.advance(3_600).await?;
    assert_eq!(world.aws.held().dead_letters.len(), 5);
    assert_eq!(world.aws.held().mails.len(), 2, "the resend went out all the same");
    world.check(key, 0).await?;
    Ok(())
}

/// An effect of a journal item that is gone, or with a number it does not have, is nothing to do.
#[tokio::test]
async fn a_retry_of_an_unknown_effect_is_done() -> Result<()> {
    let (mut world, key, _) = waiting(&samples::approval(), "Approval").await?;
    let entry = world.observer.journal(testkit::world::TENANT, key).await?.remove(0).id;
    let now = world.clock.now();
    for (sk, effect) in [(entry.sk(), 99), ("~J#0000000000001#H#1".to_owned(), 0)] {
        let body = json!({ "pk": entry.pk(), "sk": sk, "effect": effect }).to_string();
        world.aws.held().put(Function::Outbox, body, now);
    }
    world.drain().await?;
    let waiting: Vec<_> =
        world.aws.held().messages.iter().filter(|message| message.function == Function::Outbox).cloned().collect();
    assert_eq!(waiting, []);
    assert_eq!(world.task(key).await?.status, Status::Pending);
    Ok(())
}
