//! A random process in words of its own: what the generators make, what the reference interpreter reads, and what the
//! engine's model is put together from. Runs nothing.

mod model;
mod service;
mod word;

pub use model::DONE;
pub use service::{Asks, Reply, Service};
pub use word::{Hears, Word};

use serde_json::{Map, Value};
use std::fmt;

/// Stays the same when other nodes are left out.
pub type Id = usize;

#[derive(Clone, Debug)]
pub struct Plan {
    /// In document order.
    pub nodes: Vec<Node>,
    /// In document order; at most one from a node to another.
    pub flows: Vec<Flow>,
    /// What an instance is started with.
    pub variables: Map<String, Value>,
    /// Nothing but what was made in pairs: every split has its join, every error its catcher. Such a process reaches its
    /// end whatever the answers are.
    pub sound: bool,
    pub begins: Begins,
    /// Another instance called it, and what nobody catches is thrown there.
    pub called: bool,
}

/// How an instance begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Begins {
    AtOnce,
    InTheBackground,
    /// By a timer start event; `times` as of [`Occurs::Timer`].
    ByTimer {
        minutes: u32,
        times: Option<u32>,
    },
}

#[derive(Clone, Debug)]
pub struct Node {
    pub id: Id,
    pub what: What,
    /// The sub-process around it.
    pub scope: Option<Id>,
    pub turns: Option<Each>,
    /// A task asks somebody outside; the number says in how many minutes it expires.
    pub ticket: Option<Option<u32>>,
    /// A task's first script, which may fail before anybody is asked.
    pub prepares: Option<(Test, Throw)>,
    pub job_before: bool,
    pub job_after: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    Start,
    End,
    Terminate,
    ErrorEnd(String),
    /// Passes through.
    Pass,
    Script(Script),
    /// Asks a colleague; an answer may be refused.
    Ask(Option<(Test, Throw)>),
    Exclusive,
    Parallel,
    Inclusive,
    /// A time passes: an intermediate timer event, or a service task that is a delay.
    Wait {
        minutes: u32,
        task: bool,
    },
    /// A system task that asks another system.
    Serve(Service),
    /// Waits for a message or signal, as an event or as a task.
    Hear {
        what: Hears,
        task: bool,
    },
    /// Sends a message or signal, and ends its path.
    Say {
        what: Hears,
        /// It brings this variable.
        brings: Option<String>,
        end: bool,
    },
    /// Call activity.
    Call,
    /// Event-based gateway; only events that wait stand behind it.
    First,
    Sub,
    /// Sub-process that an event starts.
    OnEvent,
    EventStart {
        event: Occurs,
        interrupting: bool,
    },
    Boundary {
        on: Id,
        event: Occurs,
        interrupting: bool,
    },
    /// The time limit of a task: completes it, or throws `TASK_TIMEOUT`.
    Limit {
        on: Id,
        event: Occurs,
        completes: bool,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Script {
    Count(String),
    Throws(Test, Throw),
    /// Calls so many commands one after the other; each fails with this code where the test holds.
    Calls(u32, Option<(Test, String)>),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Throw {
    /// A business error with this code.
    Business(String),
    Technical,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Occurs {
    /// `minutes` after the beginning; with `times` a cycle, 0 for one without number.
    Timer {
        minutes: u32,
        times: Option<u32>,
    },
    /// With this code, or with any.
    Error(Option<String>),
    Word(Hears),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Is(String, i64),
    Below(String, i64),
}

/// Multi-instance characteristics.
#[derive(Clone, Debug, PartialEq)]
pub struct Each {
    pub sequential: bool,
    /// The variable that is the list, else a number.
    pub list: Result<String, u32>,
    /// Ends when so many are done.
    pub enough: Option<u32>,
    /// The script that is asked instead fails now and then, and never says so.
    pub fails: Option<(Test, Throw)>,
    /// Gathers this variable of each turn.
    pub gives: Option<String>,
}

#[derive(Clone, Debug)]
pub struct Flow {
    pub from: Id,
    pub to: Id,
    pub test: Option<Test>,
    /// The default flow of its gateway.
    pub default: bool,
}

impl Test {
    pub fn variable(&self) -> &str {
        let (Test::Is(name, _) | Test::Below(name, _)) = self;
        name
    }

    /// Whether it holds for the value of its variable.
    pub fn holds(&self, value: Option<&Value>) -> bool {
        let Some(number) = value.and_then(Value::as_i64) else { return false };
        match self {
            Test::Is(_, other) => number == *other,
            Test::Below(_, other) => number < *other,
        }
    }
}

impl What {
    /// What an event beside an activity, or the start event of an event sub-process, waits for, and whether it interrupts.
    pub fn event(&self) -> Option<(&Occurs, bool)> {
        if let What::Boundary { event, interrupting, .. } | What::EventStart { event, interrupting } = self {
            Some((event, *interrupting || matches!(event, Occurs::Error(_)) && matches!(self, What::EventStart { .. })))
        } else {
            if let What::Limit { event, .. } = self { Some((event, true)) } else { None }
        }
    }

    /// The activity that a boundary event is attached to.
    pub fn attached_to(&self) -> Option<Id> {
        if let What::Boundary { on, .. } | What::Limit { on, .. } = self { Some(*on) } else { None }
    }

    /// What an event that is reached by a flow waits for.
    pub fn awaited(&self) -> Option<Occurs> {
        match self {
            What::Wait { minutes, .. } => Some(Occurs::Timer { minutes: *minutes, times: None }),
            What::Hear { what, .. } => Some(Occurs::Word(what.clone())),
            What::EventStart { event, .. } => Some(event.clone()),
            What::Start
            | What::End
            | What::Terminate
            | What::ErrorEnd(_)
            | What::Pass
            | What::Script(_)
            | What::Ask(_)
            | What::Serve(_)
            | What::Say { .. }
            | What::Exclusive
            | What::Parallel
            | What::Inclusive
            | What::First
            | What::Call
            | What::Sub
            | What::OnEvent
            | What::Boundary { .. }
            | What::Limit { .. } => None,
        }
    }

    /// A boundary event that catches whatever goes wrong with an activity.
    pub fn catches_all_at(&self, activity: Id) -> bool {
        matches!(self, What::Boundary { on, event: Occurs::Error(None), interrupting: true } if *on == activity)
    }

    /// An activity that takes time, beside which events may occur.
    pub fn waits(&self) -> bool {
        matches!(
            self,
            What::Ask(_) | What::Call | What::Serve(_) | What::Hear { task: true, .. } | What::Wait { task: true, .. }
        )
    }

    pub fn starts_by_event(&self) -> bool {
        matches!(self, What::EventStart { .. })
    }
}

impl Occurs {
    pub fn as_error(&self) -> Option<Option<&str>> {
        if let Occurs::Error(code) = self { Some(code.as_deref()) } else { None }
    }
}

impl Each {
    /// None where the variable is no list.
    pub fn total(&self, variable: impl Fn(&str) -> Option<Value>) -> Option<u32> {
        match &self.list {
            Ok(name) => variable(name).and_then(|list| Some(list.as_array()?.len() as u32)),
            Err(number) => Some(*number),
        }
    }
}

impl Plan {
    pub fn node(&self, id: Id) -> &Node {
        self.nodes.iter().find(|node| node.id == id).expect("flows and events lead to nodes of the plan")
    }

    /// Position in document order.
    pub fn position(&self, id: Id) -> usize {
        self.nodes.iter().position(|node| node.id == id).expect("a node of the plan")
    }

    /// Positions of the flows that leave a node.
    pub fn outgoing(&self, id: Id) -> Vec<usize> {
        (0..self.flows.len()).filter(|flow| self.flows[*flow].from == id).collect()
    }

    /// Positions of the flows that lead to a node.
    pub fn incoming(&self, id: Id) -> Vec<usize> {
        (0..self.flows.len()).filter(|flow| self.flows[*flow].to == id).collect()
    }

    pub fn within(&self, scope: Option<Id>) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.scope == scope)
    }

    /// BPMN id of a node.
    pub fn name(&self, id: Id) -> String {
        let word = match self.node(id).what {
            What::Start => "start",
            What::End => "end",
            What::Terminate => "terminate",
            What::ErrorEnd(_) => "error",
            What::Pass => "pass",
            What::Script(_) => "script",
            What::Ask(_) => "ask",
            What::Exclusive => "exclusive",
            What::Parallel => "parallel",
            What::Inclusive => "inclusive",
            What::Wait { task: false, .. } => "wait",
            What::Wait { task: true, .. } => "delay",
            What::Serve(_) => "serve",
            What::Hear { .. } => "hear",
            What::Say { .. } => "say",
            What::First => "first",
            What::Call => "call",
            What::Sub => "sub",
            What::OnEvent => "on",
            What::EventStart { .. } => "begin",
            What::Boundary { .. } => "boundary",
            What::Limit { .. } => "limit",
        };
        format!("{word}{id}")
    }

    /// BPMN id of a flow.
    pub fn flow_name(&self, flow: usize) -> String {
        let Flow { from, to, .. } = &self.flows[flow];
        format!("{}-{}", self.name(*from), self.name(*to))
    }
}

/// One line for each node, with its flows.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let called = if self.called { "called with " } else { "" };
        writeln!(f, "{called}begins {:?}, variables {}", self.begins, Value::Object(self.variables.clone()))?;
        for node in &self.nodes {
            let scope = node.scope.map(|scope| format!(" in {}", self.name(scope))).unwrap_or_default();
            write!(f, "{}{scope}: {:?}", self.name(node.id), node.what)?;
            if let Some(each) = &node.turns {
                write!(f, " {each:?}")?;
            }
            if let Some(ticket) = &node.ticket {
                write!(f, " outside, expires {ticket:?}")?;
            }
            if let Some(prepares) = &node.prepares {
                write!(f, " prepares {prepares:?}")?;
            }
            write!(f, "{}", ["", " job before"][usize::from(node.job_before)])?;
            write!(f, "{}", ["", " job after"][usize::from(node.job_after)])?;
            for flow in self.outgoing(node.id) {
                let Flow { to, test, default, .. } = &self.flows[flow];
                write!(f, "; > {}", self.name(*to))?;
                if let Some(test) = test {
                    write!(f, " when {test:?}")?;
                }
                write!(f, "{}", ["", " by default"][usize::from(*default)])?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// The variable that gathers what the turns of a node give.
pub fn gathered(id: Id) -> String {
    format!("out{id}")
}
