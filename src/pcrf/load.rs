//! A PCRF that can do only so much, and one that says so: for AFs that are to be seen under overload.

use std::{
    sync::{
        Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::{
    dict::enums::OcReportType,
    rx::{OcOlr, OcSupportedFeatures},
};

/// How much the PCRF can do: one request after the other, each in the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Capacity {
    /// Requests in a second; 0 counts as 1.
    pub per_second: u32,
    /// Requests that wait at most.
    #[serde(default = "endless")]
    pub queue: u32,
    /// What happens to those for which there is no place.
    #[serde(default)]
    pub beyond: Beyond,
}

fn endless() -> u32 {
    u32::MAX
}

/// What happens to requests for which there is no place in the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Beyond {
    /// They are answered with DIAMETER_TOO_BUSY at once.
    #[default]
    Busy,
    /// They are lost.
    Silence,
}

/// A capacity, and when everything that waits will have been done.
#[derive(Debug)]
struct Line {
    capacity: Capacity,
    free: Instant,
}

/// What a request meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It has been done then.
    Done(Instant),
    /// There is no place for it.
    None(Beyond),
}

impl Line {
    fn place(&mut self, now: Instant) -> Place {
        let each = Duration::from_secs(1) / self.capacity.per_second.max(1);
        let there = self.free.saturating_duration_since(now).as_nanos().div_ceil(each.as_nanos().max(1));
        // The one in hand does not wait.
        if there > u128::from(self.capacity.queue) {
            return Place::None(self.capacity.beyond);
        }
        self.free = self.free.max(now) + each;
        Place::Done(self.free)
    }
}

/// The capacity in force, if there is one.
#[derive(Debug, Default)]
pub(super) struct Load(Mutex<Option<Line>>);

impl Load {
    pub fn set(&self, capacity: Option<Capacity>) {
        let line = capacity.map(|capacity| Line { capacity, free: Instant::now() });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = line;
    }

    pub fn get(&self) -> Option<Capacity> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|line| line.capacity)
    }

    /// The place of a request that comes now; `None`: it is done at once.
    pub fn place(&self) -> Option<Place> {
        let mut line = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        line.as_mut().map(|line| line.place(Instant::now()))
    }
}

/// What every answer says about overload, to an AF that heeds it (RFC 7683 §7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OverloadReport {
    /// Who is overloaded.
    #[serde(default)]
    pub about: Overloaded,
    /// OC-Reduction-Percentage.
    pub reduction_percentage: u32,
    /// OC-Validity-Duration. Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity_duration: Option<u32>,
    /// OC-Sequence-Number; `None`: one more than the report before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence_number: Option<u64>,
}

/// Who is overloaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Overloaded {
    /// This PCRF.
    #[default]
    Host,
    /// Its realm.
    Realm,
}

/// The report in force, if there is one.
#[derive(Debug, Default)]
pub(super) struct Report {
    report: RwLock<Option<OverloadReport>>,
    /// Of the latest report.
    sequence: AtomicU64,
}

impl Report {
    pub fn set(&self, report: Option<OverloadReport>) {
        let numbered = report.map(|report| {
            let number = report.sequence_number.unwrap_or(self.sequence.load(Ordering::SeqCst) + 1);
            self.sequence.store(number, Ordering::SeqCst);
            OverloadReport { sequence_number: Some(number), ..report }
        });
        *self.report.write().unwrap_or_else(PoisonError::into_inner) = numbered;
    }

    pub fn get(&self) -> Option<OverloadReport> {
        *self.report.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an answer says to an AF that heeds reports.
    pub fn avps(&self) -> (Option<OcSupportedFeatures<'static>>, Option<OcOlr<'static>>) {
        let features = OcSupportedFeatures { oc_feature_vector: Some(1), ..OcSupportedFeatures::default() };
        let olr = self.get().map(|report| OcOlr {
            oc_sequence_number: report.sequence_number.unwrap_or_default(),
            oc_report_type: match report.about {
                Overloaded::Host => OcReportType::HOST_REPORT,
                Overloaded::Realm => OcReportType::REALM_REPORT,
            },
            oc_reduction_percentage: Some(report.reduction_percentage),
            oc_validity_duration: report.validity_duration,
            ..OcOlr::default()
        });
        (Some(features), olr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_done_one_after_the_other_and_so_many_wait() {
        let now = Instant::now();
        let capacity = Capacity { per_second: 10, queue: 2, beyond: Beyond::Silence };
        let mut line = Line { capacity, free: now };
        let at = |tenths: u32| Place::Done(now + tenths * Duration::from_millis(100));
        let places = [(); 4].map(|()| line.place(now));
        assert_eq!(places, [at(1), at(2), at(3), Place::None(Beyond::Silence)]);
        assert_eq!(line.place(now + Duration::from_millis(100)), at(4), "one is done");
        let later = now + Duration::from_secs(5);
        assert_eq!(
            line.place(later),
            Place::Done(later + Duration::from_millis(100)),
            "nothing was saved up"
        );
    }
}
