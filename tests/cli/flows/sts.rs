//! Tests of the STS call that reports the identity that owns a set of credentials.

use chrono::TimeDelta;
use cogfed::aws::Credentials;
use cogfed::error::Kind;
use cogfed::http::Http;
use cogfed::identity_pool::PoolConfig;
use cogfed::identity_pool::sts::{CallerIdentity, Sts};
use cogfed::sandbox::Options;
use cogfed::sandbox::options::ORDERS_ADMIN;
use cogfed::secret::Secret;
use cogfed_test_support::{CREDENTIALS, Lab};

fn now<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// Returns the credentials in the output of `credential-process`.
fn credentials(lab: &Lab, document: &serde_json::Value) -> Credentials {
    let key = lab.issued(document);
    Credentials {
        access_key_id: key.access_key_id,
        secret_access_key: Secret::new(key.secret_access_key),
        session_token: Secret::new(key.session_token),
        expires: key.expires,
    }
}

/// Returns the identity that STS reports for the credentials in the output of `credential-process`.
pub fn caller(lab: &Lab, document: &serde_json::Value) -> CallerIdentity {
    let (profile, http) = (lab.profile(), Http::default());
    now(Sts::new(PoolConfig::of(&profile), &http).caller_identity(&credentials(lab, document), lab.sandbox.now()))
        .unwrap()
}

#[test]
fn sts_names_the_caller_and_explains_unusable_credentials() {
    // The request is signed with the sandbox's clock, which differs by years from this machine's.
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    let document = lab.run_here(CREDENTIALS, None).good().document();
    let credentials = credentials(&lab, &document);
    let (profile, http) = (lab.profile(), Http::default());
    let sts = Sts::new(PoolConfig::of(&profile), &http);
    let role = ORDERS_ADMIN.rsplit('/').next().unwrap();
    let arn = format!("arn:aws:sts::000000000000:assumed-role/{role}/CognitoIdentityCredentials");
    assert_eq!(caller(&lab, &document), CallerIdentity { account: "000000000000".into(), arn });

    let unknown = Credentials { access_key_id: "ASIANOBODYS".into(), ..credentials.clone() };
    let failure = now(sts.caller_identity(&unknown, lab.sandbox.now())).unwrap_err();
    assert_eq!(failure.kind, Kind::Refused);
    assert!(failure.message.contains("does not know the credentials (InvalidClientTokenId: "), "{failure}");
    lab.advance(TimeDelta::hours(2));
    let failure = now(sts.caller_identity(&credentials, lab.sandbox.now())).unwrap_err();
    assert!(failure.message.contains("have expired according to AWS (ExpiredToken: "), "{failure}");
}
