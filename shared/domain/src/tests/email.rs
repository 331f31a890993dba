//! Mail addresses of recipients: one plain address, nothing that a mail header could read as more.

use crate::notification::Email;
use proptest::prelude::*;

#[test]
fn plain_addresses_are_read() {
    for address in [
        "name@company.example",
        "john.doe@bank.com",
        "a@b.co",
        "first+tag@sub.domain.example",
        "o'brien@company.example",
        "user_name-x@company-name.example",
        "1234567890@numbers.example",
        "customer/department=shipping@company.example",
        "x@123.example",
        "x@xn--mnchen-3ya.example",
        "x@company.xn--p1ai",
    ] {
        assert_eq!(Email::parse(address).map(|email| email.as_str().to_owned()), Ok(address.to_owned()));
    }
}

#[test]
fn blanks_around_are_dropped_and_only_the_domain_is_lowered() {
    let email = Email::parse("  John.Doe@Bank.COM ").unwrap();
    assert_eq!(email.as_str(), "John.Doe@bank.com");
    assert_eq!(serde_json::to_string(&email).unwrap(), "\"John.Doe@bank.com\"");
}

#[test]
fn everything_that_is_not_one_plain_address_is_refused() {
    for hostile in [
        // No address.
        "",
        " ",
        "@",
        "name",
        "name@",
        "@company.example",
        "name@company",
        "name company.example",
        "name@.example",
        "name@company.",
        "name@company..example",
        "name@-company.example",
        "name@company-.example",
        "name@com_pany.example",
        // Lists, display names, comments, source routes.
        "a@b.example,c@d.example",
        "a@b.example;c@d.example",
        "a@b.example c@d.example",
        "a@b@c.example",
        "Name <name@company.example>",
        "<name@company.example>",
        "name@company.example (comment)",
        "name(x)@company.example",
        "@relay.example:name@company.example",
        "group:a@b.example;",
        // Quoted local parts and what hides in them.
        "\"name\"@company.example",
        "\"a@b\"@company.example",
        "\"a\\\"b\"@company.example",
        "a\\@b@company.example",
        // Header injection.
        "name@company.example\r\nBcc: all@company.example",
        "name\r\nTo:x@company.example",
        "name@company.example\n",
        "\nname@company.example",
        "name@company.example\r",
        "name@company\r\n.example",
        "na\tme@company.example",
        "\tname@company.example",
        "name@company.example\0",
        "name\u{7f}@company.example",
        // What looks like a blank, nothing at all, or another letter.
        "name@company.example\u{a0}",
        "name\u{200b}@company.example",
        "name@company\u{200d}.example",
        "\u{202e}name@company.example",
        "name@c\u{43e}mpany.example",
        "n\u{e4}me@company.example",
        "name@m\u{fc}nchen.example",
        "name\u{ff20}company.example",
        "name@company\u{3002}example",
        "name@company.example\u{2028}",
        // Addresses of machines.
        "name@[127.0.0.1]",
        "name@[IPv6:::1]",
        "name@127.0.0.1",
        "name@2130706433",
        "name@localhost",
        // Dots.
        ".name@company.example",
        "name.@company.example",
        "na..me@company.example",
        // Templates that were not filled and addresses of other kinds.
        "{{ customer.email }}",
        "mailto:name@company.example",
        "name@company.example?cc=a@b.example",
        "name@company.example:25",
        "name@company.example/x",
        "name@company.example%0aBcc:a@b.example",
    ] {
        assert!(Email::parse(hostile).is_err(), "{hostile:?} was accepted");
    }
}

#[test]
fn lengths_are_limited_to_what_a_mail_server_takes() {
    let local = |length: usize| format!("{}@company.example", "a".repeat(length));
    assert!(Email::parse(&local(64)).is_ok());
    assert!(Email::parse(&local(65)).is_err());
    let label = |length: usize| format!("a@{}.example", "b".repeat(length));
    assert!(Email::parse(&label(63)).is_ok());
    assert!(Email::parse(&label(64)).is_err());
    // 254 octets in all: 2 for "a@", 251 for full labels with dots, and what is left.
    let total =
        |last: usize| format!("a@{}.{}.{}.{}", "b".repeat(63), "c".repeat(63), "d".repeat(63), "e".repeat(last));
    assert_eq!(total(60).len(), 254);
    assert!(Email::parse(&total(60)).is_ok());
    assert!(Email::parse(&total(61)).is_err());
}

#[test]
fn debug_hides_the_mailbox() {
    let shown = format!("{:?}", Email::parse("john.doe@bank.com").unwrap());
    assert_eq!(shown, "j***@bank.com");
}

proptest! {
    #[test]
    fn an_accepted_address_is_printable_ascii_with_one_at_sign(text in ".{0,60}", near in "[a-z.@+\\-_ \"<>,;\\r\\n0-9]{0,30}") {
        for text in [text, near] {
            if let Ok(email) = Email::parse(&text) {
                let address = email.as_str();
                prop_assert!(address.bytes().all(|b| b.is_ascii_graphic()));
                prop_assert!(!address.contains(['"', '<', '>', '(', ')', ',', ';', ':', '\\', '[', ']']));
                prop_assert_eq!(address.matches('@').count(), 1);
                prop_assert_eq!(Email::parse(address), Ok(email.clone()));
            }
        }
    }

    #[test]
    fn addresses_of_the_usual_form_are_accepted(
        local in "[a-z0-9]([a-z0-9]|[.+_-][a-z0-9]){0,20}", domain in "[a-z0-9]{1,10}(-[a-z0-9]{1,5})?\\.[a-z]{2,8}",
    ) {
        let address = format!("{local}@{domain}");
        prop_assert_eq!(Email::parse(&address).map(|email| email.as_str().to_owned()), Ok(address));
    }
}
