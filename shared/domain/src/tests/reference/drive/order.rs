//! The same decisions of the outside, in any order: where no path disturbs another one, what comes of them is the same.

use super::{Both, Case, Choice, Ended, Told, is_cut, start};
use crate::tests::reference::interpreter::{Activity, Age, Order, Reference, Status};
use crate::tests::reference::picture::{of_engine, of_reference};
use crate::tests::reference::plan::{Asks, Id, Plan, Reply, What};
use crate::tests::reference::random::Random;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Decisions until the end at most.
const DECISIONS_MAX: usize = 400;

/// What the outside decides, by what it is asked and not by when.
struct Story {
    seed: u64,
    /// Events that have occurred beside an activity.
    heard: BTreeSet<(Age, Id)>,
}

/// The engine in its own order, the reference beside it; then the reference alone in any other.
pub fn tell_in_any_order(case: &Case) -> Result<Told, String> {
    let seed = case.choices.first().copied().unwrap_or_default();
    let mut both = start(case)?;
    let finished = both.finish_as_decided(seed);
    finished.map_err(|what| format!("after {}:\n{what}", both.log.join("; ")))?;
    let mut random = Random::new(seed ^ 1);
    let mut alone = Reference::new(&case.plan, both.reference.now);
    alone.any_order = Some(Random::new(seed ^ 2));
    alone.start();
    let mut story = Story { seed, heard: BTreeSet::new() };
    for _ in 0..DECISIONS_MAX {
        if is_cut(&alone) {
            break;
        }
        let Some(choice) = story.next(&alone, &case.plan, &mut random) else { break };
        alone.now = alone.now.max(story.due(&alone, &choice));
        choice.happen(&mut alone);
    }
    if both.is_cut() || is_cut(&alone) {
        return Ok(both.told());
    }
    let expected = of_reference(&alone, &case.plan).outcome();
    if let Some(differences) = expected.differences(&of_engine(&both.world).outcome()) {
        return Err(format!("in another order:\n{differences}"));
    }
    let says = |order: &Order| if let Order::Say { word, values } = order { Some(said(word, values)) } else { None };
    let mut expected: Vec<String> = alone.orders.iter().filter_map(says).collect();
    let mut found: Vec<String> = both.said.iter().map(|(word, values)| said(word, values)).collect();
    expected.sort();
    found.sort();
    if expected != found {
        return Err(format!("in another order {expected:?} is said and not {found:?}"));
    }
    Ok(both.told())
}

fn said(word: &impl std::fmt::Debug, values: &Map<String, Value>) -> String {
    format!("{word:?} {}", Value::Object(values.clone()))
}

impl Both<'_> {
    fn finish_as_decided(&mut self, seed: u64) -> Result<(), String> {
        let mut random = Random::new(seed ^ 3);
        let mut story = Story { seed, heard: BTreeSet::new() };
        if !self.is_cut() {
            self.compare()?;
        }
        for _ in 0..DECISIONS_MAX {
            if self.is_cut() {
                return Ok(());
            }
            let Some(choice) = story.next(&self.reference, self.plan, &mut random) else { break };
            self.carry_out(&choice, &mut random)?;
        }
        let ended = self.reference.status == Status::Completed;
        if ended { Ok(()) } else { Err("the process does not come to its end".to_owned()) }
    }
}

impl Story {
    /// One of the things that are to happen, whichever chance takes.
    fn next(&mut self, reference: &Reference<'_>, plan: &Plan, random: &mut Random) -> Option<Choice> {
        let open = reference.activities.iter().filter_map(|activity| self.of(activity, plan));
        let choices: Vec<Choice> = open.chain(reference.has_job().then_some(Choice::Job)).collect();
        let choice = choices.get(random.below(choices.len()))?.clone();
        if let Choice::Hear { to, .. } = &choice {
            self.heard.insert(*to);
        }
        Some(choice)
    }

    /// What happens to an activity next: the events beside it that let it go on, then one that takes it away or its end.
    fn of(&self, activity: &Activity, plan: &Plan) -> Option<Choice> {
        let hear = |event: Id| Choice::Hear { to: (activity.age, event), values: Map::new() };
        let beside: Vec<(Id, bool)> = activity
            .awaits
            .iter()
            .filter_map(|awaits| Some((awaits.event, plan.node(awaits.event).what.event()?.1)))
            .collect();
        let mut goes_on = beside.iter().filter(|(_, interrupting)| !interrupting);
        if let Some((event, _)) = goes_on.find(|(event, _)| !self.heard.contains(&(activity.age, *event))) {
            return Some(hear(*event));
        }
        let takes_away: Vec<Id> =
            beside.iter().filter(|(_, interrupting)| *interrupting).map(|(event, _)| *event).collect();
        let mut random = self.of_node(activity.node, 0);
        match takes_away.get(random.below(1 + takes_away.len())) {
            Some(event) => Some(hear(*event)),
            None => self.end(activity, plan, &mut random),
        }
    }

    fn end(&self, activity: &Activity, plan: &Plan, random: &mut Random) -> Option<Choice> {
        let (id, age) = (activity.node, activity.age);
        let values = Map::from_iter([(format!("a{id}"), json!(random.below(3)))]);
        if activity.asks {
            return Some(Choice::Answer { task: age, values });
        }
        if activity.calls {
            return Some(Choice::Ended { call: age, how: Ended::Completed(values) });
        }
        if let (What::Serve(service), Some(request)) = (&plan.node(id).what, &activity.request) {
            let mut random = self.of_node(id, request.attempt);
            let may_repeat = request.left > 0 && service.asks != Asks::Mail;
            let caught = plan.nodes.iter().any(|event| event.what.catches_all_at(id));
            let reply = match random.below(4) {
                0 if may_repeat => Reply::Refused { status: 503, code: None },
                1 if caught => Reply::None { code: "MAIL_REJECTED", again: false },
                _ => Reply::Done(json!(random.below(3))),
            };
            return Some(Choice::Reply { task: age, reply, late: 0 });
        }
        // Of several that wait behind a gateway one, and of its timers the first.
        let first = activity.alarms.iter().min_by_key(|alarm| (alarm.due, plan.position(alarm.event)));
        let fire = first.map(|alarm| Choice::Fire { activity: age, event: alarm.event, late: 0 });
        let own = activity.awaits.iter().filter(|awaits| plan.node(awaits.event).what.event().is_none());
        let hear = own.map(|awaits| Choice::Hear { to: (age, awaits.event), values: Map::new() });
        let all: Vec<Choice> = fire.into_iter().chain(hear).collect();
        all.get(random.below(all.len())).cloned()
    }

    fn of_node(&self, node: Id, number: u32) -> Random {
        let mut random = Random::new(self.seed ^ (node as u64) << 32 ^ u64::from(number) << 16);
        random.next();
        random
    }

    /// When it happens at the earliest.
    fn due(&self, reference: &Reference<'_>, choice: &Choice) -> i64 {
        let activity = |age: &Age| reference.activity(*age);
        let due = match choice {
            Choice::Fire { activity: age, event, .. } => activity(age)
                .and_then(|activity| activity.alarms.iter().find(|alarm| alarm.event == *event).map(|alarm| alarm.due)),
            Choice::Reply { task, .. } => activity(task).and_then(|task| Some(task.request.as_ref()?.at)),
            Choice::Answer { .. }
            | Choice::Hear { .. }
            | Choice::Expire { .. }
            | Choice::Deliver { .. }
            | Choice::Ended { .. }
            | Choice::Job
            | Choice::GiveUp { .. }
            | Choice::Retry { .. }
            | Choice::Cancel => None,
        };
        due.unwrap_or_default()
    }
}
