"""botocore as a second opinion: the sandbox accepts its signatures, and `cogfed call` sends the same URLs."""

import hashlib
import http.client
import json
import os
import subprocess
import sys
import urllib.parse

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from support import ROOT, Lab

REGION = "eu-west-1"
# The API's path that echoes every request.
ECHO = "/prod/echo/e"


def targets():
    """Returns the tricky URLs that stay below the stage, moved below the echo's path: as typed, and as on the wire."""
    found = []
    for typed, wire in json.loads((ROOT / "tests/data/tricky_urls.json").read_text()):
        if wire.startswith("/prod") and "/prod" in typed:
            found.append((typed.replace("/prod", ECHO, 1), wire.replace("/prod", ECHO, 1)))
    return found


@pytest.fixture(scope="module")
def lab():
    with Lab(store="file") as lab:
        lab.login()
        lab.credentials = lab.run("credential-process").good().json()
        yield lab


def by_botocore(lab, method, target, body=b"", headers=()):
    """Sends a request signed by botocore with its target unchanged, which http.client guarantees."""
    keys = lab.credentials
    credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
    host = urllib.parse.urlsplit(lab.api).netloc
    request = AWSRequest(method=method, url=f"http://{host}{target}", data=body)
    for name, value in headers:
        request.headers.add_header(name, value)
    botocore.auth.SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
    connection = http.client.HTTPConnection(host)
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in request.headers.items():
        connection.putheader(name, value)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def by_cogfed(lab, method, typed, *flags):
    origin = lab.api.removesuffix("/prod")
    ran = lab.run("call", "--fail", method, origin + typed, *flags)
    return ran.status, ran.stdout if ran.status == 0 else ran.stderr


def arrived(outcome):
    """Returns the request as the API reports it, reduced to the parts that must be equal."""
    status, text = outcome
    assert status in (0, 200), outcome
    echo = json.loads(text)
    return {name: echo[name] for name in ("method", "path", "query", "bodyLength", "bodySha256")}


def test_urls_from_cogfed_and_botocore_arrive_the_same(lab):
    cases = targets()
    assert len(cases) >= 50
    for typed, wire in cases:
        ours, theirs = arrived(by_cogfed(lab, "GET", typed)), arrived(by_botocore(lab, "GET", wire))
        assert ours == theirs, typed
        path, _, query = wire.partition("?")
        assert (ours["path"], ours["query"]) == (path, query or None), typed
    print(f"{len(cases)} URLs: accepted as signed by cogfed and by botocore, and arrived the same")


BODIES = [
    ("POST", b'{"item": "book", "note": "\xc3\xa4 \xe2\x82\xac"}', [("Content-Type", "application/json")]),
    ("PUT", b"a b=c&d=%2F+\r\n", [("Content-Type", "application/x-www-form-urlencoded")]),
    ("PATCH", bytes(range(256)) * 64, [("Content-Type", "application/octet-stream"), ("X-Amz-Meta-Tag", "a  b")]),
    ("POST", b"", []),
    ("DELETE", b"", [("X-Empty", "")]),
    ("OPTIONS", b"", []),
]


@pytest.mark.parametrize(("method", "body", "headers"), BODIES)
def test_bodies_and_headers_from_cogfed_and_botocore_arrive_the_same(lab, method, body, headers):
    target = f"{ECHO}/ä b/x%2Fy?q=a b&q="
    wire = f"{ECHO}/%C3%A4%20b/x%2Fy?q=a%20b&q="
    flags = [f"-H{name}: {value}" if value else f"-H{name};" for name, value in headers]
    if body:
        (lab.home / "body").write_bytes(body)
        flags += ["--data-binary", f"@{lab.home / 'body'}"]
    ours, theirs = by_cogfed(lab, method, target, *flags), by_botocore(lab, method, wire, body, headers)
    assert arrived(ours) == arrived(theirs)
    assert arrived(ours)["bodySha256"] == hashlib.sha256(body).hexdigest()
    for name, value in headers:
        for outcome in (ours, theirs):
            assert json.loads(outcome[1])["headers"][name.lower()] == [value]


def test_sandbox_refuses_changed_requests_that_botocore_signed(lab):
    """The sandbox does verify: otherwise both could agree by accident."""
    keys = lab.credentials
    lab.credentials = {**keys, "SecretAccessKey": keys["SecretAccessKey"][:-1] + "_"}
    try:
        status, text = by_botocore(lab, "GET", ECHO)
    finally:
        lab.credentials = keys
    assert status == 403 and "signature" in text.lower(), text


def test_botocore_computes_the_same_signatures():
    """The same check in Rust, for two thousand random requests."""
    env = {**os.environ, "COGFED_TEST_PYTHON": sys.executable}
    words = ["cargo", "test", "--locked", "--test", "cli", "request::botocore", "--", "--nocapture"]
    ran = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "signatures are botocore's too" in ran.stdout, ran.stdout
    print([line for line in ran.stdout.splitlines() if "botocore's too" in line])
