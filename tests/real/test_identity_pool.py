"""The AWS CLI at the sandbox's identity pool and STS: the sandbox accepts the requests of AWS's own client, which
understands the answers."""

import base64
import json

import pytest

from support import AWS, Lab


def aws(lab, host, *words, key=None, region="eu-west-1"):
    env = {"AWS_DEFAULT_REGION": region, "AWS_DEFAULT_OUTPUT": "json"}
    if key:
        env |= dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"), key))
    return lab.program(AWS, *words, "--endpoint-url", lab.hosts[host], **env)


def administrator(lab):
    about = lab.about["administrator"]
    return about["access_key_id"], about["secret_access_key"]


def roles(lab, **more):
    pool = lab.about["identity_pool_id"]
    words = ["cognito-identity", "get-identity-pool-roles", "--identity-pool-id", pool]
    return aws(lab, "identity_pool", *words, **more)


@pytest.mark.parametrize(("flags", "region"), [([], "eu-west-1"), (["--switch", "govcloud"], "us-gov-west-1")])
def test_sandbox_accepts_the_roles_that_the_aws_cli_printed(tmp_path, flags, region):
    with Lab(*flags) as lab:
        printed = roles(lab, key=administrator(lab), region=region).good().stdout
        assert json.loads(printed) == lab.control("mapping")
        assert roles(lab, key=("AKIAUNKNOWN", "x"), region=region).stderr.count("UnrecognizedClientException") == 1
    file = tmp_path / "pool.json"
    file.write_text(printed.replace("Orders.Admin", "Orders.Nobody"))
    with Lab(*flags, "--mapping", str(file)) as lab:
        again = roles(lab, key=administrator(lab), region=region).good().json()
        assert "Orders.Nobody" in json.dumps(again)
        assert again["Roles"] == json.loads(printed)["Roles"]


def claims(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_aws_cli_completes_the_classic_flow():
    with Lab("--switch", "classic-flow", store="file") as lab:
        lab.login()
        token = next(it for it in lab.secrets() if it.count(".") == 2 and claims(it).get("token_use") == "id")
        login = claims(token)["iss"].removeprefix("https://") + "=" + token
        pool = ["--identity-pool-id", lab.about["identity_pool_id"]]
        identity = aws(lab, "identity_pool", "cognito-identity", "get-id", *pool, "--logins", login).good().json()
        words = ["get-open-id-token", "--identity-id", identity["IdentityId"], "--logins", login]
        web = aws(lab, "identity_pool", "cognito-identity", *words).good().json()["Token"]
        assume = ["sts", "assume-role-with-web-identity", "--role-session-name", "alice", "--web-identity-token", web]

        def role(name):
            return ["--role-arn", f"arn:aws:iam::000000000000:role/{name}"]

        given = aws(lab, "sts", *assume, *role("OrdersReader"), "--duration-seconds", "43200").good().json()
        assert given["Provider"] == "cognito-identity.amazonaws.com"
        assert (given["Audience"], given["SubjectFromWebIdentityToken"]) == (pool[1], identity["IdentityId"])
        keys = given["Credentials"]
        key = [keys[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
        caller = aws(lab, "sts", "sts", "get-caller-identity", key=key).good().json()["Arn"]
        assert caller == given["AssumedRoleUser"]["Arn"]
        assert caller == "arn:aws:sts::000000000000:assumed-role/OrdersReader/alice"
        assert "AccessDeniedException" in roles(lab, key=key).stderr
        refused = aws(lab, "sts", *assume, *role("ForeignTrust")).stderr
        assert "(AccessDenied)" in refused and "Not authorized to perform sts:AssumeRoleWithWebIdentity" in refused
        long = aws(lab, "sts", *assume, *role("SandboxAuthenticated"), "--duration-seconds", "3601").stderr
        assert "(ValidationError)" in long and "exceeds the MaxSessionDuration" in long
