package organization_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/coldstart-aws/coldstart/policy"
)

const (
	accountRemedy = "write master, or an account declared under coldstart:accounts"
	passRole      = "allows iam:PassRole for any role, and so what the mightiest may do; name the roles in a Resource of its own, " +
		"or give the managed policy AdministratorAccess if all is meant"
	oneRole = "coldstart:access:\n  roles:\n    x:\n      "
)

// TestAccessRules breaks each rule of coldstart:access once. The keys of a case
// stand from line 2 on.
func TestAccessRules(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("r", 64)
	for _, c := range []struct{ name, keys, want string }{
		{
			"users' account that isn't declared", `coldstart:access: {account: corporate}`,
			`:2: coldstart:access.account: the account "corporate" where users are to live isn't declared; ` + accountRemedy,
		},
		{
			"users' account with a typing error", "coldstart:accounts: {identity: {}}\ncoldstart:access: {account: idnetity}",
			`:3: coldstart:access.account: the account "idnetity" where users are to live isn't declared; did you mean identity?`,
		},
		{
			"MFA for too long", `coldstart:access: {mfaMaxAge: 36h1s}`,
			`:2: coldstart:access.mfaMaxAge: 36h0m1s is out of range; write up to 36h, in whole seconds`,
		},
		{
			"MFA in the future", `coldstart:access: {mfaMaxAge: -90m}`,
			`:2: coldstart:access.mfaMaxAge: -1h30m is out of range; write up to 36h, in whole seconds`,
		},
		{
			"MFA by the millisecond", `coldstart:access: {mfaMaxAge: 1500ms}`,
			`:2: coldstart:access.mfaMaxAge: 1.5s is out of range; write up to 36h, in whole seconds`,
		},

		{
			"role with a bad name", `coldstart:access: {roles: {Power_User: {managedPolicies: [PowerUserAccess]}}}`,
			`:2: coldstart:access.roles.Power_User: "Power_User" is not a role's name; ` + nameRemedy,
		},
		{
			"role named plan", `coldstart:access: {roles: {plan: {managedPolicies: [ReadOnlyAccess]}}}`,
			`:2: coldstart:access.roles.plan: "plan" is the name of a role of coldstart's own; choose another name`,
		},
		{
			"role named apply", `coldstart:access: {roles: {apply: {managedPolicies: [ReadOnlyAccess]}}}`,
			`:2: coldstart:access.roles.apply: "apply" is the name of a role of coldstart's own; choose another name`,
		},
		{
			"role like an account's delegation", `coldstart:access: {roles: {x-delegation: {managedPolicies: [ReadOnlyAccess]}}}`,
			`:2: coldstart:access.roles.x-delegation: "x-delegation" is the name of a role of coldstart's own; choose another name`,
		},
		{
			"role with too long a name", "coldstart:accounts: {prod: {}, development: {}}\ncoldstart:access: {roles: {" + long[:53] + ": {managedPolicies: [A]}}}",
			`:3: coldstart:access.roles.` + long[:53] + `: "acme-development-` + long[:53] + `" has 70 characters, over the 64 of a role's name; shorten the role's name, the account's or the namespace`,
		},
		{
			"role in an unknown account", "coldstart:accounts: {prod: {}}\n" + oneRole + "managedPolicies: [A]\n      accounts: [prdo, production]",
			":7: coldstart:access.roles.x.accounts: unknown account \"prdo\"; did you mean prod?\n" +
				`:7: coldstart:access.roles.x.accounts: unknown account "production"; ` + accountRemedy,
		},
		{
			"role that may do nothing", oneRole + "session: 1h",
			`:4: coldstart:access.roles.x: the role may do nothing; give it managedPolicies or statements`,
		},
		{
			"default role without its policy", `coldstart:access: {roles: {readonly: {managedPolicies: []}}}`,
			`:2: coldstart:access.roles.readonly: the role may do nothing; give it managedPolicies or statements`,
		},
		{
			"too many policies", oneRole + "managedPolicies: [A, B, C, D, E, F, G, H, I, J, K]",
			`:5: coldstart:access.roles.x.managedPolicies: 11 policies, over IAM's 10 for a role; put some into statements`,
		},
		{
			"policy by its ARN", oneRole + `managedPolicies: ["arn:aws:iam::aws:policy/ReadOnlyAccess"]`,
			`:5: coldstart:access.roles.x.managedPolicies: "arn:aws:iam::aws:policy/ReadOnlyAccess" is not a policy's name; write the name of one of AWS's own, such as PowerUserAccess or job-function/Billing`,
		},
		{
			"policy with an empty part", oneRole + `managedPolicies: [job-function/, ""]`,
			`:5: coldstart:access.roles.x.managedPolicies: "job-function/" is not a policy's name; write the name of one of AWS's own, such as PowerUserAccess or job-function/Billing` + "\n" +
				`:5: coldstart:access.roles.x.managedPolicies: "" is not a policy's name; write the name of one of AWS's own, such as PowerUserAccess or job-function/Billing`,
		},
		{
			"policy twice", oneRole + `managedPolicies: [ReadOnlyAccess, PowerUserAccess, ReadOnlyAccess]`,
			`:5: coldstart:access.roles.x.managedPolicies: "ReadOnlyAccess" stands there twice; keep one of them`,
		},
		{
			"session too short", `coldstart:access: {roles: {admin: {session: 59m}}}`,
			`:2: coldstart:access.roles.admin.session: 59m is out of range; write 1h to 12h`,
		},
		{
			"session too long", `coldstart:access: {roles: {admin: {session: 13h}}}`,
			`:2: coldstart:access.roles.admin.session: 13h is out of range; write 1h to 12h`,
		},
		{
			"session by the millisecond", `coldstart:access: {roles: {admin: {session: 1h0.5s}}}`,
			`:2: coldstart:access.roles.admin.session: 1h0m0.5s is out of range; write 1h to 12h`,
		},
		{
			"statements too long", oneRole + "statements: [{Effect: Allow, Action: \"s3:*\", Resource: \"" + strings.Repeat("a", 10240) + `"}]`,
			`:5: coldstart:access.roles.x.statements: the policy has 10327 characters, over AWS's 10240; shorten or divide it`,
		},
		{
			"boundary too long", oneRole + "managedPolicies: [A]\n      boundary: [{Effect: Allow, Action: \"s3:*\", Resource: \"" + strings.Repeat("a", 6144) + `"}]`,
			`:6: coldstart:access.roles.x.boundary: the policy has 6231 characters, over AWS's 6144; shorten or divide it`,
		},
		{
			"bad statement of a boundary", oneRole + "managedPolicies: [A]\n      boundary:\n        - Effect: Allow\n          Action: s3",
			":7: coldstart:access.roles.x.boundary[0]: has none or both of them; write Resource or NotResource, such as Resource: \"*\"\n" +
				`:8: coldstart:access.roles.x.boundary[0].Action: "s3" is not an action; write <service>:<action>, such as s3:GetObject, or *`,
		},

		{
			"group with a bad name", "coldstart:access:\n  groups:\n    Admins: {master: [admin]}",
			`:4: coldstart:access.groups.Admins: "Admins" is not a group's name; write a short name of lower-case letters, digits and single inner hyphens`,
		},
		{
			"group with too long a name", "coldstart:access: {groups: {" + strings.Repeat("g", 124) + ": {master: [admin]}}}",
			`:2: coldstart:access.groups.` + strings.Repeat("g", 124) + `: "` + strings.Repeat("g", 124) + `" is not a group's name; write a short name of lower-case letters, digits and single inner hyphens`,
		},
		{
			"group named as an account's", "coldstart:accounts: {prod: {}}\ncoldstart:access: {groups: {prod-admin: {prod: [readonly]}}}",
			`:3: coldstart:access.groups.prod-admin: "prod-admin" is the name of the group for just that account and role; choose another name`,
		},
		{
			"group of an unknown account", "coldstart:accounts: {prod: {}}\ncoldstart:access:\n  groups:\n    ops:\n      prood: [admin]\n      staging: [raedonly]",
			":6: coldstart:access.groups.ops.prood: unknown account \"prood\"; did you mean prod?\n" +
				":7: coldstart:access.groups.ops.staging: unknown account \"staging\"; " + accountRemedy + "\n" +
				`:7: coldstart:access.groups.ops.staging: unknown role "raedonly"; did you mean readonly?`,
		},
		{
			"group with an unknown role", "coldstart:access: {groups: {ops: {master: [owner]}}}",
			`:2: coldstart:access.groups.ops.master: unknown role "owner"; the roles are admin, readonly`,
		},
		{
			"group with a typing error in a role", "coldstart:access: {groups: {ops: {'*': [adnim], master: [readonly]}}}",
			`:2: coldstart:access.groups.ops.*: unknown role "adnim"; did you mean admin?`,
		},
		{
			"group with a role that isn't there", "coldstart:accounts: {prod: {}}\ncoldstart:access: {roles: {billing: {managedPolicies: [A], accounts: [master]}}, groups: {ops: {prod: [billing]}}}",
			`:3: coldstart:access.groups.ops.prod: account "prod" has no role "billing"; add prod to coldstart:access.roles.billing.accounts`,
		},
		{
			"group that grants nothing", "coldstart:access: {groups: {none: {}, empty: {master: []}, members: {'*': [admin]}}}",
			":2: coldstart:access.groups.empty: the group grants nothing; write {account: [role, …], …}, such as {dev: [admin]}\n" +
				":2: coldstart:access.groups.members: the group grants nothing; write {account: [role, …], …}, such as {dev: [admin]}\n" +
				`:2: coldstart:access.groups.none: the group grants nothing; write {account: [role, …], …}, such as {dev: [admin]}`,
		},
		{
			"group too large", "coldstart:accounts: " + accountsNamed(100) + "\ncoldstart:access: {groups: {all: " + grantsOf(100, "admin") + "}}",
			`:3: coldstart:access.groups.all: its 100 roles make a policy of about 5710 characters, over IAM's 5120 for a group; divide it into two, or grant the roles in every account: {"*": [role, …]}`,
		},
		{
			"group too large for a role that is named like another",
			"coldstart:accounts: " + accountsNamed(100) + "\ncoldstart:access: {roles: {db-admin: {managedPolicies: [A]}}, groups: {all: {'*': [readonly, admin]}}}",
			`:3: coldstart:access.groups.all: its 200 roles make a policy of about 6148 characters, over IAM's 5120 for a group; rename the role db-admin, whose name ends like that of admin: the roles admin of all accounts can't be written as one pattern`,
		},

		{
			"repository without an owner", `coldstart:access: {github: {repository: infrastructure}}`,
			`:2: coldstart:access.github.repository: "infrastructure" is not a repository; ` + repositoryRemedy,
		},
		{
			"repository is missing", "coldstart:access:\n  github: {environment: prod}",
			`:3: coldstart:access.github.repository: "" is not a repository; ` + repositoryRemedy,
		},
		{
			"repository with a wildcard", `coldstart:access: {github: {repository: acme/*}}`,
			`:2: coldstart:access.github.repository: "acme/*" is not a repository; ` + repositoryRemedy,
		},
		{
			"repository with one id", `coldstart:access: {github: {repository: acme@12/infrastructure}}`,
			`:2: coldstart:access.github.repository: "acme@12/infrastructure" is not a repository; ` + repositoryRemedy,
		},
		{
			"branch with a wildcard", `coldstart:access: {github: {repository: a/b, branch: "release/*"}}`,
			`:2: coldstart:access.github.branch: "release/*" is not a branch; write a branch's name without wildcards, such as main`,
		},
		{
			"environment with a space", `coldstart:access: {github: {repository: a/b, environment: my prod}}`,
			`:2: coldstart:access.github.environment: "my prod" is not an environment; write letters, digits, dots, hyphens and underscores, as GitHub shows the name`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkMessage(t, file(c.keys), c.want)
		})
	}
}

const repositoryRemedy = "write <owner>/<name>, such as acme/infrastructure, with the ids if GitHub's tokens have them, such as acme@12/infrastructure@34"

// grantsOf grants a role in each of the accounts of accountsNamed.
func grantsOf(n int, role string) string {
	return strings.ReplaceAll(accountsNamed(n), "{}", "["+role+"]")
}

// accountsNamed returns so many accounts, account-10 and on.
func accountsNamed(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("account-%d: {}", i+10))
	}
	return "{" + strings.Join(all, ", ") + "}"
}

// TestPassRole has statements that hand out every role, most by accident, and
// such as don't.
func TestPassRole(t *testing.T) {
	t.Parallel()
	for _, statement := range []string{
		`{Effect: Allow, Action: "iam:*", Resource: "*"}`,
		`{Effect: Allow, Action: "iam:Pass*", Resource: "*"}`,
		`{Effect: Allow, Action: "iam:?assrole", Resource: "*"}`,
		`{Effect: Allow, Action: "*", Resource: "*"}`,
		`{Effect: Allow, Action: [s3:GetObject, iam:PassRole], Resource: "*"}`,
		`{Effect: Allow, NotAction: "organizations:*", Resource: "*"}`,
		`{Effect: Allow, Action: iam:PassRole, Resource: "arn:aws:iam::*:role/*"}`,
		`{Effect: Allow, Action: iam:PassRole, Resource: ["arn:aws:iam::*:role/x", "arn:aws:iam::123456789012:role/*"]}`,
		`{Effect: Allow, Action: iam:PassRole, Resource: "arn:aws:iam::123456789012:role/**"}`,
		`{Effect: Allow, Action: iam:PassRole, Resource: "arn:aws:iam::123456789012:role/?*"}`,
		`{Effect: Allow, Action: iam:PassRole, Resource: "arn:aws:iam::123456789012:role*"}`,
		`{Effect: Allow, Action: iam:PassRole, Resource: "arn:aws:iam::123456789012:*"}`,
		`{Effect: Allow, Action: iam:PassRole, Resource: "arn:aws:iam:*"}`,
		`{Effect: Allow, Action: iam:PassRole, Resource: "arn:*:role/*"}`,
		`{Effect: Allow, Action: iam:PassRole, Resource: "a*"}`,
		`{Effect: Allow, Action: iam:PassRole, NotResource: "arn:aws:iam::*:role/admin"}`,
		`{Effect: Allow, Action: iam:PassRole, Resource: "*", Condition: {StringEquals: {iam:PassedToService: ec2.amazonaws.com}}}`,
	} {
		keys := oneRole + "statements:\n        - {Effect: Allow, Action: \"s3:*\", Resource: \"*\"}\n        - "
		checkMessage(t, file(keys+statement), ":7: coldstart:access.roles.x.statements[1]: "+passRole)
	}
	for _, statement := range []string{
		`{Effect: Deny, Action: "iam:*", Resource: "*"}`,
		`{Effect: Allow, Action: iam:PassRole, Resource: "arn:aws:iam::*:role/deployed"}`,
		`{Effect: Allow, Action: "iam:*", Resource: "arn:aws:iam::*:role/team-*"}`,
		`{Effect: Allow, Action: "iam:*", Resource: "arn:aws:iam::*:role/a*"}`,
		`{Effect: Allow, Action: "iam:*", Resource: "arn:aws:iam::*:policy/*"}`,
		`{Effect: Allow, Action: "iam:Get*", Resource: "*"}`,
		`{Effect: Allow, NotAction: ["iam:*", "organizations:*"], Resource: "*"}`,
		`{Effect: Allow, Action: "*", Resource: "arn:aws:s3:::*"}`,
	} {
		parse(t, file(oneRole+"statements: ["+statement+"]"))
	}
	// A boundary allows nothing by itself.
	parse(t, file(oneRole+"managedPolicies: [PowerUserAccess]\n      boundary: [{Effect: Allow, Action: \"*\", Resource: \"*\"}]"))
}

// TestAccessBounds accepts what is unusual and right.
func TestAccessBounds(t *testing.T) {
	t.Parallel()
	role := strings.Repeat("r", 64-len("acme-master-"))
	for name, keys := range map[string]string{
		"longest role name":       "coldstart:accounts: {prod: {}}\ncoldstart:access: {roles: {" + role + ": {managedPolicies: [A]}}}",
		"longest role, elsewhere": "coldstart:accounts: {prod: {}, development: {}}\ncoldstart:access: {roles: {" + role + ": {managedPolicies: [A], accounts: [prod]}}}",
		"longest group name":      "coldstart:access: {groups: {" + strings.Repeat("g", 123) + ": {master: [admin]}}}",
		"twenty accounts":         "coldstart:accounts: " + accountsNamed(20) + "\ncoldstart:access: {groups: {all: {'*': [admin, readonly], master: [admin, readonly]}}}",
		"ten policies":            oneRole + "managedPolicies: [A, B, C, D, E, F, G, H, I, job-function/J]",
		"longest session":         "coldstart:access: {mfaMaxAge: 36h, roles: {admin: {session: 12h}}}",
		"shortest session":        "coldstart:access: {mfaMaxAge: 1s, roles: {admin: {session: 60m}}}",
		"no limit for MFA":        "coldstart:access: {mfaMaxAge: 0}",
		"role of some of every":   "coldstart:accounts: {dev: {}, prod: {}}\n" + oneRole + "managedPolicies: [A]\n      accounts: [master, prod]\n  groups: {g: {'*': [x]}}",
		"role of no account":      "coldstart:access: {roles: {x: {managedPolicies: [A], accounts: []}}}",
		"statements alone":        oneRole + `statements: [{Effect: Allow, Action: "s3:*", Resource: "*"}]`,
		"deny alone":              oneRole + `statements: [{Effect: Deny, Action: "s3:*", Resource: "*"}]`,
		"role like another's":     "coldstart:access: {roles: {planner: {managedPolicies: [A]}, delegations: {managedPolicies: [A]}}}",
		"repository":              "coldstart:access: {github: {repository: Acme-Inc/Infra.structure_1-x}}",
		"repository with ids":     "coldstart:access: {github: {repository: acme@12/infrastructure@34, branch: release/1.x, environment: prod-EU_1.2}}",
		"no repository":           "coldstart:access: {github: ~}",
		"group of a group's name": "coldstart:accounts: {a-b: {}, a: {}}\ncoldstart:access: {roles: {c: {managedPolicies: [A]}, b-c: {managedPolicies: [A]}}, groups: {x: {a: [b-c], a-b: [c]}}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parse(t, file(keys))
		})
	}
}

// TestAccessAtOnce has several problems in one file, in the file's order.
func TestAccessAtOnce(t *testing.T) {
	t.Parallel()
	checkMessage(t, file(`coldstart:users:
  ada: {groups: [adminstrators]}
coldstart:access:
  account: nowhere
  groups:
    administrators: {master: [admn]}
  roles:
    x:
      session: 20h`), strings.Join([]string{
		`:3: coldstart:users.ada.groups: unknown group "adminstrators"; did you mean administrators?`,
		`:5: coldstart:access.account: the account "nowhere" where users are to live isn't declared; ` + accountRemedy,
		`:7: coldstart:access.groups.administrators.master: unknown role "admn"; did you mean admin?`,
		`:9: coldstart:access.roles.x: the role may do nothing; give it managedPolicies or statements`,
		`:10: coldstart:access.roles.x.session: 20h is out of range; write 1h to 12h`,
	}, "\n"))
}

// TestStatementsAsJSON pastes statements as AWS's documents print them.
func TestStatementsAsJSON(t *testing.T) {
	t.Parallel()
	org := parse(t, file(oneRole+`statements: [
        {
          "Sid": "AllowSwitching",
          "Effect": "Allow",
          "Action": "sts:AssumeRole",
          "Resource": ["arn:aws:iam::*:role/x", "arn:aws:iam::*:role/y"],
          "Condition": {
            "Bool": {"aws:MultiFactorAuthPresent": true},
            "NumericLessThan": {"aws:MultiFactorAuthAge": 3600},
            "StringLike": {"aws:PrincipalTag/Team": ["core", "data"]}
          }
        }
      ]`))
	document, err := policy.Document{Statements: org.Access.Roles["x"].Statements}.JSON()
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"Version":"2012-10-17","Statement":[{"Sid":"AllowSwitching","Effect":"Allow","Action":"sts:AssumeRole",` +
		`"Resource":["arn:aws:iam::*:role/x","arn:aws:iam::*:role/y"],"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},` +
		`"NumericLessThan":{"aws:MultiFactorAuthAge":"3600"},"StringLike":{"aws:PrincipalTag/Team":["core","data"]}}}]}`
	if document != want {
		t.Errorf("got %s", document)
	}
}
