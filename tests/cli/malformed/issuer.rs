//! Tests with malformed discovery documents, and with malformed answers in the classic flow.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::desk::{Answer, Desk, assert_document_or_nothing, assert_mannered};
use super::mutations::{Random, malformed};

const CLIENT: &str = "11112222-bbbb-3333-cccc-4444dddd5555";
const ROLE: &str = "arn:aws:iam::123456789012:role/Orders";
const DISCOVERY: &str = "/t/.well-known/openid-configuration";
const GET_ID: &str = "AWSCognitoIdentityService.GetId";
const GET_OPEN_ID_TOKEN: &str = "AWSCognitoIdentityService.GetOpenIdToken";
/// The path of STS on the test server. Its operation is in the body.
const STS: &str = "/";

/// Returns a test home folder whose server is the issuer of the profile, and the name of the item with the sign-in.
fn issuers_desk() -> (Desk, String) {
    let desk = Desk::new();
    let server = desk.server.url();
    desk.configure(
        format!(
            "[profile.desk]\nissuer = \"{server}/t\"\nclient_id = \"{CLIENT}\"\nstore = \"file\"\n\
             identity_pool_id = \"eu-west-1:1cf667a2-49a6-454b-9e45-231990000000\"\n\n\
             [profile.desk.endpoints]\nidentity_pool = \"{server}\"\n"
        )
        .as_bytes(),
    );
    let account = format!("tokens/{}/{CLIENT}/default", format!("{server}/t").replace('/', "%2F"));
    (desk, account)
}

fn refresh_token(desk: &Desk, account: &str) -> Option<String> {
    let record: Value = serde_json::from_slice(&desk.kept("store", account)?).expect("a record");
    record["refresh_token"].as_str().map(str::to_owned)
}

#[test]
fn malformed_discovery_documents_redirect_no_refresh_token() {
    let (desk, account) = issuers_desk();
    let server = desk.server.url();
    let elsewhere = Desk::new();
    let document = json!({
        "issuer": format!("{server}/t"), "authorization_endpoint": format!("{server}/t/authorize"),
        "token_endpoint": format!("{server}/t/token"), "jwks_uri": format!("{server}/t/keys"),
        "end_session_endpoint": format!("{server}/t/logout"), "id_token_signing_alg_values_supported": ["RS256"],
    })
    .to_string();
    let moved = document.replace(&format!("{server}/t/token"), &format!("{}/t/token", elsewhere.server.url()));
    let invalid = r#"{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret"}"#;
    desk.server.answer("/t/token", Answer::json(400, invalid));
    let mut record = desk.tokens(TimeDelta::hours(2));
    record["user_pool_id"] = format!("{server}/t").into();
    record["issuer"] = format!("{server}/t").into();
    record["client_id"] = CLIENT.into();
    record["who"] = "default".into();
    record["named_by"] = "default".into();
    record["token_endpoint"] = format!("{server}/t/token").into();
    let mut random = Random(12);
    for number in 0..200 {
        let valid = if number % 4 == 3 { &moved } else { &document };
        let body = malformed(valid.as_bytes(), &mut random);
        let given = String::from_utf8_lossy(&body);
        desk.forget();
        desk.put("store", &account, record.to_string().as_bytes());
        desk.server.answer(DISCOVERY, Answer::json(200, body.as_slice()));
        let ran = desk.run(&["credential-process"]);
        assert_mannered(&ran, &given);
        assert!([4, 5, 6].contains(&ran.status) && ran.stdout.is_empty(), "{ran:?}\n{given}");
        assert_eq!(refresh_token(&desk, &account).as_deref(), Some("the-refresh-token"), "{ran:?}\n{given}");
    }
    assert_eq!(elsewhere.server.asked(), 0, "the token was sent to where the document pointed");
    assert!(desk.server.asked() >= 200);
}

#[test]
fn malformed_classic_flow_answers_are_handled() {
    let desk = Desk::new();
    let server = desk.server.url();
    desk.configure(
        desk.profile()
            .replacen("store =", &format!("flow = \"classic\"\nrole_arn = \"{ROLE}\"\nstore ="), 1)
            .replacen("identity_pool = ", &format!("sts = \"{server}\"\nidentity_pool = "), 1)
            .as_bytes(),
    );
    let mut record = desk.tokens(TimeDelta::minutes(1));
    record["sts_endpoint"] = server.into();
    let identity = r#"{"IdentityId": "eu-west-1:00000000-1111-2222-3333-444444444444"}"#;
    let vouched = r#"{"IdentityId": "eu-west-1:00000000-1111-2222-3333-444444444444", "Token": "the-openid-token"}"#;
    let ruled_out = r#"{"__type": "InvalidParameterException", "message": "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow."}"#;
    let assumed = "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIANOTAREALKEY00000</AccessKeyId><SecretAccessKey>key</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2027-01-15T20:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
    let refused = "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized to perform sts:AssumeRoleWithWebIdentity</Message></Error></ErrorResponse>";
    let answer = |status: u16, kind: &str, body: &[u8]| Answer {
        headers: vec![("content-type".into(), kind.into())],
        ..Answer::json(status, body)
    };
    let (json, xml) = ("application/x-amz-json-1.1", "text/xml");
    let valid = [
        (GET_OPEN_ID_TOKEN, 200, json, vouched),
        (STS, 200, xml, assumed),
        (GET_OPEN_ID_TOKEN, 400, json, ruled_out),
        (STS, 403, xml, refused),
    ];
    let mut random = Random(13);
    for number in 0..200 {
        let (operation, status, kind, text) = valid[number % valid.len()];
        desk.server.answer(GET_ID, answer(200, json, identity.as_bytes()));
        desk.server.answer(GET_OPEN_ID_TOKEN, answer(200, json, vouched.as_bytes()));
        desk.server.answer(STS, answer(200, xml, assumed.as_bytes()));
        let body = malformed(text.as_bytes(), &mut random);
        desk.server.answer(operation, answer(status, kind, &body));
        desk.forget();
        desk.put("store", super::desk::TOKENS_ACCOUNT, record.to_string().as_bytes());
        let ran = desk.run(&["credential-process"]);
        let given = String::from_utf8_lossy(&body);
        assert_mannered(&ran, &given);
        assert_document_or_nothing(&ran);
        assert!([0, 5, 6].contains(&ran.status), "{ran:?}\n{given}");
        assert!(!ran.stderr.contains("the-openid-token") || given.contains("message"), "{ran:?}\n{given}");
        assert_eq!(refresh_token(&desk, super::desk::TOKENS_ACCOUNT).as_deref(), Some("the-refresh-token"), "{ran:?}");
    }
}
