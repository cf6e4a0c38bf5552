//! A configuration file. Environment variables may follow a line `---`, as `COGFED_KEY=value`.

use chrono::TimeDelta;
use cogfed::profile::keys::{EMAIL_DOMAINS, IDP_IDENTIFIER};
use cogfed::profile::{Choice, Configuration, Flow, Issuer, PlainIssuer, Profile, Source, UserPool, email, settings};
use url::Url;

use crate::given::{assert_presentable, is_plain};

/// The keys that the environment cannot set. They decide where secrets go, whom to trust, or which person is meant.
const PINNED: &[&str] = &[
    "user_pool_id",
    "client_id",
    "domain",
    "issuer",
    "issuer_hosts",
    "identity_pool_id",
    "logins_key",
    "fips",
    "email_domains",
    "ca_bundle",
    "proxy",
    "endpoints.user_pool",
    "endpoints.domain",
    "endpoints.issuer",
    "endpoints.identity_pool",
    "endpoints.sts",
];

/// Checks that an accepted profile has only safe endpoints, and that faults are reported in bounded length.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (text, environment) = text.split_once("\n---\n").unwrap_or((text, ""));
    let variable =
        |name: &str| environment.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned));
    let configuration = match Configuration::parse("config.toml".as_ref(), text) {
        Ok(configuration) => configuration,
        Err(failure) => return assert_presentable(&failure),
    };
    for name in configuration.names() {
        assert!(is_plain(name) && !name.is_empty() && !name.starts_with('-') && name.len() <= 64, "{name:?}");
        let settings = match settings(&configuration, name, &Choice::default(), &variable) {
            Ok(settings) => settings,
            Err(failure) => {
                assert_presentable(&failure);
                continue;
            }
        };
        for (_, setting) in settings.shown() {
            let shown = setting.value.to_json();
            assert!(serde_json::to_string(&shown).is_ok());
        }
        let mut from_environment =
            settings.shown().filter(|(_, setting)| matches!(setting.source, Source::Environment(_)));
        assert!(!from_environment.any(|(key, _)| PINNED.contains(&key)), "the environment says where secrets go");
        match Profile::from_settings(name, &settings) {
            Ok(profile) => {
                assert_is_sound(&profile);
                assert_is_found(&configuration, &profile);
            }
            Err(failure) => assert_presentable(&failure),
        }
    }
}

fn assert_is_sound(profile: &Profile) {
    let endpoints = &profile.endpoints;
    let mut urls = vec![&endpoints.identity_pool, &endpoints.sts];
    match &profile.issuer {
        Issuer::UserPool(UserPool { endpoints, .. }) => {
            urls.extend([&endpoints.authorization, &endpoints.token, &endpoints.jwks]);
            urls.extend(endpoints.revocation.iter().chain(&endpoints.logout));
        }
        Issuer::Plain(issuer) => {
            // Only the address of the discovery document may have a query, such as Azure AD B2C's.
            let discovery = issuer.discovery.split('?').next().expect("the first part");
            assert!(
                discovery.ends_with("/.well-known/openid-configuration") && Url::parse(discovery).is_ok(),
                "{discovery}"
            );
            urls.push(&issuer.url);
            assert_vouches_for_its_hosts_alone(issuer);
        }
    }
    for url in urls {
        let url: Url = url.parse().unwrap_or_else(|error| panic!("{url}: {error}"));
        let host = url.host_str().expect("a host");
        let is_loopback = ["localhost", "[::1]"].contains(&host) || host.starts_with("127.");
        assert!(url.scheme() == "https" || (url.scheme() == "http" && is_loopback), "{url}");
        assert!(url.username().is_empty() && url.password().is_none(), "{url}");
        assert!(url.fragment().is_none() && url.query().is_none(), "{url}");
    }
    for (is_aws, endpoint, start) in [
        (endpoints.identity_pool_is_aws, &endpoints.identity_pool, "https://cognito-identity"),
        (endpoints.sts_is_aws, &endpoints.sts, "https://sts"),
    ] {
        let Some(host) = is_aws.then(|| endpoint.strip_prefix(start).expect("AWS's own host")) else { continue };
        assert!([".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu"].iter().any(|end| host.ends_with(end)));
    }
    if let Flow::Classic { duration } = profile.flow {
        assert!(profile.role_arn.is_some(), "the classic flow asks for a role");
        assert!((TimeDelta::minutes(30)..=TimeDelta::hours(12)).contains(&duration), "{duration}");
    }
    let key = profile.logins_key.as_deref();
    assert!(key.is_none_or(|key| is_plain(key) && !key.is_empty() && !key.contains("://")), "{key:?}");
    assert!(["localhost", "127.0.0.1", "[::1]"].contains(&profile.redirect.host.as_str()));
    assert!(!profile.redirect.ports.is_empty() && !profile.redirect.ports.contains(&0));
    let redirect: Url = profile.redirect.uri(8400).parse().expect("a URL");
    assert_eq!(redirect.as_str(), profile.redirect.uri(8400), "compared to the letter");
    assert!(profile.scopes.iter().any(|scope| scope == "openid"));
    for text in [profile.who(), profile.issuer.id(), &profile.client_id, &profile.identity_pool_id] {
        assert!(is_plain(text) && !text.is_empty(), "{text:?}");
    }
    // The text is part of another program's command line.
    assert!(profile.login_command().split(' ').count() == 4, "{}", profile.login_command());
    assert!(profile.account_id().is_none_or(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())));
}

fn assert_vouches_for_its_hosts_alone(issuer: &PlainIssuer) {
    assert!(issuer.hosts.len() <= 100);
    assert_eq!(issuer.check(&issuer.url), Ok(()), "its own host");
    for host in &issuer.hosts {
        assert!(is_plain(host) && !host.contains(['/', '@', '\\', '?', '#', '%', ' ']), "{host:?}");
        // A URL parser finds another host in a number or an invalid name.
        let token = format!("https://{host}/token");
        let is_as_written = Url::parse(&token).is_ok_and(|url| host.starts_with(url.host_str().expect("a host")));
        assert!(!is_as_written || issuer.check(&token).is_ok(), "{host}");
    }
    for elsewhere in ["https://attacker.invalid/token", "https://attacker.invalid:8443/token"] {
        let is_named = issuer.hosts.iter().any(|host| host.starts_with("attacker.invalid"));
        assert!(is_named || issuer.url.contains("attacker.invalid") || issuer.check(elsewhere).is_err(), "{elsewhere}");
    }
}

/// Checks that an address at one of the profile's domains finds a profile of that domain, or none.
fn assert_is_found(configuration: &Configuration, profile: &Profile) {
    for domain in profile.email_domains.iter().take(3) {
        let address = format!("ada@{domain}");
        // RFC 5321 allows no longer addresses.
        if address.len() > 254 {
            continue;
        }
        match email::find(configuration, &Choice::default(), &address, &|_| None) {
            Ok(name) => {
                let keys =
                    configuration.profile(&name).expect("a profile of the configuration").expect("readable keys");
                let domains = keys.value(EMAIL_DOMAINS).into_iter().flatten();
                let mut says = domains.chain(keys.value(IDP_IDENTIFIER)).map(|text| text.to_ascii_lowercase());
                assert!(says.any(|text| text == *domain), "{address} is not of {name}");
            }
            Err(failure) => assert_presentable(&failure),
        }
        let signing_in = profile.clone().for_email(&address);
        let signing_in = signing_in.unwrap_or_else(|failure| panic!("{address}: {failure}"));
        assert_eq!(signing_in.who(), profile.who(), "it is kept under the same name");
        assert_eq!(signing_in.login_hint.as_deref(), Some(address.as_str()));
    }
}
