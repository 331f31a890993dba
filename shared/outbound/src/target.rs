//! Addresses of requests, read strictly: what could be understood in two ways is refused before anybody connects.

use domain::outbound::Outbound;
use std::net::{IpAddr, Ipv6Addr};

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// `https` or `http`.
    pub scheme: &'static str,
    /// In lower case; an IPv6 address without its brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Path and query, beginning with a slash.
    pub path: String,
}

/// The text is no address that may be called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the address of the request {0}")]
pub struct InvalidTarget(&'static str);

impl Target {
    /// Reads an absolute address.
    ///
    /// # Errors
    /// [`InvalidTarget`]: another scheme, a user, a host in an unusual spelling, characters that no address has.
    pub fn parse(text: &str) -> Result<Target, InvalidTarget> {
        let refuse = |why| Err(InvalidTarget(why));
        if !text.bytes().all(|byte| byte.is_ascii_graphic())
            || text.contains(['\\', '"', '<', '>', '^', '`', '{', '|', '}'])
        {
            return refuse("has characters that must be percent-encoded");
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => ("https", rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => ("http", rest),
            Some(_) | None => return refuse("does not begin with https://"),
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return refuse("holds a user or password");
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(InvalidTarget("has an impossible port"))?,
            None if scheme == "http" => 80,
            None => 443,
        };
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Target { scheme, host: checked_host(host)?, port, path })
    }

    /// The address that a redirect leads to from here.
    ///
    /// # Errors
    /// As [`Target::parse`].
    pub fn join(&self, location: &str) -> Result<Target, InvalidTarget> {
        let location = location.trim();
        if location.contains("://") && location.find("://") < location.find(['/', '?', '#']).map(|at| at + 1) {
            return Target::parse(location);
        }
        let (directory, _) = self.path.split('?').next().unwrap_or("/").rsplit_once('/').unwrap_or(("", ""));
        let path = match location.chars().next() {
            Some('/') if location.starts_with("//") => return Target::parse(&format!("{}:{location}", self.scheme)),
            Some('/') => location.to_owned(),
            Some('?') => format!("{}{location}", self.path.split('?').next().unwrap_or("/")),
            Some(_) => format!("{directory}/{location}"),
            None => return Err(InvalidTarget("of a redirect is empty")),
        };
        Target::parse(&format!("{}{path}", self.origin()))
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{}://{host}:{}", self.scheme, self.port)
    }

    /// The whole address.
    pub fn url(&self) -> String {
        format!("{}{}", self.origin(), self.path)
    }

    /// The host as an address, where it is written as one.
    pub fn literal(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// Whether the tenant's list names it.
    pub fn is_listed(&self, outbound: &Outbound) -> bool {
        outbound.allows(self.scheme, &self.host, self.port)
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<&str>), InvalidTarget> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or(InvalidTarget("has a broken host"))?;
        // Brackets are for IPv6 alone.
        host.parse::<Ipv6Addr>().map_err(|_| InvalidTarget("has a broken host"))?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(InvalidTarget("has a broken host")),
        };
    }
    match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => Err(InvalidTarget("has a broken host")),
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((authority, None)),
    }
}

/// A name, or an IP address in its usual spelling. Resolvers also take decimal, octal and hexadecimal ones and short
/// forms (`2130706433`, `0x7f.1`, `0177.0.0.1`): no name of the public DNS ends in a number, so these are refused.
fn checked_host(host: &str) -> Result<String, InvalidTarget> {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    if host.parse::<IpAddr>().is_ok() {
        return Ok(host);
    }
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if host.len() > 253 || !host.split('.').all(label) {
        return Err(InvalidTarget("has a host that is no name; write names with other letters in punycode"));
    }
    let last = host.rsplit('.').next().unwrap_or_default();
    if last.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(InvalidTarget("has a number in an unusual spelling as host"));
    }
    Ok(host)
}

/// Places on this machine that the installation lets tenants call: none, except where tests and demonstrations run.
#[derive(Clone, Debug, Default)]
pub struct Local {
    places: Vec<(String, u16)>,
    any_port: bool,
}

impl Local {
    /// From a list such as `127.0.0.1:9000,localhost:9001`; what is no place is passed over.
    pub fn parse(list: &str) -> Local {
        let place = |text: &str| {
            let (host, port) = text.trim().rsplit_once(':')?;
            Some((host.to_ascii_lowercase(), port.parse().ok()?))
        };
        Local { places: list.split(',').filter_map(place).collect(), any_port: false }
    }

    /// Every port of 127.0.0.1, for tests whose servers take free ones.
    pub fn any_port() -> Local {
        Local { places: Vec::new(), any_port: true }
    }

    pub(crate) fn names(&self, target: &Target) -> bool {
        (self.any_port && target.host == "127.0.0.1")
            || self.places.iter().any(|(host, port)| *host == target.host && *port == target.port)
    }
}
