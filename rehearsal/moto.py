"""Runs moto's server, with what it lacks.

Deleting an IAM user with all that is the user's own asks for the user's
service-specific credentials. moto can't create any, so there never are any.

IAM keeps what something else refers to: a policy that is attached or somebody's boundary, a group with
members or policies, a user with keys, a password, MFA devices or groups. moto deletes them. And an
update of a role changes nothing that the request leaves out, where moto forgets the description.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html

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

A default VPC has an internet gateway, and its main route table a route to that. moto makes neither:
https://docs.aws.amazon.com/vpc/latest/userguide/default-vpc.html
What AWS makes a default subnet is in a default VPC. For moto, the first subnet of an Availability
Zone is one, whoever makes it.

EC2 lists the regions that are enabled in an account, and all of the partition on request. moto
lists those of all partitions, and takes some that have to be enabled for such that needn't be.
https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html

Of each request moto lists the folder of its services, to find the one that a host means, lists
the methods of the service, of which EC2 has hundreds, and logs the request; for each symmetric
KMS key moto generates an RSA key. Hosts and methods are looked up once here, nothing is logged, and only asymmetric keys get such a key: together a third of
the emulator's time.

Answers go out whole, as docs/adr/0009-answers-in-one-piece.md explains. The go-ahead
for a body that a client holds back (Expect: 100-continue) has to go out at once.
"""

import copy
import functools
import ipaddress
import json
from datetime import datetime

import moto.core.responses
import moto.iam.models
import moto.kms.models
from moto.cloudtrail.models import CloudTrailBackend, Trail
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.exceptions import DefaultSubnetAlreadyExistsInAvailabilityZoneError, DefaultVpcDoesNotExistError
from moto.ec2.models.availability_zones_and_regions import Region
from moto.ec2.models.subnets import SubnetBackend
from moto.ec2.models.vpcs import VPCBackend
from moto.ec2.responses.availability_zones_and_regions import AvailabilityZonesAndRegions
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import DeleteConflictException
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


def delete_policy(self, policy_arn):
    policy = self.get_policy(policy_arn)
    entities = [*self.roles.values(), *self.users.values(), *self.groups.values()]
    if any(policy.arn in e.managed_policies or getattr(e, "permissions_boundary_arn", None) == policy.arn for e in entities):
        raise DeleteConflictException("Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        raise DeleteConflictException("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
    delete_policy_in_use(self, policy_arn)


def refuse_deletion(**of):
    for what, there in of.items():
        if there:
            raise DeleteConflictException(f"Cannot delete entity, must {what.replace('_', ' ')} first.")


def delete_group(self, group_name):
    group = self.get_group(group_name)
    refuse_deletion(remove_users_from_group=group.users, detach_all_policies=group.managed_policies, delete_policies=group.policies)
    delete_group_in_use(self, group_name)


def delete_user(self, user_name):
    user = self.get_user(user_name)
    refuse_deletion(
        delete_login_profile=user.password, delete_access_keys=user.access_keys, delete_MFA_device=user.mfa_devices,
        delete_SSH_public_keys=user.ssh_public_keys, remove_users_from_group=[g for g in self.groups.values() if user in g.users],
    )
    delete_user_in_use(self, user_name)


def update_role(self):
    role = self.backend.get_role(self._get_param("RoleName"))
    role.description = self._get_param("Description", role.description)
    role.max_session_duration = self._get_param("MaxSessionDuration", role.max_session_duration)
    return EmptyResult()


def get_account_id_from(access_key):
    for account_id, partitions in list(iam_backends.items()):
        if any(access_key in backend.access_keys for backend in list(partitions.values())):
            return account_id
    return DEFAULT_ACCOUNT_ID


def generate_private_key(key_spec):
    return None if key_spec == "SYMMETRIC_DEFAULT" else generate_any_private_key(key_spec)


def create_default_vpc(self):
    vpc = create_default_vpc_without_gateway(self)
    gateway = self.create_internet_gateway()
    self.attach_internet_gateway(gateway.id, vpc.id)
    main = next(table for table in self.route_tables.values() if table.vpc_id == vpc.id)
    self.create_route(main.id, "0.0.0.0/0", gateway_id=gateway.id)
    return vpc


def create_subnet(self, vpc_id, *args, **kwargs):
    subnet = create_subnet_of_any_kind(self, vpc_id, *args, **kwargs)
    subnet.default_for_az = subnet.map_public_ip_on_launch = False
    return subnet


def create_default_subnet(self, availability_zone):
    vpc = self.get_default_vpc()
    if vpc is None:
        raise DefaultVpcDoesNotExistError()
    subnets = self.describe_subnets(filters={"vpc-id": vpc.id})
    for subnet in subnets:
        if subnet.default_for_az and subnet.availability_zone == availability_zone:
            raise DefaultSubnetAlreadyExistsInAvailabilityZoneError(subnet.id, availability_zone)
    blocks = ipaddress.ip_network(vpc.cidr_block).subnets(new_prefix=20)
    free = next(block for block in blocks if not any(block.overlaps(subnet.cidr) for subnet in subnets))
    subnet = create_subnet_of_any_kind(self, vpc.id, str(free), availability_zone=availability_zone)
    subnet.default_for_az = subnet.map_public_ip_on_launch = True
    return subnet


ENABLED_REGIONS = [
    "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1",
    "us-east-1", "us-east-2", "us-west-1", "us-west-2",
]


def describe_regions(self):
    self.error_on_dryrun()
    regions = [
        Region(region.name, region.endpoint, "opt-in-not-required" if region.name in ENABLED_REGIONS else "not-opted-in")
        for region in self.ec2_backend.describe_regions(self._get_param("RegionNames", []))
        if not region.name.startswith(("cn-", "us-gov-"))
    ]
    if not self._get_bool_param("AllRegions", False):
        regions = [region for region in regions if region.opt_in_status != "not-opted-in"]
    return ActionResult({"Regions": regions})


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
delete_policy_in_use, delete_group_in_use, delete_user_in_use = IAMBackend.delete_policy, IAMBackend.delete_group, IAMBackend.delete_user
IAMBackend.delete_policy, IAMBackend.delete_group, IAMBackend.delete_user = delete_policy, delete_group, delete_user
IamResponse.update_role = update_role
moto.iam.models.get_account_id_from = get_account_id_from
describe_trail_without_selectors = Trail.description
Trail.description = describe_trail
CloudTrailBackend.delete_trail = delete_trail
DomainDispatcherApplication.get_backend_for_host = functools.cache(DomainDispatcherApplication.get_backend_for_host)
create_default_vpc_without_gateway = VPCBackend.create_default_vpc
VPCBackend.create_default_vpc = create_default_vpc
create_subnet_of_any_kind = SubnetBackend.create_subnet
SubnetBackend.create_subnet = create_subnet
SubnetBackend.create_default_subnet = create_default_subnet
AvailabilityZonesAndRegions.describe_regions = describe_regions
generate_any_private_key = moto.kms.models.generate_private_key
moto.kms.models.generate_private_key = generate_private_key
moto.core.responses.method_names_from_class = functools.cache(moto.core.responses.method_names_from_class)
MotoRequestHandler.log_request = log_nothing
MotoRequestHandler.handle_expect_100 = handle_expect_100
MotoRequestHandler.wbufsize = 64 * 1024

main()
