//! Tests of the GovCloud and China partitions: their regions, ARNs and hosts.

use cogfed_sandbox::issued::IssuedKey;
use cogfed_sandbox::{Options, Switch};
use serde_json::json;

use crate::support::client::{Lab, claims, post_form};
use crate::support::signed::{administrator, api, caller, element, send_signed};

fn switched(switches: &[Switch]) -> Lab {
    let mut options = Options::default();
    switches.iter().for_each(|switch| switch.apply(&mut options));
    Lab::with(options)
}

fn key_of(lab: &Lab, person: &str) -> IssuedKey {
    let token = lab.tokens(person).text("id_token");
    let answer = lab.get_credentials(&lab.get_id(&token).text("IdentityId"), &token).json();
    lab.0.issued_keys().find(answer["Credentials"]["AccessKeyId"].as_str().unwrap()).unwrap()
}

#[test]
fn ids_arns_and_hosts_name_their_partition() {
    for (switch, partition, region, suffix) in [
        (Switch::GovCloud, "aws-us-gov", "us-gov-west-1", "amazonaws.com"),
        (Switch::China, "aws-cn", "cn-north-1", "amazonaws.com.cn"),
    ] {
        let lab = switched(&[switch]);
        let pool = lab.0.user_pool_id();
        assert!(pool.starts_with(&format!("{region}_")), "{pool}");
        assert_eq!(lab.0.issuer(), format!("https://cognito-idp.{region}.{suffix}/{pool}"));
        assert!(lab.0.identity_pool_id().starts_with(&format!("{region}:")));
        let key = key_of(&lab, "alice");
        assert!(key.identity_id.starts_with(&format!("{region}:")));
        let arn =
            |name: &str| format!("arn:{partition}:sts::000000000000:assumed-role/{name}/CognitoIdentityCredentials");
        assert_eq!(caller(&lab, &key, region), arn("OrdersAdmin"));
        let user = format!("arn:{partition}:iam::000000000000:user/SandboxAdministrator");
        assert_eq!(caller(&lab, &administrator(&lab), region), user);
        assert_eq!(api(&lab, &key, region, "/orders").status, 200);
        assert_eq!(api(&lab, &key, "eu-west-1", "/orders").status, 403, "the region of the scope is the partition's");
        assert_eq!(lab.role("dave").unwrap(), format!("arn:{partition}:iam::000000000000:role/SandboxAuthenticated"));
        let dave = key_of(&lab, "dave");
        let refused = api(&lab, &dave, region, "/orders").body;
        assert!(refused.contains(&format!("User: {}", arn("SandboxAuthenticated"))), "{refused}");
        let resource = format!("arn:{partition}:execute-api:{region}:********0000:");
        assert!(refused.contains(&resource), "{refused}");
        assert!(!lab.0.pool_roles_json().contains("arn:aws:"), "{}", lab.0.pool_roles_json());
        let global = send_signed(
            &lab,
            (&key, "sts", "us-east-1"),
            ("POST", &format!("{}/", lab.0.sts_url())),
            &[("content-type", "application/x-www-form-urlencoded")],
            "Action=GetCallerIdentity&Version=2011-06-15",
        );
        assert_eq!(element(&global.body, "Code"), "SignatureDoesNotMatch", "there is no global endpoint");
    }
}

#[test]
fn govcloud_has_its_own_domain_and_two_issuers() {
    let lab = switched(&[Switch::GovCloud]);
    assert_eq!(lab.0.domain(), "corp-sandbox.auth-fips.us-gov-west-1.amazoncognito.com");
    let fips = switched(&[Switch::GovCloudFipsIssuer]);
    let issuer = format!("https://cognito-idp-fips.us-gov-west-1.amazonaws.com/{}", fips.0.user_pool_id());
    assert_eq!(fips.0.issuer(), issuer);
    assert_eq!(claims(&fips.tokens("alice").text("id_token"))["iss"], issuer);
    assert_eq!(fips.role("alice").unwrap(), "arn:aws-us-gov:iam::000000000000:role/OrdersAdmin");
}

#[test]
fn order_of_partition_and_role_switches_does_not_matter() {
    use Switch::{GovCloud, TokenRoles};
    for switches in [[GovCloud, TokenRoles], [TokenRoles, GovCloud]] {
        let lab = switched(&switches);
        let roles = ["OrdersAdmin", "OrdersReader", "ReportsReader"].map(|name| lab.0.role_arn(name));
        let token = claims(&lab.tokens("grace").text("id_token"));
        assert_eq!(token["cognito:roles"], json!(roles), "{switches:?}");
        assert_eq!(lab.role("grace").unwrap(), "arn:aws-us-gov:iam::000000000000:role/OrdersAdmin");
    }
    let moved = switched(&[Switch::China, GovCloud]);
    assert_eq!(moved.role("bob").unwrap(), "arn:aws-us-gov:iam::000000000000:role/OrdersReader");
}

#[test]
fn classic_flow_names_its_partition() {
    for (switch, issuer, provider) in [
        (
            Switch::GovCloud,
            "https://cognito-identity.us-gov-west-1.amazonaws.com",
            "cognito-identity-us-gov.amazonaws.com",
        ),
        (
            Switch::China,
            "https://cognito-identity.cn-north-1.amazonaws.com.cn",
            "cognito-identity.cn-north-1.amazonaws.com.cn",
        ),
    ] {
        let lab = switched(&[switch, Switch::ClassicFlow]);
        let token = lab.tokens("alice").text("id_token");
        let identity_id = lab.get_id(&token).text("IdentityId");
        let input = json!({ "IdentityId": identity_id, "Logins": { lab.provider(): token } });
        let token = lab.identity("GetOpenIdToken", &input).text("Token");
        assert_eq!(claims(&token)["iss"], issuer);
        let assume = |role: &str| {
            let (action, version) = (("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"));
            let (name, token) = (("RoleSessionName", "me"), ("WebIdentityToken", token.as_str()));
            post_form(&lab.0.sts_url(), &[action, version, name, token, ("RoleArn", role)])
        };
        let answer = assume(&lab.0.role_arn("OrdersReader"));
        assert_eq!(element(&answer.body, "Provider"), provider);
        assert_eq!(element(&answer.body, "Audience"), lab.0.identity_pool_id());
        assert_eq!(assume("arn:aws:iam::000000000000:role/OrdersReader").status, 403);
    }
}
