package contract

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// unserved are the services that no emulator has. A call of theirs never reaches one.
var unserved = []string{analyzerService, budgetsService, costsService, guardDutyService, identityCenterService, identityStoreService, inspectorService, macieService, securityHubService}

// operations are what is kept, by service and action.
var operations = map[string]func(*request) (any, *proxy.Problem){
	"access-analyzer:CreateAnalyzer":      (*request).createAnalyzer,
	"access-analyzer:GetAnalyzer":         (*request).getAnalyzer,
	"access-analyzer:ListAnalyzers":       (*request).listAnalyzers,
	"access-analyzer:UpdateAnalyzer":      (*request).updateAnalyzer,
	"access-analyzer:DeleteAnalyzer":      (*request).deleteAnalyzer,
	"access-analyzer:ListTagsForResource": listTags((*request).analyzerTags),
	"access-analyzer:TagResource":         tag((*request).analyzerTags),
	"access-analyzer:UntagResource":       untag((*request).analyzerTags),

	"budgets:CreateBudget":                       (*request).createBudget,
	"budgets:UpdateBudget":                       (*request).updateBudget,
	"budgets:DeleteBudget":                       (*request).deleteBudget,
	"budgets:DescribeBudget":                     (*request).describeBudget,
	"budgets:DescribeBudgets":                    (*request).describeBudgets,
	"budgets:CreateNotification":                 (*request).createNotification,
	"budgets:DeleteNotification":                 (*request).deleteNotification,
	"budgets:DescribeNotificationsForBudget":     (*request).notificationsOf,
	"budgets:DescribeSubscribersForNotification": (*request).subscribersOf,
	"budgets:ListTagsForResource":                listResourceTags((*request).budgetTags),
	"budgets:TagResource":                        tagResource((*request).budgetTags),
	"budgets:UntagResource":                      untagResource((*request).budgetTags),

	"ce:CreateAnomalyMonitor":           (*request).createMonitor,
	"ce:GetAnomalyMonitors":             (*request).getMonitors,
	"ce:UpdateAnomalyMonitor":           (*request).updateMonitor,
	"ce:DeleteAnomalyMonitor":           (*request).deleteMonitor,
	"ce:CreateAnomalySubscription":      (*request).createSubscription,
	"ce:GetAnomalySubscriptions":        (*request).getSubscriptions,
	"ce:UpdateAnomalySubscription":      (*request).updateSubscription,
	"ce:DeleteAnomalySubscription":      (*request).deleteSubscription,
	"ce:ListCostAllocationTags":         (*request).listCostTags,
	"ce:UpdateCostAllocationTagsStatus": (*request).updateCostTags,
	"ce:ListTagsForResource":            listResourceTags((*request).costsTags),
	"ce:TagResource":                    tagResource((*request).costsTags),
	"ce:UntagResource":                  untagResource((*request).costsTags),

	"config:PutOrganizationConformancePack":               (*request).putPack,
	"config:DeleteOrganizationConformancePack":            (*request).deletePack,
	"config:DescribeOrganizationConformancePacks":         (*request).describePacks,
	"config:DescribeOrganizationConformancePackStatuses":  (*request).packStatuses,
	"config:GetOrganizationConformancePackDetailedStatus": (*request).packDetails,

	"guardduty:CreateDetector":                    (*request).createDetector,
	"guardduty:GetDetector":                       (*request).getDetector,
	"guardduty:ListDetectors":                     (*request).listDetectors,
	"guardduty:UpdateDetector":                    (*request).updateDetector,
	"guardduty:DeleteDetector":                    (*request).deleteDetector,
	"guardduty:EnableOrganizationAdminAccount":    (*request).enableAdministrator,
	"guardduty:DisableOrganizationAdminAccount":   (*request).disableAdministrator,
	"guardduty:ListOrganizationAdminAccounts":     (*request).listAdministrators,
	"guardduty:DescribeOrganizationConfiguration": (*request).describeGuarded,
	"guardduty:UpdateOrganizationConfiguration":   (*request).updateGuarded,
	"guardduty:ListMembers":                       (*request).listMembers,
	"guardduty:CreatePublishingDestination":       (*request).createDestination,
	"guardduty:ListPublishingDestinations":        (*request).listDestinations,
	"guardduty:DescribePublishingDestination":     (*request).describeDestination,
	"guardduty:UpdatePublishingDestination":       (*request).updateDestination,
	"guardduty:DeletePublishingDestination":       (*request).deleteDestination,
	"guardduty:ListTagsForResource":               listTags((*request).detectorTags),
	"guardduty:TagResource":                       tag((*request).detectorTags),
	"guardduty:UntagResource":                     untag((*request).detectorTags),

	"identitystore:CreateUser":                    createEntry(users),
	"identitystore:DescribeUser":                  describeEntry(users),
	"identitystore:ListUsers":                     listEntries(users),
	"identitystore:GetUserId":                     entryID(users),
	"identitystore:UpdateUser":                    updateEntry(users),
	"identitystore:DeleteUser":                    deleteEntry(users),
	"identitystore:CreateGroup":                   createEntry(groups),
	"identitystore:DescribeGroup":                 describeEntry(groups),
	"identitystore:ListGroups":                    listEntries(groups),
	"identitystore:GetGroupId":                    entryID(groups),
	"identitystore:UpdateGroup":                   updateEntry(groups),
	"identitystore:DeleteGroup":                   deleteEntry(groups),
	"identitystore:CreateGroupMembership":         (*request).createMembership,
	"identitystore:DescribeGroupMembership":       (*request).describeMembership,
	"identitystore:ListGroupMemberships":          (*request).listMemberships,
	"identitystore:ListGroupMembershipsForMember": (*request).listMembershipsOf,
	"identitystore:GetGroupMembershipId":          (*request).membershipID,
	"identitystore:IsMemberInGroups":              (*request).isMember,
	"identitystore:DeleteGroupMembership":         (*request).deleteMembership,

	"inspector2:Enable":                            (*request).enableScans,
	"inspector2:Disable":                           (*request).disableScans,
	"inspector2:BatchGetAccountStatus":             (*request).accountStatuses,
	"inspector2:EnableDelegatedAdminAccount":       (*request).appointInspector,
	"inspector2:DisableDelegatedAdminAccount":      (*request).dismissInspector,
	"inspector2:ListDelegatedAdminAccounts":        (*request).inspectorAdministrators,
	"inspector2:DescribeOrganizationConfiguration": (*request).describeInspector,
	"inspector2:UpdateOrganizationConfiguration":   (*request).configureInspector,
	"inspector2:AssociateMember":                   (*request).associateMember,
	"inspector2:DisassociateMember":                (*request).dissociateMember,
	"inspector2:GetMember":                         (*request).getMember,
	"inspector2:ListMembers":                       (*request).inspectorMembers,

	"macie2:EnableMacie":                          (*request).enableMacie,
	"macie2:GetMacieSession":                      (*request).getMacie,
	"macie2:UpdateMacieSession":                   (*request).updateMacie,
	"macie2:DisableMacie":                         (*request).disableMacie,
	"macie2:EnableOrganizationAdminAccount":       (*request).appointMacie,
	"macie2:DisableOrganizationAdminAccount":      (*request).dismissMacie,
	"macie2:ListOrganizationAdminAccounts":        (*request).macieAdministrators,
	"macie2:DescribeOrganizationConfiguration":    (*request).describeMacie,
	"macie2:UpdateOrganizationConfiguration":      (*request).configureMacie,
	"macie2:CreateMember":                         (*request).createMember,
	"macie2:GetMember":                            (*request).getMacieMember,
	"macie2:ListMembers":                          (*request).listMacieMembers,
	"macie2:DisassociateMember":                   (*request).dissociateMacieMember,
	"macie2:DeleteMember":                         (*request).deleteMacieMember,
	"macie2:PutClassificationExportConfiguration": (*request).putExport,
	"macie2:GetClassificationExportConfiguration": (*request).getExport,

	"securityhub:EnableSecurityHub":                      (*request).enableSecurityHub,
	"securityhub:DescribeHub":                            (*request).describeHub,
	"securityhub:UpdateSecurityHubConfiguration":         (*request).updateSecurityHub,
	"securityhub:DisableSecurityHub":                     (*request).disableSecurityHub,
	"securityhub:GetEnabledStandards":                    (*request).enabledStandards,
	"securityhub:EnableOrganizationAdminAccount":         (*request).appointHub,
	"securityhub:DisableOrganizationAdminAccount":        (*request).dismissHub,
	"securityhub:ListOrganizationAdminAccounts":          (*request).hubAdministrators,
	"securityhub:CreateFindingAggregator":                (*request).createAggregator,
	"securityhub:GetFindingAggregator":                   (*request).getAggregator,
	"securityhub:ListFindingAggregators":                 (*request).listAggregators,
	"securityhub:UpdateFindingAggregator":                (*request).updateAggregator,
	"securityhub:DeleteFindingAggregator":                (*request).deleteAggregator,
	"securityhub:UpdateOrganizationConfiguration":        (*request).configureHubs,
	"securityhub:DescribeOrganizationConfiguration":      (*request).describeHubs,
	"securityhub:CreateConfigurationPolicy":              (*request).createHubPolicy,
	"securityhub:GetConfigurationPolicy":                 (*request).getHubPolicy,
	"securityhub:ListConfigurationPolicies":              (*request).listHubPolicies,
	"securityhub:UpdateConfigurationPolicy":              (*request).updateHubPolicy,
	"securityhub:DeleteConfigurationPolicy":              (*request).deleteHubPolicy,
	"securityhub:StartConfigurationPolicyAssociation":    (*request).associateHub,
	"securityhub:StartConfigurationPolicyDisassociation": (*request).dissociateHub,
	"securityhub:GetConfigurationPolicyAssociation":      (*request).hubAssociation,
	"securityhub:ListConfigurationPolicyAssociations":    (*request).hubAssociations,

	"sso:CreateInstance":   (*request).createInstance,
	"sso:ListInstances":    (*request).listInstances,
	"sso:DescribeInstance": (*request).describeInstance,
	"sso:CreateInstanceAccessControlAttributeConfiguration":     putAttributes(false),
	"sso:UpdateInstanceAccessControlAttributeConfiguration":     putAttributes(true),
	"sso:DescribeInstanceAccessControlAttributeConfiguration":   (*request).describeAttributes,
	"sso:DeleteInstanceAccessControlAttributeConfiguration":     (*request).deleteAttributes,
	"sso:CreatePermissionSet":                                   (*request).createPermissionSet,
	"sso:DescribePermissionSet":                                 (*request).describePermissionSet,
	"sso:ListPermissionSets":                                    (*request).listPermissionSets,
	"sso:UpdatePermissionSet":                                   (*request).updatePermissionSet,
	"sso:DeletePermissionSet":                                   (*request).deletePermissionSet,
	"sso:AttachManagedPolicyToPermissionSet":                    (*request).attachManaged,
	"sso:DetachManagedPolicyFromPermissionSet":                  (*request).detachManaged,
	"sso:ListManagedPoliciesInPermissionSet":                    (*request).listManaged,
	"sso:AttachCustomerManagedPolicyReferenceToPermissionSet":   (*request).attachCustomer,
	"sso:DetachCustomerManagedPolicyReferenceFromPermissionSet": (*request).detachCustomer,
	"sso:ListCustomerManagedPolicyReferencesInPermissionSet":    (*request).listCustomer,
	"sso:PutInlinePolicyToPermissionSet":                        (*request).putInline,
	"sso:GetInlinePolicyForPermissionSet":                       (*request).getInline,
	"sso:DeleteInlinePolicyFromPermissionSet":                   (*request).deleteInline,
	"sso:PutPermissionsBoundaryToPermissionSet":                 (*request).putBoundary,
	"sso:GetPermissionsBoundaryForPermissionSet":                (*request).getBoundary,
	"sso:DeletePermissionsBoundaryFromPermissionSet":            (*request).deleteBoundary,
	"sso:ProvisionPermissionSet":                                (*request).provisionSet,
	"sso:DescribePermissionSetProvisioningStatus":               describeOperation(provisioning, "ProvisionPermissionSetRequestId", "PermissionSetProvisioningStatus"),
	"sso:ListPermissionSetProvisioningStatus":                   listOperations(provisioning, "PermissionSetsProvisioningStatus"),
	"sso:ListPermissionSetsProvisionedToAccount":                (*request).setsInAccount,
	"sso:ListAccountsForProvisionedPermissionSet":               (*request).accountsWithSet,
	"sso:CreateAccountAssignment":                               (*request).createAssignment,
	"sso:DeleteAccountAssignment":                               (*request).deleteAssignment,
	"sso:DescribeAccountAssignmentCreationStatus":               describeOperation(creating, "AccountAssignmentCreationRequestId", "AccountAssignmentCreationStatus"),
	"sso:DescribeAccountAssignmentDeletionStatus":               describeOperation(deleting, "AccountAssignmentDeletionRequestId", "AccountAssignmentDeletionStatus"),
	"sso:ListAccountAssignmentCreationStatus":                   listOperations(creating, "AccountAssignmentsCreationStatus"),
	"sso:ListAccountAssignmentDeletionStatus":                   listOperations(deleting, "AccountAssignmentsDeletionStatus"),
	"sso:ListAccountAssignments":                                (*request).listAssignments,
	"sso:ListAccountAssignmentsForPrincipal":                    (*request).principalAssignments,
	"sso:ListTagsForResource":                                   (*request).listCenterTags,
	"sso:TagResource":                                           (*request).tagCenter,
	"sso:UntagResource":                                         untag((*request).centerTags),
}

// tags returns the tags of the resource that a request names, to be read or written.
type tags func(*request) (map[string]string, *proxy.Problem)

func listTags(of tags) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		found, problem := of(r)
		if problem != nil {
			return nil, problem
		}
		return map[string]any{"tags": found}, nil
	}
}

func tag(of tags) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		found, problem := of(r)
		if problem == nil {
			var in struct{ Tags map[string]string }
			r.read(&in)
			maps.Copy(found, in.Tags)
		}
		return struct{}{}, problem
	}
}

func untag(of tags) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		found, problem := of(r)
		if problem == nil {
			var in struct{ TagKeys []string }
			r.read(&in)
			for _, key := range in.TagKeys {
				delete(found, key)
			}
		}
		return struct{}{}, problem
	}
}

// resourceTag is a tag in the requests and answers of AWS Budgets and Cost Explorer.
type resourceTag struct{ Key, Value string }

func listResourceTags(of tags) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		found, problem := of(r)
		all := []resourceTag{}
		for _, key := range slices.Sorted(maps.Keys(found)) {
			all = append(all, resourceTag{key, found[key]})
		}
		return map[string]any{"ResourceTags": all}, problem
	}
}

func tagResource(of tags) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		found, problem := of(r)
		if problem == nil {
			var in struct{ ResourceTags []resourceTag }
			r.read(&in)
			r.put(found, in.ResourceTags)
		}
		return struct{}{}, problem
	}
}

func untagResource(of tags) func(*request) (any, *proxy.Problem) {
	return func(r *request) (any, *proxy.Problem) {
		found, problem := of(r)
		if problem == nil {
			var in struct{ ResourceTagKeys []string }
			r.read(&in)
			for _, key := range in.ResourceTagKeys {
				delete(found, key)
			}
		}
		return struct{}{}, problem
	}
}

// Kept is the rule that Keep returns, with what only AWS's console does.
type Kept interface {
	proxy.Rule
	// EnableIdentityCenter enables IAM Identity Center for the organization in a region, as the button Enable of the console
	// does. No API of AWS's can do that. The management account then has an instance with an empty identity store, and AWS
	// Organizations trusts the service. An error says that there is no organization with all features, or that the instance
	// is there already: an organization has one, in one region.
	// https://docs.aws.amazon.com/singlesignon/latest/userguide/enable-identity-center.html
	EnableIdentityCenter(ctx context.Context, region string) error
}

// keeper answers in place of the emulator.
type keeper struct {
	w *proxy.World

	mu        sync.Mutex
	analyzers map[place]map[string]*analyzer // by name
	detectors map[place]*detector
	guards    map[string]*guarded // by region

	inspectors map[string]*inspector          // by region
	scans      map[place]map[string]time.Time // of Inspector, by name, each with the time since when it is on

	macies macies
	packs  map[place]map[string]*conformancePack // by name

	subscribed map[place]*hub
	hubs       hubs

	center    *center                       // nil until IAM Identity Center is enabled
	providers map[string]string             // the ARNs of IAM Identity Center's identity providers, by account
	budgets   map[string]map[string]*budget // by account and name
	costs     map[string]*costs             // by account
}

// place is where a resource of a regional service is.
type place struct{ account, region string }

// Keep returns the rule that answers calls of operations that no emulator has. It keeps what is created, and gives it back,
// with the errors that the service's documents have. What is kept here has no other effect, but for the roles that IAM
// Identity Center makes in accounts, which the emulator has. The rule comes after all others, since it takes the emulator's place.
func Keep(w *proxy.World) Kept {
	return &keeper{
		w: w, analyzers: map[place]map[string]*analyzer{}, detectors: map[place]*detector{}, guards: map[string]*guarded{}, subscribed: map[place]*hub{},
		macies: newMacies(), inspectors: map[string]*inspector{}, scans: map[place]map[string]time.Time{}, providers: map[string]string{},
		budgets: map[string]map[string]*budget{}, costs: map[string]*costs{}, packs: map[place]map[string]*conformancePack{},
		hubs: hubs{
			administrators: map[string]*hubAdministrator{}, autoEnable: map[string]bool{}, policies: map[string]*hubPolicy{}, associations: map[string]*hubAssociation{},
		},
	}
}

func (*keeper) Name() string { return "contract only" }

func (k *keeper) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	answer, kept := operations[c.String()]
	if c.Service == "iam" {
		k.settle(c) // The call may be about a role of IAM Identity Center's.
	}
	if !kept && !slices.Contains(unserved, c.Service) {
		return next(c)
	}
	if !kept {
		return k.w.Refuse(c, proxy.Problem{Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "no emulator has " + c.String() + ", and a rehearsal doesn't keep it"})
	}
	members, err := modelOf(c.Service).decode(c, modelOf(c.Service).Operations[c.Action])
	if err != nil {
		return k.w.Refuse(c, proxy.Problem{Status: http.StatusBadRequest, Code: errorsOf(c.Service).unreadable, Message: err.Error()})
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	r := &request{keeper: k, c: c, members: members, place: place{c.Caller.Account, c.Region}}
	r.settleCenter()
	out, problem := answer(r)
	if problem != nil {
		a := k.w.Refuse(c, *problem)
		a.Throttled = problem.Code == "ThrottlingException"
		return a
	}
	a := k.w.Reply(c, listed(out))
	a.Kept = true
	return a
}

// listed has empty lists in an answer in place of lists that are nil, which JSON has as null.
func listed(out any) any {
	members, _ := out.(map[string]any)
	for name, value := range members {
		if v := reflect.ValueOf(value); v.Kind() == reflect.Slice && v.IsNil() {
			members[name] = []any{}
		}
	}
	return out
}

// settle ends those operations of IAM Identity Center whose time has come.
func (k *keeper) settle(c *proxy.Call) {
	k.mu.Lock()
	defer k.mu.Unlock()
	(&request{keeper: k, c: c}).settleCenter()
}

// request is a call of an operation that is kept.
type request struct {
	*keeper
	place
	c       *proxy.Call
	members map[string]any // by the model's names

	// What follows was asked of the emulator already: the organization's active accounts, its tree, and where AWS Config records.
	accounts []organizationAccount
	parents  map[string]string
	records  map[place]bool
}

// read reads the members into a structure. The contract has checked their types.
func (r *request) read(into any) {
	content, _ := json.Marshal(r.members) // It was read from a request.
	_ = json.Unmarshal(content, into)
}

// text returns a member that is a string; empty if there is none.
func (r *request) text(name string) string {
	text, _ := r.members[name].(string)
	return text
}
