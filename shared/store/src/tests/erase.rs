//! One recipient is erased: nothing of them is left in any item, and the chain still proves the rest.

use super::fixture::*;
use crate::Erased;
use domain::effect::Effect;
use domain::erasure::ERASED_ADDRESS;
use domain::instance::Awaited;
use domain::notification::Email;
use domain::variables::Variables;

const ADDRESS: &str = "accounting.department@supplier.example";

fn recipient() -> Email {
    Email::parse(ADDRESS).expect("an address")
}

#[tokio::test]
async fn an_ended_instance_keeps_its_story_and_its_chain_without_the_recipient() {
    let table = table().await;
    let store = table.store();
    let first = start(&store, 1).await;
    store.remember_recipient(TENANT, &recipient()).await.expect("findable");
    let mut named = Variables::new();
    named.insert("contact".to_owned(), format!("ask {}", ADDRESS.to_uppercase()).into());
    let to = Awaited::Message { name: "Paid".to_owned(), key: ADDRESS.to_owned() };
    let sent = Effect::Throw { element: domain::ids::ElementNumber(2), to, variables: named.clone() };
    let mut decision = variables_set(&first, at(5), named);
    decision.effects.push(sent);
    let named = commit(&store, Some(&first), &decision, at(5)).await.expect("named");
    let before = commit(&store, Some(&named.loaded), &completed(&named.loaded, at(9)), at(9)).await.expect("an answer");
    let erased = store.erase_recipient(TENANT, key(1), &recipient()).await.expect("erased");
    assert_eq!(erased, Erased::Tasks(1));
    store.forget_recipient(TENANT, &recipient()).await.expect("forgotten");
    let scan = store.inner.client.scan().table_name(&store.inner.table).send().await.expect("every item");
    for item in scan.items() {
        let text = format!("{item:?}").to_lowercase();
        assert!(!text.contains("accounting.department") && !text.contains("approved as agreed"), "{text}");
    }
    let after = store.load(TENANT, key(1)).await.expect("a table").expect("still there");
    let (old, new) = (&before.loaded.aggregate.tasks[&TASK], &after.aggregate.tasks[&TASK]);
    assert_eq!(new.recipient.as_str(), ERASED_ADDRESS);
    assert_eq!((new.status, new.reminders, new.completed_at), (old.status, old.reminders, old.completed_at));
    assert!(new.answers.is_empty() && new.form_context.is_empty());
    assert_eq!(store.verify_chain(TENANT, key(1)).await.expect("a journal"), []);
    let journal = store.journal(TENANT, key(1)).await.expect("a journal");
    assert_eq!(journal.len(), 3);
    assert!(journal.iter().all(|entry| entry.hash_ok == Some(true)));
    // Again finds nothing, and the chain is still the first one.
    let again = store.erase_recipient(TENANT, key(1), &recipient()).await.expect("nobody");
    assert_eq!(again, Erased::Tasks(0));
    assert_eq!(store.verify_chain(TENANT, key(1)).await.expect("a journal"), []);
}

#[tokio::test]
async fn an_instance_that_goes_on_is_left_and_other_recipients_are() {
    let table = table().await;
    let store = table.store();
    let first = start(&store, 1).await;
    let open = store.erase_recipient(TENANT, key(1), &recipient()).await.expect("asked");
    assert_eq!(open, Erased::InstanceGoesOn);
    assert_eq!(store.load(TENANT, key(1)).await.expect("a table"), Some(first.clone()));
    commit(&store, Some(&first), &cancelled(&first, at(9)), at(9)).await.expect("the end");
    let other = Email::parse("nobody@supplier.example").expect("an address");
    assert_eq!(store.erase_recipient(TENANT, key(1), &other).await.expect("asked"), Erased::Tasks(0));
    assert_eq!(store.erase_recipient(TENANT, key(2), &other).await.expect("asked"), Erased::Tasks(0));
}
