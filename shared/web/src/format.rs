//! Dates, numbers and sizes in the reader's language and time zone. Reads no clock; numeric-only dates are never
//! written, because 3.12. and 12/3 are read as different days.

use crate::text::Lang;
use domain::time::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use serde_json::Value;

const NO_BREAK_SPACE: char = '\u{a0}';
const NARROW_NO_BREAK_SPACE: char = '\u{202f}';

/// A time zone with the place readers know it by.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: TimeZone,
    place: String,
}

impl Zone {
    /// The zone with this IANA name (`Europe/Oslo`); UTC where the bundled database does not know it.
    pub fn named(name: &str) -> Zone {
        match TimeZone::get(name) {
            Ok(zone) if !name.is_empty() => {
                let place = name.rsplit('/').next().unwrap_or(name).replace('_', " ");
                Zone { zone, place }
            }
            Ok(_) | Err(_) => Zone { zone: TimeZone::UTC, place: "UTC".to_owned() },
        }
    }

    /// The place: `Oslo`, `New York`, `UTC`.
    pub fn place(&self) -> &str {
        &self.place
    }

    fn civil(&self, at: Timestamp) -> DateTime {
        let at = jiff::Timestamp::from_millisecond(at.as_millis()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        self.zone.to_datetime(at)
    }
}

/// `3 December 2026, 23:59`
pub fn moment(lang: Lang, zone: &Zone, at: Timestamp) -> String {
    let at = zone.civil(at);
    let (day, hour, minute) = (date(lang, at.date()), at.hour(), at.minute());
    match lang {
        Lang::En => format!("{day}, {hour:02}:{minute:02}"),
        Lang::De => format!("{day}, {hour:02}:{minute:02} Uhr"),
        Lang::Fr => format!("{day} à {hour:02}:{minute:02}"),
    }
}

/// `3 December 2026, 23:59 (Oslo)`: for the one time on a page that decides something.
pub fn moment_with_place(lang: Lang, zone: &Zone, at: Timestamp) -> String {
    format!("{} ({})", moment(lang, zone, at), zone.place)
}

/// `3 December 2026` at the zone's place.
pub fn day(lang: Lang, zone: &Zone, at: Timestamp) -> String {
    date(lang, zone.civil(at).date())
}

/// `20 Nov, 09:02`, with the year where it is not `now`'s: a moment in the console's lists, which are English.
pub fn moment_short(zone: &Zone, at: Timestamp, now: Timestamp) -> String {
    let (at, now) = (zone.civil(at), zone.civil(now));
    let time = format!("{:02}:{:02}", at.hour(), at.minute());
    format!("{}, {time}", date_short(at.date(), now.date()))
}

/// `20 Nov`, with the year where it is not `now`'s.
pub fn day_short(zone: &Zone, at: Timestamp, now: Timestamp) -> String {
    date_short(zone.civil(at).date(), zone.civil(now).date())
}

/// `18 Nov 2026, 08:15:42`: a moment in the console's facts and logs.
pub fn moment_exact(zone: &Zone, at: Timestamp) -> String {
    let at = zone.civil(at);
    let month = &months(Lang::En)[usize::try_from(at.month() - 1).unwrap_or(0).min(11)][..3];
    format!("{} {month} {}, {:02}:{:02}:{:02}", at.day(), at.year(), at.hour(), at.minute(), at.second())
}

/// `in 38 hours`, `in 14 days`: the rest of a time beside its end, in English.
pub fn time_left(now: Timestamp, end: Timestamp) -> String {
    let hours = (end.as_millis() - now.as_millis()) / 3_600_000;
    match hours {
        ..1 => "in less than an hour".to_owned(),
        1 => "in 1 hour".to_owned(),
        2..=48 => format!("in {hours} hours"),
        _ => format!("in {} days", hours / 24),
    }
}

/// A day as date fields send it, `2026-11-20`, becomes `20 November 2026`; anything else stays as it is.
pub fn day_typed(text: &str) -> String {
    typed(text).map_or_else(|| text.to_owned(), |day| date(Lang::En, day))
}

/// Whether a text is a day as date fields send it.
pub fn is_day(text: &str) -> bool {
    typed(text).is_some()
}

/// First and last moment of a day as date fields send it, at the zone's place. `None` for what is no day.
pub fn day_bounds(zone: &Zone, text: &str) -> Option<(Timestamp, Timestamp)> {
    let day = typed(text)?;
    let start = |day: Date| Some(day.to_zoned(zone.zone.clone()).ok()?.timestamp().as_millisecond());
    Some((Timestamp::from_millis(start(day)?), Timestamp::from_millis(start(day.tomorrow().ok()?)? - 1)))
}

fn typed(text: &str) -> Option<Date> {
    if text.len() == 10 { text.parse().ok() } else { None }
}

/// Midnights between `now` and `end` at the zone's place: 0 on the day itself, never negative.
pub fn days_left(zone: &Zone, now: Timestamp, end: Timestamp) -> u64 {
    let days = zone.civil(now).date().until(zone.civil(end).date()).map_or(0, |span| span.get_days());
    u64::try_from(days).unwrap_or(0)
}

/// The filter `date` of customer templates: an ISO date becomes a day, an ISO date-time a moment in the zone.
/// `None` for anything else; the caller shows the value as it is.
pub fn date_value(lang: Lang, zone: &Zone, value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    if text.len() == 10 {
        return text.parse::<Date>().ok().map(|day| date(lang, day));
    }
    text.parse::<Timestamp>().ok().map(|at| moment(lang, zone, at))
}

/// The filter `number` of customer templates: a JSON number or a text that is one. `None` for anything else.
pub fn number_value(lang: Lang, value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(decimal(lang, &number.to_string())),
        Value::String(text) if is_decimal(text.trim()) => Some(decimal(lang, text.trim())),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A count: `1,512` in English.
pub fn count(lang: Lang, count: usize) -> String {
    decimal(lang, &count.to_string())
}

/// A decimal number written with a point, grouped and with the language's decimal sign. What is no plain decimal
/// (an exponent, a word) comes back as it is.
pub fn decimal(lang: Lang, text: &str) -> String {
    if !is_decimal(text) {
        return text.to_owned();
    }
    let (group, point) = match lang {
        Lang::En => (',', '.'),
        Lang::De => ('.', ','),
        Lang::Fr => (NARROW_NO_BREAK_SPACE, ','),
    };
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut shown = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            shown.push(group);
        }
        shown.push(digit);
    }
    if !fraction.is_empty() {
        shown.push(point);
        shown.push_str(fraction);
    }
    shown
}

/// A file size in powers of 1000 with one decimal: `1.8 MB`.
pub fn size(lang: Lang, bytes: u64) -> String {
    let (kilo, mega) = match lang {
        Lang::En | Lang::De => ("KB", "MB"),
        Lang::Fr => ("Ko", "Mo"),
    };
    // Below 999,950 bytes the rounded figure still has at most three digits before the point.
    let (tenths, unit) = if bytes < 999_950 { ((bytes + 50) / 100, kilo) } else { ((bytes + 50_000) / 100_000, mega) };
    format!("{}{NO_BREAK_SPACE}{unit}", decimal(lang, &format!("{}.{}", tenths / 10, tenths % 10)))
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && all_digits(fraction)
}

fn date(lang: Lang, date: Date) -> String {
    let (day, year) = (date.day(), date.year());
    let month = months(lang)[usize::try_from(date.month() - 1).unwrap_or(0).min(11)];
    match lang {
        Lang::En => format!("{day} {month} {year}"),
        Lang::De => format!("{day}. {month} {year}"),
        Lang::Fr if day == 1 => format!("1er {month} {year}"),
        Lang::Fr => format!("{day} {month} {year}"),
    }
}

fn date_short(date: Date, now: Date) -> String {
    let month = &months(Lang::En)[usize::try_from(date.month() - 1).unwrap_or(0).min(11)][..3];
    if date.year() == now.year() {
        return format!("{} {month}", date.day());
    }
    format!("{} {month} {}", date.day(), date.year())
}

fn months(lang: Lang) -> [&'static str; 12] {
    match lang {
        Lang::En => [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ],
        Lang::De => [
            "Januar",
            "Februar",
            "März",
            "April",
            "Mai",
            "Juni",
            "Juli",
            "August",
            "September",
            "Oktober",
            "November",
            "Dezember",
        ],
        Lang::Fr => [
            "janvier",
            "février",
            "mars",
            "avril",
            "mai",
            "juin",
            "juillet",
            "août",
            "septembre",
            "octobre",
            "novembre",
            "décembre",
        ],
    }
}

#[cfg(test)]
mod tests;
