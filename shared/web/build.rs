//! Prepares what the library embeds. The console's stylesheets, scripts and icons for `console::assets`, each file under
//! an address that follows from its content, and the built-in templates for `template`: compressed once for all. Scripts
//! lose the comments and the indentation of their source; that of the public page is embedded as it is sent.

use flate2::{Compression, write::GzEncoder};
use std::io::{self, Write};
use std::{env, fs, path::Path};

/// Names in templates and imports, and files; what is imported stands before what imports it.
const FILES: &[(&str, &str)] = &[
    ("console.css", "console.css"),
    ("diagram.css", "console/diagram.css"),
    ("icon.svg", "console/icon.svg"),
    ("common.js", "console/common.js"),
    ("page.js", "console/page.js"),
    ("copy.js", "console/copy.js"),
    ("diagram.js", "console/diagram.js"),
    ("dialog.js", "console/dialog.js"),
    ("fresh.js", "console/fresh.js"),
    ("list.js", "console/list.js"),
    ("run.js", "console/run.js"),
    ("viewer.js", "vendor/bpmn-navigated-viewer/bpmn-navigated-viewer.js"),
];

fn main() -> io::Result<()> {
    let out = env::var("OUT_DIR").map_err(io::Error::other)?;
    assets(&out)?;
    println!("cargo::rerun-if-changed=templates");
    let mut parts = Vec::new();
    templates(Path::new("templates"), "", &mut parts)?;
    compress(&Path::new(&out).join("templates.gz"), parts.join("\0").as_bytes())
}

/// Names and sources of the templates below a folder, one after the other.
fn templates(folder: &Path, prefix: &str, parts: &mut Vec<String>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            templates(&entry.path(), &format!("{name}/"), parts)?;
        } else {
            parts.extend([name, fs::read_to_string(entry.path())?]);
        }
    }
    Ok(())
}

fn compress(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut gzip = GzEncoder::new(fs::File::create(path)?, Compression::best());
    gzip.write_all(bytes)?;
    gzip.finish()?;
    Ok(())
}

fn assets(out: &str) -> io::Result<()> {
    println!("cargo::rerun-if-changed=assets");
    let runner = fs::read_to_string("assets/public/client-script.js")?;
    fs::write(Path::new(out).join("client-script.js"), script(&runner, &[]))?;
    let (mut table, mut made) = (String::from("&[\n"), Vec::new());
    for (name, path) in FILES {
        let source = fs::read_to_string(Path::new("assets").join(path))?;
        let own = path.starts_with("console/") && name.ends_with(".js");
        let bytes = if own { script(&source, &made) } else { source };
        let (stem, end) = name.rsplit_once('.').ok_or_else(|| io::Error::other("a name without an ending"))?;
        let file = format!("{stem}.{:016x}.{end}", fingerprint(bytes.as_bytes()));
        compress(&Path::new(out).join(name), bytes.as_bytes())?;
        let kind = match end {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
        let embedded = format!("include_bytes!({:?})", format!("{out}/{name}"));
        table += &format!(
            "Asset {{ name: {name:?}, address: \"/assets/{file}\", content_type: {kind:?}, gzip: {embedded} }},\n"
        );
        made.push((*name, file));
    }
    fs::write(Path::new(out).join("assets.rs"), table + "]")
}

/// A script as it is sent: no lines of comment, no indentation, and imports by address.
fn script(source: &str, made: &[(&str, String)]) -> String {
    let lines = source.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"));
    let text: String = lines.filter(|line| !line.starts_with("/**")).flat_map(|line| [line, "\n"]).collect();
    made.iter().fold(text, |text, (name, file)| text.replace(&format!("'./{name}'"), &format!("'./{file}'")))
}

/// FNV-1a: tells versions of a file apart. Nobody gains by two files with the same number, so it need not resist.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
