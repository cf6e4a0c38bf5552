"""A simulation of GovCloud: the AWS CLI and boto3 in another partition than the default."""

import sys

import pytest

from support import HERE, PROFILE, Lab, by_cli, configure_aws

REGION = "us-gov-west-1"
ISSUERS = {"govcloud": "cognito-idp", "govcloud-fips-issuer": "cognito-idp-fips"}


@pytest.mark.parametrize(("switch", "issuer"), ISSUERS.items())
def test_sign_in_and_aws_tools_work_in_govcloud(switch, issuer):
    with Lab("--switch", switch, store="file") as lab:
        assert lab.about["issuer"] == f"https://{issuer}.{REGION}.amazonaws.com/{lab.about['user_pool_id']}"
        assert lab.login().stderr.count("signed in as alice@corp.example") == 1
        configure_aws(lab, {PROFILE: f"--profile {PROFILE}"}, REGION)
        session = "arn:aws-us-gov:sts::000000000000:assumed-role/OrdersAdmin/CognitoIdentityCredentials"
        assert by_cli(lab, PROFILE)["Arn"] == session
        ran = lab.program(sys.executable, HERE / "ask_by_boto3.py", lab.hosts["sts"], 1, AWS_PROFILE=PROFILE)
        assert ran.good().stdout.strip() == session
        found = lab.run("call", "--fail", "GET", f"{lab.api}/echo/who").good().json()["requestContext"]["identity"]
        assert found["userArn"] == session and found["cognitoIdentityId"].startswith(f"{REGION}:")
        listed = lab.run("roles", "--json").good().json()
        assert listed["given"]["arn"] == session
        asked = "arn:aws-us-gov:iam::000000000000:role/OrdersAdmin"
        configure_aws(lab, {PROFILE: f"--role {asked}"}, REGION)
        assert by_cli(lab, PROFILE)["Arn"] == session
        assert lab.run("credential-process", "--role", asked).good().json()["AccountId"] == "000000000000"


def test_requested_role_of_another_partition_is_refused():
    with Lab("--switch", "govcloud", store="file") as lab:
        lab.login()
        ran = lab.run("credential-process", "--role", "arn:aws:iam::000000000000:role/OrdersAdmin").failed_with(2)
        assert "in the partition aws, and the identity pool in aws-us-gov" in ran.stderr and ran.stdout == "", ran
