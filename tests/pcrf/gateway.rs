//! The configuration of a gateway in front of a PCRF.

use std::net::SocketAddr;

/// The file's text: free ports, one peer, and sessions in memory unless `more` has a [store]. `diameter` is settings
/// of [diameter], `more` sections behind all.
pub fn config(pcrf: SocketAddr, diameter: &str, more: &str) -> String {
    let store = if more.contains("[store]") { "" } else { "[store]\nkind = \"memory\"" };
    format!(
        r#"[http]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
[diameter]
origin_host = "af.rx.test"
origin_realm = "rx.test"
destination_realm = "rx.test"
{diameter}
[[diameter.peers]]
host = "pcrf.rx.test"
address = "{pcrf}"
{more}
{store}
"#
    )
}
