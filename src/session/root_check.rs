//! The check before a token is sent: the system or an administrator must have installed each trust root, or the person
//! must have accepted it.
//!
//! Whoever can set `HTTPS_PROXY` and `AWS_CA_BUNDLE`, such as a cloned repository's `.envrc`, could otherwise read the
//! tokens of an existing sign-in.

use super::Session;
use super::accepted::Accepted;
use crate::error::{Failure, Kind};
use crate::http::ExtraRoot;
use crate::profile::Issuer;

impl Session {
    /// Returns the additional trust roots that the person has to accept before a sign-in sends tokens over connections
    /// that use these roots. There are none if no endpoint uses TLS.
    ///
    /// # Errors
    /// [`Kind::Usage`] if a bundle that the profile or the environment names cannot be used.
    pub fn extra_roots(&self) -> Result<&[ExtraRoot], Failure> {
        self.roots_for(&self.destinations())
    }

    /// Checks that a sign-in may send tokens under the roots in force, to the endpoints of the profile.
    ///
    /// # Errors
    /// As for [`Session::may_send`].
    pub(super) fn may_sign_in(&self, accepted: &Accepted) -> Result<(), Failure> {
        self.may_send(Some(accepted), &self.destinations())
    }

    /// Returns the URLs of the services to which a sign-in sends tokens. A plain issuer's own are known only after its
    /// discovery.
    fn destinations(&self) -> Vec<&str> {
        let issuer = match &self.profile().issuer {
            Issuer::UserPool(pool) => &pool.endpoints.token,
            Issuer::Plain(issuer) => &issuer.discovery,
        };
        [&[issuer.as_str()], &*self.aws_destinations()].concat()
    }

    /// Returns the URLs of the AWS services that receive tokens in exchange for credentials of the requested role. Only
    /// the classic flow sends one to STS.
    pub(super) fn aws_destinations(&self) -> Vec<&str> {
        let endpoints = &self.profile().endpoints;
        let sts = Some(endpoints.sts.as_str()).filter(|_| self.ask.role.is_classic());
        [endpoints.identity_pool.as_str()].into_iter().chain(sts).collect()
    }

    /// Checks the roots in force for `urls`: a part of [`Session::may_send`], which is what every sender of a token asks.
    ///
    /// # Errors
    /// [`Kind::SignInRequired`] with the root, the file, and the variable or key that names it. [`Kind::Usage`] as for
    /// [`Session::extra_roots`].
    pub(super) fn check_roots(&self, accepted: Option<&Accepted>, urls: &[&str]) -> Result<(), Failure> {
        let is_accepted =
            |root: &&ExtraRoot| accepted.is_some_and(|accepted| accepted.roots.contains(&root.fingerprint));
        let mut unaccepted = self.roots_for(urls)?.iter().filter(|root| !is_accepted(root));
        let Some(root) = unaccepted.next() else { return Ok(()) };
        let more = match unaccepted.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "no token is sent: {} in {} ({}){more} is not a trust root of the system's, and nobody accepted it at the sign-in to \
             profile '{}'",
            root.subject,
            root.file.display(),
            root.named_by,
            self.profile().name
        );
        let hint =
            format!("if you trust it, run '{}'; otherwise unset {}", self.profile().login_command(), root.named_by);
        Err(Failure::new(Kind::SignInRequired, message).hint(hint))
    }

    pub(super) fn roots_for(&self, urls: &[&str]) -> Result<&[ExtraRoot], Failure> {
        // Plain http is for loopback hosts only, and reads no bundle.
        match urls.iter().all(|url| url.starts_with("http://")) {
            true => Ok(&[]),
            false => self.http.extra_roots(),
        }
    }
}
