"""Sign-in without a browser, on a real terminal: the prompt, the clipboard, Ctrl-C."""

import base64
import functools
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import termios
import threading
import time
import urllib.parse
import urllib.request

import pytest

from support import COGFED, LONG, Lab, listens, location, sign_in, skip, wait_until

PROMPT = "or paste here the address that the browser ended on, if it cannot reach this machine:"
COPY = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
SSH = {"SSH_CONNECTION": "10.0.0.2 50000 10.0.0.7 2222", "SSH_TTY": "/dev/pts/0"}


@pytest.fixture(scope="module")
def lab():
    with Lab(store="file") as lab:
        yield lab


class OnTerminal:
    """A program on a new terminal, whose other end the test holds."""

    def __init__(self, lab, *words, **more):
        self.shown, self.lab = "", lab
        # This end stays open, so that the terminal outlives the program and can be read.
        self.ours, self.theirs = pty.openpty()
        self.attributes = termios.tcgetattr(self.theirs)
        env = lab.env(**{"TERM": "xterm-256color", **more})
        script = 'exec 0<"$0" 1>"$0" 2>"$0"; exec "$@"'
        self.process = subprocess.Popen(
            ["setsid", "sh", "-c", script, os.ttyname(self.theirs), *words], env=env, cwd=lab.folder(),
            stdin=subprocess.DEVNULL,
        )

    @classmethod
    def login(cls, lab, *flags, until=PROMPT, **more):
        terminal = cls(lab, COGFED, "login", *flags, **more)
        terminal.read_until(until)
        assert terminal.url, "it is known before the listener ends"
        return terminal

    def read_until(self, text):
        end = time.monotonic() + LONG
        while text not in self.shown:
            assert time.monotonic() < end, f"it never came: {text!r} in {self.shown!r}"
            self.read(0.1)

    def read(self, seconds):
        if select.select([self.ours], [], [], seconds)[0]:
            self.shown += os.read(self.ours, 65536).decode(errors="replace")
            return True
        return False

    def type(self, text):
        """Writes to the terminal while reading from it, as a real terminal does."""
        rest = text.encode()
        while rest:
            readable, writable, _ = select.select([self.ours], [self.ours], [], LONG)
            assert readable or writable, "the terminal takes nothing more"
            if readable:
                self.shown += os.read(self.ours, 65536).decode(errors="replace")
            if writable:
                rest = rest[os.write(self.ours, rest[:1024]):]

    @functools.cached_property
    def url(self):
        return location(self.addresses())

    def addresses(self):
        """Returns the printed addresses: the short one, and perhaps the whole one."""
        return [line for line in COPY.sub("", self.shown).splitlines() if line.startswith("http")]

    @property
    def redirect_uri(self):
        return urllib.parse.parse_qs(urllib.parse.urlsplit(self.url).query)["redirect_uri"][0]

    def end(self, status):
        while self.process.poll() is None:
            self.read(0.02)
        while self.read(0):
            pass
        assert self.process.returncode == status, self.shown
        assert termios.tcgetattr(self.theirs) == self.attributes, "the terminal is as it was"
        assert not listens(urllib.parse.urlsplit(self.redirect_uri).port)
        return self

    def close(self):
        os.close(self.ours)
        os.close(self.theirs)


class StopAt(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but not to the listener."""

    def redirect_request(self, request, answer, code, message, headers, new):
        if "/callback?" in new and "localhost" in new:
            self.callback = new
            return None
        return super().redirect_request(request, answer, code, message, headers, new)


def callback(url, person="alice"):
    """Returns the address on which a browser ends if it cannot reach the listener."""
    stop = StopAt()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), stop)
    with opener.open(url, timeout=LONG) as answer:
        page, address = answer.read().decode(), answer.url
    action = re.search(r'<form [^>]*action="([^"]+)"', page)[1]
    transaction = re.search(r'name="transaction" value="([^"]+)"', page)[1]
    form = urllib.parse.urlencode({"transaction": transaction, "person": person}).encode()
    try:
        opener.open(urllib.parse.urljoin(address, action), form, timeout=LONG)
    except urllib.error.HTTPError as redirect:
        assert redirect.code == 302
    return stop.callback


def exchanges(lab):
    return lab.control("requests")["counts"].get("token.code", 0)


def test_pasted_address_completes_the_sign_in(lab):
    before = exchanges(lab)
    terminal = OnTerminal.login(lab, "--no-browser", "--force")
    terminal.type(f"{callback(terminal.url)}\n")
    terminal.end(0)
    print(terminal.shown)
    assert "signed in as alice@" in terminal.shown and exchanges(lab) == before + 1


@pytest.mark.parametrize("form", ["\x1b[200~{}\x1b[201~\n", "  <{}>  \n", '"{}"\n', "{}#\n"])
def test_characters_around_a_pasted_address_are_ignored(lab, form):
    terminal = OnTerminal.login(lab, "--no-browser", "--force")
    terminal.type(form.format(callback(terminal.url)))
    assert "signed in as alice@" in terminal.end(0).shown


@pytest.mark.parametrize("form", [
    lambda address: address.removeprefix("http://"),
    lambda address: address.replace("http:", "https:"),
    lambda address: address.replace("localhost", "127.0.0.1"),
    lambda address: address.replace("localhost", "LOCALHOST"),
    lambda address: address.replace("&", "&amp;"),
    lambda address: address.split("?")[1],
    lambda address: "?" + address.split("?")[1],
    lambda address: address.replace("?", "#"),
    lambda address: urllib.parse.quote(address, safe=""),
    lambda address: f"it ended here: {address}.",
], ids=["no scheme", "https", "127.0.0.1", "capitals", "escaped", "query", "question mark", "fragment", "encoded", "sentence"])
def test_every_shape_with_state_and_code_is_accepted(lab, form):
    terminal = OnTerminal.login(lab, "--no-browser", "--force")
    terminal.type(form(callback(terminal.url)) + "\n")
    assert "signed in as alice@" in terminal.end(0).shown


@pytest.mark.parametrize("length", [4_000, 5_000, 20_000, 128 * 1024])
def test_pasted_line_may_be_longer_than_a_terminals_line(lab, length):
    terminal = OnTerminal.login(lab, "--no-browser", "--force")
    address = callback(terminal.url)
    before = exchanges(lab)
    terminal.type(f"{address}&padding={'x' * length}\n")
    terminal.end(0)
    assert "signed in as alice@" in terminal.shown and exchanges(lab) == before + 1
    assert len(terminal.shown) < 12_000, "the echo is short"


def test_typed_address_can_be_corrected(lab):
    terminal = OnTerminal.login(lab, "--no-browser", "--force")
    address = callback(terminal.url)
    terminal.type(f"wrong\x15{address[:-3]}xy\x7f\x7f{address[-3:]}\n")
    assert "signed in as alice@" in terminal.end(0).shown


def local_modes(terminal):
    return termios.tcgetattr(terminal.theirs)[3]


def test_ctrl_z_restores_the_terminal_until_login_goes_on(lab):
    script = 'set -m; "$0" login --no-browser --force; echo "stopped: $?"; read -r answer; fg; echo "over: $?"'
    terminal = OnTerminal(lab, "bash", "-c", script, COGFED)
    terminal.read_until(PROMPT)
    wait_until(lambda: not local_modes(terminal) & termios.ICANON)
    address = callback(terminal.url)
    terminal.type("\x1a")
    terminal.read_until(f"stopped: {128 + signal.SIGSTOP}")
    assert local_modes(terminal) & termios.ICANON and local_modes(terminal) & termios.ECHO
    terminal.type("go on\n")
    wait_until(lambda: terminal.read(0.02) and False or not local_modes(terminal) & termios.ICANON)
    terminal.type(f"{address}&padding={'x' * 5000}\n")
    terminal.read_until("over: 0")
    assert "signed in as alice@" in terminal.end(0).shown


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_signal_at_the_prompt_restores_the_terminal(lab, sent):
    terminal = OnTerminal.login(lab, "--no-browser", "--force")
    wait_until(lambda: not local_modes(terminal) & termios.ICANON)
    terminal.process.send_signal(sent)
    terminal.end(128 + sent)


def test_pasted_address_in_several_lines_is_joined(lab):
    terminal = OnTerminal.login(lab, "--no-browser", "--force")
    address = callback(terminal.url)
    terminal.type("\n".join(address[at:at + 40] for at in range(0, len(address), 40)) + "\n")
    assert "signed in as alice@" in terminal.end(0).shown


def test_browser_completes_the_sign_in_while_the_prompt_is_shown(lab):
    terminal = OnTerminal.login(lab, "--no-browser", "--force")
    assert "You are signed in" in sign_in(terminal.url, "alice")
    assert "signed in as alice@" in terminal.end(0).shown


def test_paste_and_browser_at_once_make_one_exchange(lab):
    for _ in range(5):
        before = exchanges(lab)
        terminal = OnTerminal.login(lab, "--no-browser", "--force")
        address = callback(terminal.url)
        pages = []

        def come_back(pages=pages, address=address):
            try:
                with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=LONG) as page:
                    pages.append(page.read().decode())
            except OSError:
                # The paste was first, so the listener has been closed.
                pages.append("")

        browser = threading.Thread(target=come_back)
        browser.start()
        terminal.type(f"{address}\n")
        terminal.end(0)
        browser.join(LONG)
        assert exchanges(lab) == before + 1
        assert pages[0] == "" or "You are signed in" in pages[0], pages


def test_right_address_is_accepted_after_refused_wrong_ones(lab):
    terminal = OnTerminal.login(lab, "--no-browser", "--force")
    address = callback(terminal.url)
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)["code"][0]
    other = OnTerminal.login(lab, "--no-browser", "--force", COGFED_ACCOUNT="other")
    wrong = [
        (code, "the code alone is not enough"),
        (f"code={code}", "the code alone is not enough"),
        (re.sub("&?state=[^&]*", "", address), "the code alone is not enough"),
        (re.sub("state=[^&]*", "state=x", address), "does not belong to the sign-in"),
        (re.sub("code=[^&]*", "error=access_denied", re.sub("state=[^&]*", "state=x", address)), "does not belong"),
        (callback(other.url).replace(other.redirect_uri, terminal.redirect_uri), "does not belong to the sign-in"),
        (terminal.url, "the address on which the sign-in starts"),
        (terminal.addresses()[0], "the address on which the sign-in starts"),
        (terminal.redirect_uri, "not the whole address"),
        (terminal.redirect_uri.replace("/callback", "/done"), "the page after the end of a sign-in"),
        ("https://corp.auth.example/error?error=redirect_mismatch&client_id=x", "error page of the user pool (redirect_mismatch)"),
        (address + "&state=x", "with a parameter that is there twice"),
    ]
    for said, (paste, reason) in enumerate(wrong, start=1):
        terminal.type(f"{paste}\n")
        wait_until(lambda said=said: terminal.read(0.05) and False or terminal.shown.count("warning:") >= said)
        line = [line for line in terminal.shown.splitlines() if "warning:" in line][-1]
        assert reason in line, (paste, line)
        wait_until(lambda said=said: terminal.read(0.05) and False or terminal.shown.count(PROMPT) > said)
    assert terminal.shown.count("warning:") == len(wrong), "one line each"
    terminal.type(f"{address}\n")
    terminal.end(0)
    print(COPY.sub("", terminal.shown))
    other.process.send_signal(signal.SIGINT)
    other.end(130)


def test_flood_of_errors_does_not_block_a_paste(lab):
    terminal = OnTerminal.login(lab, "--no-browser", "--force")
    address = callback(terminal.url)
    is_over = threading.Event()

    def flood():
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while not is_over.is_set():
            try:
                opener.open(f"{terminal.redirect_uri}?error=access_denied&state=x", timeout=LONG)
            except OSError:
                pass

    floods = [threading.Thread(target=flood) for _ in range(2)]
    for each in floods:
        each.start()
    try:
        terminal.read_until("without knowing this sign-in's state")
        terminal.type(f"{address}\n")
        terminal.read_until("signed in as alice@")
    finally:
        is_over.set()
        for each in floods:
            each.join(LONG)
    terminal.end(0)
    assert terminal.shown.count("without knowing this sign-in's state") == 1


def test_pasted_address_with_an_error_fails_the_sign_in(lab):
    terminal = OnTerminal.login(lab, "--no-browser", "--force")
    address = callback(terminal.url)
    terminal.type(re.sub("code=[^&]*", "error=access_denied&error_description=Not%1b[2J%20you", address) + "\n")
    terminal.end(6)
    assert "the sign-in was cancelled or denied: Not\\u{1b}[2J you (access_denied)" in terminal.shown


@pytest.mark.parametrize("separator", ["", "\n"], ids=["one line", "many lines"])
def test_pasted_mebibyte_causes_few_warnings_and_login_continues(lab, separator):
    terminal = OnTerminal.login(lab, "--no-browser", "--force")
    address = callback(terminal.url)
    terminal.type(("x" * 1023 + (separator or "x")) * 1024 + "\n")
    terminal.read_until("warning:")
    while terminal.read(0.5):
        pass
    assert terminal.shown.count("warning:") in ((1,) if not separator else (1, 2, 3))
    assert "that is longer than 256 KiB, so it is not an address" in terminal.shown
    terminal.type(f"{address}\n")
    terminal.end(0)


def test_end_of_input_ends_the_paste_prompt_but_not_login(lab):
    terminal = OnTerminal.login(lab, "--no-browser", "--force")
    terminal.type("\x04")
    terminal.read_until("nothing more can be pasted; still waiting for the browser")
    sign_in(terminal.url, "alice")
    assert "signed in as alice@" in terminal.end(0).shown


def left_to_read(terminal):
    """Returns the typed text that has not been read yet."""
    ready = select.select([terminal.theirs], [], [], 0)[0]
    return os.read(terminal.theirs, 65536) if ready else b""


@pytest.mark.parametrize("flags", [["--no-browser", "--no-input"], []], ids=["no input", "a desktop's browser"])
def test_login_without_a_prompt_leaves_typed_text_unread(lab, flags):
    more = {"BROWSER": "true", "DISPLAY": ":0"}
    terminal = OnTerminal.login(lab, "--force", *flags, until="waiting up to", **more)
    terminal.type("echo mine\n")
    sign_in(terminal.url, "alice")
    terminal.end(0)
    assert left_to_read(terminal) == b"echo mine\n"
    assert PROMPT not in terminal.shown and not COPY.search(terminal.shown)


def test_credential_process_leaves_typed_text_unread(lab):
    lab.run("logout")
    terminal = OnTerminal(lab, COGFED, "credential-process", "--sign-in", **SSH)
    terminal.type("echo mine\n")
    assert terminal.process.wait(LONG) == 3
    while terminal.read(0.1):
        pass
    assert "no browser can be opened: this is an SSH session; run 'cogfed login" in terminal.shown
    assert left_to_read(terminal) == b"echo mine\n" and PROMPT not in terminal.shown
    terminal.close()
    # On demand, only the desktop's own browser opens, or a command that a login has shown.
    tools = lab.home / "tools"
    tools.mkdir()
    (tools / "xdg-open").write_text("#!/bin/sh\n")
    (tools / "xdg-open").chmod(0o755)
    desktop = {"PATH": f"{tools}:{os.environ['PATH']}", "DISPLAY": ":0"}
    terminal = OnTerminal(lab, COGFED, "credential-process", "--sign-in", **desktop)
    terminal.read_until("waiting up to")
    terminal.type("echo mine\n")
    sign_in(terminal.url, "alice")
    terminal.end(0)
    assert left_to_read(terminal) == b"echo mine\n" and PROMPT not in terminal.shown


def test_background_login_shows_no_prompt_and_is_not_stopped(lab):
    script = 'set -m; "$0" login --no-browser --force & wait $!'
    terminal = OnTerminal(lab, "sh", "-c", script, COGFED)
    terminal.read_until("waiting up to")
    sign_in(terminal.url, "alice")
    terminal.end(0)
    assert PROMPT not in terminal.shown and "signed in as alice@" in terminal.shown


def test_prompt_appears_if_the_browser_does_not_start(lab):
    browser = lab.home / "browser"
    browser.write_text("#!/nowhere/at/all\n")
    browser.chmod(0o700)
    terminal = OnTerminal.login(lab, "--force", BROWSER=str(browser), DISPLAY=":0")
    assert terminal.shown.index("no browser could be opened") < terminal.shown.index(PROMPT)
    terminal.type(f"{callback(terminal.url)}\n")
    terminal.end(0)


def test_prompt_appears_if_the_browser_does_not_exist(lab):
    terminal = OnTerminal.login(lab, "--force", BROWSER="/nowhere/at/all", DISPLAY=":0")
    assert "no browser here: $BROWSER names '/nowhere/at/all', which does not exist" in terminal.shown
    terminal.type(f"{callback(terminal.url)}\n")
    terminal.end(0)


def test_named_browser_over_ssh_opens_and_still_prompts(lab):
    terminal = OnTerminal.login(lab, "--force", BROWSER="true", **SSH)
    assert "opening your browser" in terminal.shown and not COPY.search(terminal.shown)
    terminal.type(f"{callback(terminal.url)}\n")
    terminal.end(0)


def test_ssh_session_copies_only_the_address_to_the_clipboard(lab):
    terminal = OnTerminal.login(lab, "--force", **SSH)
    encoded, = COPY.findall(terminal.shown)
    assert base64.b64decode(encoded).decode() == terminal.url
    assert "copied to the clipboard, if your terminal allows it" in terminal.shown
    port = urllib.parse.urlsplit(terminal.redirect_uri).port
    assert re.search(rf"\nssh -N -L {port}:localhost:{port} -p 2222 [A-Za-z0-9.:-]+\r\n", terminal.shown)
    assert "no browser here: this is an SSH session" in terminal.shown
    print(terminal.shown)
    terminal.type(f"{callback(terminal.url)}\n")
    terminal.end(0)


@pytest.mark.parametrize("more", [
    {"COGFED_CLIPBOARD": "false"}, {"TERM": "dumb"}, {"TERM": "linux"}, {"TERM": ""},
], ids=str)
def test_nothing_is_copied_where_the_clipboard_is_off_or_unsupported(lab, more):
    terminal = OnTerminal.login(lab, "--force", "--no-browser", **more)
    assert not COPY.search(terminal.shown) and "copied" not in terminal.shown
    terminal.process.send_signal(signal.SIGINT)
    terminal.end(130)


def test_ctrl_c_at_the_prompt_exits_login_with_130(lab):
    taken = []
    for _ in range(5):
        terminal = OnTerminal(lab, COGFED, "login", "--force", "--no-browser")
        terminal.read_until(PROMPT)
        began = time.monotonic()
        terminal.type("http://localhost:84\x03")
        terminal.process.wait(LONG)
        taken.append(time.monotonic() - began)
        terminal.end(130)
        assert terminal.shown.endswith(" interrupted\r\n"), terminal.shown
        terminal.close()
    print(f"Ctrl-C: {min(taken) * 1000:.0f} to {max(taken) * 1000:.0f} ms")
    assert min(taken) < 0.2


def test_tmux_copies_the_address_into_its_buffer(lab):
    if not shutil.which("tmux"):
        skip("tmux is not installed")
    socket = lab.home / "tmux"

    def tmux(*words):
        ran = subprocess.run(
            ["tmux", "-S", socket, "-f", "/dev/null", *words], env=lab.env(TERM="xterm-256color"), cwd=lab.folder(),
            capture_output=True, text=True, check=False, timeout=LONG,
        )
        return ran.stdout

    tmux("new-session", "-d", "-x", "100", "-y", "40", ";", "set", "-s", "set-clipboard", "on")
    try:
        tmux("send-keys", f"clear; SSH_CONNECTION='{SSH['SSH_CONNECTION']}' {COGFED} login --force", "Enter")
        wait_until(lambda: PROMPT.split(",")[0] in tmux("capture-pane", "-pJ"))
        shown = tmux("capture-pane", "-pJ")
        print(shown)
        assert "]52" not in shown and "52;c" not in shown, "the escape is not seen"
        url = [line.strip() for line in shown.splitlines() if line.startswith("http")][-1]
        assert wait_until(lambda: tmux("show-buffer")) == url
        tmux("set-buffer", callback(url))
        tmux("paste-buffer", "-p")
        tmux("send-keys", "Enter")
        wait_until(lambda: "signed in as alice@" in tmux("capture-pane", "-pJ"))
        print(tmux("capture-pane", "-pJ"))
    finally:
        tmux("kill-server")
