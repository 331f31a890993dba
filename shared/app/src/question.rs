//! Reads names and values of an address one by one and collects everything that is wrong. Knows no list in particular.

use crate::FieldProblem;

/// Characters of a whole filter at most, names and values together.
pub const FILTER_CHARS_MAX: usize = 10_000;
/// Characters of a BPMN id or key at most.
const ID_CHARS_MAX: usize = 255;
/// Rows of a page where nothing is said.
pub const LIMIT_DEFAULT: usize = 25;
/// Rows of a page at most.
pub const LIMIT_MAX: usize = 100;

/// Names and values as given, with what is wrong so far. Empty values count as absent.
pub struct Question<'a> {
    pairs: &'a [(String, String)],
    problems: Vec<FieldProblem>,
}

impl<'a> Question<'a> {
    /// Refuses at once what is too long as a whole, and the first name that is not known: a misspelt one must not widen
    /// a list.
    pub fn new(pairs: &'a [(String, String)], known: &[&str]) -> Result<Question<'a>, Vec<FieldProblem>> {
        let length: usize = pairs.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum();
        if length > FILTER_CHARS_MAX {
            let message = format!("The filter has {length} characters; at most {FILTER_CHARS_MAX} are accepted.");
            return Err(vec![FieldProblem { field: "filter".to_owned(), code: "TOO_LONG", message }]);
        }
        let mut question = Question { pairs, problems: Vec::new() };
        if let Some((name, _)) = pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            let message = format!("There is no parameter \"{}\" here; known are {}.", clip(name), known.join(", "));
            question.refuse(name, "UNKNOWN_PARAMETER", message);
        }
        Ok(question)
    }

    /// The answer, unless something was refused.
    pub fn finish<T>(self, read: T) -> Result<T, Vec<FieldProblem>> {
        if self.problems.is_empty() { Ok(read) } else { Err(self.problems) }
    }

    /// Notes what is wrong.
    pub fn refuse(&mut self, field: &str, code: &'static str, message: String) {
        self.problems.push(FieldProblem { field: clip(field), code, message });
    }

    /// The only value of a name.
    pub fn one(&mut self, name: &str) -> Option<&'a str> {
        let pairs = self.pairs;
        let mut values = pairs.iter().filter(|(given, value)| given == name && !value.trim().is_empty());
        let first = values.next();
        if values.next().is_some() {
            self.refuse(name, "GIVEN_TWICE", format!("{name} may be given once only."));
        }
        first.map(|(_, value)| value.trim())
    }

    /// Every word of `status`, repeated or separated by commas, each once.
    pub fn statuses<S: Copy + PartialEq>(&mut self, all: &[S], word: impl Fn(S) -> &'static str) -> Vec<S> {
        let mut statuses = Vec::new();
        let given = self.pairs.iter().filter(|(name, _)| name == "status").flat_map(|(_, value)| value.split(','));
        for text in given.map(str::trim).filter(|text| !text.is_empty()) {
            match all.iter().find(|status| word(**status) == text) {
                Some(status) if statuses.contains(status) => {}
                Some(status) => statuses.push(*status),
                None => {
                    let words: Vec<&str> = all.iter().map(|status| word(*status)).collect();
                    let message = format!("There is no status \"{}\"; use {}.", clip(text), words.join(", "));
                    self.refuse("status", "UNKNOWN_STATUS", message);
                }
            }
        }
        statuses
    }

    /// A BPMN id or another key of at most 255 characters.
    pub fn id(&mut self, name: &str) -> Option<String> {
        let text = self.one(name)?;
        if text.chars().count() > ID_CHARS_MAX {
            self.refuse(name, "TOO_LONG", format!("{name} has more than {ID_CHARS_MAX} characters."));
        }
        Some(text.to_owned())
    }

    /// `true` or `false`; false where it is absent.
    pub fn flag(&mut self, name: &str) -> bool {
        match self.one(name) {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => {
                self.refuse(name, "WRONG_TYPE", format!("{name} is true or false."));
                false
            }
        }
    }

    /// Rows of a page.
    pub fn limit(&mut self) -> usize {
        let Some(text) = self.one("limit") else { return LIMIT_DEFAULT };
        let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
        if limit.is_none() {
            self.refuse("limit", "OUT_OF_RANGE", format!("limit must be a whole number from 1 to {LIMIT_MAX}."));
        }
        limit.unwrap_or(LIMIT_DEFAULT)
    }
}

/// The beginning of what was given, for a message.
pub fn clip(text: &str) -> String {
    text.chars().take(60).collect()
}
