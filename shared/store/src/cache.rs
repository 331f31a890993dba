//! What a process keeps between calls: immutable contents by use, records for a short time. Reads no clock.

use domain::time::Timestamp;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Keeps values that never change, up to a total weight; what was used longest ago goes first.
#[derive(Debug)]
pub(crate) struct LruCache<K, V> {
    weight_max: usize,
    state: Mutex<LruState<K, V>>,
}

#[derive(Debug)]
struct LruState<K, V> {
    entries: HashMap<K, LruEntry<V>>,
    weight: usize,
    uses: u64,
}

#[derive(Debug)]
struct LruEntry<V> {
    value: V,
    weight: usize,
    used: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> LruCache<K, V> {
    pub fn new(weight_max: usize) -> LruCache<K, V> {
        let state = LruState { entries: HashMap::new(), weight: 0, uses: 0 };
        LruCache { weight_max, state: Mutex::new(state) }
    }

    pub fn get(&self, key: &K) -> Option<V> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.uses += 1;
        let used = state.uses;
        let entry = state.entries.get_mut(key)?;
        entry.used = used;
        Some(entry.value.clone())
    }

    /// Keeps a value; one that alone is heavier than everything allowed is not kept.
    pub fn put(&self, key: K, value: V, weight: usize) {
        if weight > self.weight_max {
            return;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.uses += 1;
        let entry = LruEntry { value, weight, used: state.uses };
        state.weight += weight;
        if let Some(old) = state.entries.insert(key, entry) {
            state.weight -= old.weight;
        }
        while state.weight > self.weight_max {
            // A few hundred entries at most: looking through them is cheaper than keeping an order.
            let oldest = state.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            let Some(removed) = oldest.and_then(|key| state.entries.remove(&key)) else { break };
            state.weight -= removed.weight;
        }
    }
}

/// Keeps records for a short time, so that a change is seen everywhere soon.
#[derive(Debug)]
pub(crate) struct TimedCache<K, V> {
    kept_ms: i64,
    entries: Mutex<HashMap<K, (Timestamp, V)>>,
}

/// Records kept at most; when full, everything goes: simpler than an order, and rare.
const TIMED_ENTRIES_MAX: usize = 1_024;

impl<K: Eq + Hash, V: Clone> TimedCache<K, V> {
    pub fn new(kept_ms: i64) -> TimedCache<K, V> {
        TimedCache { kept_ms, entries: Mutex::new(HashMap::new()) }
    }

    /// The value read not longer ago than it may be kept. A clock that went back makes it stale too.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, value) = entries.get(key)?;
        let age_ms = now.as_millis() - read_at.as_millis();
        (0..self.kept_ms).contains(&age_ms).then(|| value.clone())
    }

    pub fn put(&self, key: K, value: V, now: Timestamp) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= TIMED_ENTRIES_MAX {
            entries.clear();
        }
        entries.insert(key, (now, value));
    }

    pub fn forget(&self, key: &K) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}
