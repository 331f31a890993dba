//! Makes random processes: block-structured ones, in which what is split is joined, and graphs of the same nodes with
//! flows wherever chance puts them.

mod blocks;
mod confluent;
mod graph;

pub use blocks::blocks;
pub use confluent::confluent;
pub use graph::graph;

use super::plan::{Asks, Begins, Each, Flow, Hears, Id, Node, Occurs, Plan, Script, Service, Test, Throw, What};
use super::random::Random;
use serde_json::{Map, json};

/// Business errors are thrown and caught by these codes.
const CODES: [&str; 3] = ["LOW", "HIGH", "TASK_TIMEOUT"];
/// What goes wrong with system tasks is caught by these, some of them classes.
const TROUBLES: [&str; 5] = ["HTTP_404", "HTTP_STATUS_4XX", "HTTP_STATUS_5XX", "HTTP_TIMEOUT", "GRAPHQL_ERROR"];

/// A plan in the making.
struct Draft<'r> {
    random: &'r mut Random,
    plan: Plan,
    next: Id,
    /// Nodes that may still be made.
    room: usize,
}

impl Draft<'_> {
    fn new(random: &mut Random, room: usize, sound: bool) -> Draft<'_> {
        let mut variables = Map::new();
        for number in 0..4 {
            variables.insert(format!("v{number}"), json!(random.below(3)));
        }
        variables.insert("none".to_owned(), json!([]));
        variables.insert("some".to_owned(), json!([1, 2, 0][..1 + random.below(3)]));
        let called = !sound && random.one_in(4);
        let begins = match random.below(8) {
            0 => Begins::InTheBackground,
            1 if !called => {
                let times = random.one_in(2).then(|| random.below(4) as u32);
                Begins::ByTimer { minutes: 1 + random.below(90) as u32, times }
            }
            _ => Begins::AtOnce,
        };
        let plan = Plan { nodes: Vec::new(), flows: Vec::new(), variables, sound, begins, called };
        Draft { random, plan, next: 0, room }
    }

    fn add(&mut self, scope: Option<Id>, what: What) -> Id {
        let id = self.next;
        self.next += 1;
        self.room = self.room.saturating_sub(1);
        self.plan.nodes.push(Node {
            id,
            what,
            scope,
            turns: None,
            ticket: None,
            prepares: None,
            job_before: false,
            job_after: false,
        });
        id
    }

    fn node(&mut self, id: Id) -> &mut Node {
        self.plan.nodes.iter_mut().find(|node| node.id == id).expect("it was added")
    }

    /// At most one flow leads from a node to another: ids of flows are unique.
    fn flow(&mut self, from: Id, to: Id, test: Option<Test>, default: bool) {
        if !self.plan.flows.iter().any(|flow| (flow.from, flow.to) == (from, to)) {
            self.plan.flows.push(Flow { from, to, test, default });
        }
    }

    fn test(&mut self) -> Test {
        Test::Is(format!("v{}", self.random.below(4)), self.random.below(3) as i64)
    }

    fn throw(&mut self) -> Throw {
        if !self.plan.sound && self.random.one_in(3) { Throw::Technical } else { Throw::Business(self.code()) }
    }

    fn code(&mut self) -> String {
        self.random.pick(&CODES).to_owned()
    }

    /// The code that an event beside an activity catches, or any.
    fn caught(&mut self, on: Id) -> Occurs {
        let troubled = matches!(self.node(on).what, What::Serve(_)) && !self.random.one_in(3);
        let code = if troubled || self.random.one_in(6) { self.random.pick(&TROUBLES).to_owned() } else { self.code() };
        Occurs::Error((!self.random.one_in(3)).then_some(code))
    }

    fn service(&mut self) -> What {
        let asks = self.random.pick(&[Asks::Http, Asks::GraphQl, Asks::Command, Asks::Mail]);
        let retries = if self.random.one_in(2) { self.random.below(8) as u32 } else { 0 };
        let into = self.random.one_in(2).then(|| self.random.pick(&["v0", "v1", "item"]).to_owned());
        What::Serve(Service { asks, retries, into })
    }

    fn timer(&mut self, interrupting: bool) -> Occurs {
        let times = (!interrupting && self.random.one_in(3)).then(|| self.random.below(4) as u32);
        Occurs::Timer { minutes: self.random.below(90) as u32, times }
    }

    /// Few of them, so that they find each other.
    fn word(&mut self) -> Hears {
        let name = self.random.pick(&["alarm", "news"]).to_owned();
        match self.random.below(4) {
            0 | 1 => Hears::Signal(name),
            2 => Hears::Message { name, key: None },
            _ => {
                let missing = !self.plan.sound && self.random.one_in(4);
                let key = if missing { "k" } else { self.random.pick(&["v2", "v3"]) };
                Hears::Message { name, key: Some(key.to_owned()) }
            }
        }
    }

    fn say(&mut self, end: bool) -> What {
        let brings = self.random.one_in(2).then(|| self.random.pick(&["v0", "item", "v3"]).to_owned());
        What::Say { what: self.word(), brings, end }
    }

    /// How a path ends, if it ends nothing else.
    fn end(&mut self) -> What {
        if self.random.one_in(5) { self.say(true) } else { What::End }
    }

    /// What an event beside an activity or a scope waits for.
    fn outside(&mut self, interrupting: bool) -> Occurs {
        if self.random.one_in(2) { Occurs::Word(self.word()) } else { self.timer(interrupting) }
    }

    /// An event of a path of its own.
    fn catch(&mut self) -> What {
        if self.random.one_in(2) {
            let what = self.word();
            let task = !what.is_signal() && self.random.one_in(2);
            What::Hear { what, task }
        } else {
            What::Wait { minutes: self.random.below(60) as u32, task: false }
        }
    }

    /// An activity or event that does something without opening a scope. In a sound plan errors come with their catcher.
    fn simple(&mut self) -> What {
        let throws = if self.plan.sound { 0 } else { self.random.below(3) };
        match self.random.below(15) {
            10 => self.say(false),
            0 | 1 => What::Pass,
            11 => {
                let fails = (throws > 0 && self.random.one_in(2)).then(|| (self.test(), self.code()));
                What::Script(Script::Calls(1 + self.random.below(2) as u32, fails))
            }
            2 => What::Script(Script::Count(format!("n{}", self.random.below(3)))),
            3 if throws > 0 => What::Script(Script::Throws(self.test(), self.throw())),
            3 => self.catch(),
            6 => What::Call,
            7 | 8 => self.service(),
            9 => What::Wait { minutes: self.random.below(60) as u32, task: true },
            4 if throws > 0 => What::Script(Script::Throws(self.test(), self.throw())),
            5 if throws > 0 => What::Ask(Some((self.test(), self.throw()))),
            _ => What::Ask(None),
        }
    }

    /// A time limit for a task, now and then. Of a task that waits for a message nobody is the system's deputy.
    fn limit(&mut self, scope: Option<Id>, on: Id) {
        let asks = matches!(self.node(on).what, What::Ask(_));
        let may = asks || (!self.plan.sound && matches!(self.node(on).what, What::Hear { task: true, .. }));
        if may && self.random.one_in(6) {
            let completes = asks && (self.plan.sound || self.random.one_in(2));
            let event = Occurs::Timer { minutes: self.random.below(90) as u32, times: None };
            self.add(scope, What::Limit { on, event, completes });
        }
    }

    /// Multi-instance characteristics and jobs for an activity, now and then.
    fn adorn(&mut self, id: Id) {
        let what = &self.node(id).what;
        let repeatable = what.waits() || matches!(what, What::Pass | What::Script(_) | What::Sub);
        if repeatable && self.random.one_in(7) {
            let list = match self.random.below(4) {
                0 if !self.plan.sound && self.random.one_in(3) => Ok("late".to_owned()),
                0 => Ok("none".to_owned()),
                1 | 2 => Ok("some".to_owned()),
                _ => Err(self.random.below(4) as u32),
            };
            let fails = (!self.plan.sound && self.random.one_in(5)).then(|| (self.test(), self.throw()));
            let enough = self.random.one_in(4).then(|| 1 + self.random.below(2) as u32);
            let gives = self.random.one_in(3).then(|| self.random.pick(&["item", "v1", "loopCounter"]).to_owned());
            let sequential = self.random.one_in(2);
            self.node(id).turns =
                Some(Each { sequential, list, enough: enough.filter(|_| fails.is_none()), fails, gives });
        }
        if !self.plan.sound && matches!(self.node(id).what, What::Ask(_)) && self.random.one_in(8) {
            let prepares = (self.test(), self.throw());
            self.node(id).prepares = Some(prepares);
        }
        if matches!(self.node(id).what, What::Ask(_)) && self.random.one_in(3) {
            let expires = self.random.one_in(2).then(|| self.random.below(90) as u32);
            self.node(id).ticket = Some(expires);
        }
        let (before, after) = (self.random.one_in(9), self.random.one_in(9));
        let node = self.node(id);
        (node.job_before, node.job_after) = (before, after);
    }
}
