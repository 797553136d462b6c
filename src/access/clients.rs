//! Clients, told apart by their addresses, and how often each may do something.

use std::{
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    time::Duration,
};

use tokio::time::Instant;

use super::pace::{Pace, Rate};

/// Clients that are told apart; those beyond share with others, nobody can choose with whom. 512 KiB.
const SLOTS: usize = 65_536;

/// What one client has to itself: an IPv4 address, or an IPv6 network of 64 bits (RFC 6177 §2).
pub(super) fn client(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

/// How often each of them does something.
#[derive(Debug)]
pub(super) struct Clients {
    rate: Rate,
    chance: RandomState,
    paces: Box<[Pace]>,
}

impl Clients {
    /// `burst`: at once, and then one after each time `every`.
    pub fn new(burst: u32, every: Duration) -> Self {
        let rate = Rate { every, burst, beginning: Instant::now() };
        let paces = (0..SLOTS).map(|_| Pace::default()).collect();
        Self { rate, chance: RandomState::new(), paces }
    }

    /// Counts one, or says when there may be another one.
    pub fn take(&self, from: IpAddr) -> Result<(), Duration> {
        self.pace(from).map_or(Ok(()), |pace| pace.take(self.rate, Instant::now()))
    }

    /// Takes back one that was counted.
    pub fn give_back(&self, from: IpAddr) {
        if let Some(pace) = self.pace(from) {
            pace.give_back(self.rate);
        }
    }

    fn pace(&self, from: IpAddr) -> Option<&Pace> {
        let slot = self.chance.hash_one(client(from)) % u64::try_from(self.paces.len()).ok()?;
        self.paces.get(usize::try_from(slot).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_client_has_a_whole_network() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(client(address("2001:db8:1:2:3::4")), address("2001:db8:1:2::"));
        assert_eq!(client(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }

    #[tokio::test(start_paused = true)]
    async fn each_client_has_its_own() {
        let clients = Clients::new(2, Duration::from_secs(1));
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        assert_eq!([clients.take(one), clients.take(one)], [Ok(()); 2]);
        assert_eq!(clients.take(one), Err(Duration::from_secs(1)));
        assert_eq!(clients.take(other), Ok(()));
        clients.give_back(one);
        assert_eq!(clients.take(one), Ok(()));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(clients.take(one), Ok(()));
    }
}
