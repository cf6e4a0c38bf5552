//! Endpoints that belong neither to AWS nor to the issuer and are not on loopback, and a check for profiles that use
//! only loopback hosts.

use url::Url;

use super::checked::Checked;
use super::keys::{self, Key};
use super::{Endpoints, Issuer, Settings, check};
use crate::aws::hosts::{Place, Service};
use crate::error::Failure;
use crate::network::{authority_of, is_loopback};

/// An endpoint that belongs neither to AWS nor to the issuer and is not on loopback, such as a private link. A person
/// has to accept it before a token is sent there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The configuration key that names the endpoint, such as `endpoints.sts`.
    pub key: &'static str,
    /// The host of the endpoint, followed by the port unless this is the default port of the scheme.
    pub host: String,
}

/// The configuration keys of a user pool profile that set endpoints.
const OF_A_USER_POOL: [Key<String>; 4] =
    [keys::ENDPOINTS_USER_POOL, keys::ENDPOINTS_DOMAIN, keys::ENDPOINTS_IDENTITY_POOL, keys::ENDPOINTS_STS];

/// Returns whether all hosts that receive the profile's secrets are loopback hosts, as in a sandbox.
pub(super) fn is_local(settings: &Settings) -> bool {
    let is_local = |key: &Key<String>| {
        settings.value(*key).and_then(|text| Url::parse(text).ok()).is_some_and(|url| is_loopback(&url))
    };
    // A path that is given to `call` is sent there, with its body.
    if settings.value(keys::API).is_some() && !is_local(&keys::API) {
        return false;
    }
    if settings.value(keys::USER_POOL_ID).is_some() {
        return OF_A_USER_POOL.iter().all(is_local);
    }
    [keys::ISSUER, keys::ENDPOINTS_IDENTITY_POOL, keys::ENDPOINTS_STS].iter().all(is_local)
        && (settings.value(keys::ENDPOINTS_ISSUER).is_none() || is_local(&keys::ENDPOINTS_ISSUER))
        && settings.value(keys::ISSUER_HOSTS).is_none_or(|hosts| hosts.iter().all(|host| is_local_host(host)))
}

impl Checked<'_> {
    /// Returns the endpoints that do not belong to AWS, are not on loopback, and are not at the issuer's own host.
    pub fn elsewhere(&self, issuer: &Issuer, endpoints: &Endpoints, is_fips: bool) -> Result<Vec<Elsewhere>, Failure> {
        let mut elsewhere = Vec::new();
        let mut add = |key: Key<String>, is_vouched_for: &dyn Fn(&str) -> bool| -> Result<(), Failure> {
            if let Some(url) = self.text(key, check::web_url)?
                && !is_loopback(&url)
                && !is_vouched_for(url.as_str().trim_end_matches('/'))
            {
                elsewhere.push(Elsewhere { key: key.entry().name, host: authority_of(&url).unwrap_or_default() });
            }
            Ok(())
        };
        match issuer {
            Issuer::UserPool(pool) => {
                let place = Place { region: pool.region(), is_fips };
                add(keys::ENDPOINTS_USER_POOL, &|url| place.url(Service::UserPool).is_ok_and(|own| own == url))?;
                let is_prefix_domain =
                    |url: &str| url.strip_prefix("https://").is_some_and(|domain| place.is_prefix_domain(domain));
                add(keys::ENDPOINTS_DOMAIN, &is_prefix_domain)?;
            }
            Issuer::Plain(issuer) => add(keys::ENDPOINTS_ISSUER, &|url| issuer.is_own(url))?,
        }
        add(keys::ENDPOINTS_IDENTITY_POOL, &|_| endpoints.identity_pool_is_aws)?;
        add(keys::ENDPOINTS_STS, &|_| endpoints.sts_is_aws)?;
        elsewhere.extend(self.only_named(issuer, is_fips));
        Ok(elsewhere)
    }

    /// Returns the hosts of the issuer that only the profile vouches for.
    fn only_named(&self, issuer: &Issuer, is_fips: bool) -> Vec<Elsewhere> {
        match issuer {
            Issuer::UserPool(pool) => {
                let place = Place { region: pool.region(), is_fips };
                let domain = pool.custom_domain.as_deref().and_then(|domain| self.unvouched(domain, place));
                domain.into_iter().collect()
            }
            Issuer::Plain(issuer) => {
                let hosts = issuer.hosts.iter().filter(|host| !issuer.is_own(&https(host)) && !is_local_host(host));
                hosts.map(|host| Elsewhere { key: keys::ISSUER_HOSTS.entry().name, host: host.clone() }).collect()
            }
        }
    }

    /// Returns the custom domain of the hosted UI if the user pool that is asked about it is not AWS's: whoever answers at
    /// `endpoints.user_pool`, such as another user of this machine, vouches for any domain.
    fn unvouched(&self, domain: &str, place: Place<'_>) -> Option<Elsewhere> {
        let pool = self.settings.value(keys::ENDPOINTS_USER_POOL)?;
        let is_aws = place.url(Service::UserPool).is_ok_and(|own| own == pool.trim_end_matches('/'));
        (!is_aws).then(|| Elsewhere { key: keys::DOMAIN.entry().name, host: domain.to_owned() })
    }
}

fn https(host: &str) -> String {
    format!("https://{host}")
}

fn is_local_host(host: &str) -> bool {
    Url::parse(&https(host)).is_ok_and(|url| is_loopback(&url))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{WHOLE, load, profile};

    fn named(lines: &str) -> Vec<(&'static str, String)> {
        profile(lines).elsewhere.into_iter().map(|it| (it.key, it.host)).collect()
    }

    #[test]
    fn only_endpoints_that_nobody_vouches_for_are_elsewhere() {
        assert_eq!(named(""), []);
        for (line, host) in [
            ("endpoints.user_pool = 'https://cognito-idp.eu-west-1.amazonaws.com/'", None),
            ("endpoints.domain = 'https://other.auth.eu-west-1.amazoncognito.com'", None),
            ("endpoints.identity_pool = 'https://cognito-identity.eu-west-1.amazonaws.com'", None),
            ("endpoints.sts = 'http://[::1]:99'", None),
            ("endpoints.sts = 'https://localhost:99'", None),
            ("endpoints.sts = 'https://sts.amazonaws.com'", Some("sts.amazonaws.com")),
            ("endpoints.sts = 'https://x.vpce.corp.example:443/a'", Some("x.vpce.corp.example")),
            ("endpoints.identity_pool = 'https://x.vpce.corp.example:8443'", Some("x.vpce.corp.example:8443")),
            (
                "endpoints.user_pool = 'https://cognito-idp.us-east-1.amazonaws.com'",
                Some("cognito-idp.us-east-1.amazonaws.com"),
            ),
            (
                "endpoints.domain = 'https://corp.auth.us-east-1.amazoncognito.com'",
                Some("corp.auth.us-east-1.amazoncognito.com"),
            ),
            ("endpoints.domain = 'https://127.0.0.1.corp.example'", Some("127.0.0.1.corp.example")),
        ] {
            let key = line.split(' ').next().unwrap();
            let wanted: Vec<_> = host.iter().map(|host| (key, (*host).to_owned())).collect();
            assert_eq!(named(line), wanted, "{line}");
        }
    }

    #[test]
    fn hosts_beyond_the_issuers_own_are_elsewhere() {
        let of = |line: &str| {
            let text = format!(
                "[profile.x]\nissuer = 'https://a.example/t'\nclient_id = 'c'\nidentity_pool_id = 'eu-west-1:1'\n{line}"
            );
            load(&text, None).unwrap().elsewhere.len()
        };
        assert_eq!(of("endpoints.issuer = 'https://a.example/p'"), 0);
        assert_eq!(of("endpoints.issuer = 'https://b.example'"), 1);
        // The profile's own word for its hosts is not enough: that of a colleague may name a relay.
        assert_eq!(of("endpoints.issuer = 'https://b.example'\nissuer_hosts = ['b.example']"), 2);
        assert_eq!(of("issuer_hosts = ['b.example']"), 1);
        assert_eq!(of("issuer_hosts = ['a.example', 'a.example:8443']"), 1);
        assert_eq!(of("issuer_hosts = ['localhost:9', '127.0.0.1']"), 0);
    }

    #[test]
    fn domain_is_elsewhere_if_the_user_pool_that_vouches_for_it_is() {
        let own = "corp.auth.eu-west-1.amazoncognito.com";
        let local = "endpoints.user_pool = 'http://127.0.0.1:1'";
        for (domain, lines, is_elsewhere) in [
            ("login.corp.example", "", false),
            ("login.corp.example", local, true),
            ("login.corp.example", "endpoints.user_pool = 'https://cognito-idp.eu-west-1.amazonaws.com/'", false),
            ("login.corp.example", &format!("{local}\nendpoints.domain = 'http://127.0.0.1:2'"), false),
            (own, local, false),
        ] {
            let text = format!("[profile.x]{}{lines}", WHOLE.replace(own, domain));
            let found: Vec<String> = load(&text, None).unwrap().elsewhere.into_iter().map(|it| it.host).collect();
            assert_eq!(found, if is_elsewhere { vec![domain] } else { vec![] }, "{domain} {lines}");
        }
    }

    #[test]
    fn profile_is_local_only_if_every_host_is_on_loopback() {
        let local = "user_pool_id = 'eu-west-1_a'\nendpoints.user_pool = 'http://127.0.0.1:1'\n\
                     endpoints.domain = 'http://localhost:2'\nendpoints.identity_pool = 'http://127.0.0.1:3'\n\
                     endpoints.sts = 'http://[::1]:4'\n";
        let plain = "issuer = 'http://127.0.0.1:1/t'\nendpoints.identity_pool = 'http://127.0.0.1:3'\n\
                     endpoints.sts = 'http://[::1]:4'\n";
        let is_local = |lines: &str| {
            let text = format!("[profile.x]\n{lines}");
            let configuration = super::super::Configuration::parse("x".as_ref(), &text).unwrap();
            super::is_local(configuration.profile("x").unwrap().unwrap())
        };
        assert!(is_local(local) && is_local(plain));
        assert!(is_local(&format!("{plain}issuer_hosts = ['localhost:9']\nendpoints.issuer = 'http://127.0.0.2'")));
        assert!(!is_local(WHOLE));
        for (whole, line) in [local, plain].iter().flat_map(|whole| whole.lines().map(move |line| (*whole, line))) {
            if !line.starts_with("user_pool_id") {
                assert!(!is_local(&whole.replace(line, "")), "without {line}");
                let elsewhere =
                    line.replace("127.0.0.1", "127.0.0.1.relay.example").replace("localhost", "relay.example");
                assert!(!is_local(&whole.replace(line, &elsewhere.replace("[::1]", "relay.example"))), "{line}");
            }
        }
        assert!(!is_local(&format!("{plain}issuer_hosts = ['relay.example']")));
        assert!(!is_local(&format!("{plain}endpoints.issuer = 'https://relay.example'")));
        assert!(is_local(&format!("{local}api = 'http://127.0.0.1:5/prod'")));
        assert!(!is_local(&format!("{local}api = 'https://relay.example/prod'")));
    }
}
