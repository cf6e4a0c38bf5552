//! The resources and methods of the API.

use http::Method;

/// A resource and method of the API, with the path parameter still percent-encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'p> {
    /// The route `GET /orders`, which lists all orders.
    ListOrders,
    /// The route `POST /orders`, which creates an order.
    CreateOrder,
    /// The route `GET /orders/{id}`, which returns one order.
    ShowOrder(&'p str),
    /// The route `DELETE /orders/{id}`, which deletes one order.
    DeleteOrder(&'p str),
    /// The route `ANY /echo/{proxy+}`, which returns a description of the request.
    Echo,
    /// The route `GET /redirect`, which redirects to the URL in the query.
    Redirect,
    /// The route `GET /large`, which returns a body of the requested length.
    Large,
    /// The route `GET /html`, which returns an HTML page with a script.
    Html,
    /// The route `GET /escape`, which returns text with terminal escape sequences.
    Escape,
}

impl<'p> Route<'p> {
    /// Returns the route for an HTTP method and a percent-encoded path that excludes the stage. As at API Gateway,
    /// there is no HEAD or OPTIONS that the API does not define.
    pub(super) fn find(method: &Method, path: &'p str) -> Option<Self> {
        if let Some(proxy) = path.strip_prefix("echo/") {
            return Some(Route::Echo).filter(|_| !proxy.is_empty() && is_any(method));
        }
        let order = path.strip_prefix("orders/").filter(|id| !id.is_empty() && !id.contains('/'));
        match (method.as_str(), path, order) {
            ("GET", _, Some(id)) => Some(Route::ShowOrder(id)),
            ("DELETE", _, Some(id)) => Some(Route::DeleteOrder(id)),
            ("GET", "orders", _) => Some(Route::ListOrders),
            ("POST", "orders", _) => Some(Route::CreateOrder),
            ("GET", "redirect", _) => Some(Route::Redirect),
            ("GET", "large", _) => Some(Route::Large),
            ("GET", "html", _) => Some(Route::Html),
            ("GET", "escape", _) => Some(Route::Escape),
            _ => None,
        }
    }
}

/// Returns whether API Gateway's method `ANY` includes `method`
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html>).
fn is_any(method: &Method) -> bool {
    matches!(method.as_str(), "DELETE" | "GET" | "HEAD" | "OPTIONS" | "PATCH" | "POST" | "PUT")
}
