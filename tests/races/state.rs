//! Checks of conditions that the stored state must always satisfy.

use cogfed::sandbox::options::{Options, Rotation};
use cogfed_test_support::http::send_form;
use cogfed_test_support::{Lab, Ran};
use serde_json::Value;
use url::Url;

pub const MODES: [Rotation; 3] = [Rotation::Off, Rotation::On { grace: 60 }, Rotation::On { grace: 0 }];

/// The exit codes that are documented in the man page.
pub const DOCUMENTED: [i32; 8] = [0, 1, 2, 3, 4, 5, 6, 7];

/// Returns a lab with this mode of refresh token rotation, in which Alice is signed in and credentials are stored.
pub fn signed_in(rotation: Rotation) -> Lab {
    Lab::with(Options { rotation, ..Options::default() }).signed_in()
}

/// Returns the stored sign-in, if there is one. Checks that all records are readable and belong to one person.
pub fn readable(lab: &Lab) -> Result<Option<Value>, String> {
    let mut tokens = None;
    let mut subjects = std::collections::BTreeSet::new();
    for path in lab.items("tokens").into_iter().chain(lab.items("credentials")) {
        let text = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let record: Value = serde_json::from_slice(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        subjects.insert(record["subject"].as_str().ok_or("no subject")?.to_owned());
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"tokens")) {
            tokens = Some(record);
        }
    }
    if subjects.len() > 1 {
        return Err(format!("two persons' records: {subjects:?}"));
    }
    Ok(tokens)
}

/// Returns the user to whom the sandbox issued the printed credentials, `alice` or `bob`.
pub fn owner(lab: &Lab, ran: &Ran) -> String {
    name(lab.user_of(&ran.document()).trim_start_matches("AzureAD_"))
}

/// Returns the part of an email address before the `@`.
pub fn name(address: &str) -> String {
    address.split('@').next().unwrap_or_default().to_owned()
}

/// Returns whether the user pool still accepts `refresh_token`. With rotation this uses the token up.
pub fn is_honoured(lab: &Lab, refresh_token: &str) -> bool {
    let domain: Url = lab.sandbox.domain_url().parse().expect("a URL");
    let form = format!("grant_type=refresh_token&client_id={}&refresh_token={refresh_token}", lab.sandbox.client_id());
    let reply = send_form(domain.port().expect("a port"), "POST", "/oauth2/token", &form);
    assert!(matches!(reply.status, 200 | 400), "{reply:?}");
    reply.status == 200
}

/// Checks that a run exited with a documented exit code and, if it failed, printed exactly one error line.
#[track_caller]
pub fn assert_told(ran: &Ran, context: &str) {
    assert!(DOCUMENTED.contains(&ran.status), "{context}: {ran:?}");
    if ran.status != 0 {
        let errors = ran.stderr.matches("cogfed: error: ").count();
        assert_eq!(errors, 1, "{context}: {}", ran.stderr);
    }
    assert!(!ran.stderr.contains("panicked"), "{context}: {}", ran.stderr);
}
