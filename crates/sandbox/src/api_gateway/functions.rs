//! The Lambda functions behind the gateway: a small order service, and responses that test how robust a client is.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::header::{AUTHORIZATION, LOCATION, USER_AGENT};
use http::{HeaderValue, Request, StatusCode};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::api_gateway::route::Route;
use crate::api_gateway::{Answer, LARGEST_BODY};
use crate::issued::IssuedKey;

const NOT_FOUND: &str = "no such order";

/// The Lambda functions, with the orders that they keep in memory.
#[derive(Debug)]
pub(super) struct Functions {
    orders: Mutex<Orders>,
}

#[derive(Debug)]
struct Orders {
    by_id: BTreeMap<u64, Value>,
    next_id: u64,
}

impl Default for Functions {
    fn default() -> Self {
        let mut orders = Orders { by_id: BTreeMap::new(), next_id: 1001 };
        for (item, quantity) in [("coffee beans, 1 kg", 12), ("paper filters", 40), ("grinder", 1)] {
            orders.add(json!({"item": item, "quantity": quantity, "orderedBy": "sandbox"}));
        }
        Self { orders: Mutex::new(orders) }
    }
}

impl Orders {
    /// Stores an order under the next order number, and returns the order with its number.
    fn add(&mut self, mut order: Value) -> Value {
        let id = self.next_id;
        self.next_id += 1;
        if let Some(fields) = order.as_object_mut() {
            fields.insert("id".into(), json!(id));
        }
        self.by_id.insert(id, order.clone());
        order
    }
}

impl Functions {
    /// Runs the function for `route` on behalf of an authorized caller.
    pub(super) fn invoke(&self, route: Route<'_>, key: &IssuedKey, request: &Request<Bytes>) -> Answer {
        match route {
            Route::ListOrders => {
                Answer::json(StatusCode::OK, &json!({"orders": self.orders().by_id.values().collect::<Vec<_>>()}))
            }
            Route::CreateOrder => self.create_order(key, request.body()),
            Route::ShowOrder(id) => match id.parse().ok().and_then(|id: u64| self.orders().by_id.get(&id).cloned()) {
                Some(order) => Answer::json(StatusCode::OK, &order),
                None => message(StatusCode::NOT_FOUND, NOT_FOUND),
            },
            Route::DeleteOrder(id) => match id.parse().ok().and_then(|id: u64| self.orders().by_id.remove(&id)) {
                Some(order) => Answer::json(StatusCode::OK, &json!({"deleted": order})),
                None => message(StatusCode::NOT_FOUND, NOT_FOUND),
            },
            Route::Echo => Answer::json(StatusCode::OK, &echo(key, request)),
            Route::Redirect => redirect(request),
            Route::Large => large(request),
            Route::Html => Answer::new(
                StatusCode::OK,
                "text/html; charset=utf-8",
                "<!doctype html><title>orders</title><h1>Orders</h1><script>document.title = 'run'</script>\n",
            ),
            Route::Escape => Answer::new(
                StatusCode::OK,
                "text/plain; charset=utf-8",
                "plain, \x1b[31mred\x1b[0m, \x1b]0;a new title\x07, \x1b[2J cleared, \u{9b}31m, \u{202e}reversed\n",
            ),
        }
    }

    fn create_order(&self, key: &IssuedKey, body: &[u8]) -> Answer {
        match serde_json::from_slice(body) {
            Ok(Value::Object(mut fields)) => {
                fields.insert("orderedBy".into(), json!(key.username));
                let order = self.orders().add(Value::Object(fields));
                Answer::json(StatusCode::CREATED, &order)
            }
            _ => message(StatusCode::BAD_REQUEST, "an order is a JSON object"),
        }
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a JSON description of the received request, without its headers `Authorization` and `x-amz-security-token`.
/// Adds the `requestContext.identity` that a Lambda function gets, as far as the gateway knows the caller
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>).
fn echo(key: &IssuedKey, request: &Request<Bytes>) -> Value {
    let mut headers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in request.headers() {
        if name != AUTHORIZATION && name != "x-amz-security-token" {
            headers.entry(name.as_str()).or_default().push(String::from_utf8_lossy(value.as_bytes()).into_owned());
        }
    }
    let hash: String = digest(&SHA256, request.body()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let user_agent = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok());
    let user_id = key.user_id();
    json!({
        "method": request.method().as_str(),
        "path": request.uri().path(),
        "query": request.uri().query(),
        "headers": headers,
        "bodyLength": request.body().len(),
        "bodySha256": hash,
        "requestContext": {"identity": {
            "accessKey": key.access_key_id,
            "accountId": key.account_id(),
            "caller": user_id,
            "cognitoAuthenticationProvider": of_cognito(&key.authentication_provider),
            "cognitoAuthenticationType": of_cognito(&key.identity_id).map(|_| "authenticated"),
            "cognitoIdentityId": of_cognito(&key.identity_id),
            "cognitoIdentityPoolId": of_cognito(&key.identity_pool_id),
            "user": user_id,
            "userAgent": user_agent,
            "userArn": key.caller_arn(),
        }},
    })
}

/// Returns the Cognito attribute `value`, or `None` if the value is empty. The value is empty if the caller has no
/// Cognito identity.
fn of_cognito(value: &str) -> Option<&str> {
    Some(value).filter(|value| !value.is_empty())
}

fn redirect(request: &Request<Bytes>) -> Answer {
    let location = parameter(request, "to").and_then(|to| HeaderValue::from_str(&to).ok());
    let Some(location) = location else {
        return message(StatusCode::BAD_REQUEST, "say where to, in the query: to=URL");
    };
    let mut answer = message(StatusCode::FOUND, "elsewhere");
    answer.headers.insert(LOCATION, location);
    answer
}

/// Answers the query `bytes=N` with a body of N bytes. More than the gateway's limit is an internal error, as at AWS.
fn large(request: &Request<Bytes>) -> Answer {
    match parameter(request, "bytes").and_then(|bytes| bytes.parse::<usize>().ok()) {
        Some(length) if length <= LARGEST_BODY => {
            Answer::new(StatusCode::OK, "application/octet-stream", vec![b'x'; length])
        }
        Some(_) => message(StatusCode::BAD_GATEWAY, "Internal server error"),
        None => message(StatusCode::BAD_REQUEST, "say how much, in the query: bytes=N"),
    }
}

/// Returns the query parameter `name` as a Lambda function receives it, with `+` decoded as a space. Returns `None` if
/// the query lacks the parameter.
fn parameter(request: &Request<Bytes>, name: &str) -> Option<String> {
    let query = request.uri().query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn message(status: StatusCode, message: &str) -> Answer {
    Answer::json(status, &json!({"message": message}))
}
