//! Random damage to valid files: whatever comes out, the reader answers and never panics.

use super::corpus::STEPS_PER_BYTE;
use super::{files, read, testdata};
use proptest::prelude::*;
use std::sync::LazyLock;

static VALID: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let files = files(&testdata().join("valid"), "bpmn");
    files.iter().map(|path| std::fs::read(path).expect("readable file")).collect()
});

/// Pieces that mean something to a reader of BPMN, put where they do not belong.
const PIECES: &[&str] = &[
    "<",
    ">",
    "&",
    "\"",
    "'",
    "/>",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "&#x0;",
    "&#10;",
    "\u{0}",
    "\r\n",
    "é",
    "\u{feff}",
    "{{",
    "}}",
    "${",
    "=",
    "R/",
    "P1D",
    "PT0S",
    "|",
    ",",
    "[",
    "]",
    "<bpmn:subProcess id=\"x\">",
    "</bpmn:userTask>",
    "isExecutable=\"false\"",
    "id=\"Start\"",
    "return 'x'",
    "`",
    "\\",
    "((((((((",
    "name=\"Recipient\"",
    "value=\"\"",
];

#[derive(Clone, Debug)]
enum Damage {
    Delete(usize, usize),
    Insert(usize, usize),
    Byte(usize, u8),
    Repeat(usize, usize),
    Swap(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        (any::<usize>(), 1..60_usize).prop_map(|(at, length)| Damage::Delete(at, length)),
        (any::<usize>(), 0..PIECES.len()).prop_map(|(at, piece)| Damage::Insert(at, piece)),
        (any::<usize>(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
        (any::<usize>(), 1..200_usize).prop_map(|(at, length)| Damage::Repeat(at, length)),
        (any::<usize>(), any::<usize>()).prop_map(|(a, b)| Damage::Swap(a, b)),
    ]
}

fn apply(source: &mut Vec<u8>, damage: &Damage) {
    if source.is_empty() {
        return;
    }
    let size = source.len();
    match *damage {
        Damage::Delete(at, length) => {
            let at = at % size;
            source.drain(at..(at + length).min(size));
        }
        Damage::Insert(at, piece) => {
            let at = at % size;
            source.splice(at..at, PIECES[piece].bytes());
        }
        Damage::Byte(at, byte) => source[at % size] = byte,
        Damage::Repeat(at, length) => {
            let at = at % size;
            let part = source[at..(at + length).min(size)].to_vec();
            source.splice(at..at, part);
        }
        Damage::Swap(a, b) => source.swap(a % size, b % size),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_never_panic(file in any::<usize>(), damages in prop::collection::vec(damage(), 1..8)) {
        let mut source = VALID[file % VALID.len()].clone();
        for damage in &damages {
            apply(&mut source, damage);
        }
        let reading = read(&source);
        prop_assert!(reading.has_errors() || !reading.definitions.is_empty());
        prop_assert!(reading.steps <= STEPS_PER_BYTE * source.len() + 1_000);
        let text = String::from_utf8_lossy(&source);
        for found in &reading.diagnostics {
            let lines = text.matches(['\n', '\r']).count() + 1;
            prop_assert!(found.line >= 1 && found.line as usize <= lines && found.column >= 1, "{found:?}");
        }
    }

    #[test]
    fn random_bytes_never_panic(source in prop::collection::vec(any::<u8>(), 0..400)) {
        let reading = read(&source);
        prop_assert!(reading.has_errors());
    }
}
