//! A set of signing keys (RFC 7517), and the verification of RS256 signatures with `ring` (RFC 7518, section 3.3).

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use serde_json::{Map, Value};

use super::super::id_token::Invalid;
use crate::error::{Failure, Kind};

/// The minimum size of an RSA key, in bits (RFC 7518, section 3.3).
const FEWEST_BITS: usize = 2048;
/// The maximum size of an RSA key that `ring` supports, in bits.
const MOST_BITS: usize = 8192;
/// The only accepted signature algorithm, which Cognito uses.
const ALGORITHM: &str = "RS256";
/// The base64 settings for decoding published keys, which tolerate padding and trailing bits. RFC 7515 forbids padding,
/// but some servers pad.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// The signing keys of an issuer.
#[derive(Debug, Clone)]
pub struct KeySet(Vec<Key>);

/// An RSA key that can verify RS256 signatures.
#[derive(Debug, Clone)]
struct Key {
    id: Option<String>,
    modulus: Option<Vec<u8>>,
    exponent: Option<Vec<u8>>,
}

/// Returns the RS256 signing keys in a JWKS document, and ignores all others (RFC 7517, section 5).
///
/// # Errors
/// [`Kind::Network`] if it is no key set.
pub fn key_set(document: &Value) -> Result<KeySet, Failure> {
    let keys = document
        .get("keys")
        .and_then(Value::as_array)
        .ok_or_else(|| Failure::new(Kind::Network, "what is given as the signing keys is not a key set"))?;
    Ok(KeySet(keys.iter().filter_map(Value::as_object).filter_map(Key::of).collect()))
}

impl KeySet {
    /// Verifies `signature` over `message` with the key whose id is `id`. A set of a single key may leave out its id.
    ///
    /// # Errors
    /// [`Invalid::UnknownKey`] if the set has no such key, [`Invalid::Token`] if the key or the signature is wrong.
    pub fn verify(&self, id: &str, message: &str, signature: &[u8]) -> Result<(), Invalid> {
        let named = self.0.iter().filter(|key| key.id.as_deref() == Some(id));
        let nameless = match self.0.as_slice() {
            [only] if only.id.is_none() => Some(only),
            _ => None,
        };
        let mut outcome = Err(Invalid::UnknownKey);
        for key in named.chain(nameless) {
            outcome = key.verify(message, signature);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }
}

impl Key {
    /// Parses a JWK; returns `None` if it is not an RS256 signing key. Members that are null or have another type count
    /// as missing.
    fn of(key: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        let is_for_signatures = text("kty") == Some("RSA")
            && text("use").is_none_or(|purpose| purpose == "sig")
            && text("alg").is_none_or(|algorithm| algorithm == ALGORITHM)
            && key.get("key_ops").and_then(Value::as_array).is_none_or(|all| all.iter().any(|one| one == "verify"));
        let number = |name: &str| text(name).and_then(number);
        is_for_signatures.then(|| Self {
            id: text("kid").map(str::to_owned),
            modulus: number("n"),
            exponent: number("e"),
        })
    }

    fn verify(&self, message: &str, signature: &[u8]) -> Result<(), Invalid> {
        let unusable = |what: String| Invalid::Token(format!("the issuer's key for it cannot be used: {what}"));
        let (Some(n), Some(e)) = (&self.modulus, &self.exponent) else {
            let name = if self.modulus.is_none() { "n" } else { "e" };
            return Err(unusable(format!("its '{name}' is not base64url")));
        };
        match bits(n) {
            too_few if too_few < FEWEST_BITS => {
                return Err(unusable(format!("it has {too_few} bits, and RS256 needs {FEWEST_BITS}")));
            }
            too_many if too_many > MOST_BITS => {
                return Err(unusable(format!("it has {too_many} bits, more than {MOST_BITS}")));
            }
            _ => {}
        }
        RsaPublicKeyComponents { n, e }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), signature)
            .map_err(|_| Invalid::Token("its signature is wrong".into()))
    }
}

/// Decodes a key's modulus or exponent from base64 or base64url. `ring` takes no leading zeros.
fn number(text: &str) -> Option<Vec<u8>> {
    let bytes = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT)
        .decode(text)
        .or_else(|_| GeneralPurpose::new(&alphabet::STANDARD, LENIENT).decode(text))
        .ok()?;
    Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
}

fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
    use ring::signature::RSA_PKCS1_SHA256;
    use rsa::traits::PublicKeyParts;
    use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey};
    use serde_json::json;

    use super::super::super::testing::{KEYS, rsa_signature};
    use super::*;

    const MESSAGE: &str = "header.payload";

    /// Returns the user pool's public key as a JWK in which the members in `changes` are replaced. The value "absent"
    /// removes a member.
    fn key(changes: Value) -> Value {
        let mut key = json!({ "kty": "RSA", "kid": "pool", "use": "sig", "alg": "RS256",
            "n": URL_SAFE_NO_PAD.encode(KEYS[0].n().to_bytes_be()), "e": "AQAB" });
        for (name, value) in changes.as_object().unwrap() {
            match value == "absent" {
                true => key.as_object_mut().unwrap().remove(name),
                false => key.as_object_mut().unwrap().insert(name.clone(), value.clone()),
            };
        }
        key
    }

    fn verified(keys: &[Value]) -> Result<(), Invalid> {
        let signature = rsa_signature(&KEYS[0], &RSA_PKCS1_SHA256, MESSAGE);
        key_set(&json!({ "keys": keys })).unwrap().verify("pool", MESSAGE, &signature)
    }

    #[test]
    fn key_is_found_among_keys_of_other_kinds() {
        let good = key(json!({}));
        for others in [
            vec![],
            vec![json!(null)],
            vec![json!({ "kty": "RSA", "kid": "bad" })],
            vec![key(json!({ "alg": "RSA-OAEP", "use": "enc" }))],
            vec![key(json!({ "alg": "PS256" }))],
            vec![key(json!({ "n": "AQAB" }))],
            vec![json!({ "kty": "EC", "crv": "secp256k1", "kid": "pool", "x": "AAAA", "y": "AAAA", "alg": "ES256K" })],
            vec![
                json!({ "kty": "OKP", "crv": "Ed448", "kid": "z", "x": "AAAA" }),
                json!({ "kty": "AKP", "pub": "AAAA" }),
            ],
        ] {
            let keys: Vec<Value> = others.iter().cloned().chain([good.clone()]).collect();
            assert_eq!(verified(&keys), Ok(()), "{others:?}");
            let keys: Vec<Value> = [good.clone()].into_iter().chain(others.iter().cloned()).collect();
            assert_eq!(verified(&keys), Ok(()), "{others:?}");
        }
        for changes in [
            json!({ "alg": "absent" }),
            json!({ "alg": null, "use": null, "key_ops": null }),
            json!({ "alg": "absent", "use": "absent", "x5t": "AAA", "x5c": ["MIIB"] }),
            json!({ "key_ops": ["verify", "encrypt"] }),
        ] {
            assert_eq!(verified(&[key(changes.clone())]), Ok(()), "{changes}");
        }
        for changes in [
            json!({ "kid": "other" }),
            json!({ "kty": "EC" }),
            json!({ "alg": "RS512" }),
            json!({ "use": "enc" }),
            json!({ "key_ops": ["encrypt"] }),
        ] {
            assert_eq!(verified(&[key(changes.clone())]), Err(Invalid::UnknownKey), "{changes}");
        }
    }

    #[test]
    fn only_key_of_a_set_may_have_no_id() {
        let nameless = key(json!({ "kid": "absent" }));
        assert_eq!(verified(std::slice::from_ref(&nameless)), Ok(()));
        assert_eq!(verified(&[nameless.clone(), json!({ "kty": "EC" })]), Ok(()), "the other one cannot have signed");
        assert_eq!(verified(&[nameless.clone(), key(json!({ "kid": "other" }))]), Err(Invalid::UnknownKey));
        assert_eq!(verified(&[nameless.clone(), nameless]), Err(Invalid::UnknownKey));
    }

    #[test]
    fn numbers_of_a_key_are_read_in_every_form_of_base64() {
        let n = KEYS[0].n().to_bytes_be();
        let padded = [&[0, 0][..], &n].concat();
        for text in
            [URL_SAFE.encode(&n), STANDARD.encode(&n), STANDARD_NO_PAD.encode(&n), URL_SAFE_NO_PAD.encode(padded)]
        {
            assert_eq!(verified(&[key(json!({ "n": text }))]), Ok(()), "{text}");
        }
        for (name, value) in
            [("n", json!("*")), ("n", json!(7)), ("n", json!("absent")), ("e", json!("A")), ("e", json!(null))]
        {
            let Err(Invalid::Token(why)) = verified(&[key(json!({ name: value }))]) else { panic!("{name} {value}") };
            assert_eq!(why, format!("the issuer's key for it cannot be used: its '{name}' is not base64url"));
        }
    }

    #[test]
    fn keys_below_2048_bits_are_refused() {
        // The DigestInfo of SHA-256 (RFC 8017, section 9.2, note 1).
        const SHA256: &[u8] = &[48, 49, 48, 13, 6, 9, 96, 134, 72, 1, 101, 3, 4, 2, 1, 5, 0, 4, 32];
        let hash = ring::digest::digest(&ring::digest::SHA256, MESSAGE.as_bytes());
        let info = [SHA256, hash.as_ref()].concat();
        for (bits, outcome) in [
            (512, "it has 512 bits, and RS256 needs 2048"),
            (1024, "it has 1024 bits, and RS256 needs 2048"),
            (2040, "it has 2040 bits, and RS256 needs 2048"),
            (2048, ""),
        ] {
            let private = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, bits).unwrap();
            let signature = private.sign(Pkcs1v15Sign::new_unprefixed(), &info).unwrap();
            let published = key(json!({ "n": URL_SAFE_NO_PAD.encode(private.n().to_bytes_be()) }));
            let set = key_set(&json!({ "keys": [published] })).unwrap();
            match set.verify("pool", MESSAGE, &signature) {
                Ok(()) => assert_eq!(outcome, "", "{bits}"),
                Err(Invalid::Token(why)) => assert!(!outcome.is_empty() && why.ends_with(outcome), "{bits}: {why}"),
                Err(Invalid::UnknownKey) => panic!("{bits}"),
            }
        }
        let huge = (BigUint::from(1u8) << 8192) + 1u8;
        let Err(Invalid::Token(why)) = verified(&[key(json!({ "n": URL_SAFE_NO_PAD.encode(huge.to_bytes_be()) }))])
        else {
            panic!("of 8193 bits")
        };
        assert!(why.ends_with("it has 8193 bits, more than 8192"), "{why}");
    }

    #[test]
    fn document_without_a_list_of_keys_is_no_key_set() {
        for document in [json!(null), json!([]), json!({}), json!({ "keys": {} }), json!({ "keys": null })] {
            assert_eq!(key_set(&document).unwrap_err().kind, Kind::Network, "{document}");
        }
        assert_eq!(verified(&[]), Err(Invalid::UnknownKey));
    }
}
