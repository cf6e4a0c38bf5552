//! The parts of an answer that reveal why a request was refused, from all the forms that AWS's services write.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use http::header::{CONTENT_TYPE, DATE, SERVER};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::clock::http_date;
use crate::secret::Redactor;

/// The longest body that counts as a message if it is plain text, in bytes.
const LONGEST_TEXT: usize = 2048;

/// The party whose page an HTML answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    /// CloudFront's error page.
    CloudFront,
    /// The page of an Application Load Balancer.
    LoadBalancer,
}

/// The parts of an answer that reveal the reason. Texts are free of the request's secrets.
pub(super) struct Seen {
    pub(super) status: u16,
    /// The error's type in `x-amzn-errortype`, which AWS's gateways set.
    pub(super) error_type: String,
    /// The error's type in the body: `__type`, `errorType` of GraphQL, `Code` of XML. An API may write these, too.
    pub(super) code: String,
    /// The error's message in the body.
    pub(super) message: String,
    /// True if the message is that of a JSON object's `message` or `Message`, the form of API Gateway.
    pub(super) is_plain_json: bool,
    /// The region that the service names as the right one.
    pub(super) region: Option<String>,
    /// The host that the service names as the right one.
    pub(super) endpoint: Option<String>,
    /// The page that the body is.
    pub(super) page: Option<Page>,
    /// True for an HTTP API of API Gateway.
    pub(super) http_api: bool,
    /// True if an answer of API Gateway's, or of an API behind it.
    pub(super) is_gateways: bool,
    /// The server's time minus this machine's.
    pub(super) offset: Option<TimeDelta>,
}

/// The error in a body.
#[derive(Default)]
struct Said {
    code: String,
    message: String,
    region: Option<String>,
    endpoint: Option<String>,
    time: Option<DateTime<Utc>>,
    is_plain_json: bool,
}

impl Seen {
    /// Reads an answer. `body` is the start of its body.
    pub(super) fn of(
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        local_now: DateTime<Utc>,
        redactor: &Redactor,
    ) -> Self {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let text = String::from_utf8_lossy(body);
        let said = said(&text, header(CONTENT_TYPE.as_str()).unwrap_or_default());
        let server = header(DATE.as_str()).and_then(http_date).or(said.time).or_else(|| time_in(&said.message));
        Self {
            status: status.as_u16(),
            error_type: kind(header("x-amzn-errortype").unwrap_or_default()),
            code: redactor.redact(&said.code),
            message: redactor.redact(&said.message),
            is_plain_json: said.is_plain_json,
            region: header("x-amz-bucket-region").map(str::to_owned).or(said.region),
            endpoint: said.endpoint.map(|endpoint| endpoint.to_ascii_lowercase()),
            page: page(&text, header(SERVER.as_str()).unwrap_or_default(), header("x-cache").unwrap_or_default()),
            // REST APIs send `x-amz-apigw-id` and `x-amzn-RequestId` instead.
            http_api: headers.contains_key("apigw-requestid"),
            is_gateways: ["apigw-requestid", "x-amz-apigw-id", "x-amzn-errortype"]
                .iter()
                .any(|name| headers.contains_key(*name)),
            offset: server.map(|server| server - local_now),
        }
    }

    /// Returns whether the message contains a phrase.
    pub(super) fn says(&self, phrase: &str) -> bool {
        self.message.contains(phrase)
    }
}

/// Reads the error in a body of JSON, XML or plain text.
fn said(text: &str, content_type: &str) -> Said {
    let text = text.trim_start_matches('\u{feff}').trim();
    if let Ok(Value::Object(body)) = serde_json::from_str(text) {
        return json(&Value::Object(body));
    }
    if text.starts_with('<') {
        return xml(text).unwrap_or_default();
    }
    if text.len() <= LONGEST_TEXT && !text.starts_with(['{', '[']) && !content_type.contains("html") {
        // VPC Lattice writes `AccessDeniedException: User: …`.
        let (code, message) =
            text.split_once(": ").filter(|(code, _)| code.ends_with("Exception")).unwrap_or(("", text));
        return Said { code: code.to_owned(), message: message.to_owned(), ..Said::default() };
    }
    Said::default()
}

/// Reads `{"message": …}`, `{"__type": …, "message": …}`, GraphQL's `{"errors": [{"errorType": …}]}` and OpenSearch's
/// `{"error": {"type": …, "reason": …}}`.
fn json(body: &Value) -> Said {
    let text = |value: &Value, names: &[&str]| {
        names.iter().find_map(|name| value.get(name)?.as_str()).unwrap_or_default().to_owned()
    };
    let of = |value: &Value| Said {
        code: kind(&text(value, &["__type", "errorType", "code", "Code", "type"])),
        message: text(value, &["message", "Message", "reason"]),
        ..Said::default()
    };
    if let Some(first) = body.get("errors").and_then(|errors| errors.get(0)) {
        return of(first);
    }
    // AWS's JSON protocols answer a wrong path with `{"Output": {"__type": …}, "Version": "1.0"}`.
    if let Some(output) = body.get("Output").filter(|output| output.get("__type").is_some()) {
        return of(output);
    }
    match body.get("error") {
        Some(error) if error.is_object() => of(error),
        _ => Said { is_plain_json: ["message", "Message"].iter().any(|name| body.get(name).is_some()), ..of(body) },
    }
}

/// Reads S3's `<Error>` and the `<ErrorResponse>` of the services with the Query protocol.
fn xml(text: &str) -> Option<Said> {
    let element = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        let (value, _) = rest.split_once(&format!("</{name}>"))?;
        Some(
            value
                .replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&apos;", "'")
                .replace("&amp;", "&"),
        )
    };
    if !text.contains("<Error>") {
        return None;
    }
    let time = element("ServerTime").and_then(|time| DateTime::parse_from_rfc3339(&time).ok());
    Some(Said {
        code: element("Code")?,
        message: element("Message").unwrap_or_default(),
        region: element("Region"),
        endpoint: element("Endpoint"),
        time: time.map(|time| time.to_utc()),
        is_plain_json: false,
    })
}

/// Returns an error type without the namespace in front of `#` and the address after `:`.
fn kind(text: &str) -> String {
    let text = text.rsplit('#').next().unwrap_or_default();
    text.split(':').next().unwrap_or_default().trim().to_owned()
}

/// Returns the party whose error page the body is.
fn page(text: &str, server: &str, cache: &str) -> Option<Page> {
    let start: String = text.trim_start().chars().take(9).collect();
    let start = start.to_ascii_lowercase();
    if !start.starts_with("<html") && start != "<!doctype" {
        return None;
    }
    let is_cloudfronts = server == "CloudFront" || cache.ends_with(" from cloudfront");
    if text.contains("Generated by cloudfront") || (is_cloudfronts && text.contains("request could not be satisfied")) {
        return Some(Page::CloudFront);
    }
    server.starts_with("awselb/").then_some(Page::LoadBalancer)
}

/// Reads the gateway's time from `… (20201027T130007Z - 5 min.)`.
fn time_in(message: &str) -> Option<DateTime<Utc>> {
    let time = message.rsplit_once('(')?.1.split(' ').next()?;
    Some(NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%SZ").ok()?.and_utc())
}
