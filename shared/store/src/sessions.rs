//! Sessions that were ended before their time. Knows no session: a signed value is valid unless it is named here.

use crate::item::{Reader, Writer};
use crate::keys;
use crate::table::TTL;
use crate::{Error, Store};
use domain::ids::TenantId;
use domain::time::Timestamp;

impl Store {
    /// Ends a session of a tenant by its id. The mark goes away once the session would have ended by itself.
    ///
    /// # Errors
    /// [`Error::Throttled`] and [`Error::Other`] of the table.
    pub async fn end_session(&self, tenant: TenantId, id: &str, until: Timestamp, now: Timestamp) -> Result<(), Error> {
        // A minute more: clocks of two functions differ.
        let forget = until.as_millis().div_euclid(1_000) + 60;
        let item = Writer::new(&keys::ended_session(tenant, id), "E1").number(TTL, forget).done();
        self.put("end session", item).await?;
        self.inner.sessions.put((tenant, id.to_owned()), true, now);
        Ok(())
    }

    /// Whether a session was ended; the answer is not older than 30 s.
    ///
    /// # Errors
    /// As [`Store::end_session`].
    pub async fn session_ended(&self, tenant: TenantId, id: &str, now: Timestamp) -> Result<bool, Error> {
        let key = (tenant, id.to_owned());
        if let Some(ended) = self.inner.sessions.get(&key, now) {
            return Ok(ended);
        }
        let item = self.get("session ended", &keys::ended_session(tenant, id), false).await?;
        let ended = match &item {
            Some(item) => Reader(item).number::<i64>(TTL).is_ok(),
            None => false,
        };
        self.inner.sessions.put(key, ended, now);
        Ok(ended)
    }
}
