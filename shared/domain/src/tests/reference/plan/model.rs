//! The engine's model of a random process, and what its scripts do.

use super::service::delay;
use super::{Begins, Each, Id, Node, Occurs, Plan, Script, Test, Throw, What, gathered};
use crate::process::{
    BoundaryEvent, CallActivity, Condition, ElementKind, EventStart, FieldKind, Handover, MultiInstance, OnTimeout,
    Payload, Process, ScriptTask, ThrownError, Trigger, Turns, UserTask,
};
use crate::script::{CommandAnswer, ScriptFailure};
use crate::tests::dsl::*;
use crate::value::ValueExpr;
use serde_json::{Value, json};

impl Test {
    fn source(&self) -> String {
        match self {
            Test::Is(name, other) => format!("={name} = {other}"),
            Test::Below(name, other) => format!("={name} < {other}"),
        }
    }
}

impl Plan {
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
            if let Some(on) = node.what.attached_to() {
                process.elements[self.position(on)].boundaries.push(position);
            }
        }
        process
    }

    fn kind(&self, node: &Node) -> ElementKind {
        match &node.what {
            What::Start => match (&self.begins, node.scope) {
                (Begins::ByTimer { minutes, times }, None) => {
                    let Trigger::Timer(timer) = trigger(&Occurs::Timer { minutes: *minutes, times: *times }) else {
                        panic!("it is a timer")
                    };
                    ElementKind::TimerStart(timer)
                }
                (Begins::AtOnce | Begins::InTheBackground | Begins::ByTimer { .. }, _) => ElementKind::StartEvent,
            },
            What::End => ElementKind::EndEvent,
            What::Terminate => ElementKind::TerminateEndEvent,
            What::ErrorEnd(code) => ElementKind::ErrorEndEvent(ThrownError { code: code.clone(), message: None }),
            What::Pass => ElementKind::Task,
            What::Script(script) => {
                let script = match script {
                    Script::Count(name) => format!("count {name}"),
                    Script::Throws(..) | Script::Calls(..) => source(node.id),
                };
                ElementKind::ScriptTask(ScriptTask { script, ..ScriptTask::default() })
            }
            What::Ask(refuses) => ElementKind::UserTask(Box::new(UserTask {
                server_script: refuses.as_ref().map(|_| source(node.id)),
                pre_script: node.prepares.as_ref().map(|_| preparation(node.id)),
                ..node.ticket.map_or_else(work, |expires| outside(node.id, expires))
            })),
            What::Call => ElementKind::CallActivity(Box::new(CallActivity {
                called: value("another"),
                input_mapping: Vec::new(),
                payload: Payload::default(),
                handover: Handover::default(),
            })),
            What::Exclusive => ElementKind::ExclusiveGateway(Default::default()),
            What::Parallel => ElementKind::ParallelGateway,
            What::Inclusive => ElementKind::InclusiveGateway(Default::default()),
            What::Wait { minutes, task: false } => {
                ElementKind::IntermediateCatchEvent(Trigger::Timer(once(&format!("PT{minutes}M"))))
            }
            What::Wait { minutes, task: true } => ElementKind::SystemTask(Box::new(delay(*minutes))),
            What::Serve(service) => ElementKind::SystemTask(Box::new(service.task())),
            What::Hear { what, task: false } => ElementKind::IntermediateCatchEvent(what.trigger()),
            What::Hear { what, task: true } => ElementKind::ReceiveTask(what.trigger()),
            What::Say { what, brings, end } => {
                let throw = Box::new(what.throw(brings.as_deref()));
                if *end { ElementKind::ThrowEndEvent(throw) } else { ElementKind::IntermediateThrowEvent(Some(throw)) }
            }
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
            What::Limit { on, event, completes } => ElementKind::BoundaryEvent(BoundaryEvent {
                attached_to: self.position(*on),
                interrupting: true,
                trigger: trigger(event),
                on_timeout: Some(if *completes { OnTimeout::Complete("Late".to_owned()) } else { OnTimeout::Throw }),
            }),
        }
    }

    /// Teaches the fake script language what the scripts of this plan do.
    pub fn teach(&self, scripts: &mut FakeScripts) {
        for node in &self.nodes {
            if let What::Script(Script::Throws(test, throw)) | What::Ask(Some((test, throw))) = &node.what {
                throws(scripts, &source(node.id), test, throw);
            }
            if let What::Script(Script::Calls(times, fails)) = &node.what {
                calls(scripts, &source(node.id), *times, fails.clone());
            }
            if let Some((test, throw)) = node.turns.as_ref().and_then(|each| each.fails.as_ref()) {
                throws(scripts, &completion(node.id), test, throw);
            }
            if let Some((test, throw)) = &node.prepares {
                throws(scripts, &preparation(node.id), test, throw);
            }
        }
    }
}

fn throws(scripts: &mut FakeScripts, source: &str, test: &Test, throw: &Throw) {
    let (test, throw) = (test.clone(), throw.clone());
    scripts.on(source, move |request| match &throw {
        _ if !test.holds(request.variables.get(test.variable())) => result(Value::Null),
        Throw::Business(code) => Err(ScriptFailure::Bpmn { code: code.clone(), message: "thrown".to_owned() }),
        Throw::Technical => Err(ScriptFailure::Technical("broken".to_owned())),
    });
}

/// Its page has the fields that the story answers.
fn outside(id: Id, expires: Option<u32>) -> UserTask {
    let number = || FieldKind::Number { min: None, max: None };
    let mut task = ticket().field(&format!("a{id}"), number());
    for name in ["v0", "v1", "v2", "v3"] {
        task = task.field(name, number());
    }
    match expires {
        Some(minutes) => task.expires_after(&format!("PT{minutes}M")),
        None => task,
    }
}

/// What a command is called, when it is to be done: the others are the codes with which they fail.
pub const DONE: &str = "Score";

fn calls(scripts: &mut FakeScripts, source: &str, times: u32, fails: Option<(Test, String)>) {
    scripts.on(source, move |request| {
        for answer in request.answers {
            if let CommandAnswer::Failed { code, message } = answer {
                return Err(ScriptFailure::Bpmn { code: code.clone(), message: message.clone() });
            }
        }
        let number = request.answers.len();
        if number == times as usize {
            return result(json!(number));
        }
        let fails = fails.as_ref().filter(|(test, _)| test.holds(request.variables.get(test.variable())));
        let name = fails.map_or(DONE, |(_, code)| code).to_owned();
        Err(ScriptFailure::CommandWanted { number, name, arguments: json!({}) })
    });
}

fn completion(id: Id) -> String {
    format!("completion-{id}")
}

fn preparation(id: Id) -> String {
    format!("preparation-{id}")
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
        Occurs::Word(what) => what.trigger(),
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
        completion: match (&each.fails, &each.enough) {
            (Some(_), _) => Some(Condition::Script(completion(id))),
            (None, enough_done) => enough_done.as_ref().map(|done| Condition::Expression(enough(done))),
        },
    }
}
