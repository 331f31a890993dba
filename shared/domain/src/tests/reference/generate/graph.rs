//! Unstructured processes: flows lead from anywhere to anywhere in a scope, so joins may lack a path for ever, inclusive
//! joins stand in loops, and paths multiply.

use super::Draft;
use crate::tests::reference::plan::{Id, Occurs, Plan, What};
use crate::tests::reference::random::Random;

pub fn graph(random: &mut Random) -> Plan {
    let room = 5 + random.below(12);
    let mut draft = Draft::new(random, room, false);
    let start = draft.add(None, What::Start);
    draft.fill(None, 0, start);
    draft.plan
}

impl Draft<'_> {
    /// Fills a scope with nodes, and draws flows among them.
    fn fill(&mut self, scope: Option<Id>, depth: usize, start: Id) {
        let count = 2 + self.random.below(if depth == 0 { 8 } else { 4 });
        let mut nodes = Vec::new();
        let mut sources = vec![start];
        for _ in 0..count.min(self.room.max(2)) {
            let what = self.anything(depth);
            let node = self.add(scope, what.clone());
            self.adorn(node);
            sources.push(node);
            if what == What::First {
                // Nothing else leads to the events behind it, and it leads to nothing else.
                sources.pop();
                for _ in 0..2 {
                    let what = self.catch();
                    let event = self.add(scope, what);
                    self.flow(node, event, None, false);
                    sources.push(event);
                }
            }
            nodes.push(node);
            if what == What::Sub {
                let inner = self.add(Some(node), What::Start);
                self.fill(Some(node), depth + 1, inner);
            }
            self.limit(scope, node);
            while let Some(boundary) = self.boundary(scope, node) {
                sources.push(boundary);
            }
        }
        while depth < 2 && self.random.one_in(4) {
            self.event_sub_process(scope, depth);
        }
        for source in sources {
            self.connect(source, &nodes);
        }
    }

    fn anything(&mut self, depth: usize) -> What {
        match self.random.below(17) {
            16 => What::First,
            0 | 1 => What::Exclusive,
            2 | 3 => What::Parallel,
            4 | 5 => What::Inclusive,
            6 => self.end(),
            7 if self.random.one_in(2) => What::Terminate,
            7 => What::ErrorEnd(self.code()),
            8 | 9 if depth < 2 && self.room > 3 => What::Sub,
            _ => self.simple(),
        }
    }

    fn boundary(&mut self, scope: Option<Id>, on: Id) -> Option<Id> {
        let (what, repeated) = (self.node(on).what.clone(), self.node(on).turns.is_some());
        let waits = what.waits() || what == What::Sub;
        let fails = repeated || waits || matches!(what, What::Script(_));
        if !fails || !self.random.one_in(3) {
            return None;
        }
        let (event, interrupting) = if waits && self.random.one_in(2) {
            let interrupting = self.random.one_in(2);
            (self.outside(interrupting), interrupting)
        } else {
            let interrupting = matches!(what, What::Ask(_) | What::Hear { .. }) || !self.random.one_in(4);
            (self.caught(on), interrupting)
        };
        let boundary = self.add(scope, What::Boundary { on, event, interrupting });
        self.adorn(boundary);
        Some(boundary)
    }

    fn event_sub_process(&mut self, scope: Option<Id>, depth: usize) {
        let around = self.add(scope, What::OnEvent);
        let interrupting = self.random.one_in(2);
        let event =
            if interrupting && self.random.one_in(2) { Occurs::Error(None) } else { self.outside(interrupting) };
        let start = self.add(Some(around), What::EventStart { event, interrupting });
        self.fill(Some(around), depth + 1, start);
    }

    /// One to three flows, rather onwards than back.
    fn connect(&mut self, source: Id, nodes: &[Id]) {
        let what = self.node(source).what.clone();
        if matches!(what, What::End | What::Say { end: true, .. } | What::Terminate | What::ErrorEnd(_))
            || self.random.one_in(10)
        {
            return;
        }
        let gateway = matches!(what, What::Exclusive | What::Parallel | What::Inclusive);
        let count = if gateway { 1 + self.random.below(3) } else { 1 + self.random.below(5) / 4 };
        for number in 0..count {
            let onwards: Vec<Id> = nodes.iter().copied().filter(|node| *node > source).collect();
            let target = if onwards.is_empty() || self.random.one_in(4) {
                self.random.pick(nodes)
            } else {
                self.random.pick(&onwards)
            };
            let tests = matches!(what, What::Exclusive | What::Inclusive);
            let default = tests && number == 0 && !self.random.one_in(4);
            let test = (tests && !default && !self.random.one_in(5)).then(|| self.test());
            self.flow(source, target, test, default);
        }
    }
}
