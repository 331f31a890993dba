//! The list of external tasks as operators see it: rows, filters, pages, the question before a cancellation. Reads no
//! store and decides nothing; which actions a row offers follows from its status and what the reader may do.

use super::{Shell, render};
use crate::format::{self, Zone};
use domain::external_task::Status;
use domain::ids::TaskKey;
use domain::notification::Delivery;
use domain::time::Timestamp;
use serde::Serialize;

mod filter;
mod row;
#[cfg(test)]
mod tests;

pub(crate) use filter::status_word;
use filter::{Chip, Heads, Toggle};
pub use filter::{Filter, Sort};
use row::RowView;

/// Rows of a page: what fits the first response and a long screen.
pub const ROWS: usize = 50;

/// A task as the list knows it.
#[derive(Clone, Debug)]
pub struct Row {
    /// Key.
    pub key: TaskKey,
    /// Status that holds now.
    pub status: Status,
    /// Mail address.
    pub recipient: String,
    /// Name of the activity.
    pub task: String,
    /// Business label of the instance.
    pub reference: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When the time to answer ends.
    pub expires_at: Option<Timestamp>,
    /// Notifications after the initial one.
    pub reminders: u32,
    /// State of the newest mail that has news.
    pub delivery: Delivery,
    /// A person opened the mail.
    pub opened: bool,
    /// Somebody must look after this recipient.
    pub follow_up: bool,
}

/// One entry of a choice in the filter bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    /// Value in the address.
    pub value: String,
    /// What people read.
    pub word: String,
}

/// Which rows come checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Checked {
    /// None.
    #[default]
    Nothing,
    /// The pending ones of this page.
    Page,
    /// All that match the filter, on this page and every other one.
    Matching,
}

/// What the operator is told above the list.
#[derive(Clone, Debug, Serialize)]
pub struct Notice {
    /// `ok`, `warn` or `bad`.
    pub tone: &'static str,
    /// One or two sentences.
    pub text: String,
}

/// A problem with one filter.
#[derive(Clone, Debug, Serialize)]
pub struct FilterProblem {
    /// Name in the address: `recipient`.
    pub field: String,
    /// One sentence.
    pub message: String,
}

/// Everything the page of the list shows.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The rows, in the order of the list.
    pub rows: Vec<Row>,
    /// What they are filtered by.
    pub filter: Filter,
    /// Cursor of this page; none on the first one.
    pub cursor: Option<String>,
    /// Cursors of the pages before this one, the first page left out.
    pub trail: Vec<String>,
    /// Cursor of the next page.
    pub next: Option<String>,
    /// How far back a search that is not finished has looked.
    pub searched_to: Option<Timestamp>,
    /// Activities to choose from.
    pub activities: Vec<Choice>,
    /// Processes to choose from.
    pub processes: Vec<Choice>,
    /// Which rows come checked.
    pub checked: Checked,
    /// What to tell above the list.
    pub notice: Option<Notice>,
    /// Filters that cannot be applied. The list is empty then.
    pub problems: Vec<FilterProblem>,
    /// The list could not be loaded; the number for support.
    pub failed: Option<String>,
    /// The reader may resend, sync and cancel, and see links.
    pub may_manage: bool,
    /// The reader may see instances.
    pub may_see_instances: bool,
    /// The reader may deploy.
    pub may_deploy: bool,
}

#[derive(Serialize)]
struct ListPage<'a> {
    rows: Vec<RowView>,
    here: String,
    /// The filter as the bulk run repeats it.
    query: String,
    reset: &'static str,
    statuses: Vec<Toggle>,
    filter: &'a Filter,
    /// First and last day as date fields take them; anything else they would complain about.
    days: [&'a str; 2],
    activities: Vec<Toggle>,
    processes: Vec<Toggle>,
    chips: Vec<Chip>,
    heads: Heads,
    order: &'static str,
    counted: String,
    zone: &'a str,
    before: Option<PageLink>,
    after: Option<PageLink>,
    searched: Option<Searched>,
    matching: bool,
    all_checked: bool,
    select_page: String,
    select_matching: String,
    select_nothing: String,
    notice: Option<&'a Notice>,
    problems: &'a [FilterProblem],
    problem_fields: Vec<&'a str>,
    failed: Option<&'a str>,
    filtered: bool,
    manage: bool,
    instances: bool,
    deploy: bool,
    any_pending: bool,
}

#[derive(Serialize)]
struct PageLink {
    word: &'static str,
    address: String,
}

#[derive(Serialize)]
struct Searched {
    /// How far back, in words.
    text: String,
    /// Address that looks further.
    go_on: String,
    /// The same for a script: rows only.
    more: String,
}

/// The whole page.
pub fn page(shell: &Shell, listing: &Listing, clock: (&Zone, Timestamp)) -> String {
    render("console/external-tasks.html", shell, &view(listing, clock))
}

/// What stands below the filter bar: chips, table, pager. For the script that applies filters in place.
pub fn list_part(shell: &Shell, listing: &Listing, clock: (&Zone, Timestamp)) -> String {
    render("console/external-tasks-list.html", shell, &view(listing, clock))
}

/// The rows alone, in the body of their table. For the script that keeps the list fresh.
pub fn rows_part(shell: &Shell, listing: &Listing, clock: (&Zone, Timestamp)) -> String {
    render("console/external-tasks-rows.html", shell, &view(listing, clock))
}

/// One row as it is after an action, with what to say about it.
pub fn row_part(
    shell: &Shell,
    row: Row,
    notice: Option<Notice>,
    may_manage: bool,
    clock: (&Zone, Timestamp),
) -> String {
    let listing = Listing { rows: vec![row], notice, may_manage, ..Listing::default() };
    rows_part(shell, &listing, clock)
}

fn view<'a>(listing: &'a Listing, (zone, now): (&'a Zone, Timestamp)) -> ListPage<'a> {
    let filter = &listing.filter;
    let pending = |row: &Row| row.status == Status::Pending && listing.may_manage;
    let any_pending = listing.rows.iter().any(pending);
    let checked = if listing.may_manage { listing.checked } else { Checked::Nothing };
    let place = position(listing);
    let here = filter.address(&place);
    let with = |name, value: &str| {
        let mut extra = place.clone();
        extra.push((name, value.to_owned()));
        filter.address(&extra)
    };
    ListPage {
        rows: listing.rows.iter().map(|row| RowView::of(row, checked, listing.may_manage, (zone, now))).collect(),
        query: filter.resolved(zone).query(),
        reset: "/external-tasks",
        statuses: filter.status_toggles(),
        filter,
        days: [&filter.created_from, &filter.created_to].map(|day| if format::is_day(day) { day } else { "" }),
        activities: filter::toggles(&listing.activities, &filter.activity),
        processes: filter::toggles(&listing.processes, &filter.process_id),
        chips: filter.chips(&listing.activities, &listing.processes),
        heads: filter.heads(),
        order: filter.sort.words(),
        counted: counted(listing.rows.len()),
        zone: zone.place(),
        before: before(listing),
        after: after(listing),
        searched: searched(listing, (zone, now)),
        matching: checked == Checked::Matching,
        all_checked: checked != Checked::Nothing && any_pending,
        select_page: with("select", "page"),
        select_matching: with("select", "matching"),
        select_nothing: here.clone(),
        here,
        notice: listing.notice.as_ref(),
        problems: &listing.problems,
        problem_fields: listing.problems.iter().map(|problem| problem.field.as_str()).collect(),
        failed: listing.failed.as_deref(),
        filtered: filter.narrows() || listing.cursor.is_some(),
        manage: listing.may_manage,
        instances: listing.may_see_instances,
        deploy: listing.may_deploy,
        any_pending,
    }
}

fn counted(rows: usize) -> String {
    match rows {
        1 => "1 task on this page".to_owned(),
        rows => format!("{rows} tasks on this page"),
    }
}

fn position(listing: &Listing) -> Vec<(&'static str, String)> {
    let mut place = Vec::new();
    if let Some(cursor) = &listing.cursor {
        place.push(("cursor", cursor.clone()));
        place.extend(listing.trail.iter().map(|cursor| ("before", cursor.clone())));
    }
    place
}

/// The page before this one. Cursors only lead forward, so the address carries those that led here.
fn before(listing: &Listing) -> Option<PageLink> {
    listing.cursor.as_ref()?;
    let (word, _) = listing.filter.sort.ways();
    let mut place = Vec::new();
    if let Some((last, rest)) = listing.trail.split_last() {
        place.push(("cursor", last.clone()));
        place.extend(rest.iter().map(|cursor| ("before", cursor.clone())));
    }
    Some(PageLink { word, address: listing.filter.address(&place) })
}

/// The next page. Addresses stay short: of the pages before only the last few are kept, then it is the first one.
fn after(listing: &Listing) -> Option<PageLink> {
    const TRAIL: usize = 8;
    let next = listing.next.as_ref()?;
    let (_, word) = listing.filter.sort.ways();
    let mut place = vec![("cursor", next.clone())];
    let trail: Vec<&String> = listing.trail.iter().chain(&listing.cursor).collect();
    place.extend(trail.iter().skip(trail.len().saturating_sub(TRAIL)).map(|cursor| ("before", (*cursor).clone())));
    Some(PageLink { word, address: listing.filter.address(&place) })
}

fn searched(listing: &Listing, (zone, now): (&Zone, Timestamp)) -> Option<Searched> {
    let (to, next) = (listing.searched_to?, after(listing)?);
    let day = format::moment_short(zone, to, now);
    let text = match listing.filter.sort {
        Sort::Newest => format!("Looked through all tasks created since {day}."),
        Sort::Oldest => format!("Looked through all tasks created until {day}."),
        Sort::ExpiresSoonest | Sort::ExpiresLatest => "Looked through a part of the tasks that expire.".to_owned(),
    };
    Some(Searched { text, more: format!("{}&part=rows", next.address), go_on: next.address })
}
