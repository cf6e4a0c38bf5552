"""A lab with node-oidc-provider, run by oidc_provider.mjs."""

import datetime
import json
import secrets
import select
import subprocess
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

from selenium.webdriver.common.by import By

from support import HERE, LONG, PROFILE, TARGET, Lab, free_ports, wait_until


class ProviderLab(Lab):
    """A home whose profile names node-oidc-provider as the user pool or, without a pool, as the issuer. Its process is
    in the place of Lab's sandbox.
    """

    def __init__(self, alg="RS256", pool="eu-west-1_AbC123xyz", pool_in_profile=None):
        self.home = Path(tempfile.mkdtemp(prefix="cogfed-real."))
        self.keyring = None
        self.config = self.home / ".config/cogfed/config.toml"
        self.config.parent.mkdir(parents=True)
        self.ports = free_ports(2)
        client = secrets.token_hex(13)
        self.about = {"client_id": client}
        redirects = [f"http://localhost:{port}/callback" for port in self.ports]
        self.introspection = "/oauth2/introspect" if pool else "/token/introspection"
        options = {"pool": pool, "client": client, "redirects": redirects, "alg": alg}
        self.errors = tempfile.TemporaryFile()
        self.sandbox = subprocess.Popen(
            ["node", HERE / "oidc_provider.mjs", TARGET / "real-node", json.dumps(options)], env=self.env(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
        )
        line = select.select([self.sandbox.stdout], [], [], LONG)[0] and self.sandbox.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise RuntimeError(f"no provider: {self.errors.read().decode()}")
        self.base = json.loads(line)["base"]
        self.config.write_text(self.user_pool(pool_in_profile or pool) if pool else self.plain_issuer())

    def user_pool(self, pool):
        """Returns the configuration with the provider as a user pool."""
        return (
            f"[profile.{PROFILE}]\n"
            f'user_pool_id = "{pool}"\n'
            'domain = "corp.auth.eu-west-1.amazoncognito.com"\nidentity_provider = "EntraID"\n'
            f'scopes = ["openid", "email"]\n{self.in_common()}'
            f"[profile.{PROFILE}.endpoints]\n"
            + "".join(f'{key} = "{self.base}"\n' for key in ("user_pool", "domain", "identity_pool"))
        )

    def plain_issuer(self, more="", endpoints=""):
        """Returns the configuration with the provider as a plain issuer, without the provider's endpoints."""
        return (
            f'[profile.{PROFILE}]\nissuer = "{self.base}"\nprompt = "consent"\n{self.in_common()}{more}'
            f'[profile.{PROFILE}.endpoints]\nidentity_pool = "{self.base}"\n{endpoints}'
        )

    def in_common(self):
        return (
            f'client_id = "{self.about["client_id"]}"\n'
            'identity_pool_id = "eu-west-1:1cf667a2-49a6-454b-9e45-231990000000"\n'
            f'redirect_ports = {self.ports}\nstore = "file"\n'
        )

    def __exit__(self, *_):
        super().__exit__()
        self.errors.close()

    def lab(self, **life):
        with request(f"{self.base}/lab?{urllib.parse.urlencode(life)}") as answer:
            return json.load(answer)

    def count(self, event, grant=None, error=None):
        """Returns the number of times that this is in the provider's log."""
        return [(line["event"], line.get("grant"), line.get("error")) for line in self.lab()["log"]].count(
            (event, grant, error)
        )

    def refreshes(self):
        return self.count("grant.success", "refresh_token")

    def tokens(self):
        """Returns the tokens record in the store."""
        records = (json.loads(path.read_text()) for path in self.files() if path.parent.name == "store")
        return next(record for record in records if "id_token" in record)

    def access_token(self):
        """Returns the newest access token that the provider has issued. cogfed does not keep it."""
        return self.lab()["accessTokens"][-1]

    def is_active(self, token):
        """Returns whether the provider's introspection (RFC 7662) reports a token as active."""
        form = {"token": token, "client_id": self.about["client_id"]}
        with request(f"{self.base}{self.introspection}", form) as answer:
            return json.load(answer)["active"]

    def by_form(self, chromium, url, person="alice"):
        chromium.open(url)
        chromium.wait(lambda driver: driver.find_elements(By.ID, "name"))
        chromium.driver.find_element(By.ID, "name").send_keys(person)
        chromium.driver.find_element(By.ID, "password").send_keys(self.lab()["password"])
        chromium.click("sign-in")

    def signed_in(self, chromium, **life):
        """Signs alice in with the form. Her tokens and credentials have these lifetimes in seconds."""
        self.lab(**life)
        login = self.begin_login()
        self.by_form(chromium, login.url)
        assert "You are signed in" in chromium.wait_for_end()
        return login, login.end().good()

    def wait_for_expiry(self):
        """Waits until the credentials have expired that cogfed has."""
        document = self.run("credential-process").good().json()
        wait_until(lambda: is_over(document))
        return document

    def failing(self, *words, **more):
        """Runs cogfed, which must report that a sign-in is required, and open no browser."""
        opened = self.home / "opened"
        browser = self.home / "browser"
        browser.write_text(f'#!/bin/sh\ntouch "{opened}"\n')
        browser.chmod(0o700)
        ran = self.run(*words, BROWSER=str(browser), **more).failed_with(3)
        assert "cogfed login" in ran.stderr and ran.stdout == "", ran
        assert not opened.exists()
        return ran


def is_over(document):
    """Returns whether credentials have expired."""
    expires = datetime.datetime.fromisoformat(document["Expiration"].replace("Z", "+00:00"))
    return datetime.datetime.now(datetime.timezone.utc) >= expires


def request(url, form=None):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(url, urllib.parse.urlencode(form).encode() if form else None, timeout=LONG)


def with_parameter(url, name, value):
    parts = urllib.parse.urlsplit(url)
    pairs = [(key, value if key == name else own) for key, own in urllib.parse.parse_qsl(parts.query)]
    assert (name, value) in pairs
    return parts._replace(query=urllib.parse.urlencode(pairs)).geturl()
