//! The five repairs, one by one and on pages of documentation; and that sound files stay as they are.

use super::{Repaired, repair};
use crate::{Severity, read};
use proptest::prelude::*;
use roxmltree::Document;

fn codes(repaired: &Repaired) -> Vec<&'static str> {
    repaired.repairs.iter().map(|repair| repair.code).collect()
}

#[track_caller]
fn parsed(repaired: &Repaired) -> Document<'_> {
    Document::parse(&repaired.text).unwrap_or_else(|error| panic!("{error}\n{}", repaired.text))
}

fn value_of(repaired: &Repaired, name: &str) -> String {
    let document = parsed(repaired);
    let mut properties = document.descendants().filter(|node| node.has_tag_name_local("property"));
    let property = properties.find(|node| node.attribute("name") == Some(name)).expect("the property");
    property.attribute("value").or(property.text()).unwrap_or_default().to_owned()
}

trait LocalName {
    fn has_tag_name_local(&self, name: &str) -> bool;
}

impl LocalName for roxmltree::Node<'_, '_> {
    fn has_tag_name_local(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}

/// R1
#[test]
fn missing_declarations_are_added_to_the_root() {
    let source = "<?xml version=\"1.0\"?>\n<bpmn:definitions id=\"d\"><bpmn:process id=\"p\"><bpmn:userTask \
                  id=\"t\" camunda:assignee=\"a\"/></bpmn:process></bpmn:definitions>";
    let repaired = repair(source);
    assert_eq!(codes(&repaired), ["R1"]);
    assert!(repaired.text.starts_with("<?xml version=\"1.0\"?>\n<bpmn:definitions xmlns:bpmn="), "{}", repaired.text);
    assert!(repaired.repairs[0].message.contains("bpmn, camunda"), "{}", repaired.repairs[0].message);
    assert_eq!((repaired.repairs[0].line, repaired.repairs[0].column), (2, 1));
    parsed(&repaired);
    assert_eq!(repair(&repaired.text).repairs, []);
}

/// R1: the strict reader then says what is missing in the fragment, at elements it knows.
#[test]
fn a_fragment_is_put_into_definitions_and_a_process() {
    let source = "  <bpmn:startEvent id=\"s\"/>\n<bpmn:sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"e\"/>\n\
                  <bpmn:endEvent id=\"e\"/>\n";
    let repaired = repair(source);
    assert_eq!(codes(&repaired), ["R1"]);
    let reading = read(repaired.text.as_bytes());
    assert!(!reading.has_errors(), "{:?}", reading.diagnostics);
    assert_eq!(reading.definitions[0].process.id, "Imported");
    let whole = repair("<process id=\"p\"><startEvent id=\"s\"/></process>");
    assert!(whole.text.contains("<bpmn:definitions") && !whole.text.contains("Imported"), "{}", whole.text);
    assert_eq!(read(whole.text.as_bytes()).definitions[0].process.id, "p");
}

/// R2
#[test]
fn comparisons_in_attributes_are_escaped_and_entities_stay() {
    let repaired = repair(
        "<bpmn:userTask id=\"t\"><custom:property name=\"ServerScript\" value=\"return a < b && c &lt; d &#38; e &nbsp;\"/>\
         </bpmn:userTask>",
    );
    assert_eq!(value_of(&repaired, "ServerScript"), "return a < b && c < d & e &nbsp;");
    assert!(codes(&repaired).contains(&"R2"));
}

/// R3
#[test]
fn a_quote_ends_a_value_only_before_the_end_of_the_tag_or_another_attribute() {
    let repaired = repair(
        "<bpmn:userTask id=\"t\"><custom:property name=\"InputMapping\" value=\"{ \"a\": \"context.a\", \"b\": \"x\" }\" />\
         <custom:property value='it's \"so\"' name='Q'/></bpmn:userTask>",
    );
    assert_eq!(value_of(&repaired, "InputMapping"), "{ \"a\": \"context.a\", \"b\": \"x\" }");
    assert_eq!(value_of(&repaired, "Q"), "it's \"so\"");
    assert_eq!(codes(&repaired).iter().filter(|code| **code == "R3").count(), 2);
}

/// R4
#[test]
fn code_in_elements_is_put_into_cdata() {
    let repaired = repair(
        "<bpmn:scriptTask id=\"s\"><bpmn:script>if (a <= 0 && b &gt; 1) throw ']]>';</bpmn:script></bpmn:scriptTask>",
    );
    let document = parsed(&repaired);
    let script = document.descendants().find(|node| node.has_tag_name_local("script")).expect("the script");
    let text: String = script.children().filter_map(|child| child.text()).collect();
    assert_eq!(text, "if (a <= 0 && b > 1) throw ']]>';");
    assert!(codes(&repaired).contains(&"R4"));
    // What is sound stays, and an element with children is no code.
    for sound in [
        "<d xmlns=\"x\"><definitions/><script>a &lt; b</script></d>",
        "<d xmlns=\"x\"><script><![CDATA[a < b]]></script></d>",
        "<d xmlns=\"x\"><property><dataState/></property></d>",
        "<d xmlns=\"x\" xmlns:a=\"y\"><property><a:value/></property></d>",
        "<d xmlns=\"x\"><script><!-- a --></script></d>",
    ] {
        assert!(!codes(&repair(sound)).contains(&"R4"), "{sound}");
    }
}

/// R4: pages, and scripts that write HTML, end at their own closing tag.
#[test]
fn tags_in_code_are_part_of_it() {
    let script = "const a = '<b>' + (x < 1) + '</b>'; return a && '<br/>';";
    let page = "<!DOCTYPE html>\n<h1>{{ name }}</h1><p>Terms &amp; a fee &lt; 5 & <br>more</p>";
    let mail = "Dear <b>{{ name }}</b>,<script>1</script>";
    let source = format!(
        "<bpmn:scriptTask id=\"s\"><bpmn:extensionElements><custom:properties><custom:property \
         name=\"TaskPage\">{page}</custom:property><custom:property name=\"Empty\"/><custom:property \
         name=\"EmailBody\">{mail}</custom:property ></custom:properties></bpmn:extensionElements>\
         <bpmn:script scriptFormat=\"javascript\">{script}</bpmn:script></bpmn:scriptTask>"
    );
    let repaired = repair(&source);
    assert_eq!(codes(&repaired), ["R1", "R4", "R4", "R4"]);
    assert_eq!(value_of(&repaired, "TaskPage"), page);
    assert_eq!(value_of(&repaired, "EmailBody"), mail);
    let document = parsed(&repaired);
    let found = document.descendants().find(|node| node.has_tag_name_local("script")).expect("the script");
    assert_eq!(found.text(), Some(script));
    assert_eq!(repair(&repaired.text).repairs, []);
}

/// The closing tag of an element whose own is missing belongs to the next one.
#[test]
fn code_without_its_closing_tag_is_left_alone() {
    let source = "<d><script>a < b<script>c &lt; d</script></d>";
    assert!(!codes(&repair(source)).contains(&"R4"), "{}", repair(source).text);
}

/// R5: without it everything behind the first `//` of a script is a comment.
#[test]
fn line_breaks_in_attributes_are_kept() {
    let repaired = repair(
        "<bpmn:userTask id=\"t\"><custom:property name=\"Script\" value=\"// one\r\nreturn 1\n\"/></bpmn:userTask>",
    );
    assert_eq!(value_of(&repaired, "Script"), "// one\nreturn 1\n");
    assert!(codes(&repaired).contains(&"R5"));
}

/// Positions are those of the text as it was sent.
#[test]
fn repairs_say_where() {
    let source = "<bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\">\n  <bpmn:process id=\"p\" \
                  name=\"a < b\"/>\n</bpmn:definitions>";
    let repaired = repair(source);
    assert_eq!(codes(&repaired), ["R2"]);
    assert_eq!((repaired.repairs[0].line, repaired.repairs[0].column), (2, 30));
}

#[test]
fn sound_files_come_out_as_they_went_in() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/valid");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "bpmn") {
            continue;
        }
        let source = std::fs::read_to_string(&path).expect("UTF-8");
        let repaired = repair(&source);
        let others: Vec<_> = repaired.repairs.iter().filter(|repair| repair.code != "R5").collect();
        assert!(others.is_empty(), "{}: {others:?}", path.display());
        if repaired.repairs.is_empty() {
            assert_eq!(repaired.text, source, "{}", path.display());
        }
        read += 1;
    }
    assert!(read > 3, "{read}");
}

/// The fragments of a product's documentation as they are printed there, none of them well-formed.
#[test]
fn fragments_of_documentation_are_read_after_the_repair() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/spec/sources/banklingo-user-task.txt");
    let Ok(page) = std::fs::read_to_string(path) else {
        return crate::tests::skipped("no page with fragments beside the repository");
    };
    let fragments = fragments(&page);
    assert_eq!(fragments.len(), 54, "{fragments:#?}");
    for (line, fragment) in fragments {
        assert!(Document::parse(&fragment).is_err(), "line {line} needs no repair");
        let repaired = repair(&fragment);
        assert!(!repaired.repairs.is_empty());
        let reading = read(repaired.text.as_bytes());
        let broken = reading
            .diagnostics
            .iter()
            .find(|found| found.severity == Severity::Error && ["NOT_WELL_FORMED", "NOT_BPMN"].contains(&found.code));
        assert_eq!(broken, None, "line {line}:\n{}", repaired.text);
        assert_eq!(repair(&repaired.text).repairs, [], "line {line}: a second repair finds nothing");
    }
}

/// From the line with the start tag to the line with its end.
fn fragments(page: &str) -> Vec<(usize, String)> {
    const NAMES: [&str; 9] = [
        "userTask",
        "scriptTask",
        "sendTask",
        "boundaryEvent",
        "exclusiveGateway",
        "process",
        "sequenceFlow",
        "startEvent",
        "error",
    ];
    let lines: Vec<&str> = page.lines().collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let name = NAMES.iter().find(|name| {
            lines[at]
                .trim_start()
                .strip_prefix("<bpmn:")
                .and_then(|rest| rest.strip_prefix(**name))
                .is_some_and(|after| after.starts_with([' ', '>', '/']) || after.is_empty())
        });
        let Some(name) = name else {
            at += 1;
            continue;
        };
        let (mut text, closing, start) = (String::new(), format!("</bpmn:{name}>"), at);
        let mut in_tag = true;
        loop {
            text.push_str(lines[at]);
            text.push('\n');
            let ended = text.contains(&closing) || (in_tag && lines[at].trim_end().ends_with("/>"));
            in_tag &= !lines[at].trim_end().ends_with('>');
            at += 1;
            if ended || at == lines.len() {
                break;
            }
        }
        found.push((start + 1, text));
    }
    found
}

/// Linear: what the hostile repeat a hundred thousand times is done in one pass.
#[test]
fn hostile_text_is_repaired_in_one_pass() {
    for piece in [
        "<a b=\"x\" ! ",
        "<script>",
        "<property a='",
        "</",
        "<!--",
        "\"",
        "&",
        "<a b=\"\n",
        "<![CDATA[",
        "<script><!--",
        "</script",
        "</script>",
        "<script>&",
        "<script>x<property>",
    ] {
        let source = format!("<definitions>{}</script></property>", piece.repeat(100_000));
        let repaired = repair(&source);
        assert!(repaired.text.len() < source.len() * 8, "{piece}");
        assert!(repaired.repairs.len() <= 201, "{piece}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Never panics, and what is well-formed with declared prefixes keeps its meaning.
    #[test]
    fn any_text_is_survived(source in "(<|/|>|\"|'|=|&|;|\n|a|:|bpmn:script|property| |<!\\[CDATA\\[|\\]\\]>|é|-->|<!--){0,60}") {
        let repaired = repair(&source);
        if Document::parse(&source).is_ok() {
            prop_assert!(Document::parse(&repaired.text).is_ok(), "{} became {}", source, repaired.text);
        }
    }

    /// A value survives whatever stands in it, as long as no quote in it looks like its end.
    #[test]
    fn values_keep_their_meaning(value in "[a-z<& é;{}(),.]{0,40}") {
        let source = format!("<bpmn:userTask id=\"t\"><custom:property name=\"V\" value=\"{value}\"/></bpmn:userTask>");
        let expected = value.replace("&amp;", "&").replace("&lt;", "<");
        prop_assume!(!value.contains("&gt;") && !value.contains("&quot;") && !value.contains("&apos;"));
        prop_assert_eq!(value_of(&repair(&source), "V"), expected);
    }
}
