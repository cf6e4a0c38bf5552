//! `cogfed roles`: its flags and the sections of its help.

use std::path::PathBuf;

use clap::Args;

use super::{ProfileFlag, RoleFlag};

/// Show which roles a sign-in leads to, and why
///
/// Shows what the directory asserted, the IAM roles that it can lead to, the ones with credentials in the store, and the
/// role that was given. Reads the store and asks AWS STS which role the stored credentials belong to. Renews nothing.
///
/// With --explain it evaluates the identity pool's role mapping for the claims, rule by rule. It shows the outcome, whether
/// that is certain, and which parts of the mapping deserve a check. With --mapping and --claims it needs no profile, no
/// sign-in and no network.
#[derive(Debug, Args)]
#[command(after_long_help = SECTIONS)]
pub struct Roles {
    /// The profile's flag.
    #[command(flatten)]
    pub profile: ProfileFlag,
    /// The role's flag.
    #[command(flatten)]
    pub role: RoleFlag,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Evaluate the identity pool's role mapping, and explain why it gives which role
    #[arg(long)]
    pub explain: bool,
    /// Read the role mapping from a file, the output of 'aws cognito-identity get-identity-pool-roles'; - is standard input
    ///
    /// The output of other SDKs, a CloudFormation template in JSON, and the JSON of 'terraform show' and 'pulumi stack
    /// export' work as well. Without this flag, --explain asks the service with an administrator's own AWS credentials:
    /// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. Those that an identity pool issues are not allowed
    /// to ask.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Read the claims from a file, not from the sign-in: a JSON object, or an ID token; - is standard input
    ///
    /// An answer with an ID token in it works as well, such as that of 'aws cognito-idp initiate-auth'. Other documents
    /// and other tokens are refused. The signature is not verified. A member scope, as of an access token, shows what its
    /// owner can do.
    #[arg(long, value_name = "FILE", requires = "explain")]
    pub claims: Option<PathBuf>,
    /// Evaluate this entry of RoleMappings, if the claims' iss and aud do not tell which one applies
    #[arg(long, value_name = "KEY", requires = "explain")]
    pub provider: Option<String>,
    /// Exit with status 1 unless this role is given, and certainly so
    #[arg(long, value_name = "ARN", requires = "explain")]
    pub expect: Option<String>,
    /// Exit with status 1 if there are warnings, or the outcome is not certain
    #[arg(long, requires = "explain")]
    pub strict: bool,
}

const SECTIONS: &str = "\
EXAMPLES
  cogfed roles
        which roles the sign-in leads to, and which one was given
  cogfed roles --explain --mapping pool.json
        why, by the identity pool's rules

  An administrator gets the mapping like this, or lets cogfed ask with the same
  keys:
    aws cognito-identity get-identity-pool-roles \\
        --identity-pool-id eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE

  A pipeline checks a mapping before it is deployed, without a profile:
    cogfed roles --explain --claims alice.json --mapping pool.json \\
        --expect arn:aws:iam::123456789012:role/OrdersAdmin --strict

WHAT IS CERTAIN
  AWS documents that rules are tried in order, that the first match wins, and
  that NotEqual does not match a missing claim. Where it leaves something open
  (arrays, letter case, other types, a requested role, a preferred role that is
  not an ARN, a role of another account), cogfed evaluates every reading. If
  they lead to different outcomes, it says that the outcome is not certain, and
  what the other one would be. The outcome is not certain either if the token is
  from another provider and --provider is not given, if the profile uses the
  classic flow, or if cognito:groups is a text, as no ID token has it.

FINDINGS
  Warnings:
  value_in_another_name
        a value of Contains is part of another role's name
  unreachable_rule
        earlier rules match everything that this one does
  claim_of_another_spelling
        the token has no such claim, but one of a similar name
  value_of_another_spelling
        the claim differs from the value only in white space, letter case,
        characters that look alike, quotation marks or the encoding
  several_values_in_one_text
        a list was flattened with commas, semicolons, bars, blanks or the like
        (a note if no rule is affected)
  value_is_encoded
        the user pool form-encodes the value once there are several
  list_in_brackets
        Equals, StartsWith or NotEqual on a claim that is a list (a note if it
        is no list yet)
  claim_hidden_by_scopes
        the scopes keep the claim out of the token
  claim_writable_by_owner
        with the scope aws.cognito.signin.user.admin a person can write the
        claim
  group_overage
        more groups than the directory puts into a token
  too_many_rules
        more than the 25 that AWS accepts
  malformed_preferred_role
        cognito:preferred_role is not the ARN of a role
  role_of_another_account
        the identity pool's other roles are in another account
  other_provider
        the token is from another provider than the mapping is for
  other_identity_pool
        the mapping is of another identity pool than the profile's
  classic_flow
        the profile uses the classic flow, to which no mapping applies

  Notes:
  several_rules_match
        with other roles than the one that is given
  attribute_may_be_stale
        the user pool keeps an attribute that the directory no longer sends

JSON
  With --json: profile, person, identity_provider, asserted (roles and
  attributes by claim, groups, iam_roles, preferred_role, group_overage),
  can_lead_to (role_arn, named_by, credentials), given (account, arn, default)
  or not_known. The member default is null without --mapping.

  With --explain --json: profile, identity_pool_id, provider, provider_chosen_by
  (token, flag, only or none), type, ambiguous_role_resolution, custom_role,
  asserted, rules (number, claim, match_type, value, role_arn, result, decides,
  certain, why), outcome (role, denied or no_role), role_arn, why, certain,
  as_expected (null without --expect), doubts (questions, if, outcome,
  role_arn), findings (severity, code, rule, text).

EXIT STATUS
  0    a person is signed in; with --explain, a role is given
  1    with --expect: another role is given, or it is not certain; with
       --strict: there are warnings, or the outcome is not certain
  2    the command line, the configuration or a file is wrong
  3    nobody is signed in
  4    the store failed
  5    the network failed while the service was asked for the mapping
  6    with --explain, no role is given; or the service refused the mapping
";
