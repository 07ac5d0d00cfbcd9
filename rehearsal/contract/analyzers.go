package contract

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/coldstart-aws/coldstart/internal/awslimits"
	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// analyzerService is how IAM Access Analyzer's requests are signed, and analyzerPrincipal is its service principal.
const (
	analyzerService   = "access-analyzer"
	analyzerPrincipal = analyzerService + ".amazonaws.com"
)

// analyzer is an analyzer of IAM Access Analyzer, as AnalyzerSummary has it.
// https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_AnalyzerSummary.html
type analyzer struct {
	ARN           string            `json:"arn"`
	Name          string            `json:"name"`
	Type          string            `json:"type"`
	CreatedAt     string            `json:"createdAt"`
	Status        string            `json:"status"`
	Tags          map[string]string `json:"tags"`
	Configuration any               `json:"configuration,omitempty"`
}

// organizational reports whether the analyzer's zone of trust is the organization.
func (a *analyzer) organizational() bool { return strings.HasPrefix(a.Type, "ORGANIZATION") }

// createAnalyzer creates an analyzer. One of the organization takes trusted access, and the management account or the delegated
// administrator.
// https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CreateAnalyzer.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-create-external.html
// https://github.com/nozaq/terraform-aws-secure-baseline/issues/184
// https://github.com/awslabs/landing-zone-accelerator-on-aws/issues/922
func (r *request) createAnalyzer() (any, *proxy.Problem) {
	var in struct {
		AnalyzerName  string
		Type          string
		Tags          map[string]string
		Configuration any
	}
	r.read(&in)
	created := &analyzer{
		ARN:  fmt.Sprintf("arn:aws:access-analyzer:%s:%s:analyzer/%s", r.region, r.account, in.AnalyzerName),
		Name: in.AnalyzerName, Type: in.Type, Tags: in.Tags, Configuration: in.Configuration,
		CreatedAt: r.w.Now().UTC().Format(time.RFC3339),
	}
	if created.Tags == nil {
		created.Tags = map[string]string{}
	}
	there := r.analyzers[r.place]
	alike := 0
	for _, a := range there {
		if a.Type == created.Type {
			alike++
		}
	}
	most, limited := awslimits.Published().Analyzers[zone(created)]
	switch {
	case there[created.Name] != nil:
		return nil, analyzerProblem(http.StatusConflict, "ConflictException", created.Name, "Analyzer "+created.Name+" already exists")
	case created.organizational() && !r.w.Trusts(r.c.Context(), analyzerPrincipal):
		return nil, &proxy.Problem{
			Status: http.StatusBadRequest, Code: "ValidationException", Message: "Service not enabled for AWS Organizations",
			Fields: map[string]string{"reason": "fieldValidationFailed"},
		}
	case created.organizational() && !r.w.Administers(r.c.Context(), r.account, analyzerPrincipal):
		return nil, &proxy.Problem{Status: http.StatusForbidden, Code: "AccessDeniedException", Message: "Account " + r.account + " is not a delegated administrator"}
	case limited && alike >= most.Most:
		return nil, analyzerProblem(http.StatusPaymentRequired, "ServiceQuotaExceededException", created.Name, "The maximum number of analyzers of type "+created.Type+" has been reached")
	}
	if there == nil {
		r.analyzers[r.place] = map[string]*analyzer{}
	}
	r.analyzers[r.place][created.Name] = created
	return map[string]any{"arn": created.ARN}, nil
}

// zone returns the zone of trust of an analyzer, by which AWS counts.
func zone(a *analyzer) string {
	zone, _, _ := strings.Cut(a.Type, "_")
	return zone
}

func (r *request) getAnalyzer() (any, *proxy.Problem) {
	found, problem := r.analyzer()
	if problem != nil {
		return nil, problem
	}
	return map[string]any{"analyzer": r.now(found)}, nil
}

func (r *request) listAnalyzers() (any, *proxy.Problem) {
	all := []analyzer{}
	for _, name := range slices.Sorted(maps.Keys(r.analyzers[r.place])) {
		if a := r.analyzers[r.place][name]; r.text("type") == "" || r.text("type") == a.Type {
			all = append(all, r.now(a))
		}
	}
	return map[string]any{"analyzers": all}, nil
}

// now returns an analyzer as it is now. One of the organization is disabled while its account isn't the administrator.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-settings.html
func (r *request) now(a *analyzer) analyzer {
	shown := *a
	shown.Status = "ACTIVE"
	if a.organizational() && (!r.w.Trusts(r.c.Context(), analyzerPrincipal) || !r.w.Administers(r.c.Context(), r.account, analyzerPrincipal)) {
		shown.Status = "DISABLED"
	}
	return shown
}

func (r *request) updateAnalyzer() (any, *proxy.Problem) {
	found, problem := r.analyzer()
	if problem != nil {
		return nil, problem
	}
	found.Configuration = r.members["configuration"]
	return map[string]any{"configuration": found.Configuration}, nil
}

func (r *request) deleteAnalyzer() (any, *proxy.Problem) {
	found, problem := r.analyzer()
	if problem == nil {
		delete(r.analyzers[r.place], found.Name)
	}
	return struct{}{}, problem
}

// analyzer returns the analyzer that the request names.
func (r *request) analyzer() (*analyzer, *proxy.Problem) {
	name := r.text("analyzerName")
	if found := r.analyzers[r.place][name]; found != nil {
		return found, nil
	}
	return nil, analyzerProblem(http.StatusNotFound, "ResourceNotFoundException", name, "Analyzer "+name+" not found")
}

func (r *request) analyzerTags() (map[string]string, *proxy.Problem) {
	arn := r.text("resourceArn")
	for _, a := range r.analyzers[r.place] {
		if a.ARN == arn {
			return a.Tags, nil
		}
	}
	return nil, analyzerProblem(http.StatusNotFound, "ResourceNotFoundException", arn, "Resource "+arn+" not found")
}

func analyzerProblem(status int, code, id, message string) *proxy.Problem {
	return &proxy.Problem{Status: status, Code: code, Message: message, Fields: map[string]string{"resourceId": id, "resourceType": "analyzer"}}
}
