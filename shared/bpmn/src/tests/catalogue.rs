//! The documented diagnostics are those of the code, each with an example, and the document is up to date.

use super::{files, listing, read, testdata};
use crate::Severity;
use crate::diagnostic::catalogue::{Entry, entries};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const INTRODUCTION: &str = "# Diagnostics

What a deployment may say about a file, by code. `POST /v1/definitions` answers each finding with its severity, code, \
sentence, line, column and the id of the element; the console shows the same list. Errors refuse the file. Warnings are \
stored with the definition. Notes are worth knowing.

Written by a test from `shared/bpmn/src/diagnostic/catalogue.rs` and the examples in `shared/bpmn/testdata`; \
`UPDATE_EXPECTED=1 cargo test -p bpmn` writes it again.
";

/// The first sentence of the test data for each code and severity.
fn examples() -> BTreeMap<(String, String), String> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(testdata())
        .expect("readable folder")
        .map(|entry| entry.expect("readable folder").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let mut examples = BTreeMap::new();
    for path in folders.iter().flat_map(|folder| files(folder, "bpmn")) {
        for line in listing(&read(&std::fs::read(path).expect("readable file"))).lines() {
            let mut words = line.splitn(4, ' ').skip(1);
            let (Some(severity), Some(code), Some(rest)) = (words.next(), words.next(), words.next()) else { continue };
            let message = rest.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(rest, |(_, text)| text);
            examples.entry((code.to_owned(), severity.to_owned())).or_insert_with(|| message.to_owned());
        }
    }
    examples
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

fn document() -> String {
    let examples = examples();
    let mut text = INTRODUCTION.to_owned();
    for (severity, title) in [(Severity::Error, "Errors"), (Severity::Warning, "Warnings"), (Severity::Info, "Notes")] {
        writeln!(text, "\n## {title}").expect("a string takes everything");
        let mut found: Vec<&Entry> = entries().filter(|entry| entry.severities.first() == Some(&severity)).collect();
        found.sort_by_key(|entry| entry.code);
        for Entry { code, severities, means, help } in found {
            let also: Vec<&str> = severities.iter().skip(1).map(|severity| word(*severity)).collect();
            let also = if also.is_empty() { String::new() } else { format!(" (also {})", also.join(", ")) };
            writeln!(text, "\n### `{code}`{also}\n\n{means} **{help}**").expect("a string takes everything");
            if let Some(example) = examples.get(&((*code).to_owned(), word(severity).to_owned())) {
                writeln!(text, "\n> {}", example.replace('<', "\\<")).expect("a string takes everything");
            }
        }
    }
    text
}

#[test]
fn the_document_of_diagnostics_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/diagnostics.md");
    let written = document();
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, &written).expect("writable docs");
    }
    let present = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(present == written, "docs/diagnostics.md is stale; write it with UPDATE_EXPECTED=1 cargo test -p bpmn");
}

#[test]
fn each_code_stands_once_in_the_catalogue_and_somewhere_in_the_code() {
    let mut sources = String::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("readable folder") {
            let path = entry.expect("readable folder").path();
            let catalogue = path.ends_with("catalogue") || path.ends_with("catalogue.rs");
            if path.is_dir() && !path.ends_with("tests") && !catalogue {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !catalogue {
                sources += &std::fs::read_to_string(path).expect("readable file");
            }
        }
    }
    let mut seen = BTreeSet::new();
    for entry in entries() {
        assert!(seen.insert(entry.code), "{} stands twice", entry.code);
        assert!(sources.contains(&format!("\"{}\"", entry.code)), "{} is said nowhere", entry.code);
        assert!(entry.means.ends_with('.') && !entry.help.is_empty(), "{} is not explained", entry.code);
    }
}
