//! The OpenID Connect client, for user pools and other issuers: authorization request, callback listener, token
//! endpoint, ID token.

mod authorization;
mod browser;
mod callback;
mod client;
pub mod discovery;
pub mod hosted_ui;
mod id_token;
mod keys;
mod listener;
mod page;
mod pasted;
pub mod pool_domain;
mod sign_in;
mod surroundings;
#[cfg(test)]
mod testing;
mod token_endpoint;

pub use authorization::{Attempt, RequestOptions};
pub use browser::{Browser, SystemBrowser};
pub use callback::{Awaited, Denial, Judgement, judge};
pub use client::{Client, Tokens};
pub use id_token::{Expected, IdTokenClaims, Identity, Invalid, json_object, unverified_claims, verify};
pub use keys::{KeySet, Keys, key_set};
pub use listener::{Arrival, Listener, Remark};
pub use page::{Ending, page};
pub use pasted::Pasted;
pub use sign_in::{Ask, Notice, SignIn};
pub use surroundings::{Machine, NAMED_BY, Opener, Surroundings, SystemFacts};
pub use token_endpoint::{Grant, GrantError};

pub use crate::loopback::Stranger;
