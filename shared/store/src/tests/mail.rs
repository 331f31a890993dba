//! Marks of mails: only upward, in any state of the task, without disturbing anybody.

use super::fixture::*;
use crate::{Mark, Store};
use domain::notification::Delivery;

fn mark(delivery: Delivery, seconds: i64) -> Mark {
    let message_id = (delivery == Delivery::Sent).then(|| "0102-ses".to_owned());
    Mark { delivery, message_id, reason: None, at: at(seconds) }
}

async fn shown(store: &Store) -> Delivery {
    store.task(TENANT, task(1), true).await.expect("a table").expect("a task").task.delivery
}

#[tokio::test]
async fn the_rank_of_a_notification_only_rises() {
    let table = table().await;
    let store = table.store();
    let committed = commit(&store, None, &started(key(1), at(1)), at(1)).await.expect("a start");
    let id = committed.journal;
    let entry = async || store.journal_item(TENANT, &id, true).await.expect("a table").expect("an entry");
    assert_eq!(entry().await.mail(0), None, "queued");

    assert!(store.mark_mail(TENANT, &id, 0, &mark(Delivery::Sent, 2)).await.expect("a table"));
    assert!(!store.mark_mail(TENANT, &id, 0, &mark(Delivery::Sent, 3)).await.expect("a table"), "sent twice");
    assert!(store.mark_mail(TENANT, &id, 0, &mark(Delivery::Delivered, 4)).await.expect("a table"));
    assert!(!store.mark_mail(TENANT, &id, 0, &mark(Delivery::Delayed, 5)).await.expect("a table"), "overtaken");
    assert!(!store.mark_mail(TENANT, &id, 0, &mark(Delivery::Queued, 5)).await.expect("a table"));
    let seen = entry().await;
    let mail = seen.mail(0).expect("a mail");
    assert_eq!((mail.delivery, mail.at, mail.reported_at), (Delivery::Delivered, at(2), at(4)));
    assert_eq!(mail.message_id.as_deref(), Some("0102-ses"));
    assert!(store.mark_mail(TENANT, &id, 0, &mark(Delivery::Complained, 6)).await.expect("a table"));
    assert_eq!(entry().await.mail(0).map(|mail| mail.delivery), Some(Delivery::Complained));
}

#[tokio::test]
async fn a_receipt_that_overtakes_the_note_of_the_hand_over_loses_no_id() {
    let table = table().await;
    let store = table.store();
    let id = commit(&store, None, &started(key(1), at(1)), at(1)).await.expect("a start").journal;
    assert!(store.mark_mail(TENANT, &id, 0, &mark(Delivery::Delivered, 2)).await.expect("a table"));
    assert!(!store.mark_mail(TENANT, &id, 0, &mark(Delivery::Sent, 3)).await.expect("a table"));
    let entry = store.journal_item(TENANT, &id, true).await.expect("a table").expect("an entry");
    let mail = entry.mail(0).expect("a mail");
    assert_eq!((mail.delivery, mail.message_id.as_deref()), (Delivery::Delivered, Some("0102-ses")));
}

#[tokio::test]
async fn a_mark_for_what_was_never_ordered_changes_nothing() {
    let table = table().await;
    let store = table.store();
    let id = commit(&store, None, &started(key(1), at(1)), at(1)).await.expect("a start").journal;
    let before = store.journal(TENANT, key(1)).await.expect("a journal");
    assert!(!store.mark_mail(TENANT, &id, 1, &mark(Delivery::Sent, 2)).await.expect("a table"), "a schedule");
    assert!(!store.mark_mail(TENANT, &id, 9, &mark(Delivery::Sent, 2)).await.expect("a table"), "no effect");
    assert!(!store.mark_mail(domain::ids::TenantId(8), &id, 0, &mark(Delivery::Sent, 2)).await.expect("a table"));
    let elsewhere = crate::JournalId::parse(&id.pk(), "~J#1795000000000#H#99").expect("a journal key");
    assert!(!store.mark_mail(TENANT, &elsewhere, 0, &mark(Delivery::Sent, 2)).await.expect("a table"));
    assert_eq!(store.journal(TENANT, key(1)).await.expect("a journal"), before);
}

/// Design 4: receipts are plain conditional updates in any state of the task.
#[tokio::test]
async fn a_late_mark_after_completion_is_kept_and_breaks_no_chain() {
    let table = table().await;
    let store = table.store();
    let first = commit(&store, None, &started(key(1), at(1)), at(1)).await.expect("a start");
    let after = commit(&store, Some(&first.loaded), &completed(&first.loaded, at(9)), at(9)).await.expect("an answer");
    assert!(store.mark_mail(TENANT, &first.journal, 0, &mark(Delivery::Bounced, 20)).await.expect("a table"));
    assert!(store.show_delivery(TENANT, task(1), Delivery::Bounced).await.expect("a table"));
    assert_eq!(shown(&store).await, Delivery::Bounced);
    assert!(store.verify_chain(TENANT, key(1)).await.expect("a journal").is_empty());
    let again = store.load(TENANT, key(1)).await.expect("a table").expect("an instance");
    assert_eq!(again.aggregate.instance, after.loaded.aggregate.instance);
    assert_eq!(again.aggregate.tasks[&TASK].version, after.loaded.aggregate.tasks[&TASK].version);
}

#[tokio::test]
async fn the_row_shows_news_only_and_no_commit_takes_it_back() {
    let table = table().await;
    let store = table.store();
    let before = start(&store, 1).await;
    let show = async |delivery| store.show_delivery(TENANT, task(1), delivery).await.expect("a table");
    assert!(show(Delivery::Delivered).await);
    assert!(!show(Delivery::Sent).await, "overtaken");
    assert!(!show(Delivery::Delivered).await, "no news");
    assert!(!show(Delivery::Queued).await);
    // Decided before the receipt came: it goes through, and the receipt stays.
    commit(&store, Some(&before), &completed(&before, at(5)), at(5)).await.expect("no conflict");
    assert_eq!(shown(&store).await, Delivery::Delivered);
    assert!(!store.show_delivery(TENANT, task(2), Delivery::Delivered).await.expect("a table"), "no such task");
    assert_eq!(store.task(TENANT, task(2), true).await.expect("a table"), None, "and none is made");
}
