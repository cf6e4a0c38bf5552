"""A sign-in under attack: hostile requests from a page and from sockets, idle connections, an endless header."""

import contextlib
import http.server
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from support import HERE, LONG, MARK, TOLD, Lab, wait_until

SECONDS = 30
# Requests per second: the generator's rate, and the lowest sufficient rate of both sources together.
FROM_SOCKETS, AT_LEAST = 1250, 1000
# A slower machine reaches less, and reports it. Below this rate, the generator or the listener has a fault.
FLOOR = 700
IDLE = 200
# In MiB.
MEMORY = 32

PAGE = """<!doctype html><title>0</title><body><script>
const at = "%s";
const said = "error=access_denied&error_description=" + encodeURIComponent("<script>hacked");
let number = 0;
const ways = [
  n => new Promise(end => { const i = new Image(); i.onload = i.onerror = end; i.src = at + "?" + said + "&n=" + n; }),
  n => fetch(at + "?" + said + "&state=guess" + n, { mode: "no-cors" }),
  n => fetch(at + "?code=stolen" + n + "&state=guess", { mode: "no-cors", credentials: "include" }),
  n => fetch(at, { mode: "no-cors", method: "POST", body: said }),
  n => fetch(at.replace("callback", "done"), { mode: "cors" }),
  n => new Promise(end => {
    const frame = document.createElement("iframe"), form = document.createElement("form");
    frame.name = "frame" + n; form.target = frame.name; form.action = at; form.method = n %% 2 ? "get" : "post";
    form.innerHTML = '<input name="error" value="access_denied"><input name="state" value="x">';
    document.body.append(frame, form);
    frame.onload = () => { if (frame.dataset.sent) { frame.remove(); form.remove(); end(); } };
    frame.dataset.sent = 1; form.submit();
  }),
];
// The pause leaves chromedriver, which hears of every frame, time to answer.
const pause = () => new Promise(end => setTimeout(end, 50));
const worker = async () => {
  for (;;) { const n = number++; try { await ways[n %% ways.length](n); } catch {} document.title = n; await pause(); }
};
for (let i = 0; i < 4; i += 1) worker();
</script>"""


@pytest.fixture
def lab():
    with Lab(store="file") as lab:
        yield lab


@pytest.fixture
def page():
    """Serves the hostile page. `aim` is the address of its requests."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write((PAGE % self.server.aim).encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    yield server
    server.shutdown()
    server.server_close()


class Sockets:
    """The generator of hostile requests. Its low priority keeps the scheduler out of the measurement."""

    def __init__(self, lab, port, rate=FROM_SOCKETS, idle=IDLE):
        words = ["nice", "-n", "5", sys.executable, HERE / "hostile_sockets.py", port, rate, idle]
        self.process = subprocess.Popen(
            list(map(str, words)), env=lab.env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout.readline() == "begun\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(LONG)
        self.process.stdout.close()

    def counted(self):
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Memory:
    """Measures a process's peak memory until its end, in MiB."""

    def __init__(self, process):
        self.peak = 0.0
        self.thread = threading.Thread(target=self.watch, args=(process.pid,))
        self.thread.start()

    def watch(self, pid):
        while True:
            try:
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
            except OSError:
                return
            peak = [int(line.split()[1]) for line in lines if line.startswith("VmHWM:")]
            if not peak:
                return
            self.peak = max(self.peak, peak[0] / 1024)
            time.sleep(0.02)


def port_of(login):
    return int(login.redirect_uri().split(":")[2].split("/")[0])


@contextlib.contextmanager
def ended(login):
    """Ends a login that a failed check may have left waiting."""
    try:
        yield login
    finally:
        login.process.kill()


def test_sign_in_completes_under_attack(lab, chromium, page):
    # With one core for the listener and one for everything else, this uses most of both.
    busy = os.getloadavg()[0] > os.cpu_count()
    login = lab.begin_login()
    memory = Memory(login.process)
    calm = memory.peak
    page.aim = login.redirect_uri()
    # The person's page is already open. The hostile page is in another window, so that both are drawn.
    chromium.open(login.url)
    chromium.wait(lambda driver: driver.find_elements(By.ID, "person-alice"))
    own = chromium.driver.current_window_handle
    chromium.driver.switch_to.new_window("window")
    with ended(login), Sockets(lab, port_of(login)) as sockets:
        chromium.open(f"http://127.0.0.1:{page.server_port}/")
        began = time.monotonic()
        wait_until(lambda: time.monotonic() - began > SECONDS)
        counted = sockets.counted()
        assert login.process.poll() is None, "the wait goes on"
        # Asked in the calm window: chromedriver waits for a window's navigations, and those of a hostile page never end.
        chromium.driver.switch_to.window(own)
        targets = chromium.driver.execute_cdp_cmd("Target.getTargets", {})["targetInfos"]
        hostile = f"http://127.0.0.1:{page.server_port}/"
        from_page = next(int(target["title"]) for target in targets if target["url"] == hostile)
        back = time.monotonic()
        chromium.click("person-alice")
        assert "You are signed in" in chromium.wait_for_end()
        took = time.monotonic() - back
        ran = login.end().good()
    memory.thread.join()
    rate = (counted["sent"] + from_page) / counted["seconds"]
    TOLD.append(
        f"storm: {rate:.0f} hostile requests a second for {counted['seconds']:.0f} s ({from_page} from the page), "
        f"{counted['answered']} answered and {counted['cut']} cut off of {counted['sent']} from sockets, "
        f"{counted['idle']} idle connections, {counted['header_bytes'] >> 20} MiB of header; "
        f"memory {calm:.1f}, then at most {memory.peak:.1f} MiB; from the click to the last page {took:.2f} s"
    )
    assert "signed in as alice@" in ran.stderr
    assert ran.stderr.count("someone reported the error 'access_denied'") == 1, ran
    assert 0 < memory.peak < MEMORY
    assert counted["idle"] == IDLE and counted["header_bytes"] > 0 and from_page > 0
    if rate < AT_LEAST:
        why = "it was busy before" if busy else "it takes no more"
        TOLD.append(f"storm: {AT_LEAST - rate:.0f} a second fewer than this is about, on this machine: {why}")
    assert busy or rate >= FLOOR


def test_login_times_out_on_time_under_attack(lab):
    began = time.monotonic()
    login = lab.begin_login("--timeout", "3")
    with ended(login), Sockets(lab, port_of(login)):
        ran = login.end().failed_with(3)
        took = time.monotonic() - began
    assert "nobody signed in within 3 s" in ran.stderr
    TOLD.append(f"storm: a wait of 3 s ended after {took:.2f} s")
    # The time beyond 3 s is for starting two programs, and for the third on a busy machine.
    assert 3 <= took < 10
