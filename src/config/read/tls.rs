//! `[diameter.tls]`, and the keys of a listener that speaks HTTPS.

use std::path::{Path, PathBuf};

use super::{
    super::{
        DiameterTls, ListenerTls,
        section::{Found as Value, Section, found_at},
    },
    PLACES,
};

pub(super) const PEM: &str = "the path of an existing PEM file";

/// `[diameter.tls]`.
pub(super) enum Found {
    /// It is not there, or has no keys.
    Not,
    /// It is there, and a problem was noted.
    Refused,
    /// It is good, and begins there.
    Is(DiameterTls, Option<usize>),
}

impl Found {
    pub fn value(self) -> Option<DiameterTls> {
        match self {
            Self::Is(tls, _) => Some(tls),
            Self::Not | Self::Refused => None,
        }
    }
}

/// The subsection of `[diameter]`.
pub(super) fn diameter(section: &mut Section<'_, '_>) -> Found {
    const TITLE: &str = "[diameter.tls]";
    let Some(mut section) = section.inside("tls") else { return Found::Refused };
    let at = section.offset();
    let wanted = [
        ("certificate", "Diameter does not go over TLS"),
        ("key", "as `certificate`"),
        ("ca", "as `certificate`"),
    ];
    let files = wanted.map(|(key, _)| section.optional_path(key, PEM, Path::is_file));
    let crl = revoked(&mut section, "crl");
    for ((key, unset), file) in wanted.iter().zip(&files) {
        if file.is_some() {
            continue;
        }
        match files.iter().any(Option::is_some) || !crl.is_empty() {
            true => {
                let text = format!("{TITLE} lacks `{key}`");
                section.reader.refuse(at, text, format!("add `{key} = \"...\"`: {PEM}"));
            }
            false => section.note_unset(key, unset),
        }
    }
    section.finish(&PLACES);
    match files {
        [None, None, None] => Found::Not,
        [Some(certificate), Some(key), Some(ca)] => match (certificate.value, key.value, ca.value) {
            (Some(certificate), Some(key), Some(ca)) => {
                let crl = crl.into_iter().map(|found| found.value).collect();
                Found::Is(DiameterTls { certificate, key, ca, crl }, at)
            }
            _ => Found::Refused,
        },
        _ => Found::Refused,
    }
}

/// Files with CRLs; only those that are there are returned.
fn revoked(section: &mut Section<'_, '_>, key: &'static str) -> Vec<Value<PathBuf>> {
    let mut there = Vec::new();
    for Value { value, offset } in section.list(key, PEM, |text| Some(text.to_owned())) {
        let path = section.reader.beside(&value);
        if path.is_file() {
            there.push(Value { value: path, offset });
        } else {
            let hint = format!("accepted: {PEM}{}", found_at(&path));
            section.reader.refuse(offset, format!("`{key}` has {value}"), hint);
        }
    }
    there
}

/// The keys of `[http]` and of `[admin]`; `None` for plain HTTP, or after a problem was noted.
pub(super) fn listener(section: &mut Section<'_, '_>) -> Option<ListenerTls> {
    let certificate = section.optional_path("certificate", PEM, Path::is_file);
    let key = section.optional_path("key", PEM, Path::is_file);
    let client_ca = section.optional_path("client_ca", PEM, Path::is_file);
    let client_crl = revoked(section, "client_crl");
    let required =
        section.one_of("client_certificate", false, &[("optional", Some(false)), ("required", Some(true))]);
    let mut lacks = |given: Option<usize>, key: &str, what: &str| {
        section.reader.refuse(
            given,
            format!("{what} lacks `{key}`"),
            format!("add `{key} = \"...\"`: {PEM}"),
        );
    };
    match (&certificate, &key) {
        (Some(certificate), None) => lacks(certificate.offset, "key", "HTTPS"),
        (None, Some(key)) => lacks(key.offset, "certificate", "HTTPS"),
        (None, None) => {
            if let Some(client_ca) = &client_ca {
                lacks(client_ca.offset, "certificate", "a listener that asks clients for certificates");
            }
        }
        (Some(_), Some(_)) => {}
    }
    if let Some(first) = client_crl.first().filter(|_| client_ca.is_none()) {
        lacks(first.offset, "client_ca", "a list of revoked client certificates");
    }
    if required.value && client_ca.is_none() {
        lacks(required.offset, "client_ca", "a listener that asks clients for certificates");
    }
    for (key, found, unset) in [
        ("certificate", &certificate, "plain HTTP"),
        ("key", &key, "plain HTTP"),
        ("client_ca", &client_ca, "clients are not asked for a certificate"),
    ] {
        if found.is_none() {
            section.note_unset(key, unset);
        }
    }
    let client_ca = match client_ca {
        Some(found) => Some(found.value?),
        None => None,
    };
    Some(ListenerTls {
        certificate: certificate?.value?,
        key: key?.value?,
        client_ca,
        client_crl: client_crl.into_iter().map(|found| found.value).collect(),
        required: required.value,
    })
}
