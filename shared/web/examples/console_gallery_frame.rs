//! Writes the pages around the console's lists (sign-in, definitions, deployment, errors), with the assets they load,
//! into the folder named by the argument: `cargo run -p web --example console_gallery_frame -- target/gallery`.

use domain::time::Timestamp;
use std::fs;
use std::path::PathBuf;
use web::console::definitions::{self, Activity, Definition, List, Row, Said, TimerStart, Version, Warning};
use web::console::deploy::{self, Affected, Checked, Choose, Confirm, Finding, Planned, Sync, Weight};
use web::console::error::{self, Link, Trouble};
use web::console::sign_in::{self, DemoPerson, Problem, SignIn};
use web::console::{Section, Shell, assets};
use web::format::Zone;

/// 20 November 2026, 10:40 in Oslo.
const NOW_MS: i64 = 1_795_167_600_000;
const DAY_MS: i64 = 86_400_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder")?);
    fs::create_dir_all(folder.join("assets"))?;
    for asset in assets::all() {
        fs::write(folder.join(asset.address.trim_start_matches('/')), asset.bytes())?;
    }
    for (name, page) in doors().into_iter().chain(processes()).chain(deployments()).chain(errors()) {
        fs::write(folder.join(format!("{name}.html")), page)?;
    }
    Ok(())
}

fn shell(title: &str) -> Shell {
    Shell { title: title.to_owned(), section: Some(Section::Definitions), ..Shell::sample() }
}

fn door() -> Shell {
    Shell { title: "Sign in".to_owned(), section: None, user: String::new(), sections: Vec::new(), ..Shell::sample() }
}

fn doors() -> Vec<(&'static str, String)> {
    let person = |number: usize, name: &str, what: &str| DemoPerson {
        value: number.to_string(),
        name: name.to_owned(),
        what: what.to_owned(),
    };
    let demo = vec![
        person(0, "Ingrid Solberg", "Administrator, tenant 1"),
        person(1, "Tomasz Wilk", "Manager, tenant 1"),
        person(2, "Marit Haugen", "Operator, tenant 1"),
        person(3, "Jonas Berg", "Member, tenant 1"),
        person(4, "Amara Obi", "Administrator, tenant 2"),
    ];
    let provider = Some("/sign-in/start?next=%2F".to_owned());
    let next = "/".to_owned();
    let real = SignIn { provider: provider.clone(), next: next.clone(), ..SignIn::default() };
    let ended = SignIn {
        note: Some("You were signed out: after 12 hours, or because your access changed. Sign in again.".to_owned()),
        ..real.clone()
    };
    let failed = SignIn {
        problem: Some(Problem {
            heading: "Your organisation's sign-in did not work.".to_owned(),
            text: "Nobody was signed in. Try again; if it keeps failing, tell an administrator.".to_owned(),
        }),
        ..real.clone()
    };
    let wrong = SignIn {
        token_problem: Some(
            "This token is not known or was revoked. Paste the whole token; it begins with cs_.".to_owned(),
        ),
        ..real.clone()
    };
    let local = SignIn { demo, next, ..SignIn::default() };
    vec![
        ("sign-in", sign_in::page(&door(), &real)),
        ("sign-in-ended", sign_in::page(&door(), &ended)),
        ("sign-in-failed", sign_in::page(&door(), &failed)),
        ("sign-in-token", sign_in::page(&door(), &wrong)),
        ("sign-in-demo", sign_in::page(&door(), &local)),
        ("signed-out", sign_in::signed_out(&door(), Some("https://id.example/end"))),
    ]
}

fn days_ago(days: i64) -> Timestamp {
    Timestamp::from_millis(NOW_MS - days * DAY_MS)
}

fn row(name: &str, id: &str, version: u32, people: (usize, usize), warnings: usize, days: i64, by: &str) -> Row {
    Row {
        process_id: id.to_owned(),
        name: name.to_owned(),
        version,
        people,
        warnings,
        deployed_at: days_ago(days),
        by: by.to_owned(),
    }
}

fn processes() -> Vec<(&'static str, String)> {
    let (zone, now) = (Zone::named("Europe/Oslo"), Timestamp::from_millis(NOW_MS));
    let full = List {
        rows: vec![
            row("Crane maintenance", "crane-maintenance", 3, (1, 1), 0, 30, "Tomasz Wilk"),
            row("Dredging campaign", "dredging-campaign", 2, (2, 3), 1, 45, "Ingrid Solberg"),
            row("Environmental check", "environmental-check", 5, (1, 0), 0, 50, "Ingrid Solberg"),
            row("Goods received", "goods-received", 12, (1, 0), 0, 11, "Ingrid Solberg"),
            row("Pier works permit", "pier-works-permit", 7, (3, 2), 0, 6, "Tomasz Wilk"),
            row("Site inspection", "site-inspection", 4, (1, 4), 2, 18, "Tomasz Wilk"),
            row("nightly-tidy-up", "nightly-tidy-up", 1, (0, 0), 0, 380, "deploy-robot"),
        ],
        may_deploy: true,
        ..List::default()
    };
    let none = List { may_deploy: true, ..List::default() };
    let activity = |id: &str, name: &str, kind: &str, who: &str| Activity {
        id: id.to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
        who: who.to_owned(),
    };
    let version = |number: u32, days: i64, by: &str, warnings: usize| Version {
        number,
        deployed_at: days_ago(days),
        by: by.to_owned(),
        warnings,
    };
    let definition = Definition {
        process_id: "site-inspection".to_owned(),
        name: "Site inspection".to_owned(),
        version: 4,
        deployed: 4,
        activities: vec![
            activity("Activity_confirm_delivery", "Confirm delivery note", "User task", "Somebody outside"),
            activity("Activity_check", "Check the figures", "Script task", ""),
            activity("Activity_approve_report", "Approve the report", "User task", "A member"),
        ],
        timers: timers(&zone, now),
        warnings: vec![Warning {
            place: "61:9".to_owned(),
            message: "Activity_confirm_delivery has no expiry. The task stays open until somebody answers or cancels \
                      it. Set ExpiresAfter, for example P14D."
                .to_owned(),
        }],
        versions: vec![
            version(4, 18, "Tomasz Wilk", 1),
            version(3, 40, "Ingrid Solberg", 0),
            version(2, 41, "Ingrid Solberg", 3),
            version(1, 300, "deploy-robot", 0),
        ],
        diagram: None,
        may_deploy: true,
        may_see_instances: true,
        may_sync: true,
        said: Some(Said::Deployed),
    };
    let older = Definition { version: 3, said: None, ..definition.clone() };
    vec![
        ("definitions", definitions::list(&shell("Definitions"), &full, &zone, now)),
        ("definitions-none", definitions::list(&shell("Definitions"), &none, &zone, now)),
        ("definition", definitions::page(&shell("Site inspection"), &definition, &zone, now)),
        ("definition-older", definitions::page(&shell("Site inspection"), &older, &zone, now)),
    ]
}

fn timers(zone: &Zone, now: Timestamp) -> Vec<TimerStart> {
    let timer = |name: &str, timer: &str, next| TimerStart::new(name.to_owned(), timer.to_owned(), next, zone, now);
    let tomorrow = Some(now.plus_millis(86_400_000));
    vec![
        timer("Every weekday at six", "0 6 * * MON-FRI", tomorrow),
        timer("StartEvent_first_season", "R3/2026-04-01T08:00:00Z/P1M/2026-10-01T00:00:00Z", None),
    ]
}

fn finding(weight: Weight, place: (u32, u32), element: &str, message: &str) -> Finding {
    let element = (!element.is_empty()).then(|| element.to_owned());
    Finding { weight, line: place.0, column: place.1, element, message: message.to_owned() }
}

const SOURCE: &str = "<bpmn:userTask id=\"Activity_approve_report\">\n  <custom:properties>\n    <custom:property \
                      name=\"Recipient\" value=\"{{inspector.email}}\"/>\n    <custom:property name=\"ExpiresAfter\" \
                      value=\"P14D\"/>\n    <custom:property name=\"Reminders\" value=\"every monday\"/>\n  \
                      </custom:properties>\n</bpmn:userTask>\n<bpmn:sequenceFlow id=\"Flow_1q9\" \
                      sourceRef=\"Activity_7\" targetRef=\"Gateway_merge2\"/>\n</bpmn:process>\n";

fn deployments() -> Vec<(&'static str, String)> {
    let (zone, now) = (Zone::named("Europe/Oslo"), Timestamp::from_millis(NOW_MS));
    let warnings = vec![
        finding(
            Weight::Warning,
            (61, 9),
            "Activity_confirm_delivery",
            "has no expiry. The task stays open until somebody answers or cancels it. Set ExpiresAfter, for example \
             P14D.",
        ),
        finding(
            Weight::Warning,
            (88, 13),
            "",
            "The placeholder carrier.phone in TaskPage is not an input of this activity and will be empty.",
        ),
        finding(Weight::Repaired, (104, 5), "", "The prefix custom was not declared; it was added."),
    ];
    let mut errors = vec![
        finding(
            Weight::Error,
            (5, 47),
            "Activity_approve_report",
            "Reminders is not a duration: \"every monday\". Write durations as ISO 8601, for example P3D for three \
             days, separated by commas.",
        ),
        finding(
            Weight::Error,
            (8, 58),
            "Flow_1q9",
            "The sequence flow points to Gateway_merge2, which the file does not contain. Reconnect the arrow or \
             delete it.",
        ),
    ];
    errors.extend(warnings.iter().take(1).cloned());
    let checked = |findings: Vec<Finding>| Checked {
        file_name: "goods-received.bpmn".to_owned(),
        size: 18_400,
        text: SOURCE.to_owned(),
        kept: "H4sI".to_owned(),
        findings,
        ..Checked::default()
    };
    let affected = |version: u32, activity: &str, name: &str, tasks: usize, sync: Sync| Affected {
        version,
        activity: activity.to_owned(),
        name: name.to_owned(),
        tasks,
        sync,
    };
    let changes = |empty: &[&str], what: Vec<&'static str>| Sync::Changes {
        what,
        empty: empty.iter().map(|name| (*name).to_owned()).collect(),
        untaken: Vec::new(),
    };
    let planned = Planned {
        process_id: "goods-received".to_owned(),
        name: "Goods received".to_owned(),
        deployed: Some(12),
        open_tasks: 127,
        affected: vec![
            affected(12, "Activity_confirm", "Confirm delivery note", 118, changes(&[], vec!["task page", "mail"])),
            affected(
                11,
                "Activity_confirm",
                "Confirm delivery note",
                6,
                changes(&["carrier.phone"], vec!["task page"]),
            ),
            affected(11, "Activity_weigh_in", "Weigh in", 3, Sync::Impossible),
        ],
        ..Planned::default()
    };
    let fresh =
        Planned { deployed: None, timers: timers(&zone, now), open_tasks: 0, affected: Vec::new(), ..planned.clone() };
    let same = Planned { unchanged: true, ..planned.clone() };
    let refused =
        Choose { refused: Some(checked(errors)), stays: Some(("Goods received".to_owned(), 12)), ..Choose::default() };
    let empty = Choose { problem: Some("Choose a BPMN file first.".to_owned()), ..Choose::default() };
    let confirm =
        |planned: Planned, findings: Vec<Finding>| Confirm { checked: checked(findings), processes: vec![planned] };
    vec![
        ("deploy", deploy::choose(&shell("Deploy a file"), &Choose::default())),
        ("deploy-empty", deploy::choose(&shell("Error: Deploy a file"), &empty)),
        ("deploy-errors", deploy::choose(&shell("Error: Deploy a file"), &refused)),
        ("deploy-impact", deploy::confirm(&shell("Deploy"), &confirm(planned, warnings))),
        ("deploy-new", deploy::confirm(&shell("Deploy"), &confirm(fresh, Vec::new()))),
        ("deploy-unchanged", deploy::confirm(&shell("Deploy"), &confirm(same, Vec::new()))),
    ]
}

fn errors() -> Vec<(&'static str, String)> {
    let trouble = |heading: &str, line: &str, icon: &'static str, tone: &'static str| Trouble {
        heading: heading.to_owned(),
        lines: vec![line.to_owned()],
        links: vec![Link::new("/external-tasks", "Go to External tasks")],
        number: (tone == "bad").then(|| "JKJaXmPLvHcESHA=".to_owned()),
        icon,
        tone,
    };
    let missing = trouble(
        "Nothing here",
        "There is nothing at this address, or you may not see it. Check the address or go to External tasks.",
        "search",
        "",
    );
    let failed = trouble(
        "The page could not be loaded",
        "The task store did not answer within 3 seconds. Nothing was changed. Try again; if it keeps failing, give \
         support this number:",
        "failed",
        "bad",
    );
    vec![
        ("error-404", error::page(&shell("Nothing here"), &missing)),
        ("error-503", error::page(&shell("The page could not be loaded"), &failed)),
        ("error-door", error::door(&door(), &failed)),
    ]
}
