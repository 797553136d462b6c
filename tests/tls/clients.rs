//! Certificates of applications and operators: what they are good for, and how they end.

use std::{net::SocketAddr, path::PathBuf};

use rxgate::{
    access::{Scope, Terms},
    app::App,
    config::{Applications, Loaded},
    north::limits::Limits,
    pcrf::{Pcrf, PcrfConfig},
    tls::{self, Clients, Trust},
};

use crate::{
    authority::{Authority, Files, Leaf},
    https::{exchange, get, identity, open, read_answer, start, trust},
    log,
    support::soon,
};

#[tokio::test]
async fn a_revoked_certificate_is_refused_with_the_reason_in_the_log() {
    log::begin(tracing::Level::INFO);
    let (ca, clients) = (Authority::new(), Authority::new());
    let (good, revoked) = (clients.leaf(&["video.example"]), clients.leaf(&["other.example"]));
    let trusted = |crl: String| {
        let files = Files::new();
        Trust::read(&files.write("ca.pem", &clients.pem), &[files.write("ca.crl", &crl)]).unwrap()
    };
    let current = || trusted(clients.crl(&[&revoked], 2120));
    let old = trusted(clients.crl(&[&revoked], 2022));
    let out_of_date = "the CRL of its authority is out of date since Sat, 01 Jan 2022 00:00:00 GMT";
    for (asked, leaf, reason) in [
        (Clients::Optional(current()), &good, None),
        (Clients::Optional(current()), &revoked, Some("its certificate is revoked")),
        (Clients::Required(current()), &revoked, Some("its certificate is revoked")),
        (Clients::Required(old), &good, Some(out_of_date)),
    ] {
        let address = start(&ca, asked, Limits::default()).await;
        let answer = get(address, tls::client(Some(&identity(leaf)), &trust(&ca))).await;
        let Some(reason) = reason else {
            assert_eq!(answer.as_deref(), Ok("client video.example"));
            continue;
        };
        let refused = answer.unwrap_err();
        assert!(refused.starts_with("it refuses the certificate it was shown"), "{refused}");
        let logged = log::logged();
        assert!(logged.contains("no TLS with a client") && logged.contains(reason), "{logged}");
    }
}

struct World {
    files: Files,
    ca: Authority,
    clients: Authority,
    _pcrf: Pcrf,
    app: App,
}

impl World {
    /// A gateway that asks for certificates, and knows these applications.
    async fn new(certificate: &str, applications: &[Terms]) -> Self {
        let (files, ca, clients) = (Files::new(), Authority::new(), Authority::new());
        let pcrf = Pcrf::start(PcrfConfig::on_free_ports()).await.unwrap();
        files.leaf("own", &ca.leaf(&["127.0.0.1"]));
        files.write("clients.pem", &clients.pem);
        files.write("clients.crl", &clients.crl(&[], 2120));
        let listener = format!(
            "listen = '127.0.0.1:0'\ncertificate = 'own.pem'\nkey = 'own.key'\nclient_ca = 'clients.pem'\n\
             client_crl = ['clients.crl']\nclient_certificate = '{certificate}'\n"
        );
        let text = format!(
            "[http]\n{listener}[admin]\n{listener}[store]\nkind = 'memory'\n\
             [access]\napplications = 'applications.toml'\n\
             [diameter]\norigin_host = 'af.rx.test'\norigin_realm = 'rx.test'\n\
             destination_realm = 'rx.test'\n\
             [[diameter.peers]]\nhost = 'pcrf.rx.test'\naddress = '{}'\n",
            pcrf.address()
        );
        Applications::from(applications.to_vec()).write(&files.0.join("applications.toml")).unwrap();
        let file: PathBuf = files.write("gate.toml", &text);
        let app = App::start_file(&file, Loaded::from_file(&file).unwrap(), false).await.unwrap();
        soon(async {
            while !app.peers()[0].open {
                tokio::task::yield_now().await;
            }
        })
        .await;
        Self { files, ca, clients, _pcrf: pcrf, app }
    }

    fn listeners(&self) -> [SocketAddr; 2] {
        [self.app.http_address(), self.app.admin_address()]
    }

    async fn shown(&self, address: SocketAddr, leaf: Option<&Leaf>) -> Result<String, String> {
        let identity = leaf.map(identity);
        get(address, tls::client(identity.as_ref(), &trust(&self.ca))).await
    }

    /// The status line for an Apply QoS of whoever shows this.
    async fn apply(&self, leaf: Option<&Leaf>, headers: &str) -> String {
        let body = r#"{"qoSFeatureProperties": {"framedIPAddress": "10.0.0.1", "duration": 3600,
            "mediaComponentDescription": [{"mediaComponentNumber": 1, "mediaType": "VIDEO"}]}}"#;
        let request = format!(
            "POST /ApplicationQoSService/tel:4917655501/qos HTTP/1.1\r\nHost: gate\r\n{headers}\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let identity = leaf.map(identity);
        let settings = tls::client(identity.as_ref(), &trust(&self.ca));
        let mut stream = open(self.app.http_address(), settings).await.unwrap();
        let answer = soon(exchange(&mut stream, request.as_bytes())).await.unwrap();
        answer.lines().next().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_revoked_ends_with_a_reload_on_both_listeners() {
    let world = World::new("required", &[]).await;
    let (revoked, good) = (world.clients.leaf(&["video"]), world.clients.leaf(&["other"]));
    let settings = tls::client(Some(&identity(&revoked)), &trust(&world.ca));
    let mut kept = open(world.app.http_address(), settings).await.unwrap();
    assert!(read_answer(&mut kept).await.starts_with("HTTP/1.1 "));
    for address in world.listeners() {
        assert!(world.shown(address, Some(&revoked)).await.is_ok());
    }
    // One that could not be told from another is not taken, and nothing changes.
    let crl = world.clients.crl(&[&revoked], 2120);
    world.files.write("clients.crl", &format!("{crl}{crl}"));
    let problems = world.app.reload().await.unwrap_err();
    assert!(problems[0].text.contains(": has a second CRL of the same authority"), "{problems:?}");
    assert!(world.shown(world.app.http_address(), Some(&revoked)).await.is_ok());

    world.files.write("clients.crl", &crl);
    let changes = world.app.reload().await.unwrap();
    let taken = "the certificates changed; new connections take them";
    assert_eq!(changes, [format!("[http]: {taken}"), format!("[admin]: {taken}")]);
    for address in world.listeners() {
        let refused = world.shown(address, Some(&revoked)).await.unwrap_err();
        assert!(refused.starts_with("it refuses the certificate it was shown"), "{refused}");
        assert!(world.shown(address, Some(&good)).await.is_ok());
    }
    assert!(read_answer(&mut kept).await.starts_with("HTTP/1.1 "));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_the_credential_of_the_application_that_it_names() {
    let applications = [Terms::new("video", [Scope::Apply]), Terms::new("reader", [Scope::Read])];
    let world = World::new("optional", &applications).await;
    let leaf = |name: &str| world.clients.sign(&[], name, (2020, 2120));
    let video = leaf("video");
    assert_eq!(world.apply(Some(&video), "").await, "HTTP/1.1 201 Created");
    let dns = world.clients.leaf(&["video"]);
    assert_eq!(world.apply(Some(&dns), "").await, "HTTP/1.1 201 Created");
    assert_eq!(world.apply(Some(&leaf("reader")), "").await, "HTTP/1.1 403 Forbidden");
    for unknown in [Some(&leaf("unknown")), Some(&leaf("")), None] {
        assert_eq!(world.apply(unknown, "").await, "HTTP/1.1 401 Unauthorized");
    }
    // What is shown beside it counts, not the certificate.
    for wrong in ["Basic dmlkZW86d3Jvbmc=", "Bearer wrong", "nonsense"] {
        let header = format!("Authorization: {wrong}\r\n");
        assert_eq!(world.apply(Some(&video), &header).await, "HTTP/1.1 401 Unauthorized", "{wrong}");
    }
}
