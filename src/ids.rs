//! Names that nobody can guess and that sort by when they were made: UUIDs of version 7 (RFC 9562 §5.7).

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::atomic::{AtomicU64, Ordering},
};

use uuid::{Builder, Uuid};

/// A source of names.
#[derive(Debug)]
pub(crate) enum Ids {
    /// The system's chance and clock.
    System,
    /// Nothing but a number: the same names in every run, and no secrets. Names of a seed whose upper half is greater
    /// come later: the upper half counts the starts.
    Seeded { seed: u64, made: AtomicU64 },
}

impl Ids {
    /// Names from the system, or with a seed the same ones each time.
    pub fn new(seed: Option<u64>) -> Self {
        match seed {
            None => Self::System,
            Some(seed) => Self::Seeded { seed, made: AtomicU64::new(0) },
        }
    }

    /// A name that none had before.
    pub fn next(&self) -> Uuid {
        match self {
            Self::System => Uuid::now_v7(),
            Self::Seeded { seed, made } => {
                let number = made.fetch_add(1, Ordering::Relaxed);
                let mut hasher = DefaultHasher::new();
                (seed, number).hash(&mut hasher);
                let mut chance = [0; 10];
                chance[..8].copy_from_slice(&hasher.finish().to_be_bytes());
                Builder::from_unix_timestamp_millis((seed >> 32 << 16) + number, &chance).into_uuid()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_names_each_time_and_another_seed_others() {
        let made = |seed| {
            let ids = Ids::new(seed);
            [ids.next(), ids.next(), ids.next()]
        };
        assert_eq!(made(Some(1)), made(Some(1)));
        assert_ne!(made(Some(1)), made(Some(2)));
        assert_ne!(made(None), made(None));
        assert!(made(Some(7))[2] < made(Some(1 << 32))[0]);
        for names in [made(Some(1)), made(None)] {
            assert!(names.is_sorted() && names[0] != names[1]);
            assert!(names.iter().all(|name| name.get_version_num() == 7));
        }
    }
}
