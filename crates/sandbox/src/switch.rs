//! Switches that change the app client, the pools, or behaviour that AWS does not document.

use crate::named::named;
use crate::options::{AmbiguousRole, ContainsOnArrays, Options, RoleMapping};
use crate::partition::{Issuer, Partition};
use crate::random;

named! {
    /// A switch that changes one or more fields of [`Options`].
    Switch, "switch":
    ClientSecret, "client-secret", "give the app client a secret; it is printed";
    UpdatedIssuer, "updated-issuer", "let tokens name the host issuer-cognito-idp as their issuer";
    PlainIssuer, "plain-issuer", "tie a plain OIDC issuer, such as Entra ID, to the identity pool";
    B2cIssuer, "b2c-issuer", "the same with Azure AD B2C, which gives no access token";
    TokenRoles, "token-roles", "choose roles by the claims of user pool groups, not by rules";
    NoRoleMapping, "no-role-mapping", "give everybody the identity pool's default role";
    StickyAttributes, "sticky-attributes", "bring changes of people to the user pool at their next sign-in only";
    DenyAmbiguous, "deny-ambiguous", "give no role where the role mapping finds none (Deny)";
    ClassicFlow, "classic-flow", "allow the classic flow, and have no role mapping";
    GovCloud, "govcloud", "pretend to be in us-gov-west-1 of AWS GovCloud (US)";
    GovCloudFipsIssuer, "govcloud-fips-issuer", "the same, with an issuer at cognito-idp-fips (undocumented)";
    China, "china", "pretend to be in cn-north-1, where AWS has identity pools only";
    ServerSideTokenCheck, "server-side-token-check", "let the identity pool refuse a sign-in that was revoked";
    ContainsElement, "contains-element", "let Contains look for an element of an array (undocumented)";
    UnknownClientPage, "unknown-client-page", "refuse an unknown client without a redirect (undocumented)";
    NoStateOnErrors, "no-state-on-errors", "redirect errors without the state (undocumented)";
    NonceOnRefresh, "nonce-on-refresh", "keep the nonce in ID tokens of a refresh (undocumented)";
    ReuseEndsSignIn, "reuse-ends-sign-in", "end a sign-in whose token is used after its grace (undocumented)";
    RefuseNeedlessVerifier, "refuse-needless-verifier", "refuse a verifier without a challenge (undocumented)";
}

impl Switch {
    /// Applies the switch to `options`. Of two contradicting switches the later one wins.
    pub fn apply(self, options: &mut Options) {
        match self {
            Switch::ClientSecret => options.client_secrets = vec![random::lower_alphanumeric(51)],
            Switch::UpdatedIssuer => options.issuer = Issuer::Updated,
            Switch::PlainIssuer | Switch::B2cIssuer => {
                options.plain_issuer = true;
                options.b2c_issuer = self == Switch::B2cIssuer;
                if let RoleMapping::Rules(rules, _) = &mut options.role_mapping {
                    let claim = if options.b2c_issuer { "extension_roles" } else { "roles" };
                    let mapped = rules.iter_mut().filter(|rule| rule.claim == "custom:roles");
                    mapped.for_each(|rule| rule.claim = claim.into());
                }
            }
            Switch::TokenRoles => {
                let ambiguous = options.role_mapping.ambiguous().unwrap_or(AmbiguousRole::AuthenticatedRole);
                options.role_mapping = RoleMapping::Token(ambiguous);
                for person in &mut options.people {
                    let names = person.roles.iter().filter_map(|role| match role.as_str() {
                        "Orders.Admin" => Some("OrdersAdmin"),
                        "Orders.Read" => Some("OrdersReader"),
                        "Reports.Read" => Some("ReportsReader"),
                        _ => None,
                    });
                    // Each role belongs to a group, and the first group has the best precedence.
                    let groups: Vec<String> = names.map(|name| options.partition.role_arn(name)).collect();
                    person.preferred_iam_role = groups.first().cloned();
                    person.iam_roles.extend(groups);
                }
            }
            Switch::DenyAmbiguous => {
                if let RoleMapping::Token(ambiguous) | RoleMapping::Rules(_, ambiguous) = &mut options.role_mapping {
                    *ambiguous = AmbiguousRole::Deny;
                }
            }
            Switch::ClassicFlow => {
                options.classic_flow = true;
                options.role_mapping = RoleMapping::None;
            }
            Switch::GovCloud => options.move_to(Partition::GovCloud),
            Switch::GovCloudFipsIssuer => {
                options.move_to(Partition::GovCloud);
                options.issuer = Issuer::Fips;
            }
            Switch::China => options.move_to(Partition::China),
            Switch::NoRoleMapping => options.role_mapping = RoleMapping::None,
            Switch::StickyAttributes => options.sticky_attributes = true,
            Switch::ServerSideTokenCheck => options.server_side_token_check = true,
            Switch::ContainsElement => options.contains_on_arrays = ContainsOnArrays::Element,
            Switch::UnknownClientPage => options.unknown_client_page = true,
            Switch::NoStateOnErrors => options.state_on_errors = false,
            Switch::NonceOnRefresh => options.nonce_on_refresh = true,
            Switch::ReuseEndsSignIn => options.reuse_ends_the_sign_in = true,
            Switch::RefuseNeedlessVerifier => options.refuse_needless_verifier = true,
        }
    }
}
