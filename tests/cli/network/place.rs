//! A home for cogfed with a profile whose servers are the test's own, and no sandbox: enough for one request to the
//! token endpoint.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::{Lab, Ran, WaitingLogin, free_ports};

pub struct Place {
    home: TempDir,
}

impl Place {
    /// A place whose token endpoint is at `domain`, with some lines more in the profile.
    pub fn new(domain: &str, lines: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let place = Self { home };
        let ports = free_ports(3);
        let text = format!(
            "[profile.place]\nuser_pool_id = 'eu-west-1_AbC123xyz'\nclient_id = '3n4b5urk1ft4fl3mg5e62d9ado'\n\
             domain = 'auth.example.com'\nidentity_pool_id = 'eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE'\n\
             store = 'file'\nredirect_ports = {ports:?}\n{lines}\n\
             [profile.place.endpoints]\ndomain = '{domain}'\nuser_pool = '{domain}'\nidentity_pool = '{domain}'\n"
        );
        std::fs::write(place.config(), text).unwrap();
        place
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    fn config(&self) -> PathBuf {
        self.home.path().join("config.toml")
    }

    /// The program, in an environment of its own.
    pub fn command(&self, words: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cogfed"));
        command.args(words).env_clear().env("HOME", self.home()).env("COGFED_CONFIG", self.config());
        command.envs(variables.iter().copied()).current_dir(self.home());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// A `login` that comes back from the browser with a code, and exchanges it.
    pub fn exchange(&self, variables: &[(&str, &str)]) -> Ran {
        self.exchange_with(&["login", "--no-browser"], variables)
    }

    pub fn exchange_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Ran {
        let waiting = WaitingLogin::of(self.command(words, variables).spawn().unwrap());
        if waiting.url.is_empty() {
            return waiting.end();
        }
        let (port, state) = (waiting.port(), waiting.state());
        // The browser is answered when the exchange is over, and fetches the last page.
        let browser = std::thread::spawn(move || {
            let answer = get(port, &format!("/callback?code=abc&state={state}"));
            let location = answer.lines().find_map(|line| line.strip_prefix("location: "));
            location.map(|location| get(port, location.trim_start_matches(&format!("http://localhost:{port}"))))
        });
        let ran = waiting.end();
        browser.join().unwrap();
        ran
    }
}

/// A page of the program's listener.
fn get(port: u16, target: &str) -> String {
    let mut answer = String::new();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!("GET {target} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The address behind one of a sandbox's endpoints.
pub fn endpoint(lab: &Lab, key: &str) -> std::net::SocketAddr {
    let text = lab.sandbox.profile_toml(crate::support::PROFILE);
    let start = format!("{key} = \"http://");
    let line = text.lines().find_map(|line| line.strip_prefix(start.as_str())).expect("an endpoint");
    line.trim_end_matches('"').parse().unwrap()
}

/// Points endpoints of a lab's profile elsewhere, with some lines more in the profile.
pub fn point(lab: &Lab, endpoints: &[(&str, &str)], lines: &str) {
    let mut text = lab.sandbox.profile_toml(crate::support::PROFILE);
    for (key, url) in endpoints {
        let old = format!("{key} = \"http://{}\"", endpoint(lab, key));
        assert!(text.contains(&old), "{text}");
        text = text.replace(&old, &format!("{key} = \"{url}\""));
    }
    lab.configure(&text, &format!("store = 'file'\n{lines}"));
}
