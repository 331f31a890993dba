//! QuickJS behind `domain::script::Scripts`: runs the JavaScript of a process within hard limits. Decides nothing about
//! processes, executes no commands and knows no browser (ClientScript is not run here).
//!
//! # What a script is
//! A script whose outermost level contains `return` is the body of a function. Otherwise its value is that of its last
//! expression, as at a console; a script that is one expression is read as such, so `{ a: 1 }` is an object. (Beyond 8 KiB only a
//! last statement that is an expression gives a value; a block or loop at the end gives null.)
//!
//! # How evaluations are kept apart
//! A thread keeps one interpreter with one realm (`realm.js`) whose every reachable object is frozen. Compiled scripts
//! are kept too; each evaluation makes a fresh closure of them. Names resolve to the script's own declarations, then
//! to the names of the host and the language, then to the process variables. What could smuggle state or escape a
//! limit is taken away: `eval` and function constructors, asynchronous functions, `Promise`, `Proxy`, typed arrays,
//! weak references, disposal, stack hooks. Local time is UTC everywhere.
//!
//! # How limits decide the same on every replay
//! Steps are counted by the interpreter in blocks of 10,000, and the phase of the count, like the room on the heap,
//! depends on what a kept interpreter did before. Therefore a kept interpreter never decides about a limit: it gives
//! up a little earlier than a new one would, and the script runs again in a new one, whose state depends on nothing
//! but the script. An interpreter that met a limit is thrown away.
//!
//! # How a caller is never kept waiting
//! Between two looks at its limits the interpreter takes 10,000 steps, and a hostile step can take milliseconds. A
//! script that calls, loops or makes functions therefore runs on a helper thread, which the caller leaves behind when
//! it does not answer in time. What does none of these cannot take long and runs where it is asked for.

mod convert;
mod csharp;
mod engine;
mod guard;
pub mod limits;
mod source;

use domain::script::{ScriptFailure, ScriptOutcome, ScriptRequest, Scripts};
use limits::Limits;

/// The script language of processes. Cheap to make; each thread that uses it has interpreters of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct QuickJs {
    limits: Limits,
}

impl Scripts for QuickJs {
    fn evaluate(&self, request: &ScriptRequest<'_>) -> Result<ScriptOutcome, ScriptFailure> {
        if source::is_plain(request.source) {
            engine::evaluate(request, self.limits)
        } else {
            guard::evaluate(request, self.limits)
        }
    }
}

/// A script that compiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// What the author should know although the script runs.
    pub warnings: Vec<Warning>,
}

/// A remark about a script that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What was found and what it means.
    pub message: String,
    /// Line within the script, from 1.
    pub line: u32,
    /// Column within the line, from 1.
    pub column: u32,
}

/// A script that does not compile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong, in the interpreter's words or ours.
    pub message: String,
    /// Line within the script, from 1.
    pub line: u32,
    /// Column within the line, from 1.
    pub column: u32,
}

impl std::fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (line {}, column {})", self.message, self.line, self.column)
    }
}

impl std::error::Error for SyntaxError {}

/// Compiles a script without running it: the check of a deployment.
///
/// # Errors
/// [`SyntaxError`] where the script is no JavaScript, asks for what is asynchronous, or is larger than
/// [`limits::SOURCE_BYTES_MAX`].
pub fn check(source: &str) -> Result<Checked, SyntaxError> {
    engine::check(source)?;
    let mut warnings = Vec::new();
    if csharp::translate(source).is_some() {
        let (line, column) = source::place(source, source.len() - source.trim_start().len());
        let message =
            "C# object literal, read as the JavaScript object { name: value }; other C# is refused".to_owned();
        warnings.push(Warning { message, line, column });
    }
    Ok(Checked { warnings })
}

#[cfg(test)]
mod tests;
