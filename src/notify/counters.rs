//! What is counted about notifications.

use crate::counters::counters;

counters! {
    /// Notifications put into a queue. The sum of `delivered`, `given_up`, `forgotten`, `left` and of what waits.
    queued;
    /// Notifications refused because there was no room.
    refused;
    /// Attempts begun.
    attempts;
    /// Attempts that failed.
    failed;
    /// Notifications answered with 2xx.
    delivered;
    /// Notifications that became too old.
    given_up;
    /// Notifications dropped because nobody wants them any more.
    forgotten;
    /// Notifications undelivered when the process ended.
    left;
}
