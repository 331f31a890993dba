//! Clients of AWS made at their first use: building one costs more than anything else a start does, and most calls of a
//! function need one of three.

use aws_config::SdkConfig;
use std::sync::{Arc, OnceLock};

/// A client that may not exist yet. Clones share it.
pub(crate) struct Lazy<C> {
    aws: SdkConfig,
    make: fn(&SdkConfig) -> C,
    made: Arc<OnceLock<C>>,
}

impl<C> Lazy<C> {
    pub fn new(aws: &SdkConfig, make: fn(&SdkConfig) -> C) -> Lazy<C> {
        Lazy { aws: aws.clone(), make, made: Arc::new(OnceLock::new()) }
    }

    pub fn get(&self) -> &C {
        self.made.get_or_init(|| (self.make)(&self.aws))
    }
}

impl<C> Clone for Lazy<C> {
    fn clone(&self) -> Lazy<C> {
        Lazy { aws: self.aws.clone(), make: self.make, made: self.made.clone() }
    }
}

impl<C> std::fmt::Debug for Lazy<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lazy")
    }
}
