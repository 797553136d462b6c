//! Rules as JSON: flat objects with one word for the action, and errors that say what belongs where.

use std::{net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};

use super::rules::{AcceptableService, Action, Command, Rule};
use crate::{rx::Outcome, wire::VendorId};

/// A rule as JSON has it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RuleText {
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

impl TryFrom<RuleText> for Rule {
    type Error = String;

    fn try_from(text: RuleText) -> Result<Self, String> {
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

impl From<Rule> for RuleText {
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
}
