//! Delivery: what became of the mails of fourteen days, what may still be sent, and which tasks need a person. Counts
//! nothing: the counters are the store's.

use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::visit::Visit;
use app::external_tasks::{self as tasks, Listed};
use domain::permission::Permission;
use store::{DAYS_MAX, DayCounts};
use web::console::Section;
use web::console::delivery::{self as page, Day, FollowUp, Overview, Quota};

/// Tasks that need a person on this page; all of them are a filter of the list.
const FOLLOW_UPS: &str = "20";

/// GET /delivery
pub async fn show(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::ExternalTasksRead)?;
    let store = &visit.console.app.store;
    let mut days = store.delivery_days(visit.caller.tenant, visit.now, DAYS_MAX).await?;
    days.sort_by(|a, b| a.day.cmp(&b.day));
    let quota = store.quota(visit.now).await?;
    let listed = follow_up(visit).await?;
    let overview = Overview {
        days: days.into_iter().map(day).collect(),
        quota: quota.map(shown),
        more: listed.next.is_some(),
        follow_up: Some(listed.rows.into_iter().map(needs_a_person).collect()),
    };
    let html = page::page(&visit.shell("Delivery", Section::Delivery), &overview, &visit.zone(), visit.now);
    Ok(Answer::page(html))
}

async fn follow_up(visit: &Visit<'_>) -> Result<Listed, Refusal> {
    let asked = [("followUp", "true"), ("limit", FOLLOW_UPS)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    let query = tasks::filter(&asked).map_err(app::Error::Invalid)?;
    Ok(tasks::list(&visit.console.app, &visit.caller, query, None, visit.now).await?)
}

fn day(counts: DayCounts) -> Day {
    let DayCounts { day, queued, sent, delivered, delayed, bounced, complained, failed } = counts;
    Day { date: day, queued, sent, delivered, delayed, bounced, complained, failed }
}

/// The mail service writes whole numbers as doubles.
fn shown(quota: store::Quota) -> Quota {
    Quota {
        max_24h: (quota.max_24h >= 0.0).then_some(quota.max_24h as u64),
        sent_24h: quota.sent_24h as u64,
        per_second: quota.per_second as u64,
        sending_enabled: quota.sending_enabled,
        read_at: quota.read_at,
    }
}

fn needs_a_person(listed: tasks::ListedTask) -> FollowUp {
    let row = listed.row;
    FollowUp {
        task: row.task,
        delivery: row.delivery,
        recipient: row.recipient.as_str().to_owned(),
        name: listed.task_name,
        reference: row.reference,
        created_at: row.created_at,
    }
}
