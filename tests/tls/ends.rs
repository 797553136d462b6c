//! What the two ends of a Diameter connection over TLS are made of, from certificates of a test.

use rxgate::{
    tls::{Identity, Trust},
    transport::{Tcp, Tls, TlsEnds},
};

use crate::authority::{Authority, Files, Leaf};

/// The ends of a node that shows `leaf`, trusts `authority`, and knows what these CRLs say.
pub fn ends(leaf: &Leaf, authority: &Authority, crls: &[String]) -> TlsEnds {
    let files = Files::new();
    let (certificate, key) = files.leaf("own", leaf);
    let identity = Identity::read(&certificate, &key).unwrap();
    let crls: Vec<_> = (0..).zip(crls).map(|(at, crl)| files.write(&format!("{at}.crl"), crl)).collect();
    let trust = Trust::read(&files.write("ca.pem", &authority.pem), &crls).unwrap();
    TlsEnds::new(&identity, &trust)
}

pub fn node(leaf: &Leaf, authority: &Authority, crls: &[String]) -> Tls {
    Tls::new(Tcp::default(), ends(leaf, authority, crls).into())
}
