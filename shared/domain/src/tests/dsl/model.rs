//! Processes put together from the domain's own types; no XML.

use super::RECIPIENT;
use crate::process::{
    ActionModel, BoundaryEvent, CallActivity, Condition, Element, ElementKind, EventStart, ExclusiveGateway,
    ExternalTaskModel, FieldKind, FieldModel, Flow, Handover, InclusiveGateway, Mapping, MessageCatch, MultiInstance,
    OnTimeout, Pages, Payload, Process, Reminders, ScriptTask, SignalCatch, SystemTask, TaskProfile, ThrownError,
    Timer, Trigger, Turns, UserTask, When, WorkTaskModel,
};
use crate::template::Template;
use crate::time::{Cycle, Rhythm};
use crate::value::ValueExpr;
use std::collections::BTreeMap;

/// A process in the making. Elements are named before flows lead to them; a flow's id is `source-target`.
pub struct Model {
    id: String,
    elements: Vec<Element>,
    flows: Vec<Flow>,
    /// The sub-processes that are open, outermost first.
    around: Vec<usize>,
}

pub fn model(id: &str) -> Model {
    Model { id: id.to_owned(), elements: Vec::new(), flows: Vec::new(), around: Vec::new() }
}

/// An ordinary user task that anybody may do with any action.
pub fn work() -> UserTask {
    UserTask { profile: TaskProfile::Work(Box::default()), ..ticket() }
}

/// An external task with the actions Approve and Reject and the fields `comment` and `amount`.
pub fn ticket() -> UserTask {
    let action = |name: &str| ActionModel { name: name.to_owned(), label: None, style: None };
    let field = |name: &str, kind| FieldModel { name: name.to_owned(), label: None, kind, required: false };
    UserTask {
        profile: TaskProfile::External(Box::new(ExternalTaskModel {
            recipient: ValueExpr::Literal(RECIPIENT.to_owned()),
            recipient_name: None,
            channel: crate::notification::Channel::Email,
            actions: vec![action("Approve"), action("Reject")],
            expires: None,
            reminders: Reminders::None,
            language: None,
            email_subject: None,
            email_body: None,
            pages: Pages::default(),
            fields: vec![
                field("comment", FieldKind::Text { max: 2_000, multiline: true }),
                field("amount", FieldKind::Number { min: None, max: None }),
            ],
        })),
        pre_script: None,
        server_script: None,
        client_script: None,
        result_variable: None,
        form_variables: Vec::new(),
        input_mapping: Vec::new(),
        output_mapping: Vec::new(),
        form_key: None,
    }
}

impl UserTask {
    pub fn external(&mut self) -> &mut ExternalTaskModel {
        match &mut self.profile {
            TaskProfile::External(model) => model,
            TaskProfile::Work(_) => panic!("this is an ordinary task"),
        }
    }

    pub fn work(&mut self) -> &mut WorkTaskModel {
        match &mut self.profile {
            TaskProfile::Work(model) => model,
            TaskProfile::External(_) => panic!("this is an external task"),
        }
    }

    /// Completed by these actions only.
    pub fn actions(mut self, names: &[&str]) -> UserTask {
        let action = |name: &&str| ActionModel { name: (*name).to_owned(), label: None, style: None };
        self.work().actions = names.iter().map(action).collect();
        self
    }

    pub fn assignee(mut self, user: &str) -> UserTask {
        self.work().assignee = Some(value(user));
        self
    }

    pub fn users(mut self, users: &[&str]) -> UserTask {
        self.work().candidate_users = users.iter().map(|user| value(user)).collect();
        self
    }

    pub fn teams(mut self, teams: &[&str]) -> UserTask {
        self.work().candidate_groups = teams.iter().map(|team| value(team)).collect();
        self
    }

    pub fn priority(mut self, priority: &str) -> UserTask {
        self.work().priority = Some(value(priority));
        self
    }

    pub fn due(mut self, when: When) -> UserTask {
        self.work().due = Some(when);
        self
    }

    pub fn follow_up(mut self, when: When) -> UserTask {
        self.work().follow_up = Some(when);
        self
    }

    pub fn recipient(mut self, recipient: &str) -> UserTask {
        self.external().recipient = value(recipient);
        self
    }

    pub fn expires_after(mut self, duration: &str) -> UserTask {
        self.external().expires = Some(after(duration));
        self
    }

    pub fn reminders(mut self, durations: &[&str]) -> UserTask {
        self.external().reminders = Reminders::At(durations.iter().map(|text| text.parse().unwrap()).collect());
        self
    }

    pub fn reminders_every(mut self, times: u32, interval: &str) -> UserTask {
        self.external().reminders = Reminders::Every { times, interval: interval.parse().unwrap() };
        self
    }

    pub fn required(mut self, name: &str) -> UserTask {
        for field in &mut self.external().fields {
            field.required |= field.name == name;
        }
        self
    }

    pub fn field(mut self, name: &str, kind: FieldKind) -> UserTask {
        self.external().fields.push(FieldModel { name: name.to_owned(), label: None, kind, required: false });
        self
    }

    pub fn pre_script(mut self, source: &str) -> UserTask {
        self.pre_script = Some(source.to_owned());
        self
    }

    pub fn server_script(mut self, source: &str) -> UserTask {
        self.server_script = Some(source.to_owned());
        self
    }

    pub fn result_in(mut self, variable: &str) -> UserTask {
        self.result_variable = Some(variable.to_owned());
        self
    }

    pub fn form_variables(mut self, paths: &[&str]) -> UserTask {
        self.form_variables = paths.iter().map(|path| path.parse().unwrap()).collect();
        self
    }

    pub fn input(mut self, target: &str, source: &str) -> UserTask {
        self.input_mapping.push(mapping(target, source));
        self
    }

    pub fn output(mut self, target: &str, source: &str) -> UserTask {
        self.output_mapping.push(mapping(target, source));
        self
    }
}

/// A property value as a designer writes it: `context.path`, a text with `{{ }}`, or a literal.
pub fn value(text: &str) -> ValueExpr {
    if text.starts_with("context.") {
        ValueExpr::Path(text.parse().unwrap())
    } else if text.contains("{{") {
        ValueExpr::Template(Template::parse(text).unwrap())
    } else {
        ValueExpr::Literal(text.to_owned())
    }
}

/// Both sides are paths.
pub fn mapping(target: &str, source: &str) -> Mapping {
    Mapping { target: target.parse().unwrap(), source: ValueExpr::Path(source.parse().unwrap()) }
}

pub fn after(duration: &str) -> When {
    When::After(duration.parse().unwrap())
}

/// A message with the variable `key` as correlation key, or the instance's own.
pub fn message(name: &str, key: Option<&str>) -> Trigger {
    Trigger::Message(Box::new(MessageCatch {
        name: name.to_owned(),
        correlation_key: key.map(value),
        payload: Payload::default(),
    }))
}

pub fn signal(name: &str) -> Trigger {
    Trigger::Signal(Box::new(SignalCatch { name: name.to_owned(), payload: Payload::default() }))
}

pub fn once(duration: &str) -> Timer {
    Timer::Once(after(duration))
}

pub fn cycle(times: Option<u32>, every: &str) -> Timer {
    Timer::Cycle(Cycle { times, start: None, end: None, every: Rhythm::Interval(every.parse().unwrap()) })
}

impl Model {
    pub fn add(mut self, id: &str, kind: ElementKind) -> Model {
        self.elements.push(Element {
            id: id.to_owned(),
            name: id.to_owned(),
            kind,
            outgoing: Vec::new(),
            incoming: 0,
            default: None,
            boundaries: Vec::new(),
            parent: self.around.last().copied(),
            async_before: false,
            async_after: false,
            multi_instance: None,
            entity_state: None,
            description: None,
            headers: BTreeMap::new(),
            line: 1,
        });
        self
    }

    pub fn start(self, id: &str) -> Model {
        self.add(id, ElementKind::StartEvent)
    }

    pub fn timer_start(self, id: &str, timer: Timer) -> Model {
        self.add(id, ElementKind::TimerStart(timer))
    }

    pub fn end(self, id: &str) -> Model {
        self.add(id, ElementKind::EndEvent)
    }

    pub fn terminate(self, id: &str) -> Model {
        self.add(id, ElementKind::TerminateEndEvent)
    }

    pub fn task(self, id: &str, task: UserTask) -> Model {
        self.add(id, ElementKind::UserTask(Box::new(task)))
    }

    pub fn script(self, id: &str, source: &str) -> Model {
        self.script_task(id, ScriptTask { script: source.to_owned(), ..ScriptTask::default() })
    }

    pub fn script_task(self, id: &str, task: ScriptTask) -> Model {
        self.add(id, ElementKind::ScriptTask(task))
    }

    /// A service task.
    pub fn service(self, id: &str, task: SystemTask) -> Model {
        self.add(id, ElementKind::SystemTask(Box::new(task)))
    }

    pub fn gateway(self, id: &str) -> Model {
        self.add(id, ElementKind::ExclusiveGateway(ExclusiveGateway { condition: None }))
    }

    pub fn parallel(self, id: &str) -> Model {
        self.add(id, ElementKind::ParallelGateway)
    }

    /// An inclusive gateway.
    pub fn inclusive(self, id: &str) -> Model {
        self.add(id, ElementKind::InclusiveGateway(InclusiveGateway { condition: None }))
    }

    /// An event-based gateway.
    pub fn first(self, id: &str) -> Model {
        self.add(id, ElementKind::EventBasedGateway)
    }

    /// A gateway with a Condition.
    pub fn condition(self, id: &str, source: &str) -> Model {
        self.add(id, ElementKind::ExclusiveGateway(ExclusiveGateway { condition: Some(source.to_owned()) }))
    }

    pub fn async_before(mut self, id: &str) -> Model {
        let at = self.at(id);
        self.elements[at].async_before = true;
        self
    }

    pub fn async_after(mut self, id: &str) -> Model {
        let at = self.at(id);
        self.elements[at].async_after = true;
        self
    }

    pub fn entity_state(mut self, id: &str, state: &str) -> Model {
        let at = self.at(id);
        self.elements[at].entity_state = Some(state.to_owned());
        self
    }

    /// An intermediate timer event.
    pub fn wait(self, id: &str, timer: Timer) -> Model {
        self.add(id, ElementKind::IntermediateCatchEvent(Trigger::Timer(timer)))
    }

    /// A call activity without mappings.
    pub fn call(self, id: &str, called: &str) -> Model {
        let called = value(called);
        self.add(
            id,
            ElementKind::CallActivity(Box::new(CallActivity {
                called,
                input_mapping: Vec::new(),
                payload: Payload::default(),
                handover: Handover::default(),
            })),
        )
    }

    /// An intermediate message or signal event.
    pub fn catch(self, id: &str, trigger: Trigger) -> Model {
        self.add(id, ElementKind::IntermediateCatchEvent(trigger))
    }

    /// A boundary event.
    pub fn boundary(self, id: &str, attached_to: &str, interrupting: bool, trigger: Trigger) -> Model {
        let event = BoundaryEvent { attached_to: self.at(attached_to), interrupting, trigger, on_timeout: None };
        self.attach(id, event)
    }

    /// A time limit that ends the activity or lets it fail.
    pub fn limit(self, id: &str, attached_to: &str, timer: Timer, then: OnTimeout) -> Model {
        let attached_to = self.at(attached_to);
        let trigger = Trigger::Timer(timer);
        self.attach(id, BoundaryEvent { attached_to, interrupting: true, trigger, on_timeout: Some(then) })
    }

    fn attach(self, id: &str, event: BoundaryEvent) -> Model {
        let attached = event.attached_to;
        let mut model = self.add(id, ElementKind::BoundaryEvent(event));
        let last = model.elements.len() - 1;
        model.elements[attached].boundaries.push(last);
        model
    }

    /// A boundary timer event.
    pub fn timer(self, id: &str, attached_to: &str, interrupting: bool, timer: Timer) -> Model {
        self.boundary(id, attached_to, interrupting, Trigger::Timer(timer))
    }

    /// A boundary error event; without code it catches any.
    pub fn error(self, id: &str, attached_to: &str, interrupting: bool, code: Option<&str>) -> Model {
        self.boundary(id, attached_to, interrupting, Trigger::Error(code.map(str::to_owned)))
    }

    pub fn error_end(self, id: &str, code: &str) -> Model {
        self.add(id, ElementKind::ErrorEndEvent(ThrownError { code: code.to_owned(), message: None }))
    }

    /// What is added from here on is inside a sub-process, until `close`.
    pub fn sub(self, id: &str) -> Model {
        self.open(id, ElementKind::SubProcess)
    }

    /// An event sub-process with its start event `id-start`.
    pub fn on(self, id: &str, interrupting: bool, trigger: Trigger) -> Model {
        let model = self.open(id, ElementKind::EventSubProcess);
        model.add(&format!("{id}-start"), ElementKind::EventStart(EventStart { trigger, interrupting }))
    }

    pub fn close(mut self) -> Model {
        self.around.pop();
        self
    }

    fn open(self, id: &str, kind: ElementKind) -> Model {
        let mut model = self.add(id, kind);
        model.around.push(model.elements.len() - 1);
        model
    }

    /// The activity is done once for each item of a variable that is a list.
    pub fn for_each(mut self, id: &str, sequential: bool, list: &str, item: &str) -> Model {
        let turns = Turns::Collection(ValueExpr::Path(list.parse().unwrap()));
        let at = self.at(id);
        self.elements[at].multi_instance = Some(Box::new(MultiInstance {
            sequential,
            turns,
            element_variable: Some(item.to_owned()),
            output_collection: None,
            output_element: None,
            completion: None,
        }));
        self
    }

    /// Changes the multi-instance model of an activity.
    pub fn turns(mut self, id: &str, change: impl FnOnce(&mut MultiInstance)) -> Model {
        let at = self.at(id);
        change(self.elements[at].multi_instance.as_mut().expect("for_each comes first"));
        self
    }

    /// A chain such as `start > ask > end`.
    pub fn flow(mut self, chain: &str) -> Model {
        let ids: Vec<&str> = chain.split('>').map(str::trim).collect();
        for pair in ids.windows(2) {
            self = self.flow_if(pair[0], pair[1], None);
        }
        self
    }

    pub fn flow_if(mut self, source: &str, target: &str, condition: Option<Condition>) -> Model {
        let (from, to) = (self.at(source), self.at(target));
        let index = self.flows.len();
        let id = format!("{source}-{target}");
        self.flows.push(Flow { id, name: None, named: true, source: from, target: to, condition });
        self.elements[from].outgoing.push(index);
        self.elements[to].incoming += 1;
        self
    }

    /// A flow with a conditionExpression that is a script.
    pub fn when(self, source: &str, target: &str, script: &str) -> Model {
        self.flow_if(source, target, Some(Condition::Script(script.to_owned())))
    }

    /// The default flow of a gateway.
    pub fn otherwise(self, source: &str, target: &str) -> Model {
        let mut model = self.flow_if(source, target, None);
        let at = model.at(source);
        model.elements[at].default = Some(model.flows.len() - 1);
        model
    }

    /// Names the newest flow.
    pub fn named(mut self, name: &str) -> Model {
        if let Some(flow) = self.flows.last_mut() {
            flow.name = Some(name.to_owned());
        }
        self
    }

    /// The newest flow has no modelled id.
    pub fn without_id(mut self) -> Model {
        if let Some(flow) = self.flows.last_mut() {
            flow.named = false;
        }
        self
    }

    pub fn build(self) -> Process {
        Process::new(self.id.clone(), self.id, self.elements, self.flows)
    }

    fn at(&self, id: &str) -> usize {
        let mut elements = self.elements.iter();
        elements.position(|element| element.id == id).unwrap_or_else(|| panic!("{id} is not added yet"))
    }
}

/// start, one external task `ask`, end.
pub fn one_task(task: UserTask) -> Process {
    model("approval").start("start").task("ask", task).end("end").flow("start > ask > end").build()
}
