//! The records in a secret store: their contents, item names and versions.

mod credentials;
mod destination;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use self::credentials::CredentialsRecord;
pub use self::destination::{Mismatch, Use};
use super::Ask;
use super::accepted::Accepted;
use crate::error::{Failure, Kind};
use crate::oidc::{Tokens, unverified_claims};
use crate::profile::{Flow, NamedBy, Profile, Role};
use crate::secret::{self, Secret};
use crate::store::{Store, StoreError};

/// The version of the records that this build of cogfed writes. Older ones are read, newer ones are refused and left
/// alone.
///
/// Version 1 kept the access token, and did not name the key that gives a sign-in's name. Its credentials did not name
/// the sign-in at all.
const VERSION: u32 = 2;
/// The maximum size of a record, in bytes; real records are a few KiB.
const LARGEST: usize = 1 << 20;
/// The maximum length of a value that a message quotes, in characters.
const LONGEST_QUOTE: usize = 200;
/// The last part of an item name if the identity pool chooses the role.
const NO_ROLE: &str = "default";
/// The prefix of the role in the item names of credentials from the classic flow. No ARN begins like this; a suffix
/// would be ambiguous, because an ARN may end in anything.
const CLASSIC: &str = "classic/";

/// Returns the name of the item that holds a sign-in's tokens: `tokens/USER POOL/APP CLIENT/WHO`. Without a user pool,
/// the issuer takes its place.
pub fn tokens_account(profile: &Profile) -> String {
    format!("tokens/{}/{}/{}", part(profile.issuer.id()), profile.client_id, part(&profile.sign_in_name.part()))
}

/// Returns the name of the item in which version 1 stored the sign-in's tokens, or `None` if this name is still in use.
fn earlier_tokens_account(profile: &Profile) -> Option<String> {
    let earlier = format!("tokens/{}/{}/{}", part(profile.issuer.id()), profile.client_id, part(profile.who()));
    Some(earlier).filter(|earlier| *earlier != tokens_account(profile))
}

/// Returns the name of the item that holds credentials: `credentials/USER POOL/APP CLIENT/WHO/IDENTITY POOL/ROLE`. The
/// classic flow has `classic/` before the role, so that both flows can store the same role.
pub fn credentials_account(ask: &Ask) -> String {
    let role = ask.role.arn.as_deref().unwrap_or(NO_ROLE);
    format!("{}{}{role}", before_role(&ask.profile), if ask.role.is_classic() { CLASSIC } else { "" })
}

/// Returns the part of a credentials item's name that precedes the role.
fn before_role(profile: &Profile) -> String {
    format!(
        "credentials/{}/{}/{}/{}/",
        part(profile.issuer.id()),
        profile.client_id,
        part(&profile.sign_in_name.part()),
        profile.identity_pool_id
    )
}

/// Escapes a sign-in name or an issuer, so that it contains no slash and can be one part of an item name.
fn part(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

/// The stored record of a sign-in: its tokens, their owner, the endpoints that may receive them, and a list of the
/// credentials obtained with them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokensRecord {
    version: u32,
    /// The id of the user pool that issued the tokens, or the issuer's URL if there is no user pool.
    pub user_pool_id: String,
    /// The id of the app client to which the tokens were issued.
    pub client_id: String,
    /// The name under which the sign-in is stored, from [`Profile::who`].
    pub who: String,
    /// The configuration key that set the sign-in's name. Records of version 1 do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_by: Option<NamedBy>,
    /// The token endpoint that issued the tokens. Only this endpoint may receive the refresh token.
    pub token_endpoint: String,
    /// The identity pool endpoint that may receive the ID token, in addition to AWS's own.
    pub identity_pool_endpoint: String,
    /// The STS endpoint that may receive the identity pool's tokens, in addition to the STS endpoints of AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sts_endpoint: Option<String>,
    /// The id of this set of tokens, which changes whenever the tokens change. Marks refer to it.
    pub generation: String,
    /// The `iss` claim of the ID token.
    pub issuer: String,
    /// The `sub` claim of the ID token, which identifies the person.
    pub subject: String,
    /// The person's name, for messages.
    pub person: String,
    /// The identity provider, if the ID token names it.
    pub provider: Option<String>,
    /// The time at which the person signed in with the browser.
    pub signed_in_at: DateTime<Utc>,
    /// The ID token.
    #[serde(serialize_with = "secret::exposed")]
    pub id_token: Secret,
    /// The time at which the ID token was issued, by this machine's clock.
    pub issued_at: DateTime<Utc>,
    /// The expiry time of the ID token by the clock of this machine or the clock of the server, whichever is earlier.
    pub expires_at: DateTime<Utc>,
    /// The `scope` claim of the access token, if that token is a JWT. The token itself is not kept, because nothing
    /// uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The access token, which only records of version 1 contain.
    #[serde(default, skip_serializing)]
    access_token: Option<Secret>,
    /// The refresh token; `None` if there is none or the issuer has rejected it.
    #[serde(serialize_with = "secret::exposed_option")]
    pub refresh_token: Option<Secret>,
    /// The app client's secret, if one was set at the sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "secret::exposed_option")]
    pub client_secret: Option<Secret>,
    /// The person's identity ids, by the id of the identity pool.
    #[serde(default)]
    pub identities: BTreeMap<String, String>,
    /// The item names of the credentials that were obtained with this sign-in.
    #[serde(default)]
    pub credentials: BTreeSet<String>,
    /// Details about the end of the sign-in; `None` unless the sign-in ended before its tokens expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// The trust roots, endpoints and browser command that the person accepted at the sign-in. `None` if cogfed 0.1.0
    /// made the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
    /// True if the record was read from the item in which version 1 stored it. That item is deleted after the record is
    /// written.
    #[serde(skip)]
    is_from_earlier_account: bool,
}

/// The end of a sign-in before its tokens expired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The time at which cogfed noticed that the sign-in had ended.
    pub at: DateTime<Utc>,
    /// The start time of a renewal that was interrupted before its answer was saved. Such a renewal is the likely cause
    /// of the sign-in's end.
    pub interrupted_at: Option<DateTime<Utc>>,
    /// True if the person has begun to sign out. The refresh token is then kept only to be revoked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_sign_out: bool,
}

/// The parts from which a new sign-in's record is created.
pub struct SignedIn<'a> {
    /// The profile to which the person signed in.
    pub profile: &'a Profile,
    /// The verified tokens.
    pub tokens: &'a Tokens,
    /// The app client's secret, if one is set.
    pub client_secret: Option<Secret>,
    /// The trust roots, endpoints and browser command that the person accepted.
    pub accepted: Accepted,
    /// The current time.
    pub now: DateTime<Utc>,
}

impl TokensRecord {
    /// Creates the record of a new sign-in.
    pub fn new(signed_in: SignedIn<'_>) -> Self {
        let SignedIn { profile, tokens, client_secret, accepted, now } = signed_in;
        let mut record = Self {
            version: VERSION,
            user_pool_id: profile.issuer.id().to_owned(),
            client_id: profile.client_id.clone(),
            who: profile.who().to_owned(),
            named_by: Some(profile.sign_in_name.by),
            token_endpoint: tokens.grant.token_endpoint.clone(),
            identity_pool_endpoint: profile.endpoints.identity_pool.clone(),
            sts_endpoint: Some(&profile.endpoints.sts).filter(|_| !profile.endpoints.sts_is_aws).cloned(),
            generation: String::new(),
            issuer: String::new(),
            subject: tokens.claims.subject.clone(),
            person: String::new(),
            provider: None,
            signed_in_at: now,
            id_token: Secret::default(),
            issued_at: now,
            expires_at: now,
            scope: None,
            access_token: None,
            refresh_token: None,
            client_secret,
            identities: BTreeMap::new(),
            credentials: BTreeSet::new(),
            ended: None,
            accepted: Some(accepted),
            is_from_earlier_account: false,
        };
        record.take(tokens);
        record
    }

    /// Replaces the tokens in the record with new ones. Without a new refresh token the old one stays: a user pool
    /// without rotation sends none.
    pub fn take(&mut self, tokens: &Tokens) {
        let (grant, claims) = (&tokens.grant, &tokens.claims);
        self.generation = new_generation();
        self.issuer = claims.issuer.clone();
        self.person = claims.person.clone();
        self.provider = claims.provider.clone();
        if let Some(id_token) = &grant.id_token {
            self.id_token = id_token.clone();
        }
        self.issued_at = grant.offset.here(claims.issued_at);
        self.expires_at = grant.offset.expiry(claims.expires_at);
        if let Some(access_token) = &grant.access_token {
            self.scope = scope_of(access_token);
        }
        if let Some(refresh_token) = &grant.refresh_token {
            self.refresh_token = Some(refresh_token.clone());
        }
    }

    /// Replaces the refresh token in the record after a rotation.
    pub fn rotate(&mut self, refresh_token: Secret) {
        self.generation = new_generation();
        self.refresh_token = Some(refresh_token);
    }

    /// Returns the time until which the tokens can be refreshed, if the profile sets `refresh_token_validity`. That
    /// time counts from the sign-in, and rotation does not extend it.
    pub fn renewable_until(&self, profile: &Profile) -> Option<DateTime<Utc>> {
        self.refresh_token.as_ref()?;
        Some(self.signed_in_at + profile.refresh_token_validity?)
    }

    /// Reads the record of the profile's sign-in. Returns `None` if there is no such record.
    ///
    /// # Errors
    /// [`Kind::Store`] if the store or the record fails, or the record belongs to other endpoints.
    pub fn read(store: &Store, ask: &Ask) -> Result<Option<Self>, Failure> {
        let account = tokens_account(&ask.profile);
        let record = match read::<Self>(store.get(&account)?, &account)? {
            None => Self::read_earlier(store, &ask.profile)?,
            record => record,
        };
        let Some(record) = record else { return Ok(None) };
        record.fits(Use::Renewal(ask)).map_err(|mismatch| mismatch.of_renewal(&ask.profile))?;
        Ok(Some(record.upgraded(&ask.profile)))
    }

    /// Reads the record that version 1 stored in an item whose name now belongs to another sign-in. It counts only if
    /// it is of that version and has the profile's name.
    fn read_earlier(store: &Store, profile: &Profile) -> Result<Option<Self>, Failure> {
        let Some(account) = earlier_tokens_account(profile) else { return Ok(None) };
        let text = match store.get(&account) {
            Err(StoreError::Damaged { .. }) => return Ok(None),
            text => text?,
        };
        let record = read::<Self>(text, &account).ok().flatten();
        let record = record.filter(|record| record.version == 1 && record.who == profile.who());
        Ok(record.map(|record| Self { is_from_earlier_account: true, ..record }))
    }

    /// Returns the record, upgraded to the current version. It belongs to `profile`.
    fn upgraded(mut self, profile: &Profile) -> Self {
        self.version = VERSION;
        self.named_by.get_or_insert(profile.sign_in_name.by);
        if let Some(access_token) = self.access_token.take() {
            self.scope = scope_of(&access_token);
        }
        self
    }

    /// Reads the record in order to replace or delete it, even if the record belongs to other endpoints. A damaged
    /// record counts as missing.
    ///
    /// # Errors
    /// [`Kind::Store`] if the store fails, or a newer cogfed wrote the record, which is then left alone.
    pub fn read_to_replace(store: &Store, profile: &Profile) -> Result<Option<Self>, Failure> {
        let account = tokens_account(profile);
        let text = match store.get(&account) {
            Err(StoreError::Damaged { .. }) => return Ok(None),
            text => text?,
        };
        let record = match read::<Self>(text, &account) {
            Ok(None) => Self::read_earlier(store, profile)?,
            Ok(record) => record,
            Err(Unreadable::Damaged(_)) => None,
            Err(Unreadable::Newer(failure)) => return Err(failure),
        };
        Ok(record.map(|record| record.upgraded(profile)))
    }

    /// Deletes the record of the profile's sign-in.
    ///
    /// # Errors
    /// [`Kind::Store`].
    pub fn delete(store: &Store, profile: &Profile) -> Result<(), Failure> {
        store.delete(&tokens_account(profile))?;
        match earlier_tokens_account(profile).filter(|_| matches!(Self::read_earlier(store, profile), Ok(Some(_)))) {
            Some(earlier) => Ok(store.delete(&earlier)?),
            None => Ok(()),
        }
    }

    /// Returns whether any credentials from the classic flow were obtained with this sign-in. They may last for more
    /// than an hour.
    pub fn has_classic_credentials(&self) -> bool {
        // Only the last part of an account, the role, can contain a slash: see `part`.
        let role = |account: &String| account.splitn(6, '/').nth(5).is_some_and(|role| role.starts_with(CLASSIC));
        self.credentials.iter().any(role)
    }

    /// Returns the roles for which credentials were obtained with this sign-in from the profile's identity pool. The
    /// duration of a classic role is zero, because the record does not hold it.
    pub fn roles(&self, profile: &Profile) -> Vec<Role> {
        let before = before_role(profile);
        let roles = self.credentials.iter().filter_map(|account| account.strip_prefix(&before));
        let roles = roles.map(|role| match role.strip_prefix(CLASSIC) {
            Some(role) => (role, Flow::Classic { duration: TimeDelta::zero() }),
            None => (role, Flow::Enhanced),
        });
        roles
            .map(|(role, flow)| Role { arn: Some(role).filter(|role| *role != NO_ROLE).map(str::to_owned), flow })
            .collect()
    }

    /// Writes the record to the store.
    ///
    /// # Errors
    /// [`Kind::Store`].
    pub fn write(&self, store: &Store, profile: &Profile) -> Result<(), Failure> {
        store.set(&tokens_account(profile), &written(self))?;
        match earlier_tokens_account(profile).filter(|_| self.is_from_earlier_account) {
            Some(earlier) => Ok(store.delete(&earlier)?),
            None => Ok(()),
        }
    }
}

/// Returns the `scope` claim of an access token. Not every issuer's access token is a JWT.
fn scope_of(access_token: &Secret) -> Option<String> {
    Some(unverified_claims(access_token).ok()?.get("scope")?.as_str()?.to_owned())
}

fn written<R: Serialize>(record: &R) -> Secret {
    Secret::new(serde_json::to_string(record).expect("a struct of texts, times and maps keyed by text serializes"))
}

/// The reason why a stored record is unreadable.
enum Unreadable {
    /// No version of cogfed writes such a record.
    Damaged(Failure),
    /// A newer version of cogfed wrote the record.
    Newer(Failure),
}

impl From<Unreadable> for Failure {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Damaged(failure) | Unreadable::Newer(failure) => failure,
        }
    }
}

fn read<R: DeserializeOwned>(text: Option<Secret>, account: &str) -> Result<Option<R>, Unreadable> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let Some(text) = text else { return Ok(None) };
    let text = Some(text).filter(|text| text.expose().len() <= LARGEST);
    // A parser's message is not shown: it may quote a piece of the text.
    let damaged = || {
        let failure = Failure::new(Kind::Store, format!("the stored item '{account}' cannot be read"));
        Unreadable::Damaged(failure.hint("remove it with 'cogfed logout' and sign in again"))
    };
    let text = text.ok_or_else(damaged)?;
    let Versioned { version } = serde_json::from_str(text.expose()).map_err(|_| damaged())?;
    if version > VERSION {
        let message = format!("the stored item '{account}' is of version {version}, from a newer cogfed");
        let failure = Failure::new(Kind::Store, message);
        return Err(Unreadable::Newer(failure.hint("update this cogfed; the item is left as it is")));
    }
    serde_json::from_str(text.expose()).map(Some).map_err(|_| damaged())
}

fn new_generation() -> String {
    oauth2::CsrfToken::new_random_len(12).into_secret()
}

#[cfg(test)]
mod tests;
