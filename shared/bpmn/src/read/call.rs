//! Call activities: which process is started, what it gets and what becomes of what it gives. Whether that process
//! exists is known when the activity is reached: it may be deployed later.

use super::{FlowNode, Reader, attribute, bpmn_children, is_bpmn, message, task, value};
use crate::dialect::{ZEEBE, is_camunda_7};
use crate::xml::Located;
use domain::process::{CallActivity, ElementKind, Handover};
use domain::value::ValueExpr;

/// A call activity.
pub(crate) fn activity(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<ElementKind> {
    task::task_type(node, reader);
    bindings(node, reader);
    let called = called(node, reader);
    let input_mapping = task::mappings(node, "InputMapping", true, reader);
    let payload = message::payload(node, reader);
    let handover = handover(node, reader);
    let called = called?;
    Some(ElementKind::CallActivity(Box::new(CallActivity { called, input_mapping, payload, handover })))
}

/// What Camunda 7's `in` and `out` hand over beside single variables.
fn handover(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Handover {
    let written = &node.properties.handover;
    let key = written.business_key.as_ref();
    let business_key = key.and_then(|key| value::expression(key, &node.id, "the businessKey", reader));
    Handover { all_in: written.all_in, all_out: written.all_out, business_key }
}

/// The id of the process: the attribute, the property or Camunda 8's `calledElement`.
fn called(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<ValueExpr> {
    let plain = |element: roxmltree::Node<'_, '_>, name: &str, reader: &Reader<'_>| {
        let found = element.attributes().find(|found| found.namespace().is_none() && found.name() == name);
        found.map(|found| Located::of_attribute(reader.file, &found)).filter(|value| !value.is_blank())
    };
    let written = plain(node.node, "calledElement", reader);
    let written = written.or_else(|| Some(node.properties.get("calledElement")?.value.clone()));
    let written = written.or_else(|| {
        let extensions = bpmn_children(node.node).find(|child| is_bpmn(*child, "extensionElements"))?;
        let vendor = extensions
            .children()
            .find(|child| child.tag_name().name() == "calledElement" && child.tag_name().namespace() == Some(ZEEBE))?;
        plain(vendor, "processId", reader)
    });
    let Some(written) = written else {
        let message = "the call activity does not say which process it calls; name its id in calledElement";
        reader.report.error("CALLED_ELEMENT_MISSING", node.at, &node.id, message);
        return None;
    };
    value::expression(&written, &node.id, "calledElement", reader)
}

/// Always the newest version is called, and only a process.
fn bindings(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) {
    let vendor = |name: &str| {
        let found = node.node.attributes().find(|found| found.name() == name && is_camunda_7(found.namespace()));
        found.map(|found| found.value())
    };
    if attribute(node.node, "calledElement").is_none() && vendor("caseRef").is_some() {
        let message = "a case is called, which is not supported; call a process";
        reader.report.error("UNSUPPORTED_ELEMENT", node.at, &node.id, message);
    }
    if let Some(binding) = vendor("calledElementBinding").filter(|binding| !matches!(*binding, "latest" | "")) {
        let message = format!(
            "calledElementBinding=\"{binding}\" has no effect here: the version that is deployed when the activity is \
             reached is called"
        );
        reader.report.warning("EXTENSION_IGNORED", node.at, &node.id, message);
    }
}
