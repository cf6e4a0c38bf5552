#!/usr/bin/env python3
"""Signs requests with botocore, as a second opinion on signatures.

Reads one request per line from standard input, as JSON:

    {"method": "GET", "url": "https://...", "headers": [["name", "value"], ...], "body": "BASE64",
     "time": "20261122T120000Z", "region": "eu-west-1", "service": "execute-api",
     "credentials": {"access_key_id": "...", "secret_access_key": "...", "session_token": "..."}}

and prints for each the Authorization header that botocore computes, one per line. The URL and the headers are those on
the wire. botocore chooses the headers that it signs. "service" may be omitted. S3 gets botocore's class for S3, VPC Lattice
an unsigned body, and OpenSearch Serverless the body's hash in a header, as opensearch-py sends it.
"""

import base64
import datetime
import json
import sys

import botocore.auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

S3 = {"s3", "s3-object-lambda", "s3-outposts", "s3express"}


def sign(given):
    time = datetime.datetime.strptime(given["time"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
    # botocore takes the time from here, and has no parameter for it.
    botocore.auth.get_current_datetime = lambda *_, **__: time
    keys = given["credentials"]
    credentials = Credentials(keys["access_key_id"], keys["secret_access_key"], keys.get("session_token") or None)
    request = AWSRequest(method=given["method"], url=given["url"], data=base64.b64decode(given.get("body", "")))
    for name, value in given["headers"]:
        request.headers.add_header(name, value)
    service = given.get("service", "execute-api")
    signer = botocore.auth.S3SigV4Auth if service in S3 else botocore.auth.SigV4Auth
    signer = signer(credentials, service, given["region"])
    if service == "vpc-lattice-svcs":
        request.context["payload_signing_enabled"] = False
    if service == "aoss":
        request.headers.add_header("X-Amz-Content-SHA256", signer.payload(request))
    signer.add_auth(request)
    return request.headers["Authorization"]


def main():
    for line in sys.stdin:
        print(sign(json.loads(line)), flush=True)


if __name__ == "__main__":
    main()
