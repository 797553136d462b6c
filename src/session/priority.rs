//! Which sessions come first, and are shed last: the DRMP of their requests (RFC 7944 §8).
//!
//! A session is a priority session by what its service information says (TS 29.214 §4.4.1, §5.3, Annex A.9, A.10);
//! whether a caller may say so is decided where callers are known.

use crate::{
    dict::enums::{Drmp, ReservationPriority},
    rx::AaRequest,
};

/// The highest Reservation-Priority that has a name (TS 29.214 §5.3, ETSI TS 183 017).
const HIGHEST_RESERVATION: u32 = ReservationPriority::PRIORITY_FIFTEEN.0;

/// The DRMP of a session with this service information: 0 is the most important. `None`: an ordinary session.
///
/// What the caller gave itself counts. Without that: emergency 0, multimedia priority service 1, mission critical
/// services 2, and Reservation-Priority 15 to 1 from 3 to 9.
pub fn drmp(service: &AaRequest<'_>) -> Option<Drmp> {
    let mission_critical = [&service.gcs_identifier, &service.mcptt_identifier, &service.mcvideo_identifier];
    let reservation = service.reservation_priority.map_or(0, |priority| priority.0.min(HIGHEST_RESERVATION));
    let derived = if service.service_urn.as_deref().is_some_and(is_emergency) {
        Drmp::PRIORITY_0
    } else if service.mps_identifier.is_some() {
        Drmp::PRIORITY_1
    } else if mission_critical.into_iter().any(Option::is_some) {
        Drmp::PRIORITY_2
    } else if reservation > 0 {
        Drmp(3 + 6 * (HIGHEST_RESERVATION - reservation) / (HIGHEST_RESERVATION - 1))
    } else {
        return service.drmp;
    };
    service.drmp.or(Some(derived))
}

/// What of this service information makes its session come before others, or what has a say in that; `None`:
/// nothing. Reservation-Priority counts wherever it stands.
pub fn comes_first(service: &AaRequest<'_>) -> Option<&'static str> {
    let components = service.media_component_description.iter();
    let reserved =
        components.map(|component| component.reservation_priority).chain([service.reservation_priority]);
    let is_reserved = reserved.into_iter().flatten().any(|priority| priority != ReservationPriority::DEFAULT);
    if service.service_urn.as_deref().is_some_and(is_emergency) {
        Some("Service-URN")
    } else if service.mps_identifier.is_some() {
        Some("MPS-Identifier")
    } else if is_reserved {
        Some("Reservation-Priority")
    } else {
        drmp(service).map(|_| "DRMP")
    }
}

/// `sos` and everything below it (TS 29.214 §5.3.23, RFC 5031 §4.2), with or without `urn:service:`.
fn is_emergency(urn: &[u8]) -> bool {
    const PREFIX: &[u8] = b"urn:service:";
    let label = match urn.split_at_checked(PREFIX.len()) {
        Some((prefix, label)) if prefix.eq_ignore_ascii_case(PREFIX) => label,
        _ => urn,
    };
    let first = label.split(|octet| *octet == b'.').next().unwrap_or_default();
    first.eq_ignore_ascii_case(b"sos")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reserved(priority: u32) -> AaRequest<'static> {
        AaRequest { reservation_priority: Some(ReservationPriority(priority)), ..AaRequest::default() }
    }

    fn emergency(urn: &'static str) -> AaRequest<'static> {
        AaRequest { service_urn: Some(urn.as_bytes().into()), ..AaRequest::default() }
    }

    #[test]
    fn what_makes_a_priority_session_gives_its_drmp() {
        let mps = AaRequest { mps_identifier: Some(b"wps"[..].into()), ..reserved(4) };
        let mcptt = AaRequest { mcptt_identifier: Some(b"m"[..].into()), ..AaRequest::default() };
        let own = AaRequest { drmp: Some(Drmp::PRIORITY_14), ..emergency("sos") };
        for (service, expected) in [
            (AaRequest::default(), None),
            (reserved(0), None),
            (reserved(1), Some(9)),
            (reserved(8), Some(6)),
            (reserved(15), Some(3)),
            (reserved(u32::MAX), Some(3)),
            (mcptt, Some(2)),
            (mps, Some(1)),
            (emergency("sos"), Some(0)),
            (emergency("SOS.fire"), Some(0)),
            (emergency("urn:service:sos.police"), Some(0)),
            (emergency("counseling"), None),
            (emergency("sosii"), None),
            (own, Some(14)),
        ] {
            assert_eq!(drmp(&service).map(|drmp| drmp.0), expected, "{service:?}");
        }
    }
}
