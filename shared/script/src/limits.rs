//! What one evaluation may use up. Holds numbers only; the engine enforces them.

use std::time::Duration;

/// Steps of an evaluation: jumps and calls of functions, counted by the interpreter itself. A turn of a loop takes two
/// or three.
pub const STEPS_MAX: u64 = 10_000_000;
/// Heap of an evaluation, the language's own objects included, in bytes.
pub const HEAP_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Native stack of an evaluation in bytes.
pub const STACK_BYTES_MAX: usize = 1024 * 1024;
/// The result, the writes together, and the arguments of one command: each as compact JSON, in bytes.
pub const RESULT_BYTES_MAX: usize = 256 * 1024;
/// Source of a script in bytes.
pub const SOURCE_BYTES_MAX: usize = 64 * 1024;
/// Wall clock of an evaluation. Passing it decides nothing: the step is tried again.
pub const WALL_MAX: Duration = Duration::from_secs(2);

/// How long a caller waits beyond twice [`WALL_MAX`] for an interpreter that does not look at its limits.
pub const GRACE: Duration = Duration::from_secs(1);

/// The interpreter asks its watch every this many steps (a constant of QuickJS).
pub(crate) const STEPS_PER_TICK: u64 = 10_000;

/// The limits an engine works with; tests lower them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub steps: u64,
    pub wall: Duration,
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { steps: STEPS_MAX, wall: WALL_MAX, grace: GRACE }
    }
}
