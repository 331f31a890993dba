//! Who waits for a message or signal: one item for each subscription, written with the instance that holds it and found
//! by what is awaited. Decides nothing; an item that outlives its subscription leads to an ordinary refusal.

use crate::item::{Reader, Writer};
use crate::keys;
use crate::table::SORT_KEY;
use crate::transaction::Transaction;
use crate::{Error, Store};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{ElementNumber, InstanceKey, TenantId};
use domain::instance::{Awaited, Instance};
use std::collections::BTreeSet;

/// An event that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// The instance.
    pub instance: InstanceKey,
    /// The element instance that waits, or whose event does.
    pub element: ElementNumber,
    /// BPMN id of the event.
    pub event: String,
}

impl Store {
    /// Who waits for a message or signal, the oldest instance first: at most `most` after `after`. Strongly consistent.
    ///
    /// # Errors
    /// [`Error::Throttled`] and [`Error::Other`] of the table; [`Error::Corrupt`] where an item is none of these.
    pub async fn subscribers(
        &self,
        tenant: TenantId,
        awaited: &Awaited,
        after: Option<&Subscriber>,
        most: usize,
    ) -> Result<Vec<Subscriber>, Error> {
        let hash = hash(awaited);
        let pk = keys::Collection::Awaited(tenant, hash.clone()).to_string();
        let from = after.map(|last| keys::subscription(tenant, &hash, last.instance, last.element, &last.event).sk);
        let query = self
            .partition(pk)
            .key_condition_expression("#pk = :pk AND #sk > :from")
            .expression_attribute_names("#sk", SORT_KEY)
            .expression_attribute_values(
                ":from",
                aws_sdk_dynamodb::types::AttributeValue::S(from.unwrap_or("0".to_owned())),
            )
            .limit(i32::try_from(most).unwrap_or(i32::MAX))
            .consistent_read(true);
        let page = self.query_page("subscribers", query, None).await?;
        page.items
            .iter()
            .map(|item| {
                let sk = Reader(item).text(SORT_KEY)?;
                let (instance, element, event) = keys::subscriber(sk).map_err(|_| Error::Corrupt {
                    key: sk.to_owned(),
                    problem: "this is no subscription".to_owned(),
                })?;
                Ok(Subscriber { instance, element, event })
            })
            .collect()
    }
}

/// Writes the subscriptions that came and takes those away that are gone.
pub(crate) fn write(
    transaction: &mut Transaction,
    tenant: TenantId,
    before: Option<&Instance>,
    after: &Instance,
) -> Result<(), Error> {
    let (old, new) = (before.map(of).unwrap_or_default(), of(after));
    for (awaited, element, event) in new.difference(&old) {
        let key = keys::subscription(tenant, &hash(awaited), after.key, *element, event);
        transaction.put_if(
            "who waits for a message",
            Writer::new(&key, "W1").done(),
            None,
            crate::transaction::Refusal::Conflict,
        )?;
    }
    for (awaited, element, event) in old.difference(&new) {
        transaction.delete(&keys::subscription(tenant, &hash(awaited), after.key, *element, event))?;
    }
    Ok(())
}

fn of(instance: &Instance) -> BTreeSet<(Awaited, ElementNumber, String)> {
    let live = instance.elements.iter();
    live.flat_map(|live| {
        let subscriptions = live.subscriptions.iter();
        subscriptions.map(|subscription| (subscription.to.clone(), live.number, subscription.event.clone()))
    })
    .collect()
}

/// Names what is awaited in a key: texts of any length and any characters. Lengths keep name and key apart.
fn hash(awaited: &Awaited) -> String {
    let text = match awaited {
        Awaited::Message { name, key } => format!("m{}#{name}{key}", name.len()),
        Awaited::Signal { name } => format!("s{name}"),
    };
    URL_SAFE_NO_PAD.encode(&digest::digest(&digest::SHA256, text.as_bytes()).as_ref()[..16])
}
