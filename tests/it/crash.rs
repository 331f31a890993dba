//! Death at every call: a process dies when the k-th call that leaves it is done and before the answer arrives, for
//! every k of a whole life. What AWS would deliver again is delivered again; people press their button again. Then the
//! invariants hold.

use anyhow::{Context, Result, ensure};
use app::Error;
use app::execute::Replay;
use app::idempotency::RequestHash;
use domain::command::{Actor, Command};
use domain::decision::{Decision, Reply};
use domain::external_task::Status;
use domain::ids::InstanceKey;
use domain::rejection::Rejection;
use domain::script::NoScripts;
use serde_json::{Value, json};
use testkit::World;
use testkit::gate::Call;
use testkit::samples;
use testkit::world::{Mails, TENANT, operator, start, submit};

/// How the life of the task ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Answer,
    Cancel,
    Expiry,
}

const DAY_S: i64 = 86_400;

/// A client that starts an instance with an `Idempotency-Key` and, where it heard nothing, asks again.
async fn begin(world: &mut World) -> Result<InstanceKey> {
    let hash = RequestHash::of_engine("one request".to_owned());
    for _ in 0..3 {
        let (running, key, now) = (world.running(), world.next_key(), world.tick());
        let kept = world.until_death(running.app.store.idempotent(TENANT, &hash.request, now)).await;
        match kept {
            None => continue,
            Some(kept) => {
                if let Some(kept) = kept? {
                    return serde_json::from_value(kept.response).context("the key that was answered");
                }
            }
        }
        let variables = json!({ "recipient": "marta.lind@nordguss.example", "order": "PO-4711" });
        let answer = |decision: &Decision| (201, Value::from(decision.after.instance.key.to_string()));
        let request = app::Request {
            tenant: TENANT,
            instance: key,
            actor: operator(),
            origin: Default::default(),
            command: start(key, "RemindedQuestion", 1, variables),
            now,
            scripts: &NoScripts,
            replay: Some(Replay { hash: hash.clone(), answer: &answer }),
        };
        if let Some(started) = world.until_death(running.app.execute(&request)).await {
            started?;
            return Ok(key);
        }
    }
    anyhow::bail!("the start was never answered")
}

/// A person who presses a button until it is answered.
async fn press(world: &mut World, key: InstanceKey, actor: Actor, command: Command) -> Result<()> {
    for _ in 0..3 {
        let (running, now) = (world.running(), world.tick());
        let pressed = running.execute(key, actor.clone(), command.clone(), now);
        match world.until_death(pressed).await {
            None => {}
            Some(Ok(outcome)) => {
                ensure!(matches!(outcome.reply, Reply::Submitted | Reply::Done), "{:?}", outcome.reply);
                return Ok(());
            }
            // A cancel pressed again finds what it wanted.
            Some(Err(Error::Rejected(Rejection::InvalidState { state: "CANCELLED", .. }))) => return Ok(()),
            Some(Err(error)) => return Err(error.into()),
        }
    }
    anyhow::bail!("the button was never answered")
}

/// What a life was like.
struct Life {
    calls: Vec<Call>,
    /// Calls before its end was decided.
    before_the_end: usize,
    mails: Mails,
    deaths: usize,
}

/// One life in which the process dies after the `k`th call; 0: it does not die.
async fn live(end: End, k: usize) -> Result<Life> {
    let mut world = World::start().await?;
    world.deploy(&samples::reminded_question()).await?;
    if k > 0 {
        world.gate.die_after(k);
    }
    let key = begin(&mut world).await?;
    world.settle().await?;
    world.advance(DAY_S + 300).await?;
    let task = world.task(key).await?.key;
    let before_the_end = world.gate.calls().len();
    match end {
        End::Answer => press(&mut world, key, Actor::Recipient, submit(task, "approve", "page")).await?,
        End::Cancel => press(&mut world, key, operator(), Command::CancelTask { task, reason: None }).await?,
        End::Expiry => {}
    }
    world.advance(3 * DAY_S).await?;
    world.settle().await?;

    let state = world.load(key).await?.aggregate;
    let expected = match end {
        End::Answer => (Status::Completed, "COMPLETED"),
        End::Cancel => (Status::Cancelled, "CANCELLED"),
        End::Expiry => (Status::Expired, "ERROR"),
    };
    ensure!((state.tasks[&task.number()].status, state.instance.status.as_str()) == expected, "{state:?}");
    ensure!(state.tasks[&task.number()].reminders == 1, "one reminder");
    let others = world.observer.external_tasks(TENANT, &every_task(), world.clock.now()).await?.items.len();
    ensure!(others == 1, "one start made {others} tasks");
    // Only between SES's answer and the mark may a mail be doubled: which call was the last one tells.
    let calls = world.gate.calls();
    let doubled = usize::from(k > 0 && calls.get(k - 1) == Some(&Call::SendEmail));
    let mails = world.check(key, doubled).await?;
    ensure!(mails.ordered == 2 && mails.recorded == 2, "every notification is recorded as sent: {mails:?}");
    let held = world.aws.held();
    ensure!(held.schedules.is_empty() && held.messages.is_empty() && held.dead_letters.is_empty(), "{held:?}");
    Ok(Life { calls, before_the_end, mails, deaths: world.deaths })
}

fn every_task() -> store::TaskQuery {
    store::TaskQuery { limit: 10, ..store::TaskQuery::default() }
}

/// Fault 3: the kill points of a life, of `of` parts the `part`th, so that they run side by side; from the first call on,
/// or from the decision that ends it where another test has what comes before.
async fn every_kill_point(end: End, from_the_end: bool, part: usize, of: usize) -> Result<()> {
    let Life { calls, before_the_end, mails, deaths } = live(end, 0).await?;
    assert_eq!((mails, deaths), (Mails { ordered: 2, recorded: 2, accepted: 2 }, 0));
    let first = if from_the_end { before_the_end } else { 0 };
    assert!(calls.len() > first + of, "there is something to kill");
    for k in (first + 1..=calls.len()).filter(|k| k % of == part) {
        let life = live(end, k).await.with_context(|| format!("killed after call {k}, {:?}", calls.get(k - 1)))?;
        assert_eq!(life.deaths, 1, "killed after call {k}");
        let extra = life.mails.accepted - life.mails.recorded;
        assert_eq!(
            extra,
            usize::from(calls[k - 1] == Call::SendEmail),
            "killed after call {k}: fault 4, and only there"
        );
    }
    Ok(())
}

/// Faults 3 and 4; I1 to I6 and I8 for a task that is answered.
#[tokio::test]
async fn a_death_after_any_odd_call_of_an_answered_life_loses_and_doubles_nothing() -> Result<()> {
    every_kill_point(End::Answer, false, 1, 2).await
}

/// Faults 3 and 4; the other half of the kill points.
#[tokio::test]
async fn a_death_after_any_even_call_of_an_answered_life_loses_and_doubles_nothing() -> Result<()> {
    every_kill_point(End::Answer, false, 0, 2).await
}

/// Faults 3 and 16: a cancel stops task, instance and schedules, or none of them.
#[tokio::test]
async fn a_death_after_any_call_of_a_cancel_loses_and_doubles_nothing() -> Result<()> {
    every_kill_point(End::Cancel, true, 0, 1).await
}

/// Fault 3 for a task that nobody answers.
#[tokio::test]
async fn a_death_after_any_call_of_an_expiry_loses_and_doubles_nothing() -> Result<()> {
    every_kill_point(End::Expiry, true, 0, 1).await
}
