//! Makes processes and commands at random and lets one work on the other.

use crate::command::{Command, Completion, Submission};
use crate::decision::Decision;
use crate::effect::{Due, Effect};
use crate::ids::TaskKey;
use crate::instance::Aggregate;
use crate::notification::Delivery;
use crate::process::Process;
use crate::rejection::Rejection;
use crate::script::ScriptFailure;
use crate::tests::dsl::*;
use crate::time::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A process and what happens to it.
#[derive(Clone, Debug)]
pub struct Story {
    starts: Vec<usize>,
    nodes: Vec<Node>,
    flows: Vec<(usize, usize)>,
    timers: Vec<TimerOn>,
    /// Async boundaries on some of the nodes: before or after.
    asynchronous: Vec<bool>,
    happenings: Vec<Happening>,
}

/// One command with what was before and what came of it.
pub struct Moment<'a> {
    pub world: &'a World,
    pub before: Option<Aggregate>,
    pub command: &'a Command,
    pub result: &'a Result<Decision, Rejection>,
    /// A `Continue` was ordered that has not been carried out yet.
    pub job: bool,
}

#[derive(Clone, Debug)]
enum Node {
    Task { expires: Option<u32>, reminders: Vec<u32>, flaky: bool, recipient: bool },
    Work { flaky: bool },
    Script { flaky: bool },
    Gateway { has_default: bool },
    Parallel,
    Wait { minutes: u32 },
    End,
    Terminate,
}

#[derive(Clone, Debug)]
struct TimerOn {
    node: usize,
    target: usize,
    interrupting: bool,
    minutes: u32,
    times: Option<u32>,
}

#[derive(Clone, Debug)]
enum Happening {
    Wait(u32),
    /// The scheduler fires what comes next, at its time and a little later.
    NextDue(u32),
    /// Something that was scheduled once fires: early, late or again.
    AnyDue(usize),
    Submit {
        task: usize,
        action: usize,
        id: usize,
    },
    Complete {
        task: usize,
        action: usize,
    },
    Draft(usize),
    Resend(usize),
    Sync {
        task: usize,
        known: bool,
    },
    Bounce(usize, usize),
    Unknown,
    CancelTask(usize),
    Cancel,
    Retry {
        broken: bool,
        n: u32,
    },
    Job,
}

impl Story {
    pub fn any() -> impl Strategy<Value = Story> {
        let timer = (0..8_usize, 0..8_usize, any::<bool>(), 0..300_u32, proptest::option::of(0..4_u32)).prop_map(
            |(node, target, interrupting, minutes, times)| TimerOn { node, target, interrupting, minutes, times },
        );
        let starts = vec(0..8_usize, 1..4);
        (
            starts,
            vec(node(), 1..8),
            vec((0..8_usize, 0..8_usize), 1..12),
            vec(timer, 0..4),
            vec(any::<bool>(), 0..2),
            vec(happening(), 1..30),
        )
            .prop_map(|(starts, nodes, flows, timers, asynchronous, happenings)| Story {
                starts,
                nodes,
                flows,
                timers,
                asynchronous,
                happenings,
            })
    }

    fn process(&self) -> Process {
        let id = |n: usize| format!("n{}", n % self.nodes.len());
        let mut model = model("story").start("start").terminate("stop");
        for (n, node) in self.nodes.iter().enumerate() {
            model = match node {
                Node::Task { expires, reminders, flaky, recipient } => {
                    let mut task = ticket().reminders(&[]);
                    if let Some(minutes) = expires {
                        task = task.expires_after(&format!("PT{minutes}M"));
                    }
                    let plan: std::collections::BTreeSet<u32> = reminders.iter().copied().collect();
                    let plan: Vec<String> = plan.iter().map(|minutes| format!("PT{minutes}M")).collect();
                    task = task.reminders(&plan.iter().map(String::as_str).collect::<Vec<_>>());
                    task = if *flaky { task.server_script("flaky") } else { task };
                    model.task(&id(n), if *recipient { task.recipient("context.mail") } else { task })
                }
                Node::Work { flaky } => {
                    let task = work().actions(&["Approve", "Reject"]);
                    model.task(&id(n), if *flaky { task.server_script("flaky") } else { task })
                }
                Node::Script { flaky } => model.script(&id(n), if *flaky { "flaky" } else { "count n" }),
                Node::Gateway { .. } => model.gateway(&id(n)),
                Node::Parallel => model.parallel(&id(n)),
                Node::Wait { minutes } => model.wait(&id(n), once(&format!("PT{minutes}M"))),
                Node::End => model.end(&id(n)),
                Node::Terminate => model.script(&id(n), "count stops"),
            };
        }
        for first in &self.starts {
            model = model.flow(&format!("start > {}", id(*first)));
        }
        for (n, node) in self.nodes.iter().enumerate() {
            match node {
                Node::Gateway { has_default } => {
                    model = model.when(&id(n), &id(n + 1), "even");
                    model = if *has_default { model.otherwise(&id(n), &id(n + 2)) } else { model };
                }
                Node::Terminate => model = model.flow(&format!("{} > stop", id(n))),
                Node::Task { .. }
                | Node::Work { .. }
                | Node::Script { .. }
                | Node::Parallel
                | Node::Wait { .. }
                | Node::End => {}
            }
        }
        let mut joined = std::collections::BTreeSet::new();
        for (from, to) in &self.flows {
            let (source, target) = (from % self.nodes.len(), to % self.nodes.len());
            // Ids of flows are unique in a file, and a join knows its flows by them.
            if matches!(self.nodes[target], Node::Parallel) && !joined.insert((source, target)) {
                continue;
            }
            let leaves = matches!(
                self.nodes[source],
                Node::Task { .. } | Node::Work { .. } | Node::Script { .. } | Node::Parallel | Node::Wait { .. }
            );
            if leaves {
                model = model.flow(&format!("{} > {}", id(*from), id(*to)));
            }
        }
        for (index, timer) in self.timers.iter().enumerate() {
            if let Node::Task { .. } | Node::Work { .. } = self.nodes[timer.node % self.nodes.len()] {
                let every = format!("PT{}M", timer.minutes.max(1));
                let when = match timer.times {
                    None => once(&format!("PT{}M", timer.minutes)),
                    Some(times) => cycle((times > 0).then_some(times), &every),
                };
                let name = format!("t{index}");
                model = model.timer(&name, &id(timer.node), timer.interrupting, when);
                model = model.flow(&format!("{name} > {}", id(timer.target)));
            }
        }
        for (n, boundary) in self.asynchronous.iter().enumerate() {
            let id = id(n * 3);
            model = if *boundary { model.async_before(&id) } else { model.async_after(&id) };
        }
        model.build()
    }
}

fn node() -> impl Strategy<Value = Node> {
    let minutes = || 0..400_u32;
    prop_oneof![
        5 => (proptest::option::of(minutes()), vec(minutes(), 0..4), any::<bool>(), any::<bool>()).prop_map(
            |(expires, reminders, flaky, recipient)| Node::Task { expires, reminders, flaky, recipient }
        ),
        3 => any::<bool>().prop_map(|flaky| Node::Work { flaky }),
        3 => any::<bool>().prop_map(|flaky| Node::Script { flaky }),
        2 => any::<bool>().prop_map(|has_default| Node::Gateway { has_default }),
        2 => Just(Node::Parallel),
        2 => minutes().prop_map(|minutes| Node::Wait { minutes }),
        2 => Just(Node::End),
        2 => Just(Node::Terminate),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let task = || 0..12_usize;
    prop_oneof![
        3 => (0..200_u32).prop_map(Happening::Wait),
        6 => (0..90_u32).prop_map(Happening::NextDue),
        3 => any::<usize>().prop_map(Happening::AnyDue),
        6 => (task(), 0..3_usize, 0..3_usize).prop_map(|(task, action, id)| Happening::Submit { task, action, id }),
        4 => (task(), 0..3_usize).prop_map(|(task, action)| Happening::Complete { task, action }),
        2 => task().prop_map(Happening::Draft),
        2 => task().prop_map(Happening::Resend),
        2 => (task(), any::<bool>()).prop_map(|(task, known)| Happening::Sync { task, known }),
        1 => (task(), 0..7_usize).prop_map(|(task, delivery)| Happening::Bounce(task, delivery)),
        1 => Just(Happening::Unknown),
        1 => task().prop_map(Happening::CancelTask),
        1 => Just(Happening::Cancel),
        4 => (any::<bool>(), 0..4_u32).prop_map(|(broken, n)| Happening::Retry { broken, n }),
        4 => Just(Happening::Job),
    ]
}

/// Tells the story, with `check` after every command.
pub fn tell(story: &Story, check: &impl Fn(&Moment<'_>)) -> World {
    let mut world = given(story.process());
    world.scripts.on("flaky", |request| match request.variables.get("broken") {
        Some(Value::Bool(true)) => Err(ScriptFailure::Technical("broken".to_owned())),
        Some(_) | None => result(Value::Null),
    });
    world.scripts.on("even", |request| {
        let n = request.variables.get("n").and_then(Value::as_u64).unwrap_or(0);
        result(json!(n % 2 == 0))
    });
    let start = Command::Start(crate::command::Start {
        variables: vars(json!({"mail": "bob@example.org", "broken": true})),
        ..crate::command::Start::new(key(), "story".to_owned(), 1)
    });
    let mut job = step(&mut world, &start, false, check);
    for happening in &story.happenings {
        if let Some(command) = command(&mut world, happening) {
            job = step(&mut world, &command, job, check);
        }
    }
    world
}

/// The timers and the expiry of the live activity that has most of them, in the order of their times.
pub fn dues_of_one_activity(world: &World) -> Vec<(Due, Timestamp)> {
    let Aggregate { instance, tasks, .. } = world.state();
    let dues = instance.elements.iter().map(|element| {
        let mut dues: Vec<(Due, Timestamp)> = element
            .timers
            .iter()
            .map(|timer| {
                let (event, occurrence) = (timer.event.clone(), timer.occurrence);
                (Due::Timer { element: element.number, event, occurrence }, timer.due)
            })
            .collect();
        let task = element.task.and_then(|task| Some((task, tasks.get(&task)?)));
        dues.extend(task.and_then(|(task, ticket)| Some((Due::Expiry { task }, ticket.expires_at?))));
        dues.sort_by_key(|(_, at)| *at);
        dues
    });
    dues.max_by_key(Vec::len).unwrap_or_default()
}

fn step(world: &mut World, command: &Command, job: bool, check: &impl Fn(&Moment<'_>)) -> bool {
    let before = world.state.clone();
    let then = world.when(command.clone());
    let ordered = then.result.as_ref().is_ok_and(|decision| decision.effects.contains(&Effect::Continue));
    let job = ordered || (job && *command != Command::Continue);
    check(&Moment { world, before, command, result: &then.result, job });
    job
}

fn command(world: &mut World, happening: &Happening) -> Option<Command> {
    let task = |world: &World, index: usize| {
        let tasks = &world.state().tasks;
        tasks.values().nth(index % tasks.len().max(1)).map(|task| task.key)
    };
    Some(match happening {
        Happening::Wait(minutes) => {
            world.after(&format!("PT{minutes}M"));
            return None;
        }
        Happening::NextDue(late) => {
            let (due, at) = world.scheduled().into_iter().min_by_key(|(_, at)| *at)?;
            world.now = Timestamp::from_millis(at.as_millis() + i64::from(*late) * 60_000);
            come_back(&due)
        }
        Happening::AnyDue(index) => {
            let effects = world.journal.iter().flat_map(|(_, _, effects)| effects);
            let dues: Vec<&Due> = effects
                .filter_map(|effect| match effect {
                    Effect::Schedule { due, .. } => Some(due),
                    Effect::Unschedule { .. }
                    | Effect::Notify { .. }
                    | Effect::Find { .. }
                    | Effect::Call(_)
                    | Effect::Throw { .. }
                    | Effect::Act { .. }
                    | Effect::Mail { .. }
                    | Effect::Continue => None,
                })
                .collect();
            come_back(dues.get(index % dues.len().max(1))?)
        }
        Happening::Submit { task: index, action, id } => Command::Submit(Submission {
            task: task(world, *index)?,
            action: ["Approve", "Reject", "Nod"][*action].to_owned(),
            values: vars(json!({"comment": "typed"})),
            id: format!("s-{id}"),
        }),
        Happening::Complete { task: index, action } => {
            let tasks = &world.state().work_tasks;
            Command::Complete(Completion {
                task: tasks.values().nth(index % tasks.len().max(1))?.key,
                action: Some(["Approve", "Reject", "Nod"][*action].to_owned()),
                values: vars(json!({"comment": "done"})),
            })
        }
        Happening::Draft(index) => {
            Command::SaveDraft { task: task(world, *index)?, values: vars(json!({"comment": "draft"})) }
        }
        Happening::Resend(index) => Command::Resend { task: task(world, *index)? },
        Happening::Sync { task: index, known } => {
            world.templates = Some(if *known { world.process.clone() } else { model("empty").start("start").build() });
            Command::SyncTemplates { task: task(world, *index)?, version: 2 }
        }
        Happening::Bounce(index, delivery) => Command::RecordBounce {
            task: task(world, *index)?,
            delivery: [
                Delivery::Queued,
                Delivery::Sent,
                Delivery::Delayed,
                Delivery::Delivered,
                Delivery::Failed,
                Delivery::Bounced,
                Delivery::Complained,
            ][*delivery],
        },
        Happening::Unknown => Command::Resend { task: key().task(crate::ids::TaskNumber(60_000)) },
        Happening::CancelTask(index) => Command::CancelTask { task: task(world, *index)?, reason: None },
        Happening::Cancel => Command::CancelInstance { reason: Some("enough".to_owned()) },
        Happening::Retry { broken, n } => {
            Command::Retry { element: None, variables: vars(json!({"broken": broken, "n": n})) }
        }
        Happening::Job => Command::Continue,
    })
}

pub fn come_back(due: &Due) -> Command {
    let task = |number| -> TaskKey { key().task(number) };
    match due {
        Due::Reminder { task: number, occurrence } => Command::Remind { task: task(*number), occurrence: *occurrence },
        Due::Expiry { task: number } => Command::Expire { task: task(*number) },
        Due::Timer { element, event, occurrence } => {
            Command::FireTimer { element: *element, event: event.clone(), occurrence: *occurrence }
        }
        Due::Start(_) => unreachable!("no start event of these models has a timer"),
    }
}
