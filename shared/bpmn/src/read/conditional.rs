//! Conditions on flows that leave an activity: every flow whose condition is true goes on, else the default flow (BPMN 2.0.2,
//! 8.3.13). Compiled into an inclusive gateway behind the activity, so that the engine decides in gateways only.

use super::Outline;
use super::generated::{self, Ids};
use domain::process::{Element, ElementKind, Flow, InclusiveGateway};

/// Adds a gateway behind each activity whose flows have conditions.
pub(super) fn add(outline: &Outline<'_, '_>, ids: &mut Ids<'_>, elements: &mut Vec<Element>, flows: &mut Vec<Flow>) {
    for (activity, node) in outline.nodes.iter().enumerate() {
        let decides = node.outgoing.iter().any(|flow| flows[*flow].condition.is_some())
            || (node.default.is_some() && node.outgoing.len() > 1);
        if !node.kind.is_activity() || !decides {
            continue;
        }
        let gateway = elements.len();
        let element = &mut elements[activity];
        let id = ids.of(&[&element.id, "flows"]);
        let outgoing = std::mem::replace(&mut element.outgoing, vec![flows.len()]);
        for flow in &outgoing {
            flows[*flow].source = gateway;
        }
        flows.push(Flow {
            id: ids.of(&[&element.id, &id]),
            name: None,
            named: false,
            source: activity,
            target: gateway,
            condition: None,
        });
        let (name, default) = (format!("{} (conditions of its flows)", element.name), element.default.take());
        let kind = ElementKind::InclusiveGateway(InclusiveGateway { condition: None });
        let gateway = generated::element(id, name, kind, element, outgoing);
        elements.push(Element { incoming: 1, default, ..gateway });
    }
}
