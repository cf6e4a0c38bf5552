//! Functions that read the query, the form and the cookies of a browser's request.

use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, COOKIE};
use url::form_urlencoded;

/// The parameters of a query or a form, in their original order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Parses form-encoded text: a query without its `?`, or a body.
    pub fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// Returns the first non-empty value of the parameter `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Returns the values of all parameters.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, value)| value.as_str())
    }

    /// Returns all values of the parameter `name`.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns whether any parameter name is repeated, which OAuth forbids (RFC 6749, 3.1).
    pub fn repeated(&self) -> bool {
        self.0.iter().enumerate().any(|(index, (name, _))| self.0.iter().skip(index + 1).any(|(key, _)| key == name))
    }

    /// Returns the parameters, form-encoded, with the parameter `name` added.
    pub fn encoded_with(&self, name: &str, value: &str) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).append_pair(name, value).finish()
    }

    /// Returns the parameters, form-encoded.
    pub fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

/// Returns the parameters of a request's query.
pub fn query(request: &Request<Bytes>) -> Parameters {
    Parameters::parse(request.uri().query().unwrap_or_default().as_bytes())
}

/// Returns the parameters in a request's body if its content type is `application/x-www-form-urlencoded`.
pub fn form(request: &Request<Bytes>) -> Option<Parameters> {
    let content_type = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded").then(|| Parameters::parse(request.body()))
}

/// Returns the values of the cookies named `name`, usually one.
pub fn cookies<'r>(request: &'r Request<Bytes>, name: &'static str) -> impl Iterator<Item = &'r str> {
    let cookies = request.headers().get_all(COOKIE).into_iter().filter_map(|header| header.to_str().ok());
    let pairs = cookies.flat_map(|header| header.split(';')).filter_map(|cookie| cookie.trim().split_once('='));
    pairs.filter(move |(key, _)| *key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_parameter_names_are_found_and_empty_values_are_absent() {
        let parameters = Parameters::parse(b"a=1&b=&c=x%20y");
        assert!(!parameters.repeated());
        assert_eq!(parameters.get("b"), None);
        assert_eq!(parameters.get("c"), Some("x y"));
        assert!(Parameters::parse(b"a=1&b=2&a=1").repeated());
        assert_eq!(parameters.encoded_with("d", "/"), "a=1&b=&c=x+y&d=%2F");
    }
}
