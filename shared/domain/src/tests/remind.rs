//! E-03: reminders by plan. Late, repeated and early firings, missed ones, and none after the end.

use super::dsl::*;
use crate::command::Command;
use crate::external_task::Status;
use crate::notification::{Delivery, NotificationKind};
use serde_json::json;

fn reminded(durations: &[&str]) -> World {
    given(one_task(ticket().expires_after("P10D").reminders(durations))).started(json!({}))
}

/// E-03, invariant 15
#[test]
fn a_reminder_notifies_and_schedules_the_next_one() {
    let mut world = reminded(&["P1D", "P3D"]);
    world
        .after("P1D")
        .remind("ask", 1)
        .events(&["task 1 reminded, next 2"])
        .effects(&["schedule reminder 1 2 at 2026-03-05T09:00:00.000Z", "notify 1 Reminder"]);
    world.after("P2D").remind("ask", 2).events(&["task 1 reminded, next 3"]).effects(&["notify 1 Reminder"]);
    assert_eq!((world.task("ask").reminders, world.task("ask").status), (2, Status::Pending));
    world.remind("ask", 3).refused("ALREADY_DONE");
    assert_eq!(
        world.notifications(),
        [NotificationKind::Initial, NotificationKind::Reminder, NotificationKind::Reminder]
    );
}

#[test]
fn a_reminder_before_its_time_is_refused() {
    let mut world = reminded(&["P1D"]);
    world.now = world.now.plus_millis(86_400_000 - 1);
    world.remind("ask", 1).refused("TOO_EARLY");
    world.now = world.now.plus_millis(1);
    world.remind("ask", 1).accepted();
}

/// Schedules are delivered at least once.
#[test]
fn a_repeated_reminder_is_refused() {
    let mut world = reminded(&["P1D", "P3D"]);
    world.after("P1D").remind("ask", 1).accepted();
    world.remind("ask", 1).refused("ALREADY_DONE");
    assert_eq!(world.task("ask").reminders, 1);
}

/// Design 8: missed reminders fold into one.
#[test]
fn missed_reminders_fold_into_one() {
    let mut world = reminded(&["P1D", "P2D", "P3D", "P5D"]);
    world
        .after("P3D")
        .remind("ask", 1)
        .events(&["task 1 reminded, next 4"])
        .effects(&["schedule reminder 1 4 at 2026-03-07T09:00:00.000Z", "notify 1 Reminder"]);
    for folded in [2, 3] {
        world.remind("ask", folded).refused("ALREADY_DONE");
    }
    assert_eq!(world.task("ask").reminders, 1);
}

/// The later of two missed reminders may arrive first.
#[test]
fn a_later_reminder_that_arrives_first_stands_for_the_earlier_one() {
    let mut world = reminded(&["P1D", "P2D"]);
    world.after("P2D").remind("ask", 2).accepted();
    world.remind("ask", 1).refused("ALREADY_DONE");
}

#[test]
fn an_occurrence_outside_the_plan_is_refused() {
    let mut world = reminded(&["P1D"]);
    world.after("P1D");
    for occurrence in [0, 2, u32::MAX] {
        world.remind("ask", occurrence).refused("ALREADY_DONE");
    }
}

#[test]
fn a_cycle_reminds_as_often_as_it_says() {
    let mut world = given(one_task(ticket().reminders_every(3, "P1D"))).started(json!({}));
    for occurrence in 1..=3 {
        assert_eq!(world.scheduled().len(), 1);
        world.after("P1D").remind("ask", occurrence).accepted();
    }
    assert!(world.scheduled().is_empty());
    world.after("P1D").remind("ask", 4).refused("ALREADY_DONE");
    given(one_task(ticket().reminders_every(0, "P1D"))).start(json!({})).effects(&["notify 1 Initial", "find 1"]);
}

/// A cycle of seconds that nobody ran for a year is folded in bounded work.
#[test]
fn a_long_missed_cycle_folds_and_ends() {
    let mut world = given(one_task(ticket().reminders_every(u32::MAX, "PT1S"))).started(json!({}));
    world.after("P365D").remind("ask", 1).effects(&["notify 1 Reminder"]);
    world.remind("ask", u32::MAX).refused("ALREADY_DONE");
}

/// Never after the expiry, also when that is late.
#[test]
fn no_reminder_goes_out_after_the_expiry() {
    let mut world = given(one_task(ticket().expires_after("P2D").reminders(&["P1D", "P2D", "P3D"]))).started(json!({}));
    world.after("P1D").remind("ask", 1).effects(&["notify 1 Reminder"]);
    world.after("P1D").remind("ask", 2).refused_in("EXPIRED");
    world.expire("ask").accepted();
    world.after("P1D").remind("ask", 3).refused_in("EXPIRED");
    let mut late = given(world.process.clone()).started(json!({}));
    late.after("P2D").remind("ask", 1).refused_in("EXPIRED");
}

#[test]
fn no_reminder_goes_out_after_the_end() {
    let mut answered = reminded(&["P1D"]);
    answered.submit("ask", "Approve", json!({})).accepted();
    answered.after("P1D").remind("ask", 1).refused_in("COMPLETED");
    let mut cancelled = reminded(&["P1D"]);
    cancelled.cancel_task("ask").accepted();
    cancelled.after("P1D").remind("ask", 1).refused_in("CANCELLED");
}

/// E-13
#[test]
fn no_reminder_goes_out_after_a_bounce() {
    let mut world = reminded(&["P1D"]);
    world.bounce("ask", Delivery::Bounced).accepted();
    world.after("P1D").remind("ask", 1).refused("ALREADY_DONE");
}

/// A reminder belongs to the version the instance runs, whatever was synced.
#[test]
fn sync_does_not_change_the_plan() {
    let mut world = reminded(&["P1D"]);
    world.templates = Some(one_task(ticket().reminders(&["PT1H"])));
    world.sync("ask", 2).accepted();
    world.after("PT1H").remind("ask", 1).refused("TOO_EARLY");
    world.after("P1D");
    let task = world.key_of("ask");
    world.when(Command::Remind { task, occurrence: 1 }).effects(&["notify 1 Reminder"]);
}
