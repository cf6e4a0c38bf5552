//! Tests of the classic flow, which exchanges an identity pool's token for STS credentials.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use cogfed_sandbox::issued::IssuedKey;
use cogfed_sandbox::options::{AUTHENTICATED, AmbiguousRole, ORDERS_ADMIN, ORDERS_READER, RoleMapping};
use cogfed_sandbox::{Clock, ManualClock};
use cogfed_sandbox::{Misbehaviour, Options, Switch};
use ring::signature::{RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents};
use serde_json::json;

use crate::plain_issuer::Issuer;
use crate::support::client::{Answer, Lab, claims, get, header, post_form};
use crate::support::signed::{api, caller, element};

const DENIED: &str = "Not authorized to perform sts:AssumeRoleWithWebIdentity";

/// Returns a sandbox that allows the classic flow, and its clock.
fn lab() -> (Lab, ManualClock) {
    let clock = ManualClock::at("2026-11-22T12:00:00Z".parse().unwrap());
    let mut options = Options { clock: Arc::new(clock.clone()), ..Options::default() };
    Switch::ClassicFlow.apply(&mut options);
    (Lab::with(options), clock)
}

fn get_open_id_token(lab: &Lab, person: &str) -> Answer {
    let token = lab.tokens(person).text("id_token");
    let identity_id = lab.get_id(&token).text("IdentityId");
    lab.identity("GetOpenIdToken", &json!({ "IdentityId": identity_id, "Logins": { lab.provider(): token } }))
}

/// Calls AssumeRoleWithWebIdentity with the usual parameters, of which some are replaced by `changes`. An empty value
/// omits a parameter.
fn assume(lab: &Lab, token: &str, changes: &[(&str, &str)]) -> Answer {
    let mut pairs = vec![
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", ORDERS_ADMIN),
        ("RoleSessionName", "alice@corp.example"),
        ("WebIdentityToken", token),
    ];
    for change in changes {
        pairs.retain(|(name, _)| *name != change.0);
        pairs.push(*change);
    }
    pairs.retain(|(_, value)| !value.is_empty());
    post_form(&format!("{}/", lab.0.sts_url()), &pairs)
}

fn refused(answer: &Answer, status: u16, code: &str, message: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    assert_eq!((element(&answer.body, "Code"), element(&answer.body, "Message")), (code, message));
}

/// Returns the sandbox's record of the AWS credentials in a response.
fn key(lab: &Lab, answer: &Answer) -> IssuedKey {
    assert_eq!(answer.status, 200, "{answer:?}");
    let key = lab.0.issued_keys().find(element(&answer.body, "AccessKeyId")).unwrap();
    assert_eq!(element(&answer.body, "SecretAccessKey"), key.secret_access_key);
    assert_eq!(element(&answer.body, "SessionToken"), key.session_token);
    let expiration: DateTime<Utc> = element(&answer.body, "Expiration").parse().unwrap();
    assert_eq!(expiration.timestamp(), key.expires.timestamp());
    key
}

#[test]
fn open_id_token_is_issued_by_the_identity_pool() {
    let (lab, clock) = lab();
    let answer = get_open_id_token(&lab, "alice");
    let token = answer.text("Token");
    assert_eq!(header(&token), json!({ "kid": "eu-west-1-7", "typ": "JWS", "alg": "RS512" }));
    let (now, provider) = (clock.now().timestamp(), lab.provider());
    let sub = claims(&lab.tokens("alice").text("id_token"))["sub"].as_str().unwrap().to_owned();
    assert_eq!(
        claims(&token),
        json!({
            "sub": answer.text("IdentityId"), "aud": lab.0.identity_pool_id(), "iat": now, "exp": now + 600,
            "iss": "https://cognito-identity.amazonaws.com",
            "amr": ["authenticated", provider, format!("{provider}:CognitoSignIn:{sub}")],
        })
    );
    let document = get(&format!("{}/.well-known/jwks_uri", lab.0.identity_pool_url())).json();
    let part = |name: &str| URL_SAFE_NO_PAD.decode(document["keys"][0][name].as_str().unwrap()).unwrap();
    assert_eq!(document["keys"][0]["kid"], "eu-west-1-7");
    let (message, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let public = RsaPublicKeyComponents { n: part("n"), e: part("e") };
    public.verify(&RSA_PKCS1_2048_8192_SHA512, message.as_bytes(), &signature).unwrap();
    assert!(lab.0.secrets_issued().contains(&token));
    assert_eq!((lab.0.count("identity.get_open_id_token"), lab.0.count("identity.jwks")), (1, 1));
}

#[test]
fn classic_flow_requires_permission_and_no_mapping() {
    let (classic, _) = lab();
    classic.0.set_role_mapping(RoleMapping::Token(AmbiguousRole::AuthenticatedRole));
    let mapped = "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.";
    let closed = "Basic (classic) flow is not enabled, please use enhanced flow.";
    let unallowed = Lab::with(Options { role_mapping: RoleMapping::None, ..Options::default() });
    for (lab, message) in [(&classic, mapped), (&Lab::new(), mapped), (&unallowed, closed)] {
        let answer = get_open_id_token(lab, "alice");
        assert_eq!((answer.status, answer.text("__type").as_str()), (400, "InvalidParameterException"));
        assert_eq!(answer.text("message"), message);
    }
    classic.0.set_role_mapping(RoleMapping::None);
    assert_eq!(get_open_id_token(&classic, "alice").status, 200);
    assert_eq!(classic.role("alice").unwrap(), AUTHENTICATED, "the enhanced flow still works");
}

#[test]
fn open_id_token_requires_the_identitys_own_login() {
    let (lab, _) = lab();
    let ask = |input| lab.identity("GetOpenIdToken", &input);
    let (alice, bob) = (lab.tokens("alice").text("id_token"), lab.tokens("bob").text("id_token"));
    let identity_id = lab.get_id(&alice).text("IdentityId");
    let other = ask(json!({ "IdentityId": identity_id, "Logins": { lab.provider(): bob } }));
    assert_eq!((other.status, other.text("__type").as_str()), (400, "NotAuthorizedException"));
    let nobody = ask(json!({ "IdentityId": identity_id }));
    assert_eq!(nobody.text("message"), "Unauthenticated access is not supported for this identity pool.");
    assert_eq!(ask(json!({})).text("__type"), "InvalidParameterException");
}

#[test]
fn sts_issues_the_requested_role() {
    let (lab, clock) = lab();
    let answer = get_open_id_token(&lab, "alice");
    let (identity_id, token) = (answer.text("IdentityId"), answer.text("Token"));
    for (role, duration, seconds) in [(ORDERS_ADMIN, "", 3600), (ORDERS_READER, "43200", 43_200)] {
        let answer = assume(&lab, &token, &[("RoleArn", role), ("DurationSeconds", duration)]);
        let key = key(&lab, &answer);
        let name = role.rsplit('/').next().unwrap();
        let arn = format!("arn:aws:sts::000000000000:assumed-role/{name}/alice@corp.example");
        assert_eq!((element(&answer.body, "Arn"), key.caller_arn()), (arn.as_str(), arn.clone()));
        assert_eq!(element(&answer.body, "AssumedRoleId"), key.user_id());
        assert!(key.user_id().ends_with(":alice@corp.example"));
        assert_eq!(element(&answer.body, "Provider"), "cognito-identity.amazonaws.com");
        assert_eq!(element(&answer.body, "Audience"), lab.0.identity_pool_id());
        assert_eq!(element(&answer.body, "SubjectFromWebIdentityToken"), identity_id);
        assert_eq!(answer.header("content-type"), Some("text/xml"));
        assert_eq!(key.expires, clock.now() + TimeDelta::seconds(seconds));
        assert_eq!(key.username, "AzureAD_alice@corp.example");
        for secret in [&key.secret_access_key, &key.session_token, &token] {
            assert!(lab.0.secrets_issued().contains(secret));
        }
        assert_eq!(caller(&lab, &key, "eu-west-1"), arn);
        assert_eq!(api(&lab, &key, "eu-west-1", "/orders").status, 200);
        let echo = api(&lab, &key, "eu-west-1", "/echo/x");
        let seen = &echo.json()["requestContext"]["identity"];
        assert_eq!((&seen["cognitoIdentityId"], &seen["userArn"]), (&json!(identity_id), &json!(arn)));
        let from = format!("{},{}:CognitoSignIn:", lab.provider(), lab.provider());
        assert!(seen["cognitoAuthenticationProvider"].as_str().unwrap().starts_with(&from), "{seen}");
    }
    assert_eq!(lab.0.count("sts.assume_role_with_web_identity"), 2);
    assert_eq!((lab.0.count("sts.caller_identity"), lab.0.count("sts.other")), (2, 0));
    clock.advance(TimeDelta::seconds(3600));
    let late = assume(&lab, &get_open_id_token(&lab, "alice").text("Token"), &[("DurationSeconds", "900")]);
    let late = key(&lab, &late);
    lab.0.advance_clock(TimeDelta::seconds(900));
    assert_eq!(api(&lab, &late, "eu-west-1", "/orders").status, 403);
}

#[test]
fn sts_refuses_tokens_that_the_pool_did_not_issue() {
    let (lab, clock) = lab();
    let token = get_open_id_token(&lab, "alice").text("Token");
    let no_token = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
    for text in ["nonsense", "a.bc", "a.e30.c.d", "a.%.c", "a.e30.c"] {
        refused(&assume(&lab, text, &[("WebIdentityToken", text)]), 400, "InvalidIdentityToken", no_token);
    }
    let id_token = lab.tokens("alice").text("id_token");
    let unknown = format!("No OpenIDConnect provider found in your account for {}", lab.0.issuer());
    refused(&assume(&lab, &id_token, &[]), 400, "InvalidIdentityToken", &unknown);
    let no_key = "Couldn't retrieve verification key from your identity provider,  please reference \
                  AssumeRoleWithWebIdentity documentation for requirements";
    let [head, body, signature] = *token.split('.').collect::<Vec<_>>() else { panic!("{token}") };
    let encoded = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut later = claims(&token);
    later["exp"] = json!(clock.now().timestamp() + 86_400);
    for forged in [
        format!("{head}.{body}.AAAA"),
        format!("{head}.{}.{signature}", encoded(later)),
        format!("{}.{body}.", encoded(json!({ "alg": "none", "kid": "eu-west-1-7" }))),
        format!("{}.{body}.{signature}", encoded(json!({ "alg": "RS512", "kid": "eu-west-1-8" }))),
        format!("{}.{body}.{signature}", encoded(json!({ "alg": "RS512" }))),
    ] {
        refused(&assume(&lab, &forged, &[]), 400, "InvalidIdentityToken", no_key);
    }
    let (other, _) = self::lab();
    refused(&assume(&lab, &get_open_id_token(&other, "alice").text("Token"), &[]), 403, "AccessDenied", DENIED);
    clock.advance(TimeDelta::seconds(599));
    assert_eq!(assume(&lab, &token, &[]).status, 200);
    clock.advance(TimeDelta::seconds(1));
    let now = clock.now().timestamp();
    let expired = format!("Token expired: current date/time {now} must be before the expiration date/time{now}");
    refused(&assume(&lab, &token, &[]), 400, "ExpiredTokenException", &expired);
    lab.0.advance_clock(TimeDelta::seconds(-60));
    assert_eq!(assume(&lab, &token, &[]).status, 200, "the sandbox's clock decides");
}

#[test]
fn sts_refuses_untrusting_roles_and_long_durations() {
    let (lab, _) = lab();
    let token = get_open_id_token(&lab, "alice").text("Token");
    for role in [
        lab.0.role_arn("ForeignTrust"),
        lab.0.role_arn("Nobody"),
        ORDERS_ADMIN.replace("000000000000", "123456789012"),
        ORDERS_ADMIN.replace("arn:aws:", "arn:aws-cn:"),
    ] {
        refused(&assume(&lab, &token, &[("RoleArn", &role)]), 403, "AccessDenied", DENIED);
    }
    let no_arn = assume(&lab, &token, &[("RoleArn", "arn:aws:iam:OrdersAdmin")]);
    refused(&no_arn, 400, "ValidationError", "Request ARN is invalid");
    let longer = |role, seconds| assume(&lab, &token, &[("RoleArn", role), ("DurationSeconds", seconds)]);
    let too_long = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
    refused(&longer(AUTHENTICATED, "3601"), 400, "ValidationError", too_long);
    assert_eq!(longer(AUTHENTICATED, "3600").status, 200);
    refused(&longer(&lab.0.role_arn("ForeignTrust"), "3601"), 403, "AccessDenied", DENIED);
}

#[test]
fn sts_validates_every_parameter() {
    let (lab, _) = lab();
    let token = get_open_id_token(&lab, "alice").text("Token");
    let (long, huge) = ("x".repeat(65), "x".repeat(20_001));
    let null = "Member must not be null";
    for (name, value, constraint) in [
        ("RoleArn", "", format!("Value null at 'roleArn' failed to satisfy constraint: {null}")),
        ("RoleSessionName", "", format!("Value null at 'roleSessionName' failed to satisfy constraint: {null}")),
        ("WebIdentityToken", "", format!("Value null at 'webIdentityToken' failed to satisfy constraint: {null}")),
        (
            "RoleArn",
            "arn:aws:iam",
            "Value 'arn:aws:iam' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal \
             to 20"
                .into(),
        ),
        (
            "RoleSessionName",
            "x",
            "Value 'x' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2"
                .into(),
        ),
        (
            "RoleSessionName",
            &long,
            format!(
                "Value '{long}' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or \
                 equal to 64"
            ),
        ),
        (
            "RoleSessionName",
            "alice admin",
            r"Value 'alice admin' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*".into(),
        ),
        (
            "WebIdentityToken",
            "x",
            "Value at 'webIdentityToken' failed to satisfy constraint: Member must have length greater than or equal to 4"
                .into(),
        ),
        (
            "WebIdentityToken",
            &huge,
            "Value at 'webIdentityToken' failed to satisfy constraint: Member must have length less than or equal to 20000"
                .into(),
        ),
        (
            "DurationSeconds",
            "899",
            "Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal \
             to 900"
                .into(),
        ),
        (
            "DurationSeconds",
            "43201",
            "Value '43201' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal \
             to 43200"
                .into(),
        ),
    ] {
        let message = format!("1 validation error detected: {constraint}");
        refused(&assume(&lab, &token, &[(name, value)]), 400, "ValidationError", &message);
    }
    let both = assume(&lab, &token, &[("RoleArn", ""), ("DurationSeconds", "x")]);
    assert!(element(&both.body, "Message").starts_with("2 validation errors detected: Value null at 'roleArn'"));
    for name in ["me", "a_B9+=,.@-", &"x".repeat(64)] {
        assert_eq!(key(&lab, &assume(&lab, &token, &[("RoleSessionName", name)])).session_name, name);
    }
    let old = assume(&lab, &token, &[("Version", "2010-01-01")]);
    let message = "Could not find operation AssumeRoleWithWebIdentity for version 2010-01-01";
    refused(&old, 400, "InvalidAction", message);
}

#[test]
fn misbehaviours_affect_the_classic_flow() {
    let (lab, clock) = lab();
    let token = get_open_id_token(&lab, "alice").text("Token");
    lab.0.misbehave(Misbehaviour::CredentialsShort, Some(1));
    let short = key(&lab, &assume(&lab, &token, &[("DurationSeconds", "43200")]));
    assert_eq!(short.expires, clock.now() + TimeDelta::minutes(10));
    lab.0.misbehave(Misbehaviour::IdentityThrottled, Some(1));
    let id_token = lab.tokens("alice").text("id_token");
    let ask = |identity_id: &str| {
        let input = json!({ "IdentityId": identity_id, "Logins": { lab.provider(): id_token } });
        lab.identity("GetOpenIdToken", &input)
    };
    let identity_id = claims(&token)["sub"].as_str().unwrap().to_owned();
    assert_eq!(ask(&identity_id).text("__type"), "TooManyRequestsException");
    lab.0.misbehave(Misbehaviour::IdentityForgotten, Some(1));
    assert_eq!(ask(&identity_id).text("__type"), "ResourceNotFoundException");
    let new_id = lab.get_id(&id_token).text("IdentityId");
    assert_ne!(new_id, identity_id);
    assert_eq!(ask(&new_id).status, 200);
}

#[test]
fn classic_flow_of_china_starts_at_a_plain_issuer() {
    let mut options = Options::default();
    [Switch::China, Switch::ClassicFlow].iter().for_each(|switch| switch.apply(&mut options));
    let issuer = Issuer::with(options);
    let lab = &issuer.lab;
    let token = issuer.tokens("alice").text("id_token");
    let identity_id = lab.get_id(&token).text("IdentityId");
    let input = json!({ "IdentityId": identity_id, "Logins": { lab.provider(): token } });
    let token = lab.identity("GetOpenIdToken", &input).text("Token");
    let provider = claims(&token)["amr"][2].as_str().unwrap().to_owned();
    assert!(provider.starts_with("arn:aws-cn:iam::000000000000:oidc-provider/127.0.0.1:"), "{provider}");
    let answer = assume(lab, &token, &[("RoleArn", &lab.0.role_arn("OrdersAdmin"))]);
    let key = key(lab, &answer);
    assert_eq!(key.username, "alice@corp.example");
    assert_eq!(caller(lab, &key, "cn-north-1"), element(&answer.body, "Arn"));
    assert_eq!(api(lab, &key, "cn-north-1", "/orders").status, 200);
}
