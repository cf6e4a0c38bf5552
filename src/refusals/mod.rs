//! What the services' refusals mean to a person: the one table of them, a file for each service.
//!
//! To add a row is to add one entry to its file, with the page that says so; of two that fit, the first counts. What is not
//! in the table is passed on whole. The codes of Entra ID and Azure AD B2C stand inside of descriptions, since the user pool
//! passes those on. Microsoft asks programs not to act on them (they may change), and cogfed does not: they choose words.
//!
//! Here are causes and next steps alone. What a service said goes into the message beside them, cut by the caller, and is
//! escaped where it is printed.

pub mod api_gateway;
mod azure_b2c;
mod entra_id;
mod identity_pool;
mod sts;
mod user_pool;

use crate::error::{Kind, shortened};

/// Who says no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// The user pool, or a plain issuer, by way of the browser (RFC 6749, section 4.1.2.1).
    Authorization,
    /// Its token endpoint (RFC 6749, section 5.2).
    TokenEndpoint,
    /// Entra ID, the employees' directory, in the words that the user pool passes on or in its own.
    EntraId,
    /// Azure AD B2C, the customers' directory.
    AzureB2c,
    /// The identity pool.
    IdentityPool,
    /// The Security Token Service, in the classic flow.
    Sts,
    /// API Gateway. The codes of its rows are cogfed's own, for what `request` finds out by status, headers and phrases.
    ApiGateway,
}

/// One refusal, or several that come to the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Who says it.
    pub service: Service,
    /// By which code: one of these, or any if there is none.
    pub codes: &'static [&'static str],
    /// With which words: one of these pieces is in the message, in large letters or small; or any if there is none.
    pub says: &'static [&'static str],
    /// What it means to the caller.
    pub kind: Kind,
    /// Why, in lower case and without a full stop. `{profile}` and the like are filled in.
    pub cause: &'static str,
    /// The next step, and whose it is.
    pub hint: &'static str,
    /// The page that says so.
    pub source: &'static str,
}

/// What stands for a placeholder of a row: its name and the text.
pub type Facts<'a> = &'a [(&'a str, &'a str)];

/// The longest message of a service's that [`said`] repeats, in characters.
const LONGEST_MESSAGE: usize = 400;
/// The longest code that it repeats, in characters.
const LONGEST_CODE: usize = 100;

impl Service {
    fn rows(self) -> &'static [Row] {
        match self {
            Service::Authorization => user_pool::AUTHORIZATION,
            Service::TokenEndpoint => user_pool::TOKEN_ENDPOINT,
            Service::EntraId => entra_id::ROWS,
            Service::AzureB2c => azure_b2c::ROWS,
            Service::IdentityPool => identity_pool::ROWS,
            Service::Sts => sts::ROWS,
            Service::ApiGateway => api_gateway::ROWS,
        }
    }

    /// The row of what is not in the table.
    fn unknown(self) -> &'static Row {
        match self {
            Service::Authorization => &user_pool::UNKNOWN_AT_AUTHORIZATION,
            Service::TokenEndpoint => &user_pool::UNKNOWN_AT_TOKEN_ENDPOINT,
            Service::EntraId => &entra_id::UNKNOWN,
            Service::AzureB2c => &azure_b2c::UNKNOWN,
            Service::IdentityPool => &identity_pool::UNKNOWN,
            Service::Sts => &sts::UNKNOWN,
            Service::ApiGateway => &api_gateway::HTTP_API,
        }
    }

    /// How the codes of a directory begin.
    fn prefix(self) -> Option<&'static str> {
        match self {
            Service::EntraId => Some("AADSTS"),
            Service::AzureB2c => Some("AADB2C"),
            _ => None,
        }
    }

    const ALL: [Service; 7] = [
        Service::Authorization,
        Service::TokenEndpoint,
        Service::EntraId,
        Service::AzureB2c,
        Service::IdentityPool,
        Service::Sts,
        Service::ApiGateway,
    ];
}

impl Row {
    /// Why, with `facts` in the place of their names.
    pub fn cause(&self, facts: Facts<'_>) -> String {
        filled(self.cause, facts)
    }

    /// The next step, with `facts` in the place of their names.
    pub fn hint(&self, facts: Facts<'_>) -> String {
        filled(self.hint, facts)
    }

    fn fits(&self, code: &str, message: &str) -> bool {
        let says = |piece: &&str| message.contains(&piece.to_ascii_lowercase());
        (self.codes.is_empty() || self.codes.contains(&code)) && (self.says.is_empty() || self.says.iter().any(says))
    }
}

/// The whole table: the rows of each service in their order, and last the one for what is unknown.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    // API Gateway's is one of its rows.
    let unknown = |service: Service| (service != Service::ApiGateway).then(|| service.unknown());
    Service::ALL.into_iter().flat_map(move |service| service.rows().iter().chain(unknown(service)))
}

/// The row of what `service` said. A directory's code inside of it says more than what the user pool makes of it.
pub fn find(service: Service, code: &str, message: &str) -> &'static Row {
    let asks_directories = matches!(service, Service::Authorization | Service::TokenEndpoint);
    let directories = [Service::EntraId, Service::AzureB2c].into_iter().filter(|_| asks_directories);
    let by_directory = directories.flat_map(|directory| by_directory(directory, message)).next();
    let message = message.to_ascii_lowercase();
    let by_service = || service.rows().iter().find(|row| row.fits(code, &message));
    by_directory.or_else(by_service).unwrap_or_else(|| service.unknown())
}

/// The row of the first known code of this directory in a message; that of its unknown ones, if there are only such.
fn by_directory(directory: Service, message: &str) -> Option<&'static Row> {
    let codes = codes_in(directory.prefix()?, message);
    let known = |code: &&str| directory.rows().iter().find(|row| row.codes.contains(code));
    let unknown = (!codes.is_empty()).then(|| directory.unknown());
    codes.iter().find_map(known).or(unknown)
}

/// The codes of this beginning in a message, in their order: the beginning and all digits after it.
fn codes_in<'m>(prefix: &str, message: &'m str) -> Vec<&'m str> {
    let starts = message.match_indices(prefix).map(|(start, _)| start);
    let code = |start: usize| {
        let text = message.get(start..)?;
        let digits = text.bytes().skip(prefix.len()).take_while(u8::is_ascii_digit).count();
        text.get(..prefix.len() + digits).filter(|_| digits > 0)
    };
    starts.filter_map(code).collect()
}

/// A code and a message of a service's, cut and in one line.
pub fn said(code: &str, message: &str) -> String {
    let (code, message) = (shortened(code, LONGEST_CODE), shortened(&in_one_line(message), LONGEST_MESSAGE));
    if message.is_empty() { code } else { format!("{code}: {message}") }
}

/// The same text with a blank for each run of white space: Entra ID ends its lines, and a message has only one.
pub fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Puts each fact in the place of its name, once: what a fact says is not looked at.
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
