//! The endpoints of an issuer, from the profile or from the issuer's discovery document. A user pool's endpoints follow
//! from the profile. A plain issuer's are in its discovery document (OpenID Connect Discovery 1.0, section 4).
//!
//! The document is cached in cogfed's own folder for a day. Its endpoints are used only at hosts that the profile
//! allows.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Failure, Kind, shortened};
use crate::folder::{Folder, StateFile};
use crate::http::Http;
use crate::json;
use crate::profile::{Issuer, PlainIssuer, ProviderEndpoints};

/// The age at which a cached discovery document is fetched again.
const LIFE: TimeDelta = TimeDelta::hours(24);
/// The maximum size of a cached discovery document, in bytes.
const LARGEST: usize = 64 * 1024;
/// The maximum length of text that a message quotes from a discovery document, in characters.
const LONGEST_QUOTE: usize = 200;

/// A cached discovery document.
#[derive(Serialize, Deserialize)]
struct CachedDocument {
    fetched_at: DateTime<Utc>,
    url: String,
    document: Document,
}

/// The discovery metadata that cogfed uses.
#[derive(Serialize, Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revocation_endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_session_endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id_token_signing_alg_values_supported: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authorization_response_iss_parameter_supported: Option<Value>,
}

/// Returns the endpoints of an issuer. Fetches its discovery document, unless `folder` has a recent copy.
///
/// # Errors
/// [`Kind::Network`] if the document cannot be fetched. [`Kind::Refused`] if it belongs to another issuer, or names an
/// endpoint at a host that the profile does not allow.
pub async fn endpoints(
    issuer: &Issuer,
    http: &Http,
    folder: &Folder,
    now: DateTime<Utc>,
) -> Result<ProviderEndpoints, Failure> {
    let issuer = match issuer {
        Issuer::UserPool(pool) => return Ok(pool.endpoints.clone()),
        Issuer::Plain(issuer) => issuer,
    };
    let file = file(issuer, folder);
    if let Some(endpoints) = kept(issuer, &file, now).and_then(|document| checked(&document, issuer).ok()) {
        return Ok(endpoints);
    }
    fresh(issuer, http, folder, now).await
}

/// Fetches the discovery document and returns its endpoints, like [`endpoints`] but never from the cache.
///
/// # Errors
/// As [`endpoints`].
pub async fn fresh(
    issuer: &PlainIssuer,
    http: &Http,
    folder: &Folder,
    now: DateTime<Utc>,
) -> Result<ProviderEndpoints, Failure> {
    let file = file(issuer, folder);
    let document = fetch(issuer, http).await?;
    let kept = CachedDocument { fetched_at: now, url: issuer.discovery.clone(), document };
    let endpoints = checked(&kept.document, issuer)?;
    // An error is only logged, because the copy only saves a request. A folder that is not writable is reported when it
    // matters.
    file.write_or_log(&kept, "the discovery document could not be kept");
    Ok(endpoints)
}

/// Returns the endpoints that an issuer's discovery document names. Makes no request.
///
/// # Errors
/// Like [`endpoints`].
pub fn read(answer: &[u8], issuer: &PlainIssuer) -> Result<ProviderEndpoints, Failure> {
    checked(&parsed(answer, issuer)?, issuer)
}

fn file(issuer: &PlainIssuer, folder: &Folder) -> StateFile<CachedDocument> {
    StateFile::new(folder.sub("discovery"), &issuer.discovery, LARGEST)
}

fn kept(issuer: &PlainIssuer, file: &StateFile<CachedDocument>, now: DateTime<Utc>) -> Option<Document> {
    let kept = file.read()?;
    let age = now - kept.fetched_at;
    (kept.url == issuer.discovery && age >= TimeDelta::zero() && age < LIFE).then_some(kept.document)
}

async fn fetch(issuer: &PlainIssuer, http: &Http) -> Result<Document, Failure> {
    let request = http::Request::get(&issuer.discovery)
        .header(http::header::ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|error| {
            Failure::new(Kind::Usage, format!("the discovery document's address is not a URL: {error}"))
        })?;
    let answer = http.send_repeatable(request).await?;
    let document = match answer.status() {
        http::StatusCode::OK => parsed(answer.body(), issuer),
        status => Err(unusable(issuer, &format!("status {}", status.as_u16()))),
    };
    document.map_err(|failure| failure.after(http.retry_after(&answer)))
}

fn unusable(issuer: &PlainIssuer, what: &str) -> Failure {
    let place = quoted(&issuer.discovery);
    Failure::new(Kind::Network, format!("cannot get the issuer's discovery document {place}: {what}"))
        .hint("check 'issuer' in the profile; where the document is not below it, name its place in endpoints.issuer")
}

fn parsed(answer: &[u8], issuer: &PlainIssuer) -> Result<Document, Failure> {
    let document = json::value(answer).and_then(|document| serde_json::from_value(document).ok());
    document.ok_or_else(|| unusable(issuer, "it is not the JSON that OpenID Connect promises"))
}

fn quoted(address: &str) -> String {
    shortened(address, LONGEST_QUOTE)
}

/// Checks that `document` is from `issuer` and names only allowed hosts, then returns its endpoints.
fn checked(document: &Document, issuer: &PlainIssuer) -> Result<ProviderEndpoints, Failure> {
    if document.issuer != issuer.url {
        let (place, said) = (quoted(&issuer.discovery), quoted(&document.issuer));
        let message = format!("the discovery document {place} is of the issuer '{said}'");
        return Err(Failure::new(Kind::Refused, message).hint(format!(
            "the profile names '{}'; set 'issuer' to what the provider's tokens say, to the letter (for Entra ID the tenant's own, not 'common')",
            quoted(&issuer.url)
        )));
    }
    if let Some(Value::Array(algorithms)) = &document.id_token_signing_alg_values_supported
        && !algorithms.iter().any(|algorithm| algorithm == "RS256")
    {
        let message = format!("the issuer {} does not sign ID tokens by RS256", quoted(&issuer.url));
        return Err(Failure::new(Kind::Refused, message).hint("identity pools take no other: ask its administrator"));
    }
    let vouched = |name: &str, endpoint: &String| match issuer.check(endpoint) {
        Ok(()) => Ok(endpoint.clone()),
        Err(fault) => {
            let message = format!("the {name} of the issuer {} is not used: {fault}", quoted(&issuer.url));
            Err(Failure::new(Kind::Refused, message)
                .hint("if that host is the issuer's, add it to 'issuer_hosts' in the profile"))
        }
    };
    let optional = |name: &str, endpoint: &Option<String>| endpoint.as_ref().map(|url| vouched(name, url)).transpose();
    Ok(ProviderEndpoints {
        authorization: vouched("authorization endpoint", &document.authorization_endpoint)?,
        token: vouched("token endpoint", &document.token_endpoint)?,
        revocation: optional("revocation endpoint", &document.revocation_endpoint)?,
        logout: optional("end session endpoint", &document.end_session_endpoint)?,
        jwks: vouched("key set", &document.jwks_uri)?,
        answers_name_issuer: document.authorization_response_iss_parameter_supported == Some(Value::Bool(true)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::testing::{KeyServer, at};
    use super::*;

    fn issuer() -> PlainIssuer {
        PlainIssuer {
            url: "https://login.example.com/t/v2.0".into(),
            discovery: "https://login.example.com/t/v2.0/.well-known/openid-configuration".into(),
            hosts: vec!["keys.example.com".into()],
        }
    }

    fn json_document() -> Value {
        json!({
            "issuer": "https://login.example.com/t/v2.0",
            "authorization_endpoint": "https://login.example.com/t/authorize",
            "token_endpoint": "https://login.example.com/t/token",
            "jwks_uri": "https://keys.example.com/t/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        })
    }

    fn document(changes: &[(&str, Value)]) -> Result<ProviderEndpoints, Failure> {
        let mut document = json_document();
        for (name, value) in changes {
            document[name] = value.clone();
        }
        checked(&serde_json::from_value(document).expect("a document"), &issuer())
    }

    /// Starts a server whose discovery document names these signing algorithms. Returns the server and the document's
    /// issuer.
    fn lab(algorithms: &Value) -> (KeyServer, Issuer) {
        let lab = KeyServer::new();
        let mut document = json_document();
        document["id_token_signing_alg_values_supported"] = algorithms.clone();
        lab.replies(200, "", document.to_string());
        let issuer = Issuer::Plain(PlainIssuer { discovery: lab.url.clone(), ..issuer() });
        (lab, issuer)
    }

    #[test]
    fn endpoints_at_allowed_hosts_are_accepted() {
        let endpoints = document(&[]).unwrap();
        assert_eq!((endpoints.revocation, endpoints.logout), (None, None));
        assert_eq!(endpoints.jwks, "https://keys.example.com/t/keys");
        assert!(!endpoints.answers_name_issuer, "it has not said so");
        for (said, names) in [(Value::from(true), true), (false.into(), false), ("true".into(), false)] {
            let endpoints = document(&[("authorization_response_iss_parameter_supported", said)]).unwrap();
            assert_eq!(endpoints.answers_name_issuer, names);
        }
        let url = Value::from("https://login.example.com/t/revoke");
        assert!(document(&[("revocation_endpoint", url)]).unwrap().revocation.is_some());
    }

    #[test]
    fn long_issuers_are_cut_in_messages() {
        let issuer = PlainIssuer { url: format!("https://login.example.com/{}", "t".repeat(2000)), ..issuer() };
        let issuer = PlainIssuer { discovery: format!("{}/x", issuer.url), ..issuer };
        let document = |issuer: &str, algorithm: &str| {
            serde_json::json!({
                "issuer": issuer, "authorization_endpoint": "x", "token_endpoint": "", "jwks_uri": "",
                "id_token_signing_alg_values_supported": [algorithm],
            })
        };
        for answer in [
            "<html>".to_owned(),
            document(&"x".repeat(9000), "").to_string(),
            document(&issuer.url, "ES256").to_string(),
            document(&issuer.url, "RS256").to_string(),
        ] {
            let failure = read(answer.as_bytes(), &issuer).unwrap_err();
            assert!(failure.message.chars().count() < 600, "{failure}");
            assert!(failure.hint.unwrap().chars().count() < 600, "{answer}");
        }
    }

    #[test]
    fn discovery_documents_of_other_issuers_and_hosts_are_refused() {
        for other in ["https://login.example.com/t/v2.0/", "https://login.example.com/{tenantid}/v2.0", "", "x"] {
            let failure = document(&[("issuer", other.into())]).unwrap_err();
            assert!(failure.kind == Kind::Refused && failure.message.contains("is of the issuer"), "{failure}");
        }
        for name in
            ["authorization_endpoint", "token_endpoint", "jwks_uri", "revocation_endpoint", "end_session_endpoint"]
        {
            for url in ["https://attacker.example/t", "http://login.example.com/t", "javascript:alert(1)", ""] {
                let failure = document(&[(name, url.into())]).unwrap_err();
                assert!(failure.kind == Kind::Refused && failure.message.contains("is not used"), "{name} {url}");
            }
        }
        let failure = document(&[("id_token_signing_alg_values_supported", json!(["ES256"]))]).unwrap_err();
        assert!(failure.message.contains("RS256"), "{failure}");
    }

    #[tokio::test]
    async fn cached_discovery_document_serves_its_own_address_for_a_day() {
        let (lab, issuer) = lab(&json!(["RS256"]));
        let http = Http::default();
        for (later, requests) in [(10, 1), (10, 1), (86_409, 1), (86_410, 2), (86_409, 3), (86_410, 3)] {
            let endpoints = endpoints(&issuer, &http, &lab.folder, at(later)).await.unwrap();
            assert_eq!(endpoints.jwks, "https://keys.example.com/t/keys");
            assert_eq!(lab.requests(), requests, "{later} s later");
        }
        let document = serde_json::from_value(json_document()).unwrap();
        let elsewhere = CachedDocument { fetched_at: at(86_410), url: "https://x.example".into(), document };
        lab.folder.sub("discovery").replace(&lab.url, &serde_json::to_vec(&elsewhere).unwrap()).unwrap();
        endpoints(&issuer, &http, &lab.folder, at(86_410)).await.unwrap();
        assert_eq!(lab.requests(), 4);
    }

    #[tokio::test]
    async fn discovery_document_too_large_for_the_cache_is_used_uncached() {
        let (lab, issuer) = lab(&json!([]));
        let with = |filler: usize| {
            let mut document = json_document();
            document["id_token_signing_alg_values_supported"] = json!(["RS256", "x".repeat(filler)]);
            document
        };
        let document = serde_json::from_value(with(0)).unwrap();
        let empty = serde_json::to_vec(&CachedDocument { fetched_at: at(0), url: lab.url.clone(), document }).unwrap();
        let room = 65_536 - empty.len();
        for (filler, is_kept) in [(room + 1, false), (room, true)] {
            lab.replies(200, "", with(filler).to_string());
            endpoints(&issuer, &Http::default(), &lab.folder, at(0)).await.unwrap();
            let kept = lab.folder.sub("discovery").read(&lab.url, 100_000).unwrap();
            assert_eq!(kept.map(|bytes| bytes.len()), is_kept.then_some(65_536), "{filler}");
        }
        lab.replies(500, "", "");
        endpoints(&issuer, &Http::default(), &lab.folder, at(1)).await.unwrap();
    }

    #[tokio::test]
    async fn unusable_discovery_documents_are_reported_with_their_address() {
        let (lab, issuer) = lab(&json!(["RS256"]));
        let good = json_document().to_string();
        for (status, body, what) in [
            (404, good.as_str(), "status 404"),
            (201, &good, "status 201"),
            (200, "{}", "it is not the JSON"),
            (200, "[]", "it is not the JSON"),
            (200, "<html>", "it is not the JSON"),
        ] {
            lab.replies(status, "", body);
            let failure = endpoints(&issuer, &Http::default(), &lab.folder, at(0)).await.unwrap_err();
            assert!(failure.kind == Kind::Network && failure.message.contains(what), "{failure}");
            assert!(failure.message.contains(&lab.url), "{failure}");
        }
    }
}
