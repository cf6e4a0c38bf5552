"""MiniStack (https://pypi.org/project/ministack/) as the user pool, the identity pool and STS: a whole Cognito that others
wrote. Its token answer has the content type `application/x-amz-json-1.0`, and its users are native ones.

MiniStack evaluates no role mapping, so nothing here shows which role a person gets.
"""

import datetime
import json
import shutil
import subprocess
import sys
import tempfile
import urllib.error
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from provider import request
from support import HERE, LONG, PROFILE, TOLD, Lab, free_ports, listens, wait_until

REGION = "eu-west-1"


class MiniStackLab(Lab):
    """A home whose profile names MiniStack for everything. Its process is in the place of Lab's sandbox."""

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="cogfed-real."))
        self.keyring = None
        self.config = self.home / ".config/cogfed/config.toml"
        self.config.parent.mkdir(parents=True)
        *self.ports, port = free_ports(3)
        self.base = f"http://127.0.0.1:{port}"
        env = self.env(BIND_HOST="127.0.0.1", GATEWAY_PORT=str(port))
        self.sandbox = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=env, cwd=self.home, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: self.sandbox.poll() is not None or (listens(port) and self.answers()))
        words = [sys.executable, HERE / "seed_ministack.py", self.base, REGION, *map(str, self.ports)]
        seeded = subprocess.run(words, env=self.env(), capture_output=True, text=True, timeout=LONG, check=True)
        self.made = json.loads(seeded.stdout)
        self.about = {"client_id": self.made["client"]}
        self.config.write_text(
            f'[profile.{PROFILE}]\nuser_pool_id = "{self.made["user_pool"]}"\nclient_id = "{self.made["client"]}"\n'
            f'identity_pool_id = "{self.made["identity_pool"]}"\n'
            'domain = "corp.auth.eu-west-1.amazoncognito.com"\n'
            f'redirect_ports = {self.ports}\nstore = "file"\n[profile.{PROFILE}.endpoints]\n'
            + "".join(f'{key} = "{self.base}"\n' for key in ("user_pool", "domain", "identity_pool", "sts"))
        )

    def __exit__(self, *_):
        self.sandbox.terminate()
        self.sandbox.wait(LONG)
        for key in self.kernel_keys():
            subprocess.run(["keyctl", "unlink", key, "@u"], stdout=subprocess.DEVNULL, check=False)
        wait_until(lambda: shutil.rmtree(self.home, ignore_errors=True) or not self.home.exists())

    def answers(self):
        try:
            request(self.base).close()
            return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False

    def records(self):
        """Returns the files of the store with their records."""
        return {path: json.loads(path.read_text()) for path in self.files() if path.parent.name == "store"}

    def tokens(self):
        return next(record for record in self.records().values() if "id_token" in record)

    def age(self, hours):
        """Makes all records in the store older, as if that time had passed. MiniStack's tokens always live for an hour."""
        for path, record in self.records().items():
            for name in ("issued_at", "expires_at"):
                if name in record:
                    time = datetime.datetime.fromisoformat(record[name].replace("Z", "+00:00"))
                    record[name] = (time - datetime.timedelta(hours=hours)).isoformat()
            path.write_text(json.dumps(record))

    def signed_in(self, chromium, *flags):
        login = self.begin_login(*flags)
        chromium.open(login.url)
        chromium.wait(lambda driver: driver.find_elements(By.ID, "username"))
        chromium.driver.find_element(By.ID, "username").send_keys("alice")
        chromium.driver.find_element(By.ID, "password").send_keys(self.made["password"])
        chromium.driver.find_element(By.CSS_SELECTOR, "button[type=submit]").click()
        assert "signed in" in chromium.wait_for_end()
        return login.end().good()


@pytest.fixture
def lab():
    with MiniStackLab() as lab:
        yield lab


def test_sign_in_and_credentials_work_on_ministack(lab, chromium):
    ran = lab.signed_in(chromium)
    assert "alice@corp.example" in ran.stderr, ran
    assert lab.tokens()["issuer"] == f"https://cognito-idp.{REGION}.amazonaws.com/{lab.made['user_pool']}"
    document = lab.run("credential-process").good().json()
    assert document["SessionToken"] and document["AccessKeyId"]
    status = lab.run("status").good()
    assert "alice@corp.example" in status.stdout, status
    TOLD.append("MiniStack: sign-in of a native user, token answer of type application/x-amz-json-1.0, credentials")


def test_renewal_on_ministack_refreshes_the_tokens(lab, chromium):
    lab.signed_in(chromium)
    seen = [lab.tokens()]
    for _ in range(2):
        lab.age(hours=2)
        document = lab.run("credential-process").good().json()
        assert document["SessionToken"], document
        seen.append(lab.tokens())
        assert lab.run("status").good()
    assert len({record["id_token"] for record in seen}) == 3, "each renewal brings a new ID token"
    assert len({record["refresh_token"] for record in seen}) == 1, "without rotation the refresh token stays"
    TOLD.append("MiniStack: two renewals")


def test_logout_on_ministack_deletes_what_it_cannot_revoke(lab, chromium):
    lab.signed_in(chromium)
    ran = lab.run("logout").failed_with(6)
    # This version of MiniStack has no revocation endpoint.
    assert "could not be revoked" in ran.stderr, ran
    assert not lab.records()
    lab.run("credential-process").failed_with(3)
