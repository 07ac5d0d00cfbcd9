package stackref

import (
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/organization"
)

// Account is what every stack exports about its account.
type Account struct {
	// AccountID is the account's 12 digits.
	AccountID string `json:"accountId"`
	// ZoneID, ZoneName and NameServers are those of the account's zone.
	ZoneID      string   `json:"zoneId"`
	ZoneName    string   `json:"zoneName"`
	NameServers []string `json:"nameServers"`
	// ZoneAdopted says that somebody else made the zone, so that it is left as it is.
	ZoneAdopted bool `json:"zoneAdopted,omitempty"`
	// StateBucket and StateKeyARN keep the account's Pulumi state.
	StateBucket string `json:"stateBucket"`
	StateKeyARN string `json:"stateKeyArn"`
	// BackendURL is for `pulumi login`.
	BackendURL string `json:"backendUrl"`
	// SecretsProvider is for `pulumi stack init --secrets-provider`.
	SecretsProvider string `json:"secretsProvider"`
	// SecretsKeyARN encrypts the secrets of the account's applications.
	SecretsKeyARN string `json:"secretsKeyArn"`
	// Roles are what people may be in the account, by short names such as admin.
	Roles map[string]Role `json:"roles"`
	// SignInURL is where the account's users, if it has any, sign in.
	SignInURL string `json:"signInUrl"`
	// PlanRoleARN and ApplyRoleARN are the roles of GitHub's workflows.
	PlanRoleARN  string `json:"planRoleArn,omitempty"`
	ApplyRoleARN string `json:"applyRoleArn,omitempty"`
	// Image is the account's toolbox, an image's name with its tag.
	Image string `json:"image,omitempty"`
	// Users are the organization's, by name, in the account where they live.
	Users map[string]User `json:"users,omitempty"`
}

// Role is a role that people assume.
type Role struct {
	ARN string `json:"arn"`
	// SwitchRoleURL is where a signed-in person changes to it in the console.
	SwitchRoleURL string `json:"switchRoleUrl"`
}

// User is a person with an IAM user.
type User struct {
	ARN string `json:"arn"`
	// DecryptPassword is the command that prints the first password, for who has
	// the private key.
	DecryptPassword string `json:"decryptPassword,omitempty"`
}

// Master is what the master stack exports. The account is the management
// account, its zone master.<domain>.
type Master struct {
	Account
	// Namespace, Domain and Region are what the stack was last run with: a
	// change of theirs replaces what can't be had back.
	Namespace string `json:"namespace"`
	Domain    string `json:"domain"`
	Region    string `json:"region"`
	// OrganizationID and RootID are AWS Organizations'.
	OrganizationID string `json:"organizationId"`
	RootID         string `json:"rootId"`
	// TrustedServices and PolicyTypes are all that the organization has enabled,
	// by coldstart or by others.
	TrustedServices []string `json:"trustedServices"`
	PolicyTypes     []string `json:"policyTypes"`
	// DelegatedAdministrators are the ids of the accounts that administer a
	// service, by its principal.
	DelegatedAdministrators map[string]string `json:"delegatedAdministrators"`
	// ApexZoneID and ApexNameServers are those of the domain's zone; the name
	// servers are for the registrar.
	ApexZoneID      string   `json:"apexZoneId"`
	ApexNameServers []string `json:"apexNameServers"`
	// ApexZoneAdopted is ZoneAdopted for the apex zone.
	ApexZoneAdopted bool `json:"apexZoneAdopted,omitempty"`
	// Units are the organizational units' ids by name.
	Units map[string]string `json:"units"`
	// Accounts are the member accounts by name.
	Accounts map[string]Member `json:"accounts"`
	// Network is the network plan.
	Network organization.NetworkPlan `json:"network"`
	// Trail and AuditAccount are the mode of trails and the account with the archive that
	// are declared, AccessAccount is the account in which users live. They are empty if an
	// earlier version of coldstart ran last.
	Trail         organization.TrailMode `json:"trail,omitempty"`
	AuditAccount  string                 `json:"auditAccount,omitempty"`
	AccessAccount string                 `json:"accessAccount,omitempty"`
}

// Member is what the master stack exports about a member account.
type Member struct {
	ID    string `json:"id"`
	ARN   string `json:"arn"`
	Email string `json:"email"`
	Unit  string `json:"unit"`
	// AccessRoleARN is the role that the management account may assume there.
	AccessRoleARN string `json:"accessRoleArn"`
	// DelegationRoleARN is the role in the management account that may change
	// the delegation of the account's zone.
	DelegationRoleARN string `json:"delegationRoleArn"`
	// CloseOnDelete says that the account is closed when it leaves the file,
	// KeepOnDelete that it stays in the organization without coldstart.
	CloseOnDelete bool `json:"closeOnDelete"`
	KeepOnDelete  bool `json:"keepOnDelete"`
}

// Audit is what the stack of the audit account exports.
type Audit struct {
	Account
	// ArchiveBucket and ArchiveKeyARN keep the trails' logs.
	ArchiveBucket string `json:"archiveBucket"`
	ArchiveKeyARN string `json:"archiveKeyArn"`
	// ArchiveLockDays is for how many days a log is locked; nil if an earlier
	// version of coldstart ran last.
	ArchiveLockDays *int `json:"archiveLockDays,omitempty"`
	// ArchiveAccounts are the accounts whose own trails may write to the archive.
	ArchiveAccounts []string `json:"archiveAccounts,omitempty"`
	// Trail is the mode that the stack ran with; empty if an earlier version of coldstart
	// ran last.
	Trail organization.TrailMode `json:"trail,omitempty"`
	Trailed
}

// Mode returns the mode of trails that the stack ran with; empty if it has no archive.
func (a Audit) Mode() organization.TrailMode {
	switch {
	case a.Trail != "" || a.ArchiveBucket == "":
		return a.Trail
	case len(a.ArchiveAccounts) > 0:
		return organization.TrailAccount
	}
	return organization.TrailOrganization
}

// Trailed is what a stack exports that declares a trail.
type Trailed struct {
	TrailARN string `json:"trailArn,omitempty"`
	// MasterTrailARN is the management account's trail; the audit stack declares
	// it, since the archive has to be there first.
	MasterTrailARN string `json:"masterTrailArn,omitempty"`
}

// MemberStack is what the stack of any other account exports.
type MemberStack struct {
	Account
	Trailed
}

// Export exports outputs, whose keys are the structs' JSON names, and hands them
// over to programs of the same run.
func Export(ctx *pulumi.Context, live *Live, outputs pulumi.Map) {
	for name, value := range outputs {
		ctx.Export(name, value)
	}
	handed := maps.Clone(outputs)
	delete(handed, imageOutput)
	live.publish(ctx, handed)
}

// imageOutput is the output that no other stack reads. The image is built when everything
// else exists, which other stacks don't wait for.
const imageOutput = "image"
