//! Messages and signals: who waits for them, what sends them, and what they bring.

use super::{Age, Awaits, Failure, Order, Reference};
use crate::tests::reference::plan::{Hears, Id, Occurs, Word};
use serde_json::{Map, Value};

impl Reference<'_> {
    /// The key is that of the moment in which an event begins to wait.
    pub(super) fn listen(&mut self, age: Age, event: Id, what: &Hears) {
        if let Ok(word) = self.word(Some(age), what) {
            self.change(age, |activity| activity.awaits.push(Awaits { event, word }));
        }
    }

    /// Wants a message or signal delivered; the path goes on at once.
    pub(super) fn say(&mut self, at: Option<Age>, what: &Hears, brings: Option<&str>) -> Result<(), Failure> {
        let word = self.word(at, what)?;
        let mut values = Map::new();
        if let Some(name) = brings {
            values.insert("brought".to_owned(), self.value(at, name).unwrap_or(Value::Null));
        }
        self.orders.push(Order::Say { word, values });
        Ok(())
    }

    /// Why an event cannot wait.
    pub(super) fn is_deaf(&self, age: Age, event: &Occurs) -> Option<Failure> {
        if let Occurs::Word(what) = event { self.word(Some(age), what).err() } else { None }
    }

    /// A message for nobody in particular is a mistake.
    fn word(&self, at: Option<Age>, what: &Hears) -> Result<Word, Failure> {
        let (name, variable) = match what {
            Hears::Signal(name) => return Ok(Word::Signal(name.clone())),
            Hears::Message { name, key } => (name.clone(), key),
        };
        let key = variable.as_ref().map(|variable| self.value(at, variable).unwrap_or(Value::Null));
        if key == Some(Value::Null) {
            return Err(Failure::technical("INVALID_CORRELATION_KEY"));
        }
        Ok(Word::Message { name, key: key.map(|key| key.to_string()) })
    }

    /// A message or signal comes for an event that waits for it.
    pub fn hear(&mut self, age: Age, event: Id, values: &Map<String, Value>) {
        self.command();
        let Some(activity) = self.activity(age).cloned() else { return };
        if !values.is_empty() || self.variables.contains_key("lastSignalData") {
            let brought = if values.is_empty() { Value::Null } else { Value::Object(values.clone()) };
            self.set(Some(age), "lastSignalData", brought);
        }
        self.occur(&activity, event);
        self.advance();
    }

    /// The events that wait for a word, and can hear it: nothing is heard by what has failed.
    pub fn hearers(&self, word: &Word) -> Vec<(Age, Id)> {
        let able = self.activities.iter().filter(|activity| !activity.failed);
        let hear = able.flat_map(|activity| activity.awaits.iter().map(|awaits| (activity.age, awaits)));
        hear.filter(|(_, awaits)| awaits.word == *word).map(|(age, awaits)| (age, awaits.event)).collect()
    }
}
