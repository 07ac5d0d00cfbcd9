package automation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/coldstart-aws/coldstart/internal/dockerd"
	"github.com/coldstart-aws/coldstart/internal/environ"
	"github.com/coldstart-aws/coldstart/organization"
	"github.com/coldstart-aws/coldstart/program"
)

// The types of an image and of the provider that builds it.
const (
	imageType          = "docker:index/image:Image"
	dockerProviderType = "pulumi:providers:docker"
)

// builds reports whether stacks build images.
func (a *Automation) builds() bool {
	return program.Builds(a.org, a.emulator(), a.options.EmulatorImages)
}

// findDocker makes sure that images can be built before the first stack runs, which makes
// accounts that can't be deleted any more: that a daemon answers, and that Pulumi has its
// Docker plugin, which is installed if need be.
func (a *Automation) findDocker(ctx context.Context) error {
	if !a.builds() {
		return nil
	}
	env, err := a.withDocker(a.options.Env)
	if err != nil {
		return err
	}
	getenv := environ.Of(env)
	if err := dockerd.Check(ctx, getenv); err != nil || dockerd.Plugin(getenv) {
		return err
	}
	const version = "v" + dockerd.PluginVersion
	if slices.Contains([]string{"1", "true"}, a.getenv("PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION")) {
		return fmt.Errorf("images are built by Pulumi's Docker plugin %s, which isn't installed, and PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION "+
			"keeps Pulumi from installing it: `pulumi plugin install resource docker %s`, or take coldstart:image out of %s", version, version, organization.File)
	}
	ws, err := a.workspace(ctx, a.options.Dir, a.options.Env, nil)
	if err != nil {
		return err
	}
	if err := runIn(ctx, ws, nil, "plugin", "install", "resource", "docker", version); err != nil {
		return fmt.Errorf("installing Pulumi's Docker plugin, which builds images: %w; or take coldstart:image out of %s", err, organization.File)
	}
	return nil
}

// withDocker returns env, which has the variables of Options.Env, with those that lead
// Pulumi's Docker plugin to the daemon of Docker's context. They aren't noted in the state,
// since each machine has its own daemon.
func (a *Automation) withDocker(env map[string]string) (map[string]string, error) {
	if !a.builds() {
		return env, nil
	}
	found, err := dockerd.Environment(environ.Of(env))
	if err != nil || len(found) == 0 {
		return env, err
	}
	all := maps.Clone(env)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, found)
	return all, nil
}

// images returns the URNs of the images in a state, to leave them out of what is read from
// AWS: the plugin reads nothing of an image, and wants a daemon for that.
func images(d *apitype.DeploymentV3) (urns []string) {
	for _, r := range d.Resources {
		if r.Type == imageType {
			urns = append(urns, string(r.URN))
		}
	}
	return urns
}

// forgetBuilds drops the notes of builds that were under way when a run was killed, and
// reports whether there were any. AWS has nothing to do with them, and the next update
// builds again.
func forgetBuilds(d *apitype.DeploymentV3) bool {
	before := len(d.PendingOperations)
	d.PendingOperations = slices.DeleteFunc(d.PendingOperations, func(op apitype.OperationV2) bool { return op.Resource.Type == imageType })
	return len(d.PendingOperations) < before
}

// forgetImages takes images out of a state, with the provider that has built them and with
// what was under way, and returns the images' names. To delete an image the engine would
// start Pulumi's Docker plugin, which wants a daemon and then deletes nothing, neither in
// the daemon nor in a registry.
func forgetImages(d *apitype.DeploymentV3) (names []string) {
	docker := func(r apitype.ResourceV3) bool { return r.Type == imageType || r.Type == dockerProviderType }
	for _, r := range d.Resources {
		if r.Type == imageType {
			names = append(names, string(r.ID))
		}
	}
	d.Resources = slices.DeleteFunc(d.Resources, docker)
	dropReferences(d)
	d.PendingOperations = slices.DeleteFunc(d.PendingOperations, func(op apitype.OperationV2) bool { return docker(op.Resource) })
	return names
}

// stayingImages says in words which images a destroy leaves where they are. What is in a
// repository of the account goes with the repository.
func (s *stack) stayingImages(names []string) (kept []string) {
	if image := s.a.org.Image; image != nil && image.Registry == organization.RegistryECR {
		return nil
	}
	for _, name := range names {
		kept = append(kept, fmt.Sprintf("image %s, in the Docker daemon that has built it and in the registry if it was pushed", name))
	}
	return kept
}

// undeclared reports whether the stack's state has what leaves it without a call: images though none are built any more, or what lets
// people into accounts that nobody can enter any more.
func (s *stack) undeclared(ctx context.Context) bool {
	assigns := s.name == s.a.org.Access.Account
	if s.a.builds() && !assigns || !s.exists {
		return false
	}
	d := s.latest.Load()
	if d == nil {
		var err error
		if d, err = s.read(ctx); err != nil {
			return false // Whoever goes on says why.
		}
	}
	images := slices.ContainsFunc(d.Resources, func(r apitype.ResourceV3) bool { return r.Type == imageType || r.Type == dockerProviderType })
	return images && !s.a.builds() || assigns && slices.ContainsFunc(d.Resources, s.deserted)
}

// read returns the stack's state, read where it is kept if that can be.
func (s *stack) read(ctx context.Context) (*apitype.DeploymentV3, error) {
	if d, err := s.asKept(ctx, s.a.options.Env); err == nil {
		return d, nil
	}
	handle, err := s.here(ctx)
	if err != nil {
		return nil, err
	}
	_, d, err := s.deployment(ctx, handle)
	return d, err
}

// latestImage returns the image in the state that was read last; nil if there is none.
func (s *stack) latestImage() *apitype.ResourceV3 {
	d := s.latest.Load()
	if d == nil {
		return nil
	}
	i := slices.IndexFunc(d.Resources, func(r apitype.ResourceV3) bool { return r.Type == imageType && !r.Delete })
	if i < 0 {
		return nil
	}
	return &d.Resources[i]
}

// missImage says that an image that isn't pushed anywhere isn't on this machine: it was
// built on another one, or somebody has removed it. The plugin never looks.
func (s *stack) missImage(ctx context.Context, image *apitype.ResourceV3) {
	if image == nil || !s.a.builds() || s.a.org.Image.Push || s.watcher.touched(image.URN) {
		return
	}
	env, err := s.a.withDocker(s.a.options.Env)
	if err != nil {
		return // It has built no image; nothing depends on whether one is there.
	}
	daemon, err := dockerd.Find(ctx, environ.Of(env))
	if err != nil {
		return
	}
	if has, err := daemon.Has(ctx, string(image.ID)); err == nil && !has {
		s.say("the image %s isn't in the Docker daemon at %s: it was built on another machine or has been removed; "+
			"`pulumi up --stack %s --replace '%s'` builds it here", image.ID, daemon.Address, s.name, image.URN)
	}
}

// touched reports whether this run has worked on a resource.
func (w *watcher) touched(urn resource.URN) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.ContainsFunc(w.steps, func(s Step) bool { return s.URN == string(urn) })
}

// buildLines is how many lines of a build are kept for an error.
const buildLines = 15

// buildLine stands before each of them in the error. What programs print there says
// nothing about AWS.
const buildLine = "\n    | "

// building is what the builds of images have printed last, by the images' URNs.
type building map[string][]string

// note keeps what a build has printed, without digests and progress.
func (b building) note(urn, text string) {
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \r\n")
		if line != "" && !slices.ContainsFunc([]string{"digest: ", "sha256:", "error: "}, func(p string) bool { return strings.HasPrefix(line, p) }) {
			b[urn] = append(b[urn], line)
		}
	}
	b[urn] = b[urn][max(len(b[urn])-buildLines, 0):]
}

// end returns the last lines of an image's build, for behind an error.
func (b building) end(urn string) string {
	if len(b[urn]) == 0 {
		return ""
	}
	return buildLine + strings.Join(b[urn], buildLine)
}

// withoutBuild returns an error's text without the lines of builds.
func withoutBuild(text string) string {
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix("\n"+line, buildLine) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}
