//! Counters of what was received, answered and sent.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use serde::Serialize;

use super::exchange::{self, Exchange};
use crate::{dict::commands, transport::PeerStatus};

/// What the PCRF has done since it was started, restarts included.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Requests of AFs that were handled, by command; copies that only got their answer again do not count.
    pub received: BTreeMap<String, u64>,
    /// Of these, those with the T bit.
    pub retransmissions: u64,
    /// Their results, by code; experimental ones as `10415:5065`; `none` for no answer.
    pub answered: BTreeMap<String, u64>,
    /// Own requests, by command.
    pub sent: BTreeMap<String, u64>,
    /// Their results.
    pub results: BTreeMap<String, u64>,
}

/// A peer on the other side of a connection.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectedPeer {
    /// Origin-Host.
    pub host: String,
    /// Where it connected from.
    pub address: String,
    /// State of its connection.
    pub state: String,
    /// Why there is none.
    pub reason: Option<String>,
}

impl From<PeerStatus> for ConnectedPeer {
    fn from(status: PeerStatus) -> Self {
        Self { host: status.host, address: status.address, state: status.state, reason: status.reason }
    }
}

/// The present state and all counters.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Origin-State-Id.
    pub origin_state_id: Option<u32>,
    /// Whether it hangs.
    pub hung: bool,
    /// Sessions held.
    pub sessions: usize,
    /// Most AARs that were in hand for one Session-Id at a time.
    pub most_aars_of_a_session: usize,
    /// STRs that came while an AAR of their session was in hand.
    pub strs_during_an_aar: u64,
    /// Everybody who has connected.
    pub peers: Vec<ConnectedPeer>,
    /// The counters.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The counters, shared.
#[derive(Debug, Default)]
pub(super) struct Counters(Mutex<Counts>);

impl Counters {
    pub fn count(&self, exchange: &Exchange) {
        let command = exchange.request.header().command;
        let name = commands::abbreviation(command, true).map_or_else(|| command.to_string(), str::to_owned);
        let result = match exchange.answer.as_ref().map(exchange::outcome) {
            Some(Some(outcome)) if outcome.vendor.0 == 0 => outcome.code.to_string(),
            Some(Some(outcome)) => format!("{}:{}", outcome.vendor.0, outcome.code),
            Some(None) | None => "none".into(),
        };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counts = &mut *counts;
        let (commands, results) = match exchange.incoming {
            true => (&mut counts.received, &mut counts.answered),
            false => (&mut counts.sent, &mut counts.results),
        };
        *commands.entry(name).or_default() += 1;
        *results.entry(result).or_default() += 1;
        counts.retransmissions += u64::from(exchange.incoming && exchange.is_retransmission());
    }

    pub fn read(&self) -> Counts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
