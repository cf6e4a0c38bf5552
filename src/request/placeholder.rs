//! Placeholders in a URL that was copied from documentation, such as `{id}` or `$ID`.

use percent_encoding::percent_decode_str;

/// Returns the unfilled placeholder in a host (`{…}`, `$…`, `<…>`, `[…]` or `%NAME%`), or `None` if the host has no
/// placeholder. Percent-encoded braces and angle brackets count, but an IPv6 address in `[…]` does not. No host holds
/// these characters.
pub(super) fn unfilled(authority: &str) -> Option<&str> {
    let is_address = |inner: &str| inner.contains(':');
    let bracketed = authority.find('[').and_then(|start| {
        let text = authority.get(start..)?;
        let end = text.find(']')? + 1;
        text.get(..end).filter(|text| !is_address(text))
    });
    if bracketed.is_some() {
        return bracketed;
    }
    if let Some(text) = between_percents(authority) {
        return Some(text);
    }
    const STARTS: [&str; 6] = ["{", "$", "<", "%7B", "%7b", "%3C"];
    let start = STARTS.iter().filter_map(|start| authority.find(start)).min()?;
    let text = authority.get(start..).unwrap_or_default();
    let ends = |end: &&str| text.find(end).map(|at| at + end.len());
    let end = match text.starts_with('$') && !text.starts_with("${") {
        true => {
            text.get(1..).and_then(|rest| rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')).map(|at| at + 1)
        }
        false => ["}", ">", "%7D", "%7d", "%3E"].iter().filter_map(ends).min(),
    };
    text.get(..end.unwrap_or(text.len()))
}

/// Returns the first `%NAME%`, the variable of a command line of Windows. Percent-encoded text can look like that, but is
/// UTF-8 once decoded, without a `%`.
fn between_percents(text: &str) -> Option<&str> {
    if percent_decode_str(text).decode_utf8().is_ok_and(|decoded| !decoded.contains('%')) {
        return None;
    }
    text.match_indices('%').find_map(|(at, _)| {
        let inner = text.get(at + 1..)?;
        let length = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        let is_name = inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        (is_name && inner.get(length..)?.starts_with('%')).then(|| text.get(at..at + length + 2))?
    })
}

/// Returns the first placeholder in a value of the query. `$` counts only at the start of a value, because names such as
/// `$filter` are OData's. What follows another name or brace is GraphQL, and so is the value of `query`.
pub(super) fn placeholder_in_query(query: &str) -> Option<&str> {
    let values = query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(key, _)| *key != "query");
    values.map(|(_, value)| value).find_map(|value| {
        let text = placeholder(value)?;
        let before = value.split(text).next().unwrap_or_default();
        let is_alone = !before.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '{' | '"'));
        (if text.starts_with('$') && !text.starts_with("${") { before.is_empty() } else { is_alone }).then_some(text)
    })
}

/// Returns the first placeholder in a path: `{…}`, `<…>`, `${…}`, or `$` and a name. They are characters of a path, too.
pub(super) fn placeholder(path: &str) -> Option<&str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
    for (at, start) in path.match_indices(['{', '<', '$']) {
        let text = path.get(at..)?;
        let inner = text.get(1..)?.trim_start_matches('{');
        let length = inner.find(|c| !is_name(c)).unwrap_or(inner.len());
        let begins_name = inner.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let opened = text.len() - inner.len();
        let rest = inner.get(length..)?;
        match start {
            "{" if begins_name && rest.starts_with('}') => return text.get(..opened + length + 1),
            "<" if begins_name && rest.starts_with('>') => return text.get(..opened + length + 1),
            "$" if begins_name && (opened == 1 || rest.starts_with('}')) => {
                return text.get(..opened + length + usize::from(opened > 1));
            }
            _ => {}
        }
    }
    None
}

/// Returns the first range or list of curl's in a path or a query: `[1-3]`, `[a-z]`, `[01-10:2]` or `{a,b}`.
pub(super) fn glob(text: &str) -> Option<&str> {
    text.match_indices(['[', '{']).find_map(|(at, start)| {
        let rest = text.get(at + 1..)?;
        let end = rest.find(if start == "[" { ']' } else { '}' })?;
        let inner = rest.get(..end)?;
        let is_glob = if start == "[" { is_range(inner) } else { is_list(inner) };
        is_glob.then(|| text.get(at..at + end + 2)).flatten()
    })
}

fn is_range(inner: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_letter = |text: &str| text.len() == 1 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    let (ends, step) = inner.split_once(':').unwrap_or((inner, "1"));
    ends.split_once('-').is_some_and(|(from, to)| {
        is_number(step) && (is_number(from) && is_number(to) || is_letter(from) && is_letter(to))
    })
}

/// Returns whether a text is a list of plain words: JSON has other characters.
fn is_list(inner: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ',');
    inner.contains(',') && inner.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_lists_of_curl_are_found() {
        for (given, expected) in [
            ("/orders/[1-3]", Some("[1-3]")),
            ("/[a-z]/x", Some("[a-z]")),
            ("a={x,y}", Some("{x,y}")),
            ("/[001-100:10].txt", Some("[001-100:10]")),
            ("filter[a]=1&b[]=2&c[0]=3", None),
            ("/{id}/{\"a\":1,\"b\":2}", None),
            ("/[1-", None),
        ] {
            assert_eq!(glob(given), expected, "{given}");
        }
    }

    #[test]
    fn placeholders_in_a_path_are_noted() {
        for (given, expected) in [
            ("/orders/{id}/x", Some("{id}")),
            ("/{proxy+}", Some("{proxy+}")),
            ("/orders/$ID/x", Some("$ID")),
            ("/orders/${ID}", Some("${ID}")),
            ("/orders/<order-id>", Some("<order-id>")),
            ("/a$&b/{}/$1/{\"a\":1}/<>", None),
            ("/$metadata-not-a-name", Some("$metadata-not-a-name")),
        ] {
            assert_eq!(placeholder(given), expected, "{given}");
        }
    }

    #[test]
    fn placeholders_in_a_query_are_noted() {
        for (given, expected) in [
            ("id={id}", Some("{id}")),
            ("x=1&range={from}-{to}", Some("{from}")),
            ("id=$ID&x", Some("$ID")),
            ("id=${ID}", Some("${ID}")),
            ("id=<order-id>", Some("<order-id>")),
            ("$filter=a&$top=5&$select", None),
            ("$expand=Items($select=a)", None),
            ("query={me{name}}&x={me{name}}", None),
            ("f={\"$gt\":5}&g={\"a\":1}&h=a<b", None),
        ] {
            assert_eq!(placeholder_in_query(given), expected, "{given}");
        }
    }
}
