//! Simulated faults that a test can activate, and that a client must survive.

use crate::named::named;

named! {
    /// A simulated fault that a test can activate.
    Misbehaviour, "misbehaviour":
    WrongState, "wrong-state", "redirect with another state than the one that was sent";
    ErrorWithoutState, "error-without-state", "redirect with an error and no state";
    AccessDenied, "access-denied", "redirect with error=access_denied after a good sign-in";
    RepeatedCode, "repeated-code", "redirect with the parameter `code` twice";
    LongCode, "long-code", "redirect with a code of 20,000 characters, as B2C's can be";
    FormPost, "form-post", "send the code to the client in a form, as for response_mode=form_post";
    UnregisteredCallback, "unregistered-callback", "answer as if the redirect URI were not registered";
    UnknownClient, "unknown-client", "answer the authorization request as if the app client did not exist";
    WebAcl, "web-acl", "answer 403 to a redirect URI on loopback, as AWS WAF's managed rules do";
    NoLoginPages, "no-login-pages", "answer with the page of an app client without a managed login style";
    WrongNonce, "wrong-nonce", "put another nonce into the ID token";
    NoNonce, "no-nonce", "leave the nonce out of the ID token";
    WrongAudience, "wrong-audience", "issue the ID token to another app client";
    WrongIssuer, "wrong-issuer", "let the ID token name another user pool as its issuer";
    AccessTokenAsIdToken, "access-token-as-id-token", "give the access token as the ID token";
    WrongTokenUse, "wrong-token-use", "give an ID token whose `token_use` is `access`";
    AlgNone, "alg-none", "give an unsigned ID token of `alg` none";
    AlgHs256, "alg-hs256", "sign the ID token by HS256 with the public key as the secret";
    UnknownKid, "unknown-kid", "name a key in the ID token that the JWKS does not have";
    BadSignature, "bad-signature", "give an ID token whose signature does not fit";
    ExpiredIdToken, "expired-id-token", "give an ID token that expired an hour ago";
    BadAtHash, "bad-at-hash", "put the hash of another access token into the ID token";
    OtherSubOnRefresh, "other-sub-on-refresh", "answer a refresh with the ID token of somebody else";
    NoIdToken, "no-id-token", "leave the ID token out of the token endpoint's answer";
    OddOptionalClaimTypes, "odd-optional-claim-types", "give optional claims of the ID token unusual types";
    RefreshNoIdToken, "refresh-no-id-token", "leave the ID token out of a refresh's answer, as OIDC allows";
    IssuerTrailingSlash, "issuer-trailing-slash", "put a slash after the issuer in the ID token, and nowhere else";
    Token500, "token-500", "answer 500 at the token endpoint";
    Token429, "token-429", "answer 429 with Retry-After at the token endpoint";
    TokenContentType, "token-content-type", "answer with another JSON content type at the token endpoint";
    OddTokenMembers, "odd-token-members", "give members of the token endpoint's answer odd types, or none";
    NoAccessToken, "no-access-token", "leave the access token out of the token endpoint's answer";
    TokenHtml, "token-html", "answer with a page of HTML at the token endpoint";
    TokenWebAcl, "token-web-acl", "answer 403 with a page of HTML at the token endpoint, as a web ACL does";
    TokenChallenge, "token-challenge", "answer 202 with AWS WAF's challenge at the token endpoint";
    TokenPortal, "token-portal", "answer 302 to a network's sign-in page at the token endpoint";
    Token10Mib, "token-10mib", "answer with 10 MiB of JSON at the token endpoint";
    TokenSilent, "token-silent", "take the request at the token endpoint and never answer";
    TokenClose, "token-close", "close the connection at the token endpoint without doing anything";
    TokenRedirect, "token-redirect", "answer 307 to another place at the token endpoint";
    RefreshInvalidGrant, "refresh-invalid-grant", "refuse each refresh as invalid_grant";
    RefreshDropAnswer, "refresh-drop-answer", "do the refresh, rotation included, and close without an answer";
    Jwks500, "jwks-500", "answer 500 for the JWKS";
    Discovery500, "discovery-500", "answer 500 for the discovery document";
    DiscoveryOtherIssuer, "discovery-other-issuer", "let the plain issuer's discovery name another issuer";
    DiscoveryOtherHost, "discovery-other-host", "put the plain issuer's token endpoint on another host";
    DiscoveryHttp, "discovery-http", "put the plain issuer's token endpoint on a far host, by http";
    Discovery10Mib, "discovery-10mib", "answer with 10 MiB of JSON for the plain issuer's discovery";
    DiscoveryHtml, "discovery-html", "answer with a page of HTML for the plain issuer's discovery";
    DiscoveryRedirect, "discovery-redirect", "answer 302 for the plain issuer's discovery";
    Echo, "echo", "repeat the whole request in the error of each service that is asked";
    Revoke500, "revoke-500", "answer 500 at the revocation endpoint";
    IdentityNotAuthorized, "identity-not-authorized", "refuse each login token at the identity pool";
    IdentityThrottled, "identity-throttled", "answer TooManyRequestsException at the identity pool";
    Identity500, "identity-500", "answer InternalErrorException at the identity pool";
    IdentitySilent, "identity-silent", "take the request at the identity pool and never answer";
    IdentityNoRole, "identity-no-role", "refuse credentials as InvalidIdentityPoolConfigurationException";
    IdentityForgotten, "identity-forgotten", "forget an identity at its second credentials; GetId makes a new one";
    CredentialsShort, "credentials-short", "give credentials that live for 10 minutes";
    Api500, "api-500", "answer 500 at the API";
    ClockBehind, "clock-behind", "let the servers' clock be 20 minutes behind";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misbehaviour_names_parse() {
        for &misbehaviour in Misbehaviour::ALL {
            assert_eq!(misbehaviour.name().parse::<Misbehaviour>().unwrap(), misbehaviour);
        }
        assert!("wrong".parse::<Misbehaviour>().is_err());
    }
}
