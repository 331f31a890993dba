//! Draws BPMN files as the console does without script: `cargo run -p bpmn --example draw -- FILE... > page.html`.

#![expect(clippy::print_stdout, reason = "a tool of the command line")]

use bpmn::diagram::{self, Marks};

fn main() {
    println!(
        "<!doctype html><meta charset=utf-8><link rel=stylesheet href=console.css><link rel=stylesheet href=diagram.css>"
    );
    for path in std::env::args().skip(1) {
        let source = std::fs::read(&path).unwrap_or_default();
        match diagram::read(&source, None) {
            Ok(diagram) => {
                let svg = diagram.svg(&Marks::default());
                println!("<h2>{path}</h2><div class=bpmn>{svg}</div><!--{} bytes-->", svg.len());
            }
            Err(reason) => println!("<h2>{path}</h2><p>{reason:?}</p>"),
        }
    }
}
