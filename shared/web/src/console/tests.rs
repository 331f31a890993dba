//! The frame: navigation, appearance, errors, sign-in. Pages have tests of their own.

use super::error::{Link, Trouble};
use super::sign_in::{DemoPerson, Problem, SignIn};
use super::*;
use crate::a11y::{self, Element};

fn all(html: &str, name: &str) -> Vec<Element> {
    a11y::elements(html).into_iter().filter(|element| element.name == name).collect()
}

fn trouble() -> Trouble {
    Trouble {
        heading: "Nothing here".to_owned(),
        lines: vec!["Check <the> address.".to_owned()],
        links: vec![Link::new("/external-tasks", "Go to External tasks")],
        number: Some("JKJaXmPLvHcESHA=".to_owned()),
        icon: "search",
        tone: "",
    }
}

#[test]
fn the_navigation_holds_what_the_reader_may_see_and_marks_where_they_are() {
    let shell = Shell { sections: vec![Section::ExternalTasks, Section::Instances], ..Shell::sample() };
    let page = error::page(&shell, &trouble());
    let links: Vec<Element> = all(&page, "a").into_iter().filter(|link| link.get("data-go").is_some()).collect();
    let addresses: Vec<&str> = links.iter().filter_map(|link| link.get("href")).collect();
    assert_eq!(addresses, ["/external-tasks", "/instances"]);
    assert_eq!(links[0].get("aria-current"), Some("page"));
    assert_eq!(links[1].get("aria-current"), None);
}

#[test]
fn every_page_begins_with_a_skip_link_and_names_its_parts() {
    let page = error::page(&Shell::sample(), &trouble());
    let first = all(&page, "a").remove(0);
    assert_eq!((first.get("href"), first.text.as_str()), (Some("#content"), "Skip to content"));
    assert!(all(&page, "main").iter().any(|main| main.get("id") == Some("content")));
    assert!(all(&page, "nav").iter().all(|nav| nav.get("aria-label").is_some()));
    assert_eq!(all(&page, "title")[0].text, "External tasks - Countersign");
}

#[test]
fn nothing_inline_and_nothing_of_another_host_is_on_a_page() {
    let local = SignIn { next: "/".to_owned(), ..SignIn::default() };
    for page in [error::page(&Shell::sample(), &trouble()), sign_in::page(&Shell::sample(), &local)] {
        for element in a11y::elements(&page) {
            assert!(element.name != "style", "a style stands in the page");
            assert!(element.name != "script" || element.get("src").is_some(), "a script stands in the page");
            for (name, value) in &element.attributes {
                assert!(!name.starts_with("on") && name != "style", "{} has {name}", element.name);
                let loads = ["src", "href", "action"].contains(&name.as_str());
                assert!(!loads || value.starts_with(['/', '#']), "{} leads to {value}", element.name);
            }
        }
    }
}

#[test]
fn each_form_carries_the_session_s_own_value() {
    let page = error::page(&Shell { csrf: "own-value".to_owned(), ..Shell::sample() }, &trouble());
    let forms = all(&page, "form").len();
    let values = all(&page, "input");
    assert_eq!(values.iter().filter(|input| input.get("name") == Some("csrf")).count(), forms);
    assert!(values.iter().all(|input| input.get("name") != Some("csrf") || input.get("value") == Some("own-value")));
}

#[test]
fn appearance_and_keys_are_said_to_the_stylesheet_and_the_scripts() {
    let of = |theme, keys| all(&error::page(&Shell { theme, keys, ..Shell::sample() }, &trouble()), "html").remove(0);
    assert_eq!(of(Theme::System, true).get("data-theme"), None);
    assert_eq!(of(Theme::Dark, true).get("data-theme"), Some("dark"));
    assert_eq!(of(Theme::System, false).get("data-keys"), Some("off"));
    for theme in Theme::ALL {
        assert_eq!(Theme::parse(theme.as_str()), Some(theme));
    }
    assert_eq!(Theme::parse("Dark"), None);
}

#[test]
fn errors_show_texts_as_texts_and_the_number_of_the_request() {
    for page in [error::page(&Shell::sample(), &trouble()), error::door(&Shell::sample(), &trouble())] {
        assert!(page.contains("Check &lt;the&gt; address.") && page.contains("JKJaXmPLvHcESHA="), "{page}");
        assert_eq!(all(&page, "h1").len(), 1);
    }
}

#[test]
fn names_of_people_and_tenants_are_isolated_and_escaped() {
    let shell = Shell { user: "<b>\u{202e}Ingrid".to_owned(), tenant_name: "A & B".to_owned(), ..Shell::sample() };
    let page = error::page(&shell, &trouble());
    assert!(page.contains("<bdi>&lt;b&gt;") && page.contains("<bdi>A &amp; B</bdi>"));
}

#[test]
fn the_sign_in_page_offers_only_the_ways_there_are() {
    let bare = SignIn { next: "/delivery".to_owned(), ..SignIn::default() };
    let page = sign_in::page(&Shell::sample(), &bare);
    assert!(!page.contains("Continue with your organisation") && !page.contains("Demo users"));
    assert_eq!(all(&page, "form").len(), 1);
    let person = DemoPerson { value: "0".to_owned(), name: "Ingrid".to_owned(), what: "Administrator".to_owned() };
    let full = SignIn { provider: Some("/sign-in/start?next=%2F".to_owned()), demo: vec![person], ..bare };
    let page = sign_in::page(&Shell::sample(), &full);
    assert!(page.contains("Continue with your organisation") && page.contains("Demo users"));
    // A form would not be let go to another origin by the policy: the way to the provider is a link.
    assert!(all(&page, "a").iter().any(|link| link.get("href") == Some("/sign-in/start?next=%2F")));
}

#[test]
fn a_wrong_token_is_named_at_its_field() {
    let wrong = SignIn { token_problem: Some("It is not known.".to_owned()), ..SignIn::default() };
    let page = sign_in::page(&Shell::sample(), &wrong);
    let field = all(&page, "input").into_iter().find(|input| input.get("name") == Some("token")).expect("the field");
    assert_eq!(field.get("aria-invalid"), Some("true"));
    assert_eq!(field.get("aria-describedby"), Some("token-hint token-error"));
    assert_eq!(field.get("value"), None);
    let problem = Problem { heading: "It did not work.".to_owned(), text: "Try again.".to_owned() };
    let failed = sign_in::page(&Shell::sample(), &SignIn { problem: Some(problem), ..SignIn::default() });
    assert!(failed.contains("role=\"alert\"") && failed.contains("Try again."));
}
