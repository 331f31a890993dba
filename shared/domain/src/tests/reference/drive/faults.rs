//! Faults of the world around an instance: what comes twice, and what comes when nobody waits for it any more.

use super::{Both, Choice};
use crate::action::{Answer, HttpAnswer};
use crate::command::{Command, Submission};
use crate::effect::{Due, Effect};
use crate::external_task::ExternalTask;
use crate::ids::ElementNumber;
use crate::instance::ElementInstance;
use crate::rejection::Rejection;
use crate::tests::dsl::Then;
use crate::tests::reference::random::Random;
use crate::variables::Variables;

impl Both<'_> {
    /// What comes twice is refused; the world checks that a refusal changes nothing.
    pub(super) fn repeat(&mut self, choice: &Choice, command: &Command) -> Result<(), String> {
        let stays = match choice {
            Choice::Answer { task, .. } => self.reference.activity(*task).is_some_and(|task| !task.failed),
            Choice::Hear { to: (activity, event), .. } => {
                self.reference.activity(*activity).is_some_and(|activity| activity.hears(*event))
            }
            Choice::Deliver { .. } => return Ok(()),
            Choice::Expire { .. }
            | Choice::Fire { .. }
            | Choice::Reply { .. }
            | Choice::Ended { .. }
            | Choice::Cancel => false,
            // With the incident a person looks at the instance.
            Choice::GiveUp { .. } => false,
            Choice::Job => self.reference.has_job(),
            Choice::Retry { .. } => return Ok(()),
        };
        if !stays && is_taken(&self.world.when(command.clone())) {
            return Err(format!("the engine does {choice:?} twice"));
        }
        Ok(())
    }

    /// A timer that was stopped, an answer behind a boundary event, one to an earlier attempt: whatever was ordered once
    /// and is not awaited now, or not yet, is refused.
    pub(super) fn come_late(&mut self, random: &mut Random) -> Result<(), String> {
        let effects = self.world.journal.iter().flat_map(|(_, _, effects)| effects);
        let late: Vec<Command> = effects.filter_map(|effect| self.late(effect)).collect();
        let Some(command) = late.get(random.below(late.len())).cloned() else { return Ok(()) };
        self.happened.insert(if matches!(command, Command::FireTimer { .. }) {
            "a late timer"
        } else {
            "a late answer"
        });
        let said = format!("the engine does {command:?}, for which nobody waits");
        if is_taken(&self.world.when(command)) { Err(said) } else { Ok(()) }
    }

    fn late(&self, effect: &Effect) -> Option<Command> {
        let live = |number: ElementNumber| self.world.state().instance.element(number).map(AsRef::as_ref);
        match effect {
            Effect::Schedule { due: Due::Timer { element, event, occurrence }, .. } => {
                let is_due = |live: &ElementInstance| {
                    let mut timers = live.timers.iter().filter(|timer| timer.due <= self.world.now);
                    timers.any(|timer| (&timer.event, timer.occurrence) == (event, *occurrence))
                };
                let (element, event, occurrence) = (*element, event.clone(), *occurrence);
                (!live(element).is_some_and(is_due)).then_some(Command::FireTimer { element, event, occurrence })
            }
            Effect::Act { element, attempt, .. } | Effect::Mail { element, attempt, .. } => {
                let waits = |live: &ElementInstance| {
                    !live.failed && live.action.as_ref().is_some_and(|action| action.attempt == *attempt)
                };
                let answer = HttpAnswer { status: 200, headers: Vec::new(), body: "{}".to_owned() };
                let (element, attempt, answer) = (*element, *attempt, Box::new(Answer::Http(answer)));
                (!live(element).is_some_and(waits)).then_some(Command::CompleteAction { element, attempt, answer })
            }
            Effect::Schedule { due: Due::Expiry { task }, .. } => {
                let open = |task: &&ExternalTask| !task.status.is_final();
                let task = self.world.state().tasks.get(task)?;
                let is_due = task.expires_at.is_some_and(|expires| expires <= self.world.now);
                let (action, values, id) = ("Approve".to_owned(), Variables::new(), String::new());
                match (open(&task), is_due) {
                    (true, true) => Some(Command::Submit(Submission { task: task.key, action, values, id })),
                    (true, false) | (false, _) => Some(Command::Expire { task: task.key }),
                }
            }
            Effect::Schedule { due: Due::Reminder { .. } | Due::Start(_), .. }
            | Effect::Notify { .. }
            | Effect::Unschedule { .. }
            | Effect::Find { .. }
            | Effect::Call(_)
            | Effect::Throw { .. }
            | Effect::Continue => None,
        }
    }
}

/// Also one that goes on when a command of a script is carried out.
pub(super) fn is_taken(then: &Then) -> bool {
    match &then.result {
        // The same answer once more is the same page.
        Ok(decision) => !decision.events.is_empty(),
        Err(refused) => matches!(refused, Rejection::CommandWanted(_)),
    }
}
