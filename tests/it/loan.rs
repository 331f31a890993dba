//! A loan, as a designer draws it: a validation, a request to another system, two reviews side by side with a reminder and
//! an escalation, two signatures by two people, a booking and a mail. Read from its file, run over the wire.

use crate::actions::{Server, register};
use anyhow::{Context, Result, ensure};
use domain::command::{Actor, Command, Completion};
use domain::decision::Reply;
use domain::ids::InstanceKey;
use domain::instance::{Aggregate, InstanceStatus};
use domain::variables::Variables;
use domain::work_task::{State, WorkTask};
use serde_json::{Value, json};
use testkit::World;
use testkit::world::{operator, start};

const FILE: &str = include_str!("loan/loan.bpmn");
const HOUR_S: i64 = 3_600;

fn loan(amount: i64) -> Value {
    json!({ "loan": {
        "id": "L-17", "customer": "C 1", "amount": amount, "officer": "olga",
        "email": "marta.lind@nordguss.example", "manager": "ole.berg@nordguss.example",
    } })
}

/// The process with a rating agency and a ledger that answer in this order.
async fn begun(amount: i64, answers: &[(u16, &str)]) -> Result<(World, InstanceKey, Server)> {
    let mut world = World::start().await?;
    let (server, port) = Server::start(&world, answers).await?;
    register(&mut world, "BookLoan", port).await?;
    world.deploy(&FILE.replace("RATING_URL", &format!("http://127.0.0.1:{port}"))).await?;
    let key = world.begin("Loan", loan(amount)).await?;
    Ok((world, key, server))
}

const ANSWERS: [(u16, &str); 2] = [(200, "{\"rating\":\"A\"}"), (200, "{\"number\":\"B-4\"}")];

async fn state(world: &World, key: InstanceKey) -> Result<Aggregate> {
    Ok(world.load(key).await?.aggregate)
}

/// The newest task of an activity.
async fn task(world: &World, key: InstanceKey, activity: &str) -> Result<WorkTask> {
    let mut tasks = state(world, key).await?.work_tasks.into_values();
    tasks.rfind(|task| task.activity == activity).with_context(|| format!("a task of {activity}"))
}

async fn complete(world: &mut World, key: InstanceKey, (activity, user): (&str, &str), values: Value) -> Result<Reply> {
    let task = task(world, key, activity).await?.key;
    let mut values: Variables = values.as_object().cloned().unwrap_or_default();
    let action = values.remove("action").and_then(|action| action.as_str().map(str::to_owned));
    let command = Command::Complete(Completion { task, action, values });
    let outcome = world.execute(key, Actor::User(user.to_owned()), command).await?;
    world.drain().await?;
    Ok(outcome.reply)
}

/// V-23, V-26, V-27, S2-43, V-14, V-07: from the request to the booking, with a failed request that an operator repairs
/// and a second signature that comes from the same person first.
#[tokio::test]
async fn a_large_loan_needs_two_people_and_a_rating() -> Result<()> {
    let answers = [(404, "{}"), ANSWERS[0], ANSWERS[1]];
    let (mut world, key, server) = begun(250_000, &answers).await?;
    ensure!(
        state(&world, key).await?.instance.status == InstanceStatus::Running,
        "the request goes on in the background"
    );
    world.drain().await?;
    let failed = state(&world, key).await?.instance;
    assert_eq!((failed.status, failed.incidents[0].code.as_str()), (InstanceStatus::Error, "HTTP_404"));
    world.execute(key, operator(), Command::Retry { element: None, variables: Variables::new() }).await?;
    world.drain().await?;

    let risk = task(&world, key, "Risk").await?;
    assert_eq!(json!(risk.input_data), json!({ "requested": 250_000, "customer": "C 1", "score": "A" }));
    assert_eq!(json!(risk.form_context), json!({}), "V-28: nothing was picked for the form");
    complete(&mut world, key, ("Risk", "rita"), json!({ "verdict": "low", "note": "no variable" })).await?;
    complete(&mut world, key, ("Legal", "leo"), json!({})).await?;
    let reviewed = state(&world, key).await?.instance.variables;
    assert_eq!((&reviewed["risk"], reviewed.get("verdict")), (&json!({ "verdict": "low" }), None));

    complete(&mut world, key, ("FirstApprover", "anna"), json!({ "action": "Approve" })).await?;
    let forged = json!({ "action": "Approve", "firstApprover": "somebody else" });
    let denied = complete(&mut world, key, ("SecondApprover", "anna"), forged).await?;
    ensure!(matches!(denied, Reply::Denied(_)), "{denied:?}");
    let second = task(&world, key, "SecondApprover").await?;
    assert_eq!(second.state, State::Open);
    assert_eq!(second.form_errors[0].message, "The second signature must come from somebody else.");
    complete(&mut world, key, ("SecondApprover", "bert"), json!({ "action": "Approve" })).await?;

    let done = state(&world, key).await?;
    assert_eq!(done.instance.status, InstanceStatus::Completed);
    assert_eq!(done.work_tasks.values().filter(|task| task.activity == "SecondApprover").count(), 1);
    assert_eq!(done.instance.variables["booking"], json!("B-4"));
    let asked: Vec<String> = server.seen().into_iter().map(|(path, _, _)| path).collect();
    assert_eq!(asked, ["/ratings/C%201", "/ratings/C%201", "/commands/bookloan"]);
    let mails: Vec<_> = world.aws.held().mails.iter().map(|mail| (mail.to.clone(), mail.text.clone())).collect();
    assert_eq!(mails, [("marta.lind@nordguss.example".to_owned(), "Booked as B-4.".to_owned())]);
    world.settle().await
}

/// V-15: an error that nobody catches stops the instance; the retry opens the same task again.
#[tokio::test]
async fn the_officer_of_a_loan_cannot_sign_it() -> Result<()> {
    let (mut world, key, _) = begun(250_000, &ANSWERS).await?;
    world.drain().await?;
    complete(&mut world, key, ("Risk", "rita"), json!({})).await?;
    complete(&mut world, key, ("Legal", "leo"), json!({})).await?;
    complete(&mut world, key, ("FirstApprover", "anna"), json!({ "action": "Approve" })).await?;
    let reply = complete(&mut world, key, ("SecondApprover", "olga"), json!({ "action": "Approve" })).await?;
    assert_eq!(reply.failure().map(|(code, _)| code), Some("CONFLICT_OF_INTEREST"));
    assert_eq!(task(&world, key, "SecondApprover").await?.state, State::Failed);
    world.execute(key, operator(), Command::Retry { element: None, variables: Variables::new() }).await?;
    complete(&mut world, key, ("SecondApprover", "bert"), json!({ "action": "Approve" })).await?;
    assert_eq!(state(&world, key).await?.instance.status, InstanceStatus::Completed);
    world.settle().await
}

/// V-19, V-20, V-21: the reminder goes out once and leaves its task open; the late review moves to the manager.
#[tokio::test]
async fn reviews_that_wait_are_reminded_and_escalated() -> Result<()> {
    let (mut world, key, _) = begun(1_000, &ANSWERS).await?;
    world.advance(24 * HOUR_S - 60).await?;
    assert_eq!(world.aws.held().mails.len(), 0);
    assert_eq!(task(&world, key, "Legal").await?.state, State::Open);
    world.advance(HOUR_S).await?;
    let reminders: Vec<_> = world.aws.held().mails.iter().map(|mail| (mail.to.clone(), mail.text.clone())).collect();
    let expected = "Loan L-17 waits for its review of the risk.".to_owned();
    assert_eq!(reminders, [("ole.berg@nordguss.example".to_owned(), expected)]);
    assert_eq!(task(&world, key, "Risk").await?.state, State::Open);
    assert_eq!(task(&world, key, "Legal").await?.state, State::Canceled);
    let manager = task(&world, key, "LegalManager").await?;
    assert_eq!((manager.state, manager.priority.word()), (State::Open, "High"));
    complete(&mut world, key, ("Risk", "rita"), json!({})).await?;
    complete(&mut world, key, ("LegalManager", "lena"), json!({})).await?;
    complete(&mut world, key, ("FirstApprover", "anna"), json!({ "action": "Approve" })).await?;
    assert_eq!(state(&world, key).await?.instance.status, InstanceStatus::Completed);
    world.advance(10 * 24 * HOUR_S).await?;
    assert_eq!(world.aws.held().mails.len(), 2, "the reminder and the booking");
    assert_eq!(world.aws.held().schedules.len(), 0, "no timer is left");
    world.settle().await
}

/// V-22: what the validation refuses before the async boundary reaches who starts it.
#[tokio::test]
async fn a_loan_of_nothing_is_refused_at_the_start() -> Result<()> {
    let (mut world, _, server) = begun(1, &ANSWERS).await?;
    world.drain().await?;
    let asked = server.seen().len();
    let key = InstanceKey::compose(world.clock.now().as_millis(), 77);
    let outcome = world.execute(key, operator(), start(key, "Loan", 1, loan(0))).await?;
    assert_eq!(outcome.reply.failure().map(|(code, _)| code), Some("VALIDATION_ERROR"));
    world.drain().await?;
    assert_eq!(server.seen().len(), asked, "nothing of it went on");
    world.settle().await
}

/// A rejection takes the default flow, and nothing is booked.
#[tokio::test]
async fn a_rejected_loan_ends_without_a_booking() -> Result<()> {
    let (mut world, key, server) = begun(1_000, &ANSWERS).await?;
    world.drain().await?;
    complete(&mut world, key, ("Risk", "rita"), json!({})).await?;
    complete(&mut world, key, ("Legal", "leo"), json!({})).await?;
    complete(&mut world, key, ("FirstApprover", "anna"), json!({ "action": "Reject" })).await?;
    assert_eq!(state(&world, key).await?.instance.status, InstanceStatus::Completed);
    assert_eq!(server.seen().len(), 1);
    world.settle().await
}
