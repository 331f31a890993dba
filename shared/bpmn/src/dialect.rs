//! Names: the properties this product knows, where they mean something, and the other vendors' spellings that are
//! read too. Reads no text of the file.

use crate::read::NodeKind;

/// How far a property is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Support {
    /// Read and acted upon.
    Full,
    /// Known, not yet built, and a process would behave differently without it: refused.
    NotYet,
    /// Known but without effect where it stands; kept as a header, with a warning.
    NoEffect,
}

/// A property name of the product.
pub(crate) struct Known {
    /// Spelling of the documentation; files may use any case.
    pub name: &'static str,
    on: On,
    support: Support,
}

/// Where a property means something.
type On = fn(NodeKind) -> bool;

const ANY: On = |kind| kind != NodeKind::Unsupported;
/// What a path arrives at: an event sub-process begins by itself.
const REACHED: On = |kind| ANY(kind) && kind != NodeKind::EventSubProcess;
const TASKS: On = |kind| matches!(kind, NodeKind::ScriptTask | NodeKind::SystemTask | NodeKind::UserTask);
const WAITING_OR_CALLING: On = |kind| matches!(kind, NodeKind::UserTask | NodeKind::ReceiveTask | NodeKind::SystemTask);
const SCRIPT_TASK: On = |kind| kind == NodeKind::ScriptTask;
const SYSTEM_TASK: On = |kind| kind == NodeKind::SystemTask;
const USER_TASK: On = |kind| kind == NodeKind::UserTask;
const RECEIVE_TASK: On = |kind| kind == NodeKind::ReceiveTask;
const CALL_ACTIVITY: On = |kind| kind == NodeKind::CallActivity;
const GATEWAY: On = NodeKind::decides;
const USER_TASK_GATEWAY: On = |kind| USER_TASK(kind) || GATEWAY(kind);
/// What brings data into the process.
const RESULTS: On = |kind| {
    let catches = matches!(kind, NodeKind::EventStart | NodeKind::IntermediateCatchEvent | NodeKind::BoundaryEvent);
    catches || TASKS(kind) || matches!(kind, NodeKind::CallActivity | NodeKind::ReceiveTask)
};
/// What can wait for a message or send one.
const MESSAGES: On = |kind| {
    let catches = matches!(kind, NodeKind::EventStart | NodeKind::IntermediateCatchEvent | NodeKind::BoundaryEvent);
    catches || matches!(kind, NodeKind::ReceiveTask | NodeKind::EndEvent | NodeKind::IntermediateThrowEvent)
};
/// What gives names to somebody else.
const GIVING: On = |kind| {
    let sends = matches!(kind, NodeKind::EndEvent | NodeKind::IntermediateThrowEvent);
    sends || TASKS(kind) || kind == NodeKind::CallActivity
};
/// What can have turns.
const TURNS: On = NodeKind::is_activity;
const ACTIVITIES: On = |kind| kind.is_activity() && kind != NodeKind::SubProcess;
const ACTIVITIES_GATEWAYS: On = |kind| {
    let joins = matches!(kind, NodeKind::ParallelGateway | NodeKind::EventBasedGateway);
    kind.is_activity() || GATEWAY(kind) || joins
};

const fn full(name: &'static str, on: On) -> Known {
    Known { name, on, support: Support::Full }
}

const fn not_yet(name: &'static str, on: On) -> Known {
    Known { name, on, support: Support::NotYet }
}

const fn no_effect(name: &'static str, on: On) -> Known {
    Known { name, on, support: Support::NoEffect }
}

/// Every known property. `on` lists the elements of this version on which it means something.
const KNOWN: &[Known] = &[
    full("Name", ANY),
    full("Description", ANY),
    full("EntityState", ACTIVITIES_GATEWAYS),
    full("TaskType", ACTIVITIES),
    full("TaskKind", USER_TASK),
    full("TaskProfile", USER_TASK),
    full("FormKey", USER_TASK),
    full("Script", TASKS),
    full("ScriptLanguage", SCRIPT_TASK),
    full("ServerScript", USER_TASK),
    full("ClientScript", USER_TASK),
    full("ResultVariable", RESULTS),
    full("FormVariables", USER_TASK),
    full("InputMapping", GIVING),
    full("calledElement", CALL_ACTIVITY),
    full("OutputMapping", RESULTS),
    full("UserActions", USER_TASK),
    full("Actions", USER_TASK),
    full("Condition", GATEWAY),
    full("Recipient", USER_TASK),
    full("RecipientName", USER_TASK),
    full("Channel", USER_TASK),
    full("ExpiresAfter", USER_TASK),
    full("ExpiresAt", USER_TASK),
    full("Reminders", USER_TASK),
    full("Language", USER_TASK),
    full("EmailSubject", USER_TASK),
    full("EmailBody", USER_TASK),
    full("TaskPage", USER_TASK),
    full("SuccessPage", USER_TASK),
    full("AlreadyCompletedPage", USER_TASK),
    full("ExpiredPage", USER_TASK),
    full("CancelledPage", USER_TASK),
    full("message", MESSAGES),
    full("messageRef", MESSAGES),
    full("correlationKey", MESSAGES),
    full("collection", TURNS),
    full("elementVariable", TURNS),
    full("AsyncBefore", REACHED),
    full("AsyncAfter", REACHED),
    full("TimeoutMs", WAITING_OR_CALLING),
    full("OnTimeout", WAITING_OR_CALLING),
    not_yet("Requirements", USER_TASK),
    full("ResponsibleTeams", USER_TASK),
    full("ResponsibleUsers", USER_TASK),
    full("Assignee", USER_TASK),
    full("Priority", USER_TASK),
    full("DueDate", USER_TASK),
    full("FollowUpDate", USER_TASK),
    // On a gateway they are documentation in the source product.
    no_effect("GatewayActions", USER_TASK_GATEWAY),
    full("ConnectorKey", SYSTEM_TASK),
    full("Type", SYSTEM_TASK),
    full("Endpoint", SYSTEM_TASK),
    full("Method", SYSTEM_TASK),
    full("Headers", SYSTEM_TASK),
    full("PayloadTemplate", SYSTEM_TASK),
    full("Query", SYSTEM_TASK),
    full("Retries", SYSTEM_TASK),
    full("RetryBackoff", SYSTEM_TASK),
    full("messageType", SYSTEM_TASK),
    full("to", SYSTEM_TASK),
    full("subject", SYSTEM_TASK),
    full("body", SYSTEM_TASK),
    full("template", SYSTEM_TASK),
    full("templateData", SYSTEM_TASK),
    full("Credentials", SYSTEM_TASK),
    full("Duration", SYSTEM_TASK),
    full("Until", SYSTEM_TASK),
    full("timeout", RECEIVE_TASK),
];

/// Of a task for somebody outside only.
const EXTERNAL_ONLY: &[&str] = &[
    "Recipient",
    "RecipientName",
    "Channel",
    "ExpiresAfter",
    "ExpiresAt",
    "Reminders",
    "Language",
    "EmailSubject",
    "EmailBody",
    "TaskPage",
    "SuccessPage",
    "AlreadyCompletedPage",
    "ExpiredPage",
    "CancelledPage",
];
/// Of a task for colleagues only: an external one goes to its recipient.
const WORK_ONLY: &[&str] = &["ResponsibleTeams", "ResponsibleUsers", "Assignee", "Priority", "DueDate", "FollowUpDate"];

/// Whether a property means something on external tasks only.
pub(crate) fn is_external_only(name: &str) -> bool {
    EXTERNAL_ONLY.contains(&name)
}

/// What a property of this name means on an element; `None` for an unknown name. `external`: the element is a user task
/// of that profile.
pub(crate) fn property(name: &str, on: NodeKind, external: bool) -> Option<(&'static Known, Support)> {
    let known = KNOWN.iter().find(|known| known.name.eq_ignore_ascii_case(name))?;
    let other = if external { WORK_ONLY } else { EXTERNAL_ONLY };
    let means = (known.on)(on) && !other.contains(&known.name);
    Some((known, if means { known.support } else { Support::NoEffect }))
}

/// Whether a namespace is Camunda 7's or that of a relative.
pub(crate) fn is_camunda_7(namespace: Option<&str>) -> bool {
    namespace.is_some_and(|uri| CAMUNDA_7.contains(&uri))
}

/// The known name a misspelt one probably means: at most two letters added, left out or changed.
pub(crate) fn similar(name: &str) -> Option<&'static str> {
    // Two letters of a very short name are another word; a very long one cannot be near.
    if !(4..=40).contains(&name.len()) {
        return None;
    }
    let name = name.to_ascii_lowercase();
    KNOWN
        .iter()
        .filter(|known| known.name.len() >= 4)
        .map(|known| (distance(&name, &known.name.to_ascii_lowercase()), known.name))
        .filter(|(distance, _)| *distance <= 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// Levenshtein distance in bytes: the names are ASCII, and a wrong byte more only makes a suggestion rarer.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

/// BPMN 2.0's own namespace.
pub(crate) const BPMN: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
/// Camunda 7; Operaton, which continues it; Activiti, from which it comes, and Flowable, which comes from there too.
const CAMUNDA_7: &[&str] = &[
    "http://camunda.org/schema/1.0/bpmn",
    "http://operaton.org/schema/1.0/bpmn",
    "http://flowable.org/bpmn",
    "http://activiti.org/bpmn",
];
/// Camunda 8.
pub(crate) const ZEEBE: &str = "http://camunda.org/schema/zeebe/1.0";

/// Attributes of elements in Camunda 7's namespace and the property each one stands for.
pub(crate) const CAMUNDA_ATTRIBUTES: &[(&str, &str)] = &[
    ("formKey", "FormKey"),
    ("resultVariable", "ResultVariable"),
    ("asyncBefore", "AsyncBefore"),
    ("async", "AsyncBefore"),
    ("asyncAfter", "AsyncAfter"),
    ("assignee", "Assignee"),
    ("candidateGroups", "ResponsibleTeams"),
    ("candidateUsers", "ResponsibleUsers"),
    ("priority", "Priority"),
    ("dueDate", "DueDate"),
    ("followUpDate", "FollowUpDate"),
];

/// Child elements of `extensionElements` in Camunda 8's namespace: (element, attribute, property).
pub(crate) const ZEEBE_ELEMENTS: &[(&str, &str, &str)] = &[
    ("formDefinition", "formId", "FormKey"),
    ("formDefinition", "externalReference", "FormKey"),
    ("formDefinition", "formKey", "FormKey"),
    ("script", "resultVariable", "ResultVariable"),
    ("assignmentDefinition", "assignee", "Assignee"),
    ("assignmentDefinition", "candidateGroups", "ResponsibleTeams"),
    ("assignmentDefinition", "candidateUsers", "ResponsibleUsers"),
    ("priorityDefinition", "priority", "Priority"),
    ("taskDefinition", "type", "Type"),
    ("taskDefinition", "retries", "Retries"),
    ("taskSchedule", "dueDate", "DueDate"),
    ("taskSchedule", "followUpDate", "FollowUpDate"),
];

/// Extension elements of other engines that change what a process does and mean nothing here: told, not obeyed.
pub(crate) const OTHER_ENGINES: &[&str] =
    &["connector", "taskListener", "executionListener", "formData", "formProperty", "failedJobRetryTimeCycle", "field"];

/// Attributes of Camunda 7 and its relatives that change what a process does there and mean nothing here: told as well.
pub(crate) const OTHER_ENGINES_ATTRIBUTES: &[&str] = &[
    "businessCalendarName",
    "idVariableName",
    "inheritVariables",
    "initiator",
    "owner",
    "skipExpression",
    "taskCompleterVariableName",
    "taskIdVariableName",
    "useLocalScopeForOutParameters",
    "variableMappingClass",
    "variableMappingDelegateExpression",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case() {
        let found = |name| property(name, NodeKind::UserTask, true).map(|(known, support)| (known.name, support));
        assert_eq!(found("recipient"), Some(("Recipient", Support::Full)));
        assert_eq!(found("INPUTMAPPING"), Some(("InputMapping", Support::Full)));
        assert_eq!(found("Invoice"), None);
        assert_eq!(
            property("Recipient", NodeKind::ScriptTask, false).map(|(_, support)| support),
            Some(Support::NoEffect)
        );
    }

    #[test]
    fn a_name_within_two_letters_of_a_known_one_is_suggested() {
        assert_eq!(similar("Recipent"), Some("Recipient"));
        assert_eq!(similar("expireAfter"), Some("ExpiresAfter"));
        assert_eq!(similar("Reminder"), Some("Reminders"));
        assert_eq!(similar("CostCentre"), None);
        assert_eq!(similar("tp"), None);
    }
}
