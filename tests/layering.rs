//! Which module may name which, and where there is no task and no clock: the layers hold.
//!
//! Test code is left out. `cargo check --lib --no-default-features` proves the rest of it: the pure modules
//! build without tokio.
#![allow(clippy::unwrap_used)]

use std::{fs, path::Path};

/// A module of the crate, and the modules that it may name beside itself.
///
/// The enumerations that Rx's fields are made of are `dict`'s, the addresses and times in them `wire`'s: who
/// handles Rx values names these two as well.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("dict", &["wire"]),
    ("capture", &["wire"]),
    ("peer", &["wire", "dict"]),
    ("rx", &["wire", "dict"]),
    ("template", &["wire", "dict", "rx"]),
    ("session", &["dict", "rx"]),
    ("store", &["metrics", "session"]),
    ("transport", &["wire", "peer"]),
    ("gateway", &["wire", "dict", "rx", "session", "transport"]),
    ("notify", &[]),
    ("audit", &["dict"]),
    ("access", &["template"]),
    ("north", &["wire", "dict", "rx", "session", "template", "notify", "audit", "access"]),
    ("pcrf", &["wire", "dict", "peer", "rx", "transport"]),
    ("config", &["access", "peer", "template"]),
];

/// The ground: they name nothing, and every module may name them.
const GROUND: [&str; 10] =
    ["words", "counters", "ids", "clock", "metrics", "live", "task", "handover", "tls", "whole_file"];

/// Put everything together, and are named by each other only.
const ON_TOP: [&str; 4] = ["app", "cli", "lib", "main"];

/// Modules without tasks, sockets and clocks, and the parts of them that have some.
const PURE: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("metrics", &[]),
    ("dict", &[]),
    ("capture", &[]),
    ("peer", &[]),
    ("rx", &[]),
    ("template", &[]),
    ("config", &[]),
    ("words", &[]),
    ("counters", &[]),
    ("live", &[]),
    ("session", &["session/service"]),
];
const IMPURE: [&str; 6] = ["tokio", "async fn", "async move", "::now()", "std::net::Tcp", "std::thread"];

#[test]
fn every_module_names_only_what_is_below_it() {
    let mut found = Vec::new();
    for (file, code) in sources() {
        let module = module(&file);
        if ON_TOP.contains(&module) {
            continue;
        }
        let row = MAY_NAME.iter().find(|(name, _)| *name == module);
        let may_name: Vec<&str> = match row {
            Some((_, below)) => below.iter().chain(&GROUND).copied().collect(),
            None if GROUND.contains(&module) => Vec::new(),
            None => panic!("{module} has no row in this test"),
        };
        for name in named(&code).into_iter().filter(|name| *name != module && !may_name.contains(name)) {
            let known = MAY_NAME.iter().map(|(known, _)| known).chain(&ON_TOP).chain(&GROUND);
            if known.into_iter().any(|known| *known == name) {
                found.push(format!("src/{file} names {name}"));
            }
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn pure_modules_have_no_task_and_no_clock() {
    let mut found = Vec::new();
    for (file, code) in sources() {
        let pure = PURE.iter().find(|(name, _)| *name == module(&file));
        let exempt = pure.is_none_or(|(_, parts)| parts.iter().any(|part| file.starts_with(part)));
        for word in IMPURE.iter().filter(|word| !exempt && code.contains(*word)) {
            found.push(format!("src/{file} has {word}"));
        }
    }
    assert_eq!(found, Vec::<String>::new());
}

/// Every source file as its path below `src`, without its comments and tests.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut directories, mut sources) = (vec![root.clone()], Vec::new());
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
            {
                let text = fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
                let lines = code.lines().map(|line| line.split("//").next().unwrap());
                let file = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                sources.push((file, lines.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    assert!(sources.len() > 50, "only {} files were found", sources.len());
    sources
}

fn module(file: &str) -> &str {
    file.split(['/', '.']).next().unwrap()
}

/// What stands behind `crate::`, one name or those of a list in braces.
fn named(code: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let Some(list) = rest.strip_prefix('{') else {
            names.push(word(rest));
            continue;
        };
        let (mut depth, mut start) = (0, 0);
        for (at, sign) in list.char_indices() {
            match sign {
                '{' => depth += 1,
                ',' | '}' if depth == 0 => {
                    names.push(word(&list[start..at]));
                    start = at + 1;
                    if sign == '}' {
                        break;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    names
}

/// The first name of a path.
fn word(path: &str) -> &str {
    let path = path.trim_start();
    let end = path.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(path.len());
    &path[..end]
}

#[test]
fn names_are_found_in_every_form_of_import() {
    let code =
        "use crate::wire;\nuse crate::{dict::{self, avp}, rx::Aar,\n    peer};\nlet x = crate::north::y();";
    assert_eq!(named(code), ["wire", "dict", "rx", "peer", "north"]);
}
