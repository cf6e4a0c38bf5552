//! The sending of a signed request, without retries, and the API's answer.

use std::io::{self, Write};

use http::{HeaderMap, StatusCode};

use super::sign::SignedRequest;
use crate::error::{Failure, Kind};
use crate::http::{Http, cause_of};

/// The number of bytes of a refusal's body that suffice to explain the refusal. The longest useful body is that of a
/// wrong signature.
const EXPLAINABLE: usize = 16 * 1024;

/// The reason why an answer's body was not written completely.
#[derive(Debug)]
pub enum WriteError {
    /// The answer broke off. The failure is of [`Kind::Network`].
    Answer(Failure),
    /// The writer failed.
    Output(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// An API's answer: its head, and its body as a stream.
pub struct Answer {
    rest: reqwest::Response,
    prefix: Vec<u8>,
}

impl Answer {
    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.rest.status()
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        self.rest.headers()
    }

    /// Returns the HTTP version, as in the status line.
    pub fn version(&self) -> http::Version {
        self.rest.version()
    }

    /// Returns the first bytes of the body, for [`super::explain`]. Empty if the status is below 400.
    pub fn body_prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// Writes the body to `out` as it arrives, in constant memory, and returns the body's length in bytes.
    ///
    /// # Errors
    /// [`WriteError`] if the answer breaks off or `out` fails.
    pub async fn write_to(mut self, out: &mut dyn Write) -> Result<u64, WriteError> {
        let host = self.rest.url().host_str().unwrap_or_default().to_string();
        out.write_all(&self.prefix)?;
        let mut written = self.prefix.len() as u64;
        while let Some(chunk) = self.rest.chunk().await.map_err(|error| WriteError::Answer(cut_off(&host, &error)))? {
            out.write_all(&chunk)?;
            written += chunk.len() as u64;
        }
        out.flush()?;
        Ok(written)
    }
}

/// Sends `signed` once. It is never repeated, because the API may have acted on a request whose answer was lost.
///
/// # Errors
/// [`Kind::Network`] if there is no answer. Nothing is sent if the client would send another URL than the signed one.
pub async fn send(http: &Http, signed: &SignedRequest) -> Result<Answer, Failure> {
    let uri = signed.0.uri().to_string();
    let host = signed.0.uri().host().unwrap_or_default();
    let request = reqwest::Request::try_from(signed.0.clone())
        .map_err(|error| Failure::caused_by(Kind::Failed, &error.without_url()))?;
    if request.url().as_str() != uri {
        let message = format!("the URL of '{host}' would not be sent as it was signed");
        return Err(Failure::new(Kind::Failed, message).hint("percent-encode its unusual characters"));
    }
    let mut response = http.stream(request).await?;
    let mut prefix = Vec::new();
    if response.status().as_u16() >= 400 {
        while prefix.len() < EXPLAINABLE {
            let Some(chunk) = response.chunk().await.map_err(|error| cut_off(host, &error))? else { break };
            prefix.extend_from_slice(&chunk);
        }
    }
    Ok(Answer { rest: response, prefix })
}

/// Creates the failure for an answer whose body broke off.
fn cut_off(host: &str, error: &reqwest::Error) -> Failure {
    Failure::new(Kind::Network, format!("the answer of '{host}' broke off: {}", cause_of(error)))
        .hint("the request itself did arrive: look before you repeat it")
}
