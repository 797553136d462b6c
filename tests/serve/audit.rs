//! What a start says of an audit log that is not where it was.

use std::fs;

use crate::process::{Directory, Gateway, durable};

#[test]
fn an_audit_log_that_is_gone_while_the_store_is_there_is_a_warning() {
    let directory = Directory::new("audit");
    let file = directory.0.join("audit.jsonl");
    let audit = format!("[audit]\nfile = '{}'\n", file.display());
    let config = durable("127.0.0.1:1".parse().unwrap(), &directory);
    let is_told = |config: &str| {
        let mut gateway = Gateway::spawn("audit", config);
        gateway.listening("http");
        gateway.signal("-TERM");
        let (code, log) = gateway.end();
        assert_eq!(code, Some(0), "{log}");
        log.lines().any(|line| line.contains("WARN") && line.contains("the audit log is empty"))
    };
    let with_audit = format!("{config}{audit}");
    assert!(!is_told(&with_audit), "both are new");
    assert!(!is_told(&with_audit), "both are there");
    fs::remove_file(&file).unwrap();
    assert!(is_told(&with_audit));
    assert!(!is_told(&with_audit), "it was told once");
    fs::write(&file, "").unwrap();
    assert!(is_told(&with_audit));
    let in_memory = format!(
        "[audit]\nfile = '{}'\n[store]\nkind = \"memory\"\n",
        directory.0.join("other.jsonl").display()
    );
    let no_store = config.split("[store]").next().unwrap();
    assert!(!is_told(&format!("{no_store}{in_memory}")), "nobody knows what was before");
}
