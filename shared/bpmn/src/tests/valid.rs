//! Every file of `testdata/valid` compiles, and its compiled form is a snapshot.

use super::{check, files, listing, read, testdata};

#[test]
fn valid_files_compile_to_their_snapshots() {
    let files = files(&testdata().join("valid"), "bpmn");
    assert!(!files.is_empty());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../testdata/valid/compiled");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for path in files {
        let reading = read(&std::fs::read(&path).expect("readable file"));
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(!reading.has_errors(), "{name}:\n{}", listing(&reading));
        settings.bind(|| insta::assert_json_snapshot!(name, reading.definitions));
        check(&path);
    }
}

/// Style guide, "a new BPMN element": each variant the engine runs stands in at least one valid file.
#[test]
fn valid_files_show_every_element_kind() {
    use domain::process::ElementKind;
    let mut seen = std::collections::BTreeSet::new();
    for path in files(&testdata().join("valid"), "bpmn") {
        for compiled in read(&std::fs::read(&path).expect("readable file")).definitions {
            seen.extend(compiled.process.elements.iter().map(|element| match element.kind {
                ElementKind::StartEvent => 0,
                ElementKind::EndEvent => 1,
                ElementKind::TerminateEndEvent => 2,
                ElementKind::ExclusiveGateway(_) => 3,
                ElementKind::ScriptTask(_) => 4,
                ElementKind::UserTask(_) => 5,
                ElementKind::BoundaryEvent(_) => 6,
                ElementKind::Task => 7,
                ElementKind::ManualTask => 8,
                ElementKind::ParallelGateway => 9,
                ElementKind::IntermediateCatchEvent(_) => 10,
                ElementKind::EventStart(_) => 11,
                ElementKind::ErrorEndEvent(_) => 12,
                ElementKind::SubProcess => 13,
                ElementKind::EventSubProcess => 14,
                ElementKind::InclusiveGateway(_) => 15,
                ElementKind::EventBasedGateway => 16,
                ElementKind::ReceiveTask(_) => 17,
                ElementKind::CallActivity(_) => 18,
                ElementKind::SystemTask(_) => 19,
                ElementKind::IntermediateThrowEvent(_) => 20,
                ElementKind::ThrowEndEvent(_) => 21,
                ElementKind::TimerStart(_) => 22,
            }));
        }
    }
    assert_eq!(seen.len(), 23, "a kind without a valid example: {seen:?}");
}

#[test]
fn compiled_processes_survive_storage() {
    for path in files(&testdata().join("valid"), "bpmn") {
        for compiled in read(&std::fs::read(&path).expect("readable file")).definitions {
            let stored = serde_json::to_string(&compiled.process).expect("a process is JSON");
            let loaded: domain::process::Process = serde_json::from_str(&stored).expect("and comes back");
            assert_eq!(loaded.indexed(), compiled.process, "{}", path.display());
        }
    }
}
