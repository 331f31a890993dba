//! A state as text and back, as a store keeps it between two commands. Measures nothing by itself.

use domain::external_task::ExternalTask;
use domain::ids::TaskNumber;
use domain::instance::{Aggregate, Instance};
use domain::work_task::WorkTask;
use std::collections::BTreeMap;

pub fn written(state: &Aggregate) -> anyhow::Result<String> {
    Ok(serde_json::to_string(&(&state.instance, &state.tasks, &state.work_tasks))?)
}

pub fn read(text: &str) -> anyhow::Result<Aggregate> {
    type Stored = (Instance, BTreeMap<TaskNumber, ExternalTask>, BTreeMap<TaskNumber, WorkTask>);
    let (instance, tasks, work_tasks): Stored = serde_json::from_str(text)?;
    Ok(Aggregate { instance, tasks, work_tasks })
}
