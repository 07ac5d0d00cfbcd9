package proof

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/organizations/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/internal/accountstate"
	"github.com/coldstart-aws/coldstart/organization"
)

// directory is what AWS Organizations returns about the organization.
type directory struct {
	organization *types.Organization
	root         types.Root
	members      []types.Account
	units        map[string][]string // ids by the keys of declared units
	tree         []unit              // all units, each after its parent
	err          error               // why the directory couldn't be read
}

// readDirectory reads the organization, its accounts and the declared units.
func readDirectory(ctx context.Context, client *organizations.Client, org *organization.Organization) *directory {
	d := &directory{units: map[string][]string{}}
	d.err = d.read(ctx, client, org)
	return d
}

func (d *directory) read(ctx context.Context, client *organizations.Client, org *organization.Organization) error {
	described, err := client.DescribeOrganization(ctx, &organizations.DescribeOrganizationInput{})
	if err != nil {
		return err
	}
	d.organization = described.Organization
	roots, err := client.ListRoots(ctx, &organizations.ListRootsInput{})
	if err != nil {
		return err
	}
	if len(roots.Roots) != 1 {
		return fmt.Errorf("the organization shows %d roots", len(roots.Roots))
	}
	d.root = roots.Roots[0]
	pages := organizations.NewListAccountsPaginator(client, &organizations.ListAccountsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		d.members = append(d.members, page.Accounts...)
	}
	return d.readUnits(ctx, client, org)
}

// unit is a unit in AWS.
type unit struct {
	id, parent, name string
	// path is the names of the units around the unit and its own name.
	path string
	// key is the key of the declared unit; empty if the unit isn't declared.
	key string
}

// readUnits reads all units and finds each declared unit in its parent. A unit has one parent. If
// an endpoint returns a unit again, readUnits leaves it out, since otherwise it might never end.
func (d *directory) readUnits(ctx context.Context, client *organizations.Client, org *organization.Organization) error {
	keys := map[string]string{aws.ToString(d.root.Id): ""} // the keys of declared parents, by id
	parents, seen := []unit{{id: aws.ToString(d.root.Id)}}, map[string]bool{}
	for len(parents) > 0 {
		parent := parents[0]
		below, err := unitsIn(ctx, client, parent.id)
		if err != nil {
			return err
		}
		for _, found := range below {
			u := unit{id: aws.ToString(found.Id), parent: parent.id, name: aws.ToString(found.Name)}
			if seen[u.id] {
				continue
			}
			seen[u.id] = true
			u.path = strings.TrimPrefix(parent.path+"/"+u.name, "/")
			if in, declared := keys[parent.id]; declared {
				u.key = keyIn(org, in, u.name)
			}
			if u.key != "" {
				keys[u.id] = u.key
				d.units[u.key] = append(d.units[u.key], u.id)
			}
			d.tree, parents = append(d.tree, u), append(parents, u)
		}
		parents = parents[1:]
	}
	return nil
}

// keyIn returns the key of the unit that is declared with this parent and name.
func keyIn(org *organization.Organization, parent, name string) string {
	for key, declared := range org.Units {
		if declared.Parent == parent && org.UnitName(key) == name {
			return key
		}
	}
	return ""
}

func unitsIn(ctx context.Context, client *organizations.Client, parent string) ([]types.OrganizationalUnit, error) {
	var units []types.OrganizationalUnit
	pages := organizations.NewListOrganizationalUnitsForParentPaginator(client,
		&organizations.ListOrganizationalUnitsForParentInput{ParentId: &parent})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		units = append(units, page.OrganizationalUnits...)
	}
	return units, nil
}

// unitID returns the id of the unit with a key, or of the root for an empty key. It returns an
// error if there isn't exactly one.
func (d *directory) unitID(key string) (string, error) {
	switch ids := d.units[key]; {
	case d.err != nil:
		return "", d.err
	case key == "":
		return aws.ToString(d.root.Id), nil
	case len(ids) != 1:
		return "", fmt.Errorf("there are %d units %s in its parent", len(ids), key)
	default:
		return ids[0], nil
	}
}

// organizationID returns the organization's id; empty if there is none.
func (d *directory) organizationID() string {
	if d.organization == nil {
		return ""
	}
	return aws.ToString(d.organization.Id)
}

// errNoAccount says that an account doesn't exist. errNotActive says that nobody can enter it.
var (
	errNoAccount = errors.New("no account has the e-mail")
	errNotActive = errors.New("no account is active with the e-mail")
)

// find returns the one active account with an e-mail address. If id isn't empty, the account also
// has that id.
func (d *directory) find(email, id string) (string, error) {
	if d.err != nil {
		return "", d.err
	}
	var active, other []string
	for _, m := range d.members {
		switch {
		case !strings.EqualFold(aws.ToString(m.Email), email):
		case accountstate.Of(m).Active():
			active = append(active, aws.ToString(m.Id))
		default:
			other = append(other, fmt.Sprintf("%s is %s", aws.ToString(m.Id), accountstate.Of(m)))
		}
	}
	switch {
	case len(active) == 0 && len(other) == 0:
		return "", fmt.Errorf("%w %s", errNoAccount, email)
	case len(active) == 0:
		return "", fmt.Errorf("%w %s: %s", errNotActive, email, strings.Join(other, ", "))
	case len(active) > 1:
		return "", fmt.Errorf("%d accounts have the e-mail %s: %s", len(active), email, strings.Join(active, ", "))
	case id != "" && active[0] != id:
		return "", fmt.Errorf("the account with the e-mail %s is %s, and %s is declared", email, active[0], id)
	}
	return active[0], nil
}

// findNoted finds the account whose id coldstart has noted, and whose address has been changed in
// AWS. The error says which address to declare.
func (d *directory) findNoted(id string) error {
	for _, m := range d.members {
		if id != "" && aws.ToString(m.Id) == id && accountstate.Of(m).Active() {
			return &misaddressedError{id, aws.ToString(m.Email)}
		}
	}
	return nil
}

// misaddressedError says that an account has another address in AWS than the declared one.
type misaddressedError struct{ id, email string }

func (e *misaddressedError) Error() string { return e.found() + ": " + e.remedy() }

func (e *misaddressedError) found() string {
	return fmt.Sprintf("the address of account %s is %s", e.id, e.email)
}

func (e *misaddressedError) remedy() string { return "write email: " + e.email }

// proveOrganization proves what the organization has once.
func (p *prover) proveOrganization(ctx context.Context, a *account) {
	const subject = SubjectOrganization
	a.note(subject, "exists, with all features", p.checkFeatures())
	a.note(subject, "is managed by this account", p.checkManagement())
	for _, service := range p.org.TrustedServices() {
		a.claim(subject, "trusts "+service, func() error { return checkTrusted(ctx, a.organizations, service) })
	}
	for _, service := range slices.Sorted(maps.Keys(p.org.Administrators())) {
		administrator := p.org.Administrators()[service]
		a.claim(subject, fmt.Sprintf("has %s administered by %s", service, administrator), func() error {
			return p.checkDelegated(ctx, service, administrator)
		})
	}
	for _, kind := range p.org.Settings.PolicyTypes {
		a.note(subject, "has policies of type "+kind, p.checkPolicyType(kind))
	}
	for _, name := range p.org.UnitNames() {
		_, err := p.unitID(name)
		a.note(SubjectUnit, fmt.Sprintf("%s is in %s, once%s", name, unitText(p.org.Units[name].Parent), calledText(p.org, name)), err)
	}
	a.claim(SubjectUnit, "all units that coldstart has made are declared", func() error { return p.checkLeftUnits(ctx) })
}

func (p *prover) checkFeatures() error {
	switch {
	case p.organization == nil:
		return p.err
	case p.organization.FeatureSet != types.OrganizationFeatureSetAll:
		return fmt.Errorf("its features are %s", p.organization.FeatureSet)
	}
	return nil
}

func (p *prover) checkManagement() error {
	switch {
	case p.organization == nil:
		return p.err
	case aws.ToString(p.organization.MasterAccountId) != p.masterID:
		return fmt.Errorf("it is managed by %s, and these are credentials of %s", aws.ToString(p.organization.MasterAccountId), p.masterID)
	}
	return nil
}

func (p *prover) checkPolicyType(kind string) error {
	if p.err != nil {
		return p.err
	}
	for _, enabled := range p.root.PolicyTypes {
		if string(enabled.Type) == kind && enabled.Status == types.PolicyTypeStatusEnabled {
			return nil
		}
	}
	return errors.New("it isn't enabled in the root")
}

func checkTrusted(ctx context.Context, client *organizations.Client, service string) error {
	trusted, err := trustedServices(ctx, client)
	if err == nil && !slices.Contains(trusted, service) {
		err = errors.New("the service has no access to the organization")
	}
	return err
}

// trustedServices returns the services that have access to the organization.
func trustedServices(ctx context.Context, client *organizations.Client) (all []string, err error) {
	pages := organizations.NewListAWSServiceAccessForOrganizationPaginator(client, &organizations.ListAWSServiceAccessForOrganizationInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, enabled := range page.EnabledServicePrincipals {
			all = append(all, aws.ToString(enabled.ServicePrincipal))
		}
	}
	return all, nil
}

// checkDelegated checks that a member is the delegated administrator of a service.
func (p *prover) checkDelegated(ctx context.Context, service, administrator string) error {
	want, err := p.accountID(administrator)
	if err != nil {
		return err
	}
	found, err := p.administratorsOf(ctx, service)
	if err == nil && !slices.Contains(found, want) {
		err = fmt.Errorf("it is administered by %s, and not by %s", listed(found), want)
	}
	return err
}

// administratorsOf returns the ids of the members that administer a service.
func (p *prover) administratorsOf(ctx context.Context, service string) (ids []string, err error) {
	pages := organizations.NewListDelegatedAdministratorsPaginator(p.master().organizations,
		&organizations.ListDelegatedAdministratorsInput{ServicePrincipal: &service})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, account := range page.DelegatedAdministrators {
			ids = append(ids, aws.ToString(account.Id))
		}
	}
	return ids, nil
}

// proveMembership proves that a member is in the organization and in its unit, and that the
// management account can enter it. If the management account can't, nothing else in the member can
// be proved.
func (p *prover) proveMembership(ctx context.Context, a *account) {
	const subject = SubjectAccount
	unit := p.org.Accounts[a.name].Unit
	a.note(subject, "is the one active account with the e-mail "+p.org.AccountEmail(a.name), cmp.Or(a.misaddressed, a.unreachable))
	a.claim(subject, "is in "+unitText(unit), func() error { return p.checkParent(ctx, a.id, unit) })
	if a.unreachable == nil {
		a.unreachable = checkEntry(ctx, a)
	}
	a.note(subject, "can be entered from the management account by "+p.org.AccessRoleOf(a.name), a.unreachable)
	a.claim(subject, p.org.AccessRoleOf(a.name)+" lets in nobody but the management account", func() error {
		return p.checkAccessRole(ctx, a)
	})
}

func (p *prover) checkParent(ctx context.Context, id, unit string) error {
	want, err := p.unitID(unit)
	if err != nil {
		return err
	}
	out, err := p.master().organizations.ListParents(ctx, &organizations.ListParentsInput{ChildId: &id})
	if err != nil {
		return err
	}
	if len(out.Parents) != 1 || aws.ToString(out.Parents[0].Id) != want {
		var in []string
		for _, parent := range out.Parents {
			in = append(in, aws.ToString(parent.Id))
		}
		return fmt.Errorf("it is in %s, and not in %s", strings.Join(in, ", "), want)
	}
	return nil
}

func checkEntry(ctx context.Context, a *account) error {
	out, err := a.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return err
	}
	if landed := aws.ToString(out.Account); landed != a.id {
		return fmt.Errorf("the role of %s leads to %s", a.id, landed)
	}
	return nil
}

func (p *prover) checkAccessRole(ctx context.Context, a *account) error {
	out, err := a.iam.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(p.org.AccessRoleOf(a.name))})
	if err != nil {
		return err
	}
	trust, err := parsePolicy(aws.ToString(out.Role.AssumeRolePolicyDocument))
	if err != nil {
		return err
	}
	return trust.trustsOnly(p.masterID)
}

// unenforcedPolicies finds out whether the endpoint enforces policies, by trying to assume a role
// that doesn't exist. No policy allows that.
func (p *prover) unenforcedPolicies(ctx context.Context) string {
	if p.cfg.BaseEndpoint == nil {
		return "" // AWS enforces policies, and CloudTrail would record the attempt.
	}
	_, err := p.master().sts.AssumeRole(ctx, &sts.AssumeRoleInput{
		RoleArn:         aws.String(organization.RoleARN(p.masterID, "coldstart-no-such-role")),
		RoleSessionName: aws.String("coldstart-proof"),
	})
	if err != nil {
		return ""
	}
	return "whether policies have the effect that they describe: this endpoint enforces none (it lets anybody assume a role that doesn't exist), so they were only read, and no role was tried without MFA"
}

// calledText returns the name of a unit in AWS as a text, if it isn't the unit's key.
func calledText(org *organization.Organization, key string) string {
	if name := org.UnitName(key); name != key {
		return fmt.Sprintf(", and its name is %q", name)
	}
	return ""
}

func unitText(name string) string {
	if name == "" {
		return "the organization's root"
	}
	return "unit " + name
}

// activeBut returns the organization's active accounts but those with the ids, each as its name and id.
func (p *prover) activeBut(ids []string) (others []string) {
	for _, m := range p.members {
		if id := aws.ToString(m.Id); accountstate.Of(m).Active() && !slices.Contains(ids, id) {
			others = append(others, fmt.Sprintf("%s (%s)", aws.ToString(m.Name), id))
		}
	}
	return others
}
