//! The role session name that AWS records for an assumed role. It appears in CloudTrail, in the caller's ARN and in
//! `aws:userid` of policies, so it should tell who the person is.

/// The maximum length of a session's name, in characters
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>: `[\w+=,.@-]{2,64}`).
const LONGEST: usize = 64;
/// The replacement for characters that AWS does not accept.
const REPLACEMENT: char = '-';
/// The session name to use if no character of the person's name is allowed. Also the prefix of names that are too
/// short.
const NOBODY: &str = "cogfed";

/// Returns the role session name for `person`, an email address or a user name. Characters that AWS does not accept are
/// replaced.
pub fn session_name(person: &str) -> String {
    // AWS's `\w` is ASCII only.
    let is_taken = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let name: String = person.trim().chars().map(|c| if is_taken(c) { c } else { REPLACEMENT }).take(LONGEST).collect();
    match (name.chars().count(), name.chars().any(|c| c.is_ascii_alphanumeric())) {
        (_, false) => NOBODY.to_owned(),
        (1, true) => format!("{NOBODY}-{name}"),
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_name_says_who_the_person_is() {
        for (person, name) in [
            ("alice@corp.example", "alice@corp.example"),
            ("AzureAD_alice@corp.example", "AzureAD_alice@corp.example"),
            ("first.last+tag=a,b_c-d@corp.example", "first.last+tag=a,b_c-d@corp.example"),
            (" Ada Lovelace ", "Ada-Lovelace"),
            ("Zo\u{eb} O'Brien", "Zo--O-Brien"),
            ("a/b:c*d\u{1b}[31m\n", "a-b-c-d--31m"),
            ("live.com#ada@corp.example", "live.com-ada@corp.example"),
            ("ab", "ab"),
        ] {
            assert_eq!(session_name(person), name, "{person:?}");
        }
    }

    #[test]
    fn session_names_are_always_valid_for_aws() {
        let long = "x".repeat(1000);
        let wide = "\u{1f600}".repeat(100);
        let names = [
            "",
            " ",
            "a",
            "\u{e9}",
            "\u{5c71}\u{7530}",
            "--",
            "@",
            "1",
            long.as_str(),
            wide.as_str(),
            "\0",
            "\u{5c71}1",
        ];
        for person in names {
            let name = session_name(person);
            let is_taken = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
            assert!((2..=64).contains(&name.len()) && name.chars().all(is_taken), "{person:?}: {name:?}");
            assert!(name.chars().any(|c| c.is_ascii_alphanumeric()), "{person:?}: {name:?}");
        }
        assert_eq!(session_name(&long).len(), 64);
        assert_eq!((session_name("a").as_str(), session_name("\u{5c71}\u{7530}").as_str()), ("cogfed-a", "cogfed"));
    }
}
