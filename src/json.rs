//! JSON objects in which each name occurs once. If a name is repeated, parsers disagree on which member counts (RFC
//! 8259, section 4).

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Error, MapAccess, Visitor};

/// A visitor that reads the members of an object in order, and refuses an object that repeats a name.
pub struct UniqueMembers<V> {
    expected: &'static str,
    repeated: fn(&str) -> String,
    values: PhantomData<fn() -> V>,
}

impl<V> UniqueMembers<V> {
    /// Creates the visitor for an object that messages call `expected`. `repeated` makes the message for a repeated
    /// name.
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

#[cfg(test)]
mod tests {
    use serde::Deserializer;

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
}
