//! A running `cogfed login` that waits for the browser.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStderr};

use url::{Url, form_urlencoded};

use crate::Ran;
use crate::http::{PATIENCE, Reply, answer_on, get, send_form};

/// A `login` process that has printed its URL and waits for the browser.
pub struct WaitingLogin {
    /// The short URL on loopback that cogfed opens in the browser; empty if the process ended without printing this
    /// URL.
    pub short: String,
    /// The authorization URL; empty if the process ended without printing a URL.
    pub url: String,
    child: Child,
    said: String,
    stderr: BufReader<ChildStderr>,
}

impl WaitingLogin {
    /// Reads the output of a `login` process until the process waits for the browser or ends.
    pub fn of(mut child: Child) -> Self {
        let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let (mut said, mut addresses) = (String::new(), Vec::new());
        while !said.contains("waiting up to") {
            let mut line = String::new();
            if stderr.read_line(&mut line).expect("a line") == 0 {
                break;
            }
            if line.starts_with("http") {
                addresses.push(line.trim().to_owned());
            }
            said += &line;
        }
        let short = addresses.first().cloned().unwrap_or_default();
        let url = match addresses.len() {
            1 => location(&short).unwrap_or_default(),
            _ => addresses.pop().unwrap_or_default(),
        };
        Self { short, url, child, said, stderr }
    }

    /// Returns the port of the redirect URI.
    pub fn port(&self) -> u16 {
        self.redirect_uri().port().expect("a port")
    }

    /// Returns the redirect URI.
    pub fn redirect_uri(&self) -> Url {
        self.parameter("redirect_uri").parse().expect("a URL")
    }

    /// Returns the `state` parameter of the authorization URL.
    pub fn state(&self) -> String {
        self.parameter("state")
    }

    /// Returns the query parameter `name` of the authorization URL.
    pub fn parameter(&self, name: &str) -> String {
        let url: Url = self.url.parse().unwrap_or_else(|error| panic!("{error}: {}", self.said));
        url.query_pairs().find(|(key, _)| key == name).expect("a parameter").1.into_owned()
    }

    /// Signs in as `person` through AzureAD, without following the last redirect. Returns the URL of the callback, with
    /// its code.
    pub fn callback(&self, person: &str) -> Url {
        let page = redirected(&self.url.parse().expect("a URL"), "GET", "");
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(page.query_pairs().filter(|(name, _)| name == "transaction"))
            .append_pair("person", person)
            .finish();
        redirected(&page.join("/saml2/idpresponse").expect("a URL"), "POST", &form)
    }

    /// Returns the process's id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Reads and returns the next line of the output.
    pub fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stderr.read_line(&mut line).expect("a line");
        self.said += &line;
        line
    }

    /// Splits the login into its process and a reader for the rest of the process's standard error.
    pub fn apart(self) -> (Child, impl Read + Send + use<>) {
        (self.child, self.stderr)
    }

    /// Waits for the process to exit, and returns its status and output.
    pub fn end(mut self) -> Ran {
        self.stderr.read_to_string(&mut self.said).expect("UTF-8 on the standard error");
        let output = self.child.wait_with_output().expect("cogfed ends");
        Ran { stderr: self.said, ..Ran::from(output) }
    }

    /// Kills the process.
    pub fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }
}

/// Returns the authorization URL to which the short URL `short` redirects. Returns `None` if there is no redirect, or if
/// the program ended before it answered.
pub fn location(short: &str) -> Option<String> {
    let url: Url = short.parse().ok()?;
    let mut stream = TcpStream::connect(("127.0.0.1", url.port()?)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).expect("a deadline");
    let request = format!("GET {} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", url.path(), url.port()?);
    // Ignored: the program may have been killed on purpose, and then there is no answer either.
    let _ = stream.write_all(request.as_bytes());
    answer_on(stream)?.header("location").map(str::to_owned)
}

/// Returns the path and the query of a callback URL.
pub fn target(callback: &Url) -> String {
    format!("{}?{}", callback.path(), callback.query().expect("a query"))
}

/// Requests the callback URL, follows its redirect, and returns the last page.
///
/// # Panics
/// If there is no redirect to the last page.
#[track_caller]
pub fn come_back(callback: &Url) -> Reply {
    let port = callback.port().expect("a port");
    let reply = get(port, &target(callback));
    assert_eq!((reply.status, reply.header("location")), (302, Some("/done")), "{reply:?}");
    get(port, "/done")
}

/// Sends a request to the sandbox, and returns the URL to which the sandbox redirects.
fn redirected(url: &Url, method: &str, form: &str) -> Url {
    let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let reply = send_form(url.port().expect("a port"), method, &target, form);
    url.join(reply.header("location").unwrap_or_else(|| panic!("no redirect: {reply:?}"))).expect("a URL")
}
