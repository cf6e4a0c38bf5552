//! The renewal of tokens and then of credentials, while the sign-in's lock is held. Each is saved before the next step.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::policy::{self, Step, step};
use super::record::{CredentialsRecord, Ended, TokensRecord, Use, credentials_account};
use super::save_reserve::Reserve;
use super::{Session, SignInState, issued_accounts, refresh_mark};
use crate::error::{Failure, Kind};
use crate::identity_pool::{IdentityPool, Login, PoolConfig, PoolError};
use crate::oidc::{Client, Grant, GrantError, discovery, unverified_claims};
use crate::profile::ProviderEndpoints;
use crate::secret::Secret;

/// The sign-in whose credentials are renewed.
struct Current {
    tokens: TokensRecord,
    /// True if these tokens are in the store.
    is_saved: bool,
}

/// The total time limit for all requests of one renewal.
const RENEWAL_DEADLINE: Duration = Duration::from_secs(30);

async fn in_time<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::time::timeout(RENEWAL_DEADLINE, work).await.unwrap_or_else(|_| {
        let message = format!("the renewal took longer than {} s", RENEWAL_DEADLINE.as_secs());
        Err(Failure::new(Kind::Network, message).hint("check the network, then try again"))
    })
}

fn not_begun(error: Failure) -> Failure {
    let hint = error.hint.unwrap_or_else(|| {
        "free disk space, fix the permissions, or raise the limit on open files ('ulimit -n'), then run the command again"
            .to_owned()
    });
    Failure::new(Kind::Store, format!("cannot renew: the new tokens could not be saved: {}", error.message)).hint(hint)
}

impl Session {
    /// Gets new credentials for the session's role and saves them.
    pub(super) async fn renew(&self) -> Result<CredentialsRecord, Failure> {
        in_time(async {
            let tokens = self.tokens()?.ok_or_else(|| self.nobody_signed_in())?;
            let current = self.with_valid_id_token(tokens).await?;
            self.with_credentials(current).await
        })
        .await
    }

    /// Confirms with the issuer that the sign-in still works, by refreshing its tokens. Tokens that were issued at
    /// `since` or later are used as they are, and so are tokens without a refresh token.
    ///
    /// # Errors
    /// As [`Session::credentials`].
    pub async fn confirm(&self, since: Option<DateTime<Utc>>) -> Result<TokensRecord, Failure> {
        let _lock = self.lock()?;
        let tokens = self.tokens()?.ok_or_else(|| self.nobody_signed_in())?;
        let is_new = since.is_some_and(|since| tokens.signed_in_at >= since || tokens.issued_at >= since);
        let is_over = step(&tokens, self.clock().now()) == Step::SignIn;
        let current = match tokens.refresh_token.is_some() && !is_new && !is_over {
            true => in_time(self.refreshed(tokens)).await?,
            false => in_time(self.with_valid_id_token(tokens)).await?,
        };
        match current.is_saved {
            true => Ok(current.tokens),
            false => Err(Failure::new(
                Kind::Store,
                format!("the sign-in works, but {} did not keep it", self.store.describe()),
            )
            .hint(format!("see to the store, then sign in again: {} --force", self.profile().login_command()))),
        }
    }

    /// Returns the state of a sign-in whose tokens are no longer usable.
    fn ended_state(&self, tokens: &TokensRecord) -> SignInState {
        match self.state(Some(tokens)) {
            // An ID token that is about to expire is not sent.
            SignInState::SignedIn => SignInState::Expired { at: tokens.expires_at, without_refresh_token: true },
            state => state,
        }
    }

    async fn with_valid_id_token(&self, tokens: TokensRecord) -> Result<Current, Failure> {
        match step(&tokens, self.clock().now()) {
            Step::UseIdToken => Ok(Current { tokens, is_saved: true }),
            Step::Refresh => self.refreshed(tokens).await,
            Step::SignIn => Err(self.not_signed_in(self.ended_state(&tokens))),
        }
    }

    async fn refreshed(&self, mut tokens: TokensRecord) -> Result<Current, Failure> {
        let endpoints = self.endpoints_of(&tokens).await?;
        self.may_send(tokens.accepted.as_ref(), &[&endpoints.token])?;
        // The record of cogfed 0.1.0 gets here only under roots that nobody has to accept.
        tokens.accepted.get_or_insert_default();
        let reserve =
            Reserve::set_aside(self.folder(), self.profile(), self.store.kind(), &tokens).map_err(not_begun)?;
        let marked = refresh_mark::set(self.folder(), self.profile(), &tokens, self.clock().now());
        let mut interrupted_at = marked.map_err(not_begun)?;
        // The secret from the sign-in is used: the one in the environment may belong to another app client by now.
        let client_secret = tokens.client_secret.clone();
        let client = self.client(&endpoints, client_secret.as_ref());
        let granted = self.refresh_grant(&tokens, &client, &mut interrupted_at).await;
        drop(reserve);
        let grant = match granted {
            Ok(grant) => grant,
            Err(GrantError::Invalid { description }) => {
                let ended = Ended { at: self.clock().now(), interrupted_at, by_sign_out: false };
                // Entra ID gives a reason. It is reported once and not stored.
                let why = description.is_some().then(|| client.failure(GrantError::Invalid { description }));
                return Err(self.end(tokens, ended, why)?);
            }
            Err(error) => {
                // A lost answer may have rotated the token: the mark has to stay.
                if !matches!(error, GrantError::Unknown(_)) && interrupted_at.is_none() {
                    refresh_mark::clear(self.folder(), self.profile());
                }
                return Err(client.failure(error));
            }
        };
        // Saved before anything else: the refresh token that was sent may be invalid now.
        match &grant.refresh_token {
            Some(refresh_token) => {
                tokens.rotate(refresh_token.clone());
                self.save(&tokens);
            }
            // Nothing was rotated, whatever the rest of the answer says.
            None => refresh_mark::clear(self.folder(), self.profile()),
        }
        if grant.id_token.is_none() {
            return self.without_id_token(tokens);
        }
        let renewed = client.verify(grant, None).await?;
        if renewed.claims.subject != tokens.subject {
            return Err(Failure::new(Kind::Refused, "the renewed ID token is another person's: it is not used")
                .hint(format!("sign in again: {} --force", self.profile().login_command())));
        }
        tokens.take(&renewed);
        // The account is noted before the credentials are made, so that a sign-out finds them.
        tokens.credentials.insert(credentials_account(&self.ask));
        let is_saved = self.save(&tokens);
        Ok(Current { tokens, is_saved })
    }

    /// Stores that the sign-in has ended, and returns the failure to report.
    fn end(&self, mut tokens: TokensRecord, ended: Ended, why: Option<Failure>) -> Result<Failure, Failure> {
        tokens.refresh_token = None;
        tokens.ended = Some(ended);
        let mut failure = self.not_signed_in(self.state(Some(&tokens)));
        tokens.write(&self.store, self.profile())?;
        refresh_mark::clear(self.folder(), self.profile());
        if let Some(why) = why {
            failure.message += &format!(" ({})", why.message);
        }
        Ok(failure)
    }

    /// Returns the endpoints of the profile's user pool or issuer.
    ///
    /// # Errors
    /// As [`discovery::endpoints`].
    pub async fn endpoints(&self) -> Result<ProviderEndpoints, Failure> {
        discovery::endpoints(&self.profile().issuer, &self.http, self.folder(), self.clock().now()).await
    }

    /// Returns the OpenID Connect client of the profile. `secret` is the app client's.
    pub fn client<'a>(&'a self, endpoints: &'a ProviderEndpoints, secret: Option<&'a Secret>) -> Client<'a> {
        Client {
            issuer: &self.profile().issuer,
            endpoints,
            id: &self.profile().client_id,
            secret,
            profile: &self.profile().name,
            http: &self.http,
            folder: self.folder(),
            clock: self.clock(),
        }
    }

    /// Returns the issuer's endpoints, after checking that the token endpoint is still the endpoint that issued the
    /// refresh token.
    async fn endpoints_of(&self, tokens: &TokensRecord) -> Result<ProviderEndpoints, Failure> {
        let endpoints = self.endpoints().await?;
        let fit = tokens.fits(Use::Refresh(&endpoints.token));
        fit.map(|()| endpoints).map_err(|mismatch| mismatch.of_refresh(self.profile()))
    }

    /// Continues after a refresh that returned no new ID token, which OpenID Connect allows. The previous one is used
    /// while it is valid.
    fn without_id_token(&self, mut tokens: TokensRecord) -> Result<Current, Failure> {
        if !policy::is_valid(&tokens, self.clock().now()) {
            let described = self.profile().issuer.described();
            let message =
                format!("the {described} renews the sign-in without an ID token, and the last one has expired");
            let hint = format!("run '{} --force'", self.profile().login_command());
            return Err(Failure::new(Kind::SignInRequired, message).hint(hint));
        }
        tokens.credentials.insert(credentials_account(&self.ask));
        let is_saved = self.save(&tokens);
        Ok(Current { tokens, is_saved })
    }

    /// Exchanges the refresh token for new tokens. If the answer is lost, sends it once more, provided that the pool's
    /// grace period covers a repeat. The lost answer then counts as an interruption, unless there was an earlier one.
    async fn refresh_grant(
        &self,
        tokens: &TokensRecord,
        client: &Client<'_>,
        interrupted_at: &mut Option<DateTime<Utc>>,
    ) -> Result<Grant, GrantError> {
        let Some(refresh_token) = &tokens.refresh_token else { return Err(GrantError::Invalid { description: None }) };
        match client.refresh(refresh_token).await {
            Err(GrantError::Unknown(failure)) if self.profile().refresh_grace > TimeDelta::zero() => {
                tracing::debug!(%failure, "the answer to a refresh was lost: once more within the grace period");
                interrupted_at.get_or_insert_with(|| self.clock().now());
                client.refresh(refresh_token).await
            }
            outcome => outcome,
        }
    }

    async fn with_credentials(&self, mut current: Current) -> Result<CredentialsRecord, Failure> {
        let config = PoolConfig { role_arn: self.ask.role.arn.as_deref(), ..PoolConfig::of(self.profile()) };
        let pool = IdentityPool::new(config, &self.http);
        let tokens = &current.tokens;
        self.may_send(tokens.accepted.as_ref(), &self.aws_destinations())?;
        let issuer = self.profile().logins_key.as_deref().unwrap_or(&tokens.issuer);
        let login = Login::new(issuer, &tokens.id_token, unverified_claims(&tokens.id_token).unwrap_or_default());
        let kept = tokens.identities.get(&self.profile().identity_pool_id).cloned();
        let flow = self.ask.role.flow;
        let credentials = async |identity_id: &str| pool.credentials(identity_id, &login, &tokens.person, flow).await;
        let answer = match &kept {
            Some(identity_id) => credentials(identity_id).await,
            None => credentials(&pool.identity_id(&login).await.map_err(Failure::from)?).await,
        };
        let (credentials, identity_id) = match answer {
            Err(PoolError::UnknownIdentity(_)) if kept.is_some() => {
                let identity_id = pool.identity_id(&login).await.map_err(Failure::from)?;
                credentials(&identity_id).await.map_err(Failure::from)?
            }
            other => other.map_err(Failure::from)?,
        };
        let now = self.clock().now();
        let record = CredentialsRecord::new(&self.ask, &tokens.subject, credentials, now, self.offset());
        let is_new_identity = kept.as_ref() != Some(&identity_id);
        let is_new_account = current.tokens.credentials.insert(credentials_account(&self.ask));
        if is_new_identity || is_new_account {
            current.tokens.identities.insert(self.profile().identity_pool_id.clone(), identity_id);
            current.is_saved &= self.save(&current.tokens);
        }
        // Credentials whose sign-in is not in the store would outlive a sign-out.
        if current.is_saved {
            issued_accounts::note(self.folder(), &self.ask);
            match record.write(&self.store, &self.ask) {
                Ok(()) => record.cache(&self.store, &self.ask, policy::worth_handing_out_for(&record, now)),
                Err(error) => self.warn(&format!("the new credentials could not be kept: {error}")),
            }
        }
        Ok(record)
    }

    /// Saves the tokens in the store, and returns whether that succeeded. If that fails, the caller still gets the
    /// credentials. The mark then stays, so that the next run knows what happened.
    fn save(&self, tokens: &TokensRecord) -> bool {
        match tokens.write(&self.store, self.profile()) {
            Ok(()) => {
                refresh_mark::clear(self.folder(), self.profile());
                true
            }
            Err(error) => {
                self.warn(&format!("the renewed sign-in could not be kept, the next run may have to sign in: {error}"));
                false
            }
        }
    }
}
