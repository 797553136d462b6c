//! An identity provider: keys, tokens, and a server on loopback that shows the keys.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
};

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use rxgate::tls::{self, Clients, Identity};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    sync::watch,
};
use tokio_rustls::TlsAcceptor;

pub fn part(octets: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(octets)
}

/// A key that the provider signs with.
pub struct Key {
    pair: EcdsaKeyPair,
    kid: &'static str,
}

impl Key {
    pub fn new(kid: &'static str) -> Self {
        let chance = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &chance).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &chance).unwrap();
        Self { pair, kid }
    }

    pub fn jwk(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        let (x, y) = (part(&point[1..33]), part(&point[33..]));
        json!({ "kty": "EC", "crv": "P-256", "kid": self.kid, "x": x, "y": y })
    }

    pub fn set(&self) -> String {
        json!({ "keys": [self.jwk()] }).to_string()
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(self.kid, claims)
    }

    /// With the name of another key.
    pub fn sign_as(&self, kid: &str, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "kid": kid }).to_string();
        let signed = format!("{}.{}", part(header.as_bytes()), part(claims.to_string().as_bytes()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", part(signature.as_ref()))
    }

    /// A token for `video`.
    pub fn token(&self) -> String {
        self.sign(&claims("video", json!({})))
    }
}

pub fn claims(application: &str, more: Value) -> Value {
    let mut claims =
        json!({ "iss": "https://idp.test", "aud": "gate", "azp": application, "exp": 4_000_000_000_u64 });
    claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    claims
}

/// `[access.jwt]` for these tokens; `jwks` and whatever else goes with it.
pub fn section(jwks: &str) -> String {
    format!(
        "[access.jwt]\nissuer = \"https://idp.test\"\naudience = \"gate\"\nalgorithms = [\"ES256\"]\n\
         claim = \"azp\"\njwks = {jwks}\n"
    )
}

/// What the server does with a request.
#[derive(Clone, Debug)]
pub enum Does {
    Answers(&'static str, String),
    Closes,
    Hangs,
}

pub fn shows(set: String) -> Does {
    Does::Answers("200 OK", set)
}

/// The server that shows the keys.
pub struct Server {
    pub address: SocketAddr,
    does: Arc<Mutex<Does>>,
    requests: watch::Receiver<usize>,
}

impl Server {
    pub async fn new(does: Does) -> Self {
        Self::start(does, None).await
    }

    /// Over TLS, with these files.
    pub async fn tls(does: Does, certificate: &Path, key: &Path) -> Self {
        let identity = Identity::read(certificate, key).unwrap();
        let settings = tls::server(&identity, &Clients::Unasked, &[]);
        Self::start(does, Some(TlsAcceptor::from(settings.config))).await
    }

    async fn start(does: Does, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let does = Arc::new(Mutex::new(does));
        let (count, requests) = watch::channel(0);
        let now = does.clone();
        let count = Arc::new(count);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (now, count, tls) = (now.clone(), count.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &now, &count).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, &now, &count).await,
                            Err(_) => count.send_modify(|count| *count += 1),
                        },
                    }
                });
            }
        });
        Self { address, does, requests }
    }

    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}/realms/test/certs?x=1", self.address)
    }

    pub fn does(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }

    /// Connections on which somebody asked, or did not want to.
    pub fn requests(&self) -> usize {
        *self.requests.borrow()
    }

    /// Waits for one more than these.
    pub async fn asked_after(&self, before: usize) {
        self.requests.clone().wait_for(|count| *count > before).await.unwrap();
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    does: &Mutex<Does>,
    count: &watch::Sender<usize>,
) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(octet) => request.push(octet),
            Err(_) => return,
        }
    }
    let request = String::from_utf8(request).unwrap();
    assert!(request.starts_with("GET /realms/test/certs?x=1 HTTP/1.1\r\n"), "{request}");
    let does = does.lock().unwrap().clone();
    match does {
        Does::Answers(status, body) => {
            // What is redirected would come back here, and be counted.
            let head = format!(
                "HTTP/1.1 {status}\r\nLocation: /realms/test/certs?x=1\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            // Who has enough of it goes away.
            _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
            count.send_modify(|count| *count += 1);
            _ = stream.shutdown().await;
        }
        Does::Closes => count.send_modify(|count| *count += 1),
        Does::Hangs => {
            count.send_modify(|count| *count += 1);
            // Until the other side goes.
            _ = stream.read_u8().await;
        }
    }
}

/// A certificate for 127.0.0.1 and its key, in files of this name; it is its own authority.
pub fn certificate(directory: &Path, name: &str) -> (std::path::PathBuf, std::path::PathBuf) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (directory.join(format!("{name}.pem")), directory.join(format!("{name}.key")));
    fs::write(&certificate, made.cert.pem()).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}
