//! Events to https endpoints: who is trusted to take them.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use rxgate::{
    live::Live,
    notify::{Notification, Notifier, NotifyConfig, Outcome, SystemResolver},
    tls::{self, Clients, Identity, Trust},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use crate::{
    authority::{Authority, Files, Leaf},
    support::soon,
};

/// Reports how each notification ended.
struct Ends(mpsc::UnboundedSender<Result<Uuid, String>>);

impl Outcome for Ends {
    fn delivered(&self, id: Uuid) {
        _ = self.0.send(Ok(id));
    }

    fn given_up(&self, _: Uuid, why: String) {
        _ = self.0.send(Err(why));
    }
}

/// An application on 127.0.0.1 that shows this certificate and takes everything; says the request line of each.
async fn application(leaf: &Leaf) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let files = Files::new();
    let (certificate, key) = files.leaf("own", leaf);
    let settings = tls::server(&Identity::read(&certificate, &key).unwrap(), &Clients::Unasked, &[]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, seen) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let Ok(mut stream) = TlsAcceptor::from(settings.config.clone()).accept(stream).await else {
                continue;
            };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n{}") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            _ = stream.shutdown().await;
            let head = String::from_utf8(head).unwrap();
            if sender.send(head.lines().next().unwrap().to_owned()).is_err() {
                return;
            }
        }
    });
    (address, seen)
}

/// What becomes of one notification to this URL, with trust in this authority.
async fn deliver(url: &str, authority: Option<&Authority>) -> Result<Uuid, String> {
    let trust = authority.map(|ca| Trust::read(&Files::new().write("ca.pem", &ca.pem), &[]).unwrap());
    let config = NotifyConfig {
        allow_networks: vec!["127.0.0.0/8".parse().unwrap()],
        tls: Live::from(trust.map(|trust| tls::client(None, &trust))),
        retry_initial: Duration::from_millis(10),
        retry_max: Duration::from_millis(20),
        give_up_after: Duration::from_secs(1),
        ..NotifyConfig::default()
    };
    let notifier = Notifier::new(config, Arc::new(SystemResolver::default()));
    let (sender, mut ends) = mpsc::unbounded_channel();
    notifier.report_to(Arc::new(Ends(sender)));
    let notification = Notification {
        id: Uuid::now_v7(),
        age: Duration::ZERO,
        endpoint: notifier.endpoint(url).unwrap(),
        body: Bytes::from_static(b"{}"),
        release: Box::pin(async {}),
    };
    notifier.send("queue", notification).unwrap();
    soon(ends.recv()).await.unwrap()
}

#[tokio::test]
async fn an_application_with_a_good_certificate_takes_its_events() {
    let ca = Authority::new();
    let (address, mut seen) = application(&ca.leaf(&["127.0.0.1", "localhost"])).await;
    for url in
        [format!("https://{address}/events?a=b"), format!("HTTPS://localhost:{}/events?a=b", address.port())]
    {
        assert!(deliver(&url, Some(&ca)).await.is_ok(), "{url}");
        assert_eq!(soon(seen.recv()).await.unwrap(), "POST /events?a=b HTTP/1.1");
    }
}

#[tokio::test]
async fn an_application_that_is_not_who_it_should_be_gets_nothing() {
    let (ca, other) = (Authority::new(), Authority::new());
    for (leaf, trusted, why) in [
        (ca.sign(&["127.0.0.1"], "", (2020, 2021)), Some(&ca), "its certificate expired on "),
        (ca.sign(&["127.0.0.1"], "", (2110, 2120)), Some(&ca), "its certificate is not valid before "),
        (other.leaf(&["127.0.0.1"]), Some(&ca), "its certificate is of no authority that is trusted here"),
        (ca.leaf(&["127.0.0.2"]), Some(&ca), "its certificate is for another name"),
        // The system trusts others, or nobody.
        (ca.leaf(&["127.0.0.1"]), None, "no authority"),
    ] {
        let (address, mut seen) = application(&leaf).await;
        let given_up = deliver(&format!("https://{address}/"), trusted).await.unwrap_err();
        assert!(given_up.contains(why), "{given_up}");
        assert!(seen.try_recv().is_err());
    }
}
