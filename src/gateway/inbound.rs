//! What comes from the PCRFs without having been asked for: RAR, ASR, late answers, news of peers.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::timeout;
use tracing::{debug, error, trace, warn};

use super::{Gateway, answer, index};
use crate::{
    BoxFuture, Held,
    dict::{Strictness, Violation, avp, check, commands},
    rx::{AsRequest, Outcome, RaRequest, RxError},
    session::ports::{LateGrant, Replied, Reply, Sending},
    transport::{Handled, PeerEvent, RequestHandler},
    wire::{Avps, CommandFlags, HEADER_LENGTH, Message, MessageBuf, WireError, walk},
};

/// Longest wait for the core, whose store may be slow: whoever asked does not wait for ever either.
const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// A request that may be acted on.
enum Asked {
    ReAuth(Box<RaRequest<'static>>, Sending),
    Abort(Box<AsRequest<'static>>),
}

impl RequestHandler for Gateway {
    fn handle(&self, peer: Arc<str>, request: MessageBuf) -> BoxFuture<'_, Handled> {
        Box::pin(async move {
            trace!(octets = ?request.as_bytes(), "request");
            let Replied { reply, held } = match self.read(&peer, &request) {
                Err(refusal) => return refusal.into(),
                Ok(asked) => self.ask(asked).await,
            };
            let command = commands::abbreviation_of(request.header());
            let (rx_session, result_code) = (session_id(&request), reply.result_code());
            debug!(%peer, rx_session, command, result_code, "request answered");
            let answer = index::with(&request, self.dictionary.get(), |message| {
                message.and_then(|message| self.replies.answer(reply, &message))
            });
            Handled { answer: written(answer), held }
        })
    }

    fn turn(&self, request: &MessageBuf) -> Option<BoxFuture<'static, Held>> {
        Some(self.turns.next(session_id(request)?))
    }

    fn late_answer(&self, peer: Arc<str>, answer: MessageBuf) {
        let command = answer.header().command;
        if command != commands::AA {
            let (command, rx_session) = (commands::abbreviation_of(answer.header()), session_id(&answer));
            debug!(%peer, rx_session, command, "a late answer");
            return;
        }
        let grant = index::with(&answer, self.dictionary.get(), |message| late_grant(&peer, &message.ok()?));
        if let (Some(grant), Some(server)) = (grant, self.server()) {
            server.late_grant(grant);
        }
    }

    fn peer_event(&self, event: PeerEvent) {
        self.reach.after(&event, || self.peers());
        let Some(server) = self.server() else { return };
        match event {
            PeerEvent::Up { host, origin_state_id, .. } => {
                // Lost sessions first: nothing needs to be sent for them.
                if let Some(found) = origin_state_id {
                    server.origin_state(&host, found);
                }
                server.peer_up(&host);
            }
            PeerEvent::Recovered { host } => server.peer_up(&host),
            PeerEvent::StateLost { host, origin_state_id } => server.origin_state(&host, origin_state_id),
            PeerEvent::Suspect { .. } | PeerEvent::Down { .. } => {}
        }
    }
}

impl Gateway {
    /// In a task of its own: what has begun goes on when its answer is not waited for any more.
    async fn ask(&self, asked: Asked) -> Replied {
        let Some(server) = self.server() else { return Reply::UnableToComply.into() };
        let asking = tokio::spawn(async move {
            match asked {
                Asked::ReAuth(request, sending) => server.re_auth(*request, sending).await,
                Asked::Abort(request) => server.abort(*request).await,
            }
        });
        match timeout(ANSWER_WITHIN, asking).await {
            Ok(Ok(replied)) => return replied,
            Ok(Err(error)) => error!(%error, "the handling of a request broke down"),
            Err(_) => error!("a request is not handled after {ANSWER_WITHIN:?}: is the store slow?"),
        }
        Reply::UnableToComply.into()
    }

    /// Checks and reads a request, or gives the answer that refuses it.
    fn read(&self, peer: &str, request: &MessageBuf) -> Result<Asked, Option<MessageBuf>> {
        let dictionary = self.dictionary.get();
        index::with(request, dictionary, |message| {
            let message = match message {
                Ok(message) => message,
                Err(error) => {
                    return Err(self.refuse(peer, request, Avps::EMPTY, &violation(&error.into())));
                }
            };
            let asked = check(dictionary, &message, Strictness::Lenient).and_then(|()| asked(&message));
            asked.map_err(|violation| self.refuse(peer, request, message.avps(), &violation))
        })
    }

    fn refuse(
        &self,
        peer: &str,
        request: &MessageBuf,
        avps: Avps<'_>,
        violation: &Violation,
    ) -> Option<MessageBuf> {
        self.counters.bad_requests.fetch_add(1, Ordering::Relaxed);
        let header = request.header();
        warn!(
            peer,
            rx_session = session_id(request),
            command = commands::abbreviation_of(header),
            result_code = violation.result_code,
            reason = violation.reason,
            "request refused"
        );
        written(answer::refusal(&self.config, header, avps, violation))
    }
}

/// Session-Id: it stands first (RFC 6733 §8.8), so that nothing else needs to be looked at.
fn session_id(message: &MessageBuf) -> Option<&str> {
    let mut avps = walk(message.as_bytes().get(HEADER_LENGTH..)?);
    let found = avps.find(|avp| avp.key == avp::SESSION_ID.key())?;
    std::str::from_utf8(found.data).ok()
}

fn asked(message: &Message<'_>) -> Result<Asked, Violation> {
    let header = message.header();
    let asked = match header.command {
        commands::ABORT_SESSION => {
            AsRequest::read(message).map(|asr| Asked::Abort(Box::new(asr.into_owned())))
        }
        _ => RaRequest::read(message).map(|rar| {
            let retransmit = header.flags.contains(CommandFlags::RETRANSMIT);
            let sending = Sending { end_to_end: header.end_to_end.0, retransmit };
            Asked::ReAuth(Box::new(rar.into_owned()), sending)
        }),
    };
    asked.map_err(|error| violation(&error))
}

fn violation(error: &RxError) -> Violation {
    Violation { result_code: error.result_code(), reason: error.to_string(), failed_avp: None }
}

/// What a late AAA grants, if it does.
fn late_grant(peer: &Arc<str>, message: &Message<'_>) -> Option<LateGrant> {
    let avps = message.avps();
    let outcome = Outcome::read(avps).0?;
    if !outcome.is_success() {
        debug!(%peer, command = "AAA", result_code = outcome.code, "a late answer that grants nothing");
        return None;
    }
    let session_id = avps.get(&avp::SESSION_ID).ok().flatten();
    let Some(session_id) = session_id else {
        warn!(%peer, "a late answer that grants something, but without a Session-Id");
        return None;
    };
    let host = avps.get(&avp::ORIGIN_HOST).ok().flatten().map_or_else(|| Arc::clone(peer), Arc::from);
    let class = avps.get_all(&avp::CLASS).filter_map(|class| Some(class.ok()?.to_vec())).collect();
    Some(LateGrant { rx_session: session_id.into(), host, peer: Arc::clone(peer), class })
}

/// An answer that cannot be written is a fault of ours; its sender will hear nothing and ask again.
fn written(answer: Result<MessageBuf, WireError>) -> Option<MessageBuf> {
    answer.inspect_err(|error| error!(%error, "an answer cannot be written")).ok()
}
