//! S0-76: permissions follow from roles by the tenant's setup; nothing else gives or takes one.

use crate::permission::{Permission, Permissions, Role, Setup};
use serde_json::json;

#[test]
fn the_default_of_each_role_is_this_table() {
    let setup = Setup::default();
    let table: Vec<String> = Role::ALL
        .into_iter()
        .map(|role| {
            let names: Vec<_> = setup.of(role).iter().map(Permission::as_str).collect();
            format!("{}: {}", role.as_str(), names.join(" "))
        })
        .collect();
    assert_eq!(
        table,
        [
            "user: instances:start",
            "operator: external-tasks:read external-tasks:manage definitions:read instances:read instances:start \
             instances:cancel",
            "manager: external-tasks:read variables:read definitions:read instances:read instances:start \
             user-tasks:manage",
            "admin: external-tasks:read external-tasks:manage variables:read definitions:read definitions:deploy \
             instances:read instances:start instances:cancel instances:retry recipients:erase user-tasks:manage",
        ]
    );
}

#[test]
fn several_roles_may_what_any_of_them_may_and_none_may_nothing() {
    let setup = Setup::default();
    let both = setup.permissions(&[Role::Operator, Role::Manager]);
    assert_eq!(both, setup.of(Role::Operator).union(setup.of(Role::Manager)));
    assert!(both.contains(Permission::VariablesRead) && both.contains(Permission::ExternalTasksManage));
    assert!(!both.contains(Permission::DefinitionsDeploy));
    assert_eq!(setup.permissions(&[]), Permissions::default());
    assert!(Permission::ALL.into_iter().all(|permission| !setup.permissions(&[]).contains(permission)));
}

#[test]
fn a_tenants_own_setup_replaces_the_role_it_names_and_no_other() {
    let only_read: Permissions = [Permission::ExternalTasksRead].into_iter().collect();
    let setup = Setup::default().with(Role::Operator, only_read);
    assert_eq!(setup.of(Role::Operator), only_read);
    for role in [Role::User, Role::Manager, Role::Admin] {
        assert_eq!(setup.of(role), Setup::default().of(role), "{}", role.as_str());
    }
    assert_eq!(setup.reset(Role::Operator), Setup::default());
    assert!(!setup.is_default() && Setup::default().is_default());
}

#[test]
fn a_setup_is_stored_with_the_roles_that_differ() {
    let setup = Setup::default()
        .with(Role::User, Permissions::default())
        .with(Role::Manager, [Permission::InstancesRetry, Permission::InstancesRead].into_iter().collect());
    let stored = serde_json::to_value(setup).expect("JSON");
    assert_eq!(stored, json!({ "user": [], "manager": ["instances:read", "instances:retry"] }));
    assert_eq!(serde_json::from_value::<Setup>(stored).expect("a setup"), setup);
    assert_eq!(serde_json::to_value(Setup::default()).expect("JSON"), json!({}));
    assert_eq!(serde_json::from_value::<Setup>(json!({})).expect("a setup"), Setup::default());
}

#[test]
fn a_setup_with_unknown_words_is_not_read_in_part() {
    for stored in [json!({ "boss": [] }), json!({ "user": ["external-tasks:everything"] }), json!({ "user": "x" })] {
        assert!(serde_json::from_value::<Setup>(stored.clone()).is_err(), "{stored}");
    }
}

#[test]
fn every_permission_is_a_bit_of_its_own_and_has_one_name() {
    for permission in Permission::ALL {
        let only: Permissions = [permission].into_iter().collect();
        assert_eq!(only.iter().collect::<Vec<_>>(), [permission]);
        assert_eq!(Permission::parse(permission.as_str()), Some(permission));
    }
    assert_eq!(Permission::parse("External-Tasks:Read"), None);
    assert_eq!(Permissions::all().iter().count(), Permission::ALL.len());
}
