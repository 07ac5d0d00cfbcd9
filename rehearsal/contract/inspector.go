package contract

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// inspectorService is how Amazon Inspector's requests are signed.
const inspectorService = "inspector2"

// inspector is what the organization has of Amazon Inspector in a region.
type inspector struct {
	administrator string
	appointed     time.Time
	auto          map[string]bool      // the scans that new members get
	known         map[string]bool      // the accounts that aren't new any more
	members       map[string]time.Time // since when accounts are the administrator's members
}

// The scans that Inspector can be asked for, by the names that it has for them in requests. Scans of code repositories and of machine
// images aren't kept.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_Enable.html
const (
	scanLambda     = "LAMBDA"
	scanLambdaCode = "LAMBDA_CODE"
)

// scanFields are the names that scans have in answers.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_ResourceState.html
var scanFields = map[string]string{"EC2": "ec2", "ECR": "ecr", scanLambda: "lambda", scanLambdaCode: "lambdaCode"}

// codeScanned reports whether Inspector scans the code of Lambda functions in a region.
func codeScanned(region string) bool {
	return slices.Contains(awslimits.Published().CodeScanning.Names, region)
}

// inspectorProblem is an error of Inspector's.
// https://docs.aws.amazon.com/inspector/v2/APIReference/CommonErrors.html
func inspectorProblem(code, message string) *proxy.Problem {
	status := map[string]int{
		"AccessDeniedException": http.StatusForbidden, "ConflictException": http.StatusConflict, "ResourceNotFoundException": http.StatusNotFound,
		"ValidationException": http.StatusBadRequest,
	}[code]
	return &proxy.Problem{Status: status, Code: code, Message: message}
}

// inspected returns what the organization has of Inspector in the region; nil without an administrator. Accounts that have joined the
// organization since it was last asked become members, and get the scans that new members get.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_UpdateOrganizationConfiguration.html
func (r *request) inspected() *inspector {
	of := r.inspectors[r.region]
	if of == nil {
		return nil
	}
	for _, a := range r.active() {
		if of.known[a.ID] {
			continue
		}
		of.known[a.ID] = true
		if len(of.auto) > 0 && a.ID != of.administrator {
			of.members[a.ID] = r.w.Now()
			r.scan(a.ID, slices.Collect(maps.Keys(of.auto)))
		}
	}
	return of
}

// scan turns scans of an account on in the region.
func (r *request) scan(id string, scans []string) {
	at := place{id, r.region}
	if r.scans[at] == nil {
		r.scans[at] = map[string]time.Time{}
	}
	for _, name := range scans {
		if r.scans[at][name].IsZero() {
			r.scans[at][name] = r.w.Now()
		}
	}
}

// activeAccount reports whether the organization has an account, and the account isn't closed.
func (r *request) activeAccount(id string) bool {
	return slices.ContainsFunc(r.active(), func(a organizationAccount) bool { return a.ID == id })
}

// member reports whether an account is a member of the administrator's. A closed account isn't.
func (r *request) member(of *inspector, id string) bool {
	return of != nil && !of.members[id].IsZero() && r.activeAccount(id)
}

// spreads reports whether Inspector doesn't know everywhere yet what happened then.
func (r *request) spreads(then time.Time) bool {
	return r.w.Now().Sub(then) < awslimits.Published().Spreading.Takes
}

// appointInspector makes a member the delegated administrator in a region, and registers it with AWS Organizations.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_EnableDelegatedAdminAccount.html
// https://docs.aws.amazon.com/organizations/latest/userguide/services-that-can-integrate-inspector2.html
func (r *request) appointInspector() (any, *proxy.Problem) {
	id := r.text("delegatedAdminAccountId")
	of := r.inspectors[r.region]
	switch {
	case r.account != r.w.Management:
		return nil, inspectorProblem("AccessDeniedException", "Invoking account is not the management account of an organization.")
	case !r.w.Trusts(r.c.Context(), inspectorService+".amazonaws.com"):
		return nil, inspectorProblem("AccessDeniedException", "Amazon Inspector has no trusted access in AWS Organizations.")
	case !r.activeAccount(id):
		return nil, inspectorProblem("ValidationException", "The given account ID is not an active account of the organization.")
	case of != nil && of.administrator == id:
		return nil, inspectorProblem("ConflictException", "Delegated admin account "+id+" is already enabled for the organization.")
	}
	for region, of := range r.inspectors {
		if of.administrator != id { // It is the same in all regions.
			return nil, inspectorProblem("ConflictException", "Account "+of.administrator+" is the delegated admin of the organization in "+region+".")
		}
	}
	known := map[string]bool{}
	for _, a := range r.active() {
		known[a.ID] = true
	}
	r.inspectors[r.region] = &inspector{administrator: id, appointed: r.w.Now(), known: known, auto: map[string]bool{}, members: map[string]time.Time{}}
	return map[string]any{"delegatedAdminAccountId": id}, nil
}

// dismissInspector takes the administration away. Scans go on in each account by itself.
// https://docs.aws.amazon.com/inspector/latest/user/remove-delegated-admin.html
func (r *request) dismissInspector() (any, *proxy.Problem) {
	id, of := r.text("delegatedAdminAccountId"), r.inspected()
	switch {
	case r.account != r.w.Management:
		return nil, inspectorProblem("AccessDeniedException", "Invoking account is not the management account of an organization.")
	case of == nil || of.administrator != id:
		return nil, inspectorProblem("ResourceNotFoundException", "Account "+id+" is not the delegated admin of the organization.")
	}
	delete(r.inspectors, r.region)
	return map[string]any{"delegatedAdminAccountId": id}, nil
}

// inspectorAdministrators lists the administrator. The administrator itself is refused.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_ListDelegatedAdminAccounts.html
func (r *request) inspectorAdministrators() (any, *proxy.Problem) {
	of := r.inspectors[r.region]
	switch {
	case of != nil && of.administrator == r.account:
		return nil, inspectorProblem("ValidationException", "Invoking account is the delegated admin.")
	case r.account != r.w.Management:
		return nil, inspectorProblem("AccessDeniedException", "Invoking account is not the management account of an organization.")
	}
	all := []map[string]any{}
	if of != nil {
		all = append(all, map[string]any{"accountId": of.administrator, "status": "ENABLED"})
	}
	return map[string]any{"delegatedAdminAccounts": all}, nil
}

// inspects returns what the organization has in the region, for its administrator. For some seconds after the delegation Inspector doesn't
// know the administrator everywhere. The administrator needs a scan of its own first.
// https://github.com/hashicorp/terraform-provider-aws/pull/28921
// https://github.com/cloudposse/terraform-aws-components/pull/914
func (r *request) inspects(action string) (*inspector, *proxy.Problem) {
	of := r.inspected()
	switch {
	case of == nil || of.administrator != r.account || r.spreads(of.appointed):
		return nil, inspectorProblem("AccessDeniedException", "Invoking account does not have access to "+action)
	case len(r.scans[r.place]) == 0:
		return nil, inspectorProblem("AccessDeniedException", "Invoking account is not enabled")
	}
	return of, nil
}

func (r *request) describeInspector() (any, *proxy.Problem) {
	of, problem := r.inspects("describe organization configuration")
	if problem != nil {
		return nil, problem
	}
	auto := map[string]bool{}
	for scan, field := range scanFields {
		auto[field] = of.auto[scan]
	}
	return map[string]any{"autoEnable": auto, "maxAccountLimitReached": false}, nil
}

// configureInspector says which scans new members get. Accounts that the organization has already get none.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_UpdateOrganizationConfiguration.html
func (r *request) configureInspector() (any, *proxy.Problem) {
	of, problem := r.inspects("update organization configuration")
	if problem != nil {
		return nil, problem
	}
	var in struct{ AutoEnable map[string]bool }
	r.read(&in)
	if in.AutoEnable["lambdaCode"] && !in.AutoEnable["lambda"] {
		return nil, inspectorProblem("ValidationException", "Lambda code scanning requires Lambda standard scanning.")
	}
	if in.AutoEnable["lambdaCode"] && !codeScanned(r.region) {
		return nil, codeUnsupported(r.region)
	}
	of.auto = map[string]bool{}
	for scan, field := range scanFields {
		if in.AutoEnable[field] {
			of.auto[scan] = true
		}
	}
	return map[string]any{"autoEnable": in.AutoEnable}, nil
}

// codeUnsupported is the error of a region in which Inspector doesn't scan the code of Lambda functions.
// https://github.com/aws-samples/inspector2-enablement-with-cli/issues/7
func codeUnsupported(region string) *proxy.Problem {
	return inspectorProblem("AccessDeniedException", "Lambda code scanning is not supported in "+region)
}

// associateMember makes an account a member of the administrator's. An account that joins the organization becomes one by itself if
// members get a scan.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_AssociateMember.html
// https://github.com/hashicorp/terraform-provider-aws/pull/33935
func (r *request) associateMember() (any, *proxy.Problem) {
	of, problem := r.inspects("associate member account")
	id := r.text("accountId")
	switch {
	case problem != nil:
		return nil, problem
	case r.member(of, id) || id == r.account:
		return nil, inspectorProblem("ValidationException", "The request is rejected because the given account ID is already a member or associated member of the current account.")
	case !r.activeAccount(id):
		return nil, inspectorProblem("ValidationException", "The request is rejected because the given account ID is not an active account of the organization.")
	}
	of.members[id] = r.w.Now()
	return map[string]any{"accountId": id}, nil
}

// dissociateMember ends an account's membership. Its scans go on.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_DisassociateMember.html
func (r *request) dissociateMember() (any, *proxy.Problem) {
	of, problem := r.inspects("disassociate member account")
	id := r.text("accountId")
	switch {
	case problem != nil:
		return nil, problem
	case !r.member(of, id):
		return nil, inspectorProblem("ValidationException",
			"The request is rejected because the current account cannot disassociate the given member account ID since the latter is not yet associated to it.")
	}
	delete(of.members, id)
	return map[string]any{"accountId": id}, nil
}

// describedMember describes a member of the administrator's.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_Member.html
func (of *inspector) describedMember(id string) map[string]any {
	return map[string]any{"accountId": id, "delegatedAdminAccountId": of.administrator, "relationshipStatus": "ENABLED", "updatedAt": of.members[id].Unix()}
}

func (r *request) getMember() (any, *proxy.Problem) {
	of, problem := r.inspects("get member account")
	id := r.text("accountId")
	switch {
	case problem != nil:
		return nil, problem
	case !r.member(of, id):
		return nil, inspectorProblem("ResourceNotFoundException", "Account "+id+" is not a member.")
	}
	return map[string]any{"member": of.describedMember(id)}, nil
}

func (r *request) inspectorMembers() (any, *proxy.Problem) {
	of, problem := r.inspects("list member accounts")
	if problem != nil {
		return nil, problem
	}
	all := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(of.members)) {
		if r.member(of, id) {
			all = append(all, of.describedMember(id))
		}
	}
	return map[string]any{"members": all}, nil
}

// scanned are the accounts and scans that a request is about; the caller's own account if the request names none.
func (r *request) scanned() (ids, scans []string) {
	var in struct{ AccountIDs, ResourceTypes []string }
	r.read(&in)
	if len(in.AccountIDs) == 0 {
		return []string{r.account}, in.ResourceTypes
	}
	return in.AccountIDs, in.ResourceTypes
}

// failedAccount says why Inspector refuses one account of a request.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_FailedAccount.html
func failedAccount(id, code, message string) map[string]any {
	return map[string]any{"accountId": id, "errorCode": code, "errorMessage": message}
}

// reachable reports whether the caller may ask for an account: its own, or a member if the caller is the administrator. For some seconds
// after the association Inspector doesn't know a member everywhere.
func (r *request) reachable(id string) bool {
	of := r.inspected()
	return id == r.account || of != nil && of.administrator == r.account && r.member(of, id) && !r.spreads(of.members[id])
}

// enableScans turns scans on. What is on already stays as it is.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_Enable.html
func (r *request) enableScans() (any, *proxy.Problem) {
	ids, scans := r.scanned()
	for _, scan := range scans {
		if scanFields[scan] == "" {
			return nil, &proxy.Problem{Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "a rehearsal keeps no scans of " + scan}
		}
	}
	if slices.Contains(scans, scanLambdaCode) && !codeScanned(r.region) {
		return nil, codeUnsupported(r.region)
	}
	accounts, failed := []map[string]any{}, []map[string]any{}
	for _, id := range ids {
		switch has := r.scans[place{id, r.region}]; {
		case !r.reachable(id):
			failed = append(failed, failedAccount(id, "ACCESS_DENIED", "Invoking account does not have access to enable scanning of the account"))
			continue
		case slices.Contains(scans, scanLambdaCode) && !slices.Contains(scans, scanLambda) && has[scanLambda].IsZero():
			return nil, inspectorProblem("ValidationException", "Lambda code scanning requires Lambda standard scanning.")
		}
		r.scan(id, scans)
		accounts = append(accounts, r.accountStatus(id))
	}
	return map[string]any{"accounts": accounts, "failedAccounts": failed}, nil
}

// disableScans turns scans off. An administrator keeps one as long as it has members. Where Inspector doesn't scan the code of Lambda
// functions, AWS refuses a request that names such scans; here it is taken: the AWS plugin that is built names all scans that aren't
// declared, and the one that Pulumi releases names those alone that are on.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_Disable.html
// https://github.com/hashicorp/terraform-provider-aws/pull/38254
func (r *request) disableScans() (any, *proxy.Problem) {
	ids, scans := r.scanned()
	if len(scans) == 0 {
		scans = slices.Collect(maps.Keys(scanFields))
	}
	accounts, failed := []map[string]any{}, []map[string]any{}
	for _, id := range ids {
		if code, message := r.keepsScans(id, scans); code != "" {
			failed = append(failed, failedAccount(id, code, message))
			continue
		}
		for _, scan := range scans {
			delete(r.scans[place{id, r.region}], scan)
		}
		accounts = append(accounts, r.accountStatus(id))
	}
	return map[string]any{"accounts": accounts, "failedAccounts": failed}, nil
}

// keepsScans says why Inspector doesn't turn scans of an account off; empty if it does.
func (r *request) keepsScans(id string, scans []string) (code, message string) {
	left := maps.Clone(r.scans[place{id, r.region}])
	maps.DeleteFunc(left, func(scan string, _ time.Time) bool { return slices.Contains(scans, scan) })
	of := r.inspected()
	switch {
	case !r.reachable(id):
		return "ACCESS_DENIED", "Invoking account does not have access to disable scanning of the account"
	case left[scanLambda].IsZero() && !left[scanLambdaCode].IsZero():
		return "RESOURCE_SCAN_NOT_DISABLED", "Lambda code scanning has to be disabled first"
	case len(left) == 0 && of != nil && of.administrator == id && slices.ContainsFunc(slices.Collect(maps.Keys(of.members)), func(m string) bool { return r.member(of, m) }):
		return "DISASSOCIATE_ALL_MEMBERS", "The delegated admin has members, which have to be disassociated first"
	}
	return "", ""
}

// status returns the status of a scan; of the account as a whole for an empty name.
func (r *request) status(id, scan string) string {
	on := slices.Collect(maps.Values(r.scans[place{id, r.region}]))
	if scan != "" {
		on = slices.DeleteFunc([]time.Time{r.scans[place{id, r.region}][scan]}, time.Time.IsZero)
	}
	switch {
	case len(on) == 0:
		return "DISABLED"
	case slices.ContainsFunc(on, r.spreads):
		return "ENABLING"
	}
	return "ENABLED"
}

// accountStatus describes what Enable and Disable have done.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_Account.html
func (r *request) accountStatus(id string) map[string]any {
	scans := map[string]any{}
	for scan, field := range scanFields {
		scans[field] = r.status(id, scan)
	}
	return map[string]any{"accountId": id, "status": r.status(id, ""), "resourceStatus": scans}
}

// accountStatuses describes the scans of accounts.
// https://docs.aws.amazon.com/inspector/v2/APIReference/API_BatchGetAccountStatus.html
func (r *request) accountStatuses() (any, *proxy.Problem) {
	ids, _ := r.scanned()
	accounts, failed := []map[string]any{}, []map[string]any{}
	for _, id := range ids {
		if !r.reachable(id) {
			failed = append(failed, failedAccount(id, "ACCESS_DENIED", "Invoking account does not have access to the account"))
			continue
		}
		state := func(scan string) map[string]any {
			return map[string]any{"status": r.status(id, scan), "errorCode": "ALREADY_ENABLED", "errorMessage": "Nothing failed."}
		}
		scans := map[string]any{}
		for scan, field := range scanFields {
			scans[field] = state(scan)
		}
		accounts = append(accounts, map[string]any{"accountId": id, "state": state(""), "resourceState": scans})
	}
	return map[string]any{"accounts": accounts, "failedAccounts": failed}, nil
}
