//! Extension properties of external tasks: where they may stand, what they become.

use super::{listing, read};
use crate::CompiledProcess;
use domain::process::{ClientScript, ElementKind, ExternalTaskModel, FieldKind, Reminders, TaskProfile, UserTask};
use domain::value::ValueExpr;

const NS: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";

/// A process of one external task with these lines below `extensionElements`.
fn file(namespace: &str, lines: &str) -> String {
    format!(
        "<b:definitions xmlns:b=\"{NS}\" xmlns:x=\"{namespace}\" xmlns:camunda=\"http://camunda.org/schema/1.0/bpmn\">\
         <b:process id=\"p\"><b:startEvent id=\"s\"/><b:sequenceFlow id=\"f\" sourceRef=\"s\" targetRef=\"t\"/>\
         <b:userTask id=\"t\" name=\"Drawn name\" camunda:formKey=\"vendor-form\">\
         <b:documentation>Read {{{{ this }}}}</b:documentation>\
         <b:extensionElements>{lines}</b:extensionElements></b:userTask></b:process></b:definitions>"
    )
}

fn properties(lines: &str) -> String {
    format!(
        "<x:properties><x:property name=\"TaskProfile\" value=\"external\"/>\
         <x:property name=\"Recipient\" value=\"context.mail\"/>{lines}</x:properties>"
    )
}

fn compiled(source: &str) -> CompiledProcess {
    let mut reading = read(source.as_bytes());
    assert!(!reading.has_errors(), "{}", listing(&reading));
    reading.definitions.remove(0)
}

fn user_task(process: &CompiledProcess) -> &UserTask {
    let kind = &process.process.element("t").expect("the task").kind;
    let ElementKind::UserTask(task) = kind else { panic!("{kind:?}") };
    task
}

fn task(lines: &str) -> (UserTask, ExternalTaskModel) {
    let process = compiled(&file("urn:x", &properties(lines)));
    let task = user_task(&process);
    let TaskProfile::External(model) = &task.profile else { panic!("{:?}", task.profile) };
    (task.clone(), (**model).clone())
}

fn actions(lines: &str) -> Vec<(String, String, Option<String>)> {
    let (_, model) = task(lines);
    model.actions.iter().map(|action| (action.name.clone(), action.label().to_owned(), action.style.clone())).collect()
}

fn plain(names: &[&str]) -> Vec<(String, String, Option<String>)> {
    names.iter().map(|name| ((*name).to_owned(), (*name).to_owned(), None)).collect()
}

#[test]
fn properties_are_read_in_any_namespace_case_and_place() {
    let lines = "<x:properties><x:property name=\"TASKPROFILE\">\n external </x:property>\
                 <x:property name=\"recipient\"><![CDATA[context.mail]]></x:property></x:properties>\
                 <x:property name=\"expiresAfter\" value=\"P1D\"/>";
    for namespace in ["urn:x", "http://banklingo.com/schema/bpmn", "http://camunda.org/schema/zeebe/1.0"] {
        let process = compiled(&file(namespace, lines));
        let TaskProfile::External(model) = &user_task(&process).profile else { panic!("an ordinary task") };
        assert_eq!(model.recipient, ValueExpr::Path("mail".parse().expect("a path")), "{namespace}");
        assert!(model.expires.is_some(), "{namespace}");
    }
}

/// S4-23: an attribute is Camunda 7's, or in the namespace in which a file has its properties.
#[test]
fn async_attributes_are_read_in_any_namespace() {
    for (before, after) in [("x:asyncBefore", "x:asyncAfter"), ("camunda:asyncBefore", "asyncAfter")] {
        let attributes = format!("<b:userTask {before}=\"true\" {after}=\"true\" ");
        let process = compiled(&file("urn:x", "").replace("<b:userTask ", &attributes));
        let element = process.process.element("t").expect("the task");
        assert!(element.async_before && element.async_after, "{attributes}");
    }
}

/// D-16: comma list or JSON array; names trimmed, empty ones dropped.
#[test]
fn actions_are_a_comma_list_or_a_json_array() {
    let expected = vec![
        ("Approve".to_owned(), "Approve terms".to_owned(), Some("primary".to_owned())),
        ("Reject".to_owned(), "Reject".to_owned(), None),
    ];
    assert_eq!(
        actions("<x:property name=\"Actions\" value=\" Approve | Approve terms|primary ,, Reject\"/>"),
        expected
    );
    let json = "<x:property name=\"UserActions\" value='[\"Approve|Approve terms|primary\", \"\", \"Reject\"]'/>";
    assert_eq!(actions(json), expected);
    let commas = "<x:property name=\"Actions\" value='[\"Go|Yes, please\"]'/>";
    assert_eq!(actions(commas)[0].1, "Yes, please");
}

#[test]
fn actions_that_are_not_modelled_come_from_the_page_the_kind_or_are_one_submit() {
    assert_eq!(actions(""), plain(&["Submit"]));
    assert_eq!(actions("<x:property name=\"TaskKind\" value=\"Approval\"/>"), plain(&["Approve", "Reject"]));
    let page = "<x:property name=\"TaskPage\"><![CDATA[<form>\
                <button name=\"action\" value=\"Sign\">Sign</button></form>]]>\
                </x:property>";
    assert_eq!(actions(page), plain(&["Sign"]));
}

#[test]
fn task_page_without_form_asks_for_an_optional_comment() {
    let (_, model) = task("<x:property name=\"TaskPage\" value=\"&lt;h1>Hello&lt;/h1>\"/>");
    assert_eq!(model.fields.len(), 1);
    assert_eq!((model.fields[0].name.as_str(), model.fields[0].required), ("comment", false));
    assert_eq!(model.fields[0].kind, FieldKind::Text { max: 2_000, multiline: true });
}

/// S0-85, S0-86: a freely designed page brings its own fields.
#[test]
fn own_form_of_the_task_page_replaces_the_comment() {
    let page = "<x:property name=\"TaskPage\"><![CDATA[<form>\
                <label>Sum <input type=\"number\" name=\"sum\" required></label></form>]]>\
                </x:property>";
    let (_, model) = task(page);
    let names: Vec<&str> = model.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["sum"]);
    assert!(model.fields[0].required);
}

/// V-29, D-04: comments of a script in an attribute end with their line.
#[test]
fn script_in_an_attribute_keeps_its_line_breaks_and_loses_its_escapes() {
    let (task, _) =
        task("<x:property name=\"ServerScript\" value=\"// limit&#10;if (a &lt; 1 &amp;&amp; b) {\r\n  c()\n}\"/>");
    assert_eq!(task.server_script.as_deref(), Some("// limit\nif (a < 1 && b) {\n  c()\n}"));
}

#[test]
fn line_breaks_never_reach_the_subject() {
    let (_, model) = task("<x:property name=\"EmailSubject\" value=\"Order&#13;&#10;Bcc: all@example.com\"/>");
    let subject = model.email_subject.expect("a subject").render_plain(&domain::variables::Variables::new());
    assert_eq!(subject, "Order  Bcc: all@example.com");
}

#[test]
fn reminders_are_sorted_and_a_cycle_without_number_means_thirty() {
    let (_, model) = task("<x:property name=\"Reminders\" value=\"P7D,P1D, PT36H\"/>");
    let Reminders::At(list) = &model.reminders else { panic!("{:?}", model.reminders) };
    let texts: Vec<String> = list.iter().map(ToString::to_string).collect();
    assert_eq!(texts, ["P1D", "PT36H", "P7D"]);
    let (_, model) = task("<x:property name=\"Reminders\" value=\"R/P2D\"/>");
    assert!(matches!(model.reminders, Reminders::Every { times: 30, .. }), "{:?}", model.reminders);
}

#[test]
fn names_descriptions_and_headers_are_kept() {
    let process = compiled(&file(
        "urn:x",
        &properties("<x:property name=\"Name\" value=\"Shown name\"/><x:property name=\"Cost-Centre\" value=\"47\"/>"),
    ));
    let element = process.process.element("t").expect("the task");
    assert_eq!(element.name, "Shown name");
    assert_eq!(element.headers.get("Cost-Centre").map(String::as_str), Some("47"));
    let description = element.description.as_ref().expect("the documentation");
    assert_eq!(description.placeholders().count(), 1);
    assert_eq!(user_task(&process).form_key.as_deref(), Some("vendor-form"));
    assert_eq!(process.process.name, "p", "a process without a name is called by its id");
}

#[test]
fn one_deployment_tells_every_mistake() {
    let lines = "<x:property name=\"ExpiresAfter\" value=\"soon\"/><x:property name=\"Channel\" value=\"smtp\"/>\
                 <x:property name=\"Actions\" value=\"A,A\"/><x:property name=\"ServerScript\" value=\"(\"/>\
                 <x:property name=\"ClientScript\" value=\")\"/>";
    let reading = read(file("urn:x", &properties(lines)).as_bytes());
    assert!(reading.definitions.is_empty());
    let codes: Vec<&str> = reading.diagnostics.iter().map(|found| found.code).collect();
    for code in ["INVALID_DURATION", "CHANNEL_NOT_AVAILABLE", "DUPLICATE_ACTION", "SCRIPT_SYNTAX"] {
        assert!(codes.contains(&code), "{code} is missing in {codes:?}");
    }
}

#[test]
fn diagnostics_have_the_shape_of_the_api() {
    let reading = read(b"<html/>");
    let json = serde_json::to_value(&reading.diagnostics[0]).expect("a diagnostic is JSON");
    assert_eq!(json["severity"], "error");
    assert_eq!(json["code"], "NOT_BPMN");
    assert_eq!((&json["line"], &json["column"]), (&1.into(), &1.into()));
    let reading = read(file("urn:x", "").as_bytes());
    let json = serde_json::to_value(&reading.diagnostics).expect("diagnostics are JSON");
    assert!(json.as_array().expect("a list").iter().any(|found| found["elementId"] == "t"), "{json}");
}

/// S4-34: only names in calls count, not those in comments, and a definition of before holds the script alone.
#[test]
fn a_client_script_is_kept_with_the_fields_it_shows() {
    let script =
        "// showField('never')\nif (amount > 10) { showField('reason'); showField('reason'); hideField('amount') }";
    let process = compiled(&file(
        "urn:x",
        &properties(&format!("<x:property name=\"ClientScript\"><![CDATA[{script}]]></x:property>")),
    ));
    let kept = user_task(&process).client_script.as_ref().expect("the script");
    assert_eq!((kept.source.as_str(), kept.shows.as_slice()), (script, ["reason".to_owned()].as_slice()));
    let stored: ClientScript = serde_json::from_value("showWarning('x')".into()).expect("the text alone");
    assert_eq!((stored.source.as_str(), stored.shows.len()), ("showWarning('x')", 0));
    let again: ClientScript = serde_json::from_value(serde_json::to_value(kept).expect("JSON")).expect("as written");
    assert_eq!(&again, kept);
}
