//! Tests of the table of refusals, row by row.

use chrono::{DateTime, Utc};
use cogfed::refusals::{self, Refuser, Row};
use cogfed::request::{ApiRequest, Context, RequestInput, Scope, explain};
use cogfed::sandbox::Refusal;
use cogfed::sandbox::refusals::Place;
use cogfed::secret::Redactor;
use http::HeaderMap;

use super::told::{Page, Told, provoked};

/// Returns whether a message matches the texts of a row. Any values may replace the placeholders in the row.
pub fn is_of(row: &Row, told: &Told) -> bool {
    let says = |text: &str, mut rest: &str| {
        let literal =
            text.split('{').flat_map(|piece| piece.split_once('}').map_or([piece, ""], |(_, after)| ["", after]));
        literal.into_iter().all(|piece| match rest.find(piece) {
            Some(start) => {
                rest = &rest[start + piece.len()..];
                true
            }
            None => false,
        })
    };
    // `call` succeeds even if the API answers with an error.
    let is_api = matches!(row.refuser, Refuser::ApiGateway | Refuser::BehindIam);
    let is_kind = told.status == i32::from(row.kind.exit_code()) || (is_api && told.status == 0);
    is_kind && says(row.cause, &told.error) && says(row.hint, &told.hint)
}

/// Returns the row for this refusal. Returns `None` for an API refusal, because its row does not depend on code and
/// message alone.
fn row_of(refusal: &Refusal) -> Option<&'static Row> {
    let refuser = match refusal.place {
        Place::Authorize => Refuser::Authorization,
        Place::Token => Refuser::TokenEndpoint,
        Place::GetId | Place::GetCredentials | Place::GetOpenIdToken => Refuser::IdentityPool,
        Place::Sts => Refuser::Sts,
        Place::Api => return None,
    };
    Some(refusals::find(refuser, refusal.code, &refusal.text()))
}

/// Returns the explanation of an API Gateway answer that no sandbox run can produce, such as an answer from an AWS
/// host. The sandbox wrote the bytes of the answer, except for the time.
fn explained(name: &str, date: Option<&str>) -> Told {
    let answer = name.parse::<Refusal>().unwrap().answer();
    let url = "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/orders".to_owned();
    let input = RequestInput { method: "GET".into(), url, ..RequestInput::default() };
    let (request, _) = ApiRequest::build(input).unwrap();
    let context = Context {
        request: &request,
        scope: &Scope::execute_api("eu-west-1"),
        profile: "PROFILE",
        redactor: &Redactor::default(),
    };
    let mut headers: HeaderMap = answer.headers().clone();
    if let Some(date) = date {
        headers.insert("date", date.parse().unwrap());
    }
    let now: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    // Without a date, the time in the message counts.
    let body = String::from_utf8(answer.body().to_vec()).unwrap().replace(" (20270115T082000Z - 5 min.)", "");
    let refusal = explain(answer.status(), &headers, body.as_bytes(), now, &context).expect(name);
    Told { status: 6, error: refusal.message, hint: refusal.hint }
}

/// Provokes each refusal of one service in turn, and compares the messages with the committed page.
#[track_caller]
fn page(index: usize, name: &str) {
    let (_, list) = Refusal::LISTS[index];
    let (mut page, mut all_told) = (Page::default(), Vec::new());
    for refusal in list {
        let told = provoked(refusal);
        if let Some(row) = row_of(refusal) {
            assert!(is_of(row, &told), "{}: {row:#?}\nerror {}\nhint {}", refusal.name, told.error, told.hint);
        }
        let is_repeated = [refusal.code, refusals::in_one_line(refusal.message).as_str()]
            .iter()
            .any(|said| !said.is_empty() && told.error.contains(said));
        let says_enough = matches!(refusal.place, Place::Api | Place::Token);
        assert!(is_repeated || says_enough, "{}: {}", refusal.name, told.error);
        let said = format!("{} {}", refusal.code, refusals::in_one_line(refusal.message));
        page.add(refusal.name, said.trim(), &told);
        all_told.push(told);
    }
    if name == "api-gateway" {
        for (refusal, date, case) in [
            ("api-missing-route", Some("Fri, 15 Jan 2027 08:00:00 GMT"), "api-missing-route, at a host of AWS's"),
            ("api-clock", Some("Fri, 15 Jan 2027 08:20:00 GMT"), "api-clock, the first of two"),
            ("api-clock", None, "api-clock, no time is told"),
        ] {
            let told = explained(refusal, date);
            page.add(case, refusal, &told);
            all_told.push(told);
        }
        for row in refusals::rows().filter(|row| row.refuser == Refuser::ApiGateway) {
            assert!(all_told.iter().any(|told| is_of(row, told)), "nothing provokes {row:#?}");
        }
    }
    page.compare(name);
}

#[test]
fn user_pool_refusals_are_explained() {
    page(0, "user-pool");
}

#[test]
fn token_endpoint_refusals_are_explained() {
    page(1, "token-endpoint");
}

#[test]
fn entra_id_refusals_are_explained() {
    page(2, "entra-id");
}

#[test]
fn azure_b2c_refusals_are_explained() {
    page(3, "azure-b2c");
}

#[test]
fn identity_pool_refusals_are_explained() {
    page(4, "identity-pool");
}

#[test]
fn sts_refusals_are_explained() {
    page(5, "sts");
}

#[test]
fn api_gateway_refusals_are_explained() {
    page(6, "api-gateway");
}

/// The rows of API Gateway and of the services behind IAM are not chosen by an error code, so other tests cover them.
#[test]
fn every_row_of_the_refusal_table_is_provoked() {
    let told: Vec<&Row> = Refusal::all().iter().filter_map(row_of).collect();
    for row in refusals::rows().filter(|row| !matches!(row.refuser, Refuser::ApiGateway | Refuser::BehindIam)) {
        assert!(told.contains(&row), "no refusal of the sandbox's provokes {row:#?}");
    }
}
