//! Who may do what: one pure function from roles to permissions. The life cycles never look at roles.

use serde::{Deserialize, Serialize};

/// A role within a tenant, given by an API token or an identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// A member: starts processes and sees what they started.
    User,
    /// Watches and repairs external tasks.
    Operator,
    /// Watches processes and reads their data.
    Manager,
    /// Everything within the tenant.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 4] = [Role::User, Role::Operator, Role::Manager, Role::Admin];

    /// The word in tokens and configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::User => "user",
            Role::Operator => "operator",
            Role::Manager => "manager",
            Role::Admin => "admin",
        }
    }

    /// Accepts the exact word.
    pub fn parse(text: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// What can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// `external-tasks:read`
    ExternalTasksRead,
    /// `external-tasks:manage`: resend, sync, cancel, and to be shown the link.
    ExternalTasksManage,
    /// `variables:read`
    VariablesRead,
    /// `definitions:read`
    DefinitionsRead,
    /// `definitions:deploy`
    DefinitionsDeploy,
    /// `instances:read`: any instance of the tenant; whoever started one sees it without.
    InstancesRead,
    /// `instances:start`
    InstancesStart,
    /// `instances:cancel`
    InstancesCancel,
    /// `instances:retry`
    InstancesRetry,
    /// `recipients:erase`: remove what is known of one recipient.
    RecipientsErase,
}

impl Permission {
    /// All of them.
    pub const ALL: [Permission; 10] = [
        Permission::ExternalTasksRead,
        Permission::ExternalTasksManage,
        Permission::VariablesRead,
        Permission::DefinitionsRead,
        Permission::DefinitionsDeploy,
        Permission::InstancesRead,
        Permission::InstancesStart,
        Permission::InstancesCancel,
        Permission::InstancesRetry,
        Permission::RecipientsErase,
    ];

    /// The name in messages and configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Permission::ExternalTasksRead => "external-tasks:read",
            Permission::ExternalTasksManage => "external-tasks:manage",
            Permission::VariablesRead => "variables:read",
            Permission::DefinitionsRead => "definitions:read",
            Permission::DefinitionsDeploy => "definitions:deploy",
            Permission::InstancesRead => "instances:read",
            Permission::InstancesStart => "instances:start",
            Permission::InstancesCancel => "instances:cancel",
            Permission::InstancesRetry => "instances:retry",
            Permission::RecipientsErase => "recipients:erase",
        }
    }
}

/// Whether any of `roles` carries `permission`. The default setup; a tenant's own setup replaces this function.
pub fn may(roles: &[Role], permission: Permission) -> bool {
    roles.iter().any(|role| match role {
        Role::Admin => true,
        Role::Manager => match permission {
            Permission::ExternalTasksRead
            | Permission::VariablesRead
            | Permission::DefinitionsRead
            | Permission::InstancesRead
            | Permission::InstancesStart => true,
            Permission::ExternalTasksManage
            | Permission::DefinitionsDeploy
            | Permission::InstancesCancel
            | Permission::InstancesRetry
            | Permission::RecipientsErase => false,
        },
        Role::Operator => match permission {
            Permission::ExternalTasksRead
            | Permission::ExternalTasksManage
            | Permission::DefinitionsRead
            | Permission::InstancesRead
            | Permission::InstancesStart
            | Permission::InstancesCancel => true,
            Permission::VariablesRead
            | Permission::DefinitionsDeploy
            | Permission::InstancesRetry
            | Permission::RecipientsErase => false,
        },
        Role::User => match permission {
            Permission::InstancesStart => true,
            Permission::ExternalTasksRead
            | Permission::ExternalTasksManage
            | Permission::VariablesRead
            | Permission::DefinitionsRead
            | Permission::DefinitionsDeploy
            | Permission::InstancesRead
            | Permission::InstancesCancel
            | Permission::InstancesRetry
            | Permission::RecipientsErase => false,
        },
    })
}
