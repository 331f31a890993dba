//! What a deployment would mean for the tasks that are open: how many run which version, which of them Sync could not
//! serve any more, and what Sync would change for the others. Deploys nothing, changes nothing.

use crate::auth::Caller;
use crate::{App, Error, placeholders};
use domain::external_task::Status;
use domain::ids::TaskKey;
use domain::permission::Permission;
use domain::process::{
    Condition, Element, ElementKind, ExclusiveGateway, ExternalTaskModel, InclusiveGateway, Process, TextRef,
};
use domain::time::Timestamp;
use domain::variables::Variables;
use std::collections::BTreeMap;
use store::{Order, TaskQuery};

/// Open tasks that are counted; where there are more, the numbers are "at least".
pub const COUNTED_MAX: usize = 1_000;
/// Rows read at once.
const PAGE: usize = 100;
/// Flows followed from an activity to the gateway that reads its outcome.
const HOPS_MAX: usize = 20;

/// What deploying a process would mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Impact {
    /// BPMN id of the process.
    pub process_id: String,
    /// The version that is deployed now; `None`: the process is new.
    pub deployed: Option<u32>,
    /// Open tasks that were counted.
    pub open_tasks: usize,
    /// There are more than were counted.
    pub more: bool,
    /// The open tasks by version and activity, newest version first.
    pub affected: Vec<Affected>,
}

/// Open tasks of one activity in one version.
#[derive(Clone, Debug, PartialEq)]
pub struct Affected {
    /// Version of their instances.
    pub version: u32,
    /// BPMN id of the activity.
    pub activity: String,
    /// Its display name there.
    pub task_name: String,
    /// How many.
    pub tasks: usize,
    /// What Sync would do for them after the deployment.
    pub sync: Sync,
}

/// What Sync would do.
#[derive(Clone, Debug, PartialEq)]
pub enum Sync {
    /// The new version has no such external task: refused with `NOT_IN_DEPLOYED`.
    Impossible,
    /// Nothing would look different.
    Unchanged,
    /// This would change.
    Changes {
        /// What is taken from the new version and differs.
        artefacts: Vec<Artefact>,
        /// Placeholders of the new templates for which the newest of these tasks has no value.
        missing_placeholders: Vec<String>,
        /// New actions that no flow of the running version is made for: an answer with one ends in an incident.
        untaken_actions: Vec<String>,
    },
}

/// One of the seven things that Sync takes from the deployed version (S0-34).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Artefact {
    /// `TaskPage` with its fields.
    TaskPage,
    /// `SuccessPage`
    SuccessPage,
    /// `AlreadyCompletedPage`
    AlreadyCompletedPage,
    /// `ExpiredPage`
    ExpiredPage,
    /// `CancelledPage`
    CancelledPage,
    /// `Actions`
    Actions,
    /// `EmailSubject` and `EmailBody`
    Mail,
}

impl Artefact {
    /// The word in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Artefact::TaskPage => "taskPage",
            Artefact::SuccessPage => "successPage",
            Artefact::AlreadyCompletedPage => "alreadyCompletedPage",
            Artefact::ExpiredPage => "expiredPage",
            Artefact::CancelledPage => "cancelledPage",
            Artefact::Actions => "actions",
            Artefact::Mail => "mail",
        }
    }
}

/// The impact of deploying `new`, whose pages and mails are `texts`. At most eleven pages of the list are read.
///
/// # Errors
/// [`Error::Forbidden`] without `definitions:deploy`; those of the table.
pub async fn impact(
    app: &App,
    caller: &Caller,
    new: &Process,
    texts: &[String],
    now: Timestamp,
) -> Result<Impact, Error> {
    caller.require(Permission::DefinitionsDeploy)?;
    let deployed = app.store.deployed(caller.tenant, &new.id).await?.map(|pointer| pointer.version);
    let (groups, more) = if deployed.is_some() { count(app, caller, &new.id, now).await? } else { Default::default() };
    let mut affected = Vec::new();
    for ((version, activity), group) in groups.into_iter().rev() {
        let old = app.process(caller.tenant, &new.id, version).await?;
        let task_name = old.element(&activity).map_or(activity.clone(), |element| element.name.clone());
        let sync = sync(app, caller, (&old, version), (new, texts), &activity, group.newest).await?;
        affected.push(Affected { version, activity, task_name, tasks: group.tasks, sync });
    }
    let open_tasks = affected.iter().map(|affected| affected.tasks).sum();
    Ok(Impact { process_id: new.id.clone(), deployed, open_tasks, more, affected })
}

struct Group {
    tasks: usize,
    newest: TaskKey,
}

/// Open tasks by version and activity, and whether there are more.
async fn count(
    app: &App,
    caller: &Caller,
    process_id: &str,
    now: Timestamp,
) -> Result<(BTreeMap<(u32, String), Group>, bool), Error> {
    let mut groups: BTreeMap<(u32, String), Group> = BTreeMap::new();
    let mut counted = 0;
    let mut query = TaskQuery {
        statuses: vec![Status::Pending],
        activity: None,
        process_id: Some(process_id.to_owned()),
        recipient: None,
        created_from: None,
        created_to: None,
        follow_up: false,
        order: Order::Newest,
        limit: PAGE,
        after: None,
    };
    loop {
        let page = app.store.external_tasks(caller.tenant, &query, now).await?;
        for row in page.items {
            if counted == COUNTED_MAX {
                return Ok((groups, true));
            }
            counted += 1;
            let group = groups.entry((row.definition_version, row.activity));
            group.or_insert(Group { tasks: 0, newest: row.task }).tasks += 1;
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok((groups, false)),
        }
    }
}

async fn sync(
    app: &App,
    caller: &Caller,
    (old, version): (&Process, u32),
    (new, texts): (&Process, &[String]),
    activity: &str,
    newest: TaskKey,
) -> Result<Sync, Error> {
    let Some(after) = new.external_task(activity) else { return Ok(Sync::Impossible) };
    let Some(before) = old.external_task(activity) else { return Ok(Sync::Impossible) };
    let mut artefacts = Vec::new();
    let text_of = |text: TextRef| texts.get(text.0).map(String::as_str);
    for (artefact, old_text, new_text) in pairs(before, after) {
        let old_text = match old_text {
            Some(text) => app.store.text(caller.tenant, &old.id, version, text).await?,
            None => None,
        };
        let mut differs = old_text.as_deref() != new_text.and_then(text_of);
        match artefact {
            Artefact::Mail => differs |= before.email_subject != after.email_subject,
            Artefact::TaskPage => differs |= before.fields != after.fields,
            Artefact::SuccessPage
            | Artefact::AlreadyCompletedPage
            | Artefact::ExpiredPage
            | Artefact::CancelledPage
            | Artefact::Actions => {}
        }
        if differs {
            artefacts.push(artefact);
        }
    }
    if before.actions != after.actions {
        artefacts.push(Artefact::Actions);
    }
    if artefacts.is_empty() {
        return Ok(Sync::Unchanged);
    }
    artefacts.sort_unstable();
    let stored = app.store.task(caller.tenant, newest, false).await?;
    let context = stored.map_or_else(Variables::new, |stored| stored.task.form_context);
    let new_texts = placeholders::texts_of(after).filter_map(text_of);
    Ok(Sync::Changes {
        artefacts,
        missing_placeholders: placeholders::missing_in(after, new_texts, &context),
        untaken_actions: untaken(old, activity, before, after),
    })
}

/// Each text artefact with its text before and after.
fn pairs(before: &ExternalTaskModel, after: &ExternalTaskModel) -> [(Artefact, Option<TextRef>, Option<TextRef>); 6] {
    let (old, new) = (&before.pages, &after.pages);
    [
        (Artefact::TaskPage, old.task, new.task),
        (Artefact::SuccessPage, old.success, new.success),
        (Artefact::AlreadyCompletedPage, old.already_completed, new.already_completed),
        (Artefact::ExpiredPage, old.expired, new.expired),
        (Artefact::CancelledPage, old.cancelled, new.cancelled),
        (Artefact::Mail, before.email_body, after.email_body),
    ]
}

/// New actions of the activity for which the next decision of the running version has neither a default flow, nor a flow
/// without condition, nor a condition that names them.
fn untaken(old: &Process, activity: &str, before: &ExternalTaskModel, after: &ExternalTaskModel) -> Vec<String> {
    let Some(gateway) = next_decision(old, activity) else { return Vec::new() };
    let flows: Vec<_> = old.outgoing(gateway).collect();
    let script = decision(gateway).flatten();
    let open = gateway.default.is_some() || (script.is_none() && flows.iter().any(|flow| flow.condition.is_none()));
    if open {
        return Vec::new();
    }
    let conditions: Vec<String> = flows
        .iter()
        .filter_map(|flow| flow.condition.as_ref())
        .map(|condition| match condition {
            Condition::Script(script) => script.clone(),
            Condition::Expression(expression) => serde_json::to_string(expression).unwrap_or_default(),
        })
        .chain(script.map(str::to_owned))
        .collect();
    let is_new = |name: &str| !before.actions.iter().any(|action| action.name == name);
    let actions = after.actions.iter().map(|action| action.name.as_str()).filter(|name| is_new(name));
    actions.filter(|name| !conditions.iter().any(|text| text.contains(name))).map(str::to_owned).collect()
}

/// The gateway that decides behind an activity, where one path leads to it, also out of sub-processes.
fn next_decision<'p>(process: &'p Process, activity: &str) -> Option<&'p Element> {
    let mut element = process.element(activity)?;
    for _ in 0..HOPS_MAX {
        let mut flows = process.outgoing(element);
        element = match (flows.next(), flows.next(), element.parent) {
            (Some(flow), None, _) => process.elements.get(flow.target)?,
            // The path ends here, and the sub-process around it with it.
            (None, _, Some(parent)) => process.elements.get(parent)?,
            (Some(_), Some(_), _) | (None, _, None) => return None,
        };
        if decision(element).is_some() && element.outgoing.len() > 1 {
            return Some(element);
        }
    }
    None
}

/// The Condition script of a gateway that decides; the outer `None` for everything else.
fn decision(element: &Element) -> Option<Option<&str>> {
    if let ElementKind::ExclusiveGateway(ExclusiveGateway { condition })
    | ElementKind::InclusiveGateway(InclusiveGateway { condition }) = &element.kind
    {
        Some(condition.as_deref())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn element(id: &str, kind: &serde_json::Value, outgoing: &[usize], parent: Option<usize>) -> serde_json::Value {
        json!({ "id": id, "name": id, "kind": kind, "outgoing": outgoing, "parent": parent, "line": 1 })
    }

    #[test]
    fn the_decision_behind_a_sub_process_belongs_to_the_activity_in_it() {
        let gateway = json!({ "InclusiveGateway": { "condition": "return userAction" } });
        let flow = |id: &str, source: usize, target: usize| json!({ "id": id, "named": true, "source": source, "target": target });
        let process = json!({
            "id": "order", "name": "order",
            "elements": [
                element("Sub", &json!("SubProcess"), &[1], None),
                element("Ask", &json!("Task"), &[0], Some(0)),
                element("Done", &json!("EndEvent"), &[], Some(0)),
                element("Decide", &gateway, &[2, 3], None),
                element("End", &json!("EndEvent"), &[], None),
            ],
            "flows": [flow("F0", 1, 2), flow("F1", 0, 3), flow("F2", 3, 4), flow("F3", 3, 4)],
        });
        let process = serde_json::from_value::<Process>(process).expect("a process").indexed();
        assert_eq!(next_decision(&process, "Ask").map(|element| element.id.as_str()), Some("Decide"));
        assert_eq!(next_decision(&process, "End"), None);
    }
}
