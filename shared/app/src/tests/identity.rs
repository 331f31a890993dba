//! Identity tokens: signed with a fresh key pair here, verified as in production.

use crate::identity::{Expected, Identity, Refused, verify};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::time::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

const NOW_S: i64 = 1_795_167_600;
const EXPECTED: Expected<'_> = Expected { issuer: "https://id.example", client: "console", nonce: "n-1" };

struct Provider {
    key: EncodingKey,
    keys: JwkSet,
}

impl Provider {
    fn new() -> Provider {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref()).expect("a key pair");
        let point = pair.public_key().as_ref();
        let coordinate = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
        let keys = json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1",
            "x": coordinate(1..33), "y": coordinate(33..65),
        }] });
        Provider {
            key: EncodingKey::from_ec_der(document.as_ref()),
            keys: serde_json::from_value(keys).expect("a key set"),
        }
    }

    fn token(&self, kid: Option<&str>, claims: &Value) -> String {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::ES256) };
        encode(&header, claims, &self.key).expect("a token")
    }

    fn read(&self, claims: &Value) -> Result<Identity, Refused> {
        self.verify(&self.token(Some("k1"), claims))
    }

    fn verify(&self, token: &str) -> Result<Identity, Refused> {
        verify(&self.keys, token, &EXPECTED, Timestamp::from_millis(NOW_S * 1_000))
    }
}

fn claims(changed: Value) -> Value {
    let mut claims = json!({
        "iss": "https://id.example", "aud": "console", "sub": "ingrid", "nonce": "n-1", "exp": NOW_S + 60,
        "iat": NOW_S, "tenant": 7, "roles": ["operator", 5], "name": "Ingrid Solberg",
    });
    if let (Value::Object(claims), Value::Object(changed)) = (&mut claims, changed) {
        claims.extend(changed);
    }
    claims
}

#[test]
fn a_valid_token_says_who_somebody_is() {
    let provider = Provider::new();
    let identity = provider.read(&claims(json!({}))).expect("it is valid");
    let roles = vec!["operator".to_owned()];
    let (user, name) = ("ingrid".to_owned(), "Ingrid Solberg".to_owned());
    assert_eq!(identity, Identity { user, name, tenant: 7, roles });
    assert_eq!(provider.read(&claims(json!({ "name": null }))).map(|who| who.name), Ok("ingrid".to_owned()));
    assert_eq!(
        provider.read(&claims(json!({ "aud": ["console", "other"], "azp": "console" }))).map(|who| who.tenant),
        Ok(7)
    );
    let only_key = provider.token(None, &claims(json!({})));
    assert!(provider.verify(&only_key).is_ok(), "the only key needs no name");
}

#[test]
fn every_claim_is_checked() {
    let provider = Provider::new();
    for (changed, refused) in [
        (json!({ "iss": "https://id.example/" }), Refused::Forged),
        (json!({ "aud": "other" }), Refused::Forged),
        (json!({ "azp": "other" }), Refused::Forged),
        (json!({ "exp": NOW_S - 61 }), Refused::Expired),
        (json!({ "nbf": NOW_S + 61 }), Refused::Expired),
        (json!({ "nonce": "n-2" }), Refused::Nonce),
        (json!({ "nonce": null }), Refused::Nonce),
        (json!({ "tenant": null }), Refused::Claims),
        (json!({ "tenant": "7" }), Refused::Claims),
        (json!({ "tenant": -1 }), Refused::Claims),
        (json!({ "tenant": 4_294_967_296_u64 }), Refused::Claims),
        (json!({ "sub": "x".repeat(201) }), Refused::Claims),
    ] {
        assert_eq!(provider.read(&claims(changed.clone())), Err(refused), "{changed}");
    }
}

#[test]
fn only_signatures_of_the_provider_count() {
    let (provider, other) = (Provider::new(), Provider::new());
    let foreign = other.token(Some("k1"), &claims(json!({})));
    assert_eq!(provider.verify(&foreign), Err(Refused::Forged));
    assert_eq!(provider.verify(&provider.token(Some("k2"), &claims(json!({})))), Err(Refused::UnknownKey));
    // Everybody knows the published key: as a shared secret it proves nothing.
    let header = Header { kid: Some("k1".to_owned()), ..Header::new(Algorithm::HS256) };
    let shared = encode(&header, &claims(json!({})), &EncodingKey::from_secret(b"public")).expect("a token");
    assert_eq!(provider.verify(&shared), Err(Refused::Algorithm));
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!("{}.{}.", part(json!({ "alg": "none" })), part(claims(json!({}))));
    assert_eq!(provider.verify(&unsigned), Err(Refused::Algorithm));
    for garbage in ["", ".", "a.b.c", &"x".repeat(100_000)] {
        assert_eq!(provider.verify(garbage), Err(Refused::Algorithm));
    }
}
