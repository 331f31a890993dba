//! Bearer tokens of an identity provider: signed with a fresh key pair here, verified as in production.

use crate::auth::{Oidc, OidcConfig};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::time::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

const NOW_S: i64 = 1_763_000_000;

/// An identity provider of the tests.
struct Provider {
    key: EncodingKey,
    oidc: Oidc,
}

impl Provider {
    fn new() -> Provider {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).expect("a key pair");
        // An uncompressed point: 0x04, x, y.
        let point = pair.public_key().as_ref();
        let coordinate = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
        let jwks = json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1",
            "x": coordinate(1..33), "y": coordinate(33..65),
        }] });
        let config = OidcConfig {
            issuer: "https://id.example".to_owned(),
            audience: "countersign".to_owned(),
            jwks: jwks.to_string(),
        };
        Provider { key: EncodingKey::from_ec_der(document.as_ref()), oidc: Oidc::new(config).expect("a key set") }
    }

    fn token(&self, claims: &Value) -> String {
        let header = Header { kid: Some("k1".to_owned()), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &self.key).expect("a token")
    }

    fn accepts(&self, claims: &Value) -> bool {
        self.oidc.verify(&self.token(claims), Timestamp::from_millis(NOW_S * 1_000)).is_some()
    }
}

fn claims(changed: Value) -> Value {
    let mut claims = json!({
        "iss": "https://id.example", "aud": "countersign", "sub": "marit@norvik.example", "tenant": 7,
        "roles": ["operator", "unknown-role"], "exp": NOW_S + 600, "nbf": NOW_S - 5,
    });
    if let (Value::Object(claims), Value::Object(changed)) = (&mut claims, changed) {
        claims.extend(changed);
    }
    claims
}

#[test]
fn a_valid_token_names_tenant_user_and_roles() {
    let provider = Provider::new();
    let now = Timestamp::from_millis(NOW_S * 1_000);
    let said = provider.oidc.verify(&provider.token(&claims(json!({}))), now).expect("a caller");
    assert_eq!((said.tenant, said.sub.as_str()), (7, "marit@norvik.example"));
    assert_eq!(said.roles, ["operator", "unknown-role"], "what is no role here allows nothing");
}

#[test]
fn every_claim_must_fit() {
    let provider = Provider::new();
    assert!(provider.accepts(&claims(json!({ "aud": ["other", "countersign"] }))));
    for changed in [
        json!({ "iss": "https://evil.example" }),
        json!({ "aud": "another-client" }),
        json!({ "exp": NOW_S - 61 }),
        json!({ "nbf": NOW_S + 61 }),
        json!({ "exp": "soon" }),
        json!({ "tenant": "7" }),
        json!({ "tenant": null }),
        json!({ "sub": null }),
    ] {
        assert!(!provider.accepts(&claims(changed.clone())), "{changed}");
    }
}

#[test]
fn a_token_of_another_key_or_without_a_real_signature_is_refused() {
    let (provider, stranger) = (Provider::new(), Provider::new());
    let now = Timestamp::from_millis(NOW_S * 1_000);
    let genuine = provider.token(&claims(json!({})));
    assert!(provider.oidc.verify(&stranger.token(&claims(json!({}))), now).is_none());
    let body = genuine.split('.').nth(1).expect("three parts");
    for header in
        [json!({ "alg": "none", "kid": "k1" }), json!({ "alg": "HS256", "kid": "k1" }), json!({ "alg": "ES256" })]
    {
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        assert!(provider.oidc.verify(&format!("{header}.{body}."), now).is_none());
        assert!(provider.oidc.verify(&format!("{header}.{body}.AAAA"), now).is_none());
    }
    // With HS256 the public key itself would be the secret.
    let hmac = encode(
        &Header { kid: Some("k1".to_owned()), ..Header::new(Algorithm::HS256) },
        &claims(json!({})),
        &EncodingKey::from_secret(b"anything"),
    );
    assert!(provider.oidc.verify(&hmac.expect("a token"), now).is_none());
    for text in ["", "a.b.c", "....", &genuine[..genuine.len() - 2]] {
        assert!(provider.oidc.verify(text, now).is_none());
    }
}
