//! Tests of each verb with stored records that are from a newer version, for other endpoints, or from another program.

use cogfed_test_support::{CREDENTIALS, Ran};
use serde_json::json;

use super::{change, let_end, signed_in, store, stored};

const FORCED: &[&str] = &["login", "--no-browser", "--force"];
const CALL: &[&str] = &["call", "GET", "https://abc.execute-api.eu-west-1.amazonaws.com/prod/x"];
const NEWER: &str = "{\"version\":3,\"what\":\"nobody knows\"}";

#[track_caller]
fn refused(ran: &Ran, what: &str, next: &str) {
    assert_eq!((ran.status, ran.stdout.as_str()), (4, ""), "{ran:?}");
    assert!(ran.stderr.contains(what) && ran.stderr.contains(next), "{ran:?}");
}

/// A newer version's record may contain data that this version does not know. The newer version must find the record
/// unchanged.
#[test]
fn newer_cogfeds_sign_in_is_kept_by_every_verb() {
    let lab = signed_in();
    let_end(&lab);
    let credentials = stored(&lab, "credentials");
    store(&lab, "tokens", NEWER);
    let verbs = [CREDENTIALS, CALL, FORCED, &["status"], &["login", "--no-browser"], &["logout"], &["logout", "--all"]];
    for words in verbs {
        refused(
            &lab.run(words),
            "is of version 3, from a newer cogfed",
            "update this cogfed; the item is left as it is",
        );
        assert_eq!(stored(&lab, "tokens").as_deref(), Some(NEWER), "{words:?}");
        assert_eq!(stored(&lab, "credentials"), credentials, "{words:?}");
    }
    assert_eq!(lab.sandbox.requests().len(), 0);
}

/// Verbs that only read must refuse credentials of a newer version and leave them in place. Verbs that end the sign-in
/// delete these credentials, since the next person would get them otherwise.
#[test]
fn credentials_of_a_newer_cogfed_are_refused_until_sign_out() {
    for last in [&["logout"][..], FORCED] {
        let lab = signed_in();
        store(&lab, "credentials", NEWER);
        for words in [CREDENTIALS, CALL, &["status"]] {
            refused(&lab.run(words), "is of version 3, from a newer cogfed", "the item is left as it is");
            assert_eq!(stored(&lab, "credentials").as_deref(), Some(NEWER), "{words:?}");
        }
        lab.run(&["login", "--no-browser"]).failed_with(4);
        assert_eq!(stored(&lab, "credentials").as_deref(), Some(NEWER), "who is signed in already loses nothing");
        match last {
            FORCED => lab.login_with(&["--force"], "bob").good(),
            words => lab.run(words).good(),
        };
        assert_ne!(stored(&lab, "credentials").as_deref(), Some(NEWER));
    }
}

#[test]
fn sign_in_for_other_endpoints_is_not_used_or_deleted() {
    for field in ["user_pool_id", "client_id", "who", "token_endpoint", "identity_pool_endpoint"] {
        let lab = signed_in();
        let_end(&lab);
        change(&lab, "tokens", &[(field, "http://127.0.0.1:9/other".into())]);
        let before = stored(&lab, "tokens");
        for words in [CREDENTIALS, CALL, &["status"], &["login", "--no-browser"]] {
            refused(&lab.run(words), "the stored sign-in belongs to the", "cogfed login --profile lab --force");
            assert_eq!(stored(&lab, "tokens"), before, "{field} {words:?}");
        }
        assert_eq!(lab.sandbox.requests().len(), 0, "{field}");
        let out = lab.run(&["logout"]);
        let is_sent = ["who", "identity_pool_endpoint"].contains(&field);
        assert_eq!(out.status, if is_sent { 0 } else { 6 }, "{field}: {out:?}");
        assert_eq!(out.stderr.contains("was sent nowhere"), !is_sent, "{out:?}");
        assert_eq!(lab.sandbox.count("revoke"), u64::from(is_sent), "{field}");
        assert_eq!((stored(&lab, "tokens"), stored(&lab, "credentials")), (None, None));
    }
}

#[test]
fn forced_login_replaces_a_sign_in_for_other_endpoints() {
    for field in ["user_pool_id", "client_id", "who", "token_endpoint", "identity_pool_endpoint"] {
        let lab = signed_in();
        change(&lab, "tokens", &[(field, "http://127.0.0.1:9/other".into())]);
        let alices = stored(&lab, "credentials");
        lab.login_with(&["--force"], "bob").good();
        assert_ne!(stored(&lab, "credentials"), alices, "alice's keys are gone");
        assert_eq!(lab.items("credentials").len(), 1);
        lab.run(CREDENTIALS).good();
        assert!(lab.run(&["status"]).good().stdout.contains("bob@"));
    }
}

#[test]
fn credentials_for_other_endpoints_are_ignored() {
    let other = json!("eu-west-1:00000000-0000-0000-0000-000000000000");
    for field in ["user_pool_id", "client_id", "identity_pool_id", "identity_pool_endpoint", "role_arn"] {
        let lab = signed_in();
        change(&lab, "credentials", &[(field, other.clone()), ("access_key_id", "ASIASOMEBODYELSE".into())]);
        let said = lab.run(&["status", "--json"]).good().stdout;
        assert!(said.contains("\"credentials\":null"), "{said}");
        assert!(!lab.run(CREDENTIALS).good().stdout.contains("ASIASOMEBODYELSE"), "{field}");
    }
}

/// Another program may have written items under cogfed's names, or a keyring manager may have removed items.
#[test]
fn foreign_items_are_reported_and_removed_by_logout_or_force() {
    for garbage in
        ["", "garbage", "[]", "{\"version\":\"1\"}", "{\"version\":1,\"user_pool_id\":{}}", "\u{0}\u{7f}\u{202e}"]
    {
        for kind in ["tokens", "credentials"] {
            for way_out in [&["logout"][..], FORCED] {
                let lab = signed_in();
                let_end(&lab);
                store(&lab, kind, garbage);
                refused(&lab.run(CREDENTIALS), "cannot be read", "remove it with 'cogfed logout' and sign in again");
                assert_eq!(stored(&lab, kind).as_deref(), Some(garbage));
                match way_out {
                    FORCED => lab.login_with(&["--force"], "bob").good(),
                    words => lab.run(words).good(),
                };
                assert_eq!(stored(&lab, "credentials").is_some(), way_out == FORCED);
                lab.run(CREDENTIALS).failed_with(if way_out == FORCED { 0 } else { 3 });
            }
        }
    }
}

#[test]
fn missing_tokens_require_a_new_sign_in() {
    let lab = signed_in();
    cogfed::store::Backend::delete(&super::files(&lab), &super::account(&lab, "tokens")).unwrap();
    let alices = lab.run(CREDENTIALS).good().document();
    lab.run(&["status"]).failed_with(3);
    lab.login("bob").good();
    assert_ne!(lab.run(CREDENTIALS).good().document()["AccessKeyId"], alices["AccessKeyId"]);
    let lab = signed_in();
    let_end(&lab);
    cogfed::store::Backend::delete(&super::files(&lab), &super::account(&lab, "tokens")).unwrap();
    assert!(lab.run(CREDENTIALS).failed_with(3).stderr.contains("cogfed login"));
    lab.run(&["logout"]).good();
    assert_eq!(stored(&lab, "credentials"), None, "what nobody lists goes, too");
}

#[test]
fn binary_items_are_reported_and_removed_by_logout_or_force() {
    for kind in ["tokens", "credentials"] {
        for way_out in [&["logout"][..], FORCED] {
            let lab = signed_in();
            let_end(&lab);
            let items = lab.folder().sub("store");
            items.replace(&super::account(&lab, kind), &[0xff, 0xfe]).unwrap();
            refused(&lab.run(CREDENTIALS), "it is not text", "cogfed login --force");
            match way_out {
                FORCED => lab.login_with(&["--force"], "bob").good(),
                words => lab.run(words).good(),
            };
            lab.run(CREDENTIALS).failed_with(if way_out == FORCED { 0 } else { 3 });
        }
    }
}
