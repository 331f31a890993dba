//! Which addresses a page may name. Knows neither elements nor style sheets.

/// An image inside the page has at most this many bytes.
pub(super) const IMAGE_BYTES_MAX: usize = 64 * 1024;

/// What a browser makes of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Empty or `#place`: stays on the page.
    Page,
    /// Relative to the page: a path or query of this product's own host.
    Relative,
    /// `//host/...`
    HostWithoutScheme,
    /// `scheme:...`, the scheme in lower case.
    Scheme(String),
}

/// The address as browsers read it: no tabs and line breaks, no controls and spaces around it.
pub(super) fn stripped(address: &str) -> String {
    let kept: String = address.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
    kept.trim_matches(|c: char| c <= ' ' || c.is_whitespace() || c == '\u{feff}' || c == '\u{7f}').to_owned()
}

/// Sorts a stripped address. Whatever stands before a colon counts as scheme, valid or not, so that no spelling of
/// `javascript:` passes as a relative path.
pub(super) fn classify(address: &str) -> Address {
    if address.is_empty() || address.starts_with('#') {
        return Address::Page;
    }
    let head = address.find(['/', '\\', '?', '#']).map_or(address, |at| &address[..at]);
    if let Some(colon) = head.find(':') {
        return Address::Scheme(head[..colon].to_lowercase());
    }
    let mut start = address.chars();
    if matches!(start.next(), Some('/' | '\\')) && matches!(start.next(), Some('/' | '\\')) {
        return Address::HostWithoutScheme;
    }
    Address::Relative
}

/// Checks the address of a link. Returns a sentence that helps.
pub(super) fn check_link(address: &str) -> Result<(), String> {
    match classify(address) {
        Address::Page | Address::Relative => Ok(()),
        Address::HostWithoutScheme => Err("write https: before the //".to_owned()),
        Address::Scheme(scheme) => match scheme.as_str() {
            "https" | "http" | "mailto" | "tel" => Ok(()),
            other => Err(format!("a link may begin with https:, http:, mailto: or tel:, not with \"{other}:\"")),
        },
    }
}

/// Checks the source of an image: only pictures inside the page, so that opening it tells nobody.
pub(super) fn check_image(address: &str) -> Result<(), String> {
    let Address::Scheme(scheme) = classify(address) else {
        return Err("put the image into the page as data:image/png;base64,...".to_owned());
    };
    if scheme != "data" {
        return Err(format!(
            "an image may not come from another host (\"{scheme}:\"): put it into the page as data:image/png;base64,..."
        ));
    }
    let (kind, data) = address[5..].split_once(',').unwrap_or((&address[5..], ""));
    let kind = kind.to_ascii_lowercase();
    let mut parts = kind.split(';').map(str::trim);
    if !matches!(parts.next(), Some("image/png" | "image/jpeg" | "image/gif" | "image/webp")) {
        return Err("an image inside the page must be data:image/png, jpeg, gif or webp".to_owned());
    }
    let size = if parts.any(|part| part == "base64") { decoded_size(data) } else { data.len() };
    if size > IMAGE_BYTES_MAX {
        return Err(format!("an image inside the page may have 64 KB; this one has {} KB", size.div_ceil(1024)));
    }
    Ok(())
}

/// True when text before a placeholder already settles where the address leads, so that the value can only add to it.
pub(super) fn settles(prefix: &str) -> bool {
    match classify(prefix) {
        Address::Page => prefix.starts_with('#'),
        Address::Scheme(scheme) => match scheme.as_str() {
            "mailto" | "tel" => true,
            "https" | "http" => prefix[scheme.len() + 1..].strip_prefix("//").is_some_and(|rest| {
                let host = rest.find(['/', '?', '#']).unwrap_or(0);
                host > 0 && !rest[..host].contains('\\')
            }),
            _ => false,
        },
        Address::Relative | Address::HostWithoutScheme => false,
    }
}

/// Bytes a base64 text stands for.
fn decoded_size(text: &str) -> usize {
    text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=').count() * 3 / 4
}
