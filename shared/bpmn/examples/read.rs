//! Reads the files given and prints what it costs: bytes, steps, milliseconds per MiB. With `-v` as first argument
//! also what is found in each (scripts unchecked).
#![expect(clippy::print_stdout, reason = "an example that prints")]

use std::time::Instant;

fn main() -> std::io::Result<()> {
    println!("{:>10} {:>11} {:>10} {:>9}  file", "bytes", "steps/byte", "ms/MiB", "findings");
    let mut paths = std::env::args().skip(1).peekable();
    let verbose = paths.next_if_eq("-v").is_some();
    for path in paths {
        let source = std::fs::read(&path)?;
        let started = Instant::now();
        let reading = bpmn::read(&source);
        let took = started.elapsed().as_secs_f64() * 1_000.0;
        let bytes = source.len().max(1) as f64;
        println!(
            "{:>10} {:>11.2} {:>10.1} {:>9}  {path}",
            source.len(),
            reading.steps as f64 / bytes,
            took / (bytes / 1_048_576.0),
            reading.diagnostics.len()
        );
        for found in reading.diagnostics.iter().filter(|_| verbose) {
            println!("{}:{} {:?} {} {}", found.line, found.column, found.severity, found.code, found.message);
        }
    }
    Ok(())
}
