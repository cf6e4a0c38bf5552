//! File names for arbitrary text: safe on every system, readable, and distinct for distinct texts.

use ring::digest;

/// The maximum length of a name from [`file_name`], in bytes. Common file systems allow 255, and a temporary file has a
/// longer name than the file that it replaces.
const LONGEST: usize = 200;

/// The number of hexadecimal digits of the SHA-256 hash at the end of a shortened name (128 bits).
const HASH_DIGITS: usize = 32;

/// Returns the file name that stands for `account`, such as `tokens%2Feu-west-1_AbC%2F3n4b5%2FAzureAD`.
///
/// Everything but `A-Z a-z 0-9 _ . -` is percent-encoded (RFC 3986, section 2.1). So is a leading dot (hidden files,
/// `.` and `..`) and a final one (Windows drops it). A name of more than 200 bytes is cut, and ends in `~` and a hash
/// of the whole text; no other name has a `~`. The name of the empty text is `%`.
pub fn file_name(account: &str) -> String {
    if account.is_empty() {
        return "%".into();
    }
    let last = account.len() - 1;
    let mut name = String::with_capacity(account.len() * 3 / 2);
    let mut cut = 0;
    for (at, byte) in account.bytes().enumerate() {
        if name.len() < LONGEST - HASH_DIGITS {
            cut = name.len();
        }
        let plain = match byte {
            b'.' => at != 0 && at != last,
            b'_' | b'-' => true,
            _ => byte.is_ascii_alphanumeric(),
        };
        if plain { name.push(char::from(byte)) } else { name.push_str(&format!("%{byte:02X}")) }
    }
    if name.len() > LONGEST {
        name.truncate(cut);
        name.push('~');
        let hash = digest::digest(&digest::SHA256, account.as_bytes());
        for byte in hash.as_ref().iter().take(HASH_DIGITS / 2) {
            name.push_str(&format!("{byte:02x}"));
        }
    }
    name
}

/// Returns the account for which [`file_name`] returned this name. Returns `None` for a shortened name, which cannot be
/// reversed, and for a name that [`file_name`] does not make.
pub fn account_of(name: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' if name.len() > 1 => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                bytes.push(u8::try_from(digit()? * 16 + digit()?).ok()?);
            }
            byte => bytes.push(byte),
        }
    }
    let account = if name == "%" { String::new() } else { String::from_utf8(bytes).ok()? };
    (file_name(&account) == name).then_some(account)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn decoded(name: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = name.bytes();
        while let Some(byte) = rest.next() {
            if byte == b'%' {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            } else {
                bytes.push(byte);
            }
        }
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn file_name_is_safe_readable_and_reversible() {
        assert_eq!(file_name("tokens/eu-west-1_AbC/3n4b5/AzureAD"), "tokens%2Feu-west-1_AbC%2F3n4b5%2FAzureAD");
        assert_eq!(file_name("v1.2_a-B.json"), "v1.2_a-B.json");
        for account in ["..", ".", "a.", ".hidden", "a/../b", "a\\b", "c:d", "é€😀", "nul\0nl\n", "%2F", "a b*?\"<>|~"]
        {
            let name = file_name(account);
            assert_eq!(decoded(&name), account);
            assert_eq!(account_of(&name).as_deref(), Some(account));
            assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-%".contains(&b)), "{name}");
            assert!(!name.starts_with('.') && !name.ends_with('.'), "{name}");
        }
        assert_eq!((file_name(""), account_of("%")), ("%".into(), Some(String::new())));
    }

    #[test]
    fn other_and_shortened_file_names_have_no_account() {
        for name in ["", ".new-x", "a/b", "a b", "%2f", "%2", "%zz", "%61", "%FF", "é", &file_name(&"a".repeat(201))] {
            assert_eq!(account_of(name), None, "{name}");
        }
    }

    #[test]
    fn long_file_names_are_cut_and_stay_different() {
        let stem = "é/".repeat(200);
        let names: HashSet<String> = (0..100).map(|i| file_name(&format!("{stem}{i}"))).collect();
        assert_eq!(names.len(), 100);
        for name in &names {
            assert!(name.len() <= LONGEST, "{} bytes", name.len());
            let (head, _) = name.split_once('~').unwrap();
            assert!(
                stem.starts_with(&decoded(&head.replace("%C3", "").replace("%A9", "%C3%A9"))),
                "cut inside %XX: {head}"
            );
        }
        assert_eq!(file_name(&"a".repeat(200)), "a".repeat(200));
        let long = file_name(&"a".repeat(201));
        assert!(long.starts_with(&format!("{}~", "a".repeat(167))) && long.len() == LONGEST, "no more is cut: {long}");
    }
}
