//! What a test's own thread logs: the tasks of a test with a runtime of one thread run on it.

use std::{
    cell::RefCell,
    io::{self, Write},
    sync::Once,
};

use tracing::Level;

thread_local! {
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Log;

impl Write for Log {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.extend_from_slice(octets));
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// From here on it is kept, from this level on: of a program of tests the first level counts.
pub fn begin(level: Level) {
    static ALL: Once = Once::new();
    // For the whole process: what a subscriber of one thread sees depends on what the others did before.
    ALL.call_once(|| {
        let subscriber = tracing_subscriber::fmt().with_max_level(level).with_ansi(false);
        tracing::subscriber::set_global_default(subscriber.with_writer(|| Log).finish()).unwrap();
    });
}

/// What came since the last call.
pub fn logged() -> String {
    String::from_utf8(LOGGED.take()).unwrap()
}
