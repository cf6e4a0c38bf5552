//! A signed request as text, with its secrets masked.

use std::fmt::Write;

use http::header::AUTHORIZATION;

use super::sign::SignedRequest;

/// The text that is shown in place of a secret.
pub const MASK: &str = "****";

/// Returns the head and the body of the request as HTTP/1.1 text. Of a binary body only the size is shown. The head is
/// that of [`masked_head`].
pub fn dry_run(signed: &SignedRequest) -> String {
    let mut text = masked_head(signed);
    let body = signed.0.body();
    if !body.is_empty() {
        text.push('\n');
        match std::str::from_utf8(body) {
            Ok(body) if !body.chars().any(|c| c.is_control() && !"\t\r\n".contains(c)) => text.push_str(body),
            _ => text.push_str(&format!("[{} bytes that are not text]", body.len())),
        }
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}

/// Returns the head of the request as HTTP/1.1 text, without the empty line at its end. The signature, the session
/// token and secret headers are masked, and only the ends of the access key id are shown.
pub fn masked_head(signed: &SignedRequest) -> String {
    let request = &signed.0;
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let mut text = format!("{} {target} HTTP/1.1\n", request.method());
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        let shown = if *name == AUTHORIZATION {
            masked_authorization(&value)
        } else if request.headers().get(name).is_some_and(|value| value.is_sensitive()) {
            MASK.to_string()
        } else {
            value.into_owned()
        };
        writeln!(text, "{name}: {shown}").expect("a String takes all that is written to it");
    }
    text
}

/// Masks the key and the signature in `AWS4-HMAC-SHA256 Credential=KEY/SCOPE, SignedHeaders=…, Signature=…`.
fn masked_authorization(value: &str) -> String {
    let parts = || {
        let (algorithm, rest) = value.split_once("Credential=")?;
        let (key, rest) = rest.split_once('/')?;
        let (middle, _) = rest.split_once("Signature=")?;
        let shown = match (key.get(..4), key.len().checked_sub(4).and_then(|at| key.get(at..))) {
            (Some(first), Some(last)) if key.len() >= 16 => format!("{first}{MASK}{last}"),
            _ => MASK.to_string(),
        };
        Some(format!("{algorithm}Credential={shown}/{middle}Signature={MASK}"))
    };
    parts().unwrap_or_else(|| MASK.to_string())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::aws::Credentials;
    use crate::request::{ApiRequest, RequestInput, Scope, sign};
    use crate::secret::Secret;

    fn shown(body: &[u8], headers: &[(&str, &str)], key: &str) -> String {
        let credentials = Credentials {
            access_key_id: key.into(),
            secret_access_key: Secret::new("secret-canary"),
            session_token: Secret::new("token-canary"),
            expires: DateTime::UNIX_EPOCH,
        };
        let input = RequestInput {
            method: "post".into(),
            url: "https://api.example.com/prod/a b?q=1".into(),
            headers: headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            body: Some(body.to_vec()),
            json: true,
            ..RequestInput::default()
        };
        let (request, _) = ApiRequest::build(input).unwrap();
        dry_run(&sign(&request, &credentials, &Scope::execute_api("eu-west-1"), DateTime::UNIX_EPOCH).unwrap())
    }

    #[test]
    fn dry_run_shows_no_usable_secret() {
        let headers = [("Cookie", "cookie-canary"), ("X-Api-Key", "key-canary"), ("X-Plain", "seen")];
        let text = shown(b"{\"id\": 1}", &headers, "ASIA123CANARY456WXYZ");
        assert!(text.starts_with("POST /prod/a%20b?q=1 HTTP/1.1\n"), "{text}");
        assert!(text.ends_with("\n\n{\"id\": 1}\n"), "{text}");
        for line in [
            "host: api.example.com\n",
            "content-length: 9\n",
            "content-type: application/json\n",
            "x-amz-date: 19700101T000000Z\n",
            "x-amz-security-token: ****\n",
            "cookie: ****\n",
            "x-api-key: ****\n",
            "x-plain: seen\n",
            "authorization: AWS4-HMAC-SHA256 Credential=ASIA****WXYZ/19700101/eu-west-1/execute-api/aws4_request, SignedHeaders=",
            ", Signature=****\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.to_lowercase().contains("canary"), "{text}");
        // A run of hexadecimal digits could be a signature.
        assert!(!text.split(|c: char| !c.is_ascii_hexdigit()).any(|run| run.len() >= 32), "{text}");
    }

    #[test]
    fn dry_run_masks_short_keys_and_counts_binary_bodies() {
        let text = shown(b"\x1b[2J", &[], "SHORT");
        assert!(text.contains("Credential=****/"), "{text}");
        assert!(text.ends_with("\n[4 bytes that are not text]\n"), "{text}");
        assert!(shown(&[0xff, 0xfe], &[], "SHORT").ends_with("[2 bytes that are not text]\n"));
        assert!(shown(b"", &[], "SHORT").contains("content-length: 0\n"));
    }
}
