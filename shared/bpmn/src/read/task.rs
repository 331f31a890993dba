//! Script tasks and user tasks: scripts, mappings, names. What makes a task external or ordinary stands in `external` and
//! `work`.

use super::{
    FlowNode, Properties, Property, Reader, attribute, bpmn_children, client_script, external, is_bpmn, list, value,
    work,
};
use crate::dialect::ZEEBE;
use crate::xml::Located;
use domain::process::{ElementKind, Mapping, ScriptTask, TaskProfile, UserTask};
use domain::variables::Path;
use std::collections::BTreeMap;

/// A script task; its script is the `script` element or the property `Script`, or Camunda 8's expression stands in its
/// place.
pub(crate) fn script(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<ElementKind> {
    task_type(node, reader);
    script_format(node, reader);
    let body = bpmn_children(node.node).find(|child| is_bpmn(*child, "script"));
    let body = body.map(|body| Located::of_content(reader.file, body)).filter(|body| !body.is_blank());
    let property = node.properties.get("Script").map(|property| &property.value);
    let expression = expression(node, reader);
    if [body.is_some(), property.is_some(), expression.is_some()].into_iter().filter(|given| *given).count() > 1 {
        let message = "the script task has more than one of: a script element, a Script property, an expression of \
                       zeebe:script; keep one of them";
        reader.report.error("SCRIPT_TWICE", node.at, &node.id, message);
    }
    let (script, expression) = match (body.as_ref().or(property), expression) {
        (Some(source), _) => (reader.script(source, &node.id, "the script"), None),
        (None, Some(source)) => {
            (String::new(), Some(value::expression(&source, &node.id, "the expression of zeebe:script", reader)?))
        }
        (None, None) => {
            let message = if node.bpmn_name() == "businessRuleTask" {
                "the businessRuleTask has no Script; decision tables do not run here, so write the rule into that property"
            } else {
                "the script task has no script; put it into <bpmn:script> or the property Script"
            };
            reader.report.error("SCRIPT_MISSING", node.at, &node.id, message);
            return None;
        }
    };
    Some(ElementKind::ScriptTask(ScriptTask {
        script,
        expression,
        result_variable: result_variable(node, reader),
        input_mapping: mappings(node, "InputMapping", true, reader),
        output_mapping: mappings(node, "OutputMapping", false, reader),
    }))
}

/// The expression of Camunda 8's `script`.
fn expression(node: &FlowNode<'_, '_>, reader: &Reader<'_>) -> Option<Located> {
    let extensions = bpmn_children(node.node).filter(|child| is_bpmn(*child, "extensionElements"));
    let vendor =
        extensions.flat_map(|extensions| extensions.children()).find(|child| child.has_tag_name((ZEEBE, "script")))?;
    let found = vendor.attributes().find(|found| found.namespace().is_none() && found.name() == "expression")?;
    Some(Located::of_attribute(reader.file, &found)).filter(|expression| !expression.is_blank())
}

/// A user task. Its profile decides who does it.
pub(crate) fn user(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<ElementKind> {
    task_type(node, reader);
    let properties = &node.properties;
    let pre_script = optional_script(properties, "Script", &node.id, reader);
    let server_script = optional_script(properties, "ServerScript", &node.id, reader);
    let result_variable = result_variable(node, reader);
    let form_variables = form_variables(node, reader);
    let input_mapping = mappings(node, "InputMapping", true, reader);
    let output_mapping = mappings(node, "OutputMapping", false, reader);
    let profile = profile(node, reader);
    let client_script = client_script::model(node, profile.as_ref(), reader);
    let profile = profile?;
    Some(ElementKind::UserTask(Box::new(UserTask {
        profile,
        pre_script,
        server_script,
        client_script,
        result_variable,
        form_variables,
        input_mapping,
        output_mapping,
        form_key: properties.plain("FormKey"),
    })))
}

fn profile(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<TaskProfile> {
    let property = node.properties.get("TaskProfile");
    let name = property.map_or_else(|| "work".to_owned(), |property| property.value.plain());
    if name.eq_ignore_ascii_case("external") {
        return external::model(node, reader).map(|model| TaskProfile::External(Box::new(model)));
    }
    if name.eq_ignore_ascii_case("work") {
        return Some(TaskProfile::Work(Box::new(work::model(node, reader))));
    }
    let at = property.map_or(node.at, |property| property.value.start());
    let message = match name.to_ascii_lowercase().as_str() {
        "contract" => format!("the task profile \"{name}\" is not supported yet; write work or external"),
        _ => format!("\"{name}\" is no task profile; write work or external"),
    };
    reader.report.error("UNSUPPORTED_PROFILE", at, &node.id, message);
    None
}

fn optional_script(
    properties: &Properties,
    name: &'static str,
    element: &str,
    reader: &mut Reader<'_>,
) -> Option<String> {
    let property = properties.get(name)?;
    Some(reader.script(&property.value, element, name))
}

pub(super) fn result_variable(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Option<String> {
    value::variable_name(node.properties.get("ResultVariable")?, &node.id, reader)
}

fn form_variables(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) -> Vec<Path> {
    let Some(property) = node.properties.get("FormVariables") else { return Vec::new() };
    let at = property.value.start();
    let mut paths: Vec<Path> = Vec::new();
    let mut named: BTreeMap<String, Path> = BTreeMap::new();
    for item in list::items(property, &node.id, reader) {
        match item.parse::<Path>() {
            Ok(path) => {
                let before = named.insert(path.leaf().to_owned(), path.clone());
                if let Some(before) = before.filter(|before| *before != path) {
                    let message = format!(
                        "FormVariables: {before} and {path} are both \"{}\" to the form, and the later one counts; give \
                         them names of their own by an InputMapping",
                        path.leaf()
                    );
                    reader.report.warning("FORM_VARIABLES_ALIKE", at, &node.id, message);
                }
                paths.push(path);
            }
            Err(error) => {
                let message = format!("FormVariables: {error}");
                reader.report.error("INVALID_PATH", at, &node.id, message);
            }
        }
    }
    paths
}

/// The property, or the mappings of Camunda 7 and 8 where there is none.
pub(super) fn mappings(
    node: &FlowNode<'_, '_>,
    name: &'static str,
    input: bool,
    reader: &mut Reader<'_>,
) -> Vec<Mapping> {
    if let Some(property) = node.properties.get(name) {
        return value::mapping(property, &node.id, reader);
    }
    let mut mappings = Vec::new();
    for mapping in node.properties.io_mappings.iter().filter(|mapping| mapping.input == input) {
        match value::vendor_line(mapping) {
            Ok(line) => mappings.push(line),
            Err(problem) => {
                let message = format!("{}: {problem}", mapping.tag);
                reader.report.error("INVALID_MAPPING", mapping.source.start(), &node.id, message);
            }
        }
    }
    mappings
}

/// A task that nobody executes.
pub(crate) fn pass_through(node: &FlowNode<'_, '_>, kind: ElementKind, reader: &mut Reader<'_>) -> ElementKind {
    task_type(node, reader);
    kind
}

/// `TaskType` is optional and must not contradict the element.
pub(super) fn task_type(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) {
    let Some(property) = node.properties.get("TaskType") else { return };
    let (written, tag) = (property.value.plain(), node.bpmn_name());
    let bare = written.rsplit(':').next().unwrap_or_default();
    if !bare.eq_ignore_ascii_case(tag) {
        let message = format!("TaskType=\"{written}\" contradicts the element {tag}; remove it or write {tag}");
        contradiction(property, message, node, reader);
    }
}

fn contradiction(property: &Property, message: String, node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) {
    reader.report.error("TASK_TYPE_MISMATCH", property.value.start(), &node.id, message);
}

/// Scripts are JavaScript, however the file says so. C# is let through to the script check, which translates one idiom
/// and refuses the rest.
fn script_format(node: &FlowNode<'_, '_>, reader: &mut Reader<'_>) {
    const FORMATS: &[&str] = &["javascript", "ecmascript", "js", "c#", "csharp"];
    let property = node.properties.get("ScriptLanguage");
    let property = property.map(|property| (property.name.as_str(), property.value.plain(), property.value.start()));
    let format = attribute(node.node, "scriptFormat").map(|format| ("scriptFormat", format.to_owned(), node.at));
    for (name, format, at) in [property, format].into_iter().flatten() {
        let bare = format.rsplit('/').next().unwrap_or_default().trim_start_matches("x-");
        if !FORMATS.iter().any(|known| known.eq_ignore_ascii_case(bare)) {
            let message = format!("{name}=\"{format}\" is not supported; scripts are JavaScript");
            reader.report.error("UNSUPPORTED_SCRIPT_FORMAT", at, &node.id, message);
        }
    }
}
