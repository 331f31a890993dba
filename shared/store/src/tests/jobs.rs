//! Actions of system tasks are kept beside the head: written by commits, read alone, gone with an erasure.

use super::fixture::*;
use crate::{Committed, Error, Job, Loaded, Store};
use domain::action::{ActionRequest, AttemptRecord, HttpRequest, JobChange, MailRequest};
use domain::ids::ElementNumber;
use domain::notification::Email;
use domain::variables::Variables;

const ELEMENT: ElementNumber = ElementNumber(7);

fn http(body: &str) -> ActionRequest {
    ActionRequest::Http(HttpRequest {
        method: "POST".to_owned(),
        url: "https://api.example/score".to_owned(),
        headers: vec![("Content-Type".to_owned(), "application/json".to_owned())],
        body: Some(body.to_owned()),
        credentials: Some("score".to_owned()),
        timeout_ms: 10_000,
    })
}

fn ordered(attempt: u32, request: ActionRequest) -> JobChange {
    JobChange::Ordered { element: ELEMENT, activity: "Score".to_owned(), attempt, request: Box::new(request) }
}

fn ended(attempt: u32, code: Option<&str>) -> JobChange {
    let attempt = AttemptRecord {
        attempt,
        at: at(i64::from(attempt)),
        status: Some(503),
        code: code.map(str::to_owned),
        message: None,
        retry_at: None,
        response: Some("busy".to_owned()),
    };
    JobChange::Ended { element: ELEMENT, attempt }
}

/// A commit of the instance that also changes jobs.
async fn change(store: &Store, before: &Loaded, n: i64, jobs: Vec<JobChange>) -> Result<Committed, Error> {
    let mut decision = variables_set(before, at(n), Variables::from_iter([("n".to_owned(), n.into())]));
    decision.jobs = jobs;
    commit(store, Some(before), &decision, at(n)).await
}

async fn job(store: &Store) -> Option<Job> {
    store.job(TENANT, key(1), ELEMENT).await.expect("a table")
}

#[tokio::test]
async fn an_action_keeps_its_request_and_its_attempts() {
    let table = table().await;
    let store = table.store();
    let first = start(&store, 1).await;
    assert_eq!(job(&store).await, None);
    let one = change(&store, &first, 2, vec![ordered(1, http("{}"))]).await.expect("ordered");
    let two = change(&store, &one.loaded, 3, vec![ended(1, Some("HTTP_503"))]).await.expect("ended");
    // A retry asks something else and keeps what was tried.
    let big = http(&"x".repeat(50_000));
    let three = change(&store, &two.loaded, 4, vec![ordered(2, big.clone())]).await.expect("again");
    change(&store, &three.loaded, 5, vec![ended(2, None)]).await.expect("ended");
    let kept = job(&store).await.expect("an action");
    assert_eq!((kept.activity.as_str(), kept.first, kept.ordered_at, &kept.request), ("Score", 2, at(4), &big));
    let codes: Vec<Option<&str>> = kept.attempts.iter().map(|attempt| attempt.code.as_deref()).collect();
    assert_eq!(codes, [Some("HTTP_503"), None]);
    assert_eq!(store.jobs(TENANT, key(1)).await.expect("a table"), [kept]);
    assert!(store.jobs(TENANT, key(2)).await.expect("a table").is_empty());
    // What a command loads does not grow, and the journal stays readable beside it.
    assert_eq!(store.load(TENANT, key(1)).await.expect("a table").map(|loaded| loaded.aggregate.tasks.len()), Some(1));
    assert_eq!(store.journal(TENANT, key(1)).await.expect("a journal").len(), 5);
    assert_eq!(store.verify_chain(TENANT, key(1)).await.expect("a journal"), []);
}

/// State and job are one transaction: who loses the race changes neither.
#[tokio::test]
async fn a_commit_that_loses_leaves_the_action_as_it_was() {
    let table = table().await;
    let store = table.store();
    let first = start(&store, 1).await;
    change(&store, &first, 2, vec![ordered(1, http("{}"))]).await.expect("ordered");
    let late = change(&store, &first, 3, vec![ordered(9, http("late"))]).await;
    assert!(matches!(late, Err(Error::Conflict)), "{late:?}");
    assert_eq!(job(&store).await.expect("an action").first, 1);
}

#[tokio::test]
async fn ninety_requests_fit_one_commit() {
    let table = table().await;
    let store = table.store();
    let first = start(&store, 1).await;
    let many = (100..190).map(|number| JobChange::Ordered {
        element: ElementNumber(number),
        activity: "Score".to_owned(),
        attempt: 1,
        request: Box::new(http(&"x".repeat(10_000))),
    });
    change(&store, &first, 2, many.collect()).await.expect("one transaction");
    assert_eq!(store.jobs(TENANT, key(1)).await.expect("a table").len(), 90);
}

#[tokio::test]
async fn an_erasure_takes_the_actions_along() {
    let table = table().await;
    let store = table.store();
    let first = start(&store, 1).await;
    let address = first.aggregate.tasks[&TASK].recipient.as_str().to_owned();
    let recipient = Email::parse(&address).expect("an address");
    let mail = MailRequest {
        to: vec![recipient.clone()],
        subject: "S".to_owned(),
        text: "T".to_owned(),
        html: "H".to_owned(),
    };
    let one = change(&store, &first, 2, vec![ordered(1, ActionRequest::Email(mail))]).await.expect("ordered");
    commit(&store, Some(&one.loaded), &cancelled(&one.loaded, at(9)), at(9)).await.expect("the end");
    store.erase_recipient(TENANT, key(1), &recipient).await.expect("erased");
    assert_eq!(job(&store).await, None);
}
