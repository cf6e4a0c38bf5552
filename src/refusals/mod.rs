//! The table of refusals, with the cause and the next step for each refusal, in one file for each service.
//!
//! A new row is one entry in its file, with the page that documents it. If two rows fit, the first counts. A refusal
//! that fits no row is reported in the service's own words.
//!
//! The codes of Entra ID and Azure AD B2C are inside descriptions that the user pool passes on. Microsoft asks programs
//! not to act on these codes, because they may change. Here they choose only the text and the exit code.
//!
//! A directory's refusal means one thing behind a user pool and another if the directory itself is the profile's issuer:
//! the same redirect URI, client secret or scope is then the user pool's or the profile's. Rows with [`Row::direct`] have
//! texts for both.
//!
//! Messages quote the service's own words after the cause. [`quoted`] shortens them, and the terminal escapes them.

/// Defines rows whose codes are cogfed's own, one constant each, and the list of them. Uses the file's `ROW`.
macro_rules! rows {
    ($($(#[doc = $about:literal])* $name:ident = $code:literal, $cause:literal, $hint:literal, $source:expr;)*) => {
        $($(#[doc = $about])* pub const $name: Row =
            Row { codes: &[$code], cause: $cause, hint: $hint, source: $source, ..ROW };)*

        /// All rows.
        pub const ROWS: &[Row] = &[$($name,)*];
    };
}

pub mod api_gateway;
mod azure_b2c;
pub mod behind_iam;
mod entra_id;
mod identity_pool;
mod sts;
mod token_endpoint;
mod user_pool;

use crate::error::{Kind, shortened};

/// The party that refuses a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refuser {
    /// The authorization endpoint of a user pool or a plain issuer, which answers through the browser (RFC 6749,
    /// section 4.1.2.1).
    Authorization,
    /// The token endpoint of a user pool or a plain issuer (RFC 6749, section 5.2).
    TokenEndpoint,
    /// Entra ID, the directory for employees, which refuses directly or through the user pool.
    EntraId,
    /// Azure AD B2C, the directory for customers.
    AzureB2c,
    /// The identity pool.
    IdentityPool,
    /// The Security Token Service, in the classic flow.
    Sts,
    /// API Gateway. The codes of its rows are cogfed's own; `request` finds the reason from status, headers and
    /// phrases.
    ApiGateway,
    /// AWS's other services behind IAM, and what stands in front of an API or behind it. The codes of the rows are
    /// cogfed's own, too.
    BehindIam,
}

/// One refusal, or several refusals with the same cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The party that sends the refusal.
    pub refuser: Refuser,
    /// The codes of the refusal. If there are none, any code fits.
    pub codes: &'static [&'static str],
    /// The phrases, in any letter case, of which the message must contain at least one. If there are none, any message
    /// fits.
    pub says: &'static [&'static str],
    /// The kind of failure.
    pub kind: Kind,
    /// The cause, in lower case and without a full stop. `{profile}` and the like are filled in.
    pub cause: &'static str,
    /// The next step, and the person who can take it.
    pub hint: &'static str,
    /// The cause and the hint for a profile whose issuer is the directory itself, without a user pool.
    pub direct: Option<(&'static str, &'static str)>,
    /// The page that documents the refusal.
    pub source: &'static str,
}

/// Codes of a row.
type Codes = &'static [&'static str];
/// A text in a row, such as its cause or hint.
type Text = &'static str;

/// The texts that replace a row's placeholders, each with the name of its placeholder.
pub type Facts<'a> = &'a [(&'a str, &'a str)];

/// The `issuer` fact for a profile without a user pool; its text is the word from
/// [`crate::profile::Issuer::described`].
const PLAIN_ISSUER: (&str, &str) = ("issuer", "issuer");

/// The maximum length of a quoted message, in characters, not counting the ids at its end.
pub const LONGEST_MESSAGE: usize = 400;
/// The maximum length of the ids at the end of a message, in characters: three ids of 36 characters, with names and a
/// time.
const LONGEST_IDS: usize = 200;
/// The labels of the ids that a service's support team asks for. They are at the end of a message.
const IDS: [&str; 4] = ["Trace ID:", "Correlation ID:", "Request ID:", "RequestId:"];
/// The maximum length of the code that [`said`] quotes, in characters.
const LONGEST_CODE: usize = 100;

impl Refuser {
    fn rows(self) -> &'static [Row] {
        match self {
            Refuser::Authorization => user_pool::ROWS,
            Refuser::TokenEndpoint => token_endpoint::ROWS,
            Refuser::EntraId => entra_id::ROWS,
            Refuser::AzureB2c => azure_b2c::ROWS,
            Refuser::IdentityPool => identity_pool::ROWS,
            Refuser::Sts => sts::ROWS,
            Refuser::ApiGateway => api_gateway::ROWS,
            Refuser::BehindIam => behind_iam::ROWS,
        }
    }

    /// Returns the row for this party's refusals that no other row covers.
    fn unknown(self) -> &'static Row {
        match self {
            Refuser::Authorization => &user_pool::UNKNOWN,
            Refuser::TokenEndpoint => &token_endpoint::UNKNOWN,
            Refuser::EntraId => &entra_id::UNKNOWN,
            Refuser::AzureB2c => &azure_b2c::UNKNOWN,
            Refuser::IdentityPool => &identity_pool::UNKNOWN,
            Refuser::Sts => &sts::UNKNOWN,
            Refuser::ApiGateway => &api_gateway::HTTP_API,
            Refuser::BehindIam => &behind_iam::NOT_ALLOWED,
        }
    }

    /// Returns the prefix of this party's error codes if the party is a directory, and `None` otherwise.
    fn prefix(self) -> Option<&'static str> {
        match self {
            Refuser::EntraId => Some("AADSTS"),
            Refuser::AzureB2c => Some("AADB2C"),
            _ => None,
        }
    }

    const ALL: [Refuser; 8] = [
        Refuser::Authorization,
        Refuser::TokenEndpoint,
        Refuser::EntraId,
        Refuser::AzureB2c,
        Refuser::IdentityPool,
        Refuser::Sts,
        Refuser::ApiGateway,
        Refuser::BehindIam,
    ];
}

impl Row {
    /// Returns an empty row, from which each file builds its own rows.
    const fn new(refuser: Refuser, source: &'static str) -> Self {
        Self { refuser, codes: &[], says: &[], kind: Kind::Refused, cause: "", hint: "", direct: None, source }
    }

    /// Returns this row with a separate cause and hint for profiles whose issuer is the directory itself.
    const fn directly(self, cause: &'static str, hint: &'static str) -> Self {
        Self { direct: Some((cause, hint)), ..self }
    }

    /// Returns the cause, with `facts` in place of the placeholders.
    pub fn cause(&self, facts: Facts<'_>) -> String {
        filled(self.texts(facts).0, facts)
    }

    /// Returns the next step, with `facts` in place of the placeholders.
    pub fn hint(&self, facts: Facts<'_>) -> String {
        filled(self.texts(facts).1, facts)
    }

    fn texts(&self, facts: Facts<'_>) -> (&'static str, &'static str) {
        self.direct.filter(|_| facts.contains(&PLAIN_ISSUER)).unwrap_or((self.cause, self.hint))
    }

    fn fits(&self, code: &str, message: &str) -> bool {
        let says = |piece: &&str| message.contains(&piece.to_ascii_lowercase());
        (self.codes.is_empty() || self.codes.contains(&code)) && (self.says.is_empty() || self.says.iter().any(says))
    }
}

/// Returns the whole table: for each party, its rows in order, and then its row for unknown refusals.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    // API Gateway's row for unknown refusals is already among its rows.
    let unknown = |refuser: Refuser| (refuser != Refuser::ApiGateway).then(|| refuser.unknown());
    Refuser::ALL.into_iter().flat_map(move |refuser| refuser.rows().iter().chain(unknown(refuser)))
}

/// Returns the row that explains a refusal by `refuser` with `code` and `message`. A directory's code inside the
/// message counts before the user pool's own code.
pub fn find(refuser: Refuser, code: &str, message: &str) -> &'static Row {
    let asks_directories = matches!(refuser, Refuser::Authorization | Refuser::TokenEndpoint);
    let directories = [Refuser::EntraId, Refuser::AzureB2c].into_iter().filter(|_| asks_directories);
    let by_directory = directories.flat_map(|directory| by_directory(directory, message)).next();
    let message = message.to_ascii_lowercase();
    let by_refuser = || refuser.rows().iter().find(|row| row.fits(code, &message));
    by_directory.or_else(by_refuser).unwrap_or_else(|| refuser.unknown())
}

/// Returns the row for the first known code of `directory` in `message`, or `None` if `message` contains no code of the
/// directory. If all its codes there are unknown, returns the row for those.
fn by_directory(directory: Refuser, message: &str) -> Option<&'static Row> {
    let codes = codes_in(directory.prefix()?, message);
    let lower_case = message.to_ascii_lowercase();
    let known = |code: &&str| directory.rows().iter().find(|row| row.fits(code, &lower_case));
    let unknown = (!codes.is_empty()).then(|| directory.unknown());
    codes.iter().find_map(known).or(unknown)
}

/// Returns the codes that begin with `prefix`, in the order in which they appear in `message`. A code is the prefix and
/// all digits after it.
fn codes_in<'m>(prefix: &str, message: &'m str) -> Vec<&'m str> {
    let starts = message.match_indices(prefix).map(|(start, _)| start);
    let code = |start: usize| {
        let text = message.get(start..)?;
        let digits = text.bytes().skip(prefix.len()).take_while(u8::is_ascii_digit).count();
        text.get(..prefix.len() + digits).filter(|_| digits > 0)
    };
    starts.filter_map(code).collect()
}

/// Returns a service's code and message, shortened and in one line.
pub fn said(code: &str, message: &str) -> String {
    let (code, message) = (shortened(code, LONGEST_CODE), quoted(message));
    if message.is_empty() { code } else { format!("{code}: {message}") }
}

/// Returns a service's message in one line. A long message is shortened before the ids at its end, which lead the
/// administrator to the entry in the service's log.
pub fn quoted(message: &str) -> String {
    let message = in_one_line(message);
    let (words, ids) = message.split_at(start_of_ids(&message).unwrap_or(message.len()));
    match words.char_indices().nth(LONGEST_MESSAGE) {
        None => message,
        Some(_) if ids.is_empty() => shortened(words, LONGEST_MESSAGE),
        Some(_) => format!("{} {ids}", shortened(words, LONGEST_MESSAGE)),
    }
}

/// Returns the position of the ids at the end of a message, or `None` if the message ends without ids. What follows an
/// id cannot be longer than ids are, so that no text of another kind is kept with them.
fn start_of_ids(message: &str) -> Option<usize> {
    let starts = IDS.iter().flat_map(|name| message.match_indices(name)).map(|(start, _)| start);
    starts.filter(|&start| message.len() - start <= LONGEST_IDS).min()
}

/// Replaces each run of white space with one space, because Entra ID's messages span several lines.
pub fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Replaces each placeholder in `text` with the fact of the same name. Placeholders inside a fact stay.
fn filled(text: &str, facts: Facts<'_>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let fact = after.split_once('}').and_then(|(name, after)| {
            let (_, fact) = facts.iter().find(|(known, _)| *known == name)?;
            Some((*fact, after))
        });
        match fact {
            Some((fact, after)) => {
                filled.push_str(fact);
                rest = after;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests;
