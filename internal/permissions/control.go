package permissions

import (
	"cmp"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/inventory"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// full are the policies that AWS attaches to the root, to every unit and to every account when their type
// is enabled. They allow everything.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
var full = map[string]authorization.Policy{
	organization.ServiceControlPolicy:  fullOf(organization.ServiceControlPolicy, nil),
	organization.ResourceControlPolicy: fullOf(organization.ResourceControlPolicy, &policy.Principal{Everyone: true}),
}

func fullOf(policyType string, principal *policy.Principal) authorization.Policy {
	return authorization.Policy{Name: organization.GuardrailKinds[policyType].Everything, Document: everything(principal)}
}

func everything(principal *policy.Principal) policy.Document {
	return policy.Document{Statements: []policy.Statement{{Effect: policy.Allow, Principal: principal, Action: []string{"*"}, Resource: []string{"*"}}}}
}

// tree is what is attached where in an organization.
type tree struct {
	// parents are the ids of what units and accounts are in, and names what they are called.
	parents, names map[string]string
	// attached are the ids of policies by the id of what they are attached to. Types are the policies'.
	attached map[string][]string
	policies map[string]authorization.Policy
	types    map[string]string
	// enabled are the types of policies that are enabled.
	enabled []string
	// listed says that AWS's own policies are among the policies, as AWS lists them. Otherwise they are attached to the root,
	// to every unit and to every account.
	listed map[string]bool
}

// controls notes the control policies of every account.
func (r reading) controls(resources []inventory.Resource) error {
	t := &tree{parents: map[string]string{}, names: map[string]string{}, attached: map[string][]string{}, policies: map[string]authorization.Policy{}, types: map[string]string{}, listed: map[string]bool{}}
	for _, res := range resources {
		if err := t.note(res); err != nil {
			return err
		}
	}
	for _, id := range r.accounts {
		path := t.path(id)
		if id == r.management() {
			continue // Control policies don't restrict it.
		}
		c := control{path: r.organizationID + "/" + strings.Join(path[:max(len(path)-1, 0)], "/") + "/"}
		c.service, c.resource = t.levels(path, organization.ServiceControlPolicy), t.levels(path, organization.ResourceControlPolicy)
		r.control[id] = c
	}
	return nil
}

// note notes a resource of AWS Organizations.
func (t *tree) note(res inventory.Resource) error {
	switch res.Type {
	case awstype.OrganizationsOrganization:
		t.enabled = res.Texts("enabledPolicyTypes")
	case awstype.OrganizationsOrganizationalUnit, awstype.OrganizationsAccount:
		kind := "unit "
		if res.Type == awstype.OrganizationsAccount {
			kind = "account "
		}
		t.parents[res.ID], t.names[res.ID] = res.Text("parentId"), kind+res.Name
	case awstype.OrganizationsPolicy:
		typ := cmp.Or(res.Text("type"), organization.ServiceControlPolicy) // The provider's default.
		if full[typ].Name == "" {
			return nil // It isn't about who may do what.
		}
		document, err := policy.Parse(res.Text("content"))
		t.policies[res.ID] = authorization.Policy{Name: res.Text("name"), Document: document}
		t.types[res.ID], t.listed[typ] = typ, t.listed[typ] || res.Text("name") == full[typ].Name
		return err
	case awstype.OrganizationsPolicyAttachment:
		target := res.Text("targetId")
		t.attached[target] = append(t.attached[target], res.Text("policyId"))
	}
	return nil
}

// path returns the ids from the root to an account.
func (t *tree) path(account string) []string {
	var path []string
	for id := account; id != ""; id = t.parents[id] {
		path = append(path, id)
	}
	slices.Reverse(path)
	return path
}

// levels returns the policies of a type from the root to an account; nil if the type isn't enabled.
func (t *tree) levels(path []string, typ string) []authorization.Level {
	if !slices.Contains(t.enabled, typ) {
		return nil
	}
	var levels []authorization.Level
	for _, id := range path {
		level := authorization.Level{Name: cmp.Or(t.names[id], "the root"), Policies: []authorization.Policy{}}
		if !t.listed[typ] {
			level.Policies = append(level.Policies, full[typ])
		}
		for _, p := range t.attached[id] {
			if t.types[p] == typ {
				level.Policies = append(level.Policies, t.policies[p])
			}
		}
		levels = append(levels, level)
	}
	return levels
}
