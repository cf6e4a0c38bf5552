//! The last page in the browser: one sentence, no script, nothing from other hosts.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::shortened;

/// The style sheet, for light and dark mode.
const STYLE: &str = include_str!("page.css");
/// The longest text from a server that the page shows, in characters.
const LONGEST: usize = 200;

/// The content security policy: allows this style sheet, and nothing else.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes());
    let hash = STANDARD.encode(hash);
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// The outcome of a sign-in, as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The tokens are saved.
    SignedIn {
        /// The profile that was signed in to.
        profile: String,
    },
    /// The identity provider refused.
    Denied {
        /// The provider's answer. Text from outside.
        reason: String,
    },
    /// Something failed after the browser came back.
    Failed {
        /// The failure. May quote text from outside.
        reason: String,
    },
    /// A request that is not part of a sign-in.
    NotOurs {
        /// The fault of the request.
        reason: String,
    },
}

/// Returns the page for an outcome. Text from outside is escaped.
pub fn page(ending: &Ending) -> String {
    let (class, mark, title, text) = match ending {
        Ending::SignedIn { profile } => {
            ("good", "✓", "You are signed in", format!("cogfed has what it needs for the profile “{profile}”."))
        }
        Ending::Denied { reason } => ("bad", "!", "The sign-in was refused", sentence(reason)),
        Ending::Failed { reason } => ("bad", "!", "The sign-in did not succeed", sentence(reason)),
        Ending::NotOurs { reason } => ("plain", "?", "Nothing to see here", sentence(reason)),
    };
    let next = match ending {
        Ending::SignedIn { .. } => "You can close this tab and go back to the terminal.",
        Ending::NotOurs { .. } => "If a sign-in is under way, it goes on in its own tab.",
        _ => "Nothing was saved. The terminal says what to do next.",
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} · cogfed</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main class=\"{class}\">\n\
         <p class=\"mark\" aria-hidden=\"true\">{mark}</p>\n<h1>{title}</h1>\n<p class=\"text\">{}</p>\n\
         <p class=\"next\">{next}</p>\n<p class=\"name\">cogfed</p>\n</main>\n</body>\n</html>\n",
        escaped(&text)
    )
}

/// Turns a message into a sentence: messages are written for the terminal, in lower case and without a full stop.
fn sentence(message: &str) -> String {
    let mut text = shortened(message.trim(), LONGEST);
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if text.ends_with(|last: char| last.is_alphanumeric() || matches!(last, ')' | '\'' | '"' | '”')) {
        text.push('.');
    }
    text
}

/// Escapes HTML's five special characters, and replaces control characters.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_never_becomes_markup_on_the_page() {
        for payload in ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</style><b>", "'&\u{0}"] {
            for ending in [
                Ending::Denied { reason: payload.into() },
                Ending::Failed { reason: payload.into() },
                Ending::NotOurs { reason: payload.into() },
                Ending::SignedIn { profile: payload.into() },
            ] {
                let page = page(&ending);
                assert!(!page.contains(payload), "{page}");
                let body = page.split("</style>").nth(1).unwrap();
                assert_eq!(body.matches('<').count(), PLAIN_TAGS, "{body}");
            }
        }
    }

    /// The tags in the body of the page, as `page` writes them.
    const PLAIN_TAGS: usize = 16;

    #[test]
    fn long_text_is_cut_on_the_page() {
        let page = page(&Ending::Failed { reason: "ä".repeat(5000) });
        assert_eq!(page.matches('ä').count(), LONGEST);
    }

    #[test]
    fn page_shows_messages_as_sentences() {
        for (message, told) in [
            ("the nonce is another", "The nonce is another."),
            ("denied: no consent. (access_denied)", "Denied: no consent. (access_denied)."),
            ("Really?", "Really?"),
            ("été", "été."),
            ("", ""),
        ] {
            assert_eq!(sentence(message), told);
        }
    }

    #[test]
    fn policy_allows_the_style_of_the_page() {
        assert!(page(&Ending::SignedIn { profile: "x".into() }).contains(&format!("<style>{STYLE}</style>")));
        assert!(POLICY.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(!POLICY.contains("unsafe"));
    }
}
