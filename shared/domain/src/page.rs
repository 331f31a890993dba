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
    /// Attribute ` data-cs-on="name=value"` on radios, checkboxes and options: replaced by ` checked` or ` selected`.
    pub const ON: &str = "data-cs-on";
}
