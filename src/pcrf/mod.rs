//! A simulated PCRF: a complete Rx server (TS 29.214 §4.4) for integrators without one, for the demo, for tests
//! and benches.
//!
//! ```text
//!   control.rs   HTTP: look at sessions, send RAR and ASR, set rules     (or the methods of Pcrf)
//!       │
//!   server.rs    a request comes in: rules.rs says what is done to it    push.rs  a request goes out
//!       │
//!   load.rs      how much it can do, and what its answers say about that
//!       │
//!   answer.rs    what a PCRF does: dict::check, binding.rs, service.rs, then sessions.rs with merge.rs
//! ```
//!
//! It decides nothing about bearers: whatever is well formed and binds to an attached user is granted. It does not
//! expire sessions, measure usage, or keep anything beyond its process.

mod answer;
mod binding;
mod config;
mod control;
mod error;
mod exchange;
mod filter;
mod json;
mod load;
mod merge;
mod order;
mod overlap;
mod push;
mod refusal;
mod rule_text;
mod rules;
mod server;
mod service;
mod sessions;
mod stats;

use std::{fmt, net::SocketAddr, sync::Arc};

use tokio::task::AbortHandle;

pub use binding::Ue;
pub use config::PcrfConfig;
pub use error::PcrfError;
pub use exchange::{Exchange, Observer};
pub use load::{Beyond, Capacity, OverloadReport, Overloaded};
pub use order::{AsrOrder, ChargingOrder, CustomOrder, Destination, FlowsOrder, RarOrder, UsageOrder};
pub use push::{PushError, Pushed};
pub use rules::{AcceptableComponent, AcceptableService, Action, Command, Rule, RuleStatus};
pub use sessions::{ComponentView, FeatureView, FlowView, SessionView};
pub use stats::{ConnectedPeer, Counts, Stats};

use crate::transport::{DisconnectCause, ListenOn};
use server::Server;

/// A running PCRF. Dropped, it is gone as if its process had been killed.
pub struct Pcrf {
    server: Arc<Server>,
    control: Option<(SocketAddr, AbortHandle)>,
}

impl Pcrf {
    /// Starts to listen for AFs and, if there is an address for it, for its control API.
    pub async fn start(config: PcrfConfig) -> Result<Self, PcrfError> {
        let control = control::bind(config.control).await?;
        let server = Server::start(config).await?;
        let control = control.map(|(address, listener)| {
            let serving = tokio::spawn(control::serve(listener, server.clone()));
            (address, serving.abort_handle())
        });
        Ok(Self { server, control })
    }

    /// Where AFs connect.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Where else they connect: as configured, with the ports that the system gave.
    pub fn also(&self) -> &[ListenOn] {
        self.server.also()
    }

    /// Where the control API listens.
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control.as_ref().map(|(address, _)| *address)
    }

    /// Every session that it holds, in the order of their Session-Ids.
    pub fn sessions(&self) -> Vec<SessionView> {
        self.server.sessions.views(None, usize::MAX)
    }

    /// The present state and all counters.
    pub fn stats(&self) -> Stats {
        self.server.stats()
    }

    /// Sends a RAR about a session and waits for the RAA.
    pub async fn rar(&self, session_id: &str, order: &RarOrder) -> Result<Pushed, PushError> {
        self.server.rar(session_id, order).await
    }

    /// Sends an ASR about a session and waits for the ASA. The session stays until the STR comes.
    pub async fn asr(&self, session_id: &str, order: &AsrOrder) -> Result<Pushed, PushError> {
        self.server.asr(session_id, order).await
    }

    /// Replaces all rules.
    pub fn set_rules(&self, rules: Vec<Rule>) {
        self.server.rules.set(rules);
    }

    /// Adds a rule behind the others.
    pub fn add_rule(&self, rule: Rule) {
        self.server.rules.add(rule);
    }

    /// From now on it can do so much; `None`: everything at once.
    pub fn set_capacity(&self, capacity: Option<Capacity>) {
        self.server.load.set(capacity);
    }

    /// From now on its answers say this about overload; `None`: nothing.
    pub fn set_overload_report(&self, report: Option<OverloadReport>) {
        self.server.report.set(report);
    }

    /// The rules in force, in order.
    pub fn rules(&self) -> Vec<RuleStatus> {
        self.server.rules.list()
    }

    /// Says goodbye to every AF with a DPR; they may connect again.
    pub fn disconnect(&self, cause: DisconnectCause) {
        self.server.disconnect(cause);
    }

    /// Breaks off all connections, forgets all sessions, and comes back on the same address with a higher
    /// Origin-State-Id.
    pub async fn restart(&self) -> Result<(), PcrfError> {
        self.server.restart().await
    }

    /// Stops reading and answering, the watchdog included; connections stay.
    pub fn hang(&self) {
        self.server.hang(true);
    }

    /// Goes on after [`hang`](Self::hang), beginning with what has come in since.
    pub fn wake(&self) {
        self.server.hang(false);
    }

    /// Ends without a DPR, as if killed; waits until every socket is closed.
    pub async fn kill(self) {
        self.server.break_off().await;
    }

    /// Says goodbye to every AF with a DPR, and ends.
    pub async fn stop(self) {
        if let Some(pool) = self.server.set_pool(None) {
            pool.shut_down(DisconnectCause::Rebooting).await;
        }
    }
}

impl fmt::Debug for Pcrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pcrf").field("address", &self.address()).field("stats", &self.stats()).finish()
    }
}

impl Drop for Pcrf {
    fn drop(&mut self) {
        if let Some((_, serving)) = &self.control {
            serving.abort();
        }
        // The connections end with the last handle to them.
        self.server.set_pool(None);
    }
}
