//! Tests of the reader as a whole: files in, diagnostics and compiled processes out.

use crate::{Reading, ScriptCheck, ScriptError, Severity, read_with};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

mod catalogue;
mod corpus;
mod hostile;
mod mutation;
mod properties;
mod rules;
mod valid;

/// A test that cannot run here: counted as skipped by `make test`, which names the file for such words, and told.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
    if let Some(log) = std::env::var_os("SKIP_LOG") {
        let mut log = std::fs::OpenOptions::new().append(true).open(log).expect("the file exists");
        std::io::Write::write_all(&mut log, format!("{why}\n").as_bytes()).expect("the file can be written");
    }
}

/// Stands in for the script engine: brackets must match. Enough to see that errors reach their place in the file;
/// the real check is tested where it lives.
struct Brackets;

impl ScriptCheck for Brackets {
    fn check(&self, source: &str) -> Result<Vec<String>, ScriptError> {
        let mut open = Vec::new();
        let (mut line, mut column) = (1, 0);
        for c in source.chars() {
            column += 1;
            match c {
                '\n' => (line, column) = (line + 1, 0),
                '(' | '[' | '{' => open.push(c),
                ')' | ']' | '}' => {
                    let matching = match c {
                        ')' => '(',
                        ']' => '[',
                        _ => '{',
                    };
                    if open.pop() != Some(matching) {
                        return Err(ScriptError { message: format!("unexpected token: '{c}'"), line, column });
                    }
                }
                _ => {}
            }
        }
        Ok(Vec::new())
    }
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("readable folder").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

fn read(source: &[u8]) -> Reading {
    read_with(source, &Brackets)
}

/// The diagnostics as lines of `line:column severity CODE [element] message`.
fn listing(reading: &Reading) -> String {
    let mut text = String::new();
    for found in &reading.diagnostics {
        let severity = match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        let element = found.element_id.as_deref().map(|id| format!("[{id}] ")).unwrap_or_default();
        let (line, column, code, message) = (found.line, found.column, found.code, &found.message);
        writeln!(text, "{line}:{column} {severity} {code} {element}{message}").expect("a string takes everything");
    }
    text
}

/// Compares a file's diagnostics with those written next to it; `UPDATE_EXPECTED=1` writes them.
fn check(path: &Path) {
    let reading = read(&std::fs::read(path).expect("readable file"));
    let found = listing(&reading);
    let expected_path = path.with_extension("expected");
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&expected_path, &found).expect("writable testdata");
    }
    let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
    assert_eq!(found, expected, "diagnostics of {}", path.display());
    assert!(reading.has_errors() || !reading.definitions.is_empty(), "{} gives nothing", path.display());
}
