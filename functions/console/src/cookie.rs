//! The console's cookies: read from a request, written for an answer. What is in them is signed elsewhere.

use crate::config::ConsoleConfig;
use lambda_http::Request;

/// Who is signed in.
pub const SESSION: &str = "session";
/// What is remembered while somebody signs in at the identity provider.
pub const HANDSHAKE: &str = "handshake";
/// Appearance and keys: `theme=dark`, `keys=off`. No secret, so not bound to the host.
pub const THEME: &str = "theme";
pub const KEYS: &str = "keys";

const YEAR_S: i64 = 365 * 24 * 3_600;

/// The browser's name for a cookie. Over TLS the prefix binds it to this very host; plain HTTP has only the port of a
/// developer's machine, which cookies do not know, so it stands in the name.
fn full_name(config: &ConsoleConfig, name: &str) -> String {
    if config.secure() {
        return format!("__Host-{name}");
    }
    let port = config.console_url.rsplit(':').next().filter(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    format!("{name}-{}", port.unwrap_or("80"))
}

/// The value of a signed cookie; `None` too where two of one name came, which no browser sends for one host.
pub fn signed(config: &ConsoleConfig, request: &Request, name: &str) -> Option<String> {
    only(request, &full_name(config, name))
}

/// The value of a preference.
pub fn plain(request: &Request, name: &str) -> Option<String> {
    only(request, name)
}

fn only(request: &Request, name: &str) -> Option<String> {
    let headers = request.headers().get_all("cookie");
    let mut found = headers
        .iter()
        .filter_map(|header| header.to_str().ok())
        .flat_map(|header| header.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(given, _)| *given == name)
        .map(|(_, value)| value.to_owned());
    let first = found.next();
    if found.next().is_some() { None } else { first }
}

/// Sets a signed cookie. Lax: the way back from the identity provider and links in mails bring it along, posts of other
/// origins do not.
pub fn set(config: &ConsoleConfig, name: &str, value: &str, seconds: i64) -> String {
    let secure = if config.secure() { "; Secure" } else { "" };
    format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", full_name(config, name))
}

/// Takes a signed cookie away.
pub fn clear(config: &ConsoleConfig, name: &str) -> String {
    set(config, name, "", 0)
}

/// Keeps a preference for a year.
pub fn prefer(config: &ConsoleConfig, name: &str, value: &str) -> String {
    let secure = if config.secure() { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={YEAR_S}; HttpOnly; SameSite=Lax{secure}")
}
