//! What wrong tokens may cost: so many of one client are looked at, and those beyond are turned away before anything
//! of them is.
//!
//! Each takes something of the client that it comes from, and gets it back if it is right. A token that was right
//! takes nothing: so who has one is served while others behind the same address, as a proxy has it, forge them. It is
//! looked at all the same, each time, so that nothing can outlive its time, its application or its key. Tokens that
//! were right are known by a keyed hash. A new token from where others forge may be turned away.

use std::{
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::{
    Secret,
    clients::Clients,
    secret::ChanceError,
    tag::{Tag, Tagger},
};

/// Wrong tokens of one client that are looked at: at once, and then one in so long. A signature takes a tenth of a
/// millisecond: so the client gets less than a hundredth of a processor, and one whose many tokens expire at the
/// same moment notices nothing.
const BURST: u32 = 200;
const EVERY: Duration = Duration::from_millis(20);

/// Tokens that are remembered to have been right; of two that fall together the later one is. 256 KiB.
const REMEMBERED: usize = 8192;

/// Who shows tokens.
pub(super) struct Bearers {
    clients: Clients,
    tagger: Tagger,
    /// By the slot of the tag.
    right: Mutex<Vec<Option<Tag>>>,
}

/// A token that may be looked at.
pub(super) struct Admitted<'a> {
    bearers: &'a Bearers,
    tag: Tag,
    from: IpAddr,
    was_right: bool,
}

impl Bearers {
    pub fn new() -> Result<Self, ChanceError> {
        let right = Mutex::new(vec![None; REMEMBERED]);
        Ok(Self { clients: Clients::new(BURST, EVERY), tagger: Tagger::new()?, right })
    }

    /// Whether a token may be looked at, or when to come back.
    pub fn admit(&self, token: &Secret, from: IpAddr) -> Result<Admitted<'_>, Duration> {
        let tag = self.tagger.tag("", token);
        let was_right = self.right().get(tag.slot(REMEMBERED)) == Some(&Some(tag));
        if !was_right {
            self.clients.take(from)?;
        }
        Ok(Admitted { bearers: self, tag, from, was_right })
    }

    fn right(&self) -> MutexGuard<'_, Vec<Option<Tag>>> {
        self.right.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admitted<'_> {
    /// It is right.
    pub fn right(self) {
        if !self.was_right {
            self.remember(Some(self.tag));
        }
        self.give_back();
    }

    /// Nobody knows whether it is.
    pub fn give_back(self) {
        if !self.was_right {
            self.bearers.clients.give_back(self.from);
        }
    }

    /// It is wrong, by now.
    pub fn wrong(self) {
        if self.was_right {
            self.remember(None);
        }
    }

    fn remember(&self, tag: Option<Tag>) {
        if let Some(slot) = self.bearers.right().get_mut(self.tag.slot(REMEMBERED)) {
            *slot = tag;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn wrong_tokens_run_out_and_those_that_were_right_go_on() {
        let bearers = Bearers::new().unwrap();
        let here = IpAddr::from([192, 0, 2, 1]);
        let token = |text: &str| Secret::from(text);
        for _ in 0..2 * BURST {
            bearers.admit(&token("right"), here).unwrap().right();
        }
        for number in 0..BURST {
            bearers.admit(&token(&format!("forged {number}")), here).unwrap().wrong();
        }
        assert_eq!(bearers.admit(&token("forged"), here).err(), Some(EVERY));
        assert!(bearers.admit(&token("another"), [192, 0, 2, 2].into()).is_ok());
        bearers.admit(&token("right"), here).unwrap().right();
        // Expired, or revoked: it is as any other from now on.
        bearers.admit(&token("right"), here).unwrap().wrong();
        assert_eq!(bearers.admit(&token("right"), here).err(), Some(EVERY));
        tokio::time::advance(EVERY).await;
        bearers.admit(&token("right"), here).unwrap().wrong();
    }
}
