//! Recipients: erase one on request. Everything but the wire is `app::recipients`.

use crate::body::Fields;
use crate::problem::Problem;
use crate::request::{Answer, Call};
use app::recipients;
use domain::permission::Permission;
use serde_json::json;

pub async fn erase(call: &Call<'_>) -> Result<Answer, Problem> {
    call.require_visible(Permission::ExternalTasksRead, "resource")?;
    call.require(Permission::RecipientsErase)?;
    call.known_query(&[])?;
    let mut fields = Fields::new(call.json()?)?;
    let recipient = fields.required_text("recipient", 254);
    fields.finish()?;
    // Repeating it is harmless: no answer has to be kept, and it would hold what is to be erased.
    let outcome = recipients::erase(&call.api.app, &call.caller, &recipient, call.now).await?;
    Ok(Answer::ok(json!({ "tasks": outcome.tasks, "openInstances": outcome.open, "more": outcome.more })))
}
