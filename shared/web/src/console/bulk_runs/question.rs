//! The question before a bulk run: what will happen, and to how many. Starts nothing.

use super::action_word;
use domain::bulk_run::Action;
use domain::ids::TaskKey;
use serde::Serialize;

/// Which tasks a run is about.
#[derive(Clone, Debug)]
pub enum Selection {
    /// Rows that were checked.
    Keys(Vec<TaskKey>),
    /// All that match the list's filter.
    Filter {
        /// The filter as in the list's address.
        query: String,
        /// The filter in words: (`Recipient contains`, `@acme`).
        words: Vec<(&'static str, String)>,
    },
}

impl Selection {
    /// All that match a filter, from the names and values of the list's address. `name` gives the word for a BPMN id of
    /// an activity or a process. Status is left out: a run is about the pending ones.
    pub fn filter(query: String, pairs: &[(String, String)], name: impl Fn(&str) -> String) -> Selection {
        Selection::Filter { query, words: words(pairs, name) }
    }
}

/// A filter of the list in words, without its status.
pub(in crate::console) fn words(
    pairs: &[(String, String)],
    name: impl Fn(&str) -> String,
) -> Vec<(&'static str, String)> {
    let word = |(key, value): &(String, String)| match key.as_str() {
        _ if value.trim().is_empty() => None,
        "recipient" => Some(("Recipient contains", value.clone())),
        "activity" => Some(("Activity", name(value))),
        "processId" => Some(("Process", name(value))),
        "createdFrom" => Some(("Created from", value.clone())),
        "createdTo" => Some(("Created to", value.clone())),
        "followUp" if value == "true" => Some(("Only what", "needs follow-up".to_owned())),
        _ => None,
    };
    pairs.iter().filter_map(word).collect()
}

/// What an operator is asked before a run starts.
#[derive(Clone, Debug)]
pub struct Question {
    /// What to do.
    pub action: Action,
    /// To which tasks.
    pub selection: Selection,
    /// Tasks selected or matching.
    pub total: u32,
    /// Those of them that are pending.
    pub eligible: u32,
    /// Counting ended early: there are at least so many.
    pub at_least: bool,
    /// Kept in the form: a second click on its button starts no second run.
    pub submission: String,
    /// Address of the list with its filter.
    pub back: String,
}

#[derive(Serialize)]
pub(super) struct QuestionPage {
    action: &'static str,
    heading: String,
    text: &'static str,
    last: Option<&'static str>,
    facts: Vec<(&'static str, String)>,
    /// All that match `filter`, not chosen ones.
    all: bool,
    filter: Vec<(&'static str, String)>,
    keep: &'static str,
    go: String,
    danger: bool,
    /// Why there is nothing to do.
    nothing: Option<String>,
    hidden: Vec<(&'static str, String)>,
    back: String,
}

impl Question {
    pub(super) fn page(&self) -> QuestionPage {
        let words = Words::of(self.action, self.eligible == 1 && !self.at_least);
        let tasks = match (self.at_least, self.eligible) {
            (false, count) => count.to_string(),
            (true, 0) => "all matching".to_owned(),
            (true, count) => format!("at least {count}"),
        };
        let number = if self.at_least { "all".to_owned() } else { self.eligible.to_string() };
        QuestionPage {
            action: action_word(self.action),
            heading: words.heading.replace("{n}", &tasks),
            text: words.text,
            last: words.last,
            facts: self.facts(),
            all: matches!(self.selection, Selection::Filter { .. }),
            filter: self.filter(),
            keep: words.keep,
            go: words.go.replace("{n}", &number),
            danger: self.action == Action::Cancel,
            nothing: self.nothing(),
            hidden: self.hidden(),
            back: self.back.clone(),
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let more = if self.at_least { " or more" } else { "" };
        let mut facts = vec![("Tasks", format!("{}{more} pending", self.eligible))];
        if self.total > self.eligible {
            let left = self.total - self.eligible;
            let are = if left == 1 { "is" } else { "are" };
            facts.push(("Left out", format!("{left} of the {} selected {are} not pending", self.total)));
        }
        match self.action {
            Action::Resend => facts.push(("Mails sent", format!("{}{more}, one after the other", self.eligible))),
            Action::SyncTemplates => facts.push(("Mails sent", "None".to_owned())),
            Action::Cancel => {
                facts.push(("Instances stopped", format!("{}{more} at most", self.eligible)));
                facts.push(("Mails sent", "None".to_owned()));
            }
        }
        facts
    }

    fn filter(&self) -> Vec<(&'static str, String)> {
        match &self.selection {
            Selection::Filter { words, .. } => words.clone(),
            Selection::Keys(_) => Vec::new(),
        }
    }

    fn nothing(&self) -> Option<String> {
        if self.eligible > 0 || self.at_least {
            return None;
        }
        Some(match (&self.selection, self.total) {
            (Selection::Filter { .. }, _) => {
                "No pending task matches this filter any more. Nothing was done.".to_owned()
            }
            (Selection::Keys(_), 0) => "Select at least one task. Then choose what to do with it.".to_owned(),
            (Selection::Keys(_), 1) => "The selected task is not pending any more. Nothing was done.".to_owned(),
            (Selection::Keys(_), total) => {
                format!("None of the {total} selected tasks is pending any more. Nothing was done.")
            }
        })
    }

    fn hidden(&self) -> Vec<(&'static str, String)> {
        let mut fields = vec![
            ("action", self.action.as_str().to_owned()),
            ("confirmed", self.submission.clone()),
            ("back", self.back.clone()),
        ];
        match &self.selection {
            Selection::Keys(keys) => fields.extend(keys.iter().map(|key| ("taskKey", key.to_string()))),
            Selection::Filter { query, .. } => {
                fields.push(("selection", "filter".to_owned()));
                fields.push(("filter", query.clone()));
            }
        }
        fields
    }
}

struct Words {
    heading: &'static str,
    text: &'static str,
    last: Option<&'static str>,
    keep: &'static str,
    go: &'static str,
}

impl Words {
    fn of(action: Action, one: bool) -> Words {
        match (action, one) {
            (Action::Resend, false) => Words {
                heading: "Send the mail again to {n} recipients?",
                text: "They get the same link; nothing else changes.",
                last: None,
                keep: "Keep as is",
                go: "Resend {n} mails",
            },
            (Action::Resend, true) => Words {
                heading: "Send the mail again to {n} recipient?",
                text: "The recipient gets the same link; nothing else changes.",
                last: None,
                keep: "Keep as is",
                go: "Resend {n} mail",
            },
            (Action::SyncTemplates, false) => Words {
                heading: "Put the deployed templates on {n} tasks?",
                text: "Recipients see the new page the next time they open the link. No mail is sent.",
                last: None,
                keep: "Keep as is",
                go: "Sync {n} tasks",
            },
            (Action::SyncTemplates, true) => Words {
                heading: "Put the deployed templates on {n} task?",
                text: "The recipient sees the new page the next time the link is opened. No mail is sent.",
                last: None,
                keep: "Keep as is",
                go: "Sync {n} task",
            },
            (Action::Cancel, false) => Words {
                heading: "Cancel {n} tasks and stop their processes?",
                text: "Each recipient who opens the link afterwards sees the cancelled page and can no longer answer. Each task's whole process instance stops with it.",
                last: Some("This cannot be undone."),
                keep: "Keep tasks",
                go: "Cancel {n} tasks",
            },
            (Action::Cancel, true) => Words {
                heading: "Cancel {n} task and stop its process?",
                text: "The recipient who opens the link afterwards sees the cancelled page and can no longer answer. The task's whole process instance stops with it.",
                last: Some("This cannot be undone."),
                keep: "Keep task",
                go: "Cancel {n} task",
            },
        }
    }
}
