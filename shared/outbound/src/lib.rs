//! Calls to places that a tenant's process names: every address is checked before it is connected to, answers are capped,
//! credentials go to their own host only. Knows no table, no queue and no task.

mod address;
mod caller;
mod client;
mod credentials;
mod resolver;
mod target;

pub use address::is_public;
pub use caller::{BODY_BYTES_MAX, Caller, REDIRECTS_MAX};
pub use credentials::{Credentials, InvalidCredentials};
pub use resolver::{Resolve, System};
pub use target::{InvalidTarget, Local, Target};

#[cfg(test)]
mod tests;
