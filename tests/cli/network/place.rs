//! A home folder for cogfed whose profile names servers of the test, without a sandbox. It suffices for one request to
//! the token endpoint.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use cogfed_test_support::http::get;
use cogfed_test_support::{Home, Lab, PROFILE, Ran, WaitingLogin, free_ports};
use serde_json::json;

/// A home folder with a profile whose token endpoint is a server of the test. It has cached signing keys, so that a
/// `login` does not ask for them.
pub struct Place(Home);

impl Place {
    /// Returns a home folder whose profile has its token endpoint at `domain`, and the additional `lines`.
    pub fn new(domain: &str, lines: &str) -> Self {
        let home = Home::new();
        let ports = free_ports(3);
        home.configure(format!(
            "[profile.place]\nuser_pool_id = 'eu-west-1_AbC123xyz'\nclient_id = '3n4b5urk1ft4fl3mg5e62d9ado'\n\
             domain = 'auth.example.com'\nidentity_pool_id = 'eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE'\n\
             store = 'file'\nredirect_ports = {ports:?}\n{lines}\n\
             [profile.place.endpoints]\ndomain = '{domain}'\nuser_pool = '{domain}'\nidentity_pool = '{domain}'\n"
        ));
        let url = format!("{domain}/eu-west-1_AbC123xyz/.well-known/jwks.json");
        let keys = json!({ "fetched_at": chrono::Utc::now(), "url": url, "keys": { "keys": [] } });
        home.folder().sub("keys").replace(&url, keys.to_string().as_bytes()).unwrap();
        Self(home)
    }

    pub fn home(&self) -> &Path {
        self.0.path()
    }

    /// Returns a command that runs the program with these variables in its environment.
    pub fn command(&self, words: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = named(self.0.command(words), &self.0.config());
        command.envs(variables.iter().copied());
        command
    }

    /// Runs `login`, brings a code to its listener as a browser would, and lets `login` send this code to the token
    /// endpoint.
    pub fn exchange(&self, variables: &[(&str, &str)]) -> Ran {
        self.exchange_with(&["login", "--no-browser", "--accept-roots", "--accept-endpoints"], variables)
    }

    /// Runs the `login` command in `words`, and acts as a browser that brings a code to the listener.
    pub fn exchange_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Ran {
        let waiting = WaitingLogin::of(self.command(words, variables).spawn().unwrap());
        if waiting.url.is_empty() {
            return waiting.end();
        }
        let (port, state) = (waiting.port(), waiting.state());
        // The browser gets its answer after the exchange, and fetches the last page.
        let browser = std::thread::spawn(move || {
            let reply = get(port, &format!("/callback?code=abc&state={state}"));
            let page = reply.header("location").map(|at| at.trim_start_matches(&format!("http://localhost:{port}")));
            page.map(|page| get(port, page))
        });
        let ran = waiting.end();
        browser.join().unwrap();
        ran
    }
}

/// Adds `--config` and the path `config` to `command`. If a variable chose it, it could not have endpoints beyond
/// loopback.
pub fn named(mut command: Command, config: &Path) -> Command {
    command.env_remove("COGFED_CONFIG").arg("--config").arg(config);
    command
}

/// Returns the address of the sandbox's endpoint under the configuration key `key`.
pub fn endpoint(lab: &Lab, key: &str) -> SocketAddr {
    let text = lab.sandbox.profile_toml(PROFILE);
    let start = format!("{key} = \"http://");
    let line = text.lines().find_map(|line| line.strip_prefix(start.as_str())).expect("an endpoint");
    line.trim_end_matches('"').parse().unwrap()
}

/// Replaces the URLs of these endpoints in a lab's profile, and adds `lines` to the profile.
pub fn point(lab: &Lab, endpoints: &[(&str, &str)], lines: &str) {
    let mut text = lab.sandbox.profile_toml(PROFILE);
    for (key, url) in endpoints {
        let old = format!("{key} = \"http://{}\"", endpoint(lab, key));
        assert!(text.contains(&old), "{text}");
        text = text.replace(&old, &format!("{key} = \"{url}\""));
    }
    lab.configure(&text, &format!("store = 'file'\n{lines}"));
}
