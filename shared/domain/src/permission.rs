//! Who may do what: one pure function from a tenant's setup and roles to permissions. The life cycles never look at roles.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

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
    /// `user-tasks:manage`: see and do every ordinary user task; assignees and candidates need no permission.
    UserTasksManage,
}

impl Permission {
    /// All of them.
    pub const ALL: [Permission; 11] = [
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
        Permission::UserTasksManage,
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
            Permission::UserTasksManage => "user-tasks:manage",
        }
    }

    /// Accepts the exact name.
    pub fn parse(text: &str) -> Option<Permission> {
        Permission::ALL.into_iter().find(|permission| permission.as_str() == text)
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Permissions(u16);

impl Permissions {
    /// Every permission.
    pub fn all() -> Permissions {
        Permission::ALL.into_iter().collect()
    }

    /// Whether the set holds it.
    pub fn contains(self, permission: Permission) -> bool {
        self.0 & bit(permission) != 0
    }

    /// What either set holds.
    #[must_use]
    pub fn union(self, other: Permissions) -> Permissions {
        Permissions(self.0 | other.0)
    }

    /// In the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(move |permission| self.contains(*permission))
    }
}

fn bit(permission: Permission) -> u16 {
    1 << permission as u16
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Permissions {
        Permissions(permissions.into_iter().fold(0, |bits, permission| bits | bit(permission)))
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(Permission::as_str)).finish()
    }
}

/// What each role may do within one tenant. A tenant that sets nothing up has the default; what it sets up for a role
/// replaces the default of that role wholly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup([Permissions; Role::ALL.len()]);

impl Default for Setup {
    fn default() -> Setup {
        Setup(Role::ALL.map(by_default))
    }
}

/// The permissions of a role where the tenant says nothing.
fn by_default(role: Role) -> Permissions {
    use Permission as P;
    match role {
        Role::User => [P::InstancesStart].into_iter().collect(),
        Role::Operator => [
            P::ExternalTasksRead,
            P::ExternalTasksManage,
            P::DefinitionsRead,
            P::InstancesRead,
            P::InstancesStart,
            P::InstancesCancel,
        ]
        .into_iter()
        .collect(),
        Role::Manager => [
            P::ExternalTasksRead,
            P::VariablesRead,
            P::DefinitionsRead,
            P::InstancesRead,
            P::InstancesStart,
            P::UserTasksManage,
        ]
        .into_iter()
        .collect(),
        Role::Admin => Permissions::all(),
    }
}

impl Setup {
    /// What a role may do.
    pub fn of(&self, role: Role) -> Permissions {
        self.0[role as usize]
    }

    /// The setup with other permissions for one role.
    #[must_use]
    pub fn with(mut self, role: Role, permissions: Permissions) -> Setup {
        self.0[role as usize] = permissions;
        self
    }

    /// The setup with the default for one role.
    #[must_use]
    pub fn reset(self, role: Role) -> Setup {
        self.with(role, by_default(role))
    }

    /// What somebody with these roles may do: what any of them may.
    pub fn permissions(&self, roles: &[Role]) -> Permissions {
        roles.iter().fold(Permissions::default(), |all, role| all.union(self.of(*role)))
    }

    /// Whether nothing differs from the default.
    pub fn is_default(&self) -> bool {
        *self == Setup::default()
    }
}

/// As an object of role and names of permissions, with the roles that differ from the default only: a permission that a
/// later release adds to the default then reaches every tenant that did not decide otherwise.
impl Serialize for Setup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let own = Role::ALL.into_iter().filter(|role| self.of(*role) != by_default(*role));
        let names = |role: Role| self.of(role).iter().map(Permission::as_str).collect::<Vec<_>>();
        serializer.collect_map(own.map(|role| (role.as_str(), names(role))))
    }
}

/// Unknown roles and permissions are errors: a setup that is read only in part would allow or refuse the wrong things.
impl<'de> Deserialize<'de> for Setup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Setup, D::Error> {
        let stored = BTreeMap::<String, Vec<String>>::deserialize(deserializer)?;
        let mut setup = Setup::default();
        for (role, names) in stored {
            let role = Role::parse(&role).ok_or_else(|| D::Error::custom(format!("there is no role \"{role}\"")))?;
            let permissions = names.iter().map(|name| {
                Permission::parse(name).ok_or_else(|| D::Error::custom(format!("there is no permission \"{name}\"")))
            });
            setup = setup.with(role, permissions.collect::<Result<_, _>>()?);
        }
        Ok(setup)
    }
}
