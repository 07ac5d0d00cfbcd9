package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/defaultvpcs"
	"github.com/coldstart-aws/coldstart/organization"
)

// entrance is how a program comes into its stack's own account.
type entrance struct {
	// account is the account's name.
	account string
	// id is the account's id; empty in a preview before there is an account.
	id string
	// role is the ARN of the account's access role; empty for the management account.
	role string
}

// regionsPatience is how long an update waits for regions that don't serve a new account yet.
const regionsPatience = 2 * time.Minute

// defaultVPCs has an update remove the default VPCs of the stack's account that hold nothing, if the declaration says so. A preview
// says which, and removes none. What isn't removed is a warning, so that one VPC that is in use doesn't keep an account from being
// brought up; package proof finds it again.
// docs/adr/0054-default-vpcs.md
func (org *declaration) defaultVPCs(ctx *pulumi.Context) error {
	asked := org.settings.AWS
	if org.Baseline.DefaultVPCs != organization.RemoveDefaultVPCs || asked == nil || org.adopting {
		return nil
	}
	account := "account " + ctx.Stack()
	if org.own.id == "" {
		return ctx.Log.Info(account+": its default VPCs are removed in every region, as soon as the account is there", nil)
	}
	account += " (" + org.own.id + ")"
	patience := regionsPatience
	if ctx.DryRun() {
		patience = 0
	}
	found, remove, err := asked.defaultVPCs(ctx.Context(), org, patience)
	if err != nil {
		return ctx.Log.Warn(fmt.Sprintf("%s: which default VPCs it has isn't known, and none is removed: %v; the next update looks again", account, err), nil)
	}
	if org.settings.Plan != nil {
		// The guardrail with the allowed regions doesn't let plan roles into others. Updates come in by another role.
		found.Unread = slices.DeleteFunc(found.Unread, func(u defaultvpcs.Unread) bool { return awserror.Unauthorized(u.Err) })
	}
	var empty, held []defaultvpcs.VPC
	for _, v := range found.VPCs {
		if len(v.Holds) > 0 {
			held = append(held, v)
		} else {
			empty = append(empty, v)
		}
	}
	errs := []error{sayLeft(ctx, account, held, found.Unread)}
	if len(empty) == 0 {
		return errors.Join(errs...)
	}
	if ctx.DryRun() {
		return errors.Join(append(errs, ctx.Log.Info(account+": an update removes its default VPCs that hold nothing: "+defaultvpcs.Told(empty), nil))...)
	}
	removed, err := remove(ctx.Context(), empty)
	if len(removed) > 0 {
		errs = append(errs, ctx.Log.Info(account+": removed its default VPCs that held nothing: "+defaultvpcs.Told(removed), nil))
	}
	if err != nil {
		errs = append(errs, fmt.Errorf("%s: %w", account, err))
	}
	return errors.Join(errs...)
}

// sayLeft says which default VPCs stay, and why.
func sayLeft(ctx *pulumi.Context, account string, held []defaultvpcs.VPC, unread []defaultvpcs.Unread) error {
	var errs []error
	for _, v := range held {
		errs = append(errs, ctx.Log.Warn(fmt.Sprintf("%s: default VPC %s stays, since it holds %s: move that to another VPC, and run an update; "+
			"or write `keep` in coldstart:baseline.defaultVpcs", account, v, strings.Join(v.Holds, ", ")), nil))
	}
	for _, u := range unread {
		if defaultvpcs.NotYet(u.Err) {
			errs = append(errs, ctx.Log.Warn(fmt.Sprintf("%s: %s doesn't serve the account yet, and its default VPC stays: the next update removes it", account, u.Region), nil))
			continue
		}
		errs = append(errs, ctx.Log.Warn(fmt.Sprintf("%s: the default VPC in %s stays, since it can't be read: %v; the next update looks again", account, u.Region, u.Err), nil))
	}
	return errors.Join(errs...)
}

// clearing removes default VPCs that hold nothing, and returns those that it has removed.
type clearing func(context.Context, []defaultvpcs.VPC) ([]defaultvpcs.VPC, error)

// defaultVPCs finds the default VPCs of a stack's own account, which it enters as the account's provider does. What it returns besides
// removes them.
func (a *AWS) defaultVPCs(ctx context.Context, org *declaration, patience time.Duration) (defaultvpcs.Found, clearing, error) {
	if a.findDefaultVPCs != nil {
		found, err := a.findDefaultVPCs(org.own.id, org.own.role)
		return found, a.clearDefaultVPCs, err
	}
	cfg, err := awsconfig.Load(ctx, a.Env, org.Region)
	if err != nil {
		return defaultvpcs.Found{}, nil, err
	}
	cfg = awsconfig.Patient(cfg)
	switch plan := org.settings.Plan; {
	case org.own.role == "": // These are the management account's credentials.
	case plan == nil:
		cfg = awsconfig.Assume(cfg, org.own.role, sessionName)
	default:
		role := organization.RoleARN(org.own.id, org.Name(org.own.account, organization.RolePlan))
		cfg = awsconfig.AssumeByToken(cfg, role, sessionName, func() (string, error) {
			token, err := os.ReadFile(plan.TokenFile)
			return string(token), err
		})
	}
	found, err := defaultvpcs.Find(ctx, cfg, patience)
	remove := func(ctx context.Context, vpcs []defaultvpcs.VPC) ([]defaultvpcs.VPC, error) {
		return defaultvpcs.Clear(ctx, cfg, vpcs)
	}
	return found, remove, err
}
