package contract

import (
	"cmp"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// permissionSet is a permission set. Accounts have it as it was when it was last provisioned there.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetsconcept.html
type permissionSet struct {
	arn, name, description, relayState, session string
	created                                     time.Time
	tags                                        map[string]string

	managed  []string // ARNs of AWS's managed policies
	customer []policyReference
	inline   string
	boundary *permissionsBoundary
	// version changes with everything that provisioning takes into accounts.
	version int
}

// policyReference names a customer managed policy, which each account has to have.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CustomerManagedPolicyReference.html
type policyReference struct{ Name, Path string }

func (p policyReference) arn(account string) string {
	return "arn:aws:iam::" + account + ":policy" + p.Path + p.Name
}

// permissionsBoundary is one of two policies.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_PermissionsBoundary.html
type permissionsBoundary struct {
	CustomerManagedPolicyReference *policyReference `json:",omitempty"`
	ManagedPolicyArn               string           `json:",omitempty"`
}

func (b *permissionsBoundary) arn(account string) string {
	if b.CustomerManagedPolicyReference != nil {
		return b.CustomerManagedPolicyReference.arn(account)
	}
	return b.ManagedPolicyArn
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// set returns a permission set by its ARN.
func (of *center) set(arn string) (*permissionSet, *proxy.Problem) {
	for _, set := range of.sets {
		if set.arn == arn {
			return set, nil
		}
	}
	return nil, centerProblem("ResourceNotFoundException", "PermissionSet with id %s not found.", arn[strings.LastIndex(arn, "/")+1:])
}

// reads returns the permission set that a request names.
func (r *request) reads() (*center, *permissionSet, *proxy.Problem) {
	of, problem := r.instance()
	if problem != nil {
		return nil, nil, problem
	}
	set, problem := of.set(r.text("PermissionSetArn"))
	return of, set, problem
}

// conflicting is the error of a change that comes while another is under way.
// https://github.com/aws-samples/aws-iam-identity-center-extensions/issues/111
func conflicting() *proxy.Problem {
	return centerProblem("ConflictException", "There is a conflicting operation in process.")
}

// changes returns the permission set that a request names, to be changed. A delegated administrator doesn't change one that the
// management account has, and nobody changes one while it is being provisioned.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/delegated-admin.html
// https://github.com/hashicorp/terraform-provider-aws/issues/26138
func (r *request) changes() (*center, *permissionSet, *proxy.Problem) {
	of, set, problem := r.reads()
	switch {
	case problem != nil:
		return nil, nil, problem
	case r.beyond(of, set, ""):
		return nil, nil, r.onlyManagement()
	case of.provisioning(set):
		return nil, nil, conflicting()
	}
	return of, set, nil
}

// beyond reports whether something is beyond a delegated administrator: the management account, and the permission sets that
// are provisioned there.
func (r *request) beyond(of *center, set *permissionSet, account string) bool {
	return r.account != r.w.Management && (account == r.w.Management || of.roles[provision{set, r.w.Management}] != nil)
}

func (r *request) onlyManagement() *proxy.Problem {
	return centerProblem("AccessDeniedException",
		"The delegated administrator %s can't manage access to the management account, nor permission sets that are provisioned there.", r.account)
}

// shown shows a permission set as AWS does.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_PermissionSet.html
func (set *permissionSet) shown() map[string]any {
	shown := map[string]any{"Name": set.name, "PermissionSetArn": set.arn, "CreatedDate": set.created.Unix(), "SessionDuration": set.session}
	for name, value := range map[string]string{"Description": set.description, "RelayState": set.relayState} {
		if value != "" {
			shown[name] = value
		}
	}
	return map[string]any{"PermissionSet": shown}
}

// createPermissionSet creates a permission set. Its name is unique.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreatePermissionSet.html
func (r *request) createPermissionSet() (any, *proxy.Problem) {
	of, problem := r.instance()
	if problem != nil {
		return nil, problem
	}
	var in struct{ Tags tagList }
	r.read(&in)
	created := &permissionSet{
		arn: "arn:aws:sso:::permissionSet/" + of.id + "/ps-" + r.hex(16), name: r.text("Name"), description: r.text("Description"),
		relayState: r.text("RelayState"), session: cmp.Or(r.text("SessionDuration"), "PT1H"), created: r.w.Now(), tags: map[string]string{},
	}
	in.Tags.put(created.tags)
	switch {
	case slices.ContainsFunc(of.sets, func(set *permissionSet) bool { return set.name == created.name }):
		return nil, centerProblem("ConflictException", "PermissionSet with name %s already exists.", created.name)
	case !allowedSession(created.session):
		return nil, wrongSession()
	case len(of.sets) >= awslimits.Published().PermissionSets.Most:
		return nil, centerProblem("ServiceQuotaExceededException", "You have exceeded the number of permission sets.")
	}
	of.sets = append(of.sets, created)
	return created.shown(), nil
}

func wrongSession() *proxy.Problem {
	return centerProblem("ValidationException", "The session duration must be at least 1 hour and at most 12 hours.")
}

var sessionParts = regexp.MustCompile(`^PT(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?$`)

// allowedSession reports whether a duration is one that a session may have.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/howtosessionduration.html
func allowedSession(duration string) bool {
	parts := sessionParts.FindStringSubmatch(duration)
	if parts == nil {
		return false
	}
	var takes time.Duration
	for i, unit := range []time.Duration{time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi(parts[i+1]) // Nothing is 0.
		takes += time.Duration(n) * unit
	}
	return takes >= time.Hour && takes <= 12*time.Hour
}

func (r *request) describePermissionSet() (any, *proxy.Problem) {
	_, set, problem := r.reads()
	if problem != nil {
		return nil, problem
	}
	return set.shown(), nil
}

// updatePermissionSet changes a permission set. A request without a relay state clears it.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_UpdatePermissionSet.html
// https://github.com/hashicorp/terraform-provider-aws/issues/17411
func (r *request) updatePermissionSet() (any, *proxy.Problem) {
	_, set, problem := r.changes()
	session := r.text("SessionDuration")
	switch {
	case problem != nil:
		return nil, problem
	case session != "" && !allowedSession(session):
		return nil, wrongSession()
	}
	set.relayState = r.text("RelayState")
	set.description, set.session = cmp.Or(r.text("Description"), set.description), cmp.Or(session, set.session)
	set.version++
	return struct{}{}, nil
}

// deletePermissionSet deletes a permission set that no account has any more.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_DeletePermissionSet.html
// https://github.com/hashicorp/terraform-provider-aws/issues/26757
func (r *request) deletePermissionSet() (any, *proxy.Problem) {
	of, set, problem := r.changes()
	if problem != nil {
		return nil, problem
	}
	if len(of.accountsOf(set)) > 0 || of.assigning(set, "") || slices.ContainsFunc(of.assignments, func(a assignment) bool { return a.set == set }) {
		return nil, centerProblem("ConflictException", "Could not delete because PermissionSet has ApplicationProfile associated with it")
	}
	of.sets = slices.DeleteFunc(of.sets, func(s *permissionSet) bool { return s == set })
	return struct{}{}, nil
}

// arns returns the ARNs of permission sets.
func arns(sets []*permissionSet) []string {
	all := []string{}
	for _, set := range sets {
		all = append(all, set.arn)
	}
	return all
}

func (r *request) listPermissionSets() (any, *proxy.Problem) {
	of, problem := r.instance()
	if problem != nil {
		return nil, problem
	}
	return paged(r, "PermissionSets", arns(of.sets))
}

// full returns the error of a permission set that has as many managed policies as it may have; nil for any other.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html
func (set *permissionSet) full() *proxy.Problem {
	if most := awslimits.Published().PermissionSetPolicies.Most; len(set.managed)+len(set.customer) >= most {
		return centerProblem("ServiceQuotaExceededException", "You have exceeded AWS SSO limits. Cannot attach more than %d managed policies to a permission set.", most)
	}
	return nil
}

// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_AttachManagedPolicyToPermissionSet.html
// https://github.com/hashicorp/terraform-provider-aws/issues/21543
func (r *request) attachManaged() (any, *proxy.Problem) {
	_, set, problem := r.changes()
	arn := r.text("ManagedPolicyArn")
	switch {
	case problem != nil:
		return nil, problem
	case slices.Contains(set.managed, arn):
		return nil, centerProblem("ConflictException", "The policy %s is attached already.", arn)
	case set.full() != nil:
		return nil, set.full()
	}
	set.managed = append(set.managed, arn)
	set.version++
	return struct{}{}, nil
}

func (r *request) detachManaged() (any, *proxy.Problem) {
	_, set, problem := r.changes()
	arn := r.text("ManagedPolicyArn")
	switch {
	case problem != nil:
		return nil, problem
	case !slices.Contains(set.managed, arn):
		return nil, centerProblem("ResourceNotFoundException", "The policy %s is not attached.", arn)
	}
	set.managed = slices.DeleteFunc(set.managed, func(a string) bool { return a == arn })
	set.version++
	return struct{}{}, nil
}

func (r *request) listManaged() (any, *proxy.Problem) {
	_, set, problem := r.reads()
	if problem != nil {
		return nil, problem
	}
	all := []map[string]string{}
	for _, arn := range set.managed {
		all = append(all, map[string]string{"Arn": arn, "Name": arn[strings.LastIndex(arn, "/")+1:]})
	}
	return paged(r, "AttachedManagedPolicies", all)
}

// reference returns the customer managed policy that a request names.
func (r *request) reference() policyReference {
	var in struct{ CustomerManagedPolicyReference policyReference }
	r.read(&in)
	in.CustomerManagedPolicyReference.Path = cmp.Or(in.CustomerManagedPolicyReference.Path, "/")
	return in.CustomerManagedPolicyReference
}

// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_AttachCustomerManagedPolicyReferenceToPermissionSet.html
func (r *request) attachCustomer() (any, *proxy.Problem) {
	_, set, problem := r.changes()
	policy := r.reference()
	switch {
	case problem != nil:
		return nil, problem
	case slices.Contains(set.customer, policy):
		return nil, centerProblem("ConflictException", "The policy %s%s is attached already.", policy.Path, policy.Name)
	case set.full() != nil:
		return nil, set.full()
	}
	set.customer = append(set.customer, policy)
	set.version++
	return struct{}{}, nil
}

func (r *request) detachCustomer() (any, *proxy.Problem) {
	_, set, problem := r.changes()
	policy := r.reference()
	switch {
	case problem != nil:
		return nil, problem
	case !slices.Contains(set.customer, policy):
		return nil, centerProblem("ResourceNotFoundException", "The policy %s%s is not attached.", policy.Path, policy.Name)
	}
	set.customer = slices.DeleteFunc(set.customer, func(p policyReference) bool { return p == policy })
	set.version++
	return struct{}{}, nil
}

func (r *request) listCustomer() (any, *proxy.Problem) {
	_, set, problem := r.reads()
	if problem != nil {
		return nil, problem
	}
	return paged(r, "CustomerManagedPolicyReferences", set.customer)
}

// putInline puts the inline policy. AWS reads it when it is provisioned.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_PutInlinePolicyToPermissionSet.html
// https://github.com/hashicorp/terraform-provider-aws/issues/31456
func (r *request) putInline() (any, *proxy.Problem) {
	_, set, problem := r.changes()
	policy := r.text("InlinePolicy")
	most := awslimits.Published().PermissionSetPolicySize.Most
	switch {
	case problem != nil:
		return nil, problem
	case !json.Valid([]byte(policy)):
		return nil, centerProblem("ValidationException", "The inline policy is not JSON.")
	case len(strings.Join(strings.Fields(policy), "")) > most:
		return nil, centerProblem("ServiceQuotaExceededException", "The inline policy has more than %d bytes that are no white space.", most)
	}
	set.inline = policy
	set.version++
	return struct{}{}, nil
}

func (r *request) getInline() (any, *proxy.Problem) {
	_, set, problem := r.reads()
	if problem != nil {
		return nil, problem
	}
	return map[string]any{"InlinePolicy": set.inline}, nil
}

func (r *request) deleteInline() (any, *proxy.Problem) {
	_, set, problem := r.changes()
	switch {
	case problem != nil:
		return nil, problem
	case set.inline == "":
		return nil, centerProblem("ResourceNotFoundException", "The permission set has no inline policy.")
	}
	set.inline = ""
	set.version++
	return struct{}{}, nil
}

// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_PutPermissionsBoundaryToPermissionSet.html
func (r *request) putBoundary() (any, *proxy.Problem) {
	_, set, problem := r.changes()
	var in struct{ PermissionsBoundary permissionsBoundary }
	r.read(&in)
	boundary := in.PermissionsBoundary
	switch {
	case problem != nil:
		return nil, problem
	case (boundary.CustomerManagedPolicyReference == nil) == (boundary.ManagedPolicyArn == ""):
		return nil, centerProblem("ValidationException", "Only one of ManagedPolicyArn or CustomerManagedPolicyReference should be given.")
	case boundary.CustomerManagedPolicyReference != nil:
		boundary.CustomerManagedPolicyReference.Path = cmp.Or(boundary.CustomerManagedPolicyReference.Path, "/")
	}
	set.boundary = &boundary
	set.version++
	return struct{}{}, nil
}

func noBoundary() *proxy.Problem {
	return centerProblem("ResourceNotFoundException", "The permission set has no permissions boundary.")
}

func (r *request) getBoundary() (any, *proxy.Problem) {
	_, set, problem := r.reads()
	switch {
	case problem != nil:
		return nil, problem
	case set.boundary == nil:
		return nil, noBoundary()
	}
	return map[string]any{"PermissionsBoundary": set.boundary}, nil
}

func (r *request) deleteBoundary() (any, *proxy.Problem) {
	_, set, problem := r.changes()
	switch {
	case problem != nil:
		return nil, problem
	case set.boundary == nil:
		return nil, noBoundary()
	}
	set.boundary = nil
	set.version++
	return struct{}{}, nil
}
