//! What is possible in a state, and what chance takes of it.

use super::{Both, Choice, Ended};
use crate::tests::reference::interpreter::{Activity, Age, Status};
use crate::tests::reference::plan::Id;
use crate::tests::reference::random::Random;
use serde_json::{Map, Value, json};

impl Both<'_> {
    /// One of the things that are possible now.
    pub(super) fn choose(&self, random: &mut Random) -> Option<Choice> {
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
            let incidents = &self.reference.incidents;
            let only = random.one_in(3).then(|| incidents[random.below(incidents.len())].node);
            return Some(Choice::Retry { only, values });
        }
        match random.below(6) {
            0 | 1 => self.fire(random),
            2 => self.hear(random),
            3 => self.end_called(random),
            _ => self.answer(random),
        }
        .or_else(|| self.next_step(random))
        .or(Some(Choice::Cancel).filter(|_| random.one_in(4)))
    }

    /// Something that brings the process on.
    pub(super) fn next_step(&self, random: &mut Random) -> Option<Choice> {
        match self.reference.status {
            Status::Running => Some(Choice::Job),
            Status::Waiting => {
                let first = if random.one_in(2) { self.hear(random) } else { self.fire(random) };
                let awaited = self.answer(random).or_else(|| self.end_called(random));
                awaited.or(first).or_else(|| self.hear(random)).or_else(|| self.fire(random))
            }
            Status::Error => Some(Choice::Retry { only: None, values: answers(random) }),
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

    fn end_called(&self, random: &mut Random) -> Option<Choice> {
        let calls = self.reference.activities.iter().filter(|call| call.calls && !call.failed);
        let calls: Vec<Age> = calls.map(|call| call.age).collect();
        let call = *calls.get(random.below(calls.len()))?;
        let how = match random.below(if self.plan.sound { 6 } else { 10 }) {
            6 | 7 => Ended::Failed(random.pick(&["LOW", "HIGH"]).to_owned()),
            8 => Ended::NotStarted,
            9 if random.one_in(3) => Ended::Cancelled,
            _ => Ended::Completed(answers(random)),
        };
        Some(Choice::Ended { call, how })
    }
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
