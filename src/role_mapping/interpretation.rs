//! The questions about role mappings that AWS's documentation leaves open, with two possible answers each.

use serde::Serialize;

/// A detail of role mappings that AWS does not document. It has a natural answer, and another one that cannot be ruled
/// out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The behaviour of `Contains` on an array: it searches the array's text (natural answer), or it needs an element
    /// that equals the value (other answer).
    ContainsOnArrays,
    /// The behaviour of the match types except `Contains` on an array: they compare the array's text (natural answer)
    /// or each element (other answer).
    ComparisonOfArrays,
    /// The text form of an array: `[a, b]`, which is how a user pool flattens lists (natural answer), or JSON (other
    /// answer).
    TextOfArrays,
    /// The treatment of claims that are neither text nor array: they are compared as JSON text (natural answer), or
    /// count as missing (other answer).
    OtherTypes,
    /// The treatment of letter case in comparisons: letter case matters (natural answer), or is ignored (other answer).
    LetterCase,
    /// The roles that a person can request if the mapping has rules: only roles of matching rules (natural answer), or
    /// any role (other answer).
    CustomRoleByRules,
    /// The roles that a person can request if there is no mapping: only the default role (natural answer), or any role
    /// (other answer).
    CustomRoleWithoutMapping,
    /// The treatment of a single role in `cognito:roles` without a preferred role: the choice is ambiguous (natural
    /// answer), or falls on this role (other answer).
    OnlyRole,
    /// The treatment of a preferred role that is not a role ARN: it is ignored (natural answer), or is chosen but
    /// cannot be assumed (other answer).
    MalformedPreferredRole,
    /// The treatment of a role outside the identity pool's AWS account: the pool can assume the role (natural answer),
    /// or cannot (other answer).
    RoleOfAnotherAccount,
}

impl Question {
    /// All open questions.
    pub const ALL: [Self; 10] = [
        Self::ContainsOnArrays,
        Self::ComparisonOfArrays,
        Self::TextOfArrays,
        Self::OtherTypes,
        Self::LetterCase,
        Self::CustomRoleByRules,
        Self::CustomRoleWithoutMapping,
        Self::OnlyRole,
        Self::MalformedPreferredRole,
        Self::RoleOfAnotherAccount,
    ];

    /// Returns the natural answer to the question, as a sentence without a full stop.
    pub fn natural_answer(self) -> &'static str {
        match self {
            Self::ContainsOnArrays => "Contains looks for its value in the text of an array",
            Self::ComparisonOfArrays => "Equals, StartsWith and NotEqual compare the text of an array",
            Self::TextOfArrays => "the text of an array is '[a, b]'",
            Self::OtherTypes => "a number, a boolean or an object is compared by its JSON text",
            Self::LetterCase => "letter case matters",
            Self::CustomRoleByRules => "a requested role must be that of a matching rule",
            Self::CustomRoleWithoutMapping => "without a mapping, only the default role can be requested",
            Self::OnlyRole => "cognito:roles with one role and no preferred role is ambiguous",
            Self::MalformedPreferredRole => "a preferred role that is not the ARN of a role counts as missing",
            Self::RoleOfAnotherAccount => "a role of another account can be given",
        }
    }

    /// Returns the other answer to the question, as a sentence without a full stop.
    pub fn other_answer(self) -> &'static str {
        match self {
            Self::ContainsOnArrays => "Contains needs one element of an array to equal its value",
            Self::ComparisonOfArrays => "Equals, StartsWith and NotEqual compare each element of an array",
            Self::TextOfArrays => "the text of an array is JSON",
            Self::OtherTypes => "a claim that is neither a text nor an array counts as missing",
            Self::LetterCase => "letter case does not matter",
            Self::CustomRoleByRules => "any role that trusts the identity pool can be requested",
            Self::CustomRoleWithoutMapping => {
                "without a mapping, any role that trusts the identity pool can be requested"
            }
            Self::OnlyRole => "the only role of cognito:roles is given",
            Self::MalformedPreferredRole => "the preferred role is chosen as it is, and cannot be assumed",
            Self::RoleOfAnotherAccount => "a role of another account cannot be assumed",
        }
    }

    fn bit(self) -> u16 {
        1 << self as u8
    }
}

/// One interpretation of AWS's documentation: an answer to each [`Question`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interpretation {
    /// The questions to which this interpretation gives the other answer instead of the natural one, one bit for each
    /// question.
    others: u16,
}

impl Interpretation {
    /// The interpretation that gives the natural answer to every question.
    pub const NATURAL: Self = Self { others: 0 };

    /// Returns a copy of this interpretation that gives the other answer to `question`.
    #[must_use]
    pub fn otherwise(self, question: Question) -> Self {
        Self { others: self.others | question.bit() }
    }

    /// Returns whether this interpretation gives the other answer to `question`.
    pub fn is_otherwise(self, question: Question) -> bool {
        self.others & question.bit() != 0
    }

    /// Returns the questions to which this interpretation gives the other answer.
    pub fn questions(self) -> Vec<Question> {
        Question::ALL.into_iter().filter(|question| self.is_otherwise(*question)).collect()
    }

    /// Returns whether this interpretation gives the other answer wherever `part` does.
    pub fn includes(self, part: Self) -> bool {
        self.others & part.others == part.others
    }

    /// Returns all interpretations that give the other answer to one or more of `questions`. Interpretations with the
    /// fewest other answers come first.
    pub fn others(questions: &[Question]) -> Vec<Self> {
        let mask = questions.iter().fold(0, |mask, question| mask | question.bit());
        let mut interpretations: Vec<Self> =
            (1..=mask).filter(|others| others & !mask == 0).map(|others| Self { others }).collect();
        interpretations.sort_by_key(|interpretation| interpretation.others.count_ones());
        interpretations
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interpretation_comes_once_and_small_ones_first() {
        let questions = [Question::LetterCase, Question::ContainsOnArrays, Question::OnlyRole];
        let interpretations = Interpretation::others(&questions);
        let counts: Vec<usize> =
            interpretations.iter().map(|interpretation| interpretation.questions().len()).collect();
        assert_eq!(counts, [1, 1, 1, 2, 2, 2, 3]);
        assert_eq!(Interpretation::others(&Question::ALL).len(), 1023);
        assert!(Interpretation::others(&[]).is_empty());
        for question in Question::ALL {
            let interpretation = Interpretation::NATURAL.otherwise(question);
            assert_eq!(interpretation.questions(), [question]);
            assert!(
                interpretation.includes(Interpretation::NATURAL) && !Interpretation::NATURAL.includes(interpretation)
            );
            assert_ne!(question.natural_answer(), question.other_answer());
        }
    }
}
