//! The check, before a token is sent, that the person has accepted all endpoints that are neither AWS's own nor on
//! loopback.
//!
//! A colleague's profile may name a private link, or a relay. It is the person who knows the difference, once, at the
//! sign-in. The answer is kept with the sign-in, since whoever changes the profile could write it there, too.

use std::collections::BTreeSet;

use super::Session;
use super::accepted::Accepted;
use crate::error::{Failure, Kind};
use crate::profile::Elsewhere;

impl Session {
    /// Returns the profile's endpoints that the person still has to accept, because they are not in `accepted`.
    pub fn unaccepted_endpoints<'a>(&'a self, accepted: Option<&Accepted>) -> Vec<&'a Elsewhere> {
        let none = BTreeSet::new();
        let accepted = accepted.map_or(&none, |accepted| &accepted.endpoints);
        self.profile().elsewhere.iter().filter(|endpoint| !accepted.contains(&endpoint.host)).collect()
    }

    /// Checks that the person accepted the profile's endpoints at the sign-in. Reads the store only if there is one to
    /// accept.
    ///
    /// # Errors
    /// [`Kind::SignInRequired`] with the first key and host that were not accepted, and [`Kind::Store`].
    pub fn endpoints_are_accepted(&self) -> Result<(), Failure> {
        if self.profile().elsewhere.is_empty() {
            return Ok(());
        }
        let tokens = self.tokens_to_replace()?;
        self.check_endpoints(tokens.and_then(|tokens| tokens.accepted).as_ref())
    }

    /// Checks that tokens may be sent to the profile's endpoints, because all of them are in `accepted` or need no
    /// acceptance.
    ///
    /// # Errors
    /// [`Kind::SignInRequired`] with the first key and host that were not accepted.
    pub(super) fn check_endpoints(&self, accepted: Option<&Accepted>) -> Result<(), Failure> {
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
