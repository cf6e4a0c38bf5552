#!/usr/bin/env python3
"""Counts the instructions of `cogfed roles --explain` with 25, 100 and 400 rules, on the claims that cost most.

    benches/roles.py [COGFED]    # by valgrind; the release build unless another program is named

AWS accepts 25 rules, and the reader 400. Each further rule has to cost the same: the instructions for each rule from 100
to 400 are at most 1.25 times those from 25 to 100. Absolute numbers are not comparable between machines.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

COUNTS = (25, 100, 400)
MOST = 1.25
ACCOUNT = "arn:aws:iam::123456789012:role"


def rule(match_type, value, number):
    return {"Claim": "custom:roles", "MatchType": match_type, "Value": value, "RoleARN": f"{ACCOUNT}/R{number % 9}"}


def contains(value):
    return lambda number: rule("Contains", value(number), number)


def half(number):
    return rule(*(("Equals", f"name{number}") if number % 2 else ("Contains", f"z{number}")), number)


NUMBERED = contains(lambda number: f"Orders.{number:03}")
CUSTOM_ROLE = ("--role", f"{ACCOUNT}/Requested")
# A name, the claim, the rule of a number, and more flags.
CASES = (
    ("a text of 50,000 characters, no match", "xy" * 25_000, NUMBERED, ()),
    ("a text of one letter, almost the values", "a" * 50_000, contains(lambda number: "a" * 40 + f"b{number}"), ()),
    ("an array of 12,000 texts", [f"a{number % 9}" for number in range(12_000)], NUMBERED, ()),
    ("an array of 20,000 numbers and a boolean", [7] * 20_000 + [True], NUMBERED, ()),
    ("the same, with a requested role", [7] * 20_000 + [True], NUMBERED, CUSTOM_ROLE),
    ("8,000 names in brackets, half Equals", f"[{', '.join(f'n{number}' for number in range(8_000))}]", half, ()),
    ("8,000 names that each rule matches", f"[{', '.join(f'z{number}' for number in range(8_000))}]", half, ()),
    ("a short text, values within values", "a", contains(lambda number: "a" * (1 + number % 100) + str(number)), ()),
)


def instructions(command):
    """Returns the instructions of a run in user space."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", *map(str, command)]
        ran = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        # 6: no role is given, which is an answer as well.
        if ran.returncode not in (0, 6):
            sys.exit(f"{command}: {ran.returncode}\n{ran.stderr}")
        lines = pathlib.Path(folder, "out").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(("summary:", "totals:"))).split()[1])


def explain(cogfed, folder, claim, rules, more):
    mapping = {"Type": "Rules", "AmbiguousRoleResolution": "Deny", "RulesConfiguration": {"Rules": rules}}
    pool = {"Roles": {"authenticated": f"{ACCOUNT}/Default"}, "RoleMappings": {"issuer.example:client": mapping}}
    claims = {"iss": "https://issuer.example", "aud": "client", "custom:roles": claim}
    paths = {"--mapping": folder / "pool.json", "--claims": folder / "claims.json"}
    for path, document in zip(paths.values(), (pool, claims)):
        path.write_text(json.dumps(document, separators=(",", ":")))
    flags = [str(word) for pair in paths.items() for word in pair]
    return instructions([cogfed, "roles", "--explain", "--json", *flags, *more])


def main():
    cogfed = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "target/release/cogfed").resolve()
    failed = []
    heads = [f"{count} rules".rjust(14) for count in COUNTS]
    print(f"{'case':<42} {' '.join(heads)}   for each more, and the ratio")
    with tempfile.TemporaryDirectory() as folder:
        for name, claim, of_number, more in CASES:
            few, some, many = (
                explain(cogfed, pathlib.Path(folder), claim, [of_number(number) for number in range(count)], more)
                for count in COUNTS
            )
            first, last = (some - few) / (COUNTS[1] - COUNTS[0]), (many - some) / (COUNTS[2] - COUNTS[1])
            ratio = last / first
            print(f"{name:<42} {few:>14,} {some:>14,} {many:>14,}   {first:>11,.0f} {last:>11,.0f}  {ratio:.2f}", flush=True)
            if ratio > MOST:
                failed.append(name)
    if failed:
        sys.exit("benches/roles.py: not linear: " + "; ".join(failed))


if __name__ == "__main__":
    main()
