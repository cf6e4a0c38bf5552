//! Refusals by Azure AD B2C, the directory for customers.

use super::{Codes, Refuser, Row, Text};
use crate::error::Kind;

const LIST: &str = "https://learn.microsoft.com/azure/active-directory-b2c/error-codes";

const ROW: Row = Row::new(Refuser::AzureB2c, LIST);

const fn row(codes: Codes, cause: Text, hint: Text) -> Row {
    Row { codes, cause, hint, ..ROW }
}

/// The rows for Azure AD B2C's error codes.
pub const ROWS: &[Row] = &[
    // The person at the sign-in page.
    Row {
        source: "https://learn.microsoft.com/azure/active-directory-b2c/troubleshoot#user-canceled-the-operation",
        ..row(&["AADB2C90091"], "you cancelled the sign-in", "run '{login}'")
    },
    Row {
        source: "https://learn.microsoft.com/azure/active-directory-b2c/add-password-reset-policy",
        ..row(
            &["AADB2C90118"],
            "you asked for a new password, which this sign-in page cannot give you",
            "reset it where you usually sign in as a customer, then run '{login}'; the administrator of B2C can add the reset \
             to the sign-in page",
        )
    },
    row(
        &["AADB2C90225", "AADB2C90052", "AADB2C90053", "AADB2C90054"],
        "the user name or the password is wrong",
        "run '{login}'",
    ),
    row(
        &["AADB2C90157", "AADB2C90151", "AADB2C90111", "AADB2C90114"],
        "the account is locked for a while after too many wrong answers",
        "run '{login}' again in some minutes; if it fails again, ask the directory's support to unlock the account",
    ),
    row(
        &["AADB2C90077"],
        "nobody is signed in at B2C, and 'prompt' in the profile does not let it ask",
        "remove 'prompt' from the profile, then run '{login}'",
    ),
    row(
        &["AADB2C90001"],
        "an account with this address exists already",
        "sign in to it instead of registering: run '{login}'",
    ),
    row(
        &["AADB2C99002"],
        "the directory does not know this account",
        "sign in with another account, or register with the directory: run '{login}'",
    ),
    row(
        &["AADB2C90208", "AADB2C90209", "AADB2C90210", "AADB2C90232", "AADB2C90233", "AADB2C90272"],
        "the invitation link is no longer valid: its token (id_token_hint) has expired or is not B2C's",
        "ask the sender of the link for a new one",
    ),
    // Sessions, codes and refresh tokens.
    row(
        &["AADB2C90080", "AADB2C90128", "AADB2C90129", "AADB2C90046", "AADB2C90211", "AADB2C90212"],
        "the session at B2C has expired or was revoked",
        "run '{login} --force'",
    ),
    row(
        &["AADB2C90088", "AADB2C90087", "AADB2C90279"],
        "the code or the refresh token belongs to another policy (user flow) or application",
        "run '{login} --force'; if it fails again, ask the administrator of the user pool to use the URLs of one policy only",
    )
    .directly(
        "the code or the refresh token belongs to another policy (user flow) or application",
        "check that 'issuer' and 'endpoints.issuer' in the profile name one policy, then run '{login} --force'",
    ),
    row(
        &["AADB2C90182", "AADB2C90183"],
        "the code belongs to another sign-in: its verifier does not match",
        "sign in again, one sign-in at a time: run '{login}'",
    ),
    // Other servers behind B2C, and B2C itself.
    row(
        &["AADB2C90273", "AADB2C90289"],
        "the identity provider behind B2C refused, or you cancelled there",
        "run '{login}' again; if it fails again, send the administrator of B2C the whole message",
    ),
    row(
        &["AADB2C90235", "AADB2C90237", "AADB2C90238", "AADB2C90239", "AADB2C90240"],
        "B2C does not accept another identity provider's token: it has expired, is malformed, or is from another issuer",
        "run '{login} --force'; if it fails again, ask the administrator of B2C to check that identity provider's settings",
    ),
    Row {
        kind: Kind::Network,
        ..row(
            &["AADB2C90075", "AADB2C90261", "AADB2C90255"],
            "a service that B2C calls during the sign-in failed, perhaps the one for your roles",
            "run '{login}' again in a minute; if it fails again, send the administrator of B2C the whole message",
        )
    },
    Row {
        kind: Kind::Network,
        ..row(
            &["AADB2C90244", "AADB2C90035", "AADB2C90085", "AADB2C90048", "AADB2C90037"],
            "B2C has a fault of its own, or gets too many requests",
            "try again in some minutes",
        )
    },
    // The application's set-up.
    row(
        &["AADB2C90205", "AADB2C90117", "AADB2C90012", "AADB2C90055", "AADB2C90146", "AADB2C90115"],
        "B2C does not grant the application the scopes of the request",
        "ask the administrator of the user pool to check the scopes of the identity provider",
    )
    .directly(
        "B2C does not grant the application the scopes of the request",
        "set scopes = [\"openid\", \"offline_access\"] in the profile, or ask the administrator of B2C to grant the others",
    ),
    row(
        &["AADB2C90006", "AADB2C90007", "AADB2C90287"],
        "the user pool's redirect URI is not registered in B2C",
        "ask the administrator of B2C to register https://DOMAIN/oauth2/idpresponse of the user pool, character for character",
    )
    .directly(
        "the callback URL is not registered in B2C",
        "ask the administrator of B2C to add the redirect URI that the message names to the app registration, under 'Mobile \
         and desktop applications'",
    ),
    row(
        &["AADB2C90018", "AADB2C90068", "AADB2C90285", "AADB2C90011", "AADB2C90092", "AADB2C90284"],
        "B2C does not know the application, or it is disabled or lacks consent",
        "ask the administrator of the user pool to compare the identity provider's client id with the application in B2C",
    )
    .directly(
        "B2C does not know the application, or it is disabled or lacks consent",
        "check 'client_id' and 'issuer' in the profile; if they are right, ask the administrator of B2C",
    ),
    row(
        &["AADB2C90079", "AADB2C90058"],
        "B2C expects a client secret, and the user pool sent none",
        "ask the administrator of the user pool to set the identity provider's client secret",
    )
    .directly(
        "the application in B2C has a client secret, and none was sent",
        "set COGFED_CLIENT_SECRET, or ask the administrator of B2C to register a public client",
    ),
    row(
        &["AADB2C90084"],
        "the application in B2C is a public client, and the user pool sent a client secret",
        "ask the administrator of B2C to register the user pool's redirect URI for the platform 'Web'",
    )
    .directly(
        "the application in B2C is a public client, which must not send a client secret",
        "unset COGFED_CLIENT_SECRET, then run '{login}'",
    ),
    row(
        &["AADB2C90081", "AADB2C90243"],
        "the client secret that the user pool has for B2C is wrong or has expired",
        "ask the administrator of the user pool to renew it",
    )
    .directly(
        "the client secret is wrong or has expired",
        "set COGFED_CLIENT_SECRET to a valid secret of the application in B2C",
    ),
    row(
        &["AADB2C99059"],
        "B2C takes the user pool for a single-page application, which must send a code challenge",
        "ask the administrator of B2C to register the user pool's redirect URI for the platform 'Web'",
    ),
];

/// The row for any other code.
pub const UNKNOWN: Row = Row {
    cause: "Azure AD B2C refused the sign-in",
    hint: "send the administrator of B2C the whole message, with its correlation id",
    ..ROW
};
