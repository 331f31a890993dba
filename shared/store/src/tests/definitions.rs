//! Definitions: versions, two deployments at once, and reads that touch no more than what they show.

use super::dynamo::LocalTable;
use super::fixture::*;
use crate::item::Item;
use crate::{DefinitionEntry, Deployed, Error, IdempotencyRecord, JournalEntry, NewDefinition, NewDeployment, Store};
use domain::ids::TenantId;
use domain::process::{Element, ElementKind, Process, TextRef, Timer};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn process(id: &str, name: &str, elements: usize) -> Process {
    let element = |number: usize| Element {
        id: format!("Event_{number}"),
        name: format!("End {number}"),
        kind: ElementKind::EndEvent,
        outgoing: Vec::new(),
        incoming: 1,
        default: None,
        boundaries: Vec::new(),
        parent: None,
        async_before: false,
        async_after: false,
        multi_instance: None,
        entity_state: None,
        description: None,
        headers: BTreeMap::new(),
        line: 1,
    };
    Process::new(id.to_owned(), name.to_owned(), (0..elements).map(element).collect(), Vec::new())
}

fn definition(id: &str, texts: &[&str]) -> NewDefinition {
    NewDefinition {
        process: process(id, "Supplier approval", 3),
        texts: texts.iter().map(|text| (*text).to_owned()).collect(),
        activities: json!([{ "id": "Activity_1", "name": "Approve" }]),
        warnings: json!([{ "code": "PAGE_TOO_BIG" }]),
    }
}

async fn deploy(store: &Store, xml: &str, definitions: Vec<NewDefinition>) -> Result<Vec<Deployed>, Error> {
    let deployment = NewDeployment { xml: xml.as_bytes(), definitions, by: "anna".to_owned(), now: at(5) };
    store.deploy(TENANT, deployment).await
}

fn done(process_id: &str, version: u32, unchanged: bool) -> Deployed {
    Deployed { process_id: process_id.to_owned(), version, unchanged }
}

/// Text that does not compress: a deployment of real size.
fn noise(bytes: usize) -> String {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut text = String::with_capacity(bytes);
    while text.len() < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        text.push(char::from(b'!' + u8::try_from(state % 90).expect("below 90")));
    }
    text
}

/// Every journal item of the table.
async fn journal(table: &LocalTable) -> Vec<Item> {
    let items = table.client.scan().table_name(&table.name).send().await.expect("a table");
    let is_journal = |item: &Item| item["sk"].as_s().is_ok_and(|sk| sk.starts_with("~J#"));
    items.items.unwrap_or_default().into_iter().filter(is_journal).collect()
}

#[tokio::test]
async fn a_new_version_orders_the_first_firing_of_its_timers_in_the_same_transaction() {
    let table = table().await;
    let store = table.store();
    let mut timed = definition("P", &[]);
    timed.process.elements[0].kind = ElementKind::TimerStart(Timer::Cycle("R/PT1H".parse().expect("a cycle")));
    for _ in 0..2 {
        deploy(&store, "<a/>", vec![timed.clone(), definition("Q", &[])]).await.expect("deployed or unchanged");
    }
    deploy(&store, "<b/>", vec![definition("Q", &[])]).await.expect("another one without timers");
    let items = journal(&table).await;
    assert_eq!(items.len(), 1, "{items:?}");
    let entry = JournalEntry::from_image(&items[0]).expect("a journal item");
    assert_eq!((entry.command.as_str(), entry.actor.name(), entry.at), ("deploy", "anna", at(5)));
    assert_eq!(entry.effects, domain::first_starts(&timed.process, 1, at(5)));
    assert!(items[0].contains_key("ttl"), "nothing reads it after its effects are done: {items:?}");
}

#[tokio::test]
async fn another_file_is_a_new_version_and_the_same_file_is_not() {
    let table = table().await;
    let store = table.store();
    assert_eq!(store.deployed(TENANT, "P").await.expect("a table"), None);
    assert_eq!(deploy(&store, "<a/>", vec![definition("P", &[])]).await.expect("first"), vec![done("P", 1, false)]);
    assert_eq!(deploy(&store, "<a/>", vec![definition("P", &[])]).await.expect("again"), vec![done("P", 1, true)]);
    assert_eq!(deploy(&store, "<b/>", vec![definition("P", &[])]).await.expect("other"), vec![done("P", 2, false)]);
    // Back to an earlier file: a version of its own, as the deployed one is another.
    assert_eq!(deploy(&store, "<a/>", vec![definition("P", &[])]).await.expect("back"), vec![done("P", 3, false)]);

    let pointer = store.deployed(TENANT, "P").await.expect("a table").expect("a pointer");
    assert_eq!(pointer.version, 3);
    let versions = store.versions(TENANT, "P").await.expect("versions");
    assert_eq!(versions.iter().map(|head| head.version).collect::<Vec<_>>(), vec![3, 2, 1]);
    assert_eq!(versions[0].digest, versions[2].digest);
    let head = store.definition(TENANT, "P", 2).await.expect("a table").expect("a head");
    assert_eq!((head.name.as_str(), head.deployed_by.as_str(), head.deployed_at), ("Supplier approval", "anna", at(5)));
    assert_eq!((&head.activities[0]["id"], &head.warnings[0]["code"]), (&json!("Activity_1"), &json!("PAGE_TOO_BIG")));
    assert_eq!(store.xml(TENANT, "P", 2).await.expect("a table").as_deref(), Some("<b/>"));
    assert_eq!(store.xml(TENANT, "P", 4).await.expect("a table"), None);
    assert_eq!(store.definition(TenantId(8), "P", 1).await.expect("a table"), None, "another tenant sees nothing");
    assert!(store.process(TenantId(8), "P", 1).await.expect("a table").is_none());
}

/// Contract: writes with an Idempotency-Key.
#[tokio::test]
async fn a_repeated_deployment_finds_the_answer_of_the_first() {
    let table = table().await;
    let store = table.store();
    let answer = |deployed: &[Deployed]| IdempotencyRecord {
        hash: "3f2a".to_owned(),
        body_hash: "77c1".to_owned(),
        status: if deployed[0].unchanged { 200 } else { 201 },
        response: json!({ "version": deployed[0].version }),
        kept_s: 86_400,
    };
    let deploy_once = async || {
        let deployment =
            NewDeployment { xml: b"<a/>", definitions: vec![definition("P", &[])], by: "anna".to_owned(), now: at(5) };
        store.deploy_once(TENANT, deployment, Some(&answer)).await
    };
    assert_eq!(deploy_once().await.expect("the first"), vec![done("P", 1, false)]);
    assert!(matches!(deploy_once().await, Err(Error::IdempotencyTaken)));
    let kept = store.idempotent(TENANT, "3f2a", at(6)).await.expect("a table").expect("the answer");
    assert_eq!((kept.status, kept.response), (201, json!({ "version": 1 })));
}

#[tokio::test]
async fn a_file_with_several_processes_is_deployed_whole() {
    let table = table().await;
    let store = table.store();
    deploy(&store, "<a/>", vec![definition("B", &[])]).await.expect("one");
    let deployed = deploy(&store, "<ab/>", vec![definition("A", &[]), definition("B", &[])]).await.expect("both");
    assert_eq!(deployed, vec![done("A", 1, false), done("B", 2, false)]);
    // One of them comes from another file now; only that one changes back.
    deploy(&store, "<c/>", vec![definition("B", &[])]).await.expect("one");
    let deployed = deploy(&store, "<ab/>", vec![definition("A", &[]), definition("B", &[])]).await.expect("both");
    assert_eq!(deployed, vec![done("A", 1, true), done("B", 4, false)]);
    assert_eq!(store.xml(TENANT, "A", 1).await.expect("a table").as_deref(), Some("<ab/>"));
}

#[tokio::test]
async fn of_deployments_at_once_each_gets_a_version_of_its_own() {
    let table = table().await;
    let (one, two, three) = (table.store(), table.store(), table.store());
    let (a, b, c) = tokio::join!(
        deploy(&one, "<a/>", vec![definition("P", &[])]),
        deploy(&two, "<b/>", vec![definition("P", &[])]),
        deploy(&three, "<c/>", vec![definition("P", &[])]),
    );
    let mut versions: Vec<u32> =
        [a, b, c].into_iter().flat_map(|deployed| deployed.expect("retried")).map(|one| one.version).collect();
    versions.sort_unstable();
    assert_eq!(versions, vec![1, 2, 3]);
    assert_eq!(one.deployed(TENANT, "P").await.expect("a table").map(|pointer| pointer.version), Some(3));
    assert_eq!(one.versions(TENANT, "P").await.expect("versions").len(), 3);
    // The version and what it holds belong together.
    for head in one.versions(TENANT, "P").await.expect("versions") {
        let xml = one.xml(TENANT, "P", head.version).await.expect("a table").expect("a file");
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, xml.as_bytes());
        let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, head.digest);
    }
}

#[tokio::test]
async fn the_same_file_deployed_twice_at_once_is_one_version() {
    let table = table().await;
    let (one, two) = (table.store(), table.store());
    let (a, b) = tokio::join!(
        deploy(&one, "<a/>", vec![definition("P", &[])]),
        deploy(&two, "<a/>", vec![definition("P", &[])]),
    );
    let (a, b) = (a.expect("deployed"), b.expect("deployed"));
    assert_eq!((a[0].version, b[0].version), (1, 1));
    assert!(a[0].unchanged != b[0].unchanged, "one of them wrote it");
}

#[tokio::test]
async fn a_large_file_is_cut_into_pieces_and_comes_back_whole() {
    let table = table().await;
    let store = table.store();
    let xml = format!("<!--{}-->", noise(1_200_000));
    let large = NewDefinition { process: process("P", "Large", 20_000), ..definition("P", &[]) };
    deploy(&store, &xml, vec![large.clone()]).await.expect("deployed");
    assert_eq!(store.xml(TENANT, "P", 1).await.expect("a table"), Some(xml));
    let compiled = table.store().process(TENANT, "P", 1).await.expect("a table").expect("a process");
    assert_eq!(*compiled, large.process);
    assert!(compiled.element("Event_19999").is_some(), "the index is rebuilt");
}

#[tokio::test]
async fn a_missing_piece_is_told_and_not_read_over() {
    let table = table().await;
    let store = table.store();
    let xml = format!("<!--{}-->", noise(1_200_000));
    deploy(&store, &xml, vec![definition("P", &[])]).await.expect("deployed");
    store.delete("test", &crate::keys::ContentsItem::Xml(1).key(TENANT, "P", 1)).await.expect("deleted");
    let refused = store.xml(TENANT, "P", 1).await;
    assert!(matches!(&refused, Err(Error::Corrupt { problem, .. }) if problem.contains("pieces")), "{refused:?}");
}

/// Issue: a cold page reads what it shows.
#[tokio::test]
async fn a_cold_text_is_one_item_and_a_warm_one_none() {
    let table = table().await;
    let page = format!("<p>Dear supplier ä</p>{}", "<p>terms</p>".repeat(500));
    let big = noise(100_000);
    deploy(&table.store(), "<a/>", vec![definition("P", &[&big, &page, &big])]).await.expect("deployed");
    let (store, meter) = table.store().metered();
    let text = store.text(TENANT, "P", 1, TextRef(1)).await.expect("a table").expect("a text");
    assert_eq!(&*text, page.as_str());
    let calls = meter.take();
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].operation, calls[0].units.table_read), ("GetItem", 1.0));
    assert!(store.text(TENANT, "P", 1, TextRef(1)).await.expect("a table").is_some());
    assert!(meter.calls().is_empty());
    assert_eq!(store.text(TENANT, "P", 1, TextRef(3)).await.expect("a table"), None);
    assert_eq!(store.text(TENANT, "P", 2, TextRef(0)).await.expect("a table"), None);
}

#[tokio::test]
async fn starting_with_a_known_definition_reads_the_pointer_only() {
    let table = table().await;
    let (store, meter) = table.store().metered();
    deploy(&store, "<a/>", vec![definition("P", &[])]).await.expect("deployed");
    store.process(TENANT, "P", 1).await.expect("a table");
    meter.take();
    let pointer = store.deployed(TENANT, "P").await.expect("a table").expect("a pointer");
    assert!(store.process(TENANT, "P", pointer.version).await.expect("a table").is_some());
    assert_eq!(meter.units().table_read, 1.0);
}

#[tokio::test]
async fn ids_with_separators_and_letters_of_any_script_are_kept_apart() {
    let table = table().await;
    let store = table.store();
    let ids = ["a", "a#1", "a%231", "Größe", "审批"];
    for id in ids {
        deploy(&store, id, vec![definition(id, &[id])]).await.expect("deployed");
    }
    for id in ids {
        assert_eq!(store.xml(TENANT, id, 1).await.expect("a table").as_deref(), Some(id));
        assert_eq!(store.text(TENANT, id, 1, TextRef(0)).await.expect("a table").as_deref(), Some(id));
        assert_eq!(store.versions(TENANT, id).await.expect("versions").len(), 1, "{id}");
    }
}

#[tokio::test]
async fn the_list_of_processes_shows_each_once_page_by_page() {
    let table = table().await;
    let store = table.store();
    for id in ["C", "A", "B", "D", "E"] {
        deploy(&store, "<a/>", vec![definition(id, &[])]).await.expect("deployed");
    }
    deploy(&store, "<b/>", vec![definition("B", &[])]).await.expect("a second version");
    let (mut entries, mut after): (Vec<DefinitionEntry>, _) = (Vec::new(), None);
    loop {
        let (page, next) = store.definitions(TENANT, 2, after).await.expect("a page");
        entries.extend(page);
        after = next;
        if after.is_none() {
            break;
        }
    }
    let seen: Vec<_> = entries.iter().map(|entry| (entry.process_id.as_str(), entry.version)).collect();
    assert_eq!(seen, vec![("A", 1), ("B", 2), ("C", 1), ("D", 1), ("E", 1)]);
    assert_eq!((entries[0].name.as_str(), entries[0].deployed_at), ("Supplier approval", at(5)));
    assert!(store.definitions(TenantId(8), 10, None).await.expect("a page").0.is_empty());
}

#[tokio::test]
async fn an_id_too_long_for_a_key_is_refused_with_the_limit() {
    let table = table().await;
    let store = table.store();
    let refused = deploy(&store, "<a/>", vec![definition(&"p".repeat(256), &[])]).await;
    assert!(matches!(&refused, Err(Error::TooLarge { size: 256, limit: 255, .. })), "{refused:?}");
    let longest = "ä".repeat(127);
    deploy(&store, "<a/>", vec![NewDefinition { warnings: Value::Null, ..definition(&longest, &[]) }])
        .await
        .expect("254 bytes");
}

#[test]
fn memory_keeps_what_was_used_last_within_its_weight() {
    let cache = crate::cache::LruCache::new(10);
    for key in ["a", "b", "c"] {
        cache.put(key, key, 3);
    }
    assert_eq!(cache.get(&"a"), Some("a"));
    cache.put("d", "d", 4);
    assert_eq!(
        [cache.get(&"a"), cache.get(&"b"), cache.get(&"c"), cache.get(&"d")],
        [Some("a"), None, Some("c"), Some("d")]
    );
    cache.put("e", "e", 11);
    assert_eq!(cache.get(&"e"), None, "heavier than everything allowed");
    cache.put("d", "D", 4);
    assert_eq!([cache.get(&"a"), cache.get(&"c"), cache.get(&"d")], [Some("a"), Some("c"), Some("D")]);
}
