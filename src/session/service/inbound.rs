//! What the network says by itself: RAR, ASR, late answers, news of peers (TS 29.214 §4.4.6, §4.4.7).

use std::time::Duration;

use dashmap::Entry;
use tokio::time::sleep;
use tracing::{debug, error, warn};

use super::{
    Sessions,
    step::{Before, Key},
};
use crate::{
    BoxFuture,
    counters::count,
    rx::{AsRequest, RaRequest},
    session::{
        QosSessionId, RxSessionId, Session, SessionFilter, SessionState, StoreError,
        machine::{Input, step},
        ports::{Commit, LateGrant, Replied, Reply, RxServer, Sending},
    },
};

/// Hosts whose Origin-State-Id is remembered, at most.
const MOST_HOSTS: usize = 10_000;

/// How long a RAR or ASR waits for the AAA that it overtook.
const HOLD: Duration = Duration::from_secs(1);

impl RxServer for Sessions {
    fn re_auth(&self, request: RaRequest<'static>, sending: Sending) -> BoxFuture<'_, Replied> {
        Box::pin(async move {
            if let Some(found) = request.origin_state_id {
                self.note_origin_state(&request.origin_host, found);
            }
            let rx_session = RxSessionId::from(&*request.session_id);
            let replied = self.reply(&rx_session, Input::ReAuth(&request, sending)).await;
            if replied.reply == Reply::Success {
                count(&self.counters.reports);
            }
            replied
        })
    }

    fn abort(&self, request: AsRequest<'static>) -> BoxFuture<'_, Replied> {
        Box::pin(async move {
            let rx_session = RxSessionId::from(&*request.session_id);
            let replied = self.reply(&rx_session, Input::Abort(&request)).await;
            if replied.reply == Reply::Success {
                count(&self.counters.aborted);
            }
            replied
        })
    }

    fn late_grant(&self, grant: LateGrant) {
        count(&self.counters.late_grants);
        warn!(rx_session = %grant.rx_session, peer = %grant.peer, "a grant came too late");
        let Some(me) = self.me.upgrade() else { return };
        let work = self.begin_work();
        tokio::spawn(async move {
            let mut wait = me.config.retry_initial;
            while let Err(error) = me.take_back(&grant).await {
                error!(rx_session = %grant.rx_session, %error, "a late grant cannot be stored: tried again");
                me.tell_unstored(&grant.rx_session, &grant.host);
                sleep(wait).await;
                wait = (wait * 2).min(me.config.retry_max);
            }
            drop(work);
        });
    }

    fn peer_up(&self, host: &str) {
        self.jobs.peer_up(host);
        self.again.peer_up(host);
    }

    fn origin_state(&self, host: &str, origin_state_id: u32) {
        self.note_origin_state(host, origin_state_id);
    }
}

impl Sessions {
    async fn reply(&self, rx_session: &RxSessionId, input: Input<'_>) -> Replied {
        self.hold(rx_session).await;
        match self.step(Key::Rx(rx_session), input).await {
            Ok(Some(stepped)) => {
                Replied { reply: stepped.reply.unwrap_or(Reply::Success), held: stepped.held }
            }
            Ok(None) => {
                debug!(%rx_session, "a request for a session that does not exist");
                Reply::UnknownSession.into()
            }
            Err(error) => {
                error!(%rx_session, %error, "a request cannot be stored");
                Reply::UnableToComply.into()
            }
        }
    }

    /// Waits for the outcome of an AAR under way, for a while.
    async fn hold(&self, rx_session: &RxSessionId) {
        let waiting = self.pending.get(rx_session).map(|waiting| waiting.clone());
        if let Some(mut waiting) = waiting {
            // Nothing is ever sent: what is waited for is that the sender goes.
            let _ = tokio::time::timeout(HOLD, waiting.changed()).await;
        }
    }

    /// A grant that is not used: the session, or what is left of it, gets one more server to be told.
    async fn take_back(&self, grant: &LateGrant) -> Result<(), StoreError> {
        loop {
            if self.step(Key::Rx(&grant.rx_session), Input::LateGrant(grant)).await?.is_some() {
                return Ok(());
            }
            let id = QosSessionId::from(self.names.next().to_string());
            let now = self.clock.now();
            let mut orphan = Session::orphan(id, grant.rx_session.clone(), now);
            let outputs = step(&mut orphan, now, Input::LateGrant(grant));
            match self.store.commit(Commit::insert(orphan.clone())).await {
                Ok(()) => {
                    self.states.change(None, Some(SessionState::Ending));
                    let before = Before { state: SessionState::Ending, expiry: None };
                    self.perform(before, orphan, outputs, Vec::new());
                    return Ok(());
                }
                Err(StoreError::Exists) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The latest Origin-State-Id that this host was seen with.
    pub(super) fn known_origin_state(&self, host: &str) -> Option<u32> {
        self.origin_states.get(&host.to_ascii_lowercase()).map(|known| *known)
    }

    /// A higher Origin-State-Id than before: the server forgot its sessions (RFC 6733 §8.16). So may one that is seen
    /// for the first time: an earlier process had sessions there.
    pub(super) fn note_origin_state(&self, host: &str, found: u32) {
        let name = host.to_ascii_lowercase();
        // Names come from the network. One too many is not watched: that its sessions are gone shows when it is asked.
        if self.origin_states.len() >= MOST_HOSTS && !self.origin_states.contains_key(&name) {
            return;
        }
        match self.origin_states.entry(name) {
            Entry::Vacant(place) => _ = place.insert(found),
            Entry::Occupied(known) if *known.get() >= found => return,
            Entry::Occupied(mut known) => {
                warn!(host, origin_state_id = found, "the PCRF restarted: its sessions are lost");
                known.insert(found);
            }
        }
        let Some(me) = self.me.upgrade() else { return };
        let (work, host) = (self.begin_work(), host.to_owned());
        tokio::spawn(async move {
            let mut wait = me.config.retry_initial;
            // A later one, if there is one, ends these too.
            while me.known_origin_state(&host) == Some(found)
                && let Err(error) = me.lose(&host, found).await
            {
                error!(host, %error, "sessions of a PCRF that restarted cannot be ended: tried again");
                sleep(wait).await;
                wait = (wait * 2).min(me.config.retry_max);
            }
            drop(work);
        });
    }

    async fn lose(&self, host: &str, origin_state_id: u32) -> Result<(), StoreError> {
        let state = Some(SessionState::Open);
        let filter = SessionFilter { state, pcrf: Some(host.into()), ..SessionFilter::default() };
        self.each(filter, Input::OriginState(origin_state_id)).await
    }
}
