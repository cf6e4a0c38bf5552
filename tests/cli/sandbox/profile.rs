//! Tests that cogfed can read the profile that the sandbox writes.

use cogfed::profile::{Choice, Profile};
use cogfed::sandbox::{Options, Rotation, Sandbox, Switch};

/// Loads the sandbox's profile in the same way as cogfed.
fn loaded(sandbox: &Sandbox) -> Profile {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, sandbox.profile_toml("internal")).unwrap();
    let variable = |name: &str| (name == "COGFED_CONFIG").then(|| file.to_str().unwrap().to_owned());
    Profile::load(&Choice::default(), &variable).unwrap()
}

#[test]
fn cogfed_accepts_the_sandbox_profile() {
    let rotation = Rotation::On { grace: 0 };
    for options in [Options::default(), Options { rotation, refresh_token_lifetime: 60, ..Options::default() }] {
        let sandbox = Sandbox::start(options).unwrap();
        let profile = loaded(&sandbox);
        assert_eq!(profile.issuer.id(), sandbox.user_pool_id());
        let token_endpoint = format!("{}/oauth2/token", sandbox.domain_url());
        assert_eq!(profile.issuer.user_pool().unwrap().endpoints.token, token_endpoint);
        assert_eq!(sandbox.redirect_uris().first(), Some(&profile.redirect.uri(8400)));
    }
}

#[test]
fn cogfed_accepts_the_sandbox_profile_of_govcloud() {
    for switch in [Switch::GovCloud, Switch::GovCloudFipsIssuer] {
        let mut options = Options::default();
        switch.apply(&mut options);
        let sandbox = Sandbox::start(options).unwrap();
        let profile = loaded(&sandbox);
        let user_pool = profile.issuer.user_pool().unwrap();
        assert_eq!(user_pool.id, sandbox.user_pool_id());
        assert!(user_pool.issuers.contains(&sandbox.issuer()), "{:?}", user_pool.issuers);
        assert!(sandbox.profile_toml("gov").contains("region = \"us-gov-west-1\"\n"));
    }
}
