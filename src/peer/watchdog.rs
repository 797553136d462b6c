//! The watchdog of one connection (RFC 3539 §3.4.1): pure timing, it neither sends nor closes anything.
//!
//! Opening a connection from INITIAL and DOWN is not done here but with the back-off of `reconnect.rs`: Tw
//! would be too slow for a first attempt and too regular for the next ones.

use std::time::{Duration, Instant};

use super::{WatchdogState, reconnect::Chance};

/// What the watchdog wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Nothing,
    /// SendWatchdog(): send a DWR.
    SendDwr,
    /// Failover(): OKAY became SUSPECT.
    Failover,
    /// Failback(): the connection is OKAY (again).
    Failback,
    /// CloseConnection().
    Close,
}

#[derive(Debug)]
pub(super) struct Watchdog {
    state: WatchdogState,
    /// Pending: a DWR was sent and its DWA is outstanding.
    pending: bool,
    /// NumDWA: DWAs since the connection was reopened; -1 once one of them was overdue.
    answered: i16,
    /// When Tw expires; none without a connection.
    deadline: Option<Instant>,
    interval: Duration,
    probes: i16,
}

impl Watchdog {
    /// `interval` is Tw; `probes` the DWAs that end REOPEN.
    pub fn new(interval: Duration, probes: u8) -> Self {
        let interval = interval.max(Duration::from_millis(10));
        let probes = i16::from(probes);
        Self { state: WatchdogState::Initial, pending: false, answered: 0, deadline: None, interval, probes }
    }

    pub fn state(&self) -> WatchdogState {
        self.state
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Connection up.
    pub fn connected(&mut self, now: Instant, chance: &mut Chance) -> Effect {
        self.set(now, chance);
        self.pending = false;
        match self.state {
            // DOWN | Connection up | NumDWA = 0, SendWatchdog(), SetWatchdog(), Pending = TRUE | REOPEN
            WatchdogState::Down if self.probes > 0 => {
                self.answered = 0;
                self.pending = true;
                self.state = WatchdogState::Reopen;
                Effect::SendDwr
            }
            // INITIAL | Connection up | SetWatchdog() | OKAY
            _ => {
                self.state = WatchdogState::Okay;
                Effect::Failback
            }
        }
    }

    /// OKAY, SUSPECT, REOPEN | Connection down | CloseConnection(), SetWatchdog() | DOWN
    pub fn disconnected(&mut self) {
        self.state = WatchdogState::Down;
        self.pending = false;
        self.deadline = None;
    }

    /// A message came in; `dwa` if it answers our DWR.
    pub fn received(&mut self, now: Instant, dwa: bool, chance: &mut Chance) -> Effect {
        use WatchdogState::{Down, Initial, Okay, Reopen, Suspect};
        if dwa {
            self.pending = false;
        }
        match (self.state, dwa) {
            // OKAY | Receive DWA | Pending = FALSE, SetWatchdog() | OKAY
            // OKAY | Receive non-DWA | SetWatchdog() | OKAY
            (Okay, _) => {
                self.set(now, chance);
                Effect::Nothing
            }
            // SUSPECT | Receive DWA | Pending = FALSE, Failback(), SetWatchdog() | OKAY
            // SUSPECT | Receive non-DWA | Failback(), SetWatchdog() | OKAY
            (Suspect, _) => {
                self.set(now, chance);
                self.state = Okay;
                Effect::Failback
            }
            // REOPEN | Receive DWA & NumDWA == 2 | Pending = FALSE, NumDWA++, Failback() | OKAY
            (Reopen, true) if self.answered + 1 >= self.probes => {
                self.answered += 1;
                self.state = Okay;
                Effect::Failback
            }
            // REOPEN | Receive DWA & NumDWA < 2 | Pending = FALSE, NumDWA++ | REOPEN
            //
            // We then send the next DWR at once instead of after Tw, as others do: three round trips show
            // that the connection works, and a minute without service would only be lost.
            (Reopen, true) => {
                self.answered += 1;
                self.pending = true;
                self.set(now, chance);
                Effect::SendDwr
            }
            // REOPEN | Receive non-DWA | Throwaway() | REOPEN
            //
            // Our caller processes the message all the same: the peer may trust the connection already, and
            // a request that is thrown away is only sent again. It just proves nothing here.
            (Reopen, false) | (Initial | Down, _) => Effect::Nothing,
        }
    }

    /// A sign of life is wanted now: brings the next DWR forward if none is out.
    pub fn probe(&mut self, now: Instant, chance: &mut Chance) -> Effect {
        if self.state != WatchdogState::Okay || self.pending {
            return Effect::Nothing;
        }
        self.pending = true;
        self.set(now, chance);
        Effect::SendDwr
    }

    /// Does nothing before the deadline.
    pub fn timeout(&mut self, now: Instant, chance: &mut Chance) -> Effect {
        use WatchdogState::{Down, Initial, Okay, Reopen, Suspect};
        if self.deadline.is_none_or(|deadline| now < deadline) {
            return Effect::Nothing;
        }
        self.set(now, chance);
        match (self.state, self.pending) {
            // OKAY | Timer expires & !Pending | SendWatchdog(), SetWatchdog(), Pending = TRUE | OKAY
            // REOPEN | Timer expires & !Pending | SendWatchdog(), SetWatchdog(), Pending = TRUE | REOPEN
            (Okay | Reopen, false) => {
                self.pending = true;
                Effect::SendDwr
            }
            // OKAY | Timer expires & Pending | Failover(), SetWatchdog() | SUSPECT
            (Okay, true) => {
                self.state = Suspect;
                Effect::Failover
            }
            // SUSPECT | Timer expires | CloseConnection(), SetWatchdog() | DOWN
            (Suspect, _) => {
                self.disconnected();
                Effect::Close
            }
            // REOPEN | Timer expires & Pending & NumDWA < 0 | CloseConnection(), SetWatchdog() | DOWN
            (Reopen, true) if self.answered < 0 => {
                self.disconnected();
                Effect::Close
            }
            // REOPEN | Timer expires & Pending & NumDWA >= 0 | NumDWA = -1, SetWatchdog() | REOPEN
            (Reopen, true) => {
                self.answered = -1;
                Effect::Nothing
            }
            // INITIAL | Timer expires | AttemptOpen(), SetWatchdog() | INITIAL
            // DOWN | Timer expires | AttemptOpen(), SetWatchdog() | DOWN
            //
            // No timer runs here; see the module's doc.
            (Initial | Down, _) => {
                self.deadline = None;
                Effect::Nothing
            }
        }
    }

    /// SetWatchdog(): Tw ± 2 s, evenly spread; ± a third where that is less.
    fn set(&mut self, now: Instant, chance: &mut Chance) {
        let jitter = (self.interval / 3).min(Duration::from_secs(2));
        self.deadline = Some(now + (self.interval - jitter) + chance.up_to(jitter * 2));
    }
}
