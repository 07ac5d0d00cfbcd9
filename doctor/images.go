package doctor

import (
	"cmp"
	"context"
	"errors"

	"github.com/coldstart-aws/coldstart/internal/dockerd"
	"github.com/coldstart-aws/coldstart/toolbox"
)

// imageChecks returns the checks of a declaration with images.
func (x *examiner) imageChecks() []*check {
	return []*check{
		{topic: toolchain, name: "Docker plugin", run: x.dockerPlugin},
		{topic: toolchain, name: "Docker daemon", run: x.dockerDaemon},
		{topic: toolchain, name: "Pulumi in images", run: x.imagesPulumi},
	}
}

func (x *examiner) dockerPlugin(context.Context) []Finding {
	return x.findPlugin("docker", dockerd.PluginVersion, ", or take coldstart:image out of Pulumi.master.yaml")
}

// imagesPulumi finds out whether images can download Pulumi, which needs a listed checksum.
func (x *examiner) imagesPulumi(context.Context) []Finding {
	archive := "pulumi-v" + toolbox.PulumiVersion + "-linux-x64.tar.gz"
	if toolbox.Checksum(archive) != "" {
		return ok("the checksum of %s is listed", archive)
	}
	return warning("list the checksum in toolbox/checksums.txt (docs/first-real-run.md says how), or choose a coldstart:image.base that has pulumi",
		"toolbox/checksums.txt doesn't list the checksum of %s, so images can't download it", archive)
}

func (x *examiner) dockerDaemon(ctx context.Context) []Finding {
	env, err := dockerd.Environment(x.getenv)
	if err != nil {
		return failure("look what `docker context ls` says", "%v", err)
	}
	daemon, err := dockerd.Find(ctx, func(name string) string { return cmp.Or(env[name], x.getenv(name)) })
	problem := (*dockerd.Problem)(nil)
	switch {
	case err == nil:
		return ok("version %s, at %s", daemon.Version, daemon.Address)
	case errors.As(err, &problem) && problem.Unasked:
		return warning(problem.Remedy, "%s", problem.Text)
	case errors.As(err, &problem):
		return failure(problem.Remedy, "%s", problem.Text)
	}
	return failure("look what it says", "%v", err)
}
