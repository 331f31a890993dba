//! The processes and activities a list can be filtered by: what is deployed now.

use crate::refusal::Refusal;
use crate::visit::Visit;
use web::console::external_tasks::Choice;

/// Processes offered at most; more are found by their address.
const PROCESSES_MAX: usize = 100;
/// Processes whose activities are offered together. With more than these a process is chosen first.
const OPENED_MAX: usize = 20;

/// Processes by name, and the activities of the chosen one or of all.
pub async fn of(visit: &Visit<'_>, process_id: &str) -> Result<(Vec<Choice>, Vec<Choice>), Refusal> {
    let (app, tenant) = (&visit.console.app, visit.caller.tenant);
    let (entries, _) = app.store.definitions(tenant, PROCESSES_MAX, None).await?;
    let chosen = entries.iter().filter(|entry| process_id.is_empty() || entry.process_id == process_id);
    let mut activities: Vec<Choice> = Vec::new();
    for entry in chosen.take(OPENED_MAX) {
        // Compiled processes are kept in memory: after the first page this costs no read.
        let process = app.process(tenant, &entry.process_id, entry.version).await?;
        for element in process.elements.iter().filter(|element| process.external_task(&element.id).is_some()) {
            if activities.iter().any(|choice| choice.value == element.id) {
                continue;
            }
            let taken = activities.iter().any(|choice| choice.word == element.name);
            let word = if taken { format!("{} ({})", element.name, entry.name) } else { element.name.clone() };
            activities.push(Choice { value: element.id.clone(), word });
        }
    }
    let mut processes: Vec<Choice> =
        entries.into_iter().map(|entry| Choice { value: entry.process_id, word: entry.name }).collect();
    for choices in [&mut processes, &mut activities] {
        choices.sort_by_key(|choice| choice.word.to_lowercase());
    }
    Ok((processes, activities))
}
