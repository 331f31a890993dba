//! Priorities: 0 to 100, and the words that stand for four of them (T-15).

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// From 0 (lowest) to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Priority(u8);

const WORDS: [(&str, u8); 4] = [("Low", 25), ("Normal", 50), ("High", 75), ("Critical", 100)];

impl Default for Priority {
    fn default() -> Priority {
        Priority(50)
    }
}

impl Priority {
    /// Accepts a whole number from 0 to 100, or LOW, NORMAL, HIGH, CRITICAL in any case.
    pub fn parse(text: &str) -> Option<Priority> {
        let text = text.trim();
        let word = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, number)| *number);
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number = || digits.then(|| text.parse::<u8>().ok()).flatten();
        word.or_else(number).and_then(Priority::new)
    }

    /// From a number or a text.
    pub fn of_value(value: &Value) -> Option<Priority> {
        match value {
            Value::String(text) => Priority::parse(text),
            Value::Number(number) => {
                let whole = number.as_f64().filter(|number| number.fract() == 0.0 && (0.0..=100.0).contains(number));
                // The range was checked.
                whole.and_then(|number| Priority::new(number as u8))
            }
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// `None` beyond 100.
    pub fn new(number: u8) -> Option<Priority> {
        (number <= 100).then_some(Priority(number))
    }

    /// The number.
    pub fn get(self) -> u8 {
        self.0
    }

    /// The nearest word, the lower one in the middle.
    pub fn word(self) -> &'static str {
        let nearest = WORDS.iter().min_by_key(|(_, number)| number.abs_diff(self.0));
        nearest.map_or("Normal", |(word, _)| word)
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}
