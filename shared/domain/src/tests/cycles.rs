//! What repeats: when a cycle fires first and next, and what is no cycle (S4-108).

use crate::time::{Cycle, Timestamp};
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn cycle(text: &str) -> Cycle {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The first firings of a cycle that begins at `now`, each in time.
fn firings(text: &str, now: &str, count: usize) -> Vec<String> {
    let cycle = cycle(text);
    let first = cycle.first(at(now));
    std::iter::successors(first, |due| cycle.next(*due, *due)).take(count).map(|at| at.to_string()).collect()
}

#[test]
fn an_interval_counts_from_the_start_of_the_timer_or_from_a_modelled_one() {
    let table = [
        ("R3/PT1H", "2026-01-01T10:30:00Z", "2026-01-01T11:30:00.000Z 2026-01-01T12:30:00.000Z"),
        ("R/2026-01-05T00:00:00Z/P7D", "2026-01-01T10:30:00Z", "2026-01-05T00:00:00.000Z 2026-01-12T00:00:00.000Z"),
        // A start that is over keeps the rhythm and fires for nothing that is gone.
        ("R/2020-01-01T02:00:00Z/P1D", "2026-01-01T10:30:00Z", "2026-01-02T02:00:00.000Z 2026-01-03T02:00:00.000Z"),
        ("R/2026-01-01T10:30:00Z/P1D", "2026-01-01T10:30:00Z", "2026-01-01T10:30:00.000Z 2026-01-02T10:30:00.000Z"),
        // The last day of a month comes back after a shorter one.
        ("R/2026-01-31T00:00:00Z/P1M", "2026-02-01T00:00:00Z", "2026-02-28T00:00:00.000Z 2026-03-31T00:00:00.000Z"),
        ("R/0000-01-01T00:00:00Z/P1M", "2026-02-01T12:00:00Z", "2026-03-01T00:00:00.000Z 2026-04-01T00:00:00.000Z"),
    ];
    for (text, now, expected) in table {
        assert_eq!(firings(text, now, 2).join(" "), expected, "{text}");
    }
}

#[test]
fn nothing_fires_after_the_end() {
    let expected = ["2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z"];
    assert_eq!(firings("R/P1D/2026-01-03T00:00:00Z", "2026-01-01T00:00:00Z", 9), expected);
    assert_eq!(firings("R9/2026-01-02T00:00:00Z/P1D/2026-01-03T12:00:00Z", "2026-01-01T00:00:00Z", 9), expected);
    assert_eq!(cycle("R/P1D/2026-01-01T12:00:00Z").first(at("2026-01-01T00:00:00Z")), None);
    assert_eq!(cycle("R/9999-12-30T00:00:00Z/P1D").next(at("9999-12-30T00:00:00Z"), at("9999-12-30T00:00:00Z")), None);
}

#[test]
fn cron_names_minutes_in_utc() {
    let table = [
        ("0 2 * * *", "2026-01-01T02:00:00Z", "2026-01-02T02:00:00.000Z 2026-01-03T02:00:00.000Z"),
        ("*/20 * * * *", "2026-01-01T10:59:59.999Z", "2026-01-01T11:00:00.000Z 2026-01-01T11:20:00.000Z"),
        ("5/30 22-23 * * *", "2026-01-01T22:35:00Z", "2026-01-01T23:05:00.000Z 2026-01-01T23:35:00.000Z"),
        ("0 9 * * mon-FRI", "2026-01-02T12:00:00Z", "2026-01-05T09:00:00.000Z 2026-01-06T09:00:00.000Z"),
        ("0 9 * * 7", "2026-01-02T12:00:00Z", "2026-01-04T09:00:00.000Z 2026-01-11T09:00:00.000Z"),
        ("0 9 * * 0,6", "2026-01-02T12:00:00Z", "2026-01-03T09:00:00.000Z 2026-01-04T09:00:00.000Z"),
        ("0 0 31 * ?", "2026-01-31T12:00:00Z", "2026-03-31T00:00:00.000Z 2026-05-31T00:00:00.000Z"),
        ("0 0 29 FEB *", "2026-01-31T12:00:00Z", "2028-02-29T00:00:00.000Z 2032-02-29T00:00:00.000Z"),
        ("0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00:00.000Z 2108-02-29T00:00:00.000Z"),
        // Both fields of days are restricted: either counts.
        ("0 0 13 * 5", "2026-02-07T00:00:00Z", "2026-02-13T00:00:00.000Z 2026-02-20T00:00:00.000Z"),
        ("0 0 15 * 5", "2026-02-13T00:00:00Z", "2026-02-15T00:00:00.000Z 2026-02-20T00:00:00.000Z"),
        ("0 0/5 9-17 ? * MON-FRI", "2026-01-02T17:52:00Z", "2026-01-02T17:55:00.000Z 2026-01-05T09:00:00.000Z"),
        ("59 23 31 12 *", "2026-12-31T23:59:00Z", "2027-12-31T23:59:00.000Z 2028-12-31T23:59:00.000Z"),
    ];
    for (text, now, expected) in table {
        assert_eq!(firings(text, now, 2).join(" "), expected, "{text}");
    }
    assert_eq!(cycle("0 0 1 1 *").first(at("9999-12-30T00:00:00Z")), None);
}

#[test]
fn what_is_no_cycle_says_what_to_write() {
    let table = [
        ("", "is not a cycle"),
        ("PT1H", "is not a cycle"),
        ("R", "is not a cycle"),
        ("R3", "is not a cycle"),
        ("R-1/PT1H", "is not a cycle"),
        ("Rx/PT1H", "is not a cycle"),
        ("R99999999999/PT1H", "is not a cycle"),
        ("R/a/b/c/d", "is not a cycle"),
        ("R0/PT1H", "never fires"),
        ("R/PT0S", "without any time between"),
        ("R/tomorrow/P1D", "is not a date and time"),
        ("R/P1D/tomorrow", "is not a date and time"),
        ("R/1D", "is not a duration"),
        ("every day", "five fields"),
        ("*/5 * * * * ?", "within a minute"),
        ("0 0 2 ? * 1", "weekdays by name"),
        ("0 0 2 * * ? 2026", "five fields"),
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day of month"),
        ("* * * 13 *", "month"),
        ("* * * * 8", "day of week"),
        ("5-3 * * * *", "minute"),
        ("*/0 * * * *", "minute"),
        ("*/61 * * * *", "minute"),
        ("1,,2 * * * *", "minute"),
        ("+1 * * * *", "minute"),
        ("* * * JANUARY *", "month"),
        ("0 0 30 2 *", "names a day that no year has"),
        ("0 0 31 4,6,9,11 *", "names a day that no year has"),
    ];
    for (text, expected) in table {
        let error = text.parse::<Cycle>().expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

/// A version that reads it back must repeat as the one that wrote it.
#[test]
fn a_cycle_keeps_its_stored_form() {
    let table = [
        ("R3/PT1H", r#"{"times":3,"start":null,"every":"PT1H"}"#),
        ("R/2026-01-01T00:00:00.000Z/P1M", r#"{"times":null,"start":1767225600000,"every":"P1M"}"#),
        ("R/P1D/2026-01-01T00:00:00.000Z", r#"{"times":null,"start":null,"end":1767225600000,"every":"P1D"}"#),
        ("0 2 * * MON-FRI", r#"{"times":null,"start":null,"every":"0 2 * * MON-FRI"}"#),
    ];
    for (text, stored) in table {
        let cycle = cycle(text);
        assert_eq!(serde_json::to_string(&cycle).expect("JSON"), stored);
        assert_eq!(serde_json::from_str::<Cycle>(stored).expect("a cycle"), cycle);
        assert_eq!(cycle.to_string(), text);
    }
}

fn cycles() -> impl Strategy<Value = String> {
    let interval = (0u32..3, 0u32..40, 0u32..30, 1u32..90).prop_map(|(m, d, h, s)| format!("P{m}M{d}DT{h}H{s}S"));
    let anchored = (0i64..4_000_000_000_000, interval.clone())
        .prop_map(|(start, every)| format!("R/{}/{every}", Timestamp::from_millis(start)));
    let cron = (0u32..60, 0u32..24, 1u32..29, 1u32..13, 0u32..8, 0usize..4).prop_map(|(m, h, d, month, w, shape)| {
        [
            format!("{m} {h} {d} {month} *"),
            format!("{m} {h} * * {w}"),
            format!("*/{} * {d} * {w}", m.max(1)),
            format!("{m} */{} * * *", h.max(1)),
        ][shape]
            .clone()
    });
    prop_oneof![interval.prop_map(|every| format!("R/{every}")), anchored, cron]
}

proptest! {
    /// However late a firing comes, the next one lies ahead, and it is the one that firings in time would have led to.
    #[test]
    fn the_next_firing_is_the_first_one_ahead(text in cycles(), begin in 0i64..4_000_000_000_000, late in 0i64..40_000_000_000) {
        let cycle = cycle(&text);
        let first = cycle.first(Timestamp::from_millis(begin)).expect("no end");
        prop_assert!(first.as_millis() >= begin);
        let now = first.plus_millis(late);
        let next = cycle.next(first, now).expect("no end");
        prop_assert!(next > now, "{} of {}", next, text);
        let mut due = first;
        for _ in 0..10_000 {
            let following = cycle.next(due, due).expect("no end");
            prop_assert!(following > due);
            if following > now {
                // Months counted one by one lose the days that shorter ones lack; counted in one leap they do not.
                let calendar = text.contains('R') && !text.contains("/P0M");
                prop_assert!(calendar || following == next, "{}: {} {}", text, following, next);
                break;
            }
            due = following;
        }
    }
}
