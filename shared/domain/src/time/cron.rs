//! Cron expressions of five fields in UTC. Says which minute comes next; knows no process and reads no clock.
//!
//! Own code, because the libraries for it bring the time zones of the whole world, which the rules neither need nor may
//! look up.

use super::{InvalidTime, Timestamp};
use jiff::civil::Date;
use jiff::tz::Offset;
use std::fmt;
use std::str::FromStr;

/// A leap day falls on the same weekday after 40 years at the latest.
const YEARS_MAX: i16 = 40;
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// `minute hour day-of-month month day-of-week`, with lists, ranges, steps and English names of three letters. 0 and 7
/// are Sunday. A field for seconds before them is read where it is 0 (Camunda 7 and 8, Flowable). Where both fields of days are restricted a day that meets either counts, as in every cron since Vixie's.
#[derive(Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// Both fields of days are restricted.
    either: bool,
}

impl Cron {
    /// The first matching minute after a moment; `None` beyond the year 9999.
    pub fn after(&self, moment: Timestamp) -> Option<Timestamp> {
        let begin = Offset::UTC.to_datetime(moment.to_jiff());
        let mut date = begin.date();
        let mut from = Some(u32::from(begin.hour().unsigned_abs()) * 60 + u32::from(begin.minute().unsigned_abs()) + 1);
        let last = date.year().checked_add(YEARS_MAX)?;
        while date.year() <= last {
            if self.has_day(date)
                && let Some(minute) = self.minute_from(from.unwrap_or(0))
            {
                let time = i64::from(minute) * 60_000;
                let midnight = Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
                let found = midnight.as_millisecond() + time;
                let at = Timestamp::from_millis(found);
                return (at.as_millis() == found).then_some(at);
            }
            from = None;
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn has_day(&self, date: Date) -> bool {
        let has = |set: u64, value: i8| set & (1 << value) != 0;
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        let day = has(self.days, date.day());
        has(self.months, date.month()) && if self.either { day || weekday } else { day && weekday }
    }

    /// The first matching minute of a day, counted from midnight, that is not before `from`.
    fn minute_from(&self, from: u32) -> Option<u32> {
        let matches = |at: &u32| self.hours & (1 << (at / 60)) != 0 && self.minutes & (1 << (at % 60)) != 0;
        (from..24 * 60).find(matches)
    }
}

impl FromStr for Cron {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Cron, InvalidTime> {
        let mut fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() == 6 {
            without_seconds(&mut fields, text)?;
        }
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            let message = format!(
                "\"{text}\" is no cron expression of five fields (minute, hour, day of month, month, day of week) such as \
                 \"0 2 * * MON-FRI\""
            );
            return Err(InvalidTime(message));
        };
        let weekdays = field(weekday, "day of week", (0, 7), &WEEKDAYS, 0)?;
        let restricted = |field: &str| !field.starts_with(['*', '?']);
        let cron = Cron {
            text: fields.join(" "),
            minutes: field(minute, "minute", (0, 59), &[], 0)?,
            hours: field(hour, "hour", (0, 23), &[], 0)?,
            days: field(day, "day of month", (1, 31), &[], 0)?,
            months: field(month, "month", (1, 12), &MONTHS, 1)?,
            // Sunday has two numbers.
            weekdays: weekdays | weekdays >> 7 & 1,
            either: restricted(day) && restricted(weekday),
        };
        // Any moment does: what matches at all matches within the years that are looked at.
        match cron.after(Timestamp::from_millis(0)) {
            Some(_) => Ok(cron),
            None => Err(InvalidTime(format!("\"{text}\" names a day that no year has"))),
        }
    }
}

/// Takes the field of seconds away, which engines on Java put in front. Some of them count weekdays from 1, so there a
/// number would name different days.
fn without_seconds(fields: &mut Vec<&str>, text: &str) -> Result<(), InvalidTime> {
    let (seconds, weekday) = (fields.remove(0), fields[4]);
    if seconds != "0" {
        return Err(InvalidTime(format!("\"{text}\" fires within a minute; its first field, seconds, can only be 0")));
    }
    if weekday.bytes().any(|byte| byte.is_ascii_digit()) {
        let message =
            format!("\"{text}\": with a field for seconds write weekdays by name (MON, TUE), or leave the seconds out");
        return Err(InvalidTime(message));
    }
    Ok(())
}

/// The values of a field as a set of bits.
fn field(text: &str, what: &str, range: (u32, u32), names: &[&str], first: usize) -> Result<u64, InvalidTime> {
    let bad = || {
        let (low, high) = range;
        InvalidTime(format!(
            "\"{text}\" is no {what} of a cron expression; write *, {low} to {high}, 1-3, */2 or a list of these"
        ))
    };
    let value = |text: &str| -> Result<u32, InvalidTime> {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text)).map(|index| index + first);
        let number = named.and_then(|index| u32::try_from(index).ok());
        let digits = || text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        number.or_else(digits).filter(|value| (range.0..=range.1).contains(value)).ok_or_else(bad)
    };
    let mut set = 0;
    for part in text.split(',') {
        let (values, step) = match part.split_once('/') {
            Some((values, step)) => (values, Some(step)),
            None => (part, None),
        };
        let (low, high) = match values.split_once('-') {
            _ if values == "*" || values == "?" => range,
            Some((low, high)) => (value(low)?, value(high)?),
            // A single value with a step begins a range, as in the crons of Java.
            None if step.is_some() => (value(values)?, range.1),
            None => (value(values)?, value(values)?),
        };
        let step = match step {
            None => 1,
            Some(step) => step.parse::<usize>().ok().filter(|step| (1..=60).contains(step)).ok_or_else(bad)?,
        };
        if low > high {
            return Err(bad());
        }
        for value in (low..=high).step_by(step) {
            set |= 1 << value;
        }
    }
    Ok(set)
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
