//! Which versions of TLS are spoken: 1.2 and 1.3, and no older one.

use std::{
    io::{self, Write},
    net::SocketAddr,
    process::{Command, Stdio},
    sync::Arc,
};

use rustls::{
    ClientConfig, ProtocolVersion, RootCertStore,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    version::TLS12,
};
use rxgate::{
    north::limits::Limits,
    tls::{self, Clients},
};

use crate::{
    authority::{Authority, Files, Leaf},
    https::{open, read_answer, start, trust},
    log,
    nodes::{Liar, pcrf},
    support::{result_code, soon},
};

const AF: &str = "af.rx.test";

/// A client that knows no newer version.
fn only_1_2(leaf: &Leaf, ca: &Authority) -> Arc<ClientConfig> {
    let certificate = |pem: &str| CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate(&ca.pem)).unwrap();
    let key = PrivateKeyDer::from_pem_slice(leaf.key.as_bytes()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate(&leaf.pem)], key);
    Arc::new(config.unwrap())
}

#[tokio::test]
async fn diameter_goes_over_tls_1_2() {
    let ca = Authority::new();
    let pcrf = pcrf(&ca).await;
    let mut af = Liar::set_up(pcrf.address(), only_1_2(&ca.leaf(&[AF]), &ca)).await;
    assert_eq!(af.stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_2));
    assert_eq!(result_code(&af.says(AF).await.unwrap()), 2001);
}

#[tokio::test]
async fn https_goes_over_tls_1_2_with_the_name_of_the_client() {
    let ca = Authority::new();
    let address = start(&ca, Clients::Required(trust(&ca)), Limits::default()).await;
    let mut settings = tls::client(None, &trust(&ca));
    settings.config = only_1_2(&ca.leaf(&["video.example"]), &ca);
    let mut stream = open(address, settings).await.unwrap();
    assert_eq!(stream.get_ref().1.protocol_version(), Some(ProtocolVersion::TLSv1_2));
    assert!(read_answer(&mut stream).await.ends_with("client video.example"));
}

/// What OpenSSL makes of a server when it offers this version alone: whether it connects, and what it says.
async fn openssl(version: &'static str, address: SocketAddr, shown: &Leaf) -> io::Result<(bool, String)> {
    let files = Files::new();
    let (certificate, key) = files.leaf("shown", shown);
    let mut command = Command::new("openssl");
    command.args(["s_client", version, "-cipher", "ALL@SECLEVEL=0", "-connect", &address.to_string()]);
    command.arg("-cert").arg(certificate).arg("-key").arg(key).stdin(Stdio::null());
    let output = soon(tokio::task::spawn_blocking(move || command.output())).await.unwrap()?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

#[tokio::test]
async fn versions_before_1_2_are_refused() {
    log::begin(tracing::Level::INFO);
    let ca = Authority::new();
    let pcrf = pcrf(&ca).await;
    let https = start(&ca, Clients::Required(trust(&ca)), Limits::default()).await;
    for address in [pcrf.address(), https] {
        let leaf = ca.leaf(&[AF]);
        let spoken = match openssl("-tls1_2", address, &leaf).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                assert!(std::env::var_os("CI").is_none(), "openssl is missing, which CI forbids");
                let what = "SKIPPED: versions of TLS: openssl is missing (Debian package openssl)";
                // Past what the test harness keeps to itself.
                return writeln!(io::stderr(), "{what}").unwrap();
            }
            spoken => spoken,
        };
        let (connects, said) = spoken.unwrap();
        assert!(connects && said.contains("New, TLSv1.2, Cipher is "), "{said}");
        for version in ["-tls1", "-tls1_1"] {
            let (connects, said) = openssl(version, address, &leaf).await.unwrap();
            assert!(!connects && said.contains("SSL alert number "), "{version}: {said}");
            let logged = log::logged();
            assert!(
                address != https || logged.contains("no TLS in common, accepted are 1.2 and 1.3 "),
                "{logged}"
            );
        }
    }
}
