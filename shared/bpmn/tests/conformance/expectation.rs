//! What people expect of a model, read from `expectations.txt` and held against a run. Each line either does something
//! outside or must be true; the first that is not ends the case with a sentence.

use crate::corpus::{Model, deployed};
use crate::outside::{self, root};
use crate::world::{NINE, World};
use domain::process::Process;
use domain::time::{Duration, Timestamp};
use domain::variables::Variables;
use serde_json::{Value, json};

const TEXT: &str = include_str!("expectations.txt");

/// The expectations of one file.
pub struct Case {
    /// How the file's path begins; names one file.
    pub file: String,
    /// What must be true, in a sentence.
    pub says: String,
    /// Other files that it finds deployed.
    pub with: Vec<String>,
    /// The process that is started; the first of the file where none is named.
    process: Option<String>,
    lines: Vec<(usize, String)>,
}

impl Case {
    /// The variables of its first start.
    pub fn variables(&self) -> Variables {
        let start = self.lines.iter().find_map(|(_, line)| line.strip_prefix("start"));
        start.map(|text| object(text).expect("a start has an object")).unwrap_or_default()
    }

    /// Whether its lines are about this process.
    pub fn is_about(&self, process: &Process, model: &Model) -> bool {
        match &self.process {
            Some(id) => process.id == *id,
            None => model.processes.first().is_some_and(|first| first.id == process.id),
        }
    }

    /// Runs it; the error says which line does not hold and why.
    pub fn check(&self, models: &[Model], model: &Model) -> Result<(), String> {
        let process = match (&self.process, model.processes.first()) {
            (Some(id), _) => id.clone(),
            (None, Some(first)) => first.id.clone(),
            (None, None) => return Err(format!("{} is refused: {:?}", model.name, model.errors)),
        };
        let deployed = deployed(models, model, &self.with);
        let mut world = World::new(deployed.clone());
        let mut checks = 0;
        for (number, line) in &self.lines {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let result = if word == "start" {
                world = World::new(deployed.clone());
                object(rest).and_then(|variables| started(&mut world, &process, variables))
            } else if world.lives.is_empty() {
                Err("a case begins with start".to_owned())
            } else {
                match act(&mut world, word, rest) {
                    Some(result) => result,
                    None => {
                        checks += 1;
                        holds(&world, word, rest)
                    }
                }
            };
            result.map_err(|why| format!("{}, line {number}: {line}: {why}", self.file))?;
        }
        if checks == 0 { Err(format!("{} expects nothing", self.file)) } else { Ok(()) }
    }
}

/// All of them, in the order of the file.
pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for (at, line) in TEXT.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(file) = line.strip_prefix("== ") {
            let file = file.to_owned();
            cases.push(Case { file, says: String::new(), with: Vec::new(), process: None, lines: Vec::new() });
            continue;
        }
        let case = cases.last_mut().unwrap_or_else(|| panic!("line {}: no file yet", at + 1));
        if case.says.is_empty() {
            case.says = line.to_owned();
        } else if let Some(file) = line.strip_prefix("with ") {
            case.with.push(file.to_owned());
        } else if let Some(id) = line.strip_prefix("process ") {
            case.process = Some(id.to_owned());
        } else {
            case.lines.push((at + 1, line.to_owned()));
        }
    }
    cases
}

fn started(world: &mut World<'_>, process: &str, variables: Variables) -> Result<(), String> {
    world.start(process, variables).map(|_| ()).map_err(|rejection| rejection.to_string())
}

/// What the outside does; `None` where the line says what must be true.
fn act(world: &mut World<'_>, word: &str, rest: &str) -> Option<Result<(), String>> {
    let (name, values) =
        rest.split_once(" {").map_or((rest, String::new()), |(name, text)| (name, format!("{{{text}")));
    let given = |act: &mut dyn FnMut(Variables) -> Result<(), String>| object(&values).and_then(act);
    Some(match word {
        "complete" => given(&mut |values| outside::complete(world, name, values)),
        "deliver" => given(&mut |values| outside::deliver(world, name, &values)),
        "after" => match rest.parse::<Duration>() {
            Ok(duration) => {
                let until = duration.after(world.now);
                outside::pass_time(world, until)
            }
            Err(error) => Err(error.to_string()),
        },
        _ => return None,
    })
}

/// Whether a line is true of the world as it is.
fn holds(world: &World<'_>, word: &str, rest: &str) -> Result<(), String> {
    let first = root(world);
    let instance = &first.state.instance;
    let words = || rest.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    match word {
        // Exactly these ordinary tasks are open, in all instances.
        "open" => {
            let mut open: Vec<String> = outside::open(world).map(|(_, task)| task.activity.clone()).collect();
            open.sort();
            let mut expected = words();
            expected.sort();
            equal(&json!(open), &json!(expected))
        }
        // The first instance has this status.
        "status" => equal(&json!(instance.status.as_str()), &json!(rest)),
        // The first instance reached exactly these elements, in this order.
        "path" => equal(&json!(first.reached), &json!(words())),
        // All instances together reached an element that often.
        "reached" => {
            let (element, times) = rest.rsplit_once(' ').ok_or("reached ELEMENT TIMES")?;
            let reached = world.lives.values().flat_map(|life| &life.reached).filter(|id| *id == element).count();
            equal(&json!(reached.to_string()), &json!(times))
        }
        // That many instances were started, those that were called included.
        "instances" => equal(&json!(world.lives.len().to_string()), &json!(rest)),
        // That many timers run.
        "timers" => equal(&json!(outside::timers(world).to_string()), &json!(rest)),
        // Some instance stopped at an element, with a code.
        "incident" => {
            let incidents = world.lives.values().flat_map(|life| &life.state.instance.incidents);
            let found: Vec<String> = incidents.map(|found| format!("{} {}", found.element, found.code)).collect();
            equal(&json!(found), &json!([rest]))
        }
        // A variable of the first instance.
        "variable" => {
            let (name, value) = rest.split_once(' ').ok_or("variable NAME VALUE")?;
            let expected: Value = serde_json::from_str(value).map_err(|error| error.to_string())?;
            equal(instance.variables.get(name).unwrap_or(&Value::Null), &expected)
        }
        // When an open task is due.
        "due" => {
            let (activity, date) = rest.split_once(' ').ok_or("due ACTIVITY DATE")?;
            let mut tasks = outside::open(world);
            let (_, task) = tasks.find(|(_, task)| task.activity == activity).ok_or("it is not open")?;
            equal(&json!(task.due_at.map(|due| due.to_string())), &json!(date))
        }
        // What an open task says of itself: each member must be equal.
        "task" => {
            let (activity, members) = rest.split_once(' ').ok_or("task ACTIVITY {...}")?;
            let mut tasks = outside::open(world);
            let (_, task) = tasks.find(|(_, task)| task.activity == activity).ok_or("it is not open")?;
            let written = serde_json::to_value(task).map_err(|error| error.to_string())?;
            object(members)?.iter().try_for_each(|(name, value)| equal(&written[name], value))
        }
        // When a timer start event begins instances.
        "begins" => {
            let (event, dates) = rest.split_once(' ').ok_or("begins EVENT DATE ...")?;
            let timer = first.process.element(event).and_then(|event| event.kind.as_timer_start());
            let timer = timer.ok_or("it is no timer start event")?;
            let deployed = Timestamp::from_millis(NINE);
            let mut last = deployed;
            dates.split_whitespace().try_for_each(|date| {
                let due = domain::next_timer_start(timer, deployed, last);
                last = due.unwrap_or(last);
                equal(&json!(due.map_or("never".to_owned(), |due| due.to_string())), &json!(date))
            })
        }
        // What people call an element.
        "name" => {
            let (element, name) = rest.split_once(' ').ok_or("name ELEMENT TEXT")?;
            equal(&json!(first.process.element(element).map(|element| &element.name)), &json!(name))
        }
        _ => Err("an unknown word".to_owned()),
    }
}

fn equal(found: &Value, expected: &Value) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("it is {found}, not {expected}")) }
}

fn object(text: &str) -> Result<Variables, String> {
    if text.trim().is_empty() {
        return Ok(Variables::new());
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}
