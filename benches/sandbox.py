"""cogfed with a sandbox of its own: the programs of benches/measure.py."""

import datetime
import html.parser
import http.cookiejar
import json
import os
import pathlib
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Page(html.parser.HTMLParser):
    """The form of a sign-in page, and its first button for a person."""

    def __init__(self, text):
        super().__init__()
        self.action, self.fields = None, {}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "form":
            self.action = found["action"]
        elif tag == "input" or (tag == "button" and found.get("name") == "person"):
            self.fields.setdefault(found["name"], found["value"])


def sign_in(url):
    """Signs in as a person does in the browser."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(jar))
    with browser.open(url) as answer:
        page, here = Page(answer.read().decode()), answer.geturl()
    body = urllib.parse.urlencode(page.fields).encode()
    with browser.open(urllib.parse.urljoin(here, page.action), body) as answer:
        answer.read()


class Sandbox:
    """A sandbox, and cogfed with a profile for it in the given store."""

    def __init__(self, cogfed, store, folder):
        self.cogfed = pathlib.Path(cogfed).resolve()
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True)
        self.config = folder / "config.toml"
        # A long lifetime, so that an ID token can be made older and is still valid.
        words = ["sandbox", "--json", "--until-stdin-closes", "--name", "bench", "--config", self.config]
        words += ["--store", store, "--token-lifetime", "36000"]
        words += ["--redirect-ports", ",".join(map(str, free_ports(3)))]
        self.process = subprocess.Popen([self.cogfed, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.told = json.loads(self.process.stdout.readline())
        self.environment = {**os.environ, "COGFED_CONFIG": str(self.config), "XDG_STATE_HOME": str(folder / "state")}
        os.environ.update(COGFED_CONFIG=self.environment["COGFED_CONFIG"])
        os.environ.update(XDG_STATE_HOME=self.environment["XDG_STATE_HOME"])

    def run(self, *words):
        """Returns the standard output of a run, which must succeed."""
        done = subprocess.run([self.cogfed, *words], env=self.environment, stdin=subprocess.DEVNULL, check=True,
                              stdout=subprocess.PIPE)
        return done.stdout.decode()

    def in_store(self, pattern):
        """Returns the only file of the file store that matches."""
        (path,) = pathlib.Path(self.environment["XDG_STATE_HOME"], "cogfed", "store").glob(pattern)
        return path

    def forget_credentials(self):
        """Deletes the credentials that the login made, in the file store."""
        self.in_store("credentials*").unlink()

    def age_id_token(self, hours):
        """Makes the stored ID token older, in the file store."""
        path = self.in_store("tokens*")
        record = json.loads(path.read_text())
        issued = datetime.datetime.fromisoformat(record["issued_at"].replace("Z", "+00:00"))
        record["issued_at"] = (issued - datetime.timedelta(hours=hours)).isoformat()
        path.write_text(json.dumps(record))

    def login(self):
        words = [self.cogfed, "login", "--no-browser"]
        login = subprocess.Popen(words, env=self.environment, stderr=subprocess.PIPE, text=True)
        url = next(line for line in login.stderr if line.startswith("http"))
        sign_in(url.strip())
        said = login.stderr.read()
        if login.wait():
            raise RuntimeError(said)

    def control(self, path, post=True):
        request = urllib.request.Request(self.told["hosts"]["control"] + path, data=b"" if post else None)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return json.load(answer)

    def close(self):
        words = [self.cogfed, "logout"]
        out = subprocess.run(words, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.process.stdin.close()
        self.process.wait()
        if out.returncode:
            raise RuntimeError(f"logout failed, something may be left in the store: {out.stderr}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
