//! X-07: what makes two requests the same request.

use crate::auth::Caller;
use crate::idempotency::RequestHash;
use domain::ids::TenantId;
use domain::permission::{Role, Setup};
use serde_json::json;

fn caller(user: &str) -> Caller {
    Caller::new(TenantId(1), user.to_owned(), vec![Role::Admin], &Setup::default())
}

#[test]
fn the_order_of_names_and_white_space_do_not_make_another_body() {
    let one = serde_json::from_str(r#"{"b": [1, {"d": null, "c": "x"}], "a": 1.0}"#).expect("JSON");
    let two = serde_json::from_str(r#"{"a":1.0,"b":[1,{"c":"x","d":null}]}"#).expect("JSON");
    let hash = |body| RequestHash::new(&caller("u"), "POST", "/v1/instances", "k", body);
    assert_eq!(hash(&one), hash(&two));
    assert_ne!(hash(&one).body, hash(&json!({"a": 2})).body);
}

#[test]
fn caller_method_path_and_key_each_make_another_request() {
    let body = json!({});
    let base = RequestHash::new(&caller("u"), "POST", "/v1/instances", "k", &body);
    let others = [
        RequestHash::new(&caller("v"), "POST", "/v1/instances", "k", &body),
        RequestHash::new(&Caller { tenant: TenantId(2), ..caller("u") }, "POST", "/v1/instances", "k", &body),
        RequestHash::new(&caller("u"), "PUT", "/v1/instances", "k", &body),
        RequestHash::new(&caller("u"), "POST", "/v1/instance", "k", &body),
        RequestHash::new(&caller("u"), "POST", "/v1/instances", "l", &body),
    ];
    for other in others {
        assert_ne!(other.request, base.request);
    }
}
