//! What is different between the configuration in force and the one that is to be.

use std::path::Path;

use crate::config::{Peer, Problem, Setting};

/// Keys that a reload puts into force; every other one needs a restart. Of `[[diameter.peers]]` all are.
const RELOADABLE: [(&str, &[&str]); 4] = [
    ("[dictionary]", &["directory"]),
    ("[templates]", &["directory", "rules"]),
    ("[notify]", &["allow_networks"]),
    (
        "[gatekeeper]",
        &["profile", "short_ipv6_prefix", "default_duration_s", "max_duration_s", "abort_also_released"],
    ),
];

/// Their section, whose header the further ones count up.
const PEERS: &str = "[[diameter.peers]]";

/// Most lines about one dictionary.
const MAX_LINES: usize = 20;

/// What became of the settings.
pub(super) struct Changed {
    /// One for each that takes effect.
    pub lines: Vec<String>,
    /// Those that cannot take effect in a running gateway.
    pub refused: Vec<Problem>,
}

/// Compares what stands in `file` now with what stood there.
pub(super) fn of_settings(file: &Path, old: &[Setting], new: &[Setting]) -> Changed {
    let mut changed = Changed { lines: Vec::new(), refused: Vec::new() };
    let same = |one: &Setting, other: &Setting| one.section == other.section && one.key == other.key;
    // What stood in a section that is gone altogether is not set any more.
    let gone = old.iter().filter(|old| !new.iter().any(|new| same(old, new)));
    let gone = gone.map(|old| Setting { value: None, at: None, ..old.clone() });
    let all: Vec<Setting> = new.iter().cloned().chain(gone).collect();
    for setting in all.iter().filter(|setting| !setting.section.starts_with(PEERS)) {
        let before = old.iter().find(|old| same(old, setting)).and_then(|old| old.value.as_deref());
        if before == setting.value.as_deref() {
            continue;
        }
        let shown = |value: Option<&str>| value.unwrap_or("not set").to_owned();
        let (from, to) = (shown(before), shown(setting.value.as_deref()));
        if is_reloadable(setting) {
            changed.lines.push(format!("{} {}: {from} -> {to}", setting.section, setting.key));
        } else {
            changed.refused.push(Problem {
                file: file.to_owned(),
                at: setting.at,
                text: format!("{} `{}` is {to}, and in force is {from}", setting.section, setting.key),
                hint: "this one takes a restart; without one write what is in force, and reload again".into(),
            });
        }
    }
    changed
}

/// Which settings those are, as comments of a configuration file.
pub(crate) fn reloadable() -> String {
    let mut text = "# A reload (SIGHUP, or POST /reload on the admin listener) puts these into force, and reads what they\n\
                    # name again; anything else takes a restart:\n"
        .to_owned();
    text.push_str(&format!("#   {PEERS} all\n#   [access] what the file of `applications` says\n"));
    for (section, keys) in RELOADABLE {
        text.push_str(&format!("#   {section} {}\n", keys.join(", ")));
    }
    text.push_str("# The PEM files of [http], [admin], [diameter.tls], [notify] and [access.jwt] are read again; new connections\n\
         # take them. So are the keys of the identity provider.\n");
    text
}

fn is_reloadable(setting: &Setting) -> bool {
    RELOADABLE.iter().any(|(section, keys)| *section == setting.section && keys.contains(&setting.key))
}

/// Compares the peers, which their `host` names.
pub(super) fn of_peers(old: &[Peer], new: &[Peer]) -> Vec<String> {
    let same_host = |one: &Peer, other: &Peer| one.host.eq_ignore_ascii_case(&other.host);
    let mut lines = Vec::new();
    for peer in new {
        let Peer { host, address, more_addresses, transport, priority, weight } = peer;
        let Some(before) = old.iter().find(|old| same_host(old, peer)) else {
            lines.push(format!("peer {host} added: {address}, priority {priority}, weight {weight}"));
            continue;
        };
        let mut what = Vec::new();
        if before.transport != *transport {
            what.push(format!("transport {} -> {transport}", before.transport));
        }
        if before.address != *address {
            what.push(format!("address {} -> {address}", before.address));
        }
        if before.more_addresses != *more_addresses {
            what.push(format!("more_addresses {:?} -> {more_addresses:?}", before.more_addresses));
        }
        if before.priority != *priority {
            what.push(format!("priority {} -> {priority}", before.priority));
        }
        if before.weight != *weight {
            what.push(format!("weight {} -> {weight}", before.weight));
        }
        if !what.is_empty() {
            lines.push(format!("peer {host}: {}", what.join(", ")));
        }
    }
    let removed = old.iter().filter(|old| !new.iter().any(|peer| same_host(old, peer)));
    lines.extend(removed.map(|peer| format!("peer {} removed", peer.host)));
    lines
}

/// The first of them, and how many more there are.
pub(super) fn shortened(mut lines: Vec<String>) -> Vec<String> {
    if let Some(more) = lines.len().checked_sub(MAX_LINES).filter(|more| *more > 0) {
        lines.truncate(MAX_LINES);
        lines.push(format!("{more} more changes of the dictionary"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Loaded;

    const BASE: &str = "[diameter]\norigin_host = \"af.rx.test\"\norigin_realm = \"rx.test\"\n\
                        destination_realm = \"rx.test\"\nrequest_timeout_ms = 9000\n\
                        [[diameter.peers]]\nhost = \"a.rx.test\"\naddress = \"127.0.0.1:1\"\n\
                        [notify]\nallow_networks = [\"127.0.0.0/8\"]\n";

    fn loaded(text: &str) -> Loaded {
        Loaded::from_text(Path::new("gate.toml"), text).unwrap()
    }

    fn compare(new: &str) -> Changed {
        of_settings(Path::new("gate.toml"), &loaded(BASE).settings, &loaded(new).settings)
    }

    #[test]
    fn what_can_change_is_told_with_both_values() {
        let changed = compare(
            &BASE
                .replace("127.0.0.0/8", "::1/128")
                .replace("[notify]", "[gatekeeper]\nmax_duration_s = 60\n[notify]"),
        );
        assert_eq!(
            changed.lines,
            [
                "[gatekeeper] max_duration_s: not set -> 60",
                "[notify] allow_networks: [\"127.0.0.0/8\"] -> [\"::1/128\"]",
            ]
        );
        assert!(changed.refused.is_empty());
    }

    #[test]
    fn what_needs_a_restart_is_refused_with_its_place() {
        let changed = compare(&BASE.replace("= 9000", "= 8000").replace("127.0.0.0/8", "::1/128"));
        let refused: Vec<_> = changed.refused.iter().map(ToString::to_string).collect();
        assert_eq!(refused, ["gate.toml:5:1: [diameter] `request_timeout_ms` is 8000, and in force is 9000"]);
        assert!(changed.refused[0].hint.contains("restart"), "{:?}", changed.refused);
    }

    #[test]
    fn a_section_that_is_gone_is_no_reload_without_a_word() {
        let applications = std::env::temp_dir().join(format!("rxgate-changes-{}.toml", std::process::id()));
        std::fs::write(&applications, "").unwrap();
        let access = format!("[access]\napplications = '{}'\n", applications.display());
        let old = loaded(&format!("{BASE}{access}[access.token]\nlifetime_s = 600\n"));
        let new = loaded(&format!("{BASE}{access}"));
        std::fs::remove_file(&applications).unwrap();
        let changed = of_settings(Path::new("gate.toml"), &old.settings, &new.settings);
        let refused: Vec<_> = changed.refused.iter().map(ToString::to_string).collect();
        let said = |text: &str| refused.iter().any(|refused| refused.contains(text));
        assert!(said("[access.token] `lifetime_s` is not set, and in force is 600"), "{refused:?}");
    }

    #[test]
    fn a_value_that_is_written_out_or_left_out_but_the_same_is_no_change() {
        let changed = compare(&BASE.replace("[notify]", "[gatekeeper]\nprofile = \"compatible\"\n[notify]"));
        assert!(changed.lines.is_empty() && changed.refused.is_empty());
    }

    #[test]
    fn what_a_reload_puts_into_force_can_be_shown() {
        let shown = reloadable();
        let all = RELOADABLE.map(|(section, _)| section).into_iter().chain([PEERS]);
        assert!(all.into_iter().all(|section| shown.contains(&format!("\n#   {section} "))), "{shown}");
        assert!(shown.lines().all(|line| line.starts_with("# ") && line.len() < 120), "{shown}");
        assert!(shown.contains("#   [notify] allow_networks\n"), "{shown}");
    }

    #[test]
    fn every_key_that_is_said_to_be_reloadable_exists() {
        let settings = loaded(BASE).settings;
        for (section, keys) in RELOADABLE {
            for key in keys {
                assert!(
                    settings.iter().any(|one| one.section == section && one.key == *key),
                    "{section} {key}"
                );
            }
        }
    }

    #[test]
    fn peers_come_go_and_change() {
        let peer = |host: &str, address: &str, priority| {
            let text = BASE
                .replace("a.rx.test", host)
                .replace("127.0.0.1:1", address)
                .replace("[notify]", &format!("priority = {priority}\n[notify]"));
            loaded(&text).config.diameter.peers.remove(0)
        };
        let old = [peer("a.rx.test", "127.0.0.1:1", 1), peer("b.rx.test", "127.0.0.1:2", 1)];
        let new = [peer("A.rx.test", "127.0.0.1:3", 2), peer("c.rx.test", "127.0.0.1:4", 1)];
        assert_eq!(
            of_peers(&old, &new),
            [
                "peer A.rx.test: address 127.0.0.1:1 -> 127.0.0.1:3, priority 1 -> 2",
                "peer c.rx.test added: 127.0.0.1:4, priority 1, weight 1",
                "peer b.rx.test removed",
            ]
        );
        assert!(of_peers(&old, &old).is_empty());
    }

    #[test]
    fn many_changes_of_a_dictionary_are_counted() {
        let lines = |count: usize| (0..count).map(|at| format!("AVP {at} added")).collect::<Vec<_>>();
        assert_eq!(shortened(lines(MAX_LINES)), lines(MAX_LINES));
        let many = shortened(lines(MAX_LINES + 3));
        assert_eq!(many.len(), MAX_LINES + 1);
        assert_eq!(many[MAX_LINES], "3 more changes of the dictionary");
    }
}
