//! What is counted about sessions.

use crate::counters::counters;

counters! {
    /// Sessions granted.
    granted;
    /// Requests refused by a PCRF, or beforehand because it asked to wait.
    refused;
    /// Requests that nobody answered in time.
    unanswered;
    /// Requests and modifications shed because what is under way could not be done in their time.
    shed_by_deadline;
    /// Requests and modifications shed because as many wait for answers as may.
    shed_by_full_queue;
    /// Requests and modifications shed because the network asked for less, or is too busy.
    shed_by_network;
    /// Modifications granted.
    updates_granted;
    /// Modifications refused by a PCRF, or beforehand because it asked to wait.
    updates_refused;
    /// Modifications whose first AAR had no answer in time, or none that says what became of it.
    updates_unanswered;
    /// AARs of modifications that were sent again.
    updates_repeated;
    /// Grants that came when nobody waited for them any more.
    late_grants;
    /// STRs sent, repetitions included.
    terminations_sent;
    /// STRs that were given up: the server may still have the session.
    terminations_given_up;
    /// Sessions that a PCRF forgot.
    lost;
    /// Sessions that their application removed.
    removed;
    /// Sessions that the operator ended.
    ended;
    /// Sessions that were ended because what became of a modification was not known for too long.
    undecided;
    /// Sessions that expired.
    expired;
    /// Sessions that a PCRF aborted.
    aborted;
    /// RARs accepted.
    reports;
}
