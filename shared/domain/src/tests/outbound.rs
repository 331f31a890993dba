//! The list of hosts of a tenant.

use crate::outbound::HostRule;

fn rule(text: &str) -> HostRule {
    text.parse().unwrap()
}

#[test]
fn an_entry_names_scheme_host_and_port() {
    let plain = rule("API.example.com");
    assert!(plain.matches("https", "api.EXAMPLE.com", 443) && plain.matches("https", "api.example.com.", 443));
    assert!(!plain.matches("http", "api.example.com", 80) && !plain.matches("https", "api.example.com", 8443));
    assert!(
        !plain.matches("https", "api.example.com.evil.example", 443) && !plain.matches("https", "example.com", 443)
    );
    assert!(rule("api.example.com:8443").matches("https", "api.example.com", 8443));
    assert!(rule("http://localhost:9000").matches("http", "localhost", 9000));
    assert!(!rule("http://localhost:9000").matches("https", "localhost", 9000));
}

#[test]
fn a_star_stands_for_names_below_the_domain() {
    let star = rule("*.example.com");
    assert!(star.matches("https", "a.example.com", 443) && star.matches("https", "a.b.example.com", 443));
    assert!(!star.matches("https", "example.com", 443) && !star.matches("https", "badexample.com", 443));
    assert!(!star.matches("https", ".example.com", 443));
}

#[test]
fn what_is_no_host_is_refused() {
    let texts = [
        "",
        "*",
        "*.com",
        "ftp://a.example",
        "user@a.example",
        "a.example/path",
        "a b",
        "a.example:0",
        "a..b",
        "[::1]",
    ];
    for text in texts {
        assert!(text.parse::<HostRule>().is_err(), "{text}");
    }
}

#[test]
fn entries_are_stored_as_they_are_written() {
    for text in
        ["api.example.com", "*.example.com", "api.example.com:8443", "http://localhost:9000", "http://localhost"]
    {
        let json = serde_json::to_string(&rule(text)).unwrap();
        assert_eq!(json, format!("\"{text}\""));
        assert_eq!(serde_json::from_str::<HostRule>(&json).unwrap(), rule(text));
    }
}
