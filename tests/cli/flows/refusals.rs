//! Tests of refusals in the classic flow, and of their explanations.

use cogfed::sandbox::options::{ORDERS_ADMIN, RoleMapping};
use cogfed::sandbox::{Options, Switch};
use cogfed_test_support::{CREDENTIALS, Lab};

use super::stand_in::{ROLE, Refusal, StandIn, parameters};

const OTHER: &str = "arn:aws:iam::000000000000:role/Other";

/// The errors of STS, each with the expected exit status, explanation and next step.
const REFUSALS: &[(Refusal, i32, &str, &str)] = &[
    (
        (403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"),
        6,
        "its trust policy does not let this identity pool assume it",
        "compare the trust policy's conditions (aud, amr)",
    ),
    (
        (400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
        6,
        "the role's sessions may not last that long",
        "set session_duration to no more than the role's maximum",
    ),
    ((400, "ValidationError", "1 validation error detected"), 6, "does not understand the request", "check role_arn"),
    (
        (400, "ExpiredTokenException", "Token must be redeemed within 24 hours"),
        6,
        "has expired according to STS",
        "try again",
    ),
    (
        (400, "InvalidIdentityToken", "Incorrect token audience"),
        6,
        "does not accept the identity pool's token",
        "same partition",
    ),
    ((403, "IDPRejectedClaim", "The token is revoked"), 6, "may have been revoked", "sign in again with --force"),
    (
        (400, "PackedPolicyTooLarge", "Packed size of session tags consumes 101%"),
        6,
        "session tags",
        "map fewer attributes",
    ),
    (
        (403, "RegionDisabledException", "STS is not activated in this region"),
        6,
        "not enabled in this region",
        "'endpoints.sts'",
    ),
    (
        (400, "IDPCommunicationError", "Could not reach"),
        5,
        "could not reach the identity pools' service",
        "in a minute",
    ),
    ((400, "Throttling", "Rate exceeded"), 5, "too many requests", "in a minute"),
    ((500, "InternalFailure", "x"), 5, "a fault of its own", "in a minute"),
    (
        (400, "BrandNewError", "Nobody knows \u{202e}it"),
        6,
        "AWS STS refused (BrandNewError: Nobody knows ",
        "AssumeRoleWithWebIdentity",
    ),
];

#[test]
fn sts_refusals_are_explained_and_quoted() {
    let lab = Lab::new();
    let aws = StandIn::before(&lab, &format!("flow = 'classic'\nrole_arn = '{ROLE}'"));
    lab.only_sign_in("alice");
    for (refusal, status, said, hint) in REFUSALS {
        aws.refuse(Some(*refusal));
        let ran = lab.run(CREDENTIALS).failed_with(*status);
        assert_eq!(ran.stdout, "");
        assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
        for part in [*said, *hint, refusal.1, ROLE] {
            assert!(ran.stderr.contains(part), "{part} is not in: {}", ran.stderr);
        }
        assert!(!ran.stderr.contains('\u{202e}') && !ran.stderr.contains("openid-token"), "{:?}", ran.stderr);
    }
    aws.refuse(None);
    lab.run(CREDENTIALS).good();
}

/// STS refuses one role, while credentials for the other are still available.
#[test]
fn sts_refusal_of_one_role_leaves_another_usable() {
    let lab = Lab::new();
    let aws = StandIn::before(&lab, &format!("flow = 'classic'\nrole_arn = '{ROLE}'"));
    lab.only_sign_in("alice");
    aws.assumed();
    aws.refuse(Some((403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")));
    let ran = lab.run(&["credential-process", "--role", OTHER]).failed_with(6);
    assert!(ran.stderr.contains(&format!("role {OTHER}")), "{}", ran.stderr);
    aws.refuse(None);
    lab.run(CREDENTIALS).good();
    assert_eq!(parameters(aws.assumed().last().unwrap())["RoleArn"], ROLE);
}

#[test]
fn pool_without_the_classic_flow_is_explained() {
    for (role_mapping, said) in [
        (Options::default().role_mapping, "because it chooses roles by a mapping"),
        (RoleMapping::None, "the classic flow is not enabled for this identity pool"),
    ] {
        let lab = Lab::with(Options { role_mapping, ..Options::default() });
        lab.configure_with(&format!("flow = 'classic'\nrole_arn = '{ROLE}'"));
        lab.only_sign_in("alice");
        let ran = lab.run(CREDENTIALS).failed_with(6);
        assert!(ran.stderr.contains(said) && ran.stderr.contains("flow = \"enhanced\""), "{}", ran.stderr);
        assert!(ran.stderr.contains("InvalidParameterException: Basic (classic) flow is not "), "{}", ran.stderr);
    }
}

/// The sandbox's STS checks the trust policy and the maximum session duration of the role.
#[test]
fn sandbox_sts_refusals_are_explained() {
    let mut options = Options::default();
    Switch::ClassicFlow.apply(&mut options);
    let lab = Lab::with(options);
    lab.configure_with(&format!("flow = 'classic'\nrole_arn = '{ORDERS_ADMIN}'\nsession_duration = 43200"));
    lab.login("alice").good();
    for (role, said) in [
        ("ForeignTrust", "its trust policy does not let this identity pool assume it (AccessDenied: Not authorized"),
        ("Nonexistent", "the role cannot be assumed by this sign-in: there is no such role"),
        ("SandboxAuthenticated", "the role's sessions may not last that long (ValidationError: The requested Duration"),
    ] {
        let role = format!("arn:aws:iam::000000000000:role/{role}");
        let ran = lab.run(&["credential-process", "--role", &role]).failed_with(6);
        assert!(ran.stderr.contains(said) && ran.stderr.contains(&role), "{said} is not in: {}", ran.stderr);
    }
    lab.run(CREDENTIALS).good();
}

#[test]
fn invalid_classic_settings_fail_before_any_request() {
    let lab = Lab::new();
    for (lines, said) in [
        ("flow = 'classic'".to_owned(), "'role_arn' is missing: the classic flow asks for one role"),
        (
            format!("flow = 'classic'\nrole_arn = '{ROLE}'\nsession_duration = 1799"),
            "session_duration: 1799 is not within 1800 and 43200 (seconds)",
        ),
        (
            format!("flow = 'classic'\nrole_arn = '{ROLE}'\nsession_duration = 43201"),
            "session_duration: 43201 is not within",
        ),
        ("session_duration = 7200".to_owned(), "session_duration: the enhanced flow's credentials last one hour"),
        ("flow = 'clasic'".to_owned(), "did you mean 'classic'?"),
    ] {
        lab.configure_with(&lines);
        let ran = lab.run(CREDENTIALS).failed_with(2);
        assert!(ran.stderr.contains(said), "{said} is not in: {}", ran.stderr);
    }
    lab.configure_with("flow = 'classic'");
    lab.run(&["credential-process", "--role", ROLE]).failed_with(3);
    assert_eq!(lab.sandbox.requests().len(), 0);
}
