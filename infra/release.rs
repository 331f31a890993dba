//! Build script of every function: what a release links differently. Libraries among the dependencies are linked as shared
//! objects, too, so this cannot be a flag for all of them (release.env).

#![allow(clippy::print_stdout)] // how a build script speaks to Cargo

fn main() {
    println!("cargo::rerun-if-env-changed=PROFILE");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
