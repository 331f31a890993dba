//! Tests across crates, in one binary: whole lives over the table and the AWS services in process. No test waits for the
//! clock of the machine, and none leaves 127.0.0.1.

// The SDK's futures nest deeper than the compiler's default limit.
#![recursion_limit = "256"]

mod budget;
mod crash;
mod faults;
