//! The time that deciding one request may take: what is left when it is over goes on as a job. Runs scripts as the
//! language that it wraps.

use domain::script::{ScriptFailure, ScriptOutcome, ScriptRequest, Scripts};
use std::time::{Duration, Instant};

/// Elements are activated for this long. A function has 15 s; the script that is running then may take five of them.
const ACTIVATING: Duration = Duration::from_secs(8);

/// A script language with an end of the time for one request.
pub(crate) struct InTime<'a> {
    scripts: &'a dyn Scripts,
    since: Instant,
}

impl<'a> InTime<'a> {
    /// `since`: the beginning of the request.
    pub fn new(scripts: &'a dyn Scripts, since: Instant) -> InTime<'a> {
        InTime { scripts, since }
    }
}

impl Scripts for InTime<'_> {
    fn evaluate(&self, request: &ScriptRequest<'_>) -> Result<ScriptOutcome, ScriptFailure> {
        self.scripts.evaluate(request)
    }

    fn is_time_over(&self) -> bool {
        self.since.elapsed() >= ACTIVATING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::script::NoScripts;

    #[test]
    fn time_is_over_eight_seconds_after_the_beginning() {
        let ago =
            |seconds| Instant::now().checked_sub(Duration::from_secs(seconds)).expect("a machine that ran so long");
        assert!(!InTime::new(&NoScripts, Instant::now()).is_time_over());
        assert!(InTime::new(&NoScripts, ago(8)).is_time_over());
    }
}
