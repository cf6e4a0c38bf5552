"""The AWS CLI and boto3 use the profile through credential_process."""

import sys

import pytest

from support import AWS, COGFED, HERE, PROFILE, Lab

ROLES = {"alice": "OrdersAdmin", "bob": "OrdersReader"}


def configure(lab):
    """Writes ~/.aws/config with a helper that records each of its runs. Returns the path of the record."""
    runs, helper = lab.home / "runs", lab.home / "helper"
    helper.write_text(f'#!/bin/sh\necho run >>"{runs}"\nexec "{COGFED}" "$@"\n')
    helper.chmod(0o700)
    runs.touch()
    config = lab.home / ".aws/config"
    config.parent.mkdir()
    config.write_text(
        f"[profile {PROFILE}]\nregion = eu-west-1\n"
        f"credential_process = {helper} credential-process --profile {PROFILE}\n"
    )
    return runs


def aws(lab):
    return lab.program(
        AWS, "sts", "get-caller-identity", "--profile", PROFILE, "--output", "json", "--endpoint-url", lab.hosts["sts"]
    )


def boto3(lab, times):
    return lab.program(sys.executable, HERE / "ask_by_boto3.py", lab.hosts["sts"], times, AWS_PROFILE=PROFILE)


def count(runs):
    return len(runs.read_text().splitlines())


@pytest.mark.parametrize("person", ROLES)
def test_aws_cli_and_boto3_get_the_role_of_the_person(lab, person):
    configure(lab)
    lab.login(person)
    role = f"arn:aws:sts::000000000000:assumed-role/{ROLES[person]}/"
    assert aws(lab).good().json()["Arn"].startswith(role)
    assert boto3(lab, 1).good().stdout.startswith(role)


@pytest.mark.parametrize("minutes", [60, 17])
def test_ten_requests_of_boto3_run_credential_process_once(minutes):
    with Lab("--credentials-lifetime", str(minutes * 60)) as lab:
        lab.open_keyring("open")
        runs = configure(lab)
        lab.login()
        arns = boto3(lab, 10).good().stdout.split()
        assert len(arns) == 10 and all("/OrdersAdmin/" in arn for arn in arns)
        assert count(runs) == 1
        counts = lab.control("requests")["counts"]
        print(minutes, "minutes:", counts)
        assert counts["identity.get_credentials"] == 1, counts


def one_line(ran, *words):
    """A person sees the helper's own error line, and sees it once."""
    assert ran.status != 0 and ran.stdout == ""
    for word in words:
        assert ran.stderr.count(word) == 1, ran


def test_signed_out_aws_cli_and_boto3_show_the_login_command(lab):
    configure(lab)
    for ran in (aws(lab), boto3(lab, 1)):
        print(ran.stderr[-400:])
        one_line(ran, "cogfed: error: ", f"cogfed login --profile {PROFILE}")


def test_aws_cli_and_boto3_report_a_locked_keyring(lab):
    configure(lab)
    lab.login()
    lab.forget_credentials()
    lab.open_keyring("locked")
    for ran in (aws(lab), boto3(lab, 1)):
        print(ran.stderr[-600:])
        one_line(ran, "keyring is locked", "unlock it")


def test_aws_cli_shows_the_login_command_after_logout(lab):
    configure(lab)
    lab.login()
    aws(lab).good()
    lab.run("logout").good()
    one_line(aws(lab), f"cogfed login --profile {PROFILE}")
