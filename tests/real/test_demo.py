"""`cogfed demo` with a real Chromium as the system's browser, interrupted, and in an empty environment."""

import contextlib
import os
import re
import signal
import subprocess
import urllib.parse

import pytest

from browser import CHROMIUM, FLAGS, Chromium
from support import COGFED, LONG, Lab, WaitingLogin, left_over, listens, wait_until

OPENING = "www-browser"


@pytest.fixture
def lab():
    # The lab's sandbox is not used: the demo starts its own.
    with Lab(store="file") as lab:
        yield lab


def browser_command(lab, *words):
    """Returns a program for BROWSER that records its process id and runs these words with the URL."""
    path = lab.home / OPENING
    quoted = " ".join(f"'{word}'" for word in words)
    path.write_text(f'#!/bin/sh\necho $$ >"{lab.home}/pid"\nexec {quoted} "$@"\n')
    path.chmod(0o700)
    return str(path)


def temporary(lab):
    """Returns a separate folder for temporary files, to check the leftovers in it."""
    folder = lab.home / "tmp"
    folder.mkdir()
    return folder


@contextlib.contextmanager
def opened_by_cogfed(lab, profile):
    """Returns the Chromium that cogfed has opened, to be driven from now on."""
    port = profile / "DevToolsActivePort"
    wait_until(lambda: port.exists() and "\n" in port.read_text())
    pid = int((lab.home / "pid").read_text())
    try:
        with Chromium(f"127.0.0.1:{port.read_text().split()[0]}") as browser:
            yield browser
    finally:
        os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not any("chromium" in command for _, command in left_over()))


def ports_of(url):
    """Returns the known ports of a running demo: the domain's, and the listener's."""
    parts = urllib.parse.urlsplit(url)
    redirect = urllib.parse.parse_qs(parts.query)["redirect_uri"][0]
    return [parts.port, urllib.parse.urlsplit(redirect).port]


@pytest.mark.parametrize("person", ["bob", "alice"])
def test_demo_runs_with_chromium_as_the_browser(lab, person):
    folder, profile = temporary(lab), lab.home / "chromium"
    command = browser_command(lab, CHROMIUM, *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={profile}")
    demo = WaitingLogin(lab, ["demo"], {"BROWSER": command, "TMPDIR": str(folder)})
    ports = ports_of(demo.url)
    with opened_by_cogfed(lab, profile) as browser:
        # This is the tab that cogfed opened.
        browser.click(f"person-{person}")
        assert "You are signed in" in browser.wait_for_end()
        ran = demo.end().good()
    print(ran.stderr)
    for step in ("1. ", "2. ", "3. ", "4. ", "5. ", "6. ", "7. ", "nothing is left behind"):
        assert step in ran.stderr, ran
    assert f"signed in as {person}@" in ran.stderr and "is signed out" in ran.stderr
    assert ("OrdersReader' may not invoke" in ran.stderr) == (person == "bob")
    assert ("It was allowed" in ran.stderr) == (person == "alice")
    assert not any(listens(port) for port in ports)
    left = [path.name for path in folder.iterdir() if "chromium" not in path.name.lower()]
    assert left == [], "what Chromium leaves is its own"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_demo_interrupted_while_it_waits_leaves_nothing_behind(lab, sent):
    folder = temporary(lab)
    before = set(lab.files())
    demo = WaitingLogin(lab, ["demo"], {"BROWSER": browser_command(lab, "true"), "TMPDIR": str(folder)})
    ports = ports_of(demo.url)
    wait_until((lab.home / "pid").exists)
    assert list(folder.iterdir()) and all(listens(port) for port in ports)
    ran = demo.end(sent).failed_with(130)
    assert "interrupted" in ran.stderr
    assert list(folder.iterdir()) == []
    assert not any(listens(port) for port in ports)
    assert set(lab.files()) - before == {lab.home / OPENING, lab.home / "pid"}


@pytest.mark.parametrize("lines", [1, 10, 16])
def test_demo_interrupted_at_work_leaves_nothing_behind(lab, lines):
    """Interrupts a step while it writes, not while it waits for a person, unless the demo was faster."""
    folder = temporary(lab)
    demo = subprocess.Popen(
        [COGFED, "demo", "--headless"], env=lab.env(TMPDIR=str(folder)), stderr=subprocess.PIPE, text=True
    )
    for _ in range(lines):
        assert demo.stderr.readline()
    demo.send_signal(signal.SIGINT)
    said = demo.communicate(timeout=LONG)[1]
    assert demo.returncode in (0, 130), said
    assert list(folder.iterdir()) == []


CALLS = "openat open creat mkdir mkdirat rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat".split()
WRITES = re.compile(rf'\b(?:{"|".join(CALLS)})\((.*)\) += (\d+)')


def written(trace):
    """Returns every path that a traced run created, changed or removed."""
    paths = set()
    for line in trace.splitlines():
        found = WRITES.search(line)
        if found and ("open" not in line.split("(")[0] or re.search(r"O_CREAT|O_WRONLY|O_RDWR", line)):
            paths.update(re.findall(r'"([^"]*)"', found[1]))
    return paths


def test_headless_demo_runs_in_an_empty_environment(lab):
    folder, trace = temporary(lab), lab.home / "trace"
    env = {"HOME": "/nonexistent", "PATH": os.environ["PATH"], "TMPDIR": str(folder)}
    traced = ["strace", "-f", "-s", "4096", "-e", f"trace={','.join(CALLS)}", "-o", trace]
    ran = lab.program(*traced, COGFED, "demo", "--headless", env=env).good()
    assert "nothing is left behind" in ran.stderr and ran.stdout == ""
    paths = written(trace.read_text())
    print(len(paths), "paths were written to")
    # Names without a folder are relative to an open folder. Those are the demo's own, as the other names show.
    assert any(path.startswith(str(folder)) for path in paths)
    outside = [path for path in paths if path.startswith("/") and not path.startswith(str(folder))]
    assert set(outside) <= {"/dev/null"}
    assert list(folder.iterdir()) == []
    assert not os.path.exists("/nonexistent")
