//! The table of the life cycle of ordinary user tasks, W-02 to W-21: its matrix and what the built rows answer.

use super::dsl::*;
use crate::command::{Command, Completion};
use crate::lifecycle::matrix;
use crate::work_task::lifecycle::{TABLE, after};
use crate::work_task::{Action, State};
use serde_json::json;

/// The matrix of the specification.
#[test]
fn the_matrix_is_the_specification() {
    insta::assert_snapshot!(matrix(TABLE, &State::ALL, &Action::ALL));
}

#[test]
fn each_rule_stands_once_and_a_pair_has_one_row() {
    let rules: Vec<&str> = TABLE.iter().map(|row| row.rule).collect();
    let expected: Vec<String> = (2..=21).map(|n| format!("W-{n:02}")).collect();
    assert_eq!(rules, expected);
    for state in State::ALL {
        for action in Action::ALL {
            let rows = TABLE.iter().filter(|row| row.action == action && row.from.contains(&state)).count();
            assert!(rows <= 1, "{action} in {state}");
        }
    }
}

#[test]
fn forty_five_pairs_are_legal_and_final_states_accept_nothing() {
    let legal = |state: State| Action::ALL.into_iter().filter(move |action| after(state, None, *action).is_some());
    assert_eq!(State::ALL.into_iter().flat_map(legal).count(), 45);
    for state in State::ALL.into_iter().filter(|state| state.is_final()) {
        assert_eq!(legal(state).count(), 0, "{state}");
    }
}

/// W-20: a retry leads back to where the task was.
#[test]
fn a_retry_leads_to_the_state_before_the_failure() {
    for prior in [State::Open, State::InProgress, State::Paused] {
        assert_eq!(after(State::Failed, Some(prior), Action::Retry), Some(prior));
    }
}

fn in_state(state: State) -> World {
    let process = model("any")
        .start("start")
        .task("review", work().server_script("flaky"))
        .task("other", work())
        .flow("start > review")
        .flow("start > other")
        .build();
    let mut world = given(process);
    world.scripts.on("flaky", |request| match request.user_action {
        Some("Break") => Err(crate::script::ScriptFailure::Technical("broken".to_owned())),
        Some(_) | None => result(json!(null)),
    });
    let mut world = world.started(json!({}));
    match state {
        State::Open | State::InProgress | State::Paused => {}
        State::Failed => {
            world.complete("review", "Break", json!({})).accepted();
        }
        State::Completed => {
            world.complete("review", "Approve", json!({})).accepted();
        }
        State::Canceled => {
            world.cancel().accepted();
        }
    }
    // Start and pause come with the inbox; the table is what completion asks.
    if state == State::InProgress || state == State::Paused {
        let number = world.work_task("review").key.number();
        world.state.as_mut().unwrap().work_tasks.get_mut(&number).unwrap().state = state;
        world.forget_journal();
    }
    assert_eq!(world.work_task("review").state, state);
    world
}

/// Invariant 5, for complete and cancel in every state; W-16 also from open and paused.
#[test]
fn complete_and_cancel_follow_the_table_in_every_state() {
    for state in State::ALL {
        let mut world = in_state(state);
        let before = world.state.clone();
        let then = world.complete("review", "Approve", json!({}));
        match (after(state, None, Action::Complete), state) {
            (Some(next), _) => {
                then.work_task("review", next);
            }
            (None, State::Failed) => {
                then.refused("INSTANCE_IN_ERROR");
                assert_eq!(world.state, before);
            }
            (None, _) => {
                then.refused_in(state.as_str());
                assert_eq!(world.state, before);
            }
        }
        let mut world = in_state(state);
        let then = world.cancel();
        match (after(state, None, Action::Cancel), state) {
            (Some(next), _) => {
                then.work_task("review", next);
            }
            // The other task of the instance is cancelled, the completed one stays.
            (None, State::Completed) => {
                then.work_task("review", State::Completed).work_task("other", State::Canceled);
            }
            (None, _) => then.refused_in("CANCELLED"),
        }
    }
}

#[test]
fn an_unknown_task_is_not_found() {
    let mut world = in_state(State::Open);
    let task = key().task(crate::ids::TaskNumber(60_000));
    world.when(Command::Complete(Completion { task, action: None, values: vars(json!({})) })).refused("NOT_FOUND");
}

#[test]
fn the_words_of_the_wire_are_read_back() {
    for state in State::ALL {
        assert_eq!(State::parse(state.as_str()), Some(state));
        assert_eq!(serde_json::to_value(state).unwrap(), json!(state.as_str()));
    }
    assert_eq!(State::parse("OPEN"), None);
}
