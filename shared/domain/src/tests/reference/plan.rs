//! A random process in words of its own: what the generators make, what the reference interpreter reads, and what the
//! engine's model is put together from. Runs nothing.

use crate::process::{
    BoundaryEvent, Condition, ElementKind, EventStart, MultiInstance, Process, ScriptTask, ThrownError, Trigger, Turns,
};
use crate::script::ScriptFailure;
use crate::tests::dsl::*;
use crate::value::ValueExpr;
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
}

#[derive(Clone, Debug)]
pub struct Node {
    pub id: Id,
    pub what: What,
    /// The sub-process around it.
    pub scope: Option<Id>,
    pub turns: Option<Each>,
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
    /// Intermediate timer event, in minutes.
    Wait(u32),
    /// Waits for a message, as an event or as a task.
    Hear {
        task: bool,
    },
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
}

#[derive(Clone, Debug, PartialEq)]
pub enum Script {
    Count(String),
    Throws(Test, Throw),
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
    Message,
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

    fn source(&self) -> String {
        match self {
            Test::Is(name, other) => format!("={name} = {other}"),
            Test::Below(name, other) => format!("={name} < {other}"),
        }
    }
}

impl What {
    /// What an event beside an activity, or the start event of an event sub-process, waits for, and whether it interrupts.
    pub fn event(&self) -> Option<(&Occurs, bool)> {
        if let What::Boundary { event, interrupting, .. } | What::EventStart { event, interrupting } = self {
            Some((event, *interrupting || matches!(event, Occurs::Error(_)) && matches!(self, What::EventStart { .. })))
        } else {
            None
        }
    }

    /// The activity that a boundary event is attached to.
    pub fn attached_to(&self) -> Option<Id> {
        if let What::Boundary { on, .. } = self { Some(*on) } else { None }
    }

    /// What an event that is reached by a flow waits for.
    pub fn awaited(&self) -> Option<Occurs> {
        match self {
            What::Wait(minutes) => Some(Occurs::Timer { minutes: *minutes, times: None }),
            What::Hear { .. } => Some(Occurs::Message),
            What::EventStart { event, .. } => Some(event.clone()),
            What::Start
            | What::End
            | What::Terminate
            | What::ErrorEnd(_)
            | What::Pass
            | What::Script(_)
            | What::Ask(_)
            | What::Exclusive
            | What::Parallel
            | What::Inclusive
            | What::First
            | What::Sub
            | What::OnEvent
            | What::Boundary { .. } => None,
        }
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
    pub fn total(&self, variable: impl Fn(&str) -> Option<Value>) -> u32 {
        match &self.list {
            Ok(name) => variable(name).and_then(|list| Some(list.as_array()?.len())).unwrap_or(0) as u32,
            Err(number) => *number,
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
            What::Wait(_) => "wait",
            What::Hear { .. } => "hear",
            What::First => "first",
            What::Sub => "sub",
            What::OnEvent => "on",
            What::EventStart { .. } => "begin",
            What::Boundary { .. } => "boundary",
        };
        format!("{word}{id}")
    }

    /// BPMN id of a flow.
    pub fn flow_name(&self, flow: usize) -> String {
        let Flow { from, to, .. } = &self.flows[flow];
        format!("{}-{}", self.name(*from), self.name(*to))
    }

    /// The model that the engine runs.
    pub fn process(&self) -> Process {
        let mut model = model("random");
        for node in &self.nodes {
            model = model.add(&self.name(node.id), self.kind(node));
        }
        for flow in &self.flows {
            let test = flow.test.as_ref().map(|test| Condition::Expression(ValueExpr::parse(&test.source()).unwrap()));
            model = model.flow_if(&self.name(flow.from), &self.name(flow.to), test);
        }
        let mut process = model.build();
        for (position, node) in self.nodes.iter().enumerate() {
            let element = &mut process.elements[position];
            element.parent = node.scope.map(|scope| self.position(scope));
            element.async_before = node.job_before;
            element.async_after = node.job_after;
            element.multi_instance = node.turns.as_ref().map(|each| Box::new(multi_instance(node.id, each)));
            element.default = self.outgoing(node.id).into_iter().find(|flow| self.flows[*flow].default);
            if let What::Boundary { on, .. } = node.what {
                process.elements[self.position(on)].boundaries.push(position);
            }
        }
        process
    }

    fn kind(&self, node: &Node) -> ElementKind {
        match &node.what {
            What::Start => ElementKind::StartEvent,
            What::End => ElementKind::EndEvent,
            What::Terminate => ElementKind::TerminateEndEvent,
            What::ErrorEnd(code) => ElementKind::ErrorEndEvent(ThrownError { code: code.clone(), message: None }),
            What::Pass => ElementKind::Task,
            What::Script(script) => {
                let script = match script {
                    Script::Count(name) => format!("count {name}"),
                    Script::Throws(..) => source(node.id),
                };
                ElementKind::ScriptTask(ScriptTask { script, ..ScriptTask::default() })
            }
            What::Ask(None) => ElementKind::UserTask(Box::new(work())),
            What::Ask(Some(_)) => ElementKind::UserTask(Box::new(work().server_script(&source(node.id)))),
            What::Exclusive => ElementKind::ExclusiveGateway(Default::default()),
            What::Parallel => ElementKind::ParallelGateway,
            What::Inclusive => ElementKind::InclusiveGateway(Default::default()),
            What::Wait(minutes) => ElementKind::IntermediateCatchEvent(Trigger::Timer(once(&format!("PT{minutes}M")))),
            What::Hear { task: false } => ElementKind::IntermediateCatchEvent(message("word", None)),
            What::Hear { task: true } => ElementKind::ReceiveTask(message("word", None)),
            What::First => ElementKind::EventBasedGateway,
            What::Sub => ElementKind::SubProcess,
            What::OnEvent => ElementKind::EventSubProcess,
            What::EventStart { event, interrupting } => {
                ElementKind::EventStart(EventStart { trigger: trigger(event), interrupting: *interrupting })
            }
            What::Boundary { on, event, interrupting } => ElementKind::BoundaryEvent(BoundaryEvent {
                attached_to: self.position(*on),
                interrupting: *interrupting,
                trigger: trigger(event),
                on_timeout: None,
            }),
        }
    }

    /// Teaches the fake script language what the scripts of this plan do.
    pub fn teach(&self, scripts: &mut FakeScripts) {
        for node in &self.nodes {
            let (What::Script(Script::Throws(test, throw)) | What::Ask(Some((test, throw)))) = &node.what else {
                continue;
            };
            let (test, throw) = (test.clone(), throw.clone());
            scripts.on(&source(node.id), move |request| match &throw {
                _ if !test.holds(request.variables.get(test.variable())) => result(Value::Null),
                Throw::Business(code) => Err(ScriptFailure::Bpmn { code: code.clone(), message: "thrown".to_owned() }),
                Throw::Technical => Err(ScriptFailure::Technical("broken".to_owned())),
            });
        }
    }
}

/// One line for each node, with its flows.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "variables {}", Value::Object(self.variables.clone()))?;
        for node in &self.nodes {
            let scope = node.scope.map(|scope| format!(" in {}", self.name(scope))).unwrap_or_default();
            write!(f, "{}{scope}: {:?}", self.name(node.id), node.what)?;
            if let Some(each) = &node.turns {
                write!(f, " {each:?}")?;
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

fn source(id: Id) -> String {
    format!("script-{id}")
}

fn trigger(event: &Occurs) -> Trigger {
    match event {
        Occurs::Timer { minutes, times: None } => Trigger::Timer(once(&format!("PT{minutes}M"))),
        Occurs::Timer { minutes, times: Some(times) } => {
            Trigger::Timer(cycle((*times > 0).then_some(*times), &format!("PT{}M", minutes.max(&1))))
        }
        Occurs::Error(code) => Trigger::Error(code.clone()),
        Occurs::Message => message("word", None),
    }
}

fn multi_instance(id: Id, each: &Each) -> MultiInstance {
    let path = |name: &str| ValueExpr::Path(name.parse().unwrap());
    let enough = |done: &u32| ValueExpr::parse(&format!("=nrOfCompletedInstances >= {done}")).unwrap();
    MultiInstance {
        sequential: each.sequential,
        turns: match &each.list {
            Ok(name) => Turns::Collection(path(name)),
            Err(number) => Turns::Cardinality(ValueExpr::Literal(number.to_string())),
        },
        element_variable: each.list.is_ok().then(|| "item".to_owned()),
        output_collection: each.gives.as_ref().map(|_| gathered(id)),
        output_element: each.gives.as_deref().map(path),
        completion: each.enough.as_ref().map(|done| Condition::Expression(enough(done))),
    }
}

/// The variable that gathers what the turns of a node give.
pub fn gathered(id: Id) -> String {
    format!("out{id}")
}
