//! Tenants and tokens: records, memory of 30 s, epochs that only rise.

use super::fixture::*;
use crate::{CACHED_MS, Error, SHARDS_MAX, TenantRecord, TokenRecord};
use domain::ids::TenantId;
use domain::outbound::{CommandEndpoint, Outbound};
use std::collections::BTreeMap;

fn record(id: u32) -> TenantRecord {
    TenantRecord {
        language: "de".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        mail_from_name: Some("Acme Purchasing".to_owned()),
        outbound: Outbound {
            hosts: vec!["api.acme.example".parse().expect("a host")],
            commands: BTreeMap::from([(
                "Score".to_owned(),
                CommandEndpoint {
                    url: "https://api.acme.example/score".to_owned(),
                    credentials: Some("score".to_owned()),
                },
            )]),
        },
        ..TenantRecord::new(TenantId(id), "Acme GmbH", at(0))
    }
}

#[tokio::test]
async fn tenants_are_listed_by_number() {
    let table = table().await;
    let store = table.store();
    for id in [10, 2, 7] {
        store.put_tenant(&record(id)).await.expect("a tenant");
    }
    assert_eq!(store.tenants().await.expect("a list"), vec![record(2), record(7), record(10)]);
    assert_eq!(store.tenant(TenantId(7), at(0)).await.expect("a table"), Some(record(7)));
    assert_eq!(store.tenant(TenantId(3), at(0)).await.expect("a table"), None);
}

/// Design 5: a killed epoch is dead everywhere within 30 s.
#[tokio::test]
async fn a_raised_epoch_is_seen_at_once_here_and_within_30_s_elsewhere() {
    let table = table().await;
    let (here, there) = (table.store(), table.store());
    here.put_tenant(&record(7)).await.expect("a tenant");
    let epoch = async |store: &crate::Store, ms: i64| {
        store.tenant(TENANT, at(0).plus_millis(ms)).await.expect("a table").expect("a tenant").epoch
    };
    assert_eq!((epoch(&here, 0).await, epoch(&there, 0).await), (1, 1));
    assert_eq!(here.raise_epoch(TENANT).await.expect("a table"), Some(2));
    assert_eq!(epoch(&here, 1).await, 2);
    assert_eq!(epoch(&there, CACHED_MS - 1).await, 1, "still from memory");
    assert_eq!(epoch(&there, CACHED_MS).await, 2);
    assert_eq!(here.raise_epoch(TenantId(99)).await.expect("a table"), None);
}

#[tokio::test]
async fn a_changed_record_brings_no_killed_epoch_back() {
    let table = table().await;
    let store = table.store();
    store.put_tenant(&record(7)).await.expect("a tenant");
    store.raise_epoch(TENANT).await.expect("a table");
    let renamed = TenantRecord { name: "Acme SE".to_owned(), created_at: at(99), ..record(7) };
    store.put_tenant(&renamed).await.expect("a change");
    let stored = store.tenant(TENANT, at(0)).await.expect("a table").expect("a tenant");
    assert_eq!((stored.name.as_str(), stored.epoch, stored.created_at), ("Acme SE", 2, at(0)));
}

#[tokio::test]
async fn shards_never_become_fewer() {
    let table = table().await;
    let store = table.store();
    store.put_tenant(&TenantRecord { shards: 4, ..record(7) }).await.expect("a tenant");
    let fewer = store.put_tenant(&TenantRecord { shards: 3, ..record(7) }).await;
    assert!(matches!(fewer, Err(Error::Conflict)), "{fewer:?}");
    store.put_tenant(&TenantRecord { shards: 6, ..record(7) }).await.expect("more");
    let too_many = store.put_tenant(&TenantRecord { shards: SHARDS_MAX + 1, ..record(7) }).await;
    assert!(matches!(too_many, Err(Error::TooLarge { .. })), "{too_many:?}");
    assert_eq!(store.tenant(TENANT, at(0)).await.expect("a table").map(|tenant| tenant.shards), Some(6));
}

#[tokio::test]
async fn a_deleted_token_is_dead_at_once_here_and_within_30_s_elsewhere() {
    let table = table().await;
    let (here, there) = (table.store(), table.store());
    let token = TokenRecord {
        tenant: TENANT,
        user: "portal".to_owned(),
        roles: vec!["operator".to_owned(), "user".to_owned()],
        groups: Vec::new(),
        created_at: at(0),
    };
    assert_eq!(there.token("0aff", at(0)).await.expect("a table"), None);
    here.put_token("0aff", &token).await.expect("a token");
    assert_eq!(here.token("0aff", at(0)).await.expect("a table"), Some(token.clone()));
    assert_eq!(there.token("0aff", at(0)).await.expect("a table"), Some(token.clone()), "a miss is not remembered");
    here.delete_token("0aff").await.expect("deleted");
    here.delete_token("0aff").await.expect("twice is success");
    assert_eq!(here.token("0aff", at(1)).await.expect("a table"), None);
    assert_eq!(there.token("0aff", at(29)).await.expect("a table"), Some(token));
    assert_eq!(there.token("0aff", at(30)).await.expect("a table"), None);
}

#[tokio::test]
async fn records_from_memory_cost_nothing() {
    let table = table().await;
    let (store, meter) = table.store().metered();
    store.put_tenant(&record(7)).await.expect("a tenant");
    store.tenant(TENANT, at(0)).await.expect("a table");
    meter.take();
    for second in 1..30 {
        store.tenant(TENANT, at(second)).await.expect("a table");
    }
    assert!(meter.calls().is_empty());
}
