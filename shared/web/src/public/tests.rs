//! Public pages in each state, with hostile values, in each language.

use super::*;
use crate::a11y;
use domain::decision::{FieldError, Problem};
use domain::process::{ActionModel, ClientScript, FieldKind, FieldModel};
use domain::variables::Variables;
use serde_json::json;

const NONCE: &str = "bm9uY2Utb2YtdGVzdHM";
const FIRST_RESPONSE_BYTES_MAX: usize = 14 * 1024;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn view(language: Lang) -> PublicView {
    PublicView {
        organisation: "Norvik Harbour".to_owned(),
        reply_to: Some("works@norvik.example".to_owned()),
        language,
        time_zone: "Europe/Oslo".to_owned(),
        task_name: "Approve the inspection report".to_owned(),
        reference: Some("IR-0874 Crane rail, north basin".to_owned()),
        description: Some("Please read the report.\n\nThen tell us whether\nyou stand by it.".to_owned()),
        facts: vec![("Inspection".to_owned(), "17 November 2026".to_owned())],
        recipient_name: Some("Anna Lindqvist".to_owned()),
        asked_at: at("2026-11-19T14:40:09.551Z"),
        expires_at: Some(at("2026-12-03T22:59:00Z")),
    }
}

fn field(name: &str, kind: FieldKind, required: bool) -> FieldModel {
    FieldModel { name: name.to_owned(), label: Some(format!("The {name}")), kind, required }
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

/// One field of every kind and control.
fn every_field() -> Vec<FieldModel> {
    vec![
        field("line", FieldKind::Text { max: 120, multiline: false }, true),
        field("address", FieldKind::Email, true),
        field("level", FieldKind::Number { min: Some("2".into()), max: Some("20.5".into()) }, true),
        field("from", FieldKind::Date, false),
        field("condition", FieldKind::Choice(list(&["good", "watch", "repair"])), true),
        field("month", FieldKind::Choice((1..=12).map(|n| format!("month {n}")).collect()), false),
        field("certificates", FieldKind::Choices(list(&["A", "B"])), true),
        field("terms", FieldKind::Checkbox, true),
        field("remarks", FieldKind::Text { max: 2_000, multiline: true }, false),
    ]
}

fn comment() -> Vec<FieldModel> {
    let kind = FieldKind::Text { max: 2_000, multiline: true };
    vec![FieldModel { name: "comment".to_owned(), label: None, kind, required: false }]
}

fn action(name: &str, label: Option<&str>, style: Option<&str>) -> ActionModel {
    ActionModel { name: name.to_owned(), label: label.map(str::to_owned), style: style.map(str::to_owned) }
}

fn actions() -> Vec<ActionModel> {
    vec![
        action("approve", Some("Approve"), None),
        action("Decline", None, None),
        action("ask", Some("Ask"), Some("link")),
    ]
}

fn error(field: &str, problem: Problem) -> FieldError {
    FieldError { field: field.to_owned(), problem }
}

fn errors() -> Vec<FieldError> {
    vec![
        error("action", Problem::UnknownAction),
        error("level", Problem::NotANumber),
        error("condition", Problem::Required),
        error("terms", Problem::Required),
        error("gone", Problem::UnknownField),
    ]
}

fn typed() -> Variables {
    let typed = json!({"line": "Joint 14", "level": "about eleven", "certificates": ["B"], "month": "month 3",
        "terms": false, "remarks": "\nunder water"});
    typed.as_object().cloned().expect("an object")
}

fn form<'a>(
    fields: &'a [FieldModel],
    actions: &'a [ActionModel],
    values: &'a Variables,
    errors: &'a [FieldError],
) -> TaskForm<'a> {
    TaskForm {
        fields,
        actions,
        chosen: None,
        hidden: &[("page", "eyJnIjoxfQ.6Jp0"), ("submission", "c3Vi")],
        values,
        errors,
        draft: DraftNote::None,
        own_form: None,
        script: None,
    }
}

/// Every built-in page in this language, by name.
fn pages(lang: Lang) -> Vec<(&'static str, String)> {
    let (view, fields, comment, actions, none, typed, errors) =
        (view(lang), every_field(), comment(), actions(), Variables::new(), typed(), errors());
    let later = at("2026-11-24T08:05:00Z");
    let end = at("2026-12-03T22:59:00Z");
    let receipt =
        Receipt { action_label: "Approve".to_owned(), answered_at: later, number: "4611686018427390988".to_owned() };
    let saved = TaskForm { draft: DraftNote::JustSaved, ..form(&comment, &actions, &none, &[]) };
    vec![
        ("task", task(&view, &form(&comment, &actions, &none, &[]), None, NONCE)),
        ("task_fields", task(&view, &form(&fields, &actions, &none, &[]), None, NONCE)),
        ("task_errors", task(&view, &form(&fields, &actions, &typed, &errors), None, NONCE)),
        ("task_saved", task(&view, &saved, None, NONCE)),
        ("success", success(&view, &receipt, None, NONCE)),
        ("completed", already_completed(&view, later, false, None, NONCE)),
        ("completed_refused", already_completed(&view, later, true, None, NONCE)),
        ("expired", expired(&view, end, true, None, NONCE)),
        ("cancelled", cancelled(&view, later, false, None, NONCE)),
        ("could_not_process", could_not_process(&view, NONCE)),
        ("not_found", notice(Notice::NotFound, lang, NONCE)),
        ("method_not_allowed", notice(Notice::MethodNotAllowed, lang, NONCE)),
        ("unreadable", notice(Notice::Unreadable, lang, NONCE)),
        ("too_large", notice(Notice::TooLarge, lang, NONCE)),
        ("file", notice(Notice::FileNotAccepted, lang, NONCE)),
        ("busy", notice(Notice::Busy, lang, NONCE)),
        ("unavailable", notice(Notice::Unavailable, lang, NONCE)),
    ]
}

/// The stylesheet has a file of its own; snapshots show what differs from page to page.
fn without_css(page: &str) -> String {
    page.replace(include_str!("../../assets/public.css").trim_end(), "[public.css]")
}

/// S0-62 to S0-69.
#[test]
fn pages_are_as_reviewed() {
    for (name, page) in pages(Lang::En) {
        insta::assert_snapshot!(format!("en_{name}"), without_css(&page));
    }
    for (name, page) in pages(Lang::De).into_iter().filter(|(name, _)| ["task_errors", "success"].contains(name)) {
        insta::assert_snapshot!(format!("de_{name}"), without_css(&page));
    }
    for (name, page) in pages(Lang::Fr).into_iter().filter(|(name, _)| ["task", "expired"].contains(name)) {
        insta::assert_snapshot!(format!("fr_{name}"), without_css(&page));
    }
}

#[test]
fn every_page_is_accessible_and_inert_in_every_language() {
    for lang in Lang::ALL {
        for (_, page) in pages(lang) {
            a11y::check(&page);
            assert!(page.contains(&format!("<html lang=\"{}\" dir=\"ltr\">", lang.tag())));
        }
    }
}

#[test]
fn every_built_in_page_fits_the_first_response() {
    for lang in Lang::ALL {
        for (name, page) in pages(lang) {
            assert!(page.len() < FIRST_RESPONSE_BYTES_MAX, "{name} in {lang:?} has {} bytes", page.len());
        }
    }
}

/// The neutral page is the same for every bad link and tells nothing of whom it might have belonged to.
#[test]
fn pages_of_bad_links_name_no_organisation() {
    for (name, page) in pages(Lang::En).into_iter().skip(10) {
        assert!(!page.contains("Norvik") && !page.contains("norvik"), "{name}");
        assert!(!page.contains("<form"), "{name}");
    }
}

/// S0-64: buttons in modelled order, one of them filled.
#[test]
fn the_first_action_is_filled_unless_another_is_modelled_as_primary_or_chosen() {
    let buttons = |actions: &[ActionModel], chosen: Option<&str>| -> Vec<(String, String)> {
        let none = Variables::new();
        let form = TaskForm { chosen, ..form(&[], actions, &none, &[]) };
        let page = task(&view(Lang::En), &form, None, NONCE);
        let buttons = a11y::elements(&page).into_iter().filter(|element| element.name == "button");
        buttons
            .map(|button| (button.get("value").unwrap_or("").to_owned(), button.get("class").unwrap_or("").to_owned()))
            .collect()
    };
    let pair = |value: &str, class: &str| (value.to_owned(), class.to_owned());
    assert_eq!(buttons(&actions(), None), [pair("approve", "btn go"), pair("Decline", "btn"), pair("ask", "btn bare")]);
    let chosen = buttons(&actions(), Some("ask"));
    assert_eq!(chosen, [pair("ask", "btn go"), pair("approve", "btn"), pair("Decline", "btn")]);
    assert_eq!(buttons(&actions(), Some("unknown"))[0], pair("approve", "btn go"));
    let primary = [action("a", None, None), action("b", None, Some("Primary"))];
    assert_eq!(buttons(&primary, None), [pair("a", "btn"), pair("b", "btn go")]);
}

/// E-08: what was typed is shown again, the summary comes first and links to each field, the title says it.
#[test]
fn a_refused_answer_comes_back_with_what_was_typed() {
    let (fields, actions, typed, errors) = (every_field(), actions(), typed(), errors());
    let page = task(&view(Lang::En), &form(&fields, &actions, &typed, &errors), None, NONCE);
    let all = a11y::elements(&page);
    let title = all.iter().find(|element| element.name == "title").expect("a title");
    assert_eq!(title.text, "Error: Approve the inspection report - Norvik Harbour");
    let in_main: Vec<_> =
        all.iter().filter(|element| element.around.last().map(String::as_str) == Some("main")).collect();
    assert_eq!(in_main[0].get("role"), Some("alert"));
    assert!(in_main[0].get("autofocus").is_some() && in_main[0].get("tabindex") == Some("-1"));
    let links: Vec<_> = all.iter().filter(|element| element.name == "a").filter_map(|link| link.get("href")).collect();
    assert_eq!(links, ["#q-3", "#q-5", "#q-8", "#a-1"], "in the order of the page");
    let level = all.iter().find(|element| element.get("id") == Some("q-3")).expect("the field");
    assert_eq!(level.get("value"), Some("about eleven"));
    assert_eq!(level.get("aria-describedby"), Some("h-q-3 e-q-3"));
    let on: Vec<_> = all
        .iter()
        .filter(|element| element.get("checked").is_some() || element.get("selected").is_some())
        .map(|element| element.get("value").unwrap_or(&element.text))
        .collect();
    assert_eq!(on, ["month 3", "B"]);
    assert!(page.contains("name=\"remarks\">\n\nunder water</textarea>"), "a leading line break survives the parser");
    let button = all.iter().find(|element| element.name == "button").expect("a button");
    assert_eq!(button.get("aria-describedby"), Some("e-action"), "the message about the action is tied to the buttons");
}

#[test]
fn hostile_text_changes_no_structure_and_is_shown_as_typed() {
    let attack =
        "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}</textarea></title></style>&amp;";
    let hostile = |mut view: PublicView| {
        view.organisation = attack.to_owned();
        view.reply_to = Some(attack.to_owned());
        view.task_name = attack.to_owned();
        view.reference = Some(attack.to_owned());
        view.description = Some(attack.to_owned());
        view.facts = vec![(attack.to_owned(), attack.to_owned())];
        view
    };
    let values: Variables = ["line", "remarks", "level", "address", "from"]
        .iter()
        .map(|name| ((*name).to_owned(), json!(attack)))
        .collect();
    let mut fields = every_field();
    for field in &mut fields {
        field.label = Some(attack.to_owned());
    }
    fields[4].kind = FieldKind::Choice(list(&[attack, "b", "c"]));
    fields[5].kind = FieldKind::Choice((1..=12).map(|n| format!("{attack}{n}")).collect());
    fields[6].kind = FieldKind::Choices(list(&[attack, "b"]));
    let actions_hostile = [
        action(attack, Some(attack), None),
        action(attack, None, Some(attack)),
        action("ask", Some("Ask"), Some("link")),
    ];
    let hidden = [(attack, attack), ("submission", attack)];
    let errors = [error("line", Problem::Required), error(attack, Problem::UnknownField)];
    let hostile_form = TaskForm { hidden: &hidden, ..form(&fields, &actions_hostile, &values, &errors) };
    let page = task(&hostile(view(Lang::En)), &hostile_form, None, NONCE);
    let (plain_fields, plain_actions, none) = (every_field(), actions(), Variables::new());
    let plain_errors = [error("line", Problem::Required), error("gone", Problem::UnknownField)];
    let plain = task(&view(Lang::En), &form(&plain_fields, &plain_actions, &none, &plain_errors), None, NONCE);
    let shape = |page: &str| -> Vec<(String, Vec<String>)> {
        let names =
            |element: &a11y::Element| element.attributes.iter().map(|(name, _)| name.clone()).collect::<Vec<String>>();
        // The second paragraph of the plain description is the only thing the hostile one lacks.
        a11y::elements(page).iter().filter(|element| element.name != "p").map(|e| (e.name.clone(), names(e))).collect()
    };
    assert_eq!(shape(&page), shape(&plain));
    a11y::check(&page);
    let heading = a11y::elements(&page).into_iter().find(|element| element.name == "h1").expect("a heading");
    assert_eq!(heading.text, attack);
    let receipt =
        Receipt { action_label: attack.to_owned(), answered_at: view(Lang::En).asked_at, number: attack.to_owned() };
    a11y::check(&success(&hostile(view(Lang::En)), &receipt, None, NONCE));
}

#[test]
fn names_are_one_clean_line() {
    let mut view = view(Lang::En);
    view.organisation = "Nor\r\nvik\u{202e} Harbour\0".to_owned();
    view.task_name = "Approve\nthe\treport".to_owned();
    let page = could_not_process(&view, NONCE);
    assert!(page.contains("<bdi>Nor vik Harbour</bdi>"), "{page}");
    assert!(page.contains("<bdi>Approve the report</bdi>"));
}

/// S0-86: a customer's page stands inside the product's frame; note and error summary are the product's.
#[test]
fn a_customers_page_is_placed_inside_main() {
    let (fields, actions, typed) = (every_field(), actions(), typed());
    let errors = [error("level", Problem::NotANumber), error("action", Problem::UnknownAction)];
    let ids = [("level".to_owned(), "cs-1".to_owned())];
    let form = TaskForm { own_form: Some(&ids), ..form(&fields, &actions, &typed, &errors) };
    let part = CustomerPart {
        title: Some("Our own\n title"),
        style: "h1 { color: teal } /* </style><script> */",
        html: "<h1>Ours</h1><form method=\"post\"><label for=\"cs-1\">Level</label><input id=\"cs-1\" name=\"level\"></form>",
    };
    let page = task(&view(Lang::En), &form, Some(&part), NONCE);
    a11y::check(&page);
    let all = a11y::elements(&page);
    let titles: Vec<_> =
        all.iter().filter(|element| element.name == "title").map(|element| element.text.as_str()).collect();
    assert_eq!(titles, ["Error: Our own title - Norvik Harbour"]);
    assert_eq!(all.iter().filter(|element| element.name == "form").count(), 1, "the built-in form is not shown too");
    assert!(all.iter().any(|element| element.get("href") == Some("#cs-1")));
    assert_eq!(all.iter().filter(|element| element.name == "style").count(), 2);
}

#[test]
fn the_pieces_for_a_customers_page_are_those_of_the_built_in_form() {
    let (fields, actions, typed, errors) = (every_field(), actions(), typed(), errors());
    let form = form(&fields, &actions, &typed, &errors);
    let parts = form_parts(Lang::En, &form);
    let page = task(&view(Lang::En), &form, None, NONCE);
    assert!(page.contains(parts.form.trim()) && page.contains(parts.buttons.trim()));
    assert!(page.contains(&parts.hidden.replace("><input", ">\n<input")));
    let messages: Vec<&str> = parts.messages.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(messages, ["level", "condition", "terms", "gone"]);
}

#[test]
fn a_draft_is_told_apart_from_an_answer() {
    let (comment, actions, none) = (comment(), actions(), Variables::new());
    let mut view = view(Lang::En);
    let note = |view: &PublicView, draft: DraftNote| {
        let form = TaskForm { draft, ..form(&comment, &actions, &none, &[]) };
        let all = a11y::elements(&task(view, &form, None, NONCE));
        all.into_iter().find(|element| element.get("role") == Some("status")).map(|note| note.text)
    };
    assert_eq!(note(&view, DraftNote::None), None);
    let saved = note(&view, DraftNote::JustSaved).expect("a note");
    assert!(saved.contains("not sent yet") && saved.contains("3 December 2026, 23:59 (Oslo)"), "{saved}");
    assert!(note(&view, DraftNote::Restored).is_some_and(|text| text.contains("has not been sent")));
    view.expires_at = None;
    assert!(note(&view, DraftNote::JustSaved).is_some_and(|text| !text.contains("until")));
}

#[test]
fn a_task_without_deadline_reply_address_or_description_still_makes_sense() {
    let mut view = view(Lang::En);
    (view.expires_at, view.reply_to, view.description, view.reference) = (None, None, None, None);
    view.facts = Vec::new();
    let none = Variables::new();
    let page = task(&view, &form(&[], &actions(), &none, &[]), None, NONCE);
    a11y::check(&page);
    assert!(page.contains("no deadline") && page.contains("Norvik Harbour asks for your answer"));
    assert!(!page.contains("saveDraft"), "nothing to save without a field");
    assert!(!page.contains("<dl"));
}

#[test]
fn the_policy_allows_nothing_but_the_pages_own_style_and_form() {
    assert_eq!(
        csp("abc", false),
        "default-src 'none'; style-src 'nonce-abc'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    assert!(csp("abc", true).contains("script-src 'nonce-abc';"));
    let headers = headers("abc", false);
    let value = |name: &str| headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
    assert_eq!(value("cache-control"), Some("no-store"));
    assert_eq!(value("referrer-policy"), Some("no-referrer"));
    assert_eq!(value("x-content-type-options"), Some("nosniff"));
    assert!(value("x-robots-tag").is_some_and(|value| value.contains("noindex")));
    assert!(headers.iter().all(|(_, value)| !value.contains("unsafe")));
}

/// S0-85, S0-86, E-08: a customer's own form goes the whole way from the file to the refused answer, and the error
/// summary leads to its fields.
#[test]
fn a_refused_answer_to_a_customers_own_form_is_accessible_and_shows_what_was_typed() {
    let source = "<title>Check {{ order.number }}</title><style>h1 { color: teal }</style><h1>Order {{ order.number }}</h1>\
        <form><label for=\"qty\">Quantity</label><input id=\"qty\" name=\"quantity\" type=\"number\" min=\"1\" required>\
        <fieldset><legend>Wanted</legend><label><input type=\"radio\" name=\"wanted\" value=\"yes\"> Yes</label>\
        <label><input type=\"radio\" name=\"wanted\" value=\"no\"> No</label></fieldset></form>";
    let reading = bpmn::page::read(source, bpmn::page::PageKind::Task);
    assert!(reading.problems.is_empty(), "{:?}", reading.problems);
    let fields = reading.fields.expect("the page has a form of its own");
    let actions = actions();
    let values = json!({"quantity": "<many>", "wanted": "no"}).as_object().cloned().expect("an object");
    let errors = [error("quantity", Problem::NotANumber)];
    let own = crate::customer::own_controls(&reading.page);
    let form = TaskForm { own_form: Some(&own), ..form(&fields, &actions, &values, &errors) };
    let view = view(Lang::En);
    let parts = form_parts(view.language, &form);
    let data = json!({"order": {"number": "<4711>"}}).as_object().cloned().expect("an object");
    let context = crate::customer::Context {
        hidden: &parts.hidden,
        form: &parts.form,
        buttons: &parts.buttons,
        values: &values,
        errors: &parts.messages,
        ..crate::customer::Context::new(&view, &data, "https://answer.example/t/x")
    };
    let rendered = crate::customer::render(&reading.page, &context);
    let part = CustomerPart { title: rendered.title.as_deref(), style: &rendered.style, html: &rendered.html };
    let page = task(&view, &form, Some(&part), NONCE);
    a11y::check(&page);
    let all = a11y::elements(&page);
    let quantity = all.iter().find(|element| element.get("name") == Some("quantity")).expect("the field");
    assert_eq!(quantity.get("value"), Some("<many>"));
    assert_eq!(quantity.get("aria-invalid"), Some("true"));
    let link = all.iter().find(|element| element.name == "a").and_then(|link| link.get("href"));
    assert_eq!(link, Some("#qty"));
    let hidden = all.iter().filter(|element| element.get("type") == Some("hidden")).count();
    let checked: Vec<_> =
        all.iter().filter(|element| element.get("checked").is_some()).filter_map(|e| e.get("value")).collect();
    assert_eq!((hidden, checked), (2, vec!["no"]));
    let title = all.iter().find(|element| element.name == "title").expect("a title");
    assert_eq!(title.text, "Error: Check <4711> - Norvik Harbour");
}

fn client_script(source: &str) -> ClientScript {
    ClientScript { source: source.to_owned(), shows: list(&["comment"]) }
}

/// S4-34: the runner counts in the first response, with a context and a script of ordinary size.
#[test]
fn a_page_with_a_client_script_fits_the_first_response() {
    let context =
        json!({"amount": 120_000, "customer": {"name": "Brattli Steel AS", "since": "2011-04-01"}, "riskScore": 81});
    let context = context.as_object().cloned().expect("an object");
    let script = client_script(
        "if (amount > 100000) {\n  showField('comment');\n  require('comment');\n}\nif (riskScore > 75) {\n  \
         showWarning('High risk application');\n}",
    );
    let (fields, actions, none) = (comment(), actions(), Variables::new());
    for lang in Lang::ALL {
        let script = PageScript::new(&script, &context);
        assert!(script.is_some());
        let page = task(&view(lang), &TaskForm { script, ..form(&fields, &actions, &none, &[]) }, None, NONCE);
        a11y::check_scripted(&page);
        assert!(page.len() < FIRST_RESPONSE_BYTES_MAX, "{lang:?} has {} bytes", page.len());
    }
}

/// S4-31, S4-32: the page holds the form context as data, whatever is in it, and the script as it was written.
#[test]
fn what_a_client_script_sees_cannot_leave_its_element() {
    let hostile = "</script><script>alert(1)</script><!--<script>";
    let context = json!({"a": hostile, "<b>": [hostile]}).as_object().cloned().expect("an object");
    let script = client_script("showWarning(a)");
    let (fields, actions, none) = (comment(), actions(), Variables::new());
    let script = PageScript::new(&script, &context);
    let page = task(&view(Lang::En), &TaskForm { script, ..form(&fields, &actions, &none, &[]) }, None, NONCE);
    let all = a11y::elements(&page);
    let scripts: Vec<_> = all.iter().filter(|element| element.name == "script").collect();
    let [data, program] = scripts[..] else { panic!("{} scripts", scripts.len()) };
    let given: serde_json::Value = serde_json::from_str(&data.text).expect("JSON");
    assert_eq!(given["context"], serde_json::Value::Object(context));
    assert_eq!(given["fields"]["comment"]["missing"], "Fill in “Comment”");
    assert_eq!((&given["fields"]["comment"]["kind"], &given["shows"]), (&json!("text"), &json!(["comment"])));
    assert!(program.text.ends_with("showWarning(a) } });"), "{}", program.text);
    assert_eq!(program.get("nonce"), Some(NONCE));
}

/// A definition of before today's checks: its page works without the script.
#[test]
fn a_client_script_that_would_break_the_page_is_left_out() {
    for source in ["showWarning('</SCRIPT>')", "if (a <!--b) {}", "x = '<script'"] {
        assert!(PageScript::new(&client_script(source), &Variables::new()).is_none(), "{source}");
    }
}
