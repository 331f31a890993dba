//! How many instances of `approval.bpmn` the engine runs in one thread: in memory, and with the state written and read
//! back at the wait. Prints one JSON object; judges nothing.
#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

mod clock;
mod stored;

use anyhow::{Context, ensure};
use domain::command::{Actor, Command, Start, Submission};
use domain::decision::{Decision, Env};
use domain::ids::InstanceKey;
use domain::instance::{Aggregate, InstanceStatus};
use domain::process::Process;
use domain::script::{ScriptFailure, ScriptOutcome, ScriptRequest, Scripts};
use domain::time::Timestamp;
use script::QuickJs;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use stored::{read, written};

const MODEL: &str = include_str!("../approval.bpmn");
const NOW_MS: i64 = 1_772_442_000_000;
const RUNS: usize = 5;
const COUNT: u32 = 20_000;

fn main() -> anyhow::Result<()> {
    // `cargo bench` adds an argument of its own.
    let count = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(COUNT);
    let process = process()?;
    let quick = QuickJs::default();
    let bench = Bench { process: &process, scripts: &quick };
    let waiting = bench.begin(0)?;
    let memory = median(count, |n| bench.finish(&bench.begin(n)?))?;
    let stored = median(count, |n| {
        let waiting = read(&written(&bench.begin(n)?)?)?;
        written(&bench.finish(&waiting)?)
    })?;
    let timed = Timed { inner: quick, nanos: AtomicU64::new(0), calls: AtomicU64::new(0) };
    let bench = Bench { process: &process, scripts: &timed };
    let (in_memory, calls) = share(count, &timed, |n| bench.finish(&bench.begin(n)?))?;
    let (in_stored, _) = share(count, &timed, |n| {
        let waiting = read(&written(&bench.begin(n)?)?)?;
        written(&bench.finish(&waiting)?)
    })?;
    println!(
        "{}",
        json!({
            "memory_per_s": memory, "stored_per_s": stored, "waiting_bytes": written(&waiting)?.len(),
            "scripts_per_instance": calls, "script_share_memory": in_memory, "script_share_stored": in_stored,
            "instances": count, "runs": RUNS,
        })
    );
    Ok(())
}

fn process() -> anyhow::Result<Process> {
    let reading = bpmn::read(MODEL.as_bytes());
    ensure!(!reading.has_errors(), "the model is refused: {:?}", reading.diagnostics);
    Ok(reading.definitions.into_iter().next().context("the model has no process")?.process)
}

/// The engine with what it needs for one life.
struct Bench<'a> {
    process: &'a Process,
    scripts: &'a dyn Scripts,
}

impl Bench<'_> {
    fn decide(&self, state: Option<&Aggregate>, command: &Command) -> anyhow::Result<Decision> {
        let actor = Actor::System;
        let env = Env {
            now: Timestamp::from_millis(NOW_MS),
            actor: &actor,
            process: self.process,
            templates: self.process,
            scripts: self.scripts,
            commands: &[],
        };
        domain::decide(&env, state, command).map_err(|rejection| anyhow::anyhow!("{rejection:?}"))
    }

    /// A new instance up to the task.
    fn begin(&self, number: u32) -> anyhow::Result<Aggregate> {
        let start = Start::new(
            InstanceKey::compose(NOW_MS + 10 * i64::from(number), u64::from(number)),
            self.process.id.clone(),
            1,
        );
        Ok(self.decide(None, &Command::Start(start))?.after)
    }

    /// The answer, and everything behind it.
    fn finish(&self, waiting: &Aggregate) -> anyhow::Result<Aggregate> {
        let task = waiting.tasks.values().next().context("no task waits")?;
        let posted = [("approved", "yes"), ("amount", "21"), ("comment", "ok")];
        let submission = Submission {
            task: task.key,
            action: "Submit".to_owned(),
            values: posted.into_iter().map(|(name, text)| (name.to_owned(), Value::from(text))).collect(),
            id: "bench".to_owned(),
        };
        let after = self.decide(Some(waiting), &Command::Submit(submission))?.after;
        let instance = &after.instance;
        let total = instance.variables.get("total").and_then(Value::as_f64);
        ensure!(instance.status == InstanceStatus::Completed && total == Some(42.0), "{instance:?}");
        Ok(after)
    }
}

/// Lives a second: the median of several runs, after one that warms up.
fn median<T>(count: u32, mut life: impl FnMut(u32) -> anyhow::Result<T>) -> anyhow::Result<f64> {
    let mut rates = Vec::new();
    for run in 0..=RUNS {
        let (result, seconds) = clock::time(|| {
            (0..count).try_for_each(|number| {
                std::hint::black_box(life(number)?);
                anyhow::Ok(())
            })
        });
        result?;
        if run > 0 {
            rates.push(f64::from(count) / seconds);
        }
    }
    Ok(clock::median(rates))
}

/// The part of the time spent in scripts, from 0 to 1, and scripts a life.
fn share<T>(count: u32, scripts: &Timed, mut life: impl FnMut(u32) -> anyhow::Result<T>) -> anyhow::Result<(f64, f64)> {
    scripts.nanos.store(0, Ordering::Relaxed);
    scripts.calls.store(0, Ordering::Relaxed);
    let start = Instant::now();
    for number in 0..count {
        std::hint::black_box(life(number)?);
    }
    let all = start.elapsed().as_nanos() as f64;
    let calls = scripts.calls.load(Ordering::Relaxed) as f64 / f64::from(count);
    Ok((scripts.nanos.load(Ordering::Relaxed) as f64 / all, calls))
}

/// Counts the time of the scripts behind it.
struct Timed {
    inner: QuickJs,
    nanos: AtomicU64,
    calls: AtomicU64,
}

impl Scripts for Timed {
    fn evaluate(&self, request: &ScriptRequest<'_>) -> Result<ScriptOutcome, ScriptFailure> {
        let start = Instant::now();
        let outcome = self.inner.evaluate(request);
        let nanos = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
        self.calls.fetch_add(1, Ordering::Relaxed);
        outcome
    }
}
