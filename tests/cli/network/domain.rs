//! Tests of custom domains: a sign-in uses a custom domain only if the user pool's discovery document names that
//! domain.

use cogfed_test_support::{Home, Ran, free_ports};

use super::certificates::Authority;
use super::front::{Front, answer};
use super::place::named;
use super::tunnel::{Manner, Tunnel};

const POOL: &str = "eu-west-1_AbC123xyz";
const DOMAIN: &str = "login.corp.example";
pub(super) const RELAY: &str = "login.relay.example";

/// A user pool with a discovery document, and the servers at [`DOMAIN`] and [`RELAY`].
pub(super) struct World {
    pub(super) home: Home,
    pool: Front,
    _domain: Front,
    pub(super) relay: Front,
    pub(super) tunnel: Tunnel,
    bundle: std::path::PathBuf,
}

impl World {
    /// Starts the servers. The discovery document names endpoints at `named`.
    pub(super) fn new(named: &str) -> Self {
        let home = Home::new();
        let authority = Authority::new("root");
        let tls = authority.server(&[DOMAIN, RELAY]);
        let document = serde_json::json!({
            "authorization_endpoint": format!("https://{named}/oauth2/authorize"),
            "token_endpoint": format!("https://{named}/oauth2/token"),
            "keys": [],
        });
        let pool = Front::alone(answer("200 OK", "content-type: application/json\r\n", &document.to_string()), None);
        let page = || Front::alone(answer("200 OK", "content-type: text/html\r\n", "sign in"), Some(tls.clone()));
        let (domain, relay) = (page(), page());
        let tunnel = Tunnel::start(Manner::Open, &[(DOMAIN, domain.address()), (RELAY, relay.address())]);
        let bundle = authority.write(home.path());
        Self { home, pool, _domain: domain, relay, tunnel, bundle }
    }

    /// Runs a `login` that gives up after one second, because nobody completes it. The profile has this domain and
    /// these lines.
    fn login(&self, domain: &str, lines: &str) -> Ran {
        self.configure(domain, lines);
        self.run(&["login", "--no-browser", "--timeout", "1", "--accept-roots", "--accept-endpoints"])
    }

    /// Writes a profile with this domain and these lines.
    pub(super) fn configure(&self, domain: &str, lines: &str) {
        self.home.configure(format!(
            "[profile.place]\nuser_pool_id = '{POOL}'\nclient_id = '3n4b5urk1ft4fl3mg5e62d9ado'\ndomain = '{domain}'\n\
             identity_pool_id = 'eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE'\nstore = 'file'\n\
             redirect_ports = {:?}\n{lines}\n\
             [profile.place.endpoints]\nuser_pool = 'http://{}'\nidentity_pool = 'http://127.0.0.1:1'\n",
            free_ports(1),
            self.pool.address()
        ));
    }

    /// Runs the program behind the tunnel, with the root of all servers as an extra one.
    pub(super) fn run(&self, words: &[&str]) -> Ran {
        let mut command = named(self.home.command(words), &self.home.config());
        command.env("HTTPS_PROXY", format!("http://{}", self.tunnel.address())).env("AWS_CA_BUNDLE", &self.bundle);
        command.output().expect("it runs").into()
    }
}

#[test]
fn custom_domain_that_the_pool_names_is_used() {
    let world = World::new(DOMAIN);
    let ran = world.login(DOMAIN, "").failed_with(3);
    assert!(ran.stderr.contains("nobody signed in within 1 s"), "{}", ran.stderr);
    assert_eq!(world.pool.count(&format!("/{POOL}/.well-known/openid-configuration")), 1);
    assert!(world.tunnel.heads().iter().all(|head| head.contains(DOMAIN)) && !world.tunnel.heads().is_empty());
}

#[test]
fn domain_that_the_pool_does_not_name_gets_no_sign_in() {
    // An issuer in the profile changes nothing: a relay could name the user pool's own.
    let issuer = format!("issuer = 'https://cognito-idp.eu-west-1.amazonaws.com/{POOL}'");
    for lines in ["", issuer.as_str()] {
        let world = World::new(DOMAIN);
        let ran = world.login(RELAY, lines).failed_with(6);
        let error = ran.one_error_and_hint();
        let said = format!(
            "profile 'place': domain: '{RELAY}' does not belong to the user pool {POOL}, whose discovery document names '{DOMAIN}'"
        );
        assert!(error.contains(&said), "{error}");
        assert!(
            !ran.stderr.contains("/oauth2/authorize") && !ran.stderr.contains("http://localhost"),
            "{}",
            ran.stderr
        );
        assert_eq!((world.relay.connections(), world.tunnel.heads().len()), (0, 0));
    }
}

#[test]
fn prefix_domain_of_another_region_needs_the_pools_word() {
    let world = World::new(DOMAIN);
    let ran = world.login("corp.auth.us-east-1.amazoncognito.com", "").failed_with(6);
    assert!(ran.one_error_and_hint().contains(&format!("names '{DOMAIN}'")), "{}", ran.stderr);
}
