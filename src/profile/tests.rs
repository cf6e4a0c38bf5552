use std::path::Path;

use super::testing::{WHOLE, load, profile};
use super::*;

fn fault(lines: &str) -> String {
    let failure = load(&format!("[profile.internal]{WHOLE}{lines}"), None).expect_err(lines);
    assert_eq!(failure.kind, Kind::Usage);
    failure.message
}

#[test]
fn endpoints_follow_from_the_profiles_ids() {
    let profile = profile("");
    assert_eq!(profile.who(), "default");
    let pool = profile.issuer.user_pool().unwrap();
    assert_eq!(pool.endpoints.token, "https://corp.auth.eu-west-1.amazoncognito.com/oauth2/token");
    assert_eq!(
        pool.endpoints.jwks,
        "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz/.well-known/jwks.json"
    );
    assert_eq!(profile.endpoints.identity_pool, "https://cognito-identity.eu-west-1.amazonaws.com");
    assert!(profile.endpoints.identity_pool_is_aws);
    assert_eq!(
        pool.issuers,
        [
            "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz",
            "https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz"
        ]
    );
    assert_eq!(profile.issuer.issuers(), pool.issuers);
    assert_eq!((profile.issuer.id(), profile.issuer.described()), ("eu-west-1_AbC123xyz", "user pool"));
    assert_eq!(profile.redirect.uri(8401), "http://localhost:8401/callback");
    assert_eq!(profile.scopes, ["openid"]);
}

#[test]
fn endpoints_can_name_a_sandbox() {
    let profile =
        profile("endpoints.domain = 'http://127.0.0.1:9000/'\nendpoints.identity_pool = 'https://vpce.example.com'");
    assert_eq!(profile.issuer.user_pool().unwrap().endpoints.authorization, "http://127.0.0.1:9000/oauth2/authorize");
    assert_eq!(profile.endpoints.identity_pool, "https://vpce.example.com");
    assert!(!profile.endpoints.identity_pool_is_aws);
}

#[test]
fn classic_flow_needs_a_role_and_bounds_its_sessions() {
    let classic = |lines: &str| format!("flow = 'classic'\nrole_arn = 'arn:aws:iam::000000000000:role/a'\n{lines}");
    for (lines, duration) in [
        ("", TimeDelta::hours(1)),
        ("session_duration = 1800", TimeDelta::minutes(30)),
        ("session_duration = 43200", TimeDelta::hours(12)),
    ] {
        assert_eq!(profile(&classic(lines)).flow, Flow::Classic { duration }, "{lines}");
    }
    for number in [0, 900, 1799, 43201] {
        let fault = fault(&classic(&format!("session_duration = {number}")));
        assert!(
            fault.contains(&format!("session_duration: {number} is not within 1800 and 43200 (seconds)")),
            "{fault}"
        );
    }
    assert_eq!(profile("").flow, Flow::Enhanced);
    assert!(!profile("").is_classic() && profile(&classic("")).is_classic());
    let endpoints = profile("endpoints.sts = 'https://sts.corp.example'").endpoints;
    assert_eq!((endpoints.sts.as_str(), endpoints.sts_is_aws), ("https://sts.corp.example", false));
    let endpoints = profile("").endpoints;
    assert_eq!((endpoints.sts.as_str(), endpoints.sts_is_aws), ("https://sts.eu-west-1.amazonaws.com", true));
}

#[test]
fn stored_sign_in_is_named_after_account_or_provider() {
    assert_eq!(profile("identity_provider = 'AzureAD'").who(), "AzureAD");
    assert_eq!(profile("idp_identifier = 'corp.example'").who(), "corp.example");
    assert_eq!(profile("identity_provider = 'AzureAD'\naccount = 'ada'").who(), "ada");
}

#[test]
fn wrong_profile_values_are_reported_with_their_place() {
    let place = "config.toml:6: profile 'internal': ";
    for (line, message) in [
        ("clientid = 'x'", "unknown key 'clientid'; did you mean 'client_id'?"),
        ("colour = 'x'", "unknown key 'colour'"),
        ("endpoints.domian = 'x'", "unknown key 'endpoints.domian'; did you mean 'endpoints.domain'?"),
        ("redirect_ports = ['8400']", "'redirect_ports' is a list of numbers"),
        ("redirect_ports = 8400", "'redirect_ports' is a list of numbers"),
        ("redirect_ports = []", "redirect_ports: give at least one port"),
        ("redirect_ports = [0]", "redirect_ports: 0 is not a port"),
        ("redirect_ports = [70000]", "redirect_ports: 70000 is not a port"),
        (
            "redirect_host = 'example.com'",
            "redirect_host: must be 'localhost', '127.0.0.1' or '[::1]', not 'example.com'",
        ),
        ("redirect_path = 'callback'", "redirect_path: 'callback' is not a callback path"),
        ("refresh_grace = 61", "refresh_grace: 61 is not within 0 and 60"),
        ("refresh_grace = -1", "'refresh_grace' is a whole number"),
        ("refresh_token_validity = 60", "refresh_token_validity: 60 is not within"),
        ("sign_in_on_demand = 'yes'", "'sign_in_on_demand' is true or false"),
        ("role_arn = 'Orders'", "role_arn: 'Orders' is not the ARN of an IAM role"),
        ("store = 'keychain'", "store: must be 'keyring', 'kernel' or 'file', not 'keychain'; did you mean 'keyring'?"),
        ("flow = 'classical'", "flow: must be 'enhanced' or 'classic', not 'classical'; did you mean 'classic'?"),
        ("flow = 'classic'", "flow: 'role_arn' is missing: the classic flow asks for one role"),
        ("session_duration = 3600", "session_duration: the enhanced flow's credentials last one hour"),
        ("scopes = ['email']", "scopes: 'openid' is missing"),
        ("scopes = ['openid', 'a b']", "scopes: 'a b' is not a scope"),
        ("prompt = 'never'", "prompt: must be 'login', 'select_account' or 'consent', not 'never'"),
        ("region = 'Ireland'", "region: 'Ireland' is not a region"),
        ("issuer = 'http://example.com'", "issuer: 'http://example.com': http is allowed for loopback hosts only"),
        ("endpoints.sts = 'ftp://x'", "endpoints.sts: 'ftp://x': 'ftp' is neither https nor http"),
        ("identity_provider = ''", "identity_provider: a name of 1 to 32"),
        ("account = \"a\\u001b[31m\"", "account: a name of 1 to 64"),
        ("client_secret = 'x'", "a client secret is never in the file"),
        ("logout_uri = 'example.com'", "logout_uri: 'example.com' is not a URL"),
        (
            "role_arn = 'arn:aws-cn:iam::123456789012:role/A'",
            "role_arn: it is in the partition aws-cn, and the identity pool in aws",
        ),
        ("region = 'us-gov-west-1'", "region: it is in the partition aws-us-gov, and the identity pool in aws"),
        ("logins_key = 'https://x'", "logins_key: 'https://x' is not a provider's name in an identity pool"),
        ("email_domains = ['you@corp.example']", "email_domains: 'you@corp.example' is not a host name"),
        ("issuer_hosts = ['x.example']", "issuer_hosts: it is for an issuer in the place of a user pool"),
        ("endpoints.issuer = 'https://x.example'", "endpoints.issuer: it is for an issuer in the place of a user pool"),
    ] {
        let fault = fault(line);
        assert!(fault.starts_with(&format!("{place}{message}")), "{line}: {fault}");
    }
    assert!(fault("identity_provider = 'A'\nidp_identifier = 'b'").contains("not both"));
}

#[test]
fn missing_and_wrong_profile_ids_are_reported() {
    for (key, wrong, message) in [
        ("user_pool_id", "eu-west-1", "is not a user pool id"),
        ("client_id", "a b", "is not an app client id"),
        ("domain", "https://corp.example.com/", "is a URL; give the host alone"),
        ("identity_pool_id", "eu-west-1_AbC", "is not an identity pool id"),
    ] {
        let without: String =
            WHOLE.lines().filter(|line| !line.contains(&format!("{key} ="))).collect::<Vec<_>>().join("\n");
        let failure = load(&format!("[profile.internal]{without}"), None).unwrap_err();
        assert_eq!(failure.message, format!("profile 'internal': '{key}' is missing"));
        let failure = load(&format!("[profile.internal]{without}\n{key} = '{wrong}'"), None).unwrap_err();
        assert!(failure.message.contains(key) && failure.message.contains(message), "{failure}");
        assert!(failure.message.starts_with("config.toml:"), "{failure}");
    }
}

const PLAIN: &str = "[profile.internal]
    issuer = 'https://login.example.com/t/v2.0/'
    client_id = '3n4b5urk-1ft4'
    identity_pool_id = 'cn-north-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE'
";

#[test]
fn plain_issuer_replaces_the_user_pool() {
    let of = |lines: &str| load(&format!("{PLAIN}{lines}"), None);
    let profile = of("").unwrap();
    let Issuer::Plain(issuer) = &profile.issuer else { panic!("{:?}", profile.issuer) };
    assert_eq!(issuer.url, "https://login.example.com/t/v2.0/", "to the letter");
    assert_eq!(issuer.discovery, "https://login.example.com/t/v2.0/.well-known/openid-configuration");
    assert_eq!((profile.issuer.id(), profile.issuer.described()), (issuer.url.as_str(), "issuer"));
    assert_eq!(profile.issuer.issuers(), std::slice::from_ref(&issuer.url));
    assert_eq!(profile.issuer.user_pool(), None);
    assert_eq!(profile.scopes, ["openid", "offline_access"]);
    assert_eq!(of("scopes = ['openid']").unwrap().scopes, ["openid"]);
    assert_eq!(profile.endpoints.identity_pool, "https://cognito-identity.cn-north-1.amazonaws.com.cn");
    let elsewhere = of("endpoints.issuer = 'https://login.example.com/t/p/v2.0/'").unwrap();
    let Issuer::Plain(issuer) = &elsewhere.issuer else { panic!("{:?}", elsewhere.issuer) };
    assert_eq!(issuer.discovery, "https://login.example.com/t/p/v2.0/.well-known/openid-configuration");
    for key in [
        "domain = 'a.b'",
        "identity_provider = 'A'",
        "idp_identifier = 'b'",
        "lang = 'de'",
        "endpoints.domain = 'https://a.b'",
    ] {
        let failure = of(key).unwrap_err();
        assert!(failure.message.contains("it is a user pool's"), "{key}: {failure}");
    }
    for url in ["http://login.example.com", "https://login.example.com?x", "https://login.example.com#x", "login"] {
        let failure = load(&PLAIN.replace("https://login.example.com/t/v2.0/", url), None).unwrap_err();
        assert!(failure.message.contains("issuer: "), "{url}: {failure}");
    }
    let failure =
        load(&PLAIN.replace("issuer =", "domain = 'a.b'\n    user_pool_id = 'cn-north-1_a'\n    issuer ="), None)
            .unwrap_err();
    assert!(failure.message.ends_with("there are no user pools in the partition aws-cn"), "{failure}");
}

#[test]
fn fips_key_selects_the_fips_140_hosts() {
    let us = WHOLE.replace("eu-west-1", "us-east-1");
    let of = |lines: &str| load(&format!("[profile.internal]{us}{lines}"), None);
    let failure = of("fips = true").unwrap_err();
    assert!(failure.message.contains("name 'corp.auth-fips.us-east-1.amazoncognito.com'"), "{failure}");
    let us = us.replace(".auth.", ".auth-fips.");
    let profile = load(&format!("[profile.internal]{us}fips = true"), None).unwrap();
    assert_eq!(profile.endpoints.identity_pool, "https://cognito-identity-fips.us-east-1.amazonaws.com");
    let pool = profile.issuer.user_pool().unwrap();
    assert!(pool.endpoints.jwks.starts_with("https://cognito-idp-fips.us-east-1.amazonaws.com/"));
    assert_eq!(pool.issuers[0], "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123xyz", "iss stays");
    let failure = load(&format!("[profile.internal]{WHOLE}fips = true"), None).unwrap_err();
    assert!(failure.message.ends_with("user_pool_id: AWS has no FIPS host for it in eu-west-1"), "{failure}");
}

#[test]
fn faults_of_the_configuration_file_are_reported() {
    for (text, message) in [
        ("[profile.internal", "config.toml:1: "),
        ("a = 1\n", "config.toml:1: unknown key 'a'"),
        ("default_profil = 'x'", "did you mean 'default_profile'?"),
        ("default_profile = 3", "'default_profile' is the name of a profile"),
        ("\n\n[profiles.x]\n", "config.toml:3: unknown key 'profiles'; did you mean 'profile'?"),
        ("profile = 3", "config.toml:1: unknown key 'profile'"),
        ("[profile]\nx = 3", "config.toml:2: 'profile.x' is not a table"),
        ("[profile.'a b']\n", "profile name 'a b'"),
        ("[profile.'../x']\n", "profile name '../x'"),
    ] {
        let failure = load(text, None).unwrap_err();
        assert!(failure.message.contains(message), "{text}: {failure}");
        assert_eq!(failure.kind, Kind::Usage);
    }
}

#[test]
fn profile_in_force_is_the_named_default_or_only_one() {
    let two = format!("[profile.one]{WHOLE}[profile.two]{WHOLE}");
    assert_eq!(load(&format!("[profile.one]{WHOLE}"), None).unwrap().name, "one");
    assert_eq!(load(&two, Some("two")).unwrap().name, "two");
    assert_eq!(load(&format!("default_profile = 'two'\n{two}"), None).unwrap().name, "two");
    let failure = load(&two, None).unwrap_err();
    assert_eq!(failure.message, "which profile?");
    let failure = load(&two, Some("tow")).unwrap_err();
    assert_eq!(failure.hint.as_deref(), Some("did you mean 'two'?"));
    assert!(load("", None).unwrap_err().message.contains("no profile"));
    assert!(load(&format!("default_profile = 'gone'\n{two}"), None).unwrap_err().message.contains("'gone'"));
}

#[test]
fn configuration_is_never_read_from_the_current_folder() {
    let set = |value: &'static str| move |name: &str| (name == "COGFED_CONFIG").then(|| value.to_owned());
    assert!(Location::find(None, &set("config.toml")).unwrap_err().message.contains("not an absolute path"));
    let chosen_by = Chooser::Variable("COGFED_CONFIG");
    let absolute = Location { path: "/etc/cogfed.toml".into(), chosen_by };
    assert_eq!(Location::find(None, &set("/etc/cogfed.toml")).unwrap(), absolute);
    assert_ne!(Location::find(None, &set("")).unwrap().chosen_by, chosen_by, "an empty variable is unset");
    let given = Location::find(Some(Path::new("a.toml")), &set("/etc/cogfed.toml")).unwrap();
    assert_eq!(given, Location { path: std::path::absolute("a.toml").unwrap(), chosen_by: Chooser::Person });
}

#[cfg(unix)]
fn read(path: &Path) -> Result<Configuration, Failure> {
    Configuration::read(&Location { path: path.to_owned(), chosen_by: Chooser::Person })
}

#[test]
#[cfg(unix)]
fn configuration_that_others_can_write_is_refused() {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, format!("[profile.internal]{WHOLE}")).unwrap();
    for (mode, is_fine) in [(0o600, true), (0o644, true), (0o666, false), (0o646, false), (0o602, false)] {
        std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        match read(&file) {
            Ok(configuration) => assert!(is_fine && configuration.names().eq(["internal"]), "{mode:o}"),
            Err(failure) => {
                assert!(!is_fine && failure.message.ends_with("others may write to it"), "{mode:o}: {failure}");
                assert!(failure.hint.unwrap().starts_with("chmod go-w "));
            }
        }
    }
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let me = rustix::process::geteuid().as_raw();
    match std::os::unix::fs::chown(&file, Some(me + 1), None) {
        Ok(()) => {
            assert!(read(&file).unwrap_err().message.ends_with("it belongs to another user"));
            std::os::unix::fs::chown(&file, Some(me), None).unwrap();
        }
        Err(_) => println!("skipped in part: only root can give a file to another user"),
    }
    let link = folder.path().join("link.toml");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    assert!(read(&link).unwrap().names().eq(["internal"]), "a link to it is fine");
    assert!(read(folder.path()).unwrap_err().message.ends_with("it is not a plain file"));
    let large = folder.path().join("large.toml");
    std::fs::write(&large, " ".repeat(1024 * 1024 + 1)).unwrap();
    assert!(read(&large).unwrap_err().message.contains("larger than"));
    assert_eq!(read(&folder.path().join("none.toml")).unwrap().names().count(), 0);
}

/// The discovery document of a relay server could combine the pool's own pages and keys with the relay's token
/// endpoint.
#[test]
fn user_pool_in_the_place_of_a_plain_issuer_is_refused() {
    let profile = "[profile.internal]\nissuer = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz'\n\
                   client_id = '3n4b5urk1ft4fl3mg5e62d9ado'\n\
                   identity_pool_id = 'eu-west-1:1cf667a2-49a6-454b-9e45-231990000000'\n\
                   issuer_hosts = ['relay.example']\n\n[profile.internal.endpoints]\nissuer = 'https://relay.example'\n";
    let failure = load(profile, None).unwrap_err();
    assert!(failure.message.contains("it is a user pool"), "{failure}");
}
