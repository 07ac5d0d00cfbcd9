package organization_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/internal/golden"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// library are the guardrails that a file may name without writing them.
var library = []string{
	organization.AllowedRegions, organization.DenyLeaving, organization.DenyPublicS3, organization.DenyRootUser,
	organization.ProtectAccess, organization.ProtectAudit, organization.Quarantine, organization.RequireIMDSv2,
	organization.AllowedInstanceTypes, organization.AllowedNetworks, organization.DenyForeignPrincipals, organization.DenyForeignResources, organization.DenyIAMUsers,
	organization.DenyMarketplace, organization.RequireEncryption, organization.RequireTags,
}

const guardrailChoices = "the guardrails are allowed-instance-types, allowed-networks, allowed-regions, deny-foreign-principals, deny-foreign-resources, " +
	"deny-iam-users, deny-leaving, deny-marketplace, deny-public-ec2, deny-public-s3, deny-root-user, " +
	"protect-access, protect-audit, quarantine, require-encryption, require-imdsv2, require-tags"

// document returns a guardrail's document, which has to be there.
func document(t *testing.T, org *organization.Organization, name string) policy.Document {
	t.Helper()
	d, ok := org.Guardrail(name)
	if !ok {
		t.Fatalf("no guardrail %s", name)
	}
	return d
}

func text(t *testing.T, d policy.Document) string {
	t.Helper()
	content, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestLibrary compares the library's documents with those noted in testdata,
// and with what all of them have to keep.
func TestLibrary(t *testing.T) {
	t.Parallel()
	org := parse(t, everything(t, pgpKey(t, nil)))
	for _, name := range library {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := document(t, org, name)
			golden.Check(t, "guardrails/"+name+".json", text(t, d)+"\n")
			for i, s := range d.Statements {
				if s.Effect != policy.Deny || s.Sid != "" {
					t.Errorf("statement %d has the effect %q and the id %q", i, s.Effect, s.Sid)
				}
				if (len(s.Action) > 0) == (len(s.NotAction) > 0) || len(s.Resource) == 0 {
					t.Errorf("statement %d lacks actions or resources: %+v", i, s)
				}
				exempt := slices.Contains(s.Condition["ArnNotLike"]["aws:PrincipalArn"], "arn:aws:iam::*:role/OrganizationAccountAccessRole")
				bindsAll := slices.Contains([]string{
					organization.DenyLeaving, organization.DenyRootUser, organization.RequireIMDSv2, organization.RequireEncryption,
					organization.AllowedNetworks,       // It binds people's roles alone.
					organization.DenyForeignPrincipals, // The management account is in the organization.
				}, name)
				if exempt == bindsAll {
					t.Errorf("statement %d exempts the role of the management account: %t", i, exempt)
				}
			}
		})
	}
	content, _ := org.GuardrailContent(organization.DenyPublicEC2)
	golden.Check(t, "guardrails/"+organization.DenyPublicEC2+".json", content+"\n")
	if got := org.GuardrailType(organization.DenyPublicEC2); got != organization.DeclarativePolicyEC2 {
		t.Errorf("it is of type %s", got)
	}
	if d, ok := org.Guardrail(organization.DenyPublicEC2); ok {
		t.Errorf("a declarative policy has the statements %v", d.Statements)
	}
	if d, ok := org.Guardrail("nothing"); ok {
		t.Errorf("got %v for a name that there isn't", d)
	}
	if got := text(t, document(t, org, "no-marketplace")); got != `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"aws-marketplace:Subscribe","Resource":"*"}]}` {
		t.Errorf("the file's own guardrail is %s", got)
	}
}

// TestLibraryWithoutExtras leaves out what there is nothing to protect of.
func TestLibraryWithoutExtras(t *testing.T) {
	t.Parallel()
	got := text(t, document(t, parse(t, file("")), organization.ProtectAccess))
	if strings.Contains(got, "oidc") || strings.Contains(got, "-plan") || strings.Contains(got, "boundary") {
		t.Errorf("without GitHub and boundaries, protect-access has them: %s", got)
	}
}

// TestLibraryIsShort keeps the guardrails within the smaller size that AWS
// allowed formerly, and that other partitions may still have.
func TestLibraryIsShort(t *testing.T) {
	t.Parallel()
	long := shipped(t)
	long.Namespace = strings.Repeat("n", 36)
	long.Access.GitHub = organization.GitHub{Repository: "a/b", Branch: "main"}
	for i := range 8 { // Besides admin and readonly.
		long.Access.Roles[fmt.Sprintf("quite-a-long-role-%d", i)] = organization.Role{
			ManagedPolicies: []string{"PowerUserAccess"}, Session: 3600e9, Boundary: document(t, long, organization.DenyLeaving).Statements,
		}
	}
	long.Accounts = map[string]organization.Account{"audit": {}}
	long.Access.Account, long.Access.Groups, long.Users = organization.Master, nil, nil
	long.Guardrails.Regions = append(long.Guardrails.Regions, "ap-southeast-1", "ap-southeast-2", "eu-central-1", "eu-west-1", "ca-central-1")
	if err := long.Validate(); err != nil {
		t.Fatal(err)
	}
	for what, org := range map[string]*organization.Organization{"shipped": shipped(t), "long": long} {
		for _, name := range library {
			if n := len(text(t, document(t, org, name))); n > 5120 {
				t.Errorf("%s: %s has %d characters", what, name, n)
			}
		}
	}
}

// TestDefaultSetsAreFew keeps the default sets within the five policies that
// AWS attached to one target formerly, FullAWSAccess included.
func TestDefaultSetsAreFew(t *testing.T) {
	t.Parallel()
	for what, org := range map[string]*organization.Organization{"shipped": shipped(t), "everything": parse(t, everything(t, pgpKey(t, nil)))} {
		org.Guardrails.Root = nil
		for name := range org.Units {
			org.Units[name] = organization.Unit{}
		}
		org.Guardrails.Defaults = true
		count := map[string]int{}
		for _, a := range org.Attachments() {
			count[a.Target()]++
		}
		for target, n := range count {
			if n+1 > 5 {
				t.Errorf("%s: %s has %d policies", what, target, n+1)
			}
		}
		if len(count) != len(org.Units)+1 && what == "shipped" {
			t.Errorf("%s: guardrails on %v", what, slices.Sorted(maps.Keys(count)))
		}
	}
}

// TestDefaultSets changes what the default sets depend on.
func TestDefaultSets(t *testing.T) {
	t.Parallel()
	root, unit := []string{"deny-leaving", "protect-access"}, []string{"deny-public-s3", "deny-root-user", "require-imdsv2"}
	const units = "coldstart:accounts: {audit: {}}\ncoldstart:units: {a: {}, b: {parent: a}}\n"
	for _, c := range []struct {
		name, keys    string
		root, a, b    []string
		attachedNames []string
	}{
		{"nothing said", units, root, unit, nil, slices.Concat(root, unit)},
		{"audited", units + "coldstart:audit: {}", append(root[:2:2], "protect-audit"), unit, nil, slices.Concat(root, unit, []string{"protect-audit"})},
		{
			"regions", units + "coldstart:guardrails: {regions: [us-west-2]}", root, append(unit[:3:3], "allowed-regions"), nil,
			slices.Concat(root, unit, []string{"allowed-regions"}),
		},
		{"defaults off", units + "coldstart:guardrails: {defaults: false, regions: [us-west-2]}", nil, nil, nil, nil},
		{"none on the root", units + "coldstart:guardrails: {root: []}", nil, unit, nil, unit},
		{"others on the root", units + "coldstart:guardrails: {root: [quarantine]}", []string{"quarantine"}, unit, nil, append(unit[:3:3], "quarantine")},
		{
			"none on the unit", "coldstart:accounts: {audit: {}}\ncoldstart:units: {a: {guardrails: []}, b: {guardrails: [quarantine], parent: a}}",
			root, nil,
			[]string{"quarantine"},
			append(root[:2:2], "quarantine"),
		},
		{
			"defaults off, but some listed", "coldstart:accounts: {audit: {}}\ncoldstart:units: {a: {guardrails: [quarantine]}, b: {}}\ncoldstart:guardrails: {defaults: false}",
			nil,
			[]string{"quarantine"},
			nil,
			[]string{"quarantine"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			org := parse(t, file(c.keys))
			for _, set := range []struct {
				what      string
				want, got []string
			}{
				{"root", c.root, org.RootGuardrails()},
				{"a", c.a, org.UnitGuardrails("a")},
				{"b", c.b, org.UnitGuardrails("b")},
				{"all", slices.Sorted(slices.Values(c.attachedNames)), org.GuardrailNames()},
			} {
				if diff := cmp.Diff(set.want, set.got, equal...); diff != "" {
					t.Errorf("%s (-want +got)\n%s", set.what, diff)
				}
			}
		})
	}
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	org := parse(t, everything(t, pgpKey(t, nil)))
	want := []organization.Attachment{
		{Guardrail: "deny-leaving"},
		{Guardrail: "protect-access"},
		{Guardrail: "protect-audit"},
		{Guardrail: "deny-public-s3", Unit: "infrastructure"},
		{Guardrail: "no-marketplace", Unit: "infrastructure"},
		{Guardrail: "require-imdsv2", Account: "prod"},
	}
	if diff := cmp.Diff(want, org.Attachments()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for target, a := range map[string]organization.Attachment{
		"root": {Guardrail: "x"}, "unit a": {Unit: "a"}, "account a": {Account: "a"},
	} {
		if got := a.Target(); got != target {
			t.Errorf("target is %q, not %q", got, target)
		}
	}
}

const controllable = "name actions of services that have resource control: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services"

const oneGuardrail = "coldstart:guardrails:\n  policies:\n    x:\n      - "

// TestGuardrailRules breaks each rule of coldstart:guardrails once.
func TestGuardrailRules(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("g", 124)
	const good = "{Effect: Deny, Action: s3:GetObject, Resource: '*'}"
	const nameRemedy = "write a short name of lower-case letters, digits and single inner hyphens"
	for _, c := range []struct{ name, keys, want string }{
		{
			"name of the library's", "coldstart:guardrails: {policies: {quarantine: [" + good + "]}}",
			`:2: coldstart:guardrails.policies.quarantine: "quarantine" is the name of a guardrail of coldstart's own; choose another name`,
		},
		{
			"bad name", "coldstart:guardrails: {policies: {No_S3: [" + good + "]}}",
			`:2: coldstart:guardrails.policies.No_S3: "No_S3" is not a guardrail's name; ` + nameRemedy,
		},
		{
			"too long a name", "coldstart:guardrails: {policies: {" + long + ": [" + good + "]}}",
			`:2: coldstart:guardrails.policies.` + long + `: "` + long + `" is not a guardrail's name; ` + nameRemedy,
		},
		{
			"no statement", "coldstart:guardrails: {policies: {x: [], y: ~}}",
			":2: coldstart:guardrails.policies.x: has no statement; write it as [{Effect: Deny, Action: …, Resource: …}, …]\n" +
				":2: coldstart:guardrails.policies.y: has no statement; write it as [{Effect: Deny, Action: …, Resource: …}, …]",
		},
		{
			"empty statement", oneGuardrail + "{Action: ~, NotAction: [], Resource: }",
			":5: coldstart:guardrails.policies.x[0]: has none or both of them; write Action or NotAction\n" +
				":5: coldstart:guardrails.policies.x[0]: has none or both of them; write Resource or NotResource, such as Resource: \"*\"\n" +
				`:5: coldstart:guardrails.policies.x[0].Effect: unknown effect ""; write Allow or Deny`,
		},
		{
			"effect in lower case", oneGuardrail + "Action: '*'\n        Resource: '*'\n        Effect: deny",
			`:7: coldstart:guardrails.policies.x[0].Effect: unknown effect "deny"; write Allow or Deny`,
		},
		{
			"id with a hyphen", oneGuardrail + "{Sid: no-s3, Effect: Deny, Action: '*', Resource: '*'}",
			`:5: coldstart:guardrails.policies.x[0].Sid: "no-s3" is not a statement's id; write letters and digits`,
		},
		{
			"id twice", oneGuardrail + "{Sid: A, Effect: Deny, Action: '*', Resource: '*'}\n      - {Sid: A, Effect: Deny, Action: 's3:*', Resource: '*'}",
			`:6: coldstart:guardrails.policies.x[1].Sid: "A" is the id of another statement, too; choose another, or leave it out`,
		},
		{
			"both kinds of actions", oneGuardrail + "{Effect: Deny, Action: '*', NotAction: s3:*, Resource: '*'}",
			`:5: coldstart:guardrails.policies.x[0]: has none or both of them; write Action or NotAction`,
		},
		{
			"both kinds of resources", oneGuardrail + "{Effect: Deny, Action: '*', Resource: '*', NotResource: '*'}",
			`:5: coldstart:guardrails.policies.x[0]: has none or both of them; write Resource or NotResource, such as Resource: "*"`,
		},
		{
			"action without a service", oneGuardrail + "{Effect: Deny, NotAction: [s3:*, GetObject], Resource: '*'}",
			`:5: coldstart:guardrails.policies.x[0].Action: "GetObject" is not an action; write <service>:<action>, such as s3:GetObject, or *`,
		},
		{
			"conditions without a value", oneGuardrail + "{Effect: Deny, Action: '*', Resource: '*', Condition: {StringLike: {b: [], a: []}, Bool: {c: [], d: x}}}",
			":5: coldstart:guardrails.policies.x[0].Condition: Bool of c has none; write a value\n" +
				":5: coldstart:guardrails.policies.x[0].Condition: StringLike of a has none; write a value\n" +
				`:5: coldstart:guardrails.policies.x[0].Condition: StringLike of b has none; write a value`,
		},
		{
			"too long", oneGuardrail + "{Effect: Deny, Action: '*', Resource: '" + strings.Repeat("a", 10240) + "'}",
			`:4: coldstart:guardrails.policies.x: the policy has 10323 characters, over AWS's 10240; shorten or divide it`,
		},

		{
			"region with a typing error", `coldstart:guardrails: {regions: [us-west-2, eu-wets-1, me-sotuh-1, moon-base-1]}`,
			":2: coldstart:guardrails.regions: \"eu-wets-1\" is not a region of AWS's commercial partition; did you mean eu-west-1?\n" +
				":2: coldstart:guardrails.regions: \"me-sotuh-1\" is not a region of AWS's commercial partition; did you mean me-south-1?\n" +
				`:2: coldstart:guardrails.regions: "moon-base-1" is not a region of AWS's commercial partition; write names of AWS's commercial regions, such as us-west-2`,
		},
		{
			"regions without the organization's", "coldstart:guardrails:\n  regions: [us-east-1]",
			`:3: coldstart:guardrails.regions: lacks the organization's own region; add us-west-2`,
		},
		{
			"no region at all", "coldstart:guardrails:\n  regions: []",
			`:3: coldstart:guardrails.regions: lacks the organization's own region; add us-west-2`,
		},

		{
			"unknown guardrail of the root", `coldstart:guardrails: {root: [no-fun]}`,
			`:2: coldstart:guardrails.root: unknown guardrail "no-fun"; ` + guardrailChoices,
		},
		{
			"guardrail of a unit with a typing error", "coldstart:units:\n  a:\n    guardrails: [quarantin]",
			`:4: coldstart:units.a.guardrails: unknown guardrail "quarantin"; did you mean quarantine?`,
		},
		{
			"own guardrail with a typing error", "coldstart:accounts:\n  prod:\n    guardrails: [on-s3]\ncoldstart:guardrails: {policies: {no-s3: [" + good + "]}}",
			`:4: coldstart:accounts.prod.guardrails: unknown guardrail "on-s3"; did you mean no-s3?`,
		},
		{
			"guardrail twice", `coldstart:guardrails: {root: [quarantine, deny-leaving, quarantine]}`,
			`:2: coldstart:guardrails.root: "quarantine" stands there twice; keep one of them`,
		},
		{
			"regions that aren't listed", `coldstart:guardrails: {root: [allowed-regions]}`,
			`:2: coldstart:guardrails.root: "allowed-regions" has no regions to allow; write coldstart:guardrails: {regions: [us-west-2, …]}`,
		},
		{
			"archive that there isn't", `coldstart:units: {a: {guardrails: [protect-audit]}}`,
			`:2: coldstart:units.a.guardrails: "protect-audit" has nothing to protect: coldstart:audit is none; leave it out`,
		},
		{
			"ten guardrails", "coldstart:guardrails: {policies: " + ownGuardrails(10) + "}\ncoldstart:units: {a: {guardrails: [g0, g1, g2, g3, g4, g5, g6, g7, g8, g9]}}",
			`:3: coldstart:units.a.guardrails: 10 guardrails that are service control policies, over the 9 that AWS attaches besides FullAWSAccess; put statements of several into one`,
		},
		{
			"principal that isn't everybody", oneGuardrail + "{Effect: Deny, Principal: {AWS: '111122223333'}, Action: s3:GetObject, Resource: '*'}",
			`:5: coldstart:guardrails.policies.x[0].Principal: an object is not everybody; write "*", and name somebody in a Condition, or leave it out`,
		},
		{
			"resource control that AWS doesn't have", oneGuardrail + "{Effect: Allow, Principal: '*', NotAction: s3:*, Resource: '*'}\n      - {Effect: Deny, Action: ['*', ec2:RunInstances, s3:*], Resource: '*'}",
			":5: coldstart:guardrails.policies.x[0].Effect: Allow isn't possible in a resource control policy; write Deny\n" +
				":5: coldstart:guardrails.policies.x[0].NotAction: isn't possible in a resource control policy; write Action\n" +
				":6: coldstart:guardrails.policies.x[1]: isn't about everybody, as each statement of a resource control policy is; write Principal: \"*\" in each statement, and name somebody in a Condition\n" +
				`:6: coldstart:guardrails.policies.x[1].Action: AWS refuses "*" in a resource control policy; ` + controllable + "\n" +
				`:6: coldstart:guardrails.policies.x[1].Action: AWS refuses "ec2:RunInstances" in a resource control policy; ` + controllable,
		},
		{
			"resource control that is too long", oneGuardrail + "{Effect: Deny, Principal: '*', Action: 's3:*', Resource: '" + strings.Repeat("a", 5120) + "'}",
			`:4: coldstart:guardrails.policies.x: the policy has 5222 characters, over AWS's 5120; shorten or divide it`,
		},
		{
			"five guardrails of resource control", "coldstart:organization: {policyTypes: [SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY]}\ncoldstart:guardrails: {policies: " + strings.ReplaceAll(ownGuardrails(5), "Action", "Principal: '*', Action") + "}\ncoldstart:units: {a: {guardrails: [g0, g1, g2, g3, g4]}}",
			`:4: coldstart:units.a.guardrails: 5 guardrails that are resource control policies, over the 4 that AWS attaches besides RCPFullAWSAccess; put statements of several into one`,
		},
		{
			"resource control that isn't enabled", "coldstart:organization: {policyTypes: [SERVICE_CONTROL_POLICY]}\ncoldstart:units: {a: {guardrails: [deny-foreign-principals]}}",
			`:2: coldstart:organization.policyTypes: lacks RESOURCE_CONTROL_POLICY, which the guardrail deny-foreign-principals is; write policyTypes: [RESOURCE_CONTROL_POLICY, SERVICE_CONTROL_POLICY] under coldstart:organization`,
		},
		{
			"declarative policies that aren't enabled", "coldstart:organization: {policyTypes: [SERVICE_CONTROL_POLICY]}\ncoldstart:units: {a: {guardrails: [deny-public-ec2]}}",
			`:2: coldstart:organization.policyTypes: lacks DECLARATIVE_POLICY_EC2, which the guardrail deny-public-ec2 is; write policyTypes: [DECLARATIVE_POLICY_EC2, SERVICE_CONTROL_POLICY] under coldstart:organization`,
		},
		{
			"name of a declarative policy", "coldstart:guardrails: {policies: {deny-public-ec2: [" + good + "]}}",
			`:2: coldstart:guardrails.policies.deny-public-ec2: "deny-public-ec2" is the name of a guardrail of coldstart's own; choose another name`,
		},
		{
			"partner that is no account", `coldstart:guardrails: {partners: ["12345678901", acme]}`,
			":2: coldstart:guardrails.partners: \"12345678901\" is not an account's id; write the 12 digits of an account's id, in quotes\n" +
				":2: coldstart:guardrails.partners: \"acme\" is not an account's id; write the 12 digits of an account's id, in quotes",
		},
		{
			"policies that aren't enabled", `coldstart:organization: {policyTypes: [TAG_POLICY]}`,
			`:2: coldstart:organization.policyTypes: lacks SERVICE_CONTROL_POLICY, which guardrails are; add it, or write coldstart:guardrails: {defaults: false}`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkMessage(t, file(c.keys), c.want)
		})
	}
}

// ownGuardrails returns so many guardrails, g0 and on.
func ownGuardrails(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("g%d: [{Effect: Deny, Action: s3:GetObject, Resource: '*'}]", i))
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// TestGuardrailBounds accepts what is unusual and right.
func TestGuardrailBounds(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string]string{
		"defaults off":                "coldstart:guardrails: {defaults: false}",
		"no policy type, no default":  "coldstart:organization: {policyTypes: []}\ncoldstart:guardrails: {defaults: false}",
		"no policy type, none listed": "coldstart:organization: {policyTypes: []}\ncoldstart:units: {a: {guardrails: []}}\ncoldstart:guardrails: {root: []}",
		"region to opt in to":         "coldstart:guardrails: {regions: [us-west-2, me-south-1]}",
		"longest name":                "coldstart:guardrails: {policies: {" + strings.Repeat("g", 123) + ": [{Effect: Deny, Action: '*', Resource: '*'}]}}",
		"nine guardrails":             "coldstart:guardrails: {policies: " + ownGuardrails(9) + "}\ncoldstart:units: {a: {guardrails: [g0, g1, g2, g3, g4, g5, g6, g7, g8]}}",
		"resource control":            "coldstart:organization: {policyTypes: [SERVICE_CONTROL_POLICY, RESOURCE_CONTROL_POLICY]}\ncoldstart:guardrails: {partners: ['111122223333'], policies: {x: [{Effect: Deny, Principal: '*', Action: [s3:*, 'sts:Get?aller*'], NotResource: 'arn:aws:s3:::x'}]}}\ncoldstart:units: {a: {guardrails: [x, deny-foreign-principals]}}",
		"same on unit and account":    "coldstart:units: {a: {guardrails: [quarantine]}}\ncoldstart:accounts: {prod: {unit: a, guardrails: [quarantine]}}",
		"all grammar":                 oneGuardrail + "{Sid: A1, Effect: Allow, NotAction: ['s3:Get?bject', 'a4b:*'], NotResource: [a, b], Condition: {'ForAnyValue:StringLike': {aws:TagKeys: x}, 'Null': {aws:TokenIssueTime: [true]}}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parse(t, file(keys))
		})
	}
}

// TestPrincipals refuses principals where AWS has none.
func TestPrincipals(t *testing.T) {
	t.Parallel()
	everyone := &policy.Principal{Everyone: true}
	one := &policy.Principal{AWS: policy.List{"111122223333"}}
	for _, c := range []struct {
		change func(*organization.Organization, policy.Statement)
		given  policy.Statement
		at     string
	}{
		{ownGuardrail, policy.Statement{NotPrincipal: everyone}, "coldstart:guardrails.policies.mine[0]"},
		{ownGuardrail, policy.Statement{Principal: one}, "coldstart:guardrails.policies.mine[0]"},
		{ownGuardrail, policy.Statement{Principal: everyone, NotPrincipal: one}, "coldstart:guardrails.policies.mine[0]"},
		{ownRole, policy.Statement{Principal: everyone}, "coldstart:access.roles.mine.statements[0]"},
		{ownRole, policy.Statement{NotPrincipal: everyone}, "coldstart:access.roles.mine.statements[0]"},
	} {
		c.given.Effect, c.given.Action, c.given.Resource = policy.Deny, policy.List{"s3:*"}, policy.List{"*"}
		org := shipped(t)
		c.change(org, c.given)
		ps := org.Problems()
		if len(ps) != 1 || ps[0].Key != c.at {
			t.Errorf("%+v: %v", c.given, ps)
		}
	}
}

func ownGuardrail(org *organization.Organization, s policy.Statement) {
	org.Guardrails.Policies = map[string][]policy.Statement{"mine": {s}}
}

func ownRole(org *organization.Organization, s policy.Statement) {
	org.Access.Roles["mine"] = organization.Role{Session: 3600e9, Statements: []policy.Statement{s}}
}
