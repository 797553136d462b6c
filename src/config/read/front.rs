//! `[gatekeeper]`, `[templates]` and `[notify]`: the interface that applications use.

use std::path::{Path, PathBuf};

use ipnet::IpNet;

use super::{
    super::{
        Access, Audit, Gatekeeper, Notify, Profile, Records, Templates,
        section::{Found, Number, Section},
    },
    DIRECTORY, HOUR, MADE, MINUTES_10, PLACES, YEAR_S, can_be_made, in_order, once_each, tls, tokens,
};

/// Specific-Actions that a session subscribes to by default: those that cost no signalling of their own.
const BASELINE_EVENTS: [u32; 7] = [1, 2, 3, 4, 6, 7, 10];
const EVENT: &str = "a Specific-Action from 1 to 4 or from 6 to 11";
const RULES: &str = "the path of an existing file with [[rule]] sections";
/// Name of the rules in the directory of the templates.
const RULES_FILE: &str = "rules.toml";
const NETWORK: &str = "a network such as \"127.0.0.0/8\", \"192.0.2.7/32\" or \"2001:db8::/32\"";

pub(super) fn gatekeeper(mut section: Section<'_, '_>) -> Gatekeeper {
    let profile = section.one_of(
        "profile",
        Profile::Compatible,
        &[("compatible", Some(Profile::Compatible)), ("strict", Some(Profile::Strict))],
    );
    let short_ipv6_prefix = section.flag("short_ipv6_prefix", false);
    let seconds = || 1..=u64::from(u32::MAX);
    let default_duration = section.optional_number::<u64>(
        "default_duration_s",
        "seconds",
        seconds(),
        "a request must give its duration where its template has none",
    );
    let max_duration = section.optional_number::<u64>("max_duration_s", "seconds", seconds(), "no limit");
    let baseline_events = section.numbers("baseline_events", &BASELINE_EVENTS, EVENT, event);
    let abort_also_released = section.flag("abort_also_released", false);
    if let (Some(default), Some(max)) = (&default_duration, &max_duration)
        && default.value > max.value
    {
        section.reader.refuse(
            default.offset,
            format!(
                "`default_duration_s` ({}) is longer than `max_duration_s` ({})",
                default.value, max.value
            ),
            "lower the first or raise the second",
        );
    }
    section.finish(&PLACES);
    let duration = |found: Option<Found<u64>>| found.map(|found| std::time::Duration::from_secs(found.value));
    Gatekeeper {
        profile: profile.value,
        short_ipv6_prefix: short_ipv6_prefix.value,
        default_duration: duration(default_duration),
        max_duration: duration(max_duration),
        baseline_events,
        abort_also_released: abort_also_released.value,
    }
}

/// Whether a session can subscribe to this Specific-Action (TS 29.214 §5.3.13), and if not, why.
fn event(number: u64) -> Result<u32, String> {
    let why = match number {
        0 | 5 => "TS 29.214 §5.3.13 has no Specific-Action of that number",
        12 => {
            "event 12 (QOS_FEATURE_RELEASED) needs no subscription; in Rx 12 is ACCESS_NETWORK_INFO_REPORT, \
             which has no event"
        }
        _ => match u32::try_from(number).ok().filter(|number| *number <= 11) {
            Some(number) => return Ok(number),
            None => "the interface has no event of that number",
        },
    };
    Err(why.into())
}

/// Either key is enough; `None` without both, or after a problem was noted.
pub(super) fn templates(mut section: Section<'_, '_>) -> Option<Templates> {
    const NONE: &str = "no templates are loaded at start";
    let directory = section.optional_path("directory", DIRECTORY, Path::is_dir);
    let rules = section.optional_path("rules", RULES, Path::is_file);
    let found = match (directory, rules) {
        (None, None) => {
            section.note_unset("directory", NONE);
            section.note_unset("rules", NONE);
            None
        }
        (Some(directory), Some(rules)) => directory.value.zip(rules.value),
        (Some(directory), None) => directory.value.and_then(|path| {
            let rules = path.join(RULES_FILE);
            if rules.is_file() {
                section.note_default("rules", &rules);
                return Some((path, rules));
            }
            section.reader.refuse(
                directory.offset,
                format!("`directory` has no {RULES_FILE}"),
                format!("write one with a [[rule]] section for each template, or add `rules`: {RULES}"),
            );
            None
        }),
        (None, Some(rules)) => rules.value.map(|rules| {
            let parent = rules.parent().filter(|parent| !parent.as_os_str().is_empty());
            let directory = parent.map_or_else(|| PathBuf::from("."), Path::to_owned);
            section.note_default("directory", &directory);
            (directory, rules)
        }),
    };
    section.finish(&PLACES);
    found.map(|(directory, rules)| Templates { directory, rules })
}

/// `None` without a file, or after a problem was noted.
pub(super) fn records(mut section: Section<'_, '_>) -> Option<Records> {
    let file = appended(&mut section, "sessions leave no records");
    let end_user = section.flag("end_user", false);
    section.finish(&PLACES);
    Some(Records { file: file?.value?, end_user: end_user.value })
}

/// `None` without a file, or after a problem was noted.
pub(super) fn audit(mut section: Section<'_, '_>, records: Option<&Records>) -> Option<Audit> {
    let file = appended(&mut section, "nobody can tell later who did what");
    if let Some(Found { value: Some(path), offset }) = &file
        && records.is_some_and(|records| records.file == *path)
    {
        let text = "`file` is that of [records]";
        section.reader.refuse(*offset, text, "give each a file of its own: only this one is chained");
    }
    let end_user = section.flag("end_user", false);
    let reads = section.flag("reads", false);
    section.finish(&PLACES);
    Some(Audit { file: file?.value?, end_user: end_user.value, reads: reads.value })
}

/// A file that lines are appended to.
fn appended(section: &mut Section<'_, '_>, unset: &'static str) -> Option<Found<Option<PathBuf>>> {
    let file = section.optional_path("file", MADE, can_be_made);
    if file.is_none() {
        section.note_unset("file", unset);
    }
    file
}

/// `None` without applications, or after a problem was noted.
pub(super) fn access(mut section: Section<'_, '_>) -> Option<Access> {
    const FILE: &str = "the path of a file that `rxgate app add` made";
    let applications = section.optional_path("applications", FILE, Path::is_file);
    if applications.is_none() {
        section.note_unset("applications", "whoever reaches a listener may do everything");
    }
    if let (None, Some(at)) = (&applications, section.offset()) {
        let hint = format!(
            "whoever reaches a listener may do everything, and the rest of the section counts for nothing: add \
             `applications = \"...\"`, {FILE}, or leave the section out"
        );
        section.reader.warn(Some(at), "[access] without `applications`", hint);
    }
    tokens::note_unset(&mut section);
    let (token, jwt) = (tokens::token(&mut section), tokens::jwt(&mut section));
    section.finish(&PLACES);
    Some(Access { applications: applications?.value?, token, jwt })
}

pub(super) fn notify(mut section: Section<'_, '_>) -> Notify {
    let allow_networks = section
        .list("allow_networks", NETWORK, |text| text.parse().ok().filter(|net: &IpNet| *net == net.trunc()));
    let retry_initial = section.duration("retry_initial_ms", 1_000, 10..=HOUR);
    let retry_max = section.duration("retry_max_ms", 300_000, 10..=24 * HOUR);
    let give_up_after = section.duration("give_up_after_s", 86_400, 1..=YEAR_S);
    let attempt_timeout = section.duration("attempt_timeout_ms", 5_000, 10..=MINUTES_10);
    let per_correlator = section.number(Number {
        key: "max_waiting_per_correlator",
        unit: "notifications",
        default: 1_000_usize,
        accepted: 1..=1_000_000,
    });
    let in_all = section.number(Number {
        key: "max_waiting",
        unit: "notifications",
        default: 100_000,
        accepted: 1..=10_000_000,
    });
    let octets = section.number(Number {
        key: "max_waiting_octets",
        unit: "octets",
        default: 67_108_864,
        accepted: 1_048_576..=17_179_869_184,
    });
    let ca = section.optional_path("ca", tls::PEM, Path::is_file);
    if ca.is_none() {
        section
            .note_unset("ca", "https endpoints show certificates of the authorities that the system trusts");
    }
    once_each(&mut section, "allow_networks", &allow_networks);
    for network in allow_networks.iter().filter(|network| network.value.prefix_len() == 0) {
        section.reader.warn(
            network.offset,
            format!("`allow_networks` has {}", network.value),
            "whoever may register for events can have this gateway send requests to every address that it \
             reaches, its own included",
        );
    }
    in_order(&mut section, ("retry_initial_ms", &retry_initial), ("retry_max_ms", &retry_max));
    let refused =
        section.reader.is_refused(per_correlator.offset) || section.reader.is_refused(in_all.offset);
    if per_correlator.value > in_all.value && !refused {
        section.reader.refuse(
            per_correlator.offset.or(in_all.offset),
            format!(
                "`max_waiting_per_correlator` ({}) is more than `max_waiting` ({})",
                per_correlator.value, in_all.value
            ),
            "one registration's share is part of the whole: lower the first or raise the second",
        );
    }
    section.finish(&PLACES);
    Notify {
        allow_networks: allow_networks.into_iter().map(|found| found.value).collect(),
        retry_initial: retry_initial.value,
        retry_max: retry_max.value,
        give_up_after: give_up_after.value,
        attempt_timeout: attempt_timeout.value,
        max_waiting_per_correlator: per_correlator.value,
        max_waiting: in_all.value,
        max_waiting_octets: octets.value,
        ca: ca.and_then(|found| found.value),
    }
}
