//! Ordinary user tasks on the wire: of this product's own API, of BankLingo's shape and of Camunda's. Decides nothing.

use app::user_tasks::Found;
use domain::ids::TaskKey;
use domain::instance::InstanceStatus;
use domain::process::{Element, Process, UserTask};
use domain::time::Timestamp;
use domain::variables::Variables;
use domain::work_task::event::WorkTaskEvent;
use domain::work_task::{State, WorkTask};
use serde_json::{Value, json};

/// Type of an event in a history, and what there is to say about it.
pub fn event(key: TaskKey, event: &WorkTaskEvent, shown: &dyn Fn(&Variables) -> Value) -> (&'static str, Value) {
    let (_, action) = event.kind();
    let mut details = json!({ "taskKey": key, "action": action });
    match event {
        WorkTaskEvent::Created(created) => {
            details["activityId"] = created.activity.as_str().into();
            details["assignee"] = json!(created.responsible.assignee);
            ("taskCreated", details)
        }
        WorkTaskEvent::Completed { outcome, answers } => {
            details["outcome"] = outcome.as_str().into();
            details["answers"] = shown(answers);
            ("taskCompleted", details)
        }
        WorkTaskEvent::CompleteDenied { codes, .. } => {
            details["codes"] = json!(codes);
            ("completeDenied", details)
        }
        WorkTaskEvent::Failed { code, .. } => {
            details["code"] = code.as_str().into();
            ("taskFailed", details)
        }
        WorkTaskEvent::Retried => ("taskRetried", details),
        WorkTaskEvent::Canceled { .. } => ("taskCanceled", details),
    }
}

/// An item of BankLingo's list of active tasks (S4-48). `variables` are the form context, nothing else (D-15).
pub fn active(process: &Process, found: &Found) -> Value {
    let task = &found.task;
    let model = Model::of(process, task);
    json!({
        "taskId": task.activity,
        "taskKey": task.key,
        "taskName": model.name(task),
        "instanceGuid": task.key.instance().guid(),
        "processKey": found.process_id,
        "businessKey": found.business_key,
        "formKey": model.form_key(),
        "userActions": model.actions(),
        "responsibleTeams": task.responsible.groups,
        "responsibleUsers": task.responsible.users,
        "assignee": task.responsible.assignee,
        "entityState": task.entity_state,
        "createdAt": task.created_at.to_string(),
        "variables": task.form_context,
    })
}

/// BankLingo's details of one task (S4-51 to S4-53).
pub fn details(process: &Process, found: &Found, due: Option<Timestamp>) -> Value {
    let task = &found.task;
    let model = Model::of(process, task);
    json!({
        "taskId": task.activity,
        "taskKey": task.key,
        "taskName": model.name(task),
        "instanceGuid": task.key.instance().guid(),
        "processKey": found.process_id,
        "businessKey": found.business_key,
        "formKey": model.form_key(),
        "userActions": model.actions(),
        "description": model.description(task),
        "entityState": task.entity_state,
        "responsibleTeams": task.responsible.groups,
        "responsibleUsers": task.responsible.users,
        "assignee": task.responsible.assignee,
        "state": task.state.as_str(),
        "formContext": task.form_context,
        "clientScript": model.client_script(),
        "inputData": task.input_data,
        "draft": task.draft,
        "formErrors": super::form_errors(&task.form_errors),
        "metadata": {
            "createdAt": task.created_at.to_string(),
            "dueDate": super::time(due),
            "followUpDate": super::time(task.follow_up_at),
            "priority": task.priority.word(),
        },
    })
}

/// A user task as Camunda 8 answers it, with the names of its API; what this product knows beyond is `workState`.
pub fn camunda(process: &Process, found: &Found) -> Value {
    let task = &found.task;
    let model = Model::of(process, task);
    let instance = task.key.instance();
    let headers = model.element.map(|element| json!(element.headers)).unwrap_or_else(|| json!({}));
    json!({
        "userTaskKey": task.key,
        "elementId": task.activity,
        "elementInstanceKey": instance.element(task.element),
        "name": model.name(task),
        "state": engine_state(task.state),
        "workState": task.state.as_str(),
        "assignee": task.responsible.assignee,
        "candidateUsers": task.responsible.users,
        "candidateGroups": task.responsible.groups,
        "creationDate": task.created_at.to_string(),
        "completionDate": super::time(task.ended_at.filter(|_| task.state == State::Completed)),
        "dueDate": super::time(task.due_at),
        "followUpDate": super::time(task.follow_up_at),
        "priority": task.priority.get(),
        "formKey": Value::Null,
        "externalFormReference": model.form_key(),
        "processDefinitionId": found.process_id,
        "processDefinitionKey": super::definition::key(&found.process_id, found.definition_version),
        "processDefinitionVersion": found.definition_version,
        "processInstanceKey": instance,
        "processName": process.name,
        "tenantId": "<default>",
        "customHeaders": headers,
    })
}

/// The engine's phase (section 1.2 of the task model).
fn engine_state(state: State) -> &'static str {
    match state {
        State::Open | State::InProgress | State::Paused => "CREATED",
        State::Failed => "FAILED",
        State::Completed => "COMPLETED",
        State::Canceled => "CANCELED",
    }
}

/// The spelling of an instance's status in BankLingo's shape (D-20).
pub fn status(status: InstanceStatus) -> &'static str {
    match status {
        InstanceStatus::Running => "Running",
        InstanceStatus::Waiting => "Waiting",
        InstanceStatus::Completed => "Completed",
        InstanceStatus::Error => "Error",
        InstanceStatus::Cancelled => "Cancelled",
    }
}

/// What the definition says about a task.
struct Model<'a> {
    element: Option<&'a Element>,
    user_task: Option<&'a UserTask>,
    actions: Vec<&'a str>,
}

impl<'a> Model<'a> {
    fn of(process: &'a Process, task: &WorkTask) -> Model<'a> {
        let element = process.element(&task.activity);
        let work = process.work_task(&task.activity);
        let actions = work.into_iter().flat_map(|model| &model.actions).map(|action| action.name.as_str()).collect();
        Model { element, user_task: element.and_then(|element| element.kind.as_user_task()), actions }
    }

    fn name(&self, task: &'a WorkTask) -> &'a str {
        self.element.map_or(task.activity.as_str(), |element| element.name.as_str())
    }

    fn form_key(&self) -> Option<&str> {
        self.user_task.and_then(|user_task| user_task.form_key.as_deref())
    }

    fn client_script(&self) -> Option<&str> {
        self.user_task.and_then(|user_task| user_task.client_script.as_ref()).map(|script| script.source.as_str())
    }

    fn actions(&self) -> &[&'a str] {
        &self.actions
    }

    /// The description as it was when the task was created. Tasks that were created before it was kept show what they
    /// were given.
    fn description(&self, task: &WorkTask) -> Option<String> {
        if task.description.is_some() {
            return task.description.clone();
        }
        let mut values = task.input_data.clone();
        values.extend(task.form_context.clone());
        self.element?.description.as_ref().map(|description| description.render_plain(&values))
    }
}
