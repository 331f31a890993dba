//! Tests of the rules: one file per command group, tables, stored forms and properties.

mod bounce;
mod cancel;
mod continue_jobs;
mod deny;
mod draft;
mod dsl;
mod email;
mod errors;
mod expire;
mod external_create;
mod gateway;
mod ids;
mod life_cycle;
mod properties;
mod remind;
mod resend;
mod retry;
mod script_task;
mod start;
mod stored_form;
mod submit;
mod sync;
mod template;
mod time;
mod timers;
mod variables;
