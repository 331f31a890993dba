//! Every file of `events/` goes through the handler of its function: a payload that nothing reads is a fault, and so is
//! a file that no test expects.

use crate::{Api, routes};
use anyhow::{Context, Result};
use app::auth::{Authenticator, hash_token};
use domain::command::{Actor, Command};
use domain::event::Event;
use domain::ids::InstanceKey;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use store::{JournalEntry, RunOrder, TokenRecord};
use testkit::World;
use testkit::aws::Function;
use testkit::samples;
use testkit::world::{PUBLIC_URL, TENANT, submit};

/// The link and the token of the files: no installation's.
const FOREIGN_LINK: &str = "AQAAAAEEPfkIgFoABAAAAAECAwQFBgcICQoLDA0ODw";
const FOREIGN_TOKEN: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// Instance and task number of the files of what is due.
const FOREIGN_INSTANCE: &str = "305674164639498240";

/// Status of the public door's answer: with the foreign link, and with one of the world.
const PUBLIC: &[(&str, u16, u16)] = &[
    ("bad-link-extended", 404, 404),
    ("bad-link-truncated", 404, 404),
    ("bad-path", 404, 404),
    ("get", 404, 200),
    ("get-action", 404, 200),
    ("head", 404, 200),
    ("method-not-allowed", 404, 405),
    ("submit", 404, 422),
    ("submit-base64", 404, 422),
    ("submit-json", 404, 415),
    ("submit-not-utf8", 404, 400),
    ("submit-unknown-action", 404, 422),
];
/// Status of the API's answer: with the foreign token, and with one of the world, in this order.
const API: &[(&str, u16, u16)] = &[
    ("bad-token", 401, 401),
    ("cancel-instance", 401, 404),
    ("deploy-definition", 401, 201),
    ("deploy-definition-base64", 401, 200),
    ("get-external-task", 401, 404),
    ("get-instance", 401, 404),
    ("healthz", 200, 200),
    ("list-external-tasks", 401, 200),
    ("no-token", 401, 401),
    ("openapi", 200, 200),
    ("resend-external-task", 401, 404),
    ("root", 401, 401),
    ("start-instance", 401, 201),
    ("start-instance-malformed", 401, 400),
    ("unknown-path", 401, 404),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The names of a folder's files without their ending, in order.
fn names(folder: &str) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(root().join(folder))?;
    let mut names: Vec<String> = entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().trim_end_matches(".json").to_owned()))
        .collect::<Result<_>>()?;
    names.sort();
    Ok(names)
}

fn read(folder: &str, name: &str) -> Result<String> {
    let path = root().join("events").join(folder).join(format!("{name}.json"));
    std::fs::read_to_string(&path).with_context(|| path.display().to_string())
}

/// Every function has a folder, and every folder a function.
#[test]
fn each_function_has_its_events_and_no_folder_is_left_over() -> Result<()> {
    let functions: Vec<String> =
        names("functions")?.into_iter().filter(|name| root().join("functions").join(name).is_dir()).collect();
    assert_eq!(functions, names("events")?);
    Ok(())
}

/// The public door takes every file: refuses the foreign link before any call of the table, and answers its own.
#[tokio::test]
async fn the_public_door_refuses_the_files_link_and_answers_its_own() -> Result<()> {
    let expected: Vec<&str> = PUBLIC.iter().map(|(name, _, _)| *name).collect();
    assert_eq!(names("events/public-task")?, expected);
    let mut world = World::start().await?;
    world.deploy(&samples::approval()).await?;
    let key = world.begin("Approval", json!({ "recipient": "marta.lind@nordguss.example" })).await?;
    world.drain().await?;
    let link = world.link(world.task(key).await?.key).await?;
    let before = world.load(key).await?.aggregate;
    for (name, foreign, own) in PUBLIC {
        let event = read("public-task", name)?;
        let calls = world.gate.calls().len();
        let answer = world.ask_event(&event).await.with_context(|| (*name).to_owned())?;
        assert_eq!(answer.status, *foreign, "{name}");
        assert_eq!(world.gate.calls().len(), calls, "{name} costs no call");
        let cut = FOREIGN_LINK.len() - 5;
        let event = event.replace(FOREIGN_LINK, &link).replace(&FOREIGN_LINK[..cut], &link[..cut]);
        let answer = world.ask_event(&event).await?;
        assert_eq!(answer.status, *own, "{name} {}", answer.html);
        assert_eq!(answer.html.is_empty(), *name == "head", "{name}");
    }
    // None of the files is an answer from a page of the world: nothing was decided.
    assert_eq!(world.load(key).await?.aggregate, before);
    Ok(())
}

/// The API takes every file: 401 for a token that is nobody's, and the answer of the file's name for one of the world.
#[tokio::test]
async fn the_api_answers_every_file() -> Result<()> {
    let mut expected: Vec<&str> = API.iter().map(|(name, _, _)| *name).collect();
    expected.sort_unstable();
    assert_eq!(names("events/api")?, expected);
    let mut world = World::start().await?;
    // The API deploys and starts by the clock of the machine.
    world.leave_undone();
    let token = "cs_a-token-of-this-world";
    let roles = vec!["admin".to_owned()];
    let record = TokenRecord {
        tenant: TENANT,
        user: "admin".to_owned(),
        roles,
        groups: Vec::new(),
        created_at: world.clock.now(),
    };
    world.observer.put_token(&hash_token(token), &record).await?;
    let app = world.running().app.clone();
    let api = Api {
        authenticator: Authenticator::new(app.store.clone(), None)?,
        app,
        scripts: script::QuickJs::default(),
        public_url: PUBLIC_URL.to_owned(),
        files: app::exports::presign::Files::new(&world.aws.config(), "exports".to_owned()),
    };
    // What is started must have been deployed.
    let mut order = API.to_vec();
    order.sort_by_key(|(name, _, _)| !name.starts_with("deploy"));
    for (name, foreign, own) in order {
        let event = read("api", name)?;
        for (event, status) in [(event.clone(), foreign), (event.replace(FOREIGN_TOKEN, token), own)] {
            let request = lambda_http::request::from_str(&event).with_context(|| name.to_owned())?;
            let answer = routes::handle(&api, request).await;
            assert_eq!(answer.status().as_u16(), status, "{name}: {:?}", answer.body());
        }
    }
    Ok(())
}

/// A file of what is due, made to mean the world's instance.
fn of_the_world(text: &str, key: InstanceKey, task: u16, element: u32) -> Result<Value> {
    fn change(value: &mut Value, key: InstanceKey, task: u16, element: u32) {
        if let Some(map) = value.as_object_mut() {
            if map.get("instance").and_then(Value::as_str) == Some(FOREIGN_INSTANCE) {
                map.insert("tenant".to_owned(), TENANT.0.into());
                map.insert("instance".to_owned(), key.to_string().into());
            }
            for (name, number) in [("t", u32::from(task)), ("k", element)] {
                map.entry(name).and_modify(|value| *value = number.into());
            }
            map.entry("e").and_modify(|value| {
                if value.is_string() {
                    *value = "TimeIsUp".into();
                }
            });
            map.values_mut().for_each(|value| change(value, key, task, element));
        }
    }
    let mut event: Value = serde_json::from_str(text)?;
    change(&mut event, key, task, element);
    if let Some(records) = event.get_mut("Records").and_then(Value::as_array_mut) {
        for record in records {
            let body = record["body"].as_str().unwrap_or_default().to_owned();
            if let Ok(mut message) = serde_json::from_str::<Value>(&body) {
                change(&mut message, key, task, element);
                record["body"] = message.to_string().into();
            }
        }
    }
    Ok(event)
}

/// What the file of a function does to a task whose time has come.
fn done_by(function: Function, event: &Event) -> bool {
    match function {
        Function::Reminder => matches!(event, Event::TaskReminded { .. }),
        Function::Expiry => matches!(event, Event::TaskEnded { .. }),
        Function::Timer => matches!(event, Event::TimerFired { .. }),
        Function::Outbox | Function::BulkWorker | Function::ActionWorker => false,
    }
}

/// Reminder, expiry and timer take a schedule's payload and a batch of the queue; of a batch only what cannot be read
/// returns, and what belongs to another function is refused. The readable files are carried out.
#[tokio::test]
async fn what_is_due_is_read_from_every_file_and_carried_out() -> Result<()> {
    let folders =
        [(Function::Reminder, "reminder", 30), (Function::Expiry, "expiry", 51), (Function::Timer, "timer", 56)];
    for (function, folder, seconds) in folders {
        for name in names(&format!("events/{folder}"))? {
            let mut world = World::start().await?;
            world.deploy(&samples::hurried()).await?;
            let key = world.begin("Hurried", json!({ "recipient": "marta.lind@nordguss.example" })).await?;
            world.drain().await?;
            world.leave_undone();
            let task = world.task(key).await?;
            world.clock.move_to(task.created_at.plus_millis(seconds * 1_000));
            let event = of_the_world(&read(folder, &name)?, key, task.key.number().0, task.element.0)?;
            let handled = world.invoke(function, event.clone()).await.context("nobody dies here")?;
            assert_eq!(handled.is_err(), name.ends_with("of-another-function"), "{folder}/{name}: {handled:?}");
            if let (Ok(answer), Some(records)) = (&handled, event["Records"].as_array()) {
                let unreadable: Vec<Value> = records
                    .iter()
                    .filter(|record| record["body"] == "not json")
                    .map(|record| json!({ "itemIdentifier": record["messageId"] }))
                    .collect();
                assert_eq!(unreadable.is_empty(), !name.ends_with("unreadable"), "{folder}/{name}");
                assert_eq!(answer["batchItemFailures"], Value::Array(unreadable), "{folder}/{name}");
            }
            let journal = world.observer.journal(TENANT, key).await?;
            let carried_out = journal.iter().flat_map(|entry| &entry.events).any(|event| done_by(function, event));
            let nothing = name.ends_with("of-another-function") || ["continue", "start"].contains(&name.as_str());
            assert_eq!(carried_out, !nothing, "{folder}/{name}");
        }
    }
    Ok(())
}

/// The outbox reads journal inserts as the stream delivers them, passes over what it cannot read, and takes retries.
#[tokio::test]
async fn the_outbox_takes_every_file() -> Result<()> {
    let mut world = World::start().await?;
    for name in names("events/outbox")? {
        let event: Value = serde_json::from_str(&read("outbox", &name)?)?;
        let records = event["Records"].as_array().context("records")?;
        for record in records {
            let Some(image) = record.pointer("/dynamodb/NewImage") else { continue };
            if name == "order-of-run" {
                let order = RunOrder::from_stream_json(image).context("an order")?;
                assert_eq!(record.pointer("/dynamodb/Keys/sk/S"), Some(&Value::from(order.sk())));
                continue;
            }
            let entry = JournalEntry::from_stream_json(image);
            assert_eq!(entry.is_err(), name.ends_with("unreadable"), "{name}: {entry:?}");
            if let Ok(entry) = entry {
                assert_eq!(record.pointer("/dynamodb/Keys/sk/S"), Some(&Value::from(entry.id.sk())));
                assert!(!entry.effects.is_empty() && !entry.events.is_empty());
            }
        }
        let last = records[0].pointer("/attributes/ApproximateReceiveCount").and_then(Value::as_str);
        assert!(name != "retry-last-receive" || last == Some(&testkit::outbox::RECEIVES_MAX.to_string()), "{last:?}");
        let answer = world.invoke(Function::Outbox, event.clone()).await.context("nobody dies here")??;
        let failures = usize::from(name == "retry-unreadable");
        assert_eq!(answer["batchItemFailures"].as_array().map(Vec::len), Some(failures), "{name}");
    }
    let queued = world.aws.held().messages.iter().filter(|message| message.function == Function::BulkWorker).count();
    assert_eq!(queued, 12, "the messages that the order names");
    Ok(())
}

/// The worker of actions takes every file; attempts that nobody waits for are used up.
#[tokio::test]
async fn the_worker_of_actions_takes_every_file() -> Result<()> {
    let mut world = World::start().await?;
    for name in names("events/action-worker")? {
        let event: Value = serde_json::from_str(&read("action-worker", &name)?)?;
        let answer = world.invoke(Function::ActionWorker, event.clone()).await.context("nobody dies here")??;
        if name == "command" {
            // Of a tenant that has no commands.
            assert_eq!(answer["Failed"]["code"], "UNKNOWN_COMMAND");
            continue;
        }
        let unreadable = json!([{ "itemIdentifier": event["Records"][0]["messageId"] }]);
        let expected = if name == "one-unreadable" { unreadable } else { json!([]) };
        assert_eq!(answer["batchItemFailures"], expected, "{name}");
    }
    Ok(())
}

/// The worker of runs takes every file; messages of runs that are gone are used up.
#[tokio::test]
async fn the_worker_of_runs_takes_every_file() -> Result<()> {
    let mut world = World::start().await?;
    for name in names("events/bulk-worker")? {
        let event: Value = serde_json::from_str(&read("bulk-worker", &name)?)?;
        let answer = world.invoke(Function::BulkWorker, event.clone()).await.context("nobody dies here")??;
        let unreadable = json!([{ "itemIdentifier": event["Records"][0]["messageId"] }]);
        let expected = if name == "one-unreadable" { unreadable } else { json!([]) };
        assert_eq!(answer["batchItemFailures"], expected, "{name}");
    }
    Ok(())
}

/// An answer through the door as an event, from the page that the door gave, is one answer.
#[tokio::test]
async fn a_form_from_the_doors_own_page_is_accepted() -> Result<()> {
    let mut world = World::start().await?;
    world.deploy(&samples::question()).await?;
    let key = world.begin("Question", json!({ "recipient": "marta.lind@nordguss.example" })).await?;
    let task = world.task(key).await?.key;
    let page = world.open(task).await?;
    assert_eq!(world.post(task, &page, "action=approve&comment=Looks+good").await?.status, 303);
    let again = world.execute(key, Actor::Recipient, submit(task, "approve", "another page")).await;
    assert!(again.is_err(), "one answer");
    let other = world.execute(key, Actor::System, Command::Expire { task }).await;
    assert!(other.is_err());
    world.drain().await?;
    world.check(key, 0).await?;
    Ok(())
}
