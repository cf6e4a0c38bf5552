//! Pasted addresses, from a person whose browser cannot reach this machine. Pure, apart from the memory of earlier
//! lines.
//!
//! An address is judged as if the browser had requested it from the listener. A bare code is never enough: the browser
//! has to supply the state as well. A state that cogfed filled in itself would protect nobody
//! (<https://github.com/openclaw/openclaw/issues/16058>).

use http::Request;
use http::header::HOST;
use zeroize::Zeroizing;

use super::callback::{Awaited, Judgement, judge};
use super::listener::Arrival;

/// The longest line, in bytes: a terminal cuts off longer ones (termios(3), canonical mode).
const LONGEST_LINE: usize = 4094;
/// The longest accepted address, in bytes, over all its lines.
const LONGEST_ADDRESS: usize = 16 * 1024;
/// The marks that terminals put around a paste (<https://invisible-island.net/xterm/xterm-paste64.html>).
const PASTE_MARKS: [&str; 2] = ["\u{1b}[200~", "\u{1b}[201~"];
/// The pairs of marks that people and programs put around an address.
const QUOTES: [(char, char); 6] = [('<', '>'), ('"', '"'), ('\'', '\''), ('`', '`'), ('“', '”'), ('(', ')')];

/// The reason why a paste is refused.
type Fault = &'static str;

const NOT_WHOLE: Fault = "that is not the whole address of this sign-in's last page";
const NOT_OURS: Fault = "that address does not belong to this sign-in";
const TOO_LONG: Fault = "that is longer than an address is, or than a terminal takes in one line";
const BAD_CHARACTERS: Fault = "that has spaces or control characters in it, which an address has not";

/// The pastes of one sign-in, with an unfinished address from earlier lines.
pub struct Pasted<'a> {
    awaited: &'a Awaited,
    redirect_uri: &'a str,
    /// The start of an address that later lines may continue.
    beginning: Zeroizing<String>,
}

impl<'a> Pasted<'a> {
    /// Creates the state before the first paste. `redirect_uri` has to be exactly that of this sign-in.
    pub fn new(awaited: &'a Awaited, redirect_uri: &'a str) -> Self {
        Self { awaited, redirect_uri, beginning: Zeroizing::default() }
    }

    /// Judges lines that arrived together; returns `None` if they are empty. An address may be wrapped over several
    /// lines. A line that starts with `http://` or `https://` starts a new address.
    pub fn read(&mut self, lines: &str) -> Option<Result<Arrival, Fault>> {
        let unmarked = Zeroizing::new(PASTE_MARKS.iter().fold(lines.to_owned(), |text, mark| text.replace(mark, "")));
        let mut judgement = None;
        for line in unmarked.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()) {
            if begins_address(line) && !self.beginning.is_empty() {
                judgement = Some(self.judged());
                self.beginning.clear();
                if let Some(Ok(_)) = judgement {
                    return judgement;
                }
            }
            if line.len() > LONGEST_LINE || self.beginning.len() + line.len() > LONGEST_ADDRESS {
                self.beginning.clear();
                return Some(Err(TOO_LONG));
            }
            self.beginning.push_str(line);
        }
        if self.beginning.is_empty() || unmarked.trim().is_empty() {
            return judgement;
        }
        judgement = Some(self.judged());
        let bare = without_quotes(&self.beginning);
        if !bare.starts_with(self.redirect_uri) && !self.redirect_uri.starts_with(bare) {
            self.beginning.clear();
        }
        judgement
    }

    /// Judges the address as the request that the browser would have made, without the fragment.
    fn judged(&self) -> Result<Arrival, Fault> {
        let address = without_quotes(&self.beginning);
        if address.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(BAD_CHARACTERS);
        }
        let query = address.strip_prefix(self.redirect_uri).and_then(|rest| rest.strip_prefix('?'));
        let target = Zeroizing::new(format!("{}?{}", self.awaited.path, query.ok_or(NOT_WHOLE)?));
        let request = Request::get(target.as_str()).header(HOST, format!("localhost:{}", self.awaited.port)).body(());
        match judge(&request.map_err(|_| BAD_CHARACTERS)?.into_parts().0, self.awaited) {
            Judgement::Code(code) => Ok(Arrival::Code(code)),
            Judgement::Denied(denial) => Ok(Arrival::Denied(denial)),
            Judgement::Unvouched(_) => Err(NOT_OURS),
            Judgement::Done => Err(NOT_WHOLE),
            Judgement::Refuse(_, reason) => Err(reason),
        }
    }
}

fn begins_address(line: &str) -> bool {
    let bare = line.trim_start_matches(|c| QUOTES.iter().any(|(open, _)| *open == c));
    ["http://", "https://"]
        .iter()
        .any(|scheme| bare.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme)))
}

/// Returns `text` without the pairs of marks around it.
fn without_quotes(text: &str) -> &str {
    let mut bare = text.trim();
    while let Some(inner) = QUOTES.iter().find_map(|(open, close)| bare.strip_prefix(*open)?.strip_suffix(*close)) {
        bare = inner.trim();
    }
    bare
}

#[cfg(test)]
mod tests;
