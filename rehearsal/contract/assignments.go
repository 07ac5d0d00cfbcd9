package contract

import (
	"fmt"
	"slices"
	"time"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// assignment gives a user or a group access to an account by a permission set.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_AccountAssignment.html
type assignment struct {
	set                     *permissionSet
	account, principal, typ string
}

func (a assignment) shown() map[string]any {
	return map[string]any{"AccountId": a.account, "PermissionSetArn": a.set.arn, "PrincipalId": a.principal, "PrincipalType": a.typ}
}

// centerWork is what IAM Identity Center does for some seconds after it has answered: it creates or deletes an assignment, or
// provisions a permission set.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_AccountAssignmentOperationStatus.html
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_PermissionSetProvisioningStatus.html
type centerWork struct {
	kind   workKind
	id     string
	begun  time.Time
	status string
	reason string // why it failed
	// assignment has the permission set alone if the operation provisions one.
	assignment
	// accounts are where a permission set is provisioned. All says that the request named no account.
	accounts []string
	all      bool
}

type workKind int

const (
	creating workKind = iota
	deleting
	provisioning
)

// The statuses of operations.
const (
	inProgress = "IN_PROGRESS"
	succeeded  = "SUCCEEDED"
	failed     = "FAILED"
)

// under reports whether an operation of these kinds is under way.
func (o *centerWork) under(kinds ...workKind) bool {
	return o.status == inProgress && slices.Contains(kinds, o.kind)
}

// provisioning reports whether a permission set is being provisioned.
func (of *center) provisioning(set *permissionSet) bool {
	return slices.ContainsFunc(of.operations, func(o *centerWork) bool { return o.set == set && o.under(provisioning) })
}

// assigning reports whether an assignment of a permission set is being created or deleted, in an account or, if it is empty,
// in any.
func (of *center) assigning(set *permissionSet, account string) bool {
	return slices.ContainsFunc(of.operations, func(o *centerWork) bool {
		return o.set == set && (account == "" || o.account == account) && o.under(creating, deleting)
	})
}

// begin begins an operation.
func (r *request) begin(of *center, o centerWork) *centerWork {
	o.id, o.begun, o.status = r.w.RequestID(), r.w.Now(), inProgress
	of.operations = append(of.operations, &o)
	return &o
}

// settleCenter ends the operations whose time has come.
func (r *request) settleCenter() {
	if r.center == nil {
		return
	}
	// Whoever happens to call now may be killed meanwhile. AWS's work doesn't end with that.
	r = &request{keeper: r.keeper, place: r.place, c: r.c.Lasting(), members: r.members}
	for _, o := range r.center.operations {
		if o.status != inProgress || r.w.Now().Sub(o.begun) < assigning() {
			continue
		}
		o.status = succeeded
		if o.reason = r.end(r.center, o); o.reason != "" {
			o.status = failed
		}
	}
}

// end does what an operation is about, and returns why it fails; empty if it doesn't.
func (r *request) end(of *center, o *centerWork) string {
	switch o.kind {
	case creating:
		return r.assign(of, o.assignment)
	case deleting:
		return r.unassign(of, o.assignment)
	case provisioning:
	}
	for _, account := range o.accounts {
		if o.all && of.roles[provision{o.set, account}] == nil {
			return gone
		}
		if why := r.provisionIn(of, o.set, account); why != "" {
			return why
		}
	}
	return ""
}

// gone is why a permission set can't be provisioned where its last assignment was deleted in the meantime.
// https://github.com/hashicorp/terraform-provider-aws/issues/35158
// https://github.com/aws-samples/terraform-aws-identity-center/pull/19
const gone = "Received a 404 status error: Assignment not found."

// assign creates an assignment. One that is there already stays.
func (r *request) assign(of *center, a assignment) string {
	if !of.directory.has(a.typ, a.principal) {
		return "Received a 404 status error: " + a.typ + " " + a.principal + " not found."
	}
	if why := r.provisionIn(of, a.set, a.account); why != "" {
		return why
	}
	if !slices.Contains(of.assignments, a) {
		of.assignments = append(of.assignments, a)
	}
	return ""
}

// unassign deletes an assignment. With the last one the role goes.
func (r *request) unassign(of *center, a assignment) string {
	if why := r.unreachable(a.account); why != "" {
		return why
	}
	of.assignments = slices.DeleteFunc(of.assignments, func(other assignment) bool { return other == a })
	if slices.ContainsFunc(of.assignments, func(other assignment) bool { return other.set == a.set && other.account == a.account }) {
		return ""
	}
	return r.unprovision(of, provision{a.set, a.account})
}

// unreachable returns why IAM Identity Center can't change anything in an account; empty if it can. The assignments of a closed
// account stay, and can't be provisioned or deleted any more.
// https://github.com/61418/aws-sso-util/issues/80
// https://github.com/aws-samples/aws-identitycenter-codepipeline-auto-assignment/issues/31
// https://github.com/noqdev/iambic/pull/568
func (r *request) unreachable(account string) string {
	switch {
	case !r.activeAccount(account):
		return fmt.Sprintf("AWS SSO is unable to complete your request at this time. Obtaining permissions to manage your AWS account '%s' is taking longer "+
			"than usual. This is usually a temporary issue. If this problem persists, contact AWS Support.", account)
	case !r.w.Trusts(r.c.Context(), identityCenterPrincipal):
		return "AWS SSO has no trusted access to AWS Organizations."
	}
	return ""
}

// requested returns the assignment that a request to create or delete one names. IAM Identity Center works on a limited number
// of assignments at once, and on one of a permission set in an account.
// https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html
// https://github.com/aws-samples/aws-iam-identity-center-extensions/issues/87
// https://github.com/aws-samples/iam-identity-center-team/issues/513
func (r *request) requested() (*center, assignment, *proxy.Problem) {
	of, set, problem := r.reads()
	if problem != nil {
		return nil, assignment{}, problem
	}
	a := assignment{set: set, account: r.text("TargetId"), principal: r.text("PrincipalId"), typ: r.text("PrincipalType")}
	busy := 0
	for _, o := range of.operations {
		if o.under(creating, deleting) {
			busy++
		}
	}
	switch {
	case r.beyond(of, set, a.account):
		return nil, a, r.onlyManagement()
	case of.assigning(set, a.account):
		return nil, a, conflicting()
	case busy >= awslimits.Published().AssignedAtOnce.Most:
		return nil, a, centerProblem("ThrottlingException", "There are too many requests processing. Please try again later.")
	}
	return of, a, nil
}

// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreateAccountAssignment.html
func (r *request) createAssignment() (any, *proxy.Problem) {
	of, a, problem := r.requested()
	if problem != nil {
		return nil, problem
	}
	here := 0
	for at := range of.roles {
		if at.account == a.account && at.set != a.set {
			here++
		}
	}
	if most := awslimits.Published().PermissionSetsPerAccount.Most; here >= most {
		return nil, centerProblem("ServiceQuotaExceededException", "You have exceeded the number of permission sets that are provisioned in an account.")
	}
	return map[string]any{"AccountAssignmentCreationStatus": r.begin(of, centerWork{kind: creating, assignment: a}).shown()}, nil
}

// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_DeleteAccountAssignment.html
func (r *request) deleteAssignment() (any, *proxy.Problem) {
	of, a, problem := r.requested()
	switch {
	case problem != nil:
		return nil, problem
	case !slices.Contains(of.assignments, a):
		return nil, centerProblem("ResourceNotFoundException", "Assignment not found.")
	}
	return map[string]any{"AccountAssignmentDeletionStatus": r.begin(of, centerWork{kind: deleting, assignment: a}).shown()}, nil
}

// provisionSet takes what a permission set has now into one account, or into all that have it.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ProvisionPermissionSet.html
func (r *request) provisionSet() (any, *proxy.Problem) {
	of, set, problem := r.changes()
	account := r.text("TargetId")
	o := centerWork{kind: provisioning, assignment: assignment{set: set}}
	switch all := r.text("TargetType") == "ALL_PROVISIONED_ACCOUNTS"; {
	case problem != nil:
		return nil, problem
	case !all && account == "":
		return nil, centerProblem("ValidationException", "TargetId is required for the target type AWS_ACCOUNT.")
	case all && account != "":
		return nil, centerProblem("ValidationException", "TargetId is not allowed for the target type ALL_PROVISIONED_ACCOUNTS.")
	case all:
		o.accounts, o.all = of.accountsOf(set), true
	case r.beyond(of, set, account):
		return nil, r.onlyManagement()
	default:
		o.account, o.accounts = account, []string{account}
	}
	return map[string]any{"PermissionSetProvisioningStatus": r.begin(of, o).shown()}, nil
}

// shown shows an operation as AWS does.
func (o *centerWork) shown() map[string]any {
	shown := map[string]any{"RequestId": o.id, "Status": o.status, "CreatedDate": o.begun.Unix(), "PermissionSetArn": o.set.arn}
	if o.kind != provisioning {
		shown["TargetId"], shown["TargetType"] = o.account, "AWS_ACCOUNT"
		shown["PrincipalId"], shown["PrincipalType"] = o.principal, o.typ
	} else if o.account != "" {
		shown["AccountId"] = o.account
	}
	if o.reason != "" {
		shown["FailureReason"] = o.reason
	}
	return shown
}

// describeOperation describes an operation of a kind. Named is the request's member that names it, and out the answer's.
func describeOperation(kind workKind, named, out string) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		of, problem := r.instance()
		if problem != nil {
			return nil, problem
		}
		for _, o := range of.operations {
			if o.kind == kind && o.id == r.text(named) {
				return map[string]any{out: o.shown()}, nil
			}
		}
		return nil, centerProblem("ResourceNotFoundException", "Request %s not found.", r.text(named))
	}
}

// listOperations lists the operations of a kind, the latest first.
func listOperations(kind workKind, out string) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		of, problem := r.instance()
		if problem != nil {
			return nil, problem
		}
		var in struct{ Filter struct{ Status string } }
		r.read(&in)
		all := []map[string]any{}
		for _, o := range slices.Backward(of.operations) {
			if o.kind == kind && (in.Filter.Status == "" || in.Filter.Status == o.status) {
				all = append(all, map[string]any{"RequestId": o.id, "Status": o.status, "CreatedDate": o.begun.Unix()})
			}
		}
		return paged(r, out, all)
	}
}

// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ListAccountAssignments.html
func (r *request) listAssignments() (any, *proxy.Problem) {
	of, set, problem := r.reads()
	if problem != nil {
		return nil, problem
	}
	all := []map[string]any{}
	for _, a := range of.assignments {
		if a.set == set && a.account == r.text("AccountId") {
			all = append(all, a.shown())
		}
	}
	return paged(r, "AccountAssignments", all)
}

// principalAssignments lists what a user or a group is assigned. A user has the assignments of its groups, too.
// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ListAccountAssignmentsForPrincipal.html
func (r *request) principalAssignments() (any, *proxy.Problem) {
	of, problem := r.instance()
	if problem != nil {
		return nil, problem
	}
	var in struct{ Filter struct{ AccountID string } }
	r.read(&in)
	typ, principal := r.text("PrincipalType"), r.text("PrincipalId")
	all := []map[string]any{}
	for _, a := range of.assignments {
		own := a.typ == typ && a.principal == principal
		inGroup := typ == userType && a.typ == groupType && of.directory.member(a.principal, principal) != nil
		if (own || inGroup) && (in.Filter.AccountID == "" || in.Filter.AccountID == a.account) {
			all = append(all, a.shown())
		}
	}
	return paged(r, "AccountAssignments", all)
}

// provisionedAs reports whether a role is as a request wants to see it: with the permission set's latest version or not.
func (r *request) provisionedAs(at provision, role *reservedRole) bool {
	switch r.text("ProvisioningStatus") {
	case "LATEST_PERMISSION_SET_PROVISIONED":
		return role.version == at.set.version
	case "LATEST_PERMISSION_SET_NOT_PROVISIONED":
		return role.version != at.set.version
	}
	return true
}

// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ListPermissionSetsProvisionedToAccount.html
func (r *request) setsInAccount() (any, *proxy.Problem) {
	of, problem := r.instance()
	if problem != nil {
		return nil, problem
	}
	var all []*permissionSet
	for _, set := range of.sets {
		at := provision{set, r.text("AccountId")}
		if role := of.roles[at]; role != nil && r.provisionedAs(at, role) {
			all = append(all, set)
		}
	}
	return paged(r, "PermissionSets", arns(all))
}

// https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_ListAccountsForProvisionedPermissionSet.html
func (r *request) accountsWithSet() (any, *proxy.Problem) {
	of, set, problem := r.reads()
	if problem != nil {
		return nil, problem
	}
	all := []string{}
	for _, account := range of.accountsOf(set) {
		at := provision{set, account}
		if r.provisionedAs(at, of.roles[at]) {
			all = append(all, account)
		}
	}
	return paged(r, "AccountIds", all)
}
