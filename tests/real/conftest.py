"""Fixtures, and the final check that no process started here is still running."""

import pytest

import support
from browser import Chromium


@pytest.fixture(scope="session", autouse=True)
def nothing_runs_on():
    yield
    # Daemons of a closed session need a moment to notice.
    support.wait_until(lambda: not support.left_over())


@pytest.fixture
def chromium():
    with Chromium() as browser:
        yield browser


@pytest.fixture
def lab():
    """Returns a lab with an unlocked keyring."""
    with support.Lab() as lab:
        lab.open_keyring("open")
        yield lab


def pytest_terminal_summary(terminalreporter):
    for line in support.TOLD:
        terminalreporter.write_line(line)
