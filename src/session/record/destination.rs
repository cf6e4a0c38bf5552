//! The check that a stored token is sent only to permitted endpoints.
//!
//! A token is sent only where its record allows, whatever the profile says. Each record names its user pool or issuer,
//! its app client and its endpoints. [`TokensRecord::fits`] compares them with the profile before a token is used, and
//! [`CredentialsRecord::fits`] before credentials are handed out.

use super::{CredentialsRecord, LONGEST_QUOTE, TokensRecord};
use crate::error::{Failure, Kind, shortened};
use crate::oidc::Identity;
use crate::profile::{Issuer, NamedBy, Profile};
use crate::session::Ask;

/// The purpose for which a stored sign-in is used.
#[derive(Debug, Clone, Copy)]
pub enum Use<'a> {
    /// Renewal of the requested credentials, for which all values have to match.
    Renewal(&'a Ask),
    /// Refresh at this token endpoint, which the issuer's discovery document names now.
    Refresh(&'a str),
    /// Revocation of the refresh token at this profile's issuer.
    Revocation(&'a Profile),
}

/// The first difference between a stored sign-in and the purpose for which it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The name of the value that differs, for messages, such as "app client".
    what: &'static str,
    /// The value in the record.
    stored: String,
    /// The value that the purpose requires.
    wanted: String,
}

impl Mismatch {
    fn of(what: &'static str, stored: &str, wanted: &str) -> Result<(), Self> {
        Err(Self { what, stored: stored.to_owned(), wanted: wanted.to_owned() })
    }

    /// Converts the mismatch to the failure of a renewal with `profile`.
    pub fn of_renewal(self, profile: &Profile) -> Failure {
        let Self { what, stored, wanted } = self;
        let stored = shortened(&stored, LONGEST_QUOTE);
        let message = format!("the stored sign-in belongs to the {what} {stored}, and the profile names {wanted}");
        Failure::new(Kind::Store, message)
            .hint(format!("if the profile is right, sign in again: {} --force", profile.login_command()))
    }

    /// Converts the mismatch to the failure of a refresh: the issuer now has another token endpoint.
    pub fn of_refresh(self, profile: &Profile) -> Failure {
        let Self { stored, wanted, .. } = self;
        let message = format!(
            "the issuer's token endpoint is {wanted} now, and the refresh token came from {stored}: it is not sent"
        );
        Failure::new(Kind::Refused, message).hint(format!("sign in again: {} --force", profile.login_command()))
    }

    /// Converts the mismatch to the failure of a revocation.
    pub fn of_revocation(self) -> Failure {
        let message = format!("it belongs to {}, which is not the profile's, and was sent nowhere", self.stored);
        Failure::new(Kind::Refused, message)
    }
}

impl TokensRecord {
    /// Checks that the stored sign-in may be used for this purpose.
    ///
    /// # Errors
    /// The first [`Mismatch`].
    pub fn fits(&self, purpose: Use<'_>) -> Result<(), Mismatch> {
        match purpose {
            Use::Renewal(ask) => {
                self.fits_names(&ask.profile)?;
                self.fits_token_endpoint(&ask.profile.issuer)?;
                self.fits_aws_endpoints(ask)
            }
            Use::Refresh(endpoint) if endpoint == self.token_endpoint => Ok(()),
            Use::Refresh(endpoint) => Mismatch::of("token endpoint", &self.token_endpoint, endpoint),
            Use::Revocation(profile) => {
                self.fits_token_endpoint(&profile.issuer)?;
                match self.user_pool_id == profile.issuer.id() && self.client_id == profile.client_id {
                    true => Ok(()),
                    false => {
                        let stored = format!("the app client {} of {}", self.client_id, self.user_pool_id);
                        Mismatch::of("app client", &stored, &profile.client_id)
                    }
                }
            }
        }
    }

    fn fits_names(&self, profile: &Profile) -> Result<(), Mismatch> {
        for (what, stored, wanted) in [
            (profile.issuer.described(), self.user_pool_id.as_str(), profile.issuer.id()),
            ("app client", &self.client_id, &profile.client_id),
        ] {
            if stored != wanted {
                return Mismatch::of(what, stored, wanted);
            }
        }
        self.fits_name(profile)
    }

    /// Checks that the sign-in's name, and the configuration key that set the name, are the same in the record and the
    /// profile. A record of version 1 has no key: it counts as an identity provider's unless its ID token names others.
    fn fits_name(&self, profile: &Profile) -> Result<(), Mismatch> {
        let wanted = &profile.sign_in_name;
        let by = self.named_by.unwrap_or(wanted.by);
        let is_others = || {
            let providers = Identity::of_token(&self.id_token).providers;
            self.named_by.is_none()
                && wanted.by == NamedBy::IdentityProvider
                && !providers.is_empty()
                && !providers.contains(&wanted.name)
        };
        if by != wanted.by {
            return Mismatch::of(by.described(), &self.who, &format!("the {} {}", wanted.by.described(), wanted.name));
        }
        if self.who != wanted.name || is_others() {
            return Mismatch::of(by.described(), &self.who, &wanted.name);
        }
        Ok(())
    }

    /// Checks that the token endpoint belongs to the user pool or, without a user pool, is at a host that the profile
    /// allows.
    fn fits_token_endpoint(&self, issuer: &Issuer) -> Result<(), Mismatch> {
        match issuer {
            Issuer::UserPool(pool) if self.token_endpoint != pool.endpoints.token => {
                Mismatch::of("token endpoint", &self.token_endpoint, &pool.endpoints.token)
            }
            Issuer::Plain(issuer) if issuer.check(&self.token_endpoint).is_err() => {
                Mismatch::of("token endpoint", &self.token_endpoint, "other hosts")
            }
            _ => Ok(()),
        }
    }

    /// Checks that the record allows tokens to be sent to the profile's endpoints of the identity pool and of STS.
    /// AWS's own endpoints may receive the tokens of any sign-in. Any other endpoint has to be in the record.
    fn fits_aws_endpoints(&self, ask: &Ask) -> Result<(), Mismatch> {
        let endpoints = &ask.profile.endpoints;
        if !endpoints.identity_pool_is_aws && self.identity_pool_endpoint != endpoints.identity_pool {
            return Mismatch::of("identity pool endpoint", &self.identity_pool_endpoint, &endpoints.identity_pool);
        }
        // The enhanced flow sends no token to STS.
        let sts = self.sts_endpoint.as_deref();
        if ask.role.is_classic() && !endpoints.sts_is_aws && sts != Some(endpoints.sts.as_str()) {
            return Mismatch::of("STS endpoint", sts.unwrap_or("that AWS has in its region"), &endpoints.sts);
        }
        Ok(())
    }
}

impl CredentialsRecord {
    /// Returns whether these credentials were issued for `ask`, with the sign-in and the endpoints of the profile in
    /// `ask`. The sign-in is compared because some stores ignore the case of a name. A record of version 1 does not
    /// name it and never fits, so that its credentials are renewed.
    pub fn fits(&self, ask: &Ask) -> bool {
        let profile = &ask.profile;
        self.user_pool_id == profile.issuer.id()
            && self.client_id == profile.client_id
            && self.who.as_deref() == Some(profile.who())
            && self.named_by == Some(profile.sign_in_name.by)
            && self.identity_pool_id == profile.identity_pool_id
            && self.identity_pool_endpoint == profile.endpoints.identity_pool
            && self.sts_endpoint.as_ref() == sts_endpoint(ask)
            && self.role_arn == ask.role.arn
    }
}

/// Returns the STS endpoint for the classic flow. Returns `None` for the enhanced flow, because that flow does not use
/// STS.
pub(super) fn sts_endpoint(ask: &Ask) -> Option<&String> {
    Some(&ask.profile.endpoints.sts).filter(|_| ask.role.is_classic())
}
