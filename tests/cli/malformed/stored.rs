//! Tests with malformed records in the file store.

use chrono::TimeDelta;

use super::desk::{CREDENTIALS_ACCOUNT, Desk, TOKENS_ACCOUNT, assert_document_or_nothing, assert_mannered};
use super::mutations::{Random, malformed};

#[test]
fn malformed_records_are_not_deleted_by_reading() {
    let desk = Desk::new();
    let mut random = Random(3);
    let valid = [
        (TOKENS_ACCOUNT, desk.tokens(TimeDelta::minutes(1)).to_string()),
        (CREDENTIALS_ACCOUNT, desk.credentials(TimeDelta::minutes(50)).to_string()),
        (TOKENS_ACCOUNT, include_str!("../../data/released/0.1.0/tokens.json").to_owned()),
        (CREDENTIALS_ACCOUNT, include_str!("../../data/released/0.1.0/credentials.json").to_owned()),
        (TOKENS_ACCOUNT, include_str!("../../data/released/0.1.0/tokens-least.json").to_owned()),
    ];
    for number in 0..250 {
        let (account, text) = &valid[number % valid.len()];
        let text = malformed(text.as_bytes(), &mut random);
        desk.forget();
        desk.put("store", account, &text);
        let given = String::from_utf8_lossy(&text);
        for words in [&["status"][..], &["status", "--json"], &["credential-process"]] {
            let ran = desk.run(words);
            assert_mannered(&ran, &given);
            if words == ["credential-process"] {
                assert_document_or_nothing(&ran);
            }
            // An unreadable record is left as it was.
            if ran.status == 4 {
                assert_eq!(desk.kept("store", account).as_deref(), Some(text.as_slice()), "{ran:?}");
            }
        }
        if number % 10 == 0 {
            let logged_out = desk.run(&["logout"]);
            assert_mannered(&logged_out, &given);
        }
    }
}
