//! The issuer of the ID tokens: a Cognito user pool, or another OpenID provider that the identity pool accepts
//! directly.

use url::Url;

use super::check;
use super::checked::Checked;
use super::keys::{self, Entry};
use crate::aws::hosts::{self, Place, Service};
use crate::aws::ids;
use crate::error::{Failure, quoted};
use crate::network::authority_of;

/// The configuration keys that only a profile with a user pool may have.
const POOL_KEYS: &[Entry] = &[
    keys::DOMAIN.entry(),
    keys::IDENTITY_PROVIDER.entry(),
    keys::IDP_IDENTIFIER.entry(),
    keys::LANG.entry(),
    keys::ENDPOINTS_USER_POOL.entry(),
    keys::ENDPOINTS_DOMAIN.entry(),
];
/// The configuration keys that only a profile without a user pool may have.
const PLAIN_KEYS: &[Entry] = &[keys::ISSUER_HOSTS.entry(), keys::ENDPOINTS_ISSUER.entry()];

/// The issuer of the ID tokens.
#[derive(Debug, Clone)]
pub enum Issuer {
    /// A Cognito user pool, whose endpoints follow from its ids.
    UserPool(UserPool),
    /// Any other OpenID provider, such as Entra ID, whose endpoints are in its discovery document.
    Plain(PlainIssuer),
}

/// The ids and endpoints of a Cognito user pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPool {
    /// The user pool's id, such as `eu-west-1_AbC123xyz`. Its prefix is the region.
    pub id: String,
    /// The accepted values of `iss` in the pool's tokens.
    pub issuers: Vec<String>,
    /// The URL of the issuer's discovery document.
    pub discovery: String,
    /// The hosted UI's custom domain. The pool has to vouch for it before a sign-in. `None` if the domain is AWS's own,
    /// which belongs to the pool, or if `endpoints.domain` takes its place.
    pub custom_domain: Option<String>,
    /// The endpoints of the hosted UI and of the user pool's OAuth server.
    pub endpoints: ProviderEndpoints,
}

impl UserPool {
    /// Returns the region of the user pool, which is the prefix of the user pool's id.
    pub fn region(&self) -> &str {
        self.id.split('_').next().unwrap_or_default()
    }
}

/// An OpenID provider that a profile uses instead of a user pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainIssuer {
    /// The issuer, exactly as `iss` names it, including a final slash.
    pub url: String,
    /// The URL of the issuer's discovery document.
    pub discovery: String,
    /// Additional hosts for the issuer's endpoints, as `HOST` or, if the port is not 443, `HOST:PORT`.
    pub hosts: Vec<String>,
}

/// The endpoints of an OpenID provider (OpenID Connect Discovery 1.0, section 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderEndpoints {
    /// The authorization endpoint, which the browser opens.
    pub authorization: String,
    /// The endpoint that exchanges codes and refresh tokens for tokens.
    pub token: String,
    /// The endpoint that revokes refresh tokens (RFC 7009). Entra ID has none.
    pub revocation: Option<String>,
    /// The logout page, which ends the browser's session with the provider.
    pub logout: Option<String>,
    /// The URL of the key set for verifying signatures.
    pub jwks: String,
    /// True if the provider promises the `iss` parameter in every authorization response (RFC 9207, section 3).
    pub answers_name_issuer: bool,
}

impl Issuer {
    /// Returns the user pool's id or the issuer's URL, for use in records and in the names of stored items.
    pub fn id(&self) -> &str {
        match self {
            Issuer::UserPool(pool) => &pool.id,
            Issuer::Plain(issuer) => &issuer.url,
        }
    }

    /// Returns the accepted values of `iss` in the issuer's tokens.
    pub fn issuers(&self) -> &[String] {
        match self {
            Issuer::UserPool(pool) => &pool.issuers,
            Issuer::Plain(issuer) => std::slice::from_ref(&issuer.url),
        }
    }

    /// Returns the user pool, or `None` for any other OpenID provider.
    pub fn user_pool(&self) -> Option<&UserPool> {
        match self {
            Issuer::UserPool(pool) => Some(pool),
            Issuer::Plain(_) => None,
        }
    }

    /// Returns the word for the issuer in messages, "user pool" or "issuer".
    pub fn described(&self) -> &'static str {
        match self {
            Issuer::UserPool(_) => "user pool",
            Issuer::Plain(_) => "issuer",
        }
    }
}

impl PlainIssuer {
    /// Returns whether a URL is at the issuer's own host.
    pub fn is_own(&self, url: &str) -> bool {
        let host = |url: &str| Url::parse(url).ok().and_then(|url| authority_of(&url));
        host(url).is_some_and(|it| host(&self.url) == Some(it))
    }

    /// Checks that an endpoint from the discovery document is at an allowed host. It needs https or a loopback host,
    /// and a host that the profile allows.
    ///
    /// # Errors
    /// A description of the fault.
    pub fn check(&self, endpoint: &str) -> Result<(), String> {
        let url = check::web_url(endpoint)?;
        if url.fragment().is_some() {
            return Err(format!("'{}' has a fragment", quoted(endpoint)));
        }
        let host = authority_of(&url).unwrap_or_default();
        match self.is_own(endpoint) || self.hosts.contains(&host) {
            true => Ok(()),
            false => Err(format!(
                "it is at '{}', which is neither the issuer's host nor one of 'issuer_hosts'",
                quoted(&host)
            )),
        }
    }
}

impl Checked<'_> {
    /// Returns the profile's issuer: its user pool or, if the profile has no user pool, the OpenID provider that the
    /// profile names. Refuses keys that belong to the other kind.
    pub fn issuer(&self, is_fips: bool) -> Result<Issuer, Failure> {
        let is_there = |key: &&Entry| self.settings.setting(**key).is_some();
        let Some(id) = self.text(keys::USER_POOL_ID, ids::user_pool_id)? else {
            let Some(url) = self.text(keys::ISSUER, check::issuer)? else {
                return Err(self.missing(keys::USER_POOL_ID));
            };
            if Url::parse(&url).is_ok_and(|url| url.host_str().is_some_and(hosts::is_user_pools)) {
                let fault = "it is a user pool: give its id in 'user_pool_id', and its hosted UI in 'domain'";
                return Err(self.fault(keys::ISSUER, fault));
            }
            return match POOL_KEYS.iter().find(is_there) {
                Some(key) => {
                    Err(self.fault(*key, "it is a user pool's, and this profile names an issuer in its place"))
                }
                None => Ok(Issuer::Plain(self.plain_issuer(url)?)),
            };
        };
        if let Some(key) = PLAIN_KEYS.iter().find(is_there) {
            return Err(
                self.fault(*key, "it is for an issuer in the place of a user pool, and 'user_pool_id' is there")
            );
        }
        Ok(Issuer::UserPool(self.user_pool(id, is_fips)?))
    }

    fn plain_issuer(&self, url: String) -> Result<PlainIssuer, Failure> {
        let given = self.text(keys::ENDPOINTS_ISSUER, check::discovery)?;
        let discovery = given.unwrap_or_else(|| check::discovery_below(&url));
        Ok(PlainIssuer { discovery, hosts: self.hosts(keys::ISSUER_HOSTS, check::authority)?, url })
    }

    fn user_pool(&self, id: String, is_fips: bool) -> Result<UserPool, Failure> {
        let place = Place { region: id.split('_').next().unwrap_or_default(), is_fips };
        let own = place.url(Service::UserPool).map_err(|fault| self.fault(keys::USER_POOL_ID, fault));
        let given = self.text(keys::ENDPOINTS_USER_POOL, check::endpoint)?;
        let base = given.map_or(own, Ok)?;
        let domain = self.required(keys::DOMAIN, check::host)?;
        place.check_domain(&domain).map_err(|fault| self.fault(keys::DOMAIN, fault))?;
        let given = self.text(keys::ENDPOINTS_DOMAIN, check::endpoint)?;
        let custom_domain = Some(domain.clone()).filter(|domain| given.is_none() && !place.is_prefix_domain(domain));
        let domain = given.unwrap_or_else(|| format!("https://{domain}"));
        let issuers = match self.text(keys::ISSUER, check::endpoint)? {
            Some(issuer) => vec![issuer],
            None => place.issuers(&id),
        };
        let endpoints = ProviderEndpoints {
            authorization: format!("{domain}/oauth2/authorize"),
            token: format!("{domain}/oauth2/token"),
            revocation: Some(format!("{domain}/oauth2/revoke")),
            logout: Some(format!("{domain}/logout")),
            jwks: format!("{base}/{id}/.well-known/jwks.json"),
            answers_name_issuer: false,
        };
        let discovery = format!("{base}/{id}/.well-known/openid-configuration");
        Ok(UserPool { id, issuers, discovery, custom_domain, endpoints })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_must_be_at_the_profiles_hosts() {
        let issuer = PlainIssuer {
            url: "https://login.example.com/tenant/v2.0/".into(),
            discovery: String::new(),
            hosts: vec!["keys.example.com".into(), "token.example.com:8443".into()],
        };
        for good in [
            "https://login.example.com/token",
            "https://LOGIN.example.com:443/token?p=B2C_1_x",
            "https://keys.example.com/keys",
            "https://token.example.com:8443/",
        ] {
            assert_eq!(issuer.check(good), Ok(()), "{good}");
        }
        for bad in [
            "http://login.example.com/token",
            "https://login.example.com:8443/token",
            "https://login.example.com.attacker.example/token",
            "https://sub.login.example.com/token",
            "https://token.example.com/",
            "https://login.example.com@attacker.example/",
            "https://login.example.com\\@attacker.example/",
            "https://login.example.com/token#x",
            "http://127.0.0.1/token",
            "ftp://login.example.com/token",
            "//login.example.com/token",
            "",
        ] {
            assert!(issuer.check(bad).is_err(), "{bad}");
        }
        let written = |host: &str| PlainIssuer { hosts: vec![check::authority(host).unwrap()], ..issuer.clone() };
        assert_eq!(
            written("api.example.com:443").check("https://api.example.com/token"),
            Ok(()),
            "https has that port"
        );
        let local = PlainIssuer { url: "http://127.0.0.1:9000/t".into(), ..issuer };
        assert!(local.check("http://127.0.0.1:9000/token").is_ok());
        for bad in ["http://127.0.0.1:9001/token", "http://localhost:9000/token", "http://127.0.0.2:9000/token"] {
            assert!(local.check(bad).is_err(), "{bad}");
        }
    }
}
