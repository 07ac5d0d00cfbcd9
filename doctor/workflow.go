package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/oidc"
)

// workflowChecks returns the checks of a workflow's run, which enters AWS with a token.
func (x *examiner) workflowChecks() []*check {
	return []*check{{topic: inAWS, name: "workflow's token", run: x.workflowToken}}
}

// inWorkflow reports whether this is a workflow's run that gets tokens.
func (x *examiner) inWorkflow() bool {
	return x.org.Access.GitHub.Repository != "" && x.getenv("ACTIONS_ID_TOKEN_REQUEST_URL") != ""
}

// workflowToken compares the subject of the run's token with the subjects that the roles trust.
// https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims
func (x *examiner) workflowToken(ctx context.Context) []Finding {
	token, err := oidc.Token(ctx)
	if err != nil {
		return failure("give the job `permissions: id-token: write`", "%v", err)
	}
	claims, err := oidc.Parse(token)
	if err != nil {
		return failure("look whether GitHub has trouble", "%v", err)
	}
	g := x.org.Access.GitHub
	var roles []string
	if slices.Contains(g.PlanSubjects(), claims.Subject) {
		roles = append(roles, "plan")
	}
	if slices.Contains(g.ApplySubjects(), claims.Subject) {
		roles = append(roles, "apply")
	}
	if len(roles) > 0 {
		return ok("this run is %s, for the roles %s", claims.Subject, strings.Join(roles, " and "))
	}
	remedy := "run it for a pull request, on the branch or in the environment that coldstart:access.github names"
	if repository := repositoryOf(claims.Subject); repository != g.Repository {
		remedy = fmt.Sprintf("if that is your repository, write `repository: %s` under coldstart:access.github, and run `coldstart up` with credentials of your own", repository)
	}
	return failure(remedy, "this run is %s, and the roles trust %s", claims.Subject,
		strings.Join(slices.Compact(append(g.PlanSubjects(), g.ApplySubjects()...)), ", "))
}

// repositoryOf returns <owner>/<name> of a subject, with the ids if the subject has them.
func repositoryOf(subject string) string {
	parts := strings.SplitN(subject, ":", 3)
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}
