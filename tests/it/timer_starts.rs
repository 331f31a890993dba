//! Timer start events through table, stream, schedules and queues: each firing begins one instance, whatever travels
//! twice and whoever dies, until another version is deployed (S4-108).

use anyhow::{Context, Result};
use domain::ids::InstanceKey;
use domain::time::Timestamp;
use store::InstanceQuery;
use testkit::World;
use testkit::gate::Call;
use testkit::world::TENANT;

const HOUR_S: i64 = 3_600;

/// A process that counts nothing and ends at once; `timers` stand in its start events.
fn file(timers: &[&str]) -> String {
    let starts = timers.iter().enumerate().map(|(n, timer)| {
        format!(
            r#"<bpmn:startEvent id="Start_{n}"><bpmn:timerEventDefinition>{timer}</bpmn:timerEventDefinition></bpmn:startEvent>
               <bpmn:sequenceFlow id="F{n}" sourceRef="Start_{n}" targetRef="Note"/>"#
        )
    });
    format!(
        r#"<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL">
             <bpmn:process id="Report">
               {}
               <bpmn:scriptTask id="Note"><bpmn:script>made = true</bpmn:script></bpmn:scriptTask>
             </bpmn:process>
           </bpmn:definitions>"#,
        starts.collect::<String>()
    )
}

const HOURLY: &str = "<bpmn:timeCycle>R/PT1H</bpmn:timeCycle>";

/// The instances of the process: key, version and moment of their start, oldest first.
async fn begun(world: &World) -> Result<Vec<(InstanceKey, u32, Timestamp)>> {
    let query = InstanceQuery {
        statuses: Vec::new(),
        process_id: Some("Report".to_owned()),
        business_key: None,
        limit: 100,
        after: None,
    };
    let rows = world.observer.instances(TENANT, &query, world.clock.now()).await?.items;
    let mut begun: Vec<_> = rows.iter().map(|row| (row.key, row.version, row.started_at)).collect();
    begun.sort();
    Ok(begun)
}

#[tokio::test]
async fn each_firing_begins_one_instance() -> Result<()> {
    let mut world = World::start().await?;
    world.deploy(&file(&[HOURLY])).await?;
    let deployed = world.clock.now();
    world.advance(HOUR_S - 60).await?;
    assert_eq!(begun(&world).await?, [], "nothing begins before its time");
    world.advance(3 * HOUR_S).await?;
    let instances = begun(&world).await?;
    let late = |(n, (_, _, at)): (i64, &(_, _, Timestamp))| at.as_millis() - deployed.as_millis() - n * HOUR_S * 1_000;
    assert_eq!(instances.len(), 3);
    for late in (1..).zip(&instances).map(late) {
        assert!((0..120_000).contains(&late), "{late} ms late: {instances:?}");
    }
    let instance = world.load(instances[0].0).await?.aggregate.instance;
    assert_eq!((instance.status.as_str(), instance.started_by.as_str()), ("COMPLETED", "system"));
    for (key, _, _) in instances {
        assert_eq!(world.observer.verify_chain(TENANT, key).await?, []);
    }
    Ok(())
}

#[tokio::test]
async fn a_firing_that_is_delivered_again_begins_nothing() -> Result<()> {
    let mut world = World::start().await?;
    world
        .deploy(&file(&["<bpmn:timeCycle>R2/PT1H</bpmn:timeCycle>", "<bpmn:timeDuration>PT1H</bpmn:timeDuration>"]))
        .await?;
    for _ in 0..4 {
        world.advance(HOUR_S).await?;
        for _ in 0..3 {
            world.deliver_again(|n| n).await?;
            world.drain().await?;
        }
    }
    assert_eq!(begun(&world).await?.len(), 3, "two of the cycle and one of the duration");
    assert!(world.aws.held().schedules.is_empty());
    Ok(())
}

#[tokio::test]
async fn another_version_makes_the_timers_of_the_last_one_void() -> Result<()> {
    let mut world = World::start().await?;
    world.deploy(&file(&[HOURLY])).await?;
    world.advance(HOUR_S + 60).await?;
    // The same file again changes nothing.
    world.deploy(&file(&[HOURLY])).await?;
    world.advance(HOUR_S).await?;
    world.deploy(&file(&["<bpmn:timeDate>2099-01-01T00:00:00Z</bpmn:timeDate>"])).await?;
    world.advance(5 * HOUR_S).await?;
    assert_eq!(begun(&world).await?.iter().map(|(_, version, _)| *version).collect::<Vec<_>>(), [1, 1]);
    let inputs: Vec<String> = world.aws.held().schedules.values().map(|schedule| schedule.input.to_string()).collect();
    assert!(inputs.len() == 1 && inputs[0].contains(r#""v":2"#), "{inputs:?}");
    Ok(())
}

/// The process dies after every call from the deployment's first effect to the second firing.
#[tokio::test]
async fn a_death_anywhere_loses_and_doubles_no_start() -> Result<()> {
    let calls = two_firings(0).await?;
    assert!(calls.contains(&Call::CreateSchedule) && calls.contains(&Call::Commit), "{calls:?}");
    for k in 1..=calls.len() {
        two_firings(k).await.with_context(|| format!("killed after call {k}, {:?}", calls.get(k - 1)))?;
    }
    Ok(())
}

/// The calls of two firings, of which the process survives the `k`th not; 0: all.
async fn two_firings(k: usize) -> Result<Vec<Call>> {
    let mut world = World::start().await?;
    world.deploy(&file(&["<bpmn:timeCycle>R2/PT1H</bpmn:timeCycle>"])).await?;
    let before = world.gate.calls().len();
    if k > 0 {
        world.gate.die_after(k);
    }
    world.advance(3 * HOUR_S).await?;
    let instances = begun(&world).await?;
    anyhow::ensure!(world.deaths == usize::from(k > 0), "{} deaths", world.deaths);
    anyhow::ensure!(instances.len() == 2, "{instances:?}");
    let held = world.aws.held();
    anyhow::ensure!(held.messages.is_empty() && held.dead_letters.is_empty() && held.schedules.is_empty(), "{held:?}");
    Ok(world.gate.calls().split_off(before))
}
