//! What credentials that nobody knows may cost: few are looked at, one after the other, and the rest is turned away
//! before it costs anything.
//!
//! Each one takes a token of the client that it comes from, an IPv4 address or an IPv6 network of 64 bits, and one of
//! its few places in the queue; what is right gives the token back. No client takes anything from another one but a
//! turn now and then. A wrong one keeps the turn for three times as long as it took, so that all wrong ones together
//! get at most a quarter of one processor, as long as one takes a second at most; where one takes longer it is more,
//! because nobody is made to rest for more than three seconds. What is right costs its hash once.
//!
//! What this does not do: at 100 ms each, wrong ones take 400 ms of the queue, so with new ones from a dozen clients
//! at the same moment, or from 25 of them all the time, a client may wait too long for its first turn, and is told to
//! come back. And those behind the same address, as a proxy has it, are one client: who guesses there keeps his
//! neighbours from being looked at for the first time. Credentials that were right once have to wait for nobody.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};

use super::{
    Denial,
    clients::{Clients, client},
};

/// Wrong credentials of one client that are looked at: at once, and then one in so long. Each costs some valid
/// request a part of the 100 ms that hashing takes, so they are to be rarer than one valid request in a hundred.
const BURST: u32 = 5;
const EVERY: Duration = Duration::from_secs(10);

/// Most of one client that wait for the turn or have it; and of all.
const PLACES_EACH: usize = 2;
const PLACES: usize = 64;

/// Longest wait for the turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// When a client that has all its places may come back.
const SOON: Duration = Duration::from_secs(1);

/// How long a wrong one keeps the turn beyond what it took, in times that; and at most.
const REST: u32 = 3;
const LONGEST_REST: Duration = Duration::from_secs(3);

/// The tokens, the places and the turn.
#[derive(Debug)]
pub(super) struct Attempts {
    clients: Clients,
    places: Mutex<HashMap<IpAddr, usize>>,
    turn: Arc<Semaphore>,
}

/// A place in the queue, until it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    attempts: Arc<Attempts>,
    client: IpAddr,
}

/// The turn; others have to wait until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _turn: OwnedSemaphorePermit,
}

impl Attempts {
    pub fn new() -> Arc<Self> {
        let turn = Arc::new(Semaphore::new(1));
        Arc::new(Self { clients: Clients::new(BURST, EVERY), places: Mutex::default(), turn })
    }

    /// A place for credentials from there.
    pub fn enter(self: &Arc<Self>, from: IpAddr) -> Result<Place, Denial> {
        let client = client(from);
        self.clients.take(client).map_err(|wait| Denial::Attempts { wait })?;
        let mut places = self.places();
        let (taken, all) = (places.get(&client).map_or(0, |taken| *taken), places.values().sum::<usize>());
        if taken < PLACES_EACH && all < PLACES {
            places.insert(client, taken + 1);
            return Ok(Place { attempts: Arc::clone(self), client });
        }
        drop(places);
        // It was not looked at.
        self.clients.give_back(client);
        Err(if taken < PLACES_EACH { Denial::Busy } else { Denial::Attempts { wait: SOON } })
    }

    fn places(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Waits for the turn, not for long.
    pub async fn turn(&self) -> Result<Turn, Denial> {
        match timeout(PATIENCE, Arc::clone(&self.attempts.turn).acquire_owned()).await {
            Ok(Ok(turn)) => Ok(Turn { _turn: turn }),
            // It is never closed.
            Ok(Err(_)) | Err(_) => {
                self.give_back();
                Err(Denial::Busy)
            }
        }
    }

    /// Gives the token back: it was right.
    pub fn give_back(&self) {
        self.attempts.clients.give_back(self.client);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.attempts.places();
        match places.get_mut(&self.client) {
            Some(taken) if *taken > 1 => *taken -= 1,
            _ => drop(places.remove(&self.client)),
        }
    }
}

impl Turn {
    /// It was wrong, after so long: others have a rest.
    pub fn rest(self, took: Duration) {
        tokio::spawn(async move {
            sleep((took * REST).min(LONGEST_REST)).await;
            drop(self);
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    fn address(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    fn is_limited(entered: Result<Place, Denial>) -> bool {
        matches!(entered, Err(Denial::Attempts { .. }))
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_attempts_of_a_client_run_out_and_come_back() {
        let attempts = Attempts::new();
        for _ in 0..3 * BURST {
            attempts.enter(address(1)).unwrap().give_back();
        }
        for _ in 0..BURST {
            attempts.enter(address(1)).unwrap();
        }
        assert!(is_limited(attempts.enter(address(1))));
        attempts.enter(address(2)).unwrap();
        sleep(EVERY).await;
        attempts.enter(address(1)).unwrap();
        assert!(is_limited(attempts.enter(address(1))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_has_few_places_and_leaves_the_others_theirs() {
        let attempts = Attempts::new();
        let mut places: Vec<_> = (0..PLACES_EACH).map(|_| attempts.enter(address(1)).unwrap()).collect();
        for _ in 0..2 * BURST {
            // Costs no token: it was not looked at.
            assert_eq!(attempts.enter(address(1)).unwrap_err(), Denial::Attempts { wait: SOON });
        }
        places.pop();
        places.push(attempts.enter(address(1)).unwrap());
        let mut others = (2..).map(|last| attempts.enter(address(last)));
        let denial = loop {
            match others.next().unwrap() {
                Ok(place) => places.push(place),
                Err(denial) => break denial,
            }
        };
        assert_eq!((denial, places.len()), (Denial::Busy, PLACES));
        drop(places);
        attempts.enter(address(2)).unwrap();
        assert!(attempts.places().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_wrong_one_all_rest_and_nobody_waits_too_long() {
        let attempts = Attempts::new();
        let began = Instant::now();
        let place = |last| attempts.enter(address(last)).unwrap();
        place(1).turn().await.unwrap().rest(Duration::from_millis(20));
        let turn = place(2).turn().await.unwrap();
        assert_eq!(began.elapsed().as_millis(), 60);
        assert_eq!(place(3).turn().await.unwrap_err(), Denial::Busy);
        assert_eq!(began.elapsed(), Duration::from_millis(60) + PATIENCE);
        turn.rest(Duration::from_secs(3600));
        place(4).turn().await.unwrap();
        assert_eq!(began.elapsed(), Duration::from_millis(60) + PATIENCE + LONGEST_REST);
    }
}
