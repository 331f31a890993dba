//! The end of what is kept: every item of the instance, and of no other.

use super::fixture::*;
use crate::Store;
use crate::keys::Collection;
use crate::table::{SORT_KEY, TTL};
use std::collections::BTreeMap;

/// The TTL of each item of an instance, by sort key.
async fn ends(store: &Store, n: u64) -> BTreeMap<String, Option<String>> {
    let query = store.partition(Collection::Instance(TENANT, key(n)).to_string()).key_condition_expression("#pk = :pk");
    let items = store.query_all("test", query).await.expect("items");
    let text = |item: &crate::item::Item| item[SORT_KEY].as_s().expect("a text").clone();
    items.iter().map(|item| (text(item), item.get(TTL).and_then(|ttl| ttl.as_n().ok()).cloned())).collect()
}

#[tokio::test]
async fn every_item_of_an_ended_instance_is_marked_and_no_other() {
    let table = table().await;
    let store = table.store();
    let first = start(&store, 1).await;
    start(&store, 2).await;
    store.first_fetch(TENANT, task(1), at(3)).await.expect("noted");
    commit(&store, Some(&first), &completed(&first, at(9)), at(9)).await.expect("an answer");
    store.keep_until(TENANT, key(1), at(1_000)).await.expect("marked");
    let seconds = at(1_000).as_millis() / 1_000;
    let marked = ends(&store, 1).await;
    assert!(marked.len() >= 5, "head, task, first fetch and two journal items: {marked:?}");
    assert!(marked.values().all(|ttl| ttl.as_deref() == Some(seconds.to_string().as_str())), "{marked:?}");
    assert!(ends(&store, 2).await.values().all(Option::is_none), "another instance is not touched");
    let loaded = store.load(TENANT, key(1)).await.expect("a table").expect("still there until then");
    assert_eq!(loaded.aggregate.instance.key, key(1));
    assert_eq!(
        store.verify_chain(TENANT, key(1)).await.expect("a journal"),
        [],
        "the mark is no change of the history"
    );
    let (metered, meter) = store.metered();
    metered.keep_until(TENANT, key(1), at(1_000)).await.expect("again");
    assert!(meter.calls().iter().all(|call| call.operation == "Query"), "the same time again writes nothing");
}
