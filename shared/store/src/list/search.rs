//! Search for a recipient by any part of the address: which addresses and domains there are, then the tasks of those
//! domains. Reads no task whose address cannot match.

use super::{Order, Plan, Rows, TaskQuery, contains, of_model};
use crate::item::Reader;
use crate::keys::ByDomain;
use crate::table::{BY_DOMAIN, Index};
use crate::{Error, Store};
use domain::external_task::Status;
use domain::ids::TenantId;
use std::collections::BTreeSet;

/// Half read units that a page of a search may cost beside the lookup of addresses (2 units at most).
pub(super) const HALVES: u32 = 56;
/// Streams that a search merges at most: what begins a page must leave most of the budget to its rows.
const STREAMS_MAX: usize = 24;

impl Store {
    /// How a page of a search is had: from the streams of the domains that may match, while these are few; else by walking
    /// the list itself. `None` where no address of the tenant matches.
    pub(super) async fn search_plan<'q>(
        &self,
        tenant: TenantId,
        query: &'q TaskQuery,
        statuses: &[Status],
        shards: u32,
    ) -> Result<Option<Plan<'q>>, Error> {
        debug_assert!(matches!(query.order, Order::Newest | Order::Oldest));
        let part = query.recipient.as_deref().unwrap_or_default().to_lowercase();
        let found = self.recipients(tenant, &part).await?;
        if found.complete && found.addresses.is_empty() && found.domains.is_empty() {
            return Ok(None);
        }
        let of_address = |address: &String| address.rsplit_once('@').map(|(_, domain)| domain.to_owned());
        let domains: BTreeSet<String> =
            found.domains.iter().cloned().chain(found.addresses.iter().filter_map(of_address)).collect();
        let streams = domains.len() * statuses.len() * shards as usize;
        if found.complete && streams <= STREAMS_MAX {
            let partitions = domains.iter().flat_map(|domain| {
                let each = statuses.iter().flat_map(|status| (0..shards).map(move |shard| (*status, shard)));
                each.map(move |(status, shard)| ByDomain::Tasks { tenant, domain, status, shard }.to_string())
            });
            let partitions = partitions.collect();
            let wanted = statuses.to_vec();
            return Ok(Some(Plan {
                index: &BY_DOMAIN,
                partitions,
                rows: Rows::LookedUp,
                budget: HALVES,
                keep: Box::new(move |row| wanted.contains(&row.status)),
                might_keep: Box::new(move |item| {
                    let reader = Reader(item);
                    let is = |wanted: &Option<String>, name| {
                        wanted.as_deref().is_none_or(|wanted| reader.text_opt(name) == Some(wanted))
                    };
                    let address = reader.text_opt("r").unwrap_or_default().to_lowercase();
                    address.contains(&part) && is(&query.activity, "a") && is(&query.process_id, "p")
                }),
            }));
        }
        let walked: Option<(&'static Index, Vec<String>)> = self.partitions(tenant, query, statuses, shards).await?;
        let Some((index, partitions)) = walked else { return Ok(None) };
        let streams = u32::try_from(partitions.len()).unwrap_or(u32::MAX);
        Ok(Some(Plan {
            index,
            partitions,
            rows: Rows::Held,
            budget: HALVES.max(streams.saturating_add(2)),
            keep: Box::new(move |row| contains(&row.recipient, &part) && of_model(query, row)),
            might_keep: Box::new(|_| true),
        }))
    }
}
