// Package toolbox declares an account's image: a Docker image with what is needed
// to work on the account (AWS CLI, Pulumi, Go, git, direnv) and the account's
// facts as its environment. It is built from the one Dockerfile in image/.
package toolbox
