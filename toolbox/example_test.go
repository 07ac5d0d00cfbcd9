package toolbox_test

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/coldstart-aws/coldstart/toolbox"
)

// A repository, and an image that is pushed there.
func ExampleNewImage() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		repository, err := toolbox.NewRepository(ctx, "repository", &toolbox.RepositoryArgs{Name: "prod.acme.example"})
		if err != nil {
			return err
		}
		image, err := toolbox.NewImage(ctx, "image", &toolbox.ImageArgs{
			Name: repository.URL, Base: "debian:12-slim", Platform: "linux/amd64", Push: true,
			Facts: map[string]pulumi.StringInput{"AWS_ACCOUNT_ID": pulumi.String("123456789012")},
		})
		if err != nil {
			return err
		}
		ctx.Export("image", image.Ref)
		return nil
	})
}
