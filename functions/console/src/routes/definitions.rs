//! Deployed processes.

use crate::answer::Answer;
use crate::refusal::Refusal;
use crate::visit::Visit;
use domain::permission::Permission;

/// `GET /definitions`
pub async fn list(visit: &Visit<'_>) -> Result<Answer, Refusal> {
    visit.require_visible(Permission::DefinitionsRead)?;
    Err(Refusal::not_found())
}
