//! What is possible in a state, and what chance takes of it.

use super::{Both, Choice, Ended};
use crate::tests::reference::interpreter::{Activity, Age, Awaits, Status};
use crate::tests::reference::plan::{Asks, Id, Reply, What, Word};
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
        if self.reference.has_job() && random.one_in(2) {
            return Some(if random.one_in(20) { Choice::GiveUp { timer: None } } else { Choice::Job });
        }
        if status == Status::Error && random.one_in(2) {
            let values = if random.one_in(2) { answers(random) } else { Map::new() };
            let incidents = &self.reference.incidents;
            let only = random.one_in(3).then(|| incidents[random.below(incidents.len())].node);
            return Some(Choice::Retry { only, values });
        }
        // Of what is impossible now something else is tried.
        (0..4)
            .find_map(|_| match random.below(8) {
                7 => self.expire(random),
                0 if random.one_in(20) && status != Status::Error => self.give_up(random),
                0 | 1 => self.fire(random),
                2 => self.hear(random),
                3 => self.end_called(random),
                4 => self.reply(random, false),
                5 => self.said_before(random),
                _ => self.answer(random),
            })
            .or_else(|| self.next_step(random))
            .or(Some(Choice::Cancel).filter(|_| random.one_in(4)))
    }

    /// Something that brings the process on.
    pub(super) fn next_step(&self, random: &mut Random) -> Option<Choice> {
        match self.reference.status {
            Status::Running if self.reference.has_job() => Some(Choice::Job),
            Status::Running | Status::Waiting => {
                // Each of them may be what alone leads to the end, while another one could be repeated for ever.
                let first = match random.below(3) {
                    0 => self.hear(random),
                    1 => self.fire(random),
                    _ => self.expire(random),
                };
                let awaited =
                    self.answer(random).or_else(|| self.end_called(random)).or_else(|| self.reply(random, true));
                awaited
                    .or(first)
                    .or_else(|| self.hear(random))
                    .or_else(|| self.fire(random))
                    .or_else(|| self.expire(random))
            }
            Status::Error => Some(Choice::Retry { only: None, values: answers(random) }),
            Status::Completed | Status::Cancelled => None,
        }
    }

    fn answer(&self, random: &mut Random) -> Option<Choice> {
        let now = self.reference.now;
        let open = self.reference.activities.iter().filter(|task| task.asks && !task.failed);
        let open: Vec<&Activity> = open.filter(|task| task.expires.is_none_or(|expires| expires > now)).collect();
        let task = *open.get(random.below(open.len()))?;
        let mut values = answers(random);
        if self.plan.node(task.node).ticket.is_some() {
            // A page has its fields.
            values.retain(|name, _| name.starts_with('v'));
        }
        Some(Choice::Answer { task: task.age, values })
    }

    fn expire(&self, random: &mut Random) -> Option<Choice> {
        let open = self.reference.activities.iter().filter(|task| task.expires.is_some());
        let open: Vec<Age> = open.map(|task| task.age).collect();
        let task = *open.get(random.below(open.len()))?;
        Some(Choice::Expire { task, late: late(random) })
    }

    fn fire(&self, random: &mut Random) -> Option<Choice> {
        let alarms =
            |activity: &Activity| activity.alarms.iter().map(|alarm| (activity.age, alarm.event)).collect::<Vec<_>>();
        let all: Vec<(Age, Id)> = self.reference.activities.iter().flat_map(alarms).collect();
        let (activity, event) = *all.get(random.below(all.len()))?;
        Some(Choice::Fire { activity, event, late: late(random) })
    }

    fn give_up(&self, random: &mut Random) -> Option<Choice> {
        let Some(Choice::Fire { activity, event, .. }) = self.fire(random) else { return None };
        Some(Choice::GiveUp { timer: Some((activity, event)) })
    }

    /// From outside.
    fn hear(&self, random: &mut Random) -> Option<Choice> {
        let able = self.reference.activities.iter().filter(|activity| !activity.failed);
        let awaits = able.flat_map(|activity| activity.awaits.iter().map(|awaits| (activity.age, awaits)));
        let all: Vec<(Age, &Awaits)> = awaits.collect();
        let (age, Awaits { event, word }) = *all.get(random.below(all.len()))?;
        let values = if random.one_in(2) { answers(random) } else { Map::new() };
        Some(match word {
            Word::Message { .. } => Choice::Hear { to: (age, *event), values },
            Word::Signal(_) => Choice::Deliver { word: word.clone(), values },
        })
    }

    /// Something that the instance sent, in any order.
    fn said_before(&self, random: &mut Random) -> Option<Choice> {
        let (word, values) = self.said.get(random.below(self.said.len()))?.clone();
        Some(Choice::Deliver { word, values })
    }

    /// `done`: what was asked for is done.
    fn reply(&self, random: &mut Random, done: bool) -> Option<Choice> {
        let asked = |task: &&Activity| task.request.is_some() && !task.failed;
        let all: Vec<&Activity> = self.reference.activities.iter().filter(asked).collect();
        let task = *all.get(random.below(all.len()))?;
        let What::Serve(service) = &self.plan.node(task.node).what else { return None };
        let caught = self.plan.nodes.iter().any(|event| event.what.catches_all_at(task.node));
        let may_fail = !self.plan.sound || caught;
        let again = service.asks != Asks::Mail && task.request.as_ref().is_some_and(|request| request.left > 0);
        let code = random.one_in(2).then(|| random.pick(&["LOW", "HIGH"]).to_owned());
        let mail = service.asks == Asks::Mail;
        let reply = match random.below(7) {
            _ if done || !(may_fail || again) => Reply::Done(brought(random)),
            0..3 if mail => Reply::None { code: "MAIL_REJECTED", again: false },
            0..2 if may_fail && service.asks == Asks::GraphQl => Reply::Errors,
            0 => Reply::None { code: "HTTP_TIMEOUT", again: true },
            1 => Reply::Refused { status: random.pick(&[408, 429, 500, 503]), code },
            2 if may_fail => Reply::Refused { status: random.pick(&[400, 404]), code },
            3 if may_fail && !mail => Reply::None { code: "HTTP_REFUSED", again: false },
            _ => Reply::Done(brought(random)),
        };
        Some(Choice::Reply { task: task.age, reply, late: late(random) })
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

/// What another system answers with.
fn brought(random: &mut Random) -> Value {
    random.pick(&[json!(0), json!(1), json!(2), Value::Null, json!({ "v": 1 })])
}

/// Milliseconds behind the time.
fn late(random: &mut Random) -> i64 {
    if random.one_in(3) { 60_000 * random.below(200) as i64 } else { 0 }
}

fn answers(random: &mut Random) -> Map<String, Value> {
    let mut values = Map::new();
    for _ in 0..1 + random.below(2) {
        values.insert(format!("v{}", random.below(4)), json!(random.below(3)));
    }
    // What some wait for without knowing by what, and what some are to be done for.
    if random.one_in(8) {
        values.insert("k".to_owned(), json!(random.below(3)));
        values.insert("late".to_owned(), json!([1, 2]));
    }
    if random.one_in(8) {
        values.insert("item".to_owned(), json!(random.below(3)));
    }
    values
}
