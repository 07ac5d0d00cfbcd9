package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/registry"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// imageSpec is what an image's inputs say.
type imageSpec struct {
	name                          string
	context, dockerfile, platform string
	args                          map[string]*string
	server, username, password    string
	skipPush                      bool
}

// imageOf reads an image's inputs, with the defaults for those that are left out.
func imageOf(inputs resource.PropertyMap) imageSpec {
	i := imageSpec{name: text(inputs, "imageName"), context: "."}
	if v := inputs["skipPush"]; v.IsBool() {
		i.skipPush = v.BoolValue()
	}
	if b := inputs["build"]; b.IsObject() {
		build := b.ObjectValue()
		if c := text(build, "context"); c != "" {
			i.context = c
		}
		i.dockerfile, i.platform = text(build, "dockerfile"), text(build, "platform")
		if args := build["args"]; args.IsObject() {
			i.args = map[string]*string{}
			for name, value := range args.ObjectValue() {
				if value.IsString() {
					text := value.StringValue()
					i.args[string(name)] = &text
				}
			}
		}
	}
	if i.dockerfile == "" {
		i.dockerfile = path.Join(i.context, "Dockerfile")
	}
	if r := inputs["registry"]; r.IsObject() {
		of := r.ObjectValue()
		i.server, i.username, i.password = text(of, "server"), text(of, "username"), text(of, "password")
	}
	return i
}

// text returns a text among properties; empty if there is none that is known.
func text(m resource.PropertyMap, key resource.PropertyKey) string {
	v := m[key]
	for v.IsSecret() {
		v = v.SecretValue().Element
	}
	if !v.IsString() {
		return ""
	}
	return v.StringValue()
}

// digestOf returns a digest of the Dockerfile and the context's files: their names,
// permissions and contents.
func digestOf(dir, dockerfile string) (string, error) {
	all := sha256.New()
	add := func(file, name string, mode fs.FileMode) error {
		content, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(content)
		_, err = fmt.Fprintf(all, "%s%s%s\x00", name, mode, sum[:])
		return err
	}
	if err := add(dockerfile, "Dockerfile", 0); err != nil {
		return "", err
	}
	err := eachFile(dir, func(file, name string, info fs.FileInfo) error { return add(file, name, info.Mode()) })
	return hex.EncodeToString(all.Sum(nil)), err
}

// eachFile calls do for each file below dir, in the order of their names.
func eachFile(dir string, do func(file, name string, info fs.FileInfo) error) error {
	return filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, file)
		if err != nil {
			return err
		}
		return do(file, filepath.ToSlash(name), info)
	})
}

// archive returns the context as the daemon takes it.
func archive(dir string) (io.Reader, error) {
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	err := eachFile(dir, func(file, name string, info fs.FileInfo) error {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: int64(info.Mode().Perm()), Size: int64(len(data)), ModTime: info.ModTime()}); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &content, w.Close()
}

// registryOf returns the host of the registry that an image is pushed to.
func registryOf(i imageSpec) (string, error) {
	if i.server != "" {
		return i.server, nil
	}
	named, err := reference.ParseNamed(i.name)
	if err != nil {
		return "", fmt.Errorf("error: %w. This provider requires all image names to be fully qualified", err)
	}
	return reference.Domain(named), nil
}

// build builds an image, and pushes it if that is asked for. It returns the digest in the
// registry; empty if there is none.
func (p *provider) build(ctx context.Context, urn string, i imageSpec) (string, error) {
	files, err := archive(i.context)
	if err != nil {
		return "", err
	}
	dockerfile, err := filepath.Rel(i.context, i.dockerfile)
	if err != nil {
		return "", err
	}
	p.say(ctx, urn, "Building the image")
	response, err := p.docker.ImageBuild(ctx, files, build.ImageBuildOptions{
		Tags: []string{i.name}, Dockerfile: filepath.ToSlash(dockerfile), BuildArgs: i.args, Platform: i.platform, Version: build.BuilderBuildKit,
	})
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }()
	if err := p.follow(ctx, urn, response.Body); err != nil || i.skipPush {
		return "", err
	}
	return p.push(ctx, urn, i)
}

// push pushes an image, by the login in its inputs or in Docker's configuration.
func (p *provider) push(ctx context.Context, urn string, i imageSpec) (string, error) {
	host, err := registryOf(i)
	if err != nil {
		return "", err
	}
	login := registry.AuthConfig{Username: i.username, Password: i.password, ServerAddress: host}
	if i.username == "" || i.password == "" {
		file, err := config.Load(config.Dir())
		if err != nil {
			return "", err
		}
		kept, err := file.GetAuthConfig(host)
		if err != nil {
			return "", err
		}
		login = registry.AuthConfig(kept)
	}
	auth, err := registry.EncodeAuthConfig(login)
	if err != nil {
		return "", err
	}
	p.say(ctx, urn, "Pushing Image to the registry")
	pushing, err := p.docker.ImagePush(ctx, i.name, image.PushOptions{RegistryAuth: auth})
	if err != nil {
		return "", err
	}
	defer func() { _ = pushing.Close() }()
	if err := p.follow(ctx, urn, pushing); err != nil {
		return "", err
	}
	pushed, err := p.docker.ImageInspect(ctx, i.name)
	if err != nil || len(pushed.RepoDigests) == 0 {
		return "", err
	}
	return pushed.RepoDigests[0], nil
}

// say tells the engine what goes on, which the engine shows and forgets.
func (p *provider) say(ctx context.Context, urn, message string) {
	if p.engine == nil || message == "" {
		return
	}
	// Nothing depends on whether it is shown.
	_, _ = p.engine.Log(ctx, &pulumirpc.LogRequest{Severity: pulumirpc.LogSeverity_INFO, Message: message, Urn: urn, Ephemeral: true})
}
