//! The trust roots, endpoints and browser command that the person accepted at a sign-in. Neither AWS nor the system
//! vouches for these.
//!
//! The environment and a colleague's profile may name trust roots, endpoints and a browser command. They count only
//! after the person at a terminal was shown them and agreed. The answer is kept with the sign-in, not in the profile.

use std::collections::BTreeSet;

use ring::digest;
use serde::{Deserialize, Serialize};

/// The trust roots, endpoints and browser command that the person accepted at a sign-in. A record of cogfed 0.1.0 has
/// none of this.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The fingerprints of the accepted trust roots that are not among the system's own.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roots: BTreeSet<String>,
    /// The hosts of the accepted endpoints that are neither AWS's own nor on loopback. A port that is not the scheme's
    /// default belongs to the host.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub endpoints: BTreeSet<String>,
    /// The hash of the accepted browser command. That command may run even if nobody is at the terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub browser: Option<String>,
}

/// Returns the SHA-256 hash of a browser command, in hexadecimal digits, for [`Accepted::browser`].
pub fn browser_hash(command: &str) -> String {
    let hash = digest::digest(&digest::SHA256, command.as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Accepted {
    /// Returns whether everything in `other` is accepted by this value, too.
    pub fn covers(&self, other: &Self) -> bool {
        let has_browser = other.browser.is_none() || self.browser == other.browser;
        has_browser && other.roots.is_subset(&self.roots) && other.endpoints.is_subset(&self.endpoints)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn some() -> Accepted {
        Accepted {
            roots: ["aa".into(), "bb".into()].into(),
            endpoints: ["vpce.corp.example".into()].into(),
            browser: Some("cc".into()),
        }
    }

    #[test]
    fn accepted_things_are_written_only_where_there_are_any() {
        for (accepted, text) in [
            (Accepted::default(), json!({})),
            (some(), json!({"roots": ["aa", "bb"], "endpoints": ["vpce.corp.example"], "browser": "cc"})),
        ] {
            assert_eq!(serde_json::to_value(&accepted).unwrap(), text);
            assert_eq!(serde_json::from_value::<Accepted>(text).unwrap(), accepted);
        }
    }

    #[test]
    fn new_root_endpoint_or_browser_is_not_covered() {
        assert!(some().covers(&some()) && some().covers(&Accepted::default()));
        for other in [
            Accepted { roots: ["aa".into(), "dd".into()].into(), ..some() },
            Accepted { endpoints: ["elsewhere.example".into()].into(), ..some() },
            Accepted { browser: Some("dd".into()), ..some() },
        ] {
            assert!(!some().covers(&other), "{other:?}");
        }
    }
}
