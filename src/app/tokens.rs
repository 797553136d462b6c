//! What tokens need: the key that signs ours, and the keys of the identity provider.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::ClientConfig;
use tracing::{info, warn};

use super::jwks::{At, Place, follow, in_file};
use crate::{
    access::{Issuer, KeySet, Keyring, Provider, Tokens},
    config::{self, AccessJwt, AccessToken, KeySource, Problem},
    live::Live,
    notify::Fetcher,
    tls::Settings,
    whole_file,
};

/// Largest file with a key. Octets.
const MAX_FILE: u64 = 1 << 16;

/// How an identity provider is connected to.
type ToProvider = Live<Option<Settings<ClientConfig>>>;

/// Reads the keys that the configuration names; the one that signs is made if it is not there. Keys behind a URL are
/// waited for by nobody.
pub(super) fn start(config: &config::Access, to_provider: ToProvider) -> Result<Tokens, Problem> {
    let issuer = config.token.as_ref().map(issuer).transpose()?;
    let provider = match &config.jwt {
        None => None,
        Some(jwt) => {
            let (keyring, place) = (Arc::new(Keyring::default()), place(jwt, to_provider)?);
            if let Some((keys, doubts)) = read(jwt)? {
                doubts.iter().for_each(|doubt| warn!(hint = %doubt.hint, "{doubt}"));
                keyring.found(keys);
            }
            let provider = Provider {
                issuer: jwt.issuer.clone(),
                audience: jwt.audience.clone(),
                algorithms: jwt.algorithms.clone(),
                claim: jwt.claim.clone(),
            };
            tokio::spawn(follow(place, Arc::downgrade(&keyring)));
            Some((provider, keyring))
        }
    };
    Ok(Tokens { issuer, provider })
}

/// What [`start`] would warn of or refuse, of that which can be known without starting; nothing is made or fetched.
pub(crate) fn check(config: &config::Access) -> Result<Vec<Problem>, Vec<Problem>> {
    let token = config.token.as_ref().filter(|token| token.key.exists());
    let jwt = config.jwt.as_ref();
    let checked = [
        token.map(|token| signing(token).map(|_| Vec::new())),
        jwt.map(|jwt| place(jwt, None.into()).map(|_| Vec::new())),
        jwt.map(|jwt| Ok(read(jwt)?.map(|(_, doubts)| doubts).unwrap_or_default())),
    ];
    let (mut doubts, mut problems) = (Vec::new(), Vec::new());
    for one in checked.into_iter().flatten() {
        match one {
            Ok(found) => doubts.extend(found),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() { Ok(doubts) } else { Err(problems) }
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

fn place(jwt: &AccessJwt, to_provider: ToProvider) -> Result<Place, Problem> {
    let at = match &jwt.keys {
        KeySource::File(file) => At::File(file.clone()),
        KeySource::Url(url) => At::Url(Fetcher::new(url, to_provider).map_err(|error| Problem {
            file: PathBuf::from("[access.jwt] `jwks`"),
            at: None,
            text: error.to_string(),
            hint: "it is where the identity provider has its keys: its `jwks_uri`".into(),
        })?),
    };
    Ok(Place { at, algorithms: jwt.algorithms.clone() })
}

/// The keys of the file, if they are in one, and what is doubtful about them.
pub(super) fn read(jwt: &AccessJwt) -> Result<Option<(KeySet, Vec<Problem>)>, Problem> {
    let KeySource::File(file) = &jwt.keys else { return Ok(None) };
    let problem = |text: String| Problem {
        file: file.clone(),
        at: None,
        text,
        hint: "`jwks` of [access.jwt] names it: a JSON Web Key Set as the identity provider shows it".into(),
    };
    let keys = in_file(file, &jwt.algorithms).map_err(|(_, text)| problem(text))?;
    let left_out = keys.left_out().iter().map(|why| Problem {
        hint: "the key is left out, which is right as long as no token is signed with it".into(),
        ..problem(why.clone())
    });
    let left_out = left_out.collect();
    Ok(Some((keys, left_out)))
}
