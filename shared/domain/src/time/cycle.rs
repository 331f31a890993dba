//! Repetition: ISO 8601 repeating intervals and cron. Says when something happens next; starts no timer.

use super::{Cron, Duration, InvalidTime, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

const DAY_MS: i64 = 86_400_000;

/// `timeCycle`: `R[n]/[start/]duration[/end]` or a cron expression of five fields in UTC.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// Number of firings; `None`: until what it belongs to ends.
    pub times: Option<u32>,
    /// The moment from which an interval is counted; else its own start plus one interval is the first.
    pub start: Option<Timestamp>,
    /// Nothing fires after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<Timestamp>,
    /// Time between firings.
    pub every: Rhythm,
}

/// How a cycle repeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rhythm {
    /// A duration that is not zero.
    Interval(Duration),
    /// The minutes that match.
    Cron(Cron),
}

impl Cycle {
    /// When a cycle that begins now fires first; `None` where it never does.
    pub fn first(&self, now: Timestamp) -> Option<Timestamp> {
        if self.times == Some(0) {
            return None;
        }
        let at = match (&self.every, self.start) {
            (Rhythm::Interval(every), None) => every.after(now),
            (Rhythm::Interval(every), Some(start)) => next_of(every, start, now.plus_millis(-1)),
            (Rhythm::Cron(cron), _) => cron.after(now)?,
        };
        self.unless_over(at)
    }

    /// The firing after the one that was due at `due`, seen from now: those that were missed fold into the one that
    /// comes late, and the rhythm stays.
    pub fn next(&self, due: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let seen = now.max(due);
        let at = match &self.every {
            // From the modelled start, so that the last day of a month comes back after a shorter one.
            Rhythm::Interval(every) => next_of(every, self.start.unwrap_or(due), seen),
            Rhythm::Cron(cron) => cron.after(seen)?,
        };
        self.unless_over(at)
    }

    fn unless_over(&self, at: Timestamp) -> Option<Timestamp> {
        (self.end.is_none_or(|end| at <= end) && at != Timestamp::LAST).then_some(at)
    }
}

/// The first of `start`, `start` plus one interval, plus two ... after `moment`.
fn next_of(every: &Duration, start: Timestamp, moment: Timestamp) -> Timestamp {
    let (months, millis) = every.parts();
    // No month is longer than 31 days: this many intervals certainly fit in between.
    let longest = months * 31 * DAY_MS + millis;
    let between = moment.as_millis() - start.as_millis();
    let mut count = (between / longest.max(1)).max(0);
    loop {
        let at = start.plus_calendar(months * count, millis * count);
        if at > moment || at == Timestamp::LAST {
            return at;
        }
        count += 1;
    }
}

impl FromStr for Cycle {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Cycle, InvalidTime> {
        let text = text.trim();
        let Some(rest) = text.strip_prefix('R') else {
            if text.split_whitespace().count() < 2 {
                return Err(InvalidTime(format!(
                    "\"{text}\" is not a cycle such as R3/P1D (three times, each day), R/PT12H or \"0 2 * * *\" (cron)"
                )));
            }
            return Ok(Cycle { times: None, start: None, end: None, every: Rhythm::Cron(text.parse()?) });
        };
        let shape =
            || InvalidTime(format!("\"{text}\" is not a cycle such as R3/P1D (three times, each day) or R/PT12H"));
        let mut parts = rest.split('/');
        let times = match parts.next() {
            Some("") => None,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.parse::<u32>().map_err(|_| shape())?)
            }
            Some(_) | None => return Err(shape()),
        };
        let parts: Vec<&str> = parts.collect();
        let (start, every, end) = match parts.as_slice() {
            [every] => (None, every, None),
            [every, end] if every.starts_with('P') => (None, every, Some(end.parse()?)),
            [start, every] => (Some(start.parse()?), every, None),
            [start, every, end] => (Some(start.parse()?), every, Some(end.parse()?)),
            _ => return Err(shape()),
        };
        let every: Duration = every.parse()?;
        if every.is_zero() {
            let message = format!("\"{text}\" repeats without any time between; write an interval such as PT1H");
            return Err(InvalidTime(message));
        }
        if times == Some(0) {
            let message = format!("\"{text}\" never fires; write R1 or more, or R for no limit");
            return Err(InvalidTime(message));
        }
        Ok(Cycle { times, start, end, every: Rhythm::Interval(every) })
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rhythm::Interval(every) = &self.every else { return fmt::Display::fmt(&self.every, f) };
        f.write_str("R")?;
        if let Some(times) = self.times {
            write!(f, "{times}")?;
        }
        if let Some(start) = self.start {
            write!(f, "/{start}")?;
        }
        write!(f, "/{every}")?;
        if let Some(end) = self.end {
            write!(f, "/{end}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Rhythm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rhythm::Interval(every) => every.fmt(f),
            Rhythm::Cron(cron) => cron.fmt(f),
        }
    }
}

impl Serialize for Rhythm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Rhythm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rhythm, D::Error> {
        let text = String::deserialize(deserializer)?;
        let read =
            if text.starts_with('P') { text.parse().map(Rhythm::Interval) } else { text.parse().map(Rhythm::Cron) };
        read.map_err(serde::de::Error::custom)
    }
}
