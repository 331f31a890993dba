//! Erasing a recipient on request: from every task that has ended, keeping counts and the chain of the journal.

use crate::auth::Caller;
use crate::{App, Error};
use domain::ids::InstanceKey;
use domain::notification::Email;
use domain::permission::Permission;
use domain::rejection::Rejection;
use domain::time::Timestamp;
use std::collections::BTreeSet;
use store::{Erased, TaskQuery};

/// Instances erased with one call; a further call goes on.
const INSTANCES_MAX: usize = 50;
/// Pages of the search read with one call.
const PAGES_MAX: usize = 20;

/// What became of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Tasks from which the recipient was taken out.
    pub tasks: u32,
    /// Instances that go on and were left as they are: cancel them, or let them end.
    pub open: u32,
    /// There may be more: call again.
    pub more: bool,
}

/// Takes what is known of `recipient` out of every ended instance with a task of theirs.
///
/// # Errors
/// [`Error::Forbidden`] without `recipients:erase`; [`Rejection::InvalidInput`] for what is no address; the table's own.
pub async fn erase(app: &App, caller: &Caller, recipient: &str, now: Timestamp) -> Result<Outcome, Error> {
    caller.require_visible(Permission::ExternalTasksRead, "resource")?;
    caller.require(Permission::RecipientsErase)?;
    let recipient = Email::parse(recipient).map_err(|error| Rejection::InvalidInput {
        field: "recipient".to_owned(),
        code: "INVALID_EMAIL",
        message: error.to_string(),
    })?;
    let address = recipient.as_str().to_lowercase();
    let mut query = TaskQuery { recipient: Some(address.clone()), limit: store::PAGE_MAX, ..TaskQuery::default() };
    let mut instances: BTreeSet<InstanceKey> = BTreeSet::new();
    let mut outcome = Outcome::default();
    for page in 0.. {
        let found = app.store.external_tasks(caller.tenant, &query, now).await?;
        let theirs = found.items.iter().filter(|row| row.recipient.as_str().to_lowercase() == address);
        instances.extend(theirs.map(|row| row.task.instance()));
        query.after = found.next;
        if query.after.is_none() {
            break;
        }
        if instances.len() >= INSTANCES_MAX || page + 1 >= PAGES_MAX {
            outcome.more = true;
            break;
        }
    }
    for instance in instances {
        match app.store.erase_recipient(caller.tenant, instance, &recipient).await? {
            Erased::Tasks(tasks) => outcome.tasks += tasks,
            Erased::InstanceGoesOn => outcome.open += 1,
        }
    }
    if outcome.open == 0 && !outcome.more {
        app.store.forget_recipient(caller.tenant, &recipient).await?;
    }
    // Neither log nor journal says who: that is the point.
    tracing::info!(user = caller.user, tasks = outcome.tasks, open = outcome.open, "a recipient was erased");
    Ok(outcome)
}
