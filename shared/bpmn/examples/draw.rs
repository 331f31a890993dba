//! Draws BPMN files as the console does without script: `cargo run -p bpmn --example draw -- FILE... > page.html`; with
//! `--outline` first, prints the copies that the console gives to its viewer.

#![expect(clippy::print_stdout, reason = "a tool of the command line")]

use bpmn::diagram::{self, Marks};

fn main() {
    let mut paths = std::env::args().skip(1).peekable();
    if paths.next_if_eq("--outline").is_some() {
        paths
            .filter_map(|path| diagram::read(&std::fs::read(path).ok()?, None).ok())
            .for_each(|d| println!("{}", d.outline));
        return;
    }
    println!(
        "<!doctype html><meta charset=utf-8><link rel=stylesheet href=console.css><link rel=stylesheet href=diagram.css>"
    );
    for path in paths {
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
