//! Pictures of realistic, strange and hostile files (ui.md section 4, "Process diagram"; issue: 1,000 elements bounded).

use super::*;
use std::fmt::Write;

const NAMESPACES: &str = concat!(
    "xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" ",
    "xmlns:bpmndi=\"http://www.omg.org/spec/BPMN/20100524/DI\" ",
    "xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" xmlns:di=\"http://www.omg.org/spec/DD/20100524/DI\" ",
    "xmlns:cs=\"https://countersign.example/bpmn\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\""
);

fn file(process: &str, plane: &str) -> Vec<u8> {
    let diagram = if plane.is_empty() {
        String::new()
    } else {
        format!(
            "<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement=\"P\">{plane}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"
        )
    };
    format!(
        "<bpmn:definitions {NAMESPACES}><bpmn:process id=\"P\">{process}</bpmn:process>{diagram}</bpmn:definitions>"
    )
    .into_bytes()
}

const PROCESS: &str = r#"
  <bpmn:documentation>Secret plan</bpmn:documentation>
  <bpmn:startEvent id="Start" name="Order placed"><bpmn:outgoing>F1</bpmn:outgoing></bpmn:startEvent>
  <bpmn:userTask id="Ask" name="Confirm the order">
    <bpmn:extensionElements><cs:properties><cs:property name="Script" value="steal()"/></cs:properties></bpmn:extensionElements>
  </bpmn:userTask>
  <bpmn:boundaryEvent id="Late" name="10 days" attachedToRef="Ask" cancelActivity="false">
    <bpmn:timerEventDefinition><bpmn:timeDuration>P10D</bpmn:timeDuration></bpmn:timerEventDefinition>
  </bpmn:boundaryEvent>
  <bpmn:exclusiveGateway id="Agreed" name="Agreed?" default="F4"/>
  <bpmn:scriptTask id="Book"><bpmn:script>secret()</bpmn:script></bpmn:scriptTask>
  <bpmn:endEvent id="End" name="Ended"><bpmn:terminateEventDefinition/></bpmn:endEvent>
  <bpmn:sequenceFlow id="F1" sourceRef="Start" targetRef="Ask"/>
  <bpmn:sequenceFlow id="F2" sourceRef="Ask" targetRef="Agreed"/>
  <bpmn:sequenceFlow id="F3" name="yes" sourceRef="Agreed" targetRef="Book">
    <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">=price &lt; limit</bpmn:conditionExpression>
  </bpmn:sequenceFlow>
  <bpmn:sequenceFlow id="F4" name="no" sourceRef="Agreed" targetRef="Ask"/>
  <bpmn:sequenceFlow id="F5" sourceRef="Book" targetRef="End"/>
  <bpmn:sequenceFlow id="F6" sourceRef="Late" targetRef="End"/>"#;

const PLANE: &str = r#"
  <bpmndi:BPMNShape bpmnElement="Start"><dc:Bounds x="50" y="100" width="36" height="36"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape bpmnElement="Late"><dc:Bounds x="200" y="140" width="36" height="36"/>
    <bpmndi:BPMNLabel><dc:Bounds x="240" y="180" width="40" height="14"/></bpmndi:BPMNLabel></bpmndi:BPMNShape>
  <bpmndi:BPMNShape bpmnElement="Ask"><dc:Bounds x="150" y="80" width="100" height="80"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape bpmnElement="Agreed" isMarkerVisible="true"><dc:Bounds x="310" y="93" width="50" height="50"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape bpmnElement="Gone"><dc:Bounds x="0" y="0" width="9" height="9"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape bpmnElement="Book"><dc:Bounds x="NaN" y="0" width="100" height="80"/></bpmndi:BPMNShape>
  <bpmndi:BPMNShape bpmnElement="End"><dc:Bounds x="1e300" y="0" width="36" height="36"/></bpmndi:BPMNShape>
  <bpmndi:BPMNEdge bpmnElement="F1"><di:waypoint x="86" y="118"/><di:waypoint x="150" y="118.04"/></bpmndi:BPMNEdge>
  <bpmndi:BPMNEdge bpmnElement="F2"><di:waypoint x="250" y="118"/><di:waypoint x="310" y="118"/></bpmndi:BPMNEdge>
  <bpmndi:BPMNEdge bpmnElement="F3"><di:waypoint x="360" y="118"/><di:waypoint x="400" y="118"/></bpmndi:BPMNEdge>
  <bpmndi:BPMNEdge bpmnElement="F4"><di:waypoint x="335" y="93"/></bpmndi:BPMNEdge>"#;

fn ids(diagram: &Diagram) -> Vec<&str> {
    diagram.shapes.iter().map(|shape| shape.id.as_str()).collect()
}

#[test]
fn shapes_and_edges_with_valid_places_are_read_and_the_rest_is_passed_over() {
    let diagram = read(&file(PROCESS, PLANE), Some("P")).expect("a diagram");
    assert!(diagram.modelled);
    // Boundary and other events last: they stand on what they belong to.
    assert_eq!(ids(&diagram), ["Ask", "Agreed", "Start", "Late"]);
    let edges: Vec<&str> = diagram.edges.iter().map(|edge| edge.id.as_str()).collect();
    // F3 leads to a shape without a place, F4 has one point only.
    assert_eq!(edges, ["F1", "F2"]);
}

#[test]
fn the_outline_keeps_what_is_drawn_and_nothing_of_how_it_works() {
    for plane in [PLANE, ""] {
        let diagram = read(&file(PROCESS, plane), Some("P")).expect("a diagram");
        let outline = &diagram.outline;
        for secret in ["steal", "secret", "Secret", "P10D", "price", "property", "documentation", "extension"] {
            assert!(!outline.contains(secret), "{secret} is in the outline");
        }
        for kept in [
            "name=\"Confirm the order\"",
            "timerEventDefinition",
            "cancelActivity=\"false\"",
            "default=\"F4\"",
            "conditionExpression",
            "<bpmn:outgoing>F1</bpmn:outgoing>",
            "bpmndi:BPMNShape",
        ] {
            assert!(outline.contains(kept), "{kept} is missing");
        }
        // What is written can be read again, and is the same picture.
        let again = read(outline.as_bytes(), Some("P")).expect("the outline is a diagram");
        assert!(again.modelled);
        assert_eq!((again.shapes, again.edges), (diagram.shapes.clone(), diagram.edges.clone()));
        assert_eq!(again.outline, diagram.outline);
    }
}

#[test]
fn marks_become_classes_and_taken_flows_are_drawn_as_done() {
    let diagram = read(&file(PROCESS, PLANE), Some("P")).expect("a diagram");
    let mut marks = Marks::default();
    marks.add("Start", Mark::Done);
    marks.add("Ask", Mark::Active);
    marks.add("Ask", Mark::Done);
    marks.add("Agreed", Mark::Failed);
    marks.add("Nowhere", Mark::Done);
    marks.flows.insert("F1".to_owned());
    let svg = diagram.svg(&marks);
    assert!(svg.contains("<g class=\"done\" data-element-id=\"Start\">"));
    assert!(svg.contains("<g class=\"active\" data-element-id=\"Ask\">"), "the running one of two wins");
    assert!(svg.contains("<g class=\"failed\" data-element-id=\"Agreed\">"));
    assert!(!svg.contains("Nowhere"));
    assert_eq!(svg.matches("class=\"fl done\"").count(), 1);
    assert!(svg.contains("aria-hidden=\"true\""));
    insta::assert_snapshot!("marked", svg);
}

#[test]
fn a_process_without_diagram_is_laid_out_from_left_to_right() {
    let diagram = read(&file(PROCESS, ""), Some("P")).expect("laid out");
    assert!(!diagram.modelled);
    assert_eq!(diagram.shapes.len(), 6);
    assert_eq!(diagram.edges.len(), 6);
    let left = |id: &str| diagram.shapes.iter().find(|shape| shape.id == id).expect("drawn").bounds.x;
    assert!(left("Start") < left("Ask") && left("Ask") < left("Agreed") && left("Agreed") < left("Book"));
    assert!(left("Book") < left("End"));
    // Nothing but boundary events covers anything else.
    for (index, a) in diagram.shapes.iter().enumerate() {
        for b in diagram.shapes[index + 1..].iter().filter(|b| a.id != "Late" && b.id != "Late") {
            let apart = |p: &Bounds, q: &Bounds| p.x + p.width <= q.x || p.y + p.height <= q.y;
            assert!(apart(&a.bounds, &b.bounds) || apart(&b.bounds, &a.bounds), "{} covers {}", a.id, b.id);
        }
    }
    let drawn = diagram.svg(&Marks::default());
    assert!(drawn.contains("Order placed") && !drawn.contains("NaN") && !drawn.contains("inf"));
}

/// Ids of the flows that an instance takes, and of those that are drawn.
fn flow_ids(file: &[u8]) -> (Vec<String>, Vec<String>) {
    let reading = crate::read(file);
    let [definition] = reading.definitions.as_slice() else { panic!("{:?}", reading.diagnostics) };
    let taken = definition.process.flows.iter().map(|flow| flow.id.clone()).collect();
    let drawn = read(file, None).expect("laid out").edges.into_iter().map(|edge| edge.id).collect();
    (taken, drawn)
}

/// D-25: a flow needs no id in the file.
#[test]
fn flows_without_ids_are_laid_out_and_marked_by_the_ids_that_instances_have() {
    let process = "<bpmn:startEvent id=\"A\"/><bpmn:task id=\"A__B\"/><bpmn:task id=\"B_2\"/><bpmn:endEvent id=\"B\"/>\
                   <bpmn:sequenceFlow sourceRef=\"A\" targetRef=\"A__B\"/><bpmn:sequenceFlow sourceRef=\"A\" targetRef=\"B\"/>\
                   <bpmn:sequenceFlow sourceRef=\"A\" targetRef=\"B\"/><bpmn:sequenceFlow sourceRef=\"A\" targetRef=\"B_2\"/>\
                   <bpmn:sequenceFlow id=\"Named\" sourceRef=\"A__B\" targetRef=\"B\"/>";
    let file = file(process, "");
    let (taken, drawn) = flow_ids(&file);
    // Neither the id of an element nor one that was given before.
    assert_eq!(taken, ["A__A__B", "A__B_2", "A__B_3", "A__B_2_2", "Named"]);
    assert_eq!(drawn, taken);
    let diagram = read(&file, Some("P")).expect("laid out");
    let left = |id: &str| diagram.shapes.iter().find(|shape| shape.id == id).expect("drawn").bounds.x;
    assert!(left("A") < left("A__B") && left("A__B") < left("B"));
    let mut marks = Marks::default();
    marks.flows.insert("A__B_2".to_owned());
    assert_eq!(diagram.svg(&marks).matches("class=\"fl done\"").count(), 1);
    // The viewer finds each flow that the plane draws, and nothing else.
    let again = read(diagram.outline.as_bytes(), Some("P")).expect("the outline is a diagram");
    assert!(again.modelled);
    assert_eq!(again.edges, diagram.edges);
    for id in &taken {
        assert_eq!(diagram.outline.matches(&format!("<bpmn:sequenceFlow id=\"{id}\"")).count(), 1, "{id}");
    }
}

/// S4-101, D-25: of the flows that a product's page of loan processes shows, most have no id.
#[test]
fn the_flows_of_a_documented_loan_process_are_all_drawn() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/spec/sources/banklingo-user-task.txt");
    let Ok(page) = std::fs::read_to_string(path) else {
        return crate::tests::skipped("no page with a loan process beside the repository");
    };
    let flows: Vec<&str> = page.lines().filter(|line| line.trim_start().starts_with("<bpmn:sequenceFlow")).collect();
    assert_eq!((flows.len(), flows.iter().filter(|flow| !flow.contains(" id=")).count()), (7, 4));
    let end = |flow: &str, name: &str| {
        let (_, rest) = flow.split_once(name).expect("an end");
        rest.split('"').nth(1).expect("a reference").to_owned()
    };
    let ends = flows.iter().flat_map(|flow| ["sourceRef", "targetRef"].map(|name| end(flow, name)));
    let tasks: BTreeSet<String> = ends.collect();
    let tasks: String = tasks.iter().map(|id| format!("<bpmn:task id=\"{id}\"/>")).collect();
    let start = "<bpmn:startEvent id=\"Start\"/>".to_owned();
    let (taken, drawn) = flow_ids(&file(&(start + &tasks + &flows.concat()), ""));
    assert_eq!(taken.len(), 7);
    assert_eq!(drawn, taken);
}

#[test]
fn what_stands_in_a_sub_process_is_drawn_over_it() {
    let process = "<bpmn:subProcess id=\"Outer\"><bpmn:subProcess id=\"Inner\"><bpmn:task id=\"Work\"/><bpmn:task id=\"More\"/>\
                   <bpmn:sequenceFlow id=\"F\" sourceRef=\"Work\" targetRef=\"More\"/></bpmn:subProcess></bpmn:subProcess>\
                   <bpmn:subProcess id=\"Closed\"><bpmn:task id=\"Hidden\"/></bpmn:subProcess>";
    let place = |id: &str, at: i32, size: i32| {
        format!(
            "<bpmndi:BPMNShape bpmnElement=\"{id}\"><dc:Bounds x=\"{at}\" y=\"{at}\" width=\"{size}\" height=\"{size}\"/>\
             </bpmndi:BPMNShape>"
        )
    };
    // The inner ones first, as some tools write them, and none says that it is expanded.
    let plane = [place("Work", 30, 40), place("More", 90, 40), place("Inner", 20, 200), place("Outer", 10, 300)]
        .concat()
        + &place("Closed", 400, 80)
        + "<bpmndi:BPMNEdge bpmnElement=\"F\"><di:waypoint x=\"70\" y=\"50\"/><di:waypoint x=\"90\" y=\"50\"/></bpmndi:BPMNEdge>";
    let diagram = read(&file(process, &plane), Some("P")).expect("a diagram");
    assert_eq!(ids(&diagram), ["Outer", "Closed", "Inner", "Work", "More"]);
    let expanded: Vec<Option<bool>> = diagram.shapes.iter().map(|shape| shape.expanded).collect();
    assert_eq!(expanded, [Some(true), None, Some(true), None, None]);
    let svg = diagram.svg(&Marks::default());
    let at = |id: &str| svg.find(&format!("data-element-id=\"{id}\"")).expect("drawn");
    assert!(at("Outer") < at("Inner") && at("Inner") < at("F") && at("F") < at("Work"), "{svg}");
    assert!(diagram.outline.contains("<bpmn:task id=\"Work\">"), "{}", diagram.outline);
}

#[test]
fn hostile_names_and_ids_stay_text() {
    let hostile = "&lt;/text>&lt;script>alert(1)&lt;/script>&quot; onload=&quot;alert(2) &#10; ]]&gt;";
    let process = format!(
        "<bpmn:startEvent id=\"a&quot;&gt;&lt;b\" name=\"{hostile}\"/><bpmn:textAnnotation id=\"n\"><bpmn:text>{hostile}\
         </bpmn:text></bpmn:textAnnotation><bpmn:userTask id=\"T\" name=\"{}\"/>",
        "W".repeat(5_000)
    );
    let plane = "<bpmndi:BPMNShape bpmnElement=\"a&quot;&gt;&lt;b\"><dc:Bounds x=\"0\" y=\"0\" width=\"36\" height=\"36\"/>\
                 </bpmndi:BPMNShape><bpmndi:BPMNShape bpmnElement=\"n\"><dc:Bounds x=\"0\" y=\"90\" width=\"900\" \
                 height=\"400\"/></bpmndi:BPMNShape><bpmndi:BPMNShape bpmnElement=\"T\"><dc:Bounds x=\"0\" y=\"600\" \
                 width=\"100\" height=\"80\"/></bpmndi:BPMNShape>";
    let diagram = read(&file(&process, plane), Some("P")).expect("a diagram");
    let svg = diagram.svg(&Marks::default());
    let parsed = roxmltree::Document::parse(&svg).expect("well-formed");
    assert!(!parsed.descendants().any(|node| node.tag_name().name() == "script" || node.has_attribute("onload")));
    assert!(parsed.descendants().any(|node| node.attribute("data-element-id") == Some("a\"><b")));
    assert!(svg.len() < 8_000, "names are cut: {}", svg.len());
    read(diagram.outline.as_bytes(), Some("P")).expect("the outline is well-formed");
}

#[test]
fn a_thousand_elements_are_drawn_and_more_than_the_limit_is_refused() {
    let chain = |count: usize| {
        let mut process = String::new();
        for n in 0..count {
            write!(process, "<bpmn:task id=\"T{n}\" name=\"Step {n}\"/>").expect("a string");
            let back = if n % 7 == 0 { n / 2 } else { n + 1 };
            write!(process, "<bpmn:sequenceFlow id=\"F{n}\" sourceRef=\"T{n}\" targetRef=\"T{back}\"/>")
                .expect("a string");
        }
        process
    };
    let diagram = read(&file(&chain(1_000), ""), Some("P")).expect("drawn");
    assert_eq!(diagram.shapes.len(), 1_000);
    let svg = diagram.svg(&Marks::default());
    assert!(svg.len() < 500_000, "{} bytes", svg.len());
    assert_eq!(read(&file(&chain(SHAPES_MAX + 1), ""), Some("P")), Err(NotDrawn::TooLarge));
}

#[test]
fn what_is_no_picture_says_why() {
    assert_eq!(read(b"", None), Err(NotDrawn::Unreadable));
    assert_eq!(read(b"<a", None), Err(NotDrawn::Unreadable));
    assert_eq!(read(b"<a/>", None), Err(NotDrawn::NoDiagram));
    assert_eq!(read(&file("", ""), Some("P")), Err(NotDrawn::NoDiagram));
    assert_eq!(read(&file(PROCESS, PLANE), Some("Other")), Err(NotDrawn::NoDiagram));
}

#[test]
fn every_file_of_the_test_data_is_drawn_or_says_why() {
    let mut drawn = 0;
    let testdata = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    for folder in std::fs::read_dir(testdata).expect("a folder") {
        for file in std::fs::read_dir(folder.expect("a folder").path()).expect("a folder") {
            let path = file.expect("a file").path();
            if path.extension().is_none_or(|extension| extension != "bpmn") {
                continue;
            }
            let source = std::fs::read(&path).expect("a file");
            if let Ok(diagram) = read(&source, None) {
                let svg = diagram.svg(&Marks::default());
                roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                roxmltree::Document::parse(&diagram.outline).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
                drawn += 1;
            }
        }
    }
    assert!(drawn > 20, "{drawn}");
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    fn attribute(text: &str) -> String {
        outline::escape(&text.replace(|c: char| c.is_control() || c == '\u{fffe}' || c == '\u{ffff}', " "))
    }

    proptest! {
        /// Whatever stands in names, ids and numbers: no panic, and both pictures are well-formed.
        #[test]
        fn any_words_and_numbers_give_well_formed_pictures(
            words in prop::collection::vec(".{0,60}", 4),
            numbers in prop::collection::vec(prop_oneof![
                any::<f64>().prop_map(|number| number.to_string()),
                (-200_000_i32..200_000).prop_map(|number| number.to_string()),
                "[-0-9.eE]{0,8}",
            ], 12),
            flows in prop::collection::vec((0_usize..6, 0_usize..6), 0..12),
            modelled in any::<bool>(),
        ) {
            let mut process = String::new();
            let kinds = ["startEvent", "userTask", "exclusiveGateway", "boundaryEvent", "endEvent", "textAnnotation"];
            for (number, kind) in kinds.iter().enumerate() {
                let name = attribute(&words[number % words.len()]);
                write!(process, "<bpmn:{kind} id=\"N{number}\" name=\"{name}\" attachedToRef=\"N{}\"/>", number / 2).expect("text");
            }
            for (number, (from, to)) in flows.iter().enumerate() {
                write!(process, "<bpmn:sequenceFlow id=\"F{number}\" name=\"{}\" sourceRef=\"N{from}\" targetRef=\"N{to}\"/>",
                       attribute(&words[0])).expect("text");
            }
            let mut plane = String::new();
            for (number, place) in numbers.chunks(4).enumerate().filter(|_| modelled) {
                write!(plane, "<bpmndi:BPMNShape bpmnElement=\"N{number}\"><dc:Bounds x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\
                               </bpmndi:BPMNShape><bpmndi:BPMNEdge bpmnElement=\"F{number}\"><di:waypoint x=\"{}\" y=\"{}\"/>\
                               <di:waypoint x=\"{}\" y=\"{}\"/></bpmndi:BPMNEdge>",
                       place[0], place[1], place[2], place[3], place[3], place[2], place[1], place[0]).expect("text");
            }
            if let Ok(diagram) = read(&file(&process, &plane), Some("P")) {
                let mut marks = Marks::default();
                marks.add("N1", Mark::Stopped);
                marks.flows.insert("F0".to_owned());
                let svg = diagram.svg(&marks);
                prop_assert!(roxmltree::Document::parse(&svg).is_ok(), "{svg}");
                prop_assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{svg}");
                prop_assert!(read(diagram.outline.as_bytes(), Some("P")).is_ok(), "{}", diagram.outline);
            }
        }
    }
}
