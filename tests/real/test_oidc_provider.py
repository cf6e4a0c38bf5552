"""node-oidc-provider (OpenID certified) as the user pool. With rotation, it ends a grant at the first reuse of
a refresh token.

The identity pool is a small one in oidc_provider.mjs. No API is called, since no API accepts that pool's credentials.
"""

import concurrent.futures
import json
import urllib.error

import pytest
from selenium.webdriver.common.by import By

from provider import ProviderLab, request, with_parameter
from support import TOLD


def told(part):
    """Records a part of the flow that ran."""
    TOLD.append(f"node-oidc-provider: {part}")


@pytest.fixture
def lab():
    with ProviderLab() as lab:
        yield lab


def test_sign_in_works_through_the_providers_form(lab, chromium):
    login, ran = lab.signed_in(chromium)
    assert "signed in as alice@corp.example via EntraID" in ran.stderr, ran
    tokens = lab.tokens()
    assert (tokens["subject"], tokens["issuer"]) == (
        "alice", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123xyz"
    )
    assert lab.is_active(tokens["refresh_token"]) and lab.is_active(lab.access_token())
    assert "access_token" not in tokens, "it is not kept"
    assert chromium.driver.current_url == login.redirect_uri().replace("/callback", "/done")
    assert not any("code=" in address for address in chromium.addresses())
    document = lab.run("credential-process").good().json()
    assert document["AccessKeyId"].startswith("ASIAOIDC")
    assert lab.refreshes() == 0, "the ID token was fresh"
    told("sign-in by its form, PKCE by S256, `iss` in the callback (RFC 9207), credentials")


def test_provider_refuses_another_redirect_uri_and_plain_pkce(lab, chromium):
    login = lab.begin_login()
    for name, value in [("redirect_uri", "http://localhost:1/callback"), ("code_challenge_method", "plain")]:
        chromium.open(with_parameter(login.url, name, value))
        assert not chromium.driver.find_elements(By.ID, "name"), name
    assert lab.count("authorization.error", None, "invalid_redirect_uri") == 1, lab.lab()["log"]
    login.interrupt()
    told("its own checks of redirect URI and PKCE")


def test_renewal_stores_the_rotated_refresh_token(lab, chromium):
    lab.signed_in(chromium, id=20, credentials=1)
    lab.wait_for_expiry()
    seen, before = [lab.tokens()["refresh_token"]], lab.refreshes()
    for number in range(1, 4):
        # An ID token that lives for 20 s is always too old.
        lab.wait_for_expiry()
        seen.append(lab.tokens()["refresh_token"])
        assert lab.refreshes() == before + number
    assert len(set(seen)) == 4, "a new refresh token each time"
    assert [lab.is_active(token) for token in seen] == [False, False, False, True]
    told("three renewals with rotation")


def test_sixteen_processes_after_expiry_refresh_once(lab, chromium):
    lab.signed_in(chromium, id=20, credentials=1)
    first = lab.wait_for_expiry()
    before = lab.refreshes()
    lab.lab(id=3600, credentials=3600)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        runs = [run.good() for run in pool.map(lambda _: lab.run("credential-process"), range(16))]
    assert len({run.stdout for run in runs}) == 1 and runs[0].json() != first, "all have the same new credentials"
    assert lab.refreshes() == before + 1, lab.lab()["log"]
    assert lab.count("grant.revoked") == lab.count("grant.revoked", "refresh_token") == 0
    assert lab.is_active(lab.tokens()["refresh_token"]), "the grant lives on"
    told("16 processes after expiry: one refresh, the grant lives on")


def test_reused_refresh_token_ends_the_grant_and_requires_sign_in(lab, chromium):
    lab.signed_in(chromium, id=20, credentials=1)
    lab.wait_for_expiry()
    used = lab.tokens()["refresh_token"]
    lab.wait_for_expiry()
    current = lab.tokens()["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": used, "client_id": lab.about["client_id"]}
    with pytest.raises(urllib.error.HTTPError) as refused:
        request(f"{lab.base}/oauth2/token", form)
    assert json.load(refused.value)["error"] == "invalid_grant"
    assert lab.count("grant.revoked", "refresh_token") == 1 and not lab.is_active(current)
    ran = lab.failing("credential-process")
    assert used not in ran.stderr and current not in ran.stderr
    before = lab.lab()["log"]
    lab.failing("credential-process")
    assert lab.lab()["log"] == before, "it is remembered, and the pool is not asked again"
    # The provider recognises alice by her cookie, without a form.
    login = lab.begin_login()
    chromium.open(login.url)
    assert "You are signed in" in chromium.wait_for_end()
    login.end().good()
    lab.run("credential-process").good()
    told("reuse ends the grant: exit 3, no browser, and a new sign-in mends it")


def test_denial_at_the_providers_form_is_reported(lab, chromium):
    login = lab.begin_login()
    chromium.open(login.url)
    chromium.click("cancel")
    assert "refused" in chromium.wait_for_end()
    ran = login.end().failed_with(6)
    assert "cancelled or denied" in ran.stderr and "the person said no" in ran.stderr, ran
    lab.failing("credential-process")
    told("a denial at the form")


def test_logout_revokes_the_refresh_token_at_the_provider(lab, chromium):
    lab.signed_in(chromium)
    tokens = [lab.tokens()["refresh_token"], lab.access_token()]
    assert all(map(lab.is_active, tokens))
    lab.run("logout").good()
    assert not any(map(lab.is_active, tokens))
    assert lab.count("grant.revoked") == 1
    assert not [path for path in lab.files() if path.parent.name == "store"]
    lab.failing("credential-process")
    told("logout revokes, as introspection says")


# The parameters that an attacker could change in the URL on its way to the browser, and cogfed's message about the
# answer.
CHANGED = {
    "nonce": ("another-nonce-than-ours", "nonce"),
    "code_challenge": ("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "does not accept the code"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_changed_authorization_request_ends_in_a_refusal(lab, chromium, name):
    login = lab.begin_login()
    value, said = CHANGED[name]
    lab.by_form(chromium, with_parameter(login.url, name, value))
    assert "did not succeed" in chromium.wait_for_end()
    assert said in login.end().failed_with(6).stderr
    lab.failing("credential-process")
    told(f"a sign-in with another {name} is refused")


def test_callback_with_another_state_is_ignored(lab, chromium):
    login = lab.begin_login()
    lab.by_form(chromium, with_parameter(login.url, "state", "another-state-than-ours"))
    chromium.wait(lambda driver: "Nothing to see here" in driver.title)
    assert login.process.poll() is None and lab.count("grant.success", "authorization_code") == 0
    # The provider now recognises alice by her cookie, without a form.
    chromium.open(login.url)
    assert "You are signed in" in chromium.wait_for_end()
    login.end().good()
    told("another state is not taken, and the wait goes on")


def test_id_token_signed_with_es256_is_refused(chromium):
    with ProviderLab(alg="ES256") as lab:
        login = lab.begin_login()
        lab.by_form(chromium, login.url)
        assert "did not succeed" in chromium.wait_for_end()
        assert "signed by 'ES256', not by RS256" in login.end().failed_with(6).stderr
        lab.failing("credential-process")
    told("a token signed by ES256 is refused")


def test_callback_that_names_another_issuer_is_ignored(chromium):
    """The provider is not the profile's user pool, and its `iss` parameter says so (RFC 9207)."""
    with ProviderLab(pool="eu-west-1_Another99", pool_in_profile="eu-west-1_AbC123xyz") as lab:
        login = lab.begin_login()
        lab.by_form(chromium, login.url)
        chromium.wait(lambda driver: "did not succeed" in driver.title)
        assert "The browser came back from another issuer" in chromium.text() and login.process.poll() is None
        assert lab.count("grant.success", "authorization_code") == 0
        login.interrupt()
        lab.failing("credential-process")
    told("another issuer is not taken")
