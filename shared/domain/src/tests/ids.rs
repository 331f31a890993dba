//! Keys: one canonical spelling, and the way from a key to its instance and back.

use crate::ids::{ElementNumber, InstanceKey, KEY_EPOCH_MS, TaskKey, TaskNumber};
use proptest::prelude::*;

#[test]
fn only_the_canonical_decimal_spelling_is_a_key() {
    for text in [
        "",
        " ",
        "-1",
        "+1",
        "01",
        "00",
        "1 ",
        " 1",
        "1.0",
        "1e3",
        "0x1",
        "٣",
        "9223372036854775808",
        "18446744073709551616",
    ] {
        assert!(text.parse::<InstanceKey>().is_err(), "{text:?} was accepted");
        assert!(serde_json::from_str::<TaskKey>(&format!("\"{text}\"")).is_err(), "{text:?} was accepted");
    }
    assert_eq!("0".parse::<InstanceKey>().map(InstanceKey::get), Ok(0));
    assert_eq!("9223372036854775807".parse::<InstanceKey>().map(InstanceKey::get), Ok((1 << 63) - 1));
    // A JSON number would lose digits in JavaScript.
    assert!(serde_json::from_str::<InstanceKey>("1").is_err());
    assert!(InstanceKey::new(1 << 63).is_none());
}

#[test]
fn keys_compose_time_and_chance() {
    let key = |ms: i64, random: u64| InstanceKey::compose(KEY_EPOCH_MS + ms, random).get();
    assert_eq!(key(0, 0), 0);
    assert_eq!(key(9, 0), 0, "one key space per 10 ms");
    assert_eq!(key(10, 0), 1 << 25);
    assert_eq!(key(0, 1), 1 << 16);
    assert_eq!(key(0, 511), 511 << 16);
    assert_eq!(key(0, 512), 0, "nine bits of chance");
    assert_eq!(key(-1_000, 3), 3 << 16, "clocks before 2024 do not reach below the origin");
}

/// The spelling that clients have seen, as long as there is room for the number; then one that no other key has.
#[test]
fn a_key_of_an_element_instance_tells_it_from_every_other() {
    let instance = InstanceKey::new(7 << 16).unwrap();
    let key = |number: u32| serde_json::to_value(instance.element(ElementNumber(number))).unwrap();
    assert_eq!(key(0), "458752");
    assert_eq!(key(3), "458755");
    assert_eq!(key(65_535), "524287");
    assert_eq!(key(65_536), "458752-65536", "458752 + 65536 is the next instance");
    assert_eq!(key(u32::MAX), "458752-4294967295");
}

proptest! {
    #[test]
    fn every_key_is_written_and_read_back(number in 0..1_u64 << 63) {
        let key = InstanceKey::new(number).unwrap();
        prop_assert_eq!(key.to_string().parse::<InstanceKey>(), Ok(key));
        let stored = serde_json::to_string(&key).unwrap();
        prop_assert_eq!(&stored, &format!("\"{number}\""));
        prop_assert_eq!(serde_json::from_str::<InstanceKey>(&stored).unwrap(), key);
    }

    #[test]
    fn a_task_leads_back_to_its_instance(ms in 0..2_000_000_000_000_i64, random in any::<u64>(), number in 1..=u16::MAX) {
        let instance = InstanceKey::compose(KEY_EPOCH_MS + ms, random);
        prop_assert!(instance.is_instance());
        let task = instance.task(TaskNumber(number));
        prop_assert_eq!((task.instance(), task.number()), (instance, TaskNumber(number)));
        prop_assert!(!InstanceKey::new(task.get()).unwrap().is_instance());
    }

    #[test]
    fn later_instances_have_larger_keys(ms in 0..2_000_000_000_000_i64, later in 10..100_000_i64, a in any::<u64>(), b in any::<u64>()) {
        prop_assert!(InstanceKey::compose(KEY_EPOCH_MS + ms, a) < InstanceKey::compose(KEY_EPOCH_MS + ms + later, b));
    }

    #[test]
    fn any_text_is_a_key_or_refused(text in ".{0,40}", digits in "[-+0-9a-f]{0,40}") {
        for text in [text, digits] {
            if let Ok(key) = text.parse::<InstanceKey>() {
                prop_assert_eq!(key.to_string(), text.as_str());
            }
        }
    }
}
