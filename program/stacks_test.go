package program_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/coldstart-aws/coldstart/accounts"
	"github.com/coldstart-aws/coldstart/audit"
	"github.com/coldstart-aws/coldstart/dns"
	"github.com/coldstart-aws/coldstart/internal/pulumitest"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
	"github.com/coldstart-aws/coldstart/stackref"
)

// TestDeclarations takes all sorts of organizations through a preview of
// nothing, a first update and a second one.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	for name, org := range declarations(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, stacks := nothing(), some(org)
			preview := w.preview(t, org, stacks)
			first := w.up(t, org, stacks)
			// Members are as stable as they are in the shipped organization.
			again := stacks
			if name != "shipped" {
				again = stacks[:1]
			}
			second := w.up(t, org, again)
			for _, stack := range stacks {
				checkResources(t, org, stack.Name, preview[stack.Name])
				checkResources(t, org, stack.Name, first[stack.Name])
				checkPreview(t, stack, preview[stack.Name])
				checkExports(t, stack, first[stack.Name])
			}
			for _, stack := range again {
				checkSame(t, stack.Name, first[stack.Name], second[stack.Name])
			}
			// The second run looks for no units to adopt.
			want := []string{pulumitest.ReadStackOutputs, pulumitest.GetCallerIdentity, pulumitest.GetOrganization}
			if org.Access.GitHub.Repository != "" {
				want = append(want, pulumitest.GetIdentityProvider)
			}
			want = slices.Insert(want, 3, pulumitest.GetZone, pulumitest.GetZone) // The apex zone and master's own.
			if diff := cmp.Diff(want, second[organization.Master].Invokes); diff != "" {
				t.Errorf("invokes of the second run (-want +got)\n%s", diff)
			}
			// As many accounts are created at once as AWS does.
			preview[organization.Master].CheckLanes(t, pulumitest.AWSAccount, len(org.Accounts), accounts.AtOnce)
			first[organization.Master].CheckLanes(t, pulumitest.AWSAccount, len(org.Accounts), accounts.AtOnce)
		})
	}
}

// checkResources checks what has to hold for each resource.
func checkResources(t *testing.T, org *organization.Organization, stack string, result *pulumitest.Result) {
	t.Helper()
	result.CheckPolicies(t)
	for i, token := range result.Invokes {
		if strings.HasPrefix(token, "aws:") && result.InvokedBy[i] == "" {
			t.Errorf("%s: %s has no provider", stack, token)
		}
	}
	for _, r := range result.Resources {
		if r.AWS() {
			checkPlace(t, result, stack, r)
			checkTags(t, org, stack, r)
			checkProtection(t, org, stack, r)
		}
	}
}

// checkPreview checks that a preview goes on without the stacks that it reads,
// and says so.
func checkPreview(t *testing.T, stack organization.Stack, result *pulumitest.Result) {
	t.Helper()
	var want []string
	for _, other := range stack.DependsOn {
		want = append(want, "stack "+other+" hasn't run yet, so its ids are unknown in this preview; an update needs `pulumi up --stack "+other+"` first")
	}
	if diff := cmp.Diff(want, result.Messages); diff != "" {
		t.Errorf("messages of %s (-want +got)\n%s", stack.Name, diff)
	}
	if stack.Name != organization.Master && result.Exports["accountId"] != pulumitest.Unknown {
		t.Errorf("%s exports %v", stack.Name, result.Exports)
	}
}

// checkSame checks that a second run declares what the first did.
func checkSame(t *testing.T, stack string, first, second *pulumitest.Result) {
	t.Helper()
	if diff := cmp.Diff(first.Resources, second.Resources); diff != "" {
		t.Errorf("the second run of %s differs (-first +second)\n%s", stack, diff)
	}
	if diff := cmp.Diff(first.Exports, second.Exports); diff != "" {
		t.Errorf("the second run of %s exports something else (-first +second)\n%s", stack, diff)
	}
}

// checkPlace checks that a resource is in a component, and that its provider is
// one of the stack's.
func checkPlace(t *testing.T, result *pulumitest.Result, stack string, r pulumitest.Resource) {
	t.Helper()
	inComponent := slices.ContainsFunc(result.Resources, func(p pulumitest.Resource) bool { return p.URN == r.Parent && !p.Custom })
	if !inComponent {
		t.Errorf("%s: %s is in no component", stack, r.URN)
	}
	declared := slices.ContainsFunc(result.Resources, func(p pulumitest.Resource) bool { return p.Is(pulumitest.Provider, r.Provider) })
	if r.Provider == "" || !declared {
		t.Errorf("%s: %s has provider %q", stack, r.URN, r.Provider)
	}
}

func checkTags(t *testing.T, org *organization.Organization, stack string, r pulumitest.Resource) {
	t.Helper()
	traits, known := pulumitest.Types[r.Type]
	if !known {
		t.Fatalf("%s: does %s take tags? Add a line for it to Types, in internal/pulumitest/computed.go", stack, r.Type)
	}
	if !traits.Tags {
		return
	}
	want := map[string]any{"Namespace": org.Namespace, "ManagedBy": "coldstart"}
	if account := accountOf(stack, r); account != "" {
		want["Account"] = account
	}
	tags, _ := r.At("tags").(map[string]any)
	got := map[string]any{}
	for _, k := range []string{"Namespace", "Account", "ManagedBy"} {
		if v, ok := tags[k]; ok {
			got[k] = v
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: tags of %s (-want +got)\n%s", stack, r.URN, diff)
	}
	for k, v := range org.Tags {
		if org.Accounts[stack].Tags[k] == "" && want["Account"] == stack && tags[k] != v {
			t.Errorf("%s: %s lacks the organization's tag %s", stack, r.URN, k)
		}
	}
}

// accountOf returns the account that a resource is for, which its tags name;
// empty if it is for several.
func accountOf(stack string, r pulumitest.Resource) string {
	switch {
	case r.Type == pulumitest.AWSUnit, r.Type == pulumitest.AWSPolicy:
		return ""
	case r.Is(pulumitest.Trail, "master-trail"), strings.Contains(r.URN, audit.AlarmsType):
		return organization.Master
	case r.Type == pulumitest.AWSAccount, r.Type == pulumitest.Role && strings.Contains(r.URN, dns.RoleType):
		return r.Name
	case r.Type == pulumitest.Parameter:
		return strings.Split(r.At("name").(string), "/")[2]
	}
	return stack
}

func checkProtection(t *testing.T, org *organization.Organization, stack string, r pulumitest.Resource) {
	t.Helper()
	local := strings.Contains(r.URN, dns.LocalType)
	protect := !local && !pulumitest.Types[r.Type].Replaceable || org.Accounts[stack].Protect
	retain := slices.Contains([]string{
		pulumitest.AWSOrganization, pulumitest.AWSAccount, pulumitest.Key, pulumitest.Alias, pulumitest.VolumeEncryption, pulumitest.MetadataDefaults,
	}, r.Type) ||
		strings.HasPrefix(r.Type, "aws:s3/bucket") && r.Type != pulumitest.BucketObject
	if r.Type == pulumitest.AWSAccount && org.Accounts[r.Name].CloseOnDelete {
		protect, retain = false, false
	}
	if r.Protect != protect {
		t.Errorf("%s: %s is protected: %t, not %t", stack, r.URN, r.Protect, protect)
	}
	if r.RetainOnDelete != retain {
		t.Errorf("%s: %s is retained: %t, not %t", stack, r.URN, r.RetainOnDelete, retain)
	}
}

// checkExports decodes what a stack exports into the struct that other stacks
// read, which has to have neither more nor less, and no secret.
func checkExports(t *testing.T, stack organization.Stack, result *pulumitest.Result) {
	t.Helper()
	exports := result.Exports
	if len(result.SecretExports) > 0 {
		t.Errorf("%s exports the secrets %v", stack.Name, result.SecretExports)
	}
	outputs := map[organization.Kind]any{
		organization.KindMaster: &stackref.Master{},
		organization.KindAudit:  &stackref.Audit{},
		organization.KindMember: &stackref.MemberStack{},
	}[stack.Kind]
	raw, err := json.Marshal(exports)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(outputs); err != nil {
		t.Fatalf("%s: %v", stack.Name, err)
	}
	again, err := json.Marshal(outputs)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(again, &all); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all, exports); diff != "" {
		t.Errorf("%s exports something else than %T (-struct +exports)\n%s", stack.Name, outputs, diff)
	}
	for _, path := range empty(exports, "") {
		// An account may be in no unit.
		if !strings.HasPrefix(path, ".accounts.") || !strings.HasSuffix(path, ".unit") {
			t.Errorf("%s exports an empty %s", stack.Name, path)
		}
	}
}

// empty returns the paths of the empty strings in a value.
func empty(value any, path string) []string {
	var paths []string
	switch v := value.(type) {
	case string:
		if v == "" {
			return []string{path}
		}
	case map[string]any:
		for k, e := range v {
			paths = append(paths, empty(e, path+"."+k)...)
		}
	case []any:
		for i, e := range v {
			paths = append(paths, empty(e, fmt.Sprintf("%s[%d]", path, i))...)
		}
	}
	return paths
}

// TestLive runs stacks that hand their outputs over in the process: it makes no
// difference to what they declare.
func TestLive(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*organization.Organization){"users in a member": usersWithKeys, "users in master": usersInMaster, "delegated": delegated} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			org := changed(t, change)
			want, live := nothing().up(t, org, some(org)), stackref.NewLive()
			for _, stack := range some(org) {
				// The backend knows no stack.
				got := pulumitest.Run{Stack: stack.Name, Answers: nothing().answers()}.Do(t, program.For(org, program.Unpaced(program.Settings{Live: live})))
				if got.Err != nil {
					t.Fatal(got.Err)
				}
				<-live.Known(stack.Name)
				checkSame(t, stack.Name, want[stack.Name], got)
			}
		})
	}
}
