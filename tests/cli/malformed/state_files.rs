//! Tests with malformed state files. With any contents, the store still works.

use chrono::TimeDelta;

use super::desk::{CREDENTIALS_ACCOUNT, Desk, TOKENS_ACCOUNT, assert_document_or_nothing, assert_mannered};
use super::mutations::{Random, malformed};

#[test]
fn malformed_state_files_are_ignored() {
    let desk = Desk::new();
    let mut random = Random(8);
    let jwks = format!("{}/{}/.well-known/jwks.json", desk.server.url(), super::desk::POOL);
    let keys = format!(r#"{{"fetched_at": "2027-01-15T07:00:00Z", "url": "{jwks}", "keys": {{"keys": []}}}}"#);
    let valid = [
        ("refreshes", TOKENS_ACCOUNT, r#"{"generation": "g", "began_at": "2027-01-15T07:59:00Z"}"#.to_owned()),
        (
            "failures",
            CREDENTIALS_ACCOUNT,
            r#"{"at": "2027-01-15T07:59:50Z", "exit_code": 5, "message": "m", "hint": "h"}"#.to_owned(),
        ),
        ("keys", jwks.as_str(), keys),
    ];
    for number in 0..150 {
        let (kind, name, text) = &valid[number % valid.len()];
        let text = malformed(text.as_bytes(), &mut random);
        let given = String::from_utf8_lossy(&text);
        desk.forget();
        desk.sign_in(TimeDelta::hours(2));
        desk.put(kind, name, &text);
        let ran = desk.run(&["credential-process"]);
        assert_mannered(&ran, &given);
        assert_document_or_nothing(&ran);
        assert_eq!(ran.status, 5, "nothing answers: {ran:?}\n{given}");
        assert!(desk.kept("store", TOKENS_ACCOUNT).is_some());
        // Credentials that are valid for ten more minutes are handed out.
        desk.put("store", CREDENTIALS_ACCOUNT, desk.credentials(TimeDelta::minutes(10)).to_string().as_bytes());
        desk.put(kind, name, &text);
        let ran = desk.run(&["credential-process"]);
        assert_mannered(&ran, &given);
        assert_eq!((ran.status, &ran.document()["Version"]), (0, &1.into()), "{ran:?}\n{given}");
    }
}
