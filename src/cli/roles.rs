//! `cogfed roles`: its flags and the sections of its help.

use std::path::PathBuf;

use clap::Args;

use super::{ProfileFlag, RoleFlag};

/// Show which roles a sign-in leads to, and why
///
/// Shows what the directory asserted, the IAM roles that it can lead to, for which of them there are credentials, and
/// which one was given. Asks the store, and AWS STS whose the credentials are that are at hand; renews nothing.
///
/// With --explain it evaluates the identity pool's role mapping over the claims, rule by rule, and tells the outcome,
/// how far that is certain, and what about the mapping deserves a second look. With --mapping and --claims that needs
/// no profile, no sign-in and no network.
#[derive(Debug, Args)]
#[command(after_long_help = SECTIONS)]
pub struct Roles {
    /// The profile's flag.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// The role's flag.
    #[command(flatten)]
    pub role: RoleFlag,
    /// Print JSON on the standard output
    #[arg(long)]
    pub json: bool,
    /// Evaluate the identity pool's role mapping, and tell why it gives which role
    #[arg(long)]
    pub explain: bool,
    /// Take the role mapping from a file: what 'aws cognito-identity get-identity-pool-roles' prints; - is the standard
    /// input
    ///
    /// Without it, --explain asks the service, signed with an administrator's own AWS credentials: AWS_ACCESS_KEY_ID,
    /// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Those that an identity pool issues may not ask.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Take the claims from a file, not from the sign-in: a JSON object, or an ID token; - is the standard input
    ///
    /// The signature of a token is not verified. A member scope, as of an access token, tells what its owner may do.
    #[arg(long, value_name = "FILE", requires = "explain")]
    pub claims: Option<PathBuf>,
    /// The entry of RoleMappings to evaluate, where the claims' iss and aud do not tell
    #[arg(long, value_name = "KEY", requires = "explain")]
    pub provider: Option<String>,
    /// End with status 1 unless this role is given, and certainly so
    #[arg(long, value_name = "ARN", requires = "explain")]
    pub expect: Option<String>,
    /// End with status 1 if there are warnings, or the outcome is not certain
    #[arg(long, requires = "explain")]
    pub strict: bool,
}

const SECTIONS: &str = "\
EXAMPLES
  cogfed roles
        which roles the sign-in leads to, and which one was given
  cogfed roles --explain --mapping pool.json
        why, by the identity pool's rules

  An administrator gets the mapping so, or lets cogfed ask with the same keys:
    aws cognito-identity get-identity-pool-roles \\
        --identity-pool-id eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE

  A pipeline checks a mapping before it is deployed, without a profile:
    cogfed roles --explain --claims alice.json --mapping pool.json \\
        --expect arn:aws:iam::123456789012:role/OrdersAdmin --strict

WHAT IS CERTAIN
  AWS documents that rules are tried in their order, that the first match wins,
  and that NotEqual does not match a missing claim. Where it leaves something
  open (arrays, letter case, other types, a role that is asked for), cogfed
  evaluates every reading. If they lead to different outcomes, it says that the
  outcome is not certain, and what the other one would be. Nor is it certain if
  the token is from another provider, unless --provider says that this does not
  matter, or if the profile asks by the classic flow.

FINDINGS
  Warnings:
  value_in_another_name
        a value of Contains is a part of another role's name
  unreachable_rule
        earlier rules match whenever this one does
  value_is_encoded
        the user pool form-encodes the value once there are several
  list_in_brackets
        Equals, StartsWith or NotEqual on a claim that is a list (a note, as
        long as it is none)
  claim_hidden_by_scopes
        the scopes keep the claim out of the token
  claim_writable_by_owner
        the scope aws.cognito.signin.user.admin lets a person write the claim
  group_overage
        more groups than the directory puts into a token
  too_many_rules
        more than the 25 that AWS takes
  other_provider
        the token is from another provider than the mapping is for
  other_identity_pool
        the mapping is that of another identity pool than the profile's
  classic_flow
        the profile asks by the classic flow, to which no mapping applies

  Notes:
  several_rules_match
        with other roles than the one that wins
  attribute_may_be_stale
        the user pool keeps an attribute that the directory no longer sends

JSON
  With --json: profile, person, identity_provider, asserted (roles by claim,
  groups, iam_roles, preferred_role, group_overage), can_lead_to (role_arn,
  named_by, credentials), given (account, arn) or not_known.

  With --explain --json: profile, identity_pool_id, provider, provider_chosen_by
  (token, flag, only or none), type, ambiguous_role_resolution, custom_role,
  asserted, rules (number, claim, match_type, value, role_arn, result, decides,
  certain, why), outcome (role, denied or no_role), role_arn, why, certain,
  doubts (questions, if, outcome, role_arn), findings (severity, code, rule,
  text).

EXIT STATUS
  0    somebody is signed in; with --explain, a role is given
  1    with --expect: another role is given, or it is not certain; with
       --strict: there are warnings, or the outcome is not certain
  2    the command line, the configuration or a file is wrong
  3    nobody is signed in
  4    the store failed
  5    the network failed, when the service was asked for the mapping
  6    with --explain, no role is given; or the service refused the mapping
";
