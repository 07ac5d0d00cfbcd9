package program_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/identity"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// roleOf returns an IAM role of a stack by its full name.
func roleOf(t *testing.T, result *pulumitest.Result, name string) pulumitest.Resource {
	t.Helper()
	roles := slices.DeleteFunc(result.OfType(pulumitest.Role), func(r pulumitest.Resource) bool { return r.At("name") != name })
	if len(roles) != 1 {
		t.Fatalf("%d roles are named %s", len(roles), name)
	}
	return roles[0]
}

// granted returns the ARNs of the roles that a group's policy grants.
func granted(t *testing.T, result *pulumitest.Result, group string) []string {
	t.Helper()
	text, _ := result.Resource(t, pulumitest.GroupPolicy, group).At("policy").(string)
	document, err := policy.Parse(text)
	if err != nil || len(document.Statements) != 1 {
		t.Fatalf("%v in %s", err, text)
	}
	return document.Statements[0].Resource
}

// exported returns a role's ARN as a stack exports it.
func exported(t *testing.T, results map[string]*pulumitest.Result, stack, role string) string {
	t.Helper()
	roles, _ := results[stack].Exports["roles"].(map[string]any)
	fields, _ := roles[role].(map[string]any)
	arn, ok := fields["arn"].(string)
	if !ok {
		t.Fatalf("%s exports the roles %v", stack, roles)
	}
	return arn
}

// TestRoles are in each account, and trust the account where users live.
func TestRoles(t *testing.T) {
	t.Parallel()
	for users, change := range map[string]func(*organization.Organization){
		"identity":          func(*organization.Organization) {},
		organization.Master: usersInMaster,
	} {
		t.Run(users, func(t *testing.T) {
			t.Parallel()
			org := changed(t, change)
			id := pulumitest.MasterID
			if users != organization.Master {
				id = pulumitest.AccountID(users)
			}
			trust := `{"Version":"2012-10-17","Statement":[{"Sid":"UsersWithMFA","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + id +
				`:root"},"Action":"sts:AssumeRole","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThanEquals":{"aws:MultiFactorAuthAge":"43200"}}}]}`
			results := nothing().up(t, org, named(t, org, "master", "audit", "prod", "identity"))
			for stack, result := range results {
				account := pulumitest.AccountID(stack)
				if stack == organization.Master {
					account = pulumitest.MasterID
				}
				want := map[string]any{}
				for _, role := range []string{"admin", "readonly"} {
					name := "acme-" + stack + "-" + role
					want[role] = map[string]any{
						"arn":           "arn:aws:iam::" + account + ":role/" + name,
						"switchRoleUrl": "https://signin.aws.amazon.com/switchrole?account=" + account + "&roleName=" + name + "&displayName=" + name,
					}
					if got := roleOf(t, result, name).At("assumeRolePolicy"); got != trust {
						t.Errorf("%s trusts %v, not\n%s", name, got, trust)
					}
				}
				if diff := cmp.Diff(want, result.Exports["roles"]); diff != "" {
					t.Errorf("roles of %s (-want +got)\n%s", stack, diff)
				}
				if got, want := result.Exports["signInUrl"], "https://acme-"+stack+".signin.aws.amazon.com/console"; got != want {
					t.Errorf("%s: users sign in at %v, not %s", stack, got, want)
				}
				if got := len(result.OfType(identity.UsersType)) == 1; got != (stack == users) {
					t.Errorf("users live in %s: %t", stack, got)
				}
			}
		})
	}
}

// TestGroups grant just the roles that there are, whichever stack declares them.
func TestGroups(t *testing.T) {
	t.Parallel()
	for users, change := range map[string]func(*organization.Organization){
		"identity":          func(*organization.Organization) {},
		organization.Master: usersInMaster,
	} {
		t.Run(users, func(t *testing.T) {
			t.Parallel()
			org := changed(t, change)
			results := nothing().up(t, org, org.Stacks())
			arns := func(grants ...string) []string {
				var all []string
				for _, grant := range grants {
					stack, role, _ := strings.Cut(grant, " ")
					all = append(all, exported(t, results, stack, role))
				}
				return all
			}
			for group, want := range map[string][]string{
				"administrators": arns("master admin", "audit admin", "corp admin", "data admin", "dev admin", "identity admin", "prod admin", "security admin", "staging admin", "testing admin"),
				"engineers":      arns("dev admin", "prod readonly", "staging admin", "testing admin"),
				"data-readonly":  arns("data readonly"),
			} {
				if diff := cmp.Diff(want, granted(t, results[users], group)); diff != "" {
					t.Errorf("%s (-want +got)\n%s", group, diff)
				}
				if got := results[users].Resource(t, pulumitest.Group, group).At("name"); got != "acme-"+group {
					t.Errorf("%s is named %v", group, got)
				}
			}
			if n := len(results[users].OfType(pulumitest.Group)); n != 4 {
				t.Errorf("%d groups", n)
			}
			if got := results[users].Resource(t, pulumitest.UserGroupMembership, "grace").At("groups"); !cmp.Equal(got, []any{"acme-" + users + "-self-service", "acme-engineers", "acme-data-readonly"}) {
				t.Errorf("grace is in %v", got)
			}
			if got, want := results[users].OfType(pulumitest.ManagedPolicy)[0].At("name"), "acme-"+users+"-self-service"; got != want {
				t.Errorf("the policy for users is named %v, not %s", got, want)
			}
		})
	}
}

// TestUsers exports how users read their first passwords, which are encrypted.
func TestUsers(t *testing.T) {
	t.Parallel()
	org := changed(t, usersWithKeys)
	w := nothing()
	results := w.up(t, org, named(t, org, "master", "audit", "identity"))
	arn := "arn:aws:iam::" + pulumitest.AccountID("identity") + ":user/"
	want := map[string]any{
		"ada":   map[string]any{"arn": arn + "ada", "decryptPassword": "echo encrypted+ada== | base64 --decode | keybase pgp decrypt"},
		"grace": map[string]any{"arn": arn + "grace", "decryptPassword": "echo encrypted+grace== | base64 --decode | gpg --decrypt"},
		"alan":  map[string]any{"arn": arn + "alan"},
	}
	if diff := cmp.Diff(want, results["identity"].Exports["users"]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for name, key := range map[string]string{"ada": "keybase:ada_l", "grace": pgpKey()} {
		if got := results["identity"].Resource(t, pulumitest.UserLoginProfile, name).At("pgpKey"); got != key {
			t.Errorf("%s's key is %v", name, got)
		}
	}
	if n := len(results["identity"].OfType(pulumitest.UserLoginProfile)); n != 2 {
		t.Errorf("%d passwords", n)
	}
	for _, stack := range []string{"master", "audit"} {
		if users, ok := results[stack].Exports["users"]; ok {
			t.Errorf("%s exports the users %v", stack, users)
		}
	}
	preview := w.run(t, org, "identity", true).Exports["users"].(map[string]any)["ada"]
	if diff := cmp.Diff(map[string]any{"arn": pulumitest.Unknown, "decryptPassword": pulumitest.Unknown}, preview); diff != "" {
		t.Errorf("preview (-want +got)\n%s", diff)
	}
}

// TestRolesOfSomeAccounts are in those accounts only.
func TestRolesOfSomeAccounts(t *testing.T) {
	t.Parallel()
	org := changed(t, rolesOfSome)
	results := nothing().up(t, org, named(t, org, "master", "audit", "identity", "prod", "testing"))
	for stack, want := range map[string]string{
		"master": "[admin billing readonly]", "audit": "[admin readonly]", "prod": "[admin readonly]",
		"identity": "[admin deployer readonly]", "testing": "[admin deployer readonly]",
	} {
		var names []string
		for name := range results[stack].Exports["roles"].(map[string]any) {
			names = append(names, name)
		}
		slices.Sort(names)
		if got := fmt.Sprint(names); got != want {
			t.Errorf("%s has the roles %s, not %s", stack, got, want)
		}
	}
	billing := results["master"].Resource(t, pulumitest.RolePolicyAttachment, "billing-job-function-Billing")
	if billing.At("policyArn") != "arn:aws:iam::aws:policy/job-function/Billing" || roleOf(t, results["master"], "acme-master-billing").At("maxSessionDuration") != 14400.0 {
		t.Errorf("billing: %v", billing.Inputs)
	}
	if diff := cmp.Diff([]string{exported(t, results, "testing", "deployer")}, granted(t, results["identity"], "testing-deployer")); diff != "" {
		t.Errorf("testing-deployer (-want +got)\n%s", diff)
	}
	want := "arn:aws:iam::" + pulumitest.AccountID("testing") + ":policy/acme-testing-deployer-boundary"
	if got := roleOf(t, results["testing"], "acme-testing-deployer").At("permissionsBoundary"); got != want {
		t.Errorf("the boundary is %v, not %s", got, want)
	}
}

// TestGitHub is let into every account, and exported.
func TestGitHub(t *testing.T) {
	t.Parallel()
	for environment, subject := range map[string]string{"": "ref:refs/heads/main", "production": "environment:production"} {
		t.Run(subject, func(t *testing.T) {
			t.Parallel()
			org := changed(t, gitHub(environment))
			results := nothing().up(t, org, named(t, org, "master", "audit", "prod"))
			for stack, result := range results {
				account := pulumitest.AccountID(stack)
				if stack == organization.Master {
					account = pulumitest.MasterID
				}
				provider := result.Resource(t, pulumitest.IdentityProvider, "github")
				if got := provider.At("url"); got != "https://token.actions.githubusercontent.com" {
					t.Errorf("%s: issuer is %v", stack, got)
				}
				for role, subjects := range map[string]string{
					"plan":  `["repo:acme/infrastructure:pull_request","repo:acme/infrastructure:ref:refs/heads/main"]`,
					"apply": `"repo:acme/infrastructure:` + subject + `"`,
				} {
					name := "acme-" + stack + "-" + role
					if got, want := result.Exports[role+"RoleArn"], "arn:aws:iam::"+account+":role/"+name; got != want {
						t.Errorf("%s exports %v, not %s", stack, got, want)
					}
					want := `"Principal":{"Federated":"arn:aws:iam::` + account + `:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity",` +
						`"Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":` + subjects + `}}}]}`
					if got := roleOf(t, result, name).At("assumeRolePolicy").(string); !strings.HasSuffix(got, want) {
						t.Errorf("%s trusts %s, not\n%s", name, got, want)
					}
				}
				state := result.Resource(t, pulumitest.RolePolicy, "plan-state").At("policy").(string)
				if key := result.Exports["stateKeyArn"].(string); !strings.Contains(state, `"Resource":"`+key+`"`) {
					t.Errorf("%s: plans may use %s, not %s", stack, state, key)
				}
			}
		})
	}
	plain := after(t, shipped(t)).stacks[organization.Master]
	for _, key := range []string{"planRoleArn", "applyRoleArn"} {
		if got, ok := plain[key]; ok {
			t.Errorf("without GitHub, %s is %v", key, got)
		}
	}
}

// TestUsersOfUnknownAccount runs the stack where users live before the master
// stack knows an account that their groups reach.
func TestUsersOfUnknownAccount(t *testing.T) {
	t.Parallel()
	w := nothing()
	w.up(t, shipped(t), named(t, shipped(t), "master", "audit"))
	org := changed(t, func(o *organization.Organization) { o.Accounts["new"] = organization.Account{} })
	result := w.try(t, org, "identity", false)
	checkError(t, "identity", result, "account new isn't in stack master yet: run `pulumi up --stack master` first, or `coldstart up`, which runs all stacks in order")
	if got := without(result.URNs(), pulumitest.StackReference); len(got) != 0 {
		t.Errorf("identity registered %v", got)
	}
	preview := w.run(t, org, "identity", true)
	want := []string{"account new isn't in stack master yet, so its ids are unknown in this preview; an update needs `pulumi up --stack master` first"}
	if diff := cmp.Diff(want, preview.Messages); diff != "" {
		t.Errorf("the preview says (-want +got)\n%s", diff)
	}
	if got := preview.Resource(t, pulumitest.GroupPolicy, "administrators").At("policy"); got != pulumitest.Unknown {
		t.Errorf("in the preview, administrators may do %v", got)
	}
	// Other stacks need no account but their own and the users'.
	w.run(t, org, "prod", false)
	// The account of the users itself is new.
	w.stacks["master"]["accounts"] = map[string]any{"prod": w.stacks["master"]["accounts"].(map[string]any)["prod"]}
	checkError(t, "prod", w.try(t, org, "prod", false), "account identity isn't in stack master yet: run `pulumi up --stack master` first")
	// It matters to no member where users are in master.
	w.run(t, changed(t, usersInMaster), "prod", false)
}
