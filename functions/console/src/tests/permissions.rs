//! S0-76: who may go where. What a role may not see is 404, what it may see and not do is 403; another tenant sees nothing.

use super::browser::{Browser, House, at};
use crate::Console;
use domain::ids::{TaskNumber, TenantId};
use domain::permission::{Permission, Role, Setup};
use domain::time::Timestamp;
use store::{NewDefinition, NewDeployment, TenantRecord};

const ROLES: [&str; 4] = ["user", "operator", "manager", "admin"];
const PROCESS: &str = r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="f" targetNamespace="t"><bpmn:process id="Ours" isExecutable="true"><bpmn:startEvent id="S"/><bpmn:sequenceFlow id="F" sourceRef="S" targetRef="E"/><bpmn:endEvent id="E"/></bpmn:process></bpmn:definitions>"#;

async fn deploy(house: &House, now: Timestamp) {
    let reading = bpmn::read(PROCESS.as_bytes());
    let definitions = reading.definitions.into_iter().map(|definition| NewDefinition {
        process: definition.process,
        texts: definition.texts,
        activities: serde_json::json!([]),
        warnings: serde_json::json!([]),
    });
    let definitions: Vec<NewDefinition> = definitions.collect();
    assert_eq!(definitions.len(), 1, "{:?}", reading.diagnostics);
    let deployment = NewDeployment { xml: PROCESS.as_bytes(), definitions, by: "a test".to_owned(), now };
    house.table.store().deploy(TenantId(1), deployment).await.expect("as the test sets it up");
}

async fn statuses(house: &House, console: &Console, path: &str) -> [u16; 5] {
    let mut found = [0; 5];
    for (number, role) in ROLES.iter().chain(&["other"]).enumerate() {
        let mut browser = Browser::with_token(console, &format!("cs_{role}")).await;
        found[number] = browser.get(console, path, at(1)).await.status;
    }
    assert!(!house.table.name.is_empty());
    found
}

#[tokio::test]
async fn every_page_is_there_for_those_who_may_see_it() {
    let house = House::build().await;
    deploy(&house, at(0)).await;
    let console = house.console();
    // user, operator, manager, admin; then an administrator of another tenant.
    for (path, expected) in [
        ("/external-tasks", [404, 200, 200, 200, 200]),
        ("/bulk-runs", [404, 200, 200, 200, 200]),
        ("/delivery", [404, 200, 200, 200, 200]),
        ("/definitions", [404, 200, 200, 200, 200]),
        ("/definitions/Ours", [404, 200, 200, 200, 404]),
        ("/definitions/Ours/versions/1/xml", [404, 200, 200, 200, 404]),
        ("/definitions/Ours/versions/1/outline", [404, 200, 200, 200, 404]),
        ("/definitions/Ours/versions/2/xml", [404, 404, 404, 404, 404]),
        ("/definitions/Ours?version=0", [404, 404, 404, 404, 404]),
        ("/deploy", [404, 403, 403, 200, 200]),
        ("/nothing", [404, 404, 404, 404, 404]),
        ("/bulk-runs/1", [404, 404, 404, 404, 404]),
        ("/external-tasks/1", [404, 404, 404, 404, 404]),
        ("/external-tasks/not-a-key", [404, 404, 404, 404, 404]),
        ("/instances/1", [404, 404, 404, 404, 404]),
    ] {
        assert_eq!(statuses(&house, &console, path).await, expected, "{path}");
    }
}

#[tokio::test]
async fn what_may_be_seen_but_not_done_is_refused_with_403_and_changes_nothing() {
    let house = House::build().await;
    deploy(&house, at(0)).await;
    let console = house.console();
    let task = domain::ids::InstanceKey::compose(at(0).as_millis(), 3).task(TaskNumber(1)).to_string();
    for (role, path, fields, expected) in [
        ("user", "/deploy", vec![], 404),
        ("operator", "/deploy", vec![("kept", "H4sI")], 403),
        ("manager", "/deploy", vec![], 403),
        ("admin", "/deploy", vec![], 422),
        ("user", "/bulk-runs", vec![("action", "cancel"), ("key", task.as_str())], 404),
        ("manager", "/bulk-runs", vec![("action", "cancel"), ("key", task.as_str())], 403),
        ("manager", "/bulk-runs/1/stop", vec![], 403),
        ("user", "/bulk-runs/1/stop", vec![], 404),
    ] {
        let mut browser = Browser::with_token(&console, &format!("cs_{role}")).await;
        let csrf = browser.csrf(&console, at(1)).await;
        let mut fields = fields.clone();
        fields.push(("csrf", &csrf));
        let shown = browser.post(&console, path, &fields, at(1)).await;
        assert_eq!(shown.status, expected, "{role} {path}");
    }
    assert_eq!(house.table.store().versions(TenantId(1), "Ours").await.expect("as the test sets it up").len(), 1);
}

#[tokio::test]
async fn the_navigation_and_the_first_page_follow_the_tenants_own_setup() {
    let house = House::build().await;
    let only = |permission: Permission| [permission].into_iter().collect();
    let record = TenantRecord::new(TenantId(1), "Norvik Harbour", at(0));
    let setup = Setup::default().with(Role::User, only(Permission::DefinitionsRead));
    house.table.store().put_tenant(&TenantRecord { setup, ..record }).await.expect("as the test sets it up");
    let console = house.console();
    let mut browser = Browser::with_token(&console, "cs_user").await;
    assert_eq!(browser.get(&console, "/", at(1)).await.location.as_deref(), Some("/definitions"));
    let page = browser.get(&console, "/definitions", at(1)).await;
    assert!(page.html.contains("data-go=\"p\"") && !page.html.contains("data-go=\"e\""));
    assert!(!page.html.contains("Deploy a file"));
}

#[tokio::test]
async fn a_file_that_unfolds_into_too_much_is_refused() {
    use base64::Engine;
    use std::io::Write;
    let house = House::build().await;
    let console = house.console();
    let mut browser = Browser::with_token(&console, "cs_admin").await;
    let csrf = browser.csrf(&console, at(1)).await;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(&vec![b' '; 64 * 1024 * 1024]).expect("as the test sets it up");
    let kept =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(encoder.finish().expect("as the test sets it up"));
    for kept in [kept.as_str(), "not base64!", "AAAA"] {
        let fields = [("csrf", csrf.as_str()), ("kept", kept), ("step", "deploy")];
        let shown = browser.post(&console, "/deploy", &fields, at(1)).await;
        assert_eq!(shown.status, 422);
        assert!(shown.html.contains("did not come back whole"));
    }
}
