//! The check that a user pool's discovery document names the profile's custom domain. Whoever writes the profile names
//! a domain; only the pool can say that it is its own, and a code, its verifier and the tokens go there.

use serde_json::Value;
use url::Url;

use crate::error::{Failure, Kind, quoted};
use crate::network::authority_of;
use crate::profile::UserPool;

/// The members of the discovery document that must be URLs at the custom domain (OpenID Connect Discovery 1.0, section
/// 3).
const ENDPOINTS: [&str; 2] = ["authorization_endpoint", "token_endpoint"];

/// Returns the HTTP request for the discovery document of `pool`.
///
/// # Errors
/// [`Kind::Usage`] if its address is not a URL.
pub fn request(pool: &UserPool) -> Result<http::Request<Vec<u8>>, Failure> {
    let request = http::Request::get(&pool.discovery).header(http::header::ACCEPT, "application/json");
    request
        .body(Vec::new())
        .map_err(|error| Failure::new(Kind::Usage, format!("the discovery document's address is not a URL: {error}")))
}

/// Checks that the user pool's discovery document, in `answer`, names `domain`, the custom domain that the profile
/// configures.
///
/// # Errors
/// [`Kind::Refused`] if the document names another host or none; the message names both. [`Kind::Network`] if `answer` is
/// not the document.
pub fn check(domain: &str, pool: &UserPool, profile: &str, answer: &http::Response<Vec<u8>>) -> Result<(), Failure> {
    let id = &pool.id;
    let unusable = |what: String| {
        Failure::new(Kind::Network, format!("cannot get the discovery document of the user pool {id}: {what}"))
            .hint(format!("try again; it has to vouch for 'domain' in profile '{profile}'"))
    };
    if answer.status() != http::StatusCode::OK {
        return Err(unusable(format!("status {}", answer.status().as_u16())));
    }
    let Ok(Value::Object(document)) = serde_json::from_slice(answer.body()) else {
        return Err(unusable("it is not the JSON that OpenID Connect promises".into()));
    };
    let host = |name: &str| {
        let url = Url::parse(document.get(name)?.as_str()?).ok()?;
        (url.scheme() == "https").then(|| authority_of(&url)).flatten()
    };
    let hosts = ENDPOINTS.map(host);
    if hosts.iter().all(|host| host.as_deref() == Some(domain)) {
        return Ok(());
    }
    let said = format!("profile '{profile}': domain: '{domain}' does not belong to the user pool {id}");
    Err(match hosts.into_iter().flatten().find(|host| host != domain) {
        Some(own) => {
            let own = quoted(&own);
            Failure::new(Kind::Refused, format!("{said}, whose discovery document names '{own}'"))
                .hint(format!("set domain = \"{own}\", if the user pool is the right one"))
        }
        None => Failure::new(Kind::Refused, format!("{said}, whose discovery document names no domain"))
            .hint("check 'domain' and 'user_pool_id' with the administrator of the user pool"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::profile::testing::{WHOLE, load};

    const OWN: &str = "login.corp.example";

    fn pool() -> UserPool {
        let text = format!("[profile.x]{}", WHOLE.replace("corp.auth.eu-west-1.amazoncognito.com", OWN));
        load(&text, None).unwrap().issuer.user_pool().unwrap().clone()
    }

    fn checked(status: u16, body: &Value) -> Result<(), Failure> {
        let answer = http::Response::builder().status(status).body(body.to_string().into_bytes()).unwrap();
        check(OWN, &pool(), "internal", &answer)
    }

    fn document(authorization: &str, token: &str) -> Value {
        json!({ "authorization_endpoint": authorization, "token_endpoint": token })
    }

    #[test]
    fn only_custom_domains_need_the_pools_word() {
        let of = |lines: &str| {
            let profile = load(&format!("[profile.x]{WHOLE}{lines}"), None).unwrap();
            profile.issuer.user_pool().unwrap().custom_domain.clone()
        };
        assert_eq!(of(""), None);
        assert_eq!(of("issuer = 'https://issuer.example'"), None);
        assert_eq!(pool().custom_domain.as_deref(), Some(OWN));
        let other = WHOLE.replace("corp.auth.eu-west-1", "corp.auth.us-east-1");
        let profile = load(&format!("[profile.x]{other}"), None).unwrap();
        assert!(profile.issuer.user_pool().unwrap().custom_domain.is_some(), "a prefix domain of another region");
        let with_issuer =
            format!("[profile.x]{other}issuer = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz'");
        assert!(load(&with_issuer, None).unwrap().issuer.user_pool().unwrap().custom_domain.is_some());
        let elsewhere = format!("[profile.x]{other}endpoints.domain = 'http://127.0.0.1:1'");
        assert_eq!(load(&elsewhere, None).unwrap().issuer.user_pool().unwrap().custom_domain, None);
        assert_eq!(
            request(&pool()).unwrap().uri(),
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz/.well-known/openid-configuration"
        );
    }

    #[test]
    fn both_endpoints_of_the_document_must_be_at_the_domain() {
        let at = |host: &str| format!("https://{host}/oauth2/x");
        checked(200, &document(&at(OWN), &at("LOGIN.corp.example:443"))).unwrap();
        for (authorization, token, named) in [
            (at(OWN), at("other.example"), "names 'other.example'"),
            (at("other.example"), at(OWN), "names 'other.example'"),
            (at("other.example"), at("other.example"), "names 'other.example'"),
            (at(&format!("{OWN}:8443")), at(OWN), "names 'login.corp.example:8443'"),
            (at(&format!("{OWN}.relay.example")), at(OWN), "names 'login.corp.example.relay.example'"),
            (at(&format!("{OWN}@relay.example")), at(OWN), "names 'relay.example'"),
            (format!("http://{OWN}/x"), at(OWN), "names no domain"),
            (OWN.into(), OWN.into(), "names no domain"),
        ] {
            let failure = checked(200, &document(&authorization, &token)).unwrap_err();
            assert_eq!(failure.kind, Kind::Refused);
            assert!(
                failure.message.starts_with("profile 'internal': domain: 'login.corp.example' does not"),
                "{failure}"
            );
            assert!(failure.message.ends_with(named), "{failure}");
        }
        for body in [json!({}), json!({ "authorization_endpoint": at(OWN) }), json!({ "token_endpoint": 3 })] {
            assert_eq!(checked(200, &body).unwrap_err().kind, Kind::Refused, "{body}");
        }
    }

    #[test]
    fn answer_that_is_no_document_vouches_for_nothing() {
        let good = document(&format!("https://{OWN}/a"), &format!("https://{OWN}/t"));
        for (status, body) in [(404, good.clone()), (500, good), (200, json!([])), (200, json!("x"))] {
            assert_eq!(checked(status, &body).unwrap_err().kind, Kind::Network, "{status} {body}");
        }
    }
}
