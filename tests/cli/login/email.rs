//! Tests of `login --email`: the address selects the profile, and another person's sign-in is not used.

use cogfed::sandbox::people::{Directory, Person};
use cogfed::sandbox::{Options, visitor};
use cogfed_test_support::Lab;

/// Returns a lab with a profile for employees and one for customers.
fn lab(options: Options) -> Lab {
    Lab::with(options).with_profiles(&[
        ("internal", "identity_provider = 'AzureAD'\nemail_domains = ['corp.example']"),
        ("customers", "idp_identifier = 'customers.example'"),
    ])
}

#[test]
fn email_address_chooses_the_profile_to_sign_in_to() {
    let lab = lab(Options::default());
    for (address, person, provider, profile) in [
        ("alice@corp.example", "alice", "identity_provider=AzureAD", "internal"),
        ("Erin@Customers.example", "erin", "idp_identifier=customers.example", "customers"),
    ] {
        let waiting = lab.begin_login(&["--email", address]);
        assert!(waiting.url.contains(provider) && waiting.url.contains("login_hint="), "{}", waiting.url);
        let _ = visitor::sign_in_as(&waiting.url, person);
        let said = waiting.end().good().stderr;
        assert!(said.contains(&format!("(profile '{profile}')")), "{said}");
    }
    for (address, profile) in [("alice@corp.example", "internal"), ("erin@customers.example", "customers")] {
        let said = lab.run(&["login", "--no-browser", "--email", address]).good().stderr;
        assert!(said.contains(&format!("already signed in as {address}")) && said.contains(profile), "{said}");
    }
    let ran = lab.run(&["login", "--email", "ada@elsewhere.example"]).failed_with(2);
    assert!(ran.stderr.contains("no profile is for addresses of elsewhere.example"), "{}", ran.stderr);
}

#[test]
fn email_address_with_the_same_ending_is_another_person() {
    let mut options = Options::default();
    options.people.push(Person::new("malice", "Malice", Directory::AzureAd));
    let lab = lab(options);
    lab.login_with(&["--email", "malice@corp.example"], "malice").good();
    let said = lab.login_with(&["--email", "alice@corp.example"], "alice").good().stderr;
    assert!(said.contains("replaced the sign-in of malice@corp.example"), "{said}");
}
