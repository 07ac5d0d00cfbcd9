package main

import (
	"context"
	"fmt"
	"os"
	"runtime"

	"github.com/docker/docker/client"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// provider is the plugin: one for each provider resource.
type provider struct {
	pulumirpc.UnimplementedResourceProviderServer

	engine pulumirpc.EngineClient
	docker *client.Client
}

// unmarshal and marshal turn the protocol's values into the SDK's and back.
func unmarshal(s *structpb.Struct) (resource.PropertyMap, error) {
	return plugin.UnmarshalProperties(s, plugin.MarshalOptions{KeepUnknowns: true, SkipNulls: true})
}

func marshal(m resource.PropertyMap) (*structpb.Struct, error) {
	return plugin.MarshalProperties(m, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, SkipNulls: true})
}

func (p *provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "4.10.0"}, nil
}

func (p *provider) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: r.GetNews()}, nil
}

func (p *provider) DiffConfig(ctx context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return p.Diff(ctx, r)
}

// Configure looks for a daemon, without which there is no provider: at its host, at
// DOCKER_HOST, or at the sockets that Docker has by default.
func (p *provider) Configure(ctx context.Context, r *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	args, err := unmarshal(r.GetArgs())
	if err != nil {
		return nil, err
	}
	host := os.Getenv(client.EnvOverrideHost)
	if h, ok := args["host"]; ok && h.IsString() && h.StringValue() != "" {
		host = h.StringValue()
	}
	hosts := []string{host}
	if host == "" {
		hosts = []string{client.DefaultDockerHost}
		if home, err := os.UserHomeDir(); err == nil {
			hosts = append(hosts, "unix://"+home+"/.docker/run/docker.sock", "unix://"+home+"/.docker/desktop/docker.sock")
		}
	}
	for _, host := range hosts {
		if p.docker, err = client.NewClientWithOpts(client.FromEnv, client.WithHost(host), client.WithAPIVersionNegotiation()); err != nil {
			return nil, err
		}
		if _, err := p.docker.Ping(ctx); err == nil {
			return &pulumirpc.ConfigureResponse{SupportsPreview: true}, nil
		}
	}
	return nil, fmt.Errorf("docker native provider returned an unexpected error from Configure: failed to connect to any docker daemon")
}

// Check adds what the inputs leave out, and a digest of the context's files.
func (p *provider) Check(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	inputs, err := unmarshal(r.GetNews())
	if err != nil {
		return nil, err
	}
	i := imageOf(inputs)
	build := resource.PropertyMap{}
	if b := inputs["build"]; b.IsObject() {
		build = b.ObjectValue().Copy()
	}
	if _, err := os.Stat(i.dockerfile); err != nil {
		return nil, fmt.Errorf("could not open dockerfile at relative path %q: %w", i.dockerfile, err)
	}
	digest, err := digestOf(i.context, i.dockerfile)
	if err != nil {
		return nil, fmt.Errorf("unable to hash build context: %w", err)
	}
	build["dockerfile"], build["context"] = resource.NewProperty(i.dockerfile), resource.NewProperty(i.context)
	build["contextDigest"] = resource.NewProperty(digest)
	if _, ok := build["platform"]; !ok {
		build["platform"] = resource.NewProperty("linux/" + runtime.GOARCH)
	}
	inputs["build"] = resource.NewProperty(build)
	if _, ok := inputs["buildOnPreview"]; !ok {
		inputs["buildOnPreview"] = resource.NewProperty(false)
	}
	if name := inputs["imageName"]; !i.skipPush && name.IsString() {
		if _, err := registryOf(i); err != nil {
			return nil, err
		}
	}
	checked, err := marshal(inputs)
	return &pulumirpc.CheckResponse{Inputs: checked}, err
}

// Diff compares inputs. A change of who pushes, which is another token each time, is none.
func (p *provider) Diff(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	state, err := unmarshal(r.GetOlds())
	if err != nil {
		return nil, err
	}
	news, err := unmarshal(r.GetNews())
	if err != nil {
		return nil, err
	}
	olds := state
	if kept, ok := state[keptInputs]; ok {
		for kept.IsSecret() {
			kept = kept.SecretValue().Element
		}
		olds = kept.ObjectValue()
	}
	detailed := map[string]*pulumirpc.PropertyDiff{}
	if d := olds.Diff(news); d != nil {
		for key := range d.Adds {
			detailed[string(key)] = &pulumirpc.PropertyDiff{Kind: pulumirpc.PropertyDiff_ADD}
		}
		for key := range d.Deletes {
			detailed[string(key)] = &pulumirpc.PropertyDiff{Kind: pulumirpc.PropertyDiff_DELETE}
		}
		for key, value := range d.Updates {
			if key == "registry" && value.Object != nil {
				if _, moved := value.Object.Updates["server"]; !moved {
					continue
				}
			}
			detailed[string(key)] = &pulumirpc.PropertyDiff{Kind: pulumirpc.PropertyDiff_UPDATE}
		}
	}
	if len(detailed) == 0 {
		return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE}, nil
	}
	return &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_SOME, DetailedDiff: detailed, HasDetailedDiff: true}, nil
}

func (p *provider) Create(ctx context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	if r.GetPreview() {
		return &pulumirpc.CreateResponse{Properties: r.GetProperties()}, nil
	}
	id, state, err := p.made(ctx, r.GetUrn(), r.GetProperties())
	return &pulumirpc.CreateResponse{Id: id, Properties: state}, err
}

// Update builds and pushes again. The id stays.
func (p *provider) Update(ctx context.Context, r *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	if r.GetPreview() {
		return &pulumirpc.UpdateResponse{Properties: r.GetNews()}, nil
	}
	_, state, err := p.made(ctx, r.GetUrn(), r.GetNews())
	return &pulumirpc.UpdateResponse{Properties: state}, err
}

// Read doesn't look.
func (p *provider) Read(_ context.Context, r *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	return &pulumirpc.ReadResponse{Id: r.GetId(), Inputs: r.GetInputs(), Properties: r.GetProperties()}, nil
}

// Delete deletes nothing, neither in the daemon nor in the registry.
func (p *provider) Delete(context.Context, *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (p *provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// keptInputs is where the state keeps the inputs.
const keptInputs = "__inputs"

// made builds an image and returns its id and its state.
func (p *provider) made(ctx context.Context, urn string, properties *structpb.Struct) (string, *structpb.Struct, error) {
	inputs, err := unmarshal(properties)
	if err != nil {
		return "", nil, err
	}
	i := imageOf(inputs)
	digest, err := p.build(ctx, urn, i)
	if err != nil {
		return "", nil, err
	}
	outputs := resource.PropertyMap{
		"dockerfile": resource.NewProperty(i.dockerfile), "context": resource.NewProperty(i.context),
		"baseImageName": resource.NewProperty(i.name), "imageName": resource.NewProperty(i.name),
		"registryServer": resource.NewProperty(i.server),
		keptInputs:       resource.MakeSecret(resource.NewProperty(inputs)),
	}
	if digest != "" {
		outputs["repoDigest"] = resource.NewProperty(digest)
	}
	state, err := marshal(outputs)
	return i.name, state, err
}
