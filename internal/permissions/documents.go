package permissions

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/authorization"
	"github.com/coldstart-aws/coldstart/internal/awsmanaged"
	"github.com/coldstart-aws/coldstart/internal/awstype"
	"github.com/coldstart-aws/coldstart/internal/inventory"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/policy"
)

// Documents are the IAM documents of an organization.
type Documents struct {
	org *organization.Organization
	// accounts are the ids of accounts by their names, and names replaces ids by names in braces.
	accounts       map[string]string
	names          *strings.Replacer
	organizationID string

	// identities are users and roles by their ARNs, and groups by theirs.
	identities map[string]*identity
	// named are the same by account, kind and name, and roles are those of each account in the order of names.
	named map[[3]string]*identity
	roles map[string][]*identity
	// resources are the policies of buckets and keys, by ARNs. Owners are the accounts of what has an ARN.
	resources map[string]*authorization.Policy
	owners    map[string]string
	// aliases are the ARNs of keys by those of their aliases.
	aliases map[string]string
	// zones are the ARNs of the management account's zones by their names.
	zones map[string]string
	// control are the service and resource control policies of accounts, by ids.
	control   map[string]control
	directory directory
	// tags are the tags of what has an ARN, and tagged the keys of tags that a condition names.
	tags   map[string]map[string]string
	tagged map[string]bool
}

// identity is a user, a role or a group.
type identity struct {
	arn, name, account string
	kind               authorization.PrincipalType // empty for a group
	// policies are its own, and those of a user's groups. None allow nothing.
	policies []authorization.Policy
	groups   []string // ARNs
	boundary *authorization.Policy
	trust    *authorization.Policy // of a role
	free     *identity             // a user as unconditional returns it
	tags     map[string]string
	// set is the permission set of which IAM Identity Center has made the role; empty for another role.
	set string
	// session is the name of a role's session; empty if it isn't known.
	session string
}

// control are the levels of an account's control policies.
type control struct {
	service, resource []authorization.Level
	// path is what aws:PrincipalOrgPaths has.
	path string
}

// Read returns the documents of an organization that an inventory has.
func Read(org *organization.Organization, found *inventory.Inventory) (*Documents, error) {
	d := &Documents{
		org: org, accounts: found.Accounts, identities: map[string]*identity{}, resources: map[string]*authorization.Policy{},
		owners: map[string]string{}, aliases: map[string]string{}, zones: map[string]string{}, control: map[string]control{},
		named: map[[3]string]*identity{}, roles: map[string][]*identity{}, tags: map[string]map[string]string{}, tagged: map[string]bool{},
		directory: newDirectory(),
	}
	var names []string
	for name, id := range d.accounts {
		names = append(names, id, "{"+name+"}")
	}
	d.names = strings.NewReplacer(names...)
	r := reading{Documents: d, managed: map[string]policy.Document{}}
	for _, pass := range []func(inventory.Resource) error{r.own, r.attach} {
		for _, resource := range found.Resources {
			if err := pass(resource); err != nil {
				return nil, fmt.Errorf("%s %s in account %s: %w", resource.Type, resource.Name, found.NameOf(resource.Account), err)
			}
		}
	}
	for _, id := range d.identities {
		if id.kind == authorization.User {
			id.policies = d.withGroups(id)
			free := id.unconditional()
			id.free = &free
		}
	}
	r.addAccessRoles()
	if err := r.controls(found.Resources); err != nil {
		return nil, err
	}
	for _, roles := range d.roles {
		slices.SortFunc(roles, func(a, b *identity) int { return strings.Compare(a.name, b.name) })
	}
	d.noteTags()
	return d, nil
}

// add adds a user, a role or a group.
func (d *Documents) add(kind string, id *identity) {
	d.identities[id.arn], d.named[[3]string{id.account, kind, id.name}] = id, id
	if id.kind == authorization.Role {
		d.roles[id.account] = append(d.roles[id.account], id)
	}
	if id.set != "" {
		d.named[[3]string{id.account, "permission set", id.set}] = id
	}
}

// management is the id of the management account.
func (d *Documents) management() string { return d.accounts[organization.Master] }

// reading gathers documents from an inventory.
type reading struct {
	*Documents
	// managed are managed policies by their ARNs.
	managed map[string]policy.Document
}

// own notes what has documents of its own.
func (r reading) own(res inventory.Resource) error {
	if res.ARN != "" {
		r.owners[res.ARN], r.tags[res.ARN] = res.Account, tagsOf(res)
	}
	switch res.Type {
	case awstype.OrganizationsOrganization:
		r.organizationID = res.ID
	case awstype.IAMUser:
		r.add("user", newIdentity(authorization.User, res))
	case awstype.IAMGroup:
		r.add("group", newIdentity("", res))
	case awstype.IAMRole:
		trust, err := policy.Parse(res.Text("assumeRolePolicy"))
		if err != nil {
			return err
		}
		role := newIdentity(authorization.Role, res)
		role.trust, role.set = &authorization.Policy{Name: "trust of " + role.name, Document: trust}, organization.PermissionSetOf(role.arn)
		r.add("role", role)
	case awstype.IAMPolicy:
		document, err := policy.Parse(res.Text("policy"))
		r.managed[res.ARN] = document
		return err
	case awstype.KMSKey:
		return r.key(res)
	case awstype.KMSAlias:
		r.aliases[keyARN(res, res.Text("name"))] = keyARN(res, "key/"+res.Text("targetKeyId"))
	case awstype.Route53Zone:
		if res.Account == r.management() {
			r.zones[res.Text("name")] = res.ARN
		}
	case awstype.S3BucketPolicy:
		p := &authorization.Policy{Name: "of bucket " + res.Text("bucket"), Unread: res.Unread}
		r.resources["arn:aws:s3:::"+res.Text("bucket")] = p
		if res.Unread {
			return nil
		}
		var err error
		p.Document, err = policy.Parse(res.Text("policy"))
		return err
	default:
		r.directory.own(res)
	}
	return nil
}

// key notes a key's policy.
func (r reading) key(res inventory.Resource) error {
	document := defaultKeyPolicy(res.Account)
	if text := res.Text("policy"); text != "" {
		var err error
		if document, err = policy.Parse(text); err != nil {
			return err
		}
	}
	r.resources[res.ARN] = &authorization.Policy{Name: "of key " + cmp.Or(res.Text("description"), res.ID), Document: document, Unread: res.Unread}
	return nil
}

// defaultKeyPolicy is what KMS gives a key without a policy.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func defaultKeyPolicy(account string) policy.Document {
	return policy.Document{Statements: []policy.Statement{{
		Sid: "Default", Effect: policy.Allow, Principal: &policy.Principal{AWS: []string{"arn:aws:iam::" + account + ":root"}},
		Action: []string{"kms:*"}, Resource: []string{"*"},
	}}}
}

// keyARN is the ARN of what KMS has in the account and the region of a resource. It leaves an ARN alone.
func keyARN(res inventory.Resource, name string) string {
	if arn := strings.TrimPrefix(name, "key/"); strings.HasPrefix(arn, "arn:") {
		return arn
	}
	return "arn:aws:kms:" + res.Region + ":" + res.Account + ":" + name
}

// newIdentity returns a user, a role or a group without policies.
func newIdentity(kind authorization.PrincipalType, res inventory.Resource) *identity {
	return &identity{arn: res.ARN, name: res.Text("name"), account: res.Account, kind: kind, tags: tagsOf(res), policies: []authorization.Policy{}}
}

func tagsOf(res inventory.Resource) map[string]string {
	tags := map[string]string{}
	declared, _ := res.Inputs["tags"].(map[string]any)
	for key, value := range declared {
		tags[key] = fmt.Sprint(value)
	}
	return tags
}

// attach gives users, roles and groups their policies, and users their groups.
func (r reading) attach(res inventory.Resource) error {
	give := func(kind, name string, p authorization.Policy) error {
		id := r.find(res.Account, kind, name)
		if id == nil {
			return fmt.Errorf("there is no %s %s", kind, name)
		}
		id.policies = append(id.policies, p)
		return nil
	}
	inline := func(kind string) error {
		document, err := policy.Parse(res.Text("policy"))
		if err != nil {
			return err
		}
		of := kind + " " + res.Text(kind)
		if id := r.find(res.Account, kind, res.Text(kind)); id != nil && id.set != "" {
			of = "permission set " + id.set
		}
		return give(kind, res.Text(kind), authorization.Policy{Name: cmp.Or(res.Text("name"), res.Name) + " of " + of, Document: document})
	}
	attached := func(kind string) error { return give(kind, res.Text(kind), r.managedPolicy(res.Text("policyArn"))) }
	switch res.Type {
	case awstype.IAMRolePolicy:
		return inline("role")
	case awstype.IAMUserPolicy:
		return inline("user")
	case awstype.IAMGroupPolicy:
		return inline("group")
	case awstype.IAMRolePolicyAttachment:
		return attached("role")
	case awstype.IAMGroupPolicyAttachment:
		return attached("group")
	case awstype.IAMUserPolicyAttachment:
		return attached("user")
	case awstype.IAMRole, awstype.IAMUser:
		if boundary := res.Text("permissionsBoundary"); boundary != "" {
			p := r.managedPolicy(boundary)
			r.identities[res.ARN].boundary = &p
		}
	case awstype.IAMUserGroupMembership:
		user := r.find(res.Account, "user", res.Text("user"))
		for _, name := range res.Texts("groups") {
			group := r.find(res.Account, "group", name)
			if user == nil || group == nil {
				return fmt.Errorf("there is no user %s or no group %s", res.Text("user"), name)
			}
			user.groups = append(user.groups, group.arn)
		}
	case awstype.IdentityStoreGroupMembership:
		r.directory.join(res.Text("memberId"), res.Text("groupId"))
	case awstype.SSOAdminAccountAssignment:
		// Until IAM Identity Center has made the role, the assignment lets nobody in.
		if role := r.find(res.Text("targetId"), "permission set", r.directory.sets[res.Text("permissionSetArn")]); role != nil {
			r.directory.assign(res.Text("principalId"), role)
		}
	}
	return nil
}

// withGroups are the policies of a user and its groups.
func (d *Documents) withGroups(user *identity) []authorization.Policy {
	policies := user.policies
	for _, arn := range user.groups {
		policies = append(policies, d.identities[arn].policies...)
	}
	return policies
}

// find returns the user, role or group of an account with a name; nil if there is none.
func (d *Documents) find(account, kind, name string) *identity {
	return d.named[[3]string{account, kind, name}]
}

// managedPolicy returns a managed policy, of AWS's or of the account's own.
func (r reading) managedPolicy(arn string) authorization.Policy {
	name := arn[strings.LastIndexByte(arn, '/')+1:]
	if document, read := r.managed[arn]; read {
		return authorization.Policy{Name: name, Document: document}
	}
	document, known := awsmanaged.Document(arn)
	if known {
		r.managed[arn] = document
	}
	return authorization.Policy{Name: name, Document: document, Unread: !known}
}

// addAccessRoles adds the roles that AWS, or who invited an account, makes in members, where they aren't there yet.
// https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access-cross-account-role.html
func (r reading) addAccessRoles() {
	for name, id := range r.accounts {
		if name == organization.Master {
			continue
		}
		role := r.org.AccessRoleOf(name)
		if r.find(id, "role", role) != nil {
			continue
		}
		arn := organization.RoleARN(id, role)
		trust := policy.Document{Statements: []policy.Statement{{
			Effect: policy.Allow, Principal: &policy.Principal{AWS: []string{"arn:aws:iam::" + r.management() + ":root"}}, Action: []string{"sts:AssumeRole"},
		}}}
		r.add("role", &identity{
			arn: arn, name: role, account: id, kind: authorization.Role,
			policies: []authorization.Policy{r.managedPolicy("arn:aws:iam::aws:policy/AdministratorAccess")},
			trust:    &authorization.Policy{Name: "trust of " + role, Document: trust},
		})
	}
}
