//! Sets quality of service for a user over REST, looks at it, and takes it back.
//!
//! ```text
//! cargo run --example apply_qos [HOST:PORT]
//! ```
//!
//! HOST:PORT is where a gateway listens (`rxgate serve`); without it the program starts one
//! with a simulated PCRF on free loopback ports. Prints each request with the status and body of its answer.

use std::{env, error::Error, path::Path, time::Duration};

use http_body_util::{BodyExt, Full};
use hyper::{Request, body::Bytes, client::conn::http1::handshake, header};
use hyper_util::rt::TokioIo;
use rxgate::{
    app::App,
    config::Loaded,
    pcrf::{Pcrf, PcrfConfig},
};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::sleep};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    if let Some(gateway) = env::args().nth(1) {
        return exchange(&gateway).await;
    }
    let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await?;
    let text = format!(
        "[http]\nlisten = \"127.0.0.1:0\"\n[admin]\nlisten = \"127.0.0.1:0\"\n\
         [diameter]\norigin_host = \"af.rx.test\"\norigin_realm = \"rx.test\"\ndestination_realm = \"rx.test\"\n\
         [[diameter.peers]]\nhost = \"pcrf.rx.test\"\naddress = \"{}\"\n[store]\nkind = \"memory\"\n",
        pcrf.address()
    );
    let app = App::start(Loaded::from_text(Path::new("apply_qos"), &text)?.config).await?;
    while !app.peers().iter().any(|peer| peer.open) {
        sleep(Duration::from_millis(10)).await;
    }
    exchange(&app.http_address().to_string()).await?;
    app.shut_down().await;
    Ok(())
}

async fn exchange(gateway: &str) -> Result<(), Box<dyn Error>> {
    let asked = json!({ "qoSFeatureProperties": {
        "duration": 600,
        "framedIPAddress": "10.45.0.17",
        "mediaComponentDescription": [{
            "mediaComponentNumber": 1,
            "mediaType": "VIDEO",
            "maxRequestedBandwidthDL": 5_000_000,
            "mediaSubComponent": [{
                "flowNumber": 1,
                "flowDescription": ["permit out 6 from 192.0.2.10 443 to 10.45.0.17"],
            }],
        }],
    }});
    let applied =
        call(gateway, "POST", "/ApplicationQoSService/sip:anna@example.org/qos", asked.to_string()).await?;
    let id = applied["applyQoSFeatureResponse"]["requestId"].as_str().ok_or("no requestId: refused")?;
    let session = format!("/ApplicationQoSService/qos/{id}");
    call(gateway, "GET", &session, String::new()).await?;
    call(gateway, "DELETE", &session, String::new()).await?;
    Ok(())
}

/// One request on a connection of its own; prints and returns the answer.
async fn call(gateway: &str, method: &str, path: &str, body: String) -> Result<Value, Box<dyn Error>> {
    let (mut client, connection) = handshake(TokioIo::new(TcpStream::connect(gateway).await?)).await?;
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header(header::HOST, gateway);
    let answer = client.send_request(request.body(Full::new(Bytes::from(body)))?).await?;
    let status = answer.status();
    let body = answer.into_body().collect().await?.to_bytes();
    println!("{method} {path}: {status} {}", str::from_utf8(&body)?);
    Ok(if body.is_empty() { Value::Null } else { serde_json::from_slice(&body)? })
}
