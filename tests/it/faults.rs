//! Faults of everything the product does not control: streams, queues, mail, schedules, clocks, the table and other
//! people's clicks. Each is injected, delivered as AWS would deliver it, and the invariants are checked after it.

mod deliveries;
mod jobs;
mod mail;
mod races;
mod schedules;
mod table;

use anyhow::Result;
use domain::event::Event;
use domain::ids::{InstanceKey, TaskKey};
use serde_json::{Value, json};
use testkit::World;
use testkit::world::TENANT;

/// A world in which one process is deployed.
async fn world(xml: &str) -> Result<World> {
    let world = World::start().await?;
    world.deploy(xml).await?;
    Ok(world)
}

/// A world in which one task of the process waits, everything delivered.
async fn waiting(xml: &str, process: &str) -> Result<(World, InstanceKey, TaskKey)> {
    let mut world = world(xml).await?;
    let key = world.begin(process, variables()).await?;
    world.drain().await?;
    let task = world.task(key).await?.key;
    Ok((world, key, task))
}

fn variables() -> Value {
    json!({ "recipient": "marta.lind@nordguss.example", "order": "PO-4711", "supplier": "Nordguss AB" })
}

/// How many events of a kind the instance's journal holds.
async fn count(world: &World, instance: InstanceKey, wanted: fn(&Event) -> bool) -> Result<usize> {
    let journal = world.observer.journal(TENANT, instance).await?;
    Ok(journal.iter().flat_map(|entry| &entry.events).filter(|event| wanted(event)).count())
}

async fn completions(world: &World, instance: InstanceKey) -> Result<usize> {
    count(world, instance, |event| matches!(event, Event::TaskCompleted { .. })).await
}

async fn reminders(world: &World, instance: InstanceKey) -> Result<usize> {
    count(world, instance, |event| matches!(event, Event::TaskReminded { .. })).await
}

/// Names of all effects of an instance, as they travel through the queue of retries.
async fn effects(world: &World, instance: InstanceKey) -> Result<Vec<String>> {
    let journal = world.observer.journal(TENANT, instance).await?;
    let names = journal.iter().flat_map(|entry| {
        let (pk, sk) = (entry.id.pk(), entry.id.sk());
        (0..entry.effects.len()).map(move |effect| json!({ "pk": pk, "sk": sk, "effect": effect }).to_string())
    });
    Ok(names.collect())
}

/// Every order of `0..n`.
fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(n - 1);
    shorter
        .iter()
        .flat_map(|order| {
            (0..n).map(move |at| {
                let mut order = order.clone();
                order.insert(at, n - 1);
                order
            })
        })
        .collect()
}
