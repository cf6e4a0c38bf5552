"""The Secret Service fails at any one of cogfed's calls, or at that call and all later ones. cogfed exits with the
store's code in time, loses no valid token, and writes no plain file instead. Its next run succeeds.

REAL_CHECKS_MARK_ALL=1 tries every fault at every call, instead of a few in turn.
"""

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import datetime, timezone

import pytest

from bus_proxy import ERRORS, BusProxy
from support import COGFED, LONG, PROFILE, Lab, WaitingLogin, sign_in, wait_until

# The longest time of a run without a terminal: four seconds for the keyring, and the rest on a busy machine.
UNATTENDED = 4 + 10
ONCE = [*ERRORS, "close", "lost", "wrong-body", "empty-body", "twice", "dismiss"]
FOR_GOOD = [*ERRORS, "close", "lost", "wrong-body", "dismiss"]
EVERYTHING = "REAL_CHECKS_MARK_ALL" in os.environ
# Runs that wait for a silent keyring need no processor. Of the others, a few at a time are enough for gnome-keyring.
WORKERS, BUSY = 10, 3


class Crowd:
    """A lab whose tokens and credentials are always due, with a separate sign-in for each worker."""

    def __init__(self, grace):
        # In memory if possible: gnome-keyring waits for the disk at each write, one after the other.
        below = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        flags = ["--rotate", str(grace), "--token-lifetime", "20", "--credentials-lifetime", "1"]
        self.lab = Lab(*flags, below=below)
        self.lab.open_keyring("open")
        self.bus = self.lab.keyring.variables["DBUS_SESSION_BUS_ADDRESS"]
        section = self.lab.config.read_text().partition(f"[profile.{PROFILE}]\n")[2]
        head, endpoints = section.split(f"[profile.{PROFILE}.endpoints]\n")
        text = ""
        for number in range(WORKERS):
            text += f'[profile.w{number}]\naccount = "w{number}"\n{head}[profile.w{number}.endpoints]\n{endpoints}'
        self.lab.config.write_text(text)
        self.free = [Worker(self, f"w{number}") for number in range(WORKERS)]
        self.busy, self.lock, self.count = threading.Semaphore(BUSY), threading.Lock(), 0

    def sweep(self, cases):
        """Runs all cases in parallel, and raises the first failure."""

        def one(case):
            with self.lock:
                worker = self.free.pop()
            try:
                return worker.case(*case)
            except Exception as error:
                error.add_note(f"in the case {case}")
                raise
            finally:
                self.free.append(worker)

        with ThreadPoolExecutor(WORKERS) as pool:
            return [outcome.result() for outcome in [pool.submit(one, case) for case in cases]]

    def name(self):
        with self.lock:
            self.count += 1
            return f"p{self.count}"


class Worker:
    def __init__(self, crowd, profile):
        self.crowd, self.lab, self.profile = crowd, crowd.lab, profile
        about = self.lab.about
        of = f"{about['user_pool_id']}/{about['client_id']}/{profile}"
        self.tokens = f"tokens/{of}"
        self.credentials = f"credentials/{of}/{about['identity_pool_id']}/default"

    def run(self, *words, **more):
        return self.lab.run(*words, "--profile", self.profile, **more)

    def login(self, *flags, **more):
        """Signs in, unless the process ends before that."""
        words = ["login", "--no-browser", "--timeout", str(LONG), "--profile", self.profile, *flags]
        waiting = WaitingLogin(self.lab, words, more, may_end=True)
        if waiting.url is None:
            return waiting.end()
        try:
            sign_in(waiting.url, "alice")
        except OSError:
            pass  # The page that reports the store's failure has an error status.
        return waiting.end()

    def lookup(self, account):
        ran = self.lab.program("secret-tool", "lookup", "service", "cogfed", "username", account)
        return ran.stdout if ran.status == 0 else None

    def has(self, account):
        return self.lookup(account) is not None

    def case(self, verb, fault, at, for_good):
        """Runs one case: prepares it, provokes the fault, checks the run and the next one."""
        with self.crowd.busy:
            self.make_ready(verb)
        with BusProxy(self.lab.home, self.crowd.name(), self.crowd.bus, fault, at, for_good) as proxy:
            # Not more logins at a time than there are ports.
            with nullcontext() if fault == "never" and verb not in SIGNING_IN else self.crowd.busy:
                start = time.monotonic()
                ran = VERBS[verb](self, {"DBUS_SESSION_BUS_ADDRESS": proxy.address})
                took = time.monotonic() - start
            if at == 0:
                return len(proxy.calls)
            if not proxy.spoiled.is_set():
                # This run needed fewer calls than the counted one.
                assert (ran.status, len(proxy.calls) < at) == (0, True), (proxy.calls, ran)
                return 0
        self.check(ran, verb, fault, took)
        with self.crowd.busy:
            return self.next(ran, verb, fault, for_good)

    def make_ready(self, verb):
        if verb == "sign-in":
            self.run("logout").good()
        elif self.run("status").status != 0:
            self.login().good()
            self.run("credential-process").good()
        if verb == "renewal" and (text := self.lookup(self.credentials)):
            record = json.loads(text)
            end, issued = (datetime.fromisoformat(record[name]) for name in ("expires_at", "issued_at"))
            wait_until(lambda: datetime.now(timezone.utc) > issued + (end - issued) / 2)
        if verb == "cold":
            self.lab.program("secret-tool", "clear", "service", "cogfed", "username", self.credentials)

    def configuration(self, ran):
        """Returns the lines that a login recommends for the AWS CLI's configuration."""
        if "login" not in ran.words:
            return ()
        region = self.lab.about["user_pool_id"].partition("_")[0]
        command = f"{COGFED} credential-process --profile {self.profile}"
        return f"[profile {self.profile}]", f"region = {region}", f"credential_process = {command}"

    def check(self, ran, verb, fault, took):
        assert ran.status in (0, 4), ran
        assert "panicked" not in ran.stderr, ran
        lines = ran.stderr.splitlines()
        assert all(line.startswith(("cogfed: ", "http://")) or line in self.configuration(ran) for line in lines), ran
        errors = [line for line in lines if line.startswith("cogfed: error: ")]
        assert len(errors) == (ran.status != 0), ran
        if ran.status == 4:
            # credential-process reports everything in one line.
            assert "credential-process" not in ran.words or ("; " in errors[0] and "cogfed: hint" not in ran.stderr), ran
            assert "credential-process" in ran.words or "cogfed: hint: " in ran.stderr, ran
            assert ran.stdout == "", ran
        elif "credential-process" in ran.words:
            assert json.loads(ran.stdout)["Version"] == 1
        if fault == "never":
            assert took < UNATTENDED, (took, ran)

    def next(self, ran, verb, fault, for_good):
        if verb == "logout":
            # The next sign-out removes any leftovers. (If the service falsely reports success, cogfed believes it.)
            self.run("logout").good()
            assert not self.has(self.tokens) and not self.has(self.credentials), ran
        elif verb in SIGNING_IN:
            after = self.run("credential-process")
            assert after.status == 0 or (verb, after.status) == ("sign-in", 3) and "cogfed login" in after.stderr, (ran, after)
            # After a failed run, a sign-in can exist only if an answer was lost.
            assert ran.status == 4 or after.status == 0 or fault == "empty-body", (ran, after)
        else:
            self.run("credential-process").good()
        return ran.status


SIGNING_IN = ("sign-in", "forced")
VERBS = {
    "renewal": lambda worker, bus: worker.run("credential-process", **bus),
    "cold": lambda worker, bus: worker.run("credential-process", **bus),
    "status": lambda worker, bus: worker.run("status", **bus),
    "login": lambda worker, bus: worker.run("login", "--no-browser", **bus),
    "sign-in": lambda worker, bus: worker.login(**bus),
    "forced": lambda worker, bus: worker.login("--force", **bus),
    "logout": lambda worker, bus: worker.run("logout", **bus),
}


@pytest.fixture(scope="module")
def crowd():
    crowd = Crowd(grace=60)
    with crowd.lab:
        yield crowd


def some(faults, verb, at, count):
    """Returns a few of the faults, different ones at each call, so that all are used."""
    first = at * count + sum(map(ord, verb))
    return faults if EVERYTHING else [faults[(first + more) % len(faults)] for more in range(count)]


@pytest.mark.parametrize("verb", VERBS)
def test_keyring_failing_at_any_call_loses_nothing(crowd, verb):
    (calls,) = crowd.sweep([(verb, "none", 0, False)])
    assert calls >= 4, calls
    cases = []
    for at in range(1, calls + 1):
        cases += [(verb, fault, at, False) for fault in some(ONCE, verb, at, 2)]
        cases += [(verb, fault, at, True) for fault in some(FOR_GOOD, verb, at, 1)]
        cases.append((verb, "never", at, False))
    outcomes = crowd.sweep(cases)
    print(f"{verb}: {calls} calls, {len(cases)} cases, {outcomes.count(4)} of them told as the store's failure")
    assert outcomes.count(4) >= calls
    # No file replaces the keyring.
    secrets = [secret.encode() for secret in crowd.lab.secrets()]
    for path in crowd.lab.files():
        content = path.read_bytes()
        assert not any(secret in content for secret in secrets), path
    assert not (crowd.lab.home / ".local/state/cogfed/store").exists()


def test_single_keyring_failure_without_grace_loses_no_refresh_token():
    crowd = Crowd(grace=0)
    with crowd.lab:
        (calls,) = crowd.sweep([("renewal", "none", 0, False)])
        cases = [("renewal", fault, at, False) for at in range(1, calls + 1) for fault in some(ONCE, "renewal", at, 1)]
        outcomes = crowd.sweep(cases)
        print(f"{len(cases)} cases, {outcomes.count(0)} of them without a word")
        assert outcomes.count(0) > len(cases) / 2

