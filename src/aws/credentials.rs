//! Temporary AWS credentials, and the JSON document with which a `credential_process` passes them to the AWS SDKs.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::secret::{self, Secret};

/// Temporary AWS credentials, as AWS issued them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The access key id, `ASIA…`. It is not secret by itself, since every signed request contains it.
    pub access_key_id: String,
    /// The secret access key, which signs requests.
    pub secret_access_key: Secret,
    /// The token that accompanies every signed request.
    pub session_token: Secret,
    /// The time at which the credentials expire.
    pub expires: DateTime<Utc>,
}

/// The JSON output of a `credential_process`, in the format that the AWS SDKs read
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html>).
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProcessDocument<'a> {
    version: u8,
    access_key_id: &'a str,
    #[serde(serialize_with = "secret::exposed")]
    secret_access_key: &'a Secret,
    #[serde(serialize_with = "secret::exposed")]
    session_token: &'a Secret,
    expiration: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a str>,
}

impl Credentials {
    /// Returns the `credential_process` document (version 1) as one line of JSON that ends with a newline. `account_id`
    /// is the AWS account of the role, if it is known.
    pub fn process_document(&self, account_id: Option<&str>) -> Secret {
        let document = ProcessDocument {
            version: 1,
            access_key_id: &self.access_key_id,
            secret_access_key: &self.secret_access_key,
            session_token: &self.session_token,
            expiration: self.expires.to_rfc3339_opts(SecondsFormat::Secs, true),
            account_id,
        };
        let mut line = serde_json::to_string(&document).expect("a struct of strings and a number always serializes");
        line.push('\n');
        Secret::new(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credential_process_document_equals_the_one_in_the_aws_specification() {
        let credentials = Credentials {
            access_key_id: "ASIAEXAMPLE".into(),
            secret_access_key: Secret::new("key/with+signs"),
            session_token: Secret::new("token=="),
            expires: DateTime::from_timestamp(1_795_352_400, 0).unwrap(),
        };
        assert_eq!(
            credentials.process_document(Some("123456789012")).expose(),
            concat!(
                r#"{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"key/with+signs","SessionToken":"token==","#,
                r#""Expiration":"2026-11-22T13:00:00Z","AccountId":"123456789012"}"#,
                "\n"
            )
        );
        assert!(!credentials.process_document(None).expose().contains("AccountId"));
    }
}
