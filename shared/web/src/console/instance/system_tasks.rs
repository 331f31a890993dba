//! What the system tasks of an instance asked of other systems: configuration, request, answers and every attempt, with
//! secrets masked (S2-42). Requests and answers are for who may read variables.

use super::overview::look;
use super::{Details, Execution, Fact, State, Tab, address, name};
use crate::console::instances::{Look, Moment};
use crate::format::{self, Zone};
use domain::action::{ActionRequest, AttemptRecord, HttpRequest, shown_address, shown_body, shown_header};
use domain::ids::ElementNumber;
use domain::process::{SystemTask, Work};
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::Value;

/// Tasks on the page at most, the newest first.
const SHOWN_MAX: usize = 50;
/// Attempts of one of them at most.
const ATTEMPTS_MAX: usize = 20;
/// Recipients of a mail that are named.
const RECIPIENTS_MAX: usize = 10;
/// Characters of a request's body that are shown; of an answer no more are kept.
const BODY_CHARS_MAX: usize = 8_000;
/// Characters of an address in a line.
const TARGET_CHARS_MAX: usize = 80;

/// What a system task asked of the outside.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The element instance that asked; a number of its own where a script did and nobody waits for the end.
    pub element: ElementNumber,
    /// BPMN id of the element.
    pub activity: &'a str,
    /// A script ordered it and went on.
    pub unawaited: bool,
    /// When, the last time.
    pub ordered_at: Timestamp,
    /// What.
    pub request: &'a ActionRequest,
    /// The attempts that ended, the oldest first.
    pub attempts: &'a [AttemptRecord],
}

#[derive(Serialize)]
pub(super) struct SystemTasks {
    calls: Vec<CallView>,
    rest: usize,
    /// Requests and answers are left out for this reader.
    hidden: bool,
}

#[derive(Serialize)]
struct CallView {
    id: u32,
    element: String,
    name: String,
    kind: &'static str,
    target: Option<String>,
    look: Look,
    at: Option<Moment>,
    open: bool,
    facts: Vec<Fact>,
    blocks: Vec<Block>,
    attempts: Vec<AttemptView>,
    attempts_rest: usize,
    /// What comes next by itself.
    next: Option<Next>,
    /// It needs another system.
    asks: bool,
    /// Said where there is no attempt to show.
    none: &'static str,
}

/// Text of its own, such as a body.
#[derive(Serialize)]
struct Block {
    name: &'static str,
    text: String,
    cut: bool,
}

#[derive(Serialize)]
struct AttemptView {
    number: u32,
    at: Moment,
    icon: &'static str,
    tone: &'static str,
    outcome: String,
    message: Option<String>,
    response: Option<Block>,
}

#[derive(Serialize)]
struct Next {
    number: u32,
    /// None: it is under way.
    at: Option<Moment>,
}

impl SystemTasks {
    pub fn of(details: &Details<'_>, clock: (&Zone, Timestamp)) -> SystemTasks {
        let executions = details.progress.executions.iter().rev();
        let mut found: Vec<Found<'_>> = executions.filter_map(|execution| found(execution, details)).collect();
        for ordered in details.calls.iter().filter_map(ordered_by_a_script) {
            let place = found.partition_point(|other| other.number > ordered.number);
            found.insert(place, ordered);
        }
        let rest = found.len().saturating_sub(SHOWN_MAX);
        let mut shown: Vec<CallView> =
            found.into_iter().take(SHOWN_MAX).map(|found| view(found, details, clock)).collect();
        if let [only] = shown.as_mut_slice() {
            only.open = true;
        }
        SystemTasks { calls: shown, rest, hidden: !details.may.variables }
    }
}

/// Where an execution of a system task stands on its tab.
pub(super) fn place(details: &Details<'_>, number: ElementNumber) -> String {
    format!("{}#call-{}", address(details, Tab::SystemTasks), number.0)
}

/// The kind of a system task in the words of its designer.
pub(super) fn kind_word(task: &SystemTask) -> &'static str {
    match task.work {
        Work::Http(_) => "HTTP request",
        Work::GraphQl { .. } => "GraphQL query",
        Work::Email(_) => "E-mail",
        Work::Command { .. } => "Command",
        Work::JavaScript(_) => "JavaScript",
        Work::Delay(_) => "Delay",
        Work::Echo => "Echo",
    }
}

/// Whether it needs another system.
fn asks(task: &SystemTask) -> bool {
    match task.work {
        Work::Http(_) | Work::GraphQl { .. } | Work::Email(_) | Work::Command { .. } => true,
        Work::JavaScript(_) | Work::Delay(_) | Work::Echo => false,
    }
}

/// Of an address without its query: what a line has room for.
pub(super) fn target(request: &ActionRequest) -> String {
    let target = match request {
        ActionRequest::Http(http) => {
            let address = shown_address(&http.url);
            format!("{} {}", http.method, address.split('?').next().unwrap_or_default())
        }
        ActionRequest::Command { name, .. } => name.clone(),
        ActionRequest::Email(mail) => match mail.to.as_slice() {
            [only] => only.as_str().to_owned(),
            all => format!("{} recipients", all.len()),
        },
    };
    if target.chars().count() > TARGET_CHARS_MAX {
        target.chars().take(TARGET_CHARS_MAX).chain(['…']).collect()
    } else {
        target
    }
}

/// An execution of a system task and what it asked, or what a script ordered.
struct Found<'a> {
    number: ElementNumber,
    element: &'a str,
    state: State,
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    task: Option<&'a SystemTask>,
    call: Option<&'a Call<'a>>,
}

fn found<'a>(execution: &'a Execution, details: &'a Details<'_>) -> Option<Found<'a>> {
    let number = execution.number?;
    let task = details.process.element(&execution.element)?.kind.as_system_task()?;
    let call = details.calls.binary_search_by_key(&number, |call| call.element).ok().map(|at| &details.calls[at]);
    // The activity around the turns of a multi-instance task asks nothing itself.
    (call.is_some() || !asks(task) || execution.state == State::Failed).then_some(Found {
        number,
        element: &execution.element,
        state: execution.state,
        began: execution.started_at,
        ended: execution.ended_at,
        task: Some(task),
        call,
    })
}

fn ordered_by_a_script<'a>(call: &'a Call<'a>) -> Option<Found<'a>> {
    call.unawaited.then_some(Found {
        number: call.element,
        element: call.activity,
        state: State::Completed,
        began: Some(call.ordered_at),
        ended: None,
        task: None,
        call: Some(call),
    })
}

fn view(found: Found<'_>, details: &Details<'_>, (zone, now): (&Zone, Timestamp)) -> CallView {
    let Found { number, element, state, began, ended, task, call } = found;
    let values = details.may.variables;
    let short = |at| Moment::short(zone, at, now);
    let (mut facts, mut blocks) = (Vec::new(), Vec::new());
    if let Some(call) = call {
        request(call.request, values, &mut facts, &mut blocks);
    }
    facts.extend(task.map(configuration).unwrap_or_default());
    facts.extend(began.map(|at| Fact::at("Began", short(at))));
    let again = call.map(|call| call.ordered_at).filter(|at| Some(*at) != began);
    facts.extend(again.map(|at| Fact::at("Ordered again", short(at))));
    facts.extend(ended.map(|at| Fact::at("Ended", short(at))));
    let attempts = call.map_or(&[][..], |call| call.attempts);
    let ordered = Look { word: "Ordered", ..look(State::Completed) };
    CallView {
        id: number.0,
        element: element.to_owned(),
        name: name(details.process, element),
        kind: task.map_or("Ordered by a script", kind_word),
        target: call.filter(|_| values).map(|call| target(call.request)),
        look: if task.is_some() { look(state) } else { ordered },
        at: began.map(short),
        open: state == State::Failed,
        facts,
        blocks,
        attempts: attempts.iter().rev().take(ATTEMPTS_MAX).map(|record| attempt(record, values, zone)).collect(),
        attempts_rest: attempts.len().saturating_sub(ATTEMPTS_MAX),
        next: next(details, number, attempts, (zone, now)),
        asks: task.is_none_or(asks),
        none: match call {
            Some(call) if call.unawaited => "The script went on without waiting for it.",
            Some(_) => "No attempt has ended.",
            None => "It failed before anything was sent.",
        },
    }
}

/// What its designer wrote.
fn configuration(task: &SystemTask) -> Vec<Fact> {
    let mut facts = Vec::new();
    if task.retries > 0 {
        let times = if task.retries == 1 { "once".to_owned() } else { format!("{} times", task.retries) };
        let text = format!("{times}, the first time after {}", duration(task.backoff_ms));
        facts.push(Fact::text("Repeats by itself", text));
    }
    facts.extend(task.result_variable.clone().map(|variable| Fact::code("Result goes to", variable)));
    if !task.output_mapping.is_empty() {
        let targets: Vec<&str> = task.output_mapping.iter().map(|mapping| mapping.target.root()).collect();
        facts.push(Fact::code("Mapped to", targets.join(", ")));
    }
    facts
}

/// `1.5 s`
fn duration(millis: u64) -> String {
    let (seconds, rest) = (millis / 1_000, millis % 1_000 / 100);
    if millis < 1_000 {
        format!("{millis} ms")
    } else if rest == 0 {
        format!("{seconds} s")
    } else {
        format!("{seconds}.{rest} s")
    }
}

fn request(request: &ActionRequest, values: bool, facts: &mut Vec<Fact>, blocks: &mut Vec<Block>) {
    let wait = |millis| Fact::text("Time limit", duration(millis));
    match request {
        ActionRequest::Http(http) => {
            facts.push(Fact::code("Method", http.method.clone()));
            if values {
                facts.push(Fact::code("Address", shown_address(&http.url)));
                blocks.extend(headers(http));
                blocks.extend(http.body.as_deref().map(|text| body("Body", text)));
            }
            facts.extend(http.credentials.clone().map(|secret| Fact::code("Credentials", secret)));
            facts.push(wait(http.timeout_ms));
        }
        ActionRequest::Command { name, arguments, timeout_ms } => {
            facts.push(Fact::code("Command", name.clone()));
            facts.push(wait(*timeout_ms));
            if values {
                blocks.push(body("Arguments", &arguments.to_string()));
            }
        }
        ActionRequest::Email(mail) => {
            if values {
                let mut to: Vec<String> =
                    mail.to.iter().take(RECIPIENTS_MAX).map(|address| address.as_str().to_owned()).collect();
                if mail.to.len() > RECIPIENTS_MAX {
                    to.push(format!("and {} more", mail.to.len() - RECIPIENTS_MAX));
                }
                facts.push(Fact::text("To", to.join(", ")));
                facts.push(Fact::text("Subject", mail.subject.clone()));
                blocks.push(cut("Text", mail.text.clone()));
            } else {
                facts.push(Fact::text("Recipients", mail.to.len().to_string()));
            }
        }
    }
}

fn headers(http: &HttpRequest) -> Option<Block> {
    let line = |(name, value): &(String, String)| format!("{name}: {}", shown_header(name, value));
    let lines: Vec<String> = http.headers.iter().map(line).collect();
    (!lines.is_empty()).then(|| cut("Headers", lines.join("\n")))
}

/// A body as people read it: JSON in lines.
fn body(name: &'static str, text: &str) -> Block {
    let shown = shown_body(text);
    let lines = serde_json::from_str::<Value>(&shown).ok().filter(|value| value.is_object() || value.is_array());
    cut(name, lines.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or(shown))
}

fn cut(name: &'static str, text: String) -> Block {
    match text.char_indices().nth(BODY_CHARS_MAX) {
        Some((end, _)) => Block { name, text: text[..end].to_owned(), cut: true },
        None => Block { name, text, cut: false },
    }
}

fn attempt(record: &AttemptRecord, values: bool, zone: &Zone) -> AttemptView {
    let (icon, tone) = if record.code.is_none() { ("done", "ok") } else { ("failed", "bad") };
    let outcome = match (&record.code, record.status) {
        (None, Some(status)) => format!("succeeded with status {status}"),
        (None, None) => "succeeded".to_owned(),
        (Some(code), Some(status)) if !code.ends_with(&status.to_string()) => {
            format!("failed with {code}, status {status}")
        }
        (Some(code), _) => format!("failed with {code}"),
    };
    let response = record.response.as_deref().filter(|text| values && !text.is_empty());
    AttemptView {
        number: record.attempt,
        at: Moment { iso: record.at.to_string(), text: format::moment_exact(zone, record.at) },
        icon,
        tone,
        outcome,
        message: record.message.clone(),
        response: response
            .map(|text| Block { cut: text.chars().count() >= domain::action::SHOWN_CHARS_MAX, ..body("Answer", text) }),
    }
}

/// The attempt that is under way or waits for its time.
fn next(
    details: &Details<'_>,
    number: ElementNumber,
    attempts: &[AttemptRecord],
    (zone, now): (&Zone, Timestamp),
) -> Option<Next> {
    let instance = &details.aggregate.instance;
    let live = instance.element(number).filter(|live| !live.failed && !instance.status.is_final())?;
    let number = live.action.as_ref()?.attempt;
    let waits = attempts.last().and_then(|last| last.retry_at).filter(|at| *at > now);
    Some(Next { number, at: waits.map(|at| Moment { iso: at.to_string(), text: format::moment_exact(zone, at) }) })
}
