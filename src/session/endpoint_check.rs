//! The check before a token is sent. A person must have accepted each trust root that does not come from the system,
//! and each endpoint that neither belongs to AWS nor is on loopback.
//!
//! A colleague's profile may name a private link, or a relay. It is the person who knows the difference, once, at the
//! sign-in. The answer is kept with the sign-in, since whoever changes the profile could write it there, too.

use std::collections::BTreeSet;

use super::Session;
use super::accepted::Accepted;
use crate::error::{Failure, Kind};
use crate::profile::Elsewhere;

impl Session {
    /// Returns the endpoints of the profile that are not in `accepted`, so that the person still has to accept them.
    pub fn unaccepted_endpoints<'a>(&'a self, accepted: Option<&Accepted>) -> Vec<&'a Elsewhere> {
        let none = BTreeSet::new();
        let accepted = accepted.map_or(&none, |accepted| &accepted.endpoints);
        self.profile().elsewhere.iter().filter(|endpoint| !accepted.contains(&endpoint.host)).collect()
    }

    /// Checks that the person accepted, at the sign-in, the roots and endpoints for requests to AWS's services. Reads the
    /// store only if there is one to accept.
    ///
    /// # Errors
    /// [`Kind::SignInRequired`] with the root, or with the key and host, that was not accepted. [`Kind::Store`] if the store
    /// fails. [`Kind::Usage`] if a bundle of roots cannot be used.
    pub fn may_ask_aws(&self) -> Result<(), Failure> {
        let endpoints = &self.profile().endpoints;
        let urls = [endpoints.identity_pool.as_str(), endpoints.sts.as_str()];
        if self.profile().elsewhere.is_empty() && self.roots_for(&urls)?.is_empty() {
            return Ok(());
        }
        let tokens = self.tokens_to_replace()?;
        self.may_send(tokens.and_then(|tokens| tokens.accepted).as_ref(), &urls)
    }

    /// Checks that a token may be sent to `urls`. The same rule applies to refresh tokens, ID tokens, OpenID tokens and
    /// revocations. `accepted` is what the person accepted; in records of cogfed 0.1.0 it is `None`, and only what
    /// nobody has to accept counts.
    ///
    /// # Errors
    /// [`Kind::SignInRequired`] with the root, or with the key and host, that was not accepted. [`Kind::Usage`] as for
    /// [`Session::extra_roots`].
    pub(super) fn may_send(&self, accepted: Option<&Accepted>, urls: &[&str]) -> Result<(), Failure> {
        self.check_roots(accepted, urls)?;
        self.check_endpoints(accepted)
    }

    fn check_endpoints(&self, accepted: Option<&Accepted>) -> Result<(), Failure> {
        let unaccepted = self.unaccepted_endpoints(accepted);
        let Some(Elsewhere { key, host }) = unaccepted.first() else { return Ok(()) };
        let profile = self.profile();
        let message = format!(
            "no token is sent: profile '{}' names {host} ({key}), which is not AWS's, and nobody accepted it at the sign-in",
            profile.name
        );
        Err(Failure::new(Kind::SignInRequired, message)
            .hint(format!("if you trust it, run '{}'", profile.login_command())))
    }
}
