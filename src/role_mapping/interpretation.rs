//! The questions about role mappings that AWS's documents leave open, and their possible answers.

use serde::Serialize;

/// A detail that AWS does not document. It has a natural answer, and another one that cannot be ruled out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The meaning of `Contains` on an array claim: it searches the array's text (natural) or requires one whole
    /// element (other).
    ContainsOnArrays,
    /// The meaning of the other match types on an array claim: they compare the array's text (natural) or each element
    /// (other).
    ComparisonOfArrays,
    /// The text of an array: `[a, b]` as a user pool flattens several values (natural), or JSON (other).
    TextOfArrays,
    /// A claim that is neither a text nor an array: its JSON text is compared (natural), or it counts as missing
    /// (other).
    OtherTypes,
    /// Letter case in comparisons: it matters (natural), or it is ignored (other).
    LetterCase,
    /// A requested role under rules: it must be a matching rule's role (natural), or may be any role (other).
    CustomRoleByRules,
    /// A requested role without a mapping: it must be the default role (natural), or may be any role (other).
    CustomRoleWithoutMapping,
    /// A single role in `cognito:roles` without a preferred role: it is ambiguous (natural), or the person gets it
    /// (other).
    OnlyRole,
    /// A preferred role that is not a role's ARN: it counts as missing (natural), or is chosen and cannot be assumed
    /// (other).
    MalformedPreferredRole,
    /// A role in another account than the identity pool's: the person gets it (natural), or it cannot be assumed
    /// (other).
    RoleOfAnotherAccount,
}

impl Question {
    /// All questions.
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

    /// Returns the natural answer.
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

    /// Returns the other answer.
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

/// One interpretation of the documents: an answer to each [`Question`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interpretation {
    /// The questions that have their other answer, one bit each.
    others: u16,
}

impl Interpretation {
    /// The interpretation with all natural answers.
    pub const NATURAL: Self = Self { others: 0 };

    /// Returns this interpretation with the other answer to `question`.
    #[must_use]
    pub fn otherwise(self, question: Question) -> Self {
        Self { others: self.others | question.bit() }
    }

    /// Returns whether `question` has its other answer.
    pub fn is_otherwise(self, question: Question) -> bool {
        self.others & question.bit() != 0
    }

    /// Returns the questions that have their other answer.
    pub fn questions(self) -> Vec<Question> {
        Question::ALL.into_iter().filter(|question| self.is_otherwise(*question)).collect()
    }

    /// Returns whether this interpretation has the other answer to every question to which `part` has it.
    pub fn includes(self, part: Self) -> bool {
        self.others & part.others == part.others
    }

    /// Returns all interpretations that differ from the natural one in some of `questions`, those with fewer
    /// differences first.
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
