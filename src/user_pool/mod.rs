//! The user pool's client: authorization request, loopback listener, token endpoint, ID token.

mod authorization;
mod browser;
mod callback;
mod id_token;
mod keys;
mod listener;
mod page;
mod peer;
mod sign_in;
mod token_endpoint;

pub use browser::{Browser, SystemBrowser};
pub use callback::Denial;
pub use id_token::{Claims, Expected};
pub use keys::Keys;
pub use listener::Listener;
pub use sign_in::{Notice, SignIn, Tokens};
pub use token_endpoint::{Grant, GrantError, TokenEndpoint};
