//! A customer's page as stored after the check at deployment: what the reader of templates produces and the web shows.

use serde::{Deserialize, Serialize};

/// A customer page, parsed as HTML5 and rewritten once at deployment (contract: public pages).
/// `{{ path }}` placeholders are still in `style`-free `body`; every other part is inert.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CustomerPage {
    /// One stylesheet: the page's `<style>` blocks and its `style` attributes as generated classes. No placeholders.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub style: String,
    /// Text of `<title>`, with placeholders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What stood in `<body>`, with placeholders and marks.
    pub body: String,
    /// Who brings the form.
    pub form: FormPlace,
}

/// Where the form of a task page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum FormPlace {
    /// The page has a form of its own, prepared with the marks below.
    Own,
    /// The product's form goes where [`mark::FORM`] stands.
    Marked,
    /// The product's form goes to the end of the page.
    #[default]
    End,
}

/// Marks the page reader leaves in [`CustomerPage::body`] for the web to fill.
/// A customer cannot write them: comments of the source are dropped by the reader.
pub mod mark {
    /// Replaced by the product's form (`{{ form }}` of the source).
    pub const FORM: &str = "<!--cs:form-->";
    /// First inside a customer's own form: replaced by the hidden fields.
    pub const HIDDEN: &str = "<!--cs:hidden-->";
    /// Last inside a customer's own form that has no action button: replaced by the product's buttons.
    pub const ACTIONS: &str = "<!--cs:actions-->";
    /// `<!--cs:error NAME ID-->`, directly before a field or first in its fieldset: replaced by the field's message.
    /// NAME is the field, ID the `id` of its first control, to which an error summary can link.
    pub const ERROR: &str = "<!--cs:error ";
    /// `<!--cs:value NAME-->` ... `<!--cs:end-->` in a `value` attribute or textarea: what stands between is shown
    /// on the first visit, the given answer afterwards.
    pub const VALUE: &str = "<!--cs:value ";
    /// `<!--cs:part-->{{ path }}<!--cs:end-->` in an address whose host is settled: the value is percent-encoded.
    pub const PART: &str = "<!--cs:part-->";
    /// Ends what [`VALUE`] or [`PART`] began.
    pub const END: &str = "<!--cs:end-->";
    /// Ends the marks that carry something.
    pub const CLOSE: &str = "-->";
    /// Attribute ` data-cs-on="checked NAME=VALUE"` on radios and checkboxes, `selected` on options: replaced by
    /// ` checked` or ` selected` where the field has this value. The value is escaped as in any attribute.
    pub const ON: &str = "data-cs-on";
    /// As [`ON`], and also on while the field has not been answered: the page's own preselection.
    pub const ON_DEFAULT: &str = "data-cs-on-default";
    /// Attribute ` data-cs-field="NAME IDS"` on a control: replaced by `aria-describedby` with IDS and, after a
    /// refused answer, the id of the message, and then by `aria-invalid`.
    pub const FIELD: &str = "data-cs-field";
    /// As [`FIELD`] on a fieldset, which knows no `aria-invalid`.
    pub const GROUP: &str = "data-cs-group";
}
