//! The life cycle of an ordinary user task, W-01 to W-21, as one table. Decides nothing else.

use crate::lifecycle::{After, Transition, row};
use serde::{Deserialize, Serialize};
use std::fmt;

/// State of an ordinary user task. Completed and canceled are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody works on it, whether it is assigned or not.
    Open,
    /// The assignee works on it.
    InProgress,
    /// The assignee has interrupted the work.
    Paused,
    /// A submission failed; the instance waits for a retry.
    Failed,
    /// Done.
    Completed,
    /// Taken away or cancelled.
    Canceled,
}

impl State {
    /// All of them, in the order of the specification.
    pub const ALL: [State; 6] =
        [State::Open, State::InProgress, State::Paused, State::Failed, State::Completed, State::Canceled];

    /// The word on the wire and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::InProgress => "in_progress",
            State::Paused => "paused",
            State::Failed => "failed",
            State::Completed => "completed",
            State::Canceled => "canceled",
        }
    }

    /// Accepts the exact words of the wire.
    pub fn parse(text: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// No action changes a final state.
    pub fn is_final(self) -> bool {
        matches!(self, State::Completed | State::Canceled)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What can be asked of an ordinary user task once it exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A candidate takes it.
    Claim,
    /// A manager gives it to somebody.
    Assign,
    /// A manager gives it to somebody else.
    Reassign,
    /// A manager takes it from its assignee.
    Unassign,
    /// The assignee gives it back.
    Return,
    /// Work begins.
    Start,
    /// Work is interrupted.
    Pause,
    /// Work goes on.
    Resume,
    /// Keep what was typed.
    SaveDraft,
    /// Hide it until a date.
    Defer,
    /// Change attributes.
    Update,
    /// An action of the customer's own application.
    Custom,
    /// A valid answer.
    Complete,
    /// An answer that is refused.
    DenyComplete,
    /// The process takes the task away.
    Interrupt,
    /// An answer failed.
    Fail,
    /// Back to where it was before the failure.
    Retry,
    /// Its instance is cancelled.
    Cancel,
}

impl Action {
    /// All of them, in the order of the specification's matrix.
    pub const ALL: [Action; 18] = [
        Action::Claim,
        Action::Assign,
        Action::Reassign,
        Action::Unassign,
        Action::Return,
        Action::Start,
        Action::Pause,
        Action::Resume,
        Action::SaveDraft,
        Action::Defer,
        Action::Update,
        Action::Custom,
        Action::Complete,
        Action::DenyComplete,
        Action::Interrupt,
        Action::Fail,
        Action::Retry,
        Action::Cancel,
    ];

    /// The name in tables, history and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Claim => "claim",
            Action::Assign => "assign",
            Action::Reassign => "reassign",
            Action::Unassign => "unassign",
            Action::Return => "return",
            Action::Start => "start",
            Action::Pause => "pause",
            Action::Resume => "resume",
            Action::SaveDraft => "saveDraft",
            Action::Defer => "defer",
            Action::Update => "update",
            Action::Custom => "custom",
            Action::Complete => "complete",
            Action::DenyComplete => "denyComplete",
            Action::Interrupt => "interrupt",
            Action::Fail => "fail",
            Action::Retry => "retry",
            Action::Cancel => "cancel",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who asks, as the table of the specification names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Named as candidate, or member of a candidate group.
    Candidate,
    /// Who does the task.
    Assignee,
    /// Who manages tasks.
    Manager,
    /// Administrators.
    Admin,
    /// The engine, a schedule.
    System,
}

/// W-01 (create) has no state before it, so the table begins with W-02.
pub const TABLE: &[Transition<State, Action, &[Role]>] = {
    use Action::*;
    use State::*;
    const LIVE: &[State] = &[Open, InProgress, Paused];
    const DOERS: &[Role] = &[Role::Assignee, Role::Manager];
    &[
        on("W-02", Claim, &[Role::Candidate, Role::Manager], &[Open], After::Same),
        on("W-03", Assign, &[Role::Manager], LIVE, After::Same),
        on("W-04", Reassign, &[Role::Manager], LIVE, After::Same),
        on("W-05", Unassign, &[Role::Manager], LIVE, After::State(Open)),
        on("W-06", Return, &[Role::Assignee], LIVE, After::State(Open)),
        on("W-07", Start, DOERS, &[Open], After::State(InProgress)),
        on("W-08", Pause, DOERS, &[InProgress], After::State(Paused)),
        on("W-09", Resume, DOERS, &[Paused], After::State(InProgress)),
        on("W-10", SaveDraft, DOERS, &[Open], After::State(InProgress)),
        on("W-11", SaveDraft, DOERS, &[InProgress, Paused], After::Same),
        on("W-12", Defer, DOERS, &[Open, Paused], After::Same),
        on("W-13", Defer, DOERS, &[InProgress], After::State(Paused)),
        on("W-14", Update, DOERS, LIVE, After::Same),
        on("W-15", Custom, DOERS, LIVE, After::Same),
        on("W-16", Complete, DOERS, LIVE, After::State(Completed)),
        on("W-17", DenyComplete, DOERS, LIVE, After::Same),
        on("W-18", Interrupt, &[Role::System], LIVE, After::State(Canceled)),
        on("W-19", Fail, &[Role::System], LIVE, After::State(Failed)),
        on("W-20", Retry, &[Role::Admin], &[Failed], After::Prior),
        on("W-21", Cancel, &[Role::System, Role::Admin], &[Open, InProgress, Paused, Failed], After::State(Canceled)),
    ]
};

const fn on(
    rule: &'static str,
    action: Action,
    role: &'static [Role],
    from: &'static [State],
    to: After<State>,
) -> Transition<State, Action, &'static [Role]> {
    Transition { rule, action, role, from, to }
}

/// The state after `action` in `state`, or `None`: 409. `prior` is the state before a failure.
pub fn after(state: State, prior: Option<State>, action: Action) -> Option<State> {
    match row(TABLE, state, action)?.to {
        After::Same => Some(state),
        After::State(next) => Some(next),
        // A task that failed before this was kept was open: nobody could have started it.
        After::Prior => Some(prior.unwrap_or(State::Open)),
    }
}
