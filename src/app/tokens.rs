//! What tokens need: the key that signs them.

use std::{fs, os::unix::fs::MetadataExt, path::Path, sync::Arc};

use tracing::info;

use crate::{
    access::{Access, Issuer, Tokens},
    config::{self, AccessToken, Problem},
    whole_file,
};

/// Largest file with a key. Octets.
const MAX_FILE: u64 = 1 << 16;

/// Reads the key that signs, which is made if it is not there.
pub(super) fn start(config: &config::Access, access: &Arc<Access>) -> Result<(), Problem> {
    let issuer = config.token.as_ref().map(issuer).transpose()?;
    access.take_tokens(Tokens { issuer, provider: None });
    Ok(())
}

/// What [`start`] would refuse, of that which can be known without starting; nothing is made.
pub(crate) fn check(config: &config::Access) -> Result<(), Problem> {
    let token = config.token.as_ref().filter(|token| token.key.exists());
    token.map_or(Ok(()), |token| signing(token).map(drop))
}

fn issuer(config: &AccessToken) -> Result<Issuer, Problem> {
    let file = &config.key;
    let refused = |error: &dyn std::fmt::Display| of_key(file, error.to_string());
    // Whoever else starts finds it, or makes it.
    if !file.exists() {
        let made = Issuer::generate().map_err(|error| refused(&error))?;
        if whole_file::make(file, made.as_bytes()).map_err(|error| refused(&error))? {
            info!(file = %file.display(), "a key for tokens was made");
        }
    }
    signing(config)
}

/// The key of a file that is there.
fn signing(config: &AccessToken) -> Result<Issuer, Problem> {
    let file = &config.key;
    let metadata = fs::metadata(file).map_err(|error| of_key(file, error.to_string()))?;
    if metadata.mode() & 0o077 != 0 {
        let hint = format!("`chmod 600 {}` keeps others out", file.display());
        return Err(Problem { hint, ..of_key(file, "it can be read by others than its owner".into()) });
    }
    let text = whole_file::read(file, MAX_FILE).map_err(|error| of_key(file, error.to_string()))?;
    Issuer::new(&text, config.lifetime).map_err(|error| of_key(file, error.to_string()))
}

fn of_key(file: &Path, text: String) -> Problem {
    let hint = "`key` of [access.token] names it; one that is not there is made".into();
    Problem { file: file.to_owned(), at: None, text, hint }
}
