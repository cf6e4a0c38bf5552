"""`cogfed roles --explain` as a pipeline runs it: with the AWS CLI's output, in an empty environment."""

import json
import sys

import pytest

from support import AWS, COGFED, HERE, Lab

ARN = "arn:aws:iam::000000000000:role"
ALICE = {"sub": "1", "token_use": "id", "email": "alice@corp.example", "custom:roles": "Orders.Admin"}


@pytest.fixture(scope="module")
def lab():
    with Lab(store="file") as lab:
        yield lab


@pytest.fixture(scope="module")
def pool(lab):
    """Returns the identity pool's roles from the AWS CLI, with an administrator's key."""
    key = lab.about["administrator"]
    ran = lab.program(
        AWS, "cognito-identity", "get-identity-pool-roles", "--identity-pool-id", lab.about["identity_pool_id"],
        "--endpoint-url", lab.hosts["identity_pool"], "--output", "json", AWS_DEFAULT_REGION="eu-west-1",
        AWS_ACCESS_KEY_ID=key["access_key_id"], AWS_SECRET_ACCESS_KEY=key["secret_access_key"],
    )
    pool = ran.good().json()
    assert [rule["RoleARN"] for rule in rules(pool)] == [
        f"{ARN}/{name}" for name in ("OrdersAdmin", "OrdersReader", "ReportsReader")
    ]
    return json.dumps(pool)


def rules(pool):
    (mapping,) = pool["RoleMappings"].values()
    return mapping["RulesConfiguration"]["Rules"]


def step(lab, pool, claims, role="OrdersAdmin"):
    """Runs the step in a folder with two files, and with an empty environment."""
    (lab.folder() / "pool.json").write_text(pool if isinstance(pool, str) else json.dumps(pool))
    (lab.folder() / "claims.json").write_text(claims if isinstance(claims, str) else json.dumps(claims))
    words = ["env", "-i", HERE / "check_mapping.sh", COGFED, sys.executable]
    return lab.program(*words, "pool.json", "claims.json", f"{ARN}/{role}")


def test_explain_succeeds_for_the_expected_role(lab, pool):
    ran = step(lab, pool, ALICE).good()
    assert ran.stdout == f"role, {ARN}/OrdersAdmin, rule 1, certain\n"
    ran = step(lab, pool, {**ALICE, "custom:roles": "Reports.Read"}, "ReportsReader").good()
    assert ran.stdout == f"role, {ARN}/ReportsReader, rule 3, certain\n"


def test_explain_fails_for_another_role_and_names_both_roles(lab, pool):
    ran = step(lab, pool, {**ALICE, "custom:roles": "Orders.Read"}).failed_with(1)
    assert ran.stdout == f"role, {ARN}/OrdersReader, rule 2, certain\n"
    assert f"{ARN}/OrdersReader, not {ARN}/OrdersAdmin" in ran.stderr, ran
    ran = step(lab, pool, {**ALICE, "custom:roles": None}).failed_with(1)
    assert ran.stdout.startswith(f"role, {ARN}/SandboxAuthenticated, no rule")


def test_explain_exits_with_6_if_the_mapping_gives_no_role(lab, pool):
    changed = json.loads(pool)
    (mapping,) = changed["RoleMappings"].values()
    mapping["AmbiguousRoleResolution"] = "Deny"
    ran = step(lab, changed, {**ALICE, "custom:roles": "Nothing.Of.This"}).failed_with(6)
    assert ran.stdout == "denied, None, no rule, certain\n" and "gives no role" in ran.stderr, ran


@pytest.mark.parametrize(
    ("pool_json", "claims", "named"),
    [("{", ALICE, "pool.json"), (None, "[]", "claims.json"), (None, '{"sub": "1", "sub": "2"}', "claims.json")],
)
def test_explain_exits_with_2_for_an_unreadable_file(lab, pool, pool_json, claims, named):
    ran = step(lab, pool_json or pool, claims).failed_with(2)
    assert ran.stdout == "" and named in ran.stderr, ran


def test_cogfed_and_the_aws_cli_get_the_same_mapping(lab, pool):
    (lab.folder() / "pool.json").write_text(pool)
    (lab.folder() / "alice.json").write_text(json.dumps(ALICE))
    key = lab.about["administrator"]
    administrator = {"AWS_ACCESS_KEY_ID": key["access_key_id"], "AWS_SECRET_ACCESS_KEY": key["secret_access_key"]}
    words = ["roles", "--explain", "--json", "--profile", "lab", "--claims", "alice.json"]
    asked = lab.run(*words, **administrator).good().json()
    assert asked == lab.run(*words, "--mapping", "pool.json").good().json()
