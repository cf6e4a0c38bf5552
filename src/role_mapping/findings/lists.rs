//! Detection of texts that join several values in a format that user pools do not use. API gateways, directories and
//! scripts flatten lists with commas, semicolons, bars, line breaks or blanks.

use serde_json::Value;

/// The separate values in a claim's text, and the format in which the text joins them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Flattened {
    /// The separate values.
    pub values: Vec<String>,
    /// A description of the form in which the text joins the values.
    pub form: &'static str,
    /// True if a value may itself contain the separator. The text then counts as a list only if a rule names one of the
    /// values.
    pub is_vague: bool,
}

/// Returns the separate values if the claim's text seems to join several values. Returns `None` for a single value, and
/// for a list in the user pool's own format.
pub(super) fn flattened(claim: &Value) -> Option<Flattened> {
    let text = claim.as_str()?.trim();
    let found =
        |values: Vec<String>, form, is_vague| (values.len() > 1).then_some(Flattened { values, form, is_vague });
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        // The user pool puts a comma between values, and encodes blanks within them.
        if inner.contains(',') || inner.starts_with('"') {
            return None;
        }
        let (separator, form) = separator(inner).unwrap_or((' ', "blanks, in brackets"));
        return found(pieces(inner, separator), form, false);
    }
    if text.starts_with(['{', '"']) {
        let mut values = Vec::new();
        texts(&serde_json::from_str(text).ok()?, &mut values);
        return (!values.is_empty()).then_some(Flattened { values, form: "JSON", is_vague: false });
    }
    if let Some((separator, form)) = separator(text) {
        return found(pieces(text, separator), form, false);
    }
    if text.contains(',') {
        return match distinguished_names(text) {
            Some(names) => found(names, "commas", false),
            None => {
                let values = pieces(text, ',');
                // As in "Doe, John".
                let is_vague = text.contains(", ") || values.iter().any(|value| value.contains(char::is_whitespace));
                found(values, "commas", is_vague)
            }
        };
    }
    found(pieces(text, ' '), "blanks", true)
}

fn separator(text: &str) -> Option<(char, &'static str)> {
    [(';', "semicolons"), ('|', "bars"), ('\n', "line breaks"), ('\t', "tabs")]
        .into_iter()
        .find(|(separator, _)| text.contains(*separator))
}

fn pieces(text: &str, separator: char) -> Vec<String> {
    text.split(separator).map(str::trim).filter(|piece| !piece.is_empty()).map(str::to_owned).collect()
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(elements) => elements.iter().for_each(|element| texts(element, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

/// Splits a list of distinguished names, such as `CN=Admins,OU=Groups,DC=corp`, although each name contains commas
/// itself (RFC 4514). A new name begins where the first attribute of the text follows another attribute.
fn distinguished_names(text: &str) -> Option<Vec<String>> {
    let key = |piece: &str| piece.split_once('=').map(|(key, _)| key.trim().to_ascii_uppercase());
    let pieces: Vec<&str> = text.split(',').collect();
    let keys: Vec<String> = pieces.iter().map(|piece| key(piece)).collect::<Option<_>>()?;
    let mut names: Vec<String> = Vec::new();
    for (place, piece) in pieces.iter().enumerate() {
        let begins = place == 0 || (keys.get(place) == keys.first() && keys.get(place - 1) != keys.first());
        match names.last_mut().filter(|_| !begins) {
            Some(name) => *name = format!("{name},{piece}"),
            None => names.push(piece.trim().to_owned()),
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn flattened_lists_are_recognized_in_every_form() {
        for (text, expected) in [
            ("[admins users]", "blanks, in brackets: admins + users"),
            ("[admins;users]", "semicolons: admins + users"),
            ("admins,users", "commas: admins + users"),
            ("admins, users", "commas?: admins + users"),
            ("Doe, John A", "commas?: Doe + John A"),
            ("Admin;Reader", "semicolons: Admin + Reader"),
            ("Admin|Reader", "bars: Admin + Reader"),
            ("Admin\nReader\n", "line breaks: Admin + Reader"),
            ("Admin Reader", "blanks?: Admin + Reader"),
            (r#"{"roles": ["Admin", 7]}"#, "JSON: Admin"),
            (r#""Admin""#, "JSON: Admin"),
            ("CN=A,OU=G,DC=c;CN=B,OU=G,DC=c", "semicolons: CN=A,OU=G,DC=c + CN=B,OU=G,DC=c"),
            ("CN=A,OU=G,DC=c,CN=B,OU=G,DC=c", "commas: CN=A,OU=G,DC=c + CN=B,OU=G,DC=c"),
        ] {
            let Flattened { values, form, is_vague } = flattened(&json!(text)).unwrap();
            assert_eq!(
                format!("{form}{}: {}", if is_vague { "?" } else { "" }, values.join(" + ")),
                expected,
                "{text}"
            );
        }
        for text in
            ["Admin", "", "[Admin, Reader]", "[Admin]", r#"["a","b"]"#, "CN=x,CN=Users,DC=corp", "{x", ";", "[]"]
        {
            assert_eq!(flattened(&json!(text)), None, "{text}");
        }
        assert_eq!(flattened(&json!(["a", "b"])), None);
    }
}
