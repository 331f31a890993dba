//! Deployed processes as pages.

use super::*;
use crate::a11y;

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_167_600_000)
}

fn row(name: &str) -> Row {
    Row {
        process_id: "goods received/1".to_owned(),
        name: name.to_owned(),
        version: 12,
        people: (1, 2),
        warnings: 2,
        deployed_at: now(),
        by: "Ingrid".to_owned(),
    }
}

fn listed(list: &List) -> String {
    super::list(&Shell::sample(), list, &Zone::named("Europe/Oslo"), now())
}

fn definition() -> Definition {
    Definition {
        process_id: "goods".to_owned(),
        name: "Goods received".to_owned(),
        version: 2,
        deployed: 3,
        activities: vec![Activity {
            id: "Confirm".to_owned(),
            name: "<Confirm>".to_owned(),
            kind: "User task".to_owned(),
            who: "Somebody outside".to_owned(),
        }],
        timers: Vec::new(),
        warnings: vec![Warning { place: "61:9".to_owned(), message: "It has no expiry.".to_owned() }],
        versions: [3, 2, 1]
            .map(|number| Version { number, deployed_at: now(), by: "Ingrid".to_owned(), warnings: 0 })
            .to_vec(),
        diagram: None,
        may_deploy: false,
        may_see_instances: true,
        may_sync: true,
        said: None,
    }
}

fn shown(definition: &Definition) -> String {
    page(&Shell::sample(), definition, &Zone::named("Europe/Oslo"), now())
}

#[test]
fn a_row_leads_to_its_process_whatever_its_id_is() {
    let page = listed(&List { rows: vec![row("Goods <received>")], ..List::default() });
    assert!(page.contains("href=\"/definitions/goods%20received%2F1\""));
    assert!(page.contains("Goods &lt;received&gt;") && page.contains("1 external, 2 internal"));
    assert!(page.contains("2 warnings") && page.contains("1 process. Times are in Oslo."));
    assert!(!page.contains("Deploy a file"), "only for those who may");
}

#[test]
fn an_empty_list_says_how_to_begin() {
    let none = listed(&List { may_deploy: true, ..List::default() });
    assert!(none.contains("No process is deployed yet") && none.contains("href=\"/deploy\""));
    let reader = listed(&List::default());
    assert!(reader.contains("definitions:deploy") && !reader.contains("href=\"/deploy\""));
}

#[test]
fn an_older_version_says_so_and_offers_no_sync() {
    let page = shown(&definition());
    assert!(page.contains("Version 2, older") && page.contains("Show version 3"));
    assert!(!page.contains("Sync templates"), "Sync takes what is deployed");
    assert!(page.contains("href=\"/definitions/goods/versions/2/xml\""));
    assert!(page.contains("&lt;Confirm&gt;") && page.contains("61:9"));
    let current = shown(&Definition { version: 3, ..definition() });
    assert!(
        current.contains("Version 3, deployed") && current.contains("value=\"processId=goods&amp;status=PENDING\"")
    );
    let reader = shown(&Definition { version: 3, may_sync: false, may_see_instances: false, ..definition() });
    assert!(!reader.contains("Sync templates") && !reader.contains("/instances?processId="));
}

#[test]
fn a_process_that_begins_by_itself_says_when() {
    let start = |name: &str, timer: &str, next| {
        TimerStart::new(name.to_owned(), timer.to_owned(), next, &Zone::named("Europe/Oslo"), now())
    };
    let timers =
        vec![start("Every <night>", "0 2 * * *", Some(now().plus_millis(86_400_000))), start("Once", "PT5M", None)];
    let current = shown(&Definition { version: 3, timers: timers.clone(), ..definition() });
    assert!(current.contains("Begins by itself") && current.contains("Every &lt;night&gt;"), "{current}");
    assert!(
        current.contains("0 2 * * * (UTC)")
            && current.contains(">PT5M<")
            && current.contains("Next <time")
            && current.contains("Will not begin another")
    );
    let old = shown(&Definition { timers: vec![start("Once", "PT5M", None)], ..definition() });
    assert!(old.contains("Off: version 3 is deployed"));
    assert!(!shown(&definition()).contains("Begins by itself"));
}

#[test]
fn what_was_done_a_moment_ago_is_said_once_and_plainly() {
    let deployed = shown(&Definition { version: 3, said: Some(Said::Deployed), ..definition() });
    assert!(deployed.contains("Version 3 is deployed. New instances use it."));
    let unchanged = shown(&Definition { version: 3, said: Some(Said::Unchanged), ..definition() });
    assert!(unchanged.contains("Nothing changed: this file is deployed as version 3 already."));
}

#[test]
fn headings_and_names_are_in_order() {
    let page = shown(&definition());
    let elements = a11y::elements(&page);
    assert_eq!(elements.iter().filter(|element| element.name == "h1").count(), 1);
    let labelled = elements.iter().filter_map(|element| element.get("aria-labelledby"));
    for id in labelled {
        assert!(elements.iter().any(|element| element.get("id") == Some(id)), "{id} is not there");
    }
}
