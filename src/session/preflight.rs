//! The checks before the browser opens, which report early what would make the sign-in fail. Each of them names in
//! seconds what a person would otherwise wait for in vain.
//!
//! In this order: the store can be written to, the user pool or issuer answers, the domain is its own and reachable, and the hosted UI
//! accepts the app client with its redirect URI. What a browser alone can find out goes on.

use std::time::Duration;

use http::{Request, Response, StatusCode};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::Session;
use crate::error::{Failure, Kind};
use crate::http::HttpError;
use crate::oidc::hosted_ui::{self, Reception};
use crate::oidc::{Attempt, Keys, RequestOptions, discovery, pool_domain};
use crate::profile::{Issuer, ProviderEndpoints, UserPool};

/// The total time limit for all requests before the browser opens.
const NETWORK_DEADLINE: Duration = Duration::from_secs(15);

/// The results of the checks before the browser opens.
#[derive(Debug)]
pub(super) struct Preflight {
    /// The endpoints of the user pool or issuer.
    pub endpoints: ProviderEndpoints,
    /// The hosted UI's answer to the trial request; `None` for an issuer without a hosted UI.
    pub reception: Option<Reception>,
}

impl Session {
    /// Checks that the store can save a sign-in, unless the store already holds a sign-in. A store that holds a sign-in
    /// has been written to before.
    pub(super) fn check_store(&self) -> Result<(), Failure> {
        if self.tokens_to_replace()?.is_some() {
            return Ok(());
        }
        Ok(self.store.probe()?)
    }

    /// Checks that the user pool or issuer answers, and that the hosted UI, if there is one, accepts the redirect URI
    /// with `port`.
    ///
    /// # Errors
    /// [`Kind::Network`] if one of them cannot be reached within 15 seconds. [`Kind::Refused`] if there is no such user
    /// pool, or the hosted UI does not accept the app client or the redirect URI.
    pub(super) async fn preflight(&self, port: u16) -> Result<Preflight, Failure> {
        let deadline = Instant::now() + NETWORK_DEADLINE;
        let pool = match &self.profile().issuer {
            Issuer::UserPool(pool) => pool,
            Issuer::Plain(issuer) => {
                let endpoints = discovery::fresh(issuer, &self.http, self.folder(), self.clock().now()).await?;
                return Ok(Preflight { endpoints, reception: None });
            }
        };
        self.check_pool(pool, deadline).await?;
        self.check_domain(pool, deadline).await?;
        let reception = self.check_hosted_ui(pool, port, deadline).await?;
        Ok(Preflight { endpoints: pool.endpoints.clone(), reception: Some(reception) })
    }

    /// Checks that the user pool answers, by fetching its signing keys. The sign-in needs these keys anyway. If they
    /// are cached, the user pool has answered within a day, and the domain is asked next.
    async fn check_pool(&self, pool: &UserPool, deadline: Instant) -> Result<(), Failure> {
        let (keys, now) = (Keys::new(&self.http, self.folder(), &pool.endpoints.jwks), self.clock().now());
        if keys.are_kept(now) {
            return Ok(());
        }
        let described = self.profile().issuer.described();
        let answer = self.ask(keys.request(described)?, deadline).await;
        let answer = answer.map_err(|error| within(error, "the user pool does not answer"))?;
        match answer.status() {
            // Cognito answers 400 for a user pool that does not exist.
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => {
                let (id, status) = (&pool.id, answer.status().as_u16());
                let url = parsed(&pool.endpoints.jwks)?;
                let host = url.authority();
                Err(Failure::new(Kind::Refused, format!("{host} does not know the user pool '{id}' (status {status})"))
                    .hint(format!("check 'user_pool_id' in profile '{}'", self.profile().name)))
            }
            _ => keys.keep(&answer, now, described).map(drop),
        }
    }

    /// Checks that the user pool's discovery document names the profile's custom domain.
    async fn check_domain(&self, pool: &UserPool, deadline: Instant) -> Result<(), Failure> {
        let Some(domain) = &pool.custom_domain else { return Ok(()) };
        let answer = self.ask(pool_domain::request(pool)?, deadline).await;
        let answer = answer.map_err(|error| within(error, "the user pool does not answer"))?;
        pool_domain::check(domain, pool, &self.profile().name, &answer)
    }

    async fn check_hosted_ui(&self, pool: &UserPool, port: u16, deadline: Instant) -> Result<Reception, Failure> {
        let (profile, endpoint) = (self.profile(), parsed(&pool.endpoints.authorization)?);
        // Throw-away values: nobody can finish this request. Without an identity provider, none of them is asked.
        let options = RequestOptions { scopes: &profile.scopes, ..RequestOptions::default() };
        let redirect_uri = profile.redirect.uri(port);
        let url = Attempt::new().url(&pool.endpoints.authorization, &profile.client_id, &options, &redirect_uri)?;
        let host = endpoint.authority();
        let request = Request::get(url.as_str()).body(Vec::new()).map_err(|error| not_a_url(url.as_str(), &error))?;
        let answer = self.ask(request, deadline).await.map_err(|error| match error {
            Unanswered::Http(error) if error.is_unresolved() => {
                Failure::new(Kind::Network, format!("the user pool's domain cannot be found: {error}"))
                    .hint(format!("check 'domain' in profile '{}': no host has this name", profile.name))
            }
            error => within(error, "the user pool's domain does not answer"),
        })?;
        let reception = hosted_ui::reception(&endpoint, &answer);
        let client = &profile.client_id;
        match reception {
            Reception::RedirectMismatch => Err(Failure::new(
                Kind::Refused,
                format!("{redirect_uri} is not a callback URL of the app client '{client}' (redirect_mismatch)"),
            )
            .hint(format!(
                "register it with the app client, exactly as it is written here, and the other ports of 'redirect_ports' \
                 ({}) as well; or set 'redirect_ports' in profile '{}' to the registered ports",
                listed(&profile.redirect.ports),
                profile.name
            ))),
            Reception::UnknownClient(error) => {
                let message = format!("the user pool's domain {host} does not accept the app client '{client}' ({error})");
                Err(Failure::new(Kind::Refused, message).hint(format!(
                    "check 'client_id' and 'domain' in profile '{}': both have to belong to the user pool '{}', and the \
                     app client needs the authorization code grant",
                    profile.name, pool.id
                )))
            }
            reception => Ok(reception),
        }
    }

    /// Sends an idempotent request. A connection that is not made in time is tried again until the deadline: a person
    /// waits, and a slow network is better than none.
    async fn ask(&self, request: Request<Vec<u8>>, deadline: Instant) -> Result<Response<Vec<u8>>, Unanswered> {
        let mut late = None;
        let attempts = async {
            loop {
                match self.http.send_repeatable(request.clone()).await {
                    Err(error) if error.is_connect_timeout() => late = Some(error),
                    outcome => return outcome.map_err(Unanswered::from),
                }
            }
        };
        let outcome = timeout_at(deadline, attempts).await;
        outcome.unwrap_or_else(|_| Err(late.map_or(Unanswered::Late, Unanswered::Http)))
    }
}

/// The reason why a service did not answer.
enum Unanswered {
    /// The request failed.
    Http(HttpError),
    /// The deadline passed before the answer arrived.
    Late,
}

impl From<HttpError> for Unanswered {
    fn from(error: HttpError) -> Self {
        Unanswered::Http(error)
    }
}

/// Returns the failure for a request without an answer. The message begins with `what`. An error of the set-up is not
/// the service's.
fn within(error: Unanswered, what: &str) -> Failure {
    match error {
        Unanswered::Http(HttpError::SetUp(failure)) => failure,
        Unanswered::Http(error) => Failure::from(error).within(what),
        Unanswered::Late => {
            let message = format!("{what} within {} s", NETWORK_DEADLINE.as_secs());
            Failure::new(Kind::Network, message).hint("check the network, and HTTPS_PROXY if you need a proxy")
        }
    }
}

fn not_a_url(url: &str, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Kind::Usage, format!("'{url}' is not a URL: {error}"))
}

fn parsed(endpoint: &str) -> Result<Url, Failure> {
    endpoint.parse().map_err(|error| not_a_url(endpoint, &error))
}

fn listed(ports: &[u16]) -> String {
    ports.iter().map(u16::to_string).collect::<Vec<_>>().join(", ")
}
