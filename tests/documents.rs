//! What the documents tell a reader to type exists: programs, subcommands, options, configuration files.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A fenced block of a document.
struct Block {
    /// What stands behind the fence.
    language: String,
    text: String,
    /// File and line, for messages.
    place: String,
}

/// The blocks of every document.
fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let files = fs::read_dir(ROOT).unwrap().map(|entry| entry.unwrap().path());
    for file in files.filter(|file| file.extension().is_some_and(|extension| extension == "md")) {
        let document = file.file_name().unwrap().to_string_lossy();
        let text = fs::read_to_string(&file).unwrap();
        let mut open: Option<Block> = None;
        for (number, line) in (1..).zip(text.lines()) {
            match (line.trim_start().strip_prefix("```"), &mut open) {
                (Some(language), None) => {
                    let place = format!("{document}:{number}");
                    open = Some(Block { language: language.trim().to_owned(), text: String::new(), place });
                }
                (Some(_), Some(_)) => blocks.extend(open.take()),
                (None, Some(block)) => block.text += &format!("{line}\n"),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{document}: a block has no end");
    }
    blocks
}

fn rxgate(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rxgate")).args(arguments).output().unwrap()
}

#[test]
fn what_a_document_tells_to_type_exists() {
    let mut checked = 0;
    for block in blocks() {
        match &*block.language {
            "sh" | "bash" | "console" => checked += commands(&block),
            // A whole configuration file, not a part of one.
            "toml" if block.text.contains("origin_host") => configuration(&block),
            _ => {}
        }
    }
    assert!(checked >= 2, "only {checked} commands were checked");
}

/// Checks each command of a block that is this project's; returns how many.
fn commands(block: &Block) -> usize {
    let text = block.text.replace("\\\n", " ");
    let commands = text.lines().flat_map(|line| line.split(" | ")).map(|command| {
        let command = command.trim().trim_start_matches("$ ");
        let command = command.split(" #").next().unwrap_or_default();
        let words: Vec<&str> = command.split_whitespace().take_while(|word| *word != "&").collect();
        check(&words, &format!("{}: {command}", block.place))
    });
    commands.filter(|ours| *ours).count()
}

/// The gateway accepts the configuration.
fn configuration(block: &Block) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("document.toml");
    fs::write(&file, &block.text).unwrap();
    let output = rxgate(&["check-config", file.to_str().unwrap()]);
    assert!(output.status.success(), "{}: {}", block.place, String::from_utf8_lossy(&output.stderr));
}

/// Whether the words are a command of this project; fails if it would not work.
fn check(words: &[&str], place: &str) -> bool {
    match words {
        ["cargo", rest @ ..] => cargo(rest, place),
        [program, rest @ ..] if Path::new(program).file_name().is_some_and(|name| name == "rxgate") => {
            help(rest, place);
        }
        [program, ..] if program.starts_with("tests/") || program.starts_with(".ci/") => {
            assert!(Path::new(ROOT).join(program).is_file(), "{place}: there is no {program}");
        }
        _ => return false,
    }
    true
}

/// The example, test or bench that cargo is told to build exists, and the arguments of the program too.
fn cargo(words: &[&str], place: &str) {
    for pair in words.windows(2) {
        let directory = match pair[0] {
            "--example" => "examples",
            "--test" => "tests",
            "--bench" => "benches",
            _ => continue,
        };
        let stem = Path::new(ROOT).join(directory).join(pair[1]);
        let exists = stem.with_extension("rs").is_file() || stem.join("main.rs").is_file();
        assert!(exists, "{place}: there is no {directory}/{}", pair[1]);
    }
    let own = words.iter().position(|word| *word == "--").map(|end| &words[end + 1..]);
    if let (Some(&"run"), Some(own), false) = (words.first(), own, words.contains(&"--example")) {
        help(own, place);
    }
}

/// The help of the subcommand knows every option.
fn help(words: &[&str], place: &str) {
    let subcommand = words.iter().take_while(|word| !word.starts_with('-')).take(1);
    let arguments: Vec<&str> = subcommand.copied().chain(["--help"]).collect();
    let output = rxgate(&arguments);
    assert!(output.status.success(), "{place}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    for option in words.iter().filter(|word| word.starts_with('-')) {
        let name = option.split('=').next().unwrap_or_default();
        let known = text.split(|c: char| c.is_whitespace() || c == ',').any(|word| word == name);
        assert!(known, "{place}: there is no {name}");
    }
}
