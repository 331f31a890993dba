//! Which element wrote variables. The events of a command say what was written; their order says by whom.

use super::Event;
use crate::ids::ElementNumber;

/// What wrote variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer<'a> {
    /// An element instance.
    Instance(ElementNumber),
    /// The element with this BPMN id: it was passed, failed, or is an event that occurred.
    Element(&'a str),
}

/// Which element wrote what the event at `place` among the events of one command says. `None`: whoever gave the command.
///
/// An event writes when it has occurred, an activity right before it ends or fails.
pub fn writer(events: &[Event], place: usize) -> Option<Writer<'_>> {
    let writes = |event: &&Event| matches!(event, Event::VariablesSet(_) | Event::LocalsSet { .. });
    let before = events.iter().take(place).rev().find(|event| !writes(event));
    if let Some(Event::Received { event, .. }) = before {
        return Some(Writer::Element(event));
    }
    let mut after = events.iter().skip(place).skip_while(writes).peekable();
    // Corrections that come with a retry.
    if matches!(after.peek(), Some(Event::IncidentResolved(_))) {
        return None;
    }
    after.find_map(|event| {
        if let Event::ElementPassed(passed) = event {
            Some(Writer::Element(&passed.element))
        } else if let Event::ElementCompleted(number) | Event::ElementTerminated(number) = event {
            Some(Writer::Instance(*number))
        } else if let Event::IncidentRaised(incident) = event {
            Some(Writer::Element(&incident.element))
        } else {
            None
        }
    })
}
