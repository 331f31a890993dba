//! Writes the console's pages of bulk runs and delivery to a folder, to be looked at in a browser:
//! `cargo run -p web --example console_gallery_runs -- target/gallery`. Sends nothing, starts nothing.

use domain::bulk_run::{Action, BulkRun, Filter, NewRun, Reason, RunStatus, Waiting};
use domain::ids::{InstanceKey, RunKey, TaskKey, TaskNumber, TenantId};
use domain::notification::Delivery;
use domain::time::Timestamp;
use std::path::PathBuf;
use web::console::bulk_runs::{self, Detail, Failure, Question, RunList, Selection};
use web::console::delivery::{self, Day, FollowUp, Overview, Quota};
use web::console::{Section, Shell};
use web::format::Zone;

/// 20 November 2026, 10:40 in Oslo.
const NOW_MS: i64 = 1_795_167_600_000;
const MINUTE_MS: i64 = 60_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder")?);
    std::fs::create_dir_all(&folder)?;
    let style = web::console::assets::address("console.css").ok_or("no stylesheet")?;
    std::fs::write(folder.join("console.css"), web::console::assets::at(style).ok_or("no stylesheet")?.bytes())?;
    for (name, content) in questions().into_iter().chain(runs()).chain(mails()) {
        std::fs::write(folder.join(name), content.replace(style, "console.css"))?;
    }
    Ok(())
}

fn shell() -> Shell {
    Shell {
        title: "Bulk runs".to_owned(),
        section: Some(Section::BulkRuns),
        here: "/bulk-runs".to_owned(),
        ..Shell::sample()
    }
}

fn at(minutes_ago: i64) -> Timestamp {
    Timestamp::from_millis(NOW_MS - minutes_ago * MINUTE_MS)
}

fn task(number: i64) -> TaskKey {
    InstanceKey::compose(NOW_MS - number * MINUTE_MS, 3).task(TaskNumber(1))
}

fn question(action: Action, total: u32, eligible: u32) -> Question {
    Question {
        action,
        selection: Selection::Keys((0..i64::from(total)).map(task).collect()),
        total,
        eligible,
        at_least: false,
        submission: "Z2FsbGVyeQ".to_owned(),
        back: "/external-tasks?status=PENDING".to_owned(),
    }
}

/// A part as a dialog over the list of runs, as the script opens it.
fn overlay(part: &str, class: &str) -> String {
    let dialog = format!("<dialog open class=\"{class}\" aria-labelledby=\"run-title\">{part}</dialog></body>");
    all_runs().replace("</body>", &dialog)
}

fn questions() -> Vec<(&'static str, String)> {
    let by_filter = Question {
        selection: Selection::filter(
            "status=PENDING&recipient=%40acme".to_owned(),
            &[("activity", "ConfirmDelivery"), ("recipient", "@acme")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
            |_| "Confirm delivery note".to_owned(),
        ),
        ..question(Action::Resend, 1_180, 1_180)
    };
    let ask = |question: &Question, part| bulk_runs::question(&shell(), question, part);
    vec![
        ("confirm-resend.html", ask(&question(Action::Resend, 15, 12), false)),
        ("confirm-filter.html", ask(&by_filter, false)),
        ("confirm-cancel.html", ask(&question(Action::Cancel, 4, 4), false)),
        ("confirm-nothing.html", ask(&question(Action::Resend, 3, 0), false)),
        ("dialog-cancel.html", overlay(&ask(&question(Action::Cancel, 5, 4), true), "narrow")),
        ("dialog-filter.html", overlay(&ask(&by_filter, true), "narrow")),
    ]
}

fn new(minutes_ago: i64, action: Action) -> NewRun {
    NewRun {
        tenant: TenantId(1),
        key: RunKey::compose(NOW_MS - minutes_ago * MINUTE_MS, 7),
        action,
        reason: None,
        by: "ingrid.solberg@norvik.example".to_owned(),
        door: None,
        address: None,
        attached: true,
        now: at(minutes_ago),
    }
}

fn running(action: Action, (processed, failed, total): (u32, u32, u32)) -> BulkRun {
    let (run, _) = BulkRun::of_keys(new(9, action), total, total);
    BulkRun { processed, succeeded: processed - failed, failed, mails_sent: processed - failed, ..run }
}

fn seventeen() -> BulkRun {
    running(Action::Resend, (17, 2, 42))
}

fn preparing() -> BulkRun {
    let (run, _) = BulkRun::of_filter(new(1, Action::Resend), Filter::default());
    BulkRun { selected: 4_000, eligible: 4_000, attached: false, ..run }
}

fn waiting() -> BulkRun {
    let waiting = Some(Waiting { reason: Reason::QuotaExhausted, since: at(3) });
    BulkRun { waiting, attached: false, ..running(Action::Resend, (812, 0, 2_400)) }
}

fn ended(
    action: Action,
    status: RunStatus,
    (succeeded, failed, skipped): (u32, u32, u32),
    minutes_ago: i64,
) -> BulkRun {
    let (run, _) =
        BulkRun::of_keys(new(minutes_ago, action), succeeded + failed + skipped, succeeded + failed + skipped);
    let mails_sent = if action == Action::Resend { succeeded } else { 0 };
    BulkRun {
        status,
        processed: succeeded + failed,
        succeeded,
        failed,
        skipped,
        mails_sent,
        ended_at: Some(at(minutes_ago - 4)),
        ..run
    }
}

fn some_runs() -> Vec<BulkRun> {
    let by_robot = |run| BulkRun { attached: false, by: "deploy-bot".to_owned(), ..run };
    vec![
        seventeen(),
        preparing(),
        by_robot(running(Action::SyncTemplates, (604, 0, 1_180))),
        waiting(),
        BulkRun { status: RunStatus::Stopping, ..running(Action::Resend, (17, 0, 42)) },
        ended(Action::Cancel, RunStatus::Stopped, (9, 0, 22), 1_300),
        ended(Action::Resend, RunStatus::Completed, (84, 2, 0), 10_000),
        ended(Action::SyncTemplates, RunStatus::Completed, (212, 0, 0), 16_000),
    ]
}

fn all_runs() -> String {
    let zone = Zone::named("Europe/Oslo");
    let list = RunList { next: Some("/bulk-runs?cursor=x"), first: true, zone: "Europe/Oslo", may_manage: true };
    bulk_runs::runs(&shell(), &some_runs(), &list, (&zone, at(0)), false)
}

fn failures() -> Vec<Failure> {
    let failure = |number, recipient: &str, name: &str, code: &str, message: &str| Failure {
        task: task(number),
        recipient: Some(recipient.to_owned()),
        name: Some(name.to_owned()),
        code: code.to_owned(),
        message: message.to_owned(),
    };
    vec![
        failure(
            1,
            "dispatch@tollgate-haulage.example",
            "Confirm delivery note",
            "NOT_PENDING",
            "The task was answered before its turn came.",
        ),
        failure(
            2,
            "r.fernandes@atlanticropes.example",
            "Confirm delivery note",
            "NOT_PENDING",
            "The task was cancelled before its turn came.",
        ),
        failure(
            3,
            "h.abebe@clearwater-lab.example",
            "Submit water sample results",
            "NOT_IN_DEPLOYED",
            "The deployed version has this activity no more.",
        ),
        failure(
            4,
            "bids@stonepier.example",
            "Accept revised quotation",
            "INTERNAL",
            "The task could not be worked three times. Try again; if it keeps failing, give support the number of the run.",
        ),
    ]
}

fn runs() -> Vec<(&'static str, String)> {
    let zone = Zone::named("Europe/Oslo");
    let show = |run: &BulkRun, detail: &Detail, part| bulk_runs::run(&shell(), run, detail, (&zone, at(0)), part);
    let holds = Detail { holds: true, may_manage: true, ..Detail::default() };
    let failed = Detail { failures: failures(), may_manage: true, ..Detail::default() };
    let list = RunList { next: None, first: true, zone: "Europe/Oslo", may_manage: true };
    let partly = ended(Action::Resend, RunStatus::Completed, (38, 4, 0), 30);
    let done = ended(Action::Resend, RunStatus::Completed, (42, 0, 0), 30);
    vec![
        ("runs.html", all_runs()),
        ("runs-none.html", bulk_runs::runs(&shell(), &[], &list, (&zone, at(0)), false)),
        ("run-running.html", show(&seventeen(), &holds, false)),
        ("run-preparing.html", show(&preparing(), &holds, false)),
        ("run-waiting.html", show(&waiting(), &holds, false)),
        ("run-partly.html", show(&partly, &failed, false)),
        ("run-again.html", show(&partly, &Detail { selected: true, ..failed.clone() }, false)),
        ("run-done.html", show(&done, &holds, false)),
        ("dialog-progress.html", overlay(&show(&seventeen(), &holds, true), "narrow")),
        (
            "dialog-detached.html",
            overlay(
                &show(&BulkRun { attached: false, ..seventeen() }, &Detail { holds: false, ..holds.clone() }, true),
                "narrow",
            ),
        ),
        ("dialog-summary.html", overlay(&show(&partly, &failed, true), "mid")),
        ("dialog-done.html", overlay(&show(&done, &holds, true), "narrow")),
    ]
}

fn days() -> Vec<Day> {
    const SENT: [(u64, u64); 14] = [
        (128, 2),
        (104, 1),
        (388, 4),
        (402, 5),
        (377, 4),
        (431, 6),
        (541, 19),
        (112, 2),
        (96, 1),
        (418, 6),
        (444, 5),
        (460, 7),
        (472, 6),
        (358, 6),
    ];
    let day = |(index, (sent, bounced)): (usize, &(u64, u64))| {
        let late = if index >= 12 { 9 * (index as u64 - 11) } else { 0 };
        Day {
            date: format!("2026-11-{:02}", index + 7),
            queued: sent + if index == 13 { 61 } else { 0 },
            sent: *sent,
            delivered: sent - bounced - late,
            delayed: late / 3,
            bounced: *bounced,
            complained: u64::from(index == 6),
            failed: 0,
        }
    };
    SENT.iter().enumerate().map(day).collect()
}

fn follow_up() -> Vec<FollowUp> {
    let row = |number, delivery, recipient: &str, name: &str, reference: &str| FollowUp {
        task: task(number),
        delivery,
        recipient: recipient.to_owned(),
        name: name.to_owned(),
        reference: Some(reference.to_owned()),
        created_at: at(number),
    };
    vec![
        row(
            160,
            Delivery::Bounced,
            "dispatch@tollgate-haulage.example",
            "Confirm delivery note",
            "PO-2026-04455 Bollards",
        ),
        row(
            1_370,
            Delivery::Bounced,
            "havnekontor@frostavik.example",
            "Approve inspection report",
            "IR-0874 Crane rail, north",
        ),
        row(
            2_600,
            Delivery::Complained,
            "tenders@whitby-dredging.example",
            "Accept revised quotation",
            "Q-118 Dredging 2027",
        ),
        row(4_100, Delivery::Failed, "safety@nordkran-montasje.example", "Confirm safety briefing", "WP-2207 Crane 3"),
    ]
}

fn mails() -> Vec<(&'static str, String)> {
    let quota = Quota { max_24h: Some(50_000), sent_24h: 1_204, per_second: 14, sending_enabled: true, read_at: at(2) };
    let overview = Overview { days: days(), quota: Some(quota.clone()), follow_up: Some(follow_up()), more: false };
    let fine = Overview { follow_up: Some(Vec::new()), ..overview.clone() };
    let paused = Quota { sending_enabled: false, ..quota };
    let quiet = Overview {
        days: days().into_iter().map(|day| Day { date: day.date, ..Day::default() }).collect(),
        quota: None,
        ..fine.clone()
    };
    let page = |overview: &Overview| delivery::page(&shell(), overview, &Zone::named("Europe/Oslo"), at(0));
    vec![
        ("delivery.html", page(&overview)),
        ("delivery-fine.html", page(&fine)),
        ("delivery-paused.html", page(&Overview { quota: Some(paused), ..fine.clone() })),
        ("delivery-nothing.html", page(&quiet)),
    ]
}
