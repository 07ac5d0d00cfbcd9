"""Runs moto's server, with what it lacks.

Deleting an IAM user with all that is the user's own asks for the user's
service-specific credentials. moto can't create any, so there never are any.
"""

from moto.core.responses import ActionResult
from moto.iam.responses import IamResponse
from moto.server import main


def list_service_specific_credentials(self):
    return ActionResult({"ServiceSpecificCredentials": []})


IamResponse.list_service_specific_credentials = list_service_specific_credentials

main()
