package organization

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/distribution/reference"
)

// Image is each account's toolbox: a Docker image with what is needed to work on
// the account, and the account's facts.
type Image struct {
	// Registry is what stands before the images' names, such as ghcr.io/acme;
	// RegistryECR for a repository in each account, and empty for names without
	// one.
	Registry string
	// Push pushes images to the registry.
	Push bool
	// Base is what images are built from: Debian 13 or newer, or one made from it.
	Base string
	// Platform is what images are built for, whatever the daemon runs on: linux/amd64 or
	// linux/arm64.
	Platform string
	// Packages are Debian packages besides those that every toolbox has.
	Packages []string
	// Tag is the images' tag. Empty is one derived from what is in the image.
	Tag string
}

// RegistryECR stands for a repository of Amazon ECR in each account.
const RegistryECR = "ecr"

// defaultBase is Debian 13: the first with an AWS CLI and a Go that are new enough.
const defaultBase = "debian:trixie-slim"

// imagePlatforms are those that Pulumi is published for, the default first. The default isn't
// the daemon's own: one person's machine would build again what another's has built.
var imagePlatforms = []string{"linux/amd64", "linux/arm64"}

var (
	// https://www.debian.org/doc/debian-policy/ch-controlfields.html#source
	packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
	ecrName = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)
)

// ImageName returns the name, without a tag, of the account's image in a registry.
func (o *Organization) ImageName(registry, account string) string {
	if registry == "" {
		return o.ZoneName(account)
	}
	return registry + "/" + o.ZoneName(account)
}

func (o *Organization) checkImage(ps *Problems) {
	const key = prefix + "image"
	image := o.Image
	if image == nil {
		return
	}
	if _, err := reference.ParseNormalizedNamed(image.Base); err != nil {
		ps.Add(key+".base", "write the name of an image, such as "+defaultBase, "%q is not one: %v", image.Base, err)
	}
	if !slices.Contains(imagePlatforms, image.Platform) {
		ps.Add(key+".platform", "write "+strings.Join(imagePlatforms, " or "), "%q is not a platform that images are built for", image.Platform)
	}
	for _, p := range image.Packages {
		if !packageName.MatchString(p) {
			ps.Add(key+".packages", "write names of Debian packages, such as jq", "%q is not one", p)
		}
	}
	ecr := image.Registry == RegistryECR
	o.checkRegistry(ps, key+".registry")
	switch {
	case image.Push && image.Registry == "":
		ps.Add(key+".push", "write coldstart:image.registry, too", "there is no registry to push to")
	case ecr && !image.Push:
		ps.Add(key+".push", "write push: true, or another registry", "images of %s are for pushing", RegistryECR)
	}
	switch _, err := reference.WithTag(anyName, image.Tag); {
	case image.Tag == "":
	case err != nil:
		ps.Add(key+".tag", "write up to 128 letters, digits, dots, hyphens and underscores, or leave it out", "%q is not a tag", image.Tag)
	case ecr:
		ps.Add(key+".tag", "leave it out: then each image's tag comes from what is in it",
			"%q can't name one image after another: %s doesn't let a tag be moved", image.Tag, RegistryECR)
	}
}

// anyName is a name to try tags with.
var anyName, _ = reference.WithName("name")

func (o *Organization) checkRegistry(ps *Problems, key string) {
	registry := o.Image.Registry
	if registry == RegistryECR {
		if o.Domain != "" && !ecrName.MatchString(o.Domain) {
			ps.Add(key, "write another registry, such as ghcr.io/acme", "%s takes no name with two hyphens in a row, as %s has", RegistryECR, o.Domain)
		}
		return
	}
	if err := checkHost(registry); err != nil {
		ps.Add(key, "write "+RegistryECR+", or where images are pushed to, such as ghcr.io/acme", "%q is not a registry: %v", registry, err)
		return
	}
	for _, account := range o.wellNamed() {
		if _, err := reference.ParseNormalizedNamed(o.ImageName(registry, account)); err != nil && findsNothing(o.checkDomain) {
			ps.Add(key, "write a shorter one", "%q with %s makes no name of an image: %v", registry, o.ZoneName(account), err)
			return // The others are as wrong.
		}
	}
}

// checkHost checks that a registry's first part is a host: Docker takes what has
// neither a dot nor a port for a folder of its own registry.
func checkHost(registry string) error {
	if registry == "" {
		return nil
	}
	name, err := reference.ParseNormalizedNamed(registry + "/name")
	if err != nil {
		return err
	}
	if host, _, _ := strings.Cut(registry, "/"); reference.Domain(name) != host {
		return fmt.Errorf("%q is not a host", host)
	}
	return nil
}
