//! What this layer shows of itself.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Notifier;
use crate::metrics::{Collect, Page};

impl Collect for Notifier {
    fn collect(&self, page: &mut Page) {
        let counted = self.counters();
        let now = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        page.gauge("rxgate_notifications_waiting", "Notifications that are not delivered yet.")
            .sample(&[], self.waiting());
        let oldest = self.oldest().unwrap_or_default();
        page.gauge(
            "rxgate_notifications_oldest_seconds",
            "Age of the oldest notification that waits; 0 if none.",
        )
        .sample(&[], oldest.as_secs_f64());
        page.counter("rxgate_notifications_total", "Notifications, by what became of them.")
            .sample(&[("outcome", "delivered")], now(&counted.delivered))
            .sample(&[("outcome", "refused")], now(&counted.refused))
            .sample(&[("outcome", "given_up")], now(&counted.given_up))
            .sample(&[("outcome", "forgotten")], now(&counted.forgotten))
            .sample(&[("outcome", "left")], now(&counted.left));
        page.counter("rxgate_notification_attempts_total", "Attempts to deliver a notification.")
            .sample(&[], now(&counted.attempts));
        page.counter("rxgate_notification_failures_total", "Attempts that failed.")
            .sample(&[], now(&counted.failed));
        page.histogram(
            "rxgate_notification_delivery_seconds",
            "From the event to the application's 2xx, of notifications that were delivered.",
        )
        .sample(&[], self.deliveries());
    }
}
