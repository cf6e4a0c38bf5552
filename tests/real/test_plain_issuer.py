"""node-oidc-provider (OpenID certified) as a plain issuer that the identity pool trusts directly.

The provider runs with its defaults: its own paths, which only its discovery document names, and its own consent page.
It gives a refresh token only to a request for offline_access with the person's consent (OpenID Connect Core 1.0,
section 11).
"""

import urllib.parse

import pytest

from provider import ProviderLab
from support import TOLD


def told(part):
    """Records a part of the flow that ran."""
    TOLD.append(f"node-oidc-provider as a plain issuer: {part}")


@pytest.fixture
def lab():
    with ProviderLab(pool=None) as lab:
        yield lab


def consented(lab, chromium, url):
    """Signs alice in with the form, and grants the scopes that cogfed requests. Returns these scopes."""
    lab.by_form(chromium, url)
    chromium.wait(lambda driver: driver.title == "Consent")
    scopes = chromium.text_of("scopes")
    chromium.click("consent")
    assert "You are signed in" in chromium.wait_for_end()
    return scopes


def signed_in(lab, chromium, **life):
    lab.lab(**life)
    login = lab.begin_login()
    consented(lab, chromium, login.url)
    login.end().good()


def test_sign_in_works_by_discovery_and_consent(lab, chromium):
    login = lab.begin_login()
    assert login.url.startswith(f"{lab.base}/auth?"), "as its discovery says"
    assert login.parameter("scope").split() == ["openid", "offline_access"]
    assert login.parameter("prompt") == "consent" and login.parameter("code_challenge_method") == "S256"
    assert consented(lab, chromium, login.url) == "openid offline_access"
    assert "signed in as alice@corp.example" in login.end().good().stderr
    assert not any("code=" in address for address in chromium.addresses())
    tokens = lab.tokens()
    assert (tokens["subject"], tokens["issuer"]) == ("alice", lab.base)
    assert lab.is_active(tokens["refresh_token"])
    assert lab.run("credential-process").good().json()["AccessKeyId"].startswith("ASIAOIDC")
    claims = lab.run("roles", "--json").good().json()
    assert claims["person"] == "alice@corp.example" and claims["identity_provider"] is None
    assert (lab.count("GetId"), lab.count("GetCredentialsForIdentity"), lab.refreshes()) == (1, 1, 0)
    told("discovery, PKCE by S256, consent to offline_access, credentials")


def test_renewal_stores_the_rotated_refresh_token(lab, chromium):
    signed_in(lab, chromium, id=20, credentials=1)
    lab.wait_for_expiry()
    seen, before = [lab.tokens()["refresh_token"]], lab.refreshes()
    for number in (1, 2):
        # An ID token that lives for 20 s is always too old.
        lab.wait_for_expiry()
        seen.append(lab.tokens()["refresh_token"])
        assert lab.refreshes() == before + number
    assert len(set(seen)) == 3 and [lab.is_active(token) for token in seen] == [False, False, True]
    told("two renewals with rotation")


def test_logout_revokes_at_the_discovered_endpoint(lab, chromium):
    signed_in(lab, chromium)
    tokens = [lab.tokens()["refresh_token"], lab.access_token()]
    assert all(map(lab.is_active, tokens))
    lab.run("logout").good()
    assert not any(map(lab.is_active, tokens))
    assert lab.count("grant.revoked") == 1
    assert not [path for path in lab.files() if path.parent.name == "store"]
    lab.failing("credential-process")
    told("logout revokes, as introspection says")


def test_sign_in_without_consent_gets_no_refresh_token(lab, chromium):
    """Without a consent prompt the provider drops offline_access, and so gives no refresh token."""
    lab.config.write_text(lab.config.read_text().replace('prompt = "consent"\n', ""))
    lab.lab(id=20)
    login = lab.begin_login()
    lab.by_form(chromium, login.url)
    chromium.click("consent")
    assert "You are signed in" in chromium.wait_for_end()
    ran = login.end().failed_with(3)
    assert "you are signed in, but the sign-in gives no AWS credentials" in ran.stderr, ran
    assert "gave no refresh token" in ran.stderr, ran
    assert lab.tokens().get("refresh_token") is None
    ran = lab.failing("credential-process")
    assert "gave no refresh token" in ran.stderr, ran
    told("no consent, no refresh token, and a line that says so")


def test_callback_that_names_another_or_no_issuer_is_ignored(lab, chromium):
    """The provider names itself in `iss` (RFC 9207), and announces that in its discovery document. Another or a missing
    name is refused."""
    login = lab.begin_login()
    answer = {"code": "stolen", "state": login.state()}
    for iss in (f"{lab.base}/", "https://login.example.com", None):
        query = urllib.parse.urlencode(answer if iss is None else {**answer, "iss": iss})
        chromium.open(f"{login.redirect_uri()}?{query}")
        assert "did not succeed" in chromium.driver.title, iss
        fault = "without the name of its issuer" if iss is None else "from another issuer"
        assert f"The browser came back {fault}" in chromium.text(), iss
        assert login.process.poll() is None, iss
    assert lab.count("grant.error", "authorization_code", "invalid_grant") == 0, "no code was tried"
    consented(lab, chromium, login.url)
    login.end().good()
    told("another issuer's answer is not taken, and the wait goes on")


def test_discovered_endpoints_at_unlisted_hosts_are_refused(lab, chromium):
    """The provider names its endpoints at the host of the request, which here is not the issuer's."""
    port = lab.base.rpartition(":")[2]
    elsewhere = f'issuer = "http://localhost:{port}"\n'
    lab.config.write_text(lab.plain_issuer(endpoints=elsewhere))
    ran = lab.run("login", "--no-browser").failed_with(6)
    assert f"it is at 'localhost:{port}'" in ran.stderr and "issuer_hosts" in ran.stderr, ran
    assert "http://localhost" not in ran.stdout
    lab.config.write_text(lab.plain_issuer(f'issuer_hosts = ["localhost:{port}"]\n', elsewhere))
    login = lab.begin_login()
    assert login.url.startswith(f"http://localhost:{port}/auth?")
    consented(lab, chromium, login.url)
    login.end().good()
    lab.run("credential-process").good()
    told("endpoints at another host are refused, unless the profile names it")


def test_discovery_document_of_another_issuer_is_refused(lab):
    lab.config.write_text(
        lab.plain_issuer(endpoints=f'issuer = "{lab.base}"\n').replace(
            f'issuer = "{lab.base}"\nprompt', 'issuer = "https://login.example.com/tenant"\nprompt'
        )
    )
    ran = lab.run("login", "--no-browser").failed_with(6)
    assert f"is of the issuer '{lab.base}'" in ran.stderr, ran
    told("the discovery of another issuer is refused")
