//! Modifying an open session (TS 29.214 §4.4.2): one caller at a time, AAR, AAA, and what follows from it.
//!
//! What is wanted is stored before the AAR leaves, in the step that finds nothing else under way: that keeps two
//! AARs of one session apart, also those of two processes.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::{Instant, sleep, timeout_at};
use tracing::error;

use super::{
    Sessions,
    queue::Turn,
    retry,
    step::{Key, Stepped},
    verdict::{Verdict, not_yet, unanswered},
};
use crate::{
    counters::count,
    dict::{enums::Drmp, result},
    rx::{AaAnswer, AaRequest, AvpText, Outcome},
    session::{
        QosChange, QosSessionId, Receipt, Refusal, ReleaseReason, RxSessionId, Session, SessionError,
        SessionState, StoreError, Updated,
        machine::{Input, Progress},
        ports::{Exchange, GatewayError, LateGrant, RxServer},
        priority,
    },
    task::to_its_end,
};

/// How soon a session is looked at again that another process modifies; doubled each time.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Longest wait before it is looked at again.
const LOOK_AGAIN_MAX: Duration = Duration::from_secs(1);

/// The turn to modify a session: nobody else in this process does while it is held.
#[must_use]
#[derive(Debug)]
pub struct Update {
    sessions: Arc<Sessions>,
    session: Session,
    turn: Turn,
}

impl Sessions {
    /// Waits for the turn to modify a session, and until the outcome of the modification before is known; at most
    /// the request timeout, then [`SessionError::Busy`].
    pub async fn update(&self, id: &QosSessionId) -> Result<Update, SessionError> {
        let (sessions, deadline) = (self.arc()?, Instant::now() + self.config.request_timeout);
        self.status(id).await?;
        let turn = timeout_at(deadline, self.queues.wait(id)).await.map_err(|_| SessionError::Busy)?;
        let mut wait = LOOK_AGAIN;
        loop {
            let session = self.status(id).await?;
            let Some(update) = &session.update else { return Ok(Update { sessions, session, turn }) };
            let decided = self.again.watch(&session.rx_session, update.number);
            let waited = timeout_at(deadline, async {
                match decided {
                    Some(mut decided) => drop(decided.changed().await),
                    // By another process, or by nobody.
                    None => sleep(wait).await,
                }
            });
            waited.await.map_err(|_| SessionError::Busy)?;
            wait = (wait * 2).min(LOOK_AGAIN_MAX);
        }
    }

    async fn modify(
        &self,
        session: Session,
        change: QosChange,
        receipt: Option<Receipt<Updated>>,
    ) -> Result<Updated, SessionError> {
        let rx_session = session.rx_session;
        // The same for another session is not the same.
        let asked = AaRequest { session_id: rx_session.as_str().to_owned().into(), ..change.service.clone() };
        if let Some(left) = self.retry.left(&asked, Instant::now()) {
            count(&self.counters.updates_refused);
            return Err(SessionError::Refused(not_yet(left)));
        }
        let digest = retry::digest(&asked);
        let change = Arc::new(change);
        let input = Input::Modify(&change, session.revision);
        let stepped = self.step(Key::Rx(&rx_session), input).await?.ok_or(SessionError::NotFound)?;
        if !stepped.ask {
            let is_open = stepped.session.state == SessionState::Open;
            return Err(if is_open { SessionError::Busy } else { SessionError::NotFound });
        }
        let updated = self.ask_for_update(&stepped.session, receipt).await;
        match &updated {
            Err(SessionError::Refused(refusal)) => self.retry.remember_refusal(digest, refusal),
            Err(SessionError::NoAnswer { .. } | SessionError::BadAnswer { .. }) => {
                count(&self.counters.updates_unanswered);
            }
            _ => {}
        }
        updated
    }

    /// Sends the AAR of a modification that is stored as outstanding, and stores what became of it.
    ///
    /// If that cannot be stored, the AAR is sent again until it can: what is stored meanwhile says neither that
    /// the modification holds nor that it is off.
    pub(super) async fn ask_for_update(
        &self,
        session: &Session,
        receipt: Option<Receipt<Updated>>,
    ) -> Result<Updated, SessionError> {
        let Some(update) = &session.update else { return Err(SessionError::NotFound) };
        let (rx_session, number) = (&session.rx_session, update.number);
        let message = self.config.update_request(session, update.change.service.clone());
        let sent = self.gateway.authorize(message, self.config.request_timeout).await;
        let decided = match sent {
            Ok(exchange) => self.update_answered(rx_session, number, exchange, receipt).await,
            Err(error) => self.update_unanswered(rx_session, number, error).await,
        };
        match &decided {
            Ok(_) => count(&self.counters.updates_granted),
            Err(SessionError::Refused(_) | SessionError::Lost(_)) => count(&self.counters.updates_refused),
            Err(SessionError::Store(error)) => {
                error!(%rx_session, %error, "the outcome of a modification cannot be stored");
                self.send_again(session, number);
            }
            Err(_) => {}
        }
        decided
    }

    async fn update_unanswered(
        &self,
        rx_session: &RxSessionId,
        number: u64,
        error: GatewayError,
    ) -> Result<Updated, SessionError> {
        let sent_to = match &error {
            GatewayError::NoAnswer { sent_to, .. } => sent_to.as_slice(),
            _ => &[],
        };
        self.still_open(rx_session, number, Progress::Unanswered(sent_to)).await?;
        Err(unanswered(error, rx_session.clone()))
    }

    async fn update_answered(
        &self,
        rx_session: &RxSessionId,
        number: u64,
        exchange: Exchange<AaAnswer<'static>>,
        receipt: Option<Receipt<Updated>>,
    ) -> Result<Updated, SessionError> {
        let (verdict, via) = Verdict::of(exchange, rx_session);
        match verdict {
            Verdict::Granted(answer, text) => {
                if let Some(found) = answer.origin_state_id {
                    self.note_origin_state(&answer.origin_host, found);
                }
                let input = Input::Update(number, Progress::Granted(&answer, &via));
                let keep = |session: &Session| {
                    let receipt = receipt.as_ref().filter(|_| session.state == SessionState::Open)?;
                    Some(receipt.write(&updated(session.clone(), text.clone())))
                };
                let Some(stepped) = self.step_with(Key::Rx(rx_session), input, &keep).await? else {
                    // It is over, and the server may have made a new one of it.
                    self.late_grant(LateGrant {
                        rx_session: rx_session.clone(),
                        host: Arc::from(&*answer.origin_host),
                        peer: via.peer,
                        class: answer.class.iter().map(|class| class.to_vec()).collect(),
                    });
                    return Err(SessionError::NotFound);
                };
                if stepped.ended() {
                    return Err(SessionError::Lost(Box::new(restarted(rx_session, text))));
                }
                match stepped.session.state {
                    SessionState::Open => Ok(updated(stepped.session, text)),
                    _ => Err(SessionError::NotFound),
                }
            }
            Verdict::Refused(refusal, host) => {
                let progress = Progress::Refused(refusal.outcome, &host, &via);
                let stepped = self.progress(rx_session, number, progress).await?;
                match stepped {
                    Some(stepped) if stepped.ended() => Err(SessionError::Lost(refusal)),
                    Some(Stepped { session: Session { state: SessionState::Open, update, .. }, .. }) => {
                        Err(match update.is_some_and(|update| update.number == number) {
                            true => SessionError::NoAnswer {
                                reason: format!("{} after an attempt without an answer", refusal.outcome),
                                rx_session: rx_session.clone(),
                            },
                            false => SessionError::Refused(refusal),
                        })
                    }
                    _ => Err(SessionError::NotFound),
                }
            }
            Verdict::Unusable(reason) => {
                self.still_open(rx_session, number, Progress::Unusable).await?;
                Err(SessionError::BadAnswer { reason, rx_session: rx_session.clone() })
            }
        }
    }

    async fn progress(
        &self,
        rx_session: &RxSessionId,
        number: u64,
        progress: Progress<'_>,
    ) -> Result<Option<Stepped>, StoreError> {
        self.step(Key::Rx(rx_session), Input::Update(number, progress)).await
    }

    /// Takes a step after which the session is there still, unless somebody ended it.
    async fn still_open(
        &self,
        rx_session: &RxSessionId,
        number: u64,
        progress: Progress<'_>,
    ) -> Result<(), SessionError> {
        let stepped = self.progress(rx_session, number, progress).await?;
        let open = stepped.is_some_and(|stepped| stepped.session.state == SessionState::Open);
        if open { Ok(()) } else { Err(SessionError::NotFound) }
    }
}

impl Update {
    /// The session as it is; nothing but reports changes it before [`apply`](Self::apply).
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Asks the network for the change. One outcome, always, within the request timeout.
    ///
    /// What is wanted is stored before the AAR leaves, and its outcome before this returns. Without an outcome
    /// what was before is shown, and the AAR is sent again until there is one; other modifications wait for that.
    pub async fn apply(self, change: QosChange) -> Result<Updated, SessionError> {
        self.apply_with(change, None).await
    }

    /// The same; the receipt of a success is stored in the same moment as the change. If the first AAR of it has no
    /// answer, there will be none.
    pub async fn apply_with(
        self,
        change: QosChange,
        receipt: Option<Receipt<Updated>>,
    ) -> Result<Updated, SessionError> {
        let Self { sessions, session, turn } = self;
        // Counted before it is asked: whoever stops either waits for this or is seen here.
        let work = sessions.begin_work();
        if sessions.stopping.load(Ordering::Acquire) {
            return Err(SessionError::ShuttingDown);
        }
        let updated = to_its_end(async move {
            let _held = (work, turn);
            let drmp = priority::drmp(&change.service).or(session.drmp.map(Drmp));
            sessions.admitted(drmp, sessions.modify(session, change, receipt)).await
        });
        updated.await.unwrap_or(Err(SessionError::ShuttingDown))
    }
}

/// What the caller is told of a session that was changed.
fn updated(session: Session, answer: Vec<AvpText>) -> Updated {
    let Session { rx_session, granted, expires, .. } = session;
    Updated { rx_session, granted, expires, answer }
}

/// The server restarted, and granted a change of what it does not have any more.
fn restarted(rx_session: &RxSessionId, answer: Vec<AvpText>) -> Refusal {
    Refusal {
        outcome: Outcome::base(result::UNKNOWN_SESSION_ID),
        failed_avp: None,
        acceptable_service_info: None,
        retry_after: None,
        error_message: Some(ReleaseReason::PcrfRestarted.as_str().into()),
        answer,
        rx_session: Some(rx_session.clone()),
    }
}
