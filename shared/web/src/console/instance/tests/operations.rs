//! Variables with their history, what is waited for, and the way between calling and called instances.

use super::*;
use domain::instance::Incident;

/// One command of the journal: who, and what happened.
fn tab_of(aggregate: &Aggregate, journal: &[(Actor, Vec<Event>)], tab: Tab, may: May) -> String {
    with_failed(aggregate, journal, tab, may, &[])
}

/// The same, with called instances and where the error at or below them is.
fn with_failed(
    aggregate: &Aggregate,
    journal: &[(Actor, Vec<Event>)],
    tab: Tab,
    may: May,
    failed: &[(InstanceKey, InstanceKey)],
) -> String {
    let (process, origin) = (process(), Origin::default());
    let entries: Vec<Entry<'_>> = journal
        .iter()
        .map(|(actor, events)| Entry { at: now(), actor, origin: &origin, command: "retry", events })
        .collect();
    let progress = Progress::of(&aggregate.instance, &entries);
    let details = Details {
        process: &process,
        aggregate,
        journal: &entries,
        progress: &progress,
        failed: failed.iter().copied().collect(),
        calls: &[],
        diagram: None,
        may,
        tab,
        said: None,
    };
    page(&Shell::sample(), &details, &Zone::named("Europe/Oslo"), now())
}

fn set(values: serde_json::Value) -> Event {
    Event::VariablesSet(serde_json::from_value(values).expect("variables"))
}

fn started(values: serde_json::Value) -> Event {
    Event::InstanceStarted(
        serde_json::from_value(json!({ "p": "P", "d": 1, "u": "ingrid", "v": values })).expect("a start"),
    )
}

#[test]
fn each_variable_shows_who_set_it_where_and_what_it_was() {
    let mut aggregate = aggregate();
    aggregate.instance.variables = serde_json::from_value(json!({ "count": 3, "same": "x" })).expect("variables");
    let ann = Actor::User("ann".to_owned());
    let failed = Incident {
        element_number: ElementNumber(3),
        element: "Register".to_owned(),
        code: "SCRIPT_ERROR".to_owned(),
        message: "no".to_owned(),
        at: now(),
    };
    let journal = [
        (ann.clone(), vec![started(json!({ "count": 1, "same": "x" }))]),
        (
            Actor::Recipient,
            vec![
                Event::ElementActivated(reached(2, "Ask", None)),
                set(json!({ "count": HOSTILE })),
                Event::ElementCompleted(ElementNumber(2)),
                set(json!({ "_lastError": {} })),
                Event::IncidentRaised(failed),
            ],
        ),
        (ann, vec![set(json!({ "count": 3, "same": "x" })), Event::IncidentResolved(ElementNumber(3))]),
    ];
    let page = tab_of(&aggregate, &journal, Tab::Variables, ALL);
    a11y::check_console(&page);
    no_script(&page);
    assert!(page.contains("2 earlier values") && !page.contains("1 earlier value<"), "only changes count");
    assert!(page.contains("<bdi>The recipient</bdi>, at <bdi>Upload certificate</bdi>"));
    assert_eq!(page.matches("<bdi>ann</bdi>").count(), 3, "the present two, and the first one of count");
    assert!(!tab_of(&aggregate, &journal, Tab::Variables, May { variables: false, ..ALL }).contains("earlier value"));
}

#[test]
fn a_long_history_of_a_variable_is_cut_with_a_word() {
    let mut aggregate = aggregate();
    aggregate.instance.variables = serde_json::from_value(json!({ "n": 100 })).expect("variables");
    let journal: Vec<(Actor, Vec<Event>)> = (1..=100)
        .map(|n| (Actor::System, vec![set(json!({ "n": n })), Event::ElementPassed(reached(9, "S", None))]))
        .collect();
    let page = tab_of(&aggregate, &journal, Tab::Variables, ALL);
    assert!(
        page.contains("79 older ones") && page.contains("<code>99</code>") && page.contains("at <bdi>Request in</bdi>")
    );
    assert!(!page.contains("<code>79</code>"));
}

#[test]
fn timers_messages_and_signals_are_listed_with_their_element() {
    let mut aggregate = aggregate();
    let waits = json!({ "k": 8, "e": "Ask", "s": now(), "w": [
        { "b": "Ask", "s": { "m": { "n": "Paid", "k": HOSTILE } } }, { "b": "Stop", "s": { "s": { "n": "Storm" } } }] });
    aggregate.instance.elements.push(serde_json::from_value(waits).expect("an element"));
    let page = tab_of(&aggregate, &[], Tab::Waiting, May::default());
    a11y::check_console(&page);
    no_script(&page);
    assert!(page.contains("Waiting for <span class=\"quiet num\">3</span>"));
    for words in ["Paid", "Storm", "None: for all who wait", "on <bdi>Upload certificate</bdi>", "Due"] {
        assert!(page.contains(words), "{words}");
    }
    let mut idle = aggregate;
    idle.instance.elements.clear();
    let page = tab_of(&idle, &[], Tab::Waiting, May::default());
    assert!(page.contains("No timer of the process runs") && page.contains(">Waiting for</a>"));
}

#[test]
fn calling_and_called_instances_lead_to_each_other_for_those_who_may_see_them() {
    let mut aggregate = aggregate();
    let (parent, child, gone) = (InstanceKey::compose(1, 1), InstanceKey::compose(2, 2), InstanceKey::compose(3, 3));
    let caller = json!({ "i": parent, "k": 5, "d": 1 });
    aggregate.instance.parent = Some(serde_json::from_value(caller).expect("a parent"));
    let began = |child| Event::ChildStarted { element: ElementNumber(3), child };
    let events = vec![Event::ElementActivated(reached(3, "Register", None)), began(gone), began(child)];
    let journal = [(Actor::System, events)];
    let page = tab_of(&aggregate, &journal, Tab::Overview, ALL);
    a11y::check_console(&page);
    assert!(page.contains(&format!("/instances/{parent}#e5\"")), "to the call activity");
    assert!(page.contains(&format!("/instances/{child}\"")) && page.contains(&format!("/instances/{gone}\"")));
    assert!(page.contains("Called processes"));
    let member = tab_of(&aggregate, &journal, Tab::Overview, May::default());
    a11y::check_console(&member);
    assert!(member.contains(&parent.to_string()) && !member.contains(&format!("/instances/{parent}")));
    assert!(!member.contains(&format!("/instances/{child}")));

    // An error further down shows at the caller, with the way to it for those who may go there.
    let deep = InstanceKey::compose(4, 4);
    for (may, links) in [(ALL, 1), (May::default(), 0)] {
        let page = with_failed(&aggregate, &journal, Tab::Overview, may, &[(child, deep)]);
        a11y::check_console(&page);
        assert!(page.contains("Failed") && page.contains(&format!("{deep}")));
        assert_eq!(page.matches(&format!("/instances/{deep}\"")).count(), links);
    }
    let page = with_failed(&aggregate, &journal, Tab::Overview, ALL, &[(child, child)]);
    assert!(page.contains("Failed") && !page.contains("The error is in"));
}

/// Turns of a multi-instance activity have variables of their own.
#[test]
fn variables_of_single_executions_stand_apart() {
    let mut aggregate = aggregate();
    let turn = json!({ "k": 8, "e": "Ask", "s": now(), "l": { "item": HOSTILE, "loopCounter": 2 } });
    aggregate.instance.elements = vec![serde_json::from_value(turn).expect("an element"); 60];
    let page = tab_of(&aggregate, &[], Tab::Variables, ALL);
    a11y::check_console(&page);
    no_script(&page);
    assert_eq!(page.matches("only this execution sees these").count(), 50);
    assert!(page.contains("of 10 more executions") && page.contains("loopCounter"));
    assert!(!tab_of(&aggregate, &[], Tab::Variables, May { variables: false, ..ALL }).contains("loopCounter"));
}
