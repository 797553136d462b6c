//! Which peer gets a request: priority, weight, and what a 3004 or no answer does to them (RFC 6733 §6.1.4, §7.1.3).
//!
//! Who is a candidate at all is decided in `failover.rs`.

use std::time::{Duration, Instant};

use super::{PeerIndex, reconnect::Chance};

/// Time in which a penalty loses half of itself.
const HALF_LIFE: Duration = Duration::from_secs(10);

/// Highest penalty: 1/32 of the usual share is left, enough to find out that the peer recovered.
const MOST: f64 = 5.0;

/// How much less than its share a peer gets since it answered 3004, or did not answer in time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Penalty {
    /// Its share is halved this many times.
    level: f64,
    at: Instant,
}

impl Penalty {
    pub fn none(now: Instant) -> Self {
        Self { level: 0.0, at: now }
    }

    /// The peer answered 3004, or an attempt had no answer in time.
    pub fn raise(&mut self, now: Instant) {
        *self = Self { level: (self.level(now) + 1.0).min(MOST), at: now };
    }

    /// What is left of the peer's share: 1 without a penalty.
    pub fn share(&self, now: Instant) -> f64 {
        0.5f64.powf(self.level(now))
    }

    fn level(&self, now: Instant) -> f64 {
        let elapsed = now.saturating_duration_since(self.at).as_secs_f64();
        self.level * 0.5f64.powf(elapsed / HALF_LIFE.as_secs_f64())
    }
}

/// A peer that could take the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub peer: PeerIndex,
    /// Lower is tried first.
    pub priority: u32,
    /// Share among those of the same priority; 0 only when all of them have 0.
    pub weight: u32,
    /// From [`Penalty::share`].
    pub share: f64,
}

/// Picks one: the lowest priority first, by weight among equals.
///
/// What a penalty takes from the peers of one priority goes to the next one; the last resort gets no mercy.
pub(super) fn choose(mut candidates: Vec<Candidate>, chance: &mut Chance) -> Option<PeerIndex> {
    candidates.sort_by_key(|candidate| candidate.priority);
    let mut first = None;
    for group in candidates.chunk_by(|one, other| one.priority == other.priority) {
        let (peer, share) = pick(group, chance)?;
        if part(chance) < share {
            return Some(peer);
        }
        first = first.or(Some(peer));
    }
    first
}

/// One of a group by weight and penalty, and what the penalties left of the group's share.
fn pick(group: &[Candidate], chance: &mut Chance) -> Option<(PeerIndex, f64)> {
    let nobody = group.iter().all(|candidate| candidate.weight == 0);
    let weight = |candidate: &Candidate| if nobody { 1.0 } else { f64::from(candidate.weight) };
    let reduced = |candidate: &Candidate| weight(candidate) * candidate.share;
    let total: f64 = group.iter().map(reduced).sum();
    let mut left = part(chance) * total;
    let picked = group.iter().filter(|candidate| weight(candidate) > 0.0).find(|candidate| {
        left -= reduced(candidate);
        left < 0.0
    });
    let usual: f64 = group.iter().map(weight).sum();
    // Rounding may leave nobody: then the last one it is.
    picked.or(group.last()).map(|candidate| (candidate.peer, total / usual))
}

/// Evenly spread from 0 to just below 1.
pub(super) fn part(chance: &mut Chance) -> f64 {
    f64::from(chance.next_u32()) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(peer: usize, priority: u32, weight: u32, share: f64) -> Candidate {
        Candidate { peer: PeerIndex(peer), priority, weight, share }
    }

    /// How often each of four peers is picked in 10,000.
    fn picks(candidates: &[Candidate]) -> [u32; 4] {
        let mut chance = Chance::new(11);
        let mut counts = [0; 4];
        for _ in 0..10_000 {
            let PeerIndex(peer) = choose(candidates.to_vec(), &mut chance).expect("there are candidates");
            counts[peer] += 1;
        }
        counts
    }

    #[track_caller]
    fn assert_about(found: u32, expected: u32) {
        assert!(found.abs_diff(expected) < 250, "{found} is not about {expected}");
    }

    #[test]
    fn equals_share_by_weight() {
        let [one, two, three, _] =
            picks(&[candidate(0, 1, 1, 1.0), candidate(1, 1, 3, 1.0), candidate(2, 1, 0, 1.0)]);
        assert_about(one, 2_500);
        assert_about(two, 7_500);
        assert_eq!(three, 0);
    }

    #[test]
    fn the_lowest_priority_takes_all() {
        assert_eq!(picks(&[candidate(0, 2, 9, 1.0), candidate(1, 1, 1, 1.0)]), [0, 10_000, 0, 0]);
    }

    #[test]
    fn weights_of_zero_alone_share_evenly() {
        let [one, two, ..] = picks(&[candidate(0, 1, 0, 1.0), candidate(1, 1, 0, 1.0)]);
        assert_about(one, 5_000);
        assert_about(two, 5_000);
    }

    #[test]
    fn what_a_busy_peer_loses_goes_to_its_equals_and_to_the_next_priority() {
        // 1/4 + 1 of 2 is left in the first group: 37.5 % go on.
        let [busy, equal, next, _] =
            picks(&[candidate(0, 1, 1, 0.25), candidate(1, 1, 1, 1.0), candidate(2, 2, 1, 1.0)]);
        assert_about(busy, 1_250);
        assert_about(equal, 5_000);
        assert_about(next, 3_750);
        assert_eq!(picks(&[candidate(0, 1, 1, 0.1)]), [10_000, 0, 0, 0]);
    }

    #[test]
    fn no_candidate_no_choice() {
        assert_eq!(choose(Vec::new(), &mut Chance::new(1)), None);
    }

    #[test]
    fn a_penalty_grows_with_each_3004_up_to_a_bound_and_fades() {
        let start = Instant::now();
        let mut penalty = Penalty::none(start);
        assert_eq!(penalty.share(start), 1.0);
        penalty.raise(start);
        assert_eq!(penalty.share(start), 0.5);
        assert!(penalty.share(start + HALF_LIFE) > 0.7);
        for _ in 0..100 {
            penalty.raise(start);
        }
        assert_eq!(penalty.share(start), 1.0 / 32.0);
        assert!(penalty.share(start + 20 * HALF_LIFE) > 0.999);
    }
}
