//! Commands that scripts call with `doCmd`: the engine answers its own ones, asks for the others to be carried out, and
//! lets mails leave once their script has run to its end. Carries out nothing.

use super::Step;
use super::action::{room, written_mail};
use crate::action::{ActionRequest, JobChange, UNAWAITED};
use crate::effect::Effect;
use crate::event::Event;
use crate::ids::Number;
use crate::rejection::Rejection;
use crate::script::{CommandAnswer, CommandCall};
use serde_json::{Value, json};

/// The built-in command that sends a mail: `{ to, subject, body }`.
const SEND_EMAIL: &str = "SendEmail";

/// The commands of one evaluation.
pub(super) struct Commands {
    /// The element instance whose script runs.
    element: Number,
    /// What the script reads when it runs again.
    pub answers: Vec<CommandAnswer>,
    mails: Vec<ActionRequest>,
}

impl Commands {
    pub fn of(element: Number) -> Commands {
        Commands { element, answers: Vec::new(), mails: Vec::new() }
    }

    /// Answers the next call, or refuses the decision until its answer is at hand.
    pub fn answer(&mut self, step: &mut Step<'_>, name: String, arguments: Value) -> Result<(), Rejection> {
        let answer = if name == SEND_EMAIL {
            self.send_email(step, &arguments)
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

    /// The script has run to its end: its mails leave with the commit. Those of a script that failed never do.
    pub fn leave(self, step: &mut Step<'_>) {
        let activity = step.activity(self.element);
        for mail in self.mails {
            let ActionRequest::Email(request) = &mail else { continue };
            let last = step.state.instance.last_number.max(self.element);
            // The last number of all is left to the incident that says so.
            let Some(number) = last.0.checked_add(1).map(Number) else { return };
            for recipient in (0..).take(request.to.len()) {
                step.effect(Effect::Mail { element: number, attempt: UNAWAITED, recipient });
            }
            step.emit(Event::ActionOrdered { element: number, attempt: UNAWAITED, retries: 0 });
            let (activity, request) = (activity.clone(), Box::new(mail));
            step.jobs.push(JobChange::Ordered { element: number, activity, attempt: UNAWAITED, request });
        }
    }
}
