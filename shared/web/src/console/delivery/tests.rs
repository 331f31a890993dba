//! The page of mails that need a person.

use super::*;
use crate::a11y;
use domain::ids::{InstanceKey, TaskNumber};

const NOW_MS: i64 = 1_795_165_200_000;

fn now() -> Timestamp {
    Timestamp::from_millis(NOW_MS)
}

fn day(date: &str, sent: u64, bounced: u64) -> Day {
    Day { date: date.to_owned(), queued: sent, sent, delivered: sent - bounced, bounced, ..Day::default() }
}

fn quota() -> Quota {
    Quota { max_24h: Some(50_000), sent_24h: 1_204, per_second: 14, sending_enabled: true, read_at: now() }
}

fn follow_up(delivery: Delivery) -> FollowUp {
    FollowUp {
        task: InstanceKey::compose(NOW_MS, 3).task(TaskNumber(1)),
        delivery,
        recipient: "dispatch@tollgate-haulage.example".to_owned(),
        name: "Confirm <b>delivery</b> note".to_owned(),
        reference: None,
        created_at: now(),
    }
}

fn overview(days: Vec<Day>) -> Overview {
    Overview { days, quota: Some(quota()), follow_up: Some(Vec::new()), more: false }
}

fn shown(overview: &Overview) -> String {
    page(&Shell::sample(), overview, &Zone::named("Europe/Oslo"), now())
}

#[test]
fn the_cards_add_up_the_days() {
    let waiting = Day { queued: 110, sent: 100, delivered: 97, bounced: 3, failed: 4, ..day("2026-11-20", 100, 3) };
    let page = shown(&overview(vec![day("2026-11-19", 4_712, 71), waiting]));
    for card in ["4,812", "4,738", "98.5\u{a0}%", "74", "1.5\u{a0}%"] {
        assert!(page.contains(card), "{card}");
    }
    let complaints =
        [(1, 4_731, "0.02\u{a0}%"), (0, 10, "0.0\u{a0}%"), (1, 8, "12.5\u{a0}%"), (1, 100_000, "0.0\u{a0}%")];
    for (part, whole, shown) in complaints {
        assert_eq!(share(part, whole).as_deref(), Some(shown), "{part} of {whole}");
    }
    assert!(page.contains("Waiting</dt><dd>6</dd>"), "110 ordered, 100 sent, 4 given up");
    assert!(page.contains("Not sent</dt><dd>4</dd>"));
}

#[test]
fn days_without_mail_draw_nothing_and_divide_by_nothing() {
    let page = shown(&overview((7..=20).map(|number| day(&format!("2026-11-{number:02}"), 0, 0)).collect()));
    assert!(page.contains("Mails per day, 7 Nov to 20 Nov. None was sent."));
    assert!(!page.contains("<rect class="), "no bar of height nought");
    assert!(!page.contains("NaN"));
    let none = shown(&overview(Vec::new()));
    assert!(none.contains("aria-label=\"Mails per day\""));
}

#[test]
fn the_drawing_says_in_words_what_it_shows() {
    let days = vec![day("2026-11-12", 541, 19), day("2026-11-13", 96, 2), day("2026-12-01", 200, 1)];
    let page = shown(&overview(days));
    assert!(
        page.contains(
            "Mails per day, 12 Nov to 1 Dec. Most sent: 541 on 12 Nov. Most bounced or failed: 19 on 12 Nov."
        )
    );
    assert!(page.contains("<title>13 Nov: 96 sent, 94 delivered, 2 bounced</title>"));
    assert!(page.contains(">Dec</text>"), "the month is named where it begins");
}

#[test]
fn bars_stay_within_the_drawing_and_none_is_invisible() {
    for most in [1, 2, 3, 7, 9, 10, 11, 99, 541, 100_000, 999_999_999] {
        let page = shown(&overview(vec![day("2026-11-12", most, 1), day("2026-11-13", 1, 0)]));
        for bar in page.split("<rect class=").skip(1) {
            let number = |name: &str| -> u64 {
                let (_, rest) = bar.split_once(&format!(" {name}=\"")).expect("the attribute");
                rest.split('"').next().and_then(|text| text.parse().ok()).expect("pixels")
            };
            assert!(
                number("y") >= 16 && number("y") + number("height") <= 136 && number("height") >= 1,
                "{most}: {bar}"
            );
        }
    }
}

/// S0-10: who needs a person, and what to do.
#[test]
fn what_needs_follow_up_comes_with_what_to_do() {
    let rows = vec![
        follow_up(Delivery::Bounced),
        follow_up(Delivery::Complained),
        follow_up(Delivery::Failed),
        follow_up(Delivery::Sent),
    ];
    let page = shown(&Overview { follow_up: Some(rows), more: true, ..overview(Vec::new()) });
    for text in [
        "The address refuses mail.",
        "reported it as spam",
        "It was not sent.",
        "Earlier mail failed",
        "See all that need follow-up",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("Confirm &lt;b&gt;delivery"), "names are text");
    assert!(shown(&overview(Vec::new())).contains("Nothing needs follow-up."));
    let unseen = shown(&Overview { follow_up: None, ..overview(Vec::new()) });
    assert!(!unseen.contains("follow-up\">"), "who may not see tasks sees no list of them");
}

#[test]
fn the_quota_says_what_is_left_and_what_stands_in_the_way() {
    let page = shown(&overview(Vec::new()));
    assert!(page.contains("48,796 left") && page.contains("1,204 of 50,000 used in the last 24 hours"));
    assert!(page.contains("14 mails per second") && !page.contains("role=\"alert\""));
    let with = |quota| shown(&Overview { quota: Some(quota), ..overview(Vec::new()) });
    assert!(with(Quota { sending_enabled: false, ..quota() }).contains("Sending is paused."));
    let used_up = with(Quota { sent_24h: 50_003, ..quota() });
    assert!(used_up.contains("The sending quota is used up.") && used_up.contains("0 left"));
    let unlimited = with(Quota { max_24h: None, ..quota() });
    assert!(unlimited.contains("No limit") && unlimited.contains("1,204 sent in the last 24 hours"));
    assert!(!unlimited.contains("role=\"alert\""));
    assert!(shown(&Overview { quota: None, ..overview(Vec::new()) }).contains("Not known yet."));
}

#[test]
fn the_page_is_one_assistive_technology_can_read() {
    let days = (7..=20).map(|number| day(&format!("2026-11-{number:02}"), number * 30, number % 4)).collect();
    a11y::check_console(&shown(&Overview { follow_up: Some(vec![follow_up(Delivery::Bounced)]), ..overview(days) }));
}
