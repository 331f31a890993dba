//! Reads what a door was asked for into a query of the list: names and words of the wire, all refusals at once. Asks no
//! table. The console's address bar uses the same names as the API.

use super::{Order, TaskQuery};
use crate::FieldProblem;
use domain::external_task::Status;
use domain::time::Timestamp;

/// Characters of a whole filter at most, names and values together.
pub const FILTER_CHARS_MAX: usize = 10_000;
/// Characters of a search for recipients at least: fewer would ask for nearly everything.
pub const RECIPIENT_CHARS_MIN: usize = 3;
/// Characters of a mail address at most.
const RECIPIENT_CHARS_MAX: usize = 254;
/// Characters of a BPMN id at most.
const ID_CHARS_MAX: usize = 255;
/// Rows of a page where nothing is said.
pub const LIMIT_DEFAULT: usize = 25;
/// Rows of a page at most.
pub const LIMIT_MAX: usize = 100;

/// Names that select tasks.
const SELECTING: [&str; 7] = ["status", "activity", "recipient", "processId", "createdFrom", "createdTo", "followUp"];
/// Names that say how they are listed.
const LISTING: [&str; 3] = ["sort", "limit", "cursor"];

/// A query of the list from names and values as in an address; empty values count as absent. `cursor` is passed over:
/// it is verified with the list. Statuses may be repeated or separated by commas.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn filter(pairs: &[(String, String)]) -> Result<TaskQuery, Vec<FieldProblem>> {
    read(pairs, &[&SELECTING[..], &LISTING[..]].concat())
}

/// As [`filter`], for what selects tasks without listing them: `sort`, `limit` and `cursor` are unknown here.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn selection(pairs: &[(String, String)]) -> Result<TaskQuery, Vec<FieldProblem>> {
    read(pairs, &SELECTING)
}

fn read(pairs: &[(String, String)], known: &[&str]) -> Result<TaskQuery, Vec<FieldProblem>> {
    let length: usize = pairs.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum();
    if length > FILTER_CHARS_MAX {
        let message = format!("The filter has {length} characters; at most {FILTER_CHARS_MAX} are accepted.");
        return Err(vec![FieldProblem { field: "filter".to_owned(), code: "TOO_LONG", message }]);
    }
    let mut reader = Reader { pairs, problems: Vec::new() };
    reader.refuse_unknown(known);
    let statuses = reader.statuses();
    let mut query = TaskQuery {
        activity: reader.id("activity"),
        process_id: reader.id("processId"),
        recipient: reader.recipient(),
        created_from: reader.moment("createdFrom", "T00:00:00.000Z"),
        created_to: reader.moment("createdTo", "T23:59:59.999Z"),
        follow_up: reader.follow_up(),
        order: reader.order(&statuses),
        limit: reader.limit(),
        after: None,
        statuses,
    };
    if query.statuses.is_empty() {
        query.statuses = Status::ALL.to_vec();
    }
    if reader.problems.is_empty() { Ok(query) } else { Err(reader.problems) }
}

struct Reader<'a> {
    pairs: &'a [(String, String)],
    problems: Vec<FieldProblem>,
}

impl<'a> Reader<'a> {
    fn refuse(&mut self, field: &str, code: &'static str, message: String) {
        self.problems.push(FieldProblem { field: clip(field), code, message });
    }

    fn refuse_unknown(&mut self, known: &[&str]) {
        let unknown = self.pairs.iter().map(|(name, _)| name.as_str()).find(|name| !known.contains(name));
        if let Some(name) = unknown {
            let message = format!("There is no parameter \"{}\" here; known are {}.", clip(name), known.join(", "));
            self.refuse(name, "UNKNOWN_PARAMETER", message);
        }
    }

    fn all(&self, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let name = name.to_owned();
        self.pairs
            .iter()
            .filter(move |(given, value)| *given == name && !value.trim().is_empty())
            .map(|(_, v)| v.as_str())
    }

    /// The only value of a name.
    fn one(&mut self, name: &str) -> Option<&'a str> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() {
            self.refuse(name, "GIVEN_TWICE", format!("{name} may be given once only."));
        }
        first.map(str::trim)
    }

    fn statuses(&mut self) -> Vec<Status> {
        let mut statuses = Vec::new();
        for text in self.all("status").flat_map(|value| value.split(',')).map(str::trim).filter(|text| !text.is_empty())
        {
            match Status::parse(text) {
                Some(status) if statuses.contains(&status) => {}
                Some(status) => statuses.push(status),
                None => {
                    let message =
                        format!("There is no status \"{}\"; use PENDING, COMPLETED, CANCELLED or EXPIRED.", clip(text));
                    self.refuse("status", "UNKNOWN_STATUS", message);
                }
            }
        }
        statuses
    }

    fn id(&mut self, name: &str) -> Option<String> {
        let text = self.one(name)?;
        if text.chars().count() > ID_CHARS_MAX {
            self.refuse(name, "TOO_LONG", format!("{name} has more than {ID_CHARS_MAX} characters."));
            return None;
        }
        Some(text.to_owned())
    }

    fn recipient(&mut self) -> Option<String> {
        let text = self.one("recipient")?;
        let length = text.chars().count();
        if length < RECIPIENT_CHARS_MIN {
            let message = format!("Type at least {RECIPIENT_CHARS_MIN} characters of the address.");
            self.refuse("recipient", "TOO_SHORT", message);
        } else if length > RECIPIENT_CHARS_MAX {
            let message = format!("An address has at most {RECIPIENT_CHARS_MAX} characters.");
            self.refuse("recipient", "TOO_LONG", message);
        }
        Some(text.to_owned())
    }

    /// A time, or a whole day in UTC as date inputs give it.
    fn moment(&mut self, name: &str, day: &str) -> Option<Timestamp> {
        let text = self.one(name)?;
        let moment = if text.len() == 10 { format!("{text}{day}").parse() } else { text.parse() };
        if moment.is_err() {
            let message = format!("{name} must be a time such as 2026-11-20T14:00:00Z, or a date such as 2026-11-20.");
            self.refuse(name, "NOT_A_TIME", message);
        }
        moment.ok()
    }

    fn follow_up(&mut self) -> bool {
        match self.one("followUp") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.refuse("followUp", "WRONG_TYPE", "followUp is true or false.".to_owned());
                false
            }
        }
    }

    fn order(&mut self, statuses: &[Status]) -> Order {
        let order = match self.one("sort") {
            None | Some("-created") => return Order::Newest,
            Some("created") => return Order::Oldest,
            Some("expires") => Order::ExpiresSoonest,
            Some("-expires") => Order::ExpiresLatest,
            Some(other) => {
                let message = format!("\"{}\" is no order; use created, -created, expires or -expires.", clip(other));
                self.refuse("sort", "SORT_UNAVAILABLE", message);
                return Order::Newest;
            }
        };
        if statuses != [Status::Pending] {
            let message = "Only pending tasks can be sorted by their expiry: add status=PENDING.".to_owned();
            self.refuse("sort", "SORT_UNAVAILABLE", message);
        }
        order
    }

    fn limit(&mut self) -> usize {
        let Some(text) = self.one("limit") else { return LIMIT_DEFAULT };
        let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
        if limit.is_none() {
            let message = format!("limit must be a whole number from 1 to {LIMIT_MAX}.");
            self.refuse("limit", "OUT_OF_RANGE", message);
        }
        limit.unwrap_or(LIMIT_DEFAULT)
    }
}

fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}
