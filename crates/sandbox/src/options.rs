//! What a sandbox is to be like. Where Amazon's documents leave open how Cognito behaves, and a client could tell the
//! difference, a field marked as not documented decides; each of those is a switch of `cogfed sandbox` too.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clock::{Clock, SystemClock};
use crate::misbehaviour::Misbehaviour;
use crate::partition::{Issuer, Partition};
use crate::people::{Person, everyone};
use crate::refusals::Refusal;

/// The stage of the API.
pub const STAGE: &str = "prod";
/// The role of who may do everything with the orders.
pub const ORDERS_ADMIN: &str = "arn:aws:iam::000000000000:role/OrdersAdmin";
/// The role of who may read the orders.
pub const ORDERS_READER: &str = "arn:aws:iam::000000000000:role/OrdersReader";
/// The role of who may read the reports. It may only echo at the API.
pub const REPORTS_READER: &str = "arn:aws:iam::000000000000:role/ReportsReader";
/// The identity pool's default role for who signed in.
pub const AUTHENTICATED: &str = "arn:aws:iam::000000000000:role/SandboxAuthenticated";

/// The app client's refresh token rotation
/// (<https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RefreshTokenRotationType.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// A refresh token serves until it expires.
    Off,
    /// Each refresh gives a new refresh token, and the one that was sent serves for some seconds more.
    On {
        /// `RetryGracePeriodSeconds`, 0 to 60.
        grace: u32,
    },
}

/// How a rule compares a claim with its value
/// (<https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/API_MappingRule.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MatchType {
    /// The claim is the value.
    Equals,
    /// The value is in the claim.
    Contains,
    /// The claim starts with the value.
    StartsWith,
    /// The claim is there and is not the value.
    NotEqual,
}

/// One rule of a role mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The claim's name.
    pub claim: String,
    /// How it is compared.
    pub match_type: MatchType,
    /// With what.
    pub value: String,
    /// The role that it gives.
    pub role_arn: String,
}

impl Rule {
    /// A rule in one line.
    pub fn new(claim: &str, match_type: MatchType, value: &str, role_arn: &str) -> Self {
        Self { claim: claim.into(), match_type, value: value.into(), role_arn: role_arn.into() }
    }
}

/// What happens if a role mapping finds no role, or more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AmbiguousRole {
    /// The identity pool's default role.
    AuthenticatedRole,
    /// No credentials.
    Deny,
}

/// How the identity pool finds the role of a person
/// (<https://docs.aws.amazon.com/cognito/latest/developerguide/role-based-access-control.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoleMapping {
    /// No mapping: everybody gets the default role.
    None,
    /// By the token's claims `cognito:preferred_role` and `cognito:roles`.
    Token(AmbiguousRole),
    /// By rules; the first that matches wins.
    Rules(Vec<Rule>, AmbiguousRole),
}

/// What `Contains` means for a claim that is an array: not documented by AWS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainsOnArrays {
    /// The value is a part of the array written as one text, `[a, b]`.
    Substring,
    /// The value is one of the elements.
    Element,
}

/// What a sandbox is to be like.
#[derive(Clone)]
pub struct Options {
    /// Where the sandbox's time comes from.
    pub clock: Arc<dyn Clock>,
    /// The ports of the redirect URIs that the app client registers, with `localhost` and with `127.0.0.1`.
    pub redirect_ports: Vec<u16>,
    /// The path of those redirect URIs.
    pub redirect_path: String,
    /// Refresh token rotation.
    pub rotation: Rotation,
    /// Lifetime of ID and access tokens, in seconds.
    pub token_lifetime: i64,
    /// Lifetime of refresh tokens from the sign-in on, in seconds.
    pub refresh_token_lifetime: i64,
    /// Lifetime of the identity pool's credentials, in seconds. AWS always gives 3600.
    pub credentials_lifetime: i64,
    /// The misbehaviours that are active from the start, for ever.
    pub misbehaviours: Vec<Misbehaviour>,
    /// What is refused from the start, for ever.
    pub refusals: Vec<Refusal>,
    /// The app client's secrets. None makes it a public client; Cognito allows two.
    pub client_secrets: Vec<String>,
    /// The scopes of the app client.
    pub scopes: Vec<String>,
    /// The issuer that tokens name.
    pub issuer: Issuer,
    /// A plain OIDC issuer is tied to the identity pool, in the user pool's place. Its tokens have the claim `roles`, not
    /// `custom:roles`: the rules of [`Self::role_mapping`] have to say so, as the switch sees to.
    pub plain_issuer: bool,
    /// What changes in a directory reaches the user pool at the next sign-in in the browser, and what the directory does
    /// not send any more stays as it was. Else each change shows in the next tokens.
    pub sticky_attributes: bool,
    /// The partition that it pretends to be in; [`Self::move_to`] takes the roles along.
    pub partition: Partition,
    /// How roles are found.
    pub role_mapping: RoleMapping,
    /// The identity pool's default role for who signed in.
    pub authenticated_role: Option<String>,
    /// The identity pool allows the classic flow, which takes a pool without a role mapping too.
    pub classic_flow: bool,
    /// Who may sign in.
    pub people: Vec<Person>,
    /// The identity pool asks the user pool whether the sign-in was revoked.
    pub server_side_token_check: bool,
    /// What `Contains` means for arrays (not documented).
    pub contains_on_arrays: ContainsOnArrays,
    /// Errors are redirected with the state (documented for one case only).
    pub state_on_errors: bool,
    /// The ID tokens of a refresh keep the nonce (not documented).
    pub nonce_on_refresh: bool,
    /// A refresh token that is used after its grace period ends the whole sign-in (not documented).
    pub reuse_ends_the_sign_in: bool,
    /// A verifier for a code that was asked for without a challenge is refused (not documented; RFC 9700, 2.1.1).
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
            state_on_errors: true,
            nonce_on_refresh: false,
            reuse_ends_the_sign_in: false,
            refuse_needless_verifier: false,
        }
    }
}

impl Options {
    /// Moves the sandbox to another partition, and with it the ARN of each role that these options name.
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
    /// What happens if it finds no role; nothing without a mapping.
    pub(crate) fn ambiguous(&self) -> Option<AmbiguousRole> {
        match self {
            Self::None => None,
            Self::Token(ambiguous) | Self::Rules(_, ambiguous) => Some(*ambiguous),
        }
    }
}
