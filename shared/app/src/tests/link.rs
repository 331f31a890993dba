//! S0-22, S0-32, S0-87: links are signed, the same each time, and nothing but the genuine one is accepted.

use crate::keys::Secret;
use crate::link::{LINK_CHARS, LinkTarget, PageValue, cursor};
use domain::ids::{InstanceKey, TaskNumber, TenantId};
use domain::time::Timestamp;

fn secret() -> Secret {
    Secret::new("a secret of the tests, long enough for them").expect("32 bytes or more")
}

fn target() -> LinkTarget {
    LinkTarget { tenant: TenantId(1), task: InstanceKey::compose(1_763_000_000_000, 7).task(TaskNumber(3)), epoch: 1 }
}

#[test]
fn a_link_is_the_same_each_time_and_names_its_task() {
    let link = target().sign(&secret());
    assert_eq!(link.expose(), target().sign(&secret()).expose());
    assert_eq!(link.expose().len(), LINK_CHARS);
    assert_eq!(LinkTarget::verify(&secret(), link.expose()), Some(target()));
}

#[test]
fn no_changed_truncated_extended_or_respelt_link_is_accepted() {
    let link = target().sign(&secret()).expose().to_owned();
    for position in 0..link.len() {
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ .".chars() {
            let mut changed: Vec<char> = link.chars().collect();
            if changed[position] == other {
                continue;
            }
            changed[position] = other;
            let changed: String = changed.into_iter().collect();
            assert_eq!(LinkTarget::verify(&secret(), &changed), None, "position {position}, {other}");
        }
        assert_eq!(LinkTarget::verify(&secret(), &link[..position]), None);
    }
    for text in ["", "=", &format!("{link}="), &format!("{link}A"), &format!(" {link}"), "ü", &"A".repeat(100_000)] {
        assert_eq!(LinkTarget::verify(&secret(), text), None);
    }
}

#[test]
fn a_link_of_another_secret_tenant_or_epoch_is_another_link() {
    let link = target().sign(&secret());
    let other = Secret::new("another secret of the tests, as long as it").expect("32 bytes or more");
    assert_eq!(LinkTarget::verify(&other, link.expose()), None);
    for changed in [LinkTarget { tenant: TenantId(2), ..target() }, LinkTarget { epoch: 2, ..target() }] {
        assert_ne!(changed.sign(&secret()).expose(), link.expose());
    }
}

#[test]
fn a_link_and_a_secret_never_show_in_debug_output() {
    let link = target().sign(&secret());
    assert!(!format!("{link:?} {:?}", secret()).contains(&link.expose()[..8]));
    assert_eq!(format!("{:?}", secret()), "Secret(..)");
}

#[test]
fn a_secret_of_less_than_32_bytes_is_refused() {
    assert!(Secret::new("short").is_none());
}

#[test]
fn a_page_value_is_of_its_task_only_and_carries_the_submission() {
    let value = PageValue::draw(4);
    let text = value.sign(&secret(), &target());
    assert_eq!(PageValue::verify(&secret(), &target(), &text), Some(value.clone()));
    assert_eq!(value.submission().len(), 16);
    let other = LinkTarget { task: target().task.instance().task(TaskNumber(4)), ..target() };
    assert_eq!(PageValue::verify(&secret(), &other, &text), None);
    for bad in ["", "x", &text[1..], &format!("{text}A")] {
        assert_eq!(PageValue::verify(&secret(), &target(), bad), None);
    }
    assert_ne!(PageValue::draw(4).submission(), value.submission());
}

#[test]
fn a_cursor_is_of_its_tenant_and_question_only() {
    let (now, tenant) = (Timestamp::from_millis(1_800_000_000_000), TenantId(1));
    let text = cursor::sign(&secret(), tenant, "tasks PENDING", "0001#7", now);
    let position = |tenant, question, text: &str, now| cursor::verify(&secret(), tenant, question, text, now);
    assert_eq!(position(tenant, "tasks PENDING", &text, now).as_deref(), Some("0001#7"));
    assert_eq!(position(TenantId(2), "tasks PENDING", &text, now), None);
    assert_eq!(position(tenant, "tasks EXPIRED", &text, now), None);
    for forged in ["AAAA", "", "%", &text[1..], &text[..text.len() - 1], &"A".repeat(5_000)] {
        assert_eq!(position(tenant, "tasks PENDING", forged, now), None, "{forged}");
    }
    let day = i64::from(cursor::LIFE_MINUTES) * 60_000;
    assert!(position(tenant, "tasks PENDING", &text, now.plus_millis(day)).is_some());
    assert_eq!(position(tenant, "tasks PENDING", &text, now.plus_millis(day + 60_000)), None, "stale");
}
