//! Refusals of the directories. The user pool passes them on in the redirect; Entra ID as the issuer sends them itself
//! (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>,
//! <https://learn.microsoft.com/azure/active-directory-b2c/error-codes>). AWS does not document the `error` that the
//! user pool adds.

use crate::refusals::{Place, Refusal};

const fn browser(name: &'static str, code: &'static str, message: &'static str) -> Refusal {
    Refusal { name, place: Place::Authorize, status: 302, code, message }
}

const fn token(name: &'static str, status: u16, code: &'static str, message: &'static str) -> Refusal {
    Refusal { name, place: Place::Token, status, code, message }
}

#[rustfmt::skip]
pub(super) const ENTRA_ID: &[Refusal] = &[
    browser("aadsts50011", "invalid_request", "AADSTS50011: The redirect URI 'https://corp.auth.eu-west-1.amazoncognito.com/oauth2/idpresponse' specified in the request does not match the redirect URIs configured for the application '00001111-aaaa-2222-bbbb-3333cccc4444'."),
    browser("aadsts50020", "access_denied", "AADSTS50020: User account 'alice@outlook.example' from identity provider 'live.com' does not exist in tenant 'Corp' and cannot access the application '00001111-aaaa-2222-bbbb-3333cccc4444'(Orders) in that tenant. The account needs to be added as an external user in the tenant first."),
    browser("aadsts50034", "access_denied", "AADSTS50034: The user account {EmailHidden} does not exist in the corp.example directory. To sign into this application, the account must be added to the directory."),
    browser("aadsts50053", "access_denied", "AADSTS50053: The account is locked, you've tried to sign in too many times with an incorrect user ID or password."),
    browser("aadsts50055", "access_denied", "AADSTS50055: The password is expired."),
    browser("aadsts50057", "access_denied", "AADSTS50057: The user account is disabled."),
    browser("aadsts50058", "login_required", "AADSTS50058: A silent sign-in request was sent but no user is signed in."),
    browser("aadsts50074", "interaction_required", "AADSTS50074: Strong Authentication is required."),
    browser("aadsts50076", "interaction_required", "AADSTS50076: Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access '00001111-aaaa-2222-bbbb-3333cccc4444'."),
    browser("aadsts50079", "interaction_required", "AADSTS50079: Due to a configuration change made by your administrator, or because you moved to a new location, you must enroll in multi-factor authentication to access '00001111-aaaa-2222-bbbb-3333cccc4444'."),
    browser("aadsts50097", "interaction_required", "AADSTS50097: Device authentication is required."),
    browser("aadsts50105", "access_denied", "AADSTS50105: Your administrator has configured the application Orders ('00001111-aaaa-2222-bbbb-3333cccc4444') to block users unless they are specifically granted ('assigned') access to the application. The signed in user 'alice@corp.example' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator."),
    browser("aadsts50126", "access_denied", "AADSTS50126: Error validating credentials due to invalid username or password."),
    browser("aadsts50128", "invalid_request", "AADSTS50128: Invalid domain name - No tenant-identifying information found in either the request or implied by any provided credentials."),
    token("aadsts50133", 400, "invalid_grant", "AADSTS50133: The session is not valid due to password expiration or recent password change."),
    token("aadsts50173", 400, "invalid_grant", "AADSTS50173: The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password."),
    browser("aadsts50196", "temporarily_unavailable", "AADSTS50196: The server terminated an operation because it encountered a client request loop."),
    browser("aadsts53000", "interaction_required", "AADSTS53000: Device is not in required device state: compliant. Conditional Access policy requires a compliant device, and the device is not compliant."),
    browser("aadsts53001", "interaction_required", "AADSTS53001: Device is not in required device state: domain_joined. Conditional Access policy requires a domain joined device, and the device is not domain joined."),
    browser("aadsts53003", "access_denied", "AADSTS53003: Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."),
    browser("aadsts530032", "access_denied", "AADSTS530032: Tenant admin has configured a security policy that blocks this request."),
    token("aadsts54005", 400, "invalid_grant", "AADSTS54005: OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token."),
    browser("aadsts65001", "invalid_grant", "AADSTS65001: The user or administrator has not consented to use the application with ID '00001111-aaaa-2222-bbbb-3333cccc4444' named 'Orders'. Send an interactive authorization request for this user and resource."),
    browser("aadsts65004", "access_denied", "AADSTS65004: User declined to consent to access the app."),
    browser("aadsts65005", "invalid_resource", "AADSTS65005: The application required resource access list does not contain applications discoverable by the resource."),
    token("aadsts70000", 400, "invalid_grant", "AADSTS70000: The provided value for the 'refresh_token' parameter is not valid."),
    token("aadsts70008", 400, "invalid_grant", "AADSTS70008: The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource."),
    token("aadsts70011", 400, "invalid_scope", "AADSTS70011: The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid."),
    token("aadsts70043", 400, "invalid_grant", "AADSTS70043: The refresh token has expired or is invalid due to sign-in frequency checks by conditional access."),
    token("aadsts700082", 400, "invalid_grant", "AADSTS700082: The refresh token has expired due to inactivity. The token was issued on 2026-08-01T12:00:00.0000000Z and was inactive for 90.00:00:00."),
    token("aadsts700084", 400, "invalid_grant", "AADSTS700084: The refresh token was issued to a single page app (SPA), and therefore has a fixed, limited lifetime of 1.00:00:00, which cannot be extended."),
    browser("aadsts75005", "invalid_request", "AADSTS75005: The request is not a valid Saml2 protocol message."),
    browser("aadsts75011", "invalid_request", "AADSTS75011: Authentication method 'X509, MultiFactor' by which the user authenticated with the service doesn't match requested authentication method 'Password, ProtectedTransport'."),
    browser("aadsts90002", "invalid_request", "AADSTS90002: Tenant 'corp.example' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."),
    browser("aadsts90033", "temporarily_unavailable", "AADSTS90033: A transient error has occurred. Please try again."),
    browser("aadsts90072", "access_denied", "AADSTS90072: User account 'guest@partner.example' from identity provider 'https://sts.windows.net/99999999-8888-7777-6666-555555555555/' does not exist in tenant 'Corp' and cannot access the application."),
    browser("aadsts90094", "consent_required", "AADSTS90094: An administrator of Corp has set a policy that prevents you from granting Orders the permissions it is requesting."),
    browser("aadsts500011", "invalid_resource", "AADSTS500011: The resource principal named api://orders was not found in the tenant named Corp."),
    browser("aadsts500208", "access_denied", "AADSTS500208: The domain is not a valid login domain for the account type."),
    browser("aadsts500213", "access_denied", "AADSTS500213: The resource tenant's cross-tenant access policy does not allow this user to access this tenant."),
    browser("aadsts501461", "invalid_request", "AADSTS501461: AcceptMappedClaims is only supported for a token audience matching the application GUID or an audience within the tenant's verified domains."),
    token("aadsts501481", 400, "invalid_grant", "AADSTS501481: The Code_Verifier does not match the code_challenge supplied in the authorization request."),
    browser("aadsts700016", "unauthorized_client", "AADSTS700016: Application with identifier '00001111-aaaa-2222-bbbb-3333cccc4444' was not found in the directory 'Corp'."),
    token("aadsts700025", 401, "invalid_client", "AADSTS700025: Client is public so neither 'client_assertion' nor 'client_secret' should be presented."),
    token("aadsts700027", 401, "invalid_client", "AADSTS700027: Client assertion failed signature validation."),
    browser("aadsts700054", "unsupported_response_type", "AADSTS700054: response_type 'id_token' is not enabled for the application."),
    browser("aadsts7000112", "unauthorized_client", "AADSTS7000112: Application '00001111-aaaa-2222-bbbb-3333cccc4444'(Orders) is disabled."),
    token("aadsts7000215", 401, "invalid_client", "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '00001111-aaaa-2222-bbbb-3333cccc4444'."),
    token("aadsts7000218", 401, "invalid_client", "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'."),
    token("aadsts7000222", 401, "invalid_client", "AADSTS7000222: The provided client secret keys for app '00001111-aaaa-2222-bbbb-3333cccc4444' are expired."),
    browser("aadsts999999", "invalid_request", "AADSTS999999: Something that nobody has met yet."),
];

#[rustfmt::skip]
pub(super) const AZURE_B2C: &[Refusal] = &[
    browser("aadb2c90001", "server_error", "AADB2C90001: This user already exists, and profile 'AAD-UserWriteUsingLogonEmail' does not allow the same user to be created again."),
    browser("aadb2c90006", "invalid_request", "AADB2C90006: The redirect URI 'https://corp.auth.eu-west-1.amazoncognito.com/oauth2/idpresponse' provided in the request is not registered for the client id '00001111-aaaa-2222-bbbb-3333cccc4444'."),
    browser("aadb2c90018", "unauthorized_client", "AADB2C90018: The client id '00001111-aaaa-2222-bbbb-3333cccc4444' specified in the request is not registered in tenant 'customersexample.onmicrosoft.com'."),
    browser("aadb2c90075", "server_error", "AADB2C90075: The claims exchange 'REST-GetRoles' specified in step '4' returned HTTP error response with Code 'InternalServerError' and Reason 'Internal Server Error'."),
    browser("aadb2c90077", "login_required", "AADB2C90077: User does not have an existing session and request prompt parameter has a value of 'none'."),
    browser("aadb2c90080", "invalid_grant", "AADB2C90080: The provided grant has expired. Please re-authenticate and try again. Current time: 1800000000, Grant issued time: 1790000000, Grant sliding window expiration time: 1799999999."),
    browser("aadb2c90081", "invalid_client", "AADB2C90081: The specified client_secret does not match the expected value for this client. Please correct the client_secret and try again."),
    browser("aadb2c90085", "server_error", "AADB2C90085: The service has encountered an internal error. Please reauthenticate and try again."),
    browser("aadb2c90088", "invalid_grant", "AADB2C90088: The provided grant has not been issued for this endpoint. Actual Value : B2C_1_signin and Expected Value : B2C_1_signup"),
    browser("aadb2c90091", "access_denied", "AADB2C90091: The user has cancelled entering self-asserted information."),
    browser("aadb2c90118", "access_denied", "AADB2C90118: The user has forgotten their password."),
    browser("aadb2c90157", "access_denied", "AADB2C90157: User has exceeded the maximum number for retries for a self-asserted step."),
    browser("aadb2c90205", "access_denied", "AADB2C90205: This application does not have sufficient permissions against this web resource to perform the operation."),
    browser("aadb2c90208", "invalid_request", "AADB2C90208: The provided id_token_hint parameter is expired. Please provide another token and try again."),
    browser("aadb2c90225", "access_denied", "AADB2C90225: The username or password provided in the request are invalid."),
    browser("aadb2c90238", "invalid_request", "AADB2C90238: The provided id_token does not contain a valid issuer. Valid issuer values: 'https://login.example/v2.0'. Please provide another token and try again."),
    browser("aadb2c90240", "invalid_request", "AADB2C90240: The provided id_token is malformed and could not be parsed. Please provide another token and try again."),
    browser("aadb2c90244", "temporarily_unavailable", "AADB2C90244: There are too many requests at this moment. Please wait for some time and try again."),
    browser("aadb2c90273", "access_denied", "AADB2C90273: An invalid response was received : 'Error: access_denied,Error Description: The user denied the request'"),
    browser("aadb2c99002", "server_error", "AADB2C99002: User does not exist. Please sign up before you can sign in."),
    browser("aadb2c99059", "invalid_request", "AADB2C99059: The supplied request must present a code_challenge"),
    browser("aadb2c99999", "server_error", "AADB2C99999: Something that nobody has met yet."),
];
