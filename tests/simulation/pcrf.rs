//! The PCRFs: the simulated one of the product over simulated links, and what they asked the gateway.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use rxgate::{
    dict::{commands, enums::SpecificAction},
    pcrf::{AsrOrder, Exchange, Pcrf, PcrfConfig, RarOrder, SessionView},
    rx::Outcome,
};
use tokio::time::Instant;

use crate::{
    dice::Dice,
    network::{Acceptor, Network},
    trace::{Trace, note},
};

/// One PCRF.
pub struct Host {
    pub name: &'static str,
    pub address: SocketAddr,
    pub pcrf: Pcrf,
    trace: Arc<Trace>,
    /// Sessions with a RAR or ASR under way: there is one at a time.
    pushing: Mutex<BTreeSet<String>>,
}

/// What happened at the PCRFs.
#[derive(Default)]
pub struct Facts {
    /// When a session was first asked to end, or was forgotten in a restart.
    pub ended: BTreeMap<String, Instant>,
    /// Requests that came in, by command and session.
    pub received: BTreeMap<(u32, String), u32>,
    pushes: u32,
}

pub type SharedFacts = Arc<Mutex<Facts>>;

impl Host {
    pub async fn start(
        name: &'static str,
        address: SocketAddr,
        dice: &Dice,
        network: &Arc<Network>,
        trace: &Arc<Trace>,
        facts: &SharedFacts,
    ) -> Self {
        let (log, seen) = (trace.clone(), facts.clone());
        let observer = move |exchange: &Exchange| {
            let session = exchange.session_id().unwrap_or("").to_owned();
            let (command, outcome) = (exchange.request.header().command, exchange.outcome());
            let name = commands::abbreviation(command, true).unwrap_or("?");
            let again = if exchange.is_retransmission() { " (T)" } else { "" };
            let (code, note) = (outcome.map(|outcome| outcome.code), exchange.note.as_deref().unwrap_or(""));
            note!(log, "{address} {name}{again} {session}: {code:?} {note}");
            if exchange.incoming {
                *seen.lock().unwrap().received.entry((command, session)).or_default() += 1;
            }
        };
        let config = PcrfConfig {
            listen: address,
            accept: Arc::new(Acceptor(network.clone())),
            control: None,
            origin_host: name.into(),
            origin_state_id: Some(1),
            class: dice.one_in(2).then(|| b"class".to_vec()),
            observer: Some(Arc::new(observer)),
            seed: Some(dice.number()),
            ..PcrfConfig::default()
        };
        let pcrf = Pcrf::start(config).await.unwrap();
        Self { name, address, pcrf, trace: trace.clone(), pushing: Mutex::default() }
    }

    /// Forgets everything and comes back.
    pub async fn restart(&self, facts: &SharedFacts) {
        {
            let held = self.pcrf.sessions();
            let mut facts = facts.lock().unwrap();
            for session in held {
                facts.ended.entry(session.session_id).or_insert_with(Instant::now);
            }
        }
        note!(self.trace, "{} restarts", self.name);
        self.pcrf.restart().await.unwrap();
    }

    /// Tells of something that happened to a session, or aborts it. If the gateway acknowledged that: which RAR it
    /// was.
    pub async fn push(
        &self,
        session: &SessionView,
        abort: bool,
        facts: &SharedFacts,
    ) -> Option<Option<String>> {
        let rx_session = session.session_id.clone();
        if !self.pushing.lock().unwrap().insert(rx_session.clone()) {
            return None;
        }
        let marker = {
            let mut facts = facts.lock().unwrap();
            facts.pushes += 1;
            let [_, high, middle, low] = facts.pushes.to_be_bytes();
            if abort {
                facts.ended.entry(rx_session.clone()).or_insert_with(Instant::now);
            }
            (!abort).then(|| format!("10.{high}.{middle}.{low}"))
        };
        note!(self.trace, "{} sends {rx_session} {marker:?}", self.name);
        let pushed = match &marker {
            None => self.pcrf.asr(&rx_session, &AsrOrder::default()).await,
            Some(marker) => {
                let order = RarOrder {
                    specific_actions: vec![SpecificAction::IP_CAN_CHANGE],
                    access_network_charging_address: marker.parse().ok(),
                    ..RarOrder::default()
                };
                self.pcrf.rar(&rx_session, &order).await
            }
        };
        let outcome = pushed.as_ref().ok().and_then(|pushed| pushed.outcome);
        note!(self.trace, "{} is told {:?} of {rx_session}", self.name, outcome.map(|outcome| outcome.code));
        self.pushing.lock().unwrap().remove(&rx_session);
        outcome.is_some_and(Outcome::is_success).then_some(marker)
    }

    /// The longest that a request may lie around: an update that came later would undo others.
    pub const LONGEST_DELAY: Duration = Duration::from_secs(9);
}

/// What a session is worth: maxRequestedBandwidthUL of its first component.
pub fn bandwidth(session: &SessionView) -> Option<u32> {
    session.media_components.first()?.max_requested_bandwidth_ul
}
