//! Idempotency-Key: a client that does not know whether its request arrived sends it again with the same key,
//! and gets the answer of the first without anything being done twice.
//!
//! The key is the client's own text, 1 to 255 visible ASCII characters; each application has keys of its own. It belongs to one request: method,
//! path and body. Answers are in the store for a day, within bounds ([`AnswersConfig`]); memory knows only how
//! old and how large they are. What was done and its answer are one commit ([`Receipt`]); a refusal is written
//! after the fact. Failures of the gateway or the network (5xx), and what is refused
//! for the moment, are not kept, so that the client may try again
//! with the same key: neither is anything of a request whose process ended before its outcome.

mod answer;
mod index;
mod sweep;

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use axum::{
    http::{HeaderMap, HeaderName},
    response::IntoResponse,
};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Notify, watch};
use tracing::{Instrument, error, warn};

use self::{answer::Kept, index::Index};
use super::{ApiError, Invalid};
use crate::{
    north::records::{self, RestoreError},
    session::{
        Clock, Receipt, SessionError, SessionStore,
        ports::{Commit, RecordKind, RecordWrite},
    },
};

pub(super) use answer::Answer;

/// The header.
const NAME: HeaderName = HeaderName::from_static("idempotency-key");

/// Longest key. Characters.
const MAX_KEY: usize = 255;

/// How much is kept, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswersConfig {
    /// How long an answer is kept. Default 24 h.
    pub lifetime: Duration,
    /// Most answers kept; the oldest of whoever has the most go first, within seconds. Default 65,536.
    pub max_answers: usize,
    /// Most octets of answers kept; in the same way. Default 64 MiB.
    pub max_octets: usize,
}

impl Default for AnswersConfig {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(86_400), max_answers: 65_536, max_octets: 64 << 20 }
    }
}

/// A key that a client gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key(Arc<str>);

impl Key {
    /// That of one of several who may use the same: no owner's name has a blank, and neither has a key.
    pub fn of(self, owner: Option<&str>) -> Self {
        match owner {
            Some(owner) => Self(format!("{owner} {}", self.0).into()),
            None => self,
        }
    }

    /// Reads the header, if there is one.
    pub fn read(headers: &HeaderMap) -> Result<Option<Self>, Invalid> {
        let mut values = headers.get_all(NAME).iter();
        let Some(value) = values.next() else { return Ok(None) };
        let refuse = |why: &str| Err(Invalid::value("Idempotency-Key", why));
        if values.next().is_some() {
            return refuse("it is there twice");
        }
        match str::from_utf8(value.as_bytes()) {
            Ok(key) if (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|it| it.is_ascii_graphic()) => {
                Ok(Some(Self(key.into())))
            }
            _ => refuse("accepted are 1 to 255 visible ASCII characters"),
        }
    }
}

/// What makes two requests the same. Nobody can make another request with the same.
type Digest = [u8; 32];

/// A request that came with a key.
#[derive(Clone, Debug)]
pub(super) struct Keyed {
    key: Arc<str>,
    request: Digest,
    /// When it came; so old is its answer.
    at: SystemTime,
}

impl Keyed {
    /// What is written of an outcome in the same commit: the answer that it is told with.
    pub fn receipt<T>(self, answer: impl Fn(&T) -> Answer + Send + Sync + 'static) -> Receipt<T> {
        Receipt::new(move |outcome| self.record(&answer(outcome)))
    }

    fn record(&self, answer: &Answer) -> RecordWrite {
        records::put(RecordKind::Answer, Arc::clone(&self.key), &Kept::of(self, answer))
    }
}

/// The answers by their keys.
pub struct Answers {
    config: AnswersConfig,
    store: Arc<dyn SessionStore>,
    clock: Clock,
    inner: Mutex<Inner>,
    /// Tells the task that removes answers that there are too many, or that nobody needs it any more.
    wake: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Inner {
    under_way: HashMap<Arc<str>, UnderWay>,
    index: Index,
    /// Answers that are being removed from the store, until the sender goes.
    leaving: Option<(HashSet<Arc<str>>, watch::Receiver<()>)>,
}

/// A key whose request is being worked on.
#[derive(Debug)]
struct UnderWay {
    request: Digest,
    progress: watch::Receiver<Progress>,
}

/// How far a request is. Closed before it is answered if whoever worked on it broke.
#[derive(Clone, Debug)]
enum Progress {
    /// Its key is being looked up.
    LookedUp,
    /// It is the one that the key belongs to.
    Working,
    Answered(Arc<Answer>),
}

/// What there is to do for a request.
enum Begun {
    /// All of it.
    First(Ticket, watch::Receiver<Progress>),
    /// Nothing but to wait for the answer.
    Same(watch::Receiver<Progress>),
    /// To wait, and look again.
    Later(watch::Receiver<Progress>),
    /// The same, until what was there is gone.
    Leaving(watch::Receiver<()>),
}

impl Answers {
    /// Answers in the store; [`start`](Self::start) begins to remove the old ones.
    pub fn new(config: AnswersConfig, store: Arc<dyn SessionStore>, clock: Clock) -> Arc<Self> {
        Arc::new(Self { config, store, clock, inner: Mutex::default(), wake: Arc::default() })
    }

    /// A request that came now, with everything that makes requests the same.
    pub(super) fn keyed(&self, Key(key): Key, parts: &[&[u8]]) -> Keyed {
        let mut hasher = Sha256::new();
        for part in parts {
            // Where one ends and the next begins counts, too.
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part);
        }
        Keyed { key, request: hasher.finalize().into(), at: self.clock.now() }
    }

    /// Does the work of a request once, and gives its answer as often as the request comes with this key.
    ///
    /// The work goes on if its client goes away. Whatever it does is written with its receipt; it is not begun
    /// if there is an answer.
    pub(super) async fn once(
        self: &Arc<Self>,
        request: Keyed,
        work: impl Future<Output = Result<Answer, ApiError>> + Send + 'static,
    ) -> Result<Arc<Answer>, ApiError> {
        let mut progress = loop {
            match self.begin(&request)? {
                Begun::First(ticket, progress) => {
                    let me = Arc::clone(self);
                    let answer = async move { me.answer(ticket, &request, work).await };
                    tokio::spawn(answer.in_current_span());
                    break progress;
                }
                Begun::Same(progress) => break progress,
                // Changed, or gone: both are a reason to look again.
                Begun::Later(mut progress) => drop(progress.changed().await),
                Begun::Leaving(mut gone) => drop(gone.changed().await),
            }
        };
        let answered = progress.wait_for(|progress| matches!(progress, Progress::Answered(_))).await;
        match answered.as_deref() {
            Ok(Progress::Answered(answer)) => Ok(Arc::clone(answer)),
            _ => Err(ApiError::Broken),
        }
    }

    fn begin(self: &Arc<Self>, request: &Keyed) -> Result<Begun, ApiError> {
        let mut inner = self.lock();
        if let Some((keys, gone)) = &inner.leaving
            && keys.contains(&request.key)
        {
            return Ok(Begun::Leaving(gone.clone()));
        }
        if let Some(known) = inner.under_way.get(&request.key) {
            let (same, progress) = (known.request == request.request, known.progress.clone());
            let is_looked_up = matches!(*progress.borrow(), Progress::LookedUp);
            return match same {
                true => Ok(Begun::Same(progress)),
                false if is_looked_up => Ok(Begun::Later(progress)),
                false => Err(ApiError::KeyReused),
            };
        }
        let (tell, progress) = watch::channel(Progress::LookedUp);
        let under_way = UnderWay { request: request.request, progress: progress.clone() };
        inner.under_way.insert(Arc::clone(&request.key), under_way);
        let (answers, key) = (Arc::clone(self), Arc::clone(&request.key));
        Ok(Begun::First(Ticket { answers, key, tell }, progress))
    }

    /// Finds the answer, or makes it.
    async fn answer(
        &self,
        ticket: Ticket,
        request: &Keyed,
        work: impl Future<Output = Result<Answer, ApiError>> + Send,
    ) {
        let answer = match self.look_up(request).await {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                ticket.tell.send_replace(Progress::Working);
                self.kept(request, work.await).await
            }
            Err(error) => Answer::of(error.into_response()).await,
        };
        ticket.finish(answer);
    }

    /// The answer that is kept for the request.
    async fn look_up(&self, request: &Keyed) -> Result<Option<Answer>, ApiError> {
        let found = self.store.record(RecordKind::Answer, &request.key).await.map_err(SessionError::from)?;
        let Some(found) = found else { return Ok(None) };
        let kept = match records::read::<Kept<'_>>(RecordKind::Answer, &request.key, &found) {
            Ok(kept) => kept,
            Err(error) => {
                error!(%error, "a request cannot be answered again");
                return Err(ApiError::Broken);
            }
        };
        if self.is_old(kept.at()) {
            return Ok(None);
        }
        if kept.request != request.request.as_slice() {
            return Err(ApiError::KeyReused);
        }
        let answer = kept.answer().ok_or_else(|| {
            let why = "it is no answer of HTTP";
            let error = RestoreError::unreadable(RecordKind::Answer, &request.key, why);
            error!(%error, "a request cannot be answered again");
            ApiError::Broken
        });
        answer.map(Some)
    }

    /// The answer of an outcome, kept if it is to be. That of a success was written with it.
    async fn kept(&self, request: &Keyed, outcome: Result<Answer, ApiError>) -> Answer {
        let (answer, is_written) = match outcome {
            Ok(answer) => (answer, true),
            Err(error) if error.is_of_the_moment() => return Answer::of(error.into_response()).await,
            Err(error) => (Answer::of(error.into_response()).await, false),
        };
        if !is_written {
            let commit = Commit { records: vec![request.record(&answer)], ..Commit::default() };
            if let Err(error) = self.store.commit(commit).await {
                warn!(%error, "a refusal cannot be kept: its Idempotency-Key is free again");
                return answer;
            }
        }
        let full = {
            let mut inner = self.lock();
            inner.index.note(&request.key, request.at, answer.octets());
            inner.index.is_full(&self.config)
        };
        if full {
            self.wake.notify_one();
        }
        answer
    }

    fn is_old(&self, at: SystemTime) -> bool {
        self.clock.now().duration_since(at).is_ok_and(|age| age >= self.config.lifetime)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        // The task looks up, and finds nobody.
        self.wake.notify_one();
    }
}

impl std::fmt::Debug for Answers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answers").field("config", &self.config).finish_non_exhaustive()
    }
}

/// The right to answer, and the duty: without an answer the key is free again.
struct Ticket {
    answers: Arc<Answers>,
    key: Arc<str>,
    tell: watch::Sender<Progress>,
}

impl Ticket {
    fn finish(self, answer: Answer) {
        let tell = self.tell.clone();
        // Before anybody has the answer: who comes again with it finds what is kept of it.
        drop(self);
        tell.send_replace(Progress::Answered(answer.into()));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.answers.lock().under_way.remove(&self.key);
    }
}

#[cfg(test)]
mod tests;
