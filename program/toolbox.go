package program

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"

	"github.com/coldstart-aws/coldstart/dns"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/state"
	"github.com/coldstart-aws/coldstart/toolbox"
)

// ownFacts is what an account's stack declares that others want to know.
type ownFacts struct {
	zone    *dns.Zone
	store   *state.Store
	secrets *state.Secrets
}

// declareFacts writes down what the account's own Pulumi programs need to know.
func declareFacts(ctx *pulumi.Context, org *organization.Organization, name string, b base, own ownFacts) error {
	_, err := state.NewFacts(ctx, "facts", &state.FactsArgs{
		Account: name,
		Store:   own.store,
		Values: map[string]pulumi.StringInput{
			"namespace":           pulumi.String(org.Namespace),
			"account":             pulumi.String(name),
			"accountId":           b.accountID(name),
			"domain":              pulumi.String(org.Domain),
			"region":              pulumi.String(org.Region),
			"network":             pulumi.String(networkOf(org, name)),
			"organizationNetwork": pulumi.String(org.Network.CIDR.String()),
			"zoneId":              own.zone.ID,
			"zoneName":            pulumi.String(org.ZoneName(name)),
			"stateBucket":         own.store.Bucket,
			"backendUrl":          own.store.BackendURL,
			"secretsProvider":     own.store.SecretsProvider,
			"secretsKeyArn":       own.secrets.KeyARN,
		},
		Tags: tags(org.TagsOf(name)),
	}, pulumi.Providers(b.provider))
	return err
}

// networkOf returns the account's network; empty if it has none.
func networkOf(org *organization.Organization, name string) string {
	if network := org.Accounts[name].Network; network.IsValid() {
		return network.String()
	}
	return ""
}

// builds reports whether images are built. A state that is rebuilt takes over what exists.
func (org *declaration) builds() bool {
	return org.settings.Find == nil && Builds(org.Organization, org.settings.Emulator, org.settings.Images)
}

// Builds reports whether an organization's stacks build images: against AWS, and against
// an emulator if images is set. An emulator's registry takes no images.
func Builds(org *organization.Organization, emulator string, images bool) bool {
	if org.Image == nil || emulator == "" {
		return org.Image != nil
	}
	return images && org.Image.Registry != organization.RegistryECR
}

// declareImage declares the account's image and returns its name; nil if there is none.
func declareImage(ctx *pulumi.Context, org *declaration, name string, b base, own ownFacts) (pulumi.StringInput, error) {
	if org.Image == nil || org.settings.Find != nil {
		return nil, nil
	}
	args := &toolbox.ImageArgs{
		Name:     pulumi.String(org.ImageName(org.Image.Registry, name)),
		Tag:      org.Image.Tag,
		Base:     org.Image.Base,
		Platform: org.Image.Platform,
		Packages: org.Image.Packages,
		Facts:    imageFacts(org.Organization, name, b, own),
		Push:     org.Image.Push,
		Dir:      org.settings.Dir,
	}
	if org.Image.Registry == organization.RegistryECR {
		repository, err := toolbox.NewRepository(ctx, "images", &toolbox.RepositoryArgs{
			Name: org.ZoneName(name),
			Tags: tags(org.TagsOf(name)),
		}, pulumi.Providers(b.provider))
		if err != nil {
			return nil, err
		}
		args.Name = repository.URL
	}
	if !org.builds() {
		return nil, nil
	}
	args.Name = org.registered.exist(ctx, args.Name)
	provider, err := dockerProvider(ctx)
	if err != nil {
		return nil, err
	}
	image, err := toolbox.NewImage(ctx, "image", args, pulumi.Providers(provider))
	if err != nil {
		return nil, err
	}
	return image.Ref, nil
}

// dockerProvider declares the provider that builds images. It has no arguments: where the
// daemon is, is a matter of each machine and not of the state. The SDK would fill in
// DOCKER_HOST, which the plugin reads by itself.
func dockerProvider(ctx *pulumi.Context) (*docker.Provider, error) {
	none := func(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
		return &pulumi.ResourceTransformationResult{Props: &docker.ProviderArgs{}, Opts: args.Opts}
	}
	return docker.NewProvider(ctx, "docker", nil, pulumi.Transformations([]pulumi.ResourceTransformation{none}))
}

// registered are the resources that a stack has registered so far.
type registered struct {
	resources []pulumi.Resource
}

// collect notes every resource that the stack registers from now on.
func (r *registered) collect(ctx *pulumi.Context) error {
	return ctx.RegisterStackTransformation(func(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
		r.resources = append(r.resources, args.Resource)
		return nil
	})
}

// exist returns a value that is known when all resources exist that were registered before.
// An image is built then: one that can't be built has the engine stop, and must not keep
// anything else of an account from being made. The state doesn't note what the value waits
// for, which may be thousands of resources. A preview builds nothing, so it doesn't wait.
func (r *registered) exist(ctx *pulumi.Context, value pulumi.StringInput) pulumi.StringOutput {
	if ctx.DryRun() {
		return value.ToStringOutput()
	}
	urns := make([]any, len(r.resources))
	for i, resource := range r.resources {
		urns[i] = resource.URN()
	}
	known, resolve, reject := ctx.NewOutput()
	go func() {
		if _, err := internals.UnsafeAwaitOutput(ctx.Context(), pulumi.All(urns...)); err != nil {
			reject(err)
			return
		}
		resolve(true)
	}()
	return pulumi.All(value, known).ApplyT(func(both []any) string { return both[0].(string) }).(pulumi.StringOutput)
}

// imageFacts are an account's facts, by the variables of its image.
func imageFacts(org *organization.Organization, name string, b base, own ownFacts) map[string]pulumi.StringInput {
	id := b.accountID(name)
	return map[string]pulumi.StringInput{
		"NAMESPACE":             pulumi.String(org.Namespace),
		"ACCOUNT":               pulumi.String(name),
		"DOMAIN":                pulumi.String(org.Domain),
		"BANNER":                pulumi.String(strings.ToUpper(org.Namespace + " " + name)),
		"MOTD":                  pulumi.Sprintf("The AWS account %s of %s (%s), in %s.", name, org.Domain, id, org.Region),
		"AWS_REGION":            pulumi.String(org.Region),
		"DEFAULT_PROFILE":       pulumi.String(profile(org, name)),
		"AWS_ACCOUNT_ID":        id,
		"AWS_MASTER_ACCOUNT_ID": b.accountID(organization.Master),
		"SIGN_IN_URL":           signInURL(org, name, b),
		"ORG_NETWORK_CIDR":      pulumi.String(org.Network.CIDR.String()),
		"ACCOUNT_NETWORK_CIDR":  pulumi.String(networkOf(org, name)),
		"STATE_BUCKET":          own.store.Bucket,
		"PULUMI_BACKEND_URL":    own.store.BackendURL,
		"SECRETS_PROVIDER":      own.store.SecretsProvider,
		"SECRETS_KEY_ARN":       own.secrets.KeyARN,
	}
}

// profile is the profile of `coldstart aws-config` by which people work on an
// account: its administrators', or that of another role; else their own.
func profile(org *organization.Organization, name string) string {
	roles := org.RoleNames(name)
	switch {
	case slices.Contains(roles, organization.RoleAdmin):
		return org.Name(name, organization.RoleAdmin)
	case len(roles) > 0:
		return org.Name(name, roles[0])
	}
	return org.Namespace
}
