//! Points in time, ISO 8601 durations and what repeats. Parses and adds; never reads a clock.

mod cron;
mod cycle;

pub use cron::Cron;
pub use cycle::{Cycle, Rhythm};

use jiff::Span;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A moment in UTC with millisecond precision. On the wire RFC 3339 with milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// The text is no date-time, date or duration of ISO 8601.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidTime(pub String);

/// No clock is further from UTC (XML Schema, dateTime).
const OFFSET_MAX_S: i32 = 14 * 60 * 60;
/// 0000-01-01T00:00:00Z; earlier years have no RFC 3339 spelling.
const FIRST_MS: i64 = -62_167_219_200_000;
/// 9999-12-30T22:00:00Z, the last moment whose date is in year 9999 at most at every offset from UTC.
const LAST_MS: i64 = 253_402_207_200_000;

impl Timestamp {
    /// Where time ends: what would be later is this moment.
    pub const LAST: Timestamp = Timestamp(LAST_MS);

    /// From milliseconds since 1970-01-01T00:00:00Z, clamped to 0000-01-01T00:00:00Z..=9999-12-30T22:00:00Z.
    pub fn from_millis(ms: i64) -> Timestamp {
        Timestamp(ms.clamp(FIRST_MS, LAST_MS))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// The moment `ms` milliseconds later.
    pub fn plus_millis(self, ms: i64) -> Timestamp {
        Timestamp::from_millis(self.0.saturating_add(ms))
    }

    /// The moment `months` calendar months and then `ms` milliseconds later, or earlier where they are negative.
    /// Months are counted in UTC and clamped to the last day of the month. Saturates as [`Timestamp::from_millis`].
    pub fn plus_calendar(self, months: i64, ms: i64) -> Timestamp {
        if months == 0 {
            return self.plus_millis(ms);
        }
        let civil = Offset::UTC.to_datetime(self.to_jiff());
        let moved = Span::new()
            .try_months(months)
            .and_then(|span| civil.checked_add(span))
            .and_then(|civil| Offset::UTC.to_timestamp(civil));
        match moved {
            Ok(at) => Timestamp::from_millis(at.as_millisecond()).plus_millis(ms),
            Err(_) => Timestamp(if months < 0 { FIRST_MS } else { LAST_MS }),
        }
    }

    fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.to_jiff())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTime;

    /// ISO 8601 date-time with offset or `Z`; without an offset it is read as UTC (spec: bpmn 11, timeDate).
    fn from_str(text: &str) -> Result<Timestamp, InvalidTime> {
        let text = text.trim();
        let ms = match text.parse::<jiff::Timestamp>() {
            Ok(_) if is_offset_too_far(text) => {
                return Err(InvalidTime(format!("\"{text}\" is further from UTC than 14 hours")));
            }
            Ok(at) => at.as_millisecond(),
            Err(_) => {
                let bad = || InvalidTime(format!("\"{text}\" is not a date and time such as 2026-12-03T22:59:00Z"));
                // The civil parser would drop an offset that has put the moment out of range.
                if text.split_once(['T', 't', ' ']).is_some_and(|(_, time)| time.contains(['+', '-', '['])) {
                    return Err(bad());
                }
                let civil: DateTime = text.parse().map_err(|_| bad())?;
                Offset::UTC.to_timestamp(civil).map_or(i64::MAX, jiff::Timestamp::as_millisecond)
            }
        };
        if (FIRST_MS..=LAST_MS).contains(&ms) {
            Ok(Timestamp(ms))
        } else {
            Err(InvalidTime(format!("\"{text}\" is out of range")))
        }
    }
}

fn is_offset_too_far(text: &str) -> bool {
    let offset = Pieces::parse(text).ok().and_then(|pieces| pieces.to_numeric_offset());
    offset.is_some_and(|offset| offset.seconds().abs() > OFFSET_MAX_S)
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        Ok(Timestamp::from_millis(i64::deserialize(deserializer)?))
    }
}

/// An ISO 8601 duration: `PnYnMnWnDTnHnMnS`, at least one component, no sign, seconds may have a fraction.
/// Years and months are calendar arithmetic in UTC, clamped to the last day of the month; a day is 24 hours.
#[derive(Clone, PartialEq, Eq)]
pub struct Duration {
    text: String,
    months: i64,
    millis: i64,
}

impl Duration {
    /// The moment this duration after `start`. Saturates at the year 9999.
    pub fn after(&self, start: Timestamp) -> Timestamp {
        start.plus_calendar(self.months, self.millis)
    }

    /// The calendar months and the milliseconds the duration adds, both at least 0.
    pub fn parts(&self) -> (i64, i64) {
        (self.months, self.millis)
    }

    /// True for `PT0S`, `P0D` and the like.
    pub fn is_zero(&self) -> bool {
        self.months == 0 && self.millis == 0
    }
}

impl FromStr for Duration {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Duration, InvalidTime> {
        let text = text.trim();
        let bad = || InvalidTime(format!("\"{text}\" is not a duration such as PT12H, P3D or P1M"));
        let rest = text.strip_prefix('P').ok_or_else(bad)?;
        if text.len() > 64 {
            return Err(bad());
        }
        let (dates, times) = match rest.split_once('T') {
            Some((_, "")) => return Err(bad()),
            Some((dates, times)) => (dates, times),
            None => (rest, ""),
        };
        let mut months = 0_i64;
        let mut millis = 0_i64;
        let mut seen = false;
        for (part, units) in [(dates, "YMWD"), (times, "HMS")] {
            let mut units_left = units;
            let mut part = part;
            while !part.is_empty() {
                let end = part.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(bad)?;
                let (number, unit) = (&part[..end], &part[end..=end]);
                let position = units_left.find(unit).ok_or_else(bad)?;
                units_left = &units_left[position + 1..];
                let scale_ms = match (units, unit) {
                    ("YMWD", "Y") | ("YMWD", "M") => 0,
                    ("YMWD", "W") => 7 * 86_400_000,
                    ("YMWD", "D") => 86_400_000,
                    ("HMS", "H") => 3_600_000,
                    ("HMS", "M") => 60_000,
                    _ => 1_000,
                };
                if unit == "S" && units == "HMS" {
                    millis = millis.checked_add(seconds_as_millis(number).ok_or_else(bad)?).ok_or_else(bad)?;
                } else {
                    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
                        return Err(bad());
                    }
                    let count: i64 = number.parse().map_err(|_| bad())?;
                    if scale_ms == 0 {
                        let add = if unit == "Y" { count.checked_mul(12) } else { Some(count) };
                        months = add.and_then(|add| months.checked_add(add)).ok_or_else(bad)?;
                    } else {
                        millis = count.checked_mul(scale_ms).and_then(|add| millis.checked_add(add)).ok_or_else(bad)?;
                    }
                }
                seen = true;
                part = &part[end + 1..];
            }
        }
        // jiff's spans end at 19,998 years; anything near that is a mistake of the model.
        if !seen || months > 12 * 1_000 || millis > 366_000 * 86_400_000 {
            return Err(bad());
        }
        Ok(Duration { text: text.to_owned(), months, millis })
    }
}

fn seconds_as_millis(number: &str) -> Option<i64> {
    let (whole, fraction) = number.split_once(['.', ',']).unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let thousandths: i64 = format!("{fraction:0<3}")[..3].parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1_000)?.checked_add(thousandths)
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
