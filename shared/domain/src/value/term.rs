//! The values an expression computes with, how they compare and how they become JSON. Knows no syntax.

use crate::time::{Duration, Timestamp};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

const DAY_MS: i64 = 86_400_000;

/// A value while an expression is evaluated. Variables are borrowed, never copied.
#[derive(Clone, Debug)]
pub(super) enum Term<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    /// A list literal.
    List(Vec<Term<'a>>),
    /// A context literal.
    Context(Vec<(&'a str, Term<'a>)>),
    /// A list or an object of the variables.
    Json(&'a Value),
    Moment(Moment),
    Span(Span),
}

/// A point in time, or a day (its midnight in UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) at: Timestamp,
    pub(super) whole_day: bool,
}

/// A signed duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) months: i64,
    pub(super) ms: i64,
}

impl<'a> Term<'a> {
    pub(super) fn of(value: &'a Value) -> Term<'a> {
        match value {
            Value::Null => Term::Null,
            Value::Bool(bool) => Term::Bool(*bool),
            Value::Number(number) => Term::Number(number.clone()),
            Value::String(text) => Term::Text(Cow::Borrowed(text)),
            Value::Array(_) | Value::Object(_) => Term::Json(value),
        }
    }

    pub(super) fn number(value: f64) -> Term<'a> {
        number_of(value).map_or(Term::Null, Term::Number)
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self, Term::Null)
    }

    pub(super) fn is_true(&self) -> bool {
        matches!(self, Term::Bool(true))
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        if let Term::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn as_number(&self) -> Option<&Number> {
        if let Term::Number(number) = self { Some(number) } else { None }
    }

    /// A moment, or a string that spells one: variables hold dates as strings.
    pub(super) fn as_moment(&self) -> Option<Moment> {
        if let Term::Moment(moment) = self { Some(*moment) } else { read_moment(self.as_text()?) }
    }

    /// A duration, or a string that spells one.
    pub(super) fn as_span(&self) -> Option<Span> {
        if let Term::Span(span) = self { Some(*span) } else { read_span(self.as_text()?) }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Option<Vec<Term<'_>>> {
        if let Term::List(items) = self {
            Some(items.iter().map(Term::reborrow).collect())
        } else if let Term::Json(Value::Array(items)) = self {
            Some(items.iter().map(Term::of).collect())
        } else {
            None
        }
    }

    /// The names and values of a context or an object.
    fn members(&self) -> Option<Vec<(&str, Term<'_>)>> {
        if let Term::Context(entries) = self {
            Some(entries.iter().map(|(name, term)| (*name, term.reborrow())).collect())
        } else if let Term::Json(Value::Object(members)) = self {
            Some(members.iter().map(|(name, value)| (name.as_str(), Term::of(value))).collect())
        } else {
            None
        }
    }

    fn reborrow(&self) -> Term<'_> {
        match self {
            Term::Null => Term::Null,
            Term::Bool(bool) => Term::Bool(*bool),
            Term::Number(number) => Term::Number(number.clone()),
            Term::Text(text) => Term::Text(Cow::Borrowed(text)),
            Term::List(items) => Term::List(items.iter().map(Term::reborrow).collect()),
            Term::Context(entries) => {
                Term::Context(entries.iter().map(|(name, term)| (*name, term.reborrow())).collect())
            }
            Term::Json(value) => Term::Json(value),
            Term::Moment(moment) => Term::Moment(*moment),
            Term::Span(span) => Term::Span(*span),
        }
    }

    /// No value, no text, no items, no members.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Term::Null => true,
            Term::Text(text) => text.is_empty(),
            Term::List(items) => items.is_empty(),
            Term::Context(entries) => entries.is_empty(),
            Term::Json(Value::Array(items)) => items.is_empty(),
            Term::Json(Value::Object(members)) => members.is_empty(),
            Term::Json(_) | Term::Bool(_) | Term::Number(_) | Term::Moment(_) | Term::Span(_) => false,
        }
    }

    /// Equality, or `None` where the two are of different kinds. Null equals null and nothing else.
    pub(super) fn equal(&self, other: &Term<'_>) -> Option<bool> {
        match (self, other) {
            (Term::Null, _) | (_, Term::Null) => Some(self.is_null() && other.is_null()),
            (Term::Bool(left), Term::Bool(right)) => Some(left == right),
            (Term::Number(left), Term::Number(right)) => Some(number_order(left, right) == Some(Ordering::Equal)),
            (Term::Text(left), Term::Text(right)) => Some(left == right),
            (Term::Moment(_), _) | (_, Term::Moment(_)) => Some(self.as_moment()?.at == other.as_moment()?.at),
            (Term::Span(_), _) | (_, Term::Span(_)) => Some(self.as_span()? == other.as_span()?),
            (Term::Json(Value::Object(left)), Term::Json(Value::Object(right))) => Some(same_members(left, right)),
            (Term::Context(_), _) | (_, Term::Context(_)) => {
                let (left, right) = (self.members()?, other.members()?);
                let same = |(name, value): &(&str, Term<'_>)| {
                    let other = right.iter().find(|(other, _)| other == name);
                    other.is_some_and(|(_, other)| value.equal(other) == Some(true))
                };
                Some(left.len() == right.len() && left.iter().all(same))
            }
            (_, _) => {
                let (left, right) = (self.items()?, other.items()?);
                let same = |(left, right): (&Term<'_>, &Term<'_>)| left.equal(right) == Some(true);
                Some(left.len() == right.len() && left.iter().zip(&right).all(same))
            }
        }
    }

    /// The order of two numbers, strings (by code point), moments or durations; `None` for everything else.
    pub(super) fn order(&self, other: &Term<'_>) -> Option<Ordering> {
        match (self, other) {
            (Term::Number(left), Term::Number(right)) => number_order(left, right),
            (Term::Text(left), Term::Text(right)) => Some(left.cmp(right)),
            (Term::Moment(_), _) | (_, Term::Moment(_)) => Some(self.as_moment()?.at.cmp(&other.as_moment()?.at)),
            (Term::Span(_), _) | (_, Term::Span(_)) => self.as_span()?.order(other.as_span()?),
            (_, _) => None,
        }
    }

    /// The value as JSON, or `None` when it takes more than `bytes_left`, from which its size is taken.
    pub(super) fn into_json(self, bytes_left: &mut usize) -> Option<Value> {
        let value = match self {
            Term::Null => Value::Null,
            Term::Bool(bool) => Value::Bool(bool),
            Term::Number(number) => Value::Number(number),
            Term::Text(text) => {
                take(bytes_left, text.len())?;
                Value::String(text.into_owned())
            }
            Term::List(items) => {
                return items
                    .into_iter()
                    .map(|item| item.into_json(bytes_left))
                    .collect::<Option<_>>()
                    .map(Value::Array);
            }
            Term::Context(entries) => {
                let mut members = Map::new();
                for (name, term) in entries {
                    take(bytes_left, name.len())?;
                    members.insert(name.to_owned(), term.into_json(bytes_left)?);
                }
                Value::Object(members)
            }
            Term::Json(value) => {
                take_size(bytes_left, value)?;
                value.clone()
            }
            Term::Moment(moment) => Value::String(moment.to_string()),
            Term::Span(span) => span.text().map_or(Value::Null, Value::String),
        };
        take(bytes_left, 8)?;
        Some(value)
    }
}

impl Moment {
    /// Days stay days as long as whole days are added.
    pub(super) fn plus(self, span: Span) -> Moment {
        let whole_day = self.whole_day && span.ms % DAY_MS == 0;
        Moment { at: self.at.plus_calendar(span.months, span.ms), whole_day }
    }

    /// The midnight that began the day, as a day.
    pub(super) fn day(self) -> Moment {
        let ms = self.at.as_millis();
        Moment { at: Timestamp::from_millis(ms - ms.rem_euclid(DAY_MS)), whole_day: true }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.at.to_string();
        f.write_str(if self.whole_day { text.split('T').next().unwrap_or_default() } else { &text })
    }
}

impl Span {
    pub(super) fn negated(self) -> Span {
        Span { months: self.months.saturating_neg(), ms: self.ms.saturating_neg() }
    }

    pub(super) fn plus(self, other: Span) -> Span {
        Span { months: self.months.saturating_add(other.months), ms: self.ms.saturating_add(other.ms) }
    }

    /// Months have no fixed length: only months compare with months and milliseconds with milliseconds.
    fn order(self, other: Span) -> Option<Ordering> {
        match (self.months.cmp(&other.months), self.ms.cmp(&other.ms)) {
            (months, Ordering::Equal) => Some(months),
            (Ordering::Equal, ms) => Some(ms),
            (months, ms) => (months == ms).then_some(ms),
        }
    }

    /// ISO 8601 with a leading minus for a negative duration; `None` for months and milliseconds of opposite signs.
    pub(super) fn text(self) -> Option<String> {
        if self.months.signum() * self.ms.signum() < 0 {
            return None;
        }
        let sign = if self.months < 0 || self.ms < 0 { "-" } else { "" };
        let (months, ms) = (self.months.unsigned_abs(), self.ms.unsigned_abs());
        let part = |count: u64, unit: &str| if count == 0 { String::new() } else { format!("{count}{unit}") };
        let dates = part(months / 12, "Y") + &part(months % 12, "M") + &part(ms / 86_400_000, "D");
        let fraction = match ms % 1_000 {
            0 => part(ms / 1_000 % 60, "S"),
            thousandths => format!("{}.{}S", ms / 1_000 % 60, format!("{thousandths:03}").trim_end_matches('0')),
        };
        let times = part(ms / 3_600_000 % 24, "H") + &part(ms / 60_000 % 60, "M") + &fraction;
        Some(match (dates.is_empty(), times.is_empty()) {
            (true, true) => "PT0S".to_owned(),
            (false, true) => format!("{sign}P{dates}"),
            (_, false) => format!("{sign}P{dates}T{times}"),
        })
    }
}

/// A date, or a date and time, as [`Timestamp`] reads it.
pub(super) fn read_moment(text: &str) -> Option<Moment> {
    let text = text.trim();
    let at = text.parse().ok()?;
    Some(Moment { at, whole_day: !text.contains(['T', 't', ' ']) })
}

/// A duration with an optional leading minus.
pub(super) fn read_span(text: &str) -> Option<Span> {
    let text = text.trim();
    let (months, ms) = text.strip_prefix('-').unwrap_or(text).parse::<Duration>().ok()?.parts();
    let span = Span { months, ms };
    Some(if text.starts_with('-') { span.negated() } else { span })
}

/// A JSON number: whole numbers that f64 holds exactly as integers; `None` for what JSON cannot say.
pub(super) fn number_of(value: f64) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= EXACT {
        return Some(Number::from(value as i64));
    }
    Number::from_f64(value)
}

/// Numbers compare by value: 1 equals 1.0, and integers beyond f64's precision are still told apart.
fn number_order(left: &Number, right: &Number) -> Option<Ordering> {
    let whole = |number: &Number| number.as_i64().map(i128::from).or(number.as_u64().map(i128::from));
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        (_, _) => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

fn same_members(left: &Map<String, Value>, right: &Map<String, Value>) -> bool {
    left.len() == right.len()
        && left.iter().all(|(name, value)| {
            right.get(name).is_some_and(|other| Term::of(value).equal(&Term::of(other)) == Some(true))
        })
}

/// Takes `bytes` from what is left, or takes nothing and gives `None`.
pub(super) fn take(bytes_left: &mut usize, bytes: usize) -> Option<()> {
    *bytes_left = bytes_left.checked_sub(bytes)?;
    Some(())
}

fn take_size(bytes_left: &mut usize, value: &Value) -> Option<()> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => take(bytes_left, 8),
        Value::String(text) => take(bytes_left, text.len() + 2),
        Value::Array(items) => {
            take(bytes_left, 2)?;
            items.iter().try_for_each(|item| take_size(bytes_left, item))
        }
        Value::Object(members) => {
            take(bytes_left, 2)?;
            members.iter().try_for_each(|(name, value)| {
                take(bytes_left, name.len() + 3)?;
                take_size(bytes_left, value)
            })
        }
    }
}
