package contract

import (
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// configSetupPrincipal is the service principal of what deploys conformance packs of AWS Config to the organization's accounts.
const configSetupPrincipal = "config-multiaccountsetup.amazonaws.com"

// conformancePack is a conformance pack of the organization. AWS shows it to the account that has deployed it, and to no other.
// https://docs.aws.amazon.com/config/latest/APIReference/API_OrganizationConformancePack.html
type conformancePack struct {
	name, unique, arn string
	rules             int
	request           map[string]any
	put               time.Time // last
	again             bool      // It was put more than once.
	// accounts are those that AWS has tried to deploy it to.
	accounts map[string]deployment
}

// deployment is an attempt to deploy a pack to an account: CREATE or UPDATE, and whether AWS Config recorded there.
type deployment struct {
	operation string
	recorded  bool
}

// configProblem is an error of AWS Config's.
func configProblem(code, message string, args ...any) *proxy.Problem {
	return &proxy.Problem{Status: http.StatusBadRequest, Code: code, Message: fmt.Sprintf(message, args...)}
}

// conforms returns the caller's packs in the region, by name. Only the management account and delegated administrators may ask.
// https://docs.aws.amazon.com/config/latest/APIReference/API_PutOrganizationConformancePack.html
func (r *request) conforms() (map[string]*conformancePack, *proxy.Problem) {
	switch {
	case !r.activeAccount(r.account):
		return nil, configProblem("OrganizationAccessDeniedException", "This action can only be made by accounts in an AWS Organization.")
	case !r.w.Administers(r.c.Context(), r.account, configSetupPrincipal):
		return nil, configProblem("OrganizationAccessDeniedException",
			"This action can only be performed by the organization's management account or a registered delegated administrator for %s.", configSetupPrincipal)
	case r.account != r.w.Management && !r.w.Trusts(r.c.Context(), configSetupPrincipal): // The management account's call enables it.
		return nil, configProblem("OrganizationAccessDeniedException", "AWS Organizations has no trusted access for %s.", configSetupPrincipal)
	}
	if r.packs[r.place] == nil {
		r.packs[r.place] = map[string]*conformancePack{}
	}
	return r.packs[r.place], nil
}

// pack returns the pack that a request names.
func (r *request) pack() (*conformancePack, *proxy.Problem) {
	packs, problem := r.conforms()
	if problem != nil {
		return nil, problem
	}
	name := r.text("OrganizationConformancePackName")
	if packs[name] == nil {
		return nil, noSuchPack(name)
	}
	return packs[name], nil
}

func noSuchPack(name string) *proxy.Problem {
	return configProblem("NoSuchOrganizationConformancePackException", "One or more organization conformance packs with specified names are not present: %s.", name)
}

// putPack deploys a pack, or deploys it anew.
// https://docs.aws.amazon.com/config/latest/APIReference/API_PutOrganizationConformancePack.html
func (r *request) putPack() (any, *proxy.Problem) {
	packs, problem := r.conforms()
	if problem != nil {
		return nil, problem
	}
	var in struct {
		OrganizationConformancePackName, TemplateBody, TemplateS3URI, DeliveryS3Bucket string
		ConformancePackInputParameters                                                 []struct{ ParameterName string }
	}
	r.read(&in)
	pack, existing := packs[in.OrganizationConformancePackName]
	switch {
	case in.TemplateS3URI != "":
		return nil, &proxy.Problem{Status: http.StatusNotImplemented, Code: "NotImplemented", Message: "a rehearsal reads no templates from S3"}
	case in.TemplateBody == "":
		return nil, configProblem("ValidationException", "Template body is invalid")
	case in.DeliveryS3Bucket != "" && !strings.HasPrefix(in.DeliveryS3Bucket, "awsconfigconforms"):
		return nil, configProblem("ValidationException", "The delivery bucket's name has to begin with awsconfigconforms.")
	case existing && r.deploying(pack):
		return nil, configProblem("ResourceInUseException", "Organization conformance pack %s is being deployed. Try again later.", pack.name)
	case !existing && len(packs) >= awslimits.Published().ConformancePacks.Most:
		return nil, configProblem("MaxNumberOfOrganizationConformancePacksExceededException", "The organization has the most conformance packs that it can have.")
	}
	var given []string
	for _, p := range in.ConformancePackInputParameters {
		given = append(given, p.ParameterName)
	}
	rules, wrong := rulesOf(in.TemplateBody, given)
	for name, p := range packs {
		if name != in.OrganizationConformancePackName {
			rules += p.rules
		}
	}
	if most := awslimits.Published().RulesOfPacks.Most; wrong == "" && rules > most {
		wrong = fmt.Sprintf("Accounts would get %d rules by organization conformance packs, and %d are the most", rules, most)
	}
	if wrong != "" {
		return nil, configProblem("OrganizationConformancePackTemplateValidationException", "%s.", wrong)
	}
	if !existing {
		unique := in.OrganizationConformancePackName + "-" + strings.ToLower(rand.Text()[:8])
		pack = &conformancePack{
			name: in.OrganizationConformancePackName, unique: unique,
			arn: "arn:aws:config:" + r.region + ":" + r.account + ":organization-conformance-pack/" + unique,
		}
		packs[pack.name] = pack
	}
	pack.rules, _ = rulesOf(in.TemplateBody, given)
	had := pack.accounts
	pack.request, pack.put, pack.again, pack.accounts = r.members, r.w.Now(), existing, map[string]deployment{}
	for _, id := range r.reached(pack) {
		pack.accounts[id] = deployment{"CREATE", r.recording(place{id, r.region})}
		if _, updated := had[id]; updated {
			pack.accounts[id] = deployment{"UPDATE", pack.accounts[id].recorded}
		}
	}
	return map[string]any{"OrganizationConformancePackArn": pack.arn}, nil
}

// rulesOf returns the number of rules in a template, and what is wrong with it; empty for nothing.
// https://docs.aws.amazon.com/config/latest/developerguide/custom-conformance-pack.html
func rulesOf(template string, given []string) (rules int, wrong string) {
	var read struct {
		Parameters map[string]map[string]any `yaml:"Parameters"`
		Resources  map[string]struct {
			Type string `yaml:"Type"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal([]byte(template), &read); err != nil {
		return 0, "The template can't be read: " + err.Error()
	}
	for _, name := range slices.Sorted(maps.Keys(read.Resources)) {
		switch typ := read.Resources[name].Type; typ {
		case "AWS::Config::ConfigRule":
			rules++
		case "AWS::Config::RemediationConfiguration":
		default:
			return 0, fmt.Sprintf("The resource %s has the type %q, which conformance packs don't support", name, typ)
		}
	}
	for _, name := range given {
		if read.Parameters[name] == nil {
			return 0, "Parameters: [" + name + "] do not exist in the template"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(read.Parameters)) {
		if _, optional := read.Parameters[name]["Default"]; !optional && !slices.Contains(given, name) {
			return 0, "Parameters: [" + name + "] must have values"
		}
	}
	switch most := awslimits.Published().RulesPerPack.Most; {
	case rules == 0:
		return 0, "The template has no rule"
	case rules > most:
		return 0, fmt.Sprintf("The template has %d rules, and %d are the most", rules, most)
	}
	return rules, ""
}

// reached are the accounts that get a pack: all active ones but those that are excluded. The management account is one of them.
func (r *request) reached(p *conformancePack) (ids []string) {
	excluded, _ := p.request["ExcludedAccounts"].([]any)
	for _, a := range r.active() {
		if !slices.Contains(excluded, any(a.ID)) {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// deploying reports whether AWS deploys a pack at the moment.
func (r *request) deploying(p *conformancePack) bool {
	return r.w.Now().Sub(p.put) < awslimits.Published().Spreading.Takes
}

// noRecorder is why AWS can't deploy a pack to an account.
// https://docs.aws.amazon.com/config/latest/APIReference/API_PutConformancePack.html#API_PutConformancePack_Errors
const noRecorder = "NoAvailableConfigurationRecorder"

// statusIn returns the status of a pack in an account. For an account that has joined since, AWS waits for its recorder for seven hours.
// https://docs.aws.amazon.com/config/latest/developerguide/conformance-pack-organization-apis.html
func (r *request) statusIn(p *conformancePack, id string) string {
	d, tried := p.accounts[id]
	if !tried && r.recording(place{id, r.region}) {
		d, tried = deployment{"CREATE", true}, true
		p.accounts[id] = d
	}
	switch {
	case !tried:
		return "CREATE_IN_PROGRESS"
	case r.deploying(p):
		return d.operation + "_IN_PROGRESS"
	case !d.recorded:
		return d.operation + "_FAILED"
	}
	return d.operation + "_SUCCESSFUL"
}

// status returns the status of a pack in all accounts together.
// https://docs.aws.amazon.com/config/latest/APIReference/API_OrganizationConformancePackStatus.html
func (r *request) packStatus(p *conformancePack) map[string]any {
	operation, ends := "CREATE", map[string]bool{}
	if p.again {
		operation = "UPDATE"
	}
	for _, id := range r.reached(p) {
		_, end, _ := strings.Cut(r.statusIn(p, id), "_")
		ends[end] = true
	}
	out := map[string]any{"OrganizationConformancePackName": p.name, "LastUpdateTime": p.put.Unix()}
	switch {
	case ends["IN_PROGRESS"]:
		out["Status"] = operation + "_IN_PROGRESS"
	case ends["FAILED"]:
		out["Status"], out["ErrorCode"] = operation+"_FAILED", noRecorder
		out["ErrorMessage"] = "The conformance pack couldn't be deployed to all accounts."
	default:
		out["Status"] = operation + "_SUCCESSFUL"
	}
	return out
}

// listed returns the packs that a request names; all of the caller's if it names none.
func (r *request) listedPacks() ([]*conformancePack, *proxy.Problem) {
	packs, problem := r.conforms()
	if problem != nil {
		return nil, problem
	}
	var in struct{ OrganizationConformancePackNames []string }
	r.read(&in)
	names := in.OrganizationConformancePackNames
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(packs))
	}
	var all []*conformancePack
	for _, name := range names {
		if packs[name] == nil {
			return nil, noSuchPack(name)
		}
		all = append(all, packs[name])
	}
	return all, nil
}

// https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeOrganizationConformancePacks.html
func (r *request) describePacks() (any, *proxy.Problem) {
	packs, problem := r.listedPacks()
	if problem != nil {
		return nil, problem
	}
	out := []map[string]any{}
	for _, p := range packs {
		described := map[string]any{"OrganizationConformancePackName": p.name, "OrganizationConformancePackArn": p.arn, "LastUpdateTime": p.put.Unix()}
		for _, key := range []string{"DeliveryS3Bucket", "DeliveryS3KeyPrefix", "ConformancePackInputParameters", "ExcludedAccounts"} {
			if value, ok := p.request[key]; ok {
				described[key] = value
			}
		}
		out = append(out, described)
	}
	return map[string]any{"OrganizationConformancePacks": out}, nil
}

// https://docs.aws.amazon.com/config/latest/APIReference/API_DescribeOrganizationConformancePackStatuses.html
func (r *request) packStatuses() (any, *proxy.Problem) {
	packs, problem := r.listedPacks()
	if problem != nil {
		return nil, problem
	}
	out := []map[string]any{}
	for _, p := range packs {
		out = append(out, r.packStatus(p))
	}
	return map[string]any{"OrganizationConformancePackStatuses": out}, nil
}

// https://docs.aws.amazon.com/config/latest/APIReference/API_GetOrganizationConformancePackDetailedStatus.html
func (r *request) packDetails() (any, *proxy.Problem) {
	p, problem := r.pack()
	if problem != nil {
		return nil, problem
	}
	var in struct {
		Filters struct{ AccountID, Status string }
	}
	r.read(&in)
	out := []map[string]any{}
	for _, id := range r.reached(p) {
		status := r.statusIn(p, id)
		if in.Filters.AccountID != "" && in.Filters.AccountID != id || in.Filters.Status != "" && in.Filters.Status != status {
			continue
		}
		detail := map[string]any{"AccountId": id, "ConformancePackName": "OrgConformsPack-" + p.unique, "Status": status, "LastUpdateTime": p.put.Unix()}
		if strings.HasSuffix(status, "_FAILED") {
			detail["ErrorCode"], detail["ErrorMessage"] = noRecorder, "There are no configuration recorders available to provide the role needed to describe your resources."
		}
		out = append(out, detail)
	}
	return map[string]any{"OrganizationConformancePackDetailedStatuses": out}, nil
}

// deletePack takes a pack from all accounts.
// https://docs.aws.amazon.com/config/latest/APIReference/API_DeleteOrganizationConformancePack.html
func (r *request) deletePack() (any, *proxy.Problem) {
	p, problem := r.pack()
	switch {
	case problem != nil:
		return nil, problem
	case r.deploying(p):
		return nil, configProblem("ResourceInUseException", "Organization conformance pack %s is being deployed. Try again later.", p.name)
	}
	delete(r.packs[r.place], p.name)
	return struct{}{}, nil
}
