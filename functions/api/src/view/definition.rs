//! Wire shapes of definitions and diagnostics.

use app::definitions::{Impact, Sync, TimerStart};
use bpmn::{CompiledProcess, Diagnostic, Severity};
use serde_json::{Value, json};
use store::{DefinitionEntry, DefinitionHead};

/// What clients address a version by.
pub fn key(process_id: &str, version: u32) -> String {
    format!("{process_id}:{version}")
}

pub fn diagnostic(diagnostic: &Diagnostic) -> Value {
    json!({
        "severity": match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        },
        "code": diagnostic.code,
        "message": diagnostic.message,
        "line": diagnostic.line,
        "column": diagnostic.column,
        "elementId": diagnostic.element_id,
    })
}

pub fn activities(compiled: &CompiledProcess) -> Value {
    compiled
        .activities
        .iter()
        .map(|activity| {
            json!({ "id": activity.id, "name": activity.name, "type": activity.kind, "profile": activity.profile })
        })
        .collect()
}

/// What a deployment would mean for the tasks that are open.
pub fn impact(impact: &Impact) -> Value {
    let affected: Vec<Value> = impact
        .affected
        .iter()
        .map(|affected| {
            let mut item = json!({
                "version": affected.version,
                "activityId": affected.activity,
                "task": affected.task_name,
                "tasks": affected.tasks,
            });
            let sync = match &affected.sync {
                Sync::Impossible => "impossible",
                Sync::Unchanged => "unchanged",
                Sync::Changes { artefacts, missing_placeholders, untaken_actions } => {
                    item["changes"] = artefacts.iter().map(|artefact| artefact.as_str()).collect();
                    item["missingPlaceholders"] = json!(missing_placeholders);
                    item["untakenActions"] = json!(untaken_actions);
                    "changes"
                }
            };
            item["sync"] = sync.into();
            item
        })
        .collect();
    json!({
        "deployedVersion": impact.deployed,
        "openTasks": impact.open_tasks,
        "more": impact.more,
        "affected": affected,
    })
}

pub fn entry(entry: &DefinitionEntry) -> Value {
    json!({
        "processId": entry.process_id,
        "version": entry.version,
        "definitionKey": key(&entry.process_id, entry.version),
        "name": entry.name,
        "deployedAt": entry.deployed_at.to_string(),
    })
}

pub fn head(head: &DefinitionHead, timers: &[TimerStart]) -> Value {
    json!({
        "processId": head.process_id,
        "version": head.version,
        "definitionKey": key(&head.process_id, head.version),
        "name": head.name,
        "activities": head.activities,
        "timerStarts": timer_starts(timers),
        "warnings": head.warnings,
        "deployedAt": head.deployed_at.to_string(),
        "deployedBy": head.deployed_by,
    })
}

pub fn timer_starts(timers: &[TimerStart]) -> Value {
    let timer = |start: &TimerStart| {
        let next = start.next.map(|at| at.to_string());
        json!({ "id": start.event, "name": start.name, "timer": start.timer, "nextAt": next })
    };
    timers.iter().map(timer).collect()
}
