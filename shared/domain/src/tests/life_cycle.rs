//! The table of the external life cycle: its matrix, what each pair answers, and what is offered.

use super::dsl::*;
use crate::external_task::lifecycle::{TABLE, operator_actions};
use crate::external_task::{Action, Role, Status, lifecycle};
use crate::lifecycle::matrix;
use crate::notification::Delivery;
use serde_json::json;

/// The matrix of the specification, E-03 to E-14.
#[test]
fn the_matrix_is_the_specification() {
    insta::assert_snapshot!(matrix(TABLE, &Status::ALL, &Action::ALL));
}

#[test]
fn each_rule_stands_once() {
    let rules: Vec<&str> = TABLE.iter().map(|row| row.rule).collect();
    let expected: Vec<String> = (3..=14).map(|n| format!("E-{n:02}")).collect();
    assert_eq!(rules, expected);
    for status in Status::ALL {
        for action in Action::ALL {
            let rows = TABLE.iter().filter(|row| row.action == action && row.from.contains(&status)).count();
            assert!(rows <= 1, "{action} in {status}");
        }
    }
}

/// Fifteen pairs are legal.
#[test]
fn fifteen_pairs_are_legal_and_pending_is_the_only_state_to_leave() {
    let legal = Status::ALL.iter().flat_map(|status| Action::ALL.map(|action| lifecycle::after(*status, action)));
    assert_eq!(legal.flatten().count() + 1, 15, "with E-01, which has no state before");
    for status in Status::ALL.into_iter().filter(|status| status.is_final()) {
        assert!(Action::ALL.iter().all(|action| lifecycle::after(status, *action).is_none_or(|after| after == status)));
    }
}

/// S0-27, S0-45 to S0-47: what an operator is offered follows from the status.
#[test]
fn operators_are_offered_the_pending_actions_and_nothing_afterwards() {
    let offered = |status| operator_actions(status).map(Action::as_str).collect::<Vec<_>>();
    assert_eq!(offered(Status::Pending), ["resend", "syncTemplates", "cancel"]);
    for status in [Status::Completed, Status::Cancelled, Status::Expired] {
        assert!(offered(status).is_empty());
    }
    assert!(TABLE.iter().all(|row| row.role != Role::Operator || row.from == [Status::Pending]));
}

/// A ticket in each status, with a timer so that the process can interrupt it.
fn in_status(status: Status) -> World {
    let process = model("any")
        .start("start")
        .task("ask", ticket().expires_after("P2D").reminders(&["PT1H"]))
        .timer("late", "ask", true, once("P1D"))
        .task("other", ticket())
        .flow("start > ask")
        .flow("start > other")
        .build();
    let mut world = given(process).started(json!({}));
    match status {
        Status::Pending => {}
        Status::Completed => {
            world.submit_as("ask", "Approve", json!({}), "first").accepted();
        }
        Status::Cancelled => {
            world.cancel().accepted();
        }
        Status::Expired => {
            world.process = one_task(ticket().expires_after("PT2H").reminders(&["PT1H"]));
            world.forget();
            world.start(json!({})).accepted();
            world.after("PT2H").expire("ask").accepted();
        }
    }
    assert_eq!(world.task("ask").status, status);
    world
}

/// Invariant 5: every pair of status and action is in the table or refused with the state.
#[test]
fn every_pair_outside_the_table_is_refused_with_the_state() {
    for status in Status::ALL {
        for action in Action::ALL {
            let mut world = in_status(status);
            let before = world.state.clone();
            let then = match action {
                Action::Remind => world.after("PT1H").remind("ask", 1),
                Action::Resend => world.resend("ask"),
                // The first post opens; a draft is the smallest one.
                Action::Open | Action::SaveDraft => world.save_draft("ask", json!({})),
                Action::Submit => world.submit("ask", "Approve", json!({})),
                Action::DenySubmit => world.submit("ask", "Nod", json!({})),
                Action::SyncTemplates => world.sync("ask", 2),
                Action::Cancel => world.cancel_task("ask"),
                // No command asks for it: an interrupting timer and a cancelled instance do it.
                Action::Interrupt if status == Status::Pending => world.after("P1D").fire("ask", "late", 1),
                Action::Interrupt => continue,
                Action::Expire => {
                    world.process = one_task(ticket().expires_after("P2D"));
                    world.after("P2D").expire("ask")
                }
                Action::Bounce => world.bounce("ask", Delivery::Bounced),
            };
            match lifecycle::after(status, action) {
                // A post to an ended ticket is answered with the page of its state (E-14) and decides nothing.
                Some(after) if status == Status::Pending => {
                    then.task("ask", after);
                }
                Some(_) | None => {
                    then.refused_in(status.as_str());
                    assert_eq!(world.state, before);
                }
            }
        }
    }
}

#[test]
fn the_words_of_the_wire_are_read_back() {
    for status in Status::ALL {
        assert_eq!(Status::parse(status.as_str()), Some(status));
        assert_eq!(serde_json::to_value(status).unwrap(), json!(status.as_str()));
    }
    assert_eq!(Status::parse("pending"), None);
}
