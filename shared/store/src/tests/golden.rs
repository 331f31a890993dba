//! Stored shapes: what is written today matches the newest golden file, and every golden file, also of old shapes, is
//! still read. A golden file is never changed: a new shape gets a new one beside it (`head-2.json`) and a new kind.

use super::fixture::*;
use crate::item::{Item, head, task as task_item, wire};
use crate::{IdempotencyRecord, JournalEntry, Mark, Store, TenantRecord, TokenRecord};
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::ElementNumber;
use domain::notification::Delivery;
use serde_json::{Value, json};
use std::path::PathBuf;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata").join(format!("{name}.json"))
}

fn golden(name: &str) -> Item {
    let text = std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}.json: {error}"));
    wire::item_from_json(&serde_json::from_str::<Value>(&text).expect("JSON")).expect("DynamoDB's JSON")
}

/// The item as stored is the golden file's. With `UPDATE_GOLDEN=1` a file that is missing is written.
async fn check(store: &Store, key: crate::keys::Key, name: &str) {
    let stored = store.get("test", &key, true).await.expect("a table").expect("an item");
    if std::env::var_os("UPDATE_GOLDEN").is_some() && !path(name).exists() {
        let json = serde_json::to_string_pretty(&wire::item_to_json(&stored).expect("known values")).expect("JSON");
        std::fs::write(path(name), json + "\n").expect("testdata");
    }
    assert_eq!(unpacked(stored), unpacked(golden(name)), "{name}");
}

/// With packed contents unpacked: another release of the compressor may pack the same contents otherwise.
fn unpacked(mut item: Item) -> Item {
    if let Some(AttributeValue::B(packed)) = item.get("b") {
        let bytes = crate::definitions::contents::unpack("golden", packed.as_ref()).expect("packed");
        item.insert("b".to_owned(), AttributeValue::B(Blob::new(bytes)));
    }
    item
}

#[tokio::test]
async fn today_every_shape_is_written_as_its_newest_golden_file() {
    use crate::keys;
    let table = table().await;
    let store = table.store();
    let actor = user();
    let decision = started(key(1), at(1));
    let request = crate::CommitRequest {
        before: None,
        decision: &decision,
        actor: &actor,
        origin: &domain::command::Origin::default(),
        command: "start",
        now: at(1),
        idempotency: Some(IdempotencyRecord {
            hash: "3f2a".to_owned(),
            body_hash: "77c1".to_owned(),
            status: 201,
            response: json!({ "instanceKey": "1" }),
            kept_s: 86_400,
        }),
    };
    let first = store.commit(TENANT, request).await.expect("a start");
    check(&store, keys::InstanceItem::Head.key(TENANT, key(1)), "head-2").await;
    check(&store, keys::InstanceItem::Task(TASK).key(TENANT, key(1)), "task-1").await;
    check(&store, first.journal.key(), "journal-1").await;
    check(&store, keys::idempotency(TENANT, "3f2a"), "idempotency-1").await;

    let mark = Mark { delivery: Delivery::Sent, message_id: Some("0102018c-ses".to_owned()), reason: None, at: at(2) };
    store.mark_mail(TENANT, &first.journal, 0, &mark).await.expect("marked");
    check(&store, first.journal.key(), "journal-1-sent").await;
    store.first_fetch(TENANT, task(1), at(3)).await.expect("noted");
    check(&store, keys::InstanceItem::Fetched(TASK).key(TENANT, key(1)), "fetched-1").await;
    let ended = commit(&store, Some(&first.loaded), &completed(&first.loaded, at(9)), at(9)).await.expect("an answer");
    check(&store, keys::InstanceItem::Head.key(TENANT, key(1)), "head-2-completed").await;
    check(&store, keys::InstanceItem::Task(TASK).key(TENANT, key(1)), "task-1-completed").await;
    check(&store, ended.journal.key(), "journal-1-completed").await;

    let tenant = TenantRecord {
        language: "de".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        epoch: 3,
        shards: 2,
        mail_from_name: Some("Acme Purchasing".to_owned()),
        ..TenantRecord::new(TENANT, "Acme GmbH", at(0))
    };
    store.put_tenant(&tenant).await.expect("a tenant");
    check(&store, keys::tenant(TENANT), "tenant-1").await;
    check(&store, keys::tenant_entry(TENANT), "tenant-entry-1").await;
    let token = TokenRecord {
        tenant: TENANT,
        user: "portal".to_owned(),
        roles: vec!["operator".to_owned()],
        groups: Vec::new(),
        created_at: at(0),
    };
    store.put_token("9d1e", &token).await.expect("a token");
    check(&store, keys::token("9d1e"), "token-1").await;

    let definition = crate::NewDefinition {
        process: domain::process::Process::new("P".to_owned(), "Approval".to_owned(), Vec::new(), Vec::new()),
        texts: vec!["<p>Dear {{ recipientName }}</p>".to_owned()],
        activities: json!([{ "id": "Activity_1" }]),
        warnings: json!([]),
    };
    let deployment =
        crate::NewDeployment { xml: b"<xml/>", definitions: vec![definition], by: "anna".to_owned(), now: at(5) };
    store.deploy(TENANT, deployment).await.expect("deployed");
    check(&store, keys::ProcessItem::Version(1).key(TENANT, "P"), "definition-1").await;
    check(&store, keys::ProcessItem::Deployed.key(TENANT, "P"), "pointer-1").await;
    check(&store, keys::catalogue(TENANT, "P"), "catalogue-1").await;
    check(&store, keys::ContentsItem::Compiled(0).key(TENANT, "P", 1), "compiled-1").await;
    check(&store, keys::ContentsItem::Text(0).key(TENANT, "P", 1), "text-1").await;
    check(&store, keys::ContentsItem::Xml(0).key(TENANT, "P", 1), "xml-1").await;
}

#[test]
fn every_golden_file_of_an_aggregate_is_read() {
    let expected = started(key(1), at(1)).after;
    let (instance, extras) = head::read(key(1), &golden("head-2")).expect("a head");
    assert_eq!(instance.version, 1);
    assert_eq!(domain::instance::Instance { version: 0, ..instance.clone() }, expected.instance);
    assert!(extras.chain.is_some());
    // Of before tasks counted for themselves: the next one gets a number that no element and no task has.
    let (of_before, same) = head::read(key(1), &golden("head-1")).expect("a head");
    assert_eq!((of_before.last_element, of_before.last_task, same), (ElementNumber(3), TASK, extras));
    assert_eq!(domain::instance::Instance { last_element: instance.last_element, ..of_before }, instance);
    let (task, extras) = task_item::read(task(1), &golden("task-1")).expect("a task");
    assert_eq!(task.version, 1);
    assert_eq!(domain::external_task::ExternalTask { version: 0, ..task }, expected.tasks[&TASK]);
    assert_eq!((extras.chain, extras.shard), (None, 0));
    for name in ["head-1-completed", "head-2-completed"] {
        let (instance, _) = head::read(key(1), &golden(name)).expect("a head");
        assert_eq!((instance.ended_at, instance.last_task), (Some(at(9)), TASK), "{name}");
    }
    let (task, _) = task_item::read(super::fixture::task(1), &golden("task-1-completed")).expect("a task");
    assert_eq!((task.outcome.as_deref(), task.completed_at), (Some("Approve"), Some(at(9))));

    let entry = JournalEntry::from_image(&golden("journal-1")).expect("an entry");
    assert_eq!((entry.command.as_str(), &entry.actor, entry.at), ("start", &user(), at(1)));
    assert_eq!(entry.events, started(key(1), at(1)).events);
    assert_eq!(entry.effects, started(key(1), at(1)).effects);
    assert_eq!(entry.mail(0), None);
    let sent = JournalEntry::from_image(&golden("journal-1-sent")).expect("an entry");
    let mail = sent.mail(0).expect("a mail");
    assert_eq!((mail.delivery, mail.message_id.as_deref(), mail.at), (Delivery::Sent, Some("0102018c-ses"), at(2)));
    assert_eq!(sent.hash, entry.hash, "receipts are outside of the chain");
    let ended = JournalEntry::from_image(&golden("journal-1-completed")).expect("an entry");
    assert_eq!(ended.forerunner, Some(entry.hash));
}

#[test]
fn every_golden_file_of_records_and_definitions_is_read() {
    let tenant = crate::tenants::read_tenant(TENANT, &golden("tenant-1")).expect("a tenant");
    assert_eq!((tenant.name.as_str(), tenant.epoch, tenant.shards), ("Acme GmbH", 3, 2));
    assert_eq!((tenant.mail_from_name.as_deref(), tenant.reply_to), (Some("Acme Purchasing"), None));
    let head = crate::definitions::read_head("P", &golden("definition-1")).expect("a head");
    assert_eq!((head.version, head.name.as_str(), head.deployed_at), (1, "Approval", at(5)));
    let entry = crate::definitions::read_entry(&golden("catalogue-1")).expect("an entry");
    assert_eq!((entry.process_id.as_str(), entry.version), ("P", 1));
    let unpacked = |name| crate::definitions::contents::join(name, &[golden(name)]).expect("whole").expect("a piece");
    let process: domain::process::Process = serde_json::from_slice(&unpacked("compiled-1")).expect("a process");
    assert_eq!((process.id.as_str(), process.name.as_str()), ("P", "Approval"));
    assert_eq!(unpacked("xml-1"), b"<xml/>");
}

#[tokio::test]
async fn golden_files_put_into_a_table_are_read_by_every_function() {
    let table = table().await;
    let store = table.store();
    for file in std::fs::read_dir(path("x").parent().expect("testdata")).expect("testdata") {
        let name = file.expect("a file").path().file_stem().expect("a name").to_string_lossy().into_owned();
        // Of items with the same key the newest shape of a task that waits.
        let others =
            ["head-1", "head-1-completed", "head-2-completed", "task-1-completed", "journal-1-completed", "journal-1"];
        if !others.contains(&name.as_str()) {
            store.put("test", golden(&name)).await.expect("a put");
        }
    }
    let loaded = store.load(TENANT, key(1)).await.expect("a table").expect("an instance");
    assert_eq!(loaded.fetched.get(&TASK), Some(&at(3)));
    assert!(store.verify_chain(TENANT, key(1)).await.expect("a journal").is_empty());
    let list = crate::TaskQuery { limit: 10, ..crate::TaskQuery::default() };
    assert_eq!(store.external_tasks(TENANT, &list, at(2)).await.expect("a page").items.len(), 1);
    assert!(store.idempotent(TENANT, "3f2a", at(2)).await.expect("a table").is_some());
    assert!(store.token("9d1e", at(0)).await.expect("a table").is_some());
    assert_eq!(store.tenants().await.expect("a list").len(), 1);
    let version = store.deployed(TENANT, "P").await.expect("a table").expect("a pointer").version;
    let text = store.text(TENANT, "P", version, domain::process::TextRef(0)).await.expect("a table");
    assert_eq!(text.as_deref(), Some("<p>Dear {{ recipientName }}</p>"));
    assert!(store.process(TENANT, "P", version).await.expect("a table").is_some());
    // A commit on top of yesterday's items.
    commit(&store, Some(&loaded), &completed(&loaded, at(9)), at(9)).await.expect("an answer");
    assert!(store.verify_chain(TENANT, key(1)).await.expect("a journal").is_empty());
}
