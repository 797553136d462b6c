//! A running gateway, over its admin interface.

use std::{
    fmt::{self, Display},
    path::PathBuf,
};

use clap::Args;
use hyper::{Method, StatusCode};
use rustls::ClientConfig;
use serde::Deserialize;

use super::{
    Failure,
    http::{self, HttpError, Reply},
};
use crate::{
    access::Secret,
    tls::{self, FileError, Identity, Settings, Trust},
};

/// Where the gateway is.
#[derive(Args)]
pub(super) struct Gateway {
    /// The admin interface of the running gateway.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8002", value_parser = address)]
    admin: Address,
    /// With https: who is trusted to say that it is this gateway, a PEM file; default: whom the system trusts.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// With https: the certificate to show to it, a PEM chain.
    #[arg(long, value_name = "FILE", requires = "key")]
    certificate: Option<PathBuf>,
    /// The key of that certificate, PEM without a passphrase.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// A file with `ID:SECRET` of an application with the scope admin, where the gateway has [access]. The same may
    /// stand in RXGATE_CREDENTIALS.
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
}

/// `http://HOST:PORT` or `https://HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address {
    tls: bool,
    /// Host and port.
    host: String,
}

impl Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "https" } else { "http" }, self.host)
    }
}

/// Where the credentials stand if no file is given.
const CREDENTIALS: &str = "RXGATE_CREDENTIALS";

impl Gateway {
    /// The body, if there is one, is XML.
    pub async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Reply, Failure> {
        let (tls, credentials) = (self.tls()?, self.credentials()?);
        let credentials = credentials.as_ref();
        let host = &self.admin.host;
        let reply = http::exchange(host, tls, method, path, "application/xml", credentials, body).await;
        let reply = reply.map_err(|error| {
            let hint = match error {
                HttpError::Tls(_) => {
                    "--ca FILE has the authority of its certificate, the host in --admin URL is a DNS name or an address in \
                     that (subjectAltName), and --certificate and --key are what it may want to be shown"
                }
                _ => "is the gateway running (`rxgate serve`)? --admin URL is the address of its admin interface",
            };
            Failure::failed(format!("{} does not answer: {error}", self.admin), hint)
        })?;
        match reply.status {
            // What a listener of HTTPS says to whoever does not begin with TLS.
            StatusCode::BAD_REQUEST if !self.admin.tls && reply.body.contains("HTTPS only") => {
                let https = Address { tls: true, host: host.clone() };
                Err(Failure::failed(
                    format!("{} takes HTTPS only", self.admin),
                    format!(
                        "--admin {https}, and --ca FILE if this system does not trust who signed its certificate"
                    ),
                ))
            }
            StatusCode::UNAUTHORIZED => Err(Failure::failed(
                format!("{} wants to know who asks", self.admin),
                "give ID:SECRET of an application with the scope admin, by --credentials FILE or RXGATE_CREDENTIALS",
            )),
            StatusCode::FORBIDDEN => Err(Failure::failed(
                format!("{} does not let this application do it", self.admin),
                "it takes one with the scope admin: `rxgate app add operator --scope admin`",
            )),
            _ => Ok(reply),
        }
    }

    fn credentials(&self) -> Result<Option<Secret>, Failure> {
        let text = match &self.credentials {
            Some(file) => Some(std::fs::read_to_string(file).map_err(|error| {
                let text = format!("cannot read {}: {error}", file.display());
                Failure::usage(text, "--credentials takes a file with one line, ID:SECRET")
            })?),
            None => std::env::var(CREDENTIALS).ok(),
        };
        let Some(text) = text else { return Ok(None) };
        match text.trim() {
            pair if pair.contains(':') && !pair.contains('\n') => Ok(Some(pair.into())),
            // Not shown: it may be the secret.
            _ => {
                Err(Failure::usage("the credentials are not of the form ID:SECRET", "one line, with a colon"))
            }
        }
    }

    fn tls(&self) -> Result<Option<Settings<ClientConfig>>, Failure> {
        if !self.admin.tls {
            return Ok(None);
        }
        let wrong = |error: FileError| {
            Failure::usage(
                error.to_string(),
                "--ca, --certificate and --key are PEM files of the admin interface's TLS",
            )
        };
        let trust = match &self.ca {
            Some(file) => Trust::read(file, &[]).map_err(wrong)?,
            None => Trust::system().ok_or_else(|| {
                let hint = "--ca FILE says who signed the gateway's certificate";
                Failure::usage("this system trusts no authority", hint)
            })?,
        };
        let identity = self.certificate.as_deref().zip(self.key.as_deref());
        let identity = identity.map(|(file, key)| Identity::read(file, key)).transpose().map_err(wrong)?;
        Ok(Some(tls::client(identity.as_ref(), &trust)))
    }

    pub fn read<T: for<'b> Deserialize<'b>>(&self, reply: &Reply) -> Result<T, Failure> {
        serde_json::from_str(&reply.body).map_err(|_| self.not_a_gateway(reply))
    }

    pub fn not_a_gateway(&self, Reply { status, .. }: &Reply) -> Failure {
        Failure::failed(
            format!("{} answers {status}, not as an admin interface does", self.admin),
            NOT_THAT_ONE,
        )
    }
}

/// What to do when another server answers.
pub(super) const NOT_THAT_ONE: &str =
    "--admin URL is the address of [admin] in the gateway's configuration, not that of [http]";

fn address(url: &str) -> Result<Address, String> {
    let accepted =
        || "accepted is http://HOST:PORT or https://HOST:PORT, such as http://127.0.0.1:8002".to_owned();
    let (tls, rest) = match (url.strip_prefix("http://"), url.strip_prefix("https://")) {
        (Some(rest), _) => (false, rest),
        (None, Some(rest)) => (true, rest),
        (None, None) => return Err(accepted()),
    };
    let host = rest.strip_suffix('/').unwrap_or(rest);
    let (name, port) = host.rsplit_once(':').ok_or_else(accepted)?;
    let good = !name.is_empty()
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-.:[]".contains(&octet))
        && port.parse::<u16>().is_ok_and(|port| port != 0);
    if good { Ok(Address { tls, host: host.to_owned() }) } else { Err(accepted()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admin_url_is_a_host_and_a_port() {
        for (url, tls, host) in [
            ("http://127.0.0.1:8002", false, "127.0.0.1:8002"),
            ("https://127.0.0.1:8002", true, "127.0.0.1:8002"),
            ("http://[::1]:8002/", false, "[::1]:8002"),
            ("https://gate.example.net:443", true, "gate.example.net:443"),
        ] {
            assert_eq!(address(url), Ok(Address { tls, host: host.to_owned() }));
        }
        for url in [
            "127.0.0.1:8002",
            "ftp://127.0.0.1:8002",
            "http://127.0.0.1",
            "http://a:0",
            "http://a b:1",
            "http://:1",
            "http://a:1/x",
        ] {
            let refused = address(url).unwrap_err();
            assert!(refused.starts_with("accepted is http://HOST:PORT"), "{url}: {refused}");
        }
    }
}
