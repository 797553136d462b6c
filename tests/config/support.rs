//! The smallest file, and how a refusal is looked at.

use std::path::Path;

use rxgate::config::{ConfigError, Loaded};

/// The least that is accepted.
pub const LEAST: &str = r#"[diameter]
origin_host = "af.rx.test"
origin_realm = "rx.test"
destination_realm = "rx.test"

[[diameter.peers]]
host = "pcrf.rx.test"
address = "127.0.0.1:3868"
"#;

pub fn load(text: &str) -> Result<Loaded, ConfigError> {
    Loaded::from_text(Path::new("gate.toml"), text)
}

/// Every problem as it is printed: text, then hint.
pub fn refusals(text: &str) -> Vec<(String, String)> {
    match load(text) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(error) => error.problems().into_iter().map(|p| (p.to_string(), p.hint)).collect(),
    }
}

/// The only refusal of `text`.
pub fn refusal(text: &str) -> (String, String) {
    let all = refusals(text);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.into_iter().next().unwrap()
}

#[track_caller]
pub fn assert_refused(text: &str, problem: &str, hint: &str) {
    assert_eq!(refusal(text), (format!("gate.toml:{problem}"), hint.to_owned()));
}

/// `LEAST` with one more line at the end of `[diameter]`, which is line 5.
pub fn with_diameter(line: &str) -> String {
    LEAST.replacen("\n\n", &format!("\n{line}\n\n"), 1)
}

/// `LEAST` followed by `more`, which begins on line 9.
pub fn with(more: &str) -> String {
    format!("{LEAST}{more}")
}

/// A path beside `gate.toml`, as a hint names it.
pub fn beside(path: &str) -> String {
    std::env::current_dir().unwrap().join(path).display().to_string()
}
