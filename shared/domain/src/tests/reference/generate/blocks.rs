//! Block-structured processes. Sound ones reach their end whatever is answered; in others paths also end early, errors
//! are caught by nobody and conditions fail.

use super::Draft;
use crate::tests::reference::plan::{Id, Occurs, Plan, Script, Test, Throw, What};
use crate::tests::reference::random::Random;

/// A loose end: the flow that leaves a node is still to be drawn.
#[derive(Clone)]
struct End {
    node: Id,
    test: Option<Test>,
    default: bool,
}

pub fn blocks(random: &mut Random) -> Plan {
    let sound = random.one_in(2);
    let room = 5 + random.below(20);
    let mut draft = Draft::new(random, room, sound);
    let ends = draft.scope(None, 0);
    draft.finish(None, ends);
    draft.plan
}

fn loose(node: Id) -> Vec<End> {
    vec![End { node, test: None, default: false }]
}

impl Draft<'_> {
    /// The inside of the process or of a sub-process, with its event sub-processes.
    fn scope(&mut self, scope: Option<Id>, depth: usize) -> Vec<End> {
        while self.random.one_in(4) {
            self.handler(scope, depth);
        }
        let start = self.add(scope, What::Start);
        self.sequence(scope, depth, loose(start))
    }

    /// An event sub-process.
    fn handler(&mut self, scope: Option<Id>, depth: usize) {
        let around = self.add(scope, What::OnEvent);
        let mut interrupting = self.random.one_in(2);
        let event = if self.random.one_in(2) {
            interrupting = true;
            let code = self.code();
            Occurs::Error((!self.random.one_in(3)).then_some(code))
        } else {
            self.outside(interrupting)
        };
        if !self.plan.sound && self.random.one_in(6) && depth < 2 {
            self.handler(Some(around), depth + 1);
        }
        let start = self.add(Some(around), What::EventStart { event, interrupting });
        let ends = self.sequence(Some(around), depth + 1, loose(start));
        self.finish(Some(around), ends);
    }

    fn sequence(&mut self, scope: Option<Id>, depth: usize, mut ends: Vec<End>) -> Vec<End> {
        for _ in 0..1 + self.random.below(3) {
            if ends.is_empty() || self.room == 0 {
                break;
            }
            ends = self.block(scope, depth, ends);
        }
        ends
    }

    fn block(&mut self, scope: Option<Id>, depth: usize, ends: Vec<End>) -> Vec<End> {
        if depth >= 4 || self.room < 4 {
            return self.activity(scope, ends);
        }
        match self.random.below(13) {
            12 => self.first(scope, depth, ends),
            0 | 1 => self.exclusive(scope, depth, ends),
            2 | 3 => self.parallel(scope, depth, ends),
            4 | 5 => self.inclusive(scope, depth, ends),
            6 => self.again(scope, depth, ends),
            7 | 8 => self.sub_process(scope, depth, ends),
            _ => self.activity(scope, ends),
        }
    }

    /// Draws the flows of loose ends to a new node. A gateway that must not join them gets a merge before it.
    fn lead(&mut self, scope: Option<Id>, mut ends: Vec<End>, what: What) -> Id {
        if ends.len() > 1 && matches!(what, What::Parallel | What::Inclusive) {
            let merge = self.lead(scope, ends, What::Exclusive);
            ends = loose(merge);
        }
        let node = self.add(scope, what);
        self.draw(ends, node);
        node
    }

    fn draw(&mut self, ends: Vec<End>, to: Id) {
        for end in ends {
            self.flow(end.node, to, end.test, end.default);
        }
    }

    fn finish(&mut self, scope: Option<Id>, ends: Vec<End>) {
        if !ends.is_empty() {
            let end = self.end();
            self.lead(scope, ends, end);
        }
    }

    fn activity(&mut self, scope: Option<Id>, ends: Vec<End>) -> Vec<End> {
        let mut what = self.simple();
        let caught = self.plan.sound && self.random.one_in(4);
        if caught {
            // It throws now and then, and its own boundary event catches that.
            let (test, throw) = (self.test(), self.throw());
            what = match self.random.below(3) {
                0 => What::Script(Script::Throws(test, throw)),
                1 => self.service(),
                _ => What::Ask(Some((test, throw))),
            };
        }
        let asks = matches!(what, What::Ask(_));
        let waits = what.waits();
        let node = self.lead(scope, ends, what);
        self.adorn(node);
        self.limit(scope, node);
        let mut after = loose(node);
        if caught {
            after.extend(self.beside(scope, node, Occurs::Error(None), true));
        } else if self.random.one_in(4) {
            after.extend(self.catches(scope, node));
        }
        while waits && self.random.one_in(3) {
            after.extend(self.rings(scope, node));
        }
        if asks && !caught && self.random.one_in(6) {
            self.handles(scope, node);
        }
        after
    }

    /// A boundary event whose path joins what comes after the activity, or ends.
    fn beside(&mut self, scope: Option<Id>, on: Id, event: Occurs, interrupting: bool) -> Vec<End> {
        let boundary = self.add(scope, What::Boundary { on, event, interrupting });
        self.adorn(boundary);
        let mut ends = loose(boundary);
        if self.random.one_in(2) {
            let pass = self.lead(scope, ends, What::Pass);
            ends = loose(pass);
        }
        // Beside an activity that goes on, a path of its own must not arrive where one is expected.
        if !interrupting || (!self.plan.sound && self.random.one_in(3)) {
            self.finish(scope, ends);
            return Vec::new();
        }
        ends
    }

    fn catches(&mut self, scope: Option<Id>, on: Id) -> Vec<End> {
        let mut ends = Vec::new();
        let most = if matches!(self.node(on).what, What::Serve(_)) { 4 } else { 2 };
        for _ in 0..1 + self.random.below(most) {
            let event = self.caught(on);
            // On what cannot go on it interrupts whatever is said.
            let waits = matches!(self.node(on).what, What::Ask(_) | What::Hear { .. });
            let interrupting = waits || self.plan.sound || !self.random.one_in(4);
            ends.extend(self.beside(scope, on, event, interrupting));
        }
        ends
    }

    fn rings(&mut self, scope: Option<Id>, on: Id) -> Vec<End> {
        let interrupting = self.random.one_in(2);
        let event = self.outside(interrupting);
        self.beside(scope, on, event, interrupting)
    }

    /// A boundary error event that leaves the task open; its path ends or leads back to the task.
    fn handles(&mut self, scope: Option<Id>, on: Id) {
        let code = self.code();
        let boundary =
            self.add(scope, What::Boundary { on, event: Occurs::Error(Some(code.clone())), interrupting: false });
        let throw = (self.test(), Throw::Business(code));
        self.node(on).what = What::Ask(Some(throw));
        let pass = self.lead(scope, loose(boundary), What::Pass);
        // Should it wait for a job and find the task done, the task is done once more: no sound process asks for that.
        if !self.plan.sound && self.random.one_in(2) {
            self.flow(pass, on, None, false);
        } else {
            self.finish(scope, loose(pass));
        }
    }

    /// Branches with their conditions, and where they end.
    fn branches(&mut self, scope: Option<Id>, depth: usize, split: Id, tests: bool) -> Vec<Vec<End>> {
        let count = 2 + self.random.below(2);
        let mut branches = Vec::new();
        for number in 0..count {
            let default = tests && number + 1 == count && (self.plan.sound || !self.random.one_in(8));
            let test = (tests && !default).then(|| self.test());
            let ends = vec![End { node: split, test, default }];
            let made = self.plan.nodes.len();
            let mut ends = self.sequence(scope, depth + 1, ends);
            if self.plan.nodes.len() == made {
                let pass = self.lead(scope, ends, What::Pass);
                ends = loose(pass);
            }
            if !self.plan.sound && self.random.one_in(5) && !ends.is_empty() {
                // All of them, or one.
                let early = if self.random.one_in(2) { std::mem::take(&mut ends) } else { vec![ends.remove(0)] };
                let code = self.code();
                let end = self.end();
                let what = [end, What::Terminate, What::ErrorEnd(code)][self.random.below(3)].clone();
                self.lead(scope, early, what);
            }
            branches.push(ends);
        }
        branches
    }

    fn exclusive(&mut self, scope: Option<Id>, depth: usize, ends: Vec<End>) -> Vec<End> {
        let split = self.lead(scope, ends, What::Exclusive);
        self.adorn(split);
        let ends: Vec<End> = self.branches(scope, depth, split, true).into_iter().flatten().collect();
        if ends.is_empty() || self.random.one_in(2) {
            return ends;
        }
        let merge = self.lead(scope, ends, What::Exclusive);
        loose(merge)
    }

    /// Without a gateway the split is implicit, and without a join everything behind runs once for each path.
    fn parallel(&mut self, scope: Option<Id>, depth: usize, ends: Vec<End>) -> Vec<End> {
        let what = if self.random.one_in(4) { What::Pass } else { What::Parallel };
        let split = self.lead(scope, ends, what);
        let branches = self.branches(scope, depth, split, false);
        if !self.plan.sound && self.random.one_in(5) {
            return branches.into_iter().flatten().collect();
        }
        self.join(scope, branches, What::Parallel)
    }

    fn inclusive(&mut self, scope: Option<Id>, depth: usize, ends: Vec<End>) -> Vec<End> {
        let split = self.lead(scope, ends, What::Inclusive);
        self.adorn(split);
        let branches = self.branches(scope, depth, split, true);
        self.join(scope, branches, What::Inclusive)
    }

    /// One flow for each branch leads to the join.
    fn join(&mut self, scope: Option<Id>, branches: Vec<Vec<End>>, what: What) -> Vec<End> {
        let mut single = Vec::new();
        for ends in branches.into_iter().filter(|ends| !ends.is_empty()) {
            if ends.len() == 1 && !single.iter().any(|other: &End| other.node == ends[0].node) {
                single.extend(ends);
            } else {
                let merge = self.lead(scope, ends, What::Exclusive);
                single.extend(loose(merge));
            }
        }
        if single.is_empty() {
            return single;
        }
        let join = self.add(scope, what);
        self.draw(single, join);
        if self.random.one_in(8) {
            self.node(join).job_before = true;
        }
        loose(join)
    }

    /// An event-based gateway with its events.
    fn first(&mut self, scope: Option<Id>, depth: usize, ends: Vec<End>) -> Vec<End> {
        let gateway = self.lead(scope, ends, What::First);
        let mut after = Vec::new();
        for _ in 0..2 {
            let what = self.catch();
            let event = self.lead(scope, loose(gateway), what);
            after.extend(self.sequence(scope, depth + 1, loose(event)));
        }
        after
    }

    /// A loop that a counter ends.
    fn again(&mut self, scope: Option<Id>, depth: usize, ends: Vec<End>) -> Vec<End> {
        let what = if self.random.one_in(2) { What::Exclusive } else { What::Pass };
        let head = self.lead(scope, ends, what);
        let ends = self.sequence(scope, depth + 1, loose(head));
        if ends.is_empty() {
            return ends;
        }
        let counter = format!("turns{head}");
        let count = self.lead(scope, ends, What::Script(Script::Count(counter.clone())));
        let more = self.lead(scope, loose(count), What::Exclusive);
        let limit = 1 + self.random.below(3) as i64;
        self.flow(more, head, Some(Test::Below(counter, limit)), false);
        vec![End { node: more, test: None, default: true }]
    }

    fn sub_process(&mut self, scope: Option<Id>, depth: usize, ends: Vec<End>) -> Vec<End> {
        let sub = self.lead(scope, ends, What::Sub);
        self.adorn(sub);
        let inside = self.scope(Some(sub), depth + 1);
        self.finish(Some(sub), inside);
        let mut after = loose(sub);
        if self.random.one_in(2) {
            after.extend(self.catches(scope, sub));
        }
        while self.random.one_in(3) {
            after.extend(self.rings(scope, sub));
        }
        after
    }
}
