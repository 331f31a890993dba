//! Who may do what with an ordinary user task: one pure, replaceable function. The life cycle never looks at roles.

use super::{Action, Responsible, Role, lifecycle};

/// Somebody who looks at a task, with everything the answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Viewer<'a> {
    /// User id.
    pub user: &'a str,
    /// Groups (teams) of the user.
    pub groups: &'a [String],
    /// Manages every task of the tenant: managers and administrators.
    pub manages: bool,
    /// Belongs to the task's instance: started it, or may read the tenant's instances.
    pub member: bool,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed.
    Allow,
    /// The viewer may not know that the task exists: 404.
    Invisible,
    /// The viewer sees it but may not do this: 403.
    Deny(&'static str),
}

/// Whether the viewer sees the task: manager, assignee or candidate.
pub fn sees(viewer: &Viewer<'_>, task: &Responsible) -> bool {
    viewer.manages || roles(viewer, task).next().is_some()
}

/// Whether the viewer may do `action`, whatever the state.
pub fn may(viewer: &Viewer<'_>, task: &Responsible, action: Action) -> Verdict {
    if !sees(viewer, task) {
        return Verdict::Invisible;
    }
    let allowed = |role: &Role| lifecycle::TABLE.iter().any(|row| row.action == action && row.role.contains(role));
    if roles(viewer, task).any(|role| allowed(&role)) {
        return Verdict::Allow;
    }
    match &task.assignee {
        None => Verdict::Deny("the task is assigned to nobody; it must be claimed or assigned first"),
        Some(_) => Verdict::Deny("this is for the assignee of the task and for managers"),
    }
}

/// The roles of the viewer towards the task.
fn roles(viewer: &Viewer<'_>, task: &Responsible) -> impl Iterator<Item = Role> {
    let assignee = task.assignee.as_deref() == Some(viewer.user);
    let listed =
        task.users.iter().any(|user| user == viewer.user) || viewer.groups.iter().any(|group| task.names_group(group));
    let everybody = task.users.is_empty() && task.groups.is_empty() && viewer.member;
    [(Role::Assignee, assignee), (Role::Candidate, listed || everybody), (Role::Manager, viewer.manages)]
        .into_iter()
        .filter_map(|(role, is)| is.then_some(role))
}
