//! The checks of a host's name, for mistakes that the resolver would blame on the network.

use crate::aws::unfilled_word;
use crate::error::{Failure, Kind, shortened};

/// The maximum length of a label of a host name, in bytes (RFC 1035, section 2.3.4).
const LONGEST_LABEL: usize = 63;

/// Checks the name of a host: its characters, its labels, and the words that AWS's pages put in the place of a region
/// or of an API's id.
///
/// # Errors
/// [`Kind::Usage`] if no host has such a name.
pub(super) fn check_name(name: &str) -> Result<(), Failure> {
    if let Some(odd) = name.chars().find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')) {
        let message = format!("the host holds the character {odd}, which is in no host's name");
        return Err(usage(message, "take it out, and check the quotes around the URL"));
    }
    let mut labels = name.strip_suffix('.').unwrap_or(name).split('.');
    if labels.clone().any(str::is_empty) {
        let message = format!("the host '{}' has an empty part before or between its dots", shortened(name, 80));
        return Err(usage(message, "a variable in the URL may be empty: put its value there"));
    }
    if let Some(label) = labels.find(|label| label.len() > LONGEST_LABEL) {
        let message = format!("'{}' in the host is longer than {LONGEST_LABEL} characters", shortened(label, 40));
        return Err(usage(message, "check the host: no name has such a part"));
    }
    match unfilled_word(name) {
        None => Ok(()),
        Some((what, word)) => {
            Err(usage(format!("the host holds the word '{word}'"), format!("put the API's {what} there")))
        }
    }
}

fn usage(message: impl Into<String>, hint: impl Into<String>) -> Failure {
    Failure::new(Kind::Usage, message).hint(hint)
}

#[cfg(test)]
mod tests {
    use crate::request::target::Target;

    #[test]
    fn host_names_that_no_resolver_knows_are_refused() {
        for (given, words) in [
            ("https://.execute-api.eu-west-1.amazonaws.com/prod", "has an empty part"),
            ("https://api..example.com/", "has an empty part"),
            ("https://api.example.com../", "has an empty part"),
            ("https://`id`.example.com/", "the character `"),
            ("https://\"api.example.com/", "the character \""),
            ("https://api}.example.com/", "the character }"),
            ("https://*.example.com/", "the character *"),
            (&format!("https://{}.example.com/", "a".repeat(64)), "longer than 63 characters"),
            ("https://restapi.execute-api.region.amazonaws.com/stage", "the word 'region'"),
        ] {
            let message = Target::parse(given).unwrap_err().to_string();
            assert!(message.contains(words), "{given}: {message}");
        }
        for good in
            ["https://a_b.example.com./", "https://b%C3%BCcher.example/", "https://127.0.0.1/", "https://[::1]/"]
        {
            assert!(Target::parse(good).is_ok(), "{good}");
        }
    }
}
