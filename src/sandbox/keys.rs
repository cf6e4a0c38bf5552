//! The user pool's two signing keys, made when the process first needs them.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};
use serde_json::{Value, json};

use crate::sandbox::random;

/// An RSA key of 2048 bits with its id.
pub struct SigningKey {
    /// The `kid`.
    pub id: String,
    /// The public half as PEM: what an HS256 forgery uses as its secret.
    pub public_pem: String,
    pair: RsaKeyPair,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl SigningKey {
    fn generate() -> anyhow::Result<Self> {
        let private = RsaPrivateKey::new(&mut OsRng, 2048).context("cannot make an RSA key")?;
        let public = RsaPublicKey::from(&private);
        let der = private.to_pkcs1_der().context("cannot encode an RSA key")?;
        let pair = RsaKeyPair::from_der(der.as_bytes()).map_err(|reason| anyhow!("cannot use an RSA key: {reason}"))?;
        Ok(Self {
            id: random::key_id(),
            public_pem: public.to_public_key_pem(LineEnding::LF).context("cannot encode an RSA key")?,
            pair,
            modulus: public.n().to_bytes_be(),
            exponent: public.e().to_bytes_be(),
        })
    }

    /// An RS256 signature (RFC 7518, 3.3).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .expect("a key of 2048 bits signs a SHA-256 digest, and the buffer has the modulus' length");
        signature
    }

    /// Whether it is this key's RS256 signature.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        RsaPublicKeyComponents { n: &self.modulus, e: &self.exponent }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            .is_ok()
    }

    /// The key as the JWKS shows it.
    fn document(&self) -> Value {
        json!({
            "alg": "RS256",
            "e": URL_SAFE_NO_PAD.encode(&self.exponent),
            "kid": self.id,
            "kty": "RSA",
            "n": URL_SAFE_NO_PAD.encode(&self.modulus),
            "use": "sig",
        })
    }
}

/// One key for ID tokens and one for access tokens, as each user pool has.
pub struct Keys {
    /// Signs ID tokens.
    pub id: SigningKey,
    /// Signs access tokens.
    pub access: SigningKey,
}

/// The process's keys: all its sandboxes share them, since making them costs up to a second.
static KEYS: Mutex<Option<Arc<Keys>>> = Mutex::new(None);

impl Keys {
    /// The process's keys, made by the first who asks.
    ///
    /// # Errors
    /// If no key can be made, which is a fault of the system's random source.
    pub fn of_this_process() -> anyhow::Result<Arc<Self>> {
        let mut keys = KEYS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(keys) = keys.as_ref() {
            return Ok(Arc::clone(keys));
        }
        let (id, access) = thread::scope(|scope| {
            let id = scope.spawn(SigningKey::generate);
            let access = SigningKey::generate();
            (id.join(), access)
        });
        let id = id.map_err(|_| anyhow!("cannot make an RSA key: its thread panicked"))??;
        let made = Arc::new(Self { id, access: access? });
        *keys = Some(Arc::clone(&made));
        Ok(made)
    }

    /// The JWKS (RFC 7517).
    pub fn document(&self) -> Value {
        json!({ "keys": [self.id.document(), self.access.document()] })
    }

    /// The key of that id.
    pub fn find(&self, id: &str) -> Option<&SigningKey> {
        [&self.id, &self.access].into_iter().find(|key| key.id == id)
    }
}
