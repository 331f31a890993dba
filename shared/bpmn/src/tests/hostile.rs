//! Files that are not meant well, or not made well: each ends in a diagnostic that says what to do.

use super::corpus::STEPS_PER_BYTE;
use super::{listing, read};
use crate::{ERRORS_MAX, FILE_BYTES_MAX, NOTES_MAX, Severity};

const NS: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";

/// The only error's code, line and column; steps must stay linear whatever the file is.
fn refused(source: &[u8]) -> (&'static str, u32, u32) {
    let reading = read(source);
    assert!(reading.steps <= STEPS_PER_BYTE * source.len() + 1_000, "{} steps", reading.steps);
    assert!(reading.definitions.is_empty());
    match reading.diagnostics.as_slice() {
        [only] if only.severity == Severity::Error => (only.code, only.line, only.column),
        _ => panic!("one error expected:\n{}", listing(&reading)),
    }
}

fn process(content: &str) -> String {
    format!("<definitions xmlns=\"{NS}\"><process id=\"p\">{content}</process></definitions>")
}

#[test]
fn entities_and_document_types_are_refused_unread() {
    let mut laughs = "<!DOCTYPE lolz [<!ENTITY l0 \"lol\">".to_owned();
    for level in 1..20 {
        laughs += &format!("<!ENTITY l{level} \"{}\">", format!("&l{};", level - 1).repeat(10));
    }
    laughs += "]><definitions>&l19;</definitions>";
    assert_eq!(refused(laughs.as_bytes()), ("DTD_NOT_ALLOWED", 1, 1));
    let external = "<?xml version=\"1.0\"?>\n<!-- x -->\n  <!DOCTYPE d SYSTEM \"file:///etc/passwd\"><d/>";
    assert_eq!(refused(external.as_bytes()), ("DTD_NOT_ALLOWED", 3, 3));
    let entity = "<!DOCTYPE d [<!ENTITY x SYSTEM \"http://127.0.0.1/x\">]><d>&x;</d>";
    assert_eq!(refused(entity.as_bytes()).0, "DTD_NOT_ALLOWED");
    assert_eq!(refused(b"<!DOCTYPE d><d/>").0, "DTD_NOT_ALLOWED");
    assert_eq!(refused(b"<d><!DOCTYPE d></d>").0, "DTD_NOT_ALLOWED");
    assert_eq!(refused(b"<d>\n&unknown;</d>"), ("NOT_WELL_FORMED", 2, 1));
}

#[test]
fn deep_nesting_is_refused_before_it_can_hurt() {
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    assert_eq!(refused(deep.as_bytes()), ("TOO_DEEP", 1, 301));
    assert_eq!(refused("<a>".repeat(100_000).as_bytes()).0, "TOO_DEEP");
}

#[test]
fn sub_processes_in_sub_processes_are_refused_before_anything_walks_through_them() {
    let nested = |levels: usize| {
        process(&format!("{}{}", "<subProcess id=\"s\">".repeat(levels), "</subProcess>".repeat(levels)))
    };
    assert_eq!(refused(nested(10_000).as_bytes()).0, "TOO_DEEP");
    let within_the_limit_of_the_file = read(nested(95).as_bytes());
    assert!(within_the_limit_of_the_file.diagnostics.iter().any(|found| found.code == "TOO_DEEP"));
}

#[test]
fn counts_have_limits() {
    let attributes: String = (0..10_000).map(|number| format!(" a{number}=\"\"")).collect();
    assert_eq!(refused(format!("<d{attributes}/>").as_bytes()).0, "TOO_MANY_ATTRIBUTES");
    let namespaces: String = (0..10_000).map(|number| format!("<n xmlns:p{number}=\"u\">")).collect();
    assert_eq!(refused(namespaces.as_bytes()).0, "TOO_DEEP");
    let in_scope: String = (0..200).map(|number| format!(" xmlns:p{number}=\"u\"")).collect();
    assert_eq!(refused(format!("<a{in_scope}><b{in_scope}/></a>").as_bytes()).0, "TOO_MANY_NAMESPACES");
    let siblings = format!("<d>{}</d>", "<n xmlns=\"u\"/>".repeat(20_001));
    assert_eq!(refused(siblings.as_bytes()).0, "TOO_MANY_NAMESPACES");
    assert_eq!(refused(format!("<d>{}</d>", "<e/>".repeat(200_000)).as_bytes()).0, "TOO_MANY_ELEMENTS");
    let long_name = format!("<{}/>", "n".repeat(100_000));
    assert_eq!(refused(long_name.as_bytes()).0, "NOT_BPMN");
}

#[test]
fn size_is_limited() {
    let comment = |bytes: usize| format!("<!--{}--><d/>", "-x".repeat((bytes - 11) / 2));
    assert_eq!(refused(comment(FILE_BYTES_MAX + 2).as_bytes()), ("TOO_LARGE", 1, 1));
    assert_eq!(refused(comment(FILE_BYTES_MAX - 2).as_bytes()).0, "NOT_BPMN");
    assert_eq!(refused(b"").0, "EMPTY_FILE");
    assert_eq!(refused(b"\xEF\xBB\xBF \n").0, "EMPTY_FILE");
}

#[test]
fn only_utf8_is_read() {
    let source = process("<startEvent id=\"s\" name=\"ä\"/>");
    for bytes in [
        [0xFF, 0xFE].into_iter().chain(source.encode_utf16().flat_map(u16::to_le_bytes)).collect::<Vec<u8>>(),
        [0xFE, 0xFF].into_iter().chain(source.encode_utf16().flat_map(u16::to_be_bytes)).collect(),
        source.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ] {
        assert_eq!(refused(&bytes).0, "ENCODING_NOT_SUPPORTED");
    }
    let latin1: Vec<u8> = "<d>\nk\u{e4}se</d>".chars().map(|c| c as u8).collect();
    assert_eq!(refused(&latin1), ("NOT_UTF8", 2, 2));
    let reading = read(&latin1);
    assert!(reading.diagnostics[0].message.starts_with("byte 5 (0xE4)"), "{}", listing(&reading));
    let declared = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{source}");
    assert_eq!(refused(declared.as_bytes()).0, "ENCODING_NOT_SUPPORTED");
    // Surrogates and overlong forms are no UTF-8 either.
    assert_eq!(refused(b"<d>\xED\xA0\x80</d>").0, "NOT_UTF8");
    assert_eq!(refused(b"<d>\xC0\xBC</d>").0, "NOT_UTF8");
}

#[test]
fn byte_order_mark_is_accepted_and_counts_no_column() {
    let source = "\u{feff}<d/>";
    assert_eq!(refused(source.as_bytes()), ("NOT_BPMN", 1, 1));
}

#[test]
fn malformed_xml_is_told_with_line_column_and_cause() {
    let at = |source: &str, line: u32, column: u32, cause: &str| {
        assert_eq!(refused(source.as_bytes()), ("NOT_WELL_FORMED", line, column), "{source}");
        let message = &read(source.as_bytes()).diagnostics[0].message;
        assert!(message.contains(cause), "{source}: {message}");
    };
    at("<d>\n <a>\n</d>", 3, 1, "</a> is expected first");
    at("<d>\n<a x=\"1 < 2\"/></d>", 2, 9, "&lt;");
    at("<d x=\"a && b\"/>", 1, 9, "&amp;&amp;");
    at("<d>\u{0}</d>", 1, 4, "U+0000");
    at("<d>\n<b:a/></d>", 2, 2, "xmlns:b");
    at("<d>\n <a>", 2, 2, "closed");
    at("<d a=\"1\" a=\"2\"/>", 1, 10, "twice");
    at("<d/><e/>", 1, 5, "");
    at("text", 1, 1, "");
    at("\n<?xml version=\"1.0\"?><d/>", 2, 1, "first thing");
    at("<d><![CDATA[ </d>", 1, 18, "expected ']]>'");
    at("<d value=\"{\"a\": 1}\"/>", 1, 13, "");
}

#[test]
fn a_file_full_of_mistakes_is_cut_short_and_stays_linear() {
    let unsupported: String = (0..20_000).map(|number| format!("<complexGateway id=\"g{number}\"/>")).collect();
    let source = process(&unsupported);
    let reading = read(source.as_bytes());
    assert_eq!(reading.diagnostics.iter().filter(|found| found.severity == Severity::Error).count(), ERRORS_MAX);
    assert!(reading.diagnostics.len() <= ERRORS_MAX + NOTES_MAX + 1);
    let last = reading.diagnostics.last().expect("findings");
    assert_eq!((last.code, last.severity), ("MORE_DIAGNOSTICS", Severity::Info));
    assert!(reading.steps <= STEPS_PER_BYTE * source.len(), "{} steps", reading.steps);
}

#[test]
fn steps_grow_with_the_size_only() {
    let task = |number: usize| {
        format!(
            "<userTask id=\"t{number}\"><extensionElements><x:properties xmlns:x=\"x\">\
             <x:property name=\"Recipent{number}\" value=\"a\"/><x:property name=\"TaskProfile\" value=\"external\"/>\
             <x:property name=\"Recipient\" value=\"a@b.example\"/><x:property name=\"Script\" value=\"return {{}}\"/>\
             </x:properties></extensionElements></userTask><sequenceFlow sourceRef=\"t{number}\" targetRef=\"t{}\"/>",
            number + 1
        )
    };
    let per_byte = |count: usize| {
        let source = process(&(0..count).map(task).collect::<String>());
        (read(source.as_bytes()).steps * 1_000) / source.len()
    };
    let (few, many) = (per_byte(50), per_byte(5_000));
    assert!(many <= few + few / 10, "{few} milli-steps a byte for 50 tasks, {many} for 5,000");
}
