//! The schema of templates and our reader say the same about every file of the corpus.
#![allow(clippy::unwrap_used)]

use std::{
    collections::BTreeSet,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

/// Files of a folder of the corpus, in the order of their names.
fn corpus(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/template/corpus").join(folder);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Those of the files that are valid by the schema; `None` without xmllint, which is told.
fn valid(files: &[PathBuf]) -> Option<BTreeSet<PathBuf>> {
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/qos-template.xsd");
    let Ok(output) = Command::new("xmllint").args(["--noout", "--schema", schema]).args(files).output()
    else {
        assert!(std::env::var_os("CI").is_none(), "xmllint is missing, which CI forbids");
        tell("SKIPPED: templates by their schema: xmllint is missing (Debian package libxml2-utils)");
        return None;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("Schemas parser error"), "{said}");
    Some(said.lines().filter_map(|line| line.strip_suffix(" validates")).map(PathBuf::from).collect())
}

#[test]
fn the_schema_accepts_what_it_should_and_refuses_the_rest() {
    let (accepted, refused) = (corpus("accepted"), corpus("refused"));
    assert!(accepted.len() + refused.len() >= 60);
    let all = [accepted.as_slice(), &refused].concat();
    let Some(valid) = valid(&all) else { return };
    let accepted_too: BTreeSet<_> = accepted.iter().cloned().collect();
    let disagreements: Vec<_> = valid.symmetric_difference(&accepted_too).collect();
    assert_eq!(disagreements, Vec::<&PathBuf>::new());
    tell(&format!("xsd: {} accepted, {} refused, 0 disagreements", accepted.len(), refused.len()));
}

/// Past the capture of the test harness.
fn tell(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}
