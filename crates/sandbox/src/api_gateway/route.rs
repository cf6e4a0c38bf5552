//! The resources and methods of the API.

use http::Method;

/// A resource and method of the API, with the path parameter still percent-encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'p> {
    /// `GET /orders`
    ListOrders,
    /// `POST /orders`
    CreateOrder,
    /// `GET /orders/{id}`
    ShowOrder(&'p str),
    /// `DELETE /orders/{id}`
    DeleteOrder(&'p str),
    /// `ANY /echo/{proxy+}`
    Echo,
    /// `GET /redirect`
    Redirect,
    /// `GET /large`
    Large,
    /// `GET /html`
    Html,
    /// `GET /escape`
    Escape,
}

impl<'p> Route<'p> {
    /// Returns the route for a method and a percent-encoded path below the stage. As at API Gateway, there is no HEAD
    /// or OPTIONS that the API does not define.
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

/// Returns whether API Gateway's ANY covers this method
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html>).
fn is_any(method: &Method) -> bool {
    matches!(method.as_str(), "DELETE" | "GET" | "HEAD" | "OPTIONS" | "PATCH" | "POST" | "PUT")
}
