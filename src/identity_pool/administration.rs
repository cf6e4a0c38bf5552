//! The API call that reads an identity pool's role mapping with an administrator's AWS credentials. The call is signed
//! with the administrator's own AWS credentials, because those from an identity pool are never allowed to make it
//! (<https://docs.aws.amazon.com/cognito/latest/developerguide/iam-roles.html>).

use std::iter;
use std::time::SystemTime;

use aws_credential_types::Credentials as AwsCredentials;
use aws_sdk_cognitoidentity::Client;
use aws_sdk_cognitoidentity::config::SharedCredentialsProvider;
use aws_sdk_cognitoidentity::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cognitoidentity::operation::get_identity_pool_roles::GetIdentityPoolRolesOutput;
use aws_smithy_async::time::StaticTimeSource;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::PoolConfig;
use crate::error::{Failure, Kind, shortened};
use crate::http::Http;
use crate::role_mapping::IdentityPoolRoles;
use crate::secret::{Redactor, Secret};

/// The maximum length of an AWS answer that a message quotes, in characters.
const LONGEST: usize = 400;

/// An administrator's own AWS credentials, from the environment.
pub struct Administrator {
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Option<Secret>,
}

impl Administrator {
    /// Reads the credentials from the standard AWS environment variables. Returns `None` unless both the access key id
    /// and the secret access key are set.
    pub fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        Some(Self {
            access_key_id: given("AWS_ACCESS_KEY_ID")?,
            secret_access_key: given("AWS_SECRET_ACCESS_KEY").map(Secret::new)?,
            session_token: given("AWS_SESSION_TOKEN").map(Secret::new),
        })
    }

    /// Returns the roles and role mappings of an identity pool (`GetIdentityPoolRoles`). `time` is the current time by
    /// the server's clock, for the signature.
    ///
    /// # Errors
    /// [`Kind::Refused`] if these credentials may not read the role mapping, [`Kind::Network`] if the service gives no
    /// usable answer.
    pub async fn pool_roles(
        &self,
        pool: &PoolConfig<'_>,
        http: &Http,
        time: DateTime<Utc>,
    ) -> Result<IdentityPoolRoles, Failure> {
        let credentials = AwsCredentials::new(
            &self.access_key_id,
            self.secret_access_key.expose(),
            self.session_token.as_ref().map(|token| token.expose().to_owned()),
            None,
            "environment",
        );
        let config = pool
            .sdk_config(http)
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .time_source(StaticTimeSource::new(SystemTime::from(time)));
        let client = Client::from_conf(config.build());
        let request = client.get_identity_pool_roles().identity_pool_id(pool.id);
        let secrets = || iter::once(&self.secret_access_key).chain(&self.session_token);
        let answer = request.send().await.map_err(|error| match &error {
            SdkError::ServiceError(context)
                if is_about_the_asker(context.err().code(), context.raw().status().as_u16()) =>
            {
                let (code, message) = (context.err().code(), context.err().message());
                let message = Redactor::of(secrets()).redact(message.unwrap_or_default());
                refused(code.unwrap_or_default(), &message, pool.id)
            }
            _ => pool.identity_pool().with_secrets(secrets()).failure(&error, http, |_, _| None),
        })?;
        let source = format!("the answer of {}", pool.endpoint);
        IdentityPoolRoles::read(&document(&answer).to_string(), &source).map_err(|failure| Failure {
            kind: Kind::Network,
            hint: None,
            ..failure
        })
    }
}

/// Returns whether AWS refused a call because of the caller's credentials, rather than because of the request or the
/// service.
fn is_about_the_asker(code: Option<&str>, status: u16) -> bool {
    let others =
        ["ResourceNotFoundException", "InvalidParameterException", "TooManyRequestsException", "ThrottlingException"];
    status < 500 && code.is_some_and(|code| !others.contains(&code))
}

fn refused(code: &str, message: &str, pool: &str) -> Failure {
    let said = shortened(&format!("{code}: {message}"), LONGEST);
    Failure::new(
        Kind::Refused,
        format!("the AWS credentials in the environment may not read the role mapping of {pool} ({said})"),
    )
    .hint(
        "use an administrator's own, with cognito-identity:GetIdentityPoolRoles; those that an identity pool issues never have it",
    )
}

/// Converts the API's answer to the JSON that the AWS CLI prints. All mappings can then be parsed and checked in one
/// place.
fn document(answer: &GetIdentityPoolRolesOutput) -> Value {
    let mapping = |mapping: &aws_sdk_cognitoidentity::types::RoleMapping| {
        let rules = mapping.rules_configuration().map(|configuration| {
            let rule = |rule: &aws_sdk_cognitoidentity::types::MappingRule| {
                json!({
                    "Claim": rule.claim(),
                    "MatchType": rule.match_type().as_str(),
                    "Value": rule.value(),
                    "RoleARN": rule.role_arn(),
                })
            };
            json!({ "Rules": configuration.rules().iter().map(rule).collect::<Vec<_>>() })
        });
        json!({
            "Type": mapping.r#type().as_str(),
            "AmbiguousRoleResolution": mapping.ambiguous_role_resolution().map(|resolution| resolution.as_str()),
            "RulesConfiguration": rules,
        })
    };
    let mappings = answer.role_mappings().into_iter().flatten();
    json!({
        "IdentityPoolId": answer.identity_pool_id(),
        "Roles": answer.roles().cloned().unwrap_or_default(),
        "RoleMappings": mappings.map(|(provider, found)| (provider.clone(), mapping(found))).collect::<serde_json::Map<_, _>>(),
    })
}
