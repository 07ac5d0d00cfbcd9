"""Runs moto's server, with what it lacks.

Deleting an IAM user with all that is the user's own asks for the user's
service-specific credentials. moto can't create any, so there never are any.

The emulator stands for AWS's endpoints, which clients reach by TLS, and speaks plain
HTTP. moto doesn't evaluate conditions of buckets' policies, so a statement that denies
whatever doesn't come by TLS would deny everything.

Answers go out whole, as docs/adr/0009-answers-in-one-piece.md explains. The go-ahead
for a body that a client holds back (Expect: 100-continue) has to go out at once.
"""

import json

from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.responses import IamResponse
from moto.s3.models import FakeBucket
from moto.server import MotoRequestHandler, main

WITHOUT_TLS = ({"Bool": {"aws:SecureTransport": "false"}}, {"Bool": {"aws:SecureTransport": ["false"]}})


def list_service_specific_credentials(self):
    return ActionResult({"ServiceSpecificCredentials": []})


def get_permission(self, action, resource):
    if self.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(self.policy)
    policy["Statement"] = [
        statement for statement in policy["Statement"] if statement.get("Condition") not in WITHOUT_TLS
    ]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def handle_expect_100(self):
    go_ahead = super(MotoRequestHandler, self).handle_expect_100()
    self.wfile.flush()
    return go_ahead


IamResponse.list_service_specific_credentials = list_service_specific_credentials
FakeBucket.get_permission = get_permission
MotoRequestHandler.handle_expect_100 = handle_expect_100
MotoRequestHandler.wbufsize = 64 * 1024

main()
