//! The document formats that may contain a role mapping: the answer of the AWS API, or the properties of a role
//! attachment resource.

use serde_json::{Map, Value};

use super::{Fault, IDENTITY_POOL_ID, PRINTS, ROLE_MAPPINGS, ROLES, TYPE};
use crate::error::{quoted, shortened};
use crate::json;
use crate::role_mapping::handed_over::{self, HandedOver};

/// The resource types for a role attachment in CloudFormation, Terraform and Pulumi.
const ATTACHMENTS: &[&str] = &[
    "AWS::Cognito::IdentityPoolRoleAttachment",
    "aws_cognito_identity_pool_roles_attachment",
    "aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment",
    "aws-native:cognito:IdentityPoolRoleAttachment",
];
/// The members of a resource that can hold its properties.
const PROPERTIES: &[&str] = &["Properties", "values", "attributes", "outputs", "inputs"];
/// The member names by which a template or a state file is recognised, in the order in which they are tried.
const ROOTS: &[&str] = &["Resources", "planned_values", "values", "deployment", "resources"];
/// The maximum length of a JSON parser message that is quoted, in characters.
const LONGEST_FAULT: usize = 300;

/// Returns the JSON object that contains the identity pool's roles.
pub(super) fn document(text: &str) -> Result<Map<String, Value>, Fault> {
    let text = text.trim();
    if !text.starts_with(['{', '[', '"']) {
        return Err(other_language(text));
    }
    let parsed = json::unique(text).map_err(|error| {
        Fault::from(format!("not a role mapping: {}", shortened(&error.to_string(), LONGEST_FAULT)))
    })?;
    match parsed {
        Value::Object(object) => of_object(object),
        Value::String(text) if is_token(&text) => Err(for_claims("an ID token")),
        Value::Array(_) => Err(Fault::from("not a role mapping: it is a JSON list".to_owned())),
        _ => Err(Fault::from("not a role mapping: it is not a JSON object".to_owned())),
    }
}

fn of_object(mut object: Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    // The answer of `aws cloudformation get-template`.
    match object.remove("TemplateBody") {
        Some(Value::String(template)) => return document(&template),
        Some(Value::Object(template)) => return of_object(template),
        _ => {}
    }
    // The answer of `aws cloudcontrol get-resource`.
    if let Some(Value::Object(described)) = object.get("ResourceDescription")
        && let Some(properties) = described.get("Properties").and_then(Value::as_str)
    {
        return document(properties);
    }
    let is_resource = attachment(&object).is_some();
    if is_resource || ROOTS.iter().any(|root| object.contains_key(*root)) {
        return of_resources(object);
    }
    let has = |names: &[&str]| names.iter().any(|name| object.contains_key(*name));
    if object.is_empty() || has(IDENTITY_POOL_ID) || has(ROLES) || has(ROLE_MAPPINGS) {
        return Ok(object);
    }
    Err(another_kind(object))
}

/// Returns the properties of the role attachment in `object`. Fails unless `object` contains exactly one role
/// attachment.
fn of_resources(object: Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    let root = ROOTS.iter().find_map(|root| object.get(*root)).filter(|_| attachment(&object).is_none());
    let mut found = Vec::new();
    match root {
        Some(root) => search(root, &mut found),
        None => found.extend(attachment(&object)),
    }
    match found.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Fault::new(
            "it is a template or a state without a role attachment of an identity pool",
            format!("{PRINTS}, or the template with {}", ATTACHMENTS.first().copied().unwrap_or_default()),
        )),
        several => Err(Fault::new(
            format!("it is a template or a state with {} role attachments of identity pools", several.len()),
            "give the properties of one of them",
        )),
    }
}

fn search<'d>(value: &'d Value, found: &mut Vec<&'d Map<String, Value>>) {
    match value {
        Value::Object(object) => match attachment(object) {
            Some(properties) => found.push(properties),
            None => object.values().for_each(|member| search(member, found)),
        },
        Value::Array(elements) => elements.iter().for_each(|element| search(element, found)),
        _ => {}
    }
}

/// Returns the properties of a resource if it is a role attachment.
fn attachment(resource: &Map<String, Value>) -> Option<&Map<String, Value>> {
    let kind = TYPE.iter().find_map(|name| resource.get(*name)?.as_str())?;
    ATTACHMENTS.contains(&kind).then_some(())?;
    // Terraform's own state file lists the instances of a resource.
    let instance = resource.get("instances").and_then(|instances| instances.get(0)?.as_object());
    let of = instance.unwrap_or(resource);
    PROPERTIES.iter().find_map(|name| of.get(*name)?.as_object())
}

fn is_token(text: &str) -> bool {
    matches!(handed_over::claims(text), Ok(HandedOver::IdToken(_)))
}

fn for_claims(what: &str) -> Fault {
    Fault::new(format!("it is {what}, not a role mapping"), "give it to --claims")
}

/// Returns the fault for an object that is another kind of document.
fn another_kind(object: Map<String, Value>) -> Fault {
    let names: Vec<String> = object.keys().take(3).map(|name| format!("'{}'", quoted(name))).collect();
    let is_entry = |entry: &Value| TYPE.iter().any(|name| entry.get(*name).is_some());
    if object.values().all(is_entry) {
        return Fault::new("it is the content of RoleMappings, without the default roles", PRINTS);
    }
    if let Some(named) = handed_over::recognized(&object) {
        return Fault::new(format!("it is {}, not a role mapping", named.what), PRINTS);
    }
    match handed_over::claims(&Value::Object(object).to_string()) {
        Ok(HandedOver::Claims(claims)) if claims.keys().any(|name| handed_over::is_claim(name)) => {
            for_claims("a set of claims")
        }
        Ok(HandedOver::IdToken(_)) => for_claims("an answer with an ID token"),
        _ => Fault::from(format!("not a role mapping: it has {}", names.join(", "))),
    }
}

/// Returns the fault for a document that is not JSON.
fn other_language(text: &str) -> Fault {
    let has = |piece: &str| text.contains(piece);
    let (what, instead) = match () {
        () if text.is_empty() => ("it is empty", PRINTS),
        () if text.starts_with('<') => ("it is an XML or HTML document", PRINTS),
        () if is_token(text) => ("it is an ID token, not a role mapping", "give it to --claims"),
        () if has("aws_cognito_identity_pool_roles_attachment") => (
            "it is in Terraform's own language",
            "run 'terraform show -json > state.json' (of a plan: 'terraform show -json PLAN'), and give that file",
        ),
        () if has("CfnIdentityPoolRoleAttachment") || has("IdentityPoolRoleAttachment(") => {
            ("it is a program of the AWS CDK or Pulumi", "run 'cdk synth --json > template.json', and give that file")
        }
        () if has("AWS::Cognito::IdentityPoolRoleAttachment") => (
            "it is a CloudFormation template in YAML",
            "give it as JSON: cfn-flip FILE > template.json; or, once it is deployed, what 'aws cognito-identity \
             get-identity-pool-roles' prints",
        ),
        () if ["RoleMappings", "ROLEMAPPINGS", "GetIdentityPoolRoles", "AUTHENTICATED", "IdentityPoolId"]
            .into_iter()
            .any(has) =>
        {
            (
                "it is the AWS CLI's output in another form than JSON",
                "run 'aws cognito-identity get-identity-pool-roles' with --output json",
            )
        }
        () => ("not a role mapping: it is not JSON", PRINTS),
    };
    Fault::new(what, instead)
}
