package proof

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/coldstart-aws/coldstart/organization"
)

// proveImages proves the account's image repository, if the registry is ECR, and that it has the
// image.
func (p *prover) proveImages(ctx context.Context, a *account) {
	if p.org.Image == nil || p.org.Image.Registry != organization.RegistryECR {
		return
	}
	name := p.org.ZoneName(a.name)
	a.claim(SubjectImage, "repository "+name+" keeps tags with their images, and scans what is pushed", func() error {
		return a.checkRepository(ctx, name)
	})
	if p.unbuiltImages() == "" {
		a.claim(SubjectImage, "repository "+name+" has an image", func() error { return a.checkImages(ctx, name) })
	}
}

// unbuiltImages says why images weren't proved. An emulator's registry accepts no images, and AWS
// can't tell about other registries.
func (p *prover) unbuiltImages() string {
	switch {
	case p.org.Image == nil:
		return ""
	case p.org.Image.Registry != organization.RegistryECR:
		return "whether the accounts' images are in their registry: only Amazon ECR is asked, and they aren't there"
	case p.cfg.BaseEndpoint != nil:
		return "whether the accounts' images are in their registry: an emulator's takes none"
	}
	return ""
}

func (a *account) checkRepository(ctx context.Context, name string) error {
	out, err := a.ecr.DescribeRepositories(ctx, &ecr.DescribeRepositoriesInput{RepositoryNames: []string{name}})
	if err != nil {
		return err
	}
	switch r := out.Repositories; {
	case len(r) == 0:
		return errors.New("it isn't there")
	case r[0].ImageTagMutability != ecrtypes.ImageTagMutabilityImmutable:
		return fmt.Errorf("its tags are %s", r[0].ImageTagMutability)
	case r[0].ImageScanningConfiguration == nil || !r[0].ImageScanningConfiguration.ScanOnPush:
		return errors.New("it doesn't scan what is pushed")
	}
	return nil
}

func (a *account) checkImages(ctx context.Context, name string) error {
	out, err := a.ecr.ListImages(ctx, &ecr.ListImagesInput{
		RepositoryName: &name, Filter: &ecrtypes.ListImagesFilter{TagStatus: ecrtypes.TagStatusTagged},
	})
	if err != nil {
		return err
	}
	if len(out.ImageIds) == 0 {
		return errors.New("it is empty")
	}
	return nil
}
