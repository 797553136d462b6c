//! What is replaced while others work with it.

use std::sync::{Arc, PoisonError, RwLock};

/// A value in force. Cheap to clone: all clones have the same value, and whoever works with it asks anew each
/// time.
#[derive(Debug, Default)]
pub struct Live<T>(Arc<RwLock<T>>);

impl<T: Clone> Live<T> {
    /// What is in force now.
    pub fn get(&self) -> T {
        // It is replaced in one step: what a panic left behind is whole.
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts something else into force.
    pub fn set(&self, value: T) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value;
    }
}

impl<T> From<T> for Live<T> {
    fn from(value: T) -> Self {
        Self(Arc::new(RwLock::new(value)))
    }
}

impl<T> Clone for Live<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_clones_have_the_same_value() {
        let live = Live::from(1);
        let other = live.clone();
        other.set(2);
        assert_eq!(live.get(), 2);
    }
}
