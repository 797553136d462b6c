//! Asking for a session (TS 29.214 §4.4.1): AAR, AAA, and what follows from it.

use std::sync::atomic::Ordering;

use tokio::{sync::watch, time::Instant};

use super::{
    Sessions, retry,
    step::{Keep, Key, Stepped},
    verdict::{Verdict, not_yet, unanswered},
};
use crate::{
    counters::count,
    rx::{AaAnswer, AvpText},
    session::{
        Applied, QosRequest, QosSessionId, Receipt, RxSessionId, Session, SessionError, SessionState,
        machine::{Input, Via},
        ports::{Commit, Exchange, GatewayError},
        priority,
    },
    task::to_its_end,
};

impl Sessions {
    /// Asks the network for a session. One outcome, always, within the request timeout.
    ///
    /// The session is stored before the AAR leaves, and its outcome before this returns.
    pub async fn apply(&self, request: QosRequest) -> Result<Applied, SessionError> {
        self.apply_with(request, None).await
    }

    /// The same; the receipt of a success is stored in the same moment as the session that is open.
    pub async fn apply_with(
        &self,
        request: QosRequest,
        receipt: Option<Receipt<Applied>>,
    ) -> Result<Applied, SessionError> {
        // Counted before it is asked: whoever stops either waits for this or is seen here.
        let work = self.begin_work();
        if self.stopping.load(Ordering::Acquire) {
            return Err(SessionError::ShuttingDown);
        }
        let me = self.arc()?;
        let applied = to_its_end(async move {
            let _work = work;
            me.admitted(priority::drmp(&request.service), me.ask(request, receipt)).await
        });
        applied.await.unwrap_or(Err(SessionError::ShuttingDown))
    }

    async fn ask(
        &self,
        request: QosRequest,
        receipt: Option<Receipt<Applied>>,
    ) -> Result<Applied, SessionError> {
        if let Some(left) = self.retry.left(&request.service, Instant::now()) {
            count(&self.counters.refused);
            return Err(SessionError::Refused(not_yet(left)));
        }
        let id = QosSessionId::from(self.names.next().to_string());
        let rx_session = RxSessionId::from(self.ids.next());
        let session = Session::pending(id, rx_session.clone(), self.clock.now(), &request);
        let _pending = Pending::new(self, rx_session.clone());
        self.owners.take(request.owner.as_ref())?;
        let owner = session.owner.clone();
        let stored = self.store.commit(Commit::insert(session)).await;
        stored.inspect_err(|_| self.owners.release(owner.as_ref()))?;
        self.states.change(None, Some(SessionState::Pending));

        let digest = retry::digest(&request.service);
        let message = self.config.initial(&rx_session, request.service);
        match self.gateway.authorize(message, self.config.request_timeout).await {
            Ok(exchange) => self.answered(rx_session, exchange, digest, receipt).await,
            Err(error) => {
                let sent_to = match &error {
                    GatewayError::NoAnswer { sent_to, .. } => sent_to.as_slice(),
                    _ => &[],
                };
                // Even if it cannot be stored, whoever was asked is told that it is over.
                if let Err(error) = self.step(Key::Rx(&rx_session), Input::Unanswered(sent_to)).await {
                    self.close_unstored(&rx_session, sent_to);
                    return Err(error.into());
                }
                let error = unanswered(error, rx_session);
                if matches!(error, SessionError::NoAnswer { .. }) {
                    count(&self.counters.unanswered);
                }
                Err(error)
            }
        }
    }

    async fn answered(
        &self,
        rx_session: RxSessionId,
        exchange: Exchange<AaAnswer<'static>>,
        digest: u64,
        receipt: Option<Receipt<Applied>>,
    ) -> Result<Applied, SessionError> {
        let (verdict, via) = Verdict::of(exchange, &rx_session);
        let nothing = &|_: &Session| None;
        match verdict {
            Verdict::Refused(refusal, _) => {
                self.settle(&rx_session, Input::Refused(refusal.outcome, &via), &via, nothing).await?;
                count(&self.counters.refused);
                self.retry.remember_refusal(digest, &refusal);
                Err(SessionError::Refused(refusal))
            }
            Verdict::Unusable(reason) => {
                self.settle(&rx_session, Input::Unusable(&via), &via, nothing).await?;
                Err(SessionError::BadAnswer { reason, rx_session })
            }
            Verdict::Granted(mut answer, text) => {
                let host = answer.origin_host.clone();
                if let Some(found) = answer.origin_state_id {
                    self.note_origin_state(&host, found);
                }
                answer.origin_state_id = answer.origin_state_id.or(self.known_origin_state(&host));
                let keep = |session: &Session| {
                    let receipt = receipt.as_ref().filter(|_| session.state == SessionState::Open)?;
                    Some(receipt.write(&applied(session.clone(), text.clone())))
                };
                let input = Input::Granted(&answer, &via);
                let stepped = self.settle(&rx_session, input, &via, &keep).await?;
                if stepped.session.state != SessionState::Open {
                    return Err(SessionError::Aborted { rx_session });
                }
                count(&self.counters.granted);
                // It may have restarted while its answer was on its way.
                let granted_in = stepped.session.pcrf.as_ref().and_then(|pcrf| pcrf.origin_state_id);
                if let Some(now) = self.known_origin_state(&host).filter(|now| granted_in < Some(*now)) {
                    self.step(Key::Rx(&rx_session), Input::OriginState(now)).await?;
                }
                Ok(applied(stepped.session, text))
            }
        }
    }

    /// Takes the step that ends the wait. If it cannot be stored, nobody may keep what was granted.
    async fn settle(
        &self,
        rx_session: &RxSessionId,
        input: Input<'_>,
        via: &Via,
        keep: Keep<'_>,
    ) -> Result<Stepped, SessionError> {
        match self.step_with(Key::Rx(rx_session), input, keep).await {
            Ok(Some(stepped)) => Ok(stepped),
            failed => {
                self.close_unstored(rx_session, &via.sent_to);
                Err(failed.err().unwrap_or(crate::session::StoreError::Missing).into())
            }
        }
    }
}

/// What the caller is told of an open session.
fn applied(session: Session, answer: Vec<AvpText>) -> Applied {
    let Session { id, rx_session, granted, expires, .. } = session;
    Applied { id, rx_session, granted, expires, answer }
}

/// Marks a session as waiting for its AAA.
struct Pending<'a> {
    sessions: &'a Sessions,
    rx_session: RxSessionId,
    _settled: watch::Sender<()>,
}

impl<'a> Pending<'a> {
    fn new(sessions: &'a Sessions, rx_session: RxSessionId) -> Self {
        let (settled, waiting) = watch::channel(());
        sessions.pending.insert(rx_session.clone(), waiting);
        Self { sessions, rx_session, _settled: settled }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.sessions.pending.remove(&self.rx_session);
    }
}
