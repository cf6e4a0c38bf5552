"""Creates AWS resources in a running MiniStack: a user pool with a native user and an app client, and an identity pool
with a default role that trusts it.

    python seed_ministack.py URL REGION PORT…

PORT… are the ports of the callback URLs. Prints the resources' names as one line of JSON.
"""

import json
import sys

import boto3

PASSWORD = "Passw0rd!of-alice"
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


def main():
    url, region, *ports = sys.argv[1:]
    # An access key that is not twelve digits belongs to account 000000000000, as unsigned requests do.
    session = boto3.Session("AKIAIOSFODNN7EXAMPLE", "any-key-will-do", region_name=region)
    user_pools, identity_pools, iam = (
        session.client(name, endpoint_url=url) for name in ("cognito-idp", "cognito-identity", "iam")
    )
    user_pool = user_pools.create_user_pool(PoolName="corp")["UserPool"]["Id"]
    client = user_pools.create_user_pool_client(
        UserPoolId=user_pool, ClientName="cogfed", AllowedOAuthFlowsUserPoolClient=True, AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "email", "profile"], SupportedIdentityProviders=["COGNITO"],
        CallbackURLs=[f"http://localhost:{port}/callback" for port in ports],
    )["UserPoolClient"]["ClientId"]
    attributes = [{"Name": "email", "Value": "alice@corp.example"}]
    user_pools.admin_create_user(
        UserPoolId=user_pool, Username="alice", UserAttributes=attributes, MessageAction="SUPPRESS"
    )
    user_pools.admin_set_user_password(UserPoolId=user_pool, Username="alice", Password=PASSWORD, Permanent=True)
    known = {"ProviderName": f"cognito-idp.{region}.amazonaws.com/{user_pool}", "ClientId": client}
    identity_pool = identity_pools.create_identity_pool(
        IdentityPoolName="corp", AllowUnauthenticatedIdentities=False, CognitoIdentityProviders=[known]
    )["IdentityPoolId"]
    role = iam.create_role(RoleName="Authenticated", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    identity_pools.set_identity_pool_roles(IdentityPoolId=identity_pool, Roles={"authenticated": role})
    made = {"user_pool": user_pool, "client": client, "identity_pool": identity_pool, "role": role}
    print(json.dumps({**made, "password": PASSWORD}))


if __name__ == "__main__":
    main()
