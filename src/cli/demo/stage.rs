//! What the audience sees of a step: the messages that go by while it is under way.

use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::{super::Failure, show::Show, tap::Seen};
use crate::dict::commands;

/// How long a step may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Shows what goes by, and remembers it.
pub(super) struct Stage {
    pub show: Show,
    /// Where the application is told.
    endpoint: String,
    seen: UnboundedReceiver<Seen>,
    /// Commands that went over the wire: code, and whether it was the request.
    passed: Vec<(u32, bool)>,
    /// How many of them belong to steps before the present one.
    checked: usize,
}

impl Stage {
    pub fn new(endpoint: String, seen: UnboundedReceiver<Seen>) -> Self {
        Self { show: Show::new(), endpoint, seen, passed: Vec::new(), checked: 0 }
    }

    /// Runs a step and shows what goes by meanwhile.
    pub async fn during<T>(&mut self, step: impl Future<Output = T>) -> Result<T, Failure> {
        let mut step = std::pin::pin!(tokio::time::timeout(PATIENCE, step));
        let done = loop {
            tokio::select! {
                biased;
                Some(seen) = self.seen.recv() => {
                    self.see(&seen)?;
                }
                done = &mut step => break done,
            }
        };
        while let Ok(seen) = self.seen.try_recv() {
            self.see(&seen)?;
        }
        done.map_err(|_| too_long())
    }

    /// Shows what goes by until the application was told something.
    pub async fn until_notified(&mut self) -> Result<(), Failure> {
        let notified = async {
            while let Some(seen) = self.seen.recv().await {
                if self.see(&seen)? {
                    break;
                }
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, notified).await.map_err(|_| too_long())?
    }

    /// Shows what goes by, for ever.
    pub async fn watch(&mut self) -> Result<(), Failure> {
        while let Some(seen) = self.seen.recv().await {
            self.see(&seen)?;
        }
        Ok(())
    }

    /// Shows it, except for the watchdog's messages; returns whether it is a notification.
    fn see(&mut self, seen: &Seen) -> Result<bool, Failure> {
        match seen {
            Seen::Notification { body } => {
                self.show.notification(&self.endpoint, body)?;
                return Ok(true);
            }
            Seen::Diameter { sent, message } => {
                let header = message.header();
                if header.command != commands::DEVICE_WATCHDOG {
                    self.show.message(*sent, message)?;
                    self.passed.push((header.command, header.is_request()));
                }
            }
        }
        Ok(false)
    }

    /// This command went over the wire since this was last asked, and its answer.
    pub fn expect(&mut self, what: &str, command: u32) -> Result<(), Failure> {
        let passed = self.passed.get(self.checked..).unwrap_or_default();
        let missing = [true, false].into_iter().find(|is_request| !passed.contains(&(command, *is_request)));
        self.checked = self.passed.len();
        match missing {
            None => Ok(()),
            Some(is_request) => {
                let name = commands::abbreviation(command, is_request).unwrap_or("message");
                Err(step_failed(format!("no {name} for {what}")))
            }
        }
    }

    /// The messages that went by, by their names.
    pub fn passed(&self) -> String {
        let names =
            self.passed.iter().filter_map(|(code, is_request)| commands::abbreviation(*code, *is_request));
        names.collect::<Vec<_>>().join(" ")
    }
}

fn too_long() -> Failure {
    step_failed(format!("a step took longer than {} s", PATIENCE.as_secs()))
}

pub(super) fn step_failed(text: String) -> Failure {
    Failure::failed(text, "run it again with RXGATE_LOG=debug, which shows what the gateway does")
}
