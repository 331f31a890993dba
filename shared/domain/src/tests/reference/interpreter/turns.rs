//! Multi-instance activities: one activity instance around its turns (BPMN 2.0.2, 13.3.7).

use super::{Activity, Age, Failure, Reference, Token, Turns};
use crate::tests::reference::plan::{Each, gathered};
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl Reference<'_> {
    pub(super) fn begin_turns(&mut self, age: Age, each: &Each) {
        let Some(total) = each.total(|name| self.value(Some(age), name)) else {
            self.fail(age, Failure::technical("INVALID_COLLECTION"));
            return;
        };
        if let Err(failure) = self.watch_boundaries(age) {
            self.fail(age, failure);
            return;
        }
        let turns = Turns { total, begun: 0, done: 0, given: BTreeMap::new() };
        self.change(age, |around| around.turns = Some(turns));
        if total == 0 {
            self.end_turns(age, each);
        }
        for _ in 0..if each.sequential { total.min(1) } else { total } {
            self.send_turn(age);
        }
    }

    fn send_turn(&mut self, around: Age) {
        let Some(activity) = self.activity(around).cloned() else { return };
        let (node, handles) = (activity.node, activity.handles);
        self.moving.push(Token { node, flow: None, scope: Some(around), handles });
    }

    pub(super) fn begin_turn(&mut self, age: Age, each: &Each) {
        let Some(around) = self.activity(age).and_then(|turn| turn.scope) else { return };
        let number = self.turns(around).begun;
        self.change_turns(around, |turns| turns.begun += 1);
        let list = each.list.as_ref().ok().and_then(|name| self.value(Some(around), name));
        self.change(age, |turn| {
            turn.local.insert("loopCounter".to_owned(), json!(number));
            if let Some(list) = list {
                turn.local.insert("item".to_owned(), list.get(number as usize).cloned().unwrap_or(Value::Null));
            }
        });
        self.perform(age);
    }

    /// A turn ended as modelled.
    pub(super) fn end_turn(&mut self, turn: &Activity) {
        let around = turn.scope.expect("a turn is in its activity");
        let plan = self.plan;
        let each = plan.node(turn.node).turns.as_ref().expect("it is a multi-instance activity");
        if let Some(name) = &each.gives {
            let given = self.value(Some(turn.age), name).unwrap_or(Value::Null);
            let number = turn.local["loopCounter"].as_u64().unwrap_or(0) as u32;
            self.change_turns(around, |turns| _ = turns.given.insert(number, given));
        }
        self.activities.retain(|other| other.age != turn.age);
        self.counts.entry(turn.node).or_default().left += 1;
        self.change_turns(around, |turns| turns.done += 1);
        self.go_on_with_turns(around, each);
    }

    /// The activity ends when enough is done; of one that goes turn by turn the next begins when the last has ended.
    pub(super) fn go_on_with_turns(&mut self, around: Age, each: &Each) {
        if let Some((_, throw)) = each.fails.as_ref().filter(|(test, _)| self.holds(test, Some(around))) {
            self.fail(around, Failure::of(throw));
            return;
        }
        let turns = self.turns(around);
        if turns.done == turns.total || each.enough.is_some_and(|enough| turns.done >= enough) {
            self.end_turns(around, each);
        } else if each.sequential && turns.begun < turns.total && turns.begun == turns.done {
            self.send_turn(around);
        }
    }

    /// What is left of the turns is taken away, and the activity as a whole ends.
    fn end_turns(&mut self, around: Age, each: &Each) {
        self.clear(Some(around));
        let Some(activity) = self.activity(around).cloned() else { return };
        if each.gives.is_some() {
            let turns = self.turns(around);
            let given = |turn| turns.given.get(&turn).cloned().unwrap_or(Value::Null);
            let list: Vec<Value> = (0..turns.total).map(given).collect();
            self.variables.insert(gathered(activity.node), Value::Array(list));
        }
        let flows = self.plan.outgoing(activity.node);
        self.leave(around, &flows);
    }

    pub(super) fn is_turn(&self, activity: &Activity) -> bool {
        let around = activity.scope.and_then(|age| self.activity(age));
        around.is_some_and(|around| around.node == activity.node && around.turns.is_some())
    }

    fn turns(&self, around: Age) -> Turns {
        self.activity(around).and_then(|around| around.turns.clone()).expect("its turns have begun")
    }

    fn change_turns(&mut self, around: Age, how: impl FnOnce(&mut Turns)) {
        self.change(around, |around| how(around.turns.as_mut().expect("its turns have begun")));
    }
}
