"""Credentials that one session has put into the kernel's keyring are read from every other session."""

import os
import re
import shutil

import pytest

from support import COGFED, Lab, kernel_keeps_keys, skip

pytestmark = pytest.mark.skipif(not kernel_keeps_keys(), reason="the kernel keeps no keys here")


@pytest.fixture(scope="module", params=["keyring", "kernel"])
def lab(request):
    """Returns a signed-in lab with credentials. Later runs have no bus."""
    with Lab(store=request.param) as lab:
        lab.open_keyring("open" if request.param == "keyring" else "nobus")
        lab.login()
        lab.document = lab.run("credential-process").good().json()
        lab.close_keyring()
        yield lab


def bare(lab):
    return {"HOME": str(lab.home), "PATH": os.environ["PATH"]}


def test_new_session_reads_the_credentials(lab):
    ran = lab.program("setsid", "--wait", COGFED, "credential-process", env=bare(lab))
    assert ran.good().json() == lab.document


def test_empty_environment_reads_the_credentials(lab):
    ran = lab.program("env", "-i", f"HOME={lab.home}", COGFED, "credential-process", env=bare(lab))
    assert ran.good().json() == lab.document


def test_new_session_keyring_reads_the_credentials(lab):
    ran = lab.program("keyctl", "session", "-", COGFED, "credential-process", env=bare(lab))
    assert ran.good().json() == lab.document


def test_login_shell_reads_the_credentials(lab):
    if os.geteuid() != 0 or not shutil.which("su"):
        skip("needs su, which asks everyone but root for a password")
    command = f"HOME='{lab.home}' '{COGFED}' credential-process"
    ran = lab.program("setsid", "--wait", "su", "-", "root", "-c", command, env=bare(lab))
    assert ran.good().json() == lab.document


def test_credential_process_reads_one_kernel_key_and_nothing_else(lab):
    trace = lab.home / "trace"
    traced = ["strace", "-f", "-qq", "-o", trace, COGFED, "credential-process"]
    assert lab.program(*traced, env=bare(lab)).good().json() == lab.document
    calls = re.findall(r"^\d+ +(\w+)\((\w*)", trace.read_text(), re.MULTILINE)
    made = {call for call, _ in calls}
    assert "execve" in made, "the trace says something"
    unwanted = "socket connect clone clone3 fork vfork flock fsync epoll_create1 add_key request_key"
    assert not made & set(unwanted.split()), made
    asked = [first for call, first in calls if call == "keyctl"]
    assert "KEYCTL_READ" in asked and set(asked) <= {"KEYCTL_GET_KEYRING_ID", "KEYCTL_SEARCH", "KEYCTL_READ"}, asked


def test_fresh_credentials_contact_no_service(lab):
    """The session's bus answers nothing, and the sandbox's counts show that nothing was renewed."""
    assert lab.control("requests")["counts"]["identity.get_credentials"] == 1
    lab.run("credential-process", DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent").good()
    assert lab.control("requests")["counts"]["identity.get_credentials"] == 1
