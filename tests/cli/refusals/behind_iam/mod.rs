//! Tests of the explanations for error responses from AWS services, including API Gateway, and from CDNs and firewalls
//! in front of an API.
//!
//! The answers have the forms that AWS's pages and people's reports show; each row of the table names its page.

mod cases;

use chrono::{DateTime, Utc};
use cogfed::refusals::{self, Refuser};
use cogfed::request::{ApiRequest, Context, Refusal, RequestInput, Scope, explain};
use cogfed::secret::Redactor;
use http::{HeaderMap, HeaderName, StatusCode};

use self::cases::{CASES, Case, GATEWAY, OWN};
use super::table::is_of;
use super::told::{Page, Told};

fn explained((_, service, host, status, headers, body): &Case) -> Option<Refusal> {
    let url = format!("https://{host}/prod/orders");
    let (request, _) =
        ApiRequest::build(RequestInput { method: "GET".into(), url, ..RequestInput::default() }).unwrap();
    let mut map = HeaderMap::new();
    map.insert("date", "Fri, 15 Jan 2027 08:00:00 GMT".parse().unwrap());
    for (name, value) in headers.lines().map(|line| line.split_once(": ").unwrap()) {
        map.insert(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    let scope = Scope::new(*service, "eu-west-1");
    let context = Context { request: &request, scope: &scope, profile: "PROFILE", redactor: &Redactor::default() };
    let now: DateTime<Utc> = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    explain(StatusCode::from_u16(*status).unwrap(), &map, body.as_bytes(), now, &context)
}

#[test]
fn refusals_of_services_behind_iam_are_explained() {
    let (mut page, mut all_told) = (Page::default(), Vec::new());
    for case in CASES {
        let (name, .., body) = case;
        let refusal = explained(case).unwrap_or_else(|| panic!("{name} is not explained"));
        let told = Told { status: 0, error: refusal.message, hint: refusal.hint };
        assert!(![&told.error, &told.hint].iter().any(|text| text.contains(['{', '}'])), "{told:?}");
        page.add(name, &refusals::in_one_line(body), &told);
        all_told.push(told);
    }
    for row in refusals::rows().filter(|row| row.refuser == Refuser::BehindIam) {
        assert!(all_told.iter().any(|told| is_of(row, told)), "nothing provokes {row:#?}");
    }
    page.compare("behind-iam");
}

#[test]
fn errors_of_apis_behind_other_services_are_not_explained() {
    for case in OWN {
        assert_eq!(explained(case), None, "{}", case.0);
    }
}

#[test]
fn service_and_region_get_the_flag_that_helps() {
    let hint = |name: &str| {
        let case = CASES.iter().find(|case| case.0 == name).unwrap();
        explained(case).unwrap().hint
    };
    assert_eq!(hint("function-url, signed for API Gateway"), "sign for it by --service lambda");
    assert_eq!(hint("opensearch, signed for API Gateway"), "sign for it by --service es");
    assert!(hint("wrong-region").contains("--region") && !hint("wrong-region").contains("--service"));
    assert!(hint("s3, bucket in another region").contains("--region us-west-2"));
    assert!(hint("behind a tunnel").contains(&format!("--connect-to '{GATEWAY}:443:127.0.0.1:9443'")));
}
