//! The text that a person pastes at the prompt, in pieces separated by the byte 0xff.

use cogfed::oidc::{Arrival, Awaited, Pasted};
use cogfed::secret::Secret;

use crate::given::{ISSUER, form};

const STATE: &str = "the-right-state";
const REDIRECT_URI: &str = "http://localhost:8400/callback";

/// Checks that only a whole address of this sign-in is accepted, and only with its state.
pub fn run(data: &[u8]) {
    let awaited = Awaited {
        port: 8400,
        path: "/callback".into(),
        state: Secret::new(STATE),
        issuers: vec![ISSUER.to_owned()],
        needs_issuer: false,
    };
    let mut pasted = Pasted::new(&awaited, REDIRECT_URI);
    let mut all = String::new();
    for piece in data.split(|byte| *byte == 0xff) {
        let piece = String::from_utf8_lossy(piece);
        all.push_str(&piece);
        let Some(outcome) = pasted.read(&piece) else { continue };
        match outcome {
            Ok(Arrival::Code(code)) => {
                assert_came(&all);
                assert!(code.expose().bytes().all(|byte| byte.is_ascii_graphic()));
                let whole: String = all.split_whitespace().collect();
                assert!(queries(&whole).iter().any(|query| has(query, "code", code.expose())), "a code from nowhere");
                return;
            }
            Ok(Arrival::Denied(denial)) => {
                assert_came(&all);
                assert!(denial.error.chars().count() <= 401);
                return;
            }
            Ok(Arrival::Unvouched(_)) => panic!("what nobody vouches for is no arrival of a paste"),
            Err(reason) => assert!(!reason.is_empty() && reason.len() < 200),
        }
    }
}

/// Checks that the redirect URI and the state were in the pasted text.
fn assert_came(all: &str) {
    let whole: String = all.split_whitespace().collect();
    assert!(whole.contains(REDIRECT_URI), "{whole:?}");
    assert!(queries(&whole).iter().any(|query| has(query, "state", STATE)), "{whole:?}");
}

/// Returns the queries of all possible addresses of this sign-in in a text, with and without surrounding marks.
fn queries(whole: &str) -> Vec<Vec<(String, String)>> {
    let unmarked = whole.replace("\u{1b}[200~", "").replace("\u{1b}[201~", "");
    let marks = ['>', '"', '\'', '`', '”', ')'];
    let begin = format!("{REDIRECT_URI}?");
    let starts = unmarked.match_indices(&begin).map(|(at, found)| at + found.len());
    let rests = starts.flat_map(|at| {
        let rest = &unmarked[at..];
        let ends = rest.match_indices("http").map(|(end, _)| end).chain([rest.len()]);
        ends.map(|end| rest[..end].to_owned()).collect::<Vec<_>>()
    });
    rests
        .flat_map(|rest| {
            let bare = rest.trim_end_matches(marks).to_owned();
            [form(rest.split('#').next().unwrap_or_default()), form(bare.split('#').next().unwrap_or_default())]
        })
        .collect()
}

fn has(query: &[(String, String)], name: &str, value: &str) -> bool {
    query.iter().any(|(key, given)| key == name && given == value)
}
