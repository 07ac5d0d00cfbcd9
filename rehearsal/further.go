package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/coldstart-aws/coldstart/automation"
	"github.com/coldstart-aws/coldstart/internal/oidc"
	"github.com/coldstart-aws/coldstart/internal/wellknown"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/proof"
)

// OperationReport is the result of one of the operations of Options.All.
type OperationReport struct {
	// Name says what was done.
	Name    string             `json:"name"`
	Seconds float64            `json:"seconds"`
	Changes automation.Changes `json:"changes"`
	// Error is why the operation failed; empty if it went well.
	Error string `json:"error,omitempty"`
}

// further are the operations of Options.All on an organization that is up.
type further struct {
	*Options

	org      *organization.Organization
	emulator *Emulator
	report   *Report
	// as are the options of an operator's Automation.
	as automation.Options
}

// run goes through the operations until one fails. Each leaves the organization as it is declared. The error says what kept
// an operation from running.
func (f *further) run(ctx context.Context, image *organization.Organization) error {
	a, err := automation.New(image, f.as)
	if err != nil {
		return err
	}
	master, err := a.Master(ctx)
	if err != nil {
		return err
	}
	url := master.BackendURL + "&s3ForcePathStyle=true&endpoint=" + f.emulator.Endpoint() // An emulator has no host name for each bucket.
	if !f.operation(ctx, "moving the state into the management account's bucket", func(ctx context.Context) (*automation.Result, error) {
		return nil, a.MoveState(ctx, automation.Destination{Backend: url, SecretsProvider: master.SecretsProvider})
	}) {
		return nil
	}
	f.as.Env["PULUMI_BACKEND_URL"], f.as.SecretsProvider = url, master.SecretsProvider
	if a, err = automation.New(image, f.as); err != nil {
		return err
	}
	if well, err := f.workflows(ctx, image, master.PlanRoleARN, master.ApplyRoleARN); err != nil || !well {
		return err
	}
	return f.destruction(ctx, a)
}

// workflows does what the workflows of docs/github.md do: a preview and a search for drift by the plan roles, and an update
// of a member by the apply role. Nothing may change. It reports whether all went well.
func (f *further) workflows(ctx context.Context, image *organization.Organization, planRole, applyRole string) (well bool, err error) {
	github := f.org.Access.GitHub
	if github.Repository == "" {
		f.report.Omitted = append(f.report.Omitted, "whether workflows can preview and deploy: access.github isn't declared")
		return true, nil
	}
	planned, err := f.workflow(ctx, image, planRole, github.PlanSubjects()[0])
	if err != nil {
		return false, err
	}
	deployed, err := f.workflow(ctx, image, applyRole, github.ApplySubjects()[0])
	if err != nil {
		return false, err
	}
	stack := f.org.Stacks()[len(f.org.Stacks())-1].Name
	return f.unchanged(ctx, "previewing as a pull request does, by the plan roles", planned.Preview) &&
		f.unchanged(ctx, "looking for drift, by the plan roles", planned.Drift) &&
		f.unchanged(ctx, "bringing "+stack+" up as a deployment does, by the apply role", func(ctx context.Context, _ ...string) (*automation.Result, error) {
			return deployed.Up(ctx, stack)
		}), nil
}

// workflow returns an Automation that has nothing but a workflow's token: a session of one of the management account's roles
// for the backend, and the token for the plan roles of members.
func (f *further) workflow(ctx context.Context, image *organization.Organization, role, subject string) (*automation.Automation, error) {
	token := func(context.Context) (string, error) {
		return oidc.Unsigned(organization.GitHubIssuer, wellknown.Audience, subject, tokenLasts), nil
	}
	first, _ := token(ctx)
	out, err := sts.NewFromConfig(f.emulator.Config(f.org.Region)).AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("workflow"), WebIdentityToken: &first,
	})
	if err != nil {
		return nil, fmt.Errorf("a workflow doesn't get into %s: %w", role, err)
	}
	options := f.as
	options.PlanToken, options.Env = token, maps.Clone(f.as.Env)
	options.Env["AWS_ACCESS_KEY_ID"] = aws.ToString(out.Credentials.AccessKeyId)
	options.Env["AWS_SECRET_ACCESS_KEY"] = aws.ToString(out.Credentials.SecretAccessKey)
	options.Env["AWS_SESSION_TOKEN"] = aws.ToString(out.Credentials.SessionToken)
	return automation.New(image, options)
}

// tokenLasts is how long a token of GitHub's is valid.
const tokenLasts = 5 * time.Minute

// destruction destroys the stack of a member, and brings the member up again. Then every proof has to hold.
func (f *further) destruction(ctx context.Context, a *automation.Automation) error {
	stack, err := f.disposable(ctx, a)
	if err != nil {
		return err
	}
	if stack == "" {
		f.report.Omitted = append(f.report.Omitted, "a destroy of a member: there is none whose stack no other stack needs")
		return nil
	}
	well := f.operation(ctx, "destroying what "+stack+" has", func(ctx context.Context) (*automation.Result, error) {
		return a.Destroy(ctx, automation.DestroyOptions{Unprotect: true}, stack)
	}) && f.operation(ctx, "bringing "+stack+" up again, with the same account", func(ctx context.Context) (*automation.Result, error) {
		return a.Up(ctx, stack)
	})
	if !well {
		return nil
	}
	proofs, err := proof.Prove(ctx, f.org, proof.Options{Env: f.emulator.Env()})
	if err != nil {
		return fmt.Errorf("reading AWS back: %w", err)
	}
	for _, p := range proofs.Proofs {
		if !p.Holds {
			f.report.Problems = append(f.report.Problems, "after "+stack+" was destroyed and brought up again: "+p.Problem())
		}
	}
	return nil
}

// disposable returns the last member whose stack no other stack needs; empty if there is none.
func (f *further) disposable(ctx context.Context, a *automation.Automation) (string, error) {
	for _, s := range slices.Backward(f.org.Stacks()) {
		if s.Name == organization.Master {
			continue
		}
		_, err := a.PlanDestroy(ctx, s.Name)
		if needed := (*automation.NeededError)(nil); errors.As(err, &needed) {
			continue
		}
		return s.Name, err
	}
	return "", nil
}

// unchanged runs an operation on all stacks that may change nothing, and reports whether it went well.
func (f *further) unchanged(ctx context.Context, name string, run func(context.Context, ...string) (*automation.Result, error)) bool {
	return f.operation(ctx, name, func(ctx context.Context) (*automation.Result, error) {
		result, err := run(ctx)
		if err == nil && result.Err() == nil && result.Changes().Changed() > 0 {
			err = fmt.Errorf("it found changes, and there is nothing to change: %s", result.Changes())
		}
		return result, err
	})
}

// operation runs one operation, adds its result to the report, and reports whether it went well.
func (f *further) operation(ctx context.Context, name string, run func(context.Context) (*automation.Result, error)) bool {
	f.phase(name)
	begin := time.Now()
	result, err := run(ctx)
	o := OperationReport{Name: name, Seconds: round(time.Since(begin))}
	if result != nil {
		o.Changes = result.Changes()
		err = errors.Join(err, result.Err())
	}
	if err != nil {
		o.Error = err.Error()
		f.report.Problems = append(f.report.Problems, name+": "+o.Error)
	}
	f.report.Operations = append(f.report.Operations, o)
	return err == nil
}
