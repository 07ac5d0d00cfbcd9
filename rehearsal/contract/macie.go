package contract

import (
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// macieService is how Amazon Macie's requests are signed, and macieTrust its name for AWS Organizations.
const (
	macieService = "macie2"
	macieTrust   = "macie.amazonaws.com"
)

// macieSession is Amazon Macie of an account in a region.
// https://docs.aws.amazon.com/macie/latest/APIReference/macie.html
type macieSession struct {
	status, frequency string
	created, updated  time.Time
	export            map[string]any // where discovery results go; nil for nowhere
}

// macieMember is an association of an administrator with an account. It stays when the account isn't a member any more.
// https://docs.aws.amazon.com/macie/latest/APIReference/members-id.html
type macieMember struct {
	associated bool
	updated    time.Time
	tags       map[string]string
}

// macieAdministration is who administers Macie for the organization in a region.
type macieAdministration struct {
	administrator string
	appointed     time.Time
	auto          bool            // whether accounts to come are members
	known         map[string]bool // the accounts that aren't to come any more
}

// macies is what a rehearsal keeps of Macie.
type macies struct {
	sessions        map[place]*macieSession
	administrations map[string]*macieAdministration   // by region
	members         map[place]map[string]*macieMember // by the administrator's place and the member's id
}

func newMacies() macies {
	return macies{sessions: map[place]*macieSession{}, administrations: map[string]*macieAdministration{}, members: map[place]map[string]*macieMember{}}
}

// What Macie says of accounts that aren't what an operation takes.
// https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/macie2/account.go
// https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/macie2/organization_configuration.go
const (
	macieOff           = "Macie is not enabled"
	macieNotManagement = "The request failed because you must be a user of the management account for your AWS organization to perform this operation"
	macieNotInCharge   = "The request failed because you must be the Macie administrator for an organization to perform this operation"
)

// macieProblem is an error of Macie's.
// https://docs.aws.amazon.com/macie/latest/APIReference/members.html
func macieProblem(code, message string) *proxy.Problem {
	status := map[string]int{
		"AccessDeniedException": http.StatusForbidden, "ConflictException": http.StatusConflict, "ResourceNotFoundException": http.StatusNotFound,
		"ValidationException": http.StatusBadRequest,
	}[code]
	return &proxy.Problem{Status: status, Code: code, Message: message}
}

// classified returns the caller's session, which every operation takes but that which turns Macie on.
func (r *request) classified() (*macieSession, *proxy.Problem) {
	r.macieAdministered()
	if s := r.macies.sessions[r.place]; s != nil {
		return s, nil
	}
	return nil, macieProblem("AccessDeniedException", macieOff)
}

// macieAdministered returns who administers Macie in the region; nil for nobody. Accounts that have joined the organization since it was last
// asked become members if that is configured.
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-integrate.html
func (r *request) macieAdministered() *macieAdministration {
	of := r.macies.administrations[r.region]
	if of == nil {
		return nil
	}
	for _, a := range r.active() {
		if !of.known[a.ID] && of.auto && a.ID != of.administrator {
			r.classify(of, a.ID, nil)
		}
		of.known[a.ID] = true
	}
	return of
}

// start turns Macie on in an account, unless it is on.
func (r *request) start(id string) {
	if at := (place{id, r.region}); r.macies.sessions[at] == nil {
		r.macies.sessions[at] = &macieSession{status: "ENABLED", frequency: "FIFTEEN_MINUTES", created: r.w.Now(), updated: r.w.Now()}
	}
}

// classify makes an account a member of the administrator's, and turns Macie on there.
func (r *request) classify(of *macieAdministration, id string, tags map[string]string) {
	r.start(id)
	at := place{of.administrator, r.region}
	if r.macies.members[at] == nil {
		r.macies.members[at] = map[string]*macieMember{}
	}
	r.macies.members[at][id] = &macieMember{associated: true, updated: r.w.Now(), tags: tags}
}

// macieMemberOf reports whether an account is a member of the administrator's in the region.
func (r *request) macieMemberOf(of *macieAdministration, id string) bool {
	if of == nil {
		return false
	}
	m := r.macies.members[place{of.administrator, r.region}][id]
	return m != nil && m.associated
}

// https://docs.aws.amazon.com/macie/latest/APIReference/macie.html#macie-http-methods
func (r *request) enableMacie() (any, *proxy.Problem) {
	r.macieAdministered()
	if r.macies.sessions[r.place] != nil {
		return nil, macieProblem("ConflictException", "Macie has already been enabled")
	}
	r.start(r.account)
	r.macies.sessions[r.place].set(r)
	return struct{}{}, nil
}

// set takes over what a request says of a session.
func (s *macieSession) set(r *request) {
	if status := r.text("status"); status != "" {
		s.status = status
	}
	if frequency := r.text("findingPublishingFrequency"); frequency != "" {
		s.frequency = frequency
	}
	s.updated = r.w.Now()
}

func (r *request) getMacie() (any, *proxy.Problem) {
	s, problem := r.classified()
	if problem != nil {
		return nil, problem
	}
	return map[string]any{
		"status": s.status, "findingPublishingFrequency": s.frequency, "createdAt": iso(s.created), "updatedAt": iso(s.updated),
		"serviceRole": "arn:aws:iam::" + r.account + ":role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie",
	}, nil
}

func iso(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// updateMacie changes a session. A member can't suspend Macie for itself, nor can an administrator that has members.
// https://docs.aws.amazon.com/macie/latest/user/suspend-macie.html
func (r *request) updateMacie() (any, *proxy.Problem) {
	s, problem := r.classified()
	if problem != nil {
		return nil, problem
	}
	of := r.macies.administrations[r.region]
	switch {
	case r.text("status") != "PAUSED":
	case r.macieMemberOf(of, r.account):
		return nil, macieProblem("ConflictException", "Cannot suspend Macie while associated with an administrator account")
	case slices.ContainsFunc(slices.Collect(maps.Values(r.macies.members[r.place])), func(m *macieMember) bool { return m.associated }):
		return nil, macieProblem("ConflictException", "Cannot suspend Macie while member accounts are associated with your account")
	}
	s.set(r)
	return struct{}{}, nil
}

// disableMacie turns Macie off in the caller's account. A member has to be removed first. An administrator has to have no associations any
// more, not even with accounts that were removed; as long as it administers the organization's accounts, AWS Organizations controls those.
// https://docs.aws.amazon.com/macie/latest/APIReference/macie.html
// https://docs.aws.amazon.com/macie/latest/user/disable-macie.html
func (r *request) disableMacie() (any, *proxy.Problem) {
	if _, problem := r.classified(); problem != nil {
		return nil, problem
	}
	of := r.macies.administrations[r.region]
	switch {
	case r.macieMemberOf(of, r.account):
		return nil, macieProblem("ConflictException", "Cannot disable Macie while associated with an administrator account")
	case of != nil && of.administrator == r.account, len(r.macies.members[r.place]) > 0:
		return nil, macieProblem("ConflictException", "Cannot disable Macie while member accounts are associated with your account")
	}
	delete(r.macies.sessions, r.place)
	return struct{}{}, nil
}

// managesMacie returns who administers Macie, for the management account, which has to have Macie on.
// https://docs.aws.amazon.com/macie/latest/APIReference/admin.html
func (r *request) managesMacie() (*macieAdministration, *proxy.Problem) {
	if _, problem := r.classified(); problem != nil {
		return nil, problem
	}
	if r.account != r.w.Management {
		return nil, macieProblem("AccessDeniedException", macieNotManagement)
	}
	return r.macies.administrations[r.region], nil
}

// appointMacie makes an account the delegated administrator in a region, and turns Macie on there. Macie itself would have AWS Organizations
// trust it; what coldstart declares has that before, so a request that comes earlier is out of order.
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-integrate.html
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-notes.html
func (r *request) appointMacie() (any, *proxy.Problem) {
	id := r.text("adminAccountId")
	of, problem := r.managesMacie()
	switch {
	case problem != nil:
		return nil, problem
	case !r.w.Trusts(r.c.Context(), macieTrust):
		return nil, macieProblem("AccessDeniedException", "Macie isn't a trusted service of your organization in AWS Organizations")
	case !r.activeAccount(id):
		return nil, macieProblem("ValidationException", "The request failed because the account isn't an active account of your organization")
	case of != nil:
		return nil, macieProblem("ConflictException", "The request failed because account "+of.administrator+" is already the delegated Macie administrator account for your organization")
	}
	for region, of := range r.macies.administrations {
		if of.administrator != id { // It has to be the same in all regions.
			return nil, macieProblem("ConflictException", "The request failed because account "+of.administrator+" is the delegated Macie administrator account for your organization in "+region)
		}
	}
	known := map[string]bool{}
	for _, a := range r.active() {
		known[a.ID] = true
	}
	r.start(id)
	r.macies.administrations[r.region] = &macieAdministration{administrator: id, appointed: r.w.Now(), known: known}
	return struct{}{}, nil
}

// dismissMacie takes the administration away. Members aren't members any more, and Macie stays on in each. A management account that is a
// member itself has to be removed first.
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-admin-change.html
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-notes.html
func (r *request) dismissMacie() (any, *proxy.Problem) {
	of, problem := r.managesMacie()
	switch {
	case problem != nil:
		return nil, problem
	case of == nil || of.administrator != r.text("adminAccountId"):
		return nil, macieProblem("ResourceNotFoundException", "The request failed because the account isn't the delegated Macie administrator account for your organization")
	case r.macieMemberOf(of, r.account):
		return nil, macieProblem("AccessDeniedException", "The request failed because your account is a Macie member account, which its Macie administrator has to remove first")
	}
	for _, m := range r.macies.members[place{of.administrator, r.region}] {
		m.associated, m.updated = false, r.w.Now()
	}
	delete(r.macies.administrations, r.region)
	return struct{}{}, nil
}

func (r *request) macieAdministrators() (any, *proxy.Problem) {
	of, problem := r.managesMacie()
	if problem != nil {
		return nil, problem
	}
	all := []map[string]any{}
	if of != nil {
		all = append(all, map[string]any{"accountId": of.administrator, "status": "ENABLED"})
	}
	return map[string]any{"adminAccounts": all}, nil
}

// inCharge returns what the caller administers. For some seconds after the delegation Macie doesn't know its administrator.
// https://github.com/aws-samples/aws-security-reference-architecture-examples/blob/main/aws_sra_examples/solutions/macie/macie_org/lambda/src/macie.py
func (r *request) inCharge() (*macieAdministration, *proxy.Problem) {
	of := r.macieAdministered()
	if of == nil || of.administrator != r.account || r.spreads(of.appointed) {
		return nil, macieProblem("AccessDeniedException", macieNotInCharge)
	}
	return of, nil
}

func (r *request) describeMacie() (any, *proxy.Problem) {
	of, problem := r.inCharge()
	if problem != nil {
		return nil, problem
	}
	return map[string]any{"autoEnable": of.auto, "maxAccountLimitReached": false}, nil
}

// configureMacie says whether accounts to come are members. Those that the organization has stay as they are.
// https://docs.aws.amazon.com/macie/latest/APIReference/admin-configuration.html
func (r *request) configureMacie() (any, *proxy.Problem) {
	of, problem := r.inCharge()
	if problem != nil {
		return nil, problem
	}
	var in struct{ AutoEnable bool }
	r.read(&in)
	of.auto = in.AutoEnable
	return struct{}{}, nil
}

// createMember makes an account of the organization a member, and turns Macie on there; the management account has to have it on.
// Invitations aren't kept.
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-administer.html
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-notes.html
func (r *request) createMember() (any, *proxy.Problem) {
	var in struct {
		Account struct{ AccountID string }
		Tags    map[string]string
	}
	r.read(&in)
	id := in.Account.AccountID
	of, problem := r.inCharge()
	switch {
	case problem != nil:
		return nil, problem
	case !r.activeAccount(id):
		return nil, macieProblem("ValidationException", "The request is rejected because the given account ID is not an active account of your organization")
	case id == r.account:
		return nil, macieProblem("ValidationException", "The request is rejected because an account can't be a Macie administrator and member account at the same time")
	case r.macieMemberOf(of, id):
		return nil, macieProblem("ConflictException", "The request is rejected because the given account ID is already a member or associated member of the current account")
	case id == r.w.Management && r.macies.sessions[place{id, r.region}] == nil:
		return nil, macieProblem("ValidationException", "The request is rejected because Macie is not enabled for the management account of your organization")
	}
	r.classify(of, id, in.Tags)
	return map[string]any{"arn": r.macieMemberARN(id)}, nil
}

func (r *request) macieMemberARN(id string) string {
	return "arn:aws:macie2:" + r.region + ":" + r.account + ":member/" + id
}

// describedMacieMember describes a member. AWS tells no address of an account of the organization.
// https://docs.aws.amazon.com/macie/latest/APIReference/members-id.html
func (r *request) describedMacieMember(id string, m *macieMember) map[string]any {
	status := "Removed"
	switch {
	case m.associated && !r.activeAccount(id):
		status = "AccountSuspended"
	case m.associated:
		status = "Enabled"
	}
	return map[string]any{
		"accountId": id, "administratorAccountId": r.account, "masterAccountId": r.account, "arn": r.macieMemberARN(id),
		"relationshipStatus": status, "updatedAt": iso(m.updated), "tags": m.tags,
	}
}

// macieMemberOfCaller returns the association of the caller with the account that a request names.
func (r *request) macieMemberOfCaller() (*macieMember, *proxy.Problem) {
	if _, problem := r.classified(); problem != nil {
		return nil, problem
	}
	m := r.macies.members[r.place][r.text("id")]
	if m == nil {
		return nil, macieProblem("ResourceNotFoundException", "The request failed because the account is not associated with your account")
	}
	return m, nil
}

func (r *request) getMacieMember() (any, *proxy.Problem) {
	m, problem := r.macieMemberOfCaller()
	if problem != nil {
		return nil, problem
	}
	return r.describedMacieMember(r.text("id"), m), nil
}

// listMacieMembers lists the caller's members; all associations if a request says so.
// https://docs.aws.amazon.com/macie/latest/APIReference/members.html
func (r *request) listMacieMembers() (any, *proxy.Problem) {
	if _, problem := r.classified(); problem != nil {
		return nil, problem
	}
	all := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(r.macies.members[r.place])) {
		m := r.macies.members[r.place][id]
		if r.text("onlyAssociated") == "false" || m.associated && r.activeAccount(id) {
			all = append(all, r.describedMacieMember(id, m))
		}
	}
	return map[string]any{"members": all}, nil
}

// dissociateMacieMember ends a membership. Macie stays on in the account.
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-ao-administer.html
func (r *request) dissociateMacieMember() (any, *proxy.Problem) {
	m, problem := r.macieMemberOfCaller()
	switch {
	case problem != nil:
		return nil, problem
	case !m.associated:
		return nil, macieProblem("ValidationException", "The request is rejected because the account is not an associated member of account "+r.account)
	}
	m.associated, m.updated = false, r.w.Now()
	return struct{}{}, nil
}

// deleteMacieMember deletes an association. That with a member can't be deleted, nor that of an administrator with an account of its
// organization.
// https://docs.aws.amazon.com/macie/latest/user/accounts-mgmt-invitations-administer.html
func (r *request) deleteMacieMember() (any, *proxy.Problem) {
	m, problem := r.macieMemberOfCaller()
	of := r.macies.administrations[r.region]
	switch {
	case problem != nil:
		return nil, problem
	case m.associated:
		return nil, macieProblem("ValidationException", "The request is rejected because the account is a member account, which has to be disassociated first")
	case of != nil && of.administrator == r.account:
		return nil, macieProblem("ValidationException", "The request is rejected because AWS Organizations controls the association with an account of your organization")
	}
	delete(r.macies.members[r.place], r.text("id"))
	return struct{}{}, nil
}

// putExport says where discovery results go. Whether Macie may write there another rule decides.
// https://docs.aws.amazon.com/macie/latest/APIReference/classification-export-configuration.html
func (r *request) putExport() (any, *proxy.Problem) {
	s, problem := r.classified()
	if problem != nil {
		return nil, problem
	}
	var in struct {
		Configuration struct{ S3Destination map[string]any }
	}
	r.read(&in)
	s.export = in.Configuration.S3Destination
	return r.getExport()
}

func (r *request) getExport() (any, *proxy.Problem) {
	s, problem := r.classified()
	if problem != nil {
		return nil, problem
	}
	configuration := map[string]any{}
	if s.export != nil {
		configuration["s3Destination"] = s.export
	}
	return map[string]any{"configuration": configuration}, nil
}
