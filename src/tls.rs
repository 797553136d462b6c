//! Certificates, keys and revocations from files, and the TLS 1.2 and 1.3 (RFC 5246, RFC 8446) that is made of them.
//!
//! The one place for everything that speaks TLS: Diameter, the HTTP listeners, the delivery of events, the command
//! line. Nothing in here opens a socket. What is wrong with a file is told with its name; what is wrong with the
//! other side's certificate in words that name nobody, for they are logged.

mod der;
mod exposure;
mod reason;
mod subject;
mod validity;

use std::{
    collections::HashSet,
    fs::{File, Metadata},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use rustls::{
    ClientConfig, Error, RootCertStore, ServerConfig,
    client::{Resumption, WebPkiServerVerifier},
    crypto::CryptoProvider,
    pki_types::{
        CertificateDer, CertificateRevocationListDer, PrivateKeyDer, TrustAnchor,
        pem::{self, PemObject},
    },
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    sign::{CertifiedKey, SingleCertAndKey},
};
use thiserror::Error;
use webpki::{CertRevocationList, EndEntityCert, OwnedCertRevocationList};

pub use reason::{io_reason, of_tls, reason};
pub use validity::{Dated, Doubt};

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}: {text}", .file.display())]
pub struct FileError {
    /// Which.
    pub file: PathBuf,
    /// What is wrong with it, and what is accepted.
    pub text: String,
}

/// The one provider of cryptography.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A certificate with its chain and its key: what this side shows.
#[derive(Clone, Debug)]
pub struct Identity {
    certified: Arc<CertifiedKey>,
    /// The chain's.
    file: PathBuf,
    exposed: Option<Doubt>,
    /// Changes with the files.
    digest: u64,
}

impl Identity {
    /// Reads a PEM chain, the own certificate first, and its PEM key without a passphrase.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, FileError> {
        let mut digest = DefaultHasher::new();
        let octets = read(certificate, &mut digest)?;
        let chain = certificates(certificate, &octets)?;
        for one in &chain {
            EndEntityCert::try_from(one).map_err(|error| FileError {
                file: certificate.to_owned(),
                text: match error {
                    webpki::Error::UnsupportedCertVersion => {
                        format!("has a certificate that is not of X.509 version 3: {}", reason::VERSION_3)
                    }
                    error => format!("has a certificate that cannot be read: {}", reason::words(error)),
                },
            })?;
        }
        let (octets, metadata) = read_with(key, &mut digest)?;
        let wrong = |text: String| FileError { file: key.to_owned(), text };
        let private = PrivateKeyDer::from_pem_slice(&octets).map_err(|error| {
            let encrypted = octets.windows(9).any(|word| word == b"ENCRYPTED");
            wrong(match (error, encrypted) {
                (_, true) => {
                    "its key has a passphrase; accepted is one without, in a file that only this user may \
                              read: `openssl pkey -in FILE -out FILE`"
                        .into()
                }
                (pem::Error::NoItemsFound, false) => "has no PRIVATE KEY in PEM form".into(),
                (error, false) => not_pem(&error),
            })
        })?;
        let certified = CertifiedKey::from_der(chain, private, &provider()).map_err(|error| match error {
            Error::InconsistentKeys(_) => {
                wrong(format!("is not the key of the first certificate in {}", certificate.display()))
            }
            error => wrong(format!("cannot be used with {}: {error}", certificate.display())),
        })?;
        Ok(Self {
            certified: Arc::new(certified),
            file: certificate.to_owned(),
            exposed: exposure::doubt(key, &metadata),
            digest: digest.finish(),
        })
    }

    /// What is to be said of who may read and write the file of the key.
    pub fn exposed(&self) -> Option<Doubt> {
        self.exposed.clone()
    }

    /// Whom the certificate names.
    pub fn names(&self) -> Names {
        Names::of(&self.certified.cert)
    }
}

/// First octet of a TLS handshake: the content type of its record (RFC 8446 §5.1).
pub const HANDSHAKE: u8 = 0x16;

/// Who is trusted: certificate authorities, and what they have revoked.
#[derive(Clone, Debug)]
pub struct Trust {
    roots: Arc<RootCertStore>,
    revoked: Vec<CertificateRevocationListDer<'static>>,
    /// Of the CRLs, each with its file.
    next_updates: Vec<(PathBuf, validity::Time)>,
    /// There are CRLs, and none of these authorities.
    unlisted: Vec<Doubt>,
    digest: u64,
}

impl Trust {
    /// Reads the certificates of the authorities and, if there are any, their CRLs (RFC 5280 §5), all PEM.
    ///
    /// With CRLs each certificate below an authority needs one of its issuer that is not past its next update: a
    /// certificate of which nobody says whether it is revoked is refused.
    pub fn read(authorities: &Path, revocations: &[PathBuf]) -> Result<Self, FileError> {
        let mut digest = DefaultHasher::new();
        let mut roots = RootCertStore::empty();
        for certificate in certificates(authorities, &read(authorities, &mut digest)?)? {
            roots.add(certificate).map_err(|_| FileError {
                file: authorities.to_owned(),
                text: "has a certificate that cannot be read".into(),
            })?;
        }
        let (mut revoked, mut next_updates, mut of) = (Vec::new(), Vec::new(), HashSet::new());
        for file in revocations {
            let wrong = |text: String| FileError { file: file.clone(), text };
            let octets = read(file, &mut digest)?;
            let before = revoked.len();
            for list in CertificateRevocationListDer::pem_slice_iter(&octets) {
                let list = list.map_err(|error| wrong(not_pem(&error)))?;
                let parsed = OwnedCertRevocationList::from_der(&list);
                let parsed: CertRevocationList<'_> =
                    parsed.map_err(|error| wrong(validity::unreadable(&list, &error)))?.into();
                let part = parsed.issuing_distribution_point().map(<[u8]>::to_vec);
                if !of.insert((parsed.issuer().to_vec(), part)) {
                    // Only the first that is found would count.
                    return Err(wrong(
                        "has a second CRL of the same authority: leave only the newest".into(),
                    ));
                }
                next_updates.extend(validity::next_update(&list).map(|next| (file.clone(), next)));
                revoked.push(list);
            }
            if revoked.len() == before {
                return Err(wrong("has no X509 CRL in PEM form".into()));
            }
        }
        let is_listed = |root: &TrustAnchor<'_>| of.iter().any(|(issuer, _)| *issuer == *root.subject);
        let unlisted = roots.roots.iter().filter(|root| !revocations.is_empty() && !is_listed(root));
        let unlisted = unlisted.map(|root| Doubt::without_list(authorities, &root.subject)).collect();
        Ok(Self { roots: Arc::new(roots), revoked, next_updates, unlisted, digest: digest.finish() })
    }

    /// The authorities of which every certificate is refused, because there are CRLs and none of theirs.
    pub fn unlisted(&self) -> &[Doubt] {
        &self.unlisted
    }

    /// The authorities that the system trusts, or that the file in SSL_CERT_FILE has; `None`: there are none.
    pub fn system() -> Option<Self> {
        let mut roots = RootCertStore::empty();
        // What cannot be read of them is no authority; a machine without any is found out by their number.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let digest = roots.len() as u64;
        let (revoked, next_updates, unlisted) = (Vec::new(), Vec::new(), Vec::new());
        (!roots.is_empty()).then(|| Self { roots: Arc::new(roots), revoked, next_updates, unlisted, digest })
    }
}

/// What a server asks of its clients.
#[derive(Clone, Debug)]
pub enum Clients {
    /// No certificate.
    Unasked,
    /// A certificate of these authorities, or none.
    Optional(Trust),
    /// A certificate of these authorities.
    Required(Trust),
}

/// What one end of a connection is set up with; equal when it was made of the same files.
#[derive(Clone, Debug)]
pub struct Settings<C> {
    /// As rustls takes it.
    pub config: Arc<C>,
    digest: (u64, u64),
}

impl<C> PartialEq for Settings<C> {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

/// The accepting end. `protocols` are those that clients may ask for inside of TLS (RFC 7301), the best first.
///
/// A client that showed a certificate shows it again in each handshake: no session is resumed, so that what has been
/// revoked since is refused.
pub fn server(identity: &Identity, clients: &Clients, protocols: &[&[u8]]) -> Settings<ServerConfig> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has cipher suites for TLS 1.2 and 1.3");
    let (verifier, digest) = match clients {
        Clients::Unasked => (None, 0),
        Clients::Optional(trust) | Clients::Required(trust) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(trust.roots.clone(), provider())
                .with_crls(trust.revoked.clone())
                .enforce_revocation_expiration();
            let verifier = match clients {
                Clients::Optional(_) => verifier.allow_unauthenticated(),
                _ => verifier,
            };
            (Some(verifier.build().expect(READ)), trust.digest)
        }
    };
    let asks = verifier.is_some();
    let builder = match verifier {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let resolver = SingleCertAndKey::from(CertifiedKey::clone(&identity.certified));
    let mut config = builder.with_cert_resolver(Arc::new(resolver));
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    if asks {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Settings { config: Arc::new(config), digest: (identity.digest, digest) }
}

/// The connecting end; without an identity it shows no certificate.
pub fn client(identity: Option<&Identity>, trust: &Trust) -> Settings<ClientConfig> {
    let verifier = WebPkiServerVerifier::builder_with_provider(trust.roots.clone(), provider())
        .with_crls(trust.revoked.clone())
        .enforce_revocation_expiration()
        .build()
        .expect(READ);
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("the provider has cipher suites for TLS 1.2 and 1.3")
        .with_webpki_verifier(verifier);
    let mut config = match identity {
        Some(identity) => {
            let resolver = SingleCertAndKey::from(CertifiedKey::clone(&identity.certified));
            builder.with_client_cert_resolver(Arc::new(resolver))
        }
        None => builder.with_no_client_auth(),
    };
    config.resumption = Resumption::disabled();
    let own = identity.map_or(0, |identity| identity.digest);
    Settings { config: Arc::new(config), digest: (own, trust.digest) }
}

/// The connecting end that trusts whom the system trusts; `None`: that is nobody.
///
/// Read when it is first asked for, which blocks on the disk, and then kept for the life of the process.
pub fn system_client() -> Option<Settings<ClientConfig>> {
    static SYSTEM: OnceLock<Option<Settings<ClientConfig>>> = OnceLock::new();
    SYSTEM.get_or_init(|| Trust::system().map(|trust| client(None, &trust))).clone()
}

/// Why a verifier can be made of a [`Trust`].
const READ: &str = "there are authorities, and the CRLs were read";

/// Whom a certificate names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// DNS names of its subjectAltName (RFC 5280 §4.2.1.6), without those that stand for several.
    pub dns: Vec<String>,
    /// Common name of its subject.
    pub common: Option<String>,
}

impl Names {
    /// The names in the first certificate of a chain that was verified; none without one.
    pub fn of(chain: &[CertificateDer<'_>]) -> Self {
        let Some(Ok(first)) = chain.first().map(EndEntityCert::try_from) else { return Self::default() };
        let dns = first.valid_dns_names().filter(|name| !name.contains('*')).map(str::to_owned);
        Self { dns: dns.collect(), common: subject::common_name(first.subject()) }
    }

    /// The name that stands for whoever shows it: the first DNS name, else the common name.
    pub fn first(self) -> Option<String> {
        self.dns.into_iter().next().or(self.common)
    }
}

fn read(file: &Path, digest: &mut DefaultHasher) -> Result<Vec<u8>, FileError> {
    read_with(file, digest).map(|(octets, _)| octets)
}

/// The same with what the system knows of the file that was read.
fn read_with(file: &Path, digest: &mut DefaultHasher) -> Result<(Vec<u8>, Metadata), FileError> {
    let whole = || {
        let (mut opened, mut octets) = (File::open(file)?, Vec::new());
        opened.read_to_end(&mut octets)?;
        Ok((octets, opened.metadata()?))
    };
    let (octets, metadata) = whole().map_err(|error: io::Error| FileError {
        file: file.to_owned(),
        text: format!("cannot be read: {error}"),
    })?;
    octets.hash(digest);
    Ok((octets, metadata))
}

/// All certificates of a PEM file; at least one.
fn certificates(file: &Path, octets: &[u8]) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let wrong = |text: String| FileError { file: file.to_owned(), text };
    let found = CertificateDer::pem_slice_iter(octets).collect::<Result<Vec<_>, _>>();
    let found = found.map_err(|error| wrong(not_pem(&error)))?;
    if found.is_empty() {
        return Err(wrong("has no CERTIFICATE in PEM form".into()));
    }
    Ok(found)
}

fn not_pem(error: &pem::Error) -> String {
    format!("is no PEM file: {error}")
}
