//! Tests of the time rules at their limits.

use super::*;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn fixture<R: serde::de::DeserializeOwned>(text: &str) -> R {
    serde_json::from_str(text).unwrap()
}

/// Returns credentials that were issued at time 0 and live for `life` seconds.
fn credentials(life: i64) -> CredentialsRecord {
    let mut record: CredentialsRecord = fixture(include_str!("../../../tests/data/released/0.1.0/credentials.json"));
    (record.issued_at, record.expires_at) = (at(0), at(life));
    record
}

/// Returns tokens that were issued at time 0 and live for an hour.
fn tokens(has_refresh_token: bool) -> TokensRecord {
    let mut record: TokensRecord = fixture(include_str!("../../../tests/data/released/0.1.0/tokens.json"));
    (record.issued_at, record.expires_at, record.ended) = (at(0), at(3600), None);
    record.refresh_token = record.refresh_token.filter(|_| has_refresh_token);
    record
}

#[test]
fn credentials_are_fresh_until_the_renewal_window() {
    for (life, until) in [
        (3600, 44 * 60),
        (12 * 3600, 12 * 3600 - 16 * 60),
        (33 * 60, 17 * 60),
        (32 * 60 + 1, 16 * 60 + 1),
        (32 * 60, 16 * 60),
        (20 * 60, 10 * 60),
        (15 * 60, 450),
        (2, 1),
    ] {
        let record = credentials(life);
        assert!(is_fresh(&record, at(until - 1)), "{life}");
        assert!(!is_fresh(&record, at(until)), "{life}");
        assert_eq!(worth_handing_out_for(&record, at(0)), TimeDelta::seconds(until), "{life}");
        assert!(!is_fresh(&record, at(life + 1)), "{life}");
    }
    for life in [0, -1, -3600] {
        assert!(!is_fresh(&credentials(life), at(0)), "{life}");
        assert!(!is_fresh(&credentials(life), at(life)), "{life}");
    }
}

#[test]
fn credentials_from_the_future_are_fresh_only_within_five_minutes() {
    let record = credentials(3600);
    assert!(is_fresh(&record, at(-299)));
    assert!(!is_fresh(&record, at(-300)));
    assert!(!is_fresh(&record, at(-86_400)));
}

#[test]
fn credentials_are_usable_with_more_than_a_minute_left() {
    let record = credentials(3600);
    assert!(is_usable(&record, at(3539)));
    assert!(!is_usable(&record, at(3540)));
    assert!(!is_usable(&record, at(4000)));
}

#[test]
fn young_id_token_is_used_and_an_older_one_refreshed() {
    for (now, with, without) in [
        (0, Step::UseIdToken, Step::UseIdToken),
        (299, Step::UseIdToken, Step::UseIdToken),
        (300, Step::Refresh, Step::UseIdToken),
        (3569, Step::Refresh, Step::UseIdToken),
        (3570, Step::Refresh, Step::SignIn),
        (90_000, Step::Refresh, Step::SignIn),
        (-299, Step::UseIdToken, Step::UseIdToken),
        // The clock was set back: the token is from the future, and its age is unknown.
        (-300, Step::Refresh, Step::UseIdToken),
    ] {
        assert_eq!(step(&tokens(true), at(now)), with, "{now}");
        assert_eq!(step(&tokens(false), at(now)), without, "{now}");
    }
}

#[test]
fn young_id_token_that_expires_soon_is_not_used() {
    let mut record = tokens(true);
    record.expires_at = at(60);
    assert_eq!(step(&record, at(29)), Step::UseIdToken);
    assert_eq!(step(&record, at(30)), Step::Refresh);
    record.refresh_token = None;
    assert_eq!(step(&record, at(30)), Step::SignIn);
}

#[test]
fn ended_sign_in_requires_a_new_sign_in() {
    let mut record = tokens(false);
    record.ended = Some(crate::session::record::Ended { at: at(10), interrupted_at: None, by_sign_out: false });
    for now in [11, 299, 3000, 90_000] {
        assert_eq!(step(&record, at(now)), Step::SignIn, "{now}");
    }
}
