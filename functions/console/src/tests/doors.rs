//! What every answer carries, and what strangers get.

use super::browser::{Browser, House, at, request};
use crate::visit::is_own_path;
use lambda_http::Body;
use lambda_http::http::Method;
use web::console::assets;

#[tokio::test]
async fn assets_are_kept_for_ever_and_every_other_answer_never() {
    let house = House::build().await;
    let console = house.console();
    let mut browser = Browser::default();
    for asset in assets::all() {
        let shown = browser.get(&console, asset.address, at(0)).await;
        assert_eq!((shown.status, shown.header("content-type")), (200, Some(asset.content_type)));
        assert_eq!(shown.header("cache-control"), Some("public, max-age=31536000, immutable"));
    }
    let missing = browser.get(&console, "/assets/console.0000000000000000.css", at(0)).await;
    assert_eq!((missing.status, missing.header("cache-control")), (404, Some("no-store")));
    let page = browser.get(&console, "/sign-in", at(0)).await;
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let policy = page.header("content-security-policy").expect("as the test sets it up");
    assert!(
        policy.starts_with("default-src 'none'")
            && !policy.contains("unsafe")
            && policy.contains("frame-ancestors 'none'")
    );
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn pages_are_compressed_for_those_who_read_it_and_empty_for_head() {
    let house = House::build().await;
    let console = house.console();
    let mut browser = Browser::with_token(&console, "cs_admin").await;
    let plain = browser.get(&console, "/definitions", at(0)).await;
    assert_eq!(plain.header("content-encoding"), None);
    let asked = request(Method::GET, "/definitions", Body::Empty, &[("accept-encoding", "br, gzip")]);
    let packed = browser.send(&console, asked, at(0)).await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let Body::Binary(bytes) = packed.response.body() else { panic!("gzip is no text") };
    assert!(bytes.len() * 2 < plain.html.len());
    let head = browser.send(&console, request(Method::HEAD, "/definitions", Body::Empty, &[]), at(0)).await;
    assert!(head.status == 200 && head.html.is_empty());
}

#[tokio::test]
async fn strangers_are_led_to_the_sign_in_and_back_and_change_nothing() {
    let house = House::build().await;
    let console = house.console();
    let mut stranger = Browser::default();
    let page = stranger.get(&console, "/external-tasks?status=PENDING&recipient=%40acme", at(0)).await;
    let expected = "/sign-in?next=%2Fexternal%2Dtasks%3Fstatus%3DPENDING%26recipient%3D%2540acme";
    assert_eq!((page.status, page.location.as_deref()), (303, Some(expected)));
    // Scripts get a status they can read, not a page of another address.
    assert_eq!(stranger.get(&console, "/external-tasks?part=rows", at(0)).await.status, 401);
    for path in ["/bulk-runs", "/deploy", "/sign-out", "/instances/1/cancel", "/preferences"] {
        assert_eq!(stranger.post(&console, path, &[("csrf", "x")], at(0)).await.status, 401, "{path}");
    }
}

#[tokio::test]
async fn forms_of_other_sites_and_sessions_are_refused() {
    let house = House::build().await;
    let console = house.console();
    let mut browser = Browser::with_token(&console, "cs_admin").await;
    let mut other = Browser::with_token(&console, "cs_admin").await;
    let (mine, theirs) = (browser.csrf(&console, at(0)).await, other.csrf(&console, at(0)).await);
    let post = async |browser: &mut Browser, csrf: &str, headers: &[(&str, &str)]| {
        let fields = [("csrf", csrf), ("theme", "dark")];
        browser.post_with(&console, "/preferences", &fields, headers, at(0)).await.status
    };
    for headers in [
        [("sec-fetch-site", "cross-site")],
        [("sec-fetch-site", "same-site")],
        [("sec-fetch-site", "none")],
        [("origin", "https://console.example.evil.example")],
        [("origin", "null")],
    ] {
        assert_eq!(post(&mut browser, &mine, &headers).await, 403, "{headers:?}");
    }
    assert_eq!(post(&mut browser, &theirs, &[]).await, 403);
    assert_eq!(post(&mut browser, "", &[]).await, 403);
    assert_eq!(post(&mut browser, &mine, &[]).await, 303);
    assert_eq!(post(&mut browser, &mine, &[("origin", "https://console.example")]).await, 303);
}

#[tokio::test]
async fn forms_that_cannot_be_read_are_named_so() {
    let house = House::build().await;
    let console = house.console();
    let mut browser = Browser::with_token(&console, "cs_admin").await;
    for (kind, body) in [
        ("application/json", "{}".to_owned()),
        ("multipart/form-data", "x".to_owned()),
        ("application/x-www-form-urlencoded", "key=1&".repeat(1_101)),
    ] {
        let asked = request(Method::POST, "/bulk-runs", Body::Text(body), &[("content-type", kind)]);
        assert_eq!(browser.send(&console, asked, at(0)).await.status, 422, "{kind}");
    }
    let asked = request(Method::DELETE, "/definitions", Body::Empty, &[]);
    assert_eq!(
        browser.send(&console, asked, at(0)).await.status,
        403,
        "nothing but forms of the console changes anything"
    );
}

#[test]
fn only_paths_of_the_console_are_ways_back() {
    for path in ["/", "/external-tasks", "/external-tasks?recipient=%40acme&status=PENDING", "/a//b"] {
        assert!(is_own_path(path), "{path}");
    }
    for path in [
        "",
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "evil",
        "/\t/evil.example",
        "/a\r\nx: y",
        "/ä",
        "/a b",
        "/a\\b",
        "\\/evil.example",
    ] {
        assert!(!is_own_path(path), "{path:?}");
    }
    assert!(!is_own_path(&format!("/{}", "a".repeat(2_000))));
}
