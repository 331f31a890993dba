//! Who is signed in, and until when.

use super::browser::{Browser, House, ORIGIN, at, console};
use app::auth::hash_token;

const HOUR_S: i64 = 3_600;

#[tokio::test]
async fn a_session_ends_after_twelve_hours_used_or_not() {
    let house = House::build().await;
    let console = house.console();
    let mut browser = Browser::with_token(&console, "cs_operator").await;
    assert_eq!(browser.get(&console, "/definitions", at(12 * HOUR_S - 1)).await.status, 200);
    let shown = browser.get(&console, "/definitions?cursor=x", at(12 * HOUR_S)).await;
    assert_eq!(shown.status, 303);
    let back = shown.location.expect("to the sign-in");
    assert_eq!(back, "/sign-in?next=%2Fdefinitions%3Fcursor%3Dx&ended=yes");
    assert!(browser.cookies.is_empty(), "the cookie is taken away");
    let page = browser.get(&console, &back, at(12 * HOUR_S)).await;
    assert!(
        page.status == 200
            && page.html.contains("You were signed out")
            && page.html.contains("value=\"/definitions?cursor=x\"")
    );
}

#[tokio::test]
async fn a_session_dies_with_its_token_within_thirty_seconds() {
    let house = House::build().await;
    let console = house.console();
    let mut browser = Browser::with_token(&console, "cs_operator").await;
    assert_eq!(browser.get(&console, "/definitions", at(1)).await.status, 200);
    house.table.store().delete_token(&hash_token("cs_operator")).await.expect("as the test sets it up");
    assert_eq!(browser.get(&console, "/definitions", at(32)).await.status, 303);
}

#[tokio::test]
async fn signing_out_ends_every_copy_of_a_session_within_thirty_seconds() {
    let house = House::build().await;
    let (here, there) = (house.console(), house.console());
    let mut browser = Browser::with_token(&here, "cs_operator").await;
    let mut copy = browser.clone();
    assert_eq!(copy.get(&there, "/definitions", at(1)).await.status, 200);
    let csrf = browser.csrf(&here, at(1)).await;
    let shown = browser.post(&here, "/sign-out", &[("csrf", &csrf)], at(2)).await;
    assert_eq!((shown.status, shown.location.as_deref()), (303, Some("/signed-out")));
    assert!(browser.cookies.is_empty());
    assert_eq!(copy.clone().get(&here, "/definitions", at(3)).await.status, 303);
    assert_eq!(copy.get(&there, "/definitions", at(32)).await.status, 303, "another process knows it too");
}

#[tokio::test]
async fn demo_users_come_in_only_where_their_tenant_is_known() {
    let house = House::build().await;
    let console = house.console();
    let mut browser = Browser::default();
    assert_eq!(browser.post(&console, "/sign-in", &[("demo", "0")], at(0)).await.status, 303);
    assert_eq!(browser.get(&console, "/definitions", at(0)).await.status, 200);
    let mut nobody = Browser::default();
    nobody.post(&console, "/sign-in", &[("demo", "1")], at(0)).await;
    assert_eq!(nobody.get(&console, "/definitions", at(0)).await.status, 303);
    for demo in ["2", "-1", "x", "18446744073709551616"] {
        assert_eq!(Browser::default().post(&console, "/sign-in", &[("demo", demo)], at(0)).await.status, 404);
    }
}

#[tokio::test]
async fn cookies_are_bound_to_the_host_where_there_is_tls() {
    let house = House::build().await;
    let secure = house.console();
    let shown = Browser::default().post(&secure, "/sign-in", &[("token", "cs_admin")], at(0)).await;
    let cookie = &shown.cookies[0];
    assert!(
        cookie.starts_with("__Host-session=")
            && cookie.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure")
    );
    let local = console(house.table.store(), "http://127.0.0.1:4569");
    let shown = Browser::default().post(&local, "/sign-in", &[("token", "cs_admin")], at(0)).await;
    assert!(shown.cookies[0].starts_with("session-4569=") && shown.cookies[0].ends_with("; HttpOnly; SameSite=Lax"));
    assert!(ORIGIN.starts_with("https://"));
}

#[tokio::test]
async fn two_sessions_in_one_request_are_none() {
    let house = House::build().await;
    let console = house.console();
    let mut browser = Browser::with_token(&console, "cs_admin").await;
    let again = browser.cookies[0].clone();
    browser.cookies.push(again);
    assert_eq!(browser.get(&console, "/definitions", at(1)).await.status, 303);
}
