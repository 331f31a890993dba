//! Plays the outside of an instance: completes what is open, delivers what is awaited, lets time pass, one move at a
//! time and always the same one. Knows what may be done from the state alone.

use crate::world::{Life, World};
use domain::command::{Command, Completion, Submission};
use domain::ids::{ElementNumber, InstanceKey};
use domain::instance::{Awaited, InstanceStatus};
use domain::rejection::Rejection;
use domain::time::Timestamp;
use domain::variables::Variables;
use domain::work_task::WorkTask;

/// Moves of one run at most: what needs more goes round for ever.
const MOVES_MAX: usize = 300;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Completed,
    /// By an error that nothing caught, or by somebody.
    Cancelled,
    Incident {
        element: String,
        code: String,
        message: String,
    },
    /// Nothing outside can move it.
    Waiting(Vec<String>),
    /// It went round until the moves were used up.
    GoesOn,
    /// A move that must be possible was refused.
    Refused(String),
}

/// Moves until the first instance has ended or nothing moves.
pub fn play(world: &mut World<'_>) -> Outcome {
    for _ in 0..MOVES_MAX {
        if world.is_exhausted() {
            return Outcome::GoesOn;
        }
        match root(world).state.instance.status {
            InstanceStatus::Completed => return Outcome::Completed,
            InstanceStatus::Cancelled => return Outcome::Cancelled,
            InstanceStatus::Running | InstanceStatus::Waiting | InstanceStatus::Error => {}
        }
        let Some(first) = moves(world).into_iter().next() else { return at_rest(world) };
        if let Err(rejection) = carry_out(world, &first) {
            return Outcome::Refused(format!("{}: {rejection}", rejection.code()));
        }
    }
    Outcome::GoesOn
}

/// The instance that was started first.
pub fn root<'w, 'a>(world: &'w World<'a>) -> &'w Life<'a> {
    world.lives.values().next().expect("an instance was started")
}

/// The open ordinary tasks of all instances, by age.
pub fn open<'w>(world: &'w World<'_>) -> impl Iterator<Item = (InstanceKey, &'w WorkTask)> {
    world.lives.iter().flat_map(|(key, life)| {
        life.state.work_tasks.values().filter(|task| !task.state.is_final()).map(|task| (*key, task))
    })
}

/// Completes the oldest open task of an activity.
pub fn complete(world: &mut World<'_>, activity: &str, values: Variables) -> Result<(), String> {
    let found = open(world).find(|(_, task)| task.activity == activity).map(|(key, task)| (key, task.key));
    let (key, task) = found.ok_or_else(|| format!("no task of {activity} is open"))?;
    let command = Command::Complete(Completion { task, action: None, values });
    world.execute(key, &command).map_err(|rejection| format!("{}: {rejection}", rejection.code()))
}

/// Delivers a message to the first event, or a signal to every one, that waits for it; by the name of what is awaited or
/// the id of who waits.
pub fn deliver(world: &mut World<'_>, name: &str, variables: &Variables) -> Result<(), String> {
    let awaited = awaited(world).into_iter().filter(|(_, _, event, to)| named(to) == name || event == name);
    let all: Vec<(InstanceKey, ElementNumber, String, Awaited)> = awaited.collect();
    let Some((_, _, _, first)) = all.first() else { return Err(format!("nobody waits for {name}")) };
    let takers = if matches!(first, Awaited::Signal { .. }) { all.len() } else { 1 };
    for (key, element, event, awaited) in all.into_iter().take(takers) {
        let command = Command::Receive { element, event, awaited, variables: variables.clone() };
        world.execute(key, &command).map_err(|rejection| format!("{}: {rejection}", rejection.code()))?;
    }
    Ok(())
}

/// Lets time pass until `until`, firing on the way what becomes due.
pub fn pass_time(world: &mut World<'_>, until: Timestamp) -> Result<(), String> {
    while let Some((key, command, due)) = timer(world).filter(|(_, _, due)| *due <= until) {
        world.now = world.now.max(due);
        world.execute(key, &command).map_err(|rejection| format!("{}: {rejection}", rejection.code()))?;
        if world.is_exhausted() {
            return Err("timers fire for ever".to_owned());
        }
    }
    world.now = until;
    Ok(())
}

/// How many timers run.
pub fn timers(world: &World<'_>) -> usize {
    moving(world).flat_map(|(_, life)| &life.state.instance.elements).map(|live| live.timers.len()).sum()
}

/// Something the outside may do now.
pub struct Move {
    key: InstanceKey,
    command: Command,
    /// When a timer is due; other moves take no time.
    due: Option<Timestamp>,
}

/// Everything the outside may do now: open tasks first, then what is awaited, then the timer that is due next.
pub fn moves(world: &World<'_>) -> Vec<Move> {
    let now = tasks(world).into_iter().chain(requests(world)).chain(words(world));
    let next = timer(world).map(|(key, command, due)| Move { key, command, due: Some(due) });
    now.map(|(key, command)| Move { key, command, due: None }).chain(next).collect()
}

/// Carries a move out.
pub fn carry_out(world: &mut World<'_>, Move { key, command, due }: &Move) -> Result<(), Rejection> {
    world.now = world.now.max(due.unwrap_or(world.now));
    world.execute(*key, command)
}

/// What an incident stops does not move.
fn moving<'w, 'a>(world: &'w World<'a>) -> impl Iterator<Item = (InstanceKey, &'w Life<'a>)> {
    let moves = |life: &Life<'_>| {
        let status = life.state.instance.status;
        !status.is_final() && status != InstanceStatus::Error
    };
    world.lives.iter().filter(move |(_, life)| moves(life)).map(|(key, life)| (*key, life))
}

fn tasks(world: &World<'_>) -> Vec<(InstanceKey, Command)> {
    let open = |(key, life): (InstanceKey, &Life<'_>)| {
        let tasks = life.state.work_tasks.values().filter(|task| !task.state.is_final());
        let complete = |task| Command::Complete(Completion { task, action: None, values: Variables::new() });
        tasks.map(|task| (key, complete(task.key))).collect::<Vec<_>>()
    };
    moving(world).flat_map(open).collect()
}

fn requests(world: &World<'_>) -> Vec<(InstanceKey, Command)> {
    let mut found = Vec::new();
    for (key, life) in moving(world) {
        for task in life.state.tasks.values().filter(|task| !task.status.is_final()) {
            let model = life.process.external_task(&task.activity);
            let Some(action) = model.and_then(|model| model.actions.first()) else { continue };
            let (task, action, id) = (task.key, action.name.clone(), "s-1".to_owned());
            found.push((key, Command::Submit(Submission { task, action, values: Variables::new(), id })));
        }
    }
    found
}

fn awaited(world: &World<'_>) -> Vec<(InstanceKey, ElementNumber, String, Awaited)> {
    let mut found = Vec::new();
    for (key, life) in moving(world) {
        for live in &life.state.instance.elements {
            let waits = live.subscriptions.iter();
            found.extend(waits.map(|waits| (key, live.number, waits.event.clone(), waits.to.clone())));
        }
    }
    found
}

fn words(world: &World<'_>) -> Vec<(InstanceKey, Command)> {
    let receive = |(key, element, event, awaited)| {
        (key, Command::Receive { element, event, awaited, variables: Variables::new() })
    };
    awaited(world).into_iter().map(receive).collect()
}

fn timer(world: &World<'_>) -> Option<(InstanceKey, Command, Timestamp)> {
    let mut running = Vec::new();
    for (key, life) in moving(world) {
        for live in &life.state.instance.elements {
            running.extend(live.timers.iter().map(|timer| (timer.due, key, live.number, timer)));
        }
    }
    let (due, key, element, timer) = running.into_iter().min_by_key(|(due, key, number, _)| (*due, *key, *number))?;
    Some((key, Command::FireTimer { element, event: timer.event.clone(), occurrence: timer.occurrence }, due))
}

fn named(awaited: &Awaited) -> &str {
    match awaited {
        Awaited::Message { name, .. } | Awaited::Signal { name } => name,
    }
}

fn at_rest(world: &World<'_>) -> Outcome {
    let incident = world.lives.values().find_map(|life| life.state.instance.incidents.first());
    if let Some(incident) = incident {
        let (element, code, message) = (incident.element.clone(), incident.code.clone(), incident.message.clone());
        return Outcome::Incident { element, code, message };
    }
    Outcome::Waiting(root(world).state.instance.elements.iter().map(|live| live.element.clone()).collect())
}
