//! `docs/conformance.md`: what became of each file, in tables. Runs each accepted process once; decides nothing.

use crate::corpus::{Model, deployed};
use crate::expectation::Case;
use crate::outside::{Outcome, play, root};
use crate::world::World;
use crate::{guess, text};
use domain::process::Process;
use domain::variables::Variables;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Elements of a path that are shown.
const PATH_SHOWN: usize = 12;

/// The whole document.
pub fn write(models: &[Model], cases: &[Case]) -> String {
    let results: Vec<Result> = models.iter().map(|model| result(models, model, cases)).collect();
    let mut document = text::INTRODUCTION.to_owned();
    totals(&mut document, &results);
    refusals(&mut document, models);
    document += text::DIFFERENCES;
    let mut folder = "";
    for (model, result) in models.iter().zip(&results) {
        if model.folder() != folder {
            folder = model.folder();
            document += &format!("\n## {folder}\n\n| file | what became of it | expected and found |\n|---|---|---|\n");
        }
        let says = result.says.join(" ");
        writeln!(document, "| {} | {} | {} |", model.file(), cell(&result.outcome), cell(&says)).expect("a string");
    }
    document
}

/// What became of one file.
struct Result<'a> {
    folder: &'a str,
    refused: bool,
    /// Every process of it ran to an end.
    completed: bool,
    outcome: String,
    says: Vec<&'a str>,
}

fn result<'a>(models: &[Model], model: &'a Model, cases: &'a [Case]) -> Result<'a> {
    let own: Vec<&Case> = cases.iter().filter(|case| model.name.starts_with(&case.file)).collect();
    let says = own.iter().map(|case| case.says.as_str()).collect();
    let folder = model.folder();
    let refused = !model.errors.is_empty();
    if model.processes.is_empty() {
        return Result { folder, refused, completed: false, outcome: refusal(model), says };
    }
    let runs: Vec<(&Process, (bool, String))> = model
        .processes
        .iter()
        .map(|process| {
            let case = own.iter().copied().find(|case| case.is_about(process, model));
            (process, run(models, model, process, case))
        })
        .collect();
    let completed = runs.iter().all(|(_, (completed, _))| *completed);
    let several = runs.len() > 1;
    let told = runs.into_iter().map(|(process, (_, told))| match several {
        true => format!("`{}` {told}", process.id),
        false => told,
    });
    let told = told.collect::<Vec<_>>().join("; ");
    let outcome = match model.amended {
        Some(what) => format!("{}; {what} {told}", refusal(model)),
        None => told,
    };
    Result { folder, refused, completed, outcome, says }
}

/// One process by itself: the outside completes what is open, delivers what is awaited and lets time pass.
fn run(models: &[Model], model: &Model, process: &Process, case: Option<&Case>) -> (bool, String) {
    let with = case.map(|case| case.with.clone()).unwrap_or_default();
    let mut world = World::new(deployed(models, model, &with));
    let mut variables: Variables = guess::variables(process);
    variables.extend(case.map(Case::variables).unwrap_or_default());
    if let Err(rejection) = world.start(&process.id, variables) {
        return (false, format!("not started: {rejection}"));
    }
    let outcome = play(&mut world);
    let path = path(&root(&world).reached);
    match outcome {
        Outcome::Completed => (true, format!("**completed**: {path}")),
        Outcome::Cancelled => (true, format!("**ended by an error**: {path}")),
        Outcome::Incident { element, code, message } => {
            (false, format!("**incident** `{code}` at {element}: {message}"))
        }
        Outcome::Waiting(live) => (false, format!("**waits** at {}: {path}", live.join(", "))),
        Outcome::GoesOn => (false, format!("**goes on** for ever: {path}")),
        Outcome::Refused(why) => (false, format!("**stopped**: {why}")),
    }
}

fn path(reached: &[String]) -> String {
    let shown = reached.iter().take(PATH_SHOWN).cloned().collect::<Vec<_>>().join(" → ");
    match reached.len() {
        length if length > PATH_SHOWN => format!("{shown} → … ({length} elements)"),
        _ => shown,
    }
}

/// The codes of a refused file, and what of another engine it needs.
fn refusal(model: &Model) -> String {
    let mut seen = BTreeSet::new();
    let codes = model.errors.iter().filter(|error| seen.insert(error.code));
    let told: Vec<String> = codes.map(|error| format!("`{}` (line {})", error.code, error.line)).collect();
    let needs = needs(&model.source);
    let needs = if needs.is_empty() { String::new() } else { format!("; needs {}", needs.join(", ")) };
    format!("refused: {}{needs}", told.join(", "))
}

/// What a file uses that runs inside another engine only.
fn needs(source: &str) -> Vec<&'static str> {
    const FOREIGN: [(&str, &str); 6] = [
        (":class=\"", "a Java class"),
        (":delegateExpression=\"", "a Java delegate"),
        (":expression=\"", "an expression on Java objects"),
        ("execution.", "the engine's Java API"),
        ("groovy", "Groovy"),
        ("juel", "a JUEL script"),
    ];
    FOREIGN.iter().filter(|(mark, _)| source.contains(mark)).map(|(_, word)| *word).collect()
}

fn totals(document: &mut String, results: &[Result<'_>]) {
    let mut folders: BTreeMap<&str, Vec<&Result<'_>>> = BTreeMap::new();
    for result in results {
        folders.entry(result.folder).or_default().push(result);
    }
    *document += "\n## Totals\n\n| folder | files | accepted | of these ran to an end | refused | of these ran when amended | with expectations |\n";
    *document += "|---|---|---|---|---|---|---|\n";
    let all: Vec<&Result<'_>> = results.iter().collect();
    for (folder, results) in folders.into_iter().chain([("**all**", all)]) {
        let count = |holds: &dyn Fn(&Result<'_>) -> bool| results.iter().filter(|result| holds(result)).count();
        let counts = [
            results.len(),
            count(&|result| !result.refused),
            count(&|result| !result.refused && result.completed),
            count(&|result| result.refused),
            count(&|result| result.refused && result.completed),
            count(&|result| !result.says.is_empty()),
        ];
        let cells: Vec<String> = counts.iter().map(usize::to_string).collect();
        writeln!(document, "| {folder} | {} |", cells.join(" | ")).expect("a string takes everything");
    }
}

fn refusals(document: &mut String, models: &[Model]) {
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    for model in models {
        let own: BTreeSet<&str> = model.errors.iter().map(|error| error.code).collect();
        own.into_iter().for_each(|code| *codes.entry(code).or_default() += 1);
    }
    let mut codes: Vec<(&str, usize)> = codes.into_iter().collect();
    codes.sort_by_key(|(code, files)| (usize::MAX - files, *code));
    *document +=
        "\n## Why files are refused\n\n[Diagnostics](diagnostics.md) explains each code. A file may have several.\n\n";
    *document += "| code | files |\n|---|---|\n";
    for (code, files) in codes {
        writeln!(document, "| `{code}` | {files} |").expect("a string takes everything");
    }
}

/// As the cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "\\<").replace(['\n', '\r'], " ")
}
