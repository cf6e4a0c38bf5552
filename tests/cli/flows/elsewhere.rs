//! Tests that tokens are sent only to the endpoints for which the person signed in, even if the configuration changes
//! later.

use cogfed_test_support::{CREDENTIALS, Lab, rewrite};

use super::stand_in::{ROLE, StandIn};

#[test]
fn changed_sts_endpoint_gets_no_openid_token_before_forced_login() {
    let lab = Lab::new();
    let lines = format!("store = 'file'\nflow = 'classic'\nrole_arn = '{ROLE}'");
    let aws = StandIn::before(&lab, &lines.replace("store = 'file'\n", ""));
    lab.only_sign_in("alice");
    assert_eq!((aws.assumed().len(), aws.vouched().len()), (1, 1), "the login asks for credentials");
    assert_eq!(lab.record("tokens")["sts_endpoint"], aws.sts());

    let strangers = Lab::new();
    let stranger = StandIn::before(&strangers, "");
    let own = std::fs::read_to_string(lab.config()).unwrap();
    std::fs::write(lab.config(), own.replace(&aws.sts(), &stranger.sts())).unwrap();
    for words in [CREDENTIALS, &["status"]] {
        let ran = lab.run(words).failed_with(4);
        let said = format!("belongs to the STS endpoint {}, and the profile names {}", aws.sts(), stranger.sts());
        assert!(ran.stderr.contains(&said) && ran.stderr.contains("--force"), "{}", ran.stderr);
    }
    assert_eq!((stranger.assumed().len(), aws.assumed().len(), aws.vouched().len()), (0, 0, 0));

    // The variable of the same name changes nothing. A forced sign-in uses the new endpoint, since the person asked for
    // it.
    let ran = lab.command(CREDENTIALS).env("COGFED_ENDPOINTS_STS", stranger.sts()).output().unwrap();
    assert_eq!(ran.status.code(), Some(2));
    lab.login_with(&["--force"], "alice").good();
    lab.run(CREDENTIALS).good();
    assert_eq!((stranger.assumed().len(), aws.assumed().len()), (1, 0));
}

/// A record from before the classic flow existed contains no STS endpoint. Its sign-in belongs to the endpoint that AWS
/// has in its region.
#[test]
fn sign_in_without_sts_endpoint_fits_only_that_of_aws() {
    let lab = Lab::new();
    let aws = StandIn::before(&lab, "");
    lab.login("alice").good();
    rewrite(&lab.item("tokens"), |record| drop(record.as_object_mut().unwrap().remove("sts_endpoint")));
    lab.run(CREDENTIALS).good();
    lab.configure(&aws.section(&lab, "lab"), &format!("store = 'file'\nflow = 'classic'\nrole_arn = '{ROLE}'"));
    let ran = lab.run(CREDENTIALS).failed_with(4);
    assert!(ran.stderr.contains("belongs to the STS endpoint that AWS has in its region"), "{}", ran.stderr);
    assert_eq!((aws.assumed().len(), aws.vouched().len()), (0, 0));
}
