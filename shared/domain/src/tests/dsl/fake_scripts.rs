//! A scripted fake of the script language: a few verbs, and closures where a test needs more. The real language is
//! tested in its own crate.

use crate::script::{ScriptFailure, ScriptKind, ScriptOutcome, ScriptRequest, Scripts};
use crate::variables::Variables;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

type Answer = Box<dyn Fn(&ScriptRequest<'_>) -> Result<ScriptOutcome, ScriptFailure> + Send + Sync>;

/// What one evaluation was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    pub source: String,
    pub kind: ScriptKind,
    pub variables: Variables,
    pub form_data: Option<Variables>,
    pub user_action: Option<String>,
    pub current_user: Option<String>,
    pub seed: u64,
}

/// Verbs: `return JSON`, `set NAME JSON`, `read NAME`, `count NAME`, `throw TEXT`, `bpmn CODE TEXT`, `limit`, `timeout`,
/// `doCmd NAME`; anything else is null.
#[derive(Default)]
pub struct FakeScripts {
    table: Vec<(String, Answer)>,
    seen: Mutex<Vec<Seen>>,
    /// What the language says of the time.
    pub time_is_over: bool,
    /// Over it is when it is asked for so often in one decision.
    pub time_is_over_after: Option<usize>,
    time_asked: AtomicUsize,
}

impl FakeScripts {
    pub fn on(
        &mut self,
        source: &str,
        answer: impl Fn(&ScriptRequest<'_>) -> Result<ScriptOutcome, ScriptFailure> + Send + Sync + 'static,
    ) {
        self.table.insert(0, (source.to_owned(), Box::new(answer)));
    }

    /// The time of a decision begins.
    pub fn start_the_clock(&self) {
        self.time_asked.store(0, Ordering::Relaxed);
    }

    /// The newest evaluation of a source.
    pub fn last(&self, source: &str) -> Seen {
        let seen = self.seen.lock().unwrap();
        seen.iter().rev().find(|seen| seen.source == source).cloned().unwrap_or_else(|| panic!("{source} did not run"))
    }
}

pub fn result(result: Value) -> Result<ScriptOutcome, ScriptFailure> {
    Ok(ScriptOutcome { result, writes: Variables::new(), log: Vec::new() })
}

impl Scripts for FakeScripts {
    fn is_time_over(&self) -> bool {
        let asked = self.time_asked.fetch_add(1, Ordering::Relaxed) + 1;
        self.time_is_over || self.time_is_over_after.is_some_and(|enough| asked >= enough)
    }

    fn evaluate(&self, request: &ScriptRequest<'_>) -> Result<ScriptOutcome, ScriptFailure> {
        self.seen.lock().unwrap().push(Seen {
            source: request.source.to_owned(),
            kind: request.kind,
            variables: request.variables.clone(),
            form_data: request.form_data.cloned(),
            user_action: request.user_action.map(str::to_owned),
            current_user: request.current_user.map(str::to_owned),
            seed: request.seed,
        });
        if let Some((_, answer)) = self.table.iter().find(|(source, _)| source == request.source) {
            return answer(request);
        }
        let (verb, rest) = request.source.split_once(' ').unwrap_or((request.source, ""));
        let (name, value) = rest.split_once(' ').unwrap_or((rest, "null"));
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| json!(text));
        let write = |value: Value| {
            let writes = Variables::from_iter([(name.to_owned(), value.clone())]);
            Ok(ScriptOutcome { result: value, writes, log: Vec::new() })
        };
        match verb {
            "return" => result(json(rest)),
            "set" => write(json(value)),
            "read" => result(request.variables.get(name).cloned().unwrap_or(Value::Null)),
            "count" => write(json!(request.variables.get(name).and_then(Value::as_u64).unwrap_or(0) + 1)),
            "throw" => Err(ScriptFailure::Technical(rest.to_owned())),
            "bpmn" => Err(ScriptFailure::Bpmn { code: name.to_owned(), message: value.to_owned() }),
            "limit" => Err(ScriptFailure::Limit("steps used up".to_owned())),
            "timeout" => Err(ScriptFailure::Timeout),
            "doCmd" => Err(ScriptFailure::CommandWanted { number: 0, name: name.to_owned(), arguments: Value::Null }),
            _ => result(Value::Null),
        }
    }
}
