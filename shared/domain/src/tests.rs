//! Tests of the rules: one file per command group, tables, stored forms and properties.

mod dsl;
mod errors;
mod external_create;
mod gateway;
mod script_task;
mod start;
