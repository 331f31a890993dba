//! Leads both interpreters through the same story and compares them after every command. Also makes faults: commands
//! that come twice, and a state that was stored and read again in between.

use super::interpreter::{Activity, Age, Reference, Status};
use super::picture::{of_engine, of_reference};
use super::plan::{Id, Plan};
use super::random::Random;
use crate::command::{Command, Completion};
use crate::effect::{Due, Effect};
use crate::ids::Number;
use crate::instance::Aggregate;
use crate::process::{ElementKind, Process};
use crate::tests::dsl::{NINE, World, given};
use crate::time::Timestamp;
use crate::work_task::State;
use serde_json::{Map, Value, json};

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
    Job,
    Retry(Map<String, Value>),
    Cancel,
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
    let then = world.start(Value::Object(plan.variables.clone()));
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
        let live = reference.activities.len() + reference.resting.len();
        live > LIVE_MAX || reference.reached_by_itself > REACHED_MAX || reference.crowded
    }

    /// One of the things that are possible now.
    fn choose(&self, random: &mut Random) -> Option<Choice> {
        let status = self.reference.status;
        if matches!(status, Status::Completed | Status::Cancelled) {
            return None;
        }
        if random.one_in(60) {
            return Some(Choice::Cancel);
        }
        if status == Status::Running && random.one_in(2) {
            return Some(Choice::Job);
        }
        if status == Status::Error && random.one_in(2) {
            let values = if random.one_in(2) { answers(random) } else { Map::new() };
            return Some(Choice::Retry(values));
        }
        match random.below(6) {
            0 | 1 => self.fire(random),
            2 => self.hear(random),
            _ => self.answer(random),
        }
        .or_else(|| self.next_step(random))
        .or(Some(Choice::Cancel).filter(|_| random.one_in(4)))
    }

    /// Something that brings the process on.
    fn next_step(&self, random: &mut Random) -> Option<Choice> {
        match self.reference.status {
            Status::Running => Some(Choice::Job),
            Status::Waiting => {
                let first = if random.one_in(2) { self.hear(random) } else { self.fire(random) };
                self.answer(random).or(first).or_else(|| self.hear(random)).or_else(|| self.fire(random))
            }
            Status::Error => Some(Choice::Retry(answers(random))),
            Status::Completed | Status::Cancelled => None,
        }
    }

    fn answer(&self, random: &mut Random) -> Option<Choice> {
        let open = self.reference.activities.iter().filter(|task| task.asks && !task.failed);
        let open: Vec<Age> = open.map(|task| task.age).collect();
        let task = *open.get(random.below(open.len()))?;
        Some(Choice::Answer { task, values: answers(random) })
    }

    fn fire(&self, random: &mut Random) -> Option<Choice> {
        let alarms =
            |activity: &Activity| activity.alarms.iter().map(|alarm| (activity.age, alarm.event)).collect::<Vec<_>>();
        let all: Vec<(Age, Id)> = self.reference.activities.iter().flat_map(alarms).collect();
        let (activity, event) = *all.get(random.below(all.len()))?;
        let late = if random.one_in(3) { 60_000 * random.below(200) as i64 } else { 0 };
        Some(Choice::Fire { activity, event, late })
    }

    fn hear(&self, random: &mut Random) -> Option<Choice> {
        let awaits =
            |activity: &Activity| activity.awaits.iter().map(|event| (activity.age, *event)).collect::<Vec<_>>();
        let able = self.reference.activities.iter().filter(|activity| !activity.failed);
        let all: Vec<(Age, Id)> = able.flat_map(awaits).collect();
        let (activity, event) = *all.get(random.below(all.len()))?;
        let values = if random.one_in(2) { answers(random) } else { Map::new() };
        Some(Choice::Hear { activity, event, values })
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
        self.job = decision.effects.contains(&Effect::Continue) || (self.job && !continues);
        match choice {
            Choice::Answer { task, values } => self.reference.answer(*task, values),
            Choice::Fire { activity, event, .. } => self.reference.fire(*activity, *event),
            Choice::Hear { activity, event, values } => self.reference.hear(*activity, *event, values),
            Choice::Job => self.reference.go_on(),
            Choice::Retry(values) => self.reference.retry(values),
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
            Choice::Job => Command::Continue,
            Choice::Retry(values) => Command::Retry { element: None, variables: values.clone() },
            Choice::Cancel => Command::CancelInstance { reason: None },
        })
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
            Choice::Fire { .. } | Choice::Cancel => false,
            Choice::Job | Choice::Retry(_) => return Ok(()),
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

    /// The scheduler holds what the live timers wait for, and nothing else.
    fn schedules_are_kept(&self) -> Result<(), String> {
        let mut held = self.world.scheduled();
        let live = self.world.state().instance.elements.iter();
        for (element, timer) in live.flat_map(|live| live.timers.iter().map(|timer| (live.number, timer))) {
            let due = Due::Timer { element, event: timer.event.clone(), occurrence: timer.occurrence };
            let order = (due, timer.due);
            if timer.due > self.world.now && !held.contains(&order) {
                return Err(format!("nobody will fire {}", timer.event));
            }
            held.retain(|other| *other != order);
        }
        if held.is_empty() { Ok(()) } else { Err(format!("still scheduled: {held:?}")) }
    }

    /// Without the reference: the instance has ended, or everything in it waits for something that can come.
    fn nothing_is_lost(&self) -> Result<(), String> {
        self.schedules_are_kept()?;
        let Aggregate { instance, work_tasks, .. } = self.world.state();
        if instance.status.is_final() {
            let open = work_tasks.values().any(|task| !task.state.is_final());
            let left = open || !instance.elements.is_empty() || !instance.ready.is_empty();
            return if left { Err("something outlives the instance".to_owned()) } else { Ok(()) };
        }
        if !instance.ready.is_empty() && instance.incidents.is_empty() && !self.job {
            return Err("flows wait for a job that nobody ordered".to_owned());
        }
        let process = &self.world.process;
        let listens = |element: &str| matches!(kind(process, element), Some(ElementKind::EventStart(_)));
        let holds = |scope: Option<Number>| {
            let mut inside = instance.elements.iter().filter(|live| live.scope == scope);
            inside.any(|live| live.arrived.is_empty() && !listens(&live.element))
                || instance.ready.iter().any(|ready| ready.scope == scope)
        };
        for live in &instance.elements {
            let task = live.task.and_then(|task| work_tasks.get(&task));
            let asks = task.is_some_and(|task| !task.state.is_final() && task.element == live.number);
            let joins = !live.arrived.is_empty() && (holds(live.scope) || !instance.incidents.is_empty());
            let first = matches!(kind(process, &live.element), Some(ElementKind::EventBasedGateway));
            let timers = live.timers.iter().map(|timer| &timer.event);
            let mut events = timers.chain(live.subscriptions.iter().map(|awaited| &awaited.event));
            let own = events.any(|event| first || *event == live.element);
            let inside =
                instance.elements.iter().any(|other| other.scope == Some(live.number) && !listens(&other.element))
                    || instance.ready.iter().any(|ready| ready.scope == Some(live.number));
            // A scope ends when nothing moves any more.
            let ends = !instance.ready.is_empty() || !instance.incidents.is_empty();
            let scope =
                matches!(kind(process, &live.element), Some(ElementKind::SubProcess | ElementKind::EventSubProcess));
            let stays = asks || joins || own || inside || live.failed || listens(&live.element);
            if !(stays || scope && ends) {
                return Err(format!("{} waits for nothing", live.element));
            }
        }
        Ok(())
    }
}

fn kind<'p>(process: &'p Process, element: &str) -> Option<&'p ElementKind> {
    process.element(element).map(|element| &element.kind)
}

fn answers(random: &mut Random) -> Map<String, Value> {
    let mut values = Map::new();
    for _ in 0..1 + random.below(2) {
        values.insert(format!("v{}", random.below(4)), json!(random.below(3)));
    }
    if random.one_in(8) {
        values.insert("item".to_owned(), json!(random.below(3)));
    }
    values
}

fn stored<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}
