//! Tests of the configuration: the built-in roots are certificates that TLS accepts.

use super::{ROOTS, http_client};

#[test]
fn built_in_roots_are_the_five_of_amazon_and_each_can_be_read() {
    let text = std::str::from_utf8(ROOTS).expect("PEM is text");
    assert_eq!(text.matches("-----BEGIN CERTIFICATE-----").count(), 5);
    assert_eq!(text.matches("-----END CERTIFICATE-----").count(), 5);
    // Makes a TLS configuration of them, which panics at one that is no certificate.
    let _client = http_client();
}
