//! The list of instances: reads the filter, asks the index, names processes and where each row stands.

use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::visit::Visit;
use app::link::cursor;
use domain::ids::InstanceKey;
use domain::instance::{Instance, InstanceStatus};
use domain::permission::Permission;
use store::{InstanceQuery, InstanceRow};
use web::console::Section;
use web::console::instances::{self, Filter, List, Row, Stands};

const PAGE_ROWS: usize = 25;
/// Processes offered in the filter; others can be asked for by address.
const PROCESSES_MAX: usize = 100;
/// Bytes of a query value at most; ids and keys are far shorter.
const VALUE_BYTES_MAX: usize = 1_024;

/// `GET /instances`
pub async fn list(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::InstancesRead)?;
    let (tenant, store) = (visit.caller.tenant, &visit.console.app.store);
    let filter = filter(visit)?;
    let question = filter.address(None);
    let secret = visit.secret();
    let given = visit.query_one("cursor");
    let after = match given {
        Some(text) => {
            Some(cursor::verify(secret, tenant, &question, text, visit.now).ok_or(app::Error::InvalidCursor)?)
        }
        None => None,
    };
    let later = after.is_some();
    let query = InstanceQuery {
        statuses: filter.statuses.clone(),
        process_id: filter.process_id.clone(),
        business_key: filter.business_key.clone(),
        limit: PAGE_ROWS,
        after,
    };
    let page = store.instances(tenant, &query, visit.now).await?;
    let (entries, _) = store.definitions(tenant, PROCESSES_MAX, None).await?;
    let list = List {
        rows: rows(visit, page.items).await?,
        processes: entries.into_iter().map(|entry| (entry.process_id, entry.name)).collect(),
        next: page.next.map(|position| cursor::sign(secret, tenant, &question, &position, visit.now)),
        later,
        filter,
    };
    let shell = visit.shell("Instances", Section::Instances);
    Ok(Answer::Page(200, instances::page(&shell, &list, &visit.zone(), visit.now)))
}

fn filter(visit: &Visit<'_>) -> Result<Filter, Refusal> {
    let mut filter = Filter::default();
    for (name, value) in visit.query.iter().filter(|(_, value)| !value.is_empty()) {
        if value.len() > VALUE_BYTES_MAX {
            return Err(Refusal::invalid(&format!("The value of {name} is too long.")));
        }
        match name.as_str() {
            "status" => {
                let status = status(value).ok_or_else(|| {
                    Refusal::invalid(&format!("There is no status \"{value}\". Choose one of the filter."))
                })?;
                if !filter.statuses.contains(&status) {
                    filter.statuses.push(status);
                }
            }
            "processId" => filter.process_id = Some(value.clone()),
            "businessKey" => filter.business_key = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    Ok(filter)
}

fn status(text: &str) -> Option<InstanceStatus> {
    [
        InstanceStatus::Running,
        InstanceStatus::Waiting,
        InstanceStatus::Error,
        InstanceStatus::Completed,
        InstanceStatus::Cancelled,
    ]
    .into_iter()
    .find(|status| status.as_str() == text)
}

/// Rows with the names of their processes and where they stand: one call for all heads, definitions from memory.
async fn rows(visit: &Visit<'_>, found: Vec<InstanceRow>) -> Result<Vec<Row>, Refusal> {
    let (tenant, app) = (visit.caller.tenant, &visit.console.app);
    let open: Vec<InstanceKey> = found.iter().filter(|row| !row.status.is_final()).map(|row| row.key).collect();
    let heads = app.store.heads(tenant, &open).await?;
    let mut rows = Vec::with_capacity(found.len());
    for row in found {
        let process = app.store.process(tenant, &row.process_id, row.version).await?;
        let head: Option<&Instance> = heads.get(&row.key);
        rows.push(Row {
            key: row.key,
            // The index may be a moment behind.
            status: head.map_or(row.status, |head| head.status),
            process_name: process.as_ref().map_or_else(|| row.process_id.clone(), |process| process.name.clone()),
            version: row.version,
            reference: row.reference,
            business_key: row.business_key,
            started_at: row.started_at,
            ended_at: head.map_or(row.ended_at, |head| head.ended_at),
            stands: process.as_ref().zip(head).and_then(|(process, head)| Stands::of(process, head)),
        });
    }
    Ok(rows)
}
