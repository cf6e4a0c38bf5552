//! Refusals by the user pool itself, which arrive through the browser
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html>).
//!
//! Most of the descriptions are undocumented. Their sources are threads in which people reported them.

use super::{Codes, Refuser, Row, Text};
use crate::error::Kind;

const AUTHORIZATION_ENDPOINT: &str =
    "https://docs.aws.amazon.com/cognito/latest/developerguide/authorization-endpoint.html";
const PROVIDER_ERRORS: &str =
    "https://docs.aws.amazon.com/cognito/latest/developerguide/federation-endpoint-idp-responses.html";
const SAML_ERRORS: &str = "https://repost.aws/knowledge-center/cognito-invalid-saml-response-errors";
const ATTRIBUTE_MAPPING: &str =
    "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-specifying-attribute-mapping.html";
const TRIGGERS: &str = "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-identity-pools-working-with-aws-lambda-triggers.html";

const ROW: Row = Row::new(Refuser::Authorization, AUTHORIZATION_ENDPOINT);

/// Returns a row for descriptions that contain one of `phrases`.
const fn says(phrases: &'static [Text], cause: Text, hint: Text, source: Text) -> Row {
    Row { says: phrases, cause, hint, source, ..ROW }
}

/// Returns a row for refusals with one of `codes`, whatever the description.
const fn coded(codes: Codes, cause: Text, hint: Text) -> Row {
    Row { codes, cause, hint, ..ROW }
}

/// The rows for known codes and descriptions. Those with phrases come first, because the code beside a description is
/// always `invalid_request` or `server_error`.
pub const ROWS: &[Row] = &[
    // Triggers, whose messages may contain any phrase.
    says(
        &["PreSignUp failed", "PreAuthentication failed", "PreSignUp invocation", "PreAuthentication invocation"],
        "the user pool's own check of who may sign in refuses you",
        "ask the administrator of the user pool about the message, which is from that check",
        TRIGGERS,
    ),
    says(
        &["failed with error", "invocation failed", "lambda output"],
        "a Lambda trigger failed, which the user pool runs at each sign-in, perhaps for your roles",
        "send the administrator of the user pool the message and the time: the trigger's log has the details",
        TRIGGERS,
    ),
    // The way from the user pool to the identity provider.
    Row {
        kind: Kind::Network,
        ..says(
            &["calling IdP token endpoint", "in calling jwks uri", "Connection reset", "Read timed out"],
            "the user pool got no answer from the identity provider in time",
            "run '{login}' again in a minute; if it fails again, tell the administrator of the user pool",
            AUTHORIZATION_ENDPOINT,
        )
    },
    says(
        &["error getting token", "Exception processing authorization code", "client_secret"],
        "the identity provider gave the user pool no tokens: most likely the client secret that the user pool has for it is \
         wrong or has expired",
        "ask the administrator of the user pool to renew the identity provider's client secret",
        PROVIDER_ERRORS,
    ),
    says(
        &["Bad id_token issuer"],
        "the identity provider's tokens name another issuer than the user pool expects",
        "ask the administrator of the user pool to set the identity provider's issuer to the one that the message names, \
         character for character (for Entra ID: the tenant's own, not 'common')",
        "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-oidc-idp.html",
    ),
    says(
        &["signature is invalid"],
        "the user pool cannot verify the directory's signature: most likely the directory has a new certificate",
        "ask the administrator of the user pool to load the directory's SAML metadata again",
        "https://github.com/aws/aws-sdk-js-v3/issues/6201",
    ),
    says(
        &["audience"],
        "the directory's answer is addressed to another application than this user pool",
        "ask the administrator of the directory to set the application's identifier (Entity ID) to \
         'urn:amazon:cognito:sp:' and the user pool's id",
        "https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-saml-idp.html",
    ),
    says(
        &["relayState", "InResponseTo"],
        "the user pool does not know which sign-in the directory's answer belongs to: it took too long, or began at the \
         directory's own portal",
        "sign in from here: run '{login}'",
        SAML_ERRORS,
    ),
    says(
        &["expired", "not yet valid", "NotOnOrAfter", "NotBefore"],
        "the directory's answer arrived too late, or the directory's clock is wrong",
        "sign in again without a pause: run '{login}'; if it fails again, ask the administrator of the directory to check its \
         clock",
        SAML_ERRORS,
    ),
    // Attributes.
    says(
        &["not exist in the schema", "could not be determined"],
        "the attribute mapping names an attribute that the user pool does not have",
        "ask the administrator of the user pool to add the attribute that the message names, or to remove it from the \
         attribute mapping",
        ATTRIBUTE_MAPPING,
    ),
    says(
        &["Attribute cannot be updated"],
        "the directory sends a new value for an attribute that cannot be changed in the user pool",
        "ask the administrator of the user pool to remove the attribute that the message names from the attribute mapping, or \
         to make it mutable",
        "https://github.com/aws-amplify/amplify-js/issues/3526",
    ),
    says(
        &["write unauthorized attribute"],
        "the app client may not write an attribute of the attribute mapping",
        "ask the administrator of the user pool to give the app client write permission for every mapped attribute",
        "https://github.com/aws-amplify/amplify-ui/issues/300",
    ),
    says(
        &["username attribute mapping required", "username is required"],
        "the identity provider's attribute mapping has no entry for the username",
        "ask the administrator of the user pool to map the directory's id (SAML: NameID, OIDC: sub) to username",
        ATTRIBUTE_MAPPING,
    ),
    says(
        &["cannot be cast to", "ArrayList"],
        "the directory sends a list for an attribute that takes a single text",
        "ask the administrator of the user pool to remove that claim from the attribute mapping, or that of the directory to \
         send it as one text",
        "https://github.com/aws-amplify/amplify-js/issues/239",
    ),
    says(
        &["longer than the maximum", "length is longer", "exceeds the maximum"],
        "the directory sends more than an attribute of the user pool holds, which is 2,048 characters at most",
        "ask the administrator of the directory to send fewer roles or groups, or that of the user pool to correct the \
         attribute mapping",
        ATTRIBUTE_MAPPING,
    ),
    says(
        &[
            "attribute is required",
            "attributes required",
            "does not contain required attribute",
            "Required attribute cannot be deleted",
        ],
        "the directory does not send an attribute that the user pool requires",
        "ask the administrator of the directory to send the attribute that the message names, or that of the user pool to \
         correct the attribute mapping",
        SAML_ERRORS,
    ),
    // The person's user in the user pool.
    says(
        &["User is disabled", "User is not enabled"],
        "your user is disabled in the user pool",
        "ask the administrator of the user pool to enable it (aws cognito-idp admin-enable-user)",
        "https://github.com/amazon-archives/amazon-cognito-auth-js/issues/148",
    ),
    says(
        &["User is not confirmed", "User does not exist", "Password reset required"],
        "your user in the user pool is not ready for sign-ins",
        "ask the administrator of the user pool to confirm your user, or to create it",
        PROVIDER_ERRORS,
    ),
    says(
        &["Invalid ProviderName/Username", "ProviderName and"],
        "the user pool cannot find the user that this identity is linked to",
        "ask the administrator of the user pool to link your identities again (AdminLinkProviderForUser)",
        "https://github.com/amazon-archives/amazon-cognito-auth-js/issues/136",
    ),
    says(
        &["found an entry for username"],
        "the user pool has only now linked you to a user that it knew already, and this first sign-in does not count",
        "sign in once more: run '{login}'",
        "https://github.com/aws-amplify/amplify-js/issues/9976",
    ),
    // The rest of SAML.
    says(
        &["Invalid SAML response", "SAML response processing", "samlResponse"],
        "the user pool cannot use the directory's SAML answer",
        "ask the administrator of the user pool to compare the attribute mapping with the claims that the directory sends",
        SAML_ERRORS,
    ),
    // The app client.
    says(
        &["Login option is not available", "does not exist for User Pool", "Invalid identity provider"],
        "the app client does not allow this identity provider",
        "check 'identity_provider' or 'idp_identifier' in the profile, upper and lower case too; if it is right, ask the \
         administrator of the user pool to enable it",
        "https://github.com/aws-amplify/aws-sdk-android/issues/1808",
    ),
    Row {
        codes: &["invalid_request", "unauthorized_client"],
        ..says(
            &["not enabled for OAuth2.0 flows"],
            "the app client is not set up for sign-ins in the browser",
            "check 'client_id' in the profile; if it is right, ask the administrator of the user pool to allow the app client \
             the authorization code grant",
            "https://github.com/amazon-archives/amazon-cognito-auth-js/issues/159",
        )
    },
    says(
        &["client does not exist"],
        "the user pool does not know this app client",
        "check 'client_id' and 'domain' in the profile",
        AUTHORIZATION_ENDPOINT,
    ),
    says(
        &["Login pages unavailable"],
        "the app client has no style for managed login, so the user pool shows no sign-in page",
        "ask the administrator of the user pool to create one (aws cognito-idp create-managed-login-branding)",
        "https://github.com/minorun365/html-share/issues/3",
    ),
    says(
        &["invalid_scope"],
        "the app client does not have a scope of the profile",
        "check 'scopes' in the profile",
        "https://github.com/manfredsteyer/angular-oauth2-oidc/issues/1253",
    ),
    // Codes without a known description.
    coded(
        &["redirect_mismatch"],
        "the app client does not know this callback URL",
        "ask the administrator of the user pool to add http://localhost:PORT/callback to the app client's callback URLs, for \
         each port of 'redirect_ports'",
    ),
    coded(
        &["access_denied"],
        "the sign-in was cancelled or denied",
        "run '{login}' again; if you did not cancel it, ask the administrator of the {issuer} for access",
    ),
    Row {
        source: "https://openid.net/specs/openid-connect-core-1_0.html#AuthError",
        ..coded(
            &["login_required", "interaction_required", "consent_required", "account_selection_required"],
            "the identity provider requires you to sign in in the browser, and 'prompt' in the profile does not let it ask",
            "remove 'prompt' from the profile, then run '{login}'",
        )
    },
    coded(
        &["invalid_scope"],
        "the app client does not have a scope of the profile",
        "check 'scopes' in the profile",
    ),
    coded(
        &["unauthorized_client"],
        "the app client may not use the authorization code grant",
        "ask the administrator of the {issuer} to allow it the authorization code grant",
    ),
    coded(
        &["invalid_request"],
        "the user pool does not understand the sign-in that the profile requests",
        "check 'identity_provider', 'idp_identifier', 'scopes' and 'prompt' in the profile; if they are right, send the \
         administrator of the user pool the whole message",
    )
    .directly(
        "the issuer does not understand the sign-in that the profile requests",
        "check 'scopes' and 'prompt' in the profile; if they are right, send the administrator of the issuer the whole message",
    ),
    Row {
        kind: Kind::Network,
        source: "https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1",
        ..coded(
            &["server_error", "temporarily_unavailable"],
            "the {issuer} has a fault of its own",
            "run '{login}' again in a minute; if it fails again, send the administrator of the {issuer} the whole message",
        )
    },
];

/// The row for any other refusal.
pub const UNKNOWN: Row = Row {
    cause: "the identity provider refused the sign-in",
    hint: "send the administrator of the {issuer} the whole message",
    ..ROW
};
