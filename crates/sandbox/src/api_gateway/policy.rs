//! IAM policies of roles, and their evaluation
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>).

/// The effect of a policy statement: it allows or denies an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The statement allows the action, unless another statement denies it.
    Allow,
    /// The statement denies the action, even if other statements allow it.
    Deny,
}

/// A statement of an IAM policy. In its action and resource, `*` matches any text, slashes included, and `?` matches
/// one character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The statement's effect: allow or deny.
    pub effect: Effect,
    /// The action that the statement covers, such as `execute-api:Invoke`. Comparisons ignore letter case.
    pub action: String,
    /// The ARN of the resource that the statement covers, `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path`.
    pub resource: String,
}

/// The decision that a role's policy statements give for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// At least one statement allows the action, and none denies it.
    Allowed,
    /// No statement covers the action and the resource.
    NotAllowed,
    /// At least one statement denies the action.
    Denied,
}

/// Evaluates `statements` for one action on one resource.
pub fn decide(statements: &[Statement], action: &str, resource: &str) -> Decision {
    let action = action.to_ascii_lowercase();
    let about = |statement: &&Statement| {
        matches(&statement.action.to_ascii_lowercase(), &action) && matches(&statement.resource, resource)
    };
    let effects: Vec<Effect> = statements.iter().filter(about).map(|statement| statement.effect).collect();
    match effects.contains(&Effect::Deny) {
        true => Decision::Denied,
        false if effects.is_empty() => Decision::NotAllowed,
        false => Decision::Allowed,
    }
}

/// Returns whether `text` matches `pattern`, in which `*` and `?` are wildcards. The search backtracks to the last `*`
/// only, so its time is at most the product of the two lengths.
fn matches(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut last_star = None;
    loop {
        let remaining = text.clone();
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                text = remaining.clone();
                last_star = Some((pattern.clone(), remaining));
            }
            // The pattern needs more text. A star that matches more of it would not help.
            (Some(_), None) => return false,
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => {
                let Some((after_star, from)) = last_star.as_mut() else { return false };
                from.next();
                (pattern, text) = (after_star.clone(), from.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_in_iam() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "a/b"),
            ("a*", "a"),
            ("a*c", "abbc"),
            ("a*bc", "abbc"),
            ("*/GET/*", "prod/GET/orders/1"),
            ("?b*", "abc"),
            ("a**", "a"),
            ("*a*b", "xaxbxb"),
        ] {
            assert!(matches(pattern, text), "{pattern} should match {text}");
        }
        for (pattern, text) in
            [("", "a"), ("a", ""), ("?", ""), ("a?", "a"), ("a*c", "abcd"), ("*b", "abc"), ("A", "a"), ("*a*b", "xbxa")]
        {
            assert!(!matches(pattern, text), "{pattern} should not match {text}");
        }
        // Many stars and an end that does not match: the time stays bounded.
        assert!(!matches(&format!("{}b", "*a".repeat(30)), &"a".repeat(5_000)));
    }

    #[test]
    fn denying_statement_wins_and_unmatched_calls_are_not_allowed() {
        let statement = |effect, resource: &str| Statement {
            effect,
            action: "execute-api:invoke".into(),
            resource: resource.into(),
        };
        let statements = [statement(Effect::Allow, "api/*"), statement(Effect::Deny, "api/DELETE/*")];
        let decide = |action, resource| decide(&statements, action, resource);
        assert_eq!(decide("execute-api:Invoke", "api/GET/x"), Decision::Allowed);
        assert_eq!(decide("execute-api:Invoke", "api/DELETE/x"), Decision::Denied);
        assert_eq!(decide("execute-api:Invoke", "other/GET/x"), Decision::NotAllowed);
        assert_eq!(decide("execute-api:ManageConnections", "api/GET/x"), Decision::NotAllowed);
    }
}
