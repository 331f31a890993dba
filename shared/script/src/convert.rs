//! Values between JSON and the interpreter, and what the realm's answers mean. Runs nothing.

use crate::SyntaxError;
use crate::limits::RESULT_BYTES_MAX;
use crate::source::Names;
use domain::script::{CommandAnswer, LogLine, ScriptFailure, ScriptKind, ScriptOutcome, ScriptRequest};
use domain::variables::Variables;
use rquickjs::function::Args;
use rquickjs::{Array, Ctx, Error, Object, String as JsString, Value as JsValue};
use serde_json::{Value, json};

/// Lines of a log, the host's own included.
const LOG_LINES_MAX: usize = 100;

/// What an interpreter answered.
pub(crate) enum Answer {
    Decided(Result<ScriptOutcome, ScriptFailure>),
    /// Memory or stack ran out.
    Exhausted(&'static str),
}

/// Appends what the realm's `run` takes besides the script.
pub(crate) fn push_request<'js>(
    ctx: &Ctx<'js>,
    args: &mut Args<'js>,
    request: &ScriptRequest<'_>,
    names: &Names,
) -> Result<(), Error> {
    let server = request.kind == ScriptKind::Server;
    args.push_arg(match request.kind {
        ScriptKind::Pre => 0,
        ScriptKind::Server => 1,
        ScriptKind::Task => 2,
        ScriptKind::Condition => 3,
    })?;
    args.push_arg(variables(ctx, request.variables, names)?)?;
    // A field is read as a bare name, too, where no variable has its name.
    let is_read =
        |form: &&Variables| names.all.contains("formData") || form.keys().any(|field| names.all.contains(field));
    match request.form_data.filter(|_| server).filter(is_read) {
        Some(form) => args.push_arg(ctx.json_parse(text_of(form))?)?,
        None => args.push_arg(JsValue::new_undefined(ctx.clone()))?,
    }
    for text in [request.user_action.filter(|_| server), request.current_user] {
        match text {
            Some(text) => args.push_arg(text)?,
            None => args.push_arg(JsValue::new_undefined(ctx.clone()))?,
        }
    }
    // Milliseconds of a date stay far below 2^53.
    args.push_arg(request.now.as_millis() as f64)?;
    args.push_arg((request.seed & 0xFFFF_FFFF) as f64)?;
    args.push_arg((request.seed >> 32) as f64)?;
    if !request.answers.is_empty() {
        let answers: Vec<Value> = request.answers.iter().map(recorded).collect();
        args.push_arg(ctx.json_parse(Value::Array(answers).to_string())?)?;
    }
    Ok(())
}

fn recorded(answer: &CommandAnswer) -> Value {
    match answer {
        CommandAnswer::Done(value) => json!({ "value": value }),
        CommandAnswer::Failed { code, message } => json!({ "failed": true, "code": code, "message": message }),
    }
}

fn text_of(variables: &Variables) -> String {
    // A map of JSON values has a text by construction.
    serde_json::to_string(variables).unwrap_or_else(|_| "{}".to_owned())
}

/// The variables a script can reach: all, or those whose names occur in it.
fn variables<'js>(ctx: &Ctx<'js>, variables: &Variables, names: &Names) -> Result<JsValue<'js>, Error> {
    if names.whole_context {
        return ctx.json_parse(text_of(variables));
    }
    let object = Object::new(ctx.clone())?;
    for name in &names.all {
        if let Some(value) = variables.get(name) {
            object.set(name.as_str(), to_js(ctx, value)?)?;
        }
    }
    Ok(object.into_value())
}

fn to_js<'js>(ctx: &Ctx<'js>, value: &Value) -> Result<JsValue<'js>, Error> {
    Ok(match value {
        Value::Null => JsValue::new_null(ctx.clone()),
        Value::Bool(value) => JsValue::new_bool(ctx.clone(), *value),
        Value::Number(number) => match number.as_i64().and_then(|number| i32::try_from(number).ok()) {
            Some(number) => JsValue::new_int(ctx.clone(), number),
            None => JsValue::new_float(ctx.clone(), number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => JsString::from_str(ctx.clone(), text)?.into_value(),
        Value::Array(_) | Value::Object(_) => ctx.json_parse(value.to_string())?,
    })
}

/// Reads what `run` returned.
pub(crate) fn answer(answer: &Array<'_>, request: &ScriptRequest<'_>, program: bool) -> Result<Answer, Error> {
    let tag: String = answer.get(0)?;
    if tag != "done" {
        return failure(answer, &tag, program);
    }
    let result: String = answer.get(1)?;
    let written: String = answer.get(2)?;
    for (text, what) in [(&result, "result"), (&written, "assigned variables")] {
        if text.len() > RESULT_BYTES_MAX {
            let text = format!("the {what} of the script take {} bytes; at most {RESULT_BYTES_MAX} fit", text.len());
            return Ok(Answer::Decided(Err(ScriptFailure::Limit(text))));
        }
    }
    let mut log = Vec::new();
    for index in (3..answer.len()).step_by(2) {
        let level: String = answer.get(index)?;
        log.push(LogLine { level: level_of(&level), text: answer.get(index + 1)? });
    }
    Ok(Answer::Decided(outcome(&result, &written, log, request)))
}

fn outcome(
    result: &str,
    written: &str,
    mut log: Vec<LogLine>,
    request: &ScriptRequest<'_>,
) -> Result<ScriptOutcome, ScriptFailure> {
    let unreadable = |what| move |error| ScriptFailure::Technical(format!("the {what} is no JSON value: {error}"));
    let result = serde_json::from_str(result).map_err(unreadable("result of the script"))?;
    let mut writes = Variables::new();
    if !written.is_empty() {
        writes = serde_json::from_str(written).map_err(unreadable("value of an assigned variable"))?;
        writes.retain(|name, value| !request.variables.get(name).is_some_and(|present| is_same(present, value)));
    }
    match request.kind {
        ScriptKind::Server | ScriptKind::Task => {}
        ScriptKind::Pre | ScriptKind::Condition => {
            if !writes.is_empty() {
                let names: Vec<&str> = writes.keys().map(String::as_str).collect();
                let text = format!("assignments are discarded in this script: {}", names.join(", "));
                log.truncate(LOG_LINES_MAX - 1);
                log.push(LogLine { level: "warn", text: text.chars().take(1_000).collect() });
            }
            writes.clear();
        }
    }
    Ok(ScriptOutcome { result, writes, log })
}

/// Equality of values as a script sees them: numbers by what a double can tell apart.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| is_same(a, b)))
        }
        (a, b) => a == b,
    }
}

fn level_of(level: &str) -> &'static str {
    match level {
        "warn" => "warn",
        "error" => "error",
        _ => "info",
    }
}

fn failure(answer: &Array<'_>, tag: &str, program: bool) -> Result<Answer, Error> {
    if tag == "bpmn" {
        let (code, message) = (answer.get(1)?, answer.get(2)?);
        return Ok(Answer::Decided(Err(ScriptFailure::Bpmn { code, message })));
    }
    if tag == "nothing" {
        // The interpreter throws null where even the error finds no room.
        return Ok(Answer::Exhausted("the script threw null, or ran out of stack or memory"));
    }
    let first: String = answer.get(1)?;
    if tag == "thrown" {
        let text = format!("the script threw a value that is no error: {first}");
        return Ok(Answer::Decided(Err(ScriptFailure::Technical(text))));
    }
    let message: String = answer.get(2)?;
    match (first.as_str(), message.as_str()) {
        // Whatever went wrong within the interpreter went wrong for want of memory.
        ("InternalError", _) => return Ok(Answer::Exhausted("the script ran out of memory")),
        ("RangeError", "Maximum call stack size exceeded") => {
            return Ok(Answer::Exhausted("the script ran out of stack: calls or values are nested too deeply"));
        }
        _ => {}
    }
    let stack: String = answer.get(3)?;
    // The wrapper's line, where nothing more exact is known, stands for no line of the script.
    let line = line_of(&stack, "(<input>:").map(|(line, _)| line.saturating_sub(u32::from(!program)));
    let line = line.filter(|line| *line > 0);
    let text = match (first.as_str(), line) {
        ("Error", _) if !message.is_empty() => message,
        (name, Some(line)) => format!("{name}: {message} (line {line})"),
        (name, None) => format!("{name}: {message}"),
    };
    Ok(Answer::Decided(Err(ScriptFailure::Technical(text))))
}

/// Reads why the realm stopped a script: a command, or a limit of the realm's own.
pub(crate) fn stopped(why: &Array<'_>) -> Result<Answer, Error> {
    let tag: String = why.get(0)?;
    if tag == "limit" {
        return Ok(Answer::Decided(Err(ScriptFailure::Limit(why.get(1)?))));
    }
    let number: u32 = why.get(1)?;
    let name: String = why.get(2)?;
    let arguments: String = why.get(3)?;
    if arguments.len() > RESULT_BYTES_MAX {
        let text = format!("the arguments of {name} take {} bytes; at most {RESULT_BYTES_MAX} fit", arguments.len());
        return Ok(Answer::Decided(Err(ScriptFailure::Limit(text))));
    }
    Ok(Answer::Decided(Err(match serde_json::from_str(&arguments) {
        Ok(arguments) => ScriptFailure::CommandWanted { number: number as usize, name, arguments },
        Err(error) => ScriptFailure::Technical(format!("the arguments of {name} are no JSON value: {error}")),
    })))
}

/// The syntax error a compilation threw, with its place in the source; `None` for anything else.
pub(crate) fn syntax_error(thrown: &JsValue<'_>) -> Option<SyntaxError> {
    let error = thrown.as_object()?;
    let name: String = error.get("name").ok()?;
    if name != "SyntaxError" {
        return None;
    }
    let message: String = error.get("message").ok()?;
    let stack: String = error.get("stack").unwrap_or_default();
    let (line, column) = line_of(&stack, "<input>:").unwrap_or((2, 1));
    // The wrapper's first line stands above the script.
    Some(SyntaxError { message, line: line.saturating_sub(1).max(1), column })
}

/// Line and column behind the first `mark` of a stack trace.
fn line_of(stack: &str, mark: &str) -> Option<(u32, u32)> {
    let mut numbers = stack.split_once(mark)?.1.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next().and_then(|column| column.parse().ok()).unwrap_or(1)))
}
