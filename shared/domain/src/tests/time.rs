//! Timestamps and durations: what is read, how calendar arithmetic clamps, where time ends.

use crate::time::{Duration, Timestamp};
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn after(start: &str, duration: &str) -> String {
    duration.parse::<Duration>().unwrap_or_else(|e| panic!("{duration}: {e}")).after(at(start)).to_string()
}

#[test]
fn timestamps_are_read_with_offset_or_as_utc() {
    let table = [
        ("2026-12-03T22:59:00Z", "2026-12-03T22:59:00.000Z"),
        ("2026-12-03T22:59Z", "2026-12-03T22:59:00.000Z"),
        (" 2026-12-03T22:59:00Z\n", "2026-12-03T22:59:00.000Z"),
        ("2026-12-03T22:59:00+02:00", "2026-12-03T20:59:00.000Z"),
        ("2026-12-03T22:59:00-05:30", "2026-12-04T04:29:00.000Z"),
        ("2026-12-03T22:59:00.5Z", "2026-12-03T22:59:00.500Z"),
        ("2026-12-03T22:59:00,5Z", "2026-12-03T22:59:00.500Z"),
        ("2026-12-03T22:59:00.123456789Z", "2026-12-03T22:59:00.123Z"),
        ("2026-12-03T22:59:00", "2026-12-03T22:59:00.000Z"),
        ("2026-12-03 22:59", "2026-12-03T22:59:00.000Z"),
        ("2026-12-03", "2026-12-03T00:00:00.000Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"),
        ("2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"),
        ("2038-01-19T03:14:08Z", "2038-01-19T03:14:08.000Z"),
        ("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z"),
        ("9999-12-30T22:00:00Z", "9999-12-30T22:00:00.000Z"),
        // A day of winter and one of summer time: the offset written decides, no zone is looked up.
        ("2026-03-29T02:30:00+01:00", "2026-03-29T01:30:00.000Z"),
        ("2026-10-25T02:30:00+02:00", "2026-10-25T00:30:00.000Z"),
    ];
    for (text, expected) in table {
        assert_eq!(at(text).to_string(), expected, "{text}");
        assert_eq!(format!("{:?}", at(text)), expected, "{text}");
    }
}

#[test]
fn what_is_no_moment_or_out_of_range_is_refused() {
    for text in [
        "",
        "tomorrow",
        "P1D",
        "2026",
        "2026-13-01",
        "2026-00-10",
        "2026-02-29",
        "2025-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-12-03T24:00:00Z",
        "2026-12-03T22:60:00Z",
        "2026-12-03T22:59:00+99:00",
        "2026-12-03T22:59:00+25:00",
        "2026-12-03T22:59:00-14:01",
        "2026-12-03T22:59:00Zjunk",
        "03.12.2026",
        "12/03/2026",
        "1733266740000",
        "-009999-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "9999-12-31T23:59:59",
        "9999-12-30T20:00:00-10:00",
        "2026-12-03T22:59:00Z\0",
    ] {
        let refused = text.parse::<Timestamp>().expect_err(text);
        assert!(refused.to_string().starts_with(&format!("\"{text}\"")), "{refused}");
    }
}

#[test]
fn a_timestamp_is_stored_as_milliseconds_and_clamped_when_read() {
    let moment = at("2026-12-03T22:59:00.250Z");
    assert_eq!(serde_json::to_string(&moment).unwrap(), "1796338740250");
    assert_eq!(serde_json::from_str::<Timestamp>("1796338740250").unwrap(), moment);
    assert_eq!(serde_json::from_str::<Timestamp>("9223372036854775807").unwrap(), at("9999-12-30T22:00:00Z"));
    assert_eq!(serde_json::from_str::<Timestamp>("-9223372036854775808").unwrap(), at("0000-01-01T00:00:00Z"));
    assert!(serde_json::from_str::<Timestamp>("\"2026-12-03T22:59:00Z\"").is_err());
}

#[test]
fn milliseconds_saturate_at_both_ends() {
    assert_eq!(at("2026-01-01").plus_millis(i64::MAX).to_string(), "9999-12-30T22:00:00.000Z");
    assert_eq!(at("2026-01-01").plus_millis(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
    assert_eq!(at("2026-01-01").plus_calendar(i64::MAX, 0).to_string(), "9999-12-30T22:00:00.000Z");
    assert_eq!(at("2026-01-01").plus_calendar(i64::MIN, 0).to_string(), "0000-01-01T00:00:00.000Z");
    assert_eq!(at("9999-11-30").plus_calendar(1, 0).to_string(), "9999-12-30T00:00:00.000Z");
    assert_eq!(at("9999-12-01").plus_calendar(1, -1).to_string(), "9999-12-30T22:00:00.000Z");
}

#[test]
fn durations_add_calendar_months_and_days_of_24_hours() {
    let table = [
        // S4-72
        ("2026-11-21T10:00:00Z", "PT12H", "2026-11-21T22:00:00.000Z"),
        ("2026-11-21T10:00:00Z", "PT24H", "2026-11-22T10:00:00.000Z"),
        ("2026-11-21T10:00:00Z", "P1D", "2026-11-22T10:00:00.000Z"),
        ("2026-11-21T10:00:00Z", "P3D", "2026-11-24T10:00:00.000Z"),
        ("2026-11-21T10:00:00Z", "P7D", "2026-11-28T10:00:00.000Z"),
        ("2026-11-21T10:00:00Z", "P1W", "2026-11-28T10:00:00.000Z"),
        ("2026-11-21T10:00:00Z", "P1W2DT3H4M5.678S", "2026-11-30T13:04:05.678Z"),
        ("2026-11-21T10:00:00Z", "PT0.0019S", "2026-11-21T10:00:00.001Z"),
        ("2026-11-21T10:00:00Z", "PT1,5S", "2026-11-21T10:00:01.500Z"),
        ("2026-11-21T10:00:00Z", "P0D", "2026-11-21T10:00:00.000Z"),
        ("2026-11-21T10:00:00Z", "PT90M", "2026-11-21T11:30:00.000Z"),
        ("2026-11-21T10:00:00Z", "PT36H", "2026-11-22T22:00:00.000Z"),
        // The end of the month is clamped, in leap years to the 29th.
        ("2026-01-31T10:00:00Z", "P1M", "2026-02-28T10:00:00.000Z"),
        ("2024-01-31T10:00:00Z", "P1M", "2024-02-29T10:00:00.000Z"),
        ("2024-02-29T10:00:00Z", "P1Y", "2025-02-28T10:00:00.000Z"),
        ("2024-02-29T10:00:00Z", "P4Y", "2028-02-29T10:00:00.000Z"),
        ("2096-02-29T10:00:00Z", "P4Y", "2100-02-28T10:00:00.000Z"),
        ("2026-08-31T10:00:00Z", "P1M", "2026-09-30T10:00:00.000Z"),
        ("2026-08-31T10:00:00Z", "P14M", "2027-10-31T10:00:00.000Z"),
        ("2026-12-31T23:59:59.999Z", "P2M", "2027-02-28T23:59:59.999Z"),
        // Months first, then days: the other order would give March 3.
        ("2026-01-30T00:00:00Z", "P1M2D", "2026-03-02T00:00:00.000Z"),
        // Nights in which Europe changes its clocks: a day is 24 hours all the same.
        ("2026-03-28T12:00:00Z", "P1D", "2026-03-29T12:00:00.000Z"),
        ("2026-10-24T22:30:00Z", "P1D", "2026-10-25T22:30:00.000Z"),
        ("2026-10-24T22:30:00Z", "P1M", "2026-11-24T22:30:00.000Z"),
        // Past the end of 32-bit seconds.
        ("2038-01-19T03:14:07Z", "PT1S", "2038-01-19T03:14:08.000Z"),
        ("2026-11-21T10:00:00Z", "P1000Y", "3026-11-21T10:00:00.000Z"),
        ("9999-01-01T00:00:00Z", "P2Y", "9999-12-30T22:00:00.000Z"),
        ("9999-01-01T00:00:00Z", "P999D", "9999-12-30T22:00:00.000Z"),
    ];
    for (start, duration, expected) in table {
        assert_eq!(after(start, duration), expected, "{start} + {duration}");
    }
}

#[test]
fn only_unsigned_durations_with_a_component_are_read() {
    for text in [
        "",
        "P",
        "PT",
        "P1DT",
        "1D",
        "p1d",
        "-P1D",
        "+P1D",
        "P-1D",
        "P+1D",
        "P1",
        "P1H",
        "PT1D",
        "PT1W",
        "P1S",
        "P1.5D",
        "PT1.5H",
        "PT.5S",
        "PT5.S",
        "PT1.2.3S",
        "P1D1D",
        "PT1M1H",
        "P1D1M",
        "P1D1W",
        "P1M1Y",
        "P 1D",
        "P1D ago",
        "1 day",
        "PT0.1234567890S",
        "P99999999999999999999D",
        "P9223372036854775807Y",
        "PT9223372036854775807H",
        "P1001Y",
        "P366001D",
        "P1DT1H1D",
        "PéD",
        "P1é",
        "P٣D",
    ] {
        let refused = text.parse::<Duration>().expect_err(text);
        assert!(refused.to_string().contains("PT12H, P3D or P1M"), "{text}: {refused}");
    }
    assert!(format!("P{}1D", "0".repeat(70)).parse::<Duration>().is_err(), "longer than any real duration");
}

#[test]
fn zero_durations_are_known_as_such() {
    for (text, zero) in [
        ("PT0S", true),
        ("P0D", true),
        ("P0Y0M0DT0H0M0.000S", true),
        ("PT0.0009S", true),
        ("PT0.001S", false),
        ("P1M", false),
    ] {
        assert_eq!(text.parse::<Duration>().unwrap().is_zero(), zero, "{text}");
    }
}

#[test]
fn a_duration_keeps_its_spelling() {
    for text in ["PT24H", "P1D", "P1W2DT3H", "PT0.50S"] {
        let duration: Duration = format!(" {text} ").parse().unwrap();
        assert_eq!(duration.to_string(), text);
        assert_eq!(serde_json::to_string(&duration).unwrap(), format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<Duration>(&format!("\"{text}\"")).unwrap(), duration);
    }
    assert!(serde_json::from_str::<Duration>("\"soon\"").is_err());
}

/// Days since 1970-01-01 of a day of the Gregorian calendar, counted year by year: slow and obviously right.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let length = |year: i64| 337 + month_length(year, 2);
    let after: i64 = (1970..year).map(length).sum();
    let before: i64 = (year..1970).map(length).sum();
    after - before + (1..month).map(|month| month_length(year, month)).sum::<i64>() + day - 1
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

prop_compose! {
    fn day()(year in 1600..2600_i64, month in 1..=12_i64)(
        year in Just(year), month in Just(month), day in 1..=month_length(year, month),
    ) -> (i64, i64, i64) {
        (year, month, day)
    }
}

proptest! {
    #[test]
    fn every_moment_is_written_and_read_back(ms in any::<i64>()) {
        let moment = Timestamp::from_millis(ms);
        prop_assert_eq!(at(&moment.to_string()), moment);
        let stored = serde_json::to_string(&moment).unwrap();
        prop_assert_eq!(serde_json::from_str::<Timestamp>(&stored).unwrap(), moment);
    }

    #[test]
    fn any_text_is_a_time_or_refused(text in ".{0,40}", digits in "[-+PTZ0-9:. ]{0,30}") {
        for text in [text, digits] {
            if let Ok(moment) = text.parse::<Timestamp>() {
                prop_assert_eq!(Timestamp::from_millis(moment.as_millis()), moment);
                prop_assert_eq!(at(&moment.to_string()), moment);
            }
            if let Ok(duration) = text.parse::<Duration>() {
                prop_assert_eq!(&duration.to_string().parse::<Duration>().unwrap(), &duration);
                prop_assert!(duration.after(at("2026-01-01")) >= at("2026-01-01"));
            }
        }
    }

    #[test]
    fn moments_follow_the_calendar((year, month, day) in day(), ms in 0..86_400_000_i64) {
        let moment = at(&format!("{year:04}-{month:02}-{day:02}T00:00:00Z")).plus_millis(ms);
        prop_assert_eq!(moment.as_millis(), days(year, month, day) * 86_400_000 + ms);
        let date = format!("{year:04}-{month:02}-{day:02}T");
        prop_assert!(moment.to_string().starts_with(&date));
    }

    #[test]
    fn months_are_counted_on_the_calendar((year, month, day) in day(), months in -1_200..1_200_i64) {
        let ordinal = year * 12 + month - 1 + months;
        let (to_year, to_month) = (ordinal.div_euclid(12), ordinal.rem_euclid(12) + 1);
        let to_day = day.min(month_length(to_year, to_month));
        let moved = at(&format!("{year:04}-{month:02}-{day:02}T12:34:56Z")).plus_calendar(months, 0);
        prop_assert_eq!(moved, at(&format!("{to_year:04}-{to_month:02}-{to_day:02}T12:34:56Z")));
    }

    #[test]
    fn a_duration_adds_the_sum_of_its_parts(
        weeks in 0..200_i64, days in 0..1_000_i64, hours in 0..1_000_i64, minutes in 0..1_000_i64, ms in 0..1_000_000_i64,
    ) {
        let text = format!("P{weeks}W{days}DT{hours}H{minutes}M{}.{:03}S", ms / 1_000, ms % 1_000);
        let start = at("2026-11-21T10:00:00Z");
        let expected = ((weeks * 7 + days) * 24 + hours) * 3_600_000 + minutes * 60_000 + ms;
        prop_assert_eq!(text.parse::<Duration>().unwrap().after(start), start.plus_millis(expected));
    }
}
