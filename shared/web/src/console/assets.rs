//! The console's stylesheet, scripts and icons: embedded, and addressed by name and content, so that a browser may keep
//! each of them for ever and never shows an old one.

use std::sync::LazyLock;

/// A file that pages refer to.
#[derive(Debug)]
pub struct Asset {
    /// `/assets/console.0123456789abcdef.css`
    pub address: String,
    /// `Content-Type`
    pub content_type: &'static str,
    /// The file.
    pub bytes: &'static [u8],
    name: &'static str,
}

macro_rules! embedded {
    ($($name:literal => $path:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../assets/", $path)))),*]
    };
}

/// Names in templates, and files. Content type and address follow from the name.
const FILES: &[(&str, &[u8])] = embedded![
    "console.css" => "console.css",
    "diagram.css" => "console/diagram.css",
    "icon.svg" => "console/icon.svg",
    "copy.js" => "console/copy.js",
    "diagram.js" => "console/diagram.js",
    "dialog.js" => "console/dialog.js",
    "fresh.js" => "console/fresh.js",
    "list.js" => "console/list.js",
    "menu.js" => "console/menu.js",
    "refresh.js" => "console/refresh.js",
    "run.js" => "console/run.js",
    "shortcuts.js" => "console/shortcuts.js",
    "toast.js" => "console/toast.js",
    "viewer.js" => "vendor/bpmn-navigated-viewer/bpmn-navigated-viewer.js",
];

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| FILES.iter().map(|(name, bytes)| asset(name, bytes)).collect());

fn asset(name: &'static str, bytes: &'static [u8]) -> Asset {
    let (stem, end) = name.rsplit_once('.').expect("every embedded name has an ending");
    let content_type = match end {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        _ => "image/svg+xml",
    };
    Asset { address: format!("/assets/{stem}.{:016x}.{end}", fingerprint(bytes)), content_type, bytes, name }
}

/// FNV-1a: tells versions of a file apart. Nobody gains by two files with the same number, so it need not resist.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The address of an embedded file; `None` where there is none of this name.
pub fn address(name: &str) -> Option<&'static str> {
    ASSETS.iter().find(|asset| asset.name == name).map(|asset| asset.address.as_str())
}

/// All of them.
pub fn all() -> &'static [Asset] {
    &ASSETS
}

/// The file at an address.
pub fn at(address: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.address == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_found_at_its_own_address_only() {
        for (name, bytes) in FILES {
            let found = at(address(name).expect("it is embedded")).expect("it has an address");
            assert_eq!((found.name, found.bytes.len()), (*name, bytes.len()));
        }
        assert!(at("/assets/console.css").is_none());
        assert!(at("/assets/../console.rs").is_none());
        assert!(address("missing.css").is_none());
    }

    #[test]
    fn the_fingerprint_changes_with_the_content() {
        assert_ne!(asset("a.css", b"a{}").address, asset("a.css", b"b{}").address);
        assert_eq!(fingerprint(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fingerprint(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
