//! The IAM roles of the sandbox's account, as far as STS looks at them. What they may do is the API's business.

use crate::partition::Partition;

/// One role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// The end of its ARN.
    pub name: &'static str,
    /// The role's maximum session duration, in seconds
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html>).
    pub longest_session: i64,
    /// Whether its trust policy names this identity pool, for who signed in; or another one.
    pub trusts_the_pool: bool,
}

/// What a role has whose maximum nobody changed.
const HOUR: i64 = 3600;

/// The roles.
const ROLES: [Role; 5] = [
    Role { name: "OrdersAdmin", longest_session: 12 * HOUR, trusts_the_pool: true },
    Role { name: "OrdersReader", longest_session: 12 * HOUR, trusts_the_pool: true },
    Role { name: "ReportsReader", longest_session: 12 * HOUR, trusts_the_pool: true },
    Role { name: "SandboxAuthenticated", longest_session: HOUR, trusts_the_pool: true },
    Role { name: "ForeignTrust", longest_session: HOUR, trusts_the_pool: false },
];

/// The role of that ARN, if the sandbox's account has it.
pub fn find(partition: Partition, role_arn: &str) -> Option<Role> {
    ROLES.into_iter().find(|role| partition.role_arn(role.name) == role_arn)
}
