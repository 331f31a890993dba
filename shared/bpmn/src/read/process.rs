//! Puts a process together from its outline and the readers of its elements.

use super::generated::Ids;
use super::{
    FlowNode, NodeKind, Outline, Reader, bpmn_children, call, conditional, event, gateway, is_bpmn, message,
    multi_instance, system_task, task, timeout, value,
};
use crate::xml::Located;
use domain::process::{Element, ElementKind, Flow, Process};
use domain::template::Template;

/// Longest documentation kept as description.
const DESCRIPTION_MAX: usize = 4_000;

/// The compiled process; `None` when something of it could not be read. Either way every element was looked at,
/// so that one deployment tells all its mistakes.
pub(crate) fn compile(outline: &Outline<'_, '_>, reader: &mut Reader<'_>) -> Option<Process> {
    let before = reader.report.errors();
    let elements: Vec<Option<Element>> = outline.nodes.iter().map(|node| element(node, outline, reader)).collect();
    let flows: Vec<Option<Flow>> = outline
        .flows
        .iter()
        .map(|flow| {
            let condition = gateway::condition(flow, reader);
            let (id, name) = (flow.id.clone(), flow.name.clone());
            Some(Flow { id, name, named: flow.named, source: flow.source?, target: flow.target?, condition })
        })
        .collect();
    let timeouts = timeout::read(outline, reader);
    if reader.report.errors() > before {
        return None;
    }
    let mut elements = elements.into_iter().collect::<Option<Vec<_>>>()?;
    let mut flows = flows.into_iter().collect::<Option<Vec<_>>>()?;
    let mut ids = Ids::new(outline, &flows);
    timeout::add(timeouts, &mut ids, &mut elements, &mut flows);
    conditional::add(outline, &mut ids, &mut elements, &mut flows);
    Some(Process::new(outline.id.clone(), outline.name.clone(), elements, flows))
}

fn element(node: &FlowNode<'_, '_>, outline: &Outline<'_, '_>, reader: &mut Reader<'_>) -> Option<Element> {
    reader.report.steps += 1;
    let kind = match node.kind {
        NodeKind::StartEvent => Some(ElementKind::StartEvent),
        NodeKind::TimerStart => event::timer_start(node, reader),
        NodeKind::EventStart => event::start(node, outline, reader),
        NodeKind::EndEvent => event::end(node, outline, reader),
        NodeKind::SubProcess => Some(ElementKind::SubProcess),
        NodeKind::EventSubProcess => Some(ElementKind::EventSubProcess),
        NodeKind::Task => Some(task::pass_through(node, ElementKind::Task, reader)),
        NodeKind::ManualTask => Some(task::pass_through(node, ElementKind::ManualTask, reader)),
        NodeKind::ParallelGateway => Some(ElementKind::ParallelGateway),
        NodeKind::EventBasedGateway => Some(ElementKind::EventBasedGateway),
        NodeKind::ExclusiveGateway => Some(gateway::exclusive(node, reader)),
        NodeKind::InclusiveGateway => Some(gateway::inclusive(node, reader)),
        NodeKind::CallActivity => call::activity(node, reader),
        NodeKind::ReceiveTask => message::receive(node, outline, reader),
        NodeKind::ScriptTask => task::script(node, reader),
        NodeKind::SystemTask => system_task::read(node, reader),
        NodeKind::UserTask => task::user(node, reader),
        NodeKind::IntermediateCatchEvent => event::intermediate(node, outline, reader),
        NodeKind::IntermediateThrowEvent => event::throw(node, outline, reader),
        NodeKind::BoundaryEvent => event::boundary(node, outline, reader),
        NodeKind::Unsupported => None,
    };
    let properties = &node.properties;
    let name = properties.plain("Name").or_else(|| super::outline::name(node.node)).unwrap_or_else(|| node.id.clone());
    let description = description(node, reader);
    let multi_instance = if node.kind.is_activity() { multi_instance::read(node, reader) } else { None };
    Some(Element {
        id: node.id.clone(),
        name,
        kind: kind?,
        outgoing: node.outgoing.clone(),
        incoming: node.incoming,
        default: node.default,
        boundaries: node.boundaries.clone(),
        parent: node.parent,
        async_before: asynchronous(node, "AsyncBefore", reader),
        async_after: asynchronous(node, "AsyncAfter", reader),
        multi_instance: multi_instance.map(Box::new),
        entity_state: properties.plain("EntityState"),
        description,
        headers: properties.headers.clone(),
        line: reader.report.line(node.at),
    })
}

/// An async boundary, as a property or in Camunda 7's spelling.
fn asynchronous(node: &FlowNode<'_, '_>, name: &str, reader: &mut Reader<'_>) -> bool {
    let Some(property) = node.properties.get(name) else { return false };
    match property.value.plain().to_ascii_lowercase().as_str() {
        "true" | "1" => true,
        "false" | "0" => false,
        other => {
            let message = format!("{}=\"{other}\" is neither \"true\" nor \"false\"", property.name);
            reader.report.error("INVALID_ATTRIBUTE", property.at, &node.id, message);
            false
        }
    }
}

/// `Description`, a template; else the documentation, in which a broken placeholder is just text.
fn description(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<Template> {
    if let Some(property) = node.properties.get("Description") {
        return value::template(&property.value, &node.id, "Description", reader);
    }
    let documentation = bpmn_children(node.node).find(|child| is_bpmn(*child, "documentation"))?;
    let text: String = Located::of_content(reader.file, documentation).plain().chars().take(DESCRIPTION_MAX).collect();
    (!text.is_empty()).then(|| Template::parse(&text).unwrap_or_else(|_| Template::literal(&text)))
}
