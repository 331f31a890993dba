//! Reads what a door was asked for into a query of the list: names and words of the wire, all refusals at once. Asks no
//! table. The console's address bar uses the same names as the API.

use crate::FieldProblem;
use crate::question::{Question, clip};
use domain::external_task::Status;
use domain::time::Timestamp;
use store::{Order, TaskQuery};

/// Characters of a search for recipients at least: fewer would ask for nearly everything.
pub const RECIPIENT_CHARS_MIN: usize = store::PART_CHARS_MIN;
/// Characters of a mail address at most.
const RECIPIENT_CHARS_MAX: usize = 254;

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
    let mut question = Question::new(pairs, known)?;
    let statuses = question.statuses(&Status::ALL, Status::as_str);
    let query = TaskQuery {
        activity: question.id("activity"),
        process_id: question.id("processId"),
        recipient: recipient(&mut question),
        created_from: moment(&mut question, "createdFrom", "T00:00:00.000Z"),
        created_to: moment(&mut question, "createdTo", "T23:59:59.999Z"),
        follow_up: question.flag("followUp"),
        order: order(&mut question, &statuses),
        limit: question.limit(),
        after: None,
        statuses: if statuses.is_empty() { Status::ALL.to_vec() } else { statuses },
    };
    question.finish(query)
}

fn recipient(question: &mut Question<'_>) -> Option<String> {
    let text = question.one("recipient")?;
    let length = text.chars().count();
    if length < RECIPIENT_CHARS_MIN {
        let message = format!("Type at least {RECIPIENT_CHARS_MIN} characters of the address.");
        question.refuse("recipient", "TOO_SHORT", message);
    } else if length > RECIPIENT_CHARS_MAX {
        let message = format!("An address has at most {RECIPIENT_CHARS_MAX} characters.");
        question.refuse("recipient", "TOO_LONG", message);
    }
    Some(text.to_owned())
}

/// A time, or a whole day in UTC as date inputs give it.
fn moment(question: &mut Question<'_>, name: &str, day: &str) -> Option<Timestamp> {
    let text = question.one(name)?;
    let moment = if text.len() == 10 { format!("{text}{day}").parse() } else { text.parse() };
    if moment.is_err() {
        let message = format!("{name} must be a time such as 2026-11-20T14:00:00Z, or a date such as 2026-11-20.");
        question.refuse(name, "NOT_A_TIME", message);
    }
    moment.ok()
}

fn order(question: &mut Question<'_>, statuses: &[Status]) -> Order {
    let order = match question.one("sort") {
        None | Some("-created") => return Order::Newest,
        Some("created") => return Order::Oldest,
        Some("expires") => Order::ExpiresSoonest,
        Some("-expires") => Order::ExpiresLatest,
        Some(other) => {
            let message = format!("\"{}\" is no order; use created, -created, expires or -expires.", clip(other));
            question.refuse("sort", "SORT_UNAVAILABLE", message);
            return Order::Newest;
        }
    };
    if statuses != [Status::Pending] {
        let message = "Only pending tasks can be sorted by their expiry: add status=PENDING.".to_owned();
        question.refuse("sort", "SORT_UNAVAILABLE", message);
    }
    order
}
