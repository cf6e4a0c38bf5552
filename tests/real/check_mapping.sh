#!/bin/sh
# What a pipeline does before a role mapping is deployed: the step of a job whose environment is empty.
#
#     check_mapping.sh COGFED PYTHON MAPPING CLAIMS ROLE_ARN
#
# Ends with 0 if who has these claims is given this role and no other, and says in one line what it found.
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
