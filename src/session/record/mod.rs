//! The records in a store: their contents, account names and versions.

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

/// The version of the records that this cogfed writes. Older ones are read, newer ones are refused and left alone.
///
/// Version 1 kept the access token, and did not name the key that gives a sign-in's name. Its credentials did not name
/// the sign-in at all.
const VERSION: u32 = 2;
/// The maximum size of a record, in bytes; real records are a few KiB.
const LARGEST: usize = 1 << 20;
/// The maximum length of a quoted value, in characters.
const LONGEST_QUOTE: usize = 200;
/// The role part of an account if the identity pool chooses the role.
const NO_ROLE: &str = "default";
/// The prefix of an account's role part for the classic flow. No ARN begins like this; a suffix would be ambiguous,
/// because an ARN may end in anything.
const CLASSIC: &str = "classic/";

/// Returns the account of a sign-in's tokens: `tokens/USER POOL/APP CLIENT/WHO`. Without a user pool, the issuer takes
/// its place.
pub fn tokens_account(profile: &Profile) -> String {
    format!("tokens/{}/{}/{}", part(profile.issuer.id()), profile.client_id, part(&profile.sign_in_name.part()))
}

/// Returns the account in which version 1 stored the sign-in's tokens, if it differs from the current one.
fn earlier_tokens_account(profile: &Profile) -> Option<String> {
    let earlier = format!("tokens/{}/{}/{}", part(profile.issuer.id()), profile.client_id, part(profile.who()));
    Some(earlier).filter(|earlier| *earlier != tokens_account(profile))
}

/// Returns the account of a profile's credentials: `credentials/USER POOL/APP CLIENT/WHO/IDENTITY POOL/ROLE`. The
/// classic flow has `classic/` before the role, so that both flows can store the same role.
pub fn credentials_account(ask: &Ask) -> String {
    let role = ask.role.arn.as_deref().unwrap_or(NO_ROLE);
    format!("{}{}{role}", before_role(&ask.profile), if ask.role.is_classic() { CLASSIC } else { "" })
}

/// Returns the part before the role, which the accounts of a sign-in's credentials at one identity pool share.
fn before_role(profile: &Profile) -> String {
    format!(
        "credentials/{}/{}/{}/{}/",
        part(profile.issuer.id()),
        profile.client_id,
        part(&profile.sign_in_name.part()),
        profile.identity_pool_id
    )
}

/// Escapes a name or an issuer for use as one part of an account, so that it contains no separator.
fn part(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

/// One sign-in: its tokens, their owner and destinations, and the list of credentials made from it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokensRecord {
    version: u32,
    /// The user pool that issued the tokens, or the issuer if there is no user pool.
    pub user_pool_id: String,
    /// The app client that the tokens were issued to.
    pub client_id: String,
    /// The sign-in's name, [`Profile::who`].
    pub who: String,
    /// The profile key that gives the sign-in's name. Records of version 1 do not have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_by: Option<NamedBy>,
    /// The only token endpoint that may receive the refresh token.
    pub token_endpoint: String,
    /// The only identity pool endpoint besides AWS's own that may receive the ID token.
    pub identity_pool_endpoint: String,
    /// The only STS endpoint besides AWS's own that may receive the identity pool's tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sts_endpoint: Option<String>,
    /// The id of this set of tokens, new whenever they change. Marks refer to it.
    pub generation: String,
    /// `iss` of the ID token.
    pub issuer: String,
    /// The `sub` claim of the ID token, which identifies the person within the user pool.
    pub subject: String,
    /// The name of the person, for messages.
    pub person: String,
    /// The identity provider, if the ID token names it.
    pub provider: Option<String>,
    /// The time of the sign-in in the browser.
    pub signed_in_at: DateTime<Utc>,
    /// The ID token.
    #[serde(serialize_with = "secret::exposed")]
    pub id_token: Secret,
    /// The issue time of the ID token, by this machine's clock.
    pub issued_at: DateTime<Utc>,
    /// The expiry of the ID token by this machine's clock or by the user pool's, whichever is earlier.
    pub expires_at: DateTime<Utc>,
    /// The claim `scope` of the access token, if that is a JWT. The token itself is not kept, because nothing uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The access token of a record of version 1.
    #[serde(default, skip_serializing)]
    access_token: Option<Secret>,
    /// The refresh token, until the user pool rejects it.
    #[serde(serialize_with = "secret::exposed_option")]
    pub refresh_token: Option<Secret>,
    /// The secret of the app client, if one was given at the sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "secret::exposed_option")]
    pub client_secret: Option<Secret>,
    /// The identity ids, by identity pool id.
    #[serde(default)]
    pub identities: BTreeMap<String, String>,
    /// The accounts of the credentials that were made from this sign-in.
    #[serde(default)]
    pub credentials: BTreeSet<String>,
    /// The early end of the sign-in, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// The things that the person accepted at the sign-in. `None` if cogfed 0.1.0 made the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<Accepted>,
    /// True if the record was read from the account of version 1, which is deleted once the record is written.
    #[serde(skip)]
    is_from_earlier_account: bool,
}

/// The early end of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The time at which cogfed noticed the end.
    pub at: DateTime<Utc>,
    /// The time of an earlier renewal that was interrupted before its answer was saved, which likely ended the sign-in.
    pub interrupted_at: Option<DateTime<Utc>>,
    /// True if a person is signing out. The refresh token is then kept only to be revoked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_sign_out: bool,
}

/// The parts of a new sign-in's record.
pub struct SignedIn<'a> {
    /// The profile that was signed in to.
    pub profile: &'a Profile,
    /// The verified tokens.
    pub tokens: &'a Tokens,
    /// The app client's secret, if one was given.
    pub client_secret: Option<Secret>,
    /// The things that the person accepted.
    pub accepted: Accepted,
    /// The time now.
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

    /// Replaces the tokens with new ones. Without a new refresh token the old one stays: a user pool without rotation
    /// sends none.
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

    /// Replaces the refresh token with a rotated one.
    pub fn rotate(&mut self, refresh_token: Secret) {
        self.generation = new_generation();
        self.refresh_token = Some(refresh_token);
    }

    /// Returns the time at which silent renewal ends, if the profile has a `refresh_token_validity`. That time counts
    /// from the sign-in, and rotation does not extend it.
    pub fn renewable_until(&self, profile: &Profile) -> Option<DateTime<Utc>> {
        self.refresh_token.as_ref()?;
        Some(self.signed_in_at + profile.refresh_token_validity?)
    }

    /// Reads the record of this profile's sign-in, if there is one.
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

    /// Reads the version 1 record from its old account, which now belongs to another sign-in. It counts only if it is
    /// of that version and has the profile's name.
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

    /// Returns the record upgraded to the current version. It belongs to `profile`.
    fn upgraded(mut self, profile: &Profile) -> Self {
        self.version = VERSION;
        self.named_by.get_or_insert(profile.sign_in_name.by);
        if let Some(access_token) = self.access_token.take() {
            self.scope = scope_of(&access_token);
        }
        self
    }

    /// Reads the record to replace or delete it, even if it belongs to other endpoints. A damaged record counts as
    /// missing.
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

    /// Deletes the profile's record.
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

    /// Returns whether credentials of the classic flow were made from this sign-in. They may last for more than an
    /// hour.
    pub fn has_classic_credentials(&self) -> bool {
        // Only the last part of an account, the role, can contain a slash: see `part`.
        let role = |account: &String| account.splitn(6, '/').nth(5).is_some_and(|role| role.starts_with(CLASSIC));
        self.credentials.iter().any(role)
    }

    /// Returns the roles of this sign-in's credentials at this profile's identity pool, for both flows. The duration of
    /// a classic role is zero, because the record does not hold it.
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

    /// Writes the record.
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

/// Returns the claim `scope` of an access token. Not every issuer's access token is a JWT.
fn scope_of(access_token: &Secret) -> Option<String> {
    Some(unverified_claims(access_token).ok()?.get("scope")?.as_str()?.to_owned())
}

fn written<R: Serialize>(record: &R) -> Secret {
    Secret::new(serde_json::to_string(record).expect("a struct of texts, times and maps keyed by text serializes"))
}

/// The reason why a stored record cannot be read.
enum Unreadable {
    /// The text is not a record that any version of cogfed writes.
    Damaged(Failure),
    /// A newer cogfed wrote the record.
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
