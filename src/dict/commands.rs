//! Command Codes (RFC 6733 §3.1, TS 29.214 §5.6). `tests/dictionary.rs` compares them with the dictionary.

use crate::wire::{CommandFlags, Header};

/// Capabilities-Exchange (RFC 6733 §5.3).
pub const CAPABILITIES_EXCHANGE: u32 = 257;
/// Re-Auth (RFC 6733 §8.3, TS 29.214 §5.6.3).
pub const RE_AUTH: u32 = 258;
/// AA (RFC 7155 §3.1, TS 29.214 §5.6.1).
pub const AA: u32 = 265;
/// Abort-Session (RFC 6733 §8.5, TS 29.214 §5.6.7).
pub const ABORT_SESSION: u32 = 274;
/// Session-Termination (RFC 6733 §8.4, TS 29.214 §5.6.5).
pub const SESSION_TERMINATION: u32 = 275;
/// Device-Watchdog (RFC 6733 §5.5).
pub const DEVICE_WATCHDOG: u32 = 280;
/// Disconnect-Peer (RFC 6733 §5.4).
pub const DISCONNECT_PEER: u32 = 282;

/// Code, then names and abbreviations of request and answer.
type Names = (u32, [&'static str; 2], [&'static str; 2]);

const NAMES: [Names; 7] = [
    (
        CAPABILITIES_EXCHANGE,
        ["Capabilities-Exchange-Request", "Capabilities-Exchange-Answer"],
        ["CER", "CEA"],
    ),
    (RE_AUTH, ["Re-Auth-Request", "Re-Auth-Answer"], ["RAR", "RAA"]),
    (AA, ["AA-Request", "AA-Answer"], ["AAR", "AAA"]),
    (ABORT_SESSION, ["Abort-Session-Request", "Abort-Session-Answer"], ["ASR", "ASA"]),
    (SESSION_TERMINATION, ["Session-Termination-Request", "Session-Termination-Answer"], ["STR", "STA"]),
    (DEVICE_WATCHDOG, ["Device-Watchdog-Request", "Device-Watchdog-Answer"], ["DWR", "DWA"]),
    (DISCONNECT_PEER, ["Disconnect-Peer-Request", "Disconnect-Peer-Answer"], ["DPR", "DPA"]),
];

fn find(code: u32) -> Option<&'static Names> {
    NAMES.iter().find(|(known, _, _)| *known == code)
}

/// `AA-Request`; `None` for commands that the program does not handle.
pub fn command_name(code: u32, is_request: bool) -> Option<&'static str> {
    find(code).map(|(_, [request, answer], _)| if is_request { *request } else { *answer })
}

/// `AAR` or `AAA`, as logs call a message; `None` for commands that the program does not handle.
pub fn abbreviation_of(header: Header) -> Option<&'static str> {
    abbreviation(header.command, header.flags.contains(CommandFlags::REQUEST))
}

/// `AAR`; `None` for commands that the program does not handle.
pub fn abbreviation(code: u32, is_request: bool) -> Option<&'static str> {
    find(code).map(|(_, _, [request, answer])| if is_request { *request } else { *answer })
}
