"""The AWS CLI and boto3 assume a second role on top of cogfed's profile, at the sandbox's STS."""

import sys

import pytest

from support import AWS, HERE, PROFILE, configure_aws

DEPLOY = "arn:aws:iam::000000000000:role/OrdersDeploy"
AUDIT = "arn:aws:iam::000000000000:role/OrdersAudit"


def configure(lab, role, *lines):
    """Writes ~/.aws/config with cogfed's profile, and a profile `deploy` that assumes `role` with it."""
    configure_aws(lab, {PROFILE: f"--profile {PROFILE}"})
    lines = [f"source_profile = {PROFILE}", f"role_arn = {role}", "region = eu-west-1", *lines]
    with (lab.home / ".aws/config").open("a") as config:
        config.write("[profile deploy]\n" + "\n".join(lines) + "\n")


def identity(lab):
    words = [AWS, "sts", "get-caller-identity", "--profile", "deploy", "--output", "json"]
    return lab.program(*words, AWS_ENDPOINT_URL_STS=lab.hosts["sts"])


def test_aws_cli_assumes_a_role_on_top_of_cogfed(lab):
    configure(lab, DEPLOY, "role_session_name = pipeline-7")
    lab.login("alice")
    assert identity(lab).good().json()["Arn"] == "arn:aws:sts::000000000000:assumed-role/OrdersDeploy/pipeline-7"
    assert lab.control("requests")["counts"]["sts.assume_role"] == 1


def test_boto3_assumes_a_role_on_top_of_cogfed(lab):
    configure(lab, DEPLOY)
    lab.login("alice")
    sts = lab.hosts["sts"]
    ran = lab.program(sys.executable, HERE / "ask_by_boto3.py", sts, 1, AWS_PROFILE="deploy", AWS_ENDPOINT_URL_STS=sts)
    assert "assumed-role/OrdersDeploy/" in ran.good().stdout


@pytest.mark.parametrize("person, role", [("bob", DEPLOY), ("alice", AUDIT), ("alice", DEPLOY + "s")])
def test_aws_cli_shows_why_a_role_is_not_assumed(lab, person, role):
    configure(lab, role)
    lab.login(person)
    ran = identity(lab)
    assert ran.status != 0 and "AccessDenied" in ran.stderr, ran
    assert f"is not authorized to perform: sts:AssumeRole on resource: {role}" in ran.stderr, ran


def test_external_id_and_duration_of_a_chained_role(lab):
    configure(lab, AUDIT, "external_id = orders-audit")
    lab.login("bob")
    assert "/OrdersAudit/" in identity(lab).good().json()["Arn"]
    configure(lab, AUDIT, "external_id = orders-audit", "duration_seconds = 7200")
    ran = identity(lab)
    assert ran.status != 0 and "exceeds the 1 hour session limit for roles assumed by role chaining" in ran.stderr, ran
