//! The handle of a running sandbox.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::runtime;
use tokio::sync::oneshot;

use crate::error::{Context, Result};
use crate::issued::IssuedKeys;
use crate::log::Logged;
use crate::misbehaviour::Misbehaviour;
use crate::named::UnknownName;
use crate::options::{Options, RoleMapping, STAGE};
use crate::people::Person;
use crate::pool_roles::PoolRoles;
use crate::profile;
use crate::refusals::Refusal;
use crate::server::Listeners;
use crate::world::World;

/// A running sandbox. Dropping it closes its listeners and connections.
pub struct Sandbox {
    world: Arc<World>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox on a new thread. Every listener accepts connections when this returns.
    ///
    /// # Errors
    /// Fails if the system refuses a thread, a listener or a signing key.
    pub fn start(options: Options) -> Result<Self> {
        let (listeners, addresses) = Listeners::bind()?;
        let world = Arc::new(World::new(options, addresses)?);
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the sandbox's runtime")?;
        let entered = runtime.enter();
        listeners.serve(&world)?;
        drop(entered);
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("sandbox".into())
            // A message and a dropped sender both mean the end.
            .spawn(move || drop(runtime.block_on(stopped)))
            .context("cannot start the sandbox's thread")?;
        Ok(Self { world, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns TOML for cogfed's `config.toml`: a profile for this sandbox, in the table `[profile.NAME]` and a table
    /// for its endpoints.
    pub fn profile_toml(&self, name: &str) -> String {
        profile::toml(&self.world, name)
    }

    /// Returns the user pool's id.
    pub fn user_pool_id(&self) -> &str {
        &self.world.names.user_pool_id
    }

    /// Returns the app client's id.
    pub fn client_id(&self) -> &str {
        &self.world.names.client_id
    }

    /// Returns the app client's secrets. A public client has none.
    pub fn client_secrets(&self) -> &[String] {
        &self.world.options.client_secrets
    }

    /// Returns the identity pool's id.
    pub fn identity_pool_id(&self) -> &str {
        &self.world.names.identity_pool_id
    }

    /// Returns the issuer that the identity pool trusts: the user pool, or the plain OpenID Connect issuer.
    pub fn issuer(&self) -> String {
        self.world.login_issuer()
    }

    /// Returns the host name that the hosted UI would have at AWS. Its real address is [`Self::domain_url`].
    pub fn domain(&self) -> &str {
        &self.world.names.domain
    }

    /// Returns the base URL of the hosted UI and the OAuth endpoints.
    pub fn domain_url(&self) -> String {
        base(self.world.addresses.domain)
    }

    /// Returns the base URL of the user pool's issuer. Discovery is at `/POOL/.well-known/openid-configuration` below
    /// it.
    pub fn user_pool_url(&self) -> String {
        base(self.world.addresses.user_pool)
    }

    /// Returns the base URL of the plain issuer, an OpenID Connect issuer outside the user pool. Discovery is below
    /// [`Self::issuer`] if [`Options::plain_issuer`] is set.
    pub fn plain_issuer_url(&self) -> String {
        self.world.plain_issuer_base()
    }

    /// Returns the base URL of the identity pool.
    pub fn identity_pool_url(&self) -> String {
        base(self.world.addresses.identity_pool)
    }

    /// Returns the base URL of STS.
    pub fn sts_url(&self) -> String {
        base(self.world.addresses.sts)
    }

    /// Returns the base URL of the API, including its stage; append `/orders` or `/echo/…`.
    pub fn api_url(&self) -> String {
        format!("{}/{STAGE}", base(self.world.addresses.api))
    }

    /// Returns the base URL of the control endpoint, for scripts.
    pub fn control_url(&self) -> String {
        base(self.world.addresses.control)
    }

    /// Returns the logout URI registered with the app client.
    pub fn logout_uri(&self) -> String {
        self.world.logout_uri()
    }

    /// Returns the redirect URIs registered with the app client.
    pub fn redirect_uris(&self) -> Vec<String> {
        self.world.redirect_uris()
    }

    /// Returns the people who can sign in, with their current attributes in the simulated directories.
    pub fn people(&self) -> Vec<Person> {
        self.world.people()
    }

    /// Returns the AWS credentials that the sandbox has issued so far.
    pub fn issued_keys(&self) -> &IssuedKeys {
        &self.world.issued
    }

    /// Returns the time of the sandbox's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.world.now()
    }

    /// Moves the sandbox's clock forward, or back if `by` is negative.
    pub fn advance_clock(&self, by: TimeDelta) {
        self.world.advance(by);
    }

    /// Simulates a fault for the next `times` requests. If `times` is `None`, the fault stays active until
    /// [`Self::behave`] is called.
    pub fn misbehave(&self, misbehaviour: Misbehaviour, times: Option<u32>) {
        self.world.active.set(misbehaviour, times);
    }

    /// Simulates the error named `name` for the next `times` requests. If `times` is `None`, the error stays active
    /// until [`Self::behave`] is called.
    ///
    /// # Errors
    /// Fails if no refusal has this name.
    pub fn refuse(&self, name: &str, times: Option<u32>) -> Result<(), UnknownName> {
        self.world.refusals.set(name.parse::<Refusal>()?, times);
        Ok(())
    }

    /// Deactivates all simulated faults: misbehaviours and refusals.
    pub fn behave(&self) {
        self.world.active.clear();
        self.world.refusals.clear();
    }

    /// Applies `change` to the person named `name`. Returns false if nobody has this name. The next tokens show the
    /// change; with sticky attributes, only the tokens of the next browser sign-in do.
    pub fn change_person(&self, name: &str, change: impl FnOnce(&mut Person)) -> bool {
        self.world.change_user(name, change)
    }

    /// Replaces the application roles of the person named `name`. Returns false if nobody has this name. One empty text
    /// is a blank value.
    pub fn set_roles(&self, name: &str, roles: &[&str]) -> bool {
        self.change_person(name, |person| person.roles = roles.iter().map(ToString::to_string).collect())
    }

    /// Returns the ARN of a role in the sandbox's account and partition.
    pub fn role_arn(&self, name: &str) -> String {
        self.world.options.partition.role_arn(name)
    }

    /// Replaces the identity pool's role mapping for credentials issued from now on.
    pub fn set_role_mapping(&self, mapping: RoleMapping) {
        self.world.change_pool_roles(|roles| roles.mapping = mapping);
    }

    /// Sets the identity pool's default role for signed-in people, or removes it if `role_arn` is `None`.
    pub fn set_authenticated_role(&self, role_arn: Option<&str>) {
        self.world.change_pool_roles(|roles| roles.authenticated = role_arn.map(ToOwned::to_owned));
    }

    /// Replaces the default roles and the role mapping with the content of `json`, the output of `aws cognito-identity
    /// get-identity-pool-roles`. If that output has several mappings, the one for this pool counts. A single mapping
    /// always counts.
    ///
    /// # Errors
    /// Fails if `json` is not such output, or if SetIdentityPoolRoles would refuse it.
    pub fn set_pool_roles_json(&self, json: &[u8]) -> Result<()> {
        let roles = PoolRoles::parse(json, &self.world.mapped_provider())?;
        self.world.change_pool_roles(|current| *current = roles);
        Ok(())
    }

    /// Returns the identity pool's roles in the output format of `aws cognito-identity get-identity-pool-roles`.
    pub fn pool_roles_json(&self) -> String {
        self.world.pool_roles().json(self.identity_pool_id(), &self.world.mapped_provider())
    }

    /// Returns the access key id and secret access key of the IAM user who may call GetIdentityPoolRoles. These keys
    /// have no session token.
    pub fn administrator(&self) -> (&str, &str) {
        let key = &self.world.administrator;
        (&key.access_key_id, &key.secret_access_key)
    }

    /// Sets the lifetime, in seconds, of credentials issued from now on.
    pub fn set_credentials_lifetime(&self, seconds: i64) {
        self.world.set_credentials_lifetime(seconds);
    }

    /// Revokes every refresh token and ends every browser session.
    pub fn revoke_all(&self) {
        self.world.revoke_all();
    }

    /// Returns the logged requests, oldest first; requests to the control endpoint are not logged.
    pub fn requests(&self) -> Vec<Logged> {
        self.world.log.requests()
    }

    /// Returns the number of requests to each endpoint so far. Endpoints have names such as `token.refresh` or
    /// `identity.get_id`.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.world.log.counts()
    }

    /// Returns the number of requests to `endpoint` so far.
    pub fn count(&self, endpoint: &str) -> u64 {
        self.world.log.counts().get(endpoint).copied().unwrap_or_default()
    }

    /// Clears the request log and the request counts.
    pub fn clear_log(&self) {
        self.world.log.clear();
    }

    /// Returns the secrets that the sandbox recorded last, at most 10,000: codes, verifiers, tokens, secret keys and
    /// session tokens.
    pub fn secrets_issued(&self) -> Vec<String> {
        self.world.secrets_issued()
    }
}

/// Shows the sandbox's ids and addresses, but no secrets.
impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("names", &self.world.names)
            .field("addresses", &self.world.addresses)
            .finish_non_exhaustive()
    }
}

fn base(address: SocketAddr) -> String {
    format!("http://{address}")
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already, and a drop can report nothing.
            let _ = thread.join();
        }
    }
}
