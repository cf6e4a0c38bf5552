"""Acts as a program with boto3: asks STS for its identity several times in one session.

    python ask_by_boto3.py STS_URL TIMES

Prints the ARN each time. The credentials come from the profile of the AWS config file that AWS_PROFILE names.
"""

import sys

import boto3


def main():
    url, times = sys.argv[1], int(sys.argv[2])
    client = boto3.Session().client("sts", endpoint_url=url)
    for _ in range(times):
        print(client.get_caller_identity()["Arn"])


if __name__ == "__main__":
    main()
