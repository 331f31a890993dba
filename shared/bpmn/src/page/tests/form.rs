//! Forms that pages bring themselves (S0-85): fields, limits, marks.

use super::*;
use domain::process::{FieldKind, FieldModel};

fn form(fields: &str) -> PageReading {
    task(&format!("<form>{fields}<button name=\"action\" value=\"Send\">Send</button></form>"))
}

fn only_field(html: &str) -> FieldModel {
    let reading = form(html);
    assert!(!reading.has_errors(), "{:?}", reading.problems);
    let fields = reading.fields.unwrap();
    assert_eq!(fields.len(), 1, "{html}");
    fields.into_iter().next().unwrap()
}

#[test]
fn own_form_is_prepared() {
    let reading = task(
        "<form method=\"get\" action=\"\" class=\"f\"><label for=\"n\">Name *</label>\
         <input id=\"n\" name=\"name\" required></form>",
    );
    assert_eq!(reading.problems, []);
    assert_eq!(reading.page.form, FormPlace::Own);
    assert!(!reading.has_actions);
    assert_eq!(
        reading.page.body,
        "<form class=\"f\" method=\"post\"><!--cs:hidden--><label for=\"n\">Name *</label>\
         <!--cs:error name n--><input id=\"n\" name=\"name\" required=\"\" data-cs-field=\"name\" maxlength=\"2000\" \
         value=\"<!--cs:value name--><!--cs:end-->\"><!--cs:actions--></form>"
    );
    assert_eq!(
        reading.fields.unwrap(),
        [FieldModel {
            name: "name".to_owned(),
            label: Some("Name".to_owned()),
            kind: FieldKind::Text { max: 2000, multiline: false },
            required: true
        }]
    );
}

#[test]
fn action_buttons_of_the_page_are_reported() {
    let reading = task(
        "<form><button name=\"action\" value=\"Approve\">Yes</button>\
         <input type=\"submit\" name=\"action\" value=\"Reject\"></form>",
    );
    assert_eq!(reading.problems, []);
    assert!(reading.has_actions);
    assert_eq!(reading.actions, ["Approve", "Reject"]);
    assert_eq!(reading.fields, Some(vec![]));
    assert!(!reading.page.body.contains(mark::ACTIONS));
}

#[test]
fn sending_button_without_action_is_left_out() {
    let reading = task("<form><button>Send</button></form>");
    assert_eq!(codes(&reading), ["BUTTON_WITHOUT_ACTION"]);
    assert_eq!(reading.page.body, "<form method=\"post\"><!--cs:hidden--><!--cs:actions--></form>");
    refused_as("ACTION_WITHOUT_VALUE", "<form><button name=\"action\" value=\"{{ x }}\">a</button></form>");
    refused_as("ACTION_WITHOUT_VALUE", "<form><button name=\"action\">a</button></form>");
}

#[test]
fn field_kinds_follow_the_inputs() {
    let text = |max, multiline| FieldKind::Text { max, multiline };
    let label = |input: &str| format!("<label>L {input}</label>");
    for (html, kind) in [
        ("<input name=\"a\">", text(2000, false)),
        ("<input name=\"a\" type=\"tel\" maxlength=\"20\">", text(20, false)),
        ("<input name=\"a\" type=\"url\" maxlength=\"99999\">", text(10_000, false)),
        ("<input name=\"a\" type=\"nonsense\" maxlength=\"x\">", text(2000, false)),
        ("<textarea name=\"a\" maxlength=\"500\"></textarea>", text(500, true)),
        ("<input name=\"a\" type=\"EMAIL\">", FieldKind::Email),
        ("<input name=\"a\" type=\"date\">", FieldKind::Date),
        (
            "<input name=\"a\" type=\"number\" min=\"0\" max=\"x\">",
            FieldKind::Number { min: Some("0".to_owned()), max: None },
        ),
        ("<input name=\"a\" type=\"checkbox\" value=\"yes\">", FieldKind::Checkbox),
        (
            "<select name=\"a\"><option value=\"\">Choose</option><option value=\"x\">X<optgroup><option>Y z</select>",
            FieldKind::Choice(vec!["x".to_owned(), "Y z".to_owned()]),
        ),
        (
            "<select name=\"a\" multiple><option>x</option><option>y</option></select>",
            FieldKind::Choices(vec!["x".to_owned(), "y".to_owned()]),
        ),
    ] {
        let field = only_field(&label(html));
        assert_eq!((field.kind, field.label.as_deref()), (kind, Some("L")), "{html}");
    }
}

#[test]
fn radios_and_checkboxes_of_one_name_are_one_field() {
    let radios = "<fieldset><legend>Condition:</legend>\
        <label><input type=\"radio\" name=\"c\" value=\"good\" checked> Good</label>\
        <label><input type=\"radio\" name=\"c\" value=\"worn\" required> Worn</label></fieldset>";
    let field = only_field(radios);
    assert_eq!(field.kind, FieldKind::Choice(vec!["good".to_owned(), "worn".to_owned()]));
    assert_eq!(field.label.as_deref(), Some("Condition"));
    assert!(field.required);
    let body = form(radios).page.body;
    assert!(
        body.contains("<fieldset data-cs-group=\"c\"><legend>Condition:</legend><!--cs:error c q-c--><label>"),
        "{body}"
    );
    assert!(body.contains("id=\"q-c\" data-cs-on-default=\"checked c=good\""), "{body}");
    assert!(body.contains("id=\"q-c-2\" data-cs-on=\"checked c=worn\""), "{body}");
    assert!(!body.contains(" checked=") && !body.contains("data-cs-field"), "{body}");

    let boxes = "<label><input type=\"checkbox\" name=\"d\" value=\"x\" required>X</label>\
        <label><input type=\"checkbox\" name=\"d\" value=\"y\">Y</label>";
    assert_eq!(only_field(boxes).kind, FieldKind::Choices(vec!["x".to_owned(), "y".to_owned()]));
    let body = form(boxes).page.body;
    assert!(!body.contains(" required"), "{body}");
    assert!(body.contains("<!--cs:error d q-d--><label><input"), "{body}");
}

#[test]
fn presets_stay_and_give_way_to_answers() {
    let body = form(
        "<label>A <input name=\"a\" value=\"{{ order.price }} &quot;EUR&quot;\"></label>\
         <label>B <textarea name=\"b\">\n\ntwo</textarea></label>\
         <label>C <select name=\"c\"><option selected>x</option><option>y</option></select></label>",
    )
    .page
    .body;
    assert!(body.contains("value=\"<!--cs:value a-->{{ order.price }} &quot;EUR&quot;<!--cs:end-->\""), "{body}");
    assert!(body.contains(">\n<!--cs:value b-->\ntwo<!--cs:end--></textarea>"), "{body}");
    assert!(body.contains("<option value=\"x\" data-cs-on-default=\"selected c=x\">"), "{body}");
    assert!(body.contains("data-cs-on=\"selected c=y\">"), "{body}");
}

#[test]
fn existing_descriptions_are_kept() {
    let body = form("<label for=\"i\">A</label><input id=\"i\" name=\"a\" aria-describedby=\"hint more\">").page.body;
    assert!(body.contains("data-cs-field=\"a hint more\""), "{body}");
    assert!(!body.contains("aria-describedby"), "{body}");
}

#[test]
fn new_ids_do_not_clash() {
    let body = form("<p id=\"q-a\">x</p><label>A <input name=\"a\"></label>").page.body;
    assert!(body.contains("id=\"q-a-2\"") && body.contains("<!--cs:error a q-a-2-->"), "{body}");
}

#[test]
fn unsupported_fields_are_refused() {
    for kind in ["file", "password", "image", "hidden"] {
        let html = format!("<form><label>A <input type=\"{kind}\" name=\"a\"></label></form>");
        refused_as("FIELD_NOT_SUPPORTED", &html);
    }
    refused_as("FIELD_NOT_SUPPORTED", "<form><input type=\"radio\" name=\"a\" value=\"{{ x }}\"></form>");
    refused_as("FIELD_NOT_SUPPORTED", "<form><select name=\"a\"><option>{{ x }}</option></select></form>");
}

#[test]
fn names_of_the_product_and_odd_names_are_refused() {
    for name in [
        "_field",
        "context",
        "userAction",
        "formData",
        "action",
        "userId",
        "page",
        "submission",
        "a b",
        "a.b",
        "a[]",
        "1",
    ] {
        refused_as("FIELD_NAME", &format!("<form><label>A <input name=\"{name}\"></label></form>"));
    }
    refused_as("FIELD_NAME", "<form><input name=\"a\"><input name=\"a\"></form>");
    refused_as("FIELD_NAME", "<form><input name=\"a\"><input type=\"checkbox\" name=\"a\"></form>");
}

#[test]
fn fields_that_are_never_sent_are_no_fields() {
    let reading = form("<input value=\"x\"><label>A <input name=\"a\" disabled value=\"y\"></label>");
    assert_eq!(codes(&reading), ["FIELD_WITHOUT_NAME"]);
    assert_eq!(reading.fields, Some(vec![]));
    assert!(reading.page.body.contains("<input disabled=\"\" value=\"y\">"), "{}", reading.page.body);
}

#[test]
fn field_without_visible_label_is_warned_about() {
    let reading = form("<input name=\"a\" aria-label=\"Amount\">");
    assert_eq!(codes(&reading), ["FIELD_WITHOUT_LABEL"]);
    assert_eq!(reading.fields.unwrap()[0].label.as_deref(), Some("Amount"));
}

#[test]
fn page_has_one_form() {
    refused_as("FORM_NOT_UNIQUE", "<form></form><form></form>");
    refused_as("FORM_NOT_UNIQUE", "<form></form>{{ form }}");
    refused_as("FORM_NOT_UNIQUE", "<form>{{ form }}</form>");
    refused_as("FORM_NOT_UNIQUE", "{{ form }}<p>x</p>{{ form }}");
    refused_as("FIELD_OUTSIDE_FORM", "<form></form><input name=\"a\">");
    refused_as("FIELD_OUTSIDE_FORM", "<p>x</p><textarea name=\"a\"></textarea>");
}
