//! Writes the console's pages about external tasks, with the assets they load, into the folder named by the argument.
//! Served by any web server they look as in the product: for screenshots without a stack.
//!
//! `cargo run -p web --example console_gallery -- /tmp/gallery && python3 -m http.server -d /tmp/gallery`

use domain::external_task::Status;
use domain::ids::{InstanceKey, TaskKey, TaskNumber};
use domain::notification::{Channel, Delivery, NotificationKind};
use domain::time::Timestamp;
use std::path::Path;
use std::{env, fs, io};
use web::console::external_tasks::{self, Checked, Choice, Filter, FilterProblem, Listing, Notice, Row};
use web::console::task_details::{self, Act, Line, Notification, Task};
use web::console::{Shell, assets};
use web::format::Zone;

/// 20 November 2026, 10:00 in Oslo.
const NOW_MS: i64 = 1_795_165_200_000;
const HOUR: i64 = 3_600_000;

const PEOPLE: [(&str, &str, &str); 10] = [
    ("m.okafor@kestrel-marine.example", "Upload insurance certificate", "WP-2211 Quay 4 fender renewal"),
    ("anna.lindqvist@balticsurvey.example", "Approve inspection report", "IR-0874 Crane rail, north quay"),
    ("dispatch@tollgate-haulage.example", "Confirm delivery note", "PO-2026-04417 Mooring bollards"),
    ("j.vandenberg@havenlift.example", "Accept revised quotation", "CM-0391 Hoist rope, STS 2"),
    ("p.nakamura@osprey-divers.example", "Upload insurance certificate", "WP-2208 Hull cleaning, berth 9"),
    ("safety@nordkran-montasje.example", "Confirm safety briefing", "WP-2207 Light masts, ferry terminal"),
    ("elif.yilmaz@marmara-steel.example", "Confirm delivery note", "PO-2026-04398 Sheet piles, 42 t"),
    ("tenders@whitby-dredging.example", "Accept revised quotation", "DC-0032 Outer channel, lot 2"),
    ("kontor@lysaker-elektro.example", "Confirm safety briefing", "WP-2199 Shore power, pier 1"),
    ("h.abebe@clearwater-lab.example", "Submit water sample result", "EC-0117 Sediment, dock 1"),
];

/// That many milliseconds after now.
fn after(millis: i64) -> Timestamp {
    Timestamp::from_millis(NOW_MS + millis)
}

fn key(n: i64) -> TaskKey {
    InstanceKey::compose(NOW_MS - n * HOUR, 7).task(TaskNumber(1))
}

fn row(n: i64) -> Row {
    let (recipient, task, reference) = PEOPLE[usize::try_from(n).unwrap_or(0) % PEOPLE.len()];
    let status = match n % 10 {
        4 | 6 => Status::Completed,
        7 => Status::Cancelled,
        8 => Status::Expired,
        _ => Status::Pending,
    };
    let delivery = match n % 12 {
        2 => Delivery::Bounced,
        5 => Delivery::Delayed,
        8 => Delivery::Sent,
        0 if n < 1 => Delivery::Queued,
        _ => Delivery::Delivered,
    };
    let left = if n % 10 == 2 { 38 } else { 24 * (14 - n % 13) + 3 };
    Row {
        key: key(n),
        status,
        recipient: recipient.to_owned(),
        task: task.to_owned(),
        reference: Some(reference.to_owned()),
        created_at: after(-HOUR * 7 * n - 3_480_000),
        expires_at: (n % 10 != 9).then(|| after(if status == Status::Pending { left } else { -n } * HOUR)),
        reminders: u32::try_from(n % 4).unwrap_or(0),
        delivery,
        opened: n % 3 == 1,
        follow_up: delivery.needs_follow_up(),
    }
}

fn listing() -> Listing {
    let choice = |value: &str, word: &str| Choice { value: value.to_owned(), word: word.to_owned() };
    Listing {
        rows: (0..50).map(row).collect(),
        next: Some("eyJ2IjoxfQ".to_owned()),
        activities: vec![choice("Confirm", "Confirm delivery note"), choice("Brief", "Confirm safety briefing")],
        processes: vec![choice("permit", "Pier works permit"), choice("goods-received", "Goods received")],
        may_manage: true,
        may_see_instances: true,
        may_deploy: true,
        ..Listing::default()
    }
}

fn filtered(query: &[(&str, &str)]) -> Filter {
    Filter::read(&query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>())
}

fn line(n: i64, icon: &'static str, tone: &'static str, what: &str, by: &str) -> Line {
    Line {
        icon,
        tone,
        what: what.to_owned(),
        by: by.to_owned(),
        from: (n == 1).then(|| "console, 203.0.113.7".to_owned()),
        note: None,
        at: after(-HOUR * n),
    }
}

fn task(status: Status) -> Task {
    let row = row(2);
    let mail = |kind, hours: i64, delivery, reason: Option<&str>| Notification {
        kind,
        channel: Channel::Email,
        to: row.recipient.clone(),
        at: after(-HOUR * hours),
        delivery,
        reason: reason.map(str::to_owned),
        opened: None,
    };
    let pending = status == Status::Pending;
    let bounced = if pending { Delivery::Bounced } else { Delivery::Delivered };
    Task {
        key: row.key,
        instance: row.key.instance(),
        status,
        name: row.task,
        activity_id: "Activity_confirm_delivery".to_owned(),
        process: "Goods received".to_owned(),
        process_id: "goods-received".to_owned(),
        version: 12,
        recipient: row.recipient.clone(),
        recipient_name: Some("Dispatch office".to_owned()),
        channel: Channel::Email,
        reference: row.reference,
        created_at: after(-50 * HOUR),
        expires_at: row.expires_at,
        completed_at: (status == Status::Completed).then_some(after(-HOUR)),
        ended_at: (!pending).then_some(after(-HOUR)),
        first_fetched_at: (!pending).then_some(after(-2 * HOUR)),
        first_opened_at: (!pending).then_some(after(-2 * HOUR)),
        outcome: (status == Status::Completed).then(|| "Confirm".to_owned()),
        answers: Some(vec![
            ("Quantity".to_owned(), "24".to_owned()),
            ("Comment".to_owned(), "Two bollards arrived with scratched paint; photos follow.".to_owned()),
        ]),
        templates_version: 12,
        synced_at: None,
        link: Some((
            "https://answer.norvik.example/t/QAAAAAAAD60AAWx3c2Qm7hVbq0Zt5u1kYd9Rr2oXeP8sLw".to_owned(),
            "QAAAAAAAD60AAWx3c2Qm7hVbq0Zt5u1kYd9Rr2oXeP8sLw".to_owned(),
        )),
        notifications: vec![
            mail(NotificationKind::Initial, 50, Delivery::Delivered, None),
            mail(NotificationKind::Reminder, 2, bounced, pending.then_some("mailbox unknown")),
        ],
        history: vec![
            line(50, "plus", "", "Task created", "by the process"),
            line(49, "send", "", "First mail ordered", "by the process"),
            line(2, "send", "", "Reminder ordered", "by schedule"),
            line(1, "sync", "", "Templates of version 12 taken", "by Ingrid Solberg"),
        ],
        follow_up: pending,
        instance_failed: false,
        actions: if pending { vec![Act::Resend, Act::SyncTemplates, Act::Cancel] } else { Vec::new() },
        may_see_instance: true,
    }
}

fn pages() -> Vec<(&'static str, String)> {
    let (shell, zone) = (Shell::sample(), Zone::named("Europe/Oslo"));
    let clock = (&zone, after(0));
    let list = |listing: &Listing| external_tasks::page(&shell, listing, clock);
    let pending = filtered(&[("status", "PENDING"), ("recipient", "@acme"), ("activity", "Confirm")]);
    let selected = Listing { checked: Checked::Page, filter: filtered(&[("status", "PENDING")]), ..listing() };
    let selected =
        Listing { rows: listing().rows.into_iter().filter(|row| row.status == Status::Pending).collect(), ..selected };
    let page_of = |status| task_details::page(&shell, &task(status), None, "/external-tasks", "c3Vi", clock);
    let notice = Notice { tone: "ok", text: Act::Resend.done("dispatch@tollgate-haulage.example") };
    vec![
        ("tasks.html", list(&listing())),
        ("tasks-selected.html", list(&selected)),
        ("tasks-matching.html", list(&Listing { checked: Checked::Matching, ..selected.clone() })),
        ("tasks-readonly.html", list(&Listing { may_manage: false, ..listing() })),
        ("tasks-empty.html", list(&Listing { rows: Vec::new(), next: None, filter: pending.clone(), ..listing() })),
        ("tasks-first.html", list(&Listing { may_deploy: true, ..Listing::default() })),
        (
            "tasks-error.html",
            list(&Listing { rows: Vec::new(), next: None, failed: Some("req-7f3a91c2".to_owned()), ..listing() }),
        ),
        (
            "tasks-search.html",
            list(&Listing {
                rows: (0..3).map(row).collect(),
                filter: pending.clone(),
                searched_to: Some(after(-900 * HOUR)),
                ..listing()
            }),
        ),
        (
            "tasks-problem.html",
            list(&Listing {
                rows: Vec::new(),
                next: None,
                filter: filtered(&[("recipient", "ab")]),
                problems: vec![FilterProblem {
                    field: "recipient".to_owned(),
                    message: "Type at least 3 characters of the address.".to_owned(),
                }],
                ..listing()
            }),
        ),
        ("task-pending.html", page_of(Status::Pending)),
        ("task-completed.html", page_of(Status::Completed)),
        ("task-cancelled.html", page_of(Status::Cancelled)),
        ("task-expired.html", page_of(Status::Expired)),
        (
            "task-notice.html",
            task_details::page(&shell, &task(Status::Pending), Some(&notice), "/external-tasks", "c3Vi", clock),
        ),
        ("task-cancel.html", task_details::cancel_page(&shell, &task(Status::Pending))),
        ("part-dialog.html", task_details::dialog_part(&shell, &task(Status::Pending), None, None, clock)),
        ("part-cancel.html", task_details::cancel_part(&shell, &task(Status::Pending))),
    ]
}

fn main() -> io::Result<()> {
    let folder = env::args().nth(1).ok_or_else(|| io::Error::other("name the folder to write to"))?;
    let folder = Path::new(&folder);
    fs::create_dir_all(folder.join("assets"))?;
    for asset in assets::all() {
        fs::write(folder.join(asset.address.trim_start_matches('/')), asset.bytes())?;
    }
    for (name, page) in pages() {
        fs::write(folder.join(name), page)?;
    }
    Ok(())
}
