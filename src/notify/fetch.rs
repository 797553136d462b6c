//! A document of somebody whom the operator named, over the same HTTP that notifications go out with.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use hyper::header::{self, HeaderMap};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use rustls::ClientConfig;
use thiserror::Error;

use super::{
    AttemptError, Endpoint, EndpointError, NotifyConfig, SystemResolver, TcpConnector, attempt::Client,
};
use crate::{live::Live, tls::Settings};

/// The whole exchange, from the look-up of the name to the end of the body.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Largest document. Octets.
const MAX_DOCUMENT: usize = 256 * 1024;

/// Why there is no document. Names neither the URL nor its addresses.
#[derive(Debug, Error)]
pub enum FetchError {
    /// There was no answer.
    #[error(transparent)]
    Attempt(#[from] AttemptError),
    /// There was another one than 200.
    #[error("the answer is {0}, and accepted is 200: redirects are not followed")]
    Status(u16),
    /// It is too large.
    #[error("the answer has more than {most} octets")]
    TooLarge {
        /// Octets accepted.
        most: usize,
    },
}

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The body.
    pub octets: Bytes,
    /// How long it may be taken for what is there (max-age of Cache-Control, RFC 9111 §5.2.2.1), if the answer says.
    pub max_age: Option<Duration>,
}

/// The first max-age that Cache-Control has.
pub(super) fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut directives =
        values.flat_map(|value| value.split(',')).filter_map(|one| one.trim().split_once('='));
    let (_, seconds) = directives.find(|(name, _)| name.eq_ignore_ascii_case("max-age"))?;
    seconds.trim_matches('"').parse().ok().map(Duration::from_secs)
}

/// Fetches one document by GET, on a connection of its own each time.
///
/// The URL is the operator's, not an application's: it may be at any address.
pub struct Fetcher {
    client: Client,
    url: Endpoint,
}

impl Fetcher {
    /// `tls`: how an https URL is connected to, from the next time on; `None` in it: whom the system trusts may be it.
    pub fn new(url: &str, tls: Live<Option<Settings<ClientConfig>>>) -> Result<Self, EndpointError> {
        let everywhere = vec![IpNet::V4(Ipv4Net::default()), IpNet::V6(Ipv6Net::default())];
        let config = NotifyConfig {
            allow_networks: everywhere,
            tls,
            attempt_timeout: TIMEOUT,
            max_response: MAX_DOCUMENT,
            ..NotifyConfig::default()
        };
        let client = Client::new(&config, Arc::new(SystemResolver::default()), Arc::new(TcpConnector));
        Ok(Self { client, url: Endpoint::read(url)? })
    }

    /// What an answer 200 has, within 5 s and 256 KiB.
    pub async fn fetch(&self) -> Result<Document, FetchError> {
        self.client.get(&self.url).await
    }

    /// What it fetches.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetcher").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_age_is_found_among_other_directives() {
        for (lines, seconds) in [
            (&["max-age=600"][..], Some(600)),
            (&["public, Max-Age=0 , must-revalidate"], Some(0)),
            (&["no-transform", "private,max-age=\"60\""], Some(60)),
            (&["max-age=5, max-age=9"], Some(5)),
            (&["s-maxage=600"], None),
            (&["no-cache"], None),
            (&["max-age"], None),
            (&["max-age=-1"], None),
            (&["max-age=1e3"], None),
            (&["max-age=99999999999999999999999"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::CACHE_CONTROL, line.parse().unwrap());
            }
            assert_eq!(max_age(&headers), seconds.map(Duration::from_secs), "{lines:?}");
        }
    }
}
