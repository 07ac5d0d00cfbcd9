package contract

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// securityHubService is how AWS Security Hub's requests are signed, and securityHubPrincipal is its service principal.
const (
	securityHubService   = "securityhub"
	securityHubPrincipal = securityHubService + ".amazonaws.com"
)

// hub is Security Hub of an account in a region.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DescribeHub.html
type hub struct {
	arn, subscribed, generator string
	autoEnableControls         bool
	standards                  []string // ARNs
}

// hubs is what the organization has of Security Hub.
type hubs struct {
	administrators map[string]*hubAdministrator // by region
	aggregator     *aggregator                  // of the administrator; nil for none
	central        time.Time                    // since when the administrator configures all accounts; the zero time if it doesn't
	autoEnable     map[string]bool              // by region, without central configuration
	policies       map[string]*hubPolicy        // by id
	associations   map[string]*hubAssociation   // by the id of the root, of a unit or of an account
}

type hubAdministrator struct {
	id        string
	appointed time.Time
}

// aggregator says in which region the findings of which others are.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_CreateFindingAggregator.html
type aggregator struct {
	account, arn, home, mode string
	regions                  []string
}

// hubPolicy is a configuration policy.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_CreateConfigurationPolicy.html
type hubPolicy struct {
	id, arn, name, description, created, updated string
	content                                      hubContent
	left                                         time.Time // when it was last taken from a target
}

// hubContent is what a configuration policy says.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_SecurityHubPolicy.html
type hubContent struct {
	ServiceEnabled                bool
	EnabledStandardIdentifiers    []string
	SecurityControlsConfiguration map[string]any `json:",omitempty"`
}

type hubAssociation struct {
	policy  string
	updated time.Time
}

// centrallyManaged is why an account that its administrator configures is refused.
// https://github.com/hashicorp/terraform-provider-aws/issues/39687
const centrallyManaged = "This account is currently associated with a central configuration policy, so only the administrator can access this operation."

// hubProblem is an error of Security Hub's.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/CommonErrors.html
func hubProblem(code, format string, values ...any) *proxy.Problem {
	status := map[string]int{
		"AccessDeniedException": http.StatusForbidden, "InvalidAccessException": http.StatusUnauthorized, "InvalidInputException": http.StatusBadRequest,
		"ResourceConflictException": http.StatusConflict, "ResourceNotFoundException": http.StatusNotFound,
	}[code]
	return &proxy.Problem{Status: status, Code: code, Message: fmt.Sprintf(format, values...)}
}

// ownHub returns the caller's hub.
func (r *request) ownHub() (*hub, *proxy.Problem) {
	r.configured()
	if h := r.subscribed[r.place]; h != nil {
		return h, nil
	}
	return nil, hubProblem("InvalidAccessException", "Account %s is not subscribed to AWS Security Hub", r.account)
}

// defaultStandards are those that Security Hub turns on in an account that doesn't refuse them.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_EnableSecurityHub.html
var defaultStandards = []string{"standards/aws-foundational-security-best-practices/v/1.0.0", "ruleset/cis-aws-foundations-benchmark/v/1.2.0"}

// enableSecurityHub subscribes an account in a region.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_EnableSecurityHub.html
func (r *request) enableSecurityHub() (any, *proxy.Problem) {
	var in struct {
		EnableDefaultStandards  *bool
		ControlFindingGenerator string
	}
	r.read(&in)
	_, problem := r.ownHub()
	switch {
	case r.managed():
		return nil, hubProblem("AccessDeniedException", centrallyManaged)
	case problem == nil:
		return nil, hubProblem("ResourceConflictException", "Account is already subscribed to Security Hub")
	}
	h := r.subscribe(r.place)
	if in.ControlFindingGenerator != "" {
		h.generator = in.ControlFindingGenerator
	}
	if in.EnableDefaultStandards == nil || *in.EnableDefaultStandards {
		for _, standard := range defaultStandards {
			h.standards = append(h.standards, "arn:aws:securityhub:::"+standard)
		}
	}
	return struct{}{}, nil
}

// subscribe makes a hub.
func (k *keeper) subscribe(at place) *hub {
	h := &hub{
		arn:        fmt.Sprintf("arn:aws:securityhub:%s:%s:hub/default", at.region, at.account),
		subscribed: k.w.Now().UTC().Format(time.RFC3339), generator: "SECURITY_CONTROL", autoEnableControls: true,
	}
	k.subscribed[at] = h
	return h
}

func (r *request) describeHub() (any, *proxy.Problem) {
	h, problem := r.ownHub()
	if problem != nil {
		return nil, problem
	}
	if arn := r.text("HubArn"); arn != "" && arn != h.arn {
		return nil, hubProblem("ResourceNotFoundException", "Hub %s was not found", arn)
	}
	return map[string]any{
		"HubArn": h.arn, "SubscribedAt": h.subscribed, "AutoEnableControls": h.autoEnableControls, "ControlFindingGenerator": h.generator,
	}, nil
}

func (r *request) updateSecurityHub() (any, *proxy.Problem) {
	h, problem := r.ownHub()
	if problem == nil && r.managed() {
		problem = hubProblem("AccessDeniedException", centrallyManaged)
	}
	if problem != nil {
		return nil, problem
	}
	var in struct {
		AutoEnableControls      *bool
		ControlFindingGenerator string
	}
	r.read(&in)
	if in.AutoEnableControls != nil {
		h.autoEnableControls = *in.AutoEnableControls
	}
	if in.ControlFindingGenerator != "" {
		h.generator = in.ControlFindingGenerator
	}
	return struct{}{}, nil
}

// disableSecurityHub ends an account's subscription. An administrator can't end its own, and its members can't end theirs.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_DisableSecurityHub.html
func (r *request) disableSecurityHub() (any, *proxy.Problem) {
	if _, problem := r.ownHub(); problem != nil {
		return nil, problem
	}
	switch a := r.hubs.administrators[r.region]; {
	case a != nil && a.id == r.account:
		return nil, hubProblem("InvalidInputException", "Cannot disable Security Hub on the Security Hub administrator")
	case r.managed():
		return nil, hubProblem("AccessDeniedException", centrallyManaged)
	case a != nil:
		return nil, hubProblem("InvalidInputException", "Cannot disable Security Hub on a member account")
	}
	delete(r.subscribed, r.place)
	return struct{}{}, nil
}

func (r *request) enabledStandards() (any, *proxy.Problem) {
	h, problem := r.ownHub()
	if problem != nil {
		return nil, problem
	}
	all := []map[string]any{}
	for _, standard := range h.standards {
		_, name, _ := strings.Cut(standard, "/")
		all = append(all, map[string]any{
			"StandardsArn": standard, "StandardsStatus": "READY", "StandardsInput": map[string]string{},
			"StandardsSubscriptionArn": fmt.Sprintf("arn:aws:securityhub:%s:%s:subscription/%s", r.region, r.account, name),
		})
	}
	return map[string]any{"StandardsSubscriptions": all}, nil
}

// appointHub makes a member the delegated administrator in a region, and registers it with AWS Organizations.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_EnableOrganizationAdminAccount.html
// https://docs.aws.amazon.com/securityhub/latest/userguide/designate-orgs-admin-account.html
func (r *request) appointHub() (any, *proxy.Problem) {
	id := r.text("AdminAccountId")
	switch a := r.hubs.administrators[r.region]; {
	case r.account != r.w.Management:
		return nil, hubProblem("AccessDeniedException", "The request failed because you are not the management account of an organization")
	case !r.w.Trusts(r.c.Context(), securityHubPrincipal):
		return nil, hubProblem("AccessDeniedException", "You have not enabled service access for Security Hub in AWS Organizations")
	case id == r.w.Management, !slices.ContainsFunc(r.active(), func(a organizationAccount) bool { return a.ID == id }):
		return nil, hubProblem("InvalidInputException", "Account %s is not a member account of the organization", id)
	case a != nil && a.id != id:
		return nil, hubProblem("InvalidInputException", "Account %s is already the administrator of this organization", a.id)
	case a != nil:
		return map[string]any{"AdminAccountId": id, "Feature": "SecurityHub"}, nil
	}
	for _, a := range r.hubs.administrators {
		if a.id != id { // It is the same in all regions.
			return nil, hubProblem("InvalidInputException", "Account %s is the administrator of this organization in another region", a.id)
		}
	}
	if at := (place{id, r.region}); r.subscribed[at] == nil {
		r.subscribe(at)
	}
	r.hubs.administrators[r.region] = &hubAdministrator{id, r.w.Now()}
	return map[string]any{"AdminAccountId": id, "Feature": "SecurityHub"}, nil
}

// dismissHub takes the administration away in a region. Central configuration has to end first.
// https://docs.aws.amazon.com/securityhub/latest/userguide/remove-admin-overview.html
func (r *request) dismissHub() (any, *proxy.Problem) {
	a := r.hubs.administrators[r.region]
	switch {
	case r.account != r.w.Management:
		return nil, hubProblem("AccessDeniedException", "The request failed because you are not the management account of an organization")
	case a == nil || a.id != r.text("AdminAccountId"):
		return nil, hubProblem("InvalidInputException", "Account %s is not the administrator of this organization", r.text("AdminAccountId"))
	case !r.hubs.central.IsZero():
		return nil, hubProblem("InvalidInputException", "You must disable central configuration in order to remove or change the delegated Security Hub administrator")
	}
	delete(r.hubs.administrators, r.region)
	return struct{}{}, nil
}

func (r *request) hubAdministrators() (any, *proxy.Problem) {
	if r.account != r.w.Management {
		return nil, hubProblem("AccessDeniedException", "The request failed because you are not the management account of an organization")
	}
	all := []map[string]any{}
	if a := r.hubs.administrators[r.region]; a != nil {
		all = append(all, map[string]any{"AccountId": a.id, "Status": "ENABLED"})
	}
	return map[string]any{"AdminAccounts": all, "Feature": "SecurityHub"}, nil
}

// hubsAdministrator checks that the caller administers Security Hub in the region.
func (r *request) hubsAdministrator() *proxy.Problem {
	if _, problem := r.ownHub(); problem != nil {
		return problem
	}
	if a := r.hubs.administrators[r.region]; a == nil || a.id != r.account {
		return hubProblem("InvalidAccessException", "Account %s is not an administrator for this organization", r.account)
	}
	return nil
}

// createAggregator makes the region the home of the findings of others. An account has one aggregator.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_CreateFindingAggregator.html
func (r *request) createAggregator() (any, *proxy.Problem) {
	if _, problem := r.ownHub(); problem != nil {
		return nil, problem
	}
	made := &aggregator{account: r.account, home: r.region, arn: fmt.Sprintf("arn:aws:securityhub:%s:%s:finding-aggregator/%s", r.region, r.account, r.w.RequestID())}
	if problem := r.link(made); problem != nil {
		return nil, problem
	}
	if r.hubs.aggregator != nil && r.hubs.aggregator.account == r.account {
		return nil, hubProblem("InvalidInputException", "Finding aggregator already exists in %s", r.hubs.aggregator.home)
	}
	r.hubs.aggregator = made
	return made.described(), nil
}

// link reads which regions a request links.
func (r *request) link(a *aggregator) *proxy.Problem {
	var in struct {
		RegionLinkingMode string
		Regions           []string
	}
	r.read(&in)
	named := strings.Contains(in.RegionLinkingMode, "SPECIFIED")
	switch {
	case !slices.Contains([]string{"ALL_REGIONS", "ALL_REGIONS_EXCEPT_SPECIFIED", "SPECIFIED_REGIONS", "NO_REGIONS"}, in.RegionLinkingMode):
		return hubProblem("InvalidInputException", "Invalid RegionLinkingMode: %s", in.RegionLinkingMode)
	case named && len(in.Regions) == 0, !named && len(in.Regions) > 0:
		return hubProblem("InvalidInputException", "Regions are required for SPECIFIED_REGIONS and ALL_REGIONS_EXCEPT_SPECIFIED, and for no other mode")
	case in.RegionLinkingMode != "SPECIFIED_REGIONS" && in.RegionLinkingMode != "NO_REGIONS":
		return &proxy.Problem{Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "a rehearsal doesn't know all regions of AWS's, so it keeps no aggregator of " + in.RegionLinkingMode}
	case slices.Contains(in.Regions, a.home):
		return hubProblem("InvalidInputException", "The aggregation region %s can't be among the regions", a.home)
	}
	a.mode, a.regions = in.RegionLinkingMode, in.Regions
	return nil
}

func (a *aggregator) described() map[string]any {
	return map[string]any{"FindingAggregatorArn": a.arn, "FindingAggregationRegion": a.home, "RegionLinkingMode": a.mode, "Regions": a.regions}
}

// ownAggregator returns the aggregator that a request names.
func (r *request) ownAggregator() (*aggregator, *proxy.Problem) {
	if _, problem := r.ownHub(); problem != nil {
		return nil, problem
	}
	if a := r.hubs.aggregator; a != nil && a.account == r.account && a.arn == r.text("FindingAggregatorArn") {
		return a, nil
	}
	return nil, hubProblem("ResourceNotFoundException", "Finding aggregator %s was not found", r.text("FindingAggregatorArn"))
}

func (r *request) getAggregator() (any, *proxy.Problem) {
	a, problem := r.ownAggregator()
	if problem != nil {
		return nil, problem
	}
	return a.described(), nil
}

func (r *request) listAggregators() (any, *proxy.Problem) {
	if _, problem := r.ownHub(); problem != nil {
		return nil, problem
	}
	all := []map[string]any{}
	if a := r.hubs.aggregator; a != nil && a.account == r.account {
		all = append(all, map[string]any{"FindingAggregatorArn": a.arn})
	}
	return map[string]any{"FindingAggregators": all}, nil
}

// updateAggregator links other regions. It has to be asked in the home region.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_UpdateFindingAggregator.html
func (r *request) updateAggregator() (any, *proxy.Problem) {
	a, problem := r.ownAggregator()
	if problem == nil && a.home != r.region {
		problem = hubProblem("InvalidInputException", "The aggregation region is %s", a.home)
	}
	if problem == nil {
		problem = r.link(a)
	}
	if problem != nil {
		return nil, problem
	}
	return a.described(), nil
}

func (r *request) deleteAggregator() (any, *proxy.Problem) {
	_, problem := r.ownAggregator()
	switch {
	case problem != nil:
		return nil, problem
	case !r.hubs.central.IsZero():
		return nil, hubProblem("InvalidInputException", "You must disable central configuration in order to remove or change your aggregation Region")
	}
	r.hubs.aggregator = nil
	return struct{}{}, nil
}

// pending reports whether Security Hub is still at what was asked of it: it reads the organization after a delegation, central
// configuration and associations are PENDING, and an association that was taken away still holds its policy. AWS publishes no times;
// users' modules wait for seconds to minutes.
// https://docs.aws.amazon.com/securityhub/latest/userguide/start-central-configuration.html
func (r *request) pending(since time.Time) bool {
	return r.w.Now().Sub(since) < awslimits.Published().Spreading.Takes
}

// configureHubs says whether the administrator configures all accounts, or each is configured for itself.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_UpdateOrganizationConfiguration.html
func (r *request) configureHubs() (any, *proxy.Problem) {
	if problem := r.hubsAdministrator(); problem != nil {
		return nil, problem
	}
	var in struct {
		AutoEnable                bool
		AutoEnableStandards       string
		OrganizationConfiguration struct{ ConfigurationType string }
	}
	r.read(&in)
	central := in.OrganizationConfiguration.ConfigurationType == "CENTRAL"
	switch {
	case central && (in.AutoEnable || in.AutoEnableStandards == "DEFAULT"):
		return nil, hubProblem("InvalidInputException", "Auto Enable and AutoEnableStandards can not be enabled for Central Configuration")
	case central && (r.hubs.aggregator == nil || r.hubs.aggregator.account != r.account || r.hubs.aggregator.home != r.region):
		return nil, hubProblem("InvalidInputException", "Finding Aggregator must be created to enable Central Configuration")
	case central && r.pending(r.hubs.administrators[r.region].appointed):
		return nil, hubProblem("ResourceNotFoundException", "Central configuration couldn't be enabled because data from organization is still syncing. Retry later.")
	case !central && len(r.hubs.policies) > 0:
		return nil, hubProblem("InvalidInputException", "You must delete all configuration policies and associations in order to disable central configuration")
	case central && r.hubs.central.IsZero():
		r.hubs.central = r.w.Now()
	case !central: // Accounts keep what they have, each for itself.
		r.hubs.central = time.Time{}
	}
	r.hubs.autoEnable[r.region] = in.AutoEnable
	return struct{}{}, nil
}

func (r *request) describeHubs() (any, *proxy.Problem) {
	if problem := r.hubsAdministrator(); problem != nil {
		return nil, problem
	}
	kind, status := "LOCAL", "ENABLED"
	if !r.hubs.central.IsZero() {
		kind = "CENTRAL"
		if r.pending(r.hubs.central) {
			status = "PENDING"
		}
	}
	standards := "NONE"
	if kind == "LOCAL" && r.hubs.autoEnable[r.region] {
		standards = "DEFAULT"
	}
	return map[string]any{
		"AutoEnable": r.hubs.autoEnable[r.region], "MemberAccountLimitReached": false, "AutoEnableStandards": standards,
		"OrganizationConfiguration": map[string]any{"ConfigurationType": kind, "Status": status},
	}, nil
}

// centrally checks that the caller configures all accounts, which it does in the home region.
func (r *request) centrally() *proxy.Problem {
	if _, problem := r.ownHub(); problem != nil {
		return problem
	}
	switch a := r.hubs.administrators[r.region]; {
	case a == nil, a.id != r.account, r.hubs.central.IsZero(), r.pending(r.hubs.central):
		return hubProblem("AccessDeniedException", "Must be a Security Hub delegated administrator with Central Configuration enabled")
	case r.hubs.aggregator.home != r.region:
		return hubProblem("AccessDeniedException", "Central Configuration APIs can only be called from the aggregation region")
	}
	return nil
}

// withPolicy returns a configuration policy with what a request says about it.
func (r *request) withPolicy(p hubPolicy) (*hubPolicy, *proxy.Problem) {
	var in struct {
		Name, Description   string
		ConfigurationPolicy struct{ SecurityHub *hubContent }
	}
	r.read(&in)
	p.name, p.description = cmp.Or(in.Name, p.name), cmp.Or(in.Description, p.description)
	for _, other := range r.hubs.policies {
		if other.id != p.id && other.name == p.name {
			return nil, hubProblem("ResourceConflictException", "A configuration policy with the name %s already exists", p.name)
		}
	}
	if is := in.ConfigurationPolicy.SecurityHub; is != nil {
		if problem := is.check(r.region); problem != nil {
			return nil, problem
		}
		p.content = *is
	}
	p.updated = r.w.Now().UTC().Format(time.RFC3339)
	return &p, nil
}

// check checks what a configuration policy says, for a home region.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_SecurityHubPolicy.html
func (c *hubContent) check(region string) *proxy.Problem {
	controls := 0
	for _, list := range []string{"EnabledSecurityControlIdentifiers", "DisabledSecurityControlIdentifiers"} {
		if c.SecurityControlsConfiguration[list] != nil {
			controls++
		}
	}
	switch {
	case c.ServiceEnabled && (c.EnabledStandardIdentifiers == nil || controls != 1):
		return hubProblem("InvalidInputException", "Invalid semantics: Enabled standards and security control configurations must be configured when Security Hub is enabled")
	case !c.ServiceEnabled && (len(c.EnabledStandardIdentifiers) > 0 || controls > 0):
		return hubProblem("InvalidInputException", "A policy that disables Security Hub can't have standards or controls")
	}
	for _, standard := range c.EnabledStandardIdentifiers {
		if !strings.HasPrefix(standard, "arn:aws:securityhub:"+region+"::standards/") && !strings.HasPrefix(standard, "arn:aws:securityhub:::ruleset/") {
			return hubProblem("InvalidInputException", "%s is not a standard of region %s", standard, region)
		}
	}
	return nil
}

// maxHubPolicies is how many configuration policies an organization has.
// https://docs.aws.amazon.com/securityhub/latest/userguide/central-configuration-intro.html
const maxHubPolicies = 20

// createHubPolicy creates a configuration policy.
// https://docs.aws.amazon.com/securityhub/latest/userguide/create-associate-policy.html
func (r *request) createHubPolicy() (any, *proxy.Problem) {
	if problem := r.centrally(); problem != nil {
		return nil, problem
	}
	if len(r.hubs.policies) >= maxHubPolicies {
		return nil, &proxy.Problem{Status: http.StatusTooManyRequests, Code: "LimitExceededException", Message: "The maximum number of configuration policies is reached"}
	}
	id := r.w.RequestID()
	made, problem := r.withPolicy(hubPolicy{
		id: id, arn: fmt.Sprintf("arn:aws:securityhub:%s:%s:configuration-policy/%s", r.region, r.account, id), created: r.w.Now().UTC().Format(time.RFC3339),
	})
	if problem != nil {
		return nil, problem
	}
	r.hubs.policies[id] = made
	return made.described(), nil
}

func (p *hubPolicy) described() map[string]any {
	out := map[string]any{
		"Arn": p.arn, "Id": p.id, "Name": p.name, "CreatedAt": p.created, "UpdatedAt": p.updated, "ConfigurationPolicy": map[string]any{"SecurityHub": p.content},
	}
	if p.description != "" {
		out["Description"] = p.description
	}
	return out
}

// namedPolicy returns the configuration policy that a request names by its id or ARN.
func (r *request) namedPolicy(member string) (*hubPolicy, *proxy.Problem) {
	if problem := r.centrally(); problem != nil {
		return nil, problem
	}
	_, id, isARN := strings.Cut(r.text(member), "configuration-policy/")
	if !isARN {
		id = r.text(member)
	}
	if p := r.hubs.policies[id]; p != nil {
		return p, nil
	}
	return nil, hubProblem("ResourceNotFoundException", "Configuration policy %s was not found", id)
}

func (r *request) getHubPolicy() (any, *proxy.Problem) {
	p, problem := r.namedPolicy("Identifier")
	if problem != nil {
		return nil, problem
	}
	return p.described(), nil
}

func (r *request) listHubPolicies() (any, *proxy.Problem) {
	if problem := r.centrally(); problem != nil {
		return nil, problem
	}
	all := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(r.hubs.policies)) {
		p := r.hubs.policies[id]
		all = append(all, map[string]any{"Arn": p.arn, "Id": p.id, "Name": p.name, "UpdatedAt": p.updated, "ServiceEnabled": p.content.ServiceEnabled})
	}
	return map[string]any{"ConfigurationPolicySummaries": all}, nil
}

func (r *request) updateHubPolicy() (any, *proxy.Problem) {
	p, problem := r.namedPolicy("Identifier")
	if problem != nil {
		return nil, problem
	}
	changed, problem := r.withPolicy(*p)
	if problem != nil {
		return nil, problem
	}
	r.hubs.policies[p.id] = changed
	return changed.described(), nil
}

// deleteHubPolicy deletes a configuration policy that nothing is associated with.
// https://docs.aws.amazon.com/securityhub/latest/userguide/delete-policy.html
func (r *request) deleteHubPolicy() (any, *proxy.Problem) {
	p, problem := r.namedPolicy("Identifier")
	if problem != nil {
		return nil, problem
	}
	for target, a := range r.hubs.associations {
		if a.policy == p.id {
			return nil, hubProblem("ResourceConflictException", "Configuration policy %s is associated with %s", p.id, target)
		}
	}
	if r.pending(p.left) {
		return nil, hubProblem("ResourceConflictException", "Configuration policy %s is being disassociated", p.id)
	}
	delete(r.hubs.policies, p.id)
	return struct{}{}, nil
}

// target is what a configuration policy is associated with.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_Target.html
func (r *request) target() (string, *proxy.Problem) {
	var in struct {
		Target struct{ RootID, OrganizationalUnitID, AccountID string }
	}
	r.read(&in)
	ids := slices.DeleteFunc([]string{in.Target.RootID, in.Target.OrganizationalUnitID, in.Target.AccountID}, func(id string) bool { return id == "" })
	if len(ids) != 1 {
		return "", hubProblem("InvalidInputException", "Target must have one of RootId, OrganizationalUnitId and AccountId")
	}
	if _, there := r.tree()[ids[0]]; !there {
		return "", hubProblem("ResourceNotFoundException", "Target %s was not found in the organization", ids[0])
	}
	return ids[0], nil
}

// associateHub associates a configuration policy with the root, a unit or an account, in place of another one.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_StartConfigurationPolicyAssociation.html
func (r *request) associateHub() (any, *proxy.Problem) {
	p, problem := r.namedPolicy("ConfigurationPolicyIdentifier")
	if problem != nil {
		return nil, problem
	}
	id, problem := r.target()
	if problem != nil {
		return nil, problem
	}
	r.hubs.associations[id] = &hubAssociation{p.id, r.w.Now()}
	return r.associationOf(id), nil
}

// dissociateHub takes an association away. What the target has stays until another policy reaches it.
// https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_StartConfigurationPolicyDisassociation.html
func (r *request) dissociateHub() (any, *proxy.Problem) {
	p, problem := r.namedPolicy("ConfigurationPolicyIdentifier")
	if problem != nil {
		return nil, problem
	}
	id, problem := r.target()
	if problem != nil {
		return nil, problem
	}
	if a := r.hubs.associations[id]; a == nil || a.policy != p.id {
		return nil, hubProblem("ResourceNotFoundException", "Configuration policy %s isn't associated with %s", p.id, id)
	}
	delete(r.hubs.associations, id)
	p.left = r.w.Now()
	return struct{}{}, nil
}

func (r *request) hubAssociation() (any, *proxy.Problem) {
	if problem := r.centrally(); problem != nil {
		return nil, problem
	}
	id, problem := r.target()
	if problem != nil {
		return nil, problem
	}
	if a := r.associationOf(id); a != nil {
		return a, nil
	}
	return nil, hubProblem("ResourceNotFoundException", "No configuration policy is associated with %s", id)
}

func (r *request) hubAssociations() (any, *proxy.Problem) {
	if problem := r.centrally(); problem != nil {
		return nil, problem
	}
	all := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(r.tree())) {
		if a := r.associationOf(id); a != nil {
			all = append(all, a)
		}
	}
	return map[string]any{"ConfigurationPolicyAssociationSummaries": all}, nil
}

// associationOf describes the association of a target, which may be that of a unit that it is in, or of the root; nil for none.
// https://docs.aws.amazon.com/securityhub/latest/userguide/view-policy.html
func (r *request) associationOf(id string) map[string]any {
	at, a := r.effective(id)
	if a == nil {
		return nil
	}
	kind, how, status, message := "ACCOUNT", "APPLIED", "SUCCESS", "Association applied successfully on this target."
	switch {
	case strings.HasPrefix(id, "r-"):
		kind = "ROOT"
	case strings.HasPrefix(id, "ou-"):
		kind = "ORGANIZATIONAL_UNIT"
	}
	if at != id {
		how = "INHERITED"
	}
	if r.pending(a.updated) {
		status, message = "PENDING", "Association is in progress."
	} else if why := r.failed(id); why != "" {
		status, message = "FAILED", why
	}
	return map[string]any{
		"ConfigurationPolicyId": a.policy, "TargetId": id, "TargetType": kind, "AssociationType": how, "AssociationStatus": status,
		"AssociationStatusMessage": message, "UpdatedAt": a.updated.UTC().Format(time.RFC3339),
	}
}

// failed says why the association of a target fails: in an account below it, the policy can't be applied. Empty if it can.
func (r *request) failed(target string) string {
	active := map[string]bool{}
	for _, a := range r.active() {
		active[a.ID] = true
	}
	for _, id := range slices.Sorted(maps.Keys(r.tree())) {
		_, a := r.effective(id)
		if a == nil || strings.Contains(id, "-") || !r.within(id, target) {
			continue
		}
		switch content := r.hubs.policies[a.policy].content; {
		case !active[id]:
			return "Account " + id + " is suspended."
		case id == r.w.Management && content.ServiceEnabled && r.subscribed[place{id, r.hubs.aggregator.home}] == nil:
			return "The management account " + id + " must have Security Hub enabled."
		case len(content.EnabledStandardIdentifiers) > 0:
			for _, region := range r.hubRegions() {
				if !r.recording(place{id, region}) {
					return "AWS Config isn't recording in account " + id + " in " + region + "."
				}
			}
		}
	}
	return ""
}

// within reports whether a target is another one, or below it.
func (r *request) within(id, other string) bool {
	for ; id != ""; id = r.tree()[id] {
		if id == other {
			return true
		}
	}
	return false
}

// recording reports whether the emulator's AWS Config records in an account and region.
func (r *request) recording(at place) bool {
	if on, asked := r.records[at]; asked {
		return on
	}
	var out struct {
		ConfigurationRecordersStatus []struct{ Recording bool }
	}
	const target = "StarlingDoveService.DescribeConfigurationRecorderStatus"
	err := r.w.AskJSONIn(r.c.Context(), at.account, at.region, "config", target, struct{}{}, &out)
	if r.records == nil {
		r.records = map[place]bool{}
	}
	r.records[at] = err == nil && len(out.ConfigurationRecordersStatus) > 0 && out.ConfigurationRecordersStatus[0].Recording
	return r.records[at]
}

// hubRegions are the home region and the linked ones.
func (r *request) hubRegions() []string {
	return append([]string{r.hubs.aggregator.home}, r.hubs.aggregator.regions...)
}

// effective returns the association that holds for a target, and what it is for.
func (r *request) effective(id string) (at string, a *hubAssociation) {
	for at = id; at != ""; at = r.tree()[at] {
		if a := r.hubs.associations[at]; a != nil {
			return at, a
		}
	}
	return "", nil
}

// tree returns the organization's root, units and accounts, each with the id of what it is in.
func (r *request) tree() map[string]string {
	if r.parents != nil {
		return r.parents
	}
	type thing struct{ ID string }
	list := func(action, key string, in map[string]string) []thing {
		all, _ := proxy.ListOrganizations[thing](r.c.Context(), r.w, action, key, in) // Without an organization there is nothing.
		return all
	}
	tree := map[string]string{}
	var below func(parent string)
	below = func(parent string) {
		in := map[string]string{"ParentId": parent}
		for _, account := range list("ListAccountsForParent", "Accounts", in) {
			tree[account.ID] = parent
		}
		for _, unit := range list("ListOrganizationalUnitsForParent", "OrganizationalUnits", in) {
			tree[unit.ID] = parent
			below(unit.ID)
		}
	}
	for _, root := range list("ListRoots", "Roots", nil) {
		tree[root.ID] = ""
		below(root.ID)
	}
	r.parents = tree
	return tree
}

// configured makes the administrator one in the linked regions, and gives accounts what their configuration policies say, in the home
// region and in the linked ones.
// https://docs.aws.amazon.com/securityhub/latest/userguide/configuration-policies-overview.html
func (r *request) configured() {
	if r.hubs.central.IsZero() {
		return
	}
	for _, region := range r.hubs.aggregator.regions {
		if r.hubs.administrators[region] == nil {
			r.hubs.administrators[region] = &hubAdministrator{r.hubs.aggregator.account, r.w.Now()}
		}
		if at := (place{r.hubs.aggregator.account, region}); r.subscribed[at] == nil {
			r.subscribe(at)
		}
	}
	if len(r.hubs.associations) == 0 {
		return
	}
	for id := range r.tree() {
		_, a := r.effective(id)
		if a == nil || strings.Contains(id, "-") {
			continue
		}
		content := r.hubs.policies[a.policy].content
		if id == r.w.Management && r.subscribed[place{id, r.hubs.aggregator.home}] == nil {
			continue
		}
		for _, region := range r.hubRegions() {
			r.give(place{id, region}, content)
		}
	}
}

// give gives an account in a region what a configuration policy says.
func (k *keeper) give(at place, content hubContent) {
	if !content.ServiceEnabled {
		delete(k.subscribed, at)
		return
	}
	h := k.subscribed[at]
	if h == nil {
		h = k.subscribe(at)
	}
	h.standards = nil
	for _, standard := range content.EnabledStandardIdentifiers {
		h.standards = append(h.standards, strings.Replace(standard, ":"+k.hubs.aggregator.home+":", ":"+at.region+":", 1))
	}
}

// managed reports whether the administrator configures the caller's account in the region.
func (r *request) managed() bool {
	if r.hubs.central.IsZero() || !slices.Contains(r.hubRegions(), r.region) {
		return false
	}
	_, a := r.effective(r.account)
	return a != nil
}
