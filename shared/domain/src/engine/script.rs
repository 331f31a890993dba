//! Runs scripts of elements and writes their results. The language itself is behind the `Scripts` port.

use super::command::{Commands, FormErrors};
use super::{Failure, Step, multi_instance};
use crate::event::Event;
use crate::ids::ElementNumber;
use crate::instance::Instance;
use crate::process::{Mapping, Payload, ScriptTask};
use crate::rejection::Rejection;
use crate::script::{LogLine, ScriptFailure, ScriptKind, ScriptOutcome, ScriptRequest};
use crate::time::Timestamp;
use crate::value::ValueExpr;
use crate::variables::{Path, VARIABLES_BYTES_MAX, Variables, is_reserved, refuse_depth};
use serde_json::Value;
use std::borrow::Cow;

/// The code of a destination that a mapping cannot write.
pub(super) const INVALID_MAPPING: &str = "INVALID_MAPPING";

/// What a script sees besides clock and seed.
pub(crate) struct ScriptCall<'s> {
    pub source: &'s str,
    pub kind: ScriptKind,
    pub variables: &'s Variables,
    pub form_data: Option<&'s Variables>,
    pub user_action: Option<&'s str>,
    pub current_user: Option<&'s str>,
}

impl Step<'_> {
    /// Evaluates a script. The outer error is a time-out: nothing is decided.
    pub fn evaluate(
        &mut self,
        call: &ScriptCall<'_>,
        number: ElementNumber,
    ) -> Result<Result<ScriptOutcome, Failure>, Rejection> {
        Ok(self.judge(call, number)?.map_err(|(failure, form_errors)| {
            form_errors.show(self);
            failure
        }))
    }

    /// Evaluates a script that judges an answer: what it said at forms before it failed is left to the caller, because
    /// the refusal of the answer takes away what an earlier one met.
    pub(super) fn judge(
        &mut self,
        call: &ScriptCall<'_>,
        number: ElementNumber,
    ) -> Result<Result<ScriptOutcome, (Failure, FormErrors)>, Rejection> {
        // Any fixed mixing will do: a replay must draw the same numbers, different steps different ones.
        let seed = (self.state.instance.key.get() ^ u64::from(number.0))
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .wrapping_add(self.state.instance.version);
        let mut commands = Commands::of(number);
        loop {
            let request = ScriptRequest {
                source: call.source,
                kind: call.kind,
                variables: call.variables,
                form_data: call.form_data,
                user_action: call.user_action,
                current_user: call.current_user,
                now: self.env.now,
                seed,
                answers: &commands.answers,
            };
            match self.env.scripts.evaluate(&request) {
                Ok(mut outcome) => {
                    drop_reserved(&mut outcome);
                    self.note(std::mem::take(&mut outcome.log));
                    commands.leave(self);
                    return Ok(Ok(outcome));
                }
                // Each answer lets the script come one call further; it may make a hundred of them.
                Err(ScriptFailure::CommandWanted { name, arguments, .. }) => commands.answer(self, name, arguments)?,
                Err(failure) => {
                    let failure = Failure::of_script(failure).ok_or(Rejection::Retry)?;
                    return Ok(Err((failure, commands.drop_mails())));
                }
            }
        }
    }

    /// The variables seen at an element instance: those of the process, and over them what it and the scopes around it
    /// have for themselves.
    pub fn variables_at(&self, at: Option<ElementNumber>) -> Cow<'_, Variables> {
        visible(&self.state.instance, at)
    }

    /// Lends what [`Step::variables_at`] says without copying the variables of the process, which may be large. Nothing
    /// may write variables meanwhile.
    pub(super) fn lend_variables<R>(
        &mut self,
        at: Option<ElementNumber>,
        work: impl FnOnce(&mut Self, &Variables) -> R,
    ) -> R {
        let own = own(&self.state.instance, at);
        self.lend_with(own, work)
    }

    /// Lends the variables of the process with others before them.
    fn lend_with<R>(&mut self, own: Variables, work: impl FnOnce(&mut Self, &Variables) -> R) -> R {
        let mut variables = std::mem::take(&mut self.state.instance.variables);
        let mut hidden: Vec<(String, Option<Value>)> = Vec::new();
        for (name, value) in own {
            let before = variables.insert(name.clone(), value);
            hidden.push((name, before));
        }
        let result = work(self, &variables);
        for (name, before) in hidden {
            match before {
                Some(value) => variables.insert(name, value),
                None => variables.remove(&name),
            };
        }
        self.state.instance.variables = variables;
        result
    }

    /// Writes variables as seen at an element instance: one that it or a scope around it has for itself stays there.
    pub fn set_variables_at(&mut self, at: Option<ElementNumber>, mut values: Variables) -> Result<(), Failure> {
        refuse_depth(&values).map_err(|message| Failure::new("LIMIT", message))?;
        let mut around = at;
        while let Some(live) = around.and_then(|number| self.state.instance.element(number)) {
            let element = live.number;
            around = live.scope;
            let own: Variables = live.local.keys().filter_map(|name| values.remove_entry(name)).collect();
            if !own.is_empty() {
                self.emit(Event::LocalsSet { element, values: own });
            }
        }
        self.set_variables(values)
    }

    /// Writes variables, or fails when the instance would hold too many bytes or levels of them.
    pub fn set_variables(&mut self, values: Variables) -> Result<(), Failure> {
        if values.is_empty() {
            return Ok(());
        }
        refuse_depth(&values).map_err(|message| Failure::new("LIMIT", message))?;
        let bytes = self.bytes_with(&values, &Variables::new())?;
        self.emit(Event::VariablesSet(values));
        self.variables_bytes = Some(bytes);
        Ok(())
    }

    /// Fails where [`Step::set_variables_at`] would, and writes nothing.
    pub(super) fn refuse_too_much(&self, at: Option<ElementNumber>, values: &Variables) -> Result<(), Failure> {
        refuse_depth(values).map_err(|message| Failure::new("LIMIT", message))?;
        self.bytes_with(values, &own(&self.state.instance, at)).map(|_| ())
    }

    /// Bytes of the process's variables with `values` written, but for those that are `elsewhere`.
    fn bytes_with(&self, values: &Variables, elsewhere: &Variables) -> Result<usize, Failure> {
        let present = &self.state.instance.variables;
        let all = |variables: &Variables| variables.iter().map(|(name, value)| size(name, value)).sum::<usize>();
        let before = self.variables_bytes.unwrap_or_else(|| all(present));
        debug_assert_eq!(before, all(present), "whatever writes variables is counted");
        let written = || values.iter().filter(|(name, _)| !elsewhere.contains_key(*name));
        let replaced = written().filter_map(|(name, _)| Some(size(name, present.get(name)?))).sum::<usize>();
        let bytes = before - replaced + written().map(|(name, value)| size(name, value)).sum::<usize>();
        if bytes > VARIABLES_BYTES_MAX {
            return Err(Failure::new(
                "LIMIT",
                format!("the variables would take {bytes} bytes; an instance holds at most {VARIABLES_BYTES_MAX}"),
            ));
        }
        Ok(bytes)
    }
}

/// Refuses more bytes of variables than an instance holds.
pub(crate) fn refuse_size(variables: &Variables) -> Result<(), Rejection> {
    let bytes: usize = variables.iter().map(|(name, value)| size(name, value)).sum();
    if bytes > VARIABLES_BYTES_MAX {
        return Err(Rejection::Limit {
            message: format!("the variables take {bytes} bytes; an instance holds at most {VARIABLES_BYTES_MAX}"),
        });
    }
    Ok(())
}

/// Bytes of a variable as compact JSON, quotes, colon and comma included.
pub(crate) fn size(name: &str, value: &Value) -> usize {
    fn of(value: &Value) -> usize {
        match value {
            Value::Null | Value::Bool(true) => 4,
            Value::Bool(false) => 5,
            Value::Number(number) => number.to_string().len(),
            Value::String(text) => text.len() + 2,
            Value::Array(list) => 2 + list.iter().map(|item| of(item) + 1).sum::<usize>(),
            Value::Object(map) => 2 + map.iter().map(|(name, value)| size(name, value)).sum::<usize>(),
        }
    }
    name.len() + 4 + of(value)
}

/// What [`Step::variables_at`] says, of any state.
pub(super) fn visible(instance: &Instance, at: Option<ElementNumber>) -> Cow<'_, Variables> {
    let own = own(instance, at);
    if own.is_empty() {
        return Cow::Borrowed(&instance.variables);
    }
    let mut variables = instance.variables.clone();
    variables.extend(own);
    Cow::Owned(variables)
}

/// What an element instance and the scopes around it have for themselves.
fn own(instance: &Instance, at: Option<ElementNumber>) -> Variables {
    let mut around = at.and_then(|number| instance.element(number));
    let mut local: Vec<Cow<'_, Variables>> = Vec::new();
    while let Some(live) = around {
        if !live.local.is_empty() {
            local.push(Cow::Borrowed(&live.local));
        }
        local.extend(live.turns.as_ref().map(|turns| Cow::Owned(multi_instance::counters(turns))));
        around = live.scope.and_then(|number| instance.element(number));
    }
    let mut own = Variables::new();
    for inner in local.into_iter().rev() {
        own.extend(inner.into_owned());
    }
    own
}

/// Names of the engine stay its own, as at every other door; a script may only clear the last error, as models do that
/// start over.
fn drop_reserved(outcome: &mut ScriptOutcome) {
    let mut dropped: Vec<String> = Vec::new();
    outcome.writes.retain(|name, value| {
        let stays = !is_reserved(name) || (name == "_lastError" && value.is_null());
        if !stays {
            dropped.push(name.clone());
        }
        stays
    });
    if !dropped.is_empty() {
        let text = format!("set by the engine only, so these assignments are dropped: {}", dropped.join(", "));
        outcome.log.push(LogLine { level: "warn", text: text.chars().take(1_000).collect() });
    }
}

/// A script task: the script's writes, then its result, or the value of its expression. What the InputMapping gives is
/// seen over the variables meanwhile, and gone afterwards with whatever was assigned there.
pub(super) fn run_task(
    step: &mut Step<'_>,
    task: &ScriptTask,
    number: ElementNumber,
    at: Option<ElementNumber>,
) -> Result<Result<(), Failure>, Rejection> {
    let mut inputs = Variables::new();
    if !task.input_mapping.is_empty() {
        match mapped(&task.input_mapping, &step.variables_at(at), step.env.now) {
            Ok(given) => inputs = given,
            Err(failure) => return Ok(Err(failure)),
        }
    }
    let seen_with = |step: &Step<'_>, others: &Variables| {
        let mut seen = own(&step.state.instance, at);
        seen.extend(inputs.clone());
        seen.extend(others.clone());
        seen
    };
    let evaluated = step.lend_with(seen_with(step, &Variables::new()), |step, variables| {
        if let Some(expression) = &task.expression {
            let result = expression.evaluate(variables, step.env.now);
            return Ok(Ok(ScriptOutcome { result, writes: Variables::new(), log: Vec::new() }));
        }
        let call = ScriptCall {
            source: &task.script,
            kind: ScriptKind::Task,
            variables,
            form_data: None,
            user_action: None,
            current_user: None,
        };
        step.evaluate(&call, number)
    });
    Ok(match evaluated? {
        Ok(outcome) => {
            let seen = (!task.output_mapping.is_empty()).then(|| seen_with(step, &outcome.writes));
            let mut values = outcome.writes;
            values.retain(|name, _| !inputs.contains_key(name));
            let rule = ResultRule {
                variable: task.result_variable.as_deref(),
                mapping: &task.output_mapping,
                fallback: "lastScriptResult",
                seen,
            };
            write_result(step, at, &mut values, &outcome.result, &rule).and_then(|()| step.set_variables_at(at, values))
        }
        Err(failure) => Err(failure),
    })
}

/// Where a result goes: ResultVariable gets the whole of it, an OutputMapping picks from it, neither set = `fallback`.
pub(super) struct ResultRule<'m> {
    pub variable: Option<&'m str>,
    pub mapping: &'m [Mapping],
    pub fallback: &'static str,
    /// What the work had for itself or assigned, where expressions of the mapping see the variables besides the result:
    /// over those of the process, and under the result.
    pub seen: Option<Variables>,
}

impl<'m> ResultRule<'m> {
    /// The rule of what comes from outside of the instance.
    pub fn of(payload: &'m Payload, fallback: &'static str) -> ResultRule<'m> {
        ResultRule {
            variable: payload.result_variable.as_deref(),
            mapping: &payload.output_mapping,
            fallback,
            seen: None,
        }
    }
}

/// Writes a result by its rule, for [`Step::set_variables_at`] at the same place.
pub(super) fn write_result(
    step: &Step<'_>,
    at: Option<ElementNumber>,
    values: &mut Variables,
    result: &Value,
    rule: &ResultRule<'_>,
) -> Result<(), Failure> {
    if let Some(name) = rule.variable {
        values.insert(name.to_owned(), result.clone());
    }
    let mut source = Variables::new();
    if let Value::Object(map) = result {
        source = map.clone();
    }
    let picks = |mapping: &Mapping| matches!(mapping.source, ValueExpr::Path(_) | ValueExpr::Literal(_));
    match &rule.seen {
        Some(seen) if !rule.mapping.iter().all(picks) => {
            let mut wide = step.state.instance.variables.clone();
            wide.extend(seen.clone());
            wide.insert(rule.variable.unwrap_or(rule.fallback).to_owned(), result.clone());
            wide.extend(source.clone());
            for line in rule.mapping {
                let from = if picks(line) { &source } else { &wide };
                map_into(step, at, values, std::slice::from_ref(line), from)?;
            }
        }
        Some(_) | None => map_into(step, at, values, rule.mapping, &source)?,
    }
    if rule.variable.is_none() && rule.mapping.is_empty() {
        keep_last_result(step, values, rule.fallback, result.clone());
    }
    Ok(())
}

/// Writes a result nobody asked for. None is written only over that of an earlier script, which would be taken for this
/// one's.
pub(crate) fn keep_last_result(step: &Step<'_>, values: &mut Variables, name: &str, result: Value) {
    if !result.is_null() || step.state.instance.variables.contains_key(name) {
        values.insert(name.to_owned(), result);
    }
}

/// Writes each mapping's source, read from `source`, to its destination; a destination below a variable that is seen at
/// `at` keeps the rest of that variable.
pub(super) fn map_into(
    step: &Step<'_>,
    at: Option<ElementNumber>,
    values: &mut Variables,
    mapping: &[Mapping],
    source: &Variables,
) -> Result<(), Failure> {
    let own = if mapping.is_empty() { Variables::new() } else { own(&step.state.instance, at) };
    for Mapping { target, source: expression } in mapping {
        let root = target.root();
        if is_reserved(root) {
            continue;
        }
        if !values.contains_key(root)
            && let Some(present) = own.get(root).or_else(|| step.state.instance.variables.get(root))
        {
            values.insert(root.to_owned(), present.clone());
        }
        assign(values, target, expression.evaluate(source, step.env.now))?;
    }
    Ok(())
}

/// Writes one destination of a mapping. What has no place is a failure: nothing may be lost unseen.
pub(super) fn assign(values: &mut Variables, target: &Path, value: Value) -> Result<(), Failure> {
    if target.set(values, value) {
        return Ok(());
    }
    let message = format!(
        "the mapping cannot write \"{target}\": on its way stands a value that is no object, or a list without that item"
    );
    Err(Failure::new(INVALID_MAPPING, message))
}

/// What an InputMapping gives, read from `variables`.
pub(super) fn mapped(mapping: &[Mapping], variables: &Variables, now: Timestamp) -> Result<Variables, Failure> {
    let mut values = Variables::new();
    for Mapping { target, source } in mapping {
        assign(&mut values, target, source.evaluate(variables, now))?;
    }
    Ok(values)
}
