//! Partitions of an index read piece by piece and merged by their equal sort keys, within a budget. Knows no row.

use crate::item::{Item, Reader};
use crate::keys::ByCreation;
use crate::size::item_size;
use crate::table::Index;
use crate::{Error, Store};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::time::Timestamp;
use std::collections::VecDeque;
use tokio::task::JoinSet;

/// Bytes that half a read unit reads.
const HALF_UNIT_BYTES: usize = 4_096;
/// Rows of an ordinary task in half a unit, as long as none was seen.
const ROWS_AT_ONCE: usize = 16;
/// Streams asked at the same time.
const AT_ONCE: usize = 16;

/// Half read units that are left for a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    halves: u32,
}

impl Budget {
    pub fn new(halves: u32) -> Budget {
        Budget { halves }
    }

    pub fn spend(&mut self, halves: u32) {
        self.halves = self.halves.saturating_sub(halves);
    }

    pub fn left(self) -> usize {
        self.halves as usize
    }
}

/// The part of each stream that is still to be read.
#[derive(Clone, Debug)]
pub(crate) struct Range {
    from: String,
    to: String,
    forward: bool,
    /// The row the last page ended at; the bounds include it.
    position: Option<String>,
}

impl Range {
    /// `None` where it is empty.
    pub fn new(from: Option<Timestamp>, to: Option<Timestamp>, forward: bool, after: Option<&str>) -> Option<Range> {
        let mut first = ByCreation::bound(from.unwrap_or(Timestamp::from_millis(0)));
        // Up to the end of that millisecond.
        let mut last = to.map_or_else(
            || ByCreation::bound(Timestamp::from_millis(i64::MAX)),
            |to| ByCreation::bound(to.plus_millis(1)),
        );
        match after {
            Some(after) if forward => first = first.max(after.to_owned()),
            Some(after) => last = last.min(after.to_owned()),
            None => {}
        }
        let position = after.map(str::to_owned);
        (first <= last).then_some(Range { from: first, to: last, forward, position })
    }
}

/// What the next step of a merge gives.
pub(crate) enum Next {
    /// The next row, with its sort key.
    Row(String, Item),
    /// There is none.
    End,
    /// The budget ended first.
    Spent,
}

/// One partition.
#[derive(Default)]
struct Stream {
    partition: String,
    rows: VecDeque<(String, Item)>,
    /// Where the next piece begins; meaningless once `ended`.
    last: Option<Item>,
    ended: bool,
}

/// A merge of partitions of one index.
pub(crate) struct Merge<'a> {
    store: &'a Store,
    pattern: &'static str,
    index: &'static Index,
    streams: Vec<Stream>,
    range: Range,
    /// Rows wanted at most, so that a small page reads little.
    limit: usize,
    /// Rows that half a unit read so far.
    rows_at_once: usize,
    /// Whether [`Merge::rows_at_once`] was seen.
    seen: bool,
}

impl<'a> Merge<'a> {
    pub fn new(
        store: &'a Store,
        pattern: &'static str,
        index: &'static Index,
        partitions: Vec<String>,
        range: Range,
        limit: usize,
    ) -> Merge<'a> {
        let streams = partitions.into_iter().map(|partition| Stream { partition, ..Stream::default() }).collect();
        Merge { store, pattern, index, streams, range, limit, rows_at_once: ROWS_AT_ONCE, seen: false }
    }

    /// Reads the first piece of every stream: a merge needs them all, whatever they cost.
    pub async fn begin(&mut self, budget: &mut Budget) -> Result<(), Error> {
        let mut places: Vec<usize> = (0..self.streams.len()).collect();
        while !places.is_empty() {
            let mut reads = JoinSet::new();
            for place in places.drain(..places.len().min(AT_ONCE)) {
                let read = self.read(&self.streams[place], *budget);
                reads.spawn(async move { (place, read.await) });
            }
            while let Some(read) = reads.join_next().await {
                let Ok((place, page)) = read else { continue };
                self.keep(place, page?, budget)?;
            }
        }
        Ok(())
    }

    /// The next row of all streams.
    pub async fn next(&mut self, budget: &mut Budget) -> Result<Next, Error> {
        loop {
            for place in 0..self.streams.len() {
                while self.streams[place].rows.is_empty() && !self.streams[place].ended {
                    if budget.left() == 0 {
                        return Ok(Next::Spent);
                    }
                    let page = self.read(&self.streams[place], *budget).await?;
                    self.keep(place, page, budget)?;
                }
            }
            let heads = self.streams.iter_mut().filter(|stream| !stream.rows.is_empty());
            let first = if self.range.forward {
                heads.min_by(|a, b| head(a).cmp(&head(b)))
            } else {
                heads.max_by(|a, b| head(a).cmp(&head(b)))
            };
            let Some((sort, item)) = first.and_then(|stream| stream.rows.pop_front()) else { return Ok(Next::End) };
            // A task that changed its status between two reads shows up in two streams: the first one counts.
            if self.range.position.as_ref() != Some(&sort) {
                self.range.position = Some(sort.clone());
                return Ok(Next::Row(sort, item));
            }
        }
    }

    /// Whether a further page may hold anything.
    pub fn has_more(&self) -> bool {
        self.streams.iter().any(|stream| !stream.rows.is_empty() || !stream.ended)
    }

    fn read(
        &self,
        stream: &Stream,
        budget: Budget,
    ) -> impl Future<Output = Result<crate::ops::QueryPage, Error>> + Send + 'static {
        // A single stream gives every row, so what is left may be read with one call; of many, each piece is small.
        let pieces = if self.seen && self.streams.len() == 1 { budget.left().max(1) } else { 1 };
        // One more than the page, so that its end is known without another read.
        let rows = (self.limit + 1).min(self.rows_at_once * pieces).max(2);
        let request = self
            .store
            .partition(stream.partition.clone())
            .index_name(self.index.name)
            .key_condition_expression("#pk = :pk AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#pk", self.index.partition_key)
            .expression_attribute_names("#sk", self.index.sort_key)
            .expression_attribute_values(":from", AttributeValue::S(self.range.from.clone()))
            .expression_attribute_values(":to", AttributeValue::S(self.range.to.clone()))
            .scan_index_forward(self.range.forward)
            .limit(i32::try_from(rows).unwrap_or(2));
        let (store, pattern, last) = (self.store.clone(), self.pattern, stream.last.clone());
        async move { store.query_page(pattern, request, last).await }
    }

    fn keep(&mut self, place: usize, page: crate::ops::QueryPage, budget: &mut Budget) -> Result<(), Error> {
        let bytes: usize = page.items.iter().map(item_size).sum();
        budget.spend(u32::try_from(bytes.div_ceil(HALF_UNIT_BYTES).max(1)).unwrap_or(u32::MAX));
        if let Some(average) = bytes.checked_div(page.items.len()).filter(|bytes| *bytes > 0) {
            self.rows_at_once = (HALF_UNIT_BYTES / average).max(1);
            self.seen = true;
        }
        let position = self.range.position.clone();
        let stream = &mut self.streams[place];
        stream.ended = page.last.is_none();
        stream.last = page.last;
        for item in page.items {
            let sort = Reader(&item).text(self.index.sort_key)?.to_owned();
            // The bound includes the position itself.
            if position.as_ref() != Some(&sort) {
                stream.rows.push_back((sort, item));
            }
        }
        Ok(())
    }
}

fn head(stream: &Stream) -> Option<&str> {
    stream.rows.front().map(|(sort, _)| sort.as_str())
}
