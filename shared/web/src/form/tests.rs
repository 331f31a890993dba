//! Posted forms: what is read and what is refused.

use super::*;
use proptest::prelude::*;
use serde_json::json;

const URLENCODED: &str = "application/x-www-form-urlencoded";

fn urlencoded_values(body: &str) -> Variables {
    parse(URLENCODED, body.as_bytes()).expect("readable").values
}

fn multipart_body(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut body = String::new();
    for (disposition, value) in parts {
        body.push_str(&format!("--XyZ\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{value}\r\n"));
    }
    body.push_str("--XyZ--\r\n");
    body.into_bytes()
}

/// E-07: what a page posts is told apart from what the recipient typed.
#[test]
fn the_pages_own_values_are_told_apart_from_answers() {
    let posted = parse(
        "application/x-www-form-urlencoded; charset=UTF-8",
        b"page=p.q&submission=s1&comment=Fine+by+me%21&level=&action=approve",
    )
    .expect("readable");
    assert_eq!(posted.action.as_deref(), Some("approve"));
    assert_eq!(posted.submission.as_deref(), Some("s1"));
    assert_eq!(posted.page.as_deref(), Some("p.q"));
    assert_eq!(json!(posted.values), json!({"comment": "Fine by me!", "level": ""}));
}

#[test]
fn repeated_names_become_a_list_in_order() {
    assert_eq!(json!(urlencoded_values("a=1&b=x&a=2&a=3")), json!({"a": ["1", "2", "3"], "b": "x"}));
}

#[test]
fn percent_signs_are_read_as_browsers_do() {
    let values = urlencoded_values("a=100%&b=%zz%4&c=%E2%82%AC%2B+&%64=%26%3d&e&&f=x=y");
    let expected = json!({"a": "100%", "b": "%zz%4", "c": "€+ ", "d": "&=", "e": "", "f": "x=y"});
    assert_eq!(json!(values), expected);
}

#[test]
fn bytes_that_are_not_utf8_are_refused() {
    for body in [&b"a=%ff"[..], b"a=\xff", b"%c3=1", b"a=%ed%a0%80"] {
        assert!(matches!(parse(URLENCODED, body), Err(FormError::Malformed(_))), "{body:?}");
    }
    assert_eq!(
        json!(urlencoded_values("a=%EF%BF%BD")),
        json!({"a": "\u{fffd}"}),
        "a typed replacement character stays"
    );
}

#[test]
fn control_characters_vanish_and_line_breaks_stay() {
    assert_eq!(json!(urlencoded_values("a=x%00%0B%1By%0D%0Az%09")), json!({"a": "xy\r\nz\t"}));
}

#[test]
fn other_types_are_refused() {
    for kind in [
        "application/json",
        "text/plain",
        "",
        "multipart/mixed; boundary=a",
        "application/x-www-form-urlencoded; charset=latin1",
    ] {
        assert_eq!(parse(kind, b"a=1"), Err(FormError::UnsupportedType), "{kind}");
    }
}

#[test]
fn limits_are_met_with_an_error_and_not_with_a_cut() {
    let over = vec![b'a'; BODY_BYTES_MAX + 1];
    assert!(matches!(parse(URLENCODED, &over), Err(FormError::TooLarge { max: BODY_BYTES_MAX, .. })));
    let long_name = format!("{}=1", "n".repeat(NAME_CHARS_MAX + 1));
    assert!(matches!(parse(URLENCODED, long_name.as_bytes()), Err(FormError::TooLarge { max: NAME_CHARS_MAX, .. })));
    let long_page = format!("page={}", "p".repeat(OWN_VALUE_BYTES_MAX + 1));
    assert!(matches!(parse(URLENCODED, long_page.as_bytes()), Err(FormError::TooLarge { .. })));
    let names: Vec<String> = (0..FIELDS_MAX).map(|n| format!("f{n}=")).collect();
    assert_eq!(urlencoded_values(&names.join("&")).len(), FIELDS_MAX);
    let long_value = format!("a={}", "x".repeat(20_000));
    assert_eq!(
        urlencoded_values(&long_value)["a"].as_str().map(str::len),
        Some(20_000),
        "the domain refuses it by name"
    );
}

/// A hundred thousand fields end at the five hundred and first: what follows is not looked at.
#[test]
fn a_hundred_thousand_fields_are_refused_at_the_limit() {
    let mut collector = Collector::default();
    let body = "a=1&".repeat(100_000);
    let refused = urlencoded(body.as_bytes(), |name, value| collector.add(name, value));
    assert_eq!(refused, Err(FormError::TooLarge { what: "the number of fields", max: FIELDS_MAX }));
    assert_eq!(collector.pairs, FIELDS_MAX + 1);
}

#[test]
fn a_page_value_given_twice_is_refused() {
    assert!(matches!(parse(URLENCODED, b"action=approve&action=decline"), Err(FormError::Malformed(_))));
}

#[test]
fn multipart_forms_without_files_are_read() {
    let body = multipart_body(&[
        ("name=\"comment\"", "two\r\nlines --XyZ"),
        ("name=\"a %22b%22\"", "1"),
        ("name=\"certificate\"; filename=\"\"", ""),
        ("name=action", "approve"),
    ]);
    let posted = parse("multipart/form-data; boundary=XyZ", &body).expect("readable");
    assert_eq!(posted.action.as_deref(), Some("approve"));
    assert_eq!(json!(posted.values), json!({"comment": "two\r\nlines --XyZ", "a \"b\"": "1"}));
    let quoted = parse("Multipart/Form-Data; Boundary=\"XyZ\"", &body);
    assert_eq!(quoted, Ok(posted));
}

#[test]
fn a_file_is_refused_by_its_own_error() {
    for disposition in
        ["name=\"f\"; filename=\"a.pdf\"", "name=\"f\"; filename*=UTF-8''a.pdf", "filename=\"\"; name=\"f\""]
    {
        let body = multipart_body(&[(disposition, "content")]);
        assert_eq!(parse("multipart/form-data; boundary=XyZ", &body), Err(FormError::FileNotAccepted));
    }
}

#[test]
fn broken_multipart_is_refused() {
    let whole = multipart_body(&[("name=\"a\"", "1")]);
    let kind = "multipart/form-data; boundary=XyZ";
    let cases: Vec<Vec<u8>> = vec![
        vec![],
        whole[..whole.len() - 9].to_vec(),
        b"--XyZ\r\n\r\nvalue\r\n--XyZ--".to_vec(),
        b"--XyZ\r\nContent-Disposition: form-data\r\n\r\nvalue\r\n--XyZ--".to_vec(),
        b"--XyZ\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\nvalue\r\n--XyZ--".to_vec(),
        b"--XyZ\r\nContent-Disposition: form-data; name=\"a\" junk\r\n\r\nvalue\r\n--XyZ--".to_vec(),
        format!("--XyZ\r\nX: {}\r\n\r\nv\r\n--XyZ--", "h".repeat(3_000)).into_bytes(),
    ];
    for body in cases {
        assert!(matches!(parse(kind, &body), Err(FormError::Malformed(_))), "{:?}", String::from_utf8_lossy(&body));
    }
    assert!(matches!(parse("multipart/form-data", &whole), Err(FormError::Malformed(_))));
    assert!(matches!(parse("multipart/form-data; boundary=\"\"", &whole), Err(FormError::Malformed(_))));
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(kind in prop_oneof![
        Just("application/x-www-form-urlencoded"), Just("multipart/form-data; boundary=XyZ")
    ], body in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse(kind, &body);
    }

    #[test]
    fn both_encodings_of_a_form_give_the_same_values(
        pairs in proptest::collection::vec(("[a-zäß_.\\[\\]]{1,12}", "[^\\x00-\\x1f\\x7f-\\x9f]{0,40}"), 0..12)
    ) {
        prop_assume!(pairs.iter().all(|(name, _)| !["action", "page", "submission"].contains(&name.as_str())));
        let urlencoded: Vec<String> = pairs.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        let dispositions: Vec<(String, &str)> =
            pairs.iter().map(|(name, value)| (format!("name=\"{name}\""), value.as_str())).collect();
        let parts: Vec<(&str, &str)> = dispositions.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        let one = parse(URLENCODED, urlencoded.join("&").as_bytes()).expect("readable");
        let other = parse("multipart/form-data; boundary=XyZ", &multipart_body(&parts)).expect("readable");
        let given: usize = one.values.values().map(|value| value.as_array().map_or(1, Vec::len)).sum();
        prop_assert_eq!(given, pairs.len());
        prop_assert_eq!(one, other);
    }
}
