//! E-13: a mail that bounced or was reported flags the ticket for a person.

use super::dsl::*;
use crate::decision::Reply;
use crate::external_task::Status;
use crate::notification::Delivery;
use serde_json::json;

fn world() -> World {
    given(one_task(ticket().expires_after("P7D").reminders(&["P1D", "P2D"]))).started(json!({}))
}

/// E-13
#[test]
fn a_bounce_flags_the_ticket_and_ends_its_reminders() {
    let mut world = world();
    world
        .bounce("ask", Delivery::Bounced)
        .events(&["task 1 bounced"])
        .effects(&["unschedule reminder 1 1"])
        .task("ask", Status::Pending);
    let task = world.task("ask");
    assert_eq!((task.follow_up, task.delivery, task.seq), (true, Delivery::Bounced, 2));
}

/// The rank of a delivery only rises; late and duplicate receipts change nothing.
#[test]
fn only_worse_news_is_news() {
    let mut world = world();
    world.bounce("ask", Delivery::Failed).accepted();
    world.bounce("ask", Delivery::Failed).refused("ALREADY_DONE");
    world.bounce("ask", Delivery::Complained).events(&["task 1 complained"]).effects(&[]);
    world.bounce("ask", Delivery::Bounced).refused("ALREADY_DONE");
    assert_eq!(world.task("ask").delivery, Delivery::Complained);
}

#[test]
fn good_news_is_no_bounce() {
    for delivery in [Delivery::Queued, Delivery::Sent, Delivery::Delayed, Delivery::Delivered] {
        world().bounce("ask", delivery).refused("INVALID_DELIVERY");
    }
}

#[test]
fn a_ticket_without_a_further_reminder_has_nothing_to_delete() {
    let mut world = given(one_task(ticket())).started(json!({}));
    world.bounce("ask", Delivery::Bounced).effects(&[]);
}

/// The end after a bounce deletes the expiry; the reminder was deleted before.
#[test]
fn a_flagged_ticket_can_be_answered() {
    let mut world = world();
    world.bounce("ask", Delivery::Bounced).accepted();
    world.submit("ask", "Approve", json!({})).replied(Reply::Submitted).effects(&["unschedule expiry 1"]);
}

#[test]
fn an_ended_ticket_is_not_flagged() {
    let mut completed = world();
    completed.submit("ask", "Approve", json!({})).accepted();
    completed.bounce("ask", Delivery::Bounced).refused_in("COMPLETED");
    let mut cancelled = world();
    cancelled.cancel().accepted();
    cancelled.bounce("ask", Delivery::Bounced).refused_in("CANCELLED");
    let mut expired = world();
    expired.after("P7D").bounce("ask", Delivery::Bounced).refused_in("EXPIRED");
}
