"""Creates AWS resources in a running moto_server: a user pool with an app client, an identity pool that trusts it and
allows the classic flow, two roles, and an administrator with keys.

    python seed_moto.py URL REGION

Prints their names as one line of JSON.
"""

import json
import sys

import boto3

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Federated": "cognito-identity.amazonaws.com"},
            "Action": "sts:AssumeRoleWithWebIdentity",
        }
    ],
}
ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


def main():
    url, region = sys.argv[1:]
    # moto verifies no identity until it is configured to.
    session = boto3.Session("AKIAIOSFODNN7EXAMPLE", "any-key-will-do", region_name=region)
    user_pools, identity_pools, iam = (
        session.client(name, endpoint_url=url) for name in ("cognito-idp", "cognito-identity", "iam")
    )
    user_pool = user_pools.create_user_pool(PoolName="corp")["UserPool"]["Id"]
    client = user_pools.create_user_pool_client(
        UserPoolId=user_pool, ClientName="cogfed", AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid"], CallbackURLs=["http://localhost:8400/callback"],
    )["UserPoolClient"]["ClientId"]
    known = {"ProviderName": f"cognito-idp.{region}.amazonaws.com/{user_pool}", "ClientId": client}
    identity_pool = identity_pools.create_identity_pool(
        IdentityPoolName="corp", AllowUnauthenticatedIdentities=False, AllowClassicFlow=True,
        CognitoIdentityProviders=[known],
    )["IdentityPoolId"]
    roles = {}
    for name in ("OrdersAdmin", "OrdersReader"):
        made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(ANYTHING))
        roles[name] = made["Role"]["Arn"]
    iam.create_user(UserName="administrator")
    iam.put_user_policy(UserName="administrator", PolicyName="all", PolicyDocument=json.dumps(ANYTHING))
    key = iam.create_access_key(UserName="administrator")["AccessKey"]
    made = {
        "identity_pool_id": identity_pool, "roles": roles,
        "administrator": {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]},
    }
    print(json.dumps(made))


if __name__ == "__main__":
    main()
