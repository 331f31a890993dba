//! Commands that scripts call with `doCmd` and system tasks name: the engine answers its own ones, asks for the others to be carried out, and
//! lets mails leave once their script has run to its end. Carries out nothing.

use super::Step;
use super::action::{room, written_mail};
use crate::action::{ActionRequest, JobChange, UNAWAITED};
use crate::decision::FormError;
use crate::effect::Effect;
use crate::event::Event;
use crate::ids::{ElementNumber, TaskKey, TaskNumber};
use crate::process::{SEND_EMAIL, SEND_FORM_ERRORS};
use crate::rejection::Rejection;
use crate::script::{CommandAnswer, CommandCall};
use crate::template::plain_text;
use serde_json::{Value, json};

/// Errors of one form at most, and characters of each.
const FORM_ERRORS_MAX: usize = 20;
const FORM_ERROR_CHARS_MAX: usize = 500;

/// The commands of one evaluation.
pub(super) struct Commands {
    /// The element instance whose script runs.
    element: ElementNumber,
    /// What the script reads when it runs again.
    pub answers: Vec<CommandAnswer>,
    mails: Vec<ActionRequest>,
    form_errors: FormErrors,
}

/// What scripts say at forms, not shown there yet.
#[derive(Debug, Default)]
pub(crate) struct FormErrors(Vec<(TaskNumber, Vec<FormError>)>);

impl FormErrors {
    /// They stand at the forms until the next answer.
    pub fn show(self, step: &mut Step<'_>) {
        for (task, errors) in self.0 {
            step.emit(Event::FormErrorsSet { task, errors });
        }
    }
}

impl Commands {
    pub fn of(element: ElementNumber) -> Commands {
        Commands { element, answers: Vec::new(), mails: Vec::new(), form_errors: FormErrors::default() }
    }

    /// Answers the next call, or refuses the decision until its answer is at hand.
    pub fn answer(&mut self, step: &mut Step<'_>, name: String, arguments: Value) -> Result<(), Rejection> {
        let answer = if name == SEND_EMAIL {
            self.send_email(step, &arguments)
        } else if name == SEND_FORM_ERRORS {
            self.send_form_errors(step, &arguments)
        } else {
            let call = CommandCall { element: self.element, number: step.called, name, arguments };
            let Some((_, answer)) = step.env.commands.iter().find(|(made, _)| *made == call) else {
                return Err(Rejection::CommandWanted(Box::new(call)));
            };
            step.called += 1;
            answer.clone()
        };
        self.answers.push(answer);
        Ok(())
    }

    fn send_email(&mut self, step: &Step<'_>, arguments: &Value) -> CommandAnswer {
        let mail = written_mail(arguments).map(ActionRequest::Email);
        match mail.and_then(|mail| room(step, &self.mails, &mail).map(|()| mail)) {
            Ok(mail) => {
                self.mails.push(mail);
                CommandAnswer::Done(json!({ "queued": true }))
            }
            Err(failure) => CommandAnswer::Failed { code: failure.code, message: failure.message },
        }
    }

    fn send_form_errors(&mut self, step: &Step<'_>, arguments: &Value) -> CommandAnswer {
        let activity = arguments.get("taskId").and_then(Value::as_str).unwrap_or_default();
        let external = step.state.tasks.values().filter(|task| !task.status.is_final() && task.activity == activity);
        let work = step.state.work_tasks.values().filter(|task| !task.state.is_final() && task.activity == activity);
        let open = external.map(|task| task.key).chain(work.map(|task| task.key)).map(TaskKey::number).max();
        let Some(task) = open else {
            let message = format!("no task \"{activity}\" is open whose form could show errors");
            return CommandAnswer::Failed { code: "UNKNOWN_TASK".to_owned(), message };
        };
        self.form_errors.0.push((task, form_errors(arguments.get("errors").unwrap_or(&Value::Null))));
        CommandAnswer::Done(json!({ "shown": true }))
    }

    /// The script failed: only what it said at forms stays.
    pub fn drop_mails(self) -> FormErrors {
        self.form_errors
    }

    /// The script has run to its end: its mails leave with the commit.
    pub fn leave(self, step: &mut Step<'_>) {
        self.form_errors.show(step);
        let activity = step.activity(self.element);
        for mail in self.mails {
            let ActionRequest::Email(request) = &mail else { continue };
            let last = step.state.instance.last_element.max(self.element);
            // The last number of all is left to the incident that says so.
            let Some(number) = last.0.checked_add(1).map(ElementNumber) else { return };
            for recipient in (0..).take(request.to.len()) {
                step.effect(Effect::Mail { element: number, attempt: UNAWAITED, recipient });
            }
            step.emit(Event::ActionOrdered { element: number, attempt: UNAWAITED, retries: 0 });
            let (activity, request) = (activity.clone(), Box::new(mail));
            step.jobs.push(JobChange::Ordered { element: number, activity, attempt: UNAWAITED, request });
        }
    }
}

fn form_errors(value: &Value) -> Vec<FormError> {
    let error = |field: &str, message: &Value| FormError {
        field: field.chars().take(FORM_ERROR_CHARS_MAX).collect(),
        message: plain_text(message).chars().take(FORM_ERROR_CHARS_MAX).collect(),
    };
    let of_item = |item: &Value| match item.get("message") {
        Some(message) => error(item.get("field").and_then(Value::as_str).unwrap_or_default(), message),
        None => error("", item),
    };
    let mut errors: Vec<FormError> = match value {
        Value::Array(list) => list.iter().take(FORM_ERRORS_MAX).map(of_item).collect(),
        Value::Object(map) if !map.contains_key("message") => {
            map.iter().take(FORM_ERRORS_MAX).map(|(field, message)| error(field, message)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => vec![of_item(value)],
    };
    errors.retain(|error| !error.message.is_empty());
    errors
}
