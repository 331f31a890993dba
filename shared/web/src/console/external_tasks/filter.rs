//! The filter of the list as its address, its form and its chips carry it. Checks nothing: that is the list's own work.

use super::Choice;
use crate::format::{self, Zone};
use domain::external_task::Status;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::Serialize;

const PATH: &str = "/external-tasks";
/// What a query part may not hold as it is; `@`, `:` and `,` stay readable.
const QUERY: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'&').add(b'=').add(b'+').add(b'%').add(b'\'');

/// Order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
    /// What expires first, first; pending tasks only.
    ExpiresSoonest,
    /// What expires last, first; pending tasks only.
    ExpiresLatest,
}

impl Sort {
    /// The value of `sort` in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Sort::Newest => "-created",
            Sort::Oldest => "created",
            Sort::ExpiresSoonest => "expires",
            Sort::ExpiresLatest => "-expires",
        }
    }

    fn parse(text: &str) -> Sort {
        let all = [Sort::Newest, Sort::Oldest, Sort::ExpiresSoonest, Sort::ExpiresLatest];
        all.into_iter().find(|sort| sort.as_str() == text).unwrap_or_default()
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Sort::Newest => "newest first",
            Sort::Oldest => "oldest first",
            Sort::ExpiresSoonest => "soonest expiry first, without tasks that never expire",
            Sort::ExpiresLatest => "latest expiry first, without tasks that never expire",
        }
    }

    /// The way back and the way on.
    pub(super) fn ways(self) -> (&'static str, &'static str) {
        match self {
            Sort::Newest => ("Newer", "Older"),
            Sort::Oldest => ("Older", "Newer"),
            Sort::ExpiresSoonest | Sort::ExpiresLatest => ("Back", "Next"),
        }
    }

    fn by_expiry(self) -> bool {
        match self {
            Sort::ExpiresSoonest | Sort::ExpiresLatest => true,
            Sort::Newest | Sort::Oldest => false,
        }
    }
}

/// What the list is filtered by, as typed.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize)]
pub struct Filter {
    /// None: all.
    #[serde(skip)]
    pub statuses: Vec<Status>,
    /// Part of the mail address.
    pub recipient: String,
    /// BPMN id of the activity.
    pub activity: String,
    /// BPMN id of the process.
    pub process_id: String,
    /// First day, `2026-11-20`, or a moment.
    pub created_from: String,
    /// Last day or a moment.
    pub created_to: String,
    /// Only tasks somebody must look after.
    pub follow_up: bool,
    /// Order.
    #[serde(skip)]
    pub sort: Sort,
}

/// One choice of the filter bar.
#[derive(Debug, Serialize)]
pub(super) struct Toggle {
    value: String,
    word: String,
    chosen: bool,
}

/// An applied filter, with the address of the list without it.
#[derive(Debug, Serialize)]
pub(super) struct Chip {
    name: &'static str,
    value: String,
    without: String,
}

/// The heads of the two columns that sort.
#[derive(Debug, Serialize)]
pub(super) struct Heads {
    created: Head,
    expires: Head,
    /// Value of `sort` where it is not the usual one.
    sort: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Head {
    /// `ascending`, `descending` or none.
    sorted: Option<&'static str>,
    address: String,
}

impl Filter {
    /// Reads the part of an address that is a filter; other names are left alone. An order by expiry holds only for
    /// pending tasks: without that filter it falls back to the usual one, since people change one filter at a time.
    pub fn read(query: &[(String, String)]) -> Filter {
        let mut filter = Filter::default();
        for (name, value) in query {
            let value = value.trim();
            match name.as_str() {
                "status" => filter.statuses.extend(Status::parse(value).filter(|s| !filter.statuses.contains(s))),
                "recipient" => value.clone_into(&mut filter.recipient),
                "activity" => value.clone_into(&mut filter.activity),
                "processId" => value.clone_into(&mut filter.process_id),
                "createdFrom" => value.clone_into(&mut filter.created_from),
                "createdTo" => value.clone_into(&mut filter.created_to),
                "followUp" => filter.follow_up = value == "true",
                "sort" => filter.sort = Sort::parse(value),
                _ => {}
            }
        }
        if filter.sort.by_expiry() && filter.statuses != [Status::Pending] {
            filter.sort = Sort::Newest;
        }
        filter
    }

    /// The filter as (name, value) pairs, in the order of the form; what is not applied is left out.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs: Vec<(&'static str, String)> =
            self.statuses.iter().map(|status| ("status", status.as_str().to_owned())).collect();
        let texts = [
            ("recipient", &self.recipient),
            ("activity", &self.activity),
            ("processId", &self.process_id),
            ("createdFrom", &self.created_from),
            ("createdTo", &self.created_to),
        ];
        pairs.extend(texts.into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name, text.clone())));
        if self.follow_up {
            pairs.push(("followUp", "true".to_owned()));
        }
        if self.sort != Sort::default() {
            pairs.push(("sort", self.sort.as_str().to_owned()));
        }
        pairs
    }

    /// The filter as the query of an address, without `?`.
    pub fn query(&self) -> String {
        encoded(&self.pairs())
    }

    /// The same with days of `zone` as the moments they begin and end at, which is how everybody else reads them.
    pub fn resolved(&self, zone: &Zone) -> Filter {
        let moment = |text: &str, end: bool| {
            let bounds = format::day_bounds(zone, text);
            bounds.map_or_else(|| text.to_owned(), |(first, last)| if end { last } else { first }.to_string())
        };
        Filter {
            created_from: moment(&self.created_from, false),
            created_to: moment(&self.created_to, true),
            ..self.clone()
        }
    }

    /// True when it leaves something out.
    pub fn narrows(&self) -> bool {
        self.pairs().iter().any(|(name, _)| *name != "sort")
    }

    /// The list's address with this filter and `extra`.
    pub fn address(&self, extra: &[(&'static str, String)]) -> String {
        let mut pairs = self.pairs();
        pairs.extend(extra.iter().cloned());
        if pairs.is_empty() { PATH.to_owned() } else { format!("{PATH}?{}", encoded(&pairs)) }
    }

    pub(super) fn status_toggles(&self) -> Vec<Toggle> {
        let toggle = |status: &Status| Toggle {
            value: status.as_str().to_owned(),
            word: status_word(*status).to_owned(),
            chosen: self.statuses.contains(status),
        };
        Status::ALL.iter().map(toggle).collect()
    }

    pub(super) fn chips(&self, activities: &[Choice], processes: &[Choice]) -> Vec<Chip> {
        let word = |choices: &[Choice], value: &str| {
            choices.iter().find(|choice| choice.value == value).map_or(value, |choice| &choice.word).to_owned()
        };
        let mut chips = Vec::new();
        let mut chip = |name, value, change: &dyn Fn(&mut Filter)| {
            let mut without = self.clone();
            change(&mut without);
            chips.push(Chip { name, value, without: Filter::read(&owned(&without)).address(&[]) });
        };
        for status in &self.statuses {
            chip("Status:", status_word(*status).to_owned(), &|f| f.statuses.retain(|other| other != status));
        }
        if !self.recipient.is_empty() {
            chip("Recipient contains", self.recipient.clone(), &|f| f.recipient.clear());
        }
        if !self.activity.is_empty() {
            chip("Activity:", word(activities, &self.activity), &|f| f.activity.clear());
        }
        if !self.process_id.is_empty() {
            chip("Process:", word(processes, &self.process_id), &|f| f.process_id.clear());
        }
        if !self.created_from.is_empty() {
            chip("Created from", format::day_typed(&self.created_from), &|f| f.created_from.clear());
        }
        if !self.created_to.is_empty() {
            chip("Created to", format::day_typed(&self.created_to), &|f| f.created_to.clear());
        }
        if self.follow_up {
            chip("Only what", "needs follow-up".to_owned(), &|f| f.follow_up = false);
        }
        chips
    }

    pub(super) fn heads(&self) -> Heads {
        let head = |usual: Sort, turned: Sort| {
            let mut next = self.clone();
            next.sort = if self.sort == usual { turned } else { usual };
            if next.sort.by_expiry() {
                next.statuses = vec![Status::Pending];
            }
            let sorted = match self.sort {
                sort if sort != usual && sort != turned => None,
                Sort::Newest | Sort::ExpiresLatest => Some("descending"),
                Sort::Oldest | Sort::ExpiresSoonest => Some("ascending"),
            };
            Head { sorted, address: next.address(&[]) }
        };
        Heads {
            created: head(Sort::Newest, Sort::Oldest),
            expires: head(Sort::ExpiresSoonest, Sort::ExpiresLatest),
            sort: (self.sort != Sort::default()).then(|| self.sort.as_str()),
        }
    }
}

/// The choices of a select; a value that is in the address but not among them is kept as it is.
pub(super) fn toggles(choices: &[Choice], chosen: &str) -> Vec<Toggle> {
    let toggle = |choice: &Choice| Toggle {
        value: choice.value.clone(),
        word: choice.word.clone(),
        chosen: choice.value == chosen,
    };
    let mut toggles: Vec<Toggle> = choices.iter().map(toggle).collect();
    if !chosen.is_empty() && !toggles.iter().any(|toggle| toggle.chosen) {
        toggles.push(Toggle { value: chosen.to_owned(), word: chosen.to_owned(), chosen: true });
    }
    toggles
}

pub(crate) fn status_word(status: Status) -> &'static str {
    match status {
        Status::Pending => "Pending",
        Status::Completed => "Completed",
        Status::Cancelled => "Cancelled",
        Status::Expired => "Expired",
    }
}

fn owned(filter: &Filter) -> Vec<(String, String)> {
    filter.pairs().into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn encoded(pairs: &[(&'static str, String)]) -> String {
    let part = |(name, value): &(&str, String)| format!("{name}={}", utf8_percent_encode(value, QUERY));
    pairs.iter().map(part).collect::<Vec<_>>().join("&")
}
