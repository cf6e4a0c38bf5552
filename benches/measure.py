#!/usr/bin/env python3
"""Measures cogfed against its budgets. benches/run starts it with a keyring of its own.

A time budget is a ratio of medians within this run. Shared machines are noisy, so a ratio above its budget is only
marked, and fails the run at twice its budget. Values that do not depend on the machine's load (the binary's size, the
peak memory, the numbers of requests) fail the run as soon as they exceed their budget.
"""

import argparse
import json
import os
import pathlib
import resource
import shlex
import statistics
import subprocess
import sys
import tempfile
import time

import sandbox

HERE = pathlib.Path(__file__).resolve().parent
MIB = 1024 * 1024
SLACK = 2
CROWD = 64
ROUNDS = 10
# Removes cogfed's copies from the kernel's keyring. A read of the Secret Service puts one back.
FORGET = ["bash", "-c", "keyctl show @u | awk '/cogfed:cache:credentials/ {print $1}' | xargs -rI{} keyctl unlink {} @u"]


class Table:
    def __init__(self):
        self.rows, self.failed = [], []

    def add(self, what, measured, budget, verdict):
        self.rows.append((what, measured, budget, verdict))
        print(f"{what}: {measured} (budget: {budget}) {verdict}", flush=True)
        if verdict == "FAILED":
            self.failed.append(what)

    def ratio(self, what, measured, base, budget):
        """Adds a row; `budget` is the largest allowed measured / base."""
        ratio = measured / base
        verdict = "ok" if ratio <= budget else "above" if ratio <= SLACK * budget else "FAILED"
        times = f"{measured * 1e3:.2f} ms / {base * 1e3:.2f} ms = {ratio:.2f}"
        self.add(what, times, f"<= {budget:g}", verdict)

    def most(self, what, measured, unit, budget):
        shown = f"{measured:.2f}" if isinstance(measured, float) else measured
        self.add(what, f"{shown} {unit}".strip(), f"<= {budget} {unit}".strip(), "ok" if measured <= budget else "FAILED")

    def exactly(self, what, measured, budget):
        self.add(what, str(measured), str(budget), "ok" if measured == budget else "FAILED")

    def markdown(self):
        lines = ["| what | measured | budget | |", "|---|---|---|---|"]
        return "\n".join(lines + [f"| {' | '.join(row)} |" for row in self.rows]) + "\n"


def medians(*commands, runs, prepare=None):
    """Returns the median wall times of these commands in seconds, by hyperfine, without a shell.

    The commands run in turn, so that other load on this machine affects all of them. `prepare` runs before each run.
    """
    times = [[] for _ in commands]
    texts = [shlex.join(map(str, command)) for command in commands]
    words = ["hyperfine", "-N", "--style", "none", "--warmup", "2", "--runs", str(max(runs // ROUNDS, 2))]
    if prepare:
        words += ["--prepare", shlex.join(prepare)]
    for _ in range(ROUNDS):
        with tempfile.NamedTemporaryFile(suffix=".json") as report:
            subprocess.run([*words, "--export-json", report.name, *texts], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            for found, result in zip(times, json.load(report)["results"]):
                found += result["times"]
    return [statistics.median(found) for found in times]


def peak(command):
    """Returns the peak resident memory of a run, in MiB."""
    # GNU time forks while it is small. The peak of the forking process counts as the child's.
    with tempfile.NamedTemporaryFile(mode="r") as told:
        words = ["time", "-f", "%M", "-o", told.name, *map(str, command)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        return int(told.read()) / 1024


def instructions(command):
    """Returns the number of instructions of a run in user space, by valgrind."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", *map(str, command)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lines = pathlib.Path(folder, "out").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(("summary:", "totals:"))).split()[1])


def kernel_copies():
    """Returns the ids of cogfed's copies in this user's kernel keyring."""
    rows = subprocess.run(["keyctl", "show", "@u"], check=True, capture_output=True, text=True).stdout.splitlines()
    return [row.split()[0] for row in rows if "cogfed:cache:credentials/" in row]


def secret_service_account():
    """Returns the account of the credentials in the Secret Service."""
    found = subprocess.run(["secret-tool", "search", "--all", "service", "cogfed"], check=True, capture_output=True,
                           text=True)
    lines = (found.stdout + found.stderr).splitlines()
    accounts = [line.split(" = ", 1)[1] for line in lines if line.startswith("attribute.username = ")]
    return next(account for account in accounts if account.startswith("credentials/"))


def hot_path(table, options, folder):
    process = [options.cogfed, "credential-process"]
    with sandbox.Sandbox(options.cogfed, "keyring", folder / "keyring") as place:
        place.login()
        place.run("credential-process")
        empty, version, hot = medians([options.empty], [options.cogfed, "--version"], process, runs=500)
        if kernel_copies():
            table.ratio("credential-process, kernel's copy / empty program", hot, empty, 1.5)
            table.most("its peak memory", peak(process), "MiB", 15)
            if options.instructions:
                counts = [instructions(command) for command in (process, [options.empty])]
                table.add("its instructions / empty program's", f"{counts[0]} / {counts[1]}", "none", "")
            call(table, options, place)
        else:
            table.add("credential-process, kernel's copy", "the kernel keeps none here", "<= 1.5", "skipped")
        table.add("(for scale) cogfed --version / empty program", f"{version / empty:.2f}", "none", "")
        secret_service(table, process)
    with sandbox.Sandbox(options.cogfed, "file", folder / "file") as place:
        place.login()
        place.run("credential-process")
        empty, hot = medians([options.empty], process, runs=500)
        table.ratio("credential-process, file / empty program", hot, empty, 1.5)
        many_profiles(table, options, place.config)


PROFILE = """
[profile.other{number}]
user_pool_id = "eu-west-1_AbC123xyz"
client_id = "3n4b5urk1ft4fl3mg5e62d9ado"
domain = "corp.auth.eu-west-1.amazoncognito.com"
identity_pool_id = "eu-west-1:1cf667a2-49a6-454b-9e45-23199EXAMPLE"
identity_provider = "AzureAD"
region = "eu-west-1"
redirect_ports = [8400, 8401, 8402]
role_arn = "arn:aws:iam::123456789012:role/Orders"
"""


def many_profiles(table, options, config):
    """Measures the hot path with many profiles in the configuration. Its cost must be linear in their number."""
    own = config.read_text()
    process = [options.cogfed, "credential-process", "--profile", "bench"]

    def with_profiles(count):
        config.write_text(own + "".join(PROFILE.format(number=number) for number in range(1, count)))

    with_profiles(100)
    empty, hot = medians([options.empty], process, runs=200)
    table.ratio("credential-process, 100 profiles / empty program", hot, empty, 5)
    if options.instructions:
        counts = {}
        for count in (1, 10, 100, 400):
            with_profiles(count)
            counts[count] = instructions(process)
        shown = ", ".join(f"{count}: {number}" for count, number in counts.items())
        table.add("its instructions by the number of profiles", shown, "none", "")
        few, many = (counts[100] - counts[10]) / 90, (counts[400] - counts[100]) / 300
        table.most("a profile's instructions, beyond 100 / up to 100", many / few, "", 1.5)
    config.write_text(own)


def secret_service(table, process):
    """Measures the first run after a reboot: before each run, the kernel's keyring has no copy."""
    forget()
    lookup = ["secret-tool", "lookup", "service", "cogfed", "username", secret_service_account()]
    theirs, ours = medians(lookup, process, runs=60, prepare=FORGET)
    table.ratio("credential-process, Secret Service / secret-tool lookup", ours, theirs, 1)
    forget()
    table.most("its peak memory, Secret Service", peak(process), "MiB", 15)


def forget():
    subprocess.run(FORGET, check=True, stdout=subprocess.DEVNULL)
    if kernel_copies():
        raise RuntimeError("the kernel's copy is still there: what follows would not measure the Secret Service")


def call(table, options, place):
    url = place.told["api"] + "/orders"
    keys = json.loads(place.run("credential-process"))
    os.environ.update(AWS_ACCESS_KEY_ID=keys["AccessKeyId"], AWS_SECRET_ACCESS_KEY=keys["SecretAccessKey"],
                      AWS_SESSION_TOKEN=keys["SessionToken"])
    ours = [options.cogfed, "call", "--fail", "GET", url]
    curl = ["curl", "-sSf", "--aws-sigv4", "aws:amz:eu-west-1:execute-api", "--user",
            f"{keys['AccessKeyId']}:{keys['SecretAccessKey']}", "-H", f"x-amz-security-token: {keys['SessionToken']}",
            url]
    answers = [subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout for command in (ours, curl)]
    table.exactly("call and curl got the same answer", answers[0] == answers[1] != b"", True)
    mine, theirs = medians(ours, curl, runs=100)
    table.ratio("call / curl --aws-sigv4", mine, theirs, 0.5)
    large_bodies(table, options, curl[1:-1])
    if options.awscurl:
        awscurl = [options.awscurl, "--fail-with-body", "--service", "execute-api", "--region", "eu-west-1", url]
        mine, theirs = medians(ours, awscurl, runs=10)
        table.ratio("call / awscurl", mine, theirs, 0.1)
    else:
        table.add("call / awscurl", "not installed: benches/install", "<= 0.1", "skipped")


def large_bodies(table, options, curls_flags):
    """Measures `call` with large bodies beside curl with the same keys. Both write the answer to /dev/null."""
    stub = subprocess.Popen([sys.executable, HERE / "stub.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    origin = stub.stdout.readline().strip()
    with tempfile.NamedTemporaryFile() as body:
        body.write(os.urandom(9 * MIB))
        body.flush()
        to_file = ["-o", os.devnull]
        upload = ["-X", "PUT", "--data-binary", f"@{body.name}", origin + "/2"]
        peaks = []
        for what, words, runs, budget in (
            ("1 MiB down", [f"{origin}/{MIB}"], 50, 0.6),
            ("100 MiB down", [f"{origin}/{100 * MIB}"], 20, 0.9),
            ("9 MiB up", upload, 40, 0.8),
        ):
            ours = [options.cogfed, "call", "--fail", "--region", "eu-west-1", "--service", "execute-api", *to_file, *words]
            curl = ["curl", *curls_flags, *to_file, *words]
            mine, theirs = medians(ours, curl, runs=runs)
            table.ratio(f"call / curl --aws-sigv4, {what}", mine, theirs, budget)
            peaks.append(peak(ours))
            if what != "1 MiB down":
                mine, theirs = (statistics.median(processor_time(command) for _ in range(25)) for command in (ours, curl))
                table.ratio(f"its processor time / curl's, {what}", mine, theirs, 1.1)
    table.most("its peak memory, 100 MiB down", peaks[1], "MiB", 20)
    table.most("its peak memory, 9 MiB up", peaks[2], "MiB", 30)
    stub.stdin.close()
    stub.wait()


def processor_time(command):
    """Returns the processor time of a run in seconds, in user space and in the kernel."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def crowd(table, options, folder):
    """Measures many processes at once, without credentials, and with an ID token that is valid but not young."""
    with sandbox.Sandbox(options.cogfed, "file", folder / "crowd") as place:
        place.login()
        place.forget_credentials()
        # The first process to ask for credentials refreshes a token of that age.
        place.age_id_token(hours=2)
        place.control("/clear-log")
        words = [options.cogfed, "credential-process"]
        began = time.monotonic()
        runs = [subprocess.Popen(words, stdout=subprocess.PIPE, env=place.environment) for _ in range(CROWD)]
        documents = [run.communicate()[0] for run in runs]
        took = time.monotonic() - began
        counts = place.control("/requests", post=False)["counts"]
        table.exactly(f"{CROWD} processes at once: served", sum(run.returncode == 0 for run in runs), CROWD)
        table.exactly("different documents", len(set(documents)), 1)
        table.exactly("refreshes", counts.get("token.refresh", 0), 1)
        table.exactly("GetCredentialsForIdentity", counts.get("identity.get_credentials", 0), 1)
        table.add("until the last was served", f"{took:.2f} s", "none", "")


def main():
    parser = argparse.ArgumentParser()
    for flag in ("--cogfed", "--empty", "--awscurl", "--report"):
        parser.add_argument(flag, required=True)
    parser.add_argument("--instructions", action="store_true")
    options = parser.parse_args()
    options.cogfed, options.empty = (str(pathlib.Path(it).resolve()) for it in (options.cogfed, options.empty))
    table = Table()
    print(f"load average: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
    table.most("the release binary", os.path.getsize(options.cogfed) / MIB, "MiB", 9)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        hot_path(table, options, folder)
        crowd(table, options, folder)
    pathlib.Path(options.report).write_text(table.markdown())
    print("\n" + table.markdown())
    if table.failed:
        sys.exit("benches/run: failed: " + ", ".join(table.failed))


if __name__ == "__main__":
    main()
