package organization_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// TestEverything reads a file that uses every key.
func TestEverything(t *testing.T) {
	t.Parallel()
	key := pgpKey(t, nil)
	org := parse(t, everything(t, key))
	want := &organization.Organization{
		Namespace: "acme",
		Domain:    "acme.example",
		Region:    "us-west-2",
		Email:     "aws+%s@acme.example",
		Network:   organization.Network{CIDR: netip.MustParsePrefix("10.96.0.0/12"), AccountPrefix: 20},
		Units: map[string]organization.Unit{
			"infrastructure": {Tags: map[string]string{"Cost": "shared"}, Guardrails: []string{"deny-public-s3", "no-marketplace"}},
			"dns":            {Parent: "infrastructure"},
			"free":           {Name: "Free & easy (EU)", Guardrails: []string{}, Standards: []string{}},
		},
		Accounts: map[string]organization.Account{
			"logs": {Unit: "infrastructure"},
			"dev":  {KeepOnDelete: true, AccessRole: "OrganizationAccountAccessRole"},
			"prod": {
				ID: "012345678901", Email: "prod@acme.example", Unit: "dns", Network: netip.MustParsePrefix("10.96.0.0/16"),
				Protect: true, CloseOnDelete: true, Guardrails: []string{"require-imdsv2"}, Tags: map[string]string{"Team": "core"},
			},
		},
		Settings: organization.Settings{
			TrustedServices:         []string{"sso.amazonaws.com"},
			PolicyTypes:             []string{"SERVICE_CONTROL_POLICY", "TAG_POLICY"},
			DelegatedAdministrators: map[string]string{"access-analyzer.amazonaws.com": "logs"},
		},
		Access: organization.Access{
			Account:         "dev",
			People:          organization.PeopleBoth,
			Directory:       organization.DirectoryExternal,
			DirectoryGroups: map[string]string{"administrators": "AWS Administrators"},
			Attributes:      map[string]string{"CostCenter": "enterprise.costCenter"},
			MFAMaxAge:       90 * time.Minute,
			Roles: map[string]organization.Role{
				"admin": {ManagedPolicies: []string{"AdministratorAccess"}, Session: 4 * time.Hour},
				"readonly": {ManagedPolicies: []string{"ReadOnlyAccess"}, Session: time.Hour, Statements: []policy.Statement{
					{Sid: "DecryptNothing", Effect: policy.Deny, Action: []string{"kms:Decrypt"}, Resource: []string{"*"}},
				}},
				"billing": {ManagedPolicies: []string{"job-function/Billing"}, Session: time.Hour, Accounts: []string{"master"}},
				"deployer": {
					ManagedPolicies:         []string{"AWSCloudFormationFullAccess", "job-function/ViewOnlyAccess"},
					CustomerManagedPolicies: []string{"/teams/deployer"},
					Statements: []policy.Statement{
						{
							Sid: "Deploy", Effect: policy.Allow, Action: []string{"s3:*", "lambda:Update*"}, Resource: []string{"*"},
							Condition: policy.Condition{"StringEquals": {"aws:RequestedRegion": {"us-west-2"}, "aws:ResourceTag/Team": {"core", "data"}}},
						},
						{Effect: policy.Deny, NotAction: []string{"s3:GetObject"}, NotResource: []string{"arn:aws:s3:::acme-*"}},
						{Effect: policy.Allow, Action: []string{"iam:PassRole"}, Resource: []string{"arn:aws:iam::*:role/deployed"}},
					},
					Boundary:   []policy.Statement{{Effect: policy.Allow, NotAction: []string{"iam:*"}, Resource: []string{"*"}}},
					Session:    90 * time.Minute,
					RelayState: "https://us-west-2.console.aws.amazon.com/lambda",
					Accounts:   []string{"prod", "dev"},
				},
			},
			Groups: map[string]map[string][]string{
				"administrators": {"master": {"admin"}, "*": {"admin"}},
				"auditors":       {"master": {"readonly", "billing"}, "*": {"readonly"}},
				"deployers":      {"dev": {"deployer"}, "prod": {"deployer"}},
			},
			GitHub: organization.GitHub{Repository: "acme/infrastructure", Branch: "trunk", Environment: "production"},
		},
		Users: map[string]organization.User{
			"ada":                {Groups: []string{"administrators", "deployers"}, Keybase: "ada", Email: "ada@acme.example", GivenName: "Ada", FamilyName: "Lovelace"},
			"grace@acme.example": {Groups: []string{"prod-deployer"}, PGPKey: key, Emergency: true},
			"linus":              {},
		},
		Guardrails: organization.Guardrails{
			Root:          []string{"deny-leaving", "protect-access", "protect-audit"},
			Regions:       []string{"us-west-2", "us-east-1"},
			InstanceTypes: []string{"t3.*", "m7g.large"},
			Networks:      []string{"203.0.113.0/24", "2001:db8::/32"},
			Partners:      []string{"111122223333", "444455556666"},
			Tags:          []string{"CostCenter", "Team"},
			Policies: map[string][]policy.Statement{
				"no-marketplace": {{Effect: policy.Deny, Action: []string{"aws-marketplace:Subscribe"}, Resource: []string{"*"}}},
			},
		},
		Expect: map[string]organization.Expectation{
			"nobody-stops-it": {
				Who: []string{"anybody"}, Except: []string{"admin"}, Cannot: []string{"cloudtrail:StopLogging", "cloudtrail:DeleteTrail"}, In: []string{"prod", "*"},
				On: "arn:aws:cloudtrail:<region>:{<in>}:trail/<namespace>-<other>-trail", MFA: 30 * time.Minute, With: map[string]string{"aws:SourceIp": "203.0.113.7"}, Because: "it is evidence",
			},
			"grace-works": {Who: []string{"grace@acme.example"}, Can: []string{"s3:GetObject"}, In: []string{"*"}, MFA: organization.NoMFA, Because: "it is her job"},
		},
		Baseline: organization.Baseline{
			Alias:       "acme-inc-%s",
			Passwords:   organization.PasswordPolicy{MinimumLength: 20, Reuse: 5, MaxAgeDays: 90},
			DefaultVPCs: organization.RemoveDefaultVPCs,
			Contacts: map[string]organization.Contact{
				"security": {Name: "Security Team", Title: "Team", Email: "security@acme.example", Phone: "+1 555 0100"},
			},
		},
		Security: organization.Security{
			Account: "dev", GuardDuty: &organization.GuardDuty{Features: []string{"S3_DATA_EVENTS", "EBS_MALWARE_PROTECTION"}, Export: true},
			ConformancePacks: map[string]organization.ConformancePack{
				"buckets": {File: "packs/buckets.yaml", Parameters: map[string]string{"Days": "90"}, Exclude: []string{"prod", "master"}},
			},
			Inspector:   &organization.Inspector{Scans: []string{"EC2", "LAMBDA"}},
			Macie:       &organization.Macie{Export: true},
			SecurityHub: &organization.SecurityHub{Standards: []string{"aws-foundational-security-best-practices/v/1.0.0"}}, Config: "daily", UnusedAccessDays: 90, Alarms: "security@acme.example",
			Findings: "soc@acme.example",
		},
		Budgets: organization.Budgets{
			Notify: "costs@acme.example", Total: 5000, Units: map[string]int{"infrastructure": 3000}, Accounts: map[string]int{"prod": 2000, "master": 100}, Anomalies: 100,
		},
		Audit: organization.Audit{Account: "logs", Trail: organization.TrailBoth, RetentionDays: 30, LockDays: 7, RecordStates: true},
		Image: &organization.Image{Registry: "ghcr.io/acme", Push: true, Base: "debian:forky", Platform: "linux/amd64", Packages: []string{"vim"}, Tag: "v1"},
		Tags:  map[string]string{"Owner": "platform"},
	}
	if diff := cmp.Diff(want, org, equal...); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
