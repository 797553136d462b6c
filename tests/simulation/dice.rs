//! Chance that a seed decides.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The same numbers from the same seed (splitmix64). Clones share them.
#[derive(Clone, Debug)]
pub struct Dice(Arc<AtomicU64>);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(AtomicU64::new(seed.wrapping_mul(STEP))))
    }

    /// Dice of their own for one part of the world: what one part asks for changes nothing for another.
    pub fn fork(&self) -> Self {
        Self::new(self.number())
    }

    pub fn number(&self) -> u64 {
        let mut mixed = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From zero to one less than `bound`.
    pub fn below(&self, bound: u64) -> u64 {
        (self.number() >> 32) % bound.max(1)
    }

    /// Once in so many times; never for zero.
    pub fn one_in(&self, bound: u64) -> bool {
        bound != 0 && self.below(bound) == 0
    }

    pub fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len() as u64) as usize)
    }

    /// Milliseconds, both ends included.
    pub fn millis(&self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to - from + 1))
    }
}
