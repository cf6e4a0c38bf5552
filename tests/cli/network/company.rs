//! A simulated company network. It has a user pool and an identity pool with TLS, reachable only through a proxy, and
//! impostors of both pools.

use std::process::Command;

use chrono::TimeDelta;
use cogfed::sandbox::{Options, visitor};
use cogfed_test_support::{Lab, Ran, WaitingLogin};

use super::certificates::Authority;
use super::front::Front;
use super::place::{endpoint, named, point};
use super::tunnel::{Manner, Tunnel};

const DOMAIN: &str = "auth.example";
const HOSTS: [(&str, &str); 4] =
    [("user_pool", "pool.example"), ("domain", DOMAIN), ("identity_pool", "identity.example"), ("sts", "sts.example")];

/// A lab whose services use TLS and are reachable only through a proxy.
pub struct Company {
    pub lab: Lab,
    pub gate: Gate,
}

/// TLS servers that forward requests to a lab's services, and the proxy to these servers. All their certificates come
/// from one authority.
pub struct Gate {
    pub authority: Authority,
    fronts: Vec<Front>,
    tunnel: Tunnel,
}

impl Gate {
    /// Starts TLS servers and a proxy for the lab's services, with a new certificate authority named `authority`.
    pub fn to(lab: &Lab, authority: &str) -> Self {
        let authority = Authority::new(authority);
        let tls = authority.server(&HOSTS.map(|(_, host)| host));
        let fronts: Vec<Front> =
            HOSTS.iter().map(|(key, _)| Front::of(endpoint(lab, key), Some(tls.clone()))).collect();
        let hosts: Vec<_> = HOSTS.iter().zip(&fronts).map(|((_, host), front)| (*host, front.address())).collect();
        let tunnel = Tunnel::start(Manner::Open, &hosts);
        Self { authority, fronts, tunnel }
    }

    /// Returns the URL of the proxy.
    pub fn proxy(&self) -> String {
        format!("http://{}", self.tunnel.address())
    }

    /// Starts a second proxy to the same servers, and returns its URL and the proxy.
    pub fn second_proxy(&self) -> (String, Tunnel) {
        let hosts: Vec<_> = HOSTS.iter().zip(&self.fronts).map(|((_, host), front)| (*host, front.address())).collect();
        let tunnel = Tunnel::start(Manner::Open, &hosts);
        (format!("http://{}", tunnel.address()), tunnel)
    }

    /// Returns the number of connections to the proxy.
    pub fn connections(&self) -> usize {
        self.tunnel.heads().len()
    }

    /// Returns the number of requests that the TLS servers have forwarded to the services.
    pub fn requests(&self) -> usize {
        self.fronts.iter().map(|front| front.count("")).sum()
    }
}

impl Company {
    /// Starts a company network with default options, in which all services use TLS. The profile has these lines.
    pub fn new(lines: &str) -> Self {
        Self::with(&[], lines)
    }

    /// Starts a company network in which the services listed in `on_loopback` stay on loopback without TLS.
    pub fn with(on_loopback: &[&str], lines: &str) -> Self {
        Self::of(Options::default(), on_loopback, lines)
    }

    /// Starts a company network whose sandbox has these options.
    pub fn of(options: Options, on_loopback: &[&str], lines: &str) -> Self {
        let lab = Lab::with(options);
        let gate = Gate::to(&lab, "The company's root");
        let moved = HOSTS.iter().filter(|(key, _)| !on_loopback.contains(key));
        let moved: Vec<_> = moved.map(|(key, host)| (*key, format!("https://{host}"))).collect();
        let moved: Vec<_> = moved.iter().map(|(key, url)| (*key, url.as_str())).collect();
        point(&lab, &moved, lines);
        Self { lab, gate }
    }

    /// Writes a file with this name to the home folder, and returns its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.lab.home().join(name);
        std::fs::write(&path, text).unwrap();
        path.into_os_string().into_string().unwrap()
    }

    /// Returns a command that runs cogfed with the company's proxy and these additional variables.
    pub fn command(&self, words: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = named(self.lab.command(words), &self.lab.config());
        command.env("HTTPS_PROXY", self.gate.proxy()).envs(variables.iter().copied());
        command
    }

    pub fn run(&self, words: &[&str], variables: &[(&str, &str)]) -> Ran {
        self.command(words, variables).output().unwrap().into()
    }

    /// Signs in as Alice with these flags and environment variables.
    pub fn login(&self, flags: &[&str], variables: &[(&str, &str)]) -> Ran {
        let words = [&["login", "--no-browser", "--accept-endpoints"], flags].concat();
        self.complete(WaitingLogin::of(self.command(&words, variables).spawn().unwrap()))
    }

    /// Completes a running `login` in the role of Alice's browser, which reaches the domain without the proxy.
    pub fn complete(&self, waiting: WaitingLogin) -> Ran {
        if !waiting.url.is_empty() {
            let here = format!("http://{}", endpoint(&self.lab, "domain"));
            visitor::sign_in_as(&waiting.url.replace(&format!("https://{DOMAIN}"), &here), "alice").unwrap();
        }
        waiting.end()
    }

    /// Accepts the root certificate and signs in as Alice, lets two hours pass, and returns the network and the path of
    /// its CA bundle.
    pub fn signed_in(self) -> (Self, String) {
        let bundle = self.file("company.pem", &self.gate.authority.pem);
        self.login(&["--accept-roots"], &[("AWS_CA_BUNDLE", &bundle)]).good();
        self.run(&["credential-process"], &[("AWS_CA_BUNDLE", &bundle)]).good();
        self.lab.age(TimeDelta::hours(2));
        self.lab.sandbox.clear_log();
        (self, bundle)
    }
}
