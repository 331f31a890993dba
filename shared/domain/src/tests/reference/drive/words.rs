//! Deliveries of messages and signals: to one who waits, or to all who wait at that moment, one after the other.

use super::faults::is_taken;
use super::{Both, Choice};
use crate::tests::reference::interpreter::Age;
use crate::tests::reference::plan::{Id, Word};
use crate::tests::reference::random::Random;
use serde_json::{Map, Value};

impl Both<'_> {
    /// Nobody promises an order to those who hear a signal; whom an earlier one took away does not hear it.
    pub(super) fn deliver(
        &mut self,
        word: &Word,
        values: &Map<String, Value>,
        random: &mut Random,
    ) -> Result<(), String> {
        if let Some(at) = self.said.iter().position(|said| (&said.0, &said.1) == (word, values)) {
            self.said.remove(at);
        }
        let mut waiting: Vec<(Age, Id)> = self.reference.hearers(word);
        let mut to = Vec::new();
        while !waiting.is_empty() {
            to.push(waiting.swap_remove(random.below(waiting.len())));
        }
        if matches!(word, Word::Message { .. }) {
            to.truncate(1);
        }
        self.happened.extend((to.len() > 1).then_some("several hear a signal"));
        self.happened.extend(to.is_empty().then_some("nobody hears"));
        let hears: Vec<Choice> = to.into_iter().map(|to| Choice::Hear { to, values: values.clone() }).collect();
        let commands: Vec<_> = hears.iter().map(|hear| self.command(hear)).collect::<Result<_, _>>()?;
        for (hear, command) in hears.iter().zip(commands) {
            let Choice::Hear { to, .. } = hear else { continue };
            if self.reference.hearers(word).contains(to) {
                self.carry_out_command(hear, command, random)?;
            } else if is_taken(&self.world.when(command)) {
                return Err(format!("the engine hears {word:?} where nobody waits for it"));
            } else {
                self.happened.insert("a signal takes away who would hear it");
            }
            if self.is_cut() {
                break;
            }
        }
        Ok(())
    }
}
