//! How an ordinary user task begins (W-01) and how the process takes it away or opens it again (W-18, W-20, W-21).
//! Completion stands in `completion`.

use super::event::{CancelCause, WorkTaskCreated, WorkTaskEvent};
use super::{Action, Priority, Responsible, State, WorkTask, lifecycle};
use crate::engine::{Failure, Step, begin_waits, due, plan_waits, refuse_too_many_tasks, stop_timers};
use crate::event::Event;
use crate::ids::{ElementNumber, TaskNumber};
use crate::process::{Element, When, WorkTaskModel};
use crate::template::plain_text;
use crate::time::Timestamp;
use crate::value::ValueExpr;
use crate::variables::Variables;
use serde_json::Value;

/// Candidates of one task at most: they stand in its row of the list.
pub const CANDIDATES_MAX: usize = 50;
/// Characters kept of a description with values; a variable may hold a text of any length.
const DESCRIPTION_CHARS_MAX: usize = 2_000;
/// Characters of a user or group at most; longer than any directory's.
const NAME_CHARS_MAX: usize = 200;

/// W-01: evaluates who, when and how urgent; creates the task and starts the timers beside it.
pub(crate) fn create(
    step: &mut Step<'_>,
    element: &Element,
    model: &WorkTaskModel,
    number: ElementNumber,
    form_context: Variables,
    input_data: Variables,
) -> Result<(), Failure> {
    refuse_too_many_tasks(step)?;
    let task = step.next_task()?;
    // What the Script prepared may name people too; where both have a name, the process's own variable is meant.
    let mut data = form_context.clone();
    data.extend(step.variables_at(Some(number)).into_owned());
    let now = step.env.now;
    let responsible = responsible(model, &data, now)?;
    let priority = priority(model, &data, now)?;
    let due_at = date(model.due.as_ref(), &data, now, "INVALID_DUE_DATE")?;
    let follow_up_at = date(model.follow_up.as_ref(), &data, now, "INVALID_FOLLOW_UP_DATE")?;
    let waits = plan_waits(step, element, number)?;
    let created = WorkTaskCreated {
        element: number,
        activity: element.id.clone(),
        responsible,
        priority,
        due_at,
        follow_up_at,
        description: described(element, &data),
        form_context,
        input_data,
    };
    step.emit(Event::WorkTask { task, what: WorkTaskEvent::Created(Box::new(created)) });
    begin_waits(step, number, waits);
    Ok(())
}

/// Assignee and candidates. One responsible user alone is the assignee at once. Where the model names somebody and
/// nobody comes out the task must not be open to everybody.
fn responsible(model: &WorkTaskModel, data: &Variables, now: Timestamp) -> Result<Responsible, Failure> {
    let mut assigned = Vec::new();
    if let Some(expression) = &model.assignee {
        // An assignee is one person: no comma separates several.
        add(&mut assigned, &text("Assignee", &expression.evaluate(data, now))?)?;
    }
    let users = names("ResponsibleUsers", &model.candidate_users, data, now)?;
    let groups = names("ResponsibleTeams", &model.candidate_groups, data, now)?;
    let total = users.len() + groups.len();
    if total > CANDIDATES_MAX {
        let message = format!("the task has {total} candidates; at most {CANDIDATES_MAX} are possible: use a team");
        return Err(Failure::new("LIMIT", message));
    }
    let assignee = match (assigned.into_iter().next(), users.as_slice(), groups.is_empty()) {
        (Some(assignee), _, _) => Some(assignee),
        (None, [only], true) => Some(only.clone()),
        (None, _, _) => None,
    };
    let responsible = Responsible { assignee, users, groups };
    let modelled = [
        ("Assignee", model.assignee.as_slice()),
        ("ResponsibleUsers", model.candidate_users.as_slice()),
        ("ResponsibleTeams", model.candidate_groups.as_slice()),
    ];
    let named =
        |(property, sources): (&'static str, &[ValueExpr])| sources.iter().any(names_somebody).then_some(property);
    let named: Vec<&str> = modelled.into_iter().filter_map(named).collect();
    if responsible.is_empty() && !named.is_empty() {
        return Err(unusable(format!("nobody can do the task: {} gives no name", named.join(" with "))));
    }
    Ok(responsible)
}

/// An expression may give nobody, as in the engines whose spelling it is; a name, path or template is meant to name somebody.
fn names_somebody(source: &ValueExpr) -> bool {
    match source {
        ValueExpr::Literal(_) | ValueExpr::Path(_) | ValueExpr::Template(_) => true,
        ValueExpr::Expression(_) => false,
    }
}

/// The names that the expressions of a property give, each once: a list, or a text with commas.
fn names(property: &str, expressions: &[ValueExpr], data: &Variables, now: Timestamp) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for expression in expressions {
        match expression.evaluate(data, now) {
            Value::Array(items) => {
                for item in &items {
                    add(&mut names, &text(property, item)?)?;
                }
            }
            value @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
                for item in text(property, &value)?.split(',') {
                    add(&mut names, item)?;
                }
            }
        }
    }
    Ok(names)
}

/// What may be a name; a missing value is nobody, and a number is as good as its digits.
fn text(property: &str, value: &Value) -> Result<String, Failure> {
    match value {
        Value::Null | Value::String(_) | Value::Number(_) => Ok(plain_text(value)),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(unusable(format!("{property} gives a value that is no text and so names nobody")))
        }
    }
}

fn add(names: &mut Vec<String>, name: &str) -> Result<(), Failure> {
    let name = name.trim();
    if name.chars().count() > NAME_CHARS_MAX {
        let shown: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
        let message = format!("\"{shown}...\" is no user or team: it has more than {NAME_CHARS_MAX} characters");
        return Err(unusable(message));
    }
    if !name.is_empty() && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
    Ok(())
}

fn unusable(message: String) -> Failure {
    Failure::new("INVALID_ASSIGNMENT", message)
}

fn priority(model: &WorkTaskModel, data: &Variables, now: Timestamp) -> Result<Priority, Failure> {
    let Some(expression) = &model.priority else { return Ok(Priority::default()) };
    let value = expression.evaluate(data, now);
    if value.is_null() {
        return Ok(Priority::default());
    }
    Priority::of_value(&value).ok_or_else(|| {
        let shown: String = plain_text(&value).chars().take(80).collect();
        let message = format!("the priority is \"{shown}\"; write 0 to 100, LOW, NORMAL, HIGH or CRITICAL");
        Failure::new("INVALID_PRIORITY", message)
    })
}

/// What a description with placeholders says now. It may show any variable: which ones, its designer wrote.
fn described(element: &Element, data: &Variables) -> Option<String> {
    let description = element.description.as_ref().filter(|text| text.placeholders().next().is_some())?;
    Some(description.render_plain(data).chars().take(DESCRIPTION_CHARS_MAX).collect())
}

/// A date that the model may leave to the variables: a missing one is no date.
fn date(
    when: Option<&When>,
    data: &Variables,
    now: Timestamp,
    code: &'static str,
) -> Result<Option<Timestamp>, Failure> {
    match when {
        None => Ok(None),
        Some(When::Expression(expression)) if expression.evaluate(data, now).is_null() => Ok(None),
        Some(when) => due(when, now, data).map(Some).map_err(|message| Failure::new(code, message)),
    }
}

/// W-18: the process takes the task away. A failed one is canceled (W-21): its failure ends with it.
pub(crate) fn take_away(step: &mut Step<'_>, number: TaskNumber) {
    let failed = step.state.work_tasks.get(&number).is_some_and(|task| task.state == State::Failed);
    end(step, number, if failed { CancelCause::Cancel } else { CancelCause::Interrupt });
}

/// Cancels a task; one that has ended stays as it is.
pub(crate) fn end(step: &mut Step<'_>, number: TaskNumber, cause: CancelCause) {
    let Some(task) = step.state.work_tasks.get(&number).cloned() else { return };
    if lifecycle::after(task.state, task.failed_in, cause.action()).is_some() {
        stop_timers(step, task.element);
        step.emit(Event::WorkTask { task: number, what: WorkTaskEvent::Canceled { cause } });
    }
}

/// W-20: the task is as it was before its submission failed.
pub(crate) fn reopen(step: &mut Step<'_>, number: TaskNumber) {
    let failed = |task: &WorkTask| lifecycle::after(task.state, task.failed_in, Action::Retry).is_some();
    if step.state.work_tasks.get(&number).is_some_and(failed) {
        step.emit(Event::WorkTask { task: number, what: WorkTaskEvent::Retried });
    }
}
