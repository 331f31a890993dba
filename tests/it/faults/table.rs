//! The table throttles, fails, or its answer is lost after it has done what was asked.

use super::{completions, variables, waiting, world};
use anyhow::Result;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::command::{Actor, Command};
use domain::decision::Reply;
use domain::external_task::Status;
use testkit::gate::{Call, Fault};
use testkit::samples;
use testkit::world::{TENANT, operator, start, submit};

/// Fault 13: a throttled, failed or unreachable table changes nothing, and the same request works afterwards.
#[tokio::test]
async fn a_command_that_the_table_does_not_take_changes_nothing_and_works_again() -> Result<()> {
    for (call, fault) in [
        (Call::Commit, Fault::Throttled),
        (Call::Commit, Fault::Unavailable),
        (Call::Commit, Fault::Broken),
        (Call::Table, Fault::Throttled),
        (Call::Table, Fault::Broken),
    ] {
        let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
        let before = world.load(key).await?;
        world.gate.fail_next(call, fault);
        assert!(
            world.execute(key, Actor::Recipient, submit(task, "approve", "page")).await.is_err(),
            "{call:?} {fault:?}"
        );
        assert_eq!(world.load(key).await?, before);
        world.execute(key, Actor::Recipient, submit(task, "approve", "page")).await?;
        world.settle().await?;
        world.check(key, 0).await?;
    }
    Ok(())
}

/// Fault 13: the answer to a commit is lost. The recipient presses again and is thanked; nothing happened twice.
#[tokio::test]
async fn an_answer_whose_commit_was_not_confirmed_is_accepted_once() -> Result<()> {
    let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
    world.gate.fail_next(Call::Commit, Fault::DoneThenBroken);
    assert!(world.execute(key, Actor::Recipient, submit(task, "approve", "page")).await.is_err());
    assert_eq!(world.task(key).await?.status, Status::Completed, "it was done");
    let again = world.execute(key, Actor::Recipient, submit(task, "approve", "page")).await?;
    assert_eq!((again.reply, again.journal), (Reply::Submitted, None));
    assert_eq!(completions(&world, key).await?, 1);
    // The transaction was not counted as taken; its journal item is delivered all the same.
    world.settle().await?;
    assert!(world.aws.held().schedules.is_empty());
    world.check(key, 0).await?;
    Ok(())
}

/// A start whose confirmation was lost and that is made again with the same key makes no second instance.
#[tokio::test]
async fn a_start_with_a_key_that_is_taken_changes_nothing() -> Result<()> {
    let mut world = world(&samples::approval()).await?;
    let key = world.next_key();
    world.gate.fail_next(Call::Commit, Fault::DoneThenBroken);
    assert!(world.execute(key, operator(), start(key, "Approval", 1, variables())).await.is_err());
    let before = world.load(key).await?;
    let again = world.execute(key, operator(), start(key, "Approval", 1, variables())).await;
    assert!(matches!(again, Err(app::Error::Store(store::Error::KeyTaken))), "{again:?}");
    assert_eq!(world.load(key).await?, before);
    world.settle().await?;
    assert_eq!(world.aws.held().mails.len(), 1);
    world.check(key, 0).await?;
    Ok(())
}

/// The outbox cannot read or mark at the moment: the effect waits in the queue of retries and nothing is lost.
#[tokio::test]
async fn an_outbox_that_cannot_reach_the_table_loses_nothing() -> Result<()> {
    for fault in [Fault::Throttled, Fault::Unavailable, Fault::Broken] {
        let mut world = world(&samples::approval()).await?;
        let key = world.begin("Approval", variables()).await?;
        world.gate.fail_always(Call::Table, fault);
        world.drain().await?;
        assert_eq!(world.aws.held().mails.len(), 0);
        world.gate.mend();
        world.settle().await?;
        assert_eq!(world.aws.held().mails.len(), 1, "{fault:?}");
        world.check(key, 0).await?;
    }
    Ok(())
}

/// Tampering with the journal shows: the proof of the other tests is one.
#[tokio::test]
async fn a_journal_item_changed_by_hand_breaks_the_chain() -> Result<()> {
    let (mut world, key, task) = waiting(&samples::approval(), "Approval").await?;
    world.execute(key, operator(), Command::CancelTask { task, reason: Some("ordered twice".to_owned()) }).await?;
    world.drain().await?;
    world.check(key, 0).await?;
    let entry = world.observer.journal(TENANT, key).await?.remove(0).id;
    let text = AttributeValue::S;
    let update = world.table.client.update_item().table_name(&world.table.name);
    let update =
        update.key(store::table::PARTITION_KEY, text(entry.pk())).key(store::table::SORT_KEY, text(entry.sk()));
    let update = update.update_expression("SET c = :c").expression_attribute_values(":c", text("cancel".to_owned()));
    update.send().await?;
    assert!(world.check(key, 0).await.is_err());
    Ok(())
}
