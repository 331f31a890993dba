//! Who waits for a message or signal is found by what is awaited, as long as it waits (S4-106, S4-114).

use super::fixture::*;
use crate::{Loaded, Store, Subscriber};
use domain::event::Event;
use domain::ids::{ElementNumber, TenantId};
use domain::instance::{Awaited, Subscription};

fn paid(key: &str) -> Awaited {
    Awaited::Message { name: "Paid".to_owned(), key: key.to_owned() }
}

fn subscribed(before: &Loaded, event: &str, to: &Awaited) -> domain::decision::Decision {
    let subscription = Subscription { event: event.to_owned(), to: to.clone() };
    changed(before, at(5), vec![Event::Subscribed { element: ElementNumber(2), subscription }])
}

async fn waiting(store: &Store, awaited: &Awaited) -> Vec<Subscriber> {
    store.subscribers(TENANT, awaited, None, 25).await.expect("a table")
}

#[tokio::test]
async fn a_subscription_is_found_until_its_element_ends() {
    let table = table().await;
    let store = table.store();
    let before = start(&store, 1).await;
    let first =
        commit(&store, Some(&before), &subscribed(&before, "paid", &paid("A")), at(5)).await.expect("one").loaded;
    let signal = Awaited::Signal { name: "Paid".to_owned() };
    let both = commit(&store, Some(&first), &subscribed(&first, "stop", &signal), at(6)).await.expect("two").loaded;
    let subscriber = |event: &str| Subscriber { instance: key(1), element: ElementNumber(2), event: event.to_owned() };
    assert_eq!(waiting(&store, &paid("A")).await, [subscriber("paid")]);
    assert_eq!(waiting(&store, &signal).await, [subscriber("stop")]);
    assert!(waiting(&store, &paid("B")).await.is_empty());
    assert!(store.subscribers(TenantId(8), &paid("A"), None, 25).await.expect("a table").is_empty());

    commit(&store, Some(&both), &cancelled(&both, at(9)), at(9)).await.expect("a cancel");
    assert!(waiting(&store, &paid("A")).await.is_empty() && waiting(&store, &signal).await.is_empty());
}

/// Name and key are texts of any kind: nothing of one may be taken for the other.
#[tokio::test]
async fn names_and_keys_do_not_run_into_each_other() {
    let table = table().await;
    let store = table.store();
    let before = start(&store, 1).await;
    let awaited = Awaited::Message { name: "A#1".to_owned(), key: "2".to_owned() };
    commit(&store, Some(&before), &subscribed(&before, "e", &awaited), at(5)).await.expect("a table");
    for (name, key) in [("A", "#12"), ("A#12", ""), ("A#", "12")] {
        let other = Awaited::Message { name: name.to_owned(), key: key.to_owned() };
        assert!(waiting(&store, &other).await.is_empty(), "{name} {key}");
    }
    assert_eq!(waiting(&store, &awaited).await.len(), 1);
}

#[tokio::test]
async fn who_waits_longest_comes_first_page_by_page() {
    let table = table().await;
    let store = table.store();
    for n in [3, 1, 2] {
        let before = start(&store, n).await;
        commit(&store, Some(&before), &subscribed(&before, "paid", &paid("A")), at(5)).await.expect("a table");
    }
    let first = store.subscribers(TENANT, &paid("A"), None, 2).await.expect("a table");
    assert_eq!(first.iter().map(|found| found.instance).collect::<Vec<_>>(), [key(1), key(2)]);
    let rest = store.subscribers(TENANT, &paid("A"), first.last(), 2).await.expect("a table");
    assert_eq!(rest.iter().map(|found| found.instance).collect::<Vec<_>>(), [key(3)]);
}
