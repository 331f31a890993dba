//! The machinery of life-cycle tables: one `const` table per profile is read by decisions, API, pages and documentation.
//! Knows no profile.

/// One row: `action` by `role` leads from any state of `from` to `to`.
#[derive(Debug)]
pub struct Transition<S: 'static, A: 'static, R: 'static> {
    /// Row of the specification's table, for example `E-07`.
    pub rule: &'static str,
    /// What is asked.
    pub action: A,
    /// Who may ask, as the life cycle sees it; permissions are checked elsewhere.
    pub role: R,
    /// States in which the action is legal.
    pub from: &'static [S],
    /// The state after.
    pub to: After<S>,
}

/// Where a transition leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After<S> {
    /// The state stays as it is.
    Same,
    /// To this state.
    State(S),
    /// Back to where it was before the present state.
    Prior,
}

/// The row for `action` in `state`, or `None`: a conflict with the present state.
pub fn row<S: Copy + PartialEq, A: Copy + PartialEq, R>(
    table: &'static [Transition<S, A, R>],
    state: S,
    action: A,
) -> Option<&'static Transition<S, A, R>> {
    table.iter().find(|row| row.action == action && row.from.contains(&state))
}

/// The state after `action` in `state`, or `None`: a conflict with the present state.
pub fn next<S: Copy + PartialEq, A: Copy + PartialEq, R>(
    table: &'static [Transition<S, A, R>],
    state: S,
    action: A,
) -> Option<S> {
    row(table, state, action).map(|row| match row.to {
        After::State(next) => next,
        // Only a profile that keeps the state before knows it; the others have no such row.
        After::Same | After::Prior => state,
    })
}

/// The actions `role` can take in `state`, in table order: what buttons and the API offer.
pub fn offered<S: Copy + PartialEq, A: Copy, R: PartialEq>(
    table: &'static [Transition<S, A, R>],
    state: S,
    role: R,
) -> impl Iterator<Item = A> {
    table.iter().filter(move |row| row.role == role && row.from.contains(&state)).map(|row| row.action)
}

/// The matrix action x state as a Markdown table (`409` where the pair is illegal), for documentation and review.
pub fn matrix<S, A, R>(table: &'static [Transition<S, A, R>], states: &[S], actions: &[A]) -> String
where
    S: Copy + PartialEq + std::fmt::Display,
    A: Copy + PartialEq + std::fmt::Display,
{
    let mut text = String::from("| action \\ state |");
    for state in states {
        text.push_str(&format!(" {state} |"));
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(states.len()));
    for action in actions {
        text.push_str(&format!("\n| {action} |"));
        for state in states {
            match row(table, *state, *action).map(|row| row.to) {
                Some(After::State(after)) => text.push_str(&format!(" {after} |")),
                Some(After::Same) => text.push_str(&format!(" {state} |")),
                Some(After::Prior) => text.push_str(" prior |"),
                None => text.push_str(" 409 |"),
            }
        }
    }
    text.push('\n');
    text
}
