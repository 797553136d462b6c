//! What is not taken on because somebody has too much to do, counted by who that is.

use super::Sessions;
use crate::{
    counters::count,
    session::{Shed, ShedCause},
};

impl Sessions {
    /// Counts a request that was shed.
    pub(super) fn count_shed(&self, shed: &Shed) {
        count(match shed.cause {
            ShedCause::Deadline => &self.counters.shed_by_deadline,
            ShedCause::Full => &self.counters.shed_by_full_queue,
            ShedCause::Network => &self.counters.shed_by_network,
        });
    }
}
