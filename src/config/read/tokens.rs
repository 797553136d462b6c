//! `[access.token]`: tokens that are issued here.

use std::path::Path;

use super::{
    super::{AccessToken, section::Section},
    MADE, PLACES, can_be_made,
};

/// Keys of tokens stand there unless the file says otherwise.
const KEY_FILE: &str = "token.key";

/// Says that there are none, before they have settings of their own: that stands below [access] itself.
pub(super) fn note_unset(access: &mut Section<'_, '_>) {
    if !access.has("token") {
        access.note_unset("token", "no tokens are issued");
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
