//! The other ways that Cognito may be: how an app client or a pool can be set up, and what Amazon's documents leave open.

use crate::sandbox::named::named;
use crate::sandbox::options::{
    AmbiguousRole, ContainsOnArrays, Issuer, ORDERS_ADMIN, ORDERS_READER, Options, RoleMapping,
};
use crate::sandbox::random;

named! {
    /// One of them; each changes a field of [`Options`].
    Switch,
    ClientSecret, "client-secret", "give the app client a secret; it is printed";
    UpdatedIssuer, "updated-issuer", "let tokens name the host issuer-cognito-idp as their issuer";
    PlainIssuer, "plain-issuer", "tie a plain OIDC issuer, such as Entra ID, to the identity pool";
    TokenRoles, "token-roles", "choose roles by the claims of user pool groups, not by rules";
    NoRoleMapping, "no-role-mapping", "give everybody the identity pool's default role";
    StickyAttributes, "sticky-attributes", "bring changes of people to the user pool at their next sign-in only";
    ServerSideTokenCheck, "server-side-token-check", "let the identity pool refuse a sign-in that was revoked";
    ContainsElement, "contains-element", "let Contains look for an element of an array (undocumented)";
    NoStateOnErrors, "no-state-on-errors", "redirect errors without the state (undocumented)";
    NonceOnRefresh, "nonce-on-refresh", "keep the nonce in ID tokens of a refresh (undocumented)";
    ReuseEndsSignIn, "reuse-ends-sign-in", "end a sign-in whose token is used after its grace (undocumented)";
    RefuseNeedlessVerifier, "refuse-needless-verifier", "refuse a verifier without a challenge (undocumented)";
}

impl Switch {
    /// Changes `options` as the switch says. Of two that contradict each other the later one holds.
    pub fn apply(self, options: &mut Options) {
        match self {
            Switch::ClientSecret => options.client_secrets = vec![random::lower_alphanumeric(51)],
            Switch::UpdatedIssuer => options.issuer = Issuer::Updated,
            Switch::PlainIssuer => {
                options.plain_issuer = true;
                if let RoleMapping::Rules(rules, _) = &mut options.role_mapping {
                    let mapped = rules.iter_mut().filter(|rule| rule.claim == "custom:roles");
                    mapped.for_each(|rule| rule.claim = "roles".into());
                }
            }
            Switch::TokenRoles => {
                options.role_mapping = RoleMapping::Token(AmbiguousRole::AuthenticatedRole);
                for person in &mut options.people {
                    let group = person.roles.iter().find_map(|role| match role.as_str() {
                        "Orders.Admin" => Some(ORDERS_ADMIN.to_owned()),
                        "Orders.Read" => Some(ORDERS_READER.to_owned()),
                        _ => None,
                    });
                    person.iam_roles.extend(group.clone());
                    person.preferred_iam_role = group;
                }
            }
            Switch::NoRoleMapping => options.role_mapping = RoleMapping::None,
            Switch::StickyAttributes => options.sticky_attributes = true,
            Switch::ServerSideTokenCheck => options.server_side_token_check = true,
            Switch::ContainsElement => options.contains_on_arrays = ContainsOnArrays::Element,
            Switch::NoStateOnErrors => options.state_on_errors = false,
            Switch::NonceOnRefresh => options.nonce_on_refresh = true,
            Switch::ReuseEndsSignIn => options.reuse_ends_the_sign_in = true,
            Switch::RefuseNeedlessVerifier => options.refuse_needless_verifier = true,
        }
    }
}
