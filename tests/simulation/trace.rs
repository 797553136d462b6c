//! What happened, line by line: two runs with the same hash are the same run.

use std::{
    fmt,
    sync::Mutex,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

/// When every world begins: the same for all.
const EPOCH: Duration = Duration::from_secs(1_800_000_000);

struct State {
    hash: u64,
    /// The lines, if they are wanted.
    lines: Option<Vec<String>>,
    violations: Vec<String>,
}

/// The log of a world, with its clock.
pub struct Trace {
    began: Instant,
    state: Mutex<State>,
}

impl Trace {
    pub fn new(keep: bool) -> Self {
        let state = State { hash: 0xcbf2_9ce4_8422_2325, lines: keep.then(Vec::new), violations: Vec::new() };
        Self { began: Instant::now(), state: Mutex::new(state) }
    }

    /// Time of day in the world.
    pub fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + EPOCH + self.began.elapsed()
    }

    /// How long the world has been going on.
    pub fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// Something happened.
    pub fn note(&self, what: fmt::Arguments<'_>) {
        let line = format!("{:>10.3} {what}", self.elapsed().as_secs_f64());
        let mut state = self.state.lock().unwrap();
        for octet in line.bytes() {
            state.hash = (state.hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3);
        }
        if let Some(lines) = &mut state.lines {
            lines.push(line);
        }
    }

    /// Something happened that must not.
    pub fn violation(&self, what: String) {
        self.note(format_args!("VIOLATION {what}"));
        self.state.lock().unwrap().violations.push(what);
    }

    /// Its hash, its lines, and what must not have happened.
    pub fn finish(&self) -> (u64, Vec<String>, Vec<String>) {
        let mut state = self.state.lock().unwrap();
        (state.hash, state.lines.take().unwrap_or_default(), std::mem::take(&mut state.violations))
    }
}

/// Notes a line, written like `println!`.
macro_rules! note {
    ($trace:expr, $($what:tt)*) => {
        $trace.note(format_args!($($what)*))
    };
}

pub(crate) use note;
