//! A running sandbox, as the one holds it who started it.

use std::collections::BTreeMap;
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

/// A running sandbox. It ends, with all its connections, when this is dropped.
pub struct Sandbox {
    world: Arc<World>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts a sandbox on a thread of its own. When this returns, each of its listeners takes connections.
    ///
    /// # Errors
    /// If the system lets no thread, no listener or no key be made.
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
            // Either way, by message or by the sender's end, it is over.
            .spawn(move || drop(runtime.block_on(stopped)))
            .context("cannot start the sandbox's thread")?;
        Ok(Self { world, stop: Some(stop), thread: Some(thread) })
    }

    /// `[profile.NAME]` with its endpoints, as cogfed's `config.toml` takes it.
    pub fn profile_toml(&self, name: &str) -> String {
        profile::toml(&self.world, name)
    }

    /// The user pool's id.
    pub fn user_pool_id(&self) -> &str {
        &self.world.names.user_pool_id
    }

    /// The app client's id.
    pub fn client_id(&self) -> &str {
        &self.world.names.client_id
    }

    /// The app client's secrets; none if it is a public client.
    pub fn client_secrets(&self) -> &[String] {
        &self.world.options.client_secrets
    }

    /// The identity pool's id.
    pub fn identity_pool_id(&self) -> &str {
        &self.world.names.identity_pool_id
    }

    /// The issuer that the identity pool takes tokens of: the user pool's, or the plain one.
    pub fn issuer(&self) -> String {
        self.world.login_issuer()
    }

    /// The host that the hosted UI would have at AWS; [`Self::domain_url`] is where it really is.
    pub fn domain(&self) -> &str {
        &self.world.names.domain
    }

    /// Base URL of the hosted UI and the OAuth endpoints.
    pub fn domain_url(&self) -> String {
        base(self.world.addresses.domain)
    }

    /// Base URL of the issuer; discovery is below it at `/POOL/.well-known/openid-configuration`.
    pub fn user_pool_url(&self) -> String {
        base(self.world.addresses.user_pool)
    }

    /// Base URL of the plain issuer's address. Its discovery is below [`Self::issuer`], if the options ask for one.
    pub fn plain_issuer_url(&self) -> String {
        self.world.plain_issuer_base()
    }

    /// Base URL of the identity pool.
    pub fn identity_pool_url(&self) -> String {
        base(self.world.addresses.identity_pool)
    }

    /// Base URL of the security token service.
    pub fn sts_url(&self) -> String {
        base(self.world.addresses.sts)
    }

    /// Base URL of the API, its stage included: `/echo` and so on come after it.
    pub fn api_url(&self) -> String {
        format!("{}/{STAGE}", base(self.world.addresses.api))
    }

    /// Base URL of the controls.
    pub fn control_url(&self) -> String {
        base(self.world.addresses.control)
    }

    /// The logout URI that the app client has registered.
    pub fn logout_uri(&self) -> String {
        self.world.logout_uri()
    }

    /// The redirect URIs that the app client has registered.
    pub fn redirect_uris(&self) -> Vec<String> {
        self.world.redirect_uris()
    }

    /// Who may sign in, as the directories hold them now.
    pub fn people(&self) -> Vec<Person> {
        self.world.people()
    }

    /// The temporary keys that were given out.
    pub fn issued_keys(&self) -> &IssuedKeys {
        &self.world.issued
    }

    /// The time by the sandbox's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.world.now()
    }

    /// Moves the sandbox's clock on, or back if `by` is negative.
    pub fn advance_clock(&self, by: TimeDelta) {
        self.world.advance(by);
    }

    /// Makes the sandbox misbehave, `times` times or, with `None`, until [`Self::behave`].
    pub fn misbehave(&self, misbehaviour: Misbehaviour, times: Option<u32>) {
        self.world.active.set(misbehaviour, times);
    }

    /// Makes the sandbox refuse, at the refusal's place and as the service words it, `times` times or, with `None`, until
    /// [`Self::behave`].
    ///
    /// # Errors
    /// If there is no refusal of that name.
    pub fn refuse(&self, name: &str, times: Option<u32>) -> Result<(), UnknownName> {
        self.world.refusals.set(name.parse::<Refusal>()?, times);
        Ok(())
    }

    /// Ends all misbehaviours and refusals.
    pub fn behave(&self) {
        self.world.active.clear();
        self.world.refusals.clear();
    }

    /// Changes a person; their next tokens say so, or, if attributes are sticky, those of their next sign-in in the
    /// browser. Tells whether there is one of that name.
    pub fn change_person(&self, name: &str, change: impl FnOnce(&mut Person)) -> bool {
        self.world.change_user(name, change)
    }

    /// Gives a person these application roles and no others; one empty text is a blank value. Tells whether there is one of that name.
    pub fn set_roles(&self, name: &str, roles: &[&str]) -> bool {
        self.change_person(name, |person| person.roles = roles.iter().map(ToString::to_string).collect())
    }

    /// The ARN of a role of the sandbox's account, in its partition.
    pub fn role_arn(&self, name: &str) -> String {
        self.world.options.partition.role_arn(name)
    }

    /// Changes how roles are found; the next credentials go by it.
    pub fn set_role_mapping(&self, mapping: RoleMapping) {
        self.world.change_pool_roles(|roles| roles.mapping = mapping);
    }

    /// Changes the identity pool's default role for who signed in, or takes it away.
    pub fn set_authenticated_role(&self, role_arn: Option<&str>) {
        self.world.change_pool_roles(|roles| roles.authenticated = role_arn.map(ToOwned::to_owned));
    }

    /// Changes the default roles and the role mapping to those of a document as
    /// `aws cognito-identity get-identity-pool-roles` prints it. Of several mappings this pool's counts, a single one
    /// always.
    ///
    /// # Errors
    /// If it is not such a document, or says what SetIdentityPoolRoles would refuse.
    pub fn set_pool_roles_json(&self, json: &[u8]) -> Result<()> {
        let roles = PoolRoles::parse(json, &self.world.mapped_provider())?;
        self.world.change_pool_roles(|current| *current = roles);
        Ok(())
    }

    /// What `aws cognito-identity get-identity-pool-roles` would print for the identity pool, as of now.
    pub fn pool_roles_json(&self) -> String {
        self.world.pool_roles().json(self.identity_pool_id(), &self.world.mapped_provider())
    }

    /// Access key id and secret access key of the IAM user who may ask for those roles. They have no session token.
    pub fn administrator(&self) -> (&str, &str) {
        let key = &self.world.administrator;
        (&key.access_key_id, &key.secret_access_key)
    }

    /// Changes how long credentials live that are issued from now on, in seconds.
    pub fn set_credentials_lifetime(&self, seconds: i64) {
        self.world.set_credentials_lifetime(seconds);
    }

    /// Ends every sign-in and every browser's session.
    pub fn revoke_all(&self) {
        self.world.revoke_all();
    }

    /// The requests so far, the oldest first, without the control's.
    pub fn requests(&self) -> Vec<Logged> {
        self.world.log.requests()
    }

    /// How many requests each endpoint has had so far: `token.refresh`, `identity.get_id` and so on.
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.world.log.counts()
    }

    /// How many requests this endpoint has had so far.
    pub fn count(&self, endpoint: &str) -> u64 {
        self.world.log.counts().get(endpoint).copied().unwrap_or_default()
    }

    /// Forgets the requests and their counts.
    pub fn clear_log(&self) {
        self.world.log.clear();
    }

    /// The secrets so far: codes, verifiers, tokens, secret keys, session tokens. Of more than ten thousand the latest.
    pub fn secrets_issued(&self) -> Vec<String> {
        self.world.secrets_issued()
    }
}

fn base(address: SocketAddr) -> String {
    format!("http://{address}")
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already, and a drop has nobody to tell.
            let _ = thread.join();
        }
    }
}
