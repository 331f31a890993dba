//! S0-11 to S0-14: what a filter accepts and what it refuses, before any table is asked.

use crate::external_tasks::{FILTER_CHARS_MAX, Order, filter, selection};
use domain::external_task::Status;

fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (name.to_owned(), value.to_owned())
    };
    text.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}

fn refused(text: &str) -> Vec<(String, &'static str)> {
    let problems = filter(&pairs(text)).expect_err(text);
    problems.into_iter().map(|problem| (problem.field, problem.code)).collect()
}

#[test]
fn nothing_said_lists_every_status_newest_first() {
    let query = filter(&pairs("status=&recipient= &sort=")).expect("empty values count as absent");
    assert_eq!(query.statuses, Status::ALL);
    assert_eq!((query.order, query.limit, query.follow_up), (Order::Newest, 25, false));
    assert_eq!((query.recipient, query.activity, query.process_id, query.after), (None, None, None, None));
}

#[test]
fn every_name_of_the_contract_is_read() {
    let text = "status=PENDING&status=EXPIRED,PENDING&activity=Approve&recipient=@Acme&processId=order\
                &createdFrom=2026-11-20T14:00:00Z&createdTo=2026-11-21&followUp=true&sort=created&limit=50&cursor=abc";
    let query = filter(&pairs(text)).expect("a filter");
    assert_eq!(query.statuses, [Status::Pending, Status::Expired]);
    assert_eq!((query.activity.as_deref(), query.process_id.as_deref()), (Some("Approve"), Some("order")));
    assert_eq!(query.recipient.as_deref(), Some("@Acme"));
    assert_eq!(query.created_from.map(|at| at.to_string()).as_deref(), Some("2026-11-20T14:00:00.000Z"));
    assert_eq!(query.created_to.map(|at| at.to_string()).as_deref(), Some("2026-11-21T23:59:59.999Z"), "the whole day");
    assert_eq!((query.order, query.limit, query.follow_up), (Order::Oldest, 50, true));
    assert_eq!(query.after, None, "a cursor is verified with the list");
}

#[test]
fn only_pending_tasks_are_sorted_by_expiry() {
    for (sort, order) in [("expires", Order::ExpiresSoonest), ("-expires", Order::ExpiresLatest)] {
        let query = filter(&pairs(&format!("status=PENDING&sort={sort}"))).expect("a filter");
        assert_eq!(query.order, order);
        for statuses in ["", "status=EXPIRED&", "status=PENDING&status=EXPIRED&"] {
            assert_eq!(refused(&format!("{statuses}sort={sort}")), [("sort".to_owned(), "SORT_UNAVAILABLE")]);
        }
    }
    assert_eq!(refused("sort=recipient"), [("sort".to_owned(), "SORT_UNAVAILABLE")]);
}

#[test]
fn what_cannot_be_accepted_is_refused_with_its_field() {
    let long = "x".repeat(256);
    for (text, field, code) in [
        ("status=pending", "status", "UNKNOWN_STATUS"),
        ("status=PENDING,OPEN", "status", "UNKNOWN_STATUS"),
        ("colour=red", "colour", "UNKNOWN_PARAMETER"),
        ("Status=PENDING", "Status", "UNKNOWN_PARAMETER"),
        ("recipient=ab", "recipient", "TOO_SHORT"),
        ("recipient=  a ", "recipient", "TOO_SHORT"),
        ("createdFrom=yesterday", "createdFrom", "NOT_A_TIME"),
        ("createdTo=2026-13-01", "createdTo", "NOT_A_TIME"),
        ("followUp=yes", "followUp", "WRONG_TYPE"),
        ("limit=0", "limit", "OUT_OF_RANGE"),
        ("limit=101", "limit", "OUT_OF_RANGE"),
        ("limit=ten", "limit", "OUT_OF_RANGE"),
        ("activity=a&activity=b", "activity", "GIVEN_TWICE"),
        (&format!("activity={long}"), "activity", "TOO_LONG"),
        (&format!("processId={long}"), "processId", "TOO_LONG"),
        (&format!("recipient={long}"), "recipient", "TOO_LONG"),
        (&format!("recipient={}", "x".repeat(FILTER_CHARS_MAX)), "filter", "TOO_LONG"),
    ] {
        assert_eq!(refused(text), [(field.to_owned(), code)], "{text}");
    }
}

#[test]
fn everything_wrong_is_said_at_once() {
    let problems = refused("status=OPEN&recipient=a&limit=0&createdFrom=x");
    let fields: Vec<_> = problems.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["status", "recipient", "createdFrom", "limit"]);
}

#[test]
fn a_selection_knows_no_page_and_no_order() {
    assert!(selection(&pairs("status=PENDING&recipient=@acme")).is_ok());
    for text in ["limit=5", "sort=created", "cursor=abc"] {
        assert_eq!(selection(&pairs(text)).expect_err(text)[0].code, "UNKNOWN_PARAMETER");
    }
}

#[test]
fn what_a_refusal_repeats_is_short() {
    let problems = filter(&pairs(&format!("{}=1", "n".repeat(5_000)))).expect_err("unknown");
    assert!(problems.iter().all(|problem| problem.field.len() <= 60 && problem.message.len() < 300));
}
