//! `[access.token]` and `[access.jwt]`: tokens that are issued here, and those of an identity provider.

use std::{net::IpAddr, path::Path};

use hyper::Uri;

use super::{
    super::{
        AccessJwt, AccessToken, KeySource,
        section::{Found, Section, quoted},
    },
    MADE, PLACES, can_be_made, once_each,
    tls::PEM,
};
use crate::access::Algorithm;

/// Keys of tokens stand there unless the file says otherwise.
const KEY_FILE: &str = "token.key";
/// What an identity provider calls its clients in its tokens (RFC 9068 §2.2).
const CLAIM: &str = "client_id";

/// Says which of the two there are not, before either has settings of its own: those stand below [access] itself.
pub(super) fn note_unset(access: &mut Section<'_, '_>) {
    for (key, meaning) in
        [("token", "no tokens are issued"), ("jwt", "no tokens of an identity provider are taken")]
    {
        if !access.has(key) {
            access.note_unset(key, meaning);
        }
    }
}

/// `None`: no tokens are issued, or after a problem was noted.
pub(super) fn token(access: &mut Section<'_, '_>) -> Option<AccessToken> {
    let mut section = access.inside("token")?;
    section.offset()?;
    let lifetime = section.duration("lifetime_s", 3_600, 60..=86_400);
    let base = section.reader.file.parent().unwrap_or(Path::new("")).join(KEY_FILE);
    let key = match section.optional_path("key", MADE, can_be_made) {
        Some(found) => found.value,
        None => {
            section.note_default("key", &base);
            Some(base)
        }
    };
    section.finish(&PLACES);
    Some(AccessToken { lifetime: lifetime.value, key: key? })
}

/// `None`: no tokens of others are taken, or after a problem was noted.
pub(super) fn jwt(access: &mut Section<'_, '_>) -> Option<AccessJwt> {
    const TEXT: &str = "a text that is not empty";
    const KEYS: &str = "an https URL, or the path of an existing file, with a JSON Web Key Set";
    let mut section = access.inside("jwt")?;
    section.offset()?;
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let issuer = section.text("issuer", TEXT, some);
    let audience = section.text("audience", TEXT, some);
    let names: Vec<&str> = Algorithm::ALL.iter().map(|(name, _)| *name).collect();
    let accepted = format!("one of {}", names.join(", "));
    let algorithms =
        section.list("algorithms", &accepted, |text| Algorithm::from_name(text).map(|_| text.to_owned()));
    once_each(&mut section, "algorithms", &algorithms);
    if algorithms.is_empty() {
        let at = section.offset();
        let hint = format!("name those that the identity provider signs with, each {accepted}");
        section.reader.refuse(at, "[access.jwt] has no `algorithms`", hint);
    }
    let algorithms = algorithms.iter().filter_map(|it| Algorithm::from_name(&it.value)).collect();
    let claim = section.text_or("claim", CLAIM.to_owned(), TEXT, some);
    let base = section.reader.file.parent().unwrap_or(Path::new("")).to_owned();
    let keys =
        section.text("jwks", KEYS, |text| Some(key_source(&base, text).map_err(|why| (quoted(text), why))));
    let keys = keys.and_then(|Found { value, offset }| match value {
        Ok(keys) => Some(keys),
        Err((text, why)) => {
            section.reader.refuse(offset, format!("`jwks` is {text}: {why}"), format!("accepted: {KEYS}"));
            None
        }
    });
    let ca = section.optional_path("jwks_ca", PEM, Path::is_file);
    match (&ca, &keys) {
        (None, _) => section.note_unset(
            "jwks_ca",
            "an https URL shows a certificate of the authorities that the system trusts",
        ),
        (Some(ca), Some(keys)) if !is_https(keys) => {
            let hint = "leave it out, or give the keys as an https URL";
            section.reader.refuse(ca.offset, "`jwks_ca` is there, and `jwks` is no https URL", hint);
        }
        _ => {}
    }
    section.finish(&PLACES);
    Some(AccessJwt {
        issuer: issuer?.value,
        audience: audience?.value,
        algorithms,
        claim: claim.value,
        keys: keys?,
        ca: ca.and_then(|found| found.value),
    })
}

/// Where keys are, or why they cannot be there.
fn key_source(base: &Path, text: &str) -> Result<KeySource, &'static str> {
    if !text.contains("://") {
        let file = base.join(text);
        return if file.is_file() { Ok(KeySource::File(file)) } else { Err("there is no such file") };
    }
    let url: Uri = text.parse().map_err(|_| "that is no URL")?;
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    match url.scheme_str() {
        Some("https") => Ok(KeySource::Url(text.to_owned())),
        Some("http") if host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback()) => {
            Ok(KeySource::Url(text.to_owned()))
        }
        Some("http") => Err("over http anybody on the way could put keys of his own there: \
                             http is for a loopback address such as 127.0.0.1 alone"),
        _ => Err("its scheme is another one"),
    }
}

fn is_https(keys: &KeySource) -> bool {
    matches!(keys, KeySource::Url(url) if url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https")))
}
