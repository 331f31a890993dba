//! Sessions that were ended before their time.

use super::fixture::*;
use domain::ids::TenantId;

#[tokio::test]
async fn an_ended_session_is_known_at_once_here_and_elsewhere_within_the_memory_of_a_process() {
    let table = table().await;
    let (here, there) = (table.store(), table.store());
    assert!(!there.session_ended(TENANT, "s-1", at(0)).await.expect("a table"));
    here.end_session(TENANT, "s-1", at(3_600), at(1)).await.expect("a table");
    assert!(here.session_ended(TENANT, "s-1", at(1)).await.expect("a table"));
    assert!(!there.session_ended(TENANT, "s-1", at(2)).await.expect("a table"), "its memory is 30 s old at most");
    assert!(there.session_ended(TENANT, "s-1", at(31)).await.expect("a table"));
    assert!(!here.session_ended(TENANT, "s-2", at(1)).await.expect("a table"));
    assert!(!here.session_ended(TenantId(8), "s-1", at(1)).await.expect("a table"));
}

#[tokio::test]
async fn asking_again_costs_nothing_for_half_a_minute() {
    let table = table().await;
    let (store, meter) = table.store().metered();
    for second in [0, 1, 29] {
        store.session_ended(TENANT, "s-1", at(second)).await.expect("a table");
    }
    assert_eq!(meter.take().len(), 1);
}
