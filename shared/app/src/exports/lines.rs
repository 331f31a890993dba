//! One entry of a task's history as a line of a file. Holds no answers and no variables: who did what is the matter.

use domain::event::{EndCause, Event};
use serde_json::{Map, Value};
use store::{ExportFormat, JournalEntry, TaskRow};

/// The columns, in order.
const COLUMNS: [&str; 16] = [
    "at",
    "actor",
    "event",
    "command",
    "door",
    "address",
    "bulkRunKey",
    "taskKey",
    "status",
    "recipient",
    "task",
    "activityId",
    "processId",
    "instanceKey",
    "reference",
    "details",
];

/// One line: a value for each column, `None` where there is nothing to say.
pub struct Line([Option<String>; COLUMNS.len()]);

/// What a file begins with.
pub fn begin(format: ExportFormat) -> Vec<u8> {
    match format {
        ExportFormat::Csv => format!("{}\r\n", COLUMNS.join(",")).into_bytes(),
        ExportFormat::Json => b"[".to_vec(),
    }
}

/// What a file ends with.
pub fn end(format: ExportFormat) -> &'static [u8] {
    match format {
        ExportFormat::Csv => b"",
        ExportFormat::Json => b"\n]\n",
    }
}

/// The lines of one task, oldest first.
pub fn of_task(row: &TaskRow, task_name: &str, journal: &[JournalEntry], addresses: bool) -> Vec<Line> {
    let number = row.task.number();
    let events = journal.iter().flat_map(|entry| entry.events.iter().map(move |event| (entry, event)));
    events
        .filter(|(_, event)| event.task() == Some(number))
        .map(|(entry, event)| {
            let (name, details) = describe(event);
            Line([
                Some(entry.at.to_string()),
                Some(entry.actor.name().to_owned()),
                Some(name.to_owned()),
                Some(entry.command.clone()),
                entry.origin.door.map(|door| door.as_str().to_owned()),
                entry.origin.address.clone().filter(|_| addresses),
                entry.origin.run.map(|run| run.to_string()),
                Some(row.task.to_string()),
                Some(row.status.as_str().to_owned()),
                Some(row.recipient.as_str().to_owned()),
                Some(task_name.to_owned()),
                Some(row.activity.clone()),
                Some(row.process_id.clone()),
                Some(row.task.instance().to_string()),
                row.reference.clone(),
                details,
            ])
        })
        .collect()
}

impl Line {
    /// Adds the line to a file in which it is the `first` or not.
    pub fn write(&self, format: ExportFormat, first: bool, out: &mut Vec<u8>) {
        match format {
            ExportFormat::Csv => {
                csv_line(self.0.iter().map(|value| value.as_deref().unwrap_or_default()), out);
            }
            ExportFormat::Json => {
                let values = COLUMNS.iter().zip(&self.0);
                let object: Map<String, Value> =
                    values.map(|(name, value)| ((*name).to_owned(), Value::from(value.clone()))).collect();
                out.extend(if first { "\n" } else { ",\n" }.as_bytes());
                out.extend(Value::Object(object).to_string().as_bytes());
            }
        }
    }
}

/// Adds a line of RFC 4180 to a file.
pub fn csv_line<'a>(cells: impl IntoIterator<Item = &'a str>, out: &mut Vec<u8>) {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    out.extend(cells.join(",").as_bytes());
    out.extend(b"\r\n");
}

/// A cell of it. A text that a spreadsheet would take for a formula gets an apostrophe before it: whoever typed it
/// must not compute on the reader's machine.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let safe = if formula { format!("'{text}") } else { text.to_owned() };
    if safe.contains(['"', ',', '\r', '\n']) || formula || safe.starts_with(' ') || safe.ends_with(' ') {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

/// The name of an event and what there is to say about it without anybody's data.
fn describe(event: &Event) -> (&'static str, Option<String>) {
    match event {
        Event::TaskCreated(created) => ("taskCreated", created.expires_at.map(|at| format!("expires {at}"))),
        Event::TaskOpened(_) => ("taskOpened", None),
        Event::TaskDraftSaved { .. } => ("draftSaved", None),
        Event::TaskSubmitDenied { codes, .. } => ("submitDenied", Some(codes.join(" "))),
        Event::FormErrorsSet { .. } => ("formErrors", None),
        Event::TaskReminded { .. } => ("reminded", None),
        Event::TaskResent(_) => ("resent", None),
        Event::TaskSynced { version, .. } => ("templatesSynced", Some(format!("version {version}"))),
        Event::TaskCompleted { outcome, .. } => ("taskCompleted", Some(outcome.clone())),
        Event::TaskEnded { cause, reason, .. } => {
            let cause = match cause {
                EndCause::Cancel => "cancel",
                EndCause::Interrupt => "interrupt",
                EndCause::Expire => "expire",
            };
            let said = reason.as_ref().map(|reason| format!("{cause}: {reason}"));
            ("taskEnded", Some(said.unwrap_or_else(|| cause.to_owned())))
        }
        Event::TaskBounced { delivery, .. } => ("mailBounced", Some(delivery.as_str().to_owned())),
        Event::WorkTask { what, .. } => {
            let (_, action) = what.kind();
            ("userTask", Some(action.to_owned()))
        }
        Event::InstanceStarted(_)
        | Event::StatusChanged(_)
        | Event::ElementActivated(_)
        | Event::ElementPassed(_)
        | Event::ElementCompleted(_)
        | Event::ElementTerminated(_)
        | Event::TurnsBegun { .. }
        | Event::TurnGave { .. }
        | Event::LocalsSet { .. }
        | Event::FlowJoined { .. }
        | Event::FlowsTaken(_)
        | Event::FlowsResumed
        | Event::VariablesSet(_)
        | Event::EntityStateSet(_)
        | Event::TimerStarted { .. }
        | Event::TimerFired { .. }
        | Event::ChildStarted { .. }
        | Event::ChildGone { .. }
        | Event::ErrorThrown(_)
        | Event::Subscribed { .. }
        | Event::Received { .. }
        | Event::ActionOrdered { .. }
        | Event::ActionCompleted { .. }
        | Event::ActionFailed { .. }
        | Event::IncidentRaised(_)
        | Event::IncidentResolved(_)
        | Event::CancelRequested(_) => ("other", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_computes_nothing_and_keeps_its_text() {
        for (text, written) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\tx", "\"'\tx\""),
            ("\rx", "\"'\rx\""),
            (" padded", "\" padded\""),
            ("Øre €", "Øre €"),
        ] {
            assert_eq!(cell(text), written, "{text:?}");
        }
    }

    #[test]
    fn a_file_of_no_line_and_of_two_is_read_again() {
        let line = |text: &str| {
            let mut values: [Option<String>; COLUMNS.len()] = Default::default();
            (values[0], values[15]) = (Some("2026-11-20T14:00:00.000Z".to_owned()), Some(text.to_owned()));
            Line(values)
        };
        let file = |format, texts: &[&str]| {
            let mut bytes = begin(format);
            for (number, text) in texts.iter().enumerate() {
                line(text).write(format, number == 0, &mut bytes);
            }
            bytes.extend(end(format));
            String::from_utf8(bytes).expect("UTF-8")
        };
        let json: Value = serde_json::from_str(&file(ExportFormat::Json, &["=1", "b"])).expect("JSON");
        assert_eq!(json[0]["details"], "=1", "JSON holds the text as it is");
        assert_eq!(json[1]["reference"], Value::Null);
        assert_eq!(serde_json::from_str::<Value>(&file(ExportFormat::Json, &[])).expect("JSON"), Value::Array(vec![]));
        let csv = file(ExportFormat::Csv, &["=1", "b"]);
        let rows: Vec<&str> = csv.split_terminator("\r\n").collect();
        assert_eq!(rows[0], COLUMNS.join(","));
        assert_eq!(rows[1], format!("2026-11-20T14:00:00.000Z{}\"'=1\"", ",".repeat(15)));
        assert_eq!(rows.len(), 3);
    }
}
