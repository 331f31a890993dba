//! Bars of mails per day: places in per cent across, so that they follow the width of the window, and pixels upwards,
//! so that letters keep their size. Knows no colours.

use super::Day;
use serde::Serialize;

/// Pixels of the highest bar, and of the space above it for the scale's figures.
const BAR_HEIGHT: u64 = 120;
const TOP: u64 = 16;

/// The drawing.
#[derive(Debug, Serialize)]
pub(super) struct Chart {
    height: u64,
    base: u64,
    /// What the drawing shows, in words.
    words: String,
    columns: Vec<Column>,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Column {
    sent: Option<Bar>,
    delivered: Option<Bar>,
    waiting: Option<Bar>,
    trouble: Option<Bar>,
    /// Day of the month, below the middle of the column.
    day: String,
    middle: String,
    /// Month, only where it begins or the drawing does.
    month: Option<&'static str>,
    start: String,
    title: String,
}

#[derive(Debug, Serialize)]
struct Bar {
    x: String,
    y: u64,
    width: String,
    height: u64,
}

#[derive(Debug, Serialize)]
struct Line {
    y: u64,
    label: String,
}

/// `20 Nov`; the text itself where it is no date.
pub(super) fn label(date: &str) -> String {
    match (day(date), month(date)) {
        (Some(day), Some(month)) => format!("{day} {month}"),
        (_, _) => date.to_owned(),
    }
}

pub(super) fn draw(days: &[Day]) -> Chart {
    let highest = days.iter().map(|day| (day.sent + day.waiting()).max(day.trouble())).max().unwrap_or(0);
    let top = ceiling(highest);
    let count = days.len().max(1) as f64;
    let column = |(index, day): (usize, &Day)| {
        let at = |part: f64| format!("{:.2}%", (index as f64 + part) * 100.0 / count);
        let wide = |part: f64| format!("{:.2}%", part * 100.0 / count);
        let bar = |from: u64, value: u64, x: f64, width: f64| {
            let pixels = |value: u64| (value * BAR_HEIGHT).div_ceil(top);
            let (low, high) = (pixels(from), pixels(from + value));
            (value > 0).then(|| Bar {
                x: at(x),
                y: TOP + BAR_HEIGHT - high.max(low + 2),
                width: wide(width),
                height: (high - low).max(2),
            })
        };
        Column {
            sent: bar(0, day.sent, 0.16, 0.46),
            delivered: bar(0, day.delivered.min(day.sent), 0.16, 0.46),
            waiting: bar(day.sent, day.waiting(), 0.16, 0.46),
            trouble: bar(0, day.trouble(), 0.68, 0.16),
            day: self::day(&day.date).map_or_else(|| day.date.clone(), |day| day.to_string()),
            middle: at(0.5),
            month: month(&day.date).filter(|_| index == 0 || self::day(&day.date) == Some(1)),
            start: at(0.16),
            title: format!("{}: {}", label(&day.date), sentence(day)),
        }
    };
    let line = |value: u64| Line { y: TOP + BAR_HEIGHT - value * BAR_HEIGHT / top, label: super::number(value) };
    Chart {
        height: TOP + BAR_HEIGHT + 34,
        base: TOP + BAR_HEIGHT,
        words: words(days),
        columns: days.iter().enumerate().map(column).collect(),
        lines: if highest == 0 {
            Vec::new()
        } else if top.is_multiple_of(2) {
            vec![line(top / 2), line(top)]
        } else {
            vec![line(top)]
        },
    }
}

fn sentence(day: &Day) -> String {
    let mut parts = vec![format!("{} sent", day.sent), format!("{} delivered", day.delivered)];
    for (count, word) in [
        (day.waiting(), "waiting"),
        (day.bounced, "bounced"),
        (day.complained, "reported as spam"),
        (day.failed, "not sent"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    parts.join(", ")
}

/// What the drawing shows, for those who do not see it; the numbers stand in the table below it.
fn words(days: &[Day]) -> String {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return "Mails per day".to_owned() };
    let span = format!("Mails per day, {} to {}.", label(&first.date), label(&last.date));
    let highest = days.iter().max_by_key(|day| day.sent).filter(|day| day.sent > 0);
    let Some(highest) = highest else { return format!("{span} None was sent.") };
    let worst = days.iter().max_by_key(|day| day.trouble()).filter(|day| day.trouble() > 0);
    let trouble = match worst {
        Some(day) => format!("Most bounced or failed: {} on {}.", day.trouble(), label(&day.date)),
        None => "None bounced or failed.".to_owned(),
    };
    format!("{span} Most sent: {} on {}. {trouble}", highest.sent, label(&highest.date))
}

/// The next number of the row 2, 4, 10, 20, 40, 100 ..., at or above: the half is a whole number too.
fn ceiling(value: u64) -> u64 {
    let mut step = 1_u64;
    loop {
        for factor in [2, 4, 6, 8] {
            if value <= factor * step {
                return factor * step;
            }
        }
        step = match step.checked_mul(10) {
            Some(next) if value <= next => return next,
            Some(next) => next,
            None => return value,
        };
    }
}

fn day(date: &str) -> Option<u8> {
    date.get(8..10)?.parse().ok()
}

fn month(date: &str) -> Option<&'static str> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month: usize = date.get(5..7)?.parse().ok()?;
    MONTHS.get(month.checked_sub(1)?).copied()
}
