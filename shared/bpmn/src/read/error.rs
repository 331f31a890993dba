//! Error events: which code one throws or catches (BPMN semantics, "Errors"). Who catches what is the engine's.

use super::definitions::ErrorRef;
use super::{FlowNode, Outline, Reader, attribute, bpmn_children, is_bpmn};
use crate::dialect::is_camunda_7;
use domain::process::{ThrownError, Trigger};
use roxmltree::Node;

/// The `errorEventDefinition` of an event.
pub(crate) fn definition<'a, 'i>(node: &FlowNode<'a, 'i>) -> Option<Node<'a, 'i>> {
    bpmn_children(node.node).find(|child| is_bpmn(*child, "errorEventDefinition"))
}

/// The code an error event names; the inner `None` where it names none, which catches any. Judges nothing.
pub(crate) fn code<'o>(node: &FlowNode<'_, '_>, outline: &'o Outline<'_, '_>) -> Option<Option<&'o str>> {
    let definition = definition(node)?;
    let Some(reference) = attribute(definition, "errorRef") else { return Some(None) };
    match outline.definitions.error(reference) {
        ErrorRef::Id(error) | ErrorRef::Code(error) => Some(error.code.as_deref()),
        ErrorRef::Nothing => None,
    }
}

/// What an event catches.
pub(super) fn caught(
    node: &FlowNode<'_, '_>,
    definition: Node<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<Trigger> {
    for found in definition.attributes().filter(|found| is_camunda_7(found.namespace())) {
        if matches!(found.name(), "errorCodeVariable" | "errorMessageVariable") {
            let message = format!(
                "{} has no effect here; scripts find the error in _lastError.errorCode and _lastError.errorMessage",
                found.name()
            );
            reader.report.warning("EXTENSION_IGNORED", found.range().start, &node.id, message);
        }
    }
    let (code, _) = resolve(node, definition, outline, reader)?;
    Some(Trigger::Error(code))
}

/// What an end event throws.
pub(super) fn thrown(
    node: &FlowNode<'_, '_>,
    definition: Node<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<ThrownError> {
    let (code, message) = resolve(node, definition, outline, reader)?;
    let Some(code) = code else {
        let message = "the error end event throws no code; name a bpmn:error with an errorCode in errorRef";
        reader.report.error("ERROR_WITHOUT_CODE", definition.range().start, &node.id, message);
        return None;
    };
    Some(ThrownError { code, message })
}

/// Code and name of the error that a definition refers to.
fn resolve(
    node: &FlowNode<'_, '_>,
    definition: Node<'_, '_>,
    outline: &Outline<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<(Option<String>, Option<String>)> {
    let Some(reference) = attribute(definition, "errorRef") else { return Some((None, None)) };
    let at = definition.range().start;
    match outline.definitions.error(reference) {
        ErrorRef::Id(error) => Some((error.code.clone(), error.name.clone())),
        ErrorRef::Code(error) => {
            let message = format!(
                "errorRef=\"{reference}\" is the errorCode of an error and not its id; it is taken, but other tools \
                 need the id"
            );
            reader.report.warning("ERROR_REF_BY_CODE", at, &node.id, message);
            Some((error.code.clone(), error.name.clone()))
        }
        ErrorRef::Nothing => {
            let message = format!(
                "errorRef: there is no error \"{reference}\"; add <bpmn:error id=\"{reference}\" errorCode=\"...\"> \
                 beside the process"
            );
            reader.report.error("DANGLING_REFERENCE", at, &node.id, message);
            None
        }
    }
}
