//! Plays each model in drawn orders of moves and holds its instances against what is always true of them. A failing run
//! names the number that draws it again.

use crate::corpus::{Model, deployed};
use crate::world::{Life, World};
use crate::{guess, outside};
use domain::instance::InstanceStatus;

/// Runs of each process.
const RUNS: u64 = 6;
/// Moves of a run: enough for every model that ends at all.
const MOVES: usize = 40;

/// What does not hold of the runs of a model's processes.
pub fn play(models: &[Model], model: &Model) -> Vec<String> {
    let mut failures = Vec::new();
    for process in &model.processes {
        for seed in 0..RUNS {
            let mut world = World::new(deployed(models, model, &[]));
            let variables = guess::variables(process);
            let Ok(_) = world.start(&process.id, variables) else { continue };
            if let Err(why) = run(&mut world, seed) {
                failures.push(format!("{}, {}, seed {seed}: {why}", model.name, process.id));
            }
        }
    }
    failures
}

fn run(world: &mut World<'_>, seed: u64) -> Result<(), String> {
    let mut state = seed;
    for _ in 0..MOVES {
        check(world)?;
        let moves = outside::moves(world);
        if moves.is_empty() || world.is_exhausted() {
            break;
        }
        let drawn = usize::try_from(draw(&mut state) % moves.len() as u64).expect("fewer than there are");
        outside::carry_out(world, &moves[drawn]).map_err(|rejection| format!("a move is refused: {rejection}"))?;
    }
    check(world)
}

/// SplitMix64.
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// What is always true between two moves.
fn check(world: &World<'_>) -> Result<(), String> {
    if world.is_exhausted() {
        return Ok(());
    }
    for (key, life) in &world.lives {
        let instance = &life.state.instance;
        let status = instance.status;
        let open = life.state.work_tasks.values().filter(|task| !task.state.is_final()).collect::<Vec<_>>();
        if status.is_final() && !(instance.elements.is_empty() && instance.ready.is_empty() && open.is_empty()) {
            return Err(format!("{key} is {status} and something of it is left"));
        }
        if status == InstanceStatus::Waiting && instance.elements.is_empty() {
            return Err(format!("{key} waits for nothing"));
        }
        if (status == InstanceStatus::Error) == instance.incidents.is_empty() {
            return Err(format!("{key} is {status} with {} incidents", instance.incidents.len()));
        }
        if status == InstanceStatus::Running {
            return Err(format!("{key} runs although nothing is left to do inside"));
        }
        if let Some(task) = open.iter().find(|task| instance.element(task.element).is_none()) {
            return Err(format!("{key}: the task of {} is open without its element", task.activity));
        }
        if let Some(lost) =
            instance.elements.iter().find(|live| live.scope.is_some_and(|at| instance.element(at).is_none()))
        {
            return Err(format!("{key}: {} lives in a scope that is gone", lost.element));
        }
        if !status.is_final() && !is_awaited(world, life) {
            return Err(format!("{key} goes on although nobody waits for it"));
        }
    }
    Ok(())
}

/// True where nobody called the instance, or the one that did still waits for it.
fn is_awaited(world: &World<'_>, life: &Life<'_>) -> bool {
    let instance = &life.state.instance;
    let Some(parent) = &instance.parent else { return true };
    let caller = world.lives.get(&parent.instance).and_then(|caller| caller.state.instance.element(parent.element));
    caller.is_some_and(|call| call.child == Some(instance.key))
}
