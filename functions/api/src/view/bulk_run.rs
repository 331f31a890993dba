//! Bulk runs on the wire.

use super::time;
use app::bulk_runs::Counted;
use domain::bulk_run::BulkRun;
use serde_json::{Value, json};
use store::RunFailure;

/// The answer to a start.
pub fn started(run: &BulkRun) -> Value {
    json!({
        "bulkRunKey": run.key,
        "status": run.status.as_str(),
        "action": run.action.as_str(),
        "selected": run.selected,
        "total": run.total,
        "eligible": run.eligible,
    })
}

/// The answer to a dry run.
pub fn counted(counted: &Counted) -> Value {
    json!({
        "dryRun": true,
        "selected": counted.selected,
        "total": counted.eligible,
        "eligible": counted.eligible,
        "exact": counted.exact,
    })
}

/// A run, without its failures.
pub fn run(run: &BulkRun) -> Value {
    json!({
        "bulkRunKey": run.key,
        "status": run.status.as_str(),
        "action": run.action.as_str(),
        "selected": run.selected,
        "total": run.total,
        "eligible": run.eligible,
        "processed": run.processed,
        "succeeded": run.succeeded,
        "failed": run.failed,
        "skipped": run.skipped,
        "mailsSent": run.mails_sent,
        "summary": run.summary(),
        "attached": run.attached,
        "leaseUntil": time(run.lease_until),
        "reason": run.reason,
        "startedBy": run.by,
        "startedAt": run.started_at.to_string(),
        "endedAt": time(run.ended_at),
        "waiting": run.waiting.map(|waiting| json!({
            "code": waiting.reason.code(),
            "message": waiting.reason.sentence(),
            "since": waiting.since.to_string(),
        })),
    })
}

/// A task of a run that failed.
pub fn failure(failure: &RunFailure) -> Value {
    json!({ "taskKey": failure.task, "code": failure.code, "message": failure.message })
}
