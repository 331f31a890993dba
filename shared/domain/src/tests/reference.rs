//! The engine against a reference interpreter: random processes, random paths, random faults. A case is a number; the
//! same number is the same case on every machine. One that fails is made small and printed with its number, and
//! `REFERENCE_CASE=number cargo test -p domain reference` runs it again. `REFERENCE_CASES=number` runs more of them.

mod drive;
mod found;
mod generate;
mod interpreter;
mod picture;
mod plan;
mod random;
mod shrink;

use drive::{Case, Told, tell, tell_in_any_order};
use plan::Plan;
use random::Random;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Cases that every run tells; more are a matter of patience.
const BLOCKS: u64 = 3_000;
const GRAPHS: u64 = 500;
const CONFLUENT: u64 = 1_500;
/// Commands after the start of an instance.
const COMMANDS: usize = 24;

fn case(number: u64, generate: fn(&mut Random) -> Plan) -> Case {
    let mut random = Random::new(number);
    let plan = generate(&mut random);
    Case { plan, choices: (0..COMMANDS).map(|_| random.next()).collect() }
}

/// Panics of the engine and of the world around it count like differences.
fn told(case: &Case, tell: fn(&Case) -> Result<Told, String>) -> Result<Told, String> {
    catch_unwind(AssertUnwindSafe(|| tell(case))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("panicked: {}", text.unwrap_or_default()))
    })
}

#[allow(clippy::disallowed_methods, reason = "how many cases are told is no matter of the domain")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn numbers(cases: u64) -> Range<u64> {
    let only = setting("REFERENCE_CASE");
    only.map_or(0..setting("REFERENCE_CASES").unwrap_or(cases), |number| number..number + 1)
}

/// Tells the cases of one kind.
fn agree(kind: &str, cases: u64, generate: fn(&mut Random) -> Plan) -> Vec<Told> {
    let mut stories = Vec::new();
    for number in numbers(cases) {
        let case = case(number, generate);
        match told(&case, tell) {
            Ok(told) => stories.push(told),
            Err(_) => {
                let small = shrink::shrink(case, |smaller| told(smaller, tell).is_err());
                let difference = told(&small, tell).err().unwrap_or_default();
                panic!("{kind}: REFERENCE_CASE={number} fails. As small as it gets:\n{}{difference}", small.plan);
            }
        }
    }
    stories
}

/// What a run of stories saw at least once; a generator that makes nothing of a kind proves nothing about it.
fn saw(stories: &[Told]) {
    if stories.len() < 100 {
        return;
    }
    for name in NODES {
        let reached = |told: &Told| told.reached.iter().any(|other| other.trim_end_matches(char::is_numeric) == name);
        assert!(stories.iter().any(reached), "no story reached {name}");
    }
    for what in HAPPENED {
        assert!(stories.iter().any(|told| told.happened.contains(what)), "in no story {what}");
    }
    for code in CODES {
        assert!(stories.iter().any(|told| told.codes.iter().any(|other| other == code)), "no story met {code}");
    }
    let cut = stories.iter().filter(|told| told.cut).count();
    assert!(cut * 5 < stories.len(), "{cut} stories were cut");
    let completed = stories.iter().filter(|told| told.completed).count();
    assert!(completed * 5 > stories.len(), "only {completed} came to their end");
    let commands: usize = stories.iter().map(|told| told.commands).sum();
    assert!(commands > 2 * stories.len(), "only {commands} commands");
}

const NODES: [&str; 21] = [
    "call",
    "hear",
    "first",
    "start",
    "end",
    "terminate",
    "error",
    "pass",
    "script",
    "ask",
    "exclusive",
    "parallel",
    "inclusive",
    "wait",
    "delay",
    "serve",
    "say",
    "sub",
    "on",
    "begin",
    "boundary",
];

const CODES: [&str; 15] = [
    "TASK_EXPIRED",
    "INVALID_CORRELATION_KEY",
    "INVALID_COLLECTION",
    "JOB_FAILED",
    "JOIN_STUCK",
    "NO_FLOW",
    "SCRIPT_ERROR",
    "NOT_DEPLOYED",
    "LOW",
    "HIGH",
    "TASK_TIMEOUT",
    "HTTP_404",
    "HTTP_TIMEOUT",
    "GRAPHQL_ERROR",
    "MAIL_REJECTED",
];

const HAPPENED: [&str; 6] = [
    "the time of a command is over",
    "several hear a signal",
    "nobody hears",
    "a signal takes away who would hear it",
    "a late timer",
    "a late answer",
];

/// What is split is joined: such processes also come to their end, whatever is answered.
#[test]
fn block_structured_processes_run_as_the_reference_says() {
    let stories = agree("block_structured", BLOCKS, generate::blocks);
    saw(&stories);
}

/// Flows lead from anywhere to anywhere: unbalanced joins, inclusive joins in loops, paths that multiply.
#[test]
fn unstructured_processes_run_as_the_reference_says() {
    let stories = agree("unstructured", GRAPHS, generate::graph);
    saw(&stories);
}

/// Where no path interrupts another one or reads what another one writes, what comes of the same answers does not depend
/// on the order in which paths move, answers come and jobs run.
#[test]
fn confluent_processes_end_alike_in_any_order() {
    let mut stories = Vec::new();
    for number in numbers(CONFLUENT) {
        let case = case(number, generate::confluent);
        let story = told(&case, tell_in_any_order);
        stories.push(story.unwrap_or_else(|what| panic!("REFERENCE_CASE={number} fails.\n{}{what}", case.plan)));
    }
    let completed = stories.iter().filter(|told| told.completed).count();
    assert!(stories.len() < 100 || completed * 10 > stories.len() * 9, "only {completed} came to their end");
}
