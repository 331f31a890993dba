//! Countersign's rules: commands, events, effects, life cycles and the process engine, as pure functions.
//! Must not do IO, read a clock, draw random numbers, read the environment, or know XML, HTML, HTTP or AWS.

pub mod action;
mod apply;
pub mod bulk_run;
pub mod command;
mod decide;
pub mod decision;
pub mod effect;
mod engine;
pub mod erasure;
pub mod event;
pub mod external_task;
pub mod ids;
pub mod instance;
pub mod lifecycle;
pub mod notification;
pub mod outbound;
pub mod page;
pub mod permission;
pub mod process;
pub mod rejection;
pub mod script;
pub mod template;
pub mod time;
pub mod value;
pub mod variables;
pub mod work_task;

pub use apply::{apply, begin};
pub use decide::decide;
pub use engine::{CALL_DEPTH_MAX, Call, ChildEnd, call, command_answer, first_starts, next_timer_start};

#[cfg(test)]
mod tests;
