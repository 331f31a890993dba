//! What must hold of the engine's state alone, whatever the reference says: nothing is lost, nothing waits in vain.

use super::Both;
use crate::effect::{CallEffect, Due, Effect};
use crate::ids::ElementNumber;
use crate::instance::Aggregate;
use crate::process::{ElementKind, Process};

impl Both<'_> {
    /// The scheduler holds what the live timers wait for, and nothing else.
    fn schedules_are_kept(&self) -> Result<(), String> {
        let mut held = self.world.scheduled();
        // The next start is no matter of this instance.
        held.retain(|(due, _)| !matches!(due, Due::Start(_)));
        let live = self.world.state().instance.elements.iter();
        for task in self.world.state().tasks.values().filter(|task| !task.status.is_final()) {
            let Some(at) = task.expires_at else { continue };
            let order = (Due::Expiry { task: task.key.number() }, at);
            if at > self.world.now && !held.contains(&order) {
                return Err(format!("nobody will let {} expire", task.activity));
            }
            held.retain(|other| *other != order);
        }
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
    pub(super) fn nothing_is_lost(&self) -> Result<(), String> {
        self.schedules_are_kept()?;
        let Aggregate { instance, tasks, work_tasks } = self.world.state();
        if instance.status.is_final() {
            let outside = tasks.values().any(|task| !task.status.is_final());
            let open = outside || work_tasks.values().any(|task| !task.state.is_final());
            let left = open || !instance.elements.is_empty() || !instance.ready.is_empty();
            return if left { Err("something outlives the instance".to_owned()) } else { Ok(()) };
        }
        if !instance.ready.is_empty() && instance.incidents.is_empty() && !self.job {
            return Err("flows wait for a job that nobody ordered".to_owned());
        }
        let process = &self.world.process;
        let listens = |element: &str| matches!(kind(process, element), Some(ElementKind::EventStart(_)));
        let holds = |scope: Option<ElementNumber>| {
            let mut inside = instance.elements.iter().filter(|live| live.scope == scope);
            inside.any(|live| live.arrived.is_empty() && !listens(&live.element))
                || instance.ready.iter().any(|ready| ready.scope == scope)
        };
        for live in &instance.elements {
            let task = live.task.and_then(|task| work_tasks.get(&task));
            let outside = live.task.and_then(|task| tasks.get(&task));
            let outside = outside.is_some_and(|task| !task.status.is_final() && task.element == live.number);
            let asks = outside || task.is_some_and(|task| !task.state.is_final() && task.element == live.number);
            // With the job it is looked at again.
            let looked_at = !instance.ready.is_empty() || !instance.incidents.is_empty();
            let joins = !live.arrived.is_empty() && (holds(live.scope) || looked_at);
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
            let ordered = |effect: &Effect| *effect == Effect::Call(CallEffect::Start { element: live.number });
            let calls = matches!(kind(process, &live.element), Some(ElementKind::CallActivity(_)))
                && self.world.journal.iter().any(|(_, _, effects)| effects.iter().any(ordered));
            // Somebody was told to carry out the very attempt.
            let acts = live.action.as_ref().is_some_and(|action| {
                self.world.journal.iter().any(|(_, _, effects)| {
                    effects.iter().any(|effect| {
                        matches!(effect,
                    Effect::Act { element, attempt, .. } | Effect::Mail { element, attempt, .. }
                        if (*element, *attempt) == (live.number, action.attempt))
                    })
                })
            });
            let stays = acts || calls || asks || joins || own || inside || live.failed || listens(&live.element);
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
