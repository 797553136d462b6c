//! Certificates made for one test, and the files they lie in.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

/// A certificate and its key.
pub struct Leaf {
    pub pem: String,
    pub key: String,
    serial: SerialNumber,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let name = format!("authority {}", NEXT.fetch_add(1, Ordering::Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for these names that is valid now.
    pub fn leaf(&self, names: &[&str]) -> Leaf {
        self.sign(names, "", (2020, 2120))
    }

    /// The same with a common name, valid in these years.
    pub fn sign(&self, names: &[&str], common: &str, (from, to): (i32, i32)) -> Leaf {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let serial = SerialNumber::from(number);
        params.serial_number = Some(serial.clone());
        params.distinguished_name = Default::default();
        if !common.is_empty() {
            params.distinguished_name.push(DnType::CommonName, common);
        }
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(to, 1, 1);
        let key = KeyPair::generate().unwrap();
        let pem = params.signed_by(&key, &self.issuer).unwrap().pem();
        Leaf { pem, key: key.serialize_pem(), serial }
    }

    /// What it has revoked, to be said anew in this year.
    pub fn crl(&self, revoked: &[&Leaf], next: i32) -> String {
        let revoked = revoked.iter().map(|leaf| RevokedCertParams {
            serial_number: leaf.serial.clone(),
            revocation_time: date_time_ymd(2021, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2021, 1, 1),
            next_update: date_time_ymd(next, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().pem().unwrap()
    }
}

/// A directory of one test, which is removed at its end.
pub struct Files(pub PathBuf);

impl Files {
    pub fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("rxgate-tls-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// `NAME.pem` and `NAME.key`, which is for its owner alone.
    pub fn leaf(&self, name: &str, leaf: &Leaf) -> (PathBuf, PathBuf) {
        let key = self.write(&format!("{name}.key"), &leaf.key);
        self.allow(&key, 0o600);
        (self.write(&format!("{name}.pem"), &leaf.pem), key)
    }

    /// Gives a file this mode.
    pub fn allow(&self, file: &Path, mode: u32) {
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        // What is left of it does no harm.
        _ = fs::remove_dir_all(&self.0);
    }
}
