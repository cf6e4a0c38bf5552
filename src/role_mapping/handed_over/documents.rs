//! Recognition of wrong documents that people give instead of claims or a role mapping, with hints about the right
//! document.

use serde_json::{Map, Value};

use super::NotClaims;

/// A kind of document: the groups of member names that identify it, its description, and a hint about the right
/// document.
type Kind = (&'static [&'static [&'static str]], &'static str, &'static str);

const ID_TOKEN: &str = "give an ID token, or its claims as a JSON object";

/// The kinds of documents that are recognized by their members. All members of one group have to be there.
const KINDS: &[Kind] = &[
    (
        &[&["RoleMappings"], &["roleMappings"], &["role_mapping"], &["IdentityPoolId", "Roles"]],
        "a role mapping",
        "give it to --mapping",
    ),
    (&[&["Users"]], "the answer of 'aws cognito-idp list-users'", "give an ID token of one of them"),
    (&[&["Groups"]], "the answer of 'aws cognito-idp admin-list-groups-for-user'", ID_TOKEN),
    (&[&["payload", "signature"]], "a token in JSON form", "give it in the compact form, or its payload decoded"),
    (
        &[&["ChallengeName"], &["AuthenticationResult"]],
        "the answer to a sign-in that is not complete: it has no ID token",
        "answer its challenge, and give the IdToken",
    ),
    (&[&["UserStatus"], &["UserCreateDate"]], "a user pool's record of a user", ID_TOKEN),
    (&[&["SecretAccessKey"], &["SecretKey"], &["Credentials"]], "a set of AWS credentials", ID_TOKEN),
    (&[&["Account", "Arn"]], "the answer of 'aws sts get-caller-identity'", ID_TOKEN),
    (&[&["jwks_uri"]], "an issuer's discovery document", ID_TOKEN),
    (&[&["keys"]], "a set of signing keys", ID_TOKEN),
    (&[&["IdentityPoolName"]], "the answer of 'aws cognito-identity describe-identity-pool'", ID_TOKEN),
    (&[&["UserPool"], &["UserPoolClient"]], "a description of a user pool", ID_TOKEN),
    (&[&["Resources"], &["AWSTemplateFormatVersion"], &["TemplateBody"]], "a CloudFormation template", ID_TOKEN),
    (&[&["terraform_version"]], "the state or a plan of Terraform", ID_TOKEN),
    (&[&["asserted"]], "the output of 'cogfed roles --json'", ID_TOKEN),
    (&[&["error"]], "an error answer", "sign in again, and give the ID token"),
];

/// Recognizes a document without claims or ID token by its members, and returns its description.
pub(in super::super) fn recognized(object: &Map<String, Value>) -> Option<NotClaims> {
    let has = |names: &&[&str]| names.iter().all(|name| object.contains_key(*name));
    for (member, path) in [("UserAttributes", ".UserAttributes"), ("Attributes", ".Attributes")] {
        if object.get(member).and_then(Value::as_array).is_some_and(|list| is_attribute_list(list)) {
            return Some(attributes("a user pool's record of a user, with its attributes", path));
        }
    }
    if let Some(source) = object.get("triggerSource").and_then(Value::as_str) {
        let source: String = source.chars().take(60).collect();
        return Some(NotClaims::new(
            format!("the event of a Lambda trigger ({source}), not the token that comes of it"),
            "give the ID token, or try the attributes alone: jq .request.userAttributes FILE > claims.json",
        ));
    }
    if object.get("requestContext").is_some_and(Value::is_object) {
        return Some(NotClaims::new(
            "an event of API Gateway, whose authorizer flattens the claims",
            "give the ID token of the request's Authorization header",
        ));
    }
    let (_, what, instead) = KINDS.iter().find(|(groups, ..)| groups.iter().any(has))?;
    Some(NotClaims::new(*what, *instead))
}

/// Returns whether a JSON array is a list of a user's attributes
/// (<https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AttributeType.html>).
pub(super) fn is_attribute_list(list: &[Value]) -> bool {
    list.first().is_some_and(|first| first.get("Name").is_some() && first.get("Value").is_some())
}

/// Returns the error for a list of user attributes that was given instead of claims. They are no claims: scopes may
/// hide some from the token, and the token has groups besides.
pub(super) fn attributes(what: &str, path: &str) -> NotClaims {
    let list = if path == "." { ".[]".to_owned() } else { format!("{path}[]") };
    NotClaims::new(
        format!("{what}, not the claims of a token"),
        format!(
            "give the ID token, or try the attributes alone: jq '[{list} | {{(.Name): .Value}}] | add' FILE > claims.json"
        ),
    )
}
