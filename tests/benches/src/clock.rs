//! The processor's clock: time that this program had a core, so that a busy machine does not change a result. Measures
//! nothing by itself.

use std::sync::OnceLock;
use std::time::Instant;

/// Seconds on a core since the program began; seconds of the wall where the system does not tell.
pub fn seconds() -> f64 {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    let begun = BEGUN.get_or_init(Instant::now);
    let nanos = std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanos.map_or_else(|| begun.elapsed().as_secs_f64(), |nanos| nanos / 1e9)
}

/// Seconds of `work`.
pub fn time<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = seconds();
    let result = work();
    (result, seconds() - start)
}

/// The middle one; not a number where there is none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
