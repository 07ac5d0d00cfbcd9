package program

import (
	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/internals"

	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/toolbox"
)

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

// declareImage declares the account's image, if it has one, after everything else that the
// stack declares.
func (a *account) declareImage() error {
	image := a.org.Image
	if image == nil || a.org.settings.Find != nil {
		return nil
	}
	args := &toolbox.ImageArgs{
		Name:     pulumi.String(a.org.ImageName(image.Registry, a.name)),
		Tag:      image.Tag,
		Base:     image.Base,
		Platform: image.Platform,
		Packages: image.Packages,
		Facts:    a.facts.variables(),
		Push:     image.Push,
		Dir:      a.org.settings.Dir,
	}
	if image.Registry == organization.RegistryECR {
		repository, err := toolbox.NewRepository(a.ctx, "images", &toolbox.RepositoryArgs{Name: a.org.ZoneName(a.name), Tags: a.tags()}, a.in())
		if err != nil {
			return err
		}
		args.Name = repository.URL
	}
	if !a.org.builds() {
		return nil
	}
	args.Name = a.org.registered.exist(a.ctx, args.Name)
	provider, err := dockerProvider(a.ctx)
	if err != nil {
		return err
	}
	built, err := toolbox.NewImage(a.ctx, "image", args, pulumi.Providers(provider))
	if err != nil {
		return err
	}
	a.outputs.Image = built.Ref
	return nil
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
