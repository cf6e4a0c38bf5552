"""The Rust tests of the OS keyring, each in the state of the keyring that it is for."""

import os
import re
import subprocess

import pytest

from support import HERE, MARK, ROOT

# How many of the tests are for that state; the others say that they were skipped.
STATES = {"open": 2, "locked": 1, "prompt": 1, "absent": 1, "nobus": 1}
TOTAL = sum(STATES.values())


@pytest.fixture(scope="module")
def program():
    """The test program itself: cargo would need the person's own HOME."""
    words = ["cargo", "test", "--locked", "--no-run", "--test", "keyring"]
    built = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return ROOT / re.search(r"Executable .*\((.*)\)", built.stderr)[1]


@pytest.mark.parametrize("state", STATES)
def test_the_keyring_room(program, state, tmp_path):
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    env |= {"COGFED_TEST_KEYRING": state, "COGFED_REAL": MARK}
    words = [HERE / "with_keyring", state, program, "--nocapture"]
    ran = subprocess.run(
        words, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{TOTAL} passed" in ran.stdout and ran.stdout.count("skipped: ") == TOTAL - STATES[state], ran.stdout
    print(state, [line for line in ran.stdout.splitlines() if line.endswith(" ms")])
