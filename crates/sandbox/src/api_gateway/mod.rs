//! A REST API behind API Gateway's IAM authorizer, with the Lambda functions of a small order service.
//!
//! The refusals have API Gateway's words and headers, as shown in
//! <https://repost.aws/knowledge-center/api-gateway-troubleshoot-403-forbidden>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html> and
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>. AWS does not document the
//! `x-amzn-ErrorType` of expired credentials, a wrong clock or a wrong scope: these are likely values.

mod functions;
mod policy;
mod refusal;
mod route;

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};

use self::functions::Functions;
use self::policy::{Decision, decide};
pub use self::policy::{Effect, Statement};
use self::refusal::Refusal;
use self::route::Route;
use crate::issued::{IssuedKey, IssuedKeys};
use crate::partition::Partition;
use crate::sigv4::{self, Expected};
use crate::{random, reply};

/// The IAM action that the caller's role must be allowed to perform.
const INVOKE: &str = "execute-api:Invoke";
/// The maximum accepted clock skew of a caller, in minutes.
const WINDOW_MINUTES: i64 = 5;
/// The maximum length of a request or response body at API Gateway, in bytes
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
pub const LARGEST_BODY: usize = 10 * 1024 * 1024;

/// One stage of a REST API. It answers at any host: the signature covers the host that was sent.
#[derive(Debug)]
pub struct ApiGateway {
    region: String,
    account_id: String,
    api_id: String,
    stage: String,
    policies: HashMap<String, Vec<Statement>>,
    functions: Functions,
}

/// The response of a Lambda function, or of the gateway itself.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { status, headers, body: body.into() }
    }

    fn json(status: StatusCode, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }
}

/// Converts an answer to an HTTP response, and adds API Gateway's request id headers.
fn respond(answer: Answer) -> Response<Bytes> {
    let id = random::uuid();
    let mut response = Response::new(answer.body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    let response = reply::with_header(response, HeaderName::from_static("x-amz-apigw-id"), &refusal::gateway_id(&id));
    reply::with_header(response, HeaderName::from_static("x-amzn-requestid"), &id)
}

impl ApiGateway {
    /// Creates the API `api_id` with the stage `stage`, in the region `region` and in the account `account_id` (twelve
    /// digits). Its policies are those of the sandbox's roles: OrdersAdmin may invoke everything, OrdersReader may read
    /// and echo, ReportsReader and SandboxAuthenticated may only echo. OrdersDeploy may invoke everything, and
    /// OrdersAudit may read.
    pub fn new(
        region: impl Into<String>,
        account_id: impl Into<String>,
        api_id: impl Into<String>,
        stage: impl Into<String>,
    ) -> Self {
        let mut api = Self {
            region: region.into(),
            account_id: account_id.into(),
            api_id: api_id.into(),
            stage: stage.into(),
            policies: HashMap::new(),
            functions: Functions::default(),
        };
        for (role, resources) in [
            ("OrdersAdmin", ["*"].as_slice()),
            ("OrdersReader", &["GET/*", "*/echo/*"]),
            ("ReportsReader", &["*/echo/*"]),
            ("SandboxAuthenticated", &["*/echo/*"]),
            ("OrdersDeploy", &["*"]),
            ("OrdersAudit", &["GET/*"]),
        ] {
            let role_arn = format!("arn:{}:iam::{}:role/{role}", Partition::of(&api.region).arn(), api.account_id);
            for resource in resources {
                let resource = format!("{}/{}/{resource}", api.arn(&api.account_id), api.stage);
                api.attach(&role_arn, Statement { effect: Effect::Allow, action: INVOKE.into(), resource });
            }
        }
        api
    }

    /// Adds a policy statement to the role `role_arn`.
    pub fn attach(&mut self, role_arn: &str, statement: Statement) {
        self.policies.entry(role_arn.into()).or_default().push(statement);
    }

    /// Authorizes a request, runs the Lambda function for its route, and returns the response. `now` is the gateway's
    /// clock, by which the request's clock is judged.
    pub fn answer(&self, now: DateTime<Utc>, keys: &IssuedKeys, request: &Request<Bytes>) -> Response<Bytes> {
        let mut response = respond(match self.authorize(now, keys, request) {
            Ok((route, key)) => self.functions.invoke(route, &key, request),
            Err(refusal) => refusal.answer(),
        });
        if request.method() == Method::HEAD {
            let length = HeaderValue::from(response.body().len());
            response.headers_mut().insert(CONTENT_LENGTH, length);
            *response.body_mut() = Bytes::new();
        }
        response
    }

    /// Returns API Gateway's response to a request whose body is larger than [`LARGEST_BODY`]. The server stops reading
    /// at that size.
    pub(crate) fn too_large() -> Response<Bytes> {
        respond(Refusal::TooLarge.answer())
    }

    /// Returns API Gateway's response to an internal failure.
    pub(crate) fn failed() -> Response<Bytes> {
        respond(Refusal::Failed.answer())
    }

    /// Returns the route and the caller's credentials, or the reason why the caller may not invoke the route.
    fn authorize<'r>(
        &self,
        now: DateTime<Utc>,
        keys: &IssuedKeys,
        request: &'r Request<Bytes>,
    ) -> Result<(Route<'r>, IssuedKey), Refusal> {
        let path = request.uri().path();
        let resource = path.strip_prefix('/').and_then(|path| path.strip_prefix(self.stage.as_str()));
        let resource = resource.and_then(|path| path.strip_prefix('/')).ok_or(Refusal::NoSuchRoute)?;
        let route = Route::find(request.method(), resource).ok_or(Refusal::NoSuchRoute)?;
        let window = TimeDelta::minutes(WINDOW_MINUTES);
        let expected = Expected { service: "execute-api", regions: &[&self.region], now, window };
        let key = sigv4::verify(request, &expected, |id| keys.find(id)).map_err(Refusal::Signature)?;
        let statements = self.policies.get(&key.role_arn).map(Vec::as_slice).unwrap_or_default();
        let resource = format!("/{}/{}/{resource}", self.stage, request.method());
        match decide(statements, INVOKE, &format!("{}{resource}", self.arn(&self.account_id))) {
            Decision::Allowed => Ok((route, key)),
            decision => Err(Refusal::Policy {
                caller: key.caller_arn(),
                resource: format!("{}{resource}", self.arn(&refusal::masked(&self.account_id))),
                denied: decision == Decision::Denied,
            }),
        }
    }

    /// Returns the API's ARN, such as `arn:aws:execute-api:REGION:ACCOUNT:API`. The partition in the ARN follows from
    /// the API's region.
    fn arn(&self, account_id: &str) -> String {
        format!("arn:{}:execute-api:{}:{account_id}:{}", Partition::of(&self.region).arn(), self.region, self.api_id)
    }
}
