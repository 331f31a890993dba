//! The kinds of flow node that run, and what may stand in each. Refuses the rest by name; reads no property.

use super::{Reader, attribute, boolean, bpmn_children};
use roxmltree::Node;

/// The kinds of flow node that run, and one for all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NodeKind {
    /// Start event of a process or an embedded sub-process.
    StartEvent,
    /// Start event of a process with a timer.
    TimerStart,
    /// Start event of an event sub-process.
    EventStart,
    EndEvent,
    Task,
    ManualTask,
    SubProcess,
    EventSubProcess,
    ExclusiveGateway,
    ParallelGateway,
    InclusiveGateway,
    EventBasedGateway,
    CallActivity,
    ReceiveTask,
    ScriptTask,
    /// serviceTask, sendTask.
    SystemTask,
    UserTask,
    IntermediateCatchEvent,
    IntermediateThrowEvent,
    BoundaryEvent,
    Unsupported,
}

/// Children of a process or sub-process that are drawn or describe data: kept in the file, without effect.
const INERT: &[&str] = &[
    "documentation",
    "extensionElements",
    "laneSet",
    "textAnnotation",
    "association",
    "group",
    "dataObject",
    "dataObjectReference",
    "dataStoreReference",
    "ioSpecification",
    "ioBinding",
    "property",
    "auditing",
    "monitoring",
    "resourceRole",
    "performer",
    "humanPerformer",
    "potentialOwner",
    "correlationSubscription",
    "supportedInterfaceRef",
    "supports",
    "artifact",
];

/// Children of a flow node without effect.
const INERT_IN_NODE: &[&str] = &[
    "documentation",
    "extensionElements",
    "incoming",
    "outgoing",
    "ioSpecification",
    "property",
    "dataInput",
    "dataOutput",
    "inputSet",
    "outputSet",
    "dataInputAssociation",
    "dataOutputAssociation",
    "resourceRole",
    "performer",
    "humanPerformer",
    "potentialOwner",
    "rendering",
    "auditing",
    "monitoring",
    "categoryValueRef",
];

/// How a file describes that an activity is repeated.
const LOOPS: &[&str] = &["multiInstanceLoopCharacteristics", "standardLoopCharacteristics"];

/// The elements that run, for the message about one that does not.
const RUNS: &str = "startEvent, endEvent, exclusiveGateway, parallelGateway, inclusiveGateway, eventBasedGateway, \
                    subProcess, callActivity, task, manualTask, receiveTask, scriptTask, serviceTask, sendTask, \
                    businessRuleTask, userTask, intermediateCatchEvent, intermediateThrowEvent \
                    and boundaryEvent run";

impl NodeKind {
    /// What an element is, where it stands.
    pub(crate) fn of(node: Node<'_, '_>, around: Option<NodeKind>, id: &str, reader: &mut Reader<'_>) -> NodeKind {
        match node.tag_name().name() {
            "startEvent" if around == Some(NodeKind::EventSubProcess) => NodeKind::EventStart,
            "startEvent" if around.is_none() && has_timer(node) => NodeKind::TimerStart,
            "startEvent" => NodeKind::StartEvent,
            "endEvent" => NodeKind::EndEvent,
            "task" => NodeKind::Task,
            "manualTask" => NodeKind::ManualTask,
            "subProcess" if boolean(node, "triggeredByEvent", false, id, reader) => NodeKind::EventSubProcess,
            "subProcess" => NodeKind::SubProcess,
            "exclusiveGateway" => NodeKind::ExclusiveGateway,
            "parallelGateway" => NodeKind::ParallelGateway,
            "inclusiveGateway" => NodeKind::InclusiveGateway,
            "eventBasedGateway" => NodeKind::EventBasedGateway,
            "callActivity" => NodeKind::CallActivity,
            "receiveTask" => NodeKind::ReceiveTask,
            // Its script decides: decision tables do not run here.
            "scriptTask" | "businessRuleTask" => NodeKind::ScriptTask,
            "serviceTask" | "sendTask" => NodeKind::SystemTask,
            "userTask" => NodeKind::UserTask,
            "intermediateCatchEvent" => NodeKind::IntermediateCatchEvent,
            "intermediateThrowEvent" => NodeKind::IntermediateThrowEvent,
            "boundaryEvent" => NodeKind::BoundaryEvent,
            _ => NodeKind::Unsupported,
        }
    }

    /// True where other flow nodes stand inside.
    pub(crate) fn is_scope(self) -> bool {
        matches!(self, NodeKind::SubProcess | NodeKind::EventSubProcess)
    }

    /// True for events at which a path begins.
    pub(crate) fn is_start(self) -> bool {
        matches!(self, NodeKind::StartEvent | NodeKind::TimerStart | NodeKind::EventStart)
    }

    /// True for what boundary events are attached to.
    pub(crate) fn is_activity(self) -> bool {
        match self {
            NodeKind::Task
            | NodeKind::ManualTask
            | NodeKind::SubProcess
            | NodeKind::CallActivity
            | NodeKind::ReceiveTask
            | NodeKind::ScriptTask
            | NodeKind::SystemTask
            | NodeKind::UserTask => true,
            NodeKind::StartEvent
            | NodeKind::TimerStart
            | NodeKind::EventStart
            | NodeKind::EndEvent
            | NodeKind::EventSubProcess
            | NodeKind::ExclusiveGateway
            | NodeKind::ParallelGateway
            | NodeKind::InclusiveGateway
            | NodeKind::EventBasedGateway
            | NodeKind::IntermediateCatchEvent
            | NodeKind::IntermediateThrowEvent
            | NodeKind::BoundaryEvent
            | NodeKind::Unsupported => false,
        }
    }

    /// True for a gateway that looks at the conditions of its flows, of which one may be the default.
    pub(crate) fn decides(self) -> bool {
        matches!(self, NodeKind::ExclusiveGateway | NodeKind::InclusiveGateway)
    }

    /// The event definitions that run on it.
    pub(crate) fn definitions(self) -> &'static [&'static str] {
        match self {
            NodeKind::TimerStart => &["timerEventDefinition"],
            NodeKind::EventStart | NodeKind::BoundaryEvent => {
                &["timerEventDefinition", "messageEventDefinition", "signalEventDefinition", "errorEventDefinition"]
            }
            NodeKind::IntermediateCatchEvent => {
                &["timerEventDefinition", "messageEventDefinition", "signalEventDefinition"]
            }
            NodeKind::IntermediateThrowEvent => &["messageEventDefinition", "signalEventDefinition"],
            NodeKind::EndEvent => {
                &["terminateEventDefinition", "errorEventDefinition", "messageEventDefinition", "signalEventDefinition"]
            }
            NodeKind::StartEvent
            | NodeKind::Task
            | NodeKind::ManualTask
            | NodeKind::SubProcess
            | NodeKind::EventSubProcess
            | NodeKind::ExclusiveGateway
            | NodeKind::ParallelGateway
            | NodeKind::InclusiveGateway
            | NodeKind::EventBasedGateway
            | NodeKind::CallActivity
            | NodeKind::ReceiveTask
            | NodeKind::ScriptTask
            | NodeKind::SystemTask
            | NodeKind::UserTask
            | NodeKind::Unsupported => &[],
        }
    }
}

fn has_timer(node: Node<'_, '_>) -> bool {
    bpmn_children(node).any(|child| child.tag_name().name() == "timerEventDefinition")
}

/// True for a child of a process or, where `nested`, of a sub-process that is no flow node and no flow.
pub(super) fn is_inert(name: &str, nested: bool) -> bool {
    INERT.contains(&name) || nested && (INERT_IN_NODE.contains(&name) || LOOPS.contains(&name))
}

/// Refuses an element that does not run, and what a supported one contains but would not do.
pub(super) fn judge(node: Node<'_, '_>, kind: NodeKind, id: &str, reader: &mut Reader<'_>) {
    let tag = node.tag_name().name();
    let mut refuse = |at: usize, message: String| reader.report.error("UNSUPPORTED_ELEMENT", at, id, message);
    if kind == NodeKind::Unsupported {
        return refuse(node.range().start, format!("{tag} is not supported; {RUNS}"));
    }
    let mut looked_at = 0;
    for child in bpmn_children(node) {
        looked_at += 1;
        let name = child.tag_name().name();
        let repeats = kind.is_activity() && name == "multiInstanceLoopCharacteristics";
        let runs = if kind.is_scope() {
            repeats || !LOOPS.contains(&name)
        } else {
            repeats || kind == NodeKind::ScriptTask && name == "script" || kind.definitions().contains(&name)
        };
        if !runs && !INERT_IN_NODE.contains(&name) {
            let instead = match kind.definitions() {
                [] => "remove it".to_owned(),
                definitions => format!("here can stand: {}", definitions.join(", ")),
            };
            refuse(child.range().start, format!("{tag} with {name} is not supported; {instead}"));
        }
    }
    if attribute(node, "isForCompensation") == Some("true") {
        let message = format!("compensation is not supported; remove isForCompensation from the {tag}");
        refuse(node.range().start, message);
    }
    if kind == NodeKind::EventBasedGateway && attribute(node, "instantiate") == Some("true") {
        let message = "an eventBasedGateway that starts a process is not supported; remove instantiate and begin with \
                       a startEvent";
        refuse(node.range().start, message.to_owned());
    }
    reader.report.steps += looked_at;
}
