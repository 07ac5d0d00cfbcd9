package rehearsal

import (
	"cmp"
	"context"
	"fmt"

	"github.com/coldstart-aws/coldstart/internal/dockerd"
	"github.com/coldstart-aws/coldstart/organization"
)

// imagesOf says whether a rehearsal builds images, and has the organization that it uses for that.
type imagesOf struct {
	org   *organization.Organization
	built bool
}

// dockerVariables are the variables that say where the machine's Docker daemon is, and how to log
// in to registries.
var dockerVariables = []string{"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_API_VERSION"}

// images decides whether the rehearsal builds images. It does if a Docker daemon of the machine
// answers and Pulumi's plugin is installed. Then env gets the machine's variables for Docker, so
// that they reach Pulumi. A rehearsal never pushes images, because a registry isn't part of the
// emulator. omitted says what is left out.
func (o *Options) images(ctx context.Context, org *organization.Organization, machine func(string) string, env map[string]string) (images imagesOf, omitted []string) {
	images.org = org
	if org.Image == nil {
		return images, nil
	}
	if why := o.unbuilt(ctx, org, machine); why != "" {
		return images, []string{"whether the accounts' images can be built: " + why}
	}
	images.built = true
	for _, name := range dockerVariables {
		if value := machine(name); value != "" {
			env[name] = value
		}
	}
	if !org.Image.Push {
		return images, nil
	}
	local, image := *org, *org.Image
	image.Push = false
	local.Image, images.org = &image, &local
	return images, []string{fmt.Sprintf("whether the accounts' images can be pushed to %s: a rehearsal builds them and pushes none", image.Registry)}
}

// unbuilt returns why no images are built; empty if they are.
func (o *Options) unbuilt(ctx context.Context, org *organization.Organization, machine func(string) string) string {
	switch {
	case org.Image.Registry == organization.RegistryECR:
		return "the emulator's registry takes none"
	case o.Faults.Kills():
		return "what is killed is a coldstart of its own, which builds none against an emulator"
	}
	found, err := dockerd.Environment(machine)
	if err != nil {
		return err.Error()
	}
	getenv := func(name string) string { return cmp.Or(found[name], machine(name)) }
	if _, err := dockerd.Find(ctx, getenv); err != nil {
		return err.Error()
	}
	if !dockerd.Plugin(getenv) {
		return "Pulumi's Docker plugin v" + dockerd.PluginVersion + " isn't installed"
	}
	return ""
}
