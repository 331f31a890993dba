//! Names become addresses here, and only addresses that may be called leave: the client connects to what was checked, so
//! that a name that changes its address in between gains nothing.

use crate::address::is_public;
use hyper_util::client::legacy::connect::dns::Name;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower_service::Service;

/// Gives the addresses of a name. Tests bring their own.
pub trait Resolve: std::fmt::Debug + Send + Sync {
    /// Every address.
    fn resolve<'a>(&'a self, host: &'a str) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send + 'a>>;
}

/// The resolver of the machine.
#[derive(Clone, Copy, Debug)]
pub struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, host: &'a str) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send + 'a>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// The name leads to a place that may not be called.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the host leads to an address that is not public")]
pub(crate) struct NotPublic;

/// What the client asks.
#[derive(Clone, Debug)]
pub(crate) struct Checked {
    pub inner: Arc<dyn Resolve>,
    /// Asks for this machine instead of for the public.
    pub local: bool,
}

impl Checked {
    pub(crate) fn accepts(&self, address: IpAddr) -> bool {
        if self.local { address.is_loopback() } else { is_public(address) }
    }
}

impl Service<Name> for Checked {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let own = self.clone();
        Box::pin(async move {
            let addresses = own.inner.resolve(name.as_str()).await?;
            // One bad address among good ones is no accident: none of them is used.
            if addresses.is_empty() || !addresses.iter().all(|address| own.accepts(*address)) {
                return Err(NotPublic.into());
            }
            // The client puts the port in.
            Ok(addresses.into_iter().map(|address| SocketAddr::new(address, 0)).collect::<Vec<_>>().into_iter())
        })
    }
}
