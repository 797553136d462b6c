//! Certificates, keys and CRLs are read again while connections stay: all of them, or none.

use std::{net::TcpListener, path::PathBuf, sync::Arc};

use rxgate::{
    app::App,
    config::Loaded,
    pcrf::{Pcrf, PcrfConfig},
    tls,
    transport::{ListenOn, PeerStatus, Transport, Transports},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    authority::{Authority, Files, Leaf},
    ends::node,
    https::{get, open, read_answer, trust},
    log,
    support::soon,
};

const PCRF: &str = "pcrf.rx.test";

struct World {
    files: Files,
    /// Of Diameter.
    ca: Authority,
    revocable: Leaf,
    pcrf: Pcrf,
    app: App,
}

fn of_http() -> (Authority, Leaf) {
    let ca = Authority::new();
    let leaf = ca.leaf(&["127.0.0.1"]);
    (ca, leaf)
}

/// A gateway with HTTPS and a PCRF over TLS.
async fn start(http: &Leaf) -> World {
    let (files, ca) = (Files::new(), Authority::new());
    let revocable = ca.leaf(&[PCRF]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = PcrfConfig {
        origin_host: PCRF.into(),
        also: vec![ListenOn { transport: Transport::Tls, addresses: vec![port] }],
        accept: Arc::new(Transports { tls: Some(node(&revocable, &ca, &[])), ..Transports::default() }),
        ..PcrfConfig::on_free_ports()
    };
    let pcrf = Pcrf::start(config).await.unwrap();
    files.leaf("http", http);
    files.leaf("af", &ca.leaf(&["af.rx.test"]));
    files.write("ca.pem", &ca.pem);
    files.write("ca.crl", &ca.crl(&[], 2120));
    let text = format!(
        "[http]\nlisten = '127.0.0.1:0'\ncertificate = 'http.pem'\nkey = 'http.key'\n\
         [admin]\nlisten = '127.0.0.1:0'\n[store]\nkind = 'memory'\n\
         [diameter]\norigin_host = 'af.rx.test'\norigin_realm = 'rx.test'\ndestination_realm = 'rx.test'\n\
         reconnect_initial_ms = 20\nreconnect_max_ms = 50\n\
         [diameter.tls]\ncertificate = 'af.pem'\nkey = 'af.key'\nca = 'ca.pem'\ncrl = ['ca.crl']\n\
         [[diameter.peers]]\nhost = '{PCRF}'\naddress = '{port}'\ntransport = 'tls'\n"
    );
    let file: PathBuf = files.write("gate.toml", &text);
    let app = App::start_file(&file, Loaded::from_file(&file).unwrap(), false).await.unwrap();
    World { files, ca, revocable, pcrf, app }
}

impl World {
    fn peer(&self) -> PeerStatus {
        self.app.peers().remove(0)
    }

    async fn peer_is(&self, wanted: impl Fn(&PeerStatus) -> bool) {
        soon(async {
            while !wanted(&self.peer()) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_handshakes_take_new_certificates_and_connections_stay() {
    let ((old, leaf), (new, next)) = (of_http(), of_http());
    let world = start(&leaf).await;
    world.peer_is(|peer| peer.open).await;
    let address = world.app.http_address();
    let mut kept = open(address, tls::client(None, &trust(&old))).await.unwrap();
    assert!(read_answer(&mut kept).await.starts_with("HTTP/1.1 404 "));

    assert_eq!(world.app.reload().await.unwrap(), Vec::<String>::new());
    world.files.leaf("http", &next);
    let changes = world.app.reload().await.unwrap();
    assert_eq!(changes, ["[http]: the certificates changed; new connections take them"]);
    assert!(get(address, tls::client(None, &trust(&new))).await.is_ok());
    let refused = get(address, tls::client(None, &trust(&old))).await.unwrap_err();
    assert!(refused.starts_with("its certificate is of no authority that is trusted here: "), "{refused}");
    assert!(read_answer(&mut kept).await.starts_with("HTTP/1.1 404 "));
    assert!(world.peer().open);
}

/// The samples of this figure of `/metrics`.
async fn figures(app: &App, name: &str) -> Vec<String> {
    let mut stream = TcpStream::connect(app.admin_address()).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut page = String::new();
    soon(stream.read_to_string(&mut page)).await.unwrap();
    page.lines().filter_map(|line| line.strip_prefix(name)).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_end_of_each_certificate_in_use_is_shown() {
    let (ca, leaf) = of_http();
    let world = start(&leaf).await;
    let shown = async || figures(&world.app, "rxgate_tls_certificate_expiry_timestamp_seconds{").await;
    let sample = |section: &str, name: &str, end: &str| {
        format!("section=\"{section}\",file=\"{}\"}} {end}", world.files.0.join(name).display())
    };
    // The beginnings of 2120 and 2119.
    let of_diameter = sample("diameter.tls", "af.pem", "4733510400");
    assert_eq!(shown().await, [of_diameter.clone(), sample("http", "http.pem", "4733510400")]);
    world.files.leaf("http", &ca.sign(&["127.0.0.1"], "", (2020, 2119)));
    world.app.reload().await.unwrap();
    assert_eq!(shown().await, [of_diameter, sample("http", "http.pem", "4701974400")]);
}

#[tokio::test]
async fn what_is_out_of_date_or_open_to_others_is_taken_with_a_warning() {
    log::begin(tracing::Level::INFO);
    let (ca, leaf) = of_http();
    let world = start(&leaf).await;
    assert!(!log::logged().contains("certificate"));
    let (certificate, key) = world.files.leaf("http", &ca.sign(&["127.0.0.1"], "", (2020, 2021)));
    world.files.allow(&key, 0o660);
    let list = world.files.write("ca.crl", &world.ca.crl(&[], 2022));
    assert_eq!(world.app.reload().await.unwrap().len(), 2);
    let warned = |logged: &str| {
        for (file, text) in [
            (&list, "has a CRL that is out of date since 2022-01-01 00:00 UTC"),
            (&certificate, "its first certificate expired on 2021-01-01 00:00 UTC"),
            (&key, "has the mode 0660: others than its owner may write it"),
        ] {
            let text = format!("{}: {text}", file.display());
            let mut lines = logged.lines().filter(|line| line.contains(" WARN ") && line.contains(&text));
            assert!(lines.next().is_some() && lines.next().is_none(), "{logged}");
        }
    };
    warned(&log::logged());
    // So is it at the start.
    let file = world.files.0.join("gate.toml");
    let again = App::start_file(&file, Loaded::from_file(&file).unwrap(), false).await.unwrap();
    warned(&log::logged());
    again.shut_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_one_file_wrong_nothing_changes() {
    let ((old, leaf), (_, next)) = (of_http(), of_http());
    let world = start(&leaf).await;
    world.files.leaf("http", &next);
    let key = world.files.write("af.key", "no key\n");
    let problems = world.app.reload().await.unwrap_err();
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    let file = world.files.0.join("gate.toml");
    let says = format!("{}:17:1: `key`: {}: has no PRIVATE KEY in PEM form", file.display(), key.display());
    assert_eq!(told, [says]);
    assert!(get(world.app.http_address(), tls::client(None, &trust(&old))).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_was_revoked_is_refused_from_the_next_handshake_on() {
    let (_, leaf) = of_http();
    let world = start(&leaf).await;
    world.peer_is(|peer| peer.open).await;
    world.files.write("ca.crl", &world.ca.crl(&[&world.revocable], 2120));
    let changes = world.app.reload().await.unwrap();
    assert_eq!(changes, ["[diameter.tls]: the certificates changed; new connections take them"]);
    assert!(world.peer().open);
    world.pcrf.restart().await.unwrap();
    let revoked = |peer: &PeerStatus| {
        peer.reason.as_ref().is_some_and(|reason| reason.contains("its certificate is revoked"))
    };
    world.peer_is(revoked).await;
}
