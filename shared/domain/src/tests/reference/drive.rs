//! Leads both interpreters through the same story and compares them after every command. Also makes faults: commands
//! that come twice, and a state that was stored and read again in between.

mod choices;
mod commands;
mod faults;
mod lost;
mod order;
mod words;

pub use order::tell_in_any_order;

use super::interpreter::{Age, MINUTE, Order, REACHED_BY_ONE_COMMAND, Reference, Status};
use super::picture::{of_engine, of_reference, orders_of_engine, orders_of_reference};
use super::plan::{Begins, DONE, Id, Plan, Reply, What, Word};
use super::random::Random;
use crate::command::{Command, Start};
use crate::effect::{CallEffect, Effect, TimerStart};
use crate::ids::{ElementNumber, InstanceKey};
use crate::instance::{Aggregate, Parent};
use crate::rejection::Rejection;
use crate::script::CommandAnswer;
use crate::tests::dsl::{NINE, Then, World, given, key};
use crate::time::Timestamp;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

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
    /// What happened around the instance.
    pub happened: BTreeSet<&'static str>,
}

#[derive(Clone, Debug)]
enum Choice {
    Answer {
        task: Age,
        values: Map<String, Value>,
    },
    Fire {
        activity: Age,
        event: Id,
        late: i64,
    },
    /// A message or signal reaches one who waits for it.
    Hear {
        to: (Age, Id),
        values: Map<String, Value>,
    },
    /// What the instance sent is delivered, or a signal comes from outside: to all who wait, a message to one of them.
    Deliver {
        word: Word,
        values: Map<String, Value>,
    },
    /// The time of an outside task is over.
    Expire {
        task: Age,
        late: i64,
    },
    Reply {
        task: Age,
        reply: Reply,
        late: i64,
    },
    Ended {
        call: Age,
        how: Ended,
    },
    Job,
    GiveUp {
        timer: Option<(Age, Id)>,
    },
    Retry {
        only: Option<Id>,
        values: Map<String, Value>,
    },
    Cancel,
}

impl Choice {
    fn happen(&self, reference: &mut Reference<'_>) {
        match self {
            Choice::Answer { task, values } => reference.answer(*task, values),
            Choice::Fire { activity, event, .. } => reference.fire(*activity, *event),
            Choice::Hear { to: (activity, event), values } => reference.hear(*activity, *event, values),
            Choice::Deliver { .. } => {}
            Choice::Expire { task, .. } => reference.expire(*task),
            Choice::Reply { task, reply, .. } => reference.replied(*task, reply),
            Choice::Ended { call, how: Ended::Completed(values) } => reference.ended(*call, values),
            Choice::Ended { call, how: Ended::Failed(code) } => reference.ended_badly(*call, Some(code)),
            Choice::Ended { call, how: Ended::NotStarted } => reference.ended_badly(*call, None),
            Choice::Ended { how: Ended::Cancelled, .. } => reference.cancel(),
            Choice::Job => reference.go_on(),
            Choice::GiveUp { timer } => reference.give_up(timer.map(|(_, event)| event)),
            Choice::Retry { only, values } => reference.retry(*only, values),
            Choice::Cancel => reference.cancel(),
        }
    }
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
    /// Messages and signals that were sent and are not delivered.
    said: Vec<(Word, Map<String, Value>)>,
    /// Commits whose orders were compared.
    compared: usize,
    log: Vec<String>,
    happened: BTreeSet<&'static str>,
}

/// Tells the story, and says where the interpreters part.
pub fn tell(case: &Case) -> Result<Told, String> {
    let mut both = start(case)?;
    let told = both.play(case);
    told.map_err(|what| format!("after {}:\n{what}", both.log.join("; ")))
}

fn start(case: &Case) -> Result<Both<'_>, String> {
    let plan = &case.plan;
    let mut world = given(stored(&plan.process()).indexed());
    plan.teach(&mut world.scripts);
    let mut reference = Reference::new(plan, NINE);
    let mut random = Random::new(case.choices.len() as u64);
    let mut start = start_of(plan, world.process.id.clone());
    if let Begins::ByTimer { minutes, .. } = plan.begins {
        let at = Timestamp::from_millis(NINE + 1_000);
        let (process_id, event) = (world.process.id.clone(), begins_at(plan));
        let timer = TimerStart { process_id, version: 1, event, occurrence: 1 + random.below(3) as u32, at };
        reference.now = at.as_millis() + random.below(3 * minutes as usize) as i64 * MINUTE;
        world.now = Timestamp::from_millis(reference.now);
        reference.order_next_start(at.as_millis(), timer.occurrence);
        start.timer = Some(timer);
    }
    let mut both = Both {
        plan,
        reference,
        world,
        job: false,
        said: Vec::new(),
        compared: 0,
        log: vec!["start".to_owned()],
        happened: BTreeSet::new(),
    };
    both.limit_time(&mut random);
    let then = both.decide(Command::Start(start))?;
    both.job = then.accepted().effects.contains(&Effect::Continue);
    both.reference.start();
    Ok(both)
}

fn start_of(plan: &Plan, process_id: String) -> Start {
    let caller = Parent { instance: InstanceKey::compose(NINE, 1), element: ElementNumber(1), depth: 1 };
    Start {
        parent: plan.called.then_some(caller),
        variables: plan.variables.clone(),
        in_background: plan.begins != Begins::AtOnce,
        ..Start::new(key(), process_id, 1)
    }
}

fn begins_at(plan: &Plan) -> String {
    let start = plan.within(None).find(|node| node.what == What::Start).map(|node| node.id);
    plan.name(start.expect("a process begins somewhere"))
}

impl Both<'_> {
    /// The time of a command is over now and then before everything waits: the rest is a job's.
    fn limit_time(&mut self, random: &mut Random) {
        let patience = random.one_in(4).then(|| 1 + random.below(8));
        self.world.scripts.time_is_over_after = patience;
        self.reference.patience = patience.unwrap_or(REACHED_BY_ONE_COMMAND);
        self.reference.patience_for_calls = random.one_in(2).then(|| 1 + random.below(3) as u32);
    }

    /// Decides until all commands that scripts call have been carried out, as those around the engine do. One of them may
    /// use up the time.
    fn decide(&mut self, command: Command) -> Result<Then, String> {
        self.world.commands.clear();
        self.world.scripts.time_is_over = false;
        loop {
            let then = self.world.when(command.clone());
            let Err(Rejection::CommandWanted(call)) = &then.result else { return Ok(then) };
            if self.world.commands.iter().any(|(made, _)| made == call.as_ref()) {
                return Err(format!("{call:?} is made twice"));
            }
            let (code, message) = (call.name.clone(), "it refuses".to_owned());
            let done = CommandAnswer::Done(Value::Null);
            let answer = if call.name == DONE { done } else { CommandAnswer::Failed { code, message } };
            self.world.commands.push((call.as_ref().clone(), answer));
            let called = self.world.commands.len() as u32;
            self.world.scripts.time_is_over = self.reference.patience_for_calls.is_some_and(|calls| called >= calls);
        }
    }

    /// What was carried out is what was called, once.
    fn calls_agree(&mut self) -> Result<(), String> {
        let (expected, found) = (self.reference.called as usize, self.world.commands.len());
        self.happened.extend((found > 1).then_some("several commands are called"));
        if expected == found { Ok(()) } else { Err(format!("{found} commands were carried out and not {expected}")) }
    }

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
        Ok(self.told())
    }

    fn told(&mut self) -> Told {
        let errors = self.reference.errors.iter().map(|(code, _)| code.clone());
        Told {
            reached: self.reference.counts.keys().map(|node| self.plan.name(*node)).collect(),
            codes: errors.collect(),
            commands: self.log.len(),
            completed: self.reference.status == Status::Completed,
            cut: self.is_cut(),
            happened: std::mem::take(&mut self.happened),
        }
    }

    /// What is split is joined and what is thrown is caught: once everything is answered, the process has ended.
    fn finish(&mut self, random: &mut Random) -> Result<(), String> {
        for _ in 0..200 {
            if self.reference.errors.iter().any(|(code, _)| code == "JOIN_STUCK") {
                return Err("a join is stuck in a process whose splits and joins match".to_owned());
            }
            let done = matches!(self.reference.status, Status::Completed);
            if done || self.is_cut() {
                break;
            }
            let Some(choice) = self.next_step(random) else {
                return Err("nothing is possible, and the process has not ended".to_owned());
            };
            self.carry_out(&choice, random)?;
        }
        let ended = self.reference.status == Status::Completed || self.is_cut();
        if ended { Ok(()) } else { Err("the process does not come to its end".to_owned()) }
    }

    /// What the outside is to do is the same.
    fn orders_agree(&mut self) -> Result<(), String> {
        let expected = orders_of_reference(&self.reference, self.plan);
        let found = orders_of_engine(&self.world, self.compared);
        for order in std::mem::take(&mut self.reference.orders) {
            if let Order::Say { word, values } = order {
                self.said.push((word, values));
            }
        }
        self.compared = self.world.journal.len();
        if expected == found { Ok(()) } else { Err(format!("the reference orders {expected:?}, the engine {found:?}")) }
    }

    fn is_cut(&self) -> bool {
        is_cut(&self.reference)
    }

    fn carry_out(&mut self, choice: &Choice, random: &mut Random) -> Result<(), String> {
        if random.one_in(3) {
            self.store_and_read();
        }
        self.log.push(format!("{choice:?}"));
        if let Choice::Deliver { word, values } = choice {
            return self.deliver(word, values, random);
        }
        let command = self.command(choice)?;
        self.carry_out_command(choice, command, random)
    }

    fn carry_out_command(&mut self, choice: &Choice, command: Command, random: &mut Random) -> Result<(), String> {
        let continues = command == Command::Continue;
        self.limit_time(random);
        let then = self.decide(command.clone())?;
        let decision = then.result.map_err(|rejection| format!("the engine refuses: {rejection:?}"))?;
        let tells = decision.effects.iter().any(|effect| matches!(effect, Effect::Call(CallEffect::Ended { .. })));
        if tells != (self.plan.called && decision.after.instance.status.is_final()) {
            return Err("whoever called the instance is told when it has ended".to_owned());
        }
        self.job = decision.effects.contains(&Effect::Continue) || (self.job && !continues);
        let is_over = self.job && self.world.scripts.time_is_over_after.is_some();
        self.happened.extend(is_over.then_some("the time of a command is over"));
        choice.happen(&mut self.reference);
        if self.is_cut() {
            return Ok(());
        }
        self.calls_agree()?;
        self.compare()?;
        self.repeat(choice, &command)?;
        self.come_late(random)
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
        self.orders_agree()?;
        let expected = of_reference(&self.reference, self.plan);
        let found = of_engine(&self.world);
        if let Some(differences) = expected.differences(&found) {
            return Err(differences);
        }
        self.nothing_is_lost()
    }
}

fn is_cut(reference: &Reference<'_>) -> bool {
    let live = reference.activities.len() + reference.arrived.len() + reference.resting.len();
    live > LIVE_MAX || reference.reached_by_itself > REACHED_MAX || reference.crowded
}

fn stored<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}
