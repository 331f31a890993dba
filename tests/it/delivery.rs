//! Receipts of mails: what SES reports, in every order, twice, late and forged; the day's counters, the quota, the limits.

use crate::mail_events::handler;
use anyhow::Result;
use domain::command::{Actor, Command};
use domain::external_task::Status;
use domain::ids::TenantId;
use domain::notification::Delivery;
use serde_json::{Value, json};
use store::{DayCounts, TaskQuery};
use testkit::World;
use testkit::aws::Mail;
use testkit::gate::{Call, Fault};
use testkit::samples;
use testkit::world::{TENANT, operator, submit};

fn variables() -> Value {
    json!({ "recipient": "marta.lind@nordguss.example", "order": "PO-4711" })
}

/// An event of SES about a mail, as EventBridge puts it into the queue.
pub fn event(mail: &Mail, kind: &str, name: &str, part: Value) -> Value {
    let tags: serde_json::Map<String, Value> =
        mail.tags.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
    let mut detail = json!({
        "eventType": kind,
        "mail": { "messageId": mail.id, "timestamp": mail.at.to_string(), "tags": tags },
    });
    detail[name] = part;
    json!({ "source": "aws.ses", "detail": detail })
}

pub fn delivered(mail: &Mail) -> Value {
    event(mail, "Delivery", "delivery", json!({ "timestamp": mail.at.plus_millis(1_500).to_string() }))
}

fn bounced(mail: &Mail, kind: &str) -> Value {
    event(mail, "Bounce", "bounce", json!({ "bounceType": kind, "bounceSubType": "General" }))
}

fn complained(mail: &Mail) -> Value {
    event(mail, "Complaint", "complaint", json!({ "complaintFeedbackType": "abuse" }))
}

fn delayed(mail: &Mail) -> Value {
    event(mail, "DeliveryDelay", "deliveryDelay", json!({ "delayType": "MailboxFull" }))
}

/// Hands events to the function as one batch; gives how many return to the queue.
pub async fn report(world: &World, events: &[Value]) -> usize {
    let records: Vec<Value> = events
        .iter()
        .enumerate()
        .map(|(n, event)| json!({ "messageId": n.to_string(), "body": event.to_string() }))
        .collect();
    let running = world.running();
    let answer = handler::handle(&running.app, || world.tick(), &json!({ "Records": records })).await;
    answer["batchItemFailures"].as_array().map_or(0, Vec::len)
}

fn mails(world: &World) -> Vec<Mail> {
    world.aws.held().mails.clone()
}

async fn world() -> Result<World> {
    let world = World::start().await?;
    world.deploy(&samples::approval()).await?;
    Ok(world)
}

async fn recorded(world: &World, instance: domain::ids::InstanceKey) -> Result<Vec<store::Mail>> {
    let journal = world.observer.journal(TENANT, instance).await?;
    Ok(journal.into_iter().flat_map(|entry| entry.mails.into_values()).collect())
}

/// S0-10, S0-25: the row shows what the receipt says, the record who, when and why.
#[tokio::test]
async fn a_delivered_mail_shows_in_the_row_and_in_its_record() -> Result<()> {
    let mut world = world().await?;
    let key = world.begin("Approval", variables()).await?;
    world.drain().await?;
    assert_eq!(world.task(key).await?.delivery, Delivery::Queued, "that it is sent its own record says");
    assert_eq!(recorded(&world, key).await?[0].delivery, Delivery::Sent);
    assert_eq!(report(&world, &[delivered(&mails(&world)[0])]).await, 0);
    assert_eq!(world.task(key).await?.delivery, Delivery::Delivered);
    let mail = recorded(&world, key).await?.remove(0);
    assert_eq!((mail.delivery, mail.message_id.as_deref()), (Delivery::Delivered, Some(mails(&world)[0].id.as_str())));
    world.check(key, 0).await?;
    Ok(())
}

/// Quality 6.2, fault 6: late, repeated and disordered receipts never lower the rank.
#[tokio::test]
async fn receipts_in_any_order_and_number_end_at_the_highest() -> Result<()> {
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut world = world().await?;
        let key = world.begin("Approval", variables()).await?;
        world.drain().await?;
        let mail = mails(&world).remove(0);
        let receipts = [delayed(&mail), delivered(&mail), bounced(&mail, "Permanent")];
        for n in order {
            assert_eq!(report(&world, &[receipts[n].clone(), receipts[n].clone()]).await, 0);
        }
        let task = world.task(key).await?;
        assert_eq!(
            (task.delivery, task.follow_up, task.status),
            (Delivery::Bounced, true, Status::Pending),
            "{order:?}"
        );
        assert_eq!(recorded(&world, key).await?[0].delivery, Delivery::Bounced);
        world.drain().await?;
        world.check(key, 0).await?;
    }
    Ok(())
}

/// E-13: after a permanent bounce or a complaint no reminder goes out, and the list of what needs a person has the task.
#[tokio::test]
async fn a_bounce_or_a_complaint_stops_the_reminders_and_asks_for_a_person() -> Result<()> {
    for trouble in [bounced as fn(&Mail, &str) -> Value, |mail, _| complained(mail)] {
        let mut world = world().await?;
        let key = world.begin("Approval", variables()).await?;
        world.drain().await?;
        report(&world, &[delivered(&mails(&world)[0]), trouble(&mails(&world)[0], "Permanent")]).await;
        world.advance(11 * 86_400).await?;
        assert_eq!(mails(&world).len(), 1, "no reminder");
        let query = TaskQuery { follow_up: true, limit: 10, ..TaskQuery::default() };
        let page = world.observer.external_tasks(TENANT, &query, world.tick()).await?;
        assert_eq!(page.items.iter().map(|row| row.task.instance()).collect::<Vec<_>>(), [key]);
        // A bounced task can still be answered, and then needs nobody.
        let task = world.task(key).await?.key;
        world.execute(key, Actor::Recipient, submit(task, "approve", "page")).await?;
        world.drain().await?;
        assert!(world.observer.external_tasks(TENANT, &query, world.tick()).await?.items.is_empty());
    }
    Ok(())
}

/// A transient bounce and a delay pass by themselves.
#[tokio::test]
async fn what_passes_by_itself_asks_for_nobody() -> Result<()> {
    let mut world = world().await?;
    let key = world.begin("Approval", variables()).await?;
    world.drain().await?;
    report(&world, &[bounced(&mails(&world)[0], "Transient")]).await;
    let task = world.task(key).await?;
    assert_eq!((task.delivery, task.follow_up), (Delivery::Delayed, false));
    assert_eq!(recorded(&world, key).await?[0].reason.as_deref(), Some("General"));
    report(&world, &[delivered(&mails(&world)[0])]).await;
    assert_eq!(world.task(key).await?.delivery, Delivery::Delivered);
    Ok(())
}

/// A receipt that overtakes our own record of the hand-over: neither is lost.
#[tokio::test]
async fn a_receipt_may_overtake_the_record_of_the_hand_over() -> Result<()> {
    let mut world = world().await?;
    // SES took the mail, and its mark waits for a retry.
    for _ in 0..8 {
        world.gate.fail_next(Call::Update, Fault::Throttled);
    }
    let key = world.begin("Approval", variables()).await?;
    world.drain().await?;
    world.gate.mend();
    report(&world, &[delivered(&mails(&world)[0])]).await;
    world.settle().await?;
    let mail = recorded(&world, key).await?.remove(0);
    assert_eq!(mail.delivery, Delivery::Delivered);
    assert_eq!(mails(&world).len(), 1, "the receipt shows that it is out");
    Ok(())
}

/// A late bounce after the end shows in the row and changes nothing else.
#[tokio::test]
async fn a_bounce_after_the_answer_only_shows() -> Result<()> {
    let mut world = world().await?;
    let key = world.begin("Approval", variables()).await?;
    world.drain().await?;
    let task = world.task(key).await?.key;
    world.execute(key, Actor::Recipient, submit(task, "approve", "page")).await?;
    world.drain().await?;
    assert_eq!(report(&world, &[bounced(&mails(&world)[0], "Permanent")]).await, 0);
    let task = world.task(key).await?;
    assert_eq!((task.status, task.delivery, task.follow_up), (Status::Completed, Delivery::Bounced, false));
    world.check(key, 0).await?;
    Ok(())
}

/// What is not about one of our mails changes nothing and does not come back; what cannot be stored now does.
#[tokio::test]
async fn foreign_forged_and_malformed_receipts_change_nothing() -> Result<()> {
    let mut world = world().await?;
    let key = world.begin("Approval", variables()).await?;
    world.drain().await?;
    let mail = mails(&world).remove(0);
    let with_tag = |name: &str, value: &str| {
        let mut mail = mail.clone();
        mail.tags.insert(name.to_owned(), value.to_owned());
        bounced(&mail, "Permanent")
    };
    let others = [
        with_tag("tenant", "8"),
        with_tag("instance", "305119848772468736"),
        with_tag("journal", "_J_1_H_1"),
        with_tag("journal", "nonsense"),
        with_tag("effect", "17"),
        with_tag("effect", "-1"),
        event(&mail, "Levitation", "levitation", json!({})),
        event(&mail, "Subscription", "subscription", json!({})),
        event(&mail, "Complaint", "complaint", json!({ "complaintFeedbackType": "not-spam" })),
        json!({ "detail": 5 }),
        json!("text"),
    ];
    assert_eq!(report(&world, &others).await, 0);
    let task = world.task(key).await?;
    assert_eq!((task.delivery, task.follow_up), (Delivery::Queued, false));
    assert_eq!(world.observer.tenant(TenantId(8), world.tick()).await?, None);
    // A table that does not take it now gets it again.
    world.gate.fail_next(Call::Update, Fault::Unavailable);
    world.gate.fail_next(Call::Update, Fault::Unavailable);
    world.gate.fail_next(Call::Update, Fault::Unavailable);
    assert_eq!(report(&world, &[delivered(&mail)]).await, 1);
    world.gate.mend();
    assert_eq!(report(&world, &[delivered(&mail)]).await, 0);
    assert_eq!(world.task(key).await?.delivery, Delivery::Delivered);
    Ok(())
}

/// A death between the record and the row: the receipt comes again and the row shows it.
#[tokio::test]
async fn a_receipt_that_comes_again_shows_what_a_death_left_out() -> Result<()> {
    let mut world = world().await?;
    let key = world.begin("Approval", variables()).await?;
    world.drain().await?;
    let receipt = delivered(&mails(&world)[0]);
    // The record is the first update, the row the second.
    world.gate.fail_nth(Call::Update, 2, Fault::Unavailable);
    assert_eq!(report(&world, std::slice::from_ref(&receipt)).await, 1);
    assert_eq!(world.task(key).await?.delivery, Delivery::Queued);
    world.gate.mend();
    assert_eq!(report(&world, &[receipt]).await, 0);
    assert_eq!(world.task(key).await?.delivery, Delivery::Delivered);
    Ok(())
}

/// An open by a person counts more than one by a machine, and neither is a delivery.
#[tokio::test]
async fn opens_are_noted_beside_the_delivery() -> Result<()> {
    let mut world = world().await?;
    let key = world.begin("Approval", variables()).await?;
    world.drain().await?;
    let mail = mails(&world).remove(0);
    let open = |machine: bool| event(&mail, "Open", "open", json!({ "isBot": machine }));
    report(&world, &[delivered(&mail), open(true)]).await;
    assert_eq!(recorded(&world, key).await?[0].opened.map(|opened| opened.machine), Some(true));
    report(&world, &[open(false), open(true)]).await;
    let mail = recorded(&world, key).await?.remove(0);
    assert_eq!((mail.opened.map(|opened| opened.machine), mail.delivery), (Some(false), Delivery::Delivered));
    Ok(())
}

/// Counters by day, added to once a batch.
#[tokio::test]
async fn mails_are_counted_by_day_with_one_write_a_batch() -> Result<()> {
    let mut world = world().await?;
    for _ in 0..3 {
        world.begin("Approval", variables()).await?;
    }
    world.drain().await?;
    let sent = mails(&world);
    world.running().meter.take();
    report(&world, &[delivered(&sent[0]), delivered(&sent[0]), delivered(&sent[1]), bounced(&sent[2], "Permanent")])
        .await;
    let counted = world.running().meter.take().iter().filter(|call| call.pattern == "count mails").count();
    assert_eq!(counted, 1);
    let days = world.observer.delivery_days(TENANT, world.tick(), 14).await?;
    assert_eq!(days.len(), 14);
    let today = days.last().expect("today");
    let expected = DayCounts { queued: 3, sent: 3, delivered: 2, bounced: 1, ..DayCounts::of(world.tick()) };
    assert_eq!(*today, expected);
    assert!(days[..13].iter().all(DayCounts::is_empty));
    world.drain().await
}

/// Design 15: what the account may send is known after the first mail, and asked for once a minute.
#[tokio::test]
async fn the_quota_is_read_with_the_first_mail_and_then_once_a_minute() -> Result<()> {
    let mut world = world().await?;
    assert_eq!(world.observer.quota(world.tick()).await?, None);
    world.begin("Approval", variables()).await?;
    world.drain().await?;
    let quota = world.observer.quota(world.tick()).await?.expect("known now");
    assert!(quota.sending_enabled && quota.per_second > 0.0);
    world.aws.held().account.sending_enabled = false;
    world.begin("Approval", variables()).await?;
    world.drain().await?;
    assert!(world.running().app.store.quota(world.tick()).await?.expect("kept").sending_enabled, "not asked again");
    world.advance(120).await?;
    world.begin("Approval", variables()).await?;
    world.drain().await?;
    assert!(!world.running().app.store.quota(world.tick()).await?.expect("read again").sending_enabled);
    Ok(())
}

/// Abuse: a limit of the tenant is refused visibly; the task stays and can be answered.
#[tokio::test]
async fn a_mail_over_a_limit_is_recorded_as_failed_with_its_reason() -> Result<()> {
    for (per_day, per_recipient, reason) in [(Some(1), None, "DAILY_CAP"), (None, Some(1), "RECIPIENT_CAP")] {
        let mut world = world().await?;
        let mut record = world.observer.tenant(TENANT, world.tick()).await?.expect("the tenant");
        (record.mails_per_day, record.mails_per_recipient_day) = (per_day, per_recipient);
        world.running().app.store.put_tenant(&record).await?;
        let key = world.begin("Approval", variables()).await?;
        world.drain().await?;
        assert_eq!(mails(&world).len(), 1);
        let task = world.task(key).await?.key;
        world.execute(key, operator(), Command::Resend { task }).await?;
        world.drain().await?;
        assert_eq!(mails(&world).len(), 1, "the second one is refused: {reason}");
        let failed = recorded(&world, key).await?.into_iter().find(|mail| mail.delivery == Delivery::Failed);
        assert_eq!(failed.and_then(|mail| mail.reason).as_deref(), Some(reason));
        assert!(world.task(key).await?.follow_up);
        // The next day it goes out again.
        world.advance(2 * 86_400).await?;
        world.execute(key, operator(), Command::Resend { task }).await?;
        world.drain().await?;
        assert_eq!(mails(&world).len(), 2, "{reason}");
    }
    Ok(())
}
