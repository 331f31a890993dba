//! The processes that the product ships run as they are drawn: read with the real check of scripts, run with the real
//! script language, to each of their ends.

use anyhow::{Context, Result};
use domain::event::Event;
use domain::ids::InstanceKey;
use serde_json::{Value, json};
use std::path::Path;
use testkit::World;
use testkit::world::{RealScripts, TENANT};

const SUPPLIER_APPROVAL: &str = include_str!("../../infra/local/demo/supplier-approval.bpmn");
const QUICK_QUESTION: &str = include_str!("../../infra/local/demo/quick-question.bpmn");
const INSTANCES: &str = include_str!("../../infra/local/demo/instances.json");
const DAY_S: i64 = 86_400;

/// Every element that the instance reached, in order.
pub async fn path(world: &World, key: InstanceKey) -> Result<Vec<String>> {
    let journal = world.observer.journal(TENANT, key).await?;
    let reached = journal.into_iter().flat_map(|entry| entry.events).filter_map(|event| {
        let (Event::ElementActivated(reached) | Event::ElementPassed(reached)) = event else { return None };
        Some(reached.element)
    });
    Ok(reached.collect())
}

fn order() -> Value {
    json!({
        "supplier": { "name": "Marta Lind", "email": "marta.lind@nordguss.example", "language": "en" },
        "order": {
            "number": "PO-4711", "item": "Mooring bollard, cast steel, 60 t", "quantity": 12,
            "unitPriceCents": 184_900, "currency": "EUR", "delivery": "2027-02-15",
        },
    })
}

/// A supplier approval whose recipient posts `answer`, or lets the time pass.
async fn approve(answer: Option<&str>) -> Result<(World, InstanceKey)> {
    let mut world = World::start().await?;
    world.deploy(SUPPLIER_APPROVAL).await?;
    let key = world.begin("SupplierApproval", order()).await?;
    world.drain().await?;
    match answer {
        Some(answer) => {
            let task = world.task(key).await?.key;
            let page = world.open(task).await?;
            assert_eq!(world.post(task, &page, answer).await?.status, 303);
        }
        None => world.advance(14 * DAY_S + 120).await?,
    }
    world.settle().await?;
    world.check(key, 0).await?;
    assert_eq!(world.load(key).await?.aggregate.instance.status.as_str(), "COMPLETED");
    Ok((world, key))
}

/// Every process in the repository is read without an error by the deployment's own reading.
#[test]
fn every_shipped_process_is_read_with_the_real_check_of_scripts() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = 0;
    for folder in ["infra/local/demo", "shared/bpmn/testdata/valid"] {
        for entry in std::fs::read_dir(root.join(folder))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "bpmn") {
                let reading = bpmn::read_with(&std::fs::read(&path)?, &RealScripts);
                assert!(!reading.has_errors(), "{}: {:?}", path.display(), reading.diagnostics);
                assert!(!reading.definitions.is_empty(), "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files >= 4, "{files} files");
    Ok(())
}

#[tokio::test]
async fn an_accepted_order_is_recorded() -> Result<()> {
    let (world, key) = approve(Some("action=Approve&comment=Gladly")).await?;
    assert_eq!(
        path(&world, key).await?,
        ["OrderPlaced", "PrepareOrder", "ConfirmOrder", "Accepted", "RecordOrder", "Ordered"]
    );
    let variables = world.load(key).await?.aggregate.instance.variables;
    assert_eq!(variables["total"], json!(2_218_800));
    assert_eq!(variables["decision"]["accepted"], json!(true));
    assert_eq!(variables["decidedBy"], json!("marta.lind@nordguss.example"));
    assert_eq!(variables["state"], json!("ordered"));
    Ok(())
}

#[tokio::test]
async fn a_declined_order_ends_at_declined() -> Result<()> {
    let (world, key) = approve(Some("action=Reject&comment=Too+late")).await?;
    let path = path(&world, key).await?;
    assert_eq!(path.last().map(String::as_str), Some("Declined"), "{path:?}");
    let variables = world.load(key).await?.aggregate.instance.variables;
    assert_eq!(variables["decision"]["accepted"], json!(false));
    assert!(!variables.contains_key("state"));
    Ok(())
}

#[tokio::test]
async fn an_order_without_an_answer_is_offered_elsewhere_after_two_reminders() -> Result<()> {
    let (world, key) = approve(None).await?;
    let path = path(&world, key).await?;
    assert_eq!(path.last().map(String::as_str), Some("Offered"), "{path:?}");
    let aggregate = world.load(key).await?.aggregate;
    assert_eq!(aggregate.instance.variables["state"], json!("offered elsewhere"));
    assert_eq!(
        aggregate.tasks.values().map(|task| (task.status.as_str(), task.reminders)).collect::<Vec<_>>(),
        [("EXPIRED", 2)]
    );
    Ok(())
}

/// Issue: another recipient gets two reminders and then finds the task expired, in seconds.
#[tokio::test]
async fn the_quick_question_reminds_twice_and_expires_within_half_a_minute() -> Result<()> {
    let mut world = World::start().await?;
    world.deploy(QUICK_QUESTION).await?;
    let variables = json!({ "recipient": "harbour.master@norvik.example", "question": "Is berth 7 free on Monday?" });
    let answered = world.begin("QuickQuestion", variables.clone()).await?;
    let silent = world.begin("QuickQuestion", variables).await?;
    world.drain().await?;
    let task = world.task(answered).await?.key;
    let page = world.open(task).await?;
    assert_eq!(world.post(task, &page, "action=Yes").await?.status, 303);
    world.advance(40).await?;
    assert_eq!(path(&world, answered).await?, ["Asked", "Answer", "Known"]);
    assert_eq!(path(&world, silent).await?, ["Asked", "Answer", "TimeIsUp", "Silence"]);
    let expired = world.task(silent).await?;
    assert_eq!((expired.status.as_str(), expired.reminders), ("EXPIRED", 2));
    let shown = world.open(expired.key).await?;
    assert!(shown.status == 200 && shown.value().is_err(), "a page without a form");
    for key in [answered, silent] {
        assert_eq!(world.load(key).await?.aggregate.instance.status.as_str(), "COMPLETED");
        world.check(key, 0).await?;
    }
    Ok(())
}

/// Every instance that `make dev` starts comes to its first mail.
#[tokio::test]
async fn every_instance_of_the_demo_asks_its_recipient() -> Result<()> {
    let mut world = World::start().await?;
    world.deploy(SUPPLIER_APPROVAL).await?;
    world.deploy(QUICK_QUESTION).await?;
    let instances: Vec<Value> = serde_json::from_str(INSTANCES)?;
    for instance in &instances {
        let process = instance["start"]["processId"].as_str().context("a process")?;
        let key = world.begin(process, instance["start"]["variables"].clone()).await?;
        world.drain().await?;
        let mail = world.aws.held().mails.last().cloned().context("a mail")?;
        let task = world.task(key).await?;
        assert_eq!(mail.to, task.recipient.as_str());
        assert!(mail.text.contains(&format!("/t/{}", world.link(task.key).await?)), "{}", mail.text);
        world.check(key, 0).await?;
    }
    assert_eq!(world.aws.held().mails.len(), instances.len());
    Ok(())
}
