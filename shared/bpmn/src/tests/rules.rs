//! Every file below `testdata/<rule>` gives exactly the diagnostics written next to it.

use super::{check, files, testdata};

/// Folders whose files are not examples of a rule.
const OTHERS: &[&str] = &["valid", "page"];

#[test]
fn files_of_the_rules_give_the_diagnostics_next_to_them() {
    let mut checked = 0;
    for entry in std::fs::read_dir(testdata()).expect("readable folder") {
        let folder = entry.expect("readable folder").path();
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        if !folder.is_dir() || OTHERS.contains(&name.as_str()) {
            continue;
        }
        let files = files(&folder, "bpmn");
        assert!(!files.is_empty(), "{name} has no examples");
        for path in files {
            check(&path);
            let expected = std::fs::read_to_string(path.with_extension("expected")).unwrap_or_default();
            assert!(!expected.is_empty(), "{} shows nothing", path.display());
            checked += 1;
        }
    }
    assert!(checked >= 20, "{checked} files");
}

/// A rule without an example is a rule nobody has seen work.
#[test]
fn every_rule_has_a_folder_of_examples() {
    let rules = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    for rule in files(&rules, "rs") {
        let name = rule.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(testdata().join(&name).is_dir(), "testdata/{name} is missing");
    }
}
