"""Runs moto's server, with what it lacks.

Deleting an IAM user with all that is the user's own asks for the user's
service-specific credentials. moto can't create any, so there never are any.

moto doesn't evaluate the conditions of buckets' policies, and takes every statement that
has some and denies for one that denies everybody. Such statements are left out.

S3 turns object lock on for buckets that have objects already, which moto refuses:
https://aws.amazon.com/about-aws/whats-new/2023/11/amazon-s3-enabling-object-lock-buckets/

moto renames no unit to a name that any other has, wherever that one is, and keeps the
policies of a unit that is deleted attached to it. AWS's names are one parent's, which
rehearsal/limits looks after, and what is attached goes with the unit.

A trail says whether it has selectors. moto keeps them, and says that it has none. And it is
deleted by its ARN as well as by its name, for which moto deletes nothing.

AWS's own policies are parsed once for all accounts, which share their documents, and only for
partitions that something uses. moto parses them again for each account and each of eight
partitions, whoever asks whose an access key is, which takes 0.7 s of CPU an account.

Of each request moto lists the folder of its services, to find the one that a host means, and
logs the request; for each symmetric KMS key moto generates an RSA key. Hosts are looked up
once here, nothing is logged, and only asymmetric keys get such a key: together a third of
the emulator's time.

Answers go out whole, as docs/adr/0009-answers-in-one-piece.md explains. The go-ahead
for a body that a client holds back (Expect: 100-continue) has to go out at once.
"""

import copy
import functools
import json
from datetime import datetime

import moto.iam.models
import moto.kms.models
from moto.cloudtrail.models import CloudTrailBackend, Trail
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend, iam_backends
from moto.iam.responses import IamResponse
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.organizations.models import OrganizationsBackend
from moto.s3.exceptions import InvalidBucketState
from moto.s3.models import FakeBucket, S3Backend
from moto.server import MotoRequestHandler, main


def list_service_specific_credentials(self):
    return ActionResult({"ServiceSpecificCredentials": []})


def get_permission(self, action, resource):
    if self.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(self.policy)
    policy["Statement"] = [
        statement
        for statement in policy["Statement"]
        if statement["Effect"] != "Deny" or not statement.get("Condition")
    ]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def put_object_lock_configuration(self, bucket_name, lock_enabled, mode=None, days=None, years=None):
    bucket = self.get_bucket(bucket_name)
    if not bucket.is_versioned:
        raise InvalidBucketState("Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
    bucket.object_lock_enabled = bucket.object_lock_enabled or lock_enabled
    bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = mode, days, years


def update_organizational_unit(self, **kwargs):
    unit = self.get_organizational_unit_by_id(kwargs["OrganizationalUnitId"])
    unit.name = kwargs.get("Name", unit.name)
    return unit.describe()


def delete_organizational_unit(self, **kwargs):
    unit = self.get_organizational_unit_by_id(kwargs["OrganizationalUnitId"])
    for policy in self.policies:
        policy.attachments = [attached for attached in policy.attachments if attached is not unit]
    self.ou.remove(unit)


def describe_trail(self, include_region=False):
    description = describe_trail_without_selectors(self, include_region)
    description["HasCustomEventSelectors"] = bool(self.event_selectors or self.advanced_event_selectors)
    return description


def delete_trail(self, name):
    del self.trails[self.get_trail(name).trail_name]


AWS_POLICIES = [
    {
        "name": name,
        "default_version_id": policy.get("DefaultVersionId"),
        "path": policy.get("Path"),
        "document": json.dumps(policy.get("Document")),
        "create_date": datetime.fromisoformat(policy["CreateDate"]),
        "update_date": datetime.fromisoformat(policy["UpdateDate"]),
    }
    for name, policy in json.loads(aws_managed_policies_data).items()
]


@functools.cache
def aws_policies_of(region_name):
    return [AWSManagedPolicy(account_id="aws", region=region_name, **policy) for policy in AWS_POLICIES]


def init_aws_policies(self):
    policies = [copy.copy(policy) for policy in aws_policies_of(self.region_name)]
    for policy in policies:
        policy.account_id = self.account_id
    return policies


def get_account_id_from(access_key):
    for account_id, partitions in list(iam_backends.items()):
        if any(access_key in backend.access_keys for backend in list(partitions.values())):
            return account_id
    return DEFAULT_ACCOUNT_ID


def generate_private_key(key_spec):
    return None if key_spec == "SYMMETRIC_DEFAULT" else generate_any_private_key(key_spec)


def log_nothing(self, *args):
    pass


def handle_expect_100(self):
    go_ahead = super(MotoRequestHandler, self).handle_expect_100()
    self.wfile.flush()
    return go_ahead


IamResponse.list_service_specific_credentials = list_service_specific_credentials
FakeBucket.get_permission = get_permission
S3Backend.put_object_lock_configuration = put_object_lock_configuration
OrganizationsBackend.update_organizational_unit = update_organizational_unit
OrganizationsBackend.delete_organizational_unit = delete_organizational_unit
IAMBackend._init_aws_policies = init_aws_policies
moto.iam.models.get_account_id_from = get_account_id_from
describe_trail_without_selectors = Trail.description
Trail.description = describe_trail
CloudTrailBackend.delete_trail = delete_trail
DomainDispatcherApplication.get_backend_for_host = functools.cache(DomainDispatcherApplication.get_backend_for_host)
generate_any_private_key = moto.kms.models.generate_private_key
moto.kms.models.generate_private_key = generate_private_key
MotoRequestHandler.log_request = log_nothing
MotoRequestHandler.handle_expect_100 = handle_expect_100
MotoRequestHandler.wbufsize = 64 * 1024

main()
