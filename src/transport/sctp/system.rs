//! The three system calls that no safe wrapper has for SCTP, and the promise that the runtime wants of a socket.
//! The calls take and fill octets; what those mean is said in `layout.rs`.
#![allow(
    unsafe_code,
    reason = "neither socket2 nor rustix sets or reads an option of protocol 132, or tells a notification from data"
)]

use std::{
    io,
    os::fd::{AsRawFd, BorrowedFd},
};

use libc::{c_int, c_void, iovec, msghdr, socklen_t};
use tokio::io::{Interest, unix::AsyncFd};

use super::socket::Socket;

/// What one call received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Octets of data; 0: the other side has nothing more to say.
    pub octets: usize,
    /// Octets of control messages.
    pub control: usize,
    /// Whether the message, or the notification, ends with them (MSG_EOR).
    pub is_last: bool,
    /// Whether it is of the kernel and not of the other side (MSG_NOTIFICATION).
    pub is_notification: bool,
}

/// MSG_NOTIFICATION (linux/sctp.h); libc has it only as a flag of ancillary data.
const MSG_NOTIFICATION: c_int = 0x8000;

/// Sets an option of SCTP.
pub(super) fn set(socket: BorrowedFd<'_>, option: c_int, value: &[u8]) -> io::Result<()> {
    let length = length(value.len())?;
    // SAFETY: the kernel reads `length` octets at the pointer, and those are `value`'s.
    let result = unsafe {
        let value = value.as_ptr().cast::<c_void>();
        libc::setsockopt(socket.as_raw_fd(), libc::IPPROTO_SCTP, option, value, length)
    };
    // SCTP_SOCKOPT_CONNECTX returns the number of the association, which is above 0.
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Reads an option of SCTP; `value` tells the kernel which association or path, and holds the answer. Returns how
/// much of it does.
pub(super) fn get(socket: BorrowedFd<'_>, option: c_int, value: &mut [u8]) -> io::Result<usize> {
    let mut length = length(value.len())?;
    // SAFETY: the kernel reads and writes no more than `length` octets at the pointer, and those are `value`'s.
    let result = unsafe {
        let value = value.as_mut_ptr().cast::<c_void>();
        libc::getsockopt(socket.as_raw_fd(), libc::IPPROTO_SCTP, option, value, &mut length)
    };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(usize::try_from(length).unwrap_or(0).min(value.len()))
}

/// Receives a message, a notification, or as much of one as there is room for.
pub(super) fn receive(socket: BorrowedFd<'_>, data: &mut [u8], control: &mut [u8]) -> io::Result<Part> {
    let mut data = iovec { iov_base: data.as_mut_ptr().cast(), iov_len: data.len() };
    // SAFETY: zeros are a valid msghdr, one without anything.
    let mut message: msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = &mut data;
    message.msg_iovlen = 1;
    message.msg_control = control.as_mut_ptr().cast();
    // Its type is not the same everywhere.
    message.msg_controllen = control.len() as _;
    // SAFETY: the kernel writes no more than the lengths in `message` allow, and those are the buffers'.
    let received = unsafe { libc::recvmsg(socket.as_raw_fd(), &mut message, libc::MSG_DONTWAIT) };
    // Negative: it failed.
    let octets = usize::try_from(received).map_err(|_| io::Error::last_os_error())?;
    Ok(Part {
        octets,
        control: (message.msg_controllen as usize).min(control.len()),
        is_last: message.msg_flags & libc::MSG_EOR != 0,
        is_notification: message.msg_flags & MSG_NOTIFICATION != 0,
    })
}

/// The socket, watched by the runtime.
pub(super) fn watched(socket: Socket) -> io::Result<AsyncFd<Socket>> {
    // SAFETY: a `Socket` owns one file descriptor from its making to its drop, and never shows another.
    let watched = unsafe { AsyncFd::register_with_interest(socket, Interest::READABLE | Interest::WRITABLE) };
    Ok(watched?)
}

fn length(octets: usize) -> io::Result<socklen_t> {
    socklen_t::try_from(octets).map_err(|_| io::ErrorKind::InvalidInput.into())
}
