//! What a form asks and which facts stand beside it.

use super::{actions, facts};
use crate::format::Zone;
use crate::text::Lang;
use domain::process::ActionModel;
use domain::template::Template;
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

/// S0-63, S0-80: a recipient can judge what the process lets them see, without a page made for it.
#[test]
fn a_built_in_page_shows_the_form_context_in_words_and_in_the_readers_language() {
    let form_context = serde_json::from_value(json!({
        "order": { "number": "PO-1", "unitPrice": 1849.5, "delivery_date": "2026-12-11", "lines": [{ "x": 1 }] },
        "colours": ["red", "green"], "note": "a\r\nb", "empty": "", "urgent": true, "nothing": null, "question": "Shall we?",
    }))
    .expect("an object");
    let description = Template::parse("Please answer: {{ question }}").expect("a template");
    let shown = facts(&form_context, Some(&description), Lang::En, &Zone::named("Europe/Oslo"));
    let shown: Vec<String> = shown.into_iter().map(|(label, value)| format!("{label}: {value}")).collect();
    assert_eq!(
        shown,
        [
            "Colours: red, green",
            "Note: a b",
            "Order delivery date: 11 December 2026",
            "Order number: PO-1",
            "Order unit price: 1,849.5",
        ]
    );
}
