package doctor

import (
	"context"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/coldstart-aws/coldstart/internal/project"
	"github.com/coldstart-aws/coldstart/internal/taken"
	"github.com/coldstart-aws/coldstart/organization"
)

// names finds names and settings of accounts that conflict with the next run: AWS refuses to create
// a resource of a taken name, and overwrites settings. A run makes the same check.
func (x *examiner) names(ctx context.Context) []Finding {
	q := taken.Query{Organization: x.org, Config: x.cfg, Roles: map[string]string{}}
	if x.store != nil {
		q.State = x.stateOf
	}
	for _, name := range append([]string{organization.Master}, x.org.AccountNames()...) {
		a := taken.Account{Name: name, ID: x.accountID, First: !x.ended(ctx, name)}
		if name != organization.Master {
			if a.ID = x.accountOf(name).ID; a.ID == "" || !x.accountOf(name).State.Active() {
				q.Delegates = append(q.Delegates, name)
				continue
			}
			a.Role = organization.RoleARN(a.ID, x.org.AccessRoleOf(name))
			q.Roles[name] = a.Role
		}
		if a.First {
			q.Delegates = append(q.Delegates, name)
		}
		q.Accounts = append(q.Accounts, a)
	}
	if len(x.zones) == 1 && !x.zones[0].ours {
		q.ApexZoneID = x.zones[0].id
	}
	things, err := taken.Find(ctx, q)
	var findings []Finding
	if err != nil {
		findings = warning(orAgain(err, "give the caller AdministratorAccess"), "not all that is in the way is known: %v", err)
	}
	numbers := map[string]int{}
	for _, t := range things {
		f := Finding{Check: "names in " + t.Account, Status: Warning, Found: t.Text, Remedy: t.Remedy}
		if t.Refused {
			f.Status = Failure
		}
		if numbers[t.Account]++; numbers[t.Account] > 1 {
			f.Check += fmt.Sprintf(" (%d)", numbers[t.Account])
		}
		findings = append(findings, f)
	}
	if len(findings) > 0 {
		return findings
	}
	return ok("nothing that is declared is in the way in %s", count(len(q.Accounts), "account"))
}

// ended reports whether a run of a stack has completed. Pulumi writes a stack's outputs at the end
// of a run.
func (x *examiner) ended(ctx context.Context, stack string) bool {
	if x.store == nil {
		return slices.Contains(x.stacks, stack)
	}
	d, err := x.stateOf(ctx, stack)
	return err != nil || d != nil && slices.ContainsFunc(d.Resources, func(r apitype.ResourceV3) bool {
		return r.Type == "pulumi:pulumi:Stack" && len(r.Outputs) > 0
	})
}

// stateOf returns a stack's state; nil if the backend has none.
func (x *examiner) stateOf(ctx context.Context, stack string) (*apitype.DeploymentV3, error) {
	if !slices.Contains(x.stacks, stack) {
		return nil, nil
	}
	return x.store.Deployment(ctx, project.Name, stack)
}
