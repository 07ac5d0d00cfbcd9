// Package toolbox declares an account's image: a Docker image with what is needed
// to work on the account (AWS CLI, Pulumi, Go, git, direnv) and the account's
// facts as its environment. It is built from the one Dockerfile in image/.
//
//	image, err := toolbox.NewImage(ctx, "image", &toolbox.ImageArgs{…})
//
// URNs don't change: a resource that gets another name has its old one as an alias.
// The programs that an image has installed may change.
// A later version may add resources to a component. Go names may change until version 1.
package toolbox
