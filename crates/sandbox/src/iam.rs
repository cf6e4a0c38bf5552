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
    /// The names of the roles whose sessions may assume this role, according to its trust policy. The account's
    /// administrator may assume each role that any other role may assume.
    pub trusts: &'static [&'static str],
    /// The external id (`sts:ExternalId`) that callers must send to assume this role, or `None` if the role's trust
    /// policy demands no external id
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html>).
    pub external_id: Option<&'static str>,
}

impl Role {
    const fn of_the_pool(name: &'static str, longest_session: i64) -> Self {
        Self { name, longest_session, trusts_the_pool: true, trusts: &[], external_id: None }
    }
}

/// The default maximum session duration of a role, in seconds.
const HOUR: i64 = 3600;

/// The IAM roles in the sandbox's account.
const ROLES: [Role; 7] = [
    Role::of_the_pool("OrdersAdmin", 12 * HOUR),
    Role::of_the_pool("OrdersReader", 12 * HOUR),
    Role::of_the_pool("ReportsReader", 12 * HOUR),
    Role::of_the_pool("SandboxAuthenticated", HOUR),
    Role { trusts_the_pool: false, ..Role::of_the_pool("ForeignTrust", HOUR) },
    Role { trusts_the_pool: false, trusts: &["OrdersAdmin"], ..Role::of_the_pool("OrdersDeploy", 2 * HOUR) },
    Role {
        trusts_the_pool: false,
        trusts: &["OrdersAdmin", "OrdersReader"],
        external_id: Some("orders-audit"),
        ..Role::of_the_pool("OrdersAudit", HOUR)
    },
];

/// Returns the role with the ARN `role_arn` in the sandbox's account, or `None` if there is no such role.
pub fn find(partition: Partition, role_arn: &str) -> Option<Role> {
    ROLES.into_iter().find(|role| partition.role_arn(role.name) == role_arn)
}
