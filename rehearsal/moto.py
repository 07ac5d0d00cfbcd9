"""Runs moto's server, with what it lacks.

Deleting an IAM user with all that is the user's own asks for the user's
service-specific credentials. moto can't create any, so there never are any.

Answers go out whole, as docs/adr/0009-answers-in-one-piece.md explains. The go-ahead
for a body that a client holds back (Expect: 100-continue) has to go out at once.
"""

from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse
from moto.server import MotoRequestHandler, main


def list_service_specific_credentials(self):
    return ActionResult({"ServiceSpecificCredentials": []})


def handle_expect_100(self):
    go_ahead = super(MotoRequestHandler, self).handle_expect_100()
    self.wfile.flush()
    return go_ahead


IamResponse.list_service_specific_credentials = list_service_specific_credentials
MotoRequestHandler.handle_expect_100 = handle_expect_100
MotoRequestHandler.wbufsize = 64 * 1024

main()
