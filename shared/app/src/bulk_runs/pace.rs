//! The pace of resends: a share of what the mail service takes. Counts; sends nothing and waits for nothing.

use domain::bulk_run::Reason;
use domain::time::Timestamp;

/// Resends of one run in a second at most, whatever the account may send.
pub const PER_SECOND_MAX: f64 = 25.0;
/// Share of the account's rate that a run may use, in percent, unless it is configured: the rest is for single mails.
pub const PERCENT: u32 = 80;
/// Resends in a second at least, however small the share: a batch of messages must end within one invocation.
const PER_SECOND_MIN: f64 = 0.7;
/// Mails in a second as long as nobody has read the account's rate.
const UNKNOWN_PER_SECOND: f64 = 5.0;
/// Time that is made up for after a break between two batches of messages, in milliseconds.
const MADE_UP_MS: i64 = 1_000;

/// What the account may send, as it was read last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowance {
    /// Mails in a second.
    pub per_second: f64,
    /// Mails left of the 24 hours; `None`: no limit.
    pub left: Option<u64>,
    /// False while the account is paused.
    pub enabled: bool,
}

/// Why no mail can be ordered now, if so.
pub fn obstacle(allowance: Option<&Allowance>) -> Option<Reason> {
    let allowance = allowance?;
    match allowance {
        Allowance { enabled: false, .. } => Some(Reason::SendingPaused),
        Allowance { left: Some(0), .. } => Some(Reason::QuotaExhausted),
        Allowance { .. } => None,
    }
}

/// Milliseconds between two resends, rounded up so that the pace is never above the share.
pub fn interval_ms(allowance: Option<&Allowance>, percent: u32) -> i64 {
    let per_second = allowance.map_or(UNKNOWN_PER_SECOND, |allowance| allowance.per_second);
    let share = (per_second * f64::from(percent.clamp(1, 100)) / 100.0).clamp(PER_SECOND_MIN, PER_SECOND_MAX);
    (1_000.0 / share).ceil() as i64
}

/// When the next resend may begin, and how far the pace is then used up. A short break is made up for, so that a long run
/// takes no longer than its number divided by its pace; a long one is not, so that no burst follows it.
pub fn slot(paced_to: Option<Timestamp>, now: Timestamp, interval_ms: i64) -> (Timestamp, Timestamp) {
    let earliest = now.plus_millis(-MADE_UP_MS);
    let at = paced_to.unwrap_or(now).max(earliest);
    (at, at.plus_millis(interval_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(1_795_000_000_000 + ms)
    }

    fn rate(per_second: f64) -> Allowance {
        Allowance { per_second, left: None, enabled: true }
    }

    #[test]
    fn a_run_takes_its_share_of_the_rate_and_never_more_than_25_a_second() {
        assert_eq!(interval_ms(Some(&rate(14.0)), 80), 90);
        assert_eq!(interval_ms(Some(&rate(1.0)), 80), 1_250);
        assert_eq!(interval_ms(Some(&rate(500.0)), 80), 40);
        assert_eq!(interval_ms(Some(&rate(0.0)), 80), 1_429, "a run goes on, however slowly");
        assert_eq!(interval_ms(None, 80), 250);
        assert_eq!(interval_ms(Some(&rate(14.0)), 100), 72);
    }

    #[test]
    fn ten_thousand_resends_take_no_longer_than_their_number_by_the_pace_although_batches_pause() {
        // Batches of ten, 30 ms of work a task, 80 ms between two batches: the pause is made up for.
        let (mut now, mut paced_to) = (at(0), None);
        for n in 0..10_000 {
            if n % 10 == 0 {
                now = now.plus_millis(80);
            }
            let (begin, next) = slot(paced_to, now, 40);
            paced_to = Some(next);
            now = now.max(begin).plus_millis(30);
        }
        let took = now.as_millis() - at(0).as_millis();
        assert!(took <= 10_000 * 40 * 105 / 100, "{took} ms");
        assert!(took >= 9_990 * 40, "{took} ms: faster than the pace");
    }

    #[test]
    fn after_a_long_break_no_burst_follows_but_of_one_second() {
        let (begin, next) = slot(Some(at(0)), at(60_000), 40);
        assert_eq!((begin, next), (at(59_000), at(59_040)));
    }

    #[test]
    fn an_exhausted_quota_and_a_paused_account_hold_a_run_up() {
        assert_eq!(obstacle(None), None);
        assert_eq!(obstacle(Some(&rate(1.0))), None);
        assert_eq!(obstacle(Some(&Allowance { left: Some(0), ..rate(1.0) })), Some(Reason::QuotaExhausted));
        assert_eq!(obstacle(Some(&Allowance { enabled: false, ..rate(1.0) })), Some(Reason::SendingPaused));
    }
}
