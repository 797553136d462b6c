//! Less for whoever asks for less: overload reports (RFC 7683, as reacting node, loss algorithm), and servers that
//! answer 3004 (RFC 6733 §7.1.3).
//!
//! A request draws one lot when it comes. It is abated at a host, or in a realm, if its lot is below the share that
//! is to be kept away from there; then it goes to another peer that may take it, or is not sent at all. The least
//! important requests go first (RFC 7944 §9): the share is taken from the highest DRMP in use, then from the next.
//! What may not be abated (STR) draws no lot.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Most reports kept; then the one that ends first makes room.
const MAX_REPORTS: usize = 1024;

/// OC-Validity-Duration if there is none, or none that is allowed (RFC 7683 §7.5).
const DEFAULT_VALIDITY: Duration = Duration::from_secs(30);

/// The longest OC-Validity-Duration that is allowed. Seconds (RFC 7683 §7.5).
const MAX_VALIDITY: u32 = 86_400;

/// After its end a report is let off gradually for so long: what it held back must not come all at once.
const RETURN: Duration = Duration::from_secs(5);

/// Time in which what was counted loses half of its weight.
const HALF_LIFE: Duration = Duration::from_secs(10);

/// By how much a 3004 changes the share that is kept away from a server.
const STEP: f64 = 0.01;

/// Highest share that is kept away from a server because of 3004: the rest finds out that it recovered.
const MOST: f64 = 0.95;

/// The shortest time after which trying again is worth it.
const SOON: Duration = Duration::from_secs(1);

/// DRMP of a request without one (RFC 7944 §8).
const ORDINARY: usize = 10;

/// DRMP values there are (RFC 7944 §8).
const LEVELS: usize = 16;

/// Whom a report is about (RFC 7683 §7.6). The name in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// Requests to this host.
    Host(String),
    /// Requests to no particular host of this realm.
    Realm(String),
}

impl Scope {
    pub fn host(name: &str) -> Self {
        Self::Host(name.to_ascii_lowercase())
    }

    pub fn realm(name: &str) -> Self {
        Self::Realm(name.to_ascii_lowercase())
    }
}

/// An OC-OLR as it came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Olr {
    pub sequence: u64,
    /// OC-Reduction-Percentage.
    pub reduction: Option<u32>,
    /// OC-Validity-Duration. Seconds.
    pub validity: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Report {
    sequence: u64,
    /// Share to be kept away, from 0 to 1.
    share: f64,
    until: Instant,
}

impl Report {
    fn share(&self, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.until).as_secs_f64();
        self.share * (1.0 - since / RETURN.as_secs_f64()).max(0.0)
    }
}

/// A request that may be abated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lot {
    level: usize,
    /// From 0 to just below 1.
    drawn: f64,
}

/// Why a request is kept away from somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Abated {
    /// Who wants how much less, and for how long.
    pub reason: String,
    /// When there is a better chance.
    pub retry_after: Duration,
}

impl Abated {
    fn by_report(scope: &Scope, share: f64, left: Duration) -> Self {
        let who = match scope {
            Scope::Host(name) => format!("host {name}"),
            Scope::Realm(name) => format!("realm {name}"),
        };
        let (percent, seconds) = (100.0 * share, left.as_secs_f64());
        let reason = match left.is_zero() {
            true => format!("{who} asked for less and gets it back gradually, still {percent:.0} % less"),
            false => format!("{who} asked for {percent:.0} % less, for {seconds:.0} s more"),
        };
        Self { reason, retry_after: left.mul_f64(share).max(SOON) }
    }
}

/// The reports in force, and how important what is sent is.
#[derive(Debug)]
pub(super) struct Overload {
    reports: HashMap<(u32, Scope), Report>,
    /// Requests that drew a lot, by DRMP.
    mix: [Fading; LEVELS],
}

impl Overload {
    pub fn new(now: Instant) -> Self {
        Self { reports: HashMap::new(), mix: [Fading::new(now); LEVELS] }
    }

    /// Takes over a report about `scope`; `true` if it says something new.
    pub fn note(&mut self, now: Instant, application: u32, scope: &Scope, olr: Olr) -> bool {
        let Some(reduction) = olr.reduction.filter(|percent| *percent <= 100) else { return false };
        let key = (application, scope.clone());
        let known = self.reports.get(&key).copied();
        if known.is_some_and(|known| known.sequence >= olr.sequence) {
            return false;
        }
        let validity = match olr.validity {
            Some(seconds @ 0..=MAX_VALIDITY) => Duration::from_secs(seconds.into()),
            Some(_) | None => DEFAULT_VALIDITY,
        };
        // The end of a report is an end, whatever else it says (RFC 7683 §7.5).
        let share = match validity.is_zero() {
            true => known.map_or(0.0, |known| known.share(now)),
            false => f64::from(reduction) / 100.0,
        };
        if known.is_none() && self.reports.len() >= MAX_REPORTS {
            self.make_room(now);
        }
        self.reports.insert(key, Report { sequence: olr.sequence, share, until: now + validity });
        true
    }

    fn make_room(&mut self, now: Instant) {
        self.reports.retain(|_, report| report.until + RETURN > now);
        if self.reports.len() >= MAX_REPORTS {
            let first =
                self.reports.iter().min_by_key(|(_, report)| report.until).map(|(key, _)| key.clone());
            first.map(|key| self.reports.remove(&key));
        }
    }

    /// Draws the lot of a request with this DRMP. `chance` is evenly spread from 0 to just below 1.
    pub fn draw(&mut self, now: Instant, drmp: Option<u32>, chance: f64) -> Lot {
        let level = drmp.and_then(|drmp| usize::try_from(drmp).ok()).filter(|level| *level < LEVELS);
        let level = level.unwrap_or(ORDINARY);
        if let Some(count) = self.mix.get_mut(level) {
            count.add(now);
        }
        Lot { level, drawn: chance }
    }

    /// Whether a report keeps a request away.
    pub fn abates(&self, now: Instant, application: u32, scope: &Scope, lot: Lot) -> Option<Abated> {
        let report = self.reports.get(&(application, scope.clone()))?;
        let share = report.share(now);
        let left = report.until.saturating_duration_since(now);
        self.hits(now, share, lot).then(|| Abated::by_report(scope, share, left))
    }

    /// Whether a server that answers 3004 is too busy for a request.
    pub fn is_too_busy(
        &self,
        now: Instant,
        name: impl FnOnce() -> String,
        busy: &Busy,
        lot: Lot,
    ) -> Option<Abated> {
        let share = busy.share(now);
        self.hits(now, share, lot).then(|| Abated {
            reason: format!("{} answers 3004 and is sent {:.0} % less", name(), 100.0 * share),
            retry_after: HALF_LIFE.mul_f64(share).max(SOON),
        })
    }

    /// Whether there is any report at all: mostly not.
    pub fn is_quiet(&self) -> bool {
        self.reports.is_empty()
    }

    /// Whether a lot is among those that make up this share of all requests, the least important first.
    fn hits(&self, now: Instant, share: f64, lot: Lot) -> bool {
        if share <= 0.0 {
            return false;
        }
        let total: f64 = self.mix.iter().map(|count| count.value(now)).sum();
        let of = |counts: Option<&[Fading]>| -> f64 {
            counts.into_iter().flatten().map(|count| count.value(now)).sum::<f64>()
                / total.max(f64::MIN_POSITIVE)
        };
        let below = of(self.mix.get(lot.level + 1..));
        let own = of(self.mix.get(lot.level..=lot.level));
        lot.drawn * own.max(f64::MIN_POSITIVE) < share - below
    }
}

/// The share that is kept away from a server because it answers 3004.
///
/// Each 3004 adds a step and each other answer takes one away, so that it settles where every second answer is a
/// 3004: the server is sent about twice what it accepts, which finds out soon that it can do more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Busy {
    share: f64,
    at: Instant,
}

impl Busy {
    pub fn not(now: Instant) -> Self {
        Self { share: 0.0, at: now }
    }

    /// It answered, with 3004 or with something else.
    pub fn answered(&mut self, now: Instant, too_busy: bool) {
        if too_busy || self.share > 0.0 {
            let step = if too_busy { STEP } else { -STEP };
            *self = Self { share: (self.share(now) + step).clamp(0.0, MOST), at: now };
        }
    }

    /// From 0 to [`MOST`]; fades with time.
    fn share(&self, now: Instant) -> f64 {
        fade(self.share, now.saturating_duration_since(self.at))
    }
}

/// A count whose past matters less and less.
#[derive(Clone, Copy, Debug)]
struct Fading {
    count: f64,
    at: Instant,
}

impl Fading {
    fn new(now: Instant) -> Self {
        Self { count: 0.0, at: now }
    }

    fn value(&self, now: Instant) -> f64 {
        fade(self.count, now.saturating_duration_since(self.at))
    }

    fn add(&mut self, now: Instant) {
        *self = Self { count: self.value(now) + 1.0, at: now };
    }
}

/// What is left after that time.
fn fade(value: f64, elapsed: Duration) -> f64 {
    if value == 0.0 { 0.0 } else { value * 0.5f64.powf(elapsed.as_secs_f64() / HALF_LIFE.as_secs_f64()) }
}

#[cfg(test)]
mod tests;
