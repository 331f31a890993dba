//! Mail of the tenant, day by day, and what the account may send.

use crate::problem::Problem;
use crate::request::{Answer, Call};
use domain::permission::Permission;
use serde_json::{Value, json};
use store::{DAYS_MAX, DayCounts, Quota};

pub async fn get(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "resource")?;
    call.known_query(&["days"])?;
    let days = match call.query_one("days")? {
        None => DAYS_MAX,
        Some(text) => text.parse().ok().filter(|days| (1..=DAYS_MAX).contains(days)).ok_or_else(|| {
            Problem::field("days", "OUT_OF_RANGE", format!("days must be a whole number from 1 to {DAYS_MAX}."))
        })?,
    };
    let store = &call.api.app.store;
    let counted = store.delivery_days(call.caller.tenant, call.now, days).await?;
    let quota = store.quota(call.now).await?;
    let days: Vec<Value> = counted.iter().map(day).collect();
    Ok(Answer::ok(json!({ "days": days, "quota": quota.as_ref().map(quota_view) })))
}

fn day(counts: &DayCounts) -> Value {
    json!({
        "date": counts.day,
        "queued": counts.queued,
        "sent": counts.sent,
        "delivered": counts.delivered,
        "delayed": counts.delayed,
        "bounced": counts.bounced,
        "complained": counts.complained,
        "failed": counts.failed,
    })
}

fn quota_view(quota: &Quota) -> Value {
    json!({
        "max24Hours": if quota.max_24h < 0.0 { Value::Null } else { quota.max_24h.into() },
        "sent24Hours": quota.sent_24h,
        "left": quota.left(),
        "perSecond": quota.per_second,
        "sendingEnabled": quota.sending_enabled,
        "readAt": quota.read_at.to_string(),
    })
}
