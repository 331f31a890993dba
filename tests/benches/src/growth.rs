//! How the engine's work grows with the size of a model: every shape at a size and at ten times that size, from its start
//! to its end, in memory and with the state written and read back after each command. Prints one JSON object; judges
//! nothing.
#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

mod clock;
mod shapes;
mod stored;
mod world;

use serde_json::{Value, json};
use shapes::Shape;
use world::{Counts, World};

const RUNS: usize = 3;
const RUN_SECONDS_MIN: f64 = 0.05;

fn main() -> anyhow::Result<()> {
    // Words choose shapes by a part of their name; `cargo bench` adds an argument of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let wanted = |shape: &&Shape| words.is_empty() || words.iter().any(|word| shape.name.contains(word.as_str()));
    let found: Vec<Value> = shapes::ALL.iter().filter(wanted).map(measured).collect::<anyhow::Result<_>>()?;
    println!("{}", json!({ "shapes": found, "runs": RUNS }));
    Ok(())
}

fn measured(shape: &Shape) -> anyhow::Result<Value> {
    let sizes: Vec<Value> = shape.sizes.iter().map(|size| at(shape, *size)).collect::<anyhow::Result<_>>()?;
    Ok(json!({ "name": shape.name, "unit": shape.unit, "sizes": sizes }))
}

fn at(shape: &Shape, size: usize) -> anyhow::Result<Value> {
    let world = World::read(&(shape.model)(size))?;
    let variables = (shape.variables)(size);
    let life = |is_stored| world.live(variables.clone(), is_stored);
    let (memory, _) = median(|| life(false))?;
    let (stored, counts) = median(|| life(true))?;
    Ok(json!({
        "size": size, "memory_s": memory, "stored_s": stored, "elements": counts.elements, "events": counts.events,
        "commands": counts.commands, "state_bytes_max": counts.state_bytes_max,
    }))
}

/// Seconds of one life, of the middle run. A run repeats until it is long against the steps of the processor's clock.
fn median(mut life: impl FnMut() -> anyhow::Result<Counts>) -> anyhow::Result<(f64, Counts)> {
    let mut lives = 1_u32;
    let counts = loop {
        let (counts, seconds) = clock::time(|| several(&mut life, lives));
        if seconds >= RUN_SECONDS_MIN {
            break counts?;
        }
        counts?;
        lives *= 2;
    };
    let mut seconds = Vec::new();
    for _ in 0..RUNS {
        let (result, taken) = clock::time(|| several(&mut life, lives));
        result?;
        seconds.push(taken / f64::from(lives));
    }
    Ok((clock::median(seconds), counts))
}

fn several(life: &mut impl FnMut() -> anyhow::Result<Counts>, lives: u32) -> anyhow::Result<Counts> {
    let mut counts = Counts::default();
    for _ in 0..lives {
        counts = std::hint::black_box(life()?);
    }
    Ok(counts)
}
