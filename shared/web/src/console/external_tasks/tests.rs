//! The list of external tasks: filters, rows, empty states.

use super::*;
use crate::a11y;
use domain::ids::{InstanceKey, TaskNumber};
use std::collections::BTreeSet;

const NOW_MS: i64 = 1_795_165_200_000;
const HOUR: i64 = 3_600_000;
/// The first response of the list with fifty rows.
const FIRST_RESPONSE_BYTES_MAX: usize = 40_000;
const HOSTILE: &str = "\u{202e}</td><script>alert(1)</script>\"'&lt;";

fn now() -> Timestamp {
    Timestamp::from_millis(NOW_MS)
}

fn oslo() -> Zone {
    Zone::named("Europe/Oslo")
}

fn row(n: i64) -> Row {
    Row {
        key: InstanceKey::compose(NOW_MS - n * HOUR, 7).task(TaskNumber(1)),
        status: Status::Pending,
        recipient: format!("anna.lindqvist{n}@balticsurvey.example"),
        task: "Upload insurance certificate".to_owned(),
        reference: Some("PO-2026-04417 Mooring bollards".to_owned()),
        created_at: now().plus_millis(-n * HOUR),
        expires_at: Some(now().plus_millis((300 + n) * HOUR)),
        reminders: 2,
        delivery: Delivery::Delivered,
        opened: false,
        follow_up: false,
    }
}

fn ended(n: i64, status: Status) -> Row {
    Row { status, ..row(n) }
}

fn choice(value: &str, word: &str) -> Choice {
    Choice { value: value.to_owned(), word: word.to_owned() }
}

fn listing(rows: Vec<Row>) -> Listing {
    Listing {
        rows,
        activities: vec![choice("Activity_upload", "Upload insurance certificate")],
        processes: vec![choice("permit", "Pier works permit")],
        may_manage: true,
        may_see_instances: true,
        ..Listing::default()
    }
}

fn filter(query: &str) -> Filter {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').expect("name=value");
        (name.to_owned(), value.to_owned())
    };
    Filter::read(&query.split('&').map(pair).collect::<Vec<_>>())
}

fn html(listing: &Listing) -> String {
    page(&Shell::sample(), listing, (&oslo(), now()))
}

fn boxes(html: &str) -> Vec<a11y::Element> {
    a11y::elements(html).into_iter().filter(|e| e.get("name") == Some("taskKey") || is_idle_box(e)).collect()
}

fn is_idle_box(element: &a11y::Element) -> bool {
    element.get("type") == Some("checkbox") && element.get("name").is_none() && element.get("id") != Some("all")
}

fn texts(html: &str, name: &str) -> Vec<String> {
    a11y::elements(html).into_iter().filter(|e| e.name == name).map(|e| e.text).collect()
}

fn link(html: &str, text: &str) -> Option<String> {
    let found = a11y::elements(html).into_iter().find(|e| e.name == "a" && e.text == text);
    found.and_then(|e| e.get("href").map(str::to_owned))
}

#[test]
fn fifty_rows_fit_the_first_response() {
    // Issue: under 40 KB, before compression, whatever the rows say within the lengths people write.
    let mut full = listing((0..50).map(row).collect());
    full.activities = (0..12).map(|n| choice(&format!("Activity_{n:07}"), "Upload insurance certificate")).collect();
    full.next = Some("A".repeat(120));
    let size = html(&full).len();
    assert!(size < FIRST_RESPONSE_BYTES_MAX, "{size}");
}

#[test]
fn a_row_says_everything_the_list_promises() {
    // S0-02 to S0-08, S0-10, S0-17
    let mut bounced = row(3);
    (bounced.delivery, bounced.follow_up) = (Delivery::Bounced, true);
    bounced.expires_at = Some(now().plus_millis(38 * HOUR));
    let html = html(&listing(vec![bounced]));
    let cells = texts(&html, "td");
    let expected = [
        "",
        "Pending",
        "anna.lindqvist3@balticsurvey.example",
        "Upload insurance certificate",
        "PO-2026-04417 Mooring bollards",
        "20 Nov, 07:00",
        "22 Nov in 38 h",
        "2",
        "Bounced, needs follow-up",
        "",
    ];
    assert_eq!(cells, expected);
    let heads = texts(&html, "th");
    assert_eq!(
        &heads[1..9],
        ["Status", "Recipient", "Task", "Reference", "Created", "Expires", "Reminders", "Delivery"]
    );
    assert!(html.contains("rel warn strong"), "little time stands out");
}

#[test]
fn status_and_delivery_have_words_of_their_own() {
    let all = [Status::Pending, Status::Completed, Status::Cancelled, Status::Expired];
    let words: Vec<String> =
        all.iter().map(|status| texts(&html(&listing(vec![ended(1, *status)])), "td")[1].clone()).collect();
    assert_eq!(words, ["Pending", "Completed", "Cancelled", "Expired"]);
    let deliveries = [
        Delivery::Queued,
        Delivery::Sent,
        Delivery::Delayed,
        Delivery::Delivered,
        Delivery::Failed,
        Delivery::Bounced,
        Delivery::Complained,
    ];
    let words: BTreeSet<String> = deliveries
        .iter()
        .map(|delivery| texts(&html(&listing(vec![Row { delivery: *delivery, ..row(1) }])), "td")[8].clone())
        .collect();
    assert_eq!(words.len(), deliveries.len());
}

#[test]
fn trouble_of_a_task_that_ended_is_not_coloured_and_needs_nobody() {
    let mut over = ended(1, Status::Completed);
    (over.delivery, over.follow_up) = (Delivery::Bounced, true);
    let html = html(&listing(vec![over]));
    assert!(html.contains("d-b past") && !html.contains("needs follow-up"));
}

#[test]
fn only_pending_rows_can_be_selected() {
    // S0-49, S0-50
    let rows =
        vec![row(1), ended(2, Status::Completed), ended(3, Status::Cancelled), ended(4, Status::Expired), row(5)];
    let chosen = Listing { checked: Checked::Page, ..listing(rows) };
    let html = html(&chosen);
    let state: Vec<(bool, bool)> =
        boxes(&html).iter().map(|e| (e.get("disabled").is_some(), e.get("checked").is_some())).collect();
    assert_eq!(state, [(false, true), (true, false), (true, false), (true, false), (false, true)]);
}

#[test]
fn the_action_bar_has_exactly_three_buttons() {
    // S0-51
    let html = html(&listing(vec![row(1)]));
    let actions: Vec<(Option<String>, String)> = a11y::elements(&html)
        .into_iter()
        .filter(|e| e.name == "button" && e.get("name") == Some("action"))
        .map(|e| (e.get("value").map(str::to_owned), e.text))
        .collect();
    let expected = [("resend", "Resend"), ("syncTemplates", "Sync templates"), ("cancel", "Cancel")];
    assert_eq!(actions, expected.map(|(value, word)| (Some(value.to_owned()), word.to_owned())));
}

#[test]
fn who_may_only_look_is_offered_nothing_to_do() {
    // S0-76
    let html = html(&Listing { may_manage: false, checked: Checked::Page, ..listing(vec![row(1)]) });
    assert!(boxes(&html).iter().all(|e| e.get("name") == Some("status") || e.get("name") == Some("followUp")));
    for gone in ["name=\"action\"", "/resend", "/cancel", "/link"] {
        assert!(!html.contains(gone), "{gone}");
    }
}

#[test]
fn all_that_match_are_selected_by_the_filter_and_not_by_keys() {
    let many = Listing {
        checked: Checked::Matching,
        filter: filter("status=PENDING&recipient=@acme"),
        next: Some("next".to_owned()),
        ..listing(vec![row(1), row(2)])
    };
    let html = html(&many);
    assert!(html.contains(r#"name="selection" value="filter""#));
    assert!(html.contains(r#"name="filter" value="status=PENDING&amp;recipient=@acme""#));
    // What is checked and disabled shows the bar and is not posted.
    assert!(boxes(&html).iter().all(|e| e.get("checked").is_some() && e.get("disabled").is_some()));
    assert_eq!(link(&html, "Select only some").as_deref(), Some("/external-tasks?status=PENDING&recipient=@acme"));
}

#[test]
fn a_filtered_view_is_its_address() {
    // S0-11 to S0-16: what was typed is in the form, as chips, and in every link.
    let query = "status=PENDING&status=EXPIRED&recipient=o'neil+x@acme&activity=Activity_upload&processId=permit&createdFrom=2026-11-01&createdTo=2026-11-20&followUp=true&sort=created";
    let shown = Listing { filter: filter(query), ..listing(vec![row(1)]) };
    let html = html(&shown);
    let address = "/external-tasks?status=PENDING&status=EXPIRED&recipient=o%27neil%2Bx@acme&activity=Activity_upload&processId=permit&createdFrom=2026-11-01&createdTo=2026-11-20&followUp=true&sort=created";
    assert_eq!(link(&html, "Refresh").as_deref(), Some(address));
    let chips: Vec<String> =
        a11y::elements(&html).into_iter().filter(|e| e.get("class") == Some("chip")).map(|e| e.text).collect();
    let expected = [
        "Remove Status: Pending",
        "Remove Status: Expired",
        "Remove Recipient contains o'neil+x@acme",
        "Remove Activity: Upload insurance certificate",
        "Remove Process: Pier works permit",
        "Remove Created from 1 November 2026",
        "Remove Created to 20 November 2026",
        "Remove Only what needs follow-up",
    ];
    assert_eq!(chips, expected);
    assert_eq!(link(&html, "Reset filters").as_deref(), Some("/external-tasks"));
    let without = link(&html, "Remove Recipient contains o'neil+x@acme").expect("a link");
    assert!(!without.contains("recipient") && without.contains("sort=created"), "{without}");
}

#[test]
fn an_unfiltered_list_has_neither_chips_nor_reset() {
    let html = html(&listing(vec![row(1)]));
    assert!(!html.contains("Reset filters") && !html.contains("Filtered by"));
}

#[test]
fn heads_sort_and_turn_the_order() {
    let newest = filter("status=PENDING").heads();
    let json = serde_json::to_value(newest).expect("serialises");
    assert_eq!(json["created"]["sorted"], "descending");
    assert_eq!(json["created"]["address"], "/external-tasks?status=PENDING&sort=created");
    assert_eq!(json["expires"]["address"], "/external-tasks?status=PENDING&sort=expires");
    let soonest = serde_json::to_value(filter("status=PENDING&sort=expires").heads()).expect("serialises");
    assert_eq!(soonest["expires"]["sorted"], "ascending");
    assert_eq!(soonest["expires"]["address"], "/external-tasks?status=PENDING&sort=-expires");
    assert_eq!(soonest["created"]["address"], "/external-tasks?status=PENDING");
}

#[test]
fn the_order_by_expiry_holds_for_pending_tasks_only() {
    assert_eq!(filter("sort=expires").sort, Sort::Newest);
    assert_eq!(filter("status=PENDING&status=EXPIRED&sort=-expires").sort, Sort::Newest);
    assert_eq!(filter("status=PENDING&sort=-expires").sort, Sort::ExpiresLatest);
    // Its head brings the filter it needs.
    let heads = serde_json::to_value(filter("status=COMPLETED").heads()).expect("serialises");
    assert_eq!(heads["expires"]["address"], "/external-tasks?status=PENDING&sort=expires");
}

#[test]
fn pages_lead_back_the_way_they_were_reached() {
    let first = Listing { next: Some("c1".to_owned()), ..listing(vec![row(1)]) };
    let older = link(&html(&first), "Older").expect("a next page");
    assert_eq!(older, "/external-tasks?cursor=c1");
    assert!(link(&html(&first), "Newer").is_none());
    let third = Listing {
        cursor: Some("c2".to_owned()),
        trail: vec!["c1".to_owned()],
        next: Some("c3".to_owned()),
        ..listing(vec![row(1)])
    };
    assert_eq!(link(&html(&third), "Older").as_deref(), Some("/external-tasks?cursor=c3&before=c1&before=c2"));
    assert_eq!(link(&html(&third), "Newer").as_deref(), Some("/external-tasks?cursor=c1"));
    let second = Listing { trail: Vec::new(), cursor: Some("c1".to_owned()), ..third };
    assert_eq!(link(&html(&second), "Newer").as_deref(), Some("/external-tasks"));
}

#[test]
fn addresses_stay_short_on_the_hundredth_page() {
    let cursors: Vec<String> = (0..8).map(|n| format!("c{n}")).collect();
    let far =
        Listing { cursor: Some("c8".to_owned()), trail: cursors, next: Some("c9".to_owned()), ..listing(vec![row(1)]) };
    let older = link(&html(&far), "Older").expect("a next page");
    assert_eq!(older.matches("before=").count(), 8);
    assert!(!older.contains("before=c0&"));
}

#[test]
fn a_search_that_is_not_finished_says_how_far_it_looked() {
    let short = Listing {
        filter: filter("recipient=@acme"),
        next: Some("c1".to_owned()),
        searched_to: Some(now().plus_millis(-900 * HOUR)),
        ..listing(Vec::new())
    };
    let html = html(&short);
    assert!(html.contains("Looked through all tasks created since 13 Oct, 23:00."), "{html}");
    assert_eq!(link(&html, "Look further").as_deref(), Some("/external-tasks?recipient=@acme&cursor=c1"));
    assert!(html.contains("No match so far") && !html.contains("No task matches"));
    let rows = rows_part(&Shell::sample(), &short, (&oslo(), now()));
    assert!(rows.contains("cursor=c1&amp;part=rows") || rows.contains("cursor=c1&part=rows"), "{rows}");
}

#[test]
fn each_empty_state_says_what_to_do() {
    let none = html(&Listing { may_deploy: true, ..Listing::default() });
    assert!(none.contains("No external tasks yet") && link(&none, "Deploy a process").is_some());
    assert!(link(&html(&Listing::default()), "Deploy a process").is_none(), "only for those who may");
    let no_match = html(&Listing { filter: filter("status=EXPIRED"), ..listing(Vec::new()) });
    assert!(no_match.contains("No task matches these filters"));
    let failed =
        html(&Listing { failed: Some("req-7f3a".to_owned()), filter: filter("status=EXPIRED"), ..listing(Vec::new()) });
    assert!(failed.contains("The list could not be loaded") && failed.contains("req-7f3a"));
    assert_eq!(link(&failed, "Try again").as_deref(), Some("/external-tasks?status=EXPIRED"));
}

#[test]
fn a_filter_that_cannot_be_applied_is_named_beside_its_field() {
    let problem = FilterProblem { field: "recipient".to_owned(), message: "Type at least 3 characters.".to_owned() };
    let html = html(&Listing { filter: filter("recipient=ab"), problems: vec![problem], ..listing(Vec::new()) });
    let field = a11y::elements(&html).into_iter().find(|e| e.get("name") == Some("recipient")).expect("the field");
    assert_eq!((field.get("value"), field.get("aria-invalid")), (Some("ab"), Some("true")));
    assert!(html.contains(r#"id="p-recipient""#) && !html.contains("No task matches"));
}

#[test]
fn hostile_values_stay_text() {
    let mut bad = row(1);
    (bad.recipient, bad.task, bad.reference) = (HOSTILE.to_owned(), HOSTILE.to_owned(), Some(HOSTILE.to_owned()));
    let mut shown = listing(vec![bad]);
    shown.filter.recipient = HOSTILE.to_owned();
    shown.filter.activity = HOSTILE.to_owned();
    shown.activities.push(choice(HOSTILE, HOSTILE));
    shown.notice = Some(Notice { tone: "bad", text: HOSTILE.to_owned() });
    let html = html(&shown);
    assert!(a11y::elements(&html).iter().all(|e| e.name != "script" || e.get("src").is_some()));
    assert_eq!(texts(&html, "td")[2], HOSTILE);
}

#[test]
fn nothing_is_styled_or_scripted_in_place() {
    let html = html(&listing((0..3).map(row).collect()));
    for element in a11y::elements(&html) {
        let inline = element.attributes.iter().find(|(name, _)| name == "style" || name.starts_with("on"));
        assert_eq!(inline, None, "{}", element.name);
    }
}

#[test]
fn every_box_and_link_of_a_row_is_named_after_task_and_recipient() {
    let html = html(&listing(vec![row(1)]));
    let elements = a11y::elements(&html);
    let by_id =
        |id: &str| elements.iter().find(|e| e.get("id") == Some(id)).map(|e| e.text.clone()).unwrap_or_default();
    let named: Vec<String> = elements
        .iter()
        .filter_map(|e| e.get("aria-labelledby").filter(|ids| ids.starts_with("s ") || ids.starts_with("d ")))
        .map(|ids| ids.split(' ').map(by_id).collect::<Vec<_>>().join(" "))
        .collect();
    let name = "Upload insurance certificate anna.lindqvist1@balticsurvey.example";
    assert_eq!(named, [format!("Select {name}"), format!("Details of {name}")]);
}

#[test]
fn an_action_answers_with_its_row_and_what_to_say() {
    let notice = Notice { tone: "bad", text: "This task was answered a moment ago.".to_owned() };
    let part = row_part(&Shell::sample(), ended(1, Status::Completed), Some(notice), true, (&oslo(), now()));
    assert!(
        part.starts_with("<tbody data-rows data-tone=\"bad\" data-notice=\"This task was answered a moment ago.\">")
    );
    assert!(part.contains("<td class=s-c>Completed"));
}
