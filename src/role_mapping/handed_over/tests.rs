use serde_json::json;

use super::*;

/// A text in the form of a JWT. What it says does not matter here.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJjIn0.c2ln";

/// Returns the result of parsing `text`, as `claims NAMES`, `token TEXT` or the error message.
fn read(text: &str) -> String {
    match claims(text) {
        Ok(HandedOver::Claims(claims)) => format!("claims {}", claims.keys().cloned().collect::<Vec<_>>().join(" ")),
        Ok(HandedOver::IdToken(token)) => format!("token {}", token.expose()),
        Err(not) => format!("{not}; {}", not.instead),
    }
}

#[test]
fn bare_claims_are_taken_as_they_are() {
    for (document, names) in [
        (json!({}), ""),
        (json!({ "custom:roles": "Admin" }), "custom:roles"),
        (json!({ "department": "Sales", "level": 3, "teams": ["a"] }), "department level teams"),
        (
            json!({ "iss": "i", "aud": "c", "custom:roles": "x", "address": { "country": "NL" } }),
            "address aud custom:roles iss",
        ),
        (json!({ "sub": "1", "identities": [{ "providerName": "A" }] }), "identities sub"),
        (json!({ "custom:roles": "x", "scope": "openid" }), "custom:roles scope"),
        (json!({ "roles": ["a"], "_claim_names": { "groups": "src1" } }), "_claim_names roles"),
        (json!({ "custom:keys": "x", "keys": "y", "error": "z" }), "custom:keys error keys"),
        (json!({ "token_use": "id", "client_id": "c", "payload": {} }), "client_id payload token_use"),
    ] {
        assert_eq!(read(&document.to_string()), format!("claims {names}"), "{document}");
    }
}

#[test]
fn wrapped_id_tokens_are_unwrapped() {
    for document in [
        json!({ "id_token": TOKEN, "access_token": "x", "token_type": "Bearer" }),
        json!({ "access_token": "x", "idToken": TOKEN }),
        json!({ "ChallengeParameters": {}, "AuthenticationResult": { "AccessToken": "x", "IdToken": TOKEN } }),
        json!({ "IdToken": TOKEN, "AccessToken": TOKEN }),
        json!({ "id_token": TOKEN, "profile": { "sub": "1" }, "scope": "openid" }),
        json!({ "CognitoIdentityServiceProvider.c.u.idToken": TOKEN, "CognitoIdentityServiceProvider.c.u.accessToken": TOKEN }),
        json!(TOKEN),
    ] {
        assert_eq!(read(&document.to_string()), format!("token {TOKEN}"), "{document}");
    }
    let payload = json!({ "sub": "1", "aud": "c", "token_use": "id" });
    let access = json!({ "payload": { "token_use": "access" } });
    for document in [
        json!({ "header": { "alg": "RS256" }, "payload": payload, "signature": "x" }),
        json!({ "header": { "alg": "RS256" }, "payload": payload }),
        json!({ "payload": payload }),
        json!({ "tokens": { "accessToken": access, "idToken": { "payload": payload } }, "userSub": "1" }),
        json!({ "idToken": { "jwtToken": TOKEN, "payload": payload }, "accessToken": access, "clockDrift": 0 }),
        json!({ "username": "x", "signInUserSession": { "idToken": { "jwtToken": TOKEN, "payload": payload } } }),
        json!({ "homeAccountId": "x", "idTokenClaims": payload }),
    ] {
        assert_eq!(read(&document.to_string()), "claims aud sub token_use", "{document}");
    }
}

#[test]
fn copied_token_is_read_however_it_is_wrapped() {
    let (one, two) = TOKEN.split_at(30);
    for text in [
        format!("{TOKEN}\r\n"),
        format!("{one}\r\n{two}\n"),
        format!("> {one}\n> {two}\n"),
        format!("{one}=\n{two}"),
        format!("  {one}\n  {two}"),
        format!("{one}\u{200b}\u{ad}{two}"),
        format!("Bearer {TOKEN}"),
        format!("Authorization: Bearer {TOKEN}"),
        format!("TOKEN='{TOKEN}';"),
        format!("http://localhost:8400/#id_token={TOKEN}&access_token=x"),
        TOKEN.replace('.', "\n."),
        TOKEN.replace('.', ".\n"),
    ] {
        assert_eq!(read(&text), format!("token {TOKEN}"), "{text}");
    }
    for (text, expected) in [
        (format!("{TOKEN}\n{TOKEN}\n"), "it is more than one token; give the ID token alone"),
        (
            "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d".into(),
            "it is an encrypted token, as Cognito's refresh tokens are; give the ID token",
        ),
        ("custom:roles: Admin".into(), "it is neither a JSON object nor a signed token; "),
        ("<html>".into(), "it is an XML or HTML document; "),
        (" \n".into(), "it is empty; "),
    ] {
        assert!(read(&text).starts_with(expected), "{text}: {}", read(&text));
    }
}

#[test]
fn other_documents_are_named_and_never_taken_for_claims() {
    let attributes = json!([{ "Name": "sub", "Value": "x" }, { "Name": "custom:roles", "Value": "Admin" }]);
    for (document, expected) in [
        (
            json!({ "Username": "x", "UserAttributes": attributes, "Enabled": true }),
            "a user pool's record of a user, with",
        ),
        (json!({ "Username": "x", "Attributes": attributes }), "a user pool's record of a user, with"),
        (
            json!({ "Users": [{ "Username": "x", "Attributes": attributes }] }),
            "the answer of 'aws cognito-idp list-users'",
        ),
        (attributes, "a list of user attributes"),
        (json!({ "Username": "x", "Enabled": true, "UserStatus": "CONFIRMED" }), "a user pool's record of a user"),
        (
            json!({ "triggerSource": "TokenGeneration_HostedAuth", "request": { "userAttributes": { "custom:roles": "x" } } }),
            "the event of a Lambda trigger (TokenGeneration_HostedAuth)",
        ),
        (json!({ "requestContext": { "authorizer": { "claims": { "sub": "1" } } } }), "an event of API Gateway"),
        (json!({ "access_token": "x", "token_type": "Bearer" }), "an answer with an access token and no ID token"),
        (json!({ "AuthenticationResult": { "AccessToken": "x" } }), "an answer with an access token and no ID token"),
        (
            json!({ "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": "x" }),
            "the answer to a sign-in that is not complete",
        ),
        (json!({ "alg": "RS256", "kid": "x" }), "the header of a token"),
        (json!({ "payload": "eyJ", "protected": "eyJ", "signature": "x" }), "a token in JSON form"),
        (json!({ "IdentityPoolId": "x", "Roles": {}, "RoleMappings": {} }), "a role mapping"),
        (json!({ "Version": 1, "AccessKeyId": "x", "SecretAccessKey": "x" }), "a set of AWS credentials"),
        (json!({ "UserId": "x", "Account": "1", "Arn": "x" }), "the answer of 'aws sts get-caller-identity'"),
        (json!({ "keys": [] }), "a set of signing keys"),
        (json!({ "error": "invalid_grant" }), "an error answer"),
        (json!({ "data": { "token": TOKEN } }), "a document with a token in 'data.token'"),
        (json!({ "identity": { "claims": { "sub": "1" } } }), "a document with claims in its member 'identity.claims'"),
        (json!({ "user": { "name": "x" } }), "a document without claims: it has 'user'"),
        (json!([{ "custom:roles": "x" }]), "a JSON list"),
        (json!("x"), "neither a JSON object nor a signed token"),
    ] {
        let said = read(&document.to_string());
        assert!(said.starts_with(&format!("it is {expected}")), "{document}: {said}");
    }
    let decoded = r#"{"alg":"RS256"} {"sub":"1"}"#;
    assert!(read(decoded).starts_with("it is a token's header with more behind it"), "{}", read(decoded));
    assert!(read(r#"{"sub":"1"} {"sub":"2"}"#).starts_with("it is several documents in one file"));
    assert!(read(r#"{"a":{"b":1,"b":2}}"#).starts_with("it is not JSON: 'b' is there twice at line 1"));
}

#[test]
fn claims_of_other_tokens_than_id_tokens_are_refused() {
    for (claims, expected) in [
        (json!({ "iss": "i", "client_id": "c", "token_use": "access", "cognito:groups": ["a"] }), "an access token"),
        (json!({ "client_id": "c", "username": "x", "cognito:groups": ["a"] }), "an access token"),
        (json!({ "client_id": "c", "username": "x", "department": "a" }), "an access token"),
        (json!({ "token_use": "access", "aud": "https://api", "custom:roles": "a" }), "an access token"),
        (json!({ "iss": "i", "aud": "api://x", "scp": "user_impersonation", "roles": ["a"] }), "an access token"),
        (json!({ "iss": "i", "aud": "a", "client_id": "c", "scope": "openid" }), "an access token"),
        (json!({ "iss": "i", "aud": "account", "typ": "Bearer" }), "an access token"),
        (json!({ "iss": "i", "aud": "i", "typ": "Refresh" }), "a refresh token"),
        (
            json!({ "iss": "https://cognito-identity.amazonaws.com", "aud": "p", "sub": "x" }),
            "the identity pool's own token",
        ),
        (json!({ "token_use": "other", "aud": "c" }), "a token whose token_use is not 'id'"),
        (json!({ "token_use": 7, "aud": "c" }), "a token whose token_use is not 'id'"),
    ] {
        let said = read(&claims.to_string());
        let expected = format!("it is {expected}, and an identity pool accepts only ID tokens; give the ID token");
        assert!(said.starts_with(&expected), "{claims}: {said}");
    }
}
