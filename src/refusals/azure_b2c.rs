//! Refusals of Azure AD B2C, the customers' directory.

use super::{Refuser, Row};
use crate::error::Kind;

const LIST: &str = "https://learn.microsoft.com/azure/active-directory-b2c/error-codes";

const ROW: Row =
    Row { refuser: Refuser::AzureB2c, codes: &[], says: &[], kind: Kind::Refused, cause: "", hint: "", source: LIST };

/// The rows by code.
pub const ROWS: &[Row] = &[
    Row {
        codes: &["AADB2C90091"],
        cause: "you left the sign-in page",
        hint: "begin again: {login}",
        source: "https://learn.microsoft.com/azure/active-directory-b2c/troubleshoot#user-canceled-the-operation",
        ..ROW
    },
    Row {
        codes: &["AADB2C90118"],
        cause: "you asked for a new password, and this page cannot give you one",
        hint: "set it where you otherwise sign in as a customer (the directory's own password-reset page), then run '{login}'; the \
               administrator of B2C can put the reset into the sign-in page",
        source: "https://learn.microsoft.com/azure/active-directory-b2c/add-password-reset-policy",
        ..ROW
    },
    Row {
        codes: &["AADB2C90225", "AADB2C90052", "AADB2C90053", "AADB2C90054"],
        cause: "the user name or the password is wrong",
        hint: "sign in again: {login}",
        ..ROW
    },
    Row {
        codes: &["AADB2C90157", "AADB2C90151", "AADB2C90111", "AADB2C90114"],
        cause: "there were too many wrong answers, and the account is locked for a while",
        hint: "wait some minutes, then run '{login}'; if it stays so, ask the directory's support to unlock the account",
        ..ROW
    },
    Row {
        codes: &["AADB2C90077"],
        cause: "nobody is signed in at B2C, and the profile forbids it to ask",
        hint: "take 'prompt' out of the profile, then run '{login}'",
        ..ROW
    },
    Row {
        codes: &["AADB2C90080", "AADB2C90128", "AADB2C90129", "AADB2C90046", "AADB2C90211", "AADB2C90212"],
        cause: "the session at B2C has expired or was revoked, or the browser lost it",
        hint: "sign in anew: {login} --force",
        ..ROW
    },
    Row {
        codes: &["AADB2C90088", "AADB2C90087", "AADB2C90279", "AADB2C90182", "AADB2C90183"],
        cause: "the code or the refresh token belongs to another application, policy or sign-in",
        hint: "sign in anew; if it stays so, ask the administrator of the user pool whether its URLs name one policy of B2C alone",
        ..ROW
    },
    Row {
        codes: &["AADB2C90273", "AADB2C90289"],
        cause: "the identity provider behind B2C refused, or you cancelled there",
        hint: "begin again: {login}; if it stays so, send the administrator of B2C what it said, with the correlation id",
        ..ROW
    },
    Row {
        codes: &["AADB2C90001"],
        cause: "there is an account with this address already",
        hint: "sign in to it, in place of registering: {login}",
        ..ROW
    },
    Row {
        codes: &["AADB2C90075", "AADB2C90261", "AADB2C90255"],
        cause: "a service that B2C asks during the sign-in failed: the one for your roles, perhaps",
        hint: "try again in a minute; if it stays so, send the administrator of B2C what it said, with the correlation id",
        kind: Kind::Network,
        ..ROW
    },
    Row {
        codes: &["AADB2C90244", "AADB2C90035", "AADB2C90085", "AADB2C90048", "AADB2C90037"],
        cause: "B2C has troubles of its own, or is asked too often",
        hint: "try again in a few minutes",
        kind: Kind::Network,
        ..ROW
    },
    Row {
        codes: &["AADB2C90205", "AADB2C90117", "AADB2C90012", "AADB2C90055", "AADB2C90146", "AADB2C90115"],
        cause: "B2C does not let the application have what the scopes ask for",
        hint: "ask the administrator of the user pool to check the scopes of this identity provider, and of B2C to grant them",
        ..ROW
    },
    Row {
        codes: &["AADB2C90006", "AADB2C90007", "AADB2C90287"],
        cause: "the address that the browser would come back to is not registered in B2C",
        hint: "ask the administrator of B2C to register https://DOMAIN/oauth2/idpresponse of the user pool, to the character",
        ..ROW
    },
    Row {
        codes: &["AADB2C90018", "AADB2C90068", "AADB2C90285", "AADB2C90011", "AADB2C90092", "AADB2C90284"],
        cause: "B2C does not know the application, or it is switched off or lacks consent",
        hint: "ask the administrator of the user pool to compare the identity provider's client id with the application in B2C",
        ..ROW
    },
    Row {
        codes: &["AADB2C90079", "AADB2C90081", "AADB2C90084", "AADB2C90058", "AADB2C90243"],
        cause: "the client secret that the user pool has for B2C is missing, wrong or expired",
        hint: "ask the administrator of the user pool to renew it",
        ..ROW
    },
    Row {
        codes: &["AADB2C90208", "AADB2C90209", "AADB2C90210", "AADB2C90232", "AADB2C90233", "AADB2C90272"],
        cause: "the invitation link is not good (any more): the token in it (id_token_hint) has expired or is not B2C's",
        hint: "ask who sent the link for a new one",
        ..ROW
    },
    Row {
        codes: &["AADB2C90235", "AADB2C90237", "AADB2C90238", "AADB2C90239", "AADB2C90240"],
        cause: "B2C does not accept the token that another identity provider gave it: expired, malformed, or of another issuer",
        hint: "sign in anew; if it stays so, ask the administrator of B2C to check that identity provider's settings",
        ..ROW
    },
    Row {
        codes: &["AADB2C99059"],
        cause: "B2C takes the application for a page in a browser, which has to send a code challenge",
        hint: "ask the administrator of B2C to register the application as a web application, which the user pool is",
        ..ROW
    },
    Row {
        codes: &["AADB2C99002"],
        cause: "the directory does not know this account",
        hint: "sign in with another account, or register with the directory first",
        ..ROW
    },
];

/// The row for any other code.
pub const UNKNOWN: Row = Row {
    cause: "Azure AD B2C refused the sign-in",
    hint: "send the administrator of B2C what it said, with the correlation id",
    ..ROW
};
