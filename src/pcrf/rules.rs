//! Rules: what the PCRF does to the AF instead of behaving.
//!
//! The first rule that matches a request decides. Without one, the request is handled as it should be.

use std::{
    fmt,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use super::{binding::Ue, rule_text::RuleText};
use crate::{
    dict::commands,
    rx::{AcceptableServiceInfo, MediaComponentDescription, Outcome},
};

/// When a rule applies, and what happens then.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "RuleText", into = "RuleText")]
pub struct Rule {
    /// The command; any if `None`.
    pub command: Option<Command>,
    /// The user that the session is bound to; any if `None`.
    pub ue: Option<IpAddr>,
    /// The Session-Id; any if `None`.
    pub session: Option<String>,
    /// How often it applies; for ever if `None`.
    pub times: Option<u32>,
    /// How long the request lies around before it is handled.
    pub delay: Duration,
    /// What is done.
    pub action: Action,
}

/// A command that a rule can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Command {
    /// AA-Request.
    Aar,
    /// Session-Termination-Request.
    Str,
}

impl Command {
    /// Its Command Code.
    pub const fn code(self) -> u32 {
        match self {
            Self::Aar => commands::AA,
            Self::Str => commands::SESSION_TERMINATION,
        }
    }
}

/// What a rule does.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Action {
    /// Handles the request as it should be; with a delay, late.
    #[default]
    Accept,
    /// Answers with a result. An STR answered with 2xxx or 5xxx ends the session, an AAR changes nothing.
    Answer {
        /// The result.
        outcome: Outcome,
        /// Acceptable-Service-Info.
        acceptable: Option<AcceptableService>,
        /// Retry-Interval. Seconds.
        retry_interval: Option<u32>,
    },
    /// Gives no answer.
    Silence {
        /// Whether the request takes effect all the same.
        handled: bool,
    },
    /// Handles the request and sends the answer twice.
    Duplicate,
    /// Closes the connection without an answer and without a DPR.
    DisconnectBefore {
        /// Whether the request takes effect all the same.
        handled: bool,
    },
    /// Handles the request, answers, and closes the connection without a DPR.
    DisconnectAfter,
}

impl Action {
    /// Answers DIAMETER_TOO_BUSY.
    pub const BUSY: Self =
        Self::Answer { outcome: Outcome::base(3004), acceptable: None, retry_interval: None };

    /// Answers with a result.
    pub const fn answer(outcome: Outcome) -> Self {
        Self::Answer { outcome, acceptable: None, retry_interval: None }
    }
}

/// Bandwidths that the PCRF says it would authorise. Bits per second.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AcceptableService {
    /// Of the whole session, uplink.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_requested_bandwidth_ul: Option<u32>,
    /// Of the whole session, downlink.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_requested_bandwidth_dl: Option<u32>,
    /// Of single media components.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media_components: Vec<AcceptableComponent>,
}

/// Bandwidths of one media component. Bits per second.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AcceptableComponent {
    /// Media-Component-Number.
    pub number: u32,
    /// Uplink.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_requested_bandwidth_ul: Option<u32>,
    /// Downlink.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_requested_bandwidth_dl: Option<u32>,
}

impl AcceptableService {
    pub(super) fn to_avp(&self) -> AcceptableServiceInfo<'static> {
        let component = |component: &AcceptableComponent| MediaComponentDescription {
            media_component_number: component.number,
            max_requested_bandwidth_ul: component.max_requested_bandwidth_ul,
            max_requested_bandwidth_dl: component.max_requested_bandwidth_dl,
            ..MediaComponentDescription::default()
        };
        AcceptableServiceInfo {
            media_component_description: self.media_components.iter().map(component).collect(),
            max_requested_bandwidth_ul: self.max_requested_bandwidth_ul,
            max_requested_bandwidth_dl: self.max_requested_bandwidth_dl,
            ..AcceptableServiceInfo::default()
        }
    }
}

/// What the rule does, in a few words: `answer 3004 DIAMETER_TOO_BUSY after 500ms`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.action {
            Action::Accept => f.write_str("accept")?,
            Action::Answer { outcome, .. } => write!(f, "answer {outcome}")?,
            Action::Silence { .. } => f.write_str("silence")?,
            Action::Duplicate => f.write_str("answer twice")?,
            Action::DisconnectBefore { .. } => f.write_str("disconnect before the answer")?,
            Action::DisconnectAfter => f.write_str("disconnect after the answer")?,
        }
        if self.delay.is_zero() { Ok(()) } else { write!(f, " after {:?}", self.delay) }
    }
}

/// A rule in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleStatus {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// How often it has applied.
    pub applied: u64,
}

/// The rules in force, in order.
#[derive(Debug, Default)]
pub(super) struct Rules(Mutex<Vec<RuleStatus>>);

impl Rules {
    fn lock(&self) -> MutexGuard<'_, Vec<RuleStatus>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces all rules.
    pub fn set(&self, rules: Vec<Rule>) {
        *self.lock() = rules.into_iter().map(|rule| RuleStatus { rule, applied: 0 }).collect();
    }

    /// Adds a rule behind the others.
    pub fn add(&self, rule: Rule) {
        self.lock().push(RuleStatus { rule, applied: 0 });
    }

    /// Every rule, those that are used up included.
    pub fn list(&self) -> Vec<RuleStatus> {
        self.lock().clone()
    }

    /// Whether there is none at all: the common case.
    pub fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// The first rule that applies to a request; counts it.
    pub fn matching(&self, command: u32, session: &str, ues: &[Ue]) -> Option<Rule> {
        let mut rules = self.lock();
        let found = rules.iter_mut().find(|status| {
            let rule = &status.rule;
            rule.times.is_none_or(|times| status.applied < u64::from(times))
                && rule.command.is_none_or(|wanted| wanted.code() == command)
                && rule.session.as_ref().is_none_or(|wanted| wanted == session)
                && rule.ue.is_none_or(|wanted| ues.iter().any(|ue| ue.has(wanted)))
        })?;
        found.applied += 1;
        Some(found.rule.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> Result<Rule, String> {
        super::super::json::read(json.as_bytes())
    }

    #[test]
    fn the_first_rule_that_matches_applies_as_often_as_it_says() {
        let rules = Rules::default();
        rules.set(vec![
            rule(r#"{"command":"STR","action":"busy"}"#).unwrap(),
            rule(r#"{"ue":"10.0.0.1","times":1,"action":"duplicate"}"#).unwrap(),
            rule(r#"{"session":"b","action":"silence"}"#).unwrap(),
        ]);
        rules.add(rule(r#"{"ue":"10.0.0.1","action":"disconnect-after"}"#).unwrap());
        let ue: Ue = "10.0.0.1".parse().unwrap();
        let applied =
            |command, session, ues: &[Ue]| rules.matching(command, session, ues).map(|rule| rule.action);
        assert_eq!(applied(commands::SESSION_TERMINATION, "a", &[]), Some(Action::BUSY));
        assert_eq!(applied(commands::AA, "a", &[]), None);
        assert_eq!(applied(commands::AA, "a", &[ue]), Some(Action::Duplicate));
        assert_eq!(applied(commands::AA, "b", &[ue]), Some(Action::Silence { handled: true }));
        assert_eq!(applied(commands::AA, "a", &[ue]), Some(Action::DisconnectAfter));
        let counts: Vec<_> = rules.list().iter().map(|status| status.applied).collect();
        assert_eq!(counts, [1, 1, 1, 1]);
    }
}
