//! The list of instances: filters, rows, empty states.

use super::*;
use crate::a11y;
use domain::ids::ElementNumber;
use domain::instance::{ElementInstance, Incident, Place, Ready};
use std::sync::Arc;

const NOW_MS: i64 = 1_795_165_200_000;
const HOSTILE: &str = "</td><script>alert(1)</script>\" onclick=\"alert(2)";

fn now() -> Timestamp {
    Timestamp::from_millis(NOW_MS)
}

fn row(status: InstanceStatus) -> Row {
    Row {
        key: InstanceKey::compose(NOW_MS, 7),
        status,
        process_name: "Supplier approval".to_owned(),
        version: 3,
        reference: Some("PO-4711".to_owned()),
        business_key: Some("WP-2211".to_owned()),
        started_at: now(),
        ended_at: status.is_final().then(now),
        stands: None,
    }
}

fn shown(list: &List) -> String {
    page(&Shell::sample(), list, &Zone::named("Europe/Oslo"), now())
}

fn process() -> Process {
    let file = br#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"><bpmn:process id="P"
        isExecutable="true"><bpmn:startEvent id="S"/><bpmn:scriptTask id="A" name="Book berth"><bpmn:script>1</bpmn:script>
        </bpmn:scriptTask><bpmn:scriptTask id="B" name="Register"><bpmn:script>1</bpmn:script></bpmn:scriptTask>
        <bpmn:endEvent id="E"/><bpmn:sequenceFlow id="F" sourceRef="S" targetRef="A"/><bpmn:sequenceFlow id="G"
        sourceRef="A" targetRef="B"/><bpmn:sequenceFlow id="H" sourceRef="B" targetRef="E"/></bpmn:process>
        </bpmn:definitions>"#;
    let reading = bpmn::read(file);
    assert!(!reading.has_errors(), "{:?}", reading.diagnostics);
    reading.definitions.into_iter().next().expect("one process").process
}

fn instance(status: &str, elements: &[&str], failed: &[&str], ready: &[&str]) -> Instance {
    let mut instance: Instance = serde_json::from_value(serde_json::json!({
        "key": InstanceKey::compose(NOW_MS, 7), "version": 1, "process_id": "P", "definition_version": 1,
        "status": status, "started_by": "ingrid", "started_at": now(), "last_element": 9, "last_task": 9,
    }))
    .expect("an instance");
    for (number, element) in (1..).zip(elements) {
        instance.elements.push(Arc::new(ElementInstance {
            number: ElementNumber(number),
            element: (*element).to_owned(),
            scope: None,
            handles: None,
            started_at: now(),
            task: None,
            timers: Vec::new(),
            child: None,
            children_gone: 0,
            subscriptions: Vec::new(),
            arrived: std::collections::BTreeSet::new(),
            turns: None,
            local: domain::variables::Variables::new(),
            action: None,
            failed: failed.contains(element),
        }));
    }
    instance.incidents = failed
        .iter()
        .map(|element| Incident {
            element_number: ElementNumber(1),
            element: (*element).to_owned(),
            code: "SCRIPT_ERROR".to_owned(),
            message: "no".to_owned(),
            at: now(),
        })
        .collect();
    instance.ready = ready.iter().map(|element| Ready::at(element, Place::default()).into()).collect();
    instance
}

#[test]
fn where_it_stands_names_what_failed_before_what_waits() {
    let process = process();
    let stands = |instance: &Instance| Stands::of(&process, instance).map(|stands| (stands.text, stands.failed));
    let words = |text: &str, failed| Some((text.to_owned(), failed));
    assert_eq!(stands(&instance("WAITING", &["A", "B", "A"], &[], &[])), words("Book berth, Register", false));
    assert_eq!(stands(&instance("ERROR", &["A", "B"], &["B"], &[])), words("Register failed", true));
    assert_eq!(stands(&instance("RUNNING", &[], &[], &["B"])), words("Register", false));
    assert_eq!(stands(&instance("RUNNING", &["gone"], &[], &[])), words("gone", false));
    assert_eq!(
        stands(&instance("WAITING", &["A", "B", "x", "y", "z"], &[], &[])),
        words("Book berth, Register, x and 2 more", false)
    );
    assert_eq!(stands(&instance("COMPLETED", &[], &[], &[])), None);
}

#[test]
fn every_status_has_its_icon_and_word() {
    for status in STATUSES {
        let page = shown(&List { rows: vec![row(status)], ..List::default() });
        a11y::check_console(&page);
        assert!(page.contains(Look::of(status).word), "{status}");
        assert_eq!(page.contains("Ended <time"), status.is_final(), "{status}");
    }
}

#[test]
fn the_address_carries_the_filter_and_each_chip_takes_one_part_away() {
    let filter = Filter {
        statuses: vec![InstanceStatus::Error, InstanceStatus::Waiting],
        process_id: Some("P & Q".to_owned()),
        business_key: Some("WP 2211/ä".to_owned()),
    };
    let address = "/instances?status=ERROR&status=WAITING&processId=P%20%26%20Q&businessKey=WP%202211%2F%C3%A4";
    assert_eq!(filter.address(None), address);
    assert_eq!(filter.address(Some("a+b")), format!("{address}&cursor=a%2Bb"));
    let list = List { filter, next: Some("next".to_owned()), later: true, ..List::default() };
    let page = shown(&list);
    a11y::check_console(&page);
    let hrefs: Vec<String> = a11y::elements(&page)
        .iter()
        .filter(|e| e.get("class") == Some("chip"))
        .filter_map(|e| e.get("href").map(str::to_owned))
        .collect();
    assert_eq!(hrefs.len(), 4);
    assert!(!hrefs[0].contains("status=ERROR") && hrefs[0].contains("status=WAITING"));
    assert!(!hrefs[2].contains("processId") && !hrefs[3].contains("businessKey"));
    assert!(page.contains("No instance matches these filters"));
    // Short and empty pages still lead on: the filter is applied behind the index.
    assert!(page.contains(">Older") && page.contains("Newest</a>"));
}

#[test]
fn a_process_that_is_no_longer_listed_stays_chosen() {
    let filter = Filter { process_id: Some("Gone".to_owned()), ..Filter::default() };
    let list = List { filter, processes: vec![("P".to_owned(), "Supplier approval".to_owned())], ..List::default() };
    let page = shown(&list);
    assert!(page.contains("<option value=\"Gone\" selected>Gone</option>"));
    assert!(page.contains("<option value=\"P\">Supplier approval</option>"));
}

#[test]
fn the_first_use_says_what_will_appear() {
    let page = shown(&List::default());
    a11y::check_console(&page);
    assert!(page.contains("No instances yet"));
    assert!(!page.contains("class=\"pager\""));
}

#[test]
fn hostile_words_stay_text() {
    let mut hostile = row(InstanceStatus::Error);
    hostile.reference = Some(HOSTILE.to_owned());
    hostile.business_key = Some(HOSTILE.to_owned());
    hostile.process_name = HOSTILE.to_owned();
    hostile.stands = Some(Stands { text: HOSTILE.to_owned(), failed: true });
    let filter =
        Filter { business_key: Some(HOSTILE.to_owned()), process_id: Some(HOSTILE.to_owned()), ..Filter::default() };
    let page = shown(&List { filter, rows: vec![hostile], ..List::default() });
    for element in a11y::elements(&page) {
        assert!(element.name != "script" || element.get("src").is_some(), "a script came in");
        assert!(element.get("onclick").is_none());
    }
}
