//! Bulk runs (B-01 to B-05, S0-52 to S0-60): counters, ends, orders and texts; invariant 18 over random stories.

use crate::bulk_run::{
    AHEAD_MAX, Action, BulkRun, Filter, LEASE_MS, NewRun, Order, Outcome, Reason, RunStatus, TASKS_MAX, Turn, Work,
};
use crate::ids::{RunKey, TenantId};
use crate::time::Timestamp;
use proptest::prelude::*;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000 + ms)
}

fn new(attached: bool) -> NewRun {
    NewRun {
        tenant: TenantId(7),
        key: RunKey::compose(at(0).as_millis(), 1),
        action: Action::Resend,
        reason: None,
        by: "operator".to_owned(),
        door: None,
        address: None,
        attached,
        now: at(0),
    }
}

fn of_keys(total: u32) -> BulkRun {
    BulkRun::of_keys(new(false), total, total).0
}

fn failed() -> Outcome {
    Outcome::Failed { code: "NOT_PENDING".to_owned(), message: "The task is COMPLETED.".to_owned() }
}

fn after(total: u32, outcomes: &[Outcome]) -> BulkRun {
    let mut run = of_keys(total);
    for outcome in outcomes {
        run.record(outcome, at(1));
    }
    run
}

/// S0-53, S0-54, S0-57 to S0-59: the words are fixed.
#[test]
fn the_texts_are_those_of_the_specification() {
    assert_eq!(after(42, &vec![Outcome::Done; 17]).summary(), "17 of 42 processed");
    assert_eq!(after(3, &vec![Outcome::Done; 3]).summary(), "3 tasks processed successfully.");
    assert_eq!(after(1, &[Outcome::Done]).summary(), "1 tasks processed successfully.");
    assert_eq!(after(3, &[Outcome::Done, failed(), Outcome::AlreadyDone]).summary(), "2 successful, 1 failed.");
    let mut stopped = after(5, &[Outcome::Done, failed()]);
    stopped.stop();
    stopped.close(at(2));
    assert_eq!(stopped.summary(), "1 done, 1 failed, 3 skipped.");
    assert_eq!(BulkRun::of_filter(new(false), Filter::default()).0.summary(), "0 found so far");
}

/// B-01: nothing to do is done at once.
#[test]
fn a_run_without_an_eligible_task_is_complete_and_orders_nothing() {
    let (run, order) = BulkRun::of_keys(new(true), 4, 0);
    assert_eq!((run.status, run.total, run.ended_at, order), (RunStatus::Completed, Some(0), Some(at(0)), None));
    assert_eq!(run.turn(at(0)), Turn::Over);
    assert_eq!(run.summary(), "0 tasks processed successfully.");
}

/// B-02, B-05, S0-55: a failure does not end the run.
#[test]
fn a_run_goes_from_task_to_task_and_completes_behind_the_last() {
    let mut run = of_keys(3);
    for (number, outcome) in [(1, Outcome::Done), (2, failed()), (3, Outcome::AlreadyDone)] {
        assert_eq!(run.turn(at(1)), Turn::Task { number });
        run.record(&outcome, at(1));
    }
    assert_eq!((run.status, run.succeeded, run.failed, run.skipped), (RunStatus::Completed, 2, 1, 0));
    assert_eq!(run.turn(at(1)), Turn::Over);
    assert_eq!(run.record(&Outcome::Done, at(2)), None);
    assert_eq!(run.processed, 3, "nothing changes after the end");
}

/// S0-56, B-03, B-04: handled tasks stay handled, the one at hand is finished, the rest is skipped.
#[test]
fn stop_ends_the_run_after_the_task_at_hand() {
    let mut run = after(10, &[Outcome::Done, Outcome::Done]);
    let order = run.stop().expect("a message that closes the run");
    assert_eq!((order.work, run.turn(at(1))), (Work::Look, Turn::Close));
    assert_eq!(run.stop(), None, "the second Stop changes nothing");
    run.record(&Outcome::Done, at(1));
    run.close(at(2));
    assert_eq!((run.status, run.processed, run.skipped), (RunStatus::Stopped, 3, 7));
    assert_eq!(run.stop(), None);
}

/// S0-60: the window holds the run.
#[test]
fn a_run_whose_window_is_gone_is_closed_and_one_that_is_renewed_goes_on() {
    let mut run = BulkRun::of_keys(new(true), 2, 2).0;
    assert_eq!(run.turn(at(LEASE_MS)), Turn::Task { number: 1 });
    assert_eq!(run.turn(at(LEASE_MS + 1)), Turn::Close);
    assert!(run.renew(at(140_000)));
    assert_eq!(run.turn(at(140_000 + LEASE_MS)), Turn::Task { number: 1 });
    run.stop();
    assert!(!run.renew(at(141_000)), "a run that stops is not held any more");
    let mut detached = of_keys(2);
    assert!(!detached.attach(false, at(1)), "it is not held");
    assert!(!detached.renew(at(1)));
    assert_eq!(detached.turn(at(1_000_000_000)), Turn::Task { number: 1 });
}

/// "Go on without this window", and back.
#[test]
fn a_run_can_be_let_go_and_held_again_while_it_is_at_work() {
    let mut run = BulkRun::of_keys(new(true), 2, 2).0;
    assert!(run.attach(false, at(1)));
    assert_eq!(run.turn(at(10 * LEASE_MS)), Turn::Task { number: 1 });
    assert!(run.attach(true, at(10)));
    assert_eq!(run.turn(at(11 + LEASE_MS)), Turn::Close);
    run.stop();
    assert!(!run.attach(false, at(12)), "too late");
}

/// At most 500 messages of a run are queued ahead, and a run never starves.
#[test]
fn the_next_tasks_are_ordered_when_half_of_those_ahead_are_used_up() {
    let (mut run, order) = BulkRun::of_keys(new(false), 1_000, 1_000);
    assert_eq!(order.map(|order| order.work), Some(Work::Tasks { from: 1, to: 500 }));
    let mut orders = Vec::new();
    for _ in 0..1_000 {
        orders.extend(run.record(&Outcome::Done, at(1)).map(|order| (run.processed, order.work)));
        assert!(run.ordered - run.processed <= AHEAD_MAX);
        assert!(run.processed < run.ordered || run.status == RunStatus::Completed);
    }
    assert_eq!(orders, [(250, Work::Tasks { from: 501, to: 750 }), (500, Work::Tasks { from: 751, to: 1_000 }),]);
    assert_eq!(run.status, RunStatus::Completed);
}

#[test]
fn a_run_by_filter_is_prepared_step_by_step_until_its_list_ends() {
    let (mut run, order) = BulkRun::of_filter(new(false), Filter::default());
    assert_eq!(order.map(|order| order.work), Some(Work::Prepare { step: 1 }));
    assert_eq!((run.total, run.turn(at(0))), (None, Turn::Prepare { step: 1 }));
    let order = run.prepared(1_000, Some("there".to_owned()), at(1));
    assert_eq!(order.map(|order| order.work), Some(Work::Prepare { step: 2 }));
    assert_eq!((run.summary().as_str(), run.position.as_deref()), ("1000 found so far", Some("there")));
    let order = run.prepared(0, Some("further".to_owned()), at(1));
    assert_eq!(order.map(|order| order.work), Some(Work::Prepare { step: 3 }), "a step may find nothing");
    let order = run.prepared(7, None, at(2));
    assert_eq!(order.map(|order| order.work), Some(Work::Tasks { from: 1, to: 500 }));
    assert_eq!((run.status, run.total, run.selected), (RunStatus::Running, Some(1_007), 1_007));
    assert_eq!(run.prepared(1, None, at(3)), None, "it is prepared once");
}

#[test]
fn a_run_by_filter_ends_its_preparation_at_its_limit_and_at_stop() {
    let (mut run, _) = BulkRun::of_filter(new(false), Filter::default());
    for _ in 0..99 {
        run.prepared(1_000, Some("there".to_owned()), at(1));
    }
    assert_eq!(run.status, RunStatus::Preparing);
    let mut stopped = run.clone();
    run.prepared(1_000, Some("there".to_owned()), at(1));
    assert_eq!((run.status, run.total), (RunStatus::Running, Some(TASKS_MAX)));
    stopped.stop();
    stopped.close(at(2));
    assert_eq!((stopped.total, stopped.processed, stopped.skipped), (Some(99_000), 0, 99_000));
}

/// Quota exhausted, account paused: the run says so and looks again, and is fed again when it goes on.
#[test]
fn a_run_that_waits_says_why_and_orders_one_message_to_look_again() {
    let mut run = after(600, &[Outcome::Done]);
    let order = run.wait(Reason::QuotaExhausted, at(10), at(60_010));
    assert_eq!((order.work, order.not_before), (Work::Tasks { from: 2, to: 2 }, Some(at(60_010))));
    run.wait(Reason::QuotaExhausted, at(60_020), at(120_020));
    let waiting = run.waiting.expect("it waits");
    assert_eq!((waiting.since, waiting.reason.code()), (at(10), "QUOTA_EXHAUSTED"), "since the first time");
    run.wait(Reason::SendingPaused, at(120_030), at(180_030));
    assert_eq!(run.waiting.map(|waiting| waiting.since), Some(at(120_030)));
    let order = run.record(&Outcome::Done, at(180_040)).expect("the next tasks");
    assert_eq!((run.waiting, order.work), (None, Work::Tasks { from: 3, to: 502 }));
}

/// Whatever befalls a run.
#[derive(Clone, Debug)]
enum Turned {
    Done,
    AlreadyDone,
    Failed,
    Stop,
    Renew,
    Wait,
    Look,
    Pass(i64),
    Found(u32, bool),
}

fn turned() -> impl Strategy<Value = Turned> {
    prop_oneof![
        8 => Just(Turned::Done),
        2 => Just(Turned::AlreadyDone),
        2 => Just(Turned::Failed),
        1 => Just(Turned::Stop),
        1 => Just(Turned::Renew),
        1 => Just(Turned::Wait),
        2 => Just(Turned::Look),
        2 => (0..200_000_i64).prop_map(Turned::Pass),
        2 => (0..700_u32, any::<bool>()).prop_map(|(found, more)| Turned::Found(found, more)),
    ]
}

/// Invariant 18, and that every order follows its forerunner.
fn check(before: &BulkRun, run: &BulkRun, order: Option<Order>) {
    assert_eq!(run.processed, run.succeeded + run.failed);
    if let Some(total) = run.total {
        assert!(run.processed + run.skipped <= total);
        assert!(!run.status.is_final() || run.succeeded + run.failed + run.skipped == total, "{run:?}");
    }
    assert!(!before.status.is_final() || before == run, "something changed after the end: {before:?} {run:?}");
    assert_eq!(run.status.is_final(), run.ended_at.is_some());
    assert_eq!(
        run.status == RunStatus::Stopped,
        run.ended_at.is_some() && before.status != RunStatus::Completed && run.status != RunStatus::Completed
    );
    if let Some(order) = order {
        assert_eq!(order.number, before.orders + 1);
        if let Work::Tasks { from, to } = order.work {
            assert!(run.processed < from && from <= to && to - run.processed <= AHEAD_MAX, "{order:?} {run:?}");
        }
    }
    let read: BulkRun = serde_json::from_value(serde_json::to_value(run).expect("JSON")).expect("a run");
    assert_eq!(BulkRun { tenant: run.tenant, version: run.version, ..read }, *run, "the stored form keeps everything");
}

proptest! {
    #[test]
    fn the_sums_add_up_whatever_happens(
        total in 0..1_200_u32, by_filter: bool, attached: bool, story in prop::collection::vec(turned(), 0..400),
    ) {
        let (mut run, _) = if by_filter {
            BulkRun::of_filter(new(attached), Filter::default())
        } else {
            BulkRun::of_keys(new(attached), total + 3, total)
        };
        let mut now = at(0);
        for event in story {
            let before = run.clone();
            let order = match (event, run.turn(now)) {
                (Turned::Done, Turn::Task { .. }) => run.record(&Outcome::Done, now),
                (Turned::AlreadyDone, Turn::Task { .. }) => run.record(&Outcome::AlreadyDone, now),
                (Turned::Failed, Turn::Task { .. }) => run.record(&failed(), now),
                (Turned::Wait, Turn::Task { .. }) => Some(run.wait(Reason::SendingPaused, now, now.plus_millis(1))),
                (Turned::Found(found, more), Turn::Prepare { .. }) => {
                    run.prepared(found, more.then(|| "there".to_owned()), now)
                }
                (Turned::Stop, _) => run.stop(),
                (Turned::Renew, _) => { run.renew(now); None }
                (_, Turn::Close) => { run.close(now); None }
                (Turned::Pass(ms), _) => { now = now.plus_millis(ms); None }
                (_, Turn::Over | Turn::Task { .. } | Turn::Prepare { .. }) => None,
            };
            check(&before, &run, order);
        }
    }
}
