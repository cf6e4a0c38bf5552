"""The Rust tests that need a real keyring, each with the keyring in its required state."""

import os
import re
import shutil
import subprocess
import tempfile

import pytest

from support import COGFED, HERE, LONG, MARK, ROOT, kernel_keeps_keys, skip

# The number of tests for each state. The others report that they were skipped.
STATES = {"open": 2, "locked": 1, "prompt": 1, "absent": 1, "nobus": 1}
TOTAL = sum(STATES.values())


def program(*target):
    """Returns the test program itself, since cargo would need the person's HOME."""
    words = ["cargo", "test", "--locked", "--no-run", *target]
    built = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=30 * LONG)
    assert built.returncode == 0, built.stderr
    return ROOT / re.search(r"Executable .*\((.*)\)", built.stderr)[1]


def run(words, env, cwd=ROOT):
    ran = subprocess.run(
        words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=10 * LONG,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


@pytest.mark.parametrize("state", STATES)
def test_keyring_tests_run_in_each_keyring_state(state, tmp_path):
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    env |= {"COGFED_TEST_KEYRING": state, "REAL_CHECKS_MARK": MARK}
    said = run([HERE / "with_keyring", state, program("--test", "os"), "keyring::", "--nocapture"], env)
    assert f"{TOTAL} passed" in said and said.count("skipped: ") == TOTAL - STATES[state], said
    print(state, [line for line in said.splitlines() if line.endswith(" ms")])


def test_kernel_copies_never_return_another_persons_keys(tmp_path):
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    env |= {"COGFED_TEST_KEYRING": "1", "COGFED_TEST_PROGRAM": str(COGFED), "REAL_CHECKS_MARK": MARK}
    words = ["--exact", "session::persons::keyring_copies_never_return_the_first_persons_keys", "--nocapture"]
    said = run([HERE / "with_keyring", "open", program("--test", "cli"), *words], env)
    assert "1 passed" in said and "skipped: " not in said, said


def run_as_another_user(program, test, **more):
    """Runs one test as user 65534, who has no keys in the kernel's keyring, and unlike root may not write
    everywhere."""
    if os.geteuid() != 0:
        skip("takes another user's place, which needs root")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        home = os.path.join(folder, "home")
        os.mkdir(home, 0o700)
        os.chown(home, 65534, 65534)
        # Other users may have no access to the clone's folder.
        words = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", shutil.copy(program, folder)]
        env = {"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home, "REAL_CHECKS_MARK": MARK}
        env["COGFED_TEST_PROGRAM"] = shutil.copy(COGFED, folder)
        said = run([*words, "--exact", test, "--nocapture"], env | more, cwd=folder)
        assert "1 passed" in said and "skipped: " not in said, said


def test_text_is_replaced_at_the_quota_of_the_kernel_keyring():
    """Root's quota is too large to be used up."""
    if not kernel_keeps_keys():
        pytest.skip("the kernel keeps no keys here")
    test = "store::kernel::tests::full_kernel_quota_still_lets_a_text_be_replaced"
    run_as_another_user(program("--lib"), test, COGFED_TEST_QUOTA="1")


def test_read_only_store_keeps_the_sign_in():
    test = "session::store_failures::read_only_store_keeps_the_sign_in"
    run_as_another_user(program("--test", "cli"), test)
