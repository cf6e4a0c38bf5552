//! Constraints on the parameters of STS requests. One error message lists all constraints that a request violates.

use crate::sts::protocol::{Fault, bad_request};

/// The default lifetime of credentials, in seconds.
const USUAL_DURATION: i64 = 3600;

/// A regular expression in AWS's notation, and a function that returns true for each character that the expression
/// allows.
pub type Pattern = (&'static str, fn(char) -> bool);

/// The pattern that the name of a role session must match.
pub const SESSION_NAMES: Pattern = (r"[\w+=,.@-]*", |character| is_in(character, "_+=,.@-"));
/// The pattern that an external id must match.
pub const EXTERNAL_IDS: Pattern = (r"[\w+=,.@:\/-]*", |character| is_in(character, "_+=,.@:/-"));

fn is_in(character: char, signs: &str) -> bool {
    character.is_ascii_alphanumeric() || signs.contains(character)
}

/// The error messages for the constraints that a request violates.
#[derive(Debug, Default)]
pub struct Constraints(Vec<String>);

impl Constraints {
    /// Checks that a required parameter has `least` to `most` characters and matches `pattern`, if a pattern is given.
    /// `member` is the parameter's name in errors.
    pub fn text(&mut self, member: &str, value: Option<&str>, least: usize, most: usize, pattern: Option<Pattern>) {
        let fault = value.map_or_else(missing, |value| broken(value, least, most, pattern));
        let shown = value.map_or_else(|| " null".to_owned(), |value| format!(" '{value}'"));
        self.add(member, &shown, fault);
    }

    /// Checks that a required secret has `least` to `most` characters. The error message does not show the secret.
    pub fn secret(&mut self, member: &str, value: Option<&str>, least: usize, most: usize) {
        let fault = value.map_or_else(missing, |value| broken(value, least, most, None));
        self.add(member, if value.is_some() { "" } else { " null" }, fault);
    }

    /// Checks that the requested lifetime of the credentials is 900 to 43,200 seconds, and returns the lifetime in
    /// seconds.
    pub fn duration(&mut self, value: Option<&str>) -> i64 {
        let seconds = value.map_or(Some(USUAL_DURATION), |text| text.parse().ok());
        let fault = match seconds {
            // Not documented: the message for a text that is not a number.
            None => Some("Member must be a number".into()),
            Some(..900) => Some("Member must have value greater than or equal to 900".into()),
            Some(43_201..) => Some("Member must have value less than or equal to 43200".into()),
            Some(_) => None,
        };
        self.add("durationSeconds", &format!(" '{}'", value.unwrap_or_default()), fault);
        seconds.unwrap_or(USUAL_DURATION)
    }

    fn add(&mut self, member: &str, shown: &str, fault: Option<String>) {
        self.0.extend(fault.map(|fault| format!("Value{shown} at '{member}' failed to satisfy constraint: {fault}")));
    }

    /// Returns an error that lists all violated constraints, or `Ok(())` if no constraint is violated.
    pub fn verdict(self) -> Result<(), Fault> {
        let (count, plural) = (self.0.len(), if self.0.len() == 1 { "" } else { "s" });
        match count {
            0 => Ok(()),
            _ => {
                let message = format!("{count} validation error{plural} detected: {}", self.0.join("; "));
                Err(bad_request("ValidationError", message))
            }
        }
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the type of a violated constraint")]
fn missing() -> Option<String> {
    Some("Member must not be null".to_owned())
}

/// Returns AWS's error message if `value` is too short, is too long or does not match the pattern, and `None`
/// otherwise.
fn broken(value: &str, least: usize, most: usize, pattern: Option<Pattern>) -> Option<String> {
    let length = value.chars().count();
    match pattern {
        _ if length < least => Some(format!("Member must have length greater than or equal to {least}")),
        _ if length > most => Some(format!("Member must have length less than or equal to {most}")),
        Some((pattern, allows)) if !value.chars().all(allows) => {
            Some(format!("Member must satisfy regular expression pattern: {pattern}"))
        }
        _ => None,
    }
}

/// Checks that `role_arn` has the form of an ARN, and returns an error otherwise.
pub fn check_role_arn(role_arn: &str) -> Result<(), Fault> {
    match role_arn.starts_with("arn:") && role_arn.split(':').count() >= 6 {
        true => Ok(()),
        false => Err(bad_request("ValidationError", "Request ARN is invalid")),
    }
}
