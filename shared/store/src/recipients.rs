//! Recipients as searches find them: by any part of an address. Knows addresses, no tasks.
//!
//! An address is written once, when the tenant first writes to it: an item for each suffix of its local part, together
//! with the domain. The longest, the whole address, is written last, as the mark that it is done. A domain is written
//! once as well, in the same way. `{t}#R#{first 3 characters}` and `{t}#RD#{first 3 characters}` hold the suffixes, so a part of three or more
//! characters is the beginning of a sort key.

use crate::item::{Item, Reader, Writer};
use crate::keys::{self, Key};
use crate::table::SORT_KEY;
use crate::{Error, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::TenantId;
use domain::notification::Email;
use std::collections::BTreeSet;

/// Characters that a part must have: as many as its partition is named by.
pub const PART_CHARS_MIN: usize = 3;
/// Addresses and domains that a search looks at; more of them are walked through with the list itself.
const ADDRESSES_MAX: i32 = 120;
const DOMAINS_MAX: i32 = 40;

/// What a part of an address may mean.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recipients {
    /// Whole addresses whose local part holds it.
    pub addresses: BTreeSet<String>,
    /// Domains that hold it.
    pub domains: BTreeSet<String>,
    /// There are no others.
    pub complete: bool,
}

impl Store {
    /// Makes a recipient findable. Half a read unit for one that is; else one write unit for each character of the local
    /// part, and at the first address of a domain one for each of the domain but the last. Doing it again changes nothing.
    ///
    /// # Errors
    /// [`Error::Throttled`] and [`Error::Other`] of the table; the call may be repeated.
    pub async fn remember_recipient(&self, tenant: TenantId, recipient: &Email) -> Result<(), Error> {
        let address = recipient.as_str().to_lowercase();
        let Some((local, domain)) = address.rsplit_once('@') else { return Ok(()) };
        let mark = keys::address_suffix(tenant, &address, &address);
        if self.get("recipient", &mark, false).await?.is_some() {
            return Ok(());
        }
        // With the sign in front it is found by "@dom" as well.
        let whole = format!("@{domain}");
        let domain_mark = keys::domain_suffix(tenant, &whole, domain);
        if self.get("recipient", &domain_mark, false).await?.is_none() {
            let shorter = suffixes(&whole).skip(1).map(|suffix| keys::domain_suffix(tenant, suffix, domain));
            self.batch_put("recipient", shorter.map(entry).collect()).await?;
            self.put("recipient", entry(domain_mark)).await?;
        }
        let shorter = local.char_indices().skip(1).map(|(at, _)| &address[at..]);
        let shorter = shorter.map(|suffix| keys::address_suffix(tenant, suffix, &address));
        self.batch_put("recipient", shorter.map(entry).collect()).await?;
        self.put("recipient", entry(mark)).await
    }

    /// What a part in lower case, of at least [`PART_CHARS_MIN`] characters, may mean. At most 2 read units.
    pub(crate) async fn recipients(&self, tenant: TenantId, part: &str) -> Result<Recipients, Error> {
        let mut found = Recipients { complete: true, ..Recipients::default() };
        if part.chars().count() < PART_CHARS_MIN {
            found.complete = false;
            return Ok(found);
        }
        if !part.starts_with('@') {
            let page = self.beginning_with(keys::address_suffixes(tenant, part), part, ADDRESSES_MAX).await?;
            found.complete &= page.1;
            found.addresses = page.0;
        }
        // A part that goes on behind an "@" cannot lie in a domain.
        if !part.chars().skip(1).any(|character| character == '@') {
            let page = self.beginning_with(keys::domain_suffixes(tenant, part), part, DOMAINS_MAX).await?;
            found.complete &= page.1;
            found.domains = page.0;
        }
        Ok(found)
    }

    /// What the suffixes that begin with `part` belong to, and whether these are all.
    async fn beginning_with(&self, pk: String, part: &str, limit: i32) -> Result<(BTreeSet<String>, bool), Error> {
        let query = self
            .partition(pk)
            .key_condition_expression("#pk = :pk AND begins_with(#sk, :part)")
            .expression_attribute_names("#sk", SORT_KEY)
            .expression_attribute_values(":part", AttributeValue::S(part.to_owned()))
            .limit(limit);
        let page = self.query_page("recipients", query, None).await?;
        let whole = |item: &Item| {
            let reader = Reader(item);
            let sort = reader.text(SORT_KEY)?;
            let whole = keys::whole_of_suffix(sort).ok_or_else(|| reader.corrupt("its key names no address"))?;
            Ok(whole.to_owned())
        };
        let found = page.items.iter().map(whole).collect::<Result<_, Error>>()?;
        Ok((found, page.last.is_none()))
    }
}

fn entry(key: Key) -> Item {
    Writer::new(&key, "R1").done()
}

/// Every suffix long enough to be found.
fn suffixes(text: &str) -> impl Iterator<Item = &str> {
    text.char_indices().map(|(at, _)| &text[at..]).filter(|suffix| suffix.chars().count() >= PART_CHARS_MIN)
}
