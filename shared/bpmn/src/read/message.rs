//! Message and signal events and receive tasks: what they wait for and what becomes of what comes, or what they send.
//! Who is meant by a message is decided when it comes.

use super::{FlowNode, Outline, Reader, attribute, task, value};
use crate::xml::Located;
use domain::process::{ElementKind, MessageCatch, Payload, Sent, SignalCatch, Throw, Trigger};
use domain::value::ValueExpr;
use roxmltree::Node;

/// Longest name of a message or signal; names stand in keys.
const NAME_CHARS_MAX: usize = 255;

/// A task that waits for a message.
pub(crate) fn receive(
    node: &FlowNode<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<ElementKind> {
    task::task_type(node, reader);
    if attribute(node.node, "instantiate") == Some("true") {
        let message = "a receiveTask that starts a process is not supported; remove instantiate";
        reader.report.error("UNSUPPORTED_ELEMENT", node.at, &node.id, message);
    }
    message(node, node.node, outline, reader).map(ElementKind::ReceiveTask)
}

/// The message of a receive task, or of an event's `definition`.
pub(super) fn message(
    node: &FlowNode<'_, '_>,
    definition: Node<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<Trigger> {
    let (name, correlation_key) = named_message(node, definition, outline, reader, "waits for")?;
    let payload = payload(node, reader);
    let name = checked(name, "message", node, definition, reader)?;
    Some(Trigger::Message(Box::new(MessageCatch { name, correlation_key, payload })))
}

/// The message or signal that an event's `definition` sends; another one is refused by its name.
pub(super) fn thrown(
    node: &FlowNode<'_, '_>,
    definition: Node<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<Throw> {
    let what = match definition.tag_name().name() {
        "messageEventDefinition" => {
            let (name, correlation_key) = named_message(node, definition, outline, reader, "sends")?;
            Sent::Message { name: checked(name, "message", node, definition, reader)?, correlation_key }
        }
        "signalEventDefinition" => Sent::Signal { name: named_signal(node, definition, outline, reader)? },
        _ => return None,
    };
    Some(Throw { what, input_mapping: task::mappings(node, "InputMapping", true, reader) })
}

/// A message as an event or receive task names it.
pub(crate) struct Message<'o> {
    pub name: String,
    /// False where only the node's own id names it.
    named: bool,
    /// Its correlation key as written; `None` where none is.
    pub key: Option<&'o Located>,
}

/// The message that stands in a `definition`; `None` where its `messageRef` leads to nothing. Judges nothing.
pub(crate) fn message_of<'o>(
    node: &'o FlowNode<'_, '_>,
    definition: Node<'_, '_>,
    outline: &'o Outline<'_, '_>,
) -> Option<Message<'o>> {
    let element = match attribute(definition, "messageRef") {
        Some(reference) => Some(outline.definitions.message(reference)?),
        None => None,
    };
    let property = || node.properties.plain("message").or_else(|| node.properties.plain("messageRef"));
    let name = element.map(|message| message.name.clone().unwrap_or_else(|| message.id.clone())).or_else(property);
    let property = node.properties.get("correlationKey").map(|property| &property.value);
    let key = property.or(element.and_then(|message| message.correlation.as_ref())).filter(|value| !value.is_blank());
    Some(Message { named: name.is_some(), name: name.unwrap_or_else(|| node.id.clone()), key })
}

/// Name and correlation key of a message.
fn named_message(
    node: &FlowNode<'_, '_>,
    definition: Node<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
    does: &str,
) -> Option<(String, Option<ValueExpr>)> {
    let at = definition.range().start;
    let Some(Message { name, named, key }) = message_of(node, definition, outline) else {
        let reference = attribute(definition, "messageRef").unwrap_or_default();
        let message = format!(
            "messageRef: there is no message \"{reference}\"; add <bpmn:message id=\"{reference}\" name=\"...\"> beside \
             the process"
        );
        reader.report.error("DANGLING_REFERENCE", at, &node.id, message);
        return None;
    };
    if !named {
        let message = format!(
            "the {} names no message; it {does} one with the name \"{name}\". Name one in messageRef",
            node.bpmn_name()
        );
        reader.report.warning("MESSAGE_WITHOUT_NAME", at, &node.id, message);
    }
    let correlation_key: Option<ValueExpr> = match key {
        Some(value) => Some(value::path_or_expression(value, &node.id, "correlationKey", reader)?),
        None => None,
    };
    Some((name, correlation_key))
}

/// The signal that an event's `definition` waits for.
pub(super) fn signal(
    node: &FlowNode<'_, '_>,
    definition: Node<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<Trigger> {
    let name = named_signal(node, definition, outline, reader)?;
    let payload = payload(node, reader);
    Some(Trigger::Signal(Box::new(SignalCatch { name, payload })))
}

fn named_signal(
    node: &FlowNode<'_, '_>,
    definition: Node<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<String> {
    let at = definition.range().start;
    let Some(reference) = attribute(definition, "signalRef") else {
        let message = "the event names no signal; add <bpmn:signal id=\"...\" name=\"...\"> beside the process and name \
                       its id in signalRef";
        reader.report.error("SIGNAL_WITHOUT_NAME", at, &node.id, message);
        return None;
    };
    let Some(name) = outline.definitions.signal(reference) else {
        let message = format!(
            "signalRef: there is no signal \"{reference}\"; add <bpmn:signal id=\"{reference}\" name=\"...\"> beside the \
             process"
        );
        reader.report.error("DANGLING_REFERENCE", at, &node.id, message);
        return None;
    };
    checked(name.to_owned(), "signal", node, definition, reader)
}

pub(super) fn payload(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Payload {
    Payload {
        result_variable: task::result_variable(node, reader),
        output_mapping: task::mappings(node, "OutputMapping", false, reader),
    }
}

/// Names are compared as they are written: one that is computed would never be met.
fn checked(
    name: String,
    what: &str,
    node: &FlowNode<'_, '_>,
    definition: Node<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<String> {
    let computed = name.starts_with('=') || ["${", "#{", "{{"].iter().any(|start| name.contains(start));
    let problem = if computed {
        "a name is fixed and no expression; tell instances apart by the correlationKey".to_owned()
    } else if name.chars().count() > NAME_CHARS_MAX {
        format!("a name has at most {NAME_CHARS_MAX} characters")
    } else {
        return Some(name);
    };
    reader.report.error(
        "INVALID_NAME",
        definition.range().start,
        &node.id,
        format!("the {what} \"{name}\": {problem}"),
    );
    None
}
