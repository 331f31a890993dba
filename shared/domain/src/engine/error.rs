//! Failures of elements: how they are recorded for scripts, and who catches them (BPMN semantics, "Errors").

use super::{Step, call::throw_to_parent, multi_instance, scope, user_task};
use crate::event::Event;
use crate::ids::ElementNumber;
use crate::instance::{Incident, Place};
use crate::process::{Element, ElementKind, Process, ThrownError, Trigger};
use crate::script::ScriptFailure;
use crate::variables::{VARIABLES_BYTES_MAX, Variables};
use serde_json::{Value, json};

/// Errors kept in `_errorHistory`.
const HISTORY_MAX: usize = 50;
/// Characters kept of a code and of a message; a script may throw a text of any length.
const CODE_CHARS_MAX: usize = 100;
const MESSAGE_CHARS_MAX: usize = 1_000;

/// Why an element could not do its work: becomes an incident unless something catches it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub code: String,
    pub message: String,
    /// A business error or a system action's failure; what is technical is caught by nobody.
    catchable: bool,
    /// The class of codes it belongs to, such as HTTP_STATUS_5XX: caught where nothing names the code itself.
    class: Option<&'static str>,
}

impl Failure {
    pub fn new(code: &str, message: String) -> Failure {
        Failure {
            code: code.chars().take(CODE_CHARS_MAX).collect(),
            message: message.chars().take(MESSAGE_CHARS_MAX).collect(),
            catchable: false,
            class: None,
        }
    }

    /// True for a business error.
    pub fn is_catchable(&self) -> bool {
        self.catchable
    }

    /// One that error events catch by its code.
    pub fn catchable(code: &str, message: String) -> Failure {
        Failure { catchable: true, ..Failure::new(code, message) }
    }

    /// A system action's, with the class of its code.
    pub fn of_action(code: &str, class: Option<&'static str>, message: String) -> Failure {
        Failure { class, ..Failure::catchable(code, message) }
    }

    /// `None` for a time-out, and for a command nobody answered: the step is tried again, nothing is decided.
    pub fn of_script(failure: ScriptFailure) -> Option<Failure> {
        match failure {
            ScriptFailure::Bpmn { code, message } => Some(Failure::catchable(&code, message)),
            ScriptFailure::Technical(message) => Some(Failure::new("SCRIPT_ERROR", message)),
            ScriptFailure::Limit(message) => Some(Failure::new("SCRIPT_LIMIT", message)),
            ScriptFailure::CommandWanted { .. } | ScriptFailure::Timeout => None,
        }
    }
}

/// What an error end event throws.
pub(super) fn thrown(element: &Element, error: &ThrownError) -> Failure {
    let message = error.message.clone().unwrap_or_else(|| format!("\"{}\" was reached", element.name));
    Failure::catchable(&error.code, message)
}

impl Step<'_> {
    /// An element failed: whoever catches the error takes the path on; where nobody does, an operator must look.
    pub fn fail(&mut self, number: ElementNumber, element: &str, failure: Failure) {
        match catcher(self, number, &failure) {
            Some(catch) => {
                record(self, element, &failure);
                caught(self, &catch, None);
            }
            None => {
                if throw_to_parent(self, &failure) {
                    return;
                }
                self.raise(number, element, failure);
            }
        }
    }

    /// I-05: opens an incident at an element instance. Scripts find the error in `_lastError`.
    pub fn raise(&mut self, number: ElementNumber, element: &str, failure: Failure) {
        record(self, element, &failure);
        self.failed = Some((failure.code.clone(), failure.message.clone()));
        self.emit(Event::IncidentRaised(Incident {
            element_number: number,
            element: element.to_owned(),
            code: failure.code,
            message: failure.message,
            at: self.env.now,
        }));
    }
}

/// Who catches an error, and where.
pub(crate) struct Catch<'a> {
    /// The boundary event, or the start event of an event sub-process.
    pub event: &'a Element,
    /// The element instance that a boundary event is attached to; the scope of an event sub-process.
    at: At,
    /// False where a boundary event leaves its activity running.
    pub interrupting: bool,
}

#[derive(Clone, Copy)]
enum At {
    Activity(ElementNumber),
    Scope(Option<ElementNumber>),
}

/// Looks outwards for who catches a failure of an element instance: boundary events of the activity, event sub-processes
/// of the scope around it, boundary events of that scope, and so on. On one level an event with exactly the code comes
/// before one that catches any, and among equals the first of the document.
pub(crate) fn catcher<'a>(step: &Step<'a>, thrower: ElementNumber, failure: &Failure) -> Option<Catch<'a>> {
    if !failure.catchable {
        return None;
    }
    let process = step.env.process;
    // What hangs on a multi-instance activity hangs beside all its turns.
    let activity = multi_instance::host(step, thrower);
    let mut number = activity;
    loop {
        let live = step.state.instance.element(number)?;
        let element = process.element(&live.element)?;
        let boundaries = process.boundaries(element).map(|(event, model)| (event, &model.trigger, model.interrupting));
        if let Some((event, interrupting)) = best(boundaries, failure) {
            // Only the thrower itself can go on: a scope in which something failed cannot.
            let interrupting = interrupting || number != activity;
            return Some(Catch { event, at: At::Activity(number), interrupting });
        }
        // A scope that an event sub-process has interrupted has no handler left; one that runs beside the rest of its
        // scope is a part of it.
        if !interrupts(process, element) {
            let handlers =
                process.event_sub_processes(element.parent).map(|(_, start, model)| (start, &model.trigger, true));
            if let Some((event, interrupting)) = best(handlers, failure) {
                return Some(Catch { event, at: At::Scope(live.scope), interrupting });
            }
        }
        number = multi_instance::host(step, live.scope?);
    }
}

/// An event sub-process that takes its scope away when it begins.
fn interrupts(process: &Process, element: &Element) -> bool {
    matches!(element.kind, ElementKind::EventSubProcess)
        && process.within(process.index(&element.id)).any(|(_, start)| {
            matches!(&start.kind, ElementKind::EventStart(event) if event.interrupting || event.trigger.is_error())
        })
}

/// The event that catches a failure: by exactly its code, else by the class of its code, else one that catches any.
fn best<'a>(
    events: impl Iterator<Item = (&'a Element, &'a Trigger, bool)>,
    failure: &Failure,
) -> Option<(&'a Element, bool)> {
    events
        .filter_map(|(event, trigger, interrupting)| match trigger {
            Trigger::Error(Some(own)) if *own == failure.code => Some((0, event, interrupting)),
            Trigger::Error(Some(own)) => (failure.class == Some(own)).then_some((1, event, interrupting)),
            Trigger::Error(None) => Some((2, event, interrupting)),
            Trigger::Timer(_) | Trigger::Message(_) | Trigger::Signal(_) => None,
        })
        .min_by_key(|(rank, _, _)| *rank)
        .map(|(_, event, interrupting)| (event, interrupting))
}

/// Takes the path of who caught the error. `handles`: the task that stays open, where the event interrupts nothing.
pub(crate) fn caught(step: &mut Step<'_>, catch: &Catch<'_>, handles: Option<ElementNumber>) {
    match catch.at {
        At::Activity(number) => {
            let Some(live) = step.state.instance.element(number).cloned() else { return };
            if handles.is_none() {
                if let Some(task) = live.task {
                    user_task::interrupt(step, task);
                }
                step.terminate(number);
            }
            let mut place = live.place();
            place.handles = handles.or(place.handles);
            step.enter(&catch.event.id, place);
        }
        At::Scope(scope) => {
            let handles = scope.and_then(|number| step.state.instance.element(number)).and_then(|live| live.handles);
            scope::enter_event_sub_process(step, catch.event, Place { scope, handles }, true);
        }
    }
}

/// Writes `_lastError` and appends to `_errorHistory`, before anything else happens with the error.
pub(crate) fn record(step: &mut Step<'_>, activity: &str, failure: &Failure) {
    let error = json!({
        "errorCode": failure.code,
        "errorMessage": failure.message,
        "timestamp": step.env.now.to_string(),
        "taskId": activity,
    });
    let mut history = match step.state.instance.variables.get("_errorHistory") {
        Some(Value::Array(list)) => list.clone(),
        Some(_) | None => Vec::new(),
    };
    history.push(error.clone());
    let surplus = history.len().saturating_sub(HISTORY_MAX);
    history.drain(..surplus);
    // The history gives way to the variables of the process, so that an error can always be recorded.
    let mut room = room(step).saturating_sub(super::size("_lastError", &error));
    let fit = history.iter().rev().take_while(|error| {
        let bytes = super::size("", error);
        let fits = bytes <= room;
        room = room.saturating_sub(bytes);
        fits
    });
    let fit = fit.count().max(1);
    history.drain(..history.len() - fit);
    let mut values = Variables::new();
    values.insert("_lastError".to_owned(), error);
    values.insert("_errorHistory".to_owned(), Value::Array(history));
    step.emit(Event::VariablesSet(values));
}

/// Bytes that the variables of the process leave free.
fn room(step: &Step<'_>) -> usize {
    let variables = step.state.instance.variables.iter();
    let own = variables.filter(|(name, _)| !matches!(name.as_str(), "_lastError" | "_errorHistory"));
    VARIABLES_BYTES_MAX.saturating_sub(own.map(|(name, value)| super::size(name, value)).sum())
}
