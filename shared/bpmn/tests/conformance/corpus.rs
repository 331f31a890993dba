//! The files of other tools that stand beside the repository, read as a deployment reads them. Runs nothing.

use bpmn::{Diagnostic, ScriptCheck, ScriptError, Severity, read_with};
use domain::process::Process;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One file.
pub struct Model {
    /// Path below the corpus.
    pub name: String,
    /// Of the file.
    pub source: String,
    /// Why it is refused; empty where it is accepted.
    pub errors: Vec<Diagnostic>,
    /// What was changed so that a refused file can be run all the same.
    pub amended: Option<&'static str>,
    /// Its executable processes, as it is or as amended.
    pub processes: Vec<Process>,
}

impl Model {
    /// Folder below the corpus.
    pub fn folder(&self) -> &str {
        self.name.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Its own name.
    pub fn file(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// Every file, by name. `None` without a corpus.
pub fn load() -> Option<Vec<Model>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/bpmn-corpus");
    if !folder.is_dir() {
        return None;
    }
    let mut files = Vec::new();
    collect(&folder, &mut files);
    let mut models: Vec<Model> = files.iter().map(|path| read(&folder, path)).collect();
    models.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(models.len() >= 300, "{} files: the corpus is incomplete", models.len());
    Some(models)
}

/// The processes that a file finds deployed: its own, those of `with`, then those of its neighbours, the one with the
/// most similar name first. A test of the engine that a file comes from deploys several files, which nothing else tells.
pub fn deployed<'a>(models: &'a [Model], model: &'a Model, with: &[String]) -> Vec<&'a Process> {
    let common = |other: &&Model| model.name.bytes().zip(other.name.bytes()).take_while(|(a, b)| a == b).count();
    let mut neighbours: Vec<&Model> = models.iter().filter(|other| other.folder() == model.folder()).collect();
    neighbours.sort_by_key(|other| {
        let named = with.iter().position(|name| other.file().starts_with(name.as_str())).unwrap_or(usize::MAX);
        (other.name != model.name, named, usize::MAX - common(other))
    });
    neighbours.into_iter().flat_map(|other| &other.processes).collect()
}

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

fn read(folder: &Path, path: &Path) -> Model {
    let source = String::from_utf8_lossy(&std::fs::read(path).expect("readable file")).into_owned();
    let name = path.strip_prefix(folder).expect("below the corpus").display().to_string();
    let (mut processes, errors) = compiled(&source);
    let mut amended = None;
    if let Some((what, source)) = amend(&source, &errors) {
        (processes, _) = compiled(&source);
        amended = Some(what).filter(|_| !processes.is_empty());
    }
    Model { name, source, errors, amended, processes }
}

fn compiled(source: &str) -> (Vec<Process>, Vec<Diagnostic>) {
    let reading = read_with(source.as_bytes(), &Checked);
    let processes = reading.definitions.into_iter().map(|definition| stored(&definition.process)).collect();
    let errors = reading.diagnostics.into_iter().filter(|found| found.severity == Severity::Error).collect();
    (processes, errors)
}

/// What a designer would change in a file that is refused for one formal reason only.
fn amend(source: &str, errors: &[Diagnostic]) -> Option<(&'static str, String)> {
    let first = errors.first()?;
    if errors.iter().all(|error| error.code == "NO_EXECUTABLE_PROCESS") {
        return Some(("made executable", source.replace("isExecutable=\"false\"", "isExecutable=\"true\"")));
    }
    // Flowable takes an errorRef that names no error as the code itself.
    let undeclared =
        |error: &Diagnostic| error.message.split_once("there is no error \"").map(|(_, rest)| rest.to_owned());
    if first.code != "DANGLING_REFERENCE" || !errors.iter().all(|error| undeclared(error).is_some()) {
        return None;
    }
    let names: BTreeSet<String> =
        errors.iter().filter_map(|error| undeclared(error)?.split('"').next().map(str::to_owned)).collect();
    let declared: String = names
        .iter()
        .map(|name| {
            format!("<error xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" id=\"{name}\" errorCode=\"{name}\"/>")
        })
        .collect();
    let root = source.find("definitions")?;
    let inside = root + source[root..].find('>')? + 1;
    Some(("with its errors declared", format!("{}{declared}{}", &source[..inside], &source[inside..])))
}

/// The process as it comes back from the store.
fn stored(process: &Process) -> Process {
    let text = serde_json::to_string(process).expect("a process can be stored");
    serde_json::from_str::<Process>(&text).expect("what was stored can be read").indexed()
}

/// The check of a deployment.
struct Checked;

impl ScriptCheck for Checked {
    fn check(&self, source: &str) -> Result<Vec<String>, ScriptError> {
        match script::check(source) {
            Ok(checked) => Ok(checked.warnings.into_iter().map(|warning| warning.message).collect()),
            Err(error) => Err(ScriptError { message: error.message, line: error.line, column: error.column }),
        }
    }
}
