//! Runs models of other engines: each as far as it goes, those with expectations as they say. The files stand beside
//! the repository; without them the tests say so and count as skipped.

mod corpus;
mod document;
mod expectation;
mod guess;
mod outside;
mod random;
mod text;
mod vectors;
mod world;

use std::path::Path;

/// A test that cannot run here: counted as skipped by `make test`, which names the file for such words, and told.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
    if let Some(log) = std::env::var_os("SKIP_LOG") {
        let mut log = std::fs::OpenOptions::new().append(true).open(log).expect("the file exists");
        std::io::Write::write_all(&mut log, format!("{why}\n").as_bytes()).expect("the file can be written");
    }
}

#[test]
fn models_of_other_engines_run_to_the_outcome_their_names_describe() {
    let Some(models) = corpus::load() else { return skipped("no BPMN corpus beside the repository") };
    let mut failures = Vec::new();
    for case in expectation::cases() {
        let found: Vec<_> = models.iter().filter(|model| model.name.starts_with(&case.file)).collect();
        let result = match found[..] {
            [model] => case.check(&models, model),
            _ => Err(format!("{} files begin with {}", found.len(), case.file)),
        };
        failures.extend(result.err());
    }
    assert!(failures.is_empty(), "{} expectations do not hold:\n{}", failures.len(), failures.join("\n"));
}

/// Whatever is done in whatever order, what may be done is accepted and nothing is lost.
#[test]
fn models_of_other_engines_hold_together_in_any_order_of_events() {
    let Some(models) = corpus::load() else { return skipped("no BPMN corpus beside the repository") };
    let failures: Vec<String> = models.iter().flat_map(|model| random::play(&models, model)).collect();
    assert!(failures.is_empty(), "{} runs do not hold together:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn the_document_of_conformance_is_up_to_date() {
    let Some(models) = corpus::load() else { return skipped("no BPMN corpus beside the repository") };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/conformance.md");
    let written = document::write(&models, &expectation::cases());
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(&path, &written).expect("writable docs");
    }
    let present = std::fs::read_to_string(&path).unwrap_or_default();
    let hint = "UPDATE_EXPECTED=1 cargo test -p bpmn --test conformance";
    assert!(present == written, "docs/conformance.md is stale; write it with {hint}");
}
