"""Chromium drives `cogfed login` through the hosted UI."""

import http.server
import threading
import urllib.parse

import pytest
from selenium.webdriver.common.by import By

from browser import Chromium
from support import PROFILE, Lab


@pytest.fixture
def chooser():
    """Returns a lab whose profile names no identity provider."""
    with Lab(store="file", chooser=True) as lab:
        yield lab


@pytest.fixture
def direct():
    """Returns a lab whose profile names AzureAD."""
    with Lab(store="file") as lab:
        yield lab


def left_no_code(browser, lab, login):
    """Checks that the code is not in the address bar, the page, its referrer or the tab's history."""
    codes = lab.secrets()
    assert not any(code in browser.driver.page_source for code in codes)
    assert browser.driver.current_url == login.redirect_uri().replace("/callback", "/done")
    assert browser.driver.execute_script("return document.referrer") == ""
    for address in browser.addresses():
        assert "code=" not in address
        assert not any(code in address for code in codes), address


@pytest.mark.parametrize(("provider", "person"), [("AzureAD", "alice"), ("AzureB2C", "erin")])
def test_sign_in_works_through_the_chooser(chooser, chromium, provider, person):
    login = chooser.begin_login()
    chromium.open(login.short)
    chromium.screenshot("chooser")
    chromium.click(f"idp-{provider}")
    chromium.wait(lambda driver: driver.find_elements(By.ID, f"person-{person}"))
    chromium.screenshot(f"directory-{provider}")
    chromium.click(f"person-{person}")
    assert "You are signed in" in chromium.wait_for_end()
    ran = login.end().good()
    assert f"signed in as {person}@" in ran.stderr and f"via {provider}" in ran.stderr, ran
    assert PROFILE in chromium.text()
    left_no_code(chromium, chooser, login)
    status = chooser.run("status", "--json").good().json()
    assert person in str(status) and provider in str(status)
    chromium.screenshot("done")
    visited = chromium.visited()
    assert any(address.endswith("/done") for address in visited)
    assert not any("code=" in address for address in visited), visited


def test_identity_provider_flag_skips_the_chooser(chooser, chromium):
    login = chooser.begin_login("--identity-provider", "AzureB2C")
    chromium.open(login.url)
    chromium.click("person-erin")
    assert "You are signed in" in chromium.wait_for_end()
    assert "via AzureB2C" in login.end().good().stderr


def test_last_page_is_readable_in_light_and_dark_mode(direct, chromium):
    login = direct.begin_login()
    chromium.open(login.url)
    chromium.click("person-bob")
    chromium.wait_for_end()
    login.end().good()
    brightness = {}
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        chromium.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        ground, ink = chromium.colours()
        brightness[scheme] = (sum(ground), sum(ink))
    assert brightness["light"][0] > 600 > 200 > brightness["light"][1], "dark ink on light ground"
    assert brightness["dark"][0] < 200 < 600 < brightness["dark"][1], "light ink on dark ground"


def test_cancelled_sign_in_is_explained_on_terminal_and_page(direct, chromium):
    login = direct.begin_login()
    chromium.open(login.url)
    chromium.click("cancel")
    assert "refused" in chromium.wait_for_end()
    ran = login.end().failed_with(6)
    for said in (ran.stderr, chromium.text()):
        assert "did not agree to the application's permissions" in said and "AADSTS65004" in said, said
    chromium.screenshot("denied")
    direct.run("status").failed_with(3)


def test_failure_after_the_redirect_is_shown_on_terminal_and_page(direct, chromium):
    direct.control("misbehave", name="wrong-nonce")
    login = direct.begin_login()
    chromium.open(login.url)
    chromium.click("person-alice")
    assert "did not succeed" in chromium.wait_for_end()
    ran = login.end().failed_with(6)
    assert "nonce" in ran.stderr and "nonce" in chromium.text(), (ran, chromium.text())
    left_no_code(chromium, direct, login)
    chromium.screenshot("failed")
    direct.run("status").failed_with(3)


def test_forty_kilobytes_of_cookies_do_not_stop_the_callback(direct, chromium):
    """A browser sends the cookies of every program on localhost, whatever its port."""
    chromium.driver.execute_cdp_cmd("Network.enable", {})
    for number in range(12):
        cookie = {"url": "http://localhost:3000/", "name": f"session.{number}", "value": "x" * 3500}
        assert chromium.driver.execute_cdp_cmd("Network.setCookie", cookie)["success"]
    login = direct.begin_login()
    chromium.open(login.url)
    chromium.click("person-alice")
    assert "signed in" in chromium.wait_for_end()
    login.end().good()
    sent = chromium.driver.execute_cdp_cmd("Network.getCookies", {"urls": [login.redirect_uri()]})["cookies"]
    assert sum(len(cookie["value"]) for cookie in sent) > 40_000, "they were sent to the listener"


def test_error_callback_without_state_shows_none_of_its_text(direct, chromium):
    login = direct.begin_login()
    chromium.open(login.redirect_uri() + "?error=access_denied&error_description=%3Cb%3Eyou+are+hacked%3C/b%3E")
    assert "hacked" not in chromium.text()
    chromium.screenshot("not-ours")
    assert login.process.poll() is None
    login.interrupt()


WORKERS = {
    # Answers every page by itself.
    "greedy": """self.addEventListener("fetch", event => event.request.mode == "navigate" && event.respondWith(
        new Response("<title>caught</title>", { headers: { "Content-Type": "text/html" } })));""",
    # Passes everything on, as those of many frameworks do.
    "passing": """self.addEventListener("fetch", event => event.respondWith(fetch(event.request)));""",
}
BEGIN = """self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", event => event.waitUntil(clients.claim()));"""
REGISTER = """<!doctype html><title>old</title><script>
navigator.serviceWorker.register("/worker.js").then(() => navigator.serviceWorker.ready).then(() => document.title = "ready");
</script>"""
REGISTRATIONS = "return navigator.serviceWorker.getRegistrations().then(all => all.length)"


def leave_worker(chromium, port, script):
    """Serves a page at the port that registers a service worker for all of it, and ends."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            is_worker = self.path == "/worker.js"
            body = (script if is_worker else REGISTER).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if is_worker else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        chromium.open(f"http://localhost:{port}/")
        chromium.wait(lambda driver: driver.title == "ready")
        server.shutdown()


@pytest.mark.parametrize("kind", WORKERS)
def test_service_worker_left_at_the_port_is_removed(direct, chromium, kind):
    first = direct.begin_login()
    port = urllib.parse.urlsplit(first.short).port
    first.interrupt()
    leave_worker(chromium, port, BEGIN + WORKERS[kind])
    login = direct.begin_login()
    assert urllib.parse.urlsplit(login.short).port == port
    chromium.open(login.short)
    if kind == "greedy":
        # The worker has answered in place of cogfed, whose answer to the browser's next request ends it.
        assert chromium.driver.title == "caught"
        chromium.wait(lambda driver: driver.execute_script(REGISTRATIONS) == 0)
        chromium.open(login.short)
    chromium.click("person-alice")
    assert "You are signed in" in chromium.wait_for_end()
    login.end().good()
    assert chromium.driver.execute_script(REGISTRATIONS) == 0
    left_no_code(chromium, direct, login)


def test_cookies_of_40_kb_for_localhost_do_not_block_the_sign_in(direct, chromium):
    login = direct.begin_login()
    chromium.open(login.redirect_uri().replace("/callback", "/done"))
    for number in range(12):
        chromium.driver.add_cookie({"name": f"session.{number}", "value": "x" * 3500, "domain": "localhost"})
    chromium.open(login.short)
    chromium.click("person-alice")
    assert "You are signed in" in chromium.wait_for_end()
    assert "alice@corp.example" in chromium.text()
    login.end().good()
    assert len(chromium.driver.get_cookies()) == 12, "the developer's own cookies stay"


def test_login_times_out_after_the_browser_is_closed(direct):
    login = direct.begin_login("--timeout", "5")
    with Chromium() as browser:
        browser.open(login.url)
        browser.wait(lambda driver: driver.find_elements(By.ID, "person-alice"))
    ran = login.end().failed_with(3)
    assert "nobody signed in within 5 s" in ran.stderr
    assert "run 'cogfed login" in ran.stderr


# Texts that could become a script in a page. Each one tries to run `hacked()`.
PAYLOADS = [
    "<script>hacked()</script>", "<ScRiPt>hacked()</sCrIpT>", "<script src=data:text/javascript,hacked()></script>",
    "<script >hacked()</script >", "<script/x>hacked()</script>", "<<script>hacked()//<</script>",
    "<scr<script>ipt>hacked()</scr</script>ipt>", "<script>hacked()", "</p><script>hacked()</script>",
    "</title><script>hacked()</script>", "</style><script>hacked()</script>", "</main></body><script>hacked()</script>",
    "--><script>hacked()</script>", "]]><script>hacked()</script>", "<!--><script>hacked()</script>-->",
    "<img src=x onerror=hacked()>", "<img/src=x/onerror=hacked()>", '"><img src=x onerror=hacked()>',
    "'><img src=x onerror=hacked()>", "<IMG SRC=javascript:hacked()>", "<img src=x:x onerror\n=\nhacked()>",
    "<svg onload=hacked()>", "<svg/onload=hacked()>", "<svg><script>hacked()</script></svg>",
    "<svg><animate onbegin=hacked() attributeName=x dur=1s>", "<svg><a xlink:href=javascript:hacked()><text>x</text></a></svg>",
    "<math><mtext><script>hacked()</script></mtext></math>", "<math href=javascript:hacked()>x</math>",
    "<body onload=hacked()>", "<body onpageshow=hacked()>", "<iframe src=javascript:hacked()>",
    "<iframe srcdoc='<script>parent.hacked()</script>'>", "<object data=javascript:hacked()>", "<embed src=javascript:hacked()>",
    "<video><source onerror=hacked()></video>", "<audio src=x onerror=hacked()>", "<details open ontoggle=hacked()>x</details>",
    "<input autofocus onfocus=hacked()>", "<select autofocus onfocus=hacked()>", "<textarea autofocus onfocus=hacked()>",
    "<marquee onstart=hacked()>x</marquee>", "<p style='animation:x' onanimationstart=hacked()>x</p>",
    "<a href=javascript:hacked() id=go>x</a>", "<form action=javascript:hacked()><button id=go>x</button></form>",
    "<isindex action=javascript:hacked() type=image>", "<base href=javascript:hacked()//>",
    "<meta http-equiv=refresh content='0;url=javascript:hacked()'>", "<link rel=stylesheet href=javascript:hacked()>",
    "<link rel=import href=data:text/html,hacked>", "<style>@import 'javascript:hacked()';</style>",
    "<style>body{background:url(javascript:hacked())}</style>", "<template><script>hacked()</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=hacked()>'>", "<xmp><script>hacked()</script></xmp>",
    "&lt;script&gt;hacked()&lt;/script&gt;", "&#60;script&#62;hacked()&#60;/script&#62;", "\\u003cscript\\u003ehacked()\\u003c/script\\u003e",
    "\x00<script>hacked()</script>", "<scr\x00ipt>hacked()</scr\x00ipt>", "\ufeff<script>hacked()</script>",
    "+ADw-script+AD4-hacked()+ADw-/script+AD4-", "\u202e<script>hacked()</script>", "javascript:hacked()", "${hacked()}{{hacked()}}",
]

WATCH = """
let count = 0;
window.hacked = () => { count += 1; };
Object.defineProperty(window, "hackedTimes", { get: () => count });
"""


def test_error_description_never_becomes_a_script(direct, chromium):
    assert len(set(PAYLOADS)) >= 60
    chromium.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    shapes = set()
    for payload in PAYLOADS:
        login = direct.begin_login()
        said = {"error": "server_error", "error_description": payload}
        # First from a sender who does not know the state, and then from the user pool itself.
        chromium.open(f"{login.redirect_uri()}?{urllib.parse.urlencode(said)}")
        assert "Nothing to see here" in chromium.driver.title and "hacked" not in chromium.text(), payload
        query = urllib.parse.urlencode({**said, "state": login.state()})
        chromium.open(f"{login.redirect_uri()}?{query}")
        assert "refused" in chromium.wait_for_end(), payload
        # With this error code the user pool reports a fault of its own.
        assert login.end().failed_with(5).stderr.count("hacked") >= 1, payload
        assert "hacked" in chromium.text(), f"{payload} is shown, as the text that it is"
        times, scripts, shape = chromium.driver.execute_script(SHAPE)
        assert (times, scripts) == (0, 0), payload
        shapes.add(shape)
    assert len(shapes) == 1, f"the page has the same elements and attributes whatever the text is: {shapes}"


# The number of runs of the payload, the scripts on the page, and all its elements with their attributes' names.
SHAPE = """
const shape = [...document.querySelectorAll("*")].map(element => [element.tagName, ...element.getAttributeNames()].join(" "));
return [window.hackedTimes, document.scripts.length, shape.join("; ")];
"""


HOSTILE = """<!doctype html><title>busy</title><body><script>
const at = "%s";
const said = "error=access_denied&error_description=" + encodeURIComponent("\\u001b[2J you were hacked");
let done = 0, began = 0;
const count = () => { done += 1; document.title = done + " of 1000"; };
const hits = [
  n => new Promise(end => { const i = new Image(); i.onload = i.onerror = end; i.src = at + "?" + said + "&n=" + n; }),
  n => fetch(at + "?" + said + "&state=guess" + n, { mode: "no-cors" }).catch(() => 0),
  n => fetch(at + "?code=stolen" + n + "&state=guess", { mode: "no-cors", credentials: "include" }).catch(() => 0),
  n => fetch(at, { mode: "no-cors", method: "POST", body: said }).catch(() => 0),
  n => new Promise(end => {
    const frame = document.createElement("iframe"), form = document.createElement("form");
    frame.name = "frame" + n; form.target = frame.name; form.action = at; form.method = n %% 2 ? "get" : "post";
    form.innerHTML = '<input name="error" value="access_denied"><input name="state" value="x">';
    document.body.append(frame, form);
    frame.onload = () => { if (frame.dataset.sent) { frame.remove(); form.remove(); end(); } };
    frame.dataset.sent = 1; form.submit();
  }),
];
const worker = async () => { while (began < 1000) { const n = began++; await hits[n %% hits.length](n); count(); } };
for (let i = 0; i < 8; i += 1) worker();
</script>"""


class Hostile(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write((HOSTILE % self.server.aim).encode())

    def log_message(self, *_):
        pass


def test_hostile_page_does_not_affect_the_sign_in(direct, chromium):
    login = direct.begin_login()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    server.aim = login.redirect_uri()
    threading.Thread(target=server.serve_forever).start()
    try:
        chromium.open(f"http://127.0.0.1:{server.server_port}/")
        hostile = chromium.driver.current_window_handle
        chromium.wait(lambda driver: driver.title.endswith("of 1000"))
        # Meanwhile the person signs in, in another tab.
        chromium.driver.switch_to.new_window("tab")
        chromium.open(login.url)
        own = chromium.driver.current_window_handle
        chromium.wait(lambda driver: driver.find_elements(By.ID, "person-alice"))
        chromium.driver.switch_to.window(hostile)
        chromium.wait(lambda driver: driver.title == "1000 of 1000")
        assert login.process.poll() is None, "the wait goes on"
        chromium.driver.switch_to.window(own)
        chromium.click("person-alice")
        assert "You are signed in" in chromium.wait_for_end()
    finally:
        server.shutdown()
        server.server_close()
    ran = login.end().good()
    assert "signed in as alice@" in ran.stderr
    assert "someone reported" not in ran.stderr, "images, frames and scripts of a page do not count"
    assert "\x1b" not in ran.stderr
