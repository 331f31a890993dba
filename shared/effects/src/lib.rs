//! The only place that touches the outside: mail, schedules and queues, from the effects of journal items.
//! Doing any effect twice is harmless; nothing here decides about a task.

mod action_mail;
pub mod channel;
pub mod config;
mod lazy;
mod mail;
mod perform;
mod queue;
mod runs;
mod schedule;
mod tally;

pub use config::EffectsConfig;
pub use perform::{Path, Performer};
pub use queue::{EffectRef, Receipts};

/// An effect could not be done. The variants say what the caller does next.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Throttled, paused, timed out, unreachable: try again later.
    #[error("{what} is not possible now: {detail}")]
    Later {
        /// The service's call.
        what: &'static str,
        /// What it said.
        detail: String,
    },
    /// Refused for good: a retry would be refused as well.
    #[error("{what} was refused: {detail}")]
    Refused {
        /// The service's call.
        what: &'static str,
        /// What it said.
        detail: String,
    },
    /// The table could not be asked.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The waist could not be passed.
    #[error(transparent)]
    App(#[from] app::Error),
}

impl Error {
    /// The name an alarm can look for.
    pub fn name(&self) -> &'static str {
        match self {
            Error::Later { .. } => "EffectDelayed",
            Error::Refused { .. } => "EffectRefused",
            Error::Store(_) => "StoreFailed",
            Error::App(_) => "CommandFailed",
        }
    }
}
