//! Letters from the store to the applications: over failures, over the end of a process in the middle, and what
//! becomes of those that cannot be delivered.
#![allow(clippy::unwrap_used)]
#![cfg(feature = "net")]

#[path = "outbox/applications.rs"]
mod applications;
#[path = "session/hooked.rs"]
mod hooked;
#[path = "notify/world.rs"]
#[allow(dead_code)]
mod world;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, SystemTime},
};

use applications::{Applications, Dialler, Mood};
use hooked::{Hook, Hooked};
use rxgate::{
    BoxFuture,
    north::outbox::{Outbox, OutboxConfig, OutboxError, State},
    notify::{Notifier, NotifyConfig, SystemResolver},
    session::{
        RxSessionId, SessionStore, StoreError,
        ports::{Commit, Letter, LetterId, LetterWrite},
    },
    store::MemoryStore,
};
use tokio::time::{sleep, timeout};

const HOST: &str = "93.184.216.34";
const QUEUES: usize = 20;

/// A disk that is slow, as far as letters are concerned.
struct SlowDisk;

/// How long it takes after a commit is written until that is said.
const DISK: Duration = Duration::from_secs(10);

impl Hook for SlowDisk {
    fn commit<'a>(&'a self, store: &'a MemoryStore, commit: Commit) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            store.commit(commit).await?;
            sleep(DISK).await;
            Ok(())
        })
    }
}

/// Stores a letter.
async fn write(store: &dyn SessionStore, id: LetterId, queue: &str, body: &str, at: Duration) -> Letter {
    let letter = Letter {
        id,
        queue: queue.into(),
        endpoint: format!("http://{HOST}/{queue}").into(),
        body: body.as_bytes().into(),
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + at,
        rx_session: RxSessionId::from(format!("af.rx.test;1;{queue}")),
        number: 4,
    };
    let letters = vec![LetterWrite::Post(letter.clone())];
    store.commit(Commit { letters, ..Commit::default() }).await.unwrap();
    letter
}

/// What outlives a process.
struct World {
    applications: Arc<Applications>,
    store: Arc<dyn SessionStore>,
    /// The store as the next process has it.
    next: Box<dyn Fn() -> Arc<dyn SessionStore>>,
    config: NotifyConfig,
    max_dead: u64,
}

impl World {
    fn new(mood: Mood) -> Self {
        let store = Arc::new(MemoryStore::new());
        let memory = store.clone();
        Self { next: Box::new(move || Arc::new(memory.reopened())), ..Self::over(store, mood) }
    }

    /// Over the store of a single process.
    fn over(store: Arc<dyn SessionStore>, mood: Mood) -> Self {
        let (config, same) = (NotifyConfig::default(), store.clone());
        let next = Box::new(move || same.clone());
        Self { applications: Applications::new(mood), store, next, config, max_dead: 1000 }
    }

    /// One process, that is killed when this is done: all of its tasks end where they are.
    fn life<T>(&self, after: Duration, life: impl AsyncFnOnce(&Arc<Outbox>) -> T) -> T {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let dialler = Arc::new(Dialler(self.applications.clone()));
            let resolver = Arc::new(SystemResolver::default());
            let notifier = Notifier::over(self.config.clone(), resolver, dialler);
            let started = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + after;
            let config = OutboxConfig { max_dead: self.max_dead, ..OutboxConfig::new(started, None) };
            let outbox = Outbox::new(config, notifier, (self.next)());
            outbox.resume(|letter| !letter.queue.starts_with("gone")).await.unwrap();
            life(&outbox).await
        })
    }

    /// Stores and posts a letter.
    async fn post(&self, outbox: &Outbox, queue: &str, body: &str, at: Duration) -> LetterId {
        let letter = write(&*self.store, outbox.next_id(), queue, body, at).await;
        let endpoint = outbox.notifier().endpoint(&letter.endpoint).unwrap();
        outbox.post(&letter, endpoint, Box::pin(async {}));
        letter.id
    }

    async fn waiting(&self) -> usize {
        self.store.letters(None, usize::MAX).await.unwrap().len()
    }

    async fn dead(&self) -> Vec<(LetterId, String)> {
        let dead = self.store.dead_letters(None, usize::MAX).await.unwrap();
        dead.into_iter().map(|dead| (dead.letter.id, dead.reason.to_string())).collect()
    }

    /// Until the store has nothing to deliver.
    async fn delivered(&self) {
        let done = async {
            while self.waiting().await > 0 {
                sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(1_000_000), done).await.expect("everything is delivered");
    }
}

#[test]
fn everything_arrives_in_order_and_once_over_failures_and_killed_processes() {
    let world = World::new(Mood::Half);
    let mut ids = BTreeSet::new();
    let mut now = Duration::ZERO;
    for life in 0..4 {
        let posted = world.life(now, async |outbox| {
            let mut posted = Vec::new();
            for number in 0..15 {
                for queue in 0..QUEUES {
                    let body = format!("{}", life * 100 + number);
                    posted.push(world.post(outbox, &format!("{queue}"), &body, now).await);
                }
            }
            match life {
                3 => world.delivered().await,
                _ => sleep(Duration::from_millis(20_011)).await,
            }
            posted
        });
        ids.extend(posted.iter().map(ToString::to_string));
        now += Duration::from_secs(30);
        if life < 3 {
            let left = world.life(now, async |outbox| outbox.waiting(None, usize::MAX).await.unwrap().len());
            assert!(left > 0, "the process was killed in the middle");
        }
    }
    let took = world.applications.took();
    let arrived: BTreeSet<String> = took.iter().map(|(_, id, _)| id.clone()).collect();
    assert_eq!(arrived, ids);
    let twice = took.len() - arrived.len();
    assert!(twice * 100 <= took.len(), "{twice} of {}", took.len());
    let mut last: BTreeMap<&str, (u32, &str)> = BTreeMap::new();
    for (queue, id, body) in &took {
        let number = body.parse().unwrap();
        match last.insert(queue, (number, id)) {
            Some((before, before_id)) if before == number => assert_eq!(before_id, id),
            Some((before, _)) => assert!(before < number, "{queue}: {before} before {number}"),
            None => {}
        }
    }
}

#[test]
fn what_is_too_old_is_dead_and_a_replay_delivers_it_with_its_id() {
    let mut world = World::new(Mood::Down);
    world.config.give_up_after = Duration::from_secs(60);
    let id = world.life(Duration::ZERO, async |outbox| {
        let id = world.post(outbox, "one", "old", Duration::ZERO).await;
        sleep(Duration::from_secs(40)).await;
        assert_eq!((world.waiting().await, world.dead().await.len()), (1, 0));
        id
    });
    // Its age goes on while there is no process.
    let after = Duration::from_secs(50);
    world.life(after, async |outbox| {
        sleep(Duration::from_secs(9)).await;
        assert_eq!((world.waiting().await, world.dead().await.len()), (1, 0));
        let attempts = outbox.waiting(None, 10).await.unwrap().pop().unwrap().state;
        assert!(matches!(attempts, State::Waiting { attempts: Some(1..) }), "{attempts:?}");
        sleep(Duration::from_secs(2)).await;
        let dead = world.dead().await;
        assert_eq!((world.waiting().await, dead.len(), dead[0].0), (0, 1, id));
        assert!(dead[0].1.starts_with("too old: 60 s, after "), "{}", dead[0].1);
        assert!(dead[0].1.contains("no connection") && !dead[0].1.contains(HOST), "{}", dead[0].1);

        assert!(matches!(outbox.replay(id, |_, then| then(false)).await, Err(OutboxError::Unwanted)));
        outbox.replay(id, |_, then| then(true)).await.unwrap();
        assert!(matches!(outbox.replay(id, |_, then| then(true)).await, Err(OutboxError::Waiting)));
        assert_eq!((world.waiting().await, world.dead().await.len()), (1, 0));
    });
    // It is as new as its replay, for the next process too.
    world.life(after + Duration::from_secs(30), async |outbox| {
        world.applications.set(Mood::Fine);
        world.delivered().await;
        assert!(matches!(outbox.replay(id, |_, then| then(true)).await, Err(OutboxError::Missing)));
        assert!(matches!(outbox.discard(id).await, Err(OutboxError::Missing)));
    });
    assert_eq!(world.applications.took(), [("/one".into(), id.to_string(), "old".into())]);
    assert_eq!(world.applications.took().len(), 1);
}

#[test]
fn what_finds_no_room_is_dead_and_keeps_nobody_up() {
    let mut world = World::new(Mood::Hangs);
    world.config.max_queue = 2;
    world.life(Duration::ZERO, async |outbox| {
        let mut ids = Vec::new();
        for body in ["1", "2", "3"] {
            ids.push(world.post(outbox, "one", body, Duration::ZERO).await);
        }
        sleep(Duration::from_secs(1)).await;
        let reason = "2 notifications wait for this receiver already".to_owned();
        assert_eq!(world.dead().await, [(ids[2], reason)]);
        // Still no room: it stays as it is.
        assert!(matches!(outbox.replay(ids[2], |_, then| then(true)).await, Err(OutboxError::Full(_))));
        assert_eq!((world.waiting().await, world.dead().await.len()), (2, 1));
        // The one that hangs is dropped: the next one has its turn at once.
        world.applications.set(Mood::Fine);
        outbox.discard(ids[0]).await.unwrap();
        sleep(Duration::from_millis(10)).await;
        outbox.replay(ids[2], |_, then| then(true)).await.unwrap();
        world.delivered().await;
        let bodies: Vec<_> = world.applications.took().into_iter().map(|(.., body)| body).collect();
        assert_eq!((bodies, world.dead().await.len()), (vec!["2".into(), "3".into()], 0));
    });
}

#[test]
fn of_too_many_that_are_dead_the_oldest_go_and_all_of_a_receiver_that_is_gone() {
    let mut world = World::new(Mood::Hangs);
    (world.config.max_queue, world.max_dead) = (1, 3);
    let kept = world.life(Duration::ZERO, async |outbox| {
        let mut ids = Vec::new();
        for queue in ["one", "one", "one", "two", "two", "two"] {
            ids.push(world.post(outbox, queue, "", Duration::ZERO).await);
        }
        sleep(Duration::from_secs(1)).await;
        let dead = async || world.dead().await.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        // The first of each queue waits.
        assert_eq!(dead().await, [ids[2], ids[4], ids[5]]);
        outbox.forget_dead("two").await.unwrap();
        assert_eq!(dead().await, [ids[2]]);
        for _ in 0..2 {
            world.post(outbox, "gone", "", Duration::ZERO).await;
        }
        sleep(Duration::from_secs(1)).await;
        assert_eq!(dead().await.len(), 2);
        ids[2]
    });
    world.life(Duration::from_secs(3), async |_| {
        sleep(Duration::from_secs(1)).await;
        let dead = world.dead().await;
        assert_eq!((dead.len(), dead[0].0), (1, kept));
    });
}

#[test]
fn what_nobody_wants_any_more_is_removed_at_the_start_and_when_it_is_forgotten() {
    let world = World::new(Mood::Down);
    world.life(Duration::ZERO, async |outbox| {
        world.post(outbox, "gone", "1", Duration::ZERO).await;
        world.post(outbox, "kept", "2", Duration::ZERO).await;
        world.post(outbox, "kept", "3", Duration::ZERO).await;
    });
    world.life(Duration::from_secs(1), async |outbox| {
        sleep(Duration::from_secs(1)).await;
        assert_eq!((world.waiting().await, outbox.notifier().waiting()), (2, 2));
        outbox.forget("kept");
        sleep(Duration::from_millis(1)).await;
        assert_eq!((world.waiting().await, outbox.notifier().waiting(), world.dead().await.len()), (0, 0, 0));
    });
}

#[test]
fn what_is_left_when_the_process_ends_in_order_is_there_for_the_next() {
    let world = World::new(Mood::Down);
    let ids = world.life(Duration::ZERO, async |outbox| {
        let first = world.post(outbox, "one", "1", Duration::ZERO).await;
        let second = world.post(outbox, "one", "2", Duration::ZERO).await;
        outbox.shut_down(Duration::from_secs(1)).await;
        [first, second]
    });
    world.life(Duration::from_secs(60), async |_| {
        world.applications.set(Mood::Fine);
        world.delivered().await;
    });
    let arrived: Vec<_> = world.applications.took().into_iter().map(|(_, id, _)| id).collect();
    assert_eq!(arrived, ids.map(|id| id.to_string()));
}

#[test]
fn letters_of_a_process_beside_it_are_left_alone_until_it_is_gone() {
    let lease = Duration::from_secs(15);
    let one = MemoryStore::new().joined(lease);
    let world = World::over(Arc::new(one.joined(lease)), Mood::Fine);
    world.life(Duration::ZERO, async |outbox| {
        // When there is a clock the process beside it comes.
        let one = one.joined(lease);
        let letter = write(&one, outbox.next_id(), "gone", "1", Duration::ZERO).await;
        for _ in 0..100 {
            sleep(Duration::from_secs(10)).await;
            assert_eq!(one.claim_letters(9).await.unwrap(), []);
        }
        assert_eq!((world.applications.took().len(), world.waiting().await), (0, 1));
        sleep(2 * lease).await;
        world.delivered().await;
        // Once, though nobody here knows who wants it.
        let took: Vec<_> = world.applications.took().into_iter().map(|(_, id, body)| (id, body)).collect();
        assert_eq!(took, [(letter.id.to_string(), "1".to_owned())]);
    });
}

#[test]
fn what_the_operator_began_is_done_to_its_end_without_him() {
    let store = Arc::new(Hooked { store: Arc::new(MemoryStore::new()), hook: SlowDisk });
    let mut world = World::over(store, Mood::Hangs);
    world.config.max_queue = 2;
    world.life(Duration::ZERO, async |outbox| {
        let first = world.post(outbox, "one", "1", Duration::ZERO).await;
        world.post(outbox, "one", "2", Duration::ZERO).await;
        let third = world.post(outbox, "one", "3", Duration::ZERO).await;
        sleep(2 * DISK).await;
        assert_eq!((world.waiting().await, world.dead().await.len()), (2, 1));
        // Each time the operator's client goes away while the disk writes.
        assert!(timeout(DISK / 2, outbox.discard(first)).await.is_err());
        sleep(2 * DISK).await;
        assert_eq!((world.waiting().await, outbox.notifier().waiting()), (1, 1));
        world.applications.set(Mood::Fine);
        world.delivered().await;
        assert!(timeout(DISK / 2, outbox.replay(third, |_, then| then(true))).await.is_err());
        sleep(2 * DISK).await;
        assert_eq!((world.waiting().await, world.dead().await.len()), (0, 0));
    });
    let bodies: Vec<_> = world.applications.took().into_iter().map(|(.., body)| body).collect();
    assert_eq!(bodies, ["2", "3"]);
}

/// Refuses commits for as long as it is broken.
#[derive(Default)]
struct Disk {
    broken: AtomicBool,
}

impl Hook for Disk {
    fn commit<'a>(&'a self, store: &'a MemoryStore, commit: Commit) -> BoxFuture<'a, Result<(), StoreError>> {
        match self.broken.load(Ordering::SeqCst) {
            true => Box::pin(async { Err(StoreError::Failed { reason: "on purpose".into() }) }),
            false => store.commit(commit),
        }
    }
}

/// A log that is kept.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_end_says_whether_what_was_delivered_is_written() {
    for breaks in [false, true] {
        let hooked = Arc::new(Hooked { store: Arc::new(MemoryStore::new()), hook: Disk::default() });
        let world = World::over(hooked.clone(), Mood::Fine);
        let log = Log::default();
        let to_log = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || to_log.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            world.life(Duration::ZERO, async |outbox| {
                world.post(outbox, "one", "1", Duration::ZERO).await;
                hooked.hook.broken.store(breaks, Ordering::SeqCst);
                sleep(Duration::from_secs(60)).await;
                // Too late: what became of it is not tried any more.
                hooked.hook.broken.store(false, Ordering::SeqCst);
                world.post(outbox, "one", "2", Duration::ZERO).await;
                outbox.shut_down(Duration::from_secs(10)).await;
                assert_eq!(world.waiting().await, usize::from(breaks));
            });
        });
        assert_eq!(world.applications.took().len(), 2);
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(log.contains("they may come twice"), breaks, "{log}");
        assert_eq!(log.contains("every notification is delivered"), !breaks, "{log}");
    }
}

#[test]
fn a_replay_whose_receiver_goes_meanwhile_leaves_nothing() {
    let store = Arc::new(Hooked { store: Arc::new(MemoryStore::new()), hook: SlowDisk });
    let mut world = World::over(store, Mood::Down);
    world.config.give_up_after = Duration::from_secs(60);
    world.life(Duration::ZERO, async |outbox| {
        let id = world.post(outbox, "one", "1", Duration::ZERO).await;
        sleep(Duration::from_secs(200)).await;
        assert_eq!((world.waiting().await, world.dead().await.len()), (0, 1));
        world.applications.set(Mood::Fine);
        let registered = Arc::new(AtomicBool::new(true));
        let there = Arc::clone(&registered);
        let replay = outbox.replay(id, move |_, then| then(there.load(Ordering::SeqCst)));
        let unregister = async {
            sleep(DISK / 2).await;
            registered.store(false, Ordering::SeqCst);
            outbox.forget("one");
        };
        let (replayed, ()) = tokio::join!(replay, unregister);
        assert!(matches!(replayed, Err(OutboxError::Unwanted)), "{replayed:?}");
        sleep(2 * DISK).await;
        assert_eq!((world.waiting().await, world.dead().await.len()), (0, 0));
        assert_eq!(outbox.notifier().waiting(), 0);
    });
    assert!(world.applications.took().is_empty());
}
