package automation

import (
	"cmp"
	"os"
	"regexp"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/awserror"
	"github.com/coldstart-aws/coldstart/internal/dockerd"
	"github.com/coldstart-aws/coldstart/internal/signin"
)

// advice is what to do about an error of Docker's, of a disk or of a backend, which say what
// is wrong and no more. internal/awserror has what to do about AWS's.
type advice struct {
	of *regexp.Regexp
	// remedy is what to do, and document where Docker or AWS says why.
	remedy, document string
}

// ofMachine is what Pulumi says of its backend, and the system of its disks.
var ofMachine = []advice{
	{
		regexp.MustCompile(`PULUMI_ACCESS_TOKEN must be set|unable to open (bucket|state directory|state database)|NoSuchBucket|No credentials provided or are invalid|not logged in`),
		"set PULUMI_BACKEND_URL to where the state is, or run `pulumi login`", "",
	},
	{
		regexp.MustCompile(`no space left on device|disk quota exceeded|file too large`),
		"make room on the disk (of the backend's folder, or of TMPDIR), and " + awserror.RunAgain, "",
	},
}

const (
	logIn     = "log in to the registry (`docker login`, for ECR as docs/images.md says; `coldstart up` logs in to ECR by itself) as somebody who may push there"
	otherBase = "write as coldstart:image.base in Pulumi.master.yaml an image that exists and that this machine may pull (`docker pull` says so; `docker login` for a private one)"
)

// ofDocker is what Pulumi's Docker plugin, daemons and registries say.
var ofDocker = []advice{
	{
		regexp.MustCompile(`failed to connect to any docker daemon|Cannot connect to the Docker daemon`),
		"start the daemon (Docker Desktop, or `sudo systemctl start docker`); or, if `docker version` shows one, `export DOCKER_HOST=$(docker context inspect --format '{{.Endpoints.docker.Host}}')`", "",
	},
	{
		regexp.MustCompile(`pulumi-resource-docker|plugin for docker provider|\[resource plugin docker`),
		"install it: `pulumi plugin install resource docker v" + dockerd.PluginVersion + "`, or `make toolchain`", "",
	},
	{
		regexp.MustCompile(`exec format error|no match for platform in manifest|does not match the specified platform`),
		"the base image has to be published for coldstart:image.platform, and the daemon has to run programs of that platform: write the platform of the daemon, or install emulators for the others", "https://docs.docker.com/build/building/multi-platform/",
	},
	{
		regexp.MustCompile(`toomanyrequests:`),
		"Docker Hub limits how much is pulled: `docker login`, wait, or write as coldstart:image.base an image of another registry", "https://docs.docker.com/docker-hub/usage/",
	},
	{
		regexp.MustCompile(`failed to resolve source metadata|pull access denied for|manifest for \S+ not found|manifest unknown`), otherBase, "",
	},
	{
		regexp.MustCompile(`cannot be overwritten because the repository is immutable`),
		"the registry has this image already, from a state that isn't here: delete the tag (`aws ecr batch-delete-image --repository-name … --image-ids imageTag=…`) and run again", "https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-tag-mutability.html",
	},
	{
		regexp.MustCompile(`name unknown: The repository`),
		"make the repository, which `registry: ecr` has coldstart do in each account", "",
	},
	{
		regexp.MustCompile(`mismatched registry credentials|authentication is required|no basic auth credentials|unauthorized: |denied: requested access|denied: denied|insufficient_scope`), logIn, "",
	},
}

// remedy returns what to do about an error, and "" if nobody knows. Docker's errors come
// first: a registry's may have a code in it that looks like AWS's.
func remedy(text string) string {
	return cmp.Or(signin.Advice(text, os.Getenv), adviceIn(ofDocker, text), awserror.Remedy(text), adviceIn(ofMachine, text))
}

// adviceIn returns the first advice of a table that a text calls for; empty if there is none.
func adviceIn(table []advice, text string) string {
	for _, a := range table {
		if !a.of.MatchString(text) {
			continue
		}
		if a.document == "" {
			return a.remedy
		}
		return a.remedy + " (" + a.document + ")"
	}
	return ""
}

// advised returns lines that say what went wrong, with what to do behind the first
// of those that it would help, and before what a build has printed.
func advised(lines []string) []string {
	given := map[string]bool{}
	out := make([]string, len(lines))
	for i, line := range lines {
		line = signin.Redacted(line)
		out[i] = line
		if r := remedy(line); r != "" && !given[r] {
			given[r] = true
			said, build, _ := strings.Cut(line, buildLine)
			if out[i] = said + "; " + r; build != "" {
				out[i] += buildLine + build
			}
		}
	}
	return out
}
