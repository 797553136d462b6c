//! What this layer shows of itself.

use std::sync::atomic::Ordering;

use super::Gateway;
use crate::metrics::{Collect, Page};

impl Collect for Gateway {
    fn collect(&self, page: &mut Page) {
        let counted = self.counters();
        for (name, help, counter) in [
            ("rxgate_bad_answers_total", "Answers of PCRFs that cannot be read.", &counted.bad_answers),
            (
                "rxgate_bad_requests_total",
                "Requests of PCRFs refused because of what is in them.",
                &counted.bad_requests,
            ),
            (
                "rxgate_double_results_total",
                "Answers with more than one result; the first counts.",
                &counted.double_results,
            ),
        ] {
            page.counter(name, help).sample(&[], counter.load(Ordering::Relaxed));
        }
    }
}
