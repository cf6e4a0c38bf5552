"""Support for the checks: a home, a sandbox, cogfed in it, and a keyring session around it."""

import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / "target"
COGFED = os.environ.get("COGFED", str(TARGET / "debug/cogfed"))
AWS = str(Path(sys.executable).with_name("aws"))
PROFILE = "lab"
# In the environment of every process started here, so that leftover processes can be found.
MARK = f"cogfed-real-{os.getpid()}"
# Longer than anything takes on a slow machine, in seconds. It only bounds a check that hangs.
LONG = 60
# Lines that the checks report in addition to passing: measured times, and the versions of counterparts.
TOLD = []


def skip(why):
    """Skips a check whose requirement is missing here. Under CI the check fails."""
    if "CI" in os.environ:
        pytest.fail(f"not to be skipped under CI: {why}")
    pytest.skip(why)


def free_ports(count):
    """Returns ports that are free on both loopback addresses, if there are both."""
    ports = []
    while len(ports) < count:
        with socket.create_server(("127.0.0.1", 0)) as four:
            port = four.getsockname()[1]
            try:
                socket.create_server(("::1", port), family=socket.AF_INET6).close()
            except OSError as error:
                if error.errno == 98:
                    continue
            if port not in ports:
                ports.append(port)
    return ports


def listens(port):
    """Returns whether something accepts connections at this port of 127.0.0.1."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    except OSError:
        return False


class Ran:
    """The result of a run."""

    def __init__(self, words, status, stdout, stderr):
        self.words, self.status, self.stdout, self.stderr = words, status, stdout, stderr

    def good(self):
        return self.failed_with(0)

    def failed_with(self, status):
        assert self.status == status, self
        return self

    def json(self):
        return json.loads(self.stdout)

    def __repr__(self):
        return f"{self.words}: status {self.status}\n-- stdout\n{self.stdout}\n-- stderr\n{self.stderr}"


class Lab:
    """A home with a sandbox's profile in it. All files of cogfed, the keyring and the AWS tools are below it."""

    def __init__(self, *flags, store=None, chooser=False, below=None):
        self.home = Path(tempfile.mkdtemp(prefix="cogfed-real.", dir=below))
        self.keyring = None
        self.config = self.home / ".config/cogfed/config.toml"
        self.config.parent.mkdir(parents=True)
        self.ports = free_ports(3)
        words = [COGFED, "sandbox", "--json", "--until-stdin-closes", "--config", str(self.config)]
        words += ["--name", PROFILE, "--redirect-ports", ",".join(map(str, self.ports)), *flags]
        if store:
            words += ["--store", store]
        self.sandbox = subprocess.Popen(
            words, env=self.env(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, text=True
        )
        if not select.select([self.sandbox.stdout], [], [], LONG)[0]:
            self.sandbox.kill()
            raise TimeoutError("the sandbox says nothing")
        self.about = json.loads(self.sandbox.stdout.readline())
        self.hosts, self.api = self.about["hosts"], self.about["api"]
        if chooser:
            text = self.config.read_text()
            assert 'identity_provider = "AzureAD"\n' in text
            self.config.write_text(text.replace('identity_provider = "AzureAD"\n', ""))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close_keyring()
        self.sandbox.stdin.close()
        self.sandbox.wait(LONG)
        self.sandbox.stdout.close()
        self.unlink_kernel_keys()
        # The last process of a closed session may still be writing.
        wait_until(lambda: shutil.rmtree(self.home, ignore_errors=True) or not self.home.exists())

    # The sandbox's controls.

    def control(self, path, **parameters):
        """Reads a control or, with parameters, changes something."""
        url = f"{self.hosts['control']}/{path}"
        if not parameters:
            request = urllib.request.Request(url)
        else:
            request = urllib.request.Request(f"{url}?{urllib.parse.urlencode(parameters)}", method="POST")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=LONG) as answer:
            return json.load(answer)

    def secrets(self):
        """Returns every secret that the sandbox has issued."""
        secrets = self.control("secrets")["secrets"]
        assert secrets
        return secrets

    # The keyring session.

    def open_keyring(self, state):
        """Runs everything in this home in a session whose keyring is in this state, from now on."""
        self.close_keyring()
        self.keyring = KeyringSession(self.home, state)

    def close_keyring(self):
        if self.keyring:
            self.keyring.close()
            self.keyring = None

    def kernel_keys(self):
        """Returns the ids of the keys of this sandbox's app client in the kernel's user keyring."""
        listed = subprocess.run(["keyctl", "rlist", "@u"], capture_output=True, text=True, check=False).stdout.split()
        return [key for key in listed if self.about["client_id"] in kernel_description(key)]

    def forget_credentials(self):
        """Removes the stored AWS credentials and their copy in the kernel, so that the next run needs the tokens."""
        about = self.about
        account = f"{about['user_pool_id']}/{about['client_id']}/AzureAD/{about['identity_pool_id']}/default"
        self.program("secret-tool", "clear", "service", "cogfed", "username", f"credentials/{account}").good()
        self.unlink_kernel_keys()
        assert self.kernel_keys() == []

    def unlink_kernel_keys(self):
        for key in self.kernel_keys():
            subprocess.run(["keyctl", "unlink", key, "@u"], stdout=subprocess.DEVNULL, check=False)

    # Programs in this home.

    def folder(self):
        """Returns the current folder of programs. It is not the home: no configuration below the current folder counts."""
        folder = self.home / "work"
        folder.mkdir(exist_ok=True)
        return folder

    def env(self, **more):
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "REAL_CHECKS_MARK": MARK,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if self.keyring:
            env.update(self.keyring.variables)
        env.update(more)
        return env

    def run(self, *words, env=None, **more):
        """Runs cogfed to its end."""
        return self.program(COGFED, *words, env=env, **more)

    def program(self, *words, env=None, stdin=subprocess.DEVNULL, **more):
        words = [str(word) for word in words]
        env = self.env(**more) if env is None else env
        ran = subprocess.run(words, env=env, cwd=self.folder(), stdin=stdin, capture_output=True, text=True, timeout=LONG)
        return Ran(words, ran.returncode, ran.stdout, ran.stderr)

    def begin_login(self, *flags, **more):
        """Starts a login that opens no browser, and returns when its listener waits."""
        return WaitingLogin(self, ["login", "--no-browser", *flags], more)

    def login(self, person="alice", **more):
        """Signs a person in without a browser, as a preparation of the actual check."""
        waiting = self.begin_login(**more)
        sign_in(waiting.url, person)
        return waiting.end().good()

    def files(self):
        """Returns every file below the home."""
        return [path for path in self.home.rglob("*") if path.is_file() and not path.is_symlink()]


class WaitingLogin:
    """A cogfed that waits for the browser: `login`, or a demo."""

    def __init__(self, lab, words, more, may_end=False):
        """With `may_end` the process may end before it prints its URL."""
        self.words = words
        self.process = subprocess.Popen(
            [COGFED, *words], env=lab.env(**more), cwd=lab.folder(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )
        self.said = ""
        addresses = []
        while "waiting up to" not in self.said:
            line = self.process.stderr.readline()
            if may_end and not line:
                break
            assert line, f"it ended: {self.said}"
            self.said += line
            if line.startswith("http"):
                addresses.append(line.strip())
        # The address that cogfed opens, and the one that it leads to.
        self.short = addresses[0] if addresses else None
        self.url = location(addresses) if addresses else None

    def redirect_uri(self):
        return self.parameter("redirect_uri")

    def state(self):
        return self.parameter("state")

    def parameter(self, name):
        return urllib.parse.parse_qs(urllib.parse.urlsplit(self.url).query)[name][0]

    def end(self, sent=None):
        if sent:
            self.process.send_signal(sent)
        try:
            stdout, stderr = self.process.communicate(timeout=LONG)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        return Ran(self.words, self.process.returncode, stdout, self.said + stderr)

    def interrupt(self):
        return self.end(signal.SIGINT)


class KeyringSession:
    """A session with a keyring, kept open by a shell that waits in it."""

    def __init__(self, home, state):
        self.errors = tempfile.TemporaryFile()
        names = ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "DISPLAY"]
        shell = "; ".join(f'echo "{name}=${name}"' for name in names) + "; echo ready; read -r _"
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "REAL_CHECKS_MARK": MARK}
        self.process = subprocess.Popen(
            [str(HERE / "with_keyring"), state, "sh", "-c", shell], env=env, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.errors, text=True,
        )
        self.variables = {}
        for line in self.process.stdout:
            if line == "ready\n":
                return
            name, value = line.rstrip("\n").split("=", 1)
            if value:
                self.variables[name] = value
        self.errors.seek(0)
        raise RuntimeError(f"no {state} keyring: {self.errors.read().decode()}")

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(LONG)
        self.errors.close()


def wait_until(condition):
    """Asks repeatedly until the answer is true, and returns it."""
    end = time.monotonic() + LONG
    while not (answer := condition()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
    return answer


def kernel_description(key):
    """Returns the kernel's description of a key, such as `user;0;0;3f010000;cogfed:cache:credentials/…`."""
    return subprocess.run(["keyctl", "rdescribe", key], capture_output=True, text=True, check=False).stdout.strip()


def kernel_keeps_keys():
    """Returns whether this kernel lets us keep a key in the user keyring. Many containers do not."""
    made = subprocess.run(
        ["keyctl", "add", "user", f"{MARK}-probe", "x", "@u"], capture_output=True, text=True, check=False
    )
    if made.returncode:
        return False
    subprocess.run(["keyctl", "unlink", made.stdout.strip(), "@u"], stdout=subprocess.DEVNULL, check=True)
    return True


def configure_aws(lab, profiles, region="eu-west-1"):
    """Writes ~/.aws/config: for each AWS profile, the flags of its credential_process."""
    config = lab.home / ".aws/config"
    config.parent.mkdir(exist_ok=True)
    config.write_text(
        "".join(
            f"[profile {name}]\nregion = {region}\ncredential_process = {COGFED} credential-process {flags}\n"
            for name, flags in profiles.items()
        )
    )


def by_cli(lab, profile, sts=None):
    """Returns the identity that the AWS CLI has in an AWS profile."""
    words = [AWS, "sts", "get-caller-identity", "--profile", profile, "--output", "json"]
    return lab.program(*words, "--endpoint-url", sts or lab.hosts["sts"]).good().json()


def role_of(arn):
    """Returns the name of the role in the ARN of its session."""
    return arn.split(":assumed-role/")[1].split("/")[0]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def location(addresses):
    """Returns the authorization URL among the printed addresses, or the one that the short address leads to."""
    if len(addresses) > 1:
        return addresses[-1]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect())
    try:
        opener.open(addresses[0], timeout=LONG)
    except urllib.error.HTTPError as redirect:
        assert redirect.code == 302
        return redirect.headers["Location"]
    raise AssertionError(f"{addresses[0]} leads nowhere")


def sign_in(url, person):
    """Goes through the directory's page without a browser, up to the listener's last page."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
    with opener.open(url, timeout=LONG) as answer:
        page, address = answer.read().decode(), answer.url
    action = re.search(r'<form [^>]*action="([^"]+)"', page)[1]
    transaction = re.search(r'name="transaction" value="([^"]+)"', page)[1]
    form = urllib.parse.urlencode({"transaction": transaction, "person": person}).encode()
    with opener.open(urllib.parse.urljoin(address, action), form, timeout=LONG) as answer:
        return answer.read().decode()


def left_over():
    """Returns the processes with our mark in their environment, except this one."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if f"REAL_CHECKS_MARK={MARK}".encode() in (entry / "environ").read_bytes():
                    found.append((entry.name, (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()))
            except OSError:
                continue
    return found
