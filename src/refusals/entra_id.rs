//! Refusals by Entra ID (formerly Azure AD), the directory for employees.
//!
//! The meanings are those of Microsoft's list unless a row names another page. Entra ID shows many of these codes only
//! on its own page, and the browser stays there. Their rows serve people who look them up.

use super::{Codes, Refuser, Row, Text};
use crate::error::Kind;

const LIST: &str = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes";
const CONDITIONAL_ACCESS: &str =
    "https://learn.microsoft.com/entra/identity/conditional-access/troubleshoot-conditional-access";

const ROW: Row = Row::new(Refuser::EntraId, LIST);

const fn row(codes: Codes, cause: Text, hint: Text) -> Row {
    Row { codes, cause, hint, ..ROW }
}

/// The rows for Entra ID's error codes.
pub const ROWS: &[Row] = &[
    // Access to the application.
    Row {
        source: "https://learn.microsoft.com/troubleshoot/entra/entra-id/app-integration/error-code-AADSTS50105-user-not-assigned-role",
        ..row(
            &["AADSTS50105"],
            "you are not assigned to this application in Entra ID",
            "ask the administrator of Entra ID to assign you, or a group of yours, to the application with a role",
        )
    },
    row(
        &["AADSTS50020", "AADSTS50034", "AADSTS51004", "AADSTS16000", "AADSTS16003", "AADSTS90072"],
        "this account is not in the company's Entra ID",
        "sign in with your work account, in a private window if the browser remembers another one: run '{login}'; a guest \
         needs an invitation from the administrator of Entra ID",
    ),
    row(
        &["AADSTS500208"],
        "accounts of this kind, such as private Microsoft accounts, cannot sign in here",
        "sign in with your work account: run '{login}'",
    ),
    row(
        &["AADSTS500212", "AADSTS500213", "AADSTS500021", "AADSTS500022"],
        "the cross-tenant access settings of your company or of the other one block this sign-in",
        "ask the administrator of Entra ID to allow access between the two tenants",
    ),
    // Accounts and passwords.
    row(
        &["AADSTS50126", "AADSTS50056", "AADSTS50064", "AADSTS80007"],
        "the user name or the password is wrong",
        "run '{login}'",
    ),
    row(
        &["AADSTS50053"],
        "the account is locked after too many wrong passwords, or Microsoft blocks this network's address",
        "wait some minutes or use another network; if it fails again, ask the administrator of Entra ID for the reason in the \
         sign-in log",
    ),
    row(
        &["AADSTS50055", "AADSTS50135", "AADSTS50142", "AADSTS50144"],
        "the account's password has expired or must be changed",
        "change it at https://myaccount.microsoft.com, then run '{login}'",
    ),
    row(
        &["AADSTS50057", "AADSTS500571"],
        "the account is disabled",
        "ask the administrator of Entra ID to enable it",
    ),
    row(
        &["AADSTS80012"],
        "the account may not sign in at this time of day",
        "ask the administrator of Entra ID for the account's logon hours",
    ),
    Row {
        kind: Kind::Network,
        ..row(
            &["AADSTS80001", "AADSTS80002", "AADSTS80005", "AADSTS80010", "AADSTS80013", "AADSTS80014"],
            "Entra ID could not check the password with the company's own directory",
            "run '{login}' again in some minutes; if it fails again, send the trace id to the administrator of Entra ID",
        )
    },
    // The second factor, and the session.
    row(
        &["AADSTS50074", "AADSTS50076", "AADSTS50078", "AADSTS50158", "AADSTS500121"],
        "Entra ID requires a second factor, and did not get it",
        "run '{login} --force', and answer the prompt of the authenticator app or the text message",
    ),
    row(
        &["AADSTS50072", "AADSTS50079", "AADSTS53004"],
        "Entra ID requires a second factor, and you have not registered one",
        "register one at https://aka.ms/mfasetup, then run '{login}'",
    ),
    row(
        &["AADSTS50140"],
        "the question 'Stay signed in?' interrupted the sign-in",
        "sign in again, and answer the question: run '{login}'",
    ),
    row(
        &["AADSTS50199"],
        "Entra ID requires you to confirm this sign-in",
        "sign in again, and confirm it in the browser: run '{login}'",
    ),
    row(
        &["AADSTS50125"],
        "a password reset or a registration interrupted the sign-in",
        "finish it in the browser, then run '{login}'",
    ),
    row(
        &["AADSTS50058", "AADSTS16002"],
        "nobody is signed in at Entra ID, and 'prompt' in the profile does not let it ask",
        "remove 'prompt' from the profile, then run '{login}'",
    ),
    row(
        &["AADSTS50132", "AADSTS50133", "AADSTS50173", "AADSTS50089"],
        "the session at Entra ID has ended: the password was changed, or someone revoked it",
        "run '{login} --force'",
    ),
    Row {
        source: "https://learn.microsoft.com/troubleshoot/entra/entra-id/app-integration/error-code-AADSTS75011-auth-method-mismatch",
        ..row(
            &["AADSTS75011"],
            "you signed in to Entra ID in another way than the application asks for, perhaps without a password",
            "sign out of Entra ID in the browser, or use a private window: run '{login}'; the administrator of the user pool can \
             stop asking for one way",
        )
    },
    // Conditional Access.
    Row {
        source: CONDITIONAL_ACCESS,
        ..row(
            &[
                "AADSTS53000",
                "AADSTS53001",
                "AADSTS50097",
                "AADSTS50129",
                "AADSTS50155",
                "AADSTS50187",
                "AADSTS135011",
            ],
            "Conditional Access requires a managed device, and Entra ID does not recognise this one",
            "sign in on a managed device, in a browser that identifies it (Edge, or Chrome with Microsoft's extension)",
        )
    },
    Row {
        source: CONDITIONAL_ACCESS,
        ..row(
            &[
                "AADSTS53003",
                "AADSTS530032",
                "AADSTS50131",
                "AADSTS53002",
                "AADSTS530034",
                "AADSTS530035",
                "AADSTS53011",
                "AADSTS50005",
            ],
            "Conditional Access blocked this sign-in",
            "try from the company's network or VPN; if it fails again, send the trace id to the administrator of Entra ID, whose \
             sign-in log names the policy",
        )
    },
    // Consent.
    row(
        &["AADSTS65004"],
        "you cancelled the sign-in, or did not agree to the application's permissions",
        "sign in again, and accept: run '{login}'",
    ),
    row(
        &["AADSTS65001", "AADSTS65002", "AADSTS90094", "AADSTS90095", "AADSTS90008"],
        "nobody has consented to the application's permissions yet",
        "ask the administrator of Entra ID to grant the application admin consent",
    ),
    row(
        &["AADSTS65005", "AADSTS650056", "AADSTS650057", "AADSTS650052"],
        "the app registration in Entra ID is incomplete: permissions or its identifier are missing",
        "ask the administrator of Entra ID to check its permissions and its identifier (Entity ID), and to grant consent",
    ),
    // The application's set-up.
    Row {
        source: "https://learn.microsoft.com/troubleshoot/entra/entra-id/app-integration/error-code-AADSTS50011-reply-url-mismatch",
        ..row(
            &["AADSTS50011", "AADSTS500113", "AADSTS70004", "AADSTS900971"],
            "the user pool's redirect URI is not registered in Entra ID",
            "ask the administrator of Entra ID to register https://DOMAIN/saml2/idpresponse (SAML) or \
             https://DOMAIN/oauth2/idpresponse of the user pool, character for character",
        )
        .directly(
            "the callback URL is not registered in Entra ID",
            "ask the administrator of Entra ID to add the redirect URI that the message names to the app registration, under \
             'Mobile and desktop applications'",
        )
    },
    row(
        &["AADSTS500112"],
        "the user pool named two different redirect URIs during one sign-in",
        "run '{login}' again; if it fails again, tell the administrator of the user pool",
    )
    .directly("the callback URL changed during the sign-in", "sign in again: run '{login}'"),
    row(
        &["AADSTS9002327", "AADSTS9002325"],
        "the user pool's redirect URI is registered for a single-page application, whose codes only a browser may redeem",
        "ask the administrator of Entra ID to move it to the platform 'Web' of the app registration",
    )
    .directly(
        "the redirect URI is registered for a single-page application, whose codes only a browser may redeem",
        "ask the administrator of Entra ID to move it to the platform 'Mobile and desktop applications' of the app registration",
    ),
    row(
        &["AADSTS700016", "AADSTS700011", "AADSTS70001"],
        "Entra ID does not know this application in this tenant",
        "ask the administrator of the user pool to compare the application's id (with SAML: the Entity ID) and the tenant",
    )
    .directly("Entra ID does not know this application in this tenant", "check 'client_id' and 'issuer' in the profile"),
    row(
        &["AADSTS7000112", "AADSTS1000031", "AADSTS500014"],
        "the application is disabled in Entra ID",
        "ask the administrator of Entra ID to enable it",
    ),
    row(
        &["AADSTS90002", "AADSTS50128", "AADSTS50059", "AADSTS90019", "AADSTS50194", "AADSTS9001023"],
        "Entra ID cannot tell which tenant is meant",
        "ask the administrator of the user pool to check the identity provider's URLs, which must name the tenant",
    )
    .directly("Entra ID cannot tell which tenant is meant", "check the tenant's id in 'issuer' of the profile"),
    row(
        &["AADSTS500011", "AADSTS50001"],
        "a scope names an API that this tenant does not have",
        "ask the administrator of the user pool to check the scopes of the identity provider",
    )
    .directly("a scope names an API that this tenant does not have", "check 'scopes' in the profile"),
    row(
        &["AADSTS70011", "AADSTS28002", "AADSTS28003", "AADSTS700022", "AADSTS700023"],
        "Entra ID does not accept the scopes",
        "ask the administrator of the user pool to check the scopes of the identity provider",
    )
    .directly("Entra ID does not accept the scopes", "set scopes = [\"openid\", \"offline_access\"] in the profile"),
    row(
        &["AADSTS700054", "AADSTS700051", "AADSTS70005"],
        "the app registration does not allow the response_type that the user pool requests",
        "ask the administrator of Entra ID to allow ID tokens in the app registration, and that of the user pool to request a \
         code",
    )
    .directly(
        "the app registration does not allow the response_type of an authorization code",
        "ask the administrator of Entra ID to allow the authorization code flow in the app registration",
    ),
    row(
        &["AADSTS90015"],
        "the address that the user pool opens Entra ID with is too long",
        "ask the administrator of the user pool for a shorter request: the HTTP POST binding, or no signature",
    )
    .directly(
        "the address that opens Entra ID is too long",
        "request fewer 'scopes' in the profile, so that the address becomes shorter",
    ),
    row(
        &["AADSTS750054"],
        "Entra ID got no SAML request: the sign-in began at a portal, or the SAML application's sign-on URL is wrong",
        "run '{login}'; if it fails again, ask the administrator of Entra ID to check the SAML application's sign-on URL",
    ),
    row(
        &[
            "AADSTS75005",
            "AADSTS75001",
            "AADSTS75003",
            "AADSTS75008",
            "AADSTS75016",
            "AADSTS76021",
            "AADSTS76026",
            "AADSTS7500522",
            "AADSTS7500525",
            "AADSTS7500529",
        ],
        "Entra ID cannot use the user pool's SAML request",
        "ask the administrator of the user pool to compare its SAML settings (signed requests, Entity ID) with the \
         application's in Entra ID",
    ),
    row(
        &["AADSTS501461", "AADSTS50146"],
        "the application has a claims mapping, which requires a signing key of its own",
        "ask the administrator of Entra ID to give the application a signing key, or to correct its claims mapping",
    ),
    // Secrets of the application.
    row(
        &["AADSTS7000218"],
        "Entra ID expects a client secret, and the user pool sent none",
        "ask the administrator of the user pool to set the identity provider's client secret",
    )
    .directly(
        "the app registration is not a public client, and no client secret was sent",
        "ask the administrator of Entra ID to allow public client flows in the app registration; if it is to have a secret, \
         set COGFED_CLIENT_SECRET",
    ),
    row(
        &["AADSTS7000215", "AADSTS70002", "AADSTS7000222", "AADSTS700027", "AADSTS700030", "AADSTS50012"],
        "the client secret or certificate that the user pool has for Entra ID is wrong or has expired",
        "ask the administrator of the user pool to renew it",
    )
    .directly(
        "the client secret is wrong or has expired",
        "set COGFED_CLIENT_SECRET to a valid secret of the app registration (its value, not its id)",
    ),
    Row {
        says: &["client_secret", "client secret", "client_assertion"],
        ..row(
            &["AADSTS700025", "AADSTS90023"],
            "the app registration is a public client, and the user pool sent a client secret",
            "ask the administrator of Entra ID to register the user pool's redirect URI for the platform 'Web'",
        )
        .directly(
            "the app registration is a public client, which must not send a client secret",
            "unset COGFED_CLIENT_SECRET, then run '{login}'",
        )
    },
    // Codes and refresh tokens.
    row(
        &["AADSTS54005"],
        "the authorization code was used before, perhaps because the browser sent it twice",
        "sign in again: run '{login}'",
    ),
    row(
        &["AADSTS501481", "AADSTS50147", "AADSTS501491", "AADSTS700005", "AADSTS7000012"],
        "the authorization code belongs to another sign-in: its verifier or its tenant does not match",
        "sign in again, one sign-in at a time: run '{login}'",
    ),
    row(
        &["AADSTS70008", "AADSTS700082", "AADSTS700084", "AADSTS70000", "AADSTS9002313", "AADSTS50013", "AADSTS50085"],
        "the code or the refresh token has expired, was not used for too long, or was revoked",
        "sign in again: run '{login}'",
    ),
    row(
        &["AADSTS70043"],
        "the company limits how long a sign-in lasts, and this one is over (sign-in frequency)",
        "sign in again: run '{login}'",
    ),
    // Requests that Entra ID does not understand.
    row(
        &["AADSTS90023", "AADSTS900144", "AADSTS90013", "AADSTS90014", "AADSTS90100", "AADSTS9000411", "AADSTS90107"],
        "Entra ID does not understand the user pool's request",
        "send the administrator of the user pool the whole message",
    )
    .directly(
        "Entra ID does not understand the request",
        "check 'scopes', 'prompt' and 'issuer' in the profile; if they are right, report the whole message",
    ),
    // Faults of Entra ID itself.
    Row {
        kind: Kind::Network,
        ..row(
            &[
                "AADSTS90033",
                "AADSTS50000",
                "AADSTS90006",
                "AADSTS90024",
                "AADSTS50033",
                "AADSTS90012",
                "AADSTS90055",
                "AADSTS50196",
            ],
            "Entra ID has a fault of its own, or gets too many requests",
            "try again in some minutes",
        )
    },
];

/// The row for any other code.
pub const UNKNOWN: Row = Row {
    cause: "Entra ID refused the sign-in",
    hint: "look the number up at https://login.microsoftonline.com/error, and send the administrator of Entra ID the whole \
           message",
    ..ROW
};
