use serde_json::{Value, json};

use super::*;

const ROLE: &str = "arn:aws:iam::123456789012:role/R";

fn read(document: &Value) -> Result<IdentityPoolRoles, Failure> {
    IdentityPoolRoles::read(&document.to_string(), "pool.json")
}

fn rules(rules: Value) -> Value {
    json!({ "RoleMappings": { "p:c": {
        "Type": "Rules", "AmbiguousRoleResolution": "Deny", "RulesConfiguration": { "Rules": rules },
    } } })
}

fn rule() -> Value {
    json!({ "Claim": "custom:roles", "MatchType": "Contains", "Value": "x", "RoleARN": ROLE })
}

#[test]
fn role_mapping_output_of_the_aws_cli_is_read() {
    let mut document = rules(json!([rule()]));
    document["IdentityPoolId"] = json!("eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE");
    document["Roles"] = json!({ "authenticated": ROLE });
    document["RoleMappings"]["q"] = json!({ "Type": "Token", "AmbiguousRoleResolution": "AuthenticatedRole" });
    document["ResponseMetadata"] = json!({ "HTTPStatusCode": 200 });
    let pool = read(&document).unwrap();
    assert_eq!(pool.authenticated.as_deref(), Some(ROLE));
    assert_eq!(pool.mappings["p:c"].rules()[0].match_type, MatchType::Contains);
    assert_eq!(pool.mappings["q"], RoleMapping { by: By::Token, ambiguous: AmbiguousRole::AuthenticatedRole });
    assert_eq!(pool.role_arns(), [ROLE]);
    assert_eq!(pool.claims_of_rules().collect::<Vec<_>>(), ["custom:roles"]);
    assert_eq!(read(&json!({})).unwrap(), IdentityPoolRoles::default());
}

#[test]
fn faults_of_a_role_mapping_are_reported_with_their_place() {
    let with = |key: &str, value: Value| {
        let mut changed = rule();
        changed[key] = value;
        rules(json!([rule(), changed]))
    };
    let many: Vec<Value> = vec![rule(); 401];
    let providers: Value =
        (0..11).map(|at| (at.to_string(), json!({ "Type": "Token", "AmbiguousRoleResolution": "Deny" }))).collect();
    for (document, says) in [
        (json!([]), "pool.json: not a role mapping: it is a JSON list"),
        (json!({ "rolemappings": {} }), "not a role mapping: it has 'rolemappings'"),
        (json!({ "IdentityPoolId": "x" }), "IdentityPoolId: 'x' is not an identity pool id"),
        (json!({ "Roles": { "authenticated": "x" } }), "Roles: authenticated: 'x' is not the ARN"),
        (
            json!({ "Roles": { "admin": ROLE } }),
            "Roles: unknown member 'admin', expected one of authenticated, unauthenticated",
        ),
        (json!({ "RoleMappings": { "p": {} } }), "RoleMappings: 'p': Type is missing"),
        (json!({ "RoleMappings": { "p": { "Type": "Tokens" } } }), "'p': Type is 'Tokens', and must be Token or Rules"),
        (json!({ "RoleMappings": { "p": { "Type": "Token" } } }), "'p': AmbiguousRoleResolution is missing"),
        (json!({ "RoleMappings": { "": { "Type": "Token", "AmbiguousRoleResolution": "Deny" } } }), "it is empty"),
        (json!({ "RoleMappings": { "p": { "Type": "Rules", "AmbiguousRoleResolution": "Deny" } } }), "has none"),
        (json!({ "RoleMappings": providers }), "11 providers are too many"),
        (rules(json!([])), "'p:c': Type is Rules, and RulesConfiguration has none"),
        (rules(json!(many)), "401 rules are too many"),
        (with("Claim", json!("")), "'p:c': rule 2: Claim: it is empty"),
        (with("Claim", json!("c".repeat(65))), "rule 2: Claim: 65 characters are too many: AWS takes 64"),
        (with("Value", json!("")), "rule 2: Value: it is empty"),
        (with("Value", json!("é".repeat(129))), "rule 2: Value: 129 characters are too many: AWS takes 128"),
        (with("RoleARN", json!("role")), "rule 2: RoleARN: 'role' is not the ARN of an IAM role"),
        (with("MatchType", json!("equals")), "rule 2: MatchType is 'equals', and must be one of Equals, Contains"),
        (with("Value", json!(7)), "rule 2: Value is 7, not a text"),
        (
            with("Values", json!("x")),
            "rule 2: unknown member 'Values', expected one of Claim, MatchType, Value, RoleARN",
        ),
    ] {
        let failure = read(&document).unwrap_err();
        assert!(failure.message.starts_with("pool.json: ") && failure.message.contains(says), "{failure}\n{says}");
        assert_eq!(failure.kind, Kind::Usage);
    }
    let failure = IdentityPoolRoles::read(&" ".repeat(LARGEST + 1), "-").unwrap_err();
    assert!(failure.message.contains("more than 1048576 bytes"), "{failure}");
    let entry = r#""p":{"Type":"Token","AmbiguousRoleResolution":"Deny"}"#;
    let twice = format!("{{\"RoleMappings\":{{{entry},{entry}}}}}");
    let failure = IdentityPoolRoles::read(&twice, "twice").unwrap_err();
    assert!(failure.message.contains("'p' is there twice at line 1"), "{failure}");
    let deep = IdentityPoolRoles::read(&"[".repeat(100_000), "deep").unwrap_err();
    assert!(deep.message.chars().count() < 400, "{deep}");
    assert!(read(&with("Value", json!("é".repeat(128)))).is_ok());
}

/// Returns the properties of a role attachment in the spelling of CloudFormation.
fn properties() -> Value {
    let mut document = rules(json!([rule()]));
    document["IdentityPoolId"] = json!("eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE");
    document["Roles"] = json!({ "authenticated": ROLE });
    document
}

/// Returns the properties of a role attachment in the spelling of Terraform.
fn terraform() -> Value {
    json!({
        "id": "eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE",
        "identity_pool_id": "eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE",
        "roles": { "authenticated": ROLE },
        "role_mapping": [{
            "identity_provider": "p:c", "type": "Rules", "ambiguous_role_resolution": "Deny",
            "mapping_rule": [{ "claim": "custom:roles", "match_type": "Contains", "value": "x", "role_arn": ROLE }],
        }],
    })
}

#[test]
fn role_mapping_is_read_in_the_forms_of_other_tools() {
    let with = |name: &str, value: Value| {
        let mut document = properties();
        document[name] = value;
        document
    };
    let mut enumerations = properties();
    enumerations["RoleMappings"]["p:c"]["Type"] = json!({ "Value": "Rules" });
    enumerations["RoleMappings"]["p:c"]["AmbiguousRoleResolution"] = json!({ "Value": "Deny" });
    enumerations["RoleMappings"]["p:c"]["RulesConfiguration"]["Rules"][0]["MatchType"] = json!({ "Value": "Contains" });
    let mut named = properties();
    named["RoleMappings"] = json!({ "userpool": properties()["RoleMappings"]["p:c"] });
    named["RoleMappings"]["userpool"]["IdentityProvider"] = json!("p:c");
    let attachment = json!({ "Type": "AWS::Cognito::IdentityPoolRoleAttachment", "Properties": named });
    let template = json!({ "Resources": { "Bucket": { "Type": "AWS::S3::Bucket" }, "Roles": attachment } });
    let resource = |properties: &str| json!({ "mode": "managed", "type": "aws_cognito_identity_pool_roles_attachment", "name": "main", properties: terraform() });
    let module = json!({ "root_module": { "child_modules": [{ "resources": [resource("values")] }] } });
    let camel = json!({
        "identityPoolId": "eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE",
        "roles": { "authenticated": ROLE },
        "roleMappings": { "p:c": {
            "type": "Rules", "ambiguousRoleResolution": "Deny",
            "rulesConfiguration": { "rules": [{ "claim": "custom:roles", "matchType": "Contains", "value": "x", "roleArn": ROLE }] },
        } },
    });
    let pulumi = json!({
        "identityPoolId": "eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE",
        "roles": { "authenticated": ROLE },
        "roleMappings": [{
            "identityProvider": "p:c", "type": "Rules", "ambiguousRoleResolution": "Deny",
            "mappingRules": [{ "claim": "custom:roles", "matchType": "Contains", "value": "x", "roleArn": ROLE }],
        }],
    });
    let pulumi = json!({ "version": 3, "deployment": { "resources": [
        { "type": "pulumi:pulumi:Stack" },
        { "type": "aws:cognito/identityPoolRoleAttachment:IdentityPoolRoleAttachment", "inputs": {}, "outputs": pulumi },
    ] } });
    let state = json!({ "version": 4, "resources": [{
        "type": "aws_cognito_identity_pool_roles_attachment", "instances": [{ "attributes": terraform() }],
    }] });
    let plan = json!({
        "planned_values": module, "prior_state": { "values": module },
        "resource_changes": [resource("change")], "configuration": {},
    });
    let expected = read(&properties()).unwrap();
    for document in [
        with("$metadata", json!({ "httpStatusCode": 200 })),
        with("ResultMetadata", json!({})),
        with("ResponseMetadata", json!({ "RequestId": "x" })),
        enumerations,
        named,
        attachment,
        json!({ "TemplateBody": template, "StagesAvailable": ["Processed"] }),
        json!({ "TemplateBody": template.to_string() }),
        template,
        json!({ "TypeName": "AWS::Cognito::IdentityPoolRoleAttachment", "ResourceDescription": { "Properties": properties().to_string() } }),
        camel,
        terraform(),
        json!({ "format_version": "1.0", "terraform_version": "1.9.0", "values": module }),
        plan,
        state,
        pulumi,
    ] {
        assert_eq!(read(&document).as_ref(), Ok(&expected), "{document}");
    }
    let none = with("RoleMappings", Value::Null);
    assert!(read(&none).unwrap().mappings.is_empty());
    assert_eq!(read(&with("Roles", Value::Null)).unwrap().authenticated, None);
}

/// A template may refer to resources that exist only after its deployment.
#[test]
fn references_in_a_template_are_named() {
    let mut document = properties();
    document["IdentityPoolId"] = json!({ "Ref": "Pool" });
    document["RoleMappings"]["p:c"]["IdentityProvider"] = json!({ "Fn::Sub": "${Pool.ProviderName}:${Client}" });
    let found = read(&document).unwrap();
    assert_eq!((found.identity_pool_id, found.mappings.len()), (None, 1));
    document["RoleMappings"]["p:c"]["RulesConfiguration"]["Rules"][0]["RoleARN"] =
        json!({ "Fn::GetAtt": ["Admin", "Arn"] });
    let failure = read(&document).unwrap_err();
    let said =
        r#"RoleMappings: 'p:c': rule 1: RoleARN is {"Fn::GetAtt":["Admin","Arn"]}, which only the deployment resolves"#;
    assert!(failure.message.ends_with(said), "{failure}");
    assert!(failure.hint.unwrap().contains("after the deployment"));
}

#[test]
fn other_documents_than_role_mappings_are_named() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJjIn0.c2ln";
    let mapping = properties()["RoleMappings"].to_string();
    let two = json!({ "Type": "AWS::Cognito::IdentityPoolRoleAttachment", "Properties": {} });
    for (text, says, hint) in [
        ("", "it is empty", "get-identity-pool-roles"),
        ("{", "not a role mapping: EOF", "get-identity-pool-roles"),
        (
            "Resources:\n  A:\n    Type: AWS::Cognito::IdentityPoolRoleAttachment\n",
            "it is a CloudFormation template in YAML",
            "cfn-flip",
        ),
        (
            "resource \"aws_cognito_identity_pool_roles_attachment\" \"main\" {}",
            "it is in Terraform's own language",
            "terraform show -json",
        ),
        ("new CfnIdentityPoolRoleAttachment(this, 'x', {});", "it is a program of the AWS CDK", "cdk synth --json"),
        ("IdentityPoolId: eu-west-1:x\nRoleMappings:\n", "it is the AWS CLI's output in another form", "--output json"),
        (
            "ROLES\tarn:aws:iam::123456789012:role/R\nROLEMAPPINGS\n",
            "it is the AWS CLI's output in another form",
            "--output json",
        ),
        ("<html>", "it is an XML or HTML document", "get-identity-pool-roles"),
        ("roles are fine", "it is not JSON", "get-identity-pool-roles"),
        (token, "it is an ID token, not a role mapping", "--claims"),
        (&json!(token).to_string(), "it is an ID token, not a role mapping", "--claims"),
        (&json!({ "id_token": token }).to_string(), "it is an answer with an ID token, not a role mapping", "--claims"),
        (r#"{"sub": "1", "custom:roles": "x"}"#, "it is a set of claims, not a role mapping", "--claims"),
        (&mapping, "it is the content of RoleMappings, without the default roles", "get-identity-pool-roles"),
        (
            r#"{"IdentityPoolName": "x"}"#,
            "it is the answer of 'aws cognito-identity describe-identity-pool'",
            "get-identity-pool-roles",
        ),
        (r#"{"Resources": {}}"#, "a template or a state without a role attachment", "get-identity-pool-roles"),
        (&json!({ "Resources": { "A": two, "B": two } }).to_string(), "with 2 role attachments", "one of them"),
        (r#"{"Roles": {}, "roles": {}}"#, "Roles is there in two spellings", "get-identity-pool-roles"),
        (r#"{"RoleMappings": 7}"#, "RoleMappings: it is 7, not an object", "get-identity-pool-roles"),
        (
            r#"{"RoleMappings": [{"type": "Token"}]}"#,
            "RoleMappings: entry 1: IdentityProvider is missing",
            "get-identity-pool-roles",
        ),
    ] {
        let failure = IdentityPoolRoles::read(text, "pool.json").unwrap_err();
        assert!(failure.message.contains(says), "{text}: {failure}");
        assert!(failure.hint.as_deref().is_some_and(|it| it.contains(hint)), "{text}: {:?}", failure.hint);
    }
    let entry = json!({ "identity_provider": "p", "type": "Token", "ambiguous_role_resolution": "Deny" });
    let failure = read(&json!({ "role_mapping": [entry, entry] })).unwrap_err();
    assert!(failure.message.contains("RoleMappings: 'p' is there twice"), "{failure}");
    let long = format!("cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ex4mple01:{}", "c".repeat(60));
    let failure = read(&json!({ "RoleMappings": { long.clone(): {} } })).unwrap_err();
    assert!(failure.message.contains(&long), "a provider's name is there as a whole: {failure}");
}
