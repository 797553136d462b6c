//! Gateways that were broken on purpose: the simulation must find out.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use rxgate::{
    BoxFuture,
    dict::enums::TerminationCause,
    rx::{AaAnswer, AaRequest, Outcome, StAnswer, StRequest},
    session::{
        Session, SessionState,
        ports::{Commit, Exchange, GatewayError, RxGateway, SessionWrite},
    },
};

/// What is wrong with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Broken {
    #[default]
    No,
    /// A session is not stored before its AAR has an answer.
    NoPending,
    /// No STR follows an ASR.
    NoStrAfterAsr,
    /// An event is not written together with what caused it, but right after that.
    EventOutside,
}

impl Broken {
    /// What is written, one after the other, where a gateway in order writes one commit.
    pub fn commits(self, mut commit: Commit, unwritten: &Unwritten) -> Vec<Commit> {
        match self {
            Self::No | Self::NoStrAfterAsr => vec![commit],
            Self::EventOutside => {
                let letters = std::mem::take(&mut commit.letters);
                let parts = [commit, Commit { letters, ..Commit::default() }];
                parts.into_iter().filter(|part| *part != Commit::default()).collect()
            }
            Self::NoPending => {
                commit.session = commit.session.and_then(|write| unwritten.pass(write));
                vec![commit]
            }
        }
    }

    /// The network that this gateway works with.
    pub fn gateway(self, gateway: Arc<dyn RxGateway>) -> Arc<dyn RxGateway> {
        match self {
            Self::NoStrAfterAsr => Arc::new(NoStrAfterAsr(gateway)),
            _ => gateway,
        }
    }
}

/// Says that it sent the STR after an ASR, and did not.
struct NoStrAfterAsr(Arc<dyn RxGateway>);

impl RxGateway for NoStrAfterAsr {
    fn authorize(
        &self,
        request: AaRequest<'static>,
        within: Duration,
    ) -> BoxFuture<'_, Result<Exchange<AaAnswer<'static>>, GatewayError>> {
        self.0.authorize(request, within)
    }

    fn terminate(
        &self,
        request: StRequest<'static>,
        to: Option<Arc<str>>,
        within: Duration,
    ) -> BoxFuture<'_, Result<Exchange<StAnswer<'static>>, GatewayError>> {
        if request.termination_cause != TerminationCause::DIAMETER_ADMINISTRATIVE {
            return self.0.terminate(request, to, within);
        }
        let exchange = Exchange {
            outcome: Some(Outcome::base(2001)),
            answer: Ok(StAnswer::default()),
            failed_avp: None,
            text: Vec::new(),
            peer: to.unwrap_or_else(|| "pcrf1.rx.test".into()),
            sent_to: Vec::new(),
            in_doubt: false,
        };
        Box::pin(async move { Ok(exchange) })
    }
}

/// Sessions that are pending and were not written, though they should have been.
#[derive(Default)]
pub struct Unwritten(Mutex<Vec<Session>>);

impl Unwritten {
    /// One that is looked for.
    pub fn find(&self, which: impl Fn(&Session) -> bool) -> Option<Session> {
        self.0.lock().unwrap().iter().find(|session| which(session)).cloned()
    }

    /// What is left to be written.
    fn pass(&self, write: SessionWrite) -> Option<SessionWrite> {
        let mut kept = self.0.lock().unwrap();
        match write {
            SessionWrite::Insert(session) if session.state == SessionState::Pending => {
                kept.push(*session);
                None
            }
            SessionWrite::Replace { before, after } => Some(match take(&mut kept, &before) {
                Some(_) => SessionWrite::Insert(after),
                None => SessionWrite::Replace { before, after },
            }),
            SessionWrite::Remove(session) => match take(&mut kept, &session) {
                Some(_) => None,
                None => Some(SessionWrite::Remove(session)),
            },
            insert => Some(insert),
        }
    }
}

fn take(kept: &mut Vec<Session>, session: &Session) -> Option<Session> {
    let found = kept.iter().position(|kept| kept.id == session.id);
    found.map(|found| kept.remove(found))
}
