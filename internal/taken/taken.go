// Package taken finds resources that accounts have already and that conflict with what coldstart is
// about to create. AWS refuses a second role of the same name, but only after coldstart has created
// everything before that role. And AWS overwrites an account's settings without a warning. So Find
// looks for both before a run:
//
//	things, err := taken.Find(ctx, taken.Query{Organization: org, Config: cfg, State: state, Accounts: accounts})
//
// Find doesn't look for what a stack's state has, so it makes no call for a stack that has all that
// it declares. It only reads, and makes its calls concurrently.
// docs/adr/0032-names-that-are-taken.md
package taken

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"golang.org/x/sync/errgroup"

	"github.com/coldstart-aws/coldstart/internal/awsconfig"
	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/organization"
)

// Thing is something in AWS that stops a run, or that a run would change.
type Thing struct {
	// Account is the account that has the thing.
	Account string
	// Text says what the account has, and what happens to it.
	Text string
	// Remedy says what to do before the run; empty if nothing needs to be done.
	Remedy string
	// Refused says that AWS refuses to create the resource a second time, or that something would
	// be lost. Otherwise the run changes what exists.
	Refused bool
}

// String returns the text and the remedy on one line.
func (t Thing) String() string {
	if t.Remedy == "" {
		return t.Text
	}
	return t.Text + ": " + t.Remedy
}

// Query says what to look for, and where.
type Query struct {
	Organization *organization.Organization
	// Config has the management account's credentials.
	Config aws.Config
	// State returns a stack's state; nil if the backend has none. State itself is nil if the states
	// can't be read. In that case a group, which has no tags, may be coldstart's own.
	State func(ctx context.Context, stack string) (*apitype.DeploymentV3, error)
	// Accounts are the accounts to look in.
	Accounts []Account
	// ApexZoneID is the id of an apex zone that somebody else has created. Find looks there for
	// record sets that conflict with the zones of Delegates, which are names of accounts.
	ApexZoneID string
	Delegates  []string
	// Roles are the ARNs of the access roles in those Delegates that exist.
	Roles map[string]string
}

// Account is an account to look in.
type Account struct {
	// Name is the account's name in the declaration, and ID its id in AWS.
	Name, ID string
	// Role is the ARN of the account's access role; empty for the management account.
	Role string
	// First says that no run of the account's stack has completed yet.
	First bool
}

// atOnce is how many accounts, and how many kinds in each account, Find asks for at the same time.
const atOnce = 8

// sessionName is the session name that CloudTrail records.
const sessionName = "coldstart"

// Find returns what it finds, in the order of q.Accounts. If something can't be read, the error
// names the account, and Find still returns the rest.
func Find(ctx context.Context, q Query) ([]Thing, error) {
	found, errs := make([][]Thing, len(q.Accounts)+1), make([]error, len(q.Accounts)+1)
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i, a := range q.Accounts {
		group.Go(func() error {
			found[i], errs[i] = q.in(ctx, a)
			return nil
		})
	}
	if q.ApexZoneID != "" && len(q.Delegates) > 0 {
		found[len(q.Accounts)], errs[len(q.Accounts)] = q.records(ctx)
	}
	_ = group.Wait() // Errors are in errs.
	return slices.Concat(found...), errors.Join(errs...)
}

// looker looks in one account.
type looker struct {
	Account
	org *organization.Organization
	cfg aws.Config
	// state is the state of the account's stack; nil if there is none.
	state *apitype.DeploymentV3
	// known says that the state is known.
	known bool
}

// in looks in one account.
func (q Query) in(ctx context.Context, a Account) ([]Thing, error) {
	l := looker{Account: a, org: q.Organization, cfg: q.Enter(a.Role), known: q.State != nil}
	if l.known {
		var err error
		if l.state, err = q.State(ctx, a.Name); err != nil {
			return nil, fmt.Errorf("what account %s has already isn't known, since the state of stack %[1]s can't be read: %w", a.Name, err)
		}
	}
	if _, err := l.cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, fmt.Errorf("what account %s has already isn't known, since the account can't be entered: %w", a.Name, err)
	}
	found, errs := make([][]Thing, len(kinds)+len(settings)), make([]error, len(kinds)+len(settings))
	var group errgroup.Group
	group.SetLimit(atOnce)
	look := func(i int, what string, f func() ([]Thing, error)) {
		group.Go(func() error {
			var err error
			if found[i], err = f(); err != nil && !awserror.Unused(err.Error()) {
				errs[i] = fmt.Errorf("looking for %s in account %s: %w", what, a.Name, err)
			}
			return nil
		})
	}
	for i, k := range kinds {
		if names := l.missing(k); len(names) > 0 {
			look(i, k.what+"s", func() ([]Thing, error) { return l.named(ctx, k, names) })
		}
	}
	for i, s := range settings {
		if s.declared(l) && !stateHas(l.state, s.typ, "") {
			look(len(kinds)+i, s.what, func() ([]Thing, error) { return l.set(ctx, s) })
		}
	}
	_ = group.Wait() // Errors are in errs.
	return slices.Concat(found...), errors.Join(errs...)
}

// Enter returns a configuration that assumes the role.
func (q Query) Enter(role string) aws.Config {
	cfg := q.Config.Copy()
	cfg.Region = q.Organization.Region
	if role == "" {
		return cfg
	}
	return awsconfig.Assume(cfg, role, sessionName)
}

// missing returns the names that coldstart declares and the state doesn't have.
func (l looker) missing(k kind) []string {
	return slices.DeleteFunc(k.names(l), func(name string) bool { return stateHas(l.state, k.typ, name) })
}

// stateHas reports whether a state has a resource of the type whose inputs have the name; any resource
// of the type if name is empty. A pending creation of a run that was killed counts, too.
func stateHas(d *apitype.DeploymentV3, typ, name string) bool {
	if d == nil {
		return false
	}
	is := func(r apitype.ResourceV3) bool {
		return string(r.Type) == typ && (name == "" || slices.Contains(slices.Collect(maps.Values(r.Inputs)), any(name)))
	}
	return slices.ContainsFunc(d.Resources, is) || slices.ContainsFunc(d.PendingOperations, func(op apitype.OperationV2) bool {
		return op.Type == apitype.OperationTypeCreating && is(op.Resource)
	})
}

// named returns the resources of one kind that have one of the names.
func (l looker) named(ctx context.Context, k kind, names []string) ([]Thing, error) {
	items, err := k.list(ctx, l, names)
	if err != nil {
		return nil, err
	}
	var found []Thing
	for _, item := range items {
		if !slices.ContainsFunc(names, func(name string) bool { return name == item.name || k.folds && strings.EqualFold(name, item.name) }) {
			continue
		}
		t := Thing{
			Account: l.Name, Refused: true, Remedy: strings.ReplaceAll(k.remedy, "%", item.id),
			Text: fmt.Sprintf("account %s has the %s %s already, and coldstart hasn't made it: %s%s", l.Name, k.what, item.name, cmp.Or(k.instead, "AWS refuses a second one"), item.note),
		}
		switch {
		case item.elsewhere:
			t.Text, t.Remedy = fmt.Sprintf("the %s %s, which account %s is to have, is in another account or region: AWS refuses a second one", k.what, item.name, l.Name), writeAnotherNamespace
		case k.tags != nil:
			tags, err := k.tags(ctx, l, item)
			if err != nil {
				return found, err
			}
			if l.ours(tags) {
				continue // coldstart has created it, and will find it again.
			}
		case !l.known:
			t.Refused = false
			t.Text += "; unless an earlier run of coldstart's that was broken off has made it"
		}
		found = append(found, t)
	}
	return found, nil
}

// ours reports whether tags are coldstart's for this organization.
func (l looker) ours(tags map[string]string) bool {
	for key, value := range organization.OwnTags(l.org.Namespace, tags["Account"]) {
		if tags[key] != value {
			return false
		}
	}
	return true
}

// set returns what a run would change about a setting.
func (l looker) set(ctx context.Context, s setting) ([]Thing, error) {
	texts, err := s.find(ctx, l)
	var found []Thing
	for _, text := range texts {
		found = append(found, Thing{Account: l.Name, Text: "account " + l.Name + " " + text, Refused: s.refused})
	}
	return found, err
}
