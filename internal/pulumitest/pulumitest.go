// Package pulumitest runs Pulumi programs without an engine and without AWS and
// records all that they register:
//
//	result := pulumitest.Run{Stack: "prod", Preview: true}.Do(t, func(ctx *pulumi.Context) error {
//		_, err := dns.NewZone(ctx, "zone", &dns.ZoneArgs{Domain: "prod.acme.example"})
//		return err
//	})
//	zone := result.Resource(t, "aws:route53/zone:Zone", "zone")
//
// In an update every resource gets the outputs that AWS would compute; in a
// preview they are unknown, and so is everything made from them. Values appear
// as plain Go values, with Unknown for what isn't known.
//
// It knows no schema: that an input has the right name and is accepted is for
// tests with the real provider to show.
package pulumitest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Project and Organization are the run's, as a program sees them.
const (
	Project      = "coldstart"
	Organization = "organization"
)

// Unknown stands for a value that isn't known in a preview.
const Unknown = "<unknown>"

// exportsType is a resource by which the fake gets hold of a program's exports.
const exportsType = "pulumitest:index:Exports"

// Run says how to run a program.
type Run struct {
	// Stack is the stack's name; "test" if it is empty.
	Stack string
	// Preview leaves computed values unknown.
	Preview bool
	// Answers answer invokes by their token. One without an answer fails the test.
	Answers map[string]Answer
	// OnRegister, if not nil, is told of each resource that is registered, which is
	// created when it returns.
	OnRegister func(Resource)
	// Context is the program's; nil for one that doesn't end.
	Context context.Context
}

// Result is what a program did.
type Result struct {
	// Resources are those registered or read, in the order of their URNs, without
	// the stack itself.
	Resources []Resource
	// Exports are the stack's outputs.
	Exports map[string]any
	// SecretExports are the paths of those that are secrets, such as .users.ada.
	SecretExports []string
	// Messages are what the program tells its user, as information or warning.
	Messages []string
	// Invokes are the tokens of the invokes, in their order.
	Invokes []string
	// InvokedBy are the names of their explicit providers, or empty.
	InvokedBy []string
	// Err is the program's error.
	Err error
}

// Do runs a program.
func (r Run) Do(t testing.TB, program pulumi.RunFunc) *Result {
	t.Helper()
	if r.Stack == "" {
		r.Stack = "test"
	}
	f := &fake{t: t, run: r, accounts: map[string]string{}}
	// RunErr would read the environment of an engine that runs these tests.
	ctx, err := pulumi.NewContext(cmp.Or(r.Context, context.Background()), pulumi.RunInfo{
		Organization: Organization,
		Project:      Project,
		Stack:        r.Stack,
		DryRun:       r.Preview,
		Mocks:        f,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx.Log = &recordingLog{Log: ctx.Log, fake: f}
	f.result.Err = pulumi.RunWithContext(ctx, func(ctx *pulumi.Context) error {
		if err := program(ctx); err != nil {
			return err
		}
		var exports pulumi.ResourceState
		return ctx.RegisterResource(exportsType, "exports", pulumi.Map(ctx.GetCurrentExportMap()), &exports)
	})
	if err := ctx.Close(); err != nil {
		t.Error(err)
	}
	slices.SortFunc(f.result.Resources, func(a, b Resource) int { return strings.Compare(a.URN, b.URN) })
	return &f.result
}

// Both runs a test as an update and as a preview.
func Both(t *testing.T, test func(t *testing.T, preview bool)) {
	t.Helper()
	for name, preview := range map[string]bool{"update": false, "preview": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, preview)
		})
	}
}

// In returns a program that declares components with the named explicit
// provider, which the option in holds.
func In(provider string, declare func(ctx *pulumi.Context, in pulumi.ResourceOption) error) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		p, err := aws.NewProvider(ctx, provider, &aws.ProviderArgs{})
		if err != nil {
			return err
		}
		return declare(ctx, pulumi.Providers(p))
	}
}

// fake is a pulumi.MockResourceMonitor that records.
type fake struct {
	t      testing.TB
	run    Run
	mutex  sync.Mutex
	result Result
	// accounts are those that the providers work in, by the providers' names.
	accounts map[string]string
}

// NewResource records a registered or read resource and returns its outputs.
func (f *fake) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	if args.ReadRPC != nil {
		f.record(Resource{
			Type:   args.TypeToken,
			Name:   args.Name,
			Inputs: plainMap(args.Inputs),
			Read:   true,
		}, args.ReadRPC.GetParent())
		if args.TypeToken == AWSOrganization {
			_, outputs := computed(args, MasterID)
			return args.ID, outputs, nil
		}
		return args.ID, args.Inputs, nil
	}
	rpc := args.RegisterRPC
	// args.Inputs lacks what is unknown.
	inputs, err := plugin.UnmarshalProperties(rpc.GetObject(), plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, KeepResources: true})
	if err != nil {
		return "", nil, err
	}
	if args.TypeToken == exportsType {
		f.mutex.Lock()
		defer f.mutex.Unlock()
		f.result.Exports = plainMap(inputs)
		f.result.SecretExports = secrets(resource.NewProperty(inputs), "")
		return "", nil, nil
	}
	registered := Resource{
		Type:           args.TypeToken,
		Name:           args.Name,
		Parent:         rpc.GetParent(),
		Inputs:         plainMap(inputs),
		Secrets:        secrets(resource.NewProperty(inputs), ""),
		Custom:         rpc.GetCustom(),
		Provider:       providerName(rpc.GetProvider()),
		Protect:        rpc.GetProtect(),
		RetainOnDelete: rpc.GetRetainOnDelete(),
		DeletedWith:    rpc.GetDeletedWith(),
		ImportID:       rpc.GetImportId(),
		IgnoreChanges:  rpc.GetIgnoreChanges(),
		Aliases:        aliases(rpc),
		DependsOn:      slices.Sorted(slices.Values(rpc.GetDependencies())),
		BeforeCreate:   rpc.GetHooks().GetBeforeCreate(),
		BeforeUpdate:   rpc.GetHooks().GetBeforeUpdate(),
		BeforeDelete:   rpc.GetHooks().GetBeforeDelete(),
	}
	f.record(registered, rpc.GetParent())
	if f.run.OnRegister != nil {
		f.run.OnRegister(registered)
	}
	id, outputs := "", args.Inputs
	switch {
	case !rpc.GetCustom():
	case f.run.Preview:
		id = args.ID // An import's is known.
	default:
		id, outputs = computed(args, f.account(providerName(rpc.GetProvider())))
	}
	return id, outputs, nil
}

// aliases returns what a resource was known by.
func aliases(rpc *pulumirpc.RegisterResourceRequest) (all []string) {
	for _, a := range rpc.GetAliases() {
		if was := cmp.Or(a.GetUrn(), a.GetSpec().GetName()); was != "" { // Else it had another parent, say.
			all = append(all, was)
		}
	}
	return all
}

func (f *fake) record(r Resource, parent string) {
	r.URN = string(newURN(f.run.Stack, parent, r.Type, r.Name))
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if slices.ContainsFunc(f.result.Resources, func(other Resource) bool { return other.URN == r.URN }) {
		f.t.Errorf("registered twice: %s", r.URN)
	}
	f.result.Resources = append(f.result.Resources, r)
	if account, ok := r.At("allowedAccountIds", 0).(string); ok && r.Type == Provider {
		f.accounts[r.Name] = account
	}
}

// account returns the account that a provider works in: the only one that it is
// allowed to, or the management account.
func (f *fake) account(provider string) string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return cmp.Or(f.accounts[provider], MasterID)
}

// Call answers an invoke.
func (f *fake) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	f.mutex.Lock()
	f.result.Invokes = append(f.result.Invokes, args.Token)
	f.result.InvokedBy = append(f.result.InvokedBy, providerName(args.Provider))
	f.mutex.Unlock()
	answer, ok := f.run.Answers[args.Token]
	if !ok {
		f.t.Errorf("no answer for the invoke %s with %v", args.Token, plainMap(args.Args))
		return nil, fmt.Errorf("no answer for the invoke %s", args.Token)
	}
	out, err := answer(plainMap(args.Args))
	if err != nil {
		return nil, err
	}
	return resource.NewPropertyMapFromMap(out), nil
}

// recordingLog records messages.
type recordingLog struct {
	pulumi.Log
	fake *fake
}

func (l *recordingLog) Info(message string, args *pulumi.LogArgs) error {
	l.record(message)
	return l.Log.Info(message, args)
}

func (l *recordingLog) Warn(message string, args *pulumi.LogArgs) error {
	l.record(message)
	return l.Log.Warn(message, args)
}

func (l *recordingLog) record(message string) {
	l.fake.mutex.Lock()
	defer l.fake.mutex.Unlock()
	l.fake.result.Messages = append(l.fake.result.Messages, message)
}

// newURN builds a URN as the engine does.
func newURN(stack, parent, typ, name string) resource.URN {
	parentType := tokens.Type("")
	if p := resource.URN(parent); p != "" && p.QualifiedType() != resource.RootStackType {
		parentType = p.QualifiedType()
	}
	return resource.NewURN(tokens.QName(stack), Project, parentType, tokens.Type(typ), name)
}

// providerName returns the logical name of the provider in a reference, which
// is <urn>::<id>.
func providerName(reference string) string {
	i := strings.LastIndex(reference, "::")
	if i < 0 {
		return reference
	}
	return resource.URN(reference[:i]).Name()
}
