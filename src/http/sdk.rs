//! The adapter that lets the AWS SDK send its requests with cogfed's HTTP client.

use std::fmt;
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use http::header::{DATE, RETRY_AFTER};

use super::Http;
use super::retry::{is_passing, retry_after};

/// The maximum `Retry-After` time for which a call of the SDK waits. The SDK limits `x-amz-retry-after` in the same
/// way.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// Sends each request once, because the SDK repeats requests itself.
impl HttpConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let http = self.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let request = request.map(|body| body.bytes().map(<[u8]>::to_vec).unwrap_or_default());
            let answer = http.send_once(request).await.map_err(|error| match error.may_pass() {
                true => ConnectorError::io(error.into()),
                false => ConnectorError::other(error.into(), None),
            })?;
            HttpResponse::try_from(answer.map(SdkBody::from)).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}

impl HttpClient for Http {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl Http {
    /// Returns the wait that an answer of the AWS SDK's type demands, if any; see [`Http::retry_after`].
    pub fn sdk_retry_after(&self, answer: &HttpResponse) -> Option<Duration> {
        let mut headers = http::HeaderMap::new();
        for name in [RETRY_AFTER, DATE] {
            if let Some(value) = answer.headers().get(name.as_str()).and_then(|value| value.parse().ok()) {
                headers.insert(name, value);
            }
        }
        retry_after(&headers, self.0.clock.now())
    }
}

/// A retry classifier that makes the SDK obey `Retry-After`; by itself, the SDK obeys only `x-amz-retry-after`. A wait
/// of more than five seconds ends the call, so that the caller can come back later.
pub struct ObeyRetryAfter(pub Http);

impl ClassifyRetry for ObeyRetryAfter {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(answer) = context.response() else { return RetryAction::NoActionIndicated };
        let status = http::StatusCode::from_u16(answer.status().as_u16());
        match self.0.sdk_retry_after(answer) {
            Some(wait) if wait > LONGEST_WAIT => RetryAction::RetryForbidden,
            Some(wait) if status.is_ok_and(is_passing) => {
                RetryAction::retryable_error_with_explicit_delay(ErrorKind::ThrottlingError, wait)
            }
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "Retry-After"
    }

    /// Returns a priority that runs this classifier after all other classifiers, because the last classifier decides.
    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

impl fmt::Debug for ObeyRetryAfter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObeyRetryAfter")
    }
}
