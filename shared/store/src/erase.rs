//! Erasure of one recipient from an ended instance: tasks, head, journal, and what searches know. What is taken out is
//! `domain::erasure`'s matter. Each step may be repeated; the tasks come last, so that a list finds what is not finished.
//!
//! The chain of the journal stays whole: an erased item keeps the hash that it had, beside what is left of it.

use crate::item::{head, task, work_task};
use crate::journal::{EFFECTS, ERASED_HASH, EVENTS, EVENTS_PACKED, JournalEntry};
use crate::keys::{self, Collection, InstanceItem};
use crate::transaction::Transaction;
use crate::{Error, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::erasure::Erasure;
use domain::ids::{InstanceKey, TenantId};
use domain::notification::Email;
use domain::variables::Variables;

/// What became of an erasure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erased {
    /// So many tasks.
    Tasks(u32),
    /// The instance goes on: nothing was changed.
    InstanceGoesOn,
}

impl Store {
    /// Takes what is known of a recipient out of an instance that has ended. One write unit for each KB of each journal
    /// item that named the recipient, two for head and tasks.
    ///
    /// # Errors
    /// [`Error::Conflict`] where somebody changed the instance meanwhile; the table's own. The call may be repeated.
    pub async fn erase_recipient(
        &self,
        tenant: TenantId,
        instance: InstanceKey,
        recipient: &Email,
    ) -> Result<Erased, Error> {
        let Some(loaded) = self.load(tenant, instance).await? else { return Ok(Erased::Tasks(0)) };
        let Some(erasure) = Erasure::of(&loaded.aggregate, recipient) else { return Ok(Erased::Tasks(0)) };
        if !loaded.aggregate.instance.status.is_final() {
            return Ok(Erased::InstanceGoesOn);
        }
        self.erase_jobs(tenant, instance).await?;
        let pk = Collection::Instance(tenant, instance).to_string();
        let query = self.beginning(pk, InstanceItem::JOURNAL).consistent_read(true);
        let mut answered = Variables::new();
        for item in self.query_all("erase", query).await? {
            let entry = JournalEntry::from_image(&item)?;
            answered.extend(erasure.answered(&entry.events));
            self.erase_entry(&erasure, &entry).await?;
        }
        let before = &loaded.aggregate.instance;
        let mut after = before.clone();
        erasure.instance(&mut after, &answered);
        after.version += 1;
        let mut transaction = Transaction::new(&self.inner.table);
        let number = |value: u64| AttributeValue::N(value.to_string());
        transaction.update(
            "the state of the instance, in bytes,",
            &InstanceItem::Head.key(tenant, instance),
            (&head::write(tenant, before, &loaded.head), &head::write(tenant, &after, &loaded.head)),
            &[],
            vec![(head::VERSION, number(before.version))],
        )?;
        for key in erasure.tasks() {
            let (Some(stored), Some(extras)) = (loaded.aggregate.tasks.get(key), loaded.extras.get(key)) else {
                continue;
            };
            let mut erased = stored.clone();
            erasure.task(&mut erased);
            erased.version += 1;
            transaction.update(
                "the state of the task, in bytes,",
                &InstanceItem::Task(*key).key(tenant, instance),
                (&task::write(tenant, before, stored, extras), &task::write(tenant, &after, &erased, extras)),
                &[task::DELIVERY],
                vec![(task::VERSION, number(stored.version))],
            )?;
        }
        for (number, stored) in &loaded.aggregate.work_tasks {
            let Some(extras) = loaded.extras.get(number) else { continue };
            let mut erased = stored.clone();
            if !erasure.work_task(&mut erased, &answered) {
                continue;
            }
            erased.version += 1;
            transaction.update(
                "the state of the task, in bytes,",
                &InstanceItem::WorkTask(*number).key(tenant, instance),
                (&work_task::write(tenant, before, stored, extras), &work_task::write(tenant, &after, &erased, extras)),
                &[],
                vec![(work_task::VERSION, AttributeValue::N(stored.version.to_string()))],
            )?;
        }
        self.transact("erase", transaction).await?;
        Ok(Erased::Tasks(u32::try_from(erasure.tasks().len()).unwrap_or(u32::MAX)))
    }

    async fn erase_entry(&self, erasure: &Erasure, entry: &JournalEntry) -> Result<(), Error> {
        let (mut events, mut effects) = (entry.events.clone(), entry.effects.clone());
        let (said, sent) = (erasure.events(&mut events), erasure.effects(&entry.events, &mut effects));
        if !said && !sent {
            return Ok(());
        }
        let json = serde_json::to_string(&events).expect("events are JSON");
        let set = if sent { "SET #ef = :ef, " } else { "SET " };
        let mut update = self
            .update(&entry.id.key())
            .update_expression(format!("{set}#ev = :ev, #hx = if_not_exists(#hx, :hx) REMOVE #ez"))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#ev", EVENTS)
            .expression_attribute_names("#ez", EVENTS_PACKED)
            .expression_attribute_names("#hx", ERASED_HASH)
            .expression_attribute_values(":ev", AttributeValue::S(json))
            .expression_attribute_values(":hx", AttributeValue::S(entry.hash.to_string()));
        if sent {
            let json = serde_json::to_string(&effects).expect("effects are JSON");
            update = update
                .expression_attribute_names("#ef", EFFECTS)
                .expression_attribute_values(":ef", AttributeValue::S(json));
        }
        self.send_update("erase", update).await.map(|_| ())
    }

    /// Makes a recipient unknown to searches. The domain stays: it is nobody's.
    ///
    /// # Errors
    /// [`Error::Throttled`] and [`Error::Other`] of the table; the call may be repeated.
    pub async fn forget_recipient(&self, tenant: TenantId, recipient: &Email) -> Result<(), Error> {
        let address = recipient.as_str().to_lowercase();
        let Some((local, _)) = address.rsplit_once('@') else { return Ok(()) };
        // The longest suffix is the mark that all are there, so it goes first.
        for (at, _) in local.char_indices() {
            self.delete("erase", &keys::address_suffix(tenant, &address[at..], &address)).await?;
        }
        Ok(())
    }
}
