//! E-04: the notification repeats and nothing else (S0-31, S0-32).

use super::dsl::*;
use crate::external_task::{ExternalTask, Status};
use crate::notification::{Delivery, NotificationKind};
use serde_json::json;

fn world() -> World {
    given(one_task(ticket().expires_after("P7D").reminders(&["P1D"]))).started(json!({}))
}

/// E-04, S0-32, invariants 14 and 15
#[test]
fn a_resend_repeats_the_notification_and_changes_only_the_count() {
    let mut world = world();
    let before = world.task("ask").clone();
    world.after("PT1H").resend("ask").events(&["task 1 resent"]).effects(&["notify 1 Resend"]);
    let expected = ExternalTask { seq: before.seq + 1, reminders: 1, ..before };
    assert_eq!(world.task("ask"), &expected);
}

#[test]
fn resends_do_not_disturb_the_reminders() {
    let mut world = world();
    world.resend("ask").accepted();
    world.resend("ask").accepted();
    world.after("P1D").remind("ask", 1).accepted();
    assert_eq!(world.task("ask").reminders, 3);
    assert_eq!(world.notifications().iter().filter(|kind| **kind == NotificationKind::Resend).count(), 2);
}

/// A person looked and decided: a bounced address may be tried again.
#[test]
fn a_bounced_ticket_can_be_resent() {
    let mut world = world();
    world.bounce("ask", Delivery::Bounced).accepted();
    world.resend("ask").task("ask", Status::Pending).effects(&["notify 1 Resend"]);
}

/// S0-45 to S0-47
#[test]
fn an_ended_ticket_is_not_resent() {
    let mut completed = world();
    completed.submit("ask", "Approve", json!({})).accepted();
    completed.resend("ask").refused_in("COMPLETED");
    let mut cancelled = world();
    cancelled.cancel().accepted();
    cancelled.resend("ask").refused_in("CANCELLED");
    let mut expired = world();
    expired.after("P7D").resend("ask").refused_in("EXPIRED");
    expired.expire("ask").accepted();
    expired.resend("ask").refused_in("EXPIRED");
}
