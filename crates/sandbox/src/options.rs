//! The options of a sandbox. A field marked "not documented" decides a behaviour that a client could notice and that
//! AWS does not document. Each of these fields is also a switch of `cogfed sandbox`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::{Clock, SystemClock};
use crate::misbehaviour::Misbehaviour;
use crate::partition::{Issuer, Partition};
use crate::people::{Person, everyone};
use crate::refusals::Refusal;

/// The deployment stage of the sandbox's API.
pub const STAGE: &str = "prod";
/// The ARN of the role that may do everything with orders.
pub const ORDERS_ADMIN: &str = "arn:aws:iam::000000000000:role/OrdersAdmin";
/// The ARN of the role that may read orders.
pub const ORDERS_READER: &str = "arn:aws:iam::000000000000:role/OrdersReader";
/// The ARN of the role for people who read reports. At the API it may only call `/echo`.
pub const REPORTS_READER: &str = "arn:aws:iam::000000000000:role/ReportsReader";
/// The ARN of the role for deployments, which sessions of [`ORDERS_ADMIN`] may assume. It may do everything with
/// orders.
pub const ORDERS_DEPLOY: &str = "arn:aws:iam::000000000000:role/OrdersDeploy";
/// The ARN of the role for audits, which sessions of [`ORDERS_ADMIN`] and [`ORDERS_READER`] may assume if they send the
/// external id `orders-audit`. It may read orders.
pub const ORDERS_AUDIT: &str = "arn:aws:iam::000000000000:role/OrdersAudit";
/// The ARN of the identity pool's default role for signed-in people.
pub const AUTHENTICATED: &str = "arn:aws:iam::000000000000:role/SandboxAuthenticated";

/// The app client's refresh token rotation
/// (<https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RefreshTokenRotationType.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// A refresh token works until it expires.
    Off,
    /// Each refresh issues a new refresh token. The previous one keeps working for some seconds.
    On {
        /// The grace period in seconds, 0 to 60 (`RetryGracePeriodSeconds`).
        grace: u32,
    },
}

/// The operator that compares a claim with a rule's value
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_MappingRule.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MatchType {
    /// The claim equals the value.
    Equals,
    /// The claim contains the value.
    Contains,
    /// The claim starts with the value.
    StartsWith,
    /// The claim exists and differs from the value.
    NotEqual,
}

/// One rule of a role mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The claim's name.
    pub claim: String,
    /// The operator that compares the claim with the value.
    pub match_type: MatchType,
    /// The value to compare the claim with.
    pub value: String,
    /// The role that the rule assigns.
    pub role_arn: String,
}

impl Rule {
    /// Returns a rule that assigns `role_arn` if `match_type` holds for `claim` and `value`.
    pub fn new(claim: &str, match_type: MatchType, value: &str, role_arn: &str) -> Self {
        Self { claim: claim.into(), match_type, value: value.into(), role_arn: role_arn.into() }
    }
}

/// The identity pool's behaviour if a role mapping yields no role or several roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AmbiguousRole {
    /// The person gets the identity pool's default role.
    AuthenticatedRole,
    /// The person gets no credentials.
    Deny,
}

/// The method by which the identity pool chooses a person's role
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleMapping {
    /// No mapping: everyone gets the identity pool's default role.
    None,
    /// The token's claims `cognito:preferred_role` and `cognito:roles` choose the role.
    Token(AmbiguousRole),
    /// Rules choose the role; the first matching rule wins.
    Rules(Vec<Rule>, AmbiguousRole),
}

/// The meaning of the operator `Contains` for a claim that is an array (not documented by AWS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainsOnArrays {
    /// The rule's value must be a substring of the array's text form, such as `[a, b]`.
    Substring,
    /// The value must equal one of the array's elements.
    Element,
}

/// The options of a sandbox.
#[derive(Clone)]
pub struct Options {
    /// The clock that gives the sandbox its time.
    pub clock: Arc<dyn Clock>,
    /// The ports of the redirect URIs that are registered with the app client. Each port is registered for `localhost`
    /// and for `127.0.0.1`.
    pub redirect_ports: Vec<u16>,
    /// The path of the redirect URIs registered with the app client.
    pub redirect_path: String,
    /// The app client's refresh token rotation.
    pub rotation: Rotation,
    /// The lifetime of ID and access tokens, in seconds.
    pub token_lifetime: i64,
    /// The lifetime of refresh tokens, counted from the sign-in, in seconds.
    pub refresh_token_lifetime: i64,
    /// The lifetime of the identity pool's credentials, in seconds. AWS always gives 3600.
    pub credentials_lifetime: i64,
    /// The misbehaviours that are active from the start, for any number of requests.
    pub misbehaviours: Vec<Misbehaviour>,
    /// The refusals that are active from the start, for any number of requests.
    pub refusals: Vec<Refusal>,
    /// The app client's secrets. Without a secret, the app client is public. Cognito allows two secrets.
    pub client_secrets: Vec<String>,
    /// The OAuth scopes that the app client may request.
    pub scopes: Vec<String>,
    /// The URL format of the issuer in the user pool's tokens.
    pub issuer: Issuer,
    /// True if the identity pool accepts a plain OpenID Connect issuer instead of the user pool. The issuer's tokens
    /// have the claim `roles`, not `custom:roles`, so the rules of [`Self::role_mapping`] must use `roles`.
    /// [`Switch::PlainIssuer`](crate::Switch) sets this option and changes the rules.
    pub plain_issuer: bool,
    /// True if the plain issuer simulates Azure AD B2C instead of Entra ID. Then customers sign in at the issuer, and
    /// its tokens have the claims of a B2C user flow. Its answers have an access token only if the client asked for its
    /// own id as a scope.
    pub b2c_issuer: bool,
    /// The length of authorization codes, in characters. `None` stands for the usual length at the simulated service.
    /// B2C's codes hold encrypted claims, and become several thousand characters long.
    pub code_length: Option<usize>,
    /// True if a change of a person's attributes reaches the user pool only at the next sign-in in the browser.
    /// Attributes that the directory no longer sends then keep their value. If false, the next tokens show each change.
    pub sticky_attributes: bool,
    /// The AWS partition of the sandbox. [`Self::move_to`] changes it together with the ARNs of roles.
    pub partition: Partition,
    /// The method by which the identity pool chooses roles.
    pub role_mapping: RoleMapping,
    /// The ARN of the identity pool's default role for signed-in people.
    pub authenticated_role: Option<String>,
    /// True if the identity pool allows the classic flow. That flow works only if the pool has no role mapping.
    pub classic_flow: bool,
    /// The people who can sign in.
    pub people: Vec<Person>,
    /// True if the identity pool checks with the user pool that the sign-in was not revoked.
    pub server_side_token_check: bool,
    /// The meaning of the operator `Contains` for array claims (not documented by AWS).
    pub contains_on_arrays: ContainsOnArrays,
    /// True if an authorization request with an unknown client id gets the error page directly, not a redirect to the
    /// error page (not documented by AWS).
    pub unknown_client_page: bool,
    /// True if error redirects include the parameter `state`. AWS documents this parameter for only one kind of error.
    pub state_on_errors: bool,
    /// True if a refreshed ID token keeps the nonce of the sign-in (not documented by AWS).
    pub nonce_on_refresh: bool,
    /// True if the user pool revokes the whole sign-in when a rotated refresh token is used after its grace period (not
    /// documented by AWS).
    pub reuse_ends_the_sign_in: bool,
    /// True if the token endpoint refuses a PKCE verifier unless the code was requested with a challenge (not
    /// documented; RFC 9700, 2.1.1).
    pub refuse_needless_verifier: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            redirect_ports: vec![8400, 8401, 8402],
            redirect_path: "/callback".into(),
            rotation: Rotation::Off,
            token_lifetime: 3600,
            refresh_token_lifetime: 30 * 24 * 3600,
            credentials_lifetime: 3600,
            misbehaviours: Vec::new(),
            refusals: Vec::new(),
            client_secrets: Vec::new(),
            scopes: ["openid", "email", "profile"].map(String::from).to_vec(),
            issuer: Issuer::Original,
            plain_issuer: false,
            b2c_issuer: false,
            code_length: None,
            sticky_attributes: false,
            partition: Partition::Aws,
            role_mapping: RoleMapping::Rules(
                vec![
                    Rule::new("custom:roles", MatchType::Contains, "Orders.Admin", ORDERS_ADMIN),
                    Rule::new("custom:roles", MatchType::Contains, "Orders.Read", ORDERS_READER),
                    Rule::new("custom:roles", MatchType::Contains, "Reports.Read", REPORTS_READER),
                ],
                AmbiguousRole::AuthenticatedRole,
            ),
            authenticated_role: Some(AUTHENTICATED.into()),
            classic_flow: false,
            people: everyone(),
            server_side_token_check: false,
            contains_on_arrays: ContainsOnArrays::Substring,
            unknown_client_page: false,
            state_on_errors: true,
            nonce_on_refresh: false,
            reuse_ends_the_sign_in: false,
            refuse_needless_verifier: false,
        }
    }
}

impl Options {
    /// Moves the sandbox to `partition`, and changes each role ARN in these options to match.
    pub fn move_to(&mut self, partition: Partition) {
        let (from, to) = (self.partition.role_arn(""), partition.role_arn(""));
        let moved = |role_arn: &mut String| {
            if let Some(name) = role_arn.strip_prefix(&from) {
                *role_arn = format!("{to}{name}");
            }
        };
        if let RoleMapping::Rules(rules, _) = &mut self.role_mapping {
            rules.iter_mut().for_each(|rule| moved(&mut rule.role_arn));
        }
        self.authenticated_role.iter_mut().for_each(moved);
        for person in &mut self.people {
            person.iam_roles.iter_mut().chain(&mut person.preferred_iam_role).for_each(moved);
        }
        self.partition = partition;
    }
}

impl RoleMapping {
    /// Returns the identity pool's behaviour if the role mapping yields no role or several roles. Returns `None` if
    /// there is no role mapping.
    pub(crate) fn ambiguous(&self) -> Option<AmbiguousRole> {
        match self {
            Self::None => None,
            Self::Token(ambiguous) | Self::Rules(_, ambiguous) => Some(*ambiguous),
        }
    }
}
