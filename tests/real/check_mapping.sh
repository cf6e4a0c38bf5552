#!/bin/sh
# Checks a role mapping before its deployment: the step of a pipeline job with an empty environment.
#
#     check_mapping.sh COGFED PYTHON MAPPING CLAIMS ROLE_ARN
#
# Exits with 0 if these claims are given only this role, and prints the result in one line.
set -eu
cogfed=$1 python=$2 mapping=$3 claims=$4 role=$5
status=0
"$cogfed" roles --explain --json --mapping "$mapping" --claims "$claims" --expect "$role" >explained.json || status=$?
[ -s explained.json ] || exit "$status"
"$python" - "$status" <<'END'
import json
import sys

with open("explained.json") as file:
    explained = json.load(file)
decided = [f"rule {rule['number']}" for rule in explained["rules"] if rule["decides"]]
sure = "certain" if explained["certain"] else "not certain"
print(explained["outcome"], explained["role_arn"], *(decided or ["no rule"]), sure, sep=", ")
sys.exit(int(sys.argv[1]))
END
