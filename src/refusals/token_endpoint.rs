//! Refusals by the token endpoint (RFC 6749, section 5.2).

use super::{Codes, Refuser, Row, Text};
use crate::error::Kind;

const ROW: Row =
    Row::new(Refuser::TokenEndpoint, "https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html");

const fn row(codes: Codes, cause: Text, hint: Text) -> Row {
    Row { codes, cause, hint, ..ROW }
}

/// The rows for known error codes.
pub const ROWS: &[Row] = &[
    row(
        &["invalid_grant"],
        "the {issuer} does not accept the code or the refresh token",
        "sign in again: run '{login}'; a code works once, and for a few minutes",
    ),
    row(
        &["invalid_client"],
        "the app client is unknown, or its secret is missing or wrong",
        "check 'client_id' in the profile; if the app client has a secret, set COGFED_CLIENT_SECRET",
    ),
    row(
        &["unauthorized_client"],
        "the app client may not use authorization codes or refresh tokens",
        "ask the administrator of the {issuer} to allow the app client both",
    ),
    row(
        &["invalid_request"],
        "the user pool does not understand the request for tokens",
        "check that 'domain' in the profile belongs to this app client",
    )
    .directly(
        "the issuer does not understand the request for tokens",
        "check 'issuer' and 'client_id' in the profile; if they are right, send its administrator the whole message",
    ),
    row(
        &["unsupported_grant_type"],
        "the token endpoint supports neither authorization codes nor refresh tokens",
        "check 'domain' in the profile",
    )
    .directly(
        "the token endpoint supports neither authorization codes nor refresh tokens",
        "check 'issuer' in the profile",
    ),
    Row {
        kind: Kind::SignInRequired,
        source: "https://openid.net/specs/openid-connect-core-1_0.html#AuthError",
        ..row(
            &["interaction_required", "login_required", "consent_required"],
            "the {issuer} requires you to sign in again in the browser",
            "run '{login} --force'",
        )
    },
    Row {
        source: "https://www.rfc-editor.org/rfc/rfc6749#section-5.2",
        ..row(
            &["invalid_scope"],
            "the app client does not have a scope of the profile",
            "check 'scopes' in the profile",
        )
    },
];

/// The row for any other refusal.
pub const UNKNOWN: Row = Row {
    cause: "the {issuer} issued no tokens",
    hint: "send the administrator of the {issuer} the whole message",
    ..ROW
};
