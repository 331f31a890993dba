//! Pages of bulk runs in each state.

use super::*;
use crate::a11y;
use domain::bulk_run::{Filter, NewRun, Reason, Waiting};
use domain::ids::{InstanceKey, TenantId};
use std::collections::BTreeSet;

const NOW_MS: i64 = 1_795_165_200_000;

fn now() -> Timestamp {
    Timestamp::from_millis(NOW_MS)
}

fn clock(zone: &Zone) -> (&Zone, Timestamp) {
    (zone, now())
}

fn oslo() -> Zone {
    Zone::named("Europe/Oslo")
}

fn key(number: i64) -> RunKey {
    RunKey::compose(NOW_MS + number * 10, 7)
}

fn task(number: i64) -> TaskKey {
    InstanceKey::compose(NOW_MS - number * 10, 3).task(domain::ids::TaskNumber(1))
}

/// A resend of 42 tasks, 17 of them processed.
fn running() -> BulkRun {
    let (run, _) = BulkRun::of_keys(new(0, Action::Resend), 42, 42);
    BulkRun { processed: 17, succeeded: 15, failed: 2, ..run }
}

/// A run by filter whose tasks are being collected.
fn preparing(found: u32) -> BulkRun {
    let (run, _) = BulkRun::of_filter(new(0, Action::Resend), Filter::default());
    BulkRun { selected: found, eligible: found, ..run }
}

fn new(number: i64, action: Action) -> NewRun {
    NewRun {
        tenant: TenantId(1),
        key: key(number),
        action,
        reason: None,
        by: "ingrid".to_owned(),
        door: None,
        address: None,
        attached: true,
        now: now(),
    }
}

fn ended(status: RunStatus, succeeded: u32, failed: u32, skipped: u32) -> BulkRun {
    let total = succeeded + failed + skipped;
    BulkRun {
        status,
        total: Some(total),
        processed: succeeded + failed,
        succeeded,
        failed,
        skipped,
        ended_at: Some(now()),
        ..running()
    }
}

fn shown(run: &BulkRun) -> Progress {
    progress(run, false)
}

fn failure(number: i64, message: &str) -> Failure {
    Failure {
        task: task(number),
        recipient: Some(format!("r{number}@kestrel-marine.example")),
        name: Some("Confirm delivery note".to_owned()),
        code: "NOT_PENDING".to_owned(),
        message: message.to_owned(),
    }
}

fn question_of(action: Action, total: u32, eligible: u32) -> Question {
    Question {
        action,
        selection: Selection::Keys((0..i64::from(total)).map(task).collect()),
        total,
        eligible,
        at_least: false,
        submission: "c3VibWlzc2lvbg".to_owned(),
        back: "/external-tasks?status=PENDING".to_owned(),
    }
}

fn words(html: &str) -> String {
    let start = html.find("<main").unwrap_or(0);
    let mut text = String::new();
    let mut inside = false;
    for c in html[start..].chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace("&#39;", "'")
}

/// S0-53, S0-54: progress and failures while it runs.
#[test]
fn a_running_run_says_how_many_of_how_many_and_how_many_failed() {
    let progress = shown(&running());
    assert_eq!(progress.text, "17 of 42 processed");
    assert_eq!(progress.failed.as_deref(), Some("2 failed"));
    assert_eq!((progress.value, progress.max, progress.ended), (17, Some(42), false));
    assert_eq!(shown(&BulkRun { failed: 0, ..running() }).failed, None);
}

/// S0-57, S0-58, S0-59: the three summaries.
#[test]
fn an_ended_run_says_its_summary_in_the_agreed_words() {
    for (run, text) in [
        (ended(RunStatus::Completed, 42, 0, 0), "42 tasks processed successfully."),
        (ended(RunStatus::Completed, 38, 4, 0), "38 successful, 4 failed."),
        (ended(RunStatus::Stopped, 9, 0, 22), "9 done, 0 failed, 22 skipped."),
    ] {
        let progress = shown(&run);
        assert_eq!(progress.text, text);
        assert_eq!(progress.failed, None, "the summary has said it");
        assert!(progress.ended);
    }
}

#[test]
fn a_run_by_filter_counts_first_and_says_so() {
    let counting = shown(&preparing(2_000));
    assert_eq!(counting.text, "Counting the tasks that match: 2000 so far.");
    assert_eq!(counting.max, None);
    assert_eq!(shown(&preparing(0)).text, "Counting the tasks that match.");
    let page = run(&Shell::sample(), &preparing(0), &Detail::default(), clock(&oslo()), false);
    assert!(page.contains("<progress data-run-bar aria-labelledby"), "no value: the bar does not pretend to know");
}

/// S0-61: the hint of the window that keeps the run going, and of those that do not.
#[test]
fn the_hint_depends_on_whose_window_keeps_the_run_going() {
    let detached = BulkRun { attached: false, ..running() };
    let keep = "Keep this window open. When you close it, the task in progress is finished and the rest is skipped.";
    for (run, holds, hint) in [
        (running(), true, keep),
        (running(), false, "This run stops when the window that started it closes."),
        (detached, false, "This run goes on by itself. You can close this window and find it again under Bulk runs."),
    ] {
        assert_eq!(progress(&run, holds).hint, hint);
    }
    assert_eq!(progress(&ended(RunStatus::Completed, 1, 0, 0), true).hint, "");
}

#[test]
fn a_run_that_waits_says_why_until_it_ends() {
    let waiting = Some(Waiting { reason: Reason::QuotaExhausted, since: now() });
    let why = Reason::QuotaExhausted.sentence();
    assert_eq!(shown(&BulkRun { waiting, ..running() }).waiting, Some(why));
    let page = run(&Shell::sample(), &BulkRun { waiting, ..running() }, &Detail::default(), clock(&oslo()), false);
    assert!(words(&page).contains(why), "{}", words(&page));
    assert_eq!(shown(&BulkRun { waiting, ..ended(RunStatus::Stopped, 1, 0, 2) }).waiting, None);
}

/// The three questions, their two buttons and the number in the one that does it.
#[test]
fn the_question_says_what_happens_and_to_how_many() {
    for (action, expected) in [
        (
            Action::Resend,
            [
                "Send the mail again to 12 recipients?",
                "They get the same link; nothing else changes.",
                "Keep as is",
                "Resend 12 mails",
            ],
        ),
        (
            Action::SyncTemplates,
            [
                "Put the deployed templates on 12 tasks?",
                "Recipients see the new page the next time they open the link. No mail is sent.",
                "Keep as is",
                "Sync 12 tasks",
            ],
        ),
        (
            Action::Cancel,
            [
                "Cancel 12 tasks and stop their processes?",
                "Each recipient who opens the link afterwards sees the cancelled page and can no longer answer. Each task's whole process instance stops with it. This cannot be undone.",
                "Keep tasks",
                "Cancel 12 tasks",
            ],
        ),
    ] {
        for part in [false, true] {
            let shown = words(&question(&Shell::sample(), &question_of(action, 12, 12), part));
            for text in expected {
                assert!(shown.contains(text), "{text}: {shown}");
            }
            assert!(!shown.contains("not pending"), "{shown}");
        }
    }
    let one = words(&question(&Shell::sample(), &question_of(Action::Cancel, 1, 1), true));
    assert!(one.contains("Cancel 1 task and stop its process?") && one.contains("Keep task"), "{one}");
}

/// S0-75: only the pending ones among the selected.
#[test]
fn the_question_says_how_many_of_the_selected_are_left_out() {
    let shown = words(&question(&Shell::sample(), &question_of(Action::Resend, 15, 12), false));
    assert!(shown.contains("Left out 3 of the 15 selected are not pending"), "{shown}");
    assert!(shown.contains("Resend 12 mails"), "{shown}");
    let none = question(&Shell::sample(), &question_of(Action::Resend, 15, 0), false);
    assert!(words(&none).contains("None of the 15 selected tasks is pending any more. Nothing was done."));
    assert!(!none.contains("name=\"confirmed\""), "there is nothing to confirm");
    let nobody = question(&Shell::sample(), &question_of(Action::Resend, 0, 0), false);
    assert!(words(&nobody).contains("Select at least one task. Then choose what to do with it."));
}

#[test]
fn the_forms_bring_back_what_was_asked() {
    let page = question(&Shell::sample(), &question_of(Action::Resend, 3, 3), false);
    let elements = a11y::elements(&page);
    let fields: Vec<(&str, &str)> = elements
        .iter()
        .filter(|element| element.get("type") == Some("hidden"))
        .filter_map(|element| Some((element.get("name")?, element.get("value")?)))
        .collect();
    let keys: BTreeSet<String> = (0..3).map(|number| task(number).to_string()).collect();
    assert!(fields.contains(&("action", "resend")) && fields.contains(&("confirmed", "c3VibWlzc2lvbg")), "{fields:?}");
    let brought: BTreeSet<String> =
        fields.iter().filter(|(name, _)| *name == "taskKey").map(|(_, value)| (*value).to_owned()).collect();
    assert_eq!(brought, keys);
    let by_filter = Question {
        selection: Selection::filter(
            "status=PENDING&recipient=%40acme".to_owned(),
            &[("status".to_owned(), "PENDING".to_owned()), ("recipient".to_owned(), "<b>@acme".to_owned())],
            str::to_owned,
        ),
        at_least: true,
        ..question_of(Action::Resend, 1_000, 1_000)
    };
    let page = question(&Shell::sample(), &by_filter, false);
    assert!(page.contains("name=\"filter\" value=\"status=PENDING&amp;recipient=%40acme\""));
    let shown = words(&page);
    assert!(shown.contains("Send the mail again to at least 1000 recipients?"), "{shown}");
    assert!(shown.contains("Resend all mails"), "{shown}");
    let unfound = words(&question(&Shell::sample(), &Question { eligible: 0, ..by_filter.clone() }, true));
    assert!(unfound.contains("Send the mail again to all matching recipients?"), "{unfound}");
    assert!(page.contains("&lt;b&gt;@acme"), "what was typed is text");
}

#[test]
fn the_list_shows_each_run_with_its_state_progress_and_what_becomes_of_it() {
    let all = [
        running(),
        BulkRun { key: key(1), attached: false, status: RunStatus::Stopping, ..running() },
        BulkRun { key: key(2), ..ended(RunStatus::Stopped, 9, 0, 22) },
        BulkRun { key: key(3), ..ended(RunStatus::Completed, 84, 2, 0) },
        BulkRun { key: key(4), action: Action::SyncTemplates, ..ended(RunStatus::Completed, 212, 0, 0) },
    ];
    let list = RunList { next: Some("/bulk-runs?cursor=abc"), first: true, zone: "Europe/Oslo", may_manage: true };
    let page = runs(&Shell::sample(), &all, &list, clock(&oslo()), false);
    let shown = words(&page);
    for text in [
        "Running Resend 17 of 42 processed 17 of 42 processed, 2 failed Stops when its window closes",
        "Stopped Resend 9 of 31 processed 9 done, 0 failed, 22 skipped.",
        "84 successful, 2 failed.",
        "212 tasks processed successfully.",
        "5 runs on this page, newest first. Times are in Europe/Oslo.",
        "Older",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let stops = page.matches("/stop\"").count();
    assert_eq!(stops, 2, "what has ended cannot be stopped");
    let reader = RunList { may_manage: false, ..list };
    assert!(!runs(&Shell::sample(), &all, &reader, clock(&oslo()), false).contains("/stop\""));
}

#[test]
fn no_runs_yet_says_how_to_get_there() {
    let list = RunList { next: None, first: true, zone: "UTC", may_manage: true };
    let shown = words(&runs(&Shell::sample(), &[], &list, clock(&oslo()), false));
    assert!(shown.contains("No bulk runs yet"), "{shown}");
}

#[test]
fn failures_are_listed_with_code_and_sentence_and_can_be_selected_again() {
    let stopped = ended(RunStatus::Completed, 38, 2, 0);
    let failures = vec![failure(1, "Answered while the run was on its way."), failure(2, "<script>alert(1)</script>")];
    let detail = Detail { failures, may_manage: true, ..Detail::default() };
    let page = run(&Shell::sample(), &stopped, &detail, clock(&oslo()), false);
    assert!(page.contains("Select the failed ones again"));
    assert_eq!(page.matches("name=\"taskKey\"").count(), 2);
    assert!(!page.contains(" checked>"), "nothing is selected unasked");
    assert!(page.contains("&lt;script&gt;alert(1)"), "a message is text");
    let again = run(&Shell::sample(), &stopped, &Detail { selected: true, ..detail.clone() }, clock(&oslo()), false);
    assert_eq!(again.matches(" checked>").count(), 2);
    let reader =
        run(&Shell::sample(), &stopped, &Detail { may_manage: false, ..detail.clone() }, clock(&oslo()), false);
    assert!(!reader.contains("name=\"taskKey\"") && reader.contains("NOT_PENDING"));
    let dialog = run(&Shell::sample(), &stopped, &detail, clock(&oslo()), true);
    assert!(dialog.contains("?select=failed") && !dialog.contains("name=\"taskKey\""));
}

#[test]
fn without_script_the_page_of_a_run_under_way_loads_itself_again() {
    let page = run(&Shell::sample(), &running(), &Detail::default(), clock(&oslo()), false);
    assert!(page.contains("<noscript><meta http-equiv=\"refresh\" content=\"2\"></noscript>"));
    let page = run(&Shell::sample(), &ended(RunStatus::Completed, 1, 0, 0), &Detail::default(), clock(&oslo()), false);
    assert!(!page.contains("http-equiv=\"refresh\""));
}

#[test]
fn every_page_is_one_assistive_technology_can_read() {
    let shell = Shell::sample();
    let detail = Detail { failures: vec![failure(1, "No.")], may_manage: true, ..Detail::default() };
    let list = RunList { next: None, first: false, zone: "UTC", may_manage: true };
    a11y::check_console(&question(&shell, &question_of(Action::Cancel, 4, 3), false));
    a11y::check_console(&run(
        &shell,
        &running(),
        &Detail { holds: true, may_manage: true, ..Detail::default() },
        clock(&oslo()),
        false,
    ));
    a11y::check_console(&run(&shell, &ended(RunStatus::Completed, 1, 1, 0), &detail, clock(&oslo()), false));
    a11y::check_console(&runs(&shell, &[running()], &list, clock(&oslo()), false));
}
