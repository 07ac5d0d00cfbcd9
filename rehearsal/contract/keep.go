package contract

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// unserved are the services that no emulator has. A call of theirs never reaches one.
var unserved = []string{analyzerService, guardDutyService, inspectorService, securityHubService}

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

// keeper answers in place of the emulator.
type keeper struct {
	w *proxy.World

	mu        sync.Mutex
	analyzers map[place]map[string]*analyzer // by name
	detectors map[place]*detector
	guards    map[string]*guarded // by region

	inspectors map[string]*inspector          // by region
	scans      map[place]map[string]time.Time // of Inspector, by name, each with the time since when it is on

	packs map[place]map[string]*conformancePack // by name

	subscribed map[place]*hub
	hubs       hubs
}

// place is where a resource of a regional service is.
type place struct{ account, region string }

// Keep returns the rule that answers calls of operations that no emulator has. It keeps what is created, and gives it back,
// with the errors that the service's documents have. It has no other effect: what is kept here does nothing. The rule comes
// after all others, since it takes the emulator's place.
func Keep(w *proxy.World) proxy.Rule {
	return &keeper{
		w: w, analyzers: map[place]map[string]*analyzer{}, detectors: map[place]*detector{}, guards: map[string]*guarded{}, subscribed: map[place]*hub{},
		inspectors: map[string]*inspector{}, scans: map[place]map[string]time.Time{}, packs: map[place]map[string]*conformancePack{},
		hubs: hubs{
			administrators: map[string]*hubAdministrator{}, autoEnable: map[string]bool{}, policies: map[string]*hubPolicy{}, associations: map[string]*hubAssociation{},
		},
	}
}

func (*keeper) Name() string { return "contract only" }

func (k *keeper) Apply(c *proxy.Call, next proxy.Next) *proxy.Answer {
	answer, kept := operations[c.String()]
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
	out, problem := answer(&request{keeper: k, c: c, members: members, place: place{c.Caller.Account, c.Region}})
	if problem != nil {
		return k.w.Refuse(c, *problem)
	}
	a := k.w.Reply(c, out)
	a.Kept = true
	return a
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
