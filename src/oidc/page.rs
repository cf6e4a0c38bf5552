//! The final page in the browser, which shows the outcome of the sign-in and the next step. No script, nothing from
//! other hosts.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::abridged;

/// The page's style sheet, for light and dark mode.
const STYLE: &str = include_str!("page.css");
/// The maximum length of each text on the page, in characters. It is longer than any message that cogfed makes.
const LONGEST: usize = 4000;

/// The page's content security policy, which allows its style sheet and nothing else.
pub static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = ring::digest::digest(&ring::digest::SHA256, STYLE.as_bytes());
    let hash = STANDARD.encode(hash);
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// The outcome of a sign-in, as shown on the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The sign-in succeeded, and its tokens are saved.
    SignedIn {
        /// The profile to which the person signed in.
        profile: String,
        /// The person's name, from the ID token. Text from outside.
        person: String,
    },
    /// The identity provider refused the sign-in.
    Denied {
        /// The identity provider's answer. Text from outside.
        reason: String,
        /// The next step, if there is one.
        next: Option<String>,
    },
    /// The sign-in failed after the browser had returned to the listener.
    Failed {
        /// The message of the failure. May quote text from outside.
        reason: String,
        /// The next step, if there is one.
        next: Option<String>,
    },
    /// An answer to this sign-in that cannot be used.
    Unusable {
        /// The fault in the answer, worded as the end of a sentence, such as "without an authorization code". May quote
        /// text from outside.
        reason: String,
    },
    /// A request that is not part of a sign-in.
    NotOurs {
        /// The reason why the request is refused.
        reason: String,
    },
}

/// Returns the HTML page for an outcome. Text from outside is escaped.
pub fn page(ending: &Ending) -> String {
    let go_on = "Nothing was saved. The terminal says what to do next.";
    let step = |next: &Option<String>| match next {
        Some(next) => format!("Nothing was saved. {}", sentence(next)),
        None => go_on.to_owned(),
    };
    let (class, mark, title, text, next) = match ending {
        Ending::SignedIn { profile, person } => (
            "good",
            "✓",
            "You are signed in",
            format!("Signed in to “{profile}” as {person}."),
            "You can close this tab and go back to the terminal.".to_owned(),
        ),
        Ending::Denied { reason, next } => ("bad", "!", "The sign-in was refused", sentence(reason), step(next)),
        Ending::Failed { reason, next } => ("bad", "!", "The sign-in did not succeed", sentence(reason), step(next)),
        Ending::Unusable { reason } => (
            "bad",
            "!",
            "The sign-in did not succeed",
            sentence(&format!("the browser came back {reason}")),
            go_on.to_owned(),
        ),
        Ending::NotOurs { reason } => (
            "plain",
            "?",
            "Nothing to see here",
            sentence(reason),
            "If a sign-in is under way, it goes on in its own tab.".to_owned(),
        ),
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} · cogfed</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main class=\"{class}\">\n\
         <p class=\"mark\" aria-hidden=\"true\">{mark}</p>\n<h1>{title}</h1>\n<p class=\"text\">{}</p>\n\
         <p class=\"next\">{}</p>\n<p class=\"name\">cogfed</p>\n</main>\n</body>\n</html>\n",
        escaped(&text),
        escaped(&next)
    )
}

/// Converts a terminal message, which starts in lower case and has no full stop, to a sentence with both.
fn sentence(message: &str) -> String {
    let mut text = abridged(message.trim(), LONGEST);
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if text.ends_with(|last: char| last.is_alphanumeric() || matches!(last, ')' | '\'' | '"' | '”')) {
        text.push('.');
    }
    text
}

/// Escapes the special characters of HTML, and replaces control characters and marks that change the text direction.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c if c.is_control() || is_invisible(c) => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_never_becomes_markup_on_the_page() {
        for payload in ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "</style><b>", "'&\u{0}"] {
            let next = Some(payload.to_owned());
            for ending in [
                Ending::Denied { reason: payload.into(), next: next.clone() },
                Ending::Failed { reason: payload.into(), next },
                Ending::Unusable { reason: payload.into() },
                Ending::NotOurs { reason: payload.into() },
                Ending::SignedIn { profile: payload.into(), person: payload.into() },
            ] {
                let page = page(&ending);
                assert!(!page.contains(payload), "{page}");
                let body = page.split("</style>").nth(1).unwrap();
                assert_eq!(body.matches('<').count(), PLAIN_TAGS, "{body}");
            }
        }
    }

    /// The number of HTML tags that `page` writes in the body.
    const PLAIN_TAGS: usize = 16;

    #[test]
    fn long_text_is_cut_on_the_page() {
        let page = page(&Ending::Failed { reason: "ä".repeat(50_000), next: None });
        assert_eq!(page.matches('ä').count(), LONGEST);
    }

    #[test]
    fn page_names_the_person_or_the_whole_refusal_and_the_next_step() {
        let good = page(&Ending::SignedIn { profile: "prod".into(), person: "ada@corp.example".into() });
        assert!(good.contains("Signed in to “prod” as ada@corp.example."), "{good}");
        let reason =
            format!("Conditional Access blocked this sign-in: AADSTS53003: {} (access_denied)", "word ".repeat(150));
        for ending in [
            Ending::Denied { reason: reason.clone(), next: Some("run 'cogfed login' again".into()) },
            Ending::Failed { reason: reason.clone(), next: Some("run 'cogfed login' again".into()) },
        ] {
            let page = page(&ending);
            assert!(page.contains(&format!("{}.", &reason[1..])), "{page}");
            assert!(page.contains("Nothing was saved. Run &#39;cogfed login&#39; again."), "{page}");
        }
    }

    #[test]
    fn marks_that_nobody_sees_are_replaced_on_the_page() {
        for c in ['\u{202e}', '\u{2066}', '\u{200b}', '\u{ad}', '\u{e0041}', '\u{feff}', '\u{9b}'] {
            assert_eq!(escaped(&format!("a{c}b")), "a\u{fffd}b", "{c:?}");
        }
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
        assert!(page(&Ending::NotOurs { reason: "x".into() }).contains(&format!("<style>{STYLE}</style>")));
        assert!(POLICY.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(!POLICY.contains("unsafe"));
    }
}
