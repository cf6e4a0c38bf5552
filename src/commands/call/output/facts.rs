//! The facts of one run that `--write-out` can print.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, LOCATION};
use url::Url;

use crate::request::Answer;

/// The facts of a run. Without an answer, most of them are empty or zero, as in curl.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The request's method.
    pub method: String,
    /// The request's URL.
    pub url: String,
    /// The URL that was asked last.
    pub url_effective: String,
    /// The answer's status.
    pub status: Option<u16>,
    /// The answer's HTTP version, as in `1.1`.
    pub version: Option<&'static str>,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// The size of the answer's status line and headers, in bytes.
    pub size_header: usize,
    /// The number of bytes of the answer's body that were received.
    pub size_download: u64,
    /// The number of bytes of the request's body that were sent.
    pub size_upload: u64,
    /// The file that the body was written to.
    pub filename: Option<String>,
    /// The address of the server or the proxy.
    pub remote: Option<SocketAddr>,
    /// The number of redirects that were followed.
    pub redirects: u32,
    /// The number of times that the request was repeated.
    pub retries: u32,
    /// The time from the beginning of the last request until it ended, or of the whole run if there is no answer.
    pub total: Option<Duration>,
    /// The time until the first byte of the answer.
    pub first_byte: Option<Duration>,
    /// The exit code of the run.
    pub exit_code: u8,
    /// The message of the failure.
    pub message: Option<String>,
}

/// The value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A status, printed with three digits.
    Status(u16),
    /// A number.
    Number(u64),
    /// A time, printed in seconds with six digits after the point.
    Time(Duration),
    /// A text; `None` prints nothing.
    Text(Option<String>),
}

/// A `--write-out` variable: the variable's name, and the function that returns the variable's value.
pub type Variable = (&'static str, fn(&Facts) -> Value);

/// The variables by name, in the order in which `%{json}` prints them.
pub const VARIABLES: &[Variable] = &[
    ("content_type", |facts| text(&facts.header(CONTENT_TYPE.as_str()))),
    ("errormsg", |facts| Value::Text(facts.message.clone())),
    ("exitcode", |facts| Value::Number(facts.exit_code.into())),
    ("filename_effective", |facts| Value::Text(facts.filename.clone())),
    ("http_code", |facts| Value::Status(facts.status.unwrap_or_default())),
    ("http_version", |facts| text(facts.version.unwrap_or("0"))),
    ("method", |facts| text(&facts.method)),
    ("num_headers", |facts| Value::Number(facts.headers.len() as u64)),
    ("num_redirects", |facts| Value::Number(facts.redirects.into())),
    ("num_retries", |facts| Value::Number(facts.retries.into())),
    ("redirect_url", |facts| Value::Text(facts.redirect_url())),
    ("remote_ip", |facts| Value::Text(facts.remote.map(|remote| remote.ip().to_string()))),
    ("remote_port", |facts| Value::Number(facts.remote.map_or(0, |remote| remote.port().into()))),
    ("response_code", |facts| Value::Status(facts.status.unwrap_or_default())),
    ("scheme", |facts| Value::Text(facts.scheme())),
    ("size_download", |facts| Value::Number(facts.size_download)),
    ("size_header", |facts| Value::Number(facts.size_header as u64)),
    ("size_upload", |facts| Value::Number(facts.size_upload)),
    ("speed_download", |facts| facts.speed(facts.size_download)),
    ("speed_upload", |facts| facts.speed(facts.size_upload)),
    ("time_starttransfer", |facts| Value::Time(facts.first_byte.unwrap_or_default())),
    ("time_total", |facts| Value::Time(facts.total.unwrap_or_default())),
    ("url", |facts| text(&facts.url)),
    ("url_effective", |facts| text(&facts.url_effective)),
];

fn text(text: &str) -> Value {
    Value::Text(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

impl Facts {
    /// Takes the facts that are known once the head of the answer has arrived. `head` is the status line and the headers as text.
    pub fn take(&mut self, answer: &Answer, head: &str) {
        self.status = Some(answer.status().as_u16());
        self.version = Some(match answer.version() {
            http::Version::HTTP_10 => "1.0",
            http::Version::HTTP_11 => "1.1",
            http::Version::HTTP_2 => "2",
            http::Version::HTTP_3 => "3",
            _ => "0",
        });
        self.headers = answer.headers().clone();
        self.url_effective = answer.url().to_owned();
        self.method = answer.method().to_string();
        self.remote = answer.remote_addr();
        (self.redirects, self.retries) = (answer.redirects, answer.retries);
        // On the wire each line ends with two characters, and an empty line follows.
        self.size_header = head.len() + head.lines().count() + 2;
    }

    /// Takes the facts that are known once the body has ended.
    pub fn end(&mut self, answer: &Answer) {
        let times = answer.times();
        (self.first_byte, self.total) = (Some(times.first_byte), Some(times.total));
    }

    /// Returns the first value of a header, or an empty text.
    pub fn header(&self, name: &str) -> String {
        let value = self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        value.unwrap_or_default()
    }

    /// Returns the absolute URL that a redirect names. Nothing of it is masked: a presigned URL opens a document to
    /// anyone.
    fn redirect_url(&self) -> Option<String> {
        self.status.filter(|status| (300..400).contains(status))?;
        let location = self.headers.get(LOCATION)?.to_str().ok()?;
        Some(Url::parse(&self.url_effective).ok()?.join(location).ok()?.into())
    }

    /// Returns the scheme in upper case, as curl 7 prints it.
    fn scheme(&self) -> Option<String> {
        self.status?;
        Some(self.url_effective.split_once("://")?.0.to_ascii_uppercase())
    }

    /// Returns the average speed in bytes per second.
    fn speed(&self, bytes: u64) -> Value {
        let micros = self.total.unwrap_or_default().as_micros().max(1);
        Value::Number(u64::try_from(u128::from(bytes) * 1_000_000 / micros).unwrap_or(u64::MAX))
    }
}

impl Value {
    /// Returns the value as JSON.
    pub fn as_json(&self) -> String {
        match self {
            Self::Status(status) => status.to_string(),
            Self::Text(None) => "null".to_owned(),
            Self::Text(Some(text)) => serde_json::Value::from(text.as_str()).to_string(),
            Self::Number(_) | Self::Time(_) => self.to_string(),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status:03}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Time(time) => write!(f, "{}.{:06}", time.as_secs(), time.subsec_micros()),
            Self::Text(text) => f.write_str(text.as_deref().unwrap_or_default()),
        }
    }
}
