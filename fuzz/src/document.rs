//! The document that `credential-process` prints, made from an identity pool's answer with arbitrary texts.
//!
//! The input's fields are the access key id, the secret key, the session token, the expiry in seconds and the account.
//! They are separated by U+0001.

use chrono::DateTime;
use cogfed::aws::Credentials;
use cogfed::secret::Secret;
use serde_json::Value;

/// Checks that the document is one line of JSON with the given values and nothing else.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut fields = text.split('\u{1}');
    let mut next = || fields.next().unwrap_or_default();
    let (id, key, token) = (next(), next(), next());
    let Some(expires) = next().trim().parse::<i64>().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0))
    else {
        return;
    };
    let account = Some(next()).filter(|account| !account.is_empty());
    let credentials = Credentials {
        access_key_id: id.to_owned(),
        secret_access_key: Secret::new(key),
        session_token: Secret::new(token),
        expires,
    };
    let document = credentials.process_document(account);
    let line = document.expose().strip_suffix('\n').expect("a whole line");
    assert!(!line.contains(['\n', '\r']), "one line");
    let read: Value = serde_json::from_str(line).expect("JSON");
    assert_eq!(read["Version"], 1);
    assert_eq!(read["AccessKeyId"], id);
    assert_eq!(read["SecretAccessKey"], key);
    assert_eq!(read["SessionToken"], token);
    assert_eq!(read.get("AccountId").and_then(Value::as_str), account);
    assert_eq!(read.as_object().map(|object| object.len()), Some(5 + usize::from(account.is_some())));
    let expiration = read["Expiration"].as_str().expect("a text");
    assert!(expiration.ends_with('Z'), "{expiration}");
    let again = DateTime::parse_from_rfc3339(expiration);
    assert!(again.is_ok_and(|again| again == expires) || !(0..=9999).contains(&year(expires)), "{expiration}");
    let unnamed = Credentials { access_key_id: String::new(), ..credentials };
    let hidden = Credentials { secret_access_key: Secret::new(""), session_token: Secret::new(""), ..unnamed.clone() };
    assert_eq!(format!("{unnamed:?}"), format!("{hidden:?}"), "a secret in Debug");
}

fn year(time: DateTime<chrono::Utc>) -> i32 {
    use chrono::Datelike;
    time.year()
}
