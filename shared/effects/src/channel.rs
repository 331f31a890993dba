//! Channels of notifications. A new channel is a module here and an arm in `Performer`.

pub mod email;
