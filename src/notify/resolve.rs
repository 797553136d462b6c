//! From names to addresses, once per attempt.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, ToSocketAddrs},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::sync::{Semaphore, oneshot, watch};

use crate::BoxFuture;

/// Look-ups under way at a time: each has a thread until the system's resolver returns.
const AT_A_TIME: usize = 64;

/// Finds the addresses of a name. What it says is checked, and is all that is connected to.
pub trait Resolve: Send + Sync {
    /// The addresses of `host`, the best first.
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// What a look-up found; nothing yet while it is under way.
type Found = Option<Result<Vec<IpAddr>, Arc<io::Error>>>;

/// The resolver of the system: hosts file, DNS and whatever else is configured there.
///
/// It cannot be interrupted: a name that hangs keeps a thread for as long as the system tries. Therefore a name is
/// looked up by one thread at a time, for everybody who asks, and there are at most 64 of them.
#[derive(Clone, Debug)]
pub struct SystemResolver {
    under_way: Arc<Mutex<HashMap<String, watch::Receiver<Found>>>>,
    threads: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self { under_way: Arc::default(), threads: Arc::new(Semaphore::new(AT_A_TIME)) }
    }
}

impl SystemResolver {
    /// Joins the look-up of this name, or begins it.
    fn look_up(&self, host: &str) -> watch::Receiver<Found> {
        let mut under_way = self.under_way();
        if let Some(found) = under_way.get(host) {
            return found.clone();
        }
        let (sender, found) = watch::channel(None);
        under_way.insert(host.to_owned(), found.clone());
        let (me, host) = (self.clone(), host.to_owned());
        tokio::spawn(async move {
            let permit = Arc::clone(&me.threads).acquire_owned().await;
            let (done, found) = oneshot::channel();
            let name = host.clone();
            // Not one of the runtime's threads: the end of the process would wait for those.
            let thread = thread::Builder::new().name("resolver".into()).spawn(move || {
                let found = (name.as_str(), 0).to_socket_addrs();
                drop(permit);
                let _ = done.send(found.map(|addresses| addresses.map(|address| address.ip()).collect()));
            });
            let found = match thread {
                Ok(_) => found.await.unwrap_or_else(|lost| Err(io::Error::other(lost))),
                Err(error) => Err(error),
            };
            me.under_way().remove(&host);
            sender.send_replace(Some(found.map_err(Arc::new)));
        });
        found
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<String, watch::Receiver<Found>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let mut found = self.look_up(host);
            let found = found.wait_for(Option::is_some).await.map_err(io::Error::other)?.clone();
            match found {
                Some(Ok(addresses)) => Ok(addresses),
                Some(Err(error)) => Err(io::Error::new(error.kind(), error)),
                None => Err(io::ErrorKind::NotFound.into()),
            }
        })
    }
}
