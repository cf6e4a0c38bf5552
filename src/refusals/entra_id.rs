//! Refusals of Entra ID, the employees' directory (formerly Azure AD).
//!
//! The meanings are those of Microsoft's list unless a row names another page. Entra ID shows many of these codes only
//! on its own page, and the browser stays there. Their rows serve people who look them up.

use super::{Refuser, Row};
use crate::error::Kind;

const LIST: &str = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes";

const ROW: Row =
    Row { refuser: Refuser::EntraId, codes: &[], says: &[], kind: Kind::Refused, cause: "", hint: "", source: LIST };

/// The rows by code.
pub const ROWS: &[Row] = &[
    // Access to the application.
    Row {
        codes: &["AADSTS50105"],
        cause: "you are not assigned to this application in Entra ID",
        hint: "ask the administrator of Entra ID to assign you, or a group you are in, to the application with a role",
        source: "https://learn.microsoft.com/troubleshoot/entra/entra-id/app-integration/error-code-AADSTS50105-user-not-assigned-role",
        ..ROW
    },
    Row {
        codes: &["AADSTS50020", "AADSTS50034", "AADSTS51004", "AADSTS16000", "AADSTS90072"],
        cause: "this account is not in the company's Entra ID",
        hint: "sign in again with your work account (the browser may remember another one: use a private window); a guest has to \
               be invited by the administrator of Entra ID",
        ..ROW
    },
    Row {
        codes: &["AADSTS500208"],
        cause: "accounts of this kind cannot sign in here: a private Microsoft account, perhaps",
        hint: "sign in again with your work account",
        ..ROW
    },
    Row {
        codes: &["AADSTS500212", "AADSTS500213", "AADSTS500021", "AADSTS500022"],
        cause: "your company or the other one does not let its people cross over",
        hint: "ask the administrator of Entra ID to allow access between the two tenants",
        ..ROW
    },
    // Accounts and passwords.
    Row {
        codes: &["AADSTS50126", "AADSTS50056", "AADSTS50064"],
        cause: "the user name or the password is wrong",
        hint: "sign in again: {login}",
        ..ROW
    },
    Row {
        codes: &["AADSTS50053"],
        cause: "the account is locked after too many wrong passwords, or the network you are in has a bad name",
        hint: "wait a while or try another network; else ask the administrator of Entra ID, whose sign-in log tells which it is",
        ..ROW
    },
    Row {
        codes: &["AADSTS50055", "AADSTS50144"],
        cause: "the account's password has expired",
        hint: "change it at https://myaccount.microsoft.com, or as your company does it, and sign in again",
        ..ROW
    },
    Row {
        codes: &["AADSTS50057"],
        cause: "the account is disabled",
        hint: "ask the administrator of Entra ID to enable it",
        ..ROW
    },
    // The second factor, and the session.
    Row {
        codes: &["AADSTS50074", "AADSTS50076", "AADSTS50078", "AADSTS50158"],
        cause: "Entra ID wants a second factor, and did not get it",
        hint: "sign in again, and answer the prompt of the authenticator app or the text message: {login} --force",
        ..ROW
    },
    Row {
        codes: &["AADSTS50072", "AADSTS50079", "AADSTS53004"],
        cause: "Entra ID wants a second factor, and you have not registered one",
        hint: "register one at https://aka.ms/mfasetup, then sign in again",
        ..ROW
    },
    Row {
        codes: &["AADSTS50058", "AADSTS16002"],
        cause: "nobody is signed in at Entra ID, and the profile forbids it to ask",
        hint: "take 'prompt' out of the profile, then run '{login}'",
        ..ROW
    },
    Row {
        codes: &["AADSTS50132", "AADSTS50133", "AADSTS50173", "AADSTS50089"],
        cause: "the session at Entra ID has ended: the password was changed, or somebody revoked it",
        hint: "sign in anew: {login} --force",
        ..ROW
    },
    Row {
        codes: &["AADSTS75011"],
        cause: "you signed in to Entra ID in another way than the application asks for: without a password, perhaps",
        hint: "sign out of Entra ID in the browser (or use a private window) and sign in again; for good, the administrator has \
               to let the application ask for no certain way",
        source: "https://learn.microsoft.com/troubleshoot/entra/entra-id/app-integration/error-code-AADSTS75011-auth-method-mismatch",
        ..ROW
    },
    // Conditional Access.
    Row {
        codes: &["AADSTS53000", "AADSTS53001", "AADSTS50097", "AADSTS50129", "AADSTS50155", "AADSTS50187"],
        cause: "the company lets only devices in that it manages, and Entra ID does not take this one for such",
        hint: "sign in with a browser that tells Entra ID about the device (Edge, or Chrome with Microsoft's extension), on a \
               managed device; else ask the administrator of Entra ID",
        source: "https://learn.microsoft.com/entra/identity/conditional-access/troubleshoot-conditional-access",
        ..ROW
    },
    Row {
        codes: &["AADSTS53003", "AADSTS530032", "AADSTS50131", "AADSTS53002", "AADSTS530035", "AADSTS50005"],
        cause: "a rule of the company's (Conditional Access) does not let you in from here",
        hint: "try from the company's network or VPN; else send the administrator of Entra ID the trace id: the sign-in log names \
               the rule",
        source: "https://learn.microsoft.com/entra/identity/conditional-access/troubleshoot-conditional-access",
        ..ROW
    },
    // Consent.
    Row {
        codes: &["AADSTS65004"],
        cause: "you did not agree that the application may sign you in",
        hint: "sign in again, and accept: {login}",
        ..ROW
    },
    Row {
        codes: &["AADSTS65001", "AADSTS90094", "AADSTS90095", "AADSTS90008"],
        cause: "nobody has agreed yet that the application may sign you in",
        hint: "ask the administrator of Entra ID to grant the application admin consent",
        ..ROW
    },
    Row {
        codes: &["AADSTS65005", "AADSTS650056", "AADSTS650057", "AADSTS650052"],
        cause: "the application's registration in Entra ID is incomplete: permissions or its identifier are missing",
        hint: "ask the administrator of Entra ID to check its permissions and its identifier (Entity ID), and to grant consent",
        ..ROW
    },
    // The application's set-up.
    Row {
        codes: &["AADSTS50011", "AADSTS70004", "AADSTS900971"],
        cause: "the address that the browser would come back to is not registered in Entra ID",
        hint: "ask the administrator of Entra ID to register it to the character: https://DOMAIN/saml2/idpresponse or \
               /oauth2/idpresponse for a user pool, and http://localhost for cogfed itself",
        source: "https://learn.microsoft.com/troubleshoot/entra/entra-id/app-integration/error-code-AADSTS50011-reply-url-mismatch",
        ..ROW
    },
    Row {
        codes: &["AADSTS700016", "AADSTS700011", "AADSTS70001"],
        cause: "Entra ID does not know this application, or this is the wrong tenant",
        hint: "check 'client_id' and 'issuer' in the profile; behind a user pool, ask its administrator to compare the \
               application's id (with SAML: the Entity ID) and the tenant",
        ..ROW
    },
    Row {
        codes: &["AADSTS7000112", "AADSTS1000031"],
        cause: "the application is switched off in Entra ID",
        hint: "ask the administrator of Entra ID to switch it on",
        ..ROW
    },
    Row {
        codes: &["AADSTS90002", "AADSTS50128", "AADSTS50059", "AADSTS90019", "AADSTS50194"],
        cause: "Entra ID does not know which tenant is meant",
        hint: "check the tenant's id in 'issuer' of the profile; behind a user pool, ask its administrator to check the identity \
               provider's URLs",
        ..ROW
    },
    Row {
        codes: &["AADSTS500011", "AADSTS50001"],
        cause: "what the scopes ask for is not in this tenant",
        hint: "check 'scopes' in the profile; behind a user pool, ask its administrator to check the identity provider's",
        ..ROW
    },
    Row {
        codes: &["AADSTS70011", "AADSTS28002", "AADSTS28003", "AADSTS700022", "AADSTS700023"],
        cause: "Entra ID does not take the scopes",
        hint: "check 'scopes' in the profile ('openid offline_access' does); behind a user pool, ask its administrator",
        ..ROW
    },
    Row {
        codes: &["AADSTS700054", "AADSTS70005"],
        cause: "the application may not ask for ID tokens in the way that the user pool asks",
        hint: "ask the administrator of Entra ID to let the application issue ID tokens, and of the user pool to ask for a code",
        ..ROW
    },
    Row {
        codes: &["AADSTS75005", "AADSTS75008", "AADSTS75016", "AADSTS76021", "AADSTS76026"],
        cause: "Entra ID cannot use the user pool's SAML request",
        hint: "ask the administrator of the user pool to compare its SAML settings (signed requests, Entity ID) with the \
               application's in Entra ID",
        ..ROW
    },
    Row {
        codes: &["AADSTS501461", "AADSTS50146"],
        cause: "the application maps claims of its own, and Entra ID does not let it without a signing key of its own",
        hint: "ask the administrator of Entra ID to give the application a signing key, or to mend its claims mapping",
        ..ROW
    },
    // Secrets of the application.
    Row {
        codes: &["AADSTS7000218"],
        cause: "Entra ID takes the application for one that has a secret, and none was sent",
        hint: "ask the administrator of Entra ID to allow public client flows to the application; if it is to have a secret, set \
               COGFED_CLIENT_SECRET",
        ..ROW
    },
    Row {
        codes: &["AADSTS7000215", "AADSTS70002", "AADSTS7000222", "AADSTS700027", "AADSTS700030", "AADSTS50012"],
        cause: "the application's client secret or certificate is wrong, or has expired",
        hint: "if you set COGFED_CLIENT_SECRET, compare it; behind a user pool, ask its administrator to renew the secret",
        ..ROW
    },
    Row {
        codes: &["AADSTS700025"],
        cause: "the application has no secret, and one was sent",
        hint: "unset COGFED_CLIENT_SECRET, and sign in again",
        ..ROW
    },
    // Codes and refresh tokens.
    Row {
        codes: &["AADSTS54005"],
        cause: "the authorization code was used before: the browser sent it twice, perhaps",
        hint: "sign in again: {login}",
        ..ROW
    },
    Row {
        codes: &["AADSTS501481", "AADSTS50147", "AADSTS501491"],
        cause: "the authorization code is another sign-in's (its verifier does not fit)",
        hint: "sign in again, one at a time: {login}",
        ..ROW
    },
    Row {
        codes: &["AADSTS70008", "AADSTS700082", "AADSTS700084", "AADSTS70000", "AADSTS50013", "AADSTS50085"],
        cause: "the code or the refresh token has expired, was not used for too long, or was revoked",
        hint: "sign in again: {login}",
        ..ROW
    },
    Row {
        codes: &["AADSTS70043"],
        cause: "the company wants you to sign in anew after a while, and that is over (sign-in frequency)",
        hint: "sign in again: {login}",
        ..ROW
    },
    // Entra ID's own troubles.
    Row {
        codes: &[
            "AADSTS90033",
            "AADSTS50000",
            "AADSTS90006",
            "AADSTS90024",
            "AADSTS50033",
            "AADSTS90012",
            "AADSTS90055",
            "AADSTS50196",
        ],
        kind: Kind::Network,
        cause: "Entra ID has troubles of its own, or is asked too often",
        hint: "try again in a few minutes",
        ..ROW
    },
];

/// The row for any other code.
pub const UNKNOWN: Row = Row {
    cause: "Entra ID refused the sign-in",
    hint: "look the number up at https://login.microsoftonline.com/error, and send the administrator of Entra ID what it said",
    ..ROW
};
