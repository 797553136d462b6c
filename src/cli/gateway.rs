//! A running gateway, over its admin interface.

use clap::Args;
use hyper::Method;
use serde::Deserialize;

use super::{
    Failure,
    http::{self, Reply},
};

/// Where the gateway is.
#[derive(Args)]
pub(super) struct Gateway {
    /// The admin interface of the running gateway.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8002", value_parser = address)]
    admin: String,
}

impl Gateway {
    /// The body, if there is one, is XML.
    pub async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Reply, Failure> {
        let reply = http::exchange(&self.admin, method, path, "application/xml", body).await;
        reply.map_err(|error| {
            Failure::failed(
                format!("http://{} does not answer: {error}", self.admin),
                "is the gateway running (`rxgate serve`)? --admin URL is the address of its admin interface",
            )
        })
    }

    pub fn read<T: for<'b> Deserialize<'b>>(&self, reply: &Reply) -> Result<T, Failure> {
        serde_json::from_str(&reply.body).map_err(|_| self.not_a_gateway(reply))
    }

    pub fn not_a_gateway(&self, Reply { status, .. }: &Reply) -> Failure {
        Failure::failed(
            format!("http://{} answers {status}, not as an admin interface does", self.admin),
            NOT_THAT_ONE,
        )
    }
}

/// What to do when another server answers.
pub(super) const NOT_THAT_ONE: &str =
    "--admin URL is the address of [admin] in the gateway's configuration, not that of [http]";

/// Host and port of `http://HOST:PORT`.
fn address(url: &str) -> Result<String, String> {
    let accepted = || "accepted is http://HOST:PORT, such as http://127.0.0.1:8002".to_owned();
    let host = url.strip_prefix("http://").map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let host = host.ok_or_else(accepted)?;
    let (name, port) = host.rsplit_once(':').ok_or_else(accepted)?;
    let good = !name.is_empty()
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-.:[]".contains(&octet))
        && port.parse::<u16>().is_ok_and(|port| port != 0);
    if good { Ok(host.to_owned()) } else { Err(accepted()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_admin_url_is_a_host_and_a_port() {
        for (url, host) in [
            ("http://127.0.0.1:8002", "127.0.0.1:8002"),
            ("http://[::1]:8002/", "[::1]:8002"),
            ("http://gate.example.net:80", "gate.example.net:80"),
        ] {
            assert_eq!(address(url).as_deref(), Ok(host));
        }
        for url in [
            "127.0.0.1:8002",
            "https://127.0.0.1:8002",
            "http://127.0.0.1",
            "http://a:0",
            "http://a b:1",
            "http://:1",
            "http://a:1/x",
        ] {
            assert!(address(url).unwrap_err().starts_with("accepted is http://HOST:PORT"), "{url}");
        }
    }
}
