//! The signing keys, generated once per process: two for user pools and one for identity pools.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding,
    RsaKeyPair, RsaParameters, RsaPublicKeyComponents,
};
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};

use crate::error::{Context, Error, Result};
use crate::random;

/// A 2048-bit RSA key with its id.
pub struct SigningKey {
    /// The key id, which is the `kid` in the header of each token that this key signs.
    pub id: String,
    /// The public key in PEM format. A forged HS256 token uses this text as its HMAC secret.
    pub public_pem: String,
    pair: RsaKeyPair,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl SigningKey {
    fn generate() -> Result<Self> {
        let private = RsaPrivateKey::new(&mut OsRng, 2048).context("cannot make an RSA key")?;
        let public = RsaPublicKey::from(&private);
        let der = private.to_pkcs1_der().context("cannot encode an RSA key")?;
        let pair = RsaKeyPair::from_der(der.as_bytes())
            .map_err(|reason| Error::new(format!("cannot use an RSA key: {reason}")))?;
        Ok(Self {
            id: random::key_id(),
            public_pem: public.to_public_key_pem(LineEnding::LF).context("cannot encode an RSA key")?,
            pair,
            modulus: public.n().to_bytes_be(),
            exponent: public.e().to_bytes_be(),
        })
    }

    /// Returns the RS256 signature of `message` (RFC 7518, 3.3).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_by(&RSA_PKCS1_SHA256, message)
    }

    /// Returns the RS512 signature of `message`.
    pub fn sign_sha512(&self, message: &[u8]) -> Vec<u8> {
        self.sign_by(&RSA_PKCS1_SHA512, message)
    }

    fn sign_by(&self, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(encoding, &SystemRandom::new(), message, &mut signature)
            .expect("a key of 2048 bits signs a SHA-2 digest, and the buffer has the modulus' length");
        signature
    }

    /// Returns whether `signature` is this key's RS256 signature of `message`.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifies_by(&RSA_PKCS1_2048_8192_SHA256, message, signature)
    }

    /// Returns whether `signature` is this key's RS512 signature of `message`.
    pub fn verifies_sha512(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifies_by(&RSA_PKCS1_2048_8192_SHA512, message, signature)
    }

    fn verifies_by(&self, parameters: &'static RsaParameters, message: &[u8], signature: &[u8]) -> bool {
        RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent }.verify(parameters, message, signature).is_ok()
    }

    /// Returns the public key as an entry of a JWKS.
    fn document(&self) -> Value {
        self.document_as(&self.id, "RS256")
    }

    /// Returns the public key as an entry of a JWKS, with the given key id and algorithm.
    pub fn document_as(&self, key_id: &str, algorithm: &str) -> Value {
        json!({
            "alg": algorithm,
            "e": URL_SAFE_NO_PAD.encode(&self.exponent),
            "kid": key_id,
            "kty": "RSA",
            "n": URL_SAFE_NO_PAD.encode(&self.modulus),
            "use": "sig",
        })
    }
}

/// A user pool's two signing keys: one key for ID tokens and one key for access tokens.
pub struct Keys {
    /// The key that signs ID tokens.
    pub id: SigningKey,
    /// The key that signs access tokens.
    pub access: SigningKey,
}

/// The user pools' keys, shared by all sandboxes of the process, because it takes a second or two to generate keys.
static KEYS: Mutex<Option<Arc<Keys>>> = Mutex::new(None);

/// The signing key that all identity pools share, as at AWS.
static IDENTITY_POOLS: Mutex<Option<Arc<SigningKey>>> = Mutex::new(None);

/// Returns the signing key that all identity pools share. The first call makes it, since only the classic flow needs
/// it.
///
/// # Errors
/// Fails like [`Keys::of_this_process`].
pub fn of_identity_pools() -> Result<Arc<SigningKey>> {
    let mut key = IDENTITY_POOLS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(key) = key.as_ref() {
        return Ok(Arc::clone(key));
    }
    let made = Arc::new(SigningKey::generate()?);
    *key = Some(Arc::clone(&made));
    Ok(made)
}

impl Keys {
    /// Returns the two signing keys of this process; the first call generates them.
    ///
    /// # Errors
    /// Fails if no key can be made, which is a fault of the system's random source.
    pub fn of_this_process() -> Result<Arc<Self>> {
        let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = keys.as_ref() {
            return Ok(Arc::clone(keys));
        }
        let (id, access) = thread::scope(|scope| {
            let id = scope.spawn(SigningKey::generate);
            let access = SigningKey::generate();
            (id.join(), access)
        });
        let id = id.map_err(|_| Error::new("cannot make an RSA key: its thread panicked"))??;
        let made = Arc::new(Self { id, access: access? });
        *keys = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Returns both public keys as a JWKS (RFC 7517).
    pub fn document(&self) -> Value {
        json!({ "keys": [self.id.document(), self.access.document()] })
    }

    /// Returns the key with the key id `id`.
    pub fn find(&self, id: &str) -> Option<&SigningKey> {
        [&self.id, &self.access].into_iter().find(|key| key.id == id)
    }
}
