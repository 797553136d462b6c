use std::time::{Duration, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair},
};
use serde_json::json;
use sha2::Sha256;

use super::*;

const NOW: u64 = 1_800_000_000;

const EVERY: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Ps256, Algorithm::EdDsa];

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(NOW)
}

fn part(octets: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(octets)
}

/// An identity provider.
struct World {
    pair: EcdsaKeyPair,
    keys: KeySet,
    provider: Provider,
}

impl World {
    fn new() -> Self {
        let chance = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &chance).unwrap();
        let pair =
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &chance).unwrap();
        let point = pair.public_key().as_ref();
        let keys = json!({ "keys": [
            { "kty": "oct", "kid": "1", "k": part(point) },
            { "kty": "EC", "crv": "P-256", "kid": "1", "use": "sig", "x": part(&point[1..33]), "y": part(&point[33..]) },
        ] });
        let provider = Provider {
            issuer: "https://idp.test".into(),
            audience: "gate".into(),
            algorithms: vec![Algorithm::Es256, Algorithm::Rs256],
            claim: "azp".into(),
        };
        Self {
            pair,
            keys: KeySet::read(keys.to_string().as_bytes(), &provider.algorithms).unwrap(),
            provider,
        }
    }

    fn sign(&self, header: &Value, claims: &str) -> String {
        let signed = format!("{}.{}", part(header.to_string().as_bytes()), part(claims.as_bytes()));
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", part(signature.as_ref()))
    }

    fn check(&self, token: &str) -> Result<Said, TokenError> {
        self.provider.check(&Token::parse(token)?, &self.keys, now())
    }
}

fn claims() -> Value {
    json!({ "iss": "https://idp.test", "aud": "gate", "azp": "video", "exp": NOW + 60, "iat": NOW })
}

fn header() -> Value {
    json!({ "alg": "ES256", "kid": "1" })
}

#[test]
fn a_token_of_the_provider_names_its_application_and_scopes() {
    let world = World::new();
    let said = world.check(&world.sign(&header(), &claims().to_string())).unwrap();
    assert_eq!(said, Said { application: "video".into(), scope: None });
    let mut more = claims();
    (more["aud"], more["scope"], more["nbf"]) =
        (json!(["other", "gate"]), json!("read openid"), json!(NOW + 29));
    more["exp"] = json!(NOW as f64 - 29.5);
    let without_kid = json!({ "alg": "ES256", "typ": "JWT" });
    let said = world.check(&world.sign(&without_kid, &more.to_string())).unwrap();
    assert_eq!(said.scope.as_deref(), Some("read openid"));
}

#[test]
fn claims_that_are_wrong_or_not_there_are_refused() {
    use TokenError::{Audience, Claim, Early, Expired, Issuer};
    let world = World::new();
    for (claim, value, error) in [
        ("iss", json!("https://idp.test/"), Issuer),
        ("iss", Value::Null, Claim("iss")),
        ("aud", json!("gat"), Audience),
        ("aud", json!([]), Audience),
        ("aud", json!([1]), Audience),
        ("aud", Value::Null, Claim("aud")),
        ("exp", json!(NOW - 30), Expired),
        ("exp", json!(0), Expired),
        ("exp", json!("1900000000"), Claim("exp")),
        ("exp", Value::Null, Claim("exp")),
        ("nbf", json!(NOW + 31), Early),
        ("nbf", json!(true), Claim("nbf")),
        ("iat", json!(NOW + 31), Early),
        ("azp", Value::Null, Claim("that names the application")),
        ("azp", json!(7), Claim("that names the application")),
        ("scope", json!(["read"]), Claim("scope")),
    ] {
        let mut wrong = claims();
        match &value {
            Value::Null => drop(wrong.as_object_mut().unwrap().remove(claim)),
            value => wrong[claim] = value.clone(),
        }
        assert_eq!(world.check(&world.sign(&header(), &wrong.to_string())), Err(error), "{claim} {value}");
    }
    for (claims, error) in [("[]", TokenError::Malformed), ("{", TokenError::Malformed), ("{}", Claim("iss"))]
    {
        assert_eq!(world.check(&world.sign(&header(), claims)), Err(error), "{claims}");
    }
}

#[test]
fn nothing_but_the_right_key_and_an_accepted_algorithm_will_do() {
    let world = World::new();
    let good = world.sign(&header(), &claims().to_string());
    let signed = |header: &Value| {
        format!("{}.{}", part(header.to_string().as_bytes()), part(claims().to_string().as_bytes()))
    };
    for alg in ["none", "None", "", "HS256", "es256", "ES384", "ES512", "EdDSA"] {
        let header = json!({ "alg": alg, "kid": "1" });
        let unsigned = format!("{}.", signed(&header));
        assert_eq!(world.check(&unsigned), Err(TokenError::Algorithm), "{alg}");
        assert_eq!(
            world.check(&world.sign(&header, &claims().to_string())),
            Err(TokenError::Algorithm),
            "{alg}"
        );
    }
    // The public key as a shared secret, in every form that somebody might take it in.
    let header = json!({ "alg": "HS256", "kid": "1" });
    let point = world.pair.public_key().as_ref();
    for secret in [point, &point[1..], part(point).as_bytes()] {
        let signed = signed(&header);
        let mac =
            Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(&signed).finalize().into_bytes();
        assert_eq!(world.check(&format!("{signed}.{}", part(&mac))), Err(TokenError::Algorithm));
        // The same, named as what is accepted.
        let signed = self::header();
        let signed =
            format!("{}.{}", part(signed.to_string().as_bytes()), part(claims().to_string().as_bytes()));
        let mac =
            Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(&signed).finalize().into_bytes();
        assert_eq!(world.check(&format!("{signed}.{}", part(&mac))), Err(TokenError::Signature));
    }
    // Accepted, and of another kind than the key.
    let other_kind = world.sign(&json!({ "alg": "RS256", "kid": "1" }), &claims().to_string());
    assert_eq!(world.check(&other_kind), Err(TokenError::Algorithm));
    let unknown = world.sign(&json!({ "alg": "ES256", "kid": "2" }), &claims().to_string());
    assert_eq!(world.check(&unknown), Err(TokenError::Key));
    let other = World::new().sign(&self::header(), &claims().to_string());
    assert_eq!(world.check(&other), Err(TokenError::Signature));
    let critical = world
        .sign(&json!({ "alg": "ES256", "kid": "1", "crit": ["b64"], "b64": false }), &claims().to_string());
    assert_eq!(world.check(&critical), Err(TokenError::Critical));
    // Each octet counts.
    for at in 0..good.len() {
        let mut changed = good.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(world.check(str::from_utf8(&changed).unwrap()).is_err(), "{at}");
    }
}

#[test]
fn what_is_no_token_is_refused() {
    let world = World::new();
    let good = world.sign(&header(), &claims().to_string());
    let parts: Vec<&str> = good.split('.').collect();
    for garbage in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "abc",
        &good[..good.len() - 40],
        &format!("{good}.x"),
        &format!("{good}="),
        &format!(" {good}"),
        &format!("{}..{}", parts[0], parts[2]),
        &format!("{}.{}", parts[0], parts[1]),
        &format!("e30.{}.{}", parts[1], parts[2]),
        &format!("W10.{}.{}", parts[1], parts[2]),
    ] {
        assert!(world.check(garbage).is_err(), "{garbage}");
    }
    let long = format!("{good}{}", "A".repeat(8192));
    assert_eq!(world.check(&long), Err(TokenError::Long));
}

/// Made with `openssl dgst -sha256 -sign`, the second with `-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32`.
#[test]
fn rsa_signatures_of_another_program_are_right() {
    let n = "xa-u50j3Nu9VWD37GNI1x9d7gMpbV0ejRsG7OQvH7Jw2ON0irswtzNv0gELIge_ZTsyfIcAIto9hAS3fQkNTsPwl50GKq3XfeCoN9HGzHEmiAAL92ufZC8S9j7H8-pwigEQotJZVMS1AJTrt_b0sX7FunqgCun427D1LMR6pU71O_NhuZLOVIfyBBev2KVp1-ObGu5UEL4SMHA8CLX7AzG13S28pBaf-mN5pD8yOEhGctA6-HAJL1gIh3ciDZ2ZC2sm5NaZl61qmNl45-COkoUU4_KKVI0x28Qi49rm6wlDl96CWGOI4ogb8kB-I3woff-Ct9GgkZXvNWilGBT5Z-Q";
    let tokens = [
        (
            Algorithm::Rs256,
            "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UifQ.OXk5WQB0ZeT44QHm3MoJ9cfRBIvbP4cRivRhifmpHjIy_e2YGgsW0sA6MufpWhR6NG7ufovKbdUS_r8V8xEKYCjxjlTIUWy1rJJ-RYr_Rzt8MShpiSNuoIj36Em7SN0WbTLYW3BbtAHD0b7icnY6GiLnHaRGLM8HD5R6kkw0rh3oNiU58PEAyaS9Yk06hl41j7iO6Lbo8sGxSdvRPrSFYULgmovwdVYgJYEtQQjiwBKCv0Y0a04Si3d6GReFjQGogcvdBfVGZXbq9k6kxXF8PZtlNJ_Ax8Wlgwo0cpTcp9MAAEMmXrOId1M90fGAOz5zUXp5q2hePxdhTIi3-VN_NA",
        ),
        (
            Algorithm::Ps256,
            "eyJhbGciOiJQUzI1NiJ9.eyJpc3MiOiJqb2UifQ.A5rfPVna1vQ4AQoNq5bL90J1r_vP36n63DQFeBYXpWi1hmLtVlxuXKQ4J7tC8kWymdo1v1Sv6hC9wiY2aFxOFnLf9PVIc_C6K66FcE9Gmo9hfHvJEqLouHBatjVF0mNaboNhPcr9Fh4E7CPK5vGAU_yNvX4Ez01cJ_Xz2s9BMXMaugJzDuBHHu7-1k3px-sns1HSkK1oQShmIy2Oh43MR-GmZ8tBTRmrJ4KPfYHp7YmNJY8sfn0KhiQZtw97hm1isHpsKrf4NG5ThIgOEcEPIXIK3cATfnzal1qDI9e6BqCA39h8-CBozD_SacvKIzO2CHehSM_H1CiLhsXZdYiedg",
        ),
    ];
    let keys = json!({ "keys": [{ "kty": "RSA", "n": n, "e": "AQAB" }] });
    let keys = KeySet::read(keys.to_string().as_bytes(), &EVERY).unwrap();
    for (algorithm, text) in tokens {
        let token = Token::parse(text).unwrap();
        let key = keys.find(&token, algorithm).unwrap();
        let claims = token.signed_by(key, &[algorithm]).unwrap();
        assert_eq!(claims.named("iss"), Some("joe"));
        assert_eq!(token.signed_by(key, &[Algorithm::Es256]).err(), Some(TokenError::Algorithm));
        let (signed, signature) = text.rsplit_once('.').unwrap();
        let other = format!("{signed}.{}", signature.chars().rev().collect::<String>());
        let other = Token::parse(&other).map(|token| token.signed_by(key, &[algorithm]).err());
        assert!(
            matches!(other, Err(TokenError::Malformed) | Ok(Some(TokenError::Signature))),
            "{algorithm:?}"
        );
    }
}

#[test]
fn ed25519_is_known_too_and_a_set_without_a_key_for_us_is_refused() {
    let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap();
    let signed = format!("{}.{}", part(br#"{"alg":"EdDSA"}"#), part(b"{}"));
    let token = format!("{signed}.{}", part(pair.sign(signed.as_bytes()).as_ref()));
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": part(pair.public_key().as_ref()) });
    let keys = KeySet::read(json!({ "keys": [jwk] }).to_string().as_bytes(), &EVERY).unwrap();
    let token = Token::parse(&token).unwrap();
    let key = keys.find(&token, Algorithm::EdDsa).unwrap();
    assert!(token.signed_by(key, &[Algorithm::EdDsa]).is_ok());
    assert_eq!(token.signed_by(key, &[Algorithm::Es256]).err(), Some(TokenError::Algorithm));
    let mut other = jwk.clone();
    for (member, value) in [("use", "enc"), ("alg", "ES256K"), ("crv", "X25519"), ("kty", "oct"), ("x", "=")]
    {
        other.clone_from(&jwk);
        other[member] = json!(value);
        let set = json!({ "keys": [other] }).to_string();
        let why = KeySet::read(set.as_bytes(), &EVERY).unwrap_err();
        assert!(why.starts_with("none of its 1 keys can be used: "), "{why}");
    }
    for garbage in ["", "[]", "{}", r#"{"keys":{}}"#, "\u{ff}"] {
        assert!(
            KeySet::read(garbage.as_bytes(), &EVERY).unwrap_err().starts_with("no JSON Web Key Set: "),
            "{garbage}"
        );
    }
}

#[test]
fn keys_that_are_left_out_are_told_by_their_place() {
    let point = part(&[7; 32]);
    let good = json!({ "kty": "EC", "crv": "P-256", "x": point, "y": point });
    let rsa = |octets: usize| json!({ "kty": "RSA", "n": part(&vec![255; octets]), "e": "AQAB" });
    let keys = json!([
        good,
        { "kty": "oct", "k": "c2VjcmV0", "alg": "HS256" },
        { "kty": "oct", "use": "enc", "k": "c2VjcmV0" },
        rsa(256),
        rsa(255),
        { "kty": "EC", "crv": "P-256", "x": point, "y": part(&[7; 31]) },
        { "kty": "EC", "crv": "secp256k1", "x": point, "y": point },
        { "kty": "EC", "crv": "P-256", "x": point, "y": point, "alg": "HS256" },
        "key",
    ]);
    let read = |keys: &Value, accepted: &[Algorithm]| {
        KeySet::read(json!({ "keys": keys }).to_string().as_bytes(), accepted)
    };
    let set = read(&keys, &[Algorithm::Es256]).unwrap();
    assert_eq!(set.len(), 1);
    assert_eq!(
        set.left_out(),
        [
            "key 2: a shared secret (oct), which is never taken",
            "key 4: it is for none of the algorithms that are accepted",
            "key 5: its modulus has not 2048 to 8192 bits",
            "key 6: a part of it is missing or damaged",
            "key 7: its kind is not used here",
            "key 8: its algorithm is not used here",
            "key 9: no JSON Web Key",
        ]
    );
    assert_eq!(read(&keys, &[Algorithm::Es256, Algorithm::Rs256]).unwrap().len(), 2);
    let many = read(&json!(vec![good; 65]), &[Algorithm::Es256]).unwrap();
    assert_eq!((many.len(), many.left_out()), (64, &["those after key 64: there are 65".to_owned()][..]));
    let none = read(&json!([rsa(256)]), &[Algorithm::Es256]).unwrap_err();
    assert!(none.ends_with("key 1: it is for none of the algorithms that are accepted"), "{none}");
}
