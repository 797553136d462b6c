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

use super::binding::Ue;
use crate::{
    dict::commands,
    rx::{AcceptableServiceInfo, MediaComponentDescription, Outcome},
    wire::VendorId,
};

/// When a rule applies, and what happens then.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "Text", into = "Text")]
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

/// A rule as JSON has it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Text {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    command: Option<Command>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ue: Option<IpAddr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    times: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    #[serde(default)]
    action: Word,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result_code: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    experimental_result_code: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vendor_id: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acceptable_service_info: Option<AcceptableService>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retry_interval: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    handled: Option<bool>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    #[default]
    Accept,
    Result,
    ExperimentalResult,
    Busy,
    Silence,
    Duplicate,
    DisconnectBefore,
    DisconnectAfter,
}

impl TryFrom<Text> for Rule {
    type Error = String;

    fn try_from(text: Text) -> Result<Self, String> {
        let word = text.action;
        let belongs = |present: bool, name: &str, to: &[Word]| {
            if !present || to.contains(&word) {
                return Ok(());
            }
            let to: Vec<_> = to.iter().map(|word| serde_json::json!(word).to_string()).collect();
            Err(format!("`{name}` belongs to the action {}", to.join(" or ")))
        };
        belongs(text.result_code.is_some(), "resultCode", &[Word::Result])?;
        belongs(
            text.experimental_result_code.is_some(),
            "experimentalResultCode",
            &[Word::ExperimentalResult],
        )?;
        belongs(text.vendor_id.is_some(), "vendorId", &[Word::ExperimentalResult])?;
        let refusals = [Word::Result, Word::ExperimentalResult];
        belongs(text.acceptable_service_info.is_some(), "acceptableServiceInfo", &refusals)?;
        belongs(text.retry_interval.is_some(), "retryInterval", &refusals)?;
        belongs(text.handled.is_some(), "handled", &[Word::Silence, Word::DisconnectBefore])?;
        let needs = |code: Option<u32>, name: &str, example: u32| {
            let code = code.filter(|code| (1000..10_000).contains(code));
            code.ok_or_else(|| {
                format!("this action needs `{name}`, a number from 1000 to 9999, as {example}")
            })
        };
        let handled = text.handled.unwrap_or(true);
        let answer = |outcome| Action::Answer {
            outcome,
            acceptable: text.acceptable_service_info.clone(),
            retry_interval: text.retry_interval,
        };
        Ok(Self {
            action: match word {
                Word::Accept => Action::Accept,
                Word::Result => answer(Outcome::base(needs(text.result_code, "resultCode", 5012)?)),
                Word::ExperimentalResult => answer(Outcome {
                    vendor: text.vendor_id.map_or(VendorId::TGPP, VendorId),
                    code: needs(text.experimental_result_code, "experimentalResultCode", 5063)?,
                }),
                Word::Busy => Action::BUSY,
                Word::Silence => Action::Silence { handled },
                Word::Duplicate => Action::Duplicate,
                Word::DisconnectBefore => Action::DisconnectBefore { handled },
                Word::DisconnectAfter => Action::DisconnectAfter,
            },
            command: text.command,
            ue: text.ue,
            session: text.session,
            times: text.times,
            delay: Duration::from_millis(text.delay_ms.unwrap_or(0)),
        })
    }
}

impl From<Rule> for Text {
    fn from(rule: Rule) -> Self {
        let millis = u64::try_from(rule.delay.as_millis()).unwrap_or(u64::MAX);
        let mut text = Self {
            command: rule.command,
            ue: rule.ue,
            session: rule.session,
            times: rule.times,
            delay_ms: (millis > 0).then_some(millis),
            ..Self::default()
        };
        match rule.action {
            Action::Accept => {}
            Action::BUSY => text.action = Word::Busy,
            Action::Answer { outcome, acceptable, retry_interval } => {
                (text.acceptable_service_info, text.retry_interval) = (acceptable, retry_interval);
                match outcome.vendor {
                    VendorId::NONE => (text.action, text.result_code) = (Word::Result, Some(outcome.code)),
                    vendor => {
                        text.action = Word::ExperimentalResult;
                        (text.vendor_id, text.experimental_result_code) =
                            (Some(vendor.0), Some(outcome.code));
                    }
                }
            }
            Action::Silence { handled } => (text.action, text.handled) = (Word::Silence, Some(handled)),
            Action::Duplicate => text.action = Word::Duplicate,
            Action::DisconnectBefore { handled } => {
                (text.action, text.handled) = (Word::DisconnectBefore, Some(handled));
            }
            Action::DisconnectAfter => text.action = Word::DisconnectAfter,
        }
        text
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
    fn a_rule_is_written_as_it_is_read() {
        for json in [
            r#"{"action":"accept"}"#,
            r#"{"command":"AAR","times":2,"delayMs":500,"action":"accept"}"#,
            r#"{"command":"STR","session":"af;1;2","action":"result","resultCode":5012}"#,
            r#"{"ue":"10.0.0.1","action":"experimental-result","experimentalResultCode":4261,"vendorId":10415,"acceptableServiceInfo":{"maxRequestedBandwidthUl":64000,"mediaComponents":[{"number":1,"maxRequestedBandwidthDl":32000}]},"retryInterval":30}"#,
            r#"{"action":"busy"}"#,
            r#"{"action":"silence","handled":false}"#,
            r#"{"action":"duplicate"}"#,
            r#"{"action":"disconnect-before","handled":true}"#,
            r#"{"action":"disconnect-after"}"#,
        ] {
            assert_eq!(serde_json::to_string(&rule(json).unwrap()).unwrap(), json);
        }
    }

    #[test]
    fn what_is_wrong_in_a_rule_is_said_with_what_is_accepted() {
        for (json, said) in [
            (r#"{"command":"RAR"}"#, "expected `AAR` or `STR`"),
            (r#"{"action":"explode"}"#, "`accept`, `result`, `experimental-result`, `busy`, `silence`"),
            (r#"{"delay":5}"#, "`delayMs`"),
            (r#"{"action":"result"}"#, "needs `resultCode`"),
            (r#"{"action":"result","resultCode":5}"#, "from 1000 to 9999"),
            (r#"{"action":"busy","resultCode":5012}"#, "`resultCode` belongs to the action \"result\""),
            (r#"{"action":"accept","handled":true}"#, "\"silence\" or \"disconnect-before\""),
            (r#"{"ue":"everybody"}"#, "IP"),
            (r#"{"times":-1}"#, "u32"),
        ] {
            let error = rule(json).unwrap_err();
            assert!(error.contains(said), "{json}: {error}");
        }
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
