//! The messages of `tests/golden`: hexadecimal text, one AVP a line, a comment behind `#`.
#![allow(dead_code)]

use std::{fs, path::PathBuf};

/// A message and where it is written.
#[allow(dead_code, reason = "each test takes what it needs")]
pub struct Golden {
    /// Name of the file without `.hex`.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What the file says: the octets of one message, or of what claims to be one.
    pub octets: Vec<u8>,
}

/// The right messages, in the order of their names.
pub fn good() -> Vec<Golden> {
    files("")
}

/// The wrong messages, called `WHAT.ERROR-CODE`.
pub fn bad() -> Vec<Golden> {
    files("bad")
}

fn files(directory: &str) -> Vec<Golden> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(directory);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "hex"));
    paths.sort();
    paths
        .into_iter()
        .map(|path| Golden {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            octets: octets(&fs::read_to_string(&path).unwrap()),
            path,
        })
        .collect()
}

/// The octets that a text says in hexadecimal, comments behind `#` left aside.
pub fn octets(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text
        .lines()
        .flat_map(|line| line.split('#').next().unwrap_or_default().split_whitespace())
        .flat_map(|word| word.chars().map(|digit| digit.to_digit(16).expect("a hexadecimal digit")))
        .collect();
    assert!(digits.len().is_multiple_of(2), "every octet has two digits");
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}
