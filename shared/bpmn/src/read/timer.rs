//! Times: durations, dates, cycles, as text or expression. Knows no element.

use super::{Reader, bpmn_children};
use crate::xml::Located;
use domain::process::{Timer, When};
use domain::time::{Cycle, Duration, Timestamp};
use domain::value::ValueExpr;
use roxmltree::Node;

/// Firings of a cycle that names no number, and the most it may name.
const CYCLE_TIMES_MAX: u32 = 1_000;

/// The timer of a `timerEventDefinition`.
pub(crate) fn definition(node: Node<'_, '_>, element: &str, reader: &mut Reader<'_>) -> Option<Timer> {
    let at = node.range().start;
    let kinds: Vec<Node<'_, '_>> = bpmn_children(node)
        .filter(|child| matches!(child.tag_name().name(), "timeDuration" | "timeDate" | "timeCycle"))
        .collect();
    let [kind] = kinds.as_slice() else {
        let message = "a timer has exactly one of timeDuration, timeDate and timeCycle";
        reader.report.error("INVALID_TIMER", at, element, message);
        return None;
    };
    let value = Located::of_content(reader.file, *kind);
    if value.is_blank() || kind.children().any(|child| child.is_element()) {
        let message = format!("{} is empty; write for example PT12H", kind.tag_name().name());
        reader.report.error("INVALID_TIMER", kind.range().start, element, message);
        return None;
    }
    match kind.tag_name().name() {
        "timeDuration" => after(&value, element, "timeDuration", reader).map(Timer::Once),
        "timeDate" => date(&value, element, "timeDate", reader).map(Timer::Once),
        _ => cycle(&value, element, reader),
    }
}

/// A duration from the creation of the activity.
pub(crate) fn after(value: &Located, element: &str, what: &str, reader: &mut Reader<'_>) -> Option<When> {
    let expression = super::value::expression(value, element, what, reader)?;
    let ValueExpr::Literal(text) = &expression else { return Some(When::Expression(expression)) };
    match text.parse::<Duration>() {
        Ok(duration) => Some(When::After(duration)),
        Err(error) => {
            let message = format!("{what}: {error}");
            reader.report.error("INVALID_DURATION", value.start(), element, message);
            None
        }
    }
}

/// A date and time.
pub(crate) fn date(value: &Located, element: &str, what: &str, reader: &mut Reader<'_>) -> Option<When> {
    let expression = super::value::expression(value, element, what, reader)?;
    if let ValueExpr::Literal(text) = &expression {
        if let Err(error) = text.parse::<Timestamp>() {
            reader.report.error("INVALID_DATE", value.start(), element, format!("{what}: {error}"));
            return None;
        }
        if !has_offset(text) {
            let message = format!("{what}: \"{text}\" has no offset and is read as UTC; write {text}Z or an offset");
            reader.report.warning("DATE_WITHOUT_OFFSET", value.start(), element, message);
        }
    }
    Some(When::Expression(expression))
}

fn cycle(value: &Located, element: &str, reader: &mut Reader<'_>) -> Option<Timer> {
    let expression = super::value::expression(value, element, "timeCycle", reader)?;
    let ValueExpr::Literal(text) = &expression else { return Some(Timer::CycleOf(expression)) };
    match text.parse::<Cycle>() {
        Ok(cycle) => Some(Timer::Cycle(cycle)),
        Err(error) => {
            reader.report.error("INVALID_CYCLE", value.start(), element, format!("timeCycle: {error}"));
            None
        }
    }
}

/// Warns of a cycle beside an activity that asks for more firings than there are.
pub(crate) fn limited(timer: &Timer, node: Node<'_, '_>, element: &str, reader: &mut Reader<'_>) {
    let Timer::Cycle(cycle) = timer else { return };
    let place = bpmn_children(node).find(|child| child.tag_name().name() == "timeCycle");
    if let Some(place) = place
        && cycle.times.is_some_and(|times| times > CYCLE_TIMES_MAX)
    {
        let at = Located::of_content(reader.file, place).start();
        let message = format!("timeCycle: \"{cycle}\" fires at most {CYCLE_TIMES_MAX} times");
        reader.report.warning("CYCLE_LIMITED", at, element, message);
    }
}

/// True when a date-time says how far it is from UTC.
fn has_offset(text: &str) -> bool {
    let time = text.split_once(['T', 't', ' ']).map_or("", |(_, time)| time);
    time.contains(['Z', 'z', '+', '-'])
}
