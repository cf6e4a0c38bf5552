//! JSON parsing that refuses objects with a repeated name. If a name is repeated, parsers disagree on which member
//! counts (RFC 8259, section 4).

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The maximum length of a member name in a message, in characters.
const LONGEST_NAME: usize = 80;

/// A serde visitor that reads the members of an object in order, and refuses an object in which a name occurs twice.
pub struct UniqueMembers<V> {
    expected: &'static str,
    repeated: fn(&str) -> String,
    values: PhantomData<fn() -> V>,
}

impl<V> UniqueMembers<V> {
    /// Creates the visitor for an object, which error messages call `expected`. `repeated` makes the message for a
    /// repeated name.
    pub fn new(expected: &'static str, repeated: fn(&str) -> String) -> Self {
        Self { expected, repeated, values: PhantomData }
    }
}

impl<'de, V: Deserialize<'de>> Visitor<'de> for UniqueMembers<V> {
    type Value = Vec<(String, V)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut given: A) -> Result<Self::Value, A::Error> {
        let (mut names, mut members) = (BTreeSet::new(), Vec::new());
        while let Some((name, value)) = given.next_entry::<String, V>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom((self.repeated)(&name)));
            }
            members.push((name, value));
        }
        Ok(members)
    }
}

/// Parses a JSON text. No object in it, at any depth, may repeat a name.
///
/// # Errors
/// The fault, with its line and column.
pub fn unique(json: &str) -> serde_json::Result<Value> {
    serde_json::from_str(json).map(|Unique(value)| value)
}

/// Parses bytes like [`unique`], but returns `None` instead of an error.
pub fn value(json: &[u8]) -> Option<Value> {
    unique(std::str::from_utf8(json).ok()?).ok()
}

/// A JSON value without repeated names in any of its objects.
struct Unique(Value);

impl<'de> Deserialize<'de> for Unique {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Unique)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut given: A) -> Result<Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(Unique(element)) = given.next_element()? {
            elements.push(element);
        }
        Ok(Value::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, given: A) -> Result<Value, A::Error> {
        let repeated = |name: &str| format!("'{}' is there twice", name.chars().take(LONGEST_NAME).collect::<String>());
        let members = UniqueMembers::new("an object", repeated).visit_map(given)?;
        Ok(Value::Object(members.into_iter().map(|(name, Unique(value))| (name, value)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Vec<(String, u8)>, String> {
        let visitor = UniqueMembers::new("an object of numbers", |name| format!("'{name}' is there twice"));
        serde_json::Deserializer::from_str(text).deserialize_map(visitor).map_err(|error| error.to_string())
    }

    #[test]
    fn repeated_json_names_are_refused_in_any_spelling() {
        assert_eq!(read(r#"{"b": 1, "a": 2}"#), Ok(vec![("b".into(), 1), ("a".into(), 2)]));
        for text in [r#"{"a": 1, "a": 1}"#, r#"{"a": 1, "b": 2, "\u0061": 3}"#] {
            assert!(read(text).unwrap_err().starts_with("'a' is there twice"), "{text}");
        }
        assert!(read("[]").unwrap_err().contains("expected an object of numbers"));
    }

    #[test]
    fn repeated_json_names_are_refused_at_any_depth() {
        let text = r#"{"a": [1, -2, 1.5, null, true, "x\u0041"], "b": {"a": {}}}"#;
        assert_eq!(unique(text).unwrap(), json!({ "a": [1, -2, 1.5, null, true, "xA"], "b": { "a": {} } }));
        for text in [r#"{"b": 1, "b": 2}"#, r#"[{"a": {"b": 1, "b": 2}}]"#, r#"{"a": [[{"b": 1, "\u0062": 1}]]}"#] {
            assert!(unique(text).unwrap_err().to_string().starts_with("'b' is there twice at line 1"), "{text}");
        }
        assert!(unique("{} {}").is_err() && unique(&"[".repeat(100_000)).is_err());
        assert!(value(b"{\"a\": \"\xe5\"}").is_none() && value("\u{feff}{}".as_bytes()).is_none());
        assert_eq!(value(text.as_bytes()), unique(text).ok());
    }
}
