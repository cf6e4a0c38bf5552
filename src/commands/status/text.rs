//! The text of `cogfed status`: a headline, and rows of names and values.

use chrono::{DateTime, Utc};

use super::super::roots;
use super::super::rows::{self, Row, local, until};
use super::{Credentials, ProfileStatus};
use crate::error::Failure;
use crate::http::ExtraRoot;
use crate::profile::Role;
use crate::session::record::CredentialsRecord;
use crate::session::{Ask, KeptOffset, KnownRole, SignInState};
use crate::terminal::shown;

/// The facts that the text of `cogfed status` shows.
pub(super) struct Facts<'a> {
    pub status: &'a ProfileStatus<'a>,
    pub state: SignInState,
    pub ask: &'a Ask,
    pub known: Option<&'a KnownRole>,
    pub besides: &'a [(Role, CredentialsRecord)],
    pub store: &'a str,
    pub now: DateTime<Utc>,
    pub clock: Option<&'a KeptOffset>,
    pub roots: Result<&'a [ExtraRoot], &'a Failure>,
}

/// Returns the text of `cogfed status` for these facts. The mark at its beginning is in colour if `has_colour` is true.
pub(super) fn text(facts: &Facts<'_>, has_colour: bool) -> String {
    let (mark, code) = match facts.state {
        SignInState::SignedIn => ('✓', "32"),
        _ => ('✗', "31"),
    };
    let mark = if has_colour { format!("\u{1b}[{code}m{mark}\u{1b}[0m") } else { mark.to_string() };
    format!("{mark} {}\n{}", shown(&headline(facts)), rows::text(&rows(facts)))
}

/// Returns the state of the sign-in in one line.
fn headline(facts: &Facts<'_>) -> String {
    let described = facts.ask.profile.issuer.described();
    let Some(sign_in) = &facts.status.sign_in else { return "nobody is signed in".to_owned() };
    let provider = sign_in.identity_provider.or(facts.status.issuer);
    let provider = provider.map(|provider| format!(" via {provider}")).unwrap_or_default();
    let who = format!("{}{provider}", sign_in.person);
    match facts.state {
        SignInState::NotSignedIn => "nobody is signed in".to_owned(),
        SignInState::SignedIn => format!("signed in as {who}"),
        SignInState::Expired { .. } => format!("the sign-in of {who} has expired"),
        SignInState::Revoked { .. } => {
            format!("the sign-in of {who} has ended: it expired or was revoked at the {described}")
        }
        SignInState::Lost { .. } => format!("the sign-in of {who} is lost: a renewal was cut off"),
        SignInState::SigningOut { .. } => format!("the sign-out of {who} is not complete"),
    }
}

fn rows(facts: &Facts<'_>) -> Vec<Row> {
    let Facts { status, ask, now, .. } = *facts;
    let mut rows = vec![("profile", status.profile.to_owned())];
    if let Some(sign_in) = &status.sign_in {
        rows.push(("since", local(sign_in.signed_in_at)));
        rows.push(("session", session(facts, sign_in)));
    }
    rows.push(match &status.credentials {
        Some(credentials) => ("credentials", until(credentials.expires_at, now)),
        None => ("credentials", "none yet: they are fetched when something asks for them".to_owned()),
    });
    if let Some(credentials) = &status.credentials {
        rows.push(("role", role(&ask.role, credentials, facts.known)));
    }
    rows.extend(status.other_credentials.iter().zip(facts.besides).map(|(credentials, (other, record))| {
        ("also", format!("{}, {}", role(other, credentials, None), until(record.expires_at, now)))
    }));
    rows.push(("kept in", facts.store.to_owned()));
    if let Some(other) = &status.other_store {
        rows.push((
            "other store",
            format!("there is a sign-in in store \"{other}\", too: to use it, set store = \"{other}\""),
        ));
    }
    if let Some(clock) = facts.clock {
        rows.push(("clock", format!("{} {}'s, measured {}", clock.offset(), clock.host, local(clock.at))));
    }
    rows.extend(roots::listed(facts.roots).into_iter().map(|root| ("extra root", root)));
    rows
}

fn session(facts: &Facts<'_>, sign_in: &super::SignIn<'_>) -> String {
    let (now, described) = (facts.now, facts.ask.profile.issuer.described());
    match facts.state {
        SignInState::Expired { at, .. } => until(at, now),
        SignInState::Revoked { noticed_at } => format!("ended, noticed {}", local(noticed_at)),
        SignInState::Lost { interrupted_at } => format!("lost in a renewal at {}", local(interrupted_at)),
        SignInState::SigningOut { since } => format!("sign-out begun {}", local(since)),
        SignInState::NotSignedIn | SignInState::SignedIn => match (sign_in.renewable, sign_in.renewable_until) {
            (true, Some(end)) => format!("lasts {}", until(end, now)),
            (true, None) => format!("renewed automatically until the {described} ends it"),
            (false, _) if sign_in.id_token_expires_at > now => {
                let end = until(sign_in.id_token_expires_at, now);
                format!("lasts {end}: the {described} gave no refresh token")
            }
            // Renewed after its presumed end.
            (false, _) => "renewed automatically, longer than refresh_token_validity says".to_owned(),
        },
    }
}

/// Returns the name and the account of the role, as far as both are known.
fn role(role: &Role, credentials: &Credentials, known: Option<&KnownRole>) -> String {
    let name = match (&credentials.role_name, &credentials.account_id) {
        (Some(name), Some(account)) => format!("{name} in AWS account {account}"),
        _ => "chosen by the identity pool ('cogfed roles' asks AWS which one it is)".to_owned(),
    };
    let flow = if role.is_classic() { ", by the classic flow" } else { "" };
    // The identity pool may have chosen another one for credentials that were renewed since.
    let as_of = known.filter(|known| known.issued_at != credentials.issued_at);
    let as_of = as_of.map(|known| format!(" (as of {})", local(known.issued_at))).unwrap_or_default();
    format!("{name}{flow}{as_of}")
}
