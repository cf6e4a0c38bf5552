//! An answer of the token endpoint: three digits of a status, and a body.

use cogfed::error::Failure;
use cogfed::oidc::{Grant, GrantError};
use cogfed::secret::Secret;

use crate::given::assert_presentable;

/// The refresh token that was sent. The server may repeat it.
const SENT: &str = "0123456789abcdef-sent-to-the-server";

/// Checks that tokens are taken only from a good answer, that only `invalid_grant` drops a refresh token, and that no
/// message repeats a token.
pub fn run(data: &[u8]) {
    let Some((digits, body)) = data.split_first_chunk::<3>() else { return };
    let Some(status) = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse::<u16>().ok()) else { return };
    let Ok(builder) = http::Response::builder().header("content-type", "application/json").status(status).body(())
    else {
        return;
    };
    let outcome = Grant::of_answer(&builder.map(|()| body.to_vec()), &Secret::new(SENT));
    let json: Option<serde_json::Value> =
        serde_json::from_slice(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)).ok();
    let text = |name: &str| json.as_ref().and_then(|json| json.get(name)?.as_str());
    match &outcome {
        Ok(grant) => {
            assert!((200..300).contains(&status), "tokens out of a failure");
            for (name, token) in [
                ("id_token", &grant.id_token),
                ("access_token", &grant.access_token),
                ("refresh_token", &grant.refresh_token),
            ] {
                let given = text(name).filter(|text| !text.trim().is_empty());
                assert_eq!(given, token.as_ref().map(Secret::expose), "{name}");
            }
        }
        Err(GrantError::Invalid { .. }) => {
            assert!(status < 500 && status != 429, "a broken server said {status}");
            assert_eq!(text("error"), Some("invalid_grant"));
        }
        Err(GrantError::NotSent(_)) => panic!("an answer came"),
        Err(GrantError::Unknown(_) | GrantError::Refused(_)) => {}
    }
    if let Err(error) = outcome {
        let failure = Failure::from(error);
        assert_presentable(&failure);
        assert!(!failure.message.contains(&SENT[..12]), "the refresh token in {}", failure.message);
        // A message never repeats a possible token.
        for name in ["access_token", "id_token", "refresh_token"] {
            let Some(token) = text(name).filter(|token| token.len() > 20) else { continue };
            let said = ["error", "error_description", "error_message"].iter().filter_map(|name| text(name));
            let is_said = said.into_iter().any(|said| said.contains(token));
            assert!(is_said || !failure.message.contains(token), "{name} in {}", failure.message);
        }
    }
}
