//! Instances in memory: commands are decided by the real engine with the real script language, and what it orders inside
//! the product (children of call activities, background work) is done at once. What the outside does is not decided here.

use domain::action::{Answer, HttpAnswer};
use domain::command::{Actor, Command, Start};
use domain::decision::{Decision, Env};
use domain::effect::{CallEffect, Due, Effect, TimerStart};
use domain::event::Event;
use domain::ids::{ElementNumber, InstanceKey};
use domain::instance::{Aggregate, Awaited};
use domain::process::Process;
use domain::rejection::Rejection;
use domain::time::Timestamp;
use domain::variables::Variables;
use domain::{ChildEnd, apply, begin, decide};
use script::QuickJs;
use std::collections::{BTreeMap, VecDeque};

/// Monday, 2026-03-02T09:00:00Z, when everything is deployed.
pub const NINE: i64 = 1_772_442_000_000;
/// Commands of one world: more of them means that a process goes round for ever.
const COMMANDS_MAX: usize = 3_000;

/// One instance.
pub struct Life<'a> {
    pub process: &'a Process,
    pub state: Aggregate,
    /// The elements that it reached, in order.
    pub reached: Vec<String>,
}

/// A tree of instances with its clock.
pub struct World<'a> {
    /// Found by id; of equal ids the first.
    deployed: Vec<&'a Process>,
    /// By age: keys are drawn in ascending order.
    pub lives: BTreeMap<InstanceKey, Life<'a>>,
    pub now: Timestamp,
    commands: usize,
    inside: VecDeque<(InstanceKey, Effect)>,
}

impl<'a> World<'a> {
    pub fn new(deployed: Vec<&'a Process>) -> World<'a> {
        World {
            deployed,
            lives: BTreeMap::new(),
            now: Timestamp::from_millis(NINE),
            commands: 0,
            inside: VecDeque::new(),
        }
    }

    /// Starts an instance of a deployed process, and whatever it calls.
    pub fn start(&mut self, process: &str, variables: Variables) -> Result<InstanceKey, Rejection> {
        let key = self.started(process, variables, None)?;
        self.settle();
        Ok(key)
    }

    /// Carries out a command and everything that follows from it inside.
    pub fn execute(&mut self, key: InstanceKey, command: &Command) -> Result<(), Rejection> {
        self.decide(key, command)?;
        self.settle();
        Ok(())
    }

    /// True when a process went round for ever.
    pub fn is_exhausted(&self) -> bool {
        self.commands >= COMMANDS_MAX
    }

    fn started(
        &mut self,
        process: &str,
        variables: Variables,
        parent: Option<domain::instance::Parent>,
    ) -> Result<InstanceKey, Rejection> {
        let process = self.find(process).ok_or(Rejection::NotFound { what: "process" })?;
        let timer = parent.is_none().then(|| self.fire(process)).flatten();
        let number = u64::try_from(self.lives.len()).expect("few instances") + 1;
        let key = InstanceKey::compose(NINE + i64::try_from(number).expect("few instances"), number);
        let command = Command::Start(Start { parent, timer, variables, ..Start::new(key, process.id.clone(), 1) });
        let decision = decide(&env(self.now, process), None, &command)?;
        let mut events = decision.events.iter();
        let Some(Event::InstanceStarted(started)) = events.next() else { panic!("a start begins with its event") };
        let replayed = events.fold(begin(key, self.now, started), |mut state, event| {
            apply(&mut state, self.now, event);
            state
        });
        assert_eq!(replayed, decision.after, "the journal replays to the state");
        self.lives.insert(key, Life { process, state: replayed, reached: Vec::new() });
        self.note(key, decision);
        Ok(key)
    }

    /// The first firing of a process that only timers start: the time moves on to it.
    fn fire(&mut self, process: &Process) -> Option<TimerStart> {
        if process.start().is_some() {
            return None;
        }
        let fired = domain::first_starts(process, 1, self.now).into_iter().find_map(|effect| {
            if let Effect::Schedule { due: Due::Start(start), .. } = effect { Some(*start) } else { None }
        })?;
        self.now = self.now.max(fired.at);
        Some(fired)
    }

    fn decide(&mut self, key: InstanceKey, command: &Command) -> Result<(), Rejection> {
        self.commands += 1;
        let now = self.now;
        let life = self.lives.get_mut(&key).ok_or(Rejection::NotFound { what: "instance" })?;
        let decision = decide(&env(now, life.process), Some(&life.state), command)?;
        for event in &decision.events {
            apply(&mut life.state, now, event);
        }
        assert_eq!(life.state, decision.after, "the journal replays to the state");
        self.note(key, decision);
        Ok(())
    }

    fn note(&mut self, key: InstanceKey, decision: Decision) {
        let life = self.lives.get_mut(&key).expect("it was decided about");
        life.reached.extend(decision.events.into_iter().filter_map(|event| {
            let (Event::ElementActivated(reached) | Event::ElementPassed(reached)) = event else { return None };
            Some(reached.element)
        }));
        self.inside.extend(decision.effects.into_iter().map(|effect| (key, effect)));
    }

    /// Does what was ordered inside, until nothing is left. A refusal means that it is no longer wanted.
    fn settle(&mut self) {
        while let Some((key, effect)) = self.inside.pop_front() {
            if self.is_exhausted() {
                return;
            }
            let _no_longer_wanted = match effect {
                Effect::Continue => self.decide(key, &Command::Continue),
                Effect::Call(CallEffect::Start { element }) => self.call(key, element),
                Effect::Call(CallEffect::Cancel { child }) => {
                    self.decide(child, &Command::CancelInstance { reason: None })
                }
                Effect::Call(CallEffect::Ended { parent }) => match self.lives[&key].state.end() {
                    Some(end) => self.ended(parent.instance, parent.element, Some(key), end),
                    None => Ok(()),
                },
                Effect::Throw { to, variables, .. } => self.deliver(&to, &variables),
                Effect::Act { element, attempt, .. } => self.answer(key, element, attempt, http()),
                Effect::Mail { element, attempt, recipient: 0 } => {
                    self.answer(key, element, attempt, Answer::Mail { message_ids: vec!["m-1".to_owned()] })
                }
                // Mails to people and schedules: the outside knows what is open and what is due from the state.
                Effect::Mail { .. }
                | Effect::Notify { .. }
                | Effect::Find { .. }
                | Effect::Schedule { .. }
                | Effect::Unschedule { .. } => Ok(()),
            };
        }
    }

    fn call(&mut self, parent: InstanceKey, element: ElementNumber) -> Result<(), Rejection> {
        let life = &self.lives[&parent];
        let call = match domain::call(life.process, &life.state, element, self.now) {
            None => return Ok(()),
            Some(Err(end)) => return self.ended(parent, element, None, end),
            Some(Ok(call)) => call,
        };
        if self.find(&call.process_id).is_none() {
            let message = format!("no process \"{}\" is deployed", call.process_id);
            let end = ChildEnd::NotStarted { code: "UNKNOWN_PROCESS", message };
            return self.ended(parent, element, None, end);
        }
        match self.started(&call.process_id, call.variables, Some(call.parent)) {
            Ok(child) => self.decide(parent, &Command::ChildStarted { element, child }),
            Err(rejection) => {
                let end = ChildEnd::NotStarted { code: "CHILD_REFUSED", message: rejection.to_string() };
                self.ended(parent, element, None, end)
            }
        }
    }

    fn ended(
        &mut self,
        parent: InstanceKey,
        element: ElementNumber,
        child: Option<InstanceKey>,
        end: ChildEnd,
    ) -> Result<(), Rejection> {
        self.decide(parent, &Command::ChildEnded { element, child, end })
    }

    fn answer(
        &mut self,
        key: InstanceKey,
        element: ElementNumber,
        attempt: u32,
        answer: Answer,
    ) -> Result<(), Rejection> {
        self.decide(key, &Command::CompleteAction { element, attempt, answer: Box::new(answer) })
    }

    /// Hands a message to the oldest instance that waits for it, a signal to all.
    fn deliver(&mut self, to: &Awaited, variables: &Variables) -> Result<(), Rejection> {
        let mut waiting = Vec::new();
        for (key, life) in &self.lives {
            for live in &life.state.instance.elements {
                let events = live.subscriptions.iter().filter(|subscription| subscription.to == *to);
                waiting.extend(events.map(|subscription| (*key, live.number, subscription.event.clone())));
            }
        }
        for (key, element, event) in waiting {
            let command = Command::Receive { element, event, awaited: to.clone(), variables: variables.clone() };
            let received = self.decide(key, &command).is_ok();
            if received && matches!(to, Awaited::Message { .. }) {
                break;
            }
        }
        Ok(())
    }

    fn find(&self, id: &str) -> Option<&'a Process> {
        self.deployed.iter().copied().find(|process| process.id == id)
    }
}

fn env(now: Timestamp, process: &Process) -> Env<'_> {
    // Who acts does not matter to any of these models, but for the name of an initiator, which they are given.
    static ACTOR: Actor = Actor::System;
    static SCRIPTS: std::sync::LazyLock<QuickJs> = std::sync::LazyLock::new(QuickJs::default);
    Env { now, actor: &ACTOR, process, templates: process, scripts: &*SCRIPTS, commands: &[] }
}

fn http() -> Answer {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Answer::Http(HttpAnswer { status: 200, headers, body: "{}".to_owned() })
}
