//! Forms with files: what a browser sends is read, what is too much is refused.

use super::*;

const URLENCODED: &str = "application/x-www-form-urlencoded";

fn multipart(parts: &[(&str, Option<&str>, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (name, file, value) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"\r\nContent-Type: text/xml")).unwrap_or_default();
        body.extend(format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").into_bytes());
        body.extend(*value);
        body.extend(b"\r\n");
    }
    body.extend(b"--xyz--\r\n");
    ("multipart/form-data; boundary=xyz".to_owned(), body)
}

#[test]
fn fields_keep_their_order_and_repeat() {
    let fields = read(URLENCODED, b"key=1&key=2&action=resend&note=a%20b+c").expect("as a browser sends it");
    let pairs: Vec<(&str, &str)> = fields.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("key", "1"), ("key", "2"), ("action", "resend"), ("note", "a b c")]);
    assert_eq!((fields.first("key"), fields.first("none")), (Some("1"), None));
}

#[test]
fn a_file_comes_with_its_bytes_and_the_last_part_of_its_name() {
    let bytes = b"<a>\xff\r\n--xy</a>";
    let (kind, body) = multipart(&[("csrf", None, b"v"), ("file", Some("C:\\models\\a.bpmn"), bytes)]);
    let fields = read(&kind, &body).expect("as a browser sends it");
    assert_eq!(fields.first("csrf"), Some("v"));
    let file = File { field: "file".to_owned(), name: "a.bpmn".to_owned(), bytes: bytes.to_vec() };
    assert_eq!(fields.files, [file]);
}

#[test]
fn an_empty_file_field_is_no_file() {
    let (kind, body) = multipart(&[("file", Some(""), b"")]);
    assert!(read(&kind, &body).expect("as a browser sends it").files.is_empty());
}

#[test]
fn too_much_and_unreadable_forms_are_refused() {
    let many = "a=1&".repeat(FIELDS_MAX + 1);
    assert!(matches!(read(URLENCODED, many.as_bytes()), Err(FormError::TooLarge { .. })));
    assert_eq!(
        read(URLENCODED, "a=1&".repeat(FIELDS_MAX).as_bytes()).expect("as a browser sends it").pairs.len(),
        FIELDS_MAX
    );
    assert!(matches!(read(URLENCODED, &vec![b'a'; BODY_BYTES_MAX + 1]), Err(FormError::TooLarge { .. })));
    assert!(matches!(read(URLENCODED, b"a=%ff"), Err(FormError::Malformed(_))));
    assert!(matches!(read("multipart/form-data", b""), Err(FormError::Malformed(_))));
    assert!(matches!(read("multipart/form-data; boundary=xyz", b"--xyz\r\n"), Err(FormError::Malformed(_))));
    assert_eq!(read("application/json", b"{}"), Err(FormError::UnsupportedType));
    assert_eq!(read("", b"").expect("as a browser sends it"), Fields::default());
}
