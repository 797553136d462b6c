//! A socket of SCTP, one-to-one style (RFC 6458 §4): one association or one listener.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
};

use libc::c_int;
use socket2::{Domain, MsgHdr, Protocol, Type};

use crate::wire::MAX_MESSAGE;

use super::{
    SctpConfig, layout,
    layout::{Path, Status},
    system::{self, Part},
};

/// Options that only Linux has (linux/sctp.h), under the names there.
const SCTP_SOCKOPT_BINDX_ADD: c_int = 100;
const SCTP_GET_PEER_ADDRS: c_int = 108;
const SCTP_GET_LOCAL_ADDRS: c_int = 109;
const SCTP_SOCKOPT_CONNECTX: c_int = 110;

/// Connections that wait to be accepted, at most.
const BACKLOG: c_int = 128;

/// Room for the addresses of one side. Octets.
const ADDRESSES: usize = 4096;

/// A socket that never blocks. Closed when it is dropped, in order unless something that came in was not read.
#[derive(Debug)]
pub(super) struct Socket(socket2::Socket);

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Socket {
    /// A socket for these addresses, those of the other side among them, with everything that an association takes
    /// from the socket that makes or accepts it.
    pub fn new(config: &SctpConfig, addresses: &[SocketAddr]) -> io::Result<Self> {
        let is_v4 = addresses.iter().all(SocketAddr::is_ipv4);
        let domain = if is_v4 { Domain::IPV4 } else { Domain::IPV6 };
        let kind = Type::STREAM.nonblocking().cloexec();
        let socket = Self(socket2::Socket::new(domain, kind, Some(Protocol::SCTP)).map_err(explained)?);
        socket.0.set_reuse_address(true)?;
        // A message that is longer than this is refused. The kernel takes twice as much, or as much as it allows.
        socket.0.set_send_buffer_size(MAX_MESSAGE)?;
        if !is_v4 {
            // IPv4 addresses as such, and not within IPv6 ones.
            socket.set(libc::SCTP_I_WANT_MAPPED_V4_ADDR, &layout::int(0))?;
        }
        socket.set(libc::SCTP_EVENTS, &layout::events())?;
        socket.set(libc::SCTP_RECVRCVINFO, &layout::int(1))?;
        // Small messages are not held back, and the parts of one are not mixed with those of another.
        socket.set(libc::SCTP_NODELAY, &layout::int(1))?;
        socket.set(libc::SCTP_FRAGMENT_INTERLEAVE, &layout::int(0))?;
        socket.set(libc::SCTP_INITMSG, &layout::initmsg(config.streams))?;
        let optional = [
            (libc::SCTP_RTOINFO, layout::rtoinfo(config)),
            (libc::SCTP_ASSOCINFO, layout::assocparams(config)),
            (libc::SCTP_PEER_ADDR_PARAMS, layout::paddrparams(config)),
        ];
        for (option, value) in optional {
            if let Some(value) = value {
                socket.set(option, &value)?;
            }
        }
        Ok(socket)
    }

    /// Takes these addresses, all with the port of the first.
    pub fn bind(&self, addresses: &[SocketAddr]) -> io::Result<()> {
        self.set(SCTP_SOCKOPT_BINDX_ADD, &layout::addresses(addresses))
    }

    /// Lets others make associations.
    pub fn listen(&self) -> io::Result<()> {
        self.0.listen(BACKLOG).map_err(|error| match error.raw_os_error() {
            Some(libc::ENOSYS) => io::Error::new(
                error.kind(),
                "the kernel lacks the hash that net.sctp.cookie_hmac_alg names: load its module \
                 (modprobe -a hmac sha1_generic), or set that to none",
            ),
            _ => error,
        })
    }

    /// An association that somebody made.
    pub fn accept(&self) -> io::Result<Self> {
        let (socket, _) = self.0.accept()?;
        socket.set_nonblocking(true)?;
        Ok(Self(socket))
    }

    /// Begins an association with a node that has all these addresses; the first is the primary path.
    pub fn connect(&self, addresses: &[SocketAddr]) -> io::Result<()> {
        match self.set(SCTP_SOCKOPT_CONNECTX, &layout::addresses(addresses)) {
            Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
            _ => Ok(()),
        }
    }

    /// What went wrong since this was last asked.
    pub fn take_error(&self) -> io::Result<()> {
        self.0.take_error()?.map_or(Ok(()), Err)
    }

    /// How the association is doing.
    pub fn status(&self) -> io::Result<Status> {
        let mut value = vec![0; layout::STATUS];
        let length = system::get(self.as_fd(), libc::SCTP_STATUS, &mut value)?;
        value.get(..length).and_then(layout::read_status).ok_or_else(odd)
    }

    /// Where the first of its addresses is: the port that all have.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()?.as_socket().ok_or_else(odd)
    }

    /// Our addresses on the association.
    pub fn local_addresses(&self) -> io::Result<Vec<IpAddr>> {
        Ok(self.addresses(SCTP_GET_LOCAL_ADDRS)?.iter().map(SocketAddr::ip).collect())
    }

    /// Those of the other side.
    pub fn remote_addresses(&self) -> io::Result<Vec<SocketAddr>> {
        self.addresses(SCTP_GET_PEER_ADDRS)
    }

    fn addresses(&self, option: c_int) -> io::Result<Vec<SocketAddr>> {
        let mut value = vec![0; ADDRESSES];
        // The length that comes back leaves something out, or says too much; the number of addresses is right.
        system::get(self.as_fd(), option, &mut value)?;
        Ok(layout::read_addresses(&value))
    }

    /// How the path to one of them is doing.
    pub fn path(&self, address: &SocketAddr) -> io::Result<Path> {
        let mut value = layout::path_query(address);
        let length = system::get(self.as_fd(), libc::SCTP_GET_PEER_ADDR_INFO, &mut value)?;
        value.get(..length).and_then(layout::read_path).ok_or_else(odd)
    }

    /// Sends a whole message on a stream, or, with no room for it, nothing.
    pub fn send(&self, message: &[u8], stream: u16) -> io::Result<()> {
        let (parts, control) = ([io::IoSlice::new(message)], layout::send_control(stream));
        let header = MsgHdr::new().with_buffers(&parts).with_control(&control);
        // All of a message is taken, or none.
        self.0.sendmsg(&header, libc::MSG_NOSIGNAL).map(|_| ())
    }

    /// Receives (a part of) a message or a notification; with a message its PPID, if it has one.
    pub fn receive(&self, room: &mut [u8]) -> io::Result<(Part, Option<u32>)> {
        let mut control = [0; layout::CONTROL];
        let part = system::receive(self.as_fd(), room, &mut control)?;
        let ppid = control.get(..part.control).and_then(layout::read_ppid);
        Ok((part, ppid))
    }

    /// Ends the association once everything is delivered.
    pub fn shut_down(&self) -> io::Result<()> {
        match self.0.shutdown(std::net::Shutdown::Write) {
            // The other side was first.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }

    fn set(&self, option: c_int, value: &[u8]) -> io::Result<()> {
        system::set(self.as_fd(), option, value)
    }
}

/// Says what to do where there is no SCTP.
fn explained(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(libc::EPROTONOSUPPORT | libc::ESOCKTNOSUPPORT) => io::Error::new(
            io::ErrorKind::Unsupported,
            "this system's kernel has no SCTP: load its module (modprobe sctp; some distributions have it in a \
             package of its own, such as kernel-modules-extra or linux-modules-extra, or forbid it in \
             /etc/modprobe.d), or use TCP",
        ),
        _ => error,
    }
}

fn odd() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the kernel answers otherwise than linux/sctp.h says")
}
