//! What to do about a peer that cannot be connected to.

use std::io::{self, ErrorKind};

/// The error with what to look at. Those that a transport made itself say so already.
pub(super) fn on(error: &io::Error) -> String {
    let look_at = match error.kind() {
        ErrorKind::ConnectionAborted | ErrorKind::Unsupported => return error.to_string(),
        ErrorKind::ConnectionRefused => {
            "nobody listens there: check that it runs, its `address` and `transport`"
        }
        ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            "check its `address`, the route there, and firewalls"
        }
        ErrorKind::NotFound => "check the name in its `address`, and the name servers of this machine",
        ErrorKind::ConnectionReset => "check its log, and whether it knows this gateway",
        ErrorKind::AddrNotAvailable => "check the addresses of this machine",
        ErrorKind::PermissionDenied => "check the firewall of this machine",
        _ => "check that it runs, its `address`, and firewalls",
    };
    format!("{error}: {look_at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_has_its_own_advice_and_a_transport_that_gives_some_is_left_alone() {
        for (kind, ends) in [
            (
                ErrorKind::ConnectionRefused,
                "x: nobody listens there: check that it runs, its `address` and `transport`",
            ),
            (ErrorKind::TimedOut, "x: check its `address`, the route there, and firewalls"),
            (ErrorKind::NotFound, "x: check the name in its `address`, and the name servers of this machine"),
            (ErrorKind::Other, "x: check that it runs, its `address`, and firewalls"),
            (ErrorKind::ConnectionAborted, "x"),
            (ErrorKind::Unsupported, "x"),
        ] {
            assert_eq!(on(&io::Error::new(kind, "x")), ends);
        }
    }
}
