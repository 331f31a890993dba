//! Sessions: what is signed is read again, nothing else is.

use crate::keys::Secret;
use crate::session::{HANDSHAKE_MS, Handshake, Proof, SESSION_MS, Session};
use domain::ids::TenantId;
use domain::time::Timestamp;

fn now() -> Timestamp {
    Timestamp::from_millis(1_795_167_600_000)
}

fn secret(text: &str) -> Secret {
    Secret::new(&text.repeat(8)).expect("it is long enough")
}

fn session() -> Session {
    let (user, name) = ("ingrid@norvik.example".to_owned(), "Ingrid Solberg".to_owned());
    Session::begin(TenantId(1), user, name, vec!["operator".to_owned()], Proof::Provider, now())
}

fn later(ms: i64) -> Timestamp {
    Timestamp::from_millis(now().as_millis() + ms)
}

#[test]
fn a_session_is_read_again_until_it_ends() {
    let (secret, session) = (secret("right secret"), session());
    let text = session.sign(&secret);
    assert_eq!(Session::verify(&secret, &text, now()).as_ref(), Some(&session));
    assert_eq!(Session::verify(&secret, &text, later(SESSION_MS - 1)).as_ref(), Some(&session));
    assert_eq!(Session::verify(&secret, &text, later(SESSION_MS)), None);
}

#[test]
fn every_changed_byte_of_a_session_is_noticed() {
    let secret = secret("right secret");
    let text = session().sign(&secret);
    for position in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).expect("as the test sets it up");
        assert_eq!(Session::verify(&secret, &changed, now()), None, "byte {position} was changed");
    }
    for cut in [0, 1, text.len() / 2, text.len() - 1] {
        assert_eq!(Session::verify(&secret, &text[..cut], now()), None);
    }
    assert_eq!(Session::verify(&secret, &format!("{text}."), now()), None);
}

#[test]
fn another_installation_and_another_purpose_sign_nothing_of_value() {
    let secret_here = secret("right secret");
    assert_eq!(Session::verify(&secret_here, &session().sign(&secret("other secret")), now()), None);
    let handshake = Handshake::begin("/".to_owned(), now()).sign(&secret_here);
    assert_eq!(Session::verify(&secret_here, &handshake, now()), None);
    assert_eq!(Handshake::verify(&secret_here, &session().sign(&secret_here), now()), None);
}

#[test]
fn forms_of_a_session_are_its_own_and_never_the_same_text() {
    let (secret, mine, theirs) = (secret("right secret"), session(), session());
    let (first, second) = (mine.form_value(&secret), mine.form_value(&secret));
    assert_ne!(first, second);
    assert!(mine.accepts(&secret, &first) && mine.accepts(&secret, &second));
    assert!(!theirs.accepts(&secret, &first));
    for forged in ["", "A", &first[1..], &first[..first.len() - 2], &format!("{first}AA"), "%%%"] {
        assert!(!mine.accepts(&secret, forged), "{forged}");
    }
}

#[test]
fn a_handshake_runs_out_and_its_challenge_is_the_hash_of_its_verifier() {
    let secret = secret("right secret");
    let handshake = Handshake::begin("/delivery".to_owned(), now());
    let text = handshake.sign(&secret);
    assert_eq!(Handshake::verify(&secret, &text, later(HANDSHAKE_MS - 1)).as_ref(), Some(&handshake));
    assert_eq!(Handshake::verify(&secret, &text, later(HANDSHAKE_MS)), None);
    // The example of RFC 7636, appendix B.
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
    assert_eq!(Handshake { verifier, ..handshake }.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}
