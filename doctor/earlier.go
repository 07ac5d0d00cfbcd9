package doctor

import (
	"context"
	"fmt"

	"github.com/coldstart-aws/coldstart/proof"
)

// earlier looks for resources that earlier versions of coldstart created in another way. The
// next run changes them.
func (x *examiner) earlier(ctx context.Context) []Finding {
	if x.organization == nil {
		return ok("nothing was made yet")
	}
	wrong, err := proof.Outdated(ctx, x.org, proof.Options{Env: x.options.Env})
	if err != nil {
		return x.unanswered(err, "give the caller AdministratorAccess", "whether anything isn't as this version makes it isn't known")
	}
	var findings []Finding
	for _, p := range wrong {
		findings = append(findings, Finding{
			Check: fmt.Sprintf("%s of %s", p.Subject, p.Account), Status: Warning,
			Found:  fmt.Sprintf("%s doesn't hold: %s", p.Claim, p.Detail),
			Remedy: p.Remedy,
		})
	}
	if len(findings) > 0 {
		return findings
	}
	return ok("what is there is as this version makes it")
}
