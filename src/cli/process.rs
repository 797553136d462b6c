//! What the long-running commands share: the runtime, the signals that end them.

use std::{future::Future, io};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;

/// Runs a command on all processors.
pub(super) fn run(command: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::failed(format!("cannot start: {error}"), "look at the limits of this user")
        })?
        .block_on(command)
}

/// The signal that asks a process to read its files again.
pub(super) struct Hangups(Signal);

impl Hangups {
    /// From now on SIGHUP does not end the process.
    pub fn new() -> Result<Self, Failure> {
        signal(SignalKind::hangup()).map(Self).map_err(no_signals)
    }

    /// Waits for the next one; several before that are one.
    pub async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            // No more can come.
            std::future::pending().await
        }
    }
}

/// What to do about an address that cannot be listened on: `setting` says where it stands, `busy` what to do if somebody
/// else listens there.
pub(super) fn about_an_address(error: &io::Error, setting: &str, busy: &str) -> String {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable => {
            format!("`ip address` shows the addresses that this machine has: give one of them to {setting}")
        }
        io::ErrorKind::PermissionDenied => format!(
            "a port below 1024 takes the capability CAP_NET_BIND_SERVICE: give it that, or another port to {setting}"
        ),
        // The error says what is missing.
        io::ErrorKind::Unsupported => "do that on this machine, or leave out what listens over SCTP".into(),
        _ => busy.into(),
    }
}

fn no_signals(error: io::Error) -> Failure {
    Failure::failed(format!("cannot listen for signals: {error}"), "look at the limits of this user")
}

/// The signals that ask the process to end.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From now on SIGINT and SIGTERM do not end the process by themselves.
    pub fn new() -> Result<Self, Failure> {
        let listen = || {
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        };
        listen().map_err(no_signals)
    }

    /// Waits for the next of them.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Waits for an orderly end, but no longer than until the next signal.
    pub async fn or_at_once(&mut self, end: impl Future<Output = ()>) {
        tokio::select! {
            () = end => {}
            () = self.next() => {}
        }
    }
}
