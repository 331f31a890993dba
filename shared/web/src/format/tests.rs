//! Times, numbers and durations as people read them.

use super::*;
use serde_json::json;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[test]
fn a_moment_is_shown_at_the_tenants_place_in_the_readers_language() {
    let oslo = Zone::named("Europe/Oslo");
    let end = at("2026-12-03T22:59:00Z");
    assert_eq!(moment_with_place(Lang::En, &oslo, end), "3 December 2026, 23:59 (Oslo)");
    assert_eq!(moment_with_place(Lang::De, &oslo, end), "3. Dezember 2026, 23:59 Uhr (Oslo)");
    assert_eq!(moment_with_place(Lang::Fr, &oslo, at("2026-07-31T22:05:00Z")), "1er août 2026 à 00:05 (Oslo)");
    assert_eq!(moment(Lang::En, &Zone::named("America/New_York"), end), "3 December 2026, 17:59");
    assert_eq!(Zone::named("America/New_York").place(), "New York");
}

#[test]
fn a_list_shows_the_year_only_where_it_is_another() {
    let oslo = Zone::named("Europe/Oslo");
    let now = at("2026-11-20T09:00:00Z");
    assert_eq!(moment_short(&oslo, at("2026-11-20T08:02:11Z"), now), "20 Nov, 09:02");
    assert_eq!(moment_short(&oslo, at("2025-12-31T22:59:59Z"), now), "31 Dec 2025, 23:59");
    assert_eq!(moment_short(&oslo, at("2025-12-31T23:00:00Z"), now), "1 Jan, 00:00", "the year at the place");
    assert_eq!(day_short(&oslo, at("2026-12-03T22:59:00Z"), now), "3 Dec");
    assert_eq!(day_short(&oslo, at("2027-05-03T12:00:00Z"), now), "3 May 2027");
}

#[test]
fn an_unknown_time_zone_is_utc_and_says_so() {
    for name in ["", "Mars/Olympus", "../../etc/passwd"] {
        let shown = moment_with_place(Lang::En, &Zone::named(name), at("2026-12-03T22:59:00Z"));
        assert_eq!(shown, "3 December 2026, 22:59 (UTC)");
    }
}

#[test]
fn days_left_counts_midnights_where_the_tenant_is() {
    let oslo = Zone::named("Europe/Oslo");
    let end = at("2026-12-03T22:59:00Z");
    assert_eq!(days_left(&oslo, at("2026-11-30T09:00:00Z"), end), 3);
    assert_eq!(days_left(&oslo, at("2026-12-02T23:30:00Z"), end), 0, "already 3 December in Oslo");
    assert_eq!(days_left(&Zone::named("UTC"), at("2026-12-02T23:30:00Z"), end), 1);
    assert_eq!(days_left(&oslo, at("2027-01-01T00:00:00Z"), end), 0);
    assert_eq!(days_left(&oslo, at("2026-11-03T22:59:00Z"), end), 30);
}

#[test]
fn numbers_are_grouped_as_the_language_does() {
    assert_eq!(decimal(Lang::En, "18240.00"), "18,240.00");
    assert_eq!(decimal(Lang::De, "18240.5"), "18.240,5");
    assert_eq!(decimal(Lang::Fr, "-1234567"), "-1\u{202f}234\u{202f}567");
    assert_eq!(decimal(Lang::En, "999"), "999");
    assert_eq!(decimal(Lang::De, "1e9"), "1e9");
    assert_eq!(count(Lang::En, 10_000), "10,000");
}

#[test]
fn sizes_have_one_decimal_and_powers_of_a_thousand() {
    assert_eq!(size(Lang::En, 1_800_000), "1.8\u{a0}MB");
    assert_eq!(size(Lang::De, 10_240), "10,2\u{a0}KB");
    assert_eq!(size(Lang::Fr, 34_000_000), "34,0\u{a0}Mo");
    assert_eq!(size(Lang::En, 999_949), "999.9\u{a0}KB");
    assert_eq!(size(Lang::En, 999_950), "1.0\u{a0}MB");
    assert_eq!(size(Lang::En, 0), "0.0\u{a0}KB");
}

#[test]
fn filters_format_what_they_understand_and_leave_the_rest() {
    let oslo = Zone::named("Europe/Oslo");
    assert_eq!(date_value(Lang::De, &oslo, &json!("2026-11-17")).as_deref(), Some("17. November 2026"));
    let moment = date_value(Lang::En, &oslo, &json!("2026-11-17T23:30:00Z"));
    assert_eq!(moment.as_deref(), Some("18 November 2026, 00:30"));
    assert_eq!(date_value(Lang::En, &oslo, &json!("tomorrow")), None);
    assert_eq!(date_value(Lang::En, &oslo, &json!(17)), None);
    assert_eq!(number_value(Lang::De, &json!(18240.5)).as_deref(), Some("18.240,5"));
    assert_eq!(number_value(Lang::En, &json!("18240")).as_deref(), Some("18,240"));
    assert_eq!(number_value(Lang::En, &json!("many")), None);
}

#[test]
fn the_console_writes_moments_to_the_second_and_what_is_left_in_words() {
    let zone = Zone::named("Europe/Oslo");
    let now: Timestamp = "2026-11-20T09:00:00.000Z".parse().expect("a moment");
    assert_eq!(moment_exact(&zone, now), "20 Nov 2026, 10:00:00");
    let left = |hours: i64| time_left(now, now.plus_millis(hours * 3_600_000));
    assert_eq!(
        [left(0), left(1), left(38), left(48), left(49), left(24 * 14)],
        ["in less than an hour", "in 1 hour", "in 38 hours", "in 48 hours", "in 2 days", "in 14 days"]
    );
}

#[test]
fn a_day_of_a_date_field_begins_and_ends_at_the_place_also_when_clocks_change() {
    let zone = Zone::named("Europe/Oslo");
    let bounds = |text| day_bounds(&zone, text).map(|(first, last)| (first.to_string(), last.to_string()));
    let day = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
    assert_eq!(bounds("2026-11-20"), day("2026-11-19T23:00:00.000Z", "2026-11-20T22:59:59.999Z"));
    assert_eq!(bounds("2026-10-25"), day("2026-10-24T22:00:00.000Z", "2026-10-25T22:59:59.999Z"));
    for text in ["", "yesterday", "2026-13-01", "2026-11-20T00:00:00Z", "20.11.2026"] {
        assert_eq!(bounds(text), None, "{text}");
        assert!(!is_day(text));
    }
    assert_eq!(day_typed("2026-11-20"), "20 November 2026");
    assert_eq!(day_typed("2026-11-20T00:00:00Z"), "2026-11-20T00:00:00Z");
}
