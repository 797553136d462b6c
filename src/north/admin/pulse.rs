//! Whether anything goes on in this process: the store writes, and something runs the peers.
//!
//! Both are asked for a sign of life, one question at a time: however many want to know, they share the answer, and a
//! disk that hangs is not given more to do.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};

use crate::{
    BoxFuture,
    session::{SessionStore, ports::Commit},
};

use super::Peers;

/// How long a sign of life may take. Disks of virtual machines stand still for a second or two.
const PATIENCE: Duration = Duration::from_secs(5);

/// What came of a question; the error says what is wrong.
type Answer = Result<(), String>;

/// What the process cannot do without.
pub struct Pulse {
    parts: [Part; 2],
}

/// One of them.
struct Part {
    /// What it does when it does nothing.
    still: &'static str,
    ask: Box<dyn Fn() -> BoxFuture<'static, Answer> + Send + Sync>,
    asked: Mutex<Option<Asked>>,
}

/// The latest question.
#[derive(Clone)]
struct Asked {
    at: Instant,
    /// Closed once there is an answer, or nobody who could give one.
    answer: watch::Receiver<Option<Answer>>,
}

impl Pulse {
    /// Of this store, and of what runs these peers.
    pub fn new(store: Arc<dyn SessionStore>, peers: Arc<dyn Peers>) -> Self {
        let store = move || -> BoxFuture<'static, Answer> {
            let store = Arc::clone(&store);
            // Only the number of the commit is written by it, after everything before it.
            Box::pin(async move { store.commit(Commit::default()).await.map_err(|error| error.to_string()) })
        };
        let peers = move || -> BoxFuture<'static, Answer> {
            let peers = Arc::clone(&peers);
            Box::pin(async move {
                match peers.answers().await {
                    true => Ok(()),
                    false => Err("the task that runs the peers has ended".into()),
                }
            })
        };
        Self {
            parts: [
                Part::new("the store writes nothing", store),
                Part::new("the task that runs the peers does not answer", peers),
            ],
        }
    }

    /// A sign of life of all; takes as long as they take. The error says why there never will be one.
    pub async fn beat(&self) -> Result<(), String> {
        let [store, peers] = self.parts.each_ref().map(Part::asked);
        let (store, peers) = tokio::join!(store.answer(), peers.answer());
        store.and(peers)
    }

    /// Why nothing goes on any more, if that is so; known after 5 s at the latest.
    pub async fn stands_still(&self) -> Option<String> {
        let [store, peers] = self.parts.each_ref().map(Part::stands_still);
        let (store, peers) = tokio::join!(store, peers);
        store.or(peers)
    }
}

impl Part {
    fn new(
        still: &'static str,
        ask: impl Fn() -> BoxFuture<'static, Answer> + Send + Sync + 'static,
    ) -> Self {
        Self { still, ask: Box::new(ask), asked: Mutex::default() }
    }

    /// The question that waits for its answer, or a new one.
    fn asked(&self) -> Asked {
        // It is replaced in one step: what a panic left behind is whole.
        let mut latest = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = latest.as_ref().filter(|asked| asked.answer.has_changed().is_ok()) {
            return asked.clone();
        }
        let (answered, answer) = watch::channel(None);
        let answering = (self.ask)();
        tokio::spawn(async move {
            let answer = answering.await;
            // Nobody may want to know any more.
            _ = answered.send(Some(answer));
        });
        latest.insert(Asked { at: Instant::now(), answer }).clone()
    }

    async fn stands_still(&self) -> Option<String> {
        let asked = self.asked();
        let at = asked.at;
        match timeout_at(at + PATIENCE, asked.answer()).await {
            Ok(Ok(())) => None,
            Ok(Err(reason)) => Some(format!("{reason}; only another start helps")),
            Err(_) => Some(format!("{} for {} s", self.still, at.elapsed().as_secs())),
        }
    }
}

impl Asked {
    async fn answer(mut self) -> Answer {
        let answer = self.answer.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
        answer.unwrap_or_else(|| Err("what was asked for a sign of life broke down".into()))
    }
}

impl std::fmt::Debug for Pulse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pulse").finish_non_exhaustive()
    }
}
