//! Idempotency-Key: a client that does not know whether its request arrived sends it again with the same key,
//! and gets the answer of the first without anything being done twice.
//!
//! The key is the client's own text, 1 to 255 visible ASCII characters. It belongs to one request: method,
//! path and body. Answers are kept for a day in memory of bounded size; those that say that the gateway or the
//! network could not do it (5xx) are not kept, so that the client may try again with the same key.

use std::{
    collections::{HashMap, VecDeque, hash_map},
    future::Future,
    hash::{BuildHasher, Hash, RandomState},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderName, StatusCode},
    response::Response,
};
use http_body_util::BodyExt;
use tokio::{sync::watch, time::Instant};
use tracing::Instrument;

use super::{ApiError, Invalid};

/// The header.
const NAME: HeaderName = HeaderName::from_static("idempotency-key");

/// Longest key. Characters.
const MAX_KEY: usize = 255;

/// What an entry takes beside its texts. Octets, roughly.
const ENTRY: usize = 512;

/// How much is kept, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswersConfig {
    /// How long an answer is kept. Default 24 h.
    pub lifetime: Duration,
    /// Most answers kept; the oldest go first. Default 65,536.
    pub max_answers: usize,
    /// Most octets of answers kept; the oldest go first. Default 64 MiB.
    pub max_octets: usize,
}

impl Default for AnswersConfig {
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(86_400), max_answers: 65_536, max_octets: 64 << 20 }
    }
}

/// The answers by their keys.
#[derive(Debug, Default)]
pub struct Answers {
    config: AnswersConfig,
    /// Two hashes of a request, together too long to meet by chance; nobody outside knows their seeds.
    hashers: [RandomState; 2],
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    entries: HashMap<Arc<str>, Entry>,
    /// Keys whose answers are there, the oldest first.
    finished: VecDeque<(Instant, Arc<str>)>,
    /// What the finished entries take.
    octets: usize,
}

#[derive(Debug)]
struct Entry {
    request: [u64; 2],
    answer: Awaited,
    /// What it takes, once it is finished.
    octets: usize,
}

/// The answer, once it is there; closed without one if whoever made it broke.
type Awaited = watch::Receiver<Option<Arc<Kept>>>;

/// An answer that can be given again.
#[derive(Debug)]
struct Kept {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// A key that a client gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key(Arc<str>);

impl Key {
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

impl Answers {
    /// An empty collection.
    pub fn new(config: AnswersConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// How many answers are kept or awaited.
    pub fn len(&self) -> usize {
        self.lock().entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Does the work of a request once, and gives its answer as often as the request comes with this key.
    ///
    /// The work goes on if its client goes away. `request` is everything that makes requests equal.
    pub(super) async fn once(
        self: &Arc<Self>,
        key: Key,
        request: impl Hash,
        work: impl Future<Output = Response> + Send + 'static,
    ) -> Result<Response, ApiError> {
        let request = self.hashers.each_ref().map(|hasher| hasher.hash_one(&request));
        let (mut answer, ticket) = self.begin(key, request, Instant::now())?;
        if let Some(ticket) = ticket {
            let work = async move {
                let kept = Kept::of(work.await).await;
                ticket.finish(kept, Instant::now());
            };
            tokio::spawn(work.in_current_span());
        }
        match answer.wait_for(Option::is_some).await.as_deref() {
            Ok(Some(kept)) => Ok(kept.again()),
            _ => Err(ApiError::Broken),
        }
    }

    /// Where the answer comes; with a ticket for whoever is the first to ask for it.
    fn begin(
        self: &Arc<Self>,
        Key(key): Key,
        request: [u64; 2],
        now: Instant,
    ) -> Result<(Awaited, Option<Ticket>), ApiError> {
        let mut inner = self.lock();
        inner.forget(self.config, now);
        match inner.entries.entry(Arc::clone(&key)) {
            hash_map::Entry::Occupied(entry) if entry.get().request != request => Err(ApiError::KeyReused),
            hash_map::Entry::Occupied(entry) => Ok((entry.get().answer.clone(), None)),
            hash_map::Entry::Vacant(place) => {
                let (tell, answer) = watch::channel(None);
                place.insert(Entry { request, answer: answer.clone(), octets: 0 });
                Ok((answer, Some(Ticket { answers: Arc::clone(self), key, tell, finished: false })))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Drops what is too old or too much. What is under way stays.
    fn forget(&mut self, config: AnswersConfig, now: Instant) {
        while let Some((since, _)) = self.finished.front()
            && (now.saturating_duration_since(*since) >= config.lifetime
                || self.finished.len() > config.max_answers
                || self.octets > config.max_octets)
        {
            if let Some((_, key)) = self.finished.pop_front()
                && let Some(entry) = self.entries.remove(&key)
            {
                self.octets -= entry.octets;
            }
        }
    }
}

/// The right to answer, and the duty: without an answer the key is free again.
struct Ticket {
    answers: Arc<Answers>,
    key: Arc<str>,
    tell: watch::Sender<Option<Arc<Kept>>>,
    finished: bool,
}

impl Ticket {
    fn finish(mut self, kept: Kept, now: Instant) {
        self.finished = true;
        let octets = kept.octets() + 2 * self.key.len() + ENTRY;
        let mut inner = self.answers.lock();
        // Before anybody has the answer: who comes again with it must find what it says.
        if kept.status.is_server_error() {
            inner.entries.remove(&self.key);
        } else if let Some(entry) = inner.entries.get_mut(&self.key) {
            entry.octets = octets;
            inner.octets += octets;
            inner.finished.push_back((now, Arc::clone(&self.key)));
        }
        inner.forget(self.answers.config, now);
        drop(inner);
        self.tell.send_replace(Some(Arc::new(kept)));
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if !self.finished {
            self.answers.lock().entries.remove(&self.key);
        }
    }
}

impl Kept {
    async fn of(response: Response) -> Self {
        let (mut head, body) = response.into_parts();
        // Answers are made in memory: there is nothing that could break.
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        Self { status: head.status, headers: mem::take(&mut head.headers), body }
    }

    fn again(&self) -> Response {
        let mut response = Response::new(Body::from(self.body.clone()));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }

    fn octets(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        headers.sum::<usize>() + self.body.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(status: u16, octets: usize) -> Kept {
        let status = StatusCode::from_u16(status).unwrap();
        Kept { status, headers: HeaderMap::new(), body: vec![b'x'; octets].into() }
    }

    /// Whether a request with this key is the first.
    fn is_new(answers: &Arc<Answers>, key: &str, now: Instant) -> Option<Ticket> {
        answers.begin(Key(key.into()), [0, 0], now).unwrap().1
    }

    fn answers(max_answers: usize, max_octets: usize) -> Arc<Answers> {
        Arc::new(Answers::new(AnswersConfig { max_answers, max_octets, ..AnswersConfig::default() }))
    }

    #[test]
    fn an_answer_is_kept_for_a_day() {
        let answers = answers(10, 100_000);
        let began = Instant::now();
        is_new(&answers, "a", began).unwrap().finish(kept(201, 1), began);
        let day = Duration::from_secs(24 * 60 * 60);
        assert!(is_new(&answers, "a", began + day - Duration::from_secs(1)).is_none());
        assert!(is_new(&answers, "a", began + day).is_some());
    }

    #[test]
    fn the_oldest_answers_make_room() {
        let now = Instant::now();
        for answers in [answers(2, 100_000), answers(10, 2 * (ENTRY + 100) + 99)] {
            for key in ["a", "b", "c"] {
                is_new(&answers, key, now).unwrap().finish(kept(201, 90), now);
            }
            let under_way = is_new(&answers, "d", now);
            assert_eq!(answers.len(), 3);
            assert!(is_new(&answers, "c", now).is_none() && is_new(&answers, "b", now).is_none());
            assert!(is_new(&answers, "a", now).is_some());
            assert!(is_new(&answers, "d", now).is_none(), "what is under way has no age");
            drop(under_way);
        }
        let answers = answers(10, 100);
        is_new(&answers, "a", now).unwrap().finish(kept(201, 1000), now);
        assert!(answers.is_empty() && answers.lock().octets == 0);
    }

    #[test]
    fn a_failure_and_a_break_free_the_key() {
        let answers = answers(10, 100_000);
        let now = Instant::now();
        is_new(&answers, "a", now).unwrap().finish(kept(503, 1), now);
        drop(is_new(&answers, "a", now).unwrap());
        assert!(answers.is_empty());
        is_new(&answers, "a", now).unwrap().finish(kept(404, 1), now);
        assert!(is_new(&answers, "a", now).is_none());
    }

    #[tokio::test]
    async fn work_that_breaks_is_told_to_all_who_wait() {
        let answers = answers(10, 100_000);
        let work = || async { panic!("on purpose") };
        let answer = answers.once(Key("a".into()), "request", work()).await;
        assert!(matches!(answer, Err(ApiError::Broken)));
        assert!(answers.is_empty());
    }
}
