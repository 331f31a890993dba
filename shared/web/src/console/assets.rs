//! The console's stylesheets, scripts and icons: embedded, and addressed by name and content, so that a browser may keep
//! each of them for ever and never shows an old one. `build.rs` makes the table.

use flate2::read::GzDecoder;
use std::io::Read;

/// A file that pages refer to.
#[derive(Debug)]
pub struct Asset {
    /// `/assets/console.0123456789abcdef.css`
    pub address: &'static str,
    /// `Content-Type`
    pub content_type: &'static str,
    /// The file, compressed.
    pub gzip: &'static [u8],
    name: &'static str,
}

impl Asset {
    /// The file as it is.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        GzDecoder::new(self.gzip).read_to_end(&mut bytes).expect("the build compressed it");
        bytes
    }
}

const ASSETS: &[Asset] = include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The address of an embedded file; `None` where there is none of this name.
pub fn address(name: &str) -> Option<&'static str> {
    ASSETS.iter().find(|asset| asset.name == name).map(|asset| asset.address)
}

/// All of them.
pub fn all() -> &'static [Asset] {
    ASSETS
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
        for asset in all() {
            assert_eq!(at(asset.address).expect("it has an address").name, asset.name);
            assert_eq!(address(asset.name), Some(asset.address));
        }
        assert!(at("/assets/console.css").is_none());
        assert!(at("/assets/../console.rs").is_none());
        assert!(address("missing.css").is_none());
    }

    #[test]
    fn scripts_import_each_other_by_the_addresses_they_have() {
        let mut imports = 0;
        for script in all().iter().filter(|asset| asset.name.ends_with(".js") && asset.name != "viewer.js") {
            let text = String::from_utf8(script.bytes()).expect("scripts are text");
            for line in text.lines().filter(|line| line.starts_with("import ")) {
                let file = line.split('\'').nth(1).expect("a name in quotes");
                assert!(at(&file.replacen("./", "/assets/", 1)).is_some(), "{} imports {file}", script.name);
                imports += 1;
            }
        }
        assert!(imports > 5, "{imports}");
    }

    #[test]
    fn the_scripts_are_under_twenty_kilobytes_together() {
        let apart = ["diagram.js", "viewer.js"];
        let scripts = all().iter().filter(|asset| asset.name.ends_with(".js") && !apart.contains(&asset.name));
        let bytes: usize = scripts.map(|script| script.bytes().len()).sum();
        assert!(bytes < 20_000, "{bytes}");
    }
}
