//! Simulated errors with the wording of the real services, activated by `cogfed sandbox --refuse NAME` or `POST
//! /refuse?name=NAME&times=N`.
//!
//! The lists are written from the services' documentation and from users' reports, independently of cogfed's own table.

mod aws;
mod directories;
mod user_pool;

use std::str::FromStr;
use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::json;

use crate::active::Active;
use crate::named::UnknownName;
use crate::reply;

/// The endpoint or operation that returns a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The authorization endpoint, which returns the refusal in its redirect to the client.
    Authorize,
    /// The token endpoint.
    Token,
    /// The identity pool's operation GetId.
    GetId,
    /// The identity pool's operation GetCredentialsForIdentity.
    GetCredentials,
    /// The identity pool's operation GetOpenIdToken.
    GetOpenIdToken,
    /// The Security Token Service (STS).
    Sts,
    /// The API behind API Gateway.
    Api,
}

/// A simulated error of one service, which a test can activate by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The refusal's name on the command line.
    pub name: &'static str,
    /// The endpoint or operation that returns the refusal.
    pub place: Place,
    /// The HTTP status of the response; not used for a redirect.
    pub status: u16,
    /// The error code: the `error` value of OAuth, the error code of AWS, or the error type of API Gateway (empty for
    /// an HTTP API).
    pub code: &'static str,
    /// The error message. Messages of Entra ID and B2C start with the code.
    pub message: &'static str,
}

/// The value of both the trace id and the correlation id in an error description from Entra ID or B2C.
const TRACE: &str = "0d1d2d3d-4e4e-4f4f-8a8a-9b9b9c9c9d9d";
/// The timestamp in an error description from Entra ID or B2C.
const TIMESTAMP: &str = "2026-11-22 12:00:00Z";

impl Refusal {
    /// All refusals, grouped by the service that sends them.
    pub const LISTS: [(&'static str, &'static [Refusal]); 7] = [
        ("the user pool, in the browser", user_pool::AUTHORIZE),
        ("the user pool's token endpoint", user_pool::TOKEN),
        ("Entra ID", directories::ENTRA_ID),
        ("Azure AD B2C", directories::AZURE_B2C),
        ("the identity pool", aws::IDENTITY_POOL),
        ("STS", aws::STS),
        ("the API", aws::API),
    ];

    /// Returns the refusals of all services.
    pub fn all() -> &'static [Refusal] {
        static ALL: LazyLock<Vec<Refusal>> =
            LazyLock::new(|| Refusal::LISTS.into_iter().flat_map(|(_, list)| list).copied().collect());
        &ALL
    }

    /// Returns the complete error message that the client receives. A directory's message ends with a time and an id
    /// from its log.
    pub fn text(&self) -> String {
        let message = self.message;
        if message.starts_with("AADSTS") {
            format!("{message} Trace ID: {TRACE} Correlation ID: {TRACE} Timestamp: {TIMESTAMP}")
        } else if message.starts_with("AADB2C") {
            format!("{message}\r\nCorrelation ID: {TRACE}\r\nTimestamp: {TIMESTAMP}\r\n")
        } else {
            message.to_owned()
        }
    }

    /// Returns the HTTP response for a refusal that is not a redirect.
    pub fn answer(&self) -> Response<Bytes> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST);
        match self.place {
            Place::Authorize | Place::Token => self.oauth_answer(status),
            Place::GetId | Place::GetCredentials | Place::GetOpenIdToken => {
                reply::aws_error(status, self.code, &self.text())
            }
            Place::Sts => reply::body(status, "text/xml", self.xml()),
            Place::Api => self.api_answer(status),
        }
    }

    fn oauth_answer(&self, status: StatusCode) -> Response<Bytes> {
        let text = self.text();
        let number = self.message.strip_prefix("AADSTS").and_then(|rest| rest.split(':').next()?.parse::<u32>().ok());
        let document = match number {
            // Entra ID's own answer, as a plain issuer
            // (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
            Some(number) => json!({
                "error": self.code,
                "error_description": text,
                "error_codes": [number],
                "timestamp": TIMESTAMP,
                "trace_id": TRACE,
                "correlation_id": TRACE,
                "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
            }),
            None if text.is_empty() => json!({ "error": self.code }),
            None => json!({ "error": self.code, "error_description": text }),
        };
        reply::cognito_json(status, &document)
    }

    fn xml(&self) -> String {
        format!(
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    <Type>Sender</Type>\n    \
             <Code>{}</Code>\n    <Message>{}</Message>\n  </Error>\n  <RequestId>{TRACE}</RequestId>\n</ErrorResponse>\n",
            self.code,
            self.message.replace('&', "&amp;").replace('<', "&lt;")
        )
    }

    fn api_answer(&self, status: StatusCode) -> Response<Bytes> {
        // API Gateway writes a capital M if a policy is missing.
        let key = if self.message.starts_with("User: ") { "Message" } else { "message" };
        let mut response = reply::json(status, &json!({ key: self.message }));
        let headers = response.headers_mut();
        match self.code {
            "" => {
                headers.insert(HeaderName::from_static("apigw-requestid"), HeaderValue::from_static("Xo1XoXo1DoEEJmA="))
            }
            code => headers.insert(HeaderName::from_static("x-amzn-errortype"), HeaderValue::from_static(code)),
        };
        response
    }
}

impl PartialOrd for Refusal {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Refusal {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.name.cmp(other.name)
    }
}

impl FromStr for Refusal {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        // Microsoft writes its codes in capitals.
        let found = Self::all().iter().copied().find(|refusal| refusal.name.eq_ignore_ascii_case(name));
        found.ok_or_else(|| UnknownName { list: "refusal", name: name.to_owned() })
    }
}

impl Active<Refusal> {
    /// Returns the active refusal for `place`, or `None` if there is none. Lowers the number of requests that the
    /// refusal still affects by one.
    pub fn due_at(&self, place: Place) -> Option<Refusal> {
        self.first_due(&self.active().into_iter().filter(|refusal| refusal.place == place).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusal_names_parse_in_any_letter_case() {
        for refusal in Refusal::all() {
            assert_eq!(refusal.name.parse::<Refusal>().unwrap(), *refusal);
        }
        assert_eq!("AADSTS50105".parse::<Refusal>().unwrap().name, "aadsts50105");
        assert!("no".parse::<Refusal>().is_err());
    }

    #[test]
    fn refusal_happens_at_its_endpoint_as_often_as_requested() {
        let active = Active::default();
        let refusal: Refusal = "aadsts50105".parse().unwrap();
        active.set(refusal, Some(1));
        assert_eq!(active.due_at(Place::Token), None);
        assert_eq!(active.due_at(Place::Authorize), Some(refusal));
        assert_eq!(active.due_at(Place::Authorize), None);
    }

    #[test]
    fn entra_id_refusals_have_error_codes() {
        let refusal: Refusal = "aadsts7000215".parse().unwrap();
        let document: serde_json::Value = serde_json::from_slice(refusal.answer().body()).unwrap();
        assert_eq!(document["error_codes"], json!([7_000_215]));
        assert!(document["error_description"].as_str().unwrap().starts_with("AADSTS7000215: Invalid client secret"));
        assert_eq!(refusal.answer().status(), 401);
    }
}
