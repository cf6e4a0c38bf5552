//! The state that all listeners share: ids, clock, people, keys, and the state of each service.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::active::Active;
use crate::api_gateway::ApiGateway;
use crate::error::Result;
use crate::identity_pool::Identities;
use crate::issued::{IssuedKey, IssuedKeys};
use crate::keys::Keys;
use crate::log::Log;
use crate::misbehaviour::Misbehaviour;
use crate::options::{Options, STAGE};
use crate::partition::ACCOUNT_ID;
use crate::people::{Directory, Person, User};
use crate::plain_issuer;
use crate::pool_roles::PoolRoles;
use crate::random;
use crate::refusals::Refusal;
use crate::user_pool::State;

/// The maximum number of issued secrets that the sandbox records. Older ones are dropped.
const KEPT_SECRETS: usize = 10_000;
/// The length of an authorization code while [`Misbehaviour::LongCode`] is active, in characters.
const LONG_CODE: usize = 20_000;

/// The ids of one sandbox's resources. They are random, so that two sandboxes never share an id in one store.
#[derive(Debug, Clone)]
pub struct Names {
    /// The user pool's id: `eu-west-1_` and nine letters or digits.
    pub user_pool_id: String,
    /// The id of the app client or, with a plain issuer, the id of the application (a GUID).
    pub client_id: String,
    /// The plain issuer's tenant, a GUID.
    pub tenant: String,
    /// The identity pool's id: `eu-west-1:` and a UUID.
    pub identity_pool_id: String,
    /// The API's id: ten letters or digits.
    pub api_id: String,
    /// The host name that the hosted UI would have at AWS.
    pub domain: String,
}

impl Names {
    fn new(options: &Options) -> Self {
        let (partition, region) = (options.partition, options.partition.region());
        Self {
            user_pool_id: format!("{region}_{}", random::alphanumeric(9)),
            client_id: if options.plain_issuer { random::uuid() } else { random::lower_alphanumeric(26) },
            tenant: random::uuid(),
            identity_pool_id: format!("{region}:{}", random::uuid()),
            api_id: random::lower_alphanumeric(10),
            domain: partition.domain("corp-sandbox"),
        }
    }
}

/// The socket addresses of the listeners.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// The address of the hosted UI and the OAuth endpoints.
    pub domain: SocketAddr,
    /// The address of the user pool's discovery document and JWKS.
    pub user_pool: SocketAddr,
    /// The address of the plain issuer.
    pub issuer: SocketAddr,
    /// The address of the identity pool.
    pub identity_pool: SocketAddr,
    /// The address of STS.
    pub sts: SocketAddr,
    /// The address of API Gateway.
    pub api: SocketAddr,
    /// The address of the control endpoint.
    pub control: SocketAddr,
}

#[cfg(test)]
impl Addresses {
    /// Returns a set of addresses in which every service has the address `address`, for tests that connect to no
    /// listener.
    pub fn all_at(address: SocketAddr) -> Self {
        Self {
            domain: address,
            user_pool: address,
            issuer: address,
            identity_pool: address,
            sts: address,
            api: address,
            control: address,
        }
    }
}

/// The state of one sandbox, which all its listeners share.
pub struct World {
    /// The options of the sandbox.
    pub options: Options,
    /// The ids of the sandbox's resources.
    pub names: Names,
    /// The socket addresses of the sandbox's listeners.
    pub addresses: Addresses,
    /// The user pool's signing keys.
    pub keys: Arc<Keys>,
    /// The simulated API behind API Gateway.
    pub api: ApiGateway,
    /// The AWS credentials that the sandbox has issued, and the administrator's keys.
    pub issued: IssuedKeys,
    /// The long-term keys of the IAM user who may call GetIdentityPoolRoles.
    pub administrator: IssuedKey,
    /// The active misbehaviours.
    pub active: Active<Misbehaviour>,
    /// The active refusals.
    pub refusals: Active<Refusal>,
    /// The request log.
    pub log: Log,
    credentials_lifetime: Mutex<i64>,
    pool_roles: Mutex<PoolRoles>,
    offset: Mutex<TimeDelta>,
    users: Mutex<Vec<User>>,
    secrets: Mutex<VecDeque<String>>,
    user_pool: Mutex<State>,
    plain_issuer: Mutex<plain_issuer::State>,
    identities: Mutex<Identities>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// Returns the state of a new sandbox, in which nobody has signed in yet.
    ///
    /// # Errors
    /// Fails if the signing keys cannot be made.
    pub fn new(options: Options, addresses: Addresses) -> Result<Self> {
        let active = Active::default();
        for &misbehaviour in &options.misbehaviours {
            active.set(misbehaviour, None);
        }
        let refusals = Active::default();
        for &refusal in &options.refusals {
            refusals.set(refusal, None);
        }
        let created = options.clock.now();
        let user = |person: &Person| User {
            person: person.clone(),
            in_directory: person.clone(),
            has_signed_in: false,
            sub: random::uuid(),
            created,
        };
        let names = Names::new(&options);
        let administrator = IssuedKey::of_an_administrator(options.partition, &names.identity_pool_id);
        let pool_roles = PoolRoles {
            authenticated: options.authenticated_role.clone(),
            unauthenticated: None,
            mapping: options.role_mapping.clone(),
        };
        let issued = IssuedKeys::default();
        issued.insert(administrator.clone());
        Ok(Self {
            api: ApiGateway::new(options.partition.region(), ACCOUNT_ID, names.api_id.as_str(), STAGE),
            names,
            addresses,
            keys: Keys::of_this_process()?,
            issued,
            active,
            refusals,
            log: Log::default(),
            pool_roles: Mutex::new(pool_roles),
            credentials_lifetime: Mutex::new(options.credentials_lifetime),
            offset: Mutex::default(),
            users: Mutex::new(options.people.iter().map(user).collect()),
            secrets: Mutex::new(VecDeque::from([administrator.secret_access_key.clone()])),
            administrator,
            user_pool: Mutex::default(),
            plain_issuer: Mutex::default(),
            identities: Mutex::default(),
            options,
        })
    }

    /// Returns the time of the sandbox's clock, including the offset set by [`Self::advance`].
    pub fn now(&self) -> DateTime<Utc> {
        self.options.clock.now() + *locked(&self.offset)
    }

    /// Returns the time of the simulated servers: [`Self::now`], or 20 minutes earlier while
    /// [`Misbehaviour::ClockBehind`] is active.
    pub fn servers_now(&self) -> DateTime<Utc> {
        let behind = if self.active.due(Misbehaviour::ClockBehind) { 20 } else { 0 };
        self.now() - TimeDelta::minutes(behind)
    }

    /// Moves the sandbox's clock forward, or back if `by` is negative.
    pub fn advance(&self, by: TimeDelta) {
        *locked(&self.offset) += by;
    }

    /// Returns the lifetime, in seconds, of credentials issued from now on.
    pub fn credentials_lifetime(&self) -> i64 {
        *locked(&self.credentials_lifetime)
    }

    /// Sets the lifetime, in seconds, of credentials issued from now on.
    pub fn set_credentials_lifetime(&self, seconds: i64) {
        *locked(&self.credentials_lifetime) = seconds;
    }

    /// Returns the issuer URL in the user pool's tokens.
    pub fn issuer(&self) -> String {
        self.options.partition.user_pool_issuer(self.options.issuer, &self.names.user_pool_id)
    }

    /// Returns the identity pool's current default roles and role mapping.
    pub fn pool_roles(&self) -> PoolRoles {
        locked(&self.pool_roles).clone()
    }

    /// Changes the identity pool's default roles or role mapping for credentials issued from now on.
    pub fn change_pool_roles(&self, change: impl FnOnce(&mut PoolRoles)) {
        change(&mut locked(&self.pool_roles));
    }

    /// Returns the issuer's key in `RoleMappings`, without the URL scheme: `ISSUER:CLIENT_ID` for a user pool, or the
    /// URL of a plain issuer.
    pub fn mapped_provider(&self) -> String {
        match self.options.plain_issuer {
            true => self.plain_issuer_name().trim_start_matches("http://").to_owned(),
            false => format!("{}:{}", self.issuer().trim_start_matches("https://"), self.names.client_id),
        }
    }

    /// Returns the base URL of the plain issuer's listener.
    pub fn plain_issuer_base(&self) -> String {
        format!("http://{}", self.addresses.issuer)
    }

    /// Returns the issuer URL in the plain issuer's tokens.
    pub fn plain_issuer_name(&self) -> String {
        format!("{}/{}/v2.0", self.plain_issuer_base(), self.names.tenant)
    }

    /// Returns the Microsoft Graph URL that lists a user's groups, for a user with too many groups for a token.
    pub fn groups_link(&self, user: &User) -> String {
        format!("https://graph.windows.net/{}/users/{}/getMemberObjects", self.names.tenant, user.sub)
    }

    /// Returns the URL of the issuer whose tokens the identity pool accepts.
    pub fn login_issuer(&self) -> String {
        if self.options.plain_issuer { self.plain_issuer_name() } else { self.issuer() }
    }

    /// Returns the records of all users.
    pub fn users(&self) -> Vec<User> {
        locked(&self.users).clone()
    }

    /// Returns the people who can sign in, with their current directory attributes. A plain issuer has only the people
    /// in its own directory.
    pub fn people(&self) -> Vec<Person> {
        let people = self.users().into_iter().map(|user| user.in_directory);
        people.filter(|person| !self.options.plain_issuer || person.is_in(self.plain_directory())).collect()
    }

    /// Returns the directory that the plain issuer simulates.
    pub fn plain_directory(&self) -> Directory {
        if self.options.b2c_issuer { Directory::AzureB2c } else { Directory::AzureAd }
    }

    /// Returns a new authorization code. It is the result of `usual`, or a random code if a special code length is
    /// configured or simulated.
    pub fn new_code(&self, usual: impl FnOnce() -> String) -> String {
        let long = self.active.due(Misbehaviour::LongCode).then_some(LONG_CODE);
        let code = match long.or(self.options.code_length) {
            None => usual(),
            Some(length) => {
                let mut code = random::base64url(length);
                code.truncate(length);
                code
            }
        };
        self.giving_out(code)
    }

    /// Returns the user whose short name is `name`.
    pub fn user_named(&self, name: &str) -> Option<User> {
        locked(&self.users).iter().find(|user| user.person.name == name).cloned()
    }

    /// Returns the user with this `sub`.
    pub fn user(&self, sub: &str) -> Option<User> {
        locked(&self.users).iter().find(|user| user.sub == sub).cloned()
    }

    /// Applies `change` to the person named `name`. Returns false if nobody has this name. If attributes are sticky,
    /// changes in the directory reach the user pool only at the next sign-in in the browser.
    pub fn change_user(&self, name: &str, change: impl FnOnce(&mut Person)) -> bool {
        let mut users = locked(&self.users);
        let Some(user) = users.iter_mut().find(|user| user.person.name == name) else { return false };
        change(&mut user.in_directory);
        let changed = user.in_directory.clone();
        match self.options.sticky_attributes {
            false => user.person = changed,
            true => {
                // These attributes belong to the user pool.
                user.person.groups = changed.groups;
                user.person.iam_roles = changed.iam_roles;
                user.person.preferred_iam_role = changed.preferred_iam_role;
            }
        }
        true
    }

    /// Copies a person's attributes from the directory to the user pool. The same happens at each sign-in in the
    /// browser.
    pub fn arrive(&self, name: &str) {
        if let Some(user) = locked(&self.users).iter_mut().find(|user| user.person.name == name) {
            let sent = &user.in_directory;
            user.person = if user.has_signed_in { user.person.after_sign_in(sent) } else { sent.clone() };
            user.has_signed_in = true;
        }
    }

    /// Records an issued secret and returns it. Tests search for the recorded secrets in places where no secret may be.
    pub fn giving_out(&self, secret: String) -> String {
        let mut secrets = locked(&self.secrets);
        if secrets.len() == KEPT_SECRETS {
            secrets.pop_front();
        }
        secrets.push_back(secret.clone());
        drop(secrets);
        secret
    }

    /// Returns the most recently issued secrets, at most 10,000.
    pub fn secrets_issued(&self) -> Vec<String> {
        locked(&self.secrets).iter().cloned().collect()
    }

    /// Returns the time by which every ID and access token issued at `now` has expired.
    pub fn tokens_end(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now + TimeDelta::seconds(self.options.token_lifetime)
    }

    /// Revokes every sign-in and ends every browser session.
    pub fn revoke_all(&self) {
        let until = self.tokens_end(self.now());
        self.user_pool().end_all(until);
        self.plain_issuer().end_all();
    }

    /// Locks and returns the user pool's state. Handlers do not await while they hold the returned guard.
    pub fn user_pool(&self) -> MutexGuard<'_, State> {
        locked(&self.user_pool)
    }

    /// Locks and returns the plain issuer's state. Handlers do not await while they hold the returned guard.
    pub fn plain_issuer(&self) -> MutexGuard<'_, plain_issuer::State> {
        locked(&self.plain_issuer)
    }

    /// Locks and returns the identity pool's identities.
    pub fn identities(&self) -> MutexGuard<'_, Identities> {
        locked(&self.identities)
    }

    /// Returns the redirect URIs registered with the app client.
    pub fn redirect_uris(&self) -> Vec<String> {
        let path = &self.options.redirect_path;
        let uris = |port: &u16| [format!("http://localhost:{port}{path}"), format!("http://127.0.0.1:{port}{path}")];
        self.options.redirect_ports.iter().flat_map(uris).collect()
    }

    /// Returns the logout URI registered with the app client, a page of the sandbox.
    pub fn logout_uri(&self) -> String {
        format!("http://{}/sandbox/signed-out", self.addresses.domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oldest_secrets_are_forgotten_first() {
        let address = SocketAddr::from(([127, 0, 0, 1], 1));
        let addresses = Addresses::all_at(address);
        let world = World::new(Options::default(), addresses).unwrap();
        for number in 0..=KEPT_SECRETS {
            world.giving_out(number.to_string());
        }
        let secrets = world.secrets_issued();
        assert_eq!(secrets.len(), KEPT_SECRETS);
        assert_eq!(secrets.first().map(String::as_str), Some("1"));
        assert_eq!(secrets.last(), Some(&KEPT_SECRETS.to_string()));
    }
}
