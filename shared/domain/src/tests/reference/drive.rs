//! Leads both interpreters through the same story and compares them after every command. Also makes faults: commands
//! that come twice, and a state that was stored and read again in between.

mod choices;
mod lost;

use super::interpreter::{Activity, Age, Reference, Status};
use super::picture::{of_engine, of_reference};
use super::plan::{Id, Plan};
use super::random::Random;
use crate::command::{Command, Completion, Start};
use crate::effect::{CallEffect, Effect};
use crate::engine::ChildEnd;
use crate::ids::{ElementNumber, InstanceKey};
use crate::instance::{Aggregate, Parent};
use crate::tests::dsl::{NINE, World, given, key};
use crate::time::Timestamp;
use crate::work_task::State;
use serde_json::{Map, Value};

/// What moves by itself between two decisions of the outside, and what waits at once: where a random process multiplies
/// its paths beyond these, its story ends.
const REACHED_MAX: usize = 400;
const LIVE_MAX: usize = 60;

/// A process and what happens to it: each number chooses among what is possible then.
#[derive(Clone, Debug)]
pub struct Case {
    pub plan: Plan,
    pub choices: Vec<u64>,
}

/// What a story came to.
#[derive(Clone, Debug, Default)]
pub struct Told {
    pub reached: Vec<String>,
    pub codes: Vec<String>,
    pub commands: usize,
    pub completed: bool,
    /// It grew beyond all bounds.
    pub cut: bool,
}

#[derive(Clone, Debug)]
enum Choice {
    Answer { task: Age, values: Map<String, Value> },
    Fire { activity: Age, event: Id, late: i64 },
    Hear { activity: Age, event: Id, values: Map<String, Value> },
    Ended { call: Age, how: Ended },
    Job,
    Retry { only: Option<Id>, values: Map<String, Value> },
    Cancel,
}

/// How the instance ended that a call activity started.
#[derive(Clone, Debug)]
enum Ended {
    Completed(Map<String, Value>),
    Failed(String),
    NotStarted,
    Cancelled,
}

struct Both<'p> {
    plan: &'p Plan,
    reference: Reference<'p>,
    world: World,
    /// A job was ordered that has not run.
    job: bool,
    log: Vec<String>,
}

/// Tells the story, and says where the interpreters part.
pub fn tell(case: &Case) -> Result<Told, String> {
    let plan = &case.plan;
    let mut world = given(stored(&plan.process()).indexed());
    plan.teach(&mut world.scripts);
    let caller = Parent { instance: InstanceKey::compose(NINE, 1), element: ElementNumber(1), depth: 1 };
    let then = world.when(Command::Start(Start {
        parent: plan.called.then_some(caller),
        variables: plan.variables.clone(),
        ..Start::new(key(), world.process.id.clone(), 1)
    }));
    let job = then.accepted().effects.contains(&Effect::Continue);
    let mut both = Both { plan, reference: Reference::started(plan, NINE), world, job, log: vec!["start".to_owned()] };
    let told = both.play(case);
    told.map_err(|what| format!("after {}:\n{what}", both.log.join("; ")))
}

impl Both<'_> {
    fn play(&mut self, case: &Case) -> Result<Told, String> {
        if !self.is_cut() {
            self.compare()?;
        }
        for choice in &case.choices {
            let mut random = Random::new(*choice);
            if self.is_cut() {
                break;
            }
            let Some(choice) = self.choose(&mut random) else { break };
            self.carry_out(&choice, &mut random)?;
        }
        if case.plan.sound && self.reference.status != Status::Cancelled {
            self.finish(&mut Random::new(case.choices.len() as u64))?;
        }
        let errors = self.reference.errors.iter().map(|(code, _)| code.clone());
        Ok(Told {
            reached: self.reference.counts.keys().map(|node| self.plan.name(*node)).collect(),
            codes: errors.collect(),
            commands: self.log.len(),
            completed: self.reference.status == Status::Completed,
            cut: self.is_cut(),
        })
    }

    /// What is split is joined and what is thrown is caught: once everything is answered, the process has ended.
    fn finish(&mut self, random: &mut Random) -> Result<(), String> {
        for _ in 0..200 {
            let done = matches!(self.reference.status, Status::Completed);
            if done || self.is_cut() {
                break;
            }
            let Some(choice) = self.next_step(random) else {
                return Err("nothing is possible, and the process has not ended".to_owned());
            };
            self.carry_out(&choice, random)?;
        }
        if self.reference.errors.iter().any(|(code, _)| code == "JOIN_STUCK") {
            return Err("a join is stuck in a process whose splits and joins match".to_owned());
        }
        let ended = self.reference.status == Status::Completed || self.is_cut();
        if ended { Ok(()) } else { Err("the process does not come to its end".to_owned()) }
    }

    fn is_cut(&self) -> bool {
        let reference = &self.reference;
        let live = reference.activities.len() + reference.arrived.len() + reference.resting.len();
        live > LIVE_MAX || reference.reached_by_itself > REACHED_MAX || reference.crowded
    }

    fn carry_out(&mut self, choice: &Choice, random: &mut Random) -> Result<(), String> {
        if random.one_in(3) {
            self.store_and_read();
        }
        let command = self.command(choice)?;
        self.log.push(format!("{choice:?}"));
        let continues = command == Command::Continue;
        let then = self.world.when(command.clone());
        let decision = then.result.map_err(|rejection| format!("the engine refuses: {rejection:?}"))?;
        let tells = decision.effects.iter().any(|effect| matches!(effect, Effect::Call(CallEffect::Ended { .. })));
        if tells != (self.plan.called && decision.after.instance.status.is_final()) {
            return Err("whoever called the instance is told when it has ended".to_owned());
        }
        self.job = decision.effects.contains(&Effect::Continue) || (self.job && !continues);
        match choice {
            Choice::Answer { task, values } => self.reference.answer(*task, values),
            Choice::Fire { activity, event, .. } => self.reference.fire(*activity, *event),
            Choice::Hear { activity, event, values } => self.reference.hear(*activity, *event, values),
            Choice::Ended { call, how: Ended::Completed(values) } => self.reference.ended(*call, values),
            Choice::Ended { call, how: Ended::Failed(code) } => self.reference.ended_badly(*call, Some(code)),
            Choice::Ended { call, how: Ended::NotStarted } => self.reference.ended_badly(*call, None),
            Choice::Ended { how: Ended::Cancelled, .. } => self.reference.cancel(),
            Choice::Job => self.reference.go_on(),
            Choice::Retry { only, values } => self.reference.retry(*only, values),
            Choice::Cancel => self.reference.cancel(),
        }
        if self.is_cut() {
            return Ok(());
        }
        self.compare()?;
        self.repeat(choice, &command)
    }

    /// The engine's command for a choice. What happens at several places at once is told apart by age.
    fn command(&mut self, choice: &Choice) -> Result<Command, String> {
        let missing = |what: &str| format!("the engine has no {what} for {choice:?}");
        Ok(match choice {
            Choice::Answer { task, values } => {
                let (name, nth) = self.nth(*task, |activity| activity.asks && !activity.failed)?;
                let tasks = self.world.state().work_tasks.values();
                let mut open = tasks.filter(|task| task.state == State::Open && task.activity == name);
                let task = open.nth(nth).ok_or_else(|| missing("open task"))?.key;
                Command::Complete(Completion { task, action: Some("Approve".to_owned()), values: values.clone() })
            }
            Choice::Fire { activity, event, late } => {
                let rings = |activity: &Activity| activity.alarms.iter().find(|alarm| alarm.event == *event).cloned();
                let (name, nth) = self.nth(*activity, |activity| rings(activity).is_some())?;
                let due = self.reference.activity(*activity).and_then(rings).map_or(0, |alarm| alarm.due);
                self.reference.now = self.reference.now.max(due + late);
                self.world.now = Timestamp::from_millis(self.reference.now);
                let event = self.plan.name(*event);
                let elements = self.world.state().instance.elements.iter().filter(|live| live.element == name);
                let timers = elements.filter_map(|live| {
                    let timer = live.timers.iter().find(|timer| timer.event == event)?;
                    Some((live.number, timer.occurrence))
                });
                let (element, occurrence) = timers.clone().nth(nth).ok_or_else(|| missing("timer"))?;
                Command::FireTimer { element, event, occurrence }
            }
            Choice::Hear { activity, event, values } => {
                let (name, nth) =
                    self.nth(*activity, |activity| !activity.failed && activity.awaits.contains(event))?;
                let event = self.plan.name(*event);
                let live = self.world.state().instance.elements.iter();
                let live = live.filter(|live| live.element == name && !live.failed);
                let waits = live.filter_map(|live| {
                    let subscription = live.subscriptions.iter().find(|subscription| subscription.event == event)?;
                    Some((live.number, subscription.to.clone()))
                });
                let (element, awaited) = waits.clone().nth(nth).ok_or_else(|| missing("message"))?;
                Command::Receive { element, event, awaited, variables: values.clone() }
            }
            Choice::Ended { call, how } => {
                let (name, nth) = self.nth(*call, |call| call.calls && !call.failed)?;
                let live = self.world.state().instance.elements.iter();
                let mut calls = live.filter(|live| live.element == name && !live.failed && live.turns.is_none());
                let element = calls.nth(nth).ok_or_else(|| missing("call"))?.number;
                self.end_child(element, how)
            }
            Choice::Job => Command::Continue,
            Choice::Retry { only, values } => {
                Command::Retry { element: only.map(|node| self.plan.name(node)), variables: values.clone() }
            }
            Choice::Cancel => Command::CancelInstance { reason: None },
        })
    }

    /// The end of a child, which was started first unless that failed.
    fn end_child(&mut self, element: ElementNumber, how: &Ended) -> Command {
        let key = InstanceKey::compose(NINE, self.log.len() as u64 + 10);
        let message = "it failed".to_owned();
        let (child, end) = match how {
            Ended::Completed(values) => (Some(key), ChildEnd::Completed(values.clone())),
            Ended::Failed(code) => (Some(key), ChildEnd::Failed { code: code.clone(), message }),
            Ended::NotStarted => (None, ChildEnd::NotStarted { code: "NOT_DEPLOYED", message }),
            Ended::Cancelled => (Some(key), ChildEnd::Cancelled),
        };
        if child.is_some() {
            self.world.when(Command::ChildStarted { element, child: key }).accepted();
        }
        Command::ChildEnded { element, child, end }
    }

    /// The name of an activity and how many of the same kind are older.
    fn nth(&self, age: Age, of: impl Fn(&Activity) -> bool) -> Result<(String, usize), String> {
        let activity = self.reference.activity(age).ok_or("it is gone")?;
        let same = self.reference.activities.iter().filter(|other| other.node == activity.node && of(other));
        Ok((self.plan.name(activity.node), same.filter(|other| other.age < age).count()))
    }

    /// What comes twice is refused; the world checks that a refusal changes nothing.
    fn repeat(&mut self, choice: &Choice, command: &Command) -> Result<(), String> {
        let stays = match choice {
            Choice::Answer { task, .. } => self.reference.activity(*task).is_some_and(|task| !task.failed),
            Choice::Hear { activity, event, .. } => {
                self.reference.activity(*activity).is_some_and(|activity| activity.awaits.contains(event))
            }
            Choice::Fire { .. } | Choice::Ended { .. } | Choice::Cancel => false,
            Choice::Job | Choice::Retry { .. } => return Ok(()),
        };
        if !stays && self.world.when(command.clone()).result.is_ok() {
            return Err(format!("the engine does {choice:?} twice"));
        }
        Ok(())
    }

    /// The next command finds what the store gives back.
    fn store_and_read(&mut self) {
        let state = self.world.state();
        let read = Aggregate {
            instance: stored(&state.instance),
            tasks: state.tasks.clone(),
            work_tasks: state.work_tasks.iter().map(|(number, task)| (*number, stored(task))).collect(),
        };
        self.world.state = Some(read);
    }

    fn compare(&mut self) -> Result<(), String> {
        let expected = of_reference(&self.reference, self.plan);
        let found = of_engine(&self.world);
        if let Some(differences) = expected.differences(&found) {
            return Err(differences);
        }
        self.nothing_is_lost()
    }
}

fn stored<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}
