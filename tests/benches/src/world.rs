//! Lives of instances in memory: the engine decides with the real script language, children and jobs follow at once, time
//! passes when nothing else moves. Counts what happens and measures nothing.

use crate::stored::{read, written};
use anyhow::{Context, ensure};
use domain::command::{Actor, Command, Start};
use domain::decision::{Decision, Env};
use domain::effect::{CallEffect, Effect};
use domain::event::Event;
use domain::ids::InstanceKey;
use domain::instance::{Aggregate, InstanceStatus, Parent};
use domain::process::Process;
use domain::time::Timestamp;
use domain::variables::Variables;
use script::QuickJs;
use std::collections::{BTreeMap, VecDeque};

const NOW_MS: i64 = 1_772_442_000_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

/// What a life consists of, all instances together.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Elements that were reached.
    pub elements: usize,
    pub events: usize,
    /// Decisions: each would be one commit.
    pub commands: usize,
    /// The largest state that was written; 0 where none is.
    pub state_bytes_max: usize,
}

/// The processes of a file. The first is the one that is started.
pub struct World {
    processes: Vec<Process>,
    scripts: QuickJs,
}

impl World {
    pub fn read(source: &str) -> anyhow::Result<World> {
        let reading = bpmn::read(source.as_bytes());
        ensure!(!reading.has_errors(), "the model is refused: {:?}", reading.diagnostics.first());
        let processes = reading.definitions.into_iter().map(|definition| definition.process).collect();
        Ok(World { processes, scripts: QuickJs::default() })
    }

    /// One life, to its end. `is_stored`: the state is written and read back after each command.
    pub fn live(&self, variables: Variables, is_stored: bool) -> anyhow::Result<Counts> {
        let first = self.processes.first().context("the model has no process")?;
        let mut lives = Lives {
            world: self,
            is_stored,
            now: Timestamp::from_millis(NOW_MS),
            drawn: 0,
            states: BTreeMap::new(),
            to_do: VecDeque::new(),
            counts: Counts::default(),
        };
        let root = lives.start(first, variables, None)?;
        lives.settle()?;
        lives.pass_time(root)?;
        let state = lives.states.get(&root).context("the instance is gone")?;
        let instance = &state.1.instance;
        let live: Vec<&str> = instance.elements.iter().map(|live| live.element.as_str()).collect();
        ensure!(instance.status == InstanceStatus::Completed, "{:?} at {live:?}", instance.incidents);
        Ok(lives.counts)
    }
}

struct Lives<'w> {
    world: &'w World,
    is_stored: bool,
    now: Timestamp,
    drawn: u32,
    states: BTreeMap<InstanceKey, (&'w Process, Aggregate)>,
    to_do: VecDeque<(InstanceKey, Effect)>,
    counts: Counts,
}

impl<'w> Lives<'w> {
    fn start(
        &mut self,
        process: &'w Process,
        variables: Variables,
        parent: Option<Parent>,
    ) -> anyhow::Result<InstanceKey> {
        self.drawn += 1;
        let key = InstanceKey::compose(NOW_MS + 10 * i64::from(self.drawn), u64::from(self.drawn));
        let command = Command::Start(Start { parent, variables, ..Start::new(key, process.id.clone(), 1) });
        let decision = self.decide(process, None, &command)?;
        self.take(key, process, decision)?;
        Ok(key)
    }

    fn execute(&mut self, key: InstanceKey, command: &Command) -> anyhow::Result<()> {
        let (process, state) = self.states.remove(&key).context("a command for an instance that is gone")?;
        let decision = self.decide(process, Some(&state), command)?;
        self.take(key, process, decision)
    }

    fn decide(&self, process: &Process, state: Option<&Aggregate>, command: &Command) -> anyhow::Result<Decision> {
        let actor = Actor::System;
        let scripts = &self.world.scripts;
        let env = Env { now: self.now, actor: &actor, process, templates: process, scripts, commands: &[] };
        domain::decide(&env, state, command).map_err(|rejection| anyhow::anyhow!("{}: {rejection:?}", command.name()))
    }

    fn take(&mut self, key: InstanceKey, process: &'w Process, decision: Decision) -> anyhow::Result<()> {
        let reached = |event: &&Event| matches!(event, Event::ElementActivated(_) | Event::ElementPassed(_));
        self.counts.elements += decision.events.iter().filter(reached).count();
        self.counts.events += decision.events.len();
        self.counts.commands += 1;
        let state = if self.is_stored {
            let text = written(&decision.after)?;
            self.counts.state_bytes_max = self.counts.state_bytes_max.max(text.len());
            read(&text)?
        } else {
            decision.after
        };
        self.states.insert(key, (process, state));
        self.to_do.extend(decision.effects.into_iter().map(|effect| (key, effect)));
        Ok(())
    }

    /// Does what was ordered inside, until nothing is left.
    fn settle(&mut self) -> anyhow::Result<()> {
        while let Some((key, effect)) = self.to_do.pop_front() {
            match effect {
                Effect::Continue => self.execute(key, &Command::Continue)?,
                Effect::Call(CallEffect::Start { element }) => {
                    let (process, state) = self.states.get(&key).context("the caller is gone")?;
                    let call = domain::call(process, state, element, self.now).context("no call is wanted")?;
                    let call = call.map_err(|end| anyhow::anyhow!("{end:?}"))?;
                    let mut called = self.world.processes.iter();
                    let called = called.find(|process| process.id == call.process_id).context("an unknown process")?;
                    let child = self.start(called, call.variables, Some(call.parent))?;
                    self.execute(key, &Command::ChildStarted { element, child })?;
                }
                Effect::Call(CallEffect::Ended { parent }) => {
                    let (_, child) = self.states.remove(&key).context("the child is gone")?;
                    let end = child.end().context("a child tells its end before it")?;
                    let command = Command::ChildEnded { element: parent.element, child: Some(key), end };
                    self.execute(parent.instance, &command)?;
                }
                // The clock reads timers from the state; the other effects concern nobody here.
                Effect::Call(CallEffect::Cancel { .. })
                | Effect::Schedule { .. }
                | Effect::Unschedule { .. }
                | Effect::Throw { .. }
                | Effect::Act { .. }
                | Effect::Mail { .. }
                | Effect::Notify { .. }
                | Effect::Find { .. } => {}
            }
        }
        Ok(())
    }

    /// A day later: every timer of the first instance fires, one command each.
    fn pass_time(&mut self, root: InstanceKey) -> anyhow::Result<()> {
        let (_, state) = self.states.get(&root).context("the instance is gone")?;
        let mut timers = Vec::new();
        for live in &state.instance.elements {
            timers.extend(live.timers.iter().map(|timer| Command::FireTimer {
                element: live.number,
                event: timer.event.clone(),
                occurrence: timer.occurrence,
            }));
        }
        self.now = Timestamp::from_millis(NOW_MS + DAY_MS);
        for timer in timers {
            self.execute(root, &timer)?;
            self.settle()?;
        }
        Ok(())
    }
}
