//! Counts what becomes of mails while a batch is worked on, and writes the sums once: a counter is not worth a write for
//! each mail. Asks the mail service for the quota, at most once a minute.

use crate::channel::email::Mailer;
use domain::ids::TenantId;
use domain::notification::Delivery;
use domain::time::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::{DayCounts, Store};

/// How old the quota may become before it is read again.
const QUOTA_MS: i64 = 60_000;

/// Sums that are not written yet. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Mutex<Sums>>);

#[derive(Debug, Default)]
struct Sums {
    days: BTreeMap<(TenantId, String), DayCounts>,
    quota_read_at: Option<Timestamp>,
    /// Something was handed to the mail service, or should have been.
    tried: bool,
}

impl Tally {
    pub fn count(&self, tenant: TenantId, delivery: Delivery, now: Timestamp) {
        let counts = DayCounts::of(now);
        let mut sums = self.sums();
        sums.tried |= delivery != Delivery::Queued;
        sums.days.entry((tenant, counts.day.clone())).or_insert(counts).add(delivery);
    }

    /// Notes that the mail service was asked and refused for now: its quota may say why.
    pub fn tried(&self) {
        self.sums().tried = true;
    }

    /// Writes the sums, and the quota where mails were sent and it is old. What fails is logged; sums stay for the next time.
    pub async fn flush(&self, store: &Store, mailer: &Mailer, now: Timestamp) {
        let (days, quota_due) = {
            let mut sums = self.sums();
            let old = sums.quota_read_at.is_none_or(|at| now >= at.plus_millis(QUOTA_MS));
            let due = old && std::mem::take(&mut sums.tried);
            if due {
                sums.quota_read_at = Some(now);
            }
            (std::mem::take(&mut sums.days), due)
        };
        for ((tenant, day), counts) in days {
            if let Err(error) = store.count_mails(tenant, &counts).await {
                tracing::warn!(tenant = tenant.0, %error, "mails are not counted yet");
                self.sums().days.insert((tenant, day), counts);
            }
        }
        if quota_due {
            match mailer.quota(now).await {
                Ok(quota) => {
                    if let Err(error) = store.put_quota(&quota).await {
                        tracing::warn!(%error, "the sending quota is not kept");
                    }
                }
                Err(error) => tracing::warn!(%error, "the sending quota cannot be read"),
            }
        }
    }

    fn sums(&self) -> MutexGuard<'_, Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
