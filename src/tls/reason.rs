//! Why there is no TLS, in sentences that end with what to do about it; none names anybody, for they are logged.

use std::{
    fmt, io,
    time::{Duration, UNIX_EPOCH},
};

use rustls::{AlertDescription, CertificateError, Error, ExtendedKeyPurpose, pki_types::UnixTime};

/// Why a handshake or a connection failed.
pub fn io_reason(error: &io::Error) -> String {
    match of_tls(error) {
        Some(error) => reason(error),
        None if error.kind() == io::ErrorKind::UnexpectedEof => "it closed the connection".into(),
        None => error.to_string(),
    }
}

/// What TLS has against a connection, if that is what ended it.
pub fn of_tls(error: &io::Error) -> Option<&Error> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

/// The same of an error of TLS.
pub fn reason(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => of_certificate(error),
        Error::InvalidCertRevocationList(error) => {
            format!("the CRL of its authority cannot be used ({}): get a new one", words(error))
        }
        Error::NoCertificatesPresented => "it shows no certificate, and has to: give it one there".into(),
        Error::InvalidMessage(why) => {
            format!("what it sends is not TLS ({}): look whether the port is right", words(why))
        }
        Error::AlertReceived(alert) => of_alert(*alert),
        Error::PeerIncompatible(why) => {
            format!(
                "no TLS in common, accepted are 1.2 and 1.3 with their modern cipher suites ({}): allow one of them there",
                words(why)
            )
        }
        Error::PeerMisbehaved(why) => {
            format!("what it sends breaks the rules of TLS ({}): look for a newer version of it", words(why))
        }
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "what it sends is not what TLS wants at that point: look whether the port is right".into()
        }
        other => other.to_string(),
    }
}

fn of_certificate(error: &CertificateError) -> String {
    const RENEW: &str = "have it renewed there, or set the clock of this machine";
    const LATER: &str = "have one made there that is valid now, or set the clock of this machine";
    const LIST: &str = "get a new one";
    match error {
        CertificateError::Expired => format!("its certificate has expired: {RENEW}"),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("its certificate expired on {}: {RENEW}", date(*not_after))
        }
        CertificateError::NotValidYet => format!("its certificate is not valid yet: {LATER}"),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("its certificate is not valid before {}: {LATER}", date(*not_before))
        }
        CertificateError::UnknownIssuer => {
            "its certificate is of no authority that is trusted here: add the authority to those that are, or have it \
             show its whole chain"
                .into()
        }
        CertificateError::Revoked => "its certificate is revoked: have it show another one".into(),
        CertificateError::UnknownRevocationStatus => {
            "no CRL here says whether its certificate is revoked: each authority on the way to it needs one"
                .into()
        }
        CertificateError::ExpiredRevocationList => {
            format!("the CRL of its authority is out of date: {LIST}")
        }
        CertificateError::ExpiredRevocationListContext { next_update, .. } => {
            format!("the CRL of its authority is out of date since {}: {LIST}", date(*next_update))
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name: have one made for the name or address by which it is reached"
                .into()
        }
        CertificateError::InvalidPurposeContext { required, .. } => format!(
            "its certificate is not made for this side of TLS: have one made with the extended key usage {}, or with \
             none",
            match required {
                ExtendedKeyPurpose::ClientAuth => "clientAuth",
                _ => "serverAuth",
            }
        ),
        CertificateError::InvalidPurpose => {
            "its certificate is not made for this side of TLS: have one made with another extended key usage".into()
        }
        CertificateError::BadSignature => {
            "its certificate is not signed by the authority that it names: have one made anew".into()
        }
        CertificateError::Other(other) => match other.0.downcast_ref() {
            Some(webpki::Error::CaUsedAsEndEntity) => {
                "its certificate is one of an authority (CA:TRUE): have one made that is not".into()
            }
            Some(webpki::Error::UnsupportedCertVersion) => {
                format!("its certificate is not of X.509 version 3: {VERSION_3}")
            }
            Some(why) => refused(&words(why)),
            None => refused("for another reason"),
        },
        other => refused(&words(other)),
    }
}

/// What to do about a certificate of an older version.
pub(super) const VERSION_3: &str = "have one made of version 3, with a subjectAltName";

fn refused(why: &str) -> String {
    format!("its certificate is refused ({why}): have one made anew")
}

fn of_alert(alert: AlertDescription) -> String {
    use AlertDescription as Alert;
    let its_log = "its log may say why";
    let what_to_do = match alert {
        Alert::CertificateRequired => {
            return "it wants a certificate and was shown none: show one of an authority that it trusts"
                .into();
        }
        Alert::UnrecognisedName => {
            return "it has no certificate for the name that it is reached by: have one made there, or use another name"
                .into();
        }
        Alert::HandshakeFailure | Alert::ProtocolVersion | Alert::InsufficientSecurity => {
            let name = name(alert);
            return format!("it has no TLS in common, offered are 1.2 and 1.3 ({name}): {its_log}");
        }
        Alert::UnknownCA => "have it trust the authority of that certificate",
        Alert::CertificateExpired => "renew that certificate, or set its clock",
        Alert::CertificateRevoked => "show another one",
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateUnknown
        | Alert::AccessDenied
        | Alert::DecryptError => its_log,
        _ => return format!("it ends TLS with the alert {}: {its_log}", name(alert)),
    };
    format!("it refuses the certificate it was shown ({}): {what_to_do}", name(alert))
}

/// As in RFC 8446 §6.
fn name(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::Unknown(number) => number.to_string(),
        known => words(known).replace(' ', "_"),
    }
}

/// The name of a variant as words, without what it holds.
pub(super) fn words(variant: impl fmt::Debug) -> String {
    let shown = format!("{variant:?}");
    let name = shown.split(|char: char| !char.is_ascii_alphanumeric()).next().unwrap_or_default();
    let mut words = String::new();
    let mut after_small = false;
    for char in name.chars() {
        if char.is_ascii_uppercase() && after_small {
            words.push(' ');
        }
        after_small = !char.is_ascii_uppercase();
        words.push(char.to_ascii_lowercase());
    }
    words
}

fn date(time: UnixTime) -> String {
    let at = UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()));
    at.map_or_else(|| format!("second {}", time.as_secs()), httpdate::fmt_http_date)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::{InvalidMessage, OtherError, PeerIncompatible, PeerMisbehaved};

    use super::*;

    #[test]
    fn every_reason_ends_with_what_to_do_and_shows_no_names_of_the_program() {
        let other = |error: webpki::Error| {
            Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(error))))
        };
        let presented = vec!["DnsName(\"pcrf.rx.test\")".to_owned()];
        let expected = "af.rx.test".try_into().unwrap();
        let alert = Error::AlertReceived;
        for (error, says) in [
            (
                Error::InvalidMessage(InvalidMessage::MissingData("Alert")),
                "what it sends is not TLS (missing data): look whether the port is right",
            ),
            (
                Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
                "no TLS in common, accepted are 1.2 and 1.3 with their modern cipher suites (no cipher suites in \
                 common): allow one of them there",
            ),
            (
                Error::PeerMisbehaved(PeerMisbehaved::TooManyEmptyFragments),
                "what it sends breaks the rules of TLS (too many empty fragments): look for a newer version of it",
            ),
            (
                CertificateError::NotValidForNameContext { expected, presented }.into(),
                "its certificate is for another name: have one made for the name or address by which it is reached",
            ),
            (
                CertificateError::InvalidPurposeContext {
                    required: ExtendedKeyPurpose::ClientAuth,
                    presented: vec![ExtendedKeyPurpose::ServerAuth],
                }
                .into(),
                "its certificate is not made for this side of TLS: have one made with the extended key usage clientAuth, \
                 or with none",
            ),
            (
                other(webpki::Error::CaUsedAsEndEntity),
                "its certificate is one of an authority (CA:TRUE): have one made that is not",
            ),
            (
                other(webpki::Error::UnsupportedCertVersion),
                "its certificate is not of X.509 version 3: have one made of version 3, with a subjectAltName",
            ),
            (
                other(webpki::Error::NameConstraintViolation),
                "its certificate is refused (name constraint violation): have one made anew",
            ),
            (
                CertificateError::BadEncoding.into(),
                "its certificate is refused (bad encoding): have one made anew",
            ),
            (
                alert(AlertDescription::UnknownCA),
                "it refuses the certificate it was shown (unknown_ca): have it trust the authority of that certificate",
            ),
            (
                alert(AlertDescription::BadCertificate),
                "it refuses the certificate it was shown (bad_certificate): its log may say why",
            ),
            (
                alert(AlertDescription::HandshakeFailure),
                "it has no TLS in common, offered are 1.2 and 1.3 (handshake_failure): its log may say why",
            ),
            (
                alert(AlertDescription::InternalError),
                "it ends TLS with the alert internal_error: its log may say why",
            ),
            (alert(AlertDescription::from(200)), "it ends TLS with the alert 200: its log may say why"),
        ] {
            assert_eq!(reason(&error), says);
        }
    }
}
