//! A plain issuer's discovery document. The first line names the issuer, and the other hosts that the profile vouches
//! for. The rest is the answer.

use cogfed::error::Kind;
use cogfed::oidc::discovery;
use cogfed::profile::{PlainIssuer, ProviderEndpoints, check};
use serde_json::Value;
use url::Url;

use crate::given::assert_presentable;

/// Checks that all endpoints are at hosts that the profile vouches for, and that the document is this issuer's.
pub fn run(data: &[u8]) {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else { return };
    let (Ok(line), answer) = (std::str::from_utf8(&data[..end]), &data[end + 1..]) else { return };
    let mut words = line.split(' ');
    // The same checks as for a profile.
    let Some(Ok(url)) = words.next().map(check::issuer) else { return };
    let Ok(hosts) = words.map(check::authority).collect::<Result<Vec<String>, String>>() else { return };
    let discovery = format!("{}/.well-known/openid-configuration", url.trim_end_matches('/'));
    let issuer = PlainIssuer { url, discovery, hosts };
    match discovery::read(answer, &issuer) {
        Ok(endpoints) => assert_is_believed(&endpoints, &issuer, answer),
        Err(failure) => {
            assert!(matches!(failure.kind, Kind::Network | Kind::Refused), "{failure:?}");
            assert!(failure.hint.is_some());
            assert_presentable(&failure);
        }
    }
}

fn assert_is_believed(endpoints: &ProviderEndpoints, issuer: &PlainIssuer, answer: &[u8]) {
    let document: Value = serde_json::from_slice(answer).expect("JSON");
    let said = |name: &str| document.get(name).and_then(Value::as_str);
    assert_eq!(said("issuer"), Some(issuer.url.as_str()), "to the letter");
    for (name, endpoint) in [
        ("authorization_endpoint", Some(&endpoints.authorization)),
        ("token_endpoint", Some(&endpoints.token)),
        ("jwks_uri", Some(&endpoints.jwks)),
        ("revocation_endpoint", endpoints.revocation.as_ref()),
        ("end_session_endpoint", endpoints.logout.as_ref()),
    ] {
        assert_eq!(said(name), endpoint.map(String::as_str), "as the document says");
        let Some(endpoint) = endpoint else { continue };
        assert_eq!(issuer.check(endpoint), Ok(()));
        assert_is_vouched_for(endpoint, issuer);
    }
    let names_issuer = &document["authorization_response_iss_parameter_supported"];
    assert_eq!(endpoints.answers_name_issuer, names_issuer == &Value::Bool(true), "{names_issuer}");
    if let Some(algorithms) = document["id_token_signing_alg_values_supported"].as_array() {
        assert!(algorithms.iter().any(|algorithm| algorithm == "RS256"), "{algorithms:?}");
    }
}

/// Checks an endpoint's host as a browser reads it and, if it is a URI for the HTTP client, as that client reads it.
fn assert_is_vouched_for(endpoint: &str, issuer: &PlainIssuer) {
    assert!(endpoint.len() <= 2048 && !endpoint.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\'));
    let url: Url = endpoint.parse().expect("a URL");
    let host = url.host_str().expect("a host");
    let is_loopback = ["localhost", "[::1]"].contains(&host) || host.starts_with("127.");
    assert!(url.scheme() == "https" || (url.scheme() == "http" && is_loopback), "{url}");
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none(), "{url}");
    let port = url.port_or_known_default().expect("a port");
    let own: Url = issuer.url.parse().expect("a URL");
    let is_own = own.host_str() == Some(host) && own.port_or_known_default() == Some(port);
    let is_listed = issuer.hosts.iter().any(|listed| match listed.split_once(':') {
        Some((name, number)) => name == host && number == port.to_string(),
        None => listed == host && url.port().is_none(),
    });
    assert!(is_own || is_listed, "{url} is at neither {own} nor {:?}", issuer.hosts);
    if let Ok(uri) = endpoint.parse::<http::Uri>() {
        let is_https = uri.scheme_str() == Some("https");
        assert_eq!(is_https, url.scheme() == "https");
        // An IP address can be written in several ways. The URL parser normalises it.
        let asked: Url = format!("https://{}/", uri.host().expect("a host")).parse().expect("a host");
        assert_eq!(asked.host(), url.host(), "asked is another host than checked");
        assert_eq!(uri.port_u16().unwrap_or(if is_https { 443 } else { 80 }), port);
    }
}
