//! A batch of receipts: what became of mails, noted beside the tasks' own lives. Decides nothing but whether a message is
//! used up.

use crate::receipt::{self, News, Receipt};
use app::{App, Error, Request};
use domain::command::Command;
use domain::effect::Effect;
use domain::ids::{TaskKey, TenantId};
use domain::notification::Delivery;
use domain::script::NoScripts;
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{DayCounts, JournalEntry};

/// Mails of a day that a batch reports on.
type Days = BTreeMap<(TenantId, String), DayCounts>;

/// Handles a batch. Only messages that must be tried again return to the queue.
pub async fn handle(app: &App, now: impl Fn() -> Timestamp, event: &Value) -> Value {
    let records = event.get("Records").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut failures = Vec::new();
    let mut days = Days::new();
    for record in records {
        let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
        let receipt = match receipt::read(body, now()) {
            Ok(receipt) => receipt,
            Err(unreadable) => {
                // Waiting changes nothing about it, and a mail that nobody asks for is no alarm.
                tracing::warn!(%unreadable, "a receipt is passed over");
                continue;
            }
        };
        if let Err(error) = note(app, &receipt, &mut days, now()).await {
            tracing::warn!(%error, "a receipt returns to its queue");
            failures.push(json!({ "itemIdentifier": record.get("messageId") }));
        }
    }
    for ((tenant, _), counts) in days {
        if let Err(error) = app.store.count_mails(tenant, &counts).await {
            tracing::warn!(tenant = tenant.0, %error, "receipts are not counted");
        }
    }
    json!({ "batchItemFailures": failures })
}

async fn note(app: &App, receipt: &Receipt, days: &mut Days, now: Timestamp) -> Result<(), Error> {
    let (tenant, journal, effect) = (receipt.tenant, &receipt.journal, receipt.effect);
    let mark = match &receipt.news {
        News::Nothing => return Ok(()),
        News::Opened(opened) => {
            app.store.mark_opened(tenant, journal, effect, *opened).await?;
            return Ok(());
        }
        News::Mark(mark) => mark,
    };
    let Some(reported) = app.store.report_mail(tenant, journal, effect, mark).await? else {
        // Late, or of a journal that is gone: what is known already says more.
        return Ok(());
    };
    if reported.news && mark.delivery != Delivery::Sent {
        let counts = DayCounts::of(mark.at);
        days.entry((tenant, counts.day.clone())).or_insert(counts).add(mark.delivery);
    }
    // A mail of a system task has no row: its journal item alone says what became of it.
    let Some(task) = task(&reported.entry, effect) else { return Ok(()) };
    show(app, tenant, task, &reported.entry, mark.delivery, now).await
}

/// The task that the notification was about.
fn task(entry: &JournalEntry, effect: usize) -> Option<TaskKey> {
    match entry.effects.get(effect)? {
        Effect::Notify { task, .. } => Some(entry.id.instance().task(*task)),
        Effect::Schedule { .. }
        | Effect::Unschedule { .. }
        | Effect::Find { .. }
        | Effect::Call(_)
        | Effect::Throw { .. }
        | Effect::Act { .. }
        | Effect::Mail { .. }
        | Effect::Continue => None,
    }
}

/// The row of the task shows the delivery where it showed less. Trouble of a task that still waits is a command: no reminder
/// goes out any more, and a person must look (E-13).
async fn show(
    app: &App,
    tenant: TenantId,
    task: TaskKey,
    entry: &JournalEntry,
    delivery: Delivery,
    now: Timestamp,
) -> Result<(), Error> {
    if delivery.needs_follow_up() {
        let command = Command::RecordBounce { task, delivery };
        let request = Request::of_engine(tenant, task.instance(), command, now, &NoScripts);
        match app.execute(&request).await {
            Ok(_) => return Ok(()),
            // The task has ended, or knows it already: the row alone shows it.
            Err(Error::Rejected(_)) => {}
            Err(error) => return Err(error),
        }
    } else if delivery <= entry.showed || delivery == Delivery::Sent {
        // A life costs no write for what the row shows already; that a mail is sent its own record says.
        return Ok(());
    }
    app.store.show_delivery(tenant, task, delivery).await?;
    Ok(())
}
