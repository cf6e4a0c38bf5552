"""moto (https://github.com/getmoto/moto) as the identity pool and STS. The sign-in is at the sandbox's user pool.

moto is an independent implementation of GetId, GetCredentialsForIdentity, GetOpenIdToken, AssumeRoleWithWebIdentity and
GetCallerIdentity, and optionally verifies signatures (SigV4). moto verifies no tokens, so nothing here shows that a
wrong token is refused. The credentials of the enhanced flow are constants that expire in 90 s, at a fraction of a
second. moto has neither SetIdentityPoolRoles nor GetIdentityPoolRoles.
"""

import datetime
import json
import re
import subprocess
import sys
import urllib.request

import pytest

from support import HERE, LONG, MARK, PROFILE, Lab, by_cli, configure_aws, free_ports, listens, wait_until

REGION = "eu-west-1"
# The caller that moto reports for the enhanced flow's constant credentials.
NOBODY = "arn:aws:sts::123456789012:user/moto"


class Moto:
    """A moto_server with the resources of seed_moto.py."""

    def __init__(self):
        (port,) = free_ports(1)
        self.url = f"http://127.0.0.1:{port}"
        # moto treats its local time as UTC.
        env = {"PATH": "/usr/bin:/bin", "TZ": "UTC", "REAL_CHECKS_MARK": MARK}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], env=env,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: listens(port))
        words = [sys.executable, HERE / "seed_moto.py", self.url, REGION]
        seeded = subprocess.run(words, env=env, capture_output=True, text=True, timeout=LONG, check=True)
        self.made = json.loads(seeded.stdout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(LONG)

    def ask_for_signatures(self, does):
        """Makes moto verify from now on that each request is signed with one of its keys, or stops that."""
        most = "0" if does else "inf"
        headers = {"content-type": "text/plain"}
        request = urllib.request.Request(f"{self.url}/moto-api/reset-auth", most.encode(), headers, method="POST")
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=LONG).close()



@pytest.fixture(scope="module")
def moto():
    with Moto() as moto:
        yield moto


@pytest.fixture
def lab(moto):
    """Returns a lab in which Alice is signed in at an app client whose identity pool and STS are moto's."""
    with Lab(store="file") as lab:
        text = lab.config.read_text()
        text = text.replace(lab.about["identity_pool_id"], moto.made["identity_pool_id"])
        for key in ("identity_pool", "sts"):
            text = text.replace(f'\n{key} = "{lab.hosts[key]}"', f'\n{key} = "{moto.url}"')
        assert text.count(moto.url) == 2 and moto.made["identity_pool_id"] in text
        lab.config.write_text(text)
        lab.login()
        yield lab
        counts = lab.control("requests")["counts"]
        assert not [name for name in counts if name.startswith(("identity.", "sts."))], "its own two are not asked"


def classic(lab, moto, role, seconds):
    """Makes the profile use a role through the classic flow, with this lifetime in seconds."""
    lines = f'flow = "classic"\nsession_duration = {seconds}\nrole_arn = "{moto.made["roles"][role]}"\n'
    text = lab.config.read_text().replace(f"[profile.{PROFILE}]\n", f"[profile.{PROFILE}]\n{lines}")
    lab.config.write_text(text)


def left(document):
    """Returns the remaining lifetime of a document's credentials, in seconds."""
    expires = datetime.datetime.fromisoformat(document["Expiration"].replace("Z", "+00:00"))
    return (expires - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


def test_enhanced_flow_works_with_moto(moto, lab):
    document = lab.run("credential-process").good().json()
    assert (document["Version"], document["AccessKeyId"]) == (1, "TESTACCESSKEY12345")
    assert (document["SecretAccessKey"], document["SessionToken"]) == ("ABCSECRETKEY", "ABC12345")
    assert re.fullmatch(r"\d{4}(-\d\d){2}T\d\d(:\d\d){2}Z", document["Expiration"]), "no fraction is handed on"
    assert 30 < left(document) <= 90
    assert lab.run("credential-process").good().json() == document, "it is kept for half its life"
    identity = lab.run("status", "--json").good().json()["sign_in"]["identity_id"]
    # moto makes up the region, since an unsigned request names none.
    assert re.fullmatch(r"[a-z]+-[a-z]+-\d:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identity), identity
    configure_aws(lab, {"moto": f"--profile {PROFILE}"})
    assert by_cli(lab, "moto", moto.url)["Arn"] == NOBODY
    listed = lab.run("roles", "--json").good().json()
    assert listed["given"] == {"account": "123456789012", "arn": NOBODY, "default": None} and listed["not_known"] is None


@pytest.mark.parametrize(("role", "seconds"), [("OrdersAdmin", 1800), ("OrdersReader", 43200)])
def test_classic_flow_works_with_moto(moto, lab, role, seconds):
    classic(lab, moto, role, seconds)
    document = lab.run("credential-process").good().json()
    assert seconds - LONG < left(document) <= seconds
    session = f"arn:aws:sts::123456789012:assumed-role/{role}/alice@corp.example"
    configure_aws(lab, {"moto": f"--profile {PROFILE}"})
    assert by_cli(lab, "moto", moto.url)["Arn"] == session, "the session is called after the person"
    ran = lab.program(sys.executable, HERE / "ask_by_boto3.py", moto.url, 2, AWS_PROFILE="moto")
    assert ran.good().stdout.split() == [session] * 2
    moto.ask_for_signatures(True)
    try:
        listed = lab.run("roles", "--json").good().json()
    finally:
        moto.ask_for_signatures(False)
    assert listed["given"] == {"account": "123456789012", "arn": session, "default": None}, listed
    (own,) = [entry for entry in listed["can_lead_to"] if entry["role_arn"] == moto.made["roles"][role]]
    assert own["credentials"]["valid"] and f"profile {PROFILE}" in own["named_by"]


def test_two_classic_roles_work_side_by_side_with_moto(moto, lab):
    classic(lab, moto, "OrdersAdmin", 3600)
    configure_aws(lab, {role: f"--role {arn}" for role, arn in moto.made["roles"].items()})
    for role in moto.made["roles"]:
        assert f":assumed-role/{role}/alice@" in by_cli(lab, role, moto.url)["Arn"]
    # The tokens, the credentials of the sign-in itself, and those of both roles.
    assert len([path for path in lab.files() if path.parent.name == "store"]) == 4
    lab.run("logout").good()
    assert not [path for path in lab.files() if path.parent.name == "store"]


def test_moto_accepts_an_administrators_signature_but_knows_no_mapping(moto, lab):
    """moto verifies the signature, but does not know the operation: 500, in HTML. It refuses a wrong signature with 403
    in STS's XML, where AWS answers in JSON. So neither answer has a readable code.
    """
    administrator = moto.made["administrator"]
    key, secret = administrator.values()

    def explain(status, **keys):
        ran = lab.run("roles", "--explain", **{**administrator, **keys}).failed_with(5)
        assert f"an answer that makes no sense (status {status})" in ran.stderr and moto.url in ran.stderr, ran
        assert ran.stdout == "" and "<" not in ran.stderr and secret not in ran.stderr, ran

    moto.ask_for_signatures(True)
    try:
        explain(500)
        explain(403, AWS_SECRET_ACCESS_KEY=secret[::-1])
        explain(403, AWS_ACCESS_KEY_ID=key[::-1])
    finally:
        moto.ask_for_signatures(False)


def test_failing_moto_is_reported_for_an_unknown_identity_pool(moto, lab):
    """The pool does not exist. moto crashes (500), where AWS answers ResourceNotFoundException."""
    gone = f"{REGION}:00000000-0000-4000-8000-000000000000"
    lab.config.write_text(lab.config.read_text().replace(moto.made["identity_pool_id"], gone))
    ran = lab.run("credential-process").failed_with(5)
    assert "identity pool" in ran.stderr and moto.url in ran.stderr and ran.stdout == "", ran
