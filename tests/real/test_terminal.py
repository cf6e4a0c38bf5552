"""Colours appear on a real terminal, and only there."""

import shlex
import signal
import subprocess

import pytest

from support import COGFED, LONG, PROFILE, Lab, sign_in

ESCAPE = "\x1b["


@pytest.fixture(scope="module")
def lab():
    with Lab(store="file") as lab:
        yield lab


def on_terminal(lab, command, **more):
    """Returns a command's output on a terminal."""
    return lab.program("script", "-qefc", command, "/dev/null", TERM="xterm-256color", **more)


def test_errors_are_coloured_only_on_a_terminal(lab):
    words = ["call", "--profile", PROFILE, "GET", "https://abc123.execute-api.eu-west-1.amazonaws.com/prod/orders"]
    shown = on_terminal(lab, shlex.join([COGFED, *words])).failed_with(3).stdout
    assert f"cogfed: {ESCAPE}1;31merror:{ESCAPE}0m" in shown and f"{ESCAPE}36mhint:{ESCAPE}0m" in shown
    assert ESCAPE not in lab.run(*words).failed_with(3).stderr
    for variable in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        quoted = " ".join(f"{name}={value}" for name, value in variable.items())
        shown = on_terminal(lab, f"env {quoted} {shlex.join([COGFED, *words])}").failed_with(3).stdout
        assert "cogfed: error:" in shown and ESCAPE not in shown
    redirected = shlex.join([COGFED, *words]) + f" 2>{lab.home}/errors"
    on_terminal(lab, redirected).failed_with(3)
    assert ESCAPE not in (lab.home / "errors").read_text()


def test_login_output_on_a_terminal_is_coloured(lab):
    terminal = subprocess.Popen(
        ["script", "-qefc", f"{shlex.quote(COGFED)} login --no-browser; {shlex.quote(COGFED)} login", "/dev/null"],
        env=lab.env(TERM="xterm-256color", COGFED_CLIPBOARD="false"), cwd=lab.folder(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )
    shown, url = "", None
    while "waiting up to" not in shown:
        line = terminal.stdout.readline()
        assert line, shown
        shown += line
        url = line.strip() if line.startswith("http") else url
    sign_in(url, "alice")
    shown += terminal.communicate(timeout=LONG)[0]
    print(shown)
    assert terminal.returncode == 0
    assert "signed in as alice@" in shown
    # The second login finds the first one's sign-in, and reports it in a hint.
    hint = f"cogfed: {ESCAPE}36mhint:{ESCAPE}0m "
    assert f"{hint}to sign in again" in shown
    # Each login ends with the command to run next.
    assert shown.count(f"{hint}then run: aws sts get-caller-identity") == 2
    assert shown.count(hint) == 3 and shown.count(ESCAPE) == 2 * 3, "no colour but the hints'"


def test_ctrl_c_ends_a_login_on_a_terminal(lab):
    waiting = lab.begin_login("--force")
    ran = waiting.end(signal.SIGINT)
    # The signal itself ended it, which a shell reports as 130, or it exited with that status.
    assert ran.status in (130, -signal.SIGINT), ran
