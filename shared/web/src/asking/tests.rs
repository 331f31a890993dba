use super::actions;
use domain::process::ActionModel;
use domain::variables::Variables;
use serde_json::json;

fn labels(label: Option<&str>, form_context: serde_json::Value) -> Vec<String> {
    let modelled = [ActionModel { name: "Approve".to_owned(), label: label.map(str::to_owned), style: None }];
    let form_context: Variables = serde_json::from_value(form_context).expect("an object");
    actions(&modelled, &form_context).iter().map(|action| action.label().to_owned()).collect()
}

/// S0-80: placeholders are filled from the form context, on buttons too.
#[test]
fn a_label_speaks_the_language_of_the_form_context() {
    let label = Some("{{ text.accept }}, {{ name }}");
    assert_eq!(labels(label, json!({ "text": { "accept": "Annehmen" }, "name": "Jürgen" })), ["Annehmen, Jürgen"]);
}

#[test]
fn a_label_without_value_gives_way_to_the_name() {
    assert_eq!(labels(Some("{{ text.accept }}"), json!({})), ["Approve"]);
    assert_eq!(labels(None, json!({})), ["Approve"]);
}

#[test]
fn a_label_stays_one_line_and_other_delimiters_stay_text() {
    assert_eq!(labels(Some("{{ accept }}"), json!({ "accept": "Yes,\r\nsurely\u{202e}" })), ["Yes, surely"]);
    assert_eq!(labels(Some("${accept} {{ accept"), json!({ "accept": "no" })), ["${accept} {{ accept"]);
}
