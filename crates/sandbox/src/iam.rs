//! The IAM roles of the sandbox's account, with the attributes that STS checks. Their policies are in
//! [`crate::api_gateway`].

use crate::partition::Partition;

/// An IAM role in the sandbox's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    /// The name of the role, which is the last part of the role's ARN.
    pub name: &'static str,
    /// The role's maximum session duration, in seconds
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html>).
    pub longest_session: i64,
    /// True if the role's trust policy names the sandbox's identity pool; false if it names another pool.
    pub trusts_the_pool: bool,
}

/// The default maximum session duration of a role, in seconds.
const HOUR: i64 = 3600;

/// The IAM roles in the sandbox's account.
const ROLES: [Role; 5] = [
    Role { name: "OrdersAdmin", longest_session: 12 * HOUR, trusts_the_pool: true },
    Role { name: "OrdersReader", longest_session: 12 * HOUR, trusts_the_pool: true },
    Role { name: "ReportsReader", longest_session: 12 * HOUR, trusts_the_pool: true },
    Role { name: "SandboxAuthenticated", longest_session: HOUR, trusts_the_pool: true },
    Role { name: "ForeignTrust", longest_session: HOUR, trusts_the_pool: false },
];

/// Returns the role with the ARN `role_arn` in the sandbox's account, or `None` if there is no such role.
pub fn find(partition: Partition, role_arn: &str) -> Option<Role> {
    ROLES.into_iter().find(|role| partition.role_arn(role.name) == role_arn)
}
