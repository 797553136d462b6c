//! Files that cannot be used: each is refused with its name and what is wrong with it.

use rxgate::tls::{Identity, Trust};

use crate::authority::{Authority, Files};

#[test]
fn a_certificate_and_its_key_must_be_there_and_belong_together() {
    let (ca, files) = (Authority::new(), Files::new());
    let (certificate, key) = files.leaf("good", &ca.leaf(&["af.rx.test"]));
    let identity = Identity::read(&certificate, &key).unwrap();
    assert_eq!(identity.names().dns, ["af.rx.test"]);
    let other = files.leaf("other", &ca.leaf(&["af.rx.test"])).1;
    let text = files.write("text.pem", "no certificate\n");
    let broken = files.write("broken.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let cut = files.write("cut.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    let locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let locked = files.write("locked.key", locked);
    let missing = files.0.join("missing.pem");
    for (certificate, key, wrong, why) in [
        (&missing, &key, &missing, "cannot be read: No such file"),
        (&text, &key, &text, "has no CERTIFICATE in PEM form"),
        (&broken, &key, &broken, "has a certificate that cannot be read: "),
        (&cut, &key, &cut, "is no PEM file: "),
        (&certificate, &missing, &missing, "cannot be read: No such file"),
        (&certificate, &text, &text, "has no PRIVATE KEY in PEM form"),
        (&certificate, &certificate, &certificate, "has no PRIVATE KEY in PEM form"),
        (&certificate, &locked, &locked, "has a passphrase"),
        (&certificate, &other, &other, "is not the key of the first certificate in "),
    ] {
        let error = Identity::read(certificate, key).unwrap_err();
        assert_eq!(&error.file, wrong, "{error}");
        assert!(error.text.contains(why), "{error}");
    }
}

/// What `openssl ca -gencrl` makes without `crl_extensions` in its configuration.
const VERSION_1: &str = "\
-----BEGIN X509 CRL-----
MIGaMEIwCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJYXV0aG9yaXR5Fw0yNjExMjMw
MTI5MjhaGA8yMTA5MDExMjAxMjkyOFowCgYIKoZIzj0EAwIDSAAwRQIhAIBXLrDv
Xh7z86NPpbDwfvGWN0vMUMoWgrdMp/EAClNbAiBOLJEwGxz0RkRRizjaGLEgF6Qw
on91Wjn9lFaHTion1w==
-----END X509 CRL-----
";

#[test]
fn authorities_and_their_crls_must_be_there_and_be_what_they_are_called() {
    let (ca, files) = (Authority::new(), Files::new());
    let good = files.write("ca.pem", &ca.pem);
    let crl = files.write("good.crl", &ca.crl(&[], 2120));
    assert!(Trust::read(&good, std::slice::from_ref(&crl)).is_ok());
    let text = files.write("text.pem", "nothing\n");
    let first = files.write("first.crl", VERSION_1);
    let broken = files.write("broken.crl", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n");
    for (ca, crl, wrong, why) in [
        (&text, &crl, &text, "has no CERTIFICATE in PEM form"),
        (&crl, &crl, &crl, "has no CERTIFICATE in PEM form"),
        (&good, &text, &text, "has no X509 CRL in PEM form"),
        (&good, &good, &good, "has no X509 CRL in PEM form"),
        (&good, &broken, &broken, "has a CRL that cannot be read: "),
        (&good, &first, &first, "has a CRL of version 1; accepted is version 2 with a CRL number"),
    ] {
        let error = Trust::read(ca, std::slice::from_ref(crl)).unwrap_err();
        assert_eq!(&error.file, wrong, "{error}");
        assert!(error.text.contains(why), "{error}");
    }
}

#[test]
fn an_authority_has_one_crl_for_of_two_only_one_would_count() {
    let (ca, files) = (Authority::new(), Files::new());
    let good = files.write("ca.pem", &ca.pem);
    let old = files.write("old.crl", &ca.crl(&[], 2120));
    let new = files.write("new.crl", &ca.crl(&[&ca.leaf(&["a.rx.test"])], 2121));
    let error = Trust::read(&good, &[old.clone(), new.clone()]).unwrap_err();
    assert_eq!(
        (&error.file, &*error.text),
        (&new, "has a second CRL of the same authority: leave only the newest")
    );
    let appended = std::fs::read_to_string(&old).unwrap() + &std::fs::read_to_string(&new).unwrap();
    let both = files.write("both.crl", &appended);
    assert_eq!(Trust::read(&good, std::slice::from_ref(&both)).unwrap_err().file, both);
    assert!(Trust::read(&good, &[new]).is_ok());
}
