//! What the operator does with letters: looks at them, has dead ones delivered after all, drops some.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use thiserror::Error;
use tracing::info;
use uuid::Uuid;

use crate::{
    notify::QueueFull,
    session::{
        SessionStore, StoreError,
        ports::{Commit, DeadLetter, Letter, LetterId, LetterWrite},
    },
    task::to_its_end,
};

use super::{Outbox, refused};

/// A letter of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The letter.
    pub letter: Letter,
    /// What it waits for.
    pub state: State,
}

/// What a letter waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Its receiver.
    Waiting {
        /// Attempts of this process; `None` if it is just being queued.
        attempts: Option<u64>,
    },
    /// The operator.
    Dead {
        /// When it was given up.
        at: SystemTime,
        /// Why; names no subscriber and no address.
        reason: Arc<str>,
    },
}

/// Why the operator's wish is not done.
#[derive(Debug, Error)]
pub enum OutboxError {
    /// There is no such letter.
    #[error("there is no such event: it was delivered or dropped, or never was")]
    Missing,
    /// It is not dead.
    #[error("it is not dead: it waits for its application and is sent again by itself")]
    Waiting,
    /// Its receiver is gone.
    #[error("nobody wants it any more: its registration is gone")]
    Unwanted,
    /// Its endpoint is refused.
    #[error("{0}")]
    Endpoint(String),
    /// There is no room for it.
    #[error("there is no room for it now: {0}")]
    Full(#[from] QueueFull),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<DeadLetter> for Kept {
    fn from(DeadLetter { letter, at, reason }: DeadLetter) -> Self {
        Self { letter, state: State::Dead { at, reason } }
    }
}

impl Outbox {
    /// Letters that wait for their receivers, in order; only those that follow `after`.
    pub async fn waiting(&self, after: Option<LetterId>, limit: usize) -> Result<Vec<Kept>, StoreError> {
        let letters = self.store.letters(after, limit).await?;
        Ok(letters.into_iter().map(|letter| self.waits(letter)).collect())
    }

    /// Letters that were given up, in order; only those that follow `after`.
    pub async fn dead(&self, after: Option<LetterId>, limit: usize) -> Result<Vec<Kept>, StoreError> {
        Ok(self.store.dead_letters(after, limit).await?.into_iter().map(Kept::from).collect())
    }

    /// The letter of this name.
    pub async fn find(&self, id: LetterId) -> Result<Kept, OutboxError> {
        // It may die between the two, and not come alive again.
        if let Some(letter) = find_waiting(&*self.store, id).await? {
            return Ok(self.waits(letter));
        }
        Ok(find_dead(&*self.store, id).await?.ok_or(OutboxError::Missing)?.into())
    }

    /// Delivers a dead letter after all, at the end of its queue. It counts as new: its age begins again.
    ///
    /// `wanted` calls what it is given, once, with whether the receiver of the letter is there; that does not change
    /// before the call has returned. Done to its end even if whoever waits for it goes away.
    pub async fn replay(
        self: &Arc<Self>,
        id: LetterId,
        wanted: impl Fn(&Letter, &mut dyn FnMut(bool)) + Send + Sync + 'static,
    ) -> Result<(), OutboxError> {
        let me = Arc::clone(self);
        let replayed = to_its_end(async move { me.replay_now(id, wanted).await });
        replayed.await.unwrap_or(Err(OutboxError::Full(QueueFull::ShuttingDown)))
    }

    async fn replay_now(
        &self,
        id: LetterId,
        wanted: impl Fn(&Letter, &mut dyn FnMut(bool)),
    ) -> Result<(), OutboxError> {
        let _acting = self.dead.acting().await;
        let Some(DeadLetter { letter, at, reason }) = find_dead(&*self.store, id).await? else {
            let waits = find_waiting(&*self.store, id).await?.is_some();
            return Err(if waits { OutboxError::Waiting } else { OutboxError::Missing });
        };
        let endpoint = self.notifier.endpoint(&letter.endpoint);
        let endpoint = endpoint.map_err(|error| OutboxError::Endpoint(refused(&error)))?;
        let mut receiver = false;
        wanted(&letter, &mut |there| receiver = there);
        if !receiver {
            return Err(OutboxError::Unwanted);
        }
        let dead = DeadLetter { letter: letter.clone(), at, reason };
        let letter = Letter { at: self.clock.now(), ..letter };
        self.write(LetterWrite::Post(letter.clone())).await?;
        let mut queued = None;
        wanted(&letter, &mut |there| {
            let queue = || self.try_queue(&letter, endpoint.clone(), Duration::ZERO, Box::pin(async {}));
            queued = there.then(queue);
        });
        match queued {
            Some(Ok(())) => {
                self.dead.one_less();
                info!(event = %id, "a dead notification is delivered after all");
                Ok(())
            }
            // As it was.
            Some(Err(full)) => {
                self.write(LetterWrite::Bury(dead)).await?;
                Err(full.into())
            }
            // Its receiver went while it was being written.
            None => {
                self.dead.one_less();
                self.ledger.remove(id);
                Err(OutboxError::Unwanted)
            }
        }
    }

    /// Drops a letter, dead or not. The next one of its queue has its turn at once.
    ///
    /// Done to its end even if whoever waits for it goes away.
    pub async fn discard(self: &Arc<Self>, id: LetterId) -> Result<(), OutboxError> {
        let me = Arc::clone(self);
        let dropped = to_its_end(async move { me.discard_now(id).await });
        dropped.await.unwrap_or(Err(OutboxError::Full(QueueFull::ShuttingDown)))
    }

    async fn discard_now(&self, id: LetterId) -> Result<(), OutboxError> {
        let _acting = self.dead.acting().await;
        let found = self.find(id).await?;
        self.write(LetterWrite::Remove(id)).await?;
        match found.state {
            State::Dead { .. } => self.dead.one_less(),
            State::Waiting { .. } => {
                self.notifier.forget_one(&found.letter.queue, Uuid::from_u128(id.0));
            }
        }
        info!(event = %id, "a notification is dropped by the operator");
        Ok(())
    }

    fn waits(&self, letter: Letter) -> Kept {
        let attempts = self.notifier.attempts(&letter.queue, Uuid::from_u128(letter.id.0));
        Kept { letter, state: State::Waiting { attempts } }
    }

    async fn write(&self, letter: LetterWrite) -> Result<(), StoreError> {
        self.store.commit(Commit { letters: vec![letter], ..Commit::default() }).await
    }
}

/// The letter of this name, if it waits.
pub(super) async fn find_waiting(
    store: &dyn SessionStore,
    id: LetterId,
) -> Result<Option<Letter>, StoreError> {
    Ok(store.letters(before(id), 1).await?.pop().filter(|letter| letter.id == id))
}

async fn find_dead(store: &dyn SessionStore, id: LetterId) -> Result<Option<DeadLetter>, StoreError> {
    Ok(store.dead_letters(before(id), 1).await?.pop().filter(|dead| dead.letter.id == id))
}

fn before(id: LetterId) -> Option<LetterId> {
    id.0.checked_sub(1).map(LetterId)
}
