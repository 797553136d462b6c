//! What the kernel tells of an association beside its messages (RFC 6458 §6.1): read, logged, counted.

use std::net::SocketAddr;

use super::layout::Fields;
use crate::{
    counters::{count, counters},
    metrics::{Collect, Page},
};

counters! {
    /// Associations that were set up.
    association_up;
    /// Associations that broke: aborted by the other side, or none of their paths worked any more.
    association_lost;
    /// Associations that the other side began anew, having forgotten the old one.
    association_restarted;
    /// Associations that were ended in order.
    association_shut_down;
    /// Associations that did not come about.
    association_not_set_up;
    /// Paths that work again.
    path_available;
    /// Paths that do not work any more.
    path_unreachable;
    /// Paths that were taken away.
    path_removed;
    /// Paths that were added.
    path_added;
    /// Paths that became the primary one.
    path_made_primary;
    /// Paths whose address answered for the first time.
    path_confirmed;
    /// Paths on which an answer is overdue.
    path_potentially_failed;
    /// Messages that could not be delivered.
    send_failed;
    /// Errors that the other side reported.
    remote_error;
    /// Ends that the other side began.
    shutdown;
    /// Messages that broke off in the middle.
    partial_delivery_aborted;
    /// What this program does not know.
    unknown;
}

impl Collect for Counters {
    fn collect(&self, page: &mut Page) {
        let mut events =
            page.counter("rxgate_sctp_events_total", "What the kernel told of SCTP associations and paths.");
        for (event, value) in self.read() {
            events.sample(&[("event", event)], value);
        }
    }
}

/// A notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Notification {
    /// SCTP_ASSOC_CHANGE.
    Association(AssociationChange),
    /// SCTP_PEER_ADDR_CHANGE.
    Path { address: SocketAddr, change: PathChange },
    /// SCTP_SEND_FAILED.
    SendFailed,
    /// SCTP_REMOTE_ERROR, with the cause (RFC 9260 §3.3.10).
    RemoteError { cause: u16 },
    /// SCTP_SHUTDOWN_EVENT.
    Shutdown,
    /// SCTP_PARTIAL_DELIVERY_EVENT.
    PartialDeliveryAborted,
    /// Anything else, or cut short.
    Unknown,
}

/// sctp_sac_state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AssociationChange {
    Up,
    Lost,
    Restarted,
    ShutDown,
    NotSetUp,
}

/// sctp_spc_state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathChange {
    Available,
    Unreachable,
    Removed,
    Added,
    MadePrimary,
    Confirmed,
    PotentiallyFailed,
}

impl Notification {
    pub fn read(octets: &[u8]) -> Self {
        Self::known(octets).unwrap_or(Self::Unknown)
    }

    fn known(octets: &[u8]) -> Option<Self> {
        let mut fields = Fields(octets);
        let kind = fields.u16()?;
        // Flags and length.
        fields.skip(2 + 4)?;
        Some(match kind {
            0x8001 => Self::Association(match fields.u16()? {
                0 => AssociationChange::Up,
                1 => AssociationChange::Lost,
                2 => AssociationChange::Restarted,
                3 => AssociationChange::ShutDown,
                4 => AssociationChange::NotSetUp,
                _ => return None,
            }),
            0x8002 => {
                let address = fields.storage()?;
                let change = match fields.i32()? {
                    0 => PathChange::Available,
                    1 => PathChange::Unreachable,
                    2 => PathChange::Removed,
                    3 => PathChange::Added,
                    4 => PathChange::MadePrimary,
                    5 => PathChange::Confirmed,
                    6 => PathChange::PotentiallyFailed,
                    _ => return None,
                };
                Self::Path { address, change }
            }
            0x8003 => Self::SendFailed,
            // The one number that is in network order.
            0x8004 => Self::RemoteError { cause: u16::from_be(fields.u16()?) },
            0x8005 => Self::Shutdown,
            0x8006 => Self::PartialDeliveryAborted,
            _ => return None,
        })
    }

    /// Counts it, and says it where somebody may want to know. `remote`: whose association.
    pub fn note(self, counters: &Counters, remote: &str) {
        use AssociationChange as Association;
        count(match self {
            Self::Association(Association::Up) => &counters.association_up,
            Self::Association(Association::Lost) => &counters.association_lost,
            Self::Association(Association::Restarted) => &counters.association_restarted,
            Self::Association(Association::ShutDown) => &counters.association_shut_down,
            Self::Association(Association::NotSetUp) => &counters.association_not_set_up,
            Self::Path { change: PathChange::Available, .. } => &counters.path_available,
            Self::Path { change: PathChange::Unreachable, .. } => &counters.path_unreachable,
            Self::Path { change: PathChange::Removed, .. } => &counters.path_removed,
            Self::Path { change: PathChange::Added, .. } => &counters.path_added,
            Self::Path { change: PathChange::MadePrimary, .. } => &counters.path_made_primary,
            Self::Path { change: PathChange::Confirmed, .. } => &counters.path_confirmed,
            Self::Path { change: PathChange::PotentiallyFailed, .. } => &counters.path_potentially_failed,
            Self::SendFailed => &counters.send_failed,
            Self::RemoteError { .. } => &counters.remote_error,
            Self::Shutdown => &counters.shutdown,
            Self::PartialDeliveryAborted => &counters.partial_delivery_aborted,
            Self::Unknown => &counters.unknown,
        });
        match self {
            Self::Path { address, change: change @ (PathChange::Unreachable | PathChange::Removed) } => {
                tracing::warn!(%remote, path = %address.ip(), ?change, "SCTP path");
            }
            Self::Path { address, change } => {
                tracing::info!(%remote, path = %address.ip(), ?change, "SCTP path");
            }
            Self::Association(Association::Up | Association::ShutDown) | Self::Shutdown => {
                tracing::debug!(%remote, event = ?self, "SCTP association");
            }
            Self::Association(change) => tracing::warn!(%remote, ?change, "SCTP association"),
            Self::SendFailed | Self::PartialDeliveryAborted => {
                tracing::debug!(%remote, event = ?self, "SCTP message");
            }
            Self::RemoteError { cause } => tracing::warn!(%remote, cause, "the other side reports an error"),
            Self::Unknown => tracing::debug!(%remote, "unknown SCTP notification"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(kind: u16, rest: &[u8]) -> Vec<u8> {
        let length = 8 + rest.len() as u32;
        [&kind.to_ne_bytes()[..], &[0, 0], &length.to_ne_bytes(), rest].concat()
    }

    #[test]
    fn notifications_are_read_and_counted() {
        let path = |state: i32| {
            let mut rest = super::super::layout::addresses(&["10.0.1.1:3868".parse().unwrap()]);
            rest.resize(128, 0);
            rest.extend([state.to_ne_bytes(), 0_i32.to_ne_bytes(), 7_i32.to_ne_bytes()].concat());
            octets(0x8002, &rest)
        };
        let address = "10.0.1.1:3868".parse().unwrap();
        let lost = octets(0x8001, &[1_u16.to_ne_bytes(), 0_u16.to_ne_bytes()].concat());
        let cases = [
            (lost.clone(), Notification::Association(AssociationChange::Lost), "association_lost"),
            (path(1), Notification::Path { address, change: PathChange::Unreachable }, "path_unreachable"),
            (path(0), Notification::Path { address, change: PathChange::Available }, "path_available"),
            (octets(0x8003, &[0; 40]), Notification::SendFailed, "send_failed"),
            (octets(0x8004, &[0, 13]), Notification::RemoteError { cause: 13 }, "remote_error"),
            (octets(0x8005, &[0; 4]), Notification::Shutdown, "shutdown"),
            (octets(0x8006, &[0; 16]), Notification::PartialDeliveryAborted, "partial_delivery_aborted"),
            (octets(0x80ff, &[0; 16]), Notification::Unknown, "unknown"),
            (path(77), Notification::Unknown, "unknown"),
            (lost[..9].to_vec(), Notification::Unknown, "unknown"),
            (Vec::new(), Notification::Unknown, "unknown"),
        ];
        for (octets, expected, event) in cases {
            let counters = Counters::default();
            let read = Notification::read(&octets);
            assert_eq!(read, expected);
            read.note(&counters, "10.0.1.1:3868");
            let counted: Vec<_> = counters.read().filter(|(_, value)| *value == 1).collect();
            assert_eq!(counted, [(event, 1)]);
        }
    }
}
