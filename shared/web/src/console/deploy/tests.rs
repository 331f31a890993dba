//! The two steps of a deployment as pages.

use super::*;

fn finding(weight: Weight, line: u32, column: u32, message: &str) -> Finding {
    Finding { weight, line, column, element: Some("Step".to_owned()), message: message.to_owned() }
}

fn checked(findings: Vec<Finding>) -> Checked {
    Checked {
        file_name: "goods <1>.bpmn".to_owned(),
        size: 18_400,
        text: "<a>\n  <b c=\"every monday\"/>\n</a>".to_owned(),
        kept: "H4sIkept".to_owned(),
        findings,
        ..Checked::default()
    }
}

fn planned() -> Planned {
    Planned {
        process_id: "goods".to_owned(),
        name: "Goods received".to_owned(),
        deployed: Some(12),
        open_tasks: 127,
        affected: vec![
            Affected {
                version: 12,
                activity: "Confirm".to_owned(),
                name: "Confirm it".to_owned(),
                tasks: 118,
                sync: Sync::Changes { what: vec!["task page", "mail"], empty: Vec::new(), untaken: Vec::new() },
            },
            Affected {
                version: 11,
                activity: "Confirm".to_owned(),
                name: "Confirm it".to_owned(),
                tasks: 6,
                sync: Sync::Changes {
                    what: vec!["actions"],
                    empty: vec!["carrier.phone".to_owned()],
                    untaken: vec!["Postpone".to_owned()],
                },
            },
            Affected {
                version: 11,
                activity: "Weigh".to_owned(),
                name: "Weigh in".to_owned(),
                tasks: 3,
                sync: Sync::Impossible,
            },
        ],
        ..Planned::default()
    }
}

fn asked(planned: Planned, findings: Vec<Finding>) -> String {
    confirm(&Shell::sample(), &Confirm { checked: checked(findings), processes: vec![planned] })
}

#[test]
fn an_error_is_shown_in_its_place() {
    let refused = Choose {
        refused: Some(checked(vec![finding(Weight::Error, 2, 8, "This is no <duration>.")])),
        stays: Some(("Goods received".to_owned(), 12)),
        ..Choose::default()
    };
    let page = choose(&Shell::sample(), &refused);
    assert!(page.contains("1 error stops this file. Version 12 of Goods received stays deployed."));
    assert!(page.contains("Line 2, column 8") && page.contains("This is no &lt;duration&gt;."));
    assert!(page.contains("<mark>&quot;every monday&quot;</mark>"), "{page}");
    assert!(page.contains("goods &lt;1&gt;.bpmn, 18.4"));
    assert!(page.contains("name=\"kept\" value=\"H4sIkept\""), "the file is kept between the steps");
}

#[test]
fn many_errors_are_cut_and_counted() {
    let errors = (1..=25).map(|line| finding(Weight::Error, line, 1, "Wrong.")).collect();
    let refused = Choose { refused: Some(checked(errors)), ..Choose::default() };
    let page = choose(&Shell::sample(), &refused);
    assert!(page.contains("25 errors stop this file. Nothing was deployed.") && page.contains("5 more errors"));
    assert_eq!(page.matches("class=\"line finding\"").count(), 20);
}

#[test]
fn the_first_step_keeps_what_was_chosen_and_says_what_is_missing() {
    let page = choose(&Shell::sample(), &Choose::default());
    assert!(page.contains("type=\"file\" name=\"file\"") && page.contains(" required"));
    assert!(!page.contains("value=\"yes\" checked"));
    let problem = Some("Choose a BPMN file first.".to_owned());
    let page = choose(&Shell::sample(), &Choose { problem, lenient: true, ..Choose::default() });
    assert!(
        page.contains("Choose a BPMN file first.")
            && page.contains("value=\"yes\" checked")
            && page.contains("aria-invalid")
    );
}

#[test]
fn the_second_step_counts_what_sync_would_do() {
    let page = asked(
        planned(),
        vec![finding(Weight::Warning, 1, 1, "No expiry."), finding(Weight::Repaired, 1, 1, "Mended.")],
    );
    assert!(page.contains("Deploy Goods received, version 13") && page.contains("Deploy version 13"));
    assert!(page.contains("The file can be deployed. 1 warning, 1 repair."));
    assert!(page.contains("127 open tasks stay on the version they began with"));
    for (word, number) in [("Would change", 124), ("No difference", 0), ("Cannot be synced", 3)] {
        assert!(page.contains(&format!("{word}</dt><dd>{number}</dd>")), "{word}");
    }
    assert!(page.contains("Sync changes: task page, mail.") && page.contains("Would be empty: carrier.phone."));
    assert!(page.contains("No flow of version 11 takes Postpone"));
    assert!(page.contains("href=\"/external-tasks?status=PENDING&amp;processId=goods\""));
}

#[test]
fn timers_that_would_run_are_told_before() {
    let zone = format::Zone::named("Europe/Oslo");
    let now = domain::time::Timestamp::from_millis(1_795_167_600_000);
    let timer = |next| TimerStart::new("<Night>".to_owned(), "0 2 * * *".to_owned(), next, &zone, now);
    let timed = Planned { timers: vec![timer(Some(now.plus_millis(3_600_000))), timer(None)], ..planned() };
    let page = asked(timed.clone(), Vec::new());
    assert!(page.contains("As soon as it is deployed these timers run, and those of version 12 end."), "{page}");
    assert!(
        page.contains("&lt;Night&gt;") && page.contains("Next <time") && page.contains("Will never begin an instance")
    );
    let same = asked(Planned { unchanged: true, ..timed }, Vec::new());
    assert!(!same.contains("Begins by itself"), "deploying it again changes nothing");
}

#[test]
fn a_new_process_and_an_unchanged_file_say_so() {
    let fresh = asked(Planned { deployed: None, open_tasks: 0, affected: Vec::new(), ..planned() }, Vec::new());
    assert!(fresh.contains("This process is new. It becomes version 1.") && fresh.contains("Deploy version 1<"));
    let same = asked(Planned { unchanged: true, ..planned() }, Vec::new());
    assert!(same.contains("deploying it again changes nothing") && !same.contains("value=\"deploy\""));
    let bounded = asked(Planned { open_tasks: 1_000, more: true, ..planned() }, Vec::new());
    assert!(bounded.contains("1,000 open tasks or more"));
}
