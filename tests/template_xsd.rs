//! The schema of templates and our reader say the same about every file of the corpus.
#![allow(clippy::unwrap_used)]

use rxgate::{
    dict::Dictionary,
    template::{Compiled, Problems, Settings, Template},
};
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

fn read(file: &Path) -> Result<Compiled, Problems> {
    Template::read(&fs::read(file).unwrap(), Dictionary::builtin(), Settings::default())
}

#[test]
fn schema_and_reader_agree_on_every_file() {
    let (accepted, refused) = (corpus("accepted"), corpus("refused"));
    assert!(accepted.len() + refused.len() >= 60);
    let all = [accepted.as_slice(), &refused].concat();
    let by_reader: BTreeSet<_> = all.iter().filter(|file| read(file).is_ok()).cloned().collect();
    let expected: BTreeSet<_> = accepted.iter().cloned().collect();
    let wrong: Vec<_> =
        by_reader.symmetric_difference(&expected).map(|file| (file, read(file).err())).collect();
    assert!(wrong.is_empty(), "the reader: {wrong:#?}");
    let Some(by_schema) = valid(&all) else { return };
    let disagreements: Vec<_> = by_schema.symmetric_difference(&by_reader).collect();
    assert!(disagreements.is_empty(), "the schema: {disagreements:#?}");
    tell(&format!("xsd: {} accepted, {} refused, 0 disagreements", accepted.len(), refused.len()));
}

/// One thing is wrong with each of these files, and it is told once.
#[test]
fn refused_files_have_one_problem_each() {
    // Whose reading goes on behind the first.
    const MORE: [&str; 3] =
        ["entities-a-billion-laughs.xml", "example-16-7-typographic-quotes.xml", "no-xml.xml"];
    let files = [corpus("refused"), corpus("reader-only")].concat();
    let found = files
        .iter()
        .filter(|file| !MORE.iter().any(|more| file.ends_with(more)))
        .map(|file| (file, read(file).unwrap_err().0));
    let several: Vec<_> = found.filter(|(_, problems)| problems.len() != 1).collect();
    assert!(several.is_empty(), "{several:#?}");
}

#[test]
fn what_the_schema_cannot_say_is_refused_by_the_reader_alone() {
    let files = corpus("reader-only");
    let accepted: Vec<_> = files.iter().filter(|file| read(file).is_ok()).collect();
    assert!(accepted.is_empty(), "{accepted:#?}");
    if let Some(valid) = valid(&files) {
        assert_eq!(valid, files.into_iter().collect());
    }
}

/// Past the capture of the test harness.
fn tell(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}
