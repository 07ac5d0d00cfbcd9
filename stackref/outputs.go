package stackref

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/organization"
)

// The outputs of each kind of stack, as other programs read them: plain values.
type (
	// Account is an AccountOf that is read.
	Account = AccountOf[string, []string, map[string]string]
	// Master is a MasterOf that is read.
	Master = MasterOf[string, []string, map[string]string]
	// Audit is an AuditOf that is read.
	Audit = AuditOf[string, []string, map[string]string]
	// MemberStack is a MemberStackOf that is read.
	MemberStack = MemberStackOf[string, []string, map[string]string]

	// Role is a RoleOf that is read.
	Role = RoleOf[string]
	// User is a UserOf that is read.
	User = UserOf[string]
	// Member is a MemberOf that is read.
	Member = MemberOf[string]
	// IdentityCenter is an IdentityCenterOf that is read.
	IdentityCenter = IdentityCenterOf[map[string]string]
	// Trailed is a TrailedOf that is read.
	Trailed = TrailedOf[string]
)

// The same outputs, as the stack's own program writes them: values that Pulumi may not know yet.
// They are the same structs, so each output's name is written once. A field of type string has a
// value from the declaration, which programs always know.
type (
	// AccountOutputs is an AccountOf that is written.
	AccountOutputs = AccountOf[pulumi.StringInput, pulumi.StringArrayInput, pulumi.StringMapInput]
	// MasterOutputs is a MasterOf that is written.
	MasterOutputs = MasterOf[pulumi.StringInput, pulumi.StringArrayInput, pulumi.StringMapInput]
	// AuditOutputs is an AuditOf that is written.
	AuditOutputs = AuditOf[pulumi.StringInput, pulumi.StringArrayInput, pulumi.StringMapInput]
	// MemberStackOutputs is a MemberStackOf that is written.
	MemberStackOutputs = MemberStackOf[pulumi.StringInput, pulumi.StringArrayInput, pulumi.StringMapInput]

	// RoleOutputs is a RoleOf that is written.
	RoleOutputs = RoleOf[pulumi.StringInput]
	// UserOutputs is a UserOf that is written.
	UserOutputs = UserOf[pulumi.StringInput]
	// MemberOutputs is a MemberOf that is written.
	MemberOutputs = MemberOf[pulumi.StringInput]
	// IdentityCenterOutputs is an IdentityCenterOf that is written.
	IdentityCenterOutputs = IdentityCenterOf[pulumi.StringMapInput]
	// TrailedOutputs is a TrailedOf that is written.
	TrailedOutputs = TrailedOf[pulumi.StringInput]
)

// AccountOf is what every stack exports about its account.
type AccountOf[Text, Texts, TextMap any] struct {
	// AccountID is the account's 12 digits.
	AccountID Text `json:"accountId"`
	// ZoneID, ZoneName and NameServers are those of the account's zone.
	ZoneID      Text   `json:"zoneId"`
	ZoneName    string `json:"zoneName"`
	NameServers Texts  `json:"nameServers"`
	// ZoneAdopted says that somebody else made the zone, so that it is left as it is.
	ZoneAdopted bool `json:"zoneAdopted,omitempty"`
	// StateBucket and StateKeyARN keep the account's Pulumi state.
	StateBucket Text `json:"stateBucket"`
	StateKeyARN Text `json:"stateKeyArn"`
	// BackendURL is for `pulumi login`.
	BackendURL Text `json:"backendUrl"`
	// SecretsProvider is for `pulumi stack init --secrets-provider`.
	SecretsProvider Text `json:"secretsProvider"`
	// SecretsKeyARN encrypts the secrets of the account's applications.
	SecretsKeyARN Text `json:"secretsKeyArn"`
	// Roles are what people may be in the account, by short names such as admin.
	Roles map[string]RoleOf[Text] `json:"roles"`
	// SignInURL is where the account's users, if it has any, sign in.
	SignInURL Text `json:"signInUrl"`
	// PlanRoleARN and ApplyRoleARN are the roles of GitHub's workflows.
	PlanRoleARN  Text `json:"planRoleArn,omitempty"`
	ApplyRoleARN Text `json:"applyRoleArn,omitempty"`
	// Image is the account's toolbox, an image's name with its tag. No other stack reads it,
	// and other stacks don't wait for it: the image is built when everything else exists.
	Image Text `json:"image,omitempty" live:"-"`
	// Users are the organization's, by name, in the account where they live.
	Users map[string]UserOf[Text] `json:"users,omitempty"`
	// PermissionSets are the ARNs of the permission sets of IAM Identity Center that the stack declares, by their names.
	PermissionSets map[string]Text `json:"permissionSets,omitempty"`
}

// RoleOf is a role that people assume.
type RoleOf[Text any] struct {
	ARN Text `json:"arn"`
	// SwitchRoleURL is where a signed-in person changes to it in the console.
	SwitchRoleURL Text `json:"switchRoleUrl"`
}

// UserOf is somebody with an IAM user.
type UserOf[Text any] struct {
	ARN Text `json:"arn"`
	// DecryptPassword is the command that prints the first password, for whoever
	// has the private key.
	DecryptPassword Text `json:"decryptPassword,omitempty"`
}

// MasterOf is what the master stack exports. The account is the management
// account, its zone master.<domain>.
type MasterOf[Text, Texts, TextMap any] struct {
	AccountOf[Text, Texts, TextMap]
	// Namespace, Domain and Region are what the stack was last run with: a
	// change of theirs replaces what can't be had back.
	Namespace string `json:"namespace"`
	Domain    string `json:"domain"`
	Region    string `json:"region"`
	// OrganizationID and RootID are AWS Organizations'.
	OrganizationID Text `json:"organizationId"`
	RootID         Text `json:"rootId"`
	// TrustedServices and PolicyTypes are all that the organization has enabled,
	// by coldstart or by others.
	TrustedServices Texts `json:"trustedServices"`
	PolicyTypes     Texts `json:"policyTypes"`
	// DelegatedAdministrators are the ids of the accounts that administer a
	// service, by its principal.
	DelegatedAdministrators TextMap `json:"delegatedAdministrators"`
	// ApexZoneID and ApexNameServers are those of the domain's zone; the name
	// servers are for the registrar.
	ApexZoneID      Text  `json:"apexZoneId"`
	ApexNameServers Texts `json:"apexNameServers"`
	// ApexZoneAdopted is ZoneAdopted for the apex zone.
	ApexZoneAdopted bool `json:"apexZoneAdopted,omitempty"`
	// Units are the organizational units' ids by name.
	Units TextMap `json:"units"`
	// Accounts are the member accounts by name.
	Accounts map[string]MemberOf[Text] `json:"accounts"`
	// Network is the network plan.
	Network organization.NetworkPlan `json:"network"`
	// Trail and AuditAccount are the mode of trails and the account with the archive that
	// are declared, AccessAccount is the account in which users live. They are empty if an
	// earlier version of coldstart ran last.
	Trail         organization.TrailMode `json:"trail,omitempty"`
	AuditAccount  string                 `json:"auditAccount,omitempty"`
	AccessAccount string                 `json:"accessAccount,omitempty"`
	// GuardDutyAccount is the account that administers GuardDuty; empty if the organization doesn't have it.
	GuardDutyAccount string `json:"guardDutyAccount,omitempty"`
	// InspectorAccount is the account that administers Inspector; empty if the organization doesn't have it.
	InspectorAccount string `json:"inspectorAccount,omitempty"`
	// MacieAccount is the account that administers Macie; empty if the organization doesn't have it.
	MacieAccount string `json:"macieAccount,omitempty"`
	// ConformancePacks are the names of the conformance packs of AWS Config.
	ConformancePacks []string `json:"conformancePacks,omitempty"`
	// SecurityHubAccount is the account that administers Security Hub; empty if the organization doesn't have it.
	SecurityHubAccount string `json:"securityHubAccount,omitempty"`
	// People is how people come in; empty if an earlier version of coldstart ran last.
	People organization.People `json:"people,omitempty"`
	// IdentityCenter is how people come in by IAM Identity Center; nil if they don't.
	IdentityCenter *IdentityCenterOf[TextMap] `json:"identityCenter,omitempty"`
}

// IdentityCenterOf is what the master stack exports about IAM Identity Center.
type IdentityCenterOf[TextMap any] struct {
	// InstanceARN, IdentityStoreID and Region are those of the organization's instance; empty if it isn't enabled.
	InstanceARN     string `json:"instanceArn"`
	IdentityStoreID string `json:"identityStoreId"`
	Region          string `json:"region"`
	// Directory says who keeps the users and groups; empty if an earlier version of coldstart ran last.
	Directory organization.Directory `json:"directory,omitempty"`
	// Groups are the ids of groups in the identity store, by the names that the declaration has; groups that an external directory doesn't
	// have are missing.
	Groups TextMap `json:"groups"`
}

// MemberOf is what the master stack exports about a member account.
type MemberOf[Text any] struct {
	ID    Text   `json:"id"`
	ARN   Text   `json:"arn"`
	Email string `json:"email"`
	Unit  string `json:"unit"`
	// AccessRoleARN is the role that the management account may assume there.
	AccessRoleARN Text `json:"accessRoleArn"`
	// DelegationRoleARN is the role in the management account that may change
	// the delegation of the account's zone.
	DelegationRoleARN Text `json:"delegationRoleArn"`
	// CloseOnDelete says that the account is closed when it leaves the file,
	// KeepOnDelete that it stays in the organization without coldstart.
	CloseOnDelete bool `json:"closeOnDelete"`
	KeepOnDelete  bool `json:"keepOnDelete"`
}

// AuditOf is what the stack of the audit account exports.
type AuditOf[Text, Texts, TextMap any] struct {
	AccountOf[Text, Texts, TextMap]
	// ArchiveBucket and ArchiveKeyARN keep the trails' logs.
	ArchiveBucket Text `json:"archiveBucket"`
	ArchiveKeyARN Text `json:"archiveKeyArn"`
	// ArchiveLockDays is for how many days a log is locked; nil if an earlier
	// version of coldstart ran last.
	ArchiveLockDays *int `json:"archiveLockDays,omitempty"`
	// ConfigBucket is the bucket that AWS Config writes to, and ConfigKeyARN its key; empty if it records nothing.
	ConfigBucket Text `json:"configBucket,omitempty"`
	ConfigKeyARN Text `json:"configKeyArn,omitempty"`
	// ConfigAccounts are the accounts whose recorders may write to that bucket.
	ConfigAccounts []string `json:"configAccounts,omitempty"`
	// GuardDutyBucket is the bucket that GuardDuty exports findings to, and GuardDutyKeyARN its key; empty if it exports none.
	// GuardDutyAccount is the account whose detectors may write there.
	GuardDutyBucket  Text   `json:"guardDutyBucket,omitempty"`
	GuardDutyKeyARN  Text   `json:"guardDutyKeyArn,omitempty"`
	GuardDutyAccount string `json:"guardDutyAccount,omitempty"`
	// MacieBucket, MacieKeyARN and MacieAccount are the same of what Macie discovers.
	MacieBucket  Text   `json:"macieBucket,omitempty"`
	MacieKeyARN  Text   `json:"macieKeyArn,omitempty"`
	MacieAccount string `json:"macieAccount,omitempty"`
	// ArchiveAccounts are the accounts whose own trails may write to the archive.
	ArchiveAccounts []string `json:"archiveAccounts,omitempty"`
	// Trail is the mode that the stack ran with; empty if an earlier version of coldstart
	// ran last.
	Trail organization.TrailMode `json:"trail,omitempty"`
	TrailedOf[Text]
}

// Exported returns the outputs about the bucket that a service exports to, by the name of its organization.Export: to be read or set.
func (a *AuditOf[Text, Texts, TextMap]) Exported(name string) (bucket, keyARN *Text, account *string) {
	if name == organization.MacieName {
		return &a.MacieBucket, &a.MacieKeyARN, &a.MacieAccount
	}
	return &a.GuardDutyBucket, &a.GuardDutyKeyARN, &a.GuardDutyAccount
}

// TrailedOf is what a stack exports that declares a trail.
type TrailedOf[Text any] struct {
	TrailARN Text `json:"trailArn,omitempty"`
	// MasterTrailARN is the management account's trail; the audit stack declares
	// it, since the archive has to be there first.
	MasterTrailARN Text `json:"masterTrailArn,omitempty"`
}

// MemberStackOf is what the stack of any other account exports.
type MemberStackOf[Text, Texts, TextMap any] struct {
	AccountOf[Text, Texts, TextMap]
	TrailedOf[Text]
}
