//! Pasted callback addresses, for a person whose browser cannot reach this machine. Pure, apart from the memory of
//! earlier lines.
//!
//! Any text counts that has this sign-in's state and a code, in whatever shape a browser, a chat or a mail left it. A
//! bare code is never enough: the browser has to supply the state as well. A state that cogfed filled in itself would
//! protect nobody (<https://github.com/openclaw/openclaw/issues/16058>).

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroizing;

use super::callback::{Awaited, DONE, Judgement, Parameters};
use super::listener::Arrival;

/// The maximum length of a pasted address, in bytes, including parts that later pastes add. The longest code fits in,
/// percent-encoded as well.
const LONGEST_ADDRESS: usize = 256 * 1024;
/// The escape sequences that terminals put around pasted text
/// (<https://invisible-island.net/xterm/xterm-paste64.html>).
const PASTE_MARKS: [&str; 2] = ["\u{1b}[200~", "\u{1b}[201~"];
/// The pairs of quotation marks and brackets that people and programs put around an address.
const QUOTES: [(char, char); 8] =
    [('<', '>'), ('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('‘', '’'), ('(', ')'), ('[', ']')];
/// The HTML escapes of the character `&`.
const AMPERSANDS: [&str; 4] = ["&amp;", "&AMP;", "&#38;", "&#x26;"];
/// The maximum number of times that a whole pasted address is percent-decoded. Chats and mail filters may have encoded
/// the address.
const ENCODINGS: usize = 2;
/// The maximum number of `?` and `#` characters in one paste at which the parser tries to read the callback's
/// parameters. Mail filters put the address into a parameter of their own.
const MARKS: usize = 8;
/// The punctuation marks that may follow an address in a sentence.
const AFTER: [char; 10] = ['.', ',', ';', '!', '>', '"', '\'', '`', ')', ']'];
/// The maximum length of a hosted UI error code that a message shows, in bytes.
const LONGEST_ERROR: usize = 40;

/// The reason why pasted text is refused, with the next step.
type Fault = Cow<'static, str>;

const NOT_WHOLE: &str =
    "that is not the whole address that the sign-in ended on; copy all of it out of the browser's address bar";
const CODE_ALONE: &str = "the code alone is not enough, since only the state beside it proves that it belongs to this \
                          sign-in; copy the whole address out of the browser's address bar";
const ANOTHER: &str = "that does not belong to the sign-in that cogfed waits for; copy the address that this sign-in \
                       ended on out of the browser's address bar";
const START: &str = "that is the address on which the sign-in starts; open it in a browser, sign in there, and paste \
                     the address that the browser ends on";
const LAST_PAGE: &str = "that is the page after the end of a sign-in, and its address has no code; sign in again, and \
                         copy the address that the browser ends on";
const TOO_LONG: &str = "that is longer than 256 KiB, so it is not an address; copy only what is in the browser's \
                        address bar";
const BAD_CHARACTERS: &str = "that has spaces or control characters in it, which an address does not have; copy it \
                              out of the browser's address bar again";

/// A parser for the texts that a person pastes during one sign-in. An address may be split over several pastes.
pub struct Pasted<'a> {
    awaited: &'a Awaited,
    redirect_uri: &'a str,
    url: &'a Url,
    /// The first part of an address that later pastes may continue.
    beginning: Zeroizing<String>,
}

impl<'a> Pasted<'a> {
    /// Creates a parser to which nothing has been pasted yet. `redirect_uri` and the authorization URL `url` are those
    /// of this sign-in.
    pub fn new(awaited: &'a Awaited, redirect_uri: &'a str, url: &'a Url) -> Self {
        Self { awaited, redirect_uri, url, beginning: Zeroizing::default() }
    }

    /// Parses lines that were pasted together; returns `None` if they are empty. An address may be wrapped over several
    /// lines. A line that starts with `http://` or `https://` starts a new address.
    pub fn read(&mut self, lines: &str) -> Option<Result<Arrival, Fault>> {
        let unmarked = Zeroizing::new(PASTE_MARKS.iter().fold(lines.to_owned(), |text, mark| text.replace(mark, "")));
        if unmarked.len() > LONGEST_ADDRESS {
            self.beginning.clear();
            return Some(Err(TOO_LONG.into()));
        }
        let mut address = Zeroizing::new(String::new());
        for line in unmarked.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()) {
            if begins_address(line) && !address.is_empty() {
                if let Ok(arrival) = self.added(&address) {
                    return Some(Ok(arrival));
                }
                self.beginning.clear();
                address.clear();
            }
            address.push_str(line);
        }
        (!address.is_empty()).then(|| self.added(&address))
    }

    /// Parses one paste on its own and, if that fails, as the continuation of earlier pastes.
    fn added(&mut self, text: &str) -> Result<Arrival, Fault> {
        let mut outcome = self.judged(text);
        if outcome.is_err() && !begins_address(text) && !self.beginning.is_empty() {
            self.beginning.push_str(text);
            if self.beginning.len() > LONGEST_ADDRESS {
                self.beginning.clear();
                return Err(TOO_LONG.into());
            }
            outcome = self.judged(&self.beginning);
        } else {
            self.beginning = Zeroizing::new(text.to_owned());
        }
        if !self.may_continue() {
            self.beginning.clear();
        }
        outcome
    }

    /// Returns whether the next paste may continue the pasted text.
    fn may_continue(&self) -> bool {
        let bare = without_quotes(&self.beginning);
        let is_sound = !bare.chars().any(|c| c.is_control() || c.is_whitespace());
        let after_scheme = self.redirect_uri.trim_start_matches("http://");
        let begins = |whole: &str| whole.starts_with(bare) || bare.starts_with(whole);
        let has = |name: &str| bare.contains(name);
        is_sound
            && (begins(self.redirect_uri)
                || begins(after_scheme)
                || begins_address(bare)
                || has("code=")
                || has("state="))
    }

    /// Searches `text` for the answer to this sign-in. Returns the code or the error answer, and fails with the reason
    /// for refusing the text.
    fn judged(&self, text: &str) -> Result<Arrival, Fault> {
        let address = without_quotes(text);
        if address.chars().any(char::is_control) {
            return Err(BAD_CHARACTERS.into());
        }
        let bare = |word| [without_quotes(word), without_quotes(word).trim_end_matches(AFTER)];
        let mut words = address.split_whitespace().flat_map(bare);
        let answer = words.find_map(|word| queries(word).into_iter().find(|query| query.is_answer(self.awaited)));
        if let Some(answer) = answer {
            return match answer.judged(self.awaited) {
                Judgement::Code(code) => Ok(Arrival::Code(code)),
                Judgement::Denied(denial) => Ok(Arrival::Denied(denial)),
                Judgement::Unusable(_, reason) => {
                    Err(format!("that is an answer to this sign-in, but it came {reason}").into())
                }
                _ => Err(ANOTHER.into()),
            };
        }
        Err(if address.contains(char::is_whitespace) { BAD_CHARACTERS.into() } else { self.named(address) })
    }

    /// Returns the message that says what the pasted text is instead of the callback address.
    fn named(&self, address: &str) -> Fault {
        let queries = queries(address);
        let path = address.split(['?', '#']).next().unwrap_or_default();
        let is_at = |url: &Url| {
            let start = format!("{}{}", url.host_str().unwrap_or_default(), url.path());
            path.trim_start_matches("https://").trim_start_matches("http://").eq_ignore_ascii_case(&start)
        };
        let error = queries.iter().find_map(Parameters::error);
        if path.ends_with(&self.awaited.start) || is_at(self.url) {
            START.into()
        } else if let (Some(error), true) = (error, path.ends_with("/error")) {
            self.error_page(error)
        } else if path.ends_with(DONE) {
            LAST_PAGE.into()
        } else if queries.iter().any(|query| query.knows_state(self.awaited)) {
            // The pages of the hosted UI on the way have the state, too.
            if path.ends_with(&self.awaited.path) { NOT_WHOLE.into() } else { START.into() }
        } else if queries.iter().any(Parameters::is_bare_code) || is_token(address) {
            CODE_ALONE.into()
        } else if queries.iter().any(|query| query.error().is_some() || query.has_state()) {
            ANOTHER.into()
        } else {
            NOT_WHOLE.into()
        }
    }

    /// Returns the message for the pasted address of a hosted UI error page. Its error code is shown only if it looks
    /// like one.
    fn error_page(&self, error: &str) -> Fault {
        let is_code =
            error.len() <= LONGEST_ERROR && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        let named = if is_code { format!(" ({error})") } else { String::new() };
        let next = match error {
            "redirect_mismatch" => format!("register {} as a callback URL of the app client", self.redirect_uri),
            _ => "the sign-in cannot go on from there".to_owned(),
        };
        format!("that is an error page of the user pool{named}, and its address has no code; {next}").into()
    }
}

/// Returns whether `text` looks like a code without a URL around it.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~+/=".contains(&byte))
        && !text.contains("//")
}

/// Returns the callback parameters for every possible reading of `text`. A reading takes the parameters from the query
/// or fragment of a URL, or from a query alone. Each reading is also tried after the text is HTML-unescaped or
/// percent-decoded. The text as it is comes first.
fn queries(text: &str) -> Vec<Parameters> {
    let mut found = Vec::new();
    let mut text = Zeroizing::new(text.to_owned());
    for _ in 0..=ENCODINGS {
        // Twice, because a chat may have escaped what a mail had escaped.
        let html = AMPERSANDS.iter().chain(&AMPERSANDS);
        let plain = Zeroizing::new(html.fold(text.to_string(), |text, html| text.replace(html, "&")));
        for written in [&text, &plain] {
            let marks = written.match_indices(['?', '#']).take(MARKS);
            let starts = marks.map(|(at, mark)| at + mark.len()).chain([0]);
            let queries = starts.filter_map(|start| written.get(start..)?.split('#').next());
            found.extend(queries.map(Parameters::read));
        }
        let decoded = percent_decode_str(&text).decode_utf8().map(Cow::into_owned).unwrap_or_default();
        if decoded == *text {
            break;
        }
        text = Zeroizing::new(decoded);
    }
    found
}

fn begins_address(line: &str) -> bool {
    let bare = line.trim_start_matches(|c| QUOTES.iter().any(|(open, _)| *open == c));
    ["http://", "https://"]
        .iter()
        .any(|scheme| bare.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme)))
}

/// Returns `text` without the quotation marks and brackets around it.
fn without_quotes(text: &str) -> &str {
    let mut bare = text.trim();
    while let Some(inner) = QUOTES.iter().find_map(|(open, close)| bare.strip_prefix(*open)?.strip_suffix(*close)) {
        bare = inner.trim();
    }
    bare
}

#[cfg(test)]
mod tests;
