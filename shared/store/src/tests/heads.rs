//! Heads for lists: what is there, of this tenant, without variables.

use super::fixture::*;
use crate::HEADS_MAX;
use domain::ids::TenantId;

#[tokio::test]
async fn heads_are_those_of_the_tenant_that_are_there_without_variables_and_tasks() {
    let table = table().await;
    let (store, meter) = table.store().metered();
    let first = start(&table.store(), 1).await;
    start(&table.store(), 2).await;
    let heads = store.heads(TENANT, &[key(2), key(1), key(3), key(1)]).await.expect("a table");
    assert_eq!(heads.keys().copied().collect::<Vec<_>>(), [key(1), key(2)]);
    let calls = meter.take();
    assert_eq!(calls.len(), 1, "one call, however many");
    let mut expected = first.aggregate.instance.clone();
    expected.variables.clear();
    assert_eq!(heads[&key(1)], expected);
    assert!(store.heads(TenantId(8), &[key(1)]).await.expect("a table").is_empty(), "another tenant sees nothing");
    assert!(store.heads(TENANT, &[]).await.expect("a table").is_empty());
    let many: Vec<_> = (1..=u64::try_from(HEADS_MAX).expect("few") + 50).map(key).collect();
    assert_eq!(store.heads(TENANT, &many).await.expect("more than one call takes are left out").len(), 2);
}
