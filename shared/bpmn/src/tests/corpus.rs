//! Files of other tools: each compiles or is refused with a place and a sentence, in a number of steps that grows
//! with its size only. The files stand beside the repository; without them the test says so and counts as skipped.

use super::{listing, read, skipped};
use std::path::{Path, PathBuf};

/// Steps per byte of a file. The corpus stays below 4, the worst files made for it by hand need 5.
pub(super) const STEPS_PER_BYTE: usize = 8;

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("readable folder") {
        let path = entry.expect("readable folder").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "bpmn" || extension == "xml") {
            files.push(path);
        }
    }
}

#[test]
fn every_file_of_the_corpus_compiles_or_is_refused_with_a_place_and_a_sentence() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/bpmn-corpus");
    if !folder.is_dir() {
        return skipped("no BPMN corpus beside the repository");
    }
    let mut files = Vec::new();
    collect(&folder, &mut files);
    files.sort();
    assert!(files.len() >= 300, "{} files: the corpus is incomplete", files.len());
    let mut accepted = 0;
    for path in &files {
        let source = std::fs::read(path).expect("readable file");
        let reading = read(&source);
        let name = path.display();
        if reading.has_errors() {
            assert!(reading.definitions.is_empty(), "{name} has errors and definitions");
        } else {
            assert!(!reading.definitions.is_empty(), "{name} gives nothing and says nothing");
            accepted += 1;
        }
        let lines = source.iter().filter(|byte| **byte == b'\n').count() + 1;
        for found in &reading.diagnostics {
            let line = usize::try_from(found.line).expect("small");
            assert!((1..=lines).contains(&line) && found.column >= 1, "{name}: {found:?}");
            assert!(found.message.contains(' ') && found.message.len() >= 20, "{name}: {found:?}");
        }
        let limit = STEPS_PER_BYTE * source.len() + 1_000;
        assert!(reading.steps <= limit, "{name}: {} steps for {} bytes", reading.steps, source.len());
    }
    assert!(accepted > 0, "nothing of the corpus is accepted");
    if let Ok(path) = std::env::var("CORPUS_REPORT") {
        let report: String = files
            .iter()
            .map(|file| format!("== {}\n{}", file.display(), listing(&read(&std::fs::read(file).expect("readable")))))
            .collect();
        std::fs::write(path, report).expect("writable report");
    }
}
