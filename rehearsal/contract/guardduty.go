package contract

import (
	"fmt"
	"hash/fnv"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// guardDutyService is how Amazon GuardDuty's requests are signed.
const guardDutyService = "guardduty"

// detector is a detector of Amazon GuardDuty. An account has at most one in a region.
// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_GetDetector.html
type detector struct {
	id        string
	enabled   bool
	frequency string
	features  map[string]string // ENABLED or DISABLED, by name
	tags      map[string]string
	created   string
	exports   *destination // nil for none
}

// guarded is what the organization has of GuardDuty in a region.
type guarded struct {
	administrator string // the id of the delegated administrator
	appointed     time.Time
	members       string            // which members are enabled: NEW, ALL or NONE
	features      map[string]string // the same for each feature, by name
}

// detectorFeatures are the features of a new detector. The foundational ones come first. Runtime monitoring isn't kept.
var detectorFeatures = []string{
	"CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS", "S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS", "LAMBDA_NETWORK_LOGS",
}

// foundational is the number of features that nobody can turn off.
const foundational = 3

// guardDutyProblem is GuardDuty's error for everything.
// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_CreateDetector.html#API_CreateDetector_Errors
func guardDutyProblem(message string) *proxy.Problem {
	return &proxy.Problem{
		Status: http.StatusBadRequest, Code: "BadRequestException", Message: "The request is rejected because " + message,
	}
}

func (r *request) createDetector() (any, *proxy.Problem) {
	var in struct {
		Enable                     bool
		FindingPublishingFrequency string
		Tags                       map[string]string
		Features                   []feature
	}
	r.read(&in)
	if r.detectors[r.place] != nil {
		return nil, guardDutyProblem("a detector already exists for the current account.")
	}
	d := r.newDetector(r.place)
	d.enabled = in.Enable
	d.set(in.Features)
	if in.FindingPublishingFrequency != "" {
		d.frequency = in.FindingPublishingFrequency
	}
	maps.Copy(d.tags, in.Tags)
	return map[string]any{"detectorId": d.id}, nil
}

// feature is a feature of a detector, or of all detectors of the organization.
type feature struct{ Name, Status, AutoEnable string }

// newDetector makes a detector, as GuardDuty does it for members by itself. All features are on, as in a new detector.
func (k *keeper) newDetector(at place) *detector {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, at.account, at.region, len(k.detectors), k.w.Now()) // A hash takes everything.
	d := &detector{
		id: fmt.Sprintf("%016x%016x", h.Sum64(), len(k.detectors)), enabled: true, frequency: "SIX_HOURS",
		features: map[string]string{}, tags: map[string]string{}, created: k.w.Now().UTC().Format(time.RFC3339),
	}
	for _, name := range detectorFeatures {
		d.features[name] = "ENABLED"
	}
	k.detectors[at] = d
	return d
}

func (d *detector) set(features []feature) {
	for _, f := range features {
		d.features[f.Name] = f.Status
	}
}

// own returns the detector that a request names, which has to be the caller's.
func (r *request) own() (*detector, *proxy.Problem) {
	d := r.detectors[r.place]
	if d == nil || d.id != r.text("DetectorId") {
		return nil, guardDutyProblem("the input detectorId is not owned by the current account.")
	}
	return d, nil
}

func (r *request) getDetector() (any, *proxy.Problem) {
	d, problem := r.own()
	if problem != nil {
		return nil, problem
	}
	status := "DISABLED"
	if d.enabled {
		status = "ENABLED"
	}
	features := []map[string]any{}
	for _, name := range detectorFeatures {
		features = append(features, map[string]any{"name": name, "status": d.features[name]})
	}
	return map[string]any{
		"status": status, "findingPublishingFrequency": d.frequency, "features": features, "tags": d.tags, "createdAt": d.created, "updatedAt": d.created,
		"serviceRole": "arn:aws:iam::" + r.account + ":role/aws-service-role/guardduty.amazonaws.com/AWSServiceRoleForAmazonGuardDuty",
	}, nil
}

func (r *request) listDetectors() (any, *proxy.Problem) {
	ids := []string{}
	if d := r.detectors[r.place]; d != nil {
		ids = append(ids, d.id)
	}
	return map[string]any{"detectorIds": ids}, nil
}

func (r *request) updateDetector() (any, *proxy.Problem) {
	d, problem := r.own()
	if problem != nil {
		return nil, problem
	}
	if of := r.guards[r.region]; of != nil && of.administrator != r.account && of.members != "NONE" {
		return nil, guardDutyProblem("the current account is a member account and cannot update its own detector.")
	}
	var in struct {
		Enable                     *bool
		FindingPublishingFrequency string
		Features                   []feature
	}
	r.read(&in)
	if in.Enable != nil {
		d.enabled = *in.Enable
	}
	if in.FindingPublishingFrequency != "" {
		d.frequency = in.FindingPublishingFrequency
	}
	d.set(in.Features)
	return struct{}{}, nil
}

// deleteDetector deletes a detector. That of the administrator can't be deleted while there are members, nor that of a member.
// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_DeleteDetector.html
func (r *request) deleteDetector() (any, *proxy.Problem) {
	if _, problem := r.own(); problem != nil {
		return nil, problem
	}
	if of := r.guards[r.region]; of != nil && of.members != "NONE" {
		if of.administrator == r.account {
			return nil, guardDutyProblem("the current account cannot delete detector while it has invited or associated members.")
		}
		return nil, guardDutyProblem("the current account is a member account and cannot delete its own detector.")
	}
	delete(r.detectors, r.place)
	return struct{}{}, nil
}

// enableAdministrator makes a member the delegated administrator in a region. GuardDuty gives the member a detector, and registers it
// with AWS Organizations.
// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_EnableOrganizationAdminAccount.html
// https://docs.aws.amazon.com/guardduty/latest/ug/delegated_admin_designate.html
func (r *request) enableAdministrator() (any, *proxy.Problem) {
	id := r.text("AdminAccountId")
	switch of := r.guards[r.region]; {
	case r.account != r.w.Management:
		return nil, guardDutyProblem("the current account isn't the management account of its organization.")
	case !r.w.Trusts(r.c.Context(), guardDutyService+".amazonaws.com"):
		return nil, guardDutyProblem("trusted access for GuardDuty isn't enabled in AWS Organizations.")
	case !slices.ContainsFunc(r.active(), func(a organizationAccount) bool { return a.ID == id }):
		return nil, guardDutyProblem("the input accountId is not a member of the organization.")
	case of != nil && of.administrator != id:
		return nil, guardDutyProblem("another account is already enabled as GuardDuty delegated administrator for the organization.")
	case of != nil:
		return struct{}{}, nil
	}
	for region, of := range r.guards {
		if of.administrator != id { // It is the same in all regions.
			return nil, guardDutyProblem("account " + of.administrator + " is the GuardDuty delegated administrator in " + region + ".")
		}
	}
	at := place{id, r.region}
	if r.detectors[at] == nil {
		r.newDetector(at)
	}
	r.guards[r.region] = &guarded{administrator: id, appointed: r.w.Now(), members: "NONE", features: map[string]string{}}
	return struct{}{}, nil
}

// disableAdministrator takes the administration away. Members stay enabled, each for itself.
// https://docs.aws.amazon.com/guardduty/latest/ug/delegated-admin-remove.html
func (r *request) disableAdministrator() (any, *proxy.Problem) {
	of := r.guards[r.region]
	if r.account != r.w.Management || of == nil || of.administrator != r.text("AdminAccountId") {
		return nil, guardDutyProblem("the input accountId isn't the delegated administrator.")
	}
	delete(r.guards, r.region)
	return struct{}{}, nil
}

func (r *request) listAdministrators() (any, *proxy.Problem) {
	found := []map[string]any{}
	if r.account != r.w.Management {
		return nil, guardDutyProblem("the current account isn't the management account of its organization.")
	}
	if of := r.guards[r.region]; of != nil {
		found = append(found, map[string]any{"adminAccountId": of.administrator, "adminStatus": "ENABLED"})
	}
	return map[string]any{"adminAccounts": found}, nil
}

// administered returns what the organization has in the region, for its administrator. For some seconds after the delegation
// GuardDuty doesn't know the administrator everywhere.
// https://github.com/aws-samples/aws-security-reference-architecture-examples/issues/141
func (r *request) administered() (*guarded, *proxy.Problem) {
	if _, problem := r.own(); problem != nil {
		return nil, problem
	}
	of := r.guards[r.region]
	if of == nil || of.administrator != r.account || r.w.Now().Sub(of.appointed) < awslimits.Published().Spreading.Takes {
		return nil, &proxy.Problem{
			Status: http.StatusBadRequest, Code: "BadRequestException",
			Message: "The request failed because you do not have required AWS Organization master permission.",
		}
	}
	return of, nil
}

func (r *request) describeGuarded() (any, *proxy.Problem) {
	of, problem := r.administered()
	if problem != nil {
		return nil, problem
	}
	features := []map[string]any{}
	for _, name := range detectorFeatures[foundational:] {
		auto := of.features[name]
		if auto == "" {
			auto = "NONE"
		}
		features = append(features, map[string]any{"name": name, "autoEnable": auto})
	}
	return map[string]any{
		"memberAccountLimitReached": false, "autoEnable": of.members != "NONE", "autoEnableOrganizationMembers": of.members, "features": features,
	}, nil
}

// updateGuarded says which members are enabled. With ALL, GuardDuty gives each account of the organization a detector; the management
// account has to have one already.
// https://docs.aws.amazon.com/guardduty/latest/APIReference/API_UpdateOrganizationConfiguration.html
func (r *request) updateGuarded() (any, *proxy.Problem) {
	of, problem := r.administered()
	if problem != nil {
		return nil, problem
	}
	var in struct {
		AutoEnableOrganizationMembers string
		AutoEnable                    *bool
		Features                      []feature
	}
	r.read(&in)
	if in.AutoEnableOrganizationMembers == "" && in.AutoEnable == nil {
		return nil, guardDutyProblem("either autoEnable or autoEnableOrganizationMembers has to be given.")
	}
	switch of.members = in.AutoEnableOrganizationMembers; {
	case of.members != "":
	case *in.AutoEnable:
		of.members = "NEW"
	default:
		of.members = "NONE"
	}
	for _, f := range in.Features {
		of.features[f.Name] = f.AutoEnable
	}
	r.associated(of)
	return struct{}{}, nil
}

// organizationAccount is an account of the organization.
type organizationAccount struct{ ID, Email, Status string }

// joined returns the accounts that the organization has, closed ones included.
func (r *request) joined() []organizationAccount {
	all, _ := proxy.ListOrganizations[organizationAccount](r.c.Context(), r.w, "ListAccounts", "Accounts", nil) // Without an organization there are none.
	return all
}

// active returns the organization's active accounts.
func (r *request) active() []organizationAccount {
	if r.accounts == nil {
		r.accounts = slices.DeleteFunc(r.joined(), func(a organizationAccount) bool { return a.Status != "ACTIVE" })
	}
	return r.accounts
}

// associated returns the administrator's members, and gives those that have none a detector.
func (r *request) associated(of *guarded) []map[string]any {
	members := []map[string]any{}
	if of.members != "ALL" {
		return members
	}
	for _, a := range r.active() {
		at := place{a.ID, r.region}
		if a.ID == of.administrator || a.ID == r.w.Management && r.detectors[at] == nil {
			continue
		}
		if r.detectors[at] == nil {
			r.newDetector(at)
		}
		d := r.detectors[at]
		for _, name := range detectorFeatures[foundational:] {
			if of.features[name] == "ALL" {
				d.features[name] = "ENABLED"
			}
		}
		members = append(members, map[string]any{
			"accountId": a.ID, "detectorId": d.id, "email": a.Email, "masterId": of.administrator, "administratorId": of.administrator,
			"relationshipStatus": "Enabled", "updatedAt": d.created, "invitedAt": d.created,
		})
	}
	return members
}

func (r *request) listMembers() (any, *proxy.Problem) {
	of, problem := r.administered()
	if problem != nil {
		return nil, problem
	}
	return map[string]any{"members": r.associated(of)}, nil
}

func (r *request) detectorTags() (map[string]string, *proxy.Problem) {
	d, arn := r.detectors[r.place], r.text("ResourceArn")
	if d == nil || !strings.HasSuffix(arn, ":detector/"+d.id) {
		return nil, guardDutyProblem("the input resource doesn't exist.")
	}
	return d.tags, nil
}
