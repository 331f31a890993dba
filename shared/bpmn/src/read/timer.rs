//! Times: durations, dates, cycles, as text or expression. Knows no element.

use super::{Reader, bpmn_children};
use crate::xml::Located;
use domain::process::{Timer, When};
use domain::time::{Duration, Timestamp};
use domain::value::ValueExpr;
use roxmltree::Node;

/// Firings of a cycle that names no number, and the most it may name.
const CYCLE_TIMES_MAX: u32 = 1_000;

/// The timer of a boundary event's `timerEventDefinition`.
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

/// The parts of `R[n]/[start/]duration`.
pub(crate) struct Cycle {
    pub times: Option<u32>,
    pub start: Option<Timestamp>,
    pub every: Duration,
}

/// Reads a cycle; the sentence of the error says what is wrong with it.
pub(crate) fn parse_cycle(text: &str) -> Result<Cycle, String> {
    let shape = || format!("\"{text}\" is not a cycle such as R3/P1D (three times, each day) or R/PT12H");
    let mut parts = text.split('/');
    let times = parts.next().and_then(|first| first.trim().strip_prefix('R')).ok_or_else(|| {
        if text.split_whitespace().count() == 5 {
            format!("\"{text}\" is a cron expression, which boundary events do not take; write R3/P1D or R/PT12H")
        } else {
            shape()
        }
    })?;
    let times = match times {
        "" => None,
        digits => Some(digits.parse::<u32>().map_err(|_| shape())?),
    };
    let (start, every) = match (parts.next(), parts.next(), parts.next()) {
        (Some(every), None, None) => (None, every),
        (Some(start), Some(every), None) => {
            (Some(start.parse::<Timestamp>().map_err(|error| error.to_string())?), every)
        }
        (_, _, _) => return Err(shape()),
    };
    let every: Duration = every.parse().map_err(|error: domain::time::InvalidTime| error.to_string())?;
    if every.is_zero() {
        return Err(format!("\"{text}\" repeats without any time between; write an interval such as PT1H"));
    }
    if times == Some(0) {
        return Err(format!("\"{text}\" never fires; write R1 or more, or R for \"until the activity ends\""));
    }
    Ok(Cycle { times, start, every })
}

fn cycle(value: &Located, element: &str, reader: &mut Reader<'_>) -> Option<Timer> {
    let text = value.plain();
    match parse_cycle(&text) {
        Ok(Cycle { times, start, every }) => {
            if times.is_some_and(|times| times > CYCLE_TIMES_MAX) {
                let message = format!("timeCycle: \"{text}\" fires at most {CYCLE_TIMES_MAX} times");
                reader.report.warning("CYCLE_LIMITED", value.start(), element, message);
            }
            Some(Timer::Cycle { times, start, every })
        }
        Err(problem) => {
            reader.report.error("INVALID_CYCLE", value.start(), element, format!("timeCycle: {problem}"));
            None
        }
    }
}

/// True when a date-time says how far it is from UTC.
fn has_offset(text: &str) -> bool {
    let time = text.split_once(['T', 't', ' ']).map_or("", |(_, time)| time);
    time.contains(['Z', 'z', '+', '-'])
}
