//! Extension properties of an element, from any namespace and in the vendors' spellings, with their places.
//! Interprets no value.

use super::{NodeKind, Reader, assignment, attribute, bpmn_children, is_bpmn};
use crate::dialect::{self, Support, ZEEBE};
use crate::xml::Located;
use roxmltree::Node;
use std::collections::BTreeMap;

/// One property.
#[derive(Debug)]
pub(crate) struct Property {
    /// As the file writes it, for messages and headers.
    pub name: String,
    pub value: Located,
    /// Start of the element or attribute that gives it.
    pub at: usize,
    /// The value stands in an attribute.
    pub in_attribute: bool,
    /// Camunda 8's `taskDefinition` gives it: the same names mean something else there.
    pub of_task_definition: bool,
}

/// One line of Camunda 8's `ioMapping`, or of Camunda 7's `inputOutput`, `in` and `out`.
#[derive(Debug)]
pub(crate) struct IoMapping {
    pub source: Located,
    pub target: Located,
    pub input: bool,
    /// A source that is no expression is a text, not a path.
    pub literal: bool,
    /// The element, for messages.
    pub tag: &'static str,
}

/// What Camunda 7's `in` and `out` of a call activity say beside their mappings.
#[derive(Debug, Default)]
pub(crate) struct HandoverWritten {
    pub all_in: bool,
    pub all_out: bool,
    pub business_key: Option<Located>,
}

/// The properties of one element by lower-case name.
#[derive(Debug, Default)]
pub(crate) struct Properties {
    by_key: BTreeMap<String, Property>,
    /// Names that mean nothing here, kept and shown as custom headers.
    pub headers: BTreeMap<String, String>,
    /// The vendors' mappings.
    pub io_mappings: Vec<IoMapping>,
    pub handover: HandoverWritten,
}

impl Properties {
    /// Reads `extensionElements` and the vendors' attributes of a flow node.
    pub(crate) fn read(node: Node<'_, '_>, kind: NodeKind, element: &str, reader: &mut Reader<'_>) -> Properties {
        let mut properties = Properties::default();
        let extensions = bpmn_children(node).filter(|child| is_bpmn(*child, "extensionElements"));
        for child in extensions.flat_map(|extensions| extensions.children()).filter(Node::is_element) {
            reader.report.steps += 1;
            match child.tag_name().name() {
                "properties" => {
                    for property in child.children().filter(|child| child.tag_name().name() == "property") {
                        properties.property(property, element, reader);
                    }
                }
                "property" => properties.property(child, element, reader),
                "inputOutput" if dialect::is_camunda_7(child.tag_name().namespace()) => {
                    properties.input_output(child, element, reader);
                }
                "in" | "out" if dialect::is_camunda_7(child.tag_name().namespace()) => {
                    properties.in_or_out(child, kind, element, reader);
                }
                "taskHeaders" if child.tag_name().namespace() == Some(ZEEBE) => properties.task_headers(child),
                name if dialect::OTHER_ENGINES.contains(&name) => {
                    let message = format!("<{name}> belongs to another engine and has no effect here");
                    reader.report.warning("EXTENSION_IGNORED", child.range().start, element, message);
                }
                _ if child.tag_name().namespace() == Some(ZEEBE) => properties.zeebe(child, element, reader),
                _ => {}
            }
        }
        properties.attributes(node, element, reader);
        if kind == NodeKind::UserTask {
            properties.assignment(node, element, reader);
        }
        properties.judge_mappings(kind, element, node.tag_name().name(), reader);
        properties.judge(kind, element, node.tag_name().name(), reader);
        properties
    }

    /// Reads the product's properties of a part of a flow node, such as its loop characteristics. Judges no name.
    pub(crate) fn of_part(node: Node<'_, '_>, element: &str, reader: &mut Reader<'_>) -> Properties {
        let mut properties = Properties::default();
        let extensions = bpmn_children(node).filter(|child| is_bpmn(*child, "extensionElements"));
        for child in extensions.flat_map(|extensions| extensions.children()) {
            match child.tag_name().name() {
                "properties" => {
                    for property in child.children().filter(|child| child.tag_name().name() == "property") {
                        properties.property(property, element, reader);
                    }
                }
                "property" => properties.property(child, element, reader),
                _ => {}
            }
        }
        properties
    }

    /// The property of this (canonical) name; a blank value counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&Property> {
        self.by_key.get(&name.to_ascii_lowercase()).filter(|property| !property.value.is_blank())
    }

    /// The value on one line.
    pub(crate) fn plain(&self, name: &str) -> Option<String> {
        self.get(name).map(|property| property.value.plain())
    }

    fn property(&mut self, node: Node<'_, '_>, element: &str, reader: &mut Reader<'_>) {
        let at = node.range().start;
        let Some(name) = attribute(node, "name") else {
            reader.report.error("PROPERTY_WITHOUT_NAME", at, element, "a property has no name; write name=\"...\"");
            return;
        };
        if node.children().any(|child| child.is_element()) {
            let message = format!("the property {name} contains elements; put its text into CDATA: <![CDATA[ ... ]]>");
            reader.report.error("PROPERTY_NOT_TEXT", at, element, message);
            return;
        }
        let value = node.attributes().find(|found| found.namespace().is_none() && found.name() == "value");
        let content = Located::of_content(reader.file, node);
        if value.is_some() && !content.is_blank() {
            let message = format!("the property {name} has a value attribute and a text; keep one of them");
            reader.report.error("PROPERTY_VALUE_TWICE", at, element, message);
        }
        let in_attribute = value.is_some();
        let value = value.map_or(content, |value| Located::of_attribute(reader.file, &value));
        reader.report.steps += value.text.len();
        let line = self.by_key.get(&name.to_ascii_lowercase()).map(|first| reader.report.line(first.at));
        if let Some(line) = line {
            let message = format!("the property {name} is given twice, first in line {line}; keep one of them");
            reader.report.error("DUPLICATE_PROPERTY", at, element, message);
            return;
        }
        let property = Property { name: name.to_owned(), value, at, in_attribute, of_task_definition: false };
        self.by_key.insert(name.to_ascii_lowercase(), property);
    }

    fn zeebe(&mut self, node: Node<'_, '_>, element: &str, reader: &mut Reader<'_>) {
        let tag = node.tag_name().name();
        for (_, attribute_name, property) in dialect::ZEEBE_ELEMENTS.iter().filter(|(name, _, _)| *name == tag) {
            let found = node.attributes().find(|found| found.namespace().is_none() && found.name() == *attribute_name);
            if let Some(found) = found
                && let Some(read) = self.vendor(property, &found, element, reader)
            {
                read.of_task_definition = tag == "taskDefinition";
            }
        }
        if tag != "ioMapping" {
            return;
        }
        for line in node.children().filter(Node::is_element) {
            reader.report.steps += 1;
            let input = match line.tag_name().name() {
                "input" => true,
                "output" => false,
                _ => continue,
            };
            let end = |name: &str| {
                let found = line.attributes().find(|found| found.namespace().is_none() && found.name() == name);
                found.map(|found| Located::of_attribute(reader.file, &found))
            };
            match (end("source"), end("target")) {
                (Some(source), Some(target)) => {
                    self.io_mappings.push(IoMapping { source, target, input, literal: false, tag: "ioMapping" });
                }
                (_, _) => {
                    let message = "a line of the ioMapping needs source=\"...\" and target=\"...\"";
                    reader.report.error("INVALID_MAPPING", line.range().start, element, message);
                }
            }
        }
    }

    /// Camunda 7's `in` and `out`: one mapping, or of a call activity all variables or the business key.
    fn in_or_out(&mut self, node: Node<'_, '_>, kind: NodeKind, element: &str, reader: &mut Reader<'_>) {
        let written = |name: &str, reader: &Reader<'_>| {
            let found = node.attributes().find(|found| found.namespace().is_none() && found.name() == name);
            found.map(|found| Located::of_attribute(reader.file, &found))
        };
        let at = node.range().start;
        let (input, tag) = if node.tag_name().name() == "in" { (true, "in") } else { (false, "out") };
        let calls = kind == NodeKind::CallActivity;
        let all = calls && attribute(node, "variables") == Some("all");
        let key = if calls && input { written("businessKey", reader).filter(|key| !key.is_blank()) } else { None };
        if all && attribute(node, "local").is_some() {
            let message = format!("local has no effect on this <{tag}>: all variables go over");
            reader.report.warning("EXTENSION_IGNORED", at, element, message);
        }
        let handed = all || key.is_some();
        if input {
            self.handover.all_in |= all;
        } else {
            self.handover.all_out |= all;
        }
        self.handover.business_key = key.or(self.handover.business_key.take());
        let source = written("source", reader).or_else(|| written("sourceExpression", reader));
        match (source, written("target", reader)) {
            (Some(source), Some(target)) => {
                self.io_mappings.push(IoMapping { source, target, input, literal: false, tag });
            }
            (_, _) if handed => {}
            (_, _) => {
                let message = format!("<{tag}> maps nothing here: it has no source and target");
                reader.report.warning("EXTENSION_IGNORED", at, element, message);
            }
        }
    }

    /// Camunda 7's `inputOutput` with its parameters.
    fn input_output(&mut self, node: Node<'_, '_>, element: &str, reader: &mut Reader<'_>) {
        for line in node.children().filter(Node::is_element) {
            reader.report.steps += 1;
            let (input, tag) = match line.tag_name().name() {
                "inputParameter" => (true, "inputParameter"),
                "outputParameter" => (false, "outputParameter"),
                _ => continue,
            };
            let name = line.attributes().find(|found| found.namespace().is_none() && found.name() == "name");
            let Some(name) = name else {
                let message = format!("an {tag} needs name=\"...\"");
                reader.report.error("INVALID_MAPPING", line.range().start, element, message);
                continue;
            };
            if line.children().any(|child| child.is_element()) {
                let message = format!("the {tag} is a script, list or map; only a text or an expression is mapped");
                reader.report.warning("EXTENSION_IGNORED", line.range().start, element, message);
                continue;
            }
            let target = Located::of_attribute(reader.file, &name);
            let source = Located::of_content(reader.file, line);
            self.io_mappings.push(IoMapping { source, target, input, literal: true, tag });
        }
    }

    /// Camunda 8's custom headers.
    fn task_headers(&mut self, node: Node<'_, '_>) {
        for header in node.children().filter(|child| child.tag_name().name() == "header") {
            if let (Some(key), Some(value)) = (attribute(header, "key"), header.attribute("value")) {
                self.headers.insert(key.to_owned(), value.to_owned());
            }
        }
    }

    /// BPMN's own `humanPerformer` and `potentialOwner`, where no property says who does it. Owners join the candidates
    /// of a vendor's attribute, as in the engines that read both.
    fn assignment(&mut self, node: Node<'_, '_>, element: &str, reader: &mut Reader<'_>) {
        for found in assignment::read(node, reader) {
            let key = found.property.to_ascii_lowercase();
            if let Some(first) = self.by_key.get_mut(&key) {
                let candidates = first.name.starts_with("candidate");
                if candidates && is_names(&first.value.text) && is_names(&found.value.text) {
                    first.value = first.value.with_text(format!("{},{}", first.value.text, found.value.text));
                    continue;
                }
                let message = format!("{} is ignored because {} is given as well", found.tag, first.name);
                reader.report.warning("VENDOR_PROPERTY_IGNORED", found.at, element, message);
                continue;
            }
            let (name, value, at) = (found.tag.to_owned(), found.value, found.at);
            self.by_key.insert(key, Property { name, value, at, in_attribute: false, of_task_definition: false });
        }
    }

    /// Attributes of the element in Camunda 7's namespace (Operaton's alike), and the async ones in any.
    fn attributes(&mut self, node: Node<'_, '_>, element: &str, reader: &mut Reader<'_>) {
        for found in node.attributes() {
            reader.report.steps += 1;
            let boundary = matches!(found.name(), "asyncBefore" | "asyncAfter");
            if !dialect::is_camunda_7(found.namespace()) && !boundary {
                continue;
            }
            if let Some((_, property)) = dialect::CAMUNDA_ATTRIBUTES.iter().find(|(name, _)| *name == found.name()) {
                self.vendor(property, &found, element, reader);
            } else if dialect::OTHER_ENGINES_ATTRIBUTES.contains(&found.name()) {
                let message = format!("{} belongs to another engine and has no effect here", found.name());
                reader.report.warning("EXTENSION_IGNORED", found.range().start, element, message);
            }
        }
    }

    /// Reads a vendor's attribute, unless the property is given already.
    fn vendor(
        &mut self,
        property: &str,
        found: &roxmltree::Attribute<'_, '_>,
        element: &str,
        reader: &mut Reader<'_>,
    ) -> Option<&mut Property> {
        let at = found.range().start;
        let name = found.name().to_owned();
        let key = property.to_ascii_lowercase();
        if let Some(first) = self.by_key.get(&key) {
            let message = format!("{name} is ignored because {} is given as well", first.name);
            reader.report.warning("VENDOR_PROPERTY_IGNORED", at, element, message);
            return None;
        }
        let value = Located::of_attribute(reader.file, found);
        let read = Property { name, value, at, in_attribute: true, of_task_definition: false };
        Some(self.by_key.entry(key).or_insert(read))
    }

    /// The vendors' mappings mean what the properties mean, count where these are not given, and have their places.
    fn judge_mappings(&self, kind: NodeKind, element: &str, tag: &str, reader: &mut Reader<'_>) {
        for (input, what, property) in [(true, "inputs", "InputMapping"), (false, "outputs", "OutputMapping")] {
            let Some(first) = self.io_mappings.iter().find(|mapping| mapping.input == input) else { continue };
            let (at, vendor) = (first.source.start(), first.tag);
            let known = dialect::property(&property.to_ascii_lowercase(), kind, false);
            if !matches!(known, Some((_, Support::Full))) {
                let message = format!("a {tag} maps no {what}, so <{vendor}> has no effect here");
                reader.report.warning("EXTENSION_IGNORED", at, element, message);
            } else if self.get(property).is_some() {
                let message = format!("the {what} of <{vendor}> are ignored because {property} is given as well");
                reader.report.warning("VENDOR_PROPERTY_IGNORED", at, element, message);
            }
        }
    }

    /// Sorts out what has no effect, is not built yet or is not known at all.
    fn judge(&mut self, kind: NodeKind, element: &str, tag: &str, reader: &mut Reader<'_>) {
        let mut headers = std::mem::take(&mut self.headers);
        let profile = self.by_key.get("taskprofile").map(|property| property.value.plain());
        let external = profile.is_some_and(|profile| profile.eq_ignore_ascii_case("external"));
        self.by_key.retain(|key, property| {
            reader.report.steps += 1;
            let name = &property.name;
            let keep = match dialect::property(key, kind, external) {
                Some((_, Support::Full)) => return true,
                Some((known, Support::NotYet)) => {
                    if !property.value.is_blank() && !property.value.plain().eq_ignore_ascii_case("false") {
                        let message = format!("{} is not supported yet; remove it", known.name);
                        reader.report.error("UNSUPPORTED_PROPERTY", property.at, element, message);
                    }
                    false
                }
                Some((known, Support::NoEffect)) => {
                    let message = if kind == NodeKind::UserTask && !external && dialect::is_external_only(known.name) {
                        format!(
                            "{} has no effect without TaskProfile=external; it is kept as a custom header",
                            known.name
                        )
                    } else {
                        format!("{} has no effect on this {tag}; it is kept as a custom header", known.name)
                    };
                    reader.report.warning("PROPERTY_IGNORED", property.at, element, message);
                    true
                }
                None => {
                    reader.suggestions = reader.suggestions.saturating_sub(1);
                    if reader.suggestions > 0
                        && let Some(meant) = dialect::similar(name)
                    {
                        let message =
                            format!("\"{name}\" is not known and is kept as a custom header; do you mean {meant}?");
                        reader.report.warning("UNKNOWN_PROPERTY", property.at, element, message);
                    }
                    true
                }
            };
            if keep {
                headers.insert(name.clone(), property.value.plain());
            }
            false
        });
        self.headers = headers;
    }
}

/// Whether a list of names can be made longer by more names: an expression and a JSON list are wholes.
fn is_names(text: &str) -> bool {
    !["=", "${", "#{", "["].iter().any(|start| text.trim_start().starts_with(start))
}
