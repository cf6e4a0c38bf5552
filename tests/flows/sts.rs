//! Whose credentials are, by STS itself.

use chrono::TimeDelta;
use cogfed::error::Kind;
use cogfed::http::Http;
use cogfed::identity_pool::sts::{CallerIdentity, Sts};
use cogfed::profile::{Choice, Profile};
use cogfed::sandbox::Options;
use cogfed::sandbox::options::ORDERS_ADMIN;

use crate::support::Lab;
use crate::tools::CREDENTIALS;

fn now<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn profile(lab: &Lab) -> Profile {
    let config = lab.config().display().to_string();
    Profile::load(&Choice::default(), &|name| (name == "COGFED_CONFIG").then(|| config.clone())).unwrap()
}

#[test]
fn the_caller_is_named_and_what_is_wrong_with_credentials_is_told() {
    // The sandbox's clock, which the request is signed by, is years from this machine's.
    let (lab, _) = Lab::with_manual_clock(Options::default());
    lab.login_here("alice").good();
    let document = lab.run_here(CREDENTIALS, None).good().document();
    let key = lab.sandbox.issued_keys().find(document["AccessKeyId"].as_str().unwrap()).unwrap();
    let (profile, http) = (profile(&lab), Http::default());
    let sts = Sts::new(&profile, &http);
    let credentials = cogfed::credentials::Credentials {
        access_key_id: key.access_key_id.clone(),
        secret_access_key: cogfed::secret::Secret::new(key.secret_access_key.clone()),
        session_token: cogfed::secret::Secret::new(key.session_token.clone()),
        expires: key.expires,
    };
    let role = ORDERS_ADMIN.rsplit('/').next().unwrap();
    let arn = format!("arn:aws:sts::000000000000:assumed-role/{role}/CognitoIdentityCredentials");
    let identity = now(sts.caller_identity(&credentials, lab.sandbox.now())).unwrap();
    assert_eq!(identity, CallerIdentity { account: "000000000000".into(), arn });

    let unknown = cogfed::credentials::Credentials { access_key_id: "ASIANOBODYS".into(), ..credentials.clone() };
    let failure = now(sts.caller_identity(&unknown, lab.sandbox.now())).unwrap_err();
    assert_eq!(failure.kind, Kind::Refused);
    assert!(failure.message.contains("does not know the credentials (InvalidClientTokenId: "), "{failure}");
    lab.advance(TimeDelta::hours(2));
    let failure = now(sts.caller_identity(&credentials, lab.sandbox.now())).unwrap_err();
    assert!(failure.message.contains("have expired by AWS's clock (ExpiredToken: "), "{failure}");
}
