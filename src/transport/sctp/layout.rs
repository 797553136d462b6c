//! The kernel's structures for SCTP as octets (linux/sctp.h, RFC 6458): written and read field by field, with the
//! padding that C puts between them. Numbers are in the order of this machine unless it says otherwise.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use libc::c_int;

use super::SctpConfig;

/// Payload Protocol Identifier of Diameter without DTLS (RFC 6733 §2.1).
pub(super) const PPID_DIAMETER: u32 = 46;

/// Room for an address of any family: sockaddr_storage. Octets.
const STORAGE: usize = 128;

/// Octets of sctp_paddrinfo.
const PATH: usize = 4 + STORAGE + 5 * 4;

/// Octets of sctp_status.
pub(super) const STATUS: usize = 24 + PATH;

/// Octets of a control message with sctp_sndinfo or sctp_rcvinfo: cmsghdr, then 16 or 28 of them.
pub(super) const CONTROL: usize = CMSGHDR + 28;

/// Octets of cmsghdr: a size, the level, the type.
const CMSGHDR: usize = size_of::<usize>() + 8;

/// Types of control messages.
const SCTP_SNDINFO: i32 = 2;
const SCTP_RCVINFO: i32 = 3;

/// The association of a socket that can have one only.
const THIS_ASSOCIATION: i32 = 0;

/// spp_flags: the interval of heartbeats is meant.
const SPP_HB_ENABLE: u32 = 1;

// ---- Writing

/// Fields of a structure, one after the other.
#[derive(Default)]
struct Put(Vec<u8>);

impl Put {
    fn u16(mut self, value: u16) -> Self {
        self.0.extend(value.to_ne_bytes());
        self
    }

    fn u32(mut self, value: u32) -> Self {
        self.0.extend(value.to_ne_bytes());
        self
    }

    fn i32(mut self, value: i32) -> Self {
        self.0.extend(value.to_ne_bytes());
        self
    }

    fn octets(mut self, octets: &[u8]) -> Self {
        self.0.extend(octets);
        self
    }

    /// Nothing, up to this many octets.
    fn fill(mut self, length: usize) -> Self {
        self.0.resize(length, 0);
        self
    }
}

/// Octets of an `int`.
pub(super) fn int(value: c_int) -> Vec<u8> {
    Put::default().i32(value).0
}

/// sockaddr_in and sockaddr_in6, one after the other.
pub(super) fn addresses(addresses: &[SocketAddr]) -> Vec<u8> {
    addresses.iter().fold(Put::default(), |put, address| put.octets(&sockaddr(address))).0
}

fn sockaddr(address: &SocketAddr) -> Vec<u8> {
    let (family, port) = (if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 }, address.port());
    // Both families are small numbers.
    let put = Put::default().u16(family as u16).octets(&port.to_be_bytes());
    match address {
        SocketAddr::V4(address) => put.octets(&address.ip().octets()).fill(16).0,
        SocketAddr::V6(address) => {
            put.u32(address.flowinfo()).octets(&address.ip().octets()).u32(address.scope_id()).0
        }
    }
}

/// sctp_initmsg: as many streams as are wanted, both ways.
pub(super) fn initmsg(streams: u16) -> Vec<u8> {
    Put::default().u16(streams).u16(streams).fill(8).0
}

/// sctp_event_subscribe, in this order: data, associations, addresses, failed sending, errors of the peer,
/// shutdown, partial delivery. Only the first is not wanted.
pub(super) fn events() -> Vec<u8> {
    vec![0, 1, 1, 1, 1, 1, 1]
}

/// sctp_rtoinfo; 0 leaves a value as it is. `None`: nothing is configured.
pub(super) fn rtoinfo(config: &SctpConfig) -> Option<Vec<u8>> {
    let times = [config.rto_initial, config.rto_max, config.rto_min];
    times.iter().any(Option::is_some).then(|| {
        let put = Put::default().i32(THIS_ASSOCIATION);
        times.into_iter().fold(put, |put, time| put.u32(millis(time))).0
    })
}

/// sctp_assocparams; 0 leaves a value as it is. `None`: nothing is configured.
pub(super) fn assocparams(config: &SctpConfig) -> Option<Vec<u8>> {
    let most = config.association_max_retransmissions?;
    Some(Put::default().i32(THIS_ASSOCIATION).u16(most).fill(20).0)
}

/// sctp_paddrparams for every path; 0 leaves a value as it is. `None`: nothing is configured.
///
/// Its length is that of a kernel without the two last members, which later ones take as well.
pub(super) fn paddrparams(config: &SctpConfig) -> Option<Vec<u8>> {
    if config.heartbeat_interval.is_none() && config.path_max_retransmissions.is_none() {
        return None;
    }
    let put = Put::default().i32(THIS_ASSOCIATION).fill(4 + STORAGE).u32(millis(config.heartbeat_interval));
    let put = put.u16(config.path_max_retransmissions.unwrap_or(0)).u32(0).u32(0);
    Some(put.u32(config.heartbeat_interval.map_or(0, |_| SPP_HB_ENABLE)).fill(152).0)
}

fn millis(time: Option<Duration>) -> u32 {
    time.map_or(0, |time| u32::try_from(time.as_millis()).unwrap_or(u32::MAX))
}

/// sctp_paddrinfo that asks about one path.
pub(super) fn path_query(address: &SocketAddr) -> Vec<u8> {
    Put::default().i32(THIS_ASSOCIATION).octets(&sockaddr(address)).fill(PATH).0
}

/// A control message with sctp_sndinfo: on which stream a message of Diameter goes, in order.
pub(super) fn send_control(stream: u16) -> Vec<u8> {
    let length = CMSGHDR + 16;
    // One allocation: this is made for each message.
    let put = Put(Vec::with_capacity(length))
        .octets(&length.to_ne_bytes())
        .i32(libc::IPPROTO_SCTP)
        .i32(SCTP_SNDINFO);
    put.u16(stream).u16(0).octets(&PPID_DIAMETER.to_be_bytes()).u32(0).i32(THIS_ASSOCIATION).0
}

// ---- Reading

/// Fields of a structure, one after the other.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a>(pub &'a [u8]);

impl<'a> Fields<'a> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_ne_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_ne_bytes)
    }

    pub fn i32(&mut self) -> Option<i32> {
        self.take().map(i32::from_ne_bytes)
    }

    pub fn skip(&mut self, octets: usize) -> Option<()> {
        self.0 = self.0.get(octets..)?;
        Some(())
    }

    /// sockaddr_in or sockaddr_in6.
    fn sockaddr(&mut self) -> Option<SocketAddr> {
        let family = c_int::from(self.u16()?);
        let port = u16::from_be_bytes(self.take()?);
        match family {
            libc::AF_INET => {
                let ip = Ipv4Addr::from(self.take::<4>()?);
                self.skip(8)?;
                Some(SocketAddr::new(ip.into(), port))
            }
            libc::AF_INET6 => {
                self.skip(4)?;
                let ip = Ipv6Addr::from(self.take::<16>()?);
                self.skip(4)?;
                Some(SocketAddr::new(IpAddr::V6(ip), port))
            }
            _ => None,
        }
    }

    /// sockaddr_storage.
    pub fn storage(&mut self) -> Option<SocketAddr> {
        let mut here = *self;
        self.skip(STORAGE)?;
        here.sockaddr()
    }
}

/// sctp_getaddrs: the addresses of one side.
pub(super) fn read_addresses(octets: &[u8]) -> Vec<SocketAddr> {
    let mut fields = Fields(octets);
    let count = fields.i32().and_then(|_| fields.u32()).unwrap_or(0);
    (0..count).map_while(|_| fields.sockaddr()).collect()
}

/// sctp_paddrinfo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub address: SocketAddr,
    /// sctp_spinfo_state by name.
    pub state: &'static str,
    /// Smoothed round-trip time; the kernel knows whole milliseconds.
    pub round_trip: Duration,
    /// Retransmission time-out.
    pub timeout: Duration,
}

pub(super) fn read_path(octets: &[u8]) -> Option<Path> {
    let mut fields = Fields(octets);
    fields.i32()?;
    let address = fields.storage()?;
    let state = match fields.i32()? {
        0 => "inactive",
        1 => "potentially failed",
        2 => "active",
        3 => "unconfirmed",
        _ => "unknown",
    };
    fields.skip(4)?;
    let (round_trip, timeout) = (fields.u32()?, fields.u32()?);
    Some(Path {
        address,
        state,
        round_trip: Duration::from_millis(round_trip.into()),
        timeout: Duration::from_millis(timeout.into()),
    })
}

/// What of sctp_status is of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Status {
    pub is_established: bool,
    /// Streams that we may send on, at least one.
    pub streams: u16,
    /// Where messages go while that path works.
    pub primary: SocketAddr,
}

pub(super) fn read_status(octets: &[u8]) -> Option<Status> {
    const SCTP_ESTABLISHED: i32 = 4;
    let mut fields = Fields(octets);
    fields.i32()?;
    let state = fields.i32()?;
    fields.skip(4 + 2 + 2 + 2)?;
    let streams = fields.u16()?;
    fields.skip(4)?;
    let primary = read_path(fields.0)?.address;
    Some(Status { is_established: state == SCTP_ESTABLISHED, streams, primary })
}

/// The Payload Protocol Identifier in a control message with sctp_rcvinfo.
pub(super) fn read_ppid(control: &[u8]) -> Option<u32> {
    let mut fields = Fields(control);
    fields.skip(size_of::<usize>())?;
    let (level, kind) = (fields.i32()?, fields.i32()?);
    // Stream, its sequence number, flags, and two octets of padding.
    fields.skip(8)?;
    (level == libc::IPPROTO_SCTP && kind == SCTP_RCVINFO).then_some(())?;
    fields.take().map(u32::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back_as_they_were_written() {
        let given: Vec<SocketAddr> =
            ["10.0.1.1:3868", "[2001:db8::7]:3869"].iter().map(|text| text.parse().unwrap()).collect();
        let mut octets = [0_i32.to_ne_bytes(), 2_i32.to_ne_bytes()].concat();
        octets.extend(addresses(&given));
        assert_eq!(octets.len(), 8 + 16 + 28);
        assert_eq!(read_addresses(&octets), given);
        assert_eq!(read_addresses(&octets[..50]), given[..1], "cut short");
    }

    #[test]
    fn structures_have_the_kernels_sizes() {
        let config = SctpConfig {
            heartbeat_interval: Some(Duration::from_millis(500)),
            rto_min: Some(Duration::from_millis(200)),
            path_max_retransmissions: Some(1),
            association_max_retransmissions: Some(4),
            ..SctpConfig::default()
        };
        assert_eq!(rtoinfo(&config).unwrap().len(), 16);
        assert_eq!(assocparams(&config).unwrap().len(), 20);
        assert_eq!(paddrparams(&config).unwrap().len(), 152);
        assert_eq!((PATH, STATUS, initmsg(3).len()), (152, 176, 8));
        assert_eq!(path_query(&"127.0.0.1:1".parse().unwrap()).len(), PATH);
        assert_eq!(rtoinfo(&SctpConfig::default()), None);
        assert_eq!(paddrparams(&SctpConfig::default()), None);
    }

    #[test]
    fn the_ppid_goes_in_network_order() {
        let control = send_control(5);
        assert_eq!(control[CMSGHDR..CMSGHDR + 8], [&5_u16.to_ne_bytes()[..], &[0, 0, 0, 0, 0, 46]].concat());
        let received = Put::default().octets(&(CMSGHDR + 28).to_ne_bytes()).i32(132).i32(SCTP_RCVINFO);
        let received = received.u16(5).u16(0).u16(0).u16(0).octets(&[0, 0, 0, 46]).fill(CONTROL).0;
        assert_eq!(read_ppid(&received), Some(PPID_DIAMETER));
        assert_eq!(read_ppid(&control), None, "of another type");
        assert_eq!(read_ppid(&received[..20]), None);
    }

    #[test]
    fn a_path_and_the_status_are_read() {
        let path = |state: i32| {
            let address = "10.0.2.1:3868".parse().unwrap();
            let mut octets = path_query(&address);
            octets.truncate(4 + STORAGE);
            let numbers = [state, 4380, 12, 300, 1500];
            octets.extend(numbers.iter().flat_map(|number| number.to_ne_bytes()));
            octets
        };
        let expected = Path {
            address: "10.0.2.1:3868".parse().unwrap(),
            state: "active",
            round_trip: Duration::from_millis(12),
            timeout: Duration::from_millis(300),
        };
        assert_eq!(read_path(&path(2)), Some(expected));
        assert_eq!(read_path(&path(1)).unwrap().state, "potentially failed");
        assert_eq!(
            read_path(&path(2)[..150]).map(|path| path.state),
            Some("active"),
            "the last is not needed"
        );
        assert_eq!(read_path(&path(2)[..140]), None);
        let head = Put::default().i32(7).i32(4).u32(0).u16(0).u16(0).u16(8).u16(16).u32(1400);
        let status = head.octets(&path(2)).0;
        assert_eq!(status.len(), STATUS);
        let status = read_status(&status).unwrap();
        assert_eq!((status.is_established, status.streams, status.primary), (true, 16, expected.address));
    }
}
