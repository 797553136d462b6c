//! Work for a thread of its own, which may block: whoever hands something over never waits for it.

use std::{
    io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use tracing::error;

/// The way to a thread, until it is [closed](Self::close).
#[derive(Debug)]
pub(crate) struct Handover<T>(Mutex<Option<(SyncSender<T>, JoinHandle<()>)>>);

impl<T: Send + 'static> Handover<T> {
    /// Starts a thread for which at most so many things wait. It is to end when nothing more can come.
    pub fn start(
        name: &str,
        most: usize,
        work: impl FnOnce(&Receiver<T>) + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(most);
        let thread = thread::Builder::new().name(name.into()).spawn(move || work(&receiver))?;
        Ok(Self(Mutex::new(Some((sender, thread)))))
    }

    /// Hands it over. `false`: there is no room for it, or the thread ends.
    pub fn offer(&self, what: T) -> bool {
        self.lock().as_ref().is_some_and(|(sender, _)| sender.try_send(what).is_ok())
    }

    /// Takes no more, wakes the thread if it is parked, and returns when all is done. Blocks.
    pub fn close(&self) {
        let way = self.lock().take();
        if let Some((sender, thread)) = way {
            drop(sender);
            thread.thread().unpark();
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                error!(name, "a thread that writes a file broke down");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<(SyncSender<T>, JoinHandle<()>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn what_finds_no_room_comes_back_and_what_found_some_is_done_before_the_end() {
        let (begin, begun) = channel::<()>();
        let (tell, told) = channel();
        let work = move |numbers: &Receiver<u32>| {
            begun.recv().unwrap();
            numbers.iter().for_each(|number| tell.send(number).unwrap());
        };
        let handover = Handover::start("test", 2, work).unwrap();
        assert_eq!([1, 2, 3].map(|number| handover.offer(number)), [true, true, false]);
        begin.send(()).unwrap();
        handover.close();
        assert!(!handover.offer(4));
        assert_eq!(told.iter().collect::<Vec<_>>(), [1, 2]);
    }
}
