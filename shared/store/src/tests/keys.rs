//! Keys are read back as they were written.

use crate::JournalId;
use crate::keys::*;
use domain::external_task::Status;
use domain::ids::{ElementNumber, InstanceKey, TaskNumber, TenantId};
use domain::time::Timestamp;
use std::fmt::Display;
use std::str::FromStr;

fn round_trip<T: Display + FromStr + PartialEq + std::fmt::Debug>(key: T, text: &str) {
    assert_eq!(key.to_string(), text);
    assert_eq!(text.parse::<T>().ok(), Some(key), "{text}");
}

#[test]
fn collections_are_read_back() {
    let tenant = TenantId(7);
    let instance = InstanceKey::new(6_553_600).expect("a key");
    round_trip(Collection::Instance(tenant, instance), "7#I#6553600");
    round_trip(Collection::Catalogue(tenant), "7#D");
    round_trip(Collection::Process(tenant, "Freigabe_Größe.v2".to_owned()), "7#D#Freigabe_Größe.v2");
    round_trip(Collection::Process(tenant, "a#3%23".to_owned()), "7#D#a%233%2523");
    round_trip(Collection::Contents(tenant, "a#3".to_owned(), 4), "7#D#a%233#4");
    round_trip(Collection::Idempotency(tenant, "0aff".to_owned()), "7#K#0aff");
    round_trip(Collection::Tenant(tenant), "T#7");
    round_trip(Collection::Tenants, "T");
    round_trip(Collection::Token("0aff".to_owned()), "A#0aff");
}

#[test]
fn a_process_whose_id_holds_the_separator_shares_no_collection_with_a_version() {
    let odd = Collection::Process(TenantId(7), "a#3".to_owned()).to_string();
    assert_ne!(odd, Collection::Contents(TenantId(7), "a".to_owned(), 3).to_string());
}

#[test]
fn sort_keys_are_read_back() {
    let at = Timestamp::from_millis(1_795_000_000_000);
    round_trip(InstanceItem::Head, "H");
    round_trip(InstanceItem::Fetched(TaskNumber(3)), "O#00003");
    round_trip(InstanceItem::Task(TaskNumber(65_535)), "X#65535");
    round_trip(InstanceItem::Job(ElementNumber(7)), "~A#00007");
    round_trip(InstanceItem::Job(ElementNumber(99_999)), "~A#99999");
    round_trip(InstanceItem::Job(ElementNumber(100_000)), "~A#~0000100000");
    round_trip(InstanceItem::Job(ElementNumber(u32::MAX)), "~A#~4294967295");
    round_trip(InstanceItem::Journal { at, counter: Counter::Head, n: 12 }, "~J#1795000000000#H#12");
    round_trip(InstanceItem::Journal { at, counter: Counter::Task(TaskNumber(3)), n: 2 }, "~J#1795000000000#00003#2");
    round_trip(ProcessItem::Version(12), "V#000012");
    round_trip(ProcessItem::Deployed, "DEPLOYED");
    round_trip(ContentsItem::Compiled(0), "C#000");
    round_trip(ContentsItem::Text(17), "P#017");
    round_trip(ContentsItem::Xml(2), "X#002");
    let task = InstanceKey::new(6_553_600).expect("a key").task(TaskNumber(3));
    round_trip(ByStatus { tenant: TenantId(7), status: Status::Pending, shard: 5 }, "7#PENDING#5");
    round_trip(ByCreation { created_at: at, task }, "1795000000000#6553603");
    round_trip(ByCreation { created_at: Timestamp::from_millis(12), task }, "0000000000012#6553603");
}

/// Jobs are listed by age, and who waits longest is found first, however old the instance is.
#[test]
fn keys_of_element_instances_are_in_the_order_of_their_numbers() {
    let numbers = [0, 9, 10, 65_535, 65_536, 99_999, 100_000, 999_999, 1_000_000, u32::MAX].map(ElementNumber);
    assert!(numbers.map(|number| InstanceItem::Job(number).to_string()).is_sorted());
    let instance = InstanceKey::new(6_553_600).expect("a key");
    let waits = numbers.map(|number| subscription(TenantId(7), "hash", instance, number, "a#b").sk);
    assert!(waits.is_sorted());
    for (number, sk) in numbers.into_iter().zip(waits) {
        assert_eq!(subscriber(&sk), Ok((instance, number, "a#b".to_owned())));
    }
}

#[test]
fn what_a_command_loads_lies_between_the_bounds_and_the_journal_does_not() {
    let at = Timestamp::from_millis(1_795_000_000_000);
    let inside = |item: InstanceItem| {
        let key = item.to_string();
        (InstanceItem::LOAD_FROM..=InstanceItem::LOAD_TO).contains(&key.as_str())
    };
    assert!(inside(InstanceItem::Head));
    assert!(inside(InstanceItem::Task(TaskNumber(1))) && inside(InstanceItem::Task(TaskNumber(65_535))));
    assert!(inside(InstanceItem::Fetched(TaskNumber(65_535))));
    assert!(!inside(InstanceItem::Job(ElementNumber(1))));
    assert!(!inside(InstanceItem::Journal { at, counter: Counter::Head, n: 1 }));
}

#[test]
fn a_journal_item_is_named_by_its_canonical_key_only() {
    let id = JournalId::parse("7#I#6553600", "~J#1795000000000#00003#2").expect("a journal item");
    assert_eq!((id.tenant(), id.n(), id.counter()), (TenantId(7), 2, Counter::Task(TaskNumber(3))));
    assert_eq!((id.pk().as_str(), id.sk().as_str()), ("7#I#6553600", "~J#1795000000000#00003#2"));
    for (pk, sk) in [
        ("7#I#6553600", "H"),
        ("7#I#6553600", "X#00003"),
        ("7#D", "~J#1795000000000#H#2"),
        ("07#I#6553600", "~J#1795000000000#H#2"),
        ("7#I#6553600", "~J#1795000000000#3#2"),
        ("7#I#6553600", "~J#1795000000000#H#02"),
        ("7#I#6553600", "~J#1795000000000#H#2#1"),
        ("", ""),
    ] {
        assert_eq!(JournalId::parse(pk, sk), None, "{pk} {sk}");
    }
}

#[test]
fn shards_are_in_range_stable_and_even() {
    let mut counts = [0_u32; 6];
    for n in 0..6_000 {
        // Neighbours in time, as one busy tenant makes them.
        let task = InstanceKey::compose(1_795_000_000_000 + n * 10, 1).task(TaskNumber(3));
        let shard = shard(task.get(), 6);
        assert_eq!(shard, super::super::keys::shard(task.get(), 6));
        counts[shard as usize] += 1;
    }
    assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
    assert_eq!(shard(InstanceKey::compose(1_795_000_000_000, 1).task(TaskNumber(3)).get(), 1), 0);
}
