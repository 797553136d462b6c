//! Sessions on a disk: an LSM tree with a journal (fjall), written by one thread in groups.
//!
//! A commit is done once the journal is synced (`fdatasync`) with it. What waits for one sync is written with the
//! next, so that many callers share one. Readers see what is synced.

mod journal;
mod keys;
mod lists;
mod make;
mod open;
mod room;
mod rows;
mod sequence;
mod writer;

use std::{
    collections::HashMap,
    ops::Bound,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering, mpsc::Sender},
    thread::JoinHandle,
    time::{Duration, SystemTime},
};

use fjall::{Database, Keyspace, Slice};
use tokio::sync::{Semaphore, oneshot};

use self::{
    keys::{Run, Space, damaged, name_of},
    writer::{Job, Prepared, State, broken},
};
use crate::{
    BoxFuture,
    metrics::{Collect, Histogram, Page},
    session::{
        QosSessionId, RxSessionId, Session, SessionFilter, SessionStore, StoreError,
        ports::{Commit, DeadLetter, Letter, LetterId, Record, RecordKind},
    },
};
pub use open::{EmbeddedConfig, OpenError, Opened};

/// Commits that wait for the writer at a time; more callers wait for a place.
const WAITING: usize = 8192;

/// Sessions on a disk.
///
/// Dropped, it writes what was given to it, and closes.
#[derive(Debug)]
pub struct EmbeddedStore {
    spaces: Spaces,
    state: Arc<State>,
    figures: Arc<Figures>,
    places: Arc<Semaphore>,
    /// Gone once it is being dropped: then the writer ends.
    jobs: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    left: Arc<Mutex<Left>>,
}

/// What of processes that are gone was not claimed yet: from these keys on, in the space of each.
///
/// That is not written: if this process is gone, too, the next one claims all of it again.
#[derive(Debug)]
struct Left(HashMap<Space, Bound<Vec<u8>>>);

impl Default for Left {
    fn default() -> Self {
        Self([Space::Owed, Space::Letter].map(|space| (space, Bound::Unbounded)).into())
    }
}

/// The parts of the database.
#[derive(Clone)]
struct Spaces {
    database: Database,
    /// In the order of [`Space::ALL`].
    all: Arc<[Keyspace]>,
}

impl std::fmt::Debug for Spaces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(Space::ALL).finish()
    }
}

/// What the writer measures.
#[derive(Debug)]
struct Figures {
    commits: Histogram,
    group: Histogram,
}

impl Default for Figures {
    fn default() -> Self {
        let micros = [100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 500_000, 1_000_000];
        Self {
            commits: Histogram::of_times(micros.map(Duration::from_micros)),
            group: Histogram::of_sizes([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]),
        }
    }
}

impl Spaces {
    fn of(&self, space: Space) -> &Keyspace {
        // There is one for each.
        &self.all[space as usize]
    }

    fn batch(&self) -> fjall::OwnedWriteBatch {
        self.database.batch()
    }

    fn read(&self, space: Space, key: &[u8]) -> Result<Option<Slice>, StoreError> {
        self.of(space).get(key).map_err(|error| unreadable(space, &error))
    }

    fn contains(&self, space: Space, key: &[u8]) -> Result<bool, StoreError> {
        self.of(space).contains_key(key).map_err(|error| unreadable(space, &error))
    }

    /// Reads what stands between two keys, in order, until `take` has enough.
    fn scan(
        &self,
        space: Space,
        range: (Bound<Vec<u8>>, Bound<Vec<u8>>),
        mut take: impl FnMut(&[u8], &[u8]) -> Result<Go, StoreError>,
    ) -> Result<(), StoreError> {
        for found in self.of(space).range(range) {
            let (key, value) = found.into_inner().map_err(|error| unreadable(space, &error))?;
            if let Go::Enough = take(&key, &value)? {
                break;
            }
        }
        Ok(())
    }

    fn session(&self, id: &[u8]) -> Result<Option<Session>, StoreError> {
        self.read(Space::Session, id)?.map(|row| rows::read_session(&row)).transpose()
    }

    fn list(&self, filter: &SessionFilter) -> Result<Vec<Session>, StoreError> {
        let (limit, mut found) = (filter.limit.unwrap_or(usize::MAX), Vec::new());
        let mut take = |session: Session| {
            if filter.matches(&session) {
                found.push(session);
            }
            if found.len() < limit { Go::On } else { Go::Enough }
        };
        if limit == 0 {
            return Ok(found);
        }
        match &filter.end_user {
            Some(end_user) => {
                let all = keys::by_user(end_user, None);
                let from = keys::by_user(end_user, filter.after.as_ref());
                let from = if filter.after.is_some() { Bound::Excluded(from) } else { Bound::Included(from) };
                self.scan(Space::ByUser, (from, Bound::Unbounded), |key, _| {
                    let Some(name) = key.strip_prefix(&all[..]) else { return Ok(Go::Enough) };
                    Ok(self.session(name)?.map_or(Go::On, &mut take))
                })?;
            }
            None => {
                let from = follows(filter.after.as_ref().map(|after| after.as_str().as_bytes().to_vec()));
                self.scan(Space::Session, from, |_, row| Ok(take(rows::read_session(row)?)))?;
            }
        }
        Ok(found)
    }
}

/// Whether to read more.
enum Go {
    On,
    Enough,
}

/// What follows a key, or everything.
fn follows(after: Option<Vec<u8>>) -> (Bound<Vec<u8>>, Bound<Vec<u8>>) {
    (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded)
}

fn unreadable(space: Space, error: &fjall::Error) -> StoreError {
    let reason = format!(
        "`{}` cannot be read ({error:?}): look at the disk and the kernel's log, stop, and see what the next start says",
        space.name()
    );
    StoreError::Failed { reason }
}

impl EmbeddedStore {
    /// Whether it takes what is written; if not, only another start helps.
    pub fn is_alive(&self) -> bool {
        !self.state.broken.load(Ordering::Relaxed)
    }

    /// Reads in a thread that may wait for the disk.
    fn reading<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Spaces) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'_, Result<T, StoreError>> {
        let spaces = self.spaces.clone();
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || read(&spaces)).await;
            read.unwrap_or_else(|error| Err(StoreError::Failed { reason: error.to_string() }))
        })
    }

    /// A page of one part, in order.
    fn page<T: Send + 'static>(
        &self,
        space: Space,
        range: (Bound<Vec<u8>>, Bound<Vec<u8>>),
        limit: usize,
        read: impl Fn(&[u8], &[u8]) -> Result<Option<T>, StoreError> + Send + 'static,
    ) -> BoxFuture<'_, Result<Vec<T>, StoreError>> {
        self.reading(move |spaces| {
            let mut page = Vec::new();
            if limit > 0 {
                spaces.scan(space, range, |key, value| {
                    let Some(item) = read(key, value)? else { return Ok(Go::Enough) };
                    page.push(item);
                    Ok(if page.len() < limit { Go::On } else { Go::Enough })
                })?;
            }
            Ok(page)
        })
    }

    /// Takes over what of other runs is in this space: what `read` makes of it, given the run of this process.
    fn claim<T: Send + 'static>(
        &self,
        space: Space,
        limit: usize,
        read: impl Fn(Run, &[u8], &[u8]) -> Result<Option<T>, StoreError> + Send + 'static,
    ) -> BoxFuture<'_, Result<Vec<T>, StoreError>> {
        let (left, run) = (Arc::clone(&self.left), self.state.run);
        self.reading(move |spaces| {
            let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
            // Other runs are over: once the end was seen, nothing comes.
            let Some(from) = left.0.get(&space).cloned() else { return Ok(Vec::new()) };
            let (mut claimed, mut rest) = (Vec::new(), None);
            spaces.scan(space, (from, Bound::Unbounded), |key, value| {
                if claimed.len() >= limit {
                    rest = Some(Bound::Included(key.to_vec()));
                    return Ok(Go::Enough);
                }
                claimed.extend(read(run, key, value)?);
                Ok(Go::On)
            })?;
            match rest {
                Some(rest) => left.0.insert(space, rest),
                None => left.0.remove(&space),
            };
            Ok(claimed)
        })
    }
}

impl Drop for EmbeddedStore {
    fn drop(&mut self) {
        drop(self.jobs.take());
        // It has said why if it failed.
        self.writer.take().map(JoinHandle::join);
    }
}

impl SessionStore for EmbeddedStore {
    fn commit(&self, commit: Commit) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let prepared = Prepared::new(commit, self.state.run)?;
            let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| broken())?;
            let (done, written) = oneshot::channel();
            let jobs = self.jobs.as_ref().ok_or_else(broken)?;
            jobs.send(Job { prepared, done, _place: place }).map_err(|_| broken())?;
            written.await.map_err(|_| broken())?
        })
    }

    fn get<'a>(&'a self, id: &'a QosSessionId) -> BoxFuture<'a, Result<Option<Session>, StoreError>> {
        // What lives is nearly always in memory: a thread for it would cost more than it takes.
        Box::pin(std::future::ready(self.spaces.session(id.as_str().as_bytes())))
    }

    fn find<'a>(&'a self, id: &'a RxSessionId) -> BoxFuture<'a, Result<Option<Session>, StoreError>> {
        let found = self.spaces.read(Space::ByRx, id.as_str().as_bytes());
        let session = found.and_then(|name| name.map_or(Ok(None), |name| self.spaces.session(&name)));
        Box::pin(std::future::ready(session))
    }

    fn list(&self, filter: SessionFilter) -> BoxFuture<'_, Result<Vec<Session>, StoreError>> {
        self.reading(move |spaces| spaces.list(&filter))
    }

    fn count(&self) -> BoxFuture<'_, Result<u64, StoreError>> {
        Box::pin(std::future::ready(Ok(self.state.sessions.load(Ordering::Relaxed))))
    }

    fn expiring(
        &self,
        after: Option<(SystemTime, QosSessionId)>,
        until: SystemTime,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<(SystemTime, QosSessionId)>, StoreError>> {
        let from = follows(after.map(|(at, id)| keys::expiry(at, &id)));
        self.page(Space::Expiry, from, limit, move |key, _| {
            let (at, id) = keys::read_expiry(key)?;
            Ok((at <= until).then_some((at, id)))
        })
    }

    fn claim_sessions(&self, limit: usize) -> BoxFuture<'_, Result<Vec<QosSessionId>, StoreError>> {
        self.claim(Space::Owed, limit, |run, name, value| {
            Ok((!keys::is_of(run, value)).then_some(name_of(name, Space::Owed)?))
        })
    }

    fn claim_letters(&self, limit: usize) -> BoxFuture<'_, Result<Vec<Letter>, StoreError>> {
        self.claim(Space::Letter, limit, |run, key, row| {
            let (letter, of) = rows::read_letter(key, row)?;
            Ok((of != run).then_some(letter))
        })
    }

    fn letters(
        &self,
        after: Option<LetterId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Letter>, StoreError>> {
        let from = follows(after.map(keys::letter));
        self.page(Space::Letter, from, limit, |key, row| Ok(Some(rows::read_letter(key, row)?.0)))
    }

    fn dead_letters(
        &self,
        after: Option<LetterId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, StoreError>> {
        let from = follows(after.map(keys::letter));
        self.page(Space::Dead, from, limit, |key, row| rows::read_dead(key, row).map(Some))
    }

    fn records(
        &self,
        kind: RecordKind,
        after: Option<Arc<str>>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Record>, StoreError>> {
        let all = keys::record(kind, "");
        let from = match after {
            Some(after) => Bound::Excluded(keys::record(kind, &after)),
            None => Bound::Included(all.clone()),
        };
        self.page(Space::Record, (from, Bound::Unbounded), limit, move |key, value| {
            let Some(name) = key.strip_prefix(&all[..]) else { return Ok(None) };
            let key = str::from_utf8(name).map_err(|_| damaged(Space::Record))?.into();
            Ok(Some(Record { key, value: value.into() }))
        })
    }

    fn record<'a>(
        &'a self,
        kind: RecordKind,
        key: &'a str,
    ) -> BoxFuture<'a, Result<Option<Arc<[u8]>>, StoreError>> {
        let found = self.spaces.read(Space::Record, &keys::record(kind, key));
        Box::pin(std::future::ready(found.map(|found| found.map(|value| Arc::from(&*value)))))
    }

    fn is_durable(&self) -> bool {
        true
    }
}

impl Collect for EmbeddedStore {
    fn collect(&self, page: &mut Page) {
        page.histogram("rxgate_store_commit_seconds", "Time to write and sync a group of changes.")
            .sample(&[], &self.figures.commits);
        page.histogram("rxgate_store_group_size", "Changes that were synced together.")
            .sample(&[], &self.figures.group);
        page.gauge("rxgate_store_waiting", "Changes that wait for the writer.")
            .sample(&[], WAITING.saturating_sub(self.places.available_permits()));
        page.gauge("rxgate_store_full", "1 while no session is added for want of room on the disk.")
            .sample(&[], u8::from(self.state.full.load(Ordering::Relaxed)));
        page.gauge("rxgate_store_failed", "1 once the disk failed: nothing more is written.")
            .sample(&[], u8::from(!self.is_alive()));
    }
}
