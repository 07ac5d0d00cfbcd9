package main

import (
	"archive/tar"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
)

const urn = "urn:pulumi:prod::coldstart::docker:index/image:Image::image"

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// daemon is a Docker daemon that notes what it is asked for.
type daemon struct {
	built  map[string][]string // the query of the last build
	files  []string
	pushed string // the login
	answer string // of builds
}

func (d *daemon) start(t *testing.T) *provider {
	t.Helper()
	if d.answer == "" {
		d.answer = `{"stream":"done"}`
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Api-Version", "1.41") })
	mux.HandleFunc("POST /v1.41/build", func(w http.ResponseWriter, r *http.Request) {
		d.built = r.URL.Query()
		for files := tar.NewReader(r.Body); ; {
			header, err := files.Next()
			if err != nil {
				break
			}
			d.files = append(d.files, header.Name)
		}
		_, _ = io.WriteString(w, d.answer+"\n")
	})
	mux.HandleFunc("POST /v1.41/images/{name...}", func(w http.ResponseWriter, r *http.Request) {
		d.pushed = r.Header.Get("X-Registry-Auth")
		_, _ = io.WriteString(w, `{"status":"Pushed"}`+"\n")
	})
	mux.HandleFunc("GET /v1.41/images/{name...}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"RepoDigests":["r.example/a@sha256:0a"]}`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	p := &provider{}
	args := properties(t, resource.PropertyMap{"host": resource.NewProperty("tcp://" + server.Listener.Addr().String())})
	configured, err := p.Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: args})
	must(t, err)
	if !configured.GetSupportsPreview() {
		t.Error("it has no previews")
	}
	return p
}

func properties(t *testing.T, m resource.PropertyMap) *structpb.Struct {
	t.Helper()
	s, err := marshal(m)
	must(t, err)
	return s
}

// inputs are an image's, whose context is in a folder of the test's.
func inputs(t *testing.T, more resource.PropertyMap) resource.PropertyMap {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM a\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(dir, "file"), []byte("x"), 0o600))
	m := resource.PropertyMap{
		"imageName": resource.NewProperty("r.example/a:1"), "skipPush": resource.NewProperty(true),
		"build": resource.NewProperty(resource.PropertyMap{
			"context": resource.NewProperty(dir), "dockerfile": resource.NewProperty(dir + "/Dockerfile"),
			"args": resource.NewProperty(resource.PropertyMap{"A": resource.NewProperty("b")}), "platform": resource.NewProperty("linux/arm64"),
		}),
	}
	for name, value := range more {
		m[name] = value
	}
	return m
}

// checked returns inputs as the engine has them after Check.
func checked(t *testing.T, p *provider, in resource.PropertyMap) resource.PropertyMap {
	t.Helper()
	response, err := p.Check(t.Context(), &pulumirpc.CheckRequest{Urn: urn, News: properties(t, in)})
	must(t, err)
	out, err := unmarshal(response.GetInputs())
	must(t, err)
	return out
}

func TestConfigureWithoutDaemon(t *testing.T) {
	args := properties(t, resource.PropertyMap{"host": resource.NewProperty("unix:///nowhere/docker.sock")})
	_, err := (&provider{}).Configure(t.Context(), &pulumirpc.ConfigureRequest{Args: args})
	if err == nil || !strings.Contains(err.Error(), "failed to connect to any docker daemon") {
		t.Errorf("%v", err)
	}
}

func TestCheck(t *testing.T) {
	p := &provider{}
	in := inputs(t, nil)
	first := checked(t, p, in)["build"].ObjectValue()
	if first["platform"].StringValue() != "linux/arm64" || len(first["contextDigest"].StringValue()) != 64 {
		t.Errorf("checked: %v", first)
	}
	dir := in["build"].ObjectValue()["context"].StringValue()
	for name, change := range map[string]func() error{
		"a content":      func() error { return os.WriteFile(filepath.Join(dir, "file"), []byte("y"), 0o600) },
		"a permission":   func() error { return os.Chmod(filepath.Join(dir, "file"), 0o700) },
		"a name":         func() error { return os.Rename(filepath.Join(dir, "file"), filepath.Join(dir, "other")) },
		"the Dockerfile": func() error { return os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM b\n"), 0o600) },
	} {
		before := checked(t, p, in)["build"].ObjectValue()["contextDigest"]
		must(t, change())
		if after := checked(t, p, in)["build"].ObjectValue()["contextDigest"]; after.DeepEquals(before) {
			t.Errorf("%s changed, and the digest didn't", name)
		}
	}
	delete(in["build"].ObjectValue(), "platform")
	if platform := checked(t, p, in)["build"].ObjectValue()["platform"].StringValue(); !strings.HasPrefix(platform, "linux/") {
		t.Errorf("the platform is %q", platform)
	}
	in["skipPush"], in["imageName"] = resource.NewProperty(false), resource.NewProperty("a:1")
	if _, err := p.Check(t.Context(), &pulumirpc.CheckRequest{Urn: urn, News: properties(t, in)}); err == nil {
		t.Error("a name without a registry is pushed")
	}
	in["skipPush"] = resource.NewProperty(true)
	checked(t, p, in)
	must(t, os.Remove(filepath.Join(dir, "Dockerfile")))
	if _, err := p.Check(t.Context(), &pulumirpc.CheckRequest{Urn: urn, News: properties(t, in)}); err == nil || !strings.Contains(err.Error(), "could not open dockerfile") {
		t.Errorf("%v", err)
	}
}

func TestLife(t *testing.T) {
	d := &daemon{}
	p := d.start(t)
	in := checked(t, p, inputs(t, nil))
	preview, err := p.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urn, Properties: properties(t, in), Preview: true})
	must(t, err)
	if d.built != nil || preview.GetId() != "" {
		t.Error("a preview builds")
	}
	made, err := p.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urn, Properties: properties(t, in)})
	must(t, err)
	if made.GetId() != "r.example/a:1" || d.built["version"][0] != "2" || d.built["platform"][0] != "linux/arm64" || d.built["buildargs"][0] != `{"A":"b"}` ||
		d.built["t"][0] != "r.example/a:1" || strings.Join(d.files, " ") != "Dockerfile file" || d.pushed != "" {
		t.Errorf("%s: built %v of %v, pushed %q", made.GetId(), d.built, d.files, d.pushed)
	}
	state, err := unmarshal(made.GetProperties())
	must(t, err)
	for name, want := range map[resource.PropertyKey]string{"imageName": "r.example/a:1", "baseImageName": "r.example/a:1", "registryServer": ""} {
		if text(state, name) != want {
			t.Errorf("%s is %v", name, state[name])
		}
	}
	if _, ok := state["repoDigest"]; ok {
		t.Error("it has a digest without a registry")
	}

	diff := func(news resource.PropertyMap) *pulumirpc.DiffResponse {
		t.Helper()
		response, err := p.Diff(t.Context(), &pulumirpc.DiffRequest{Urn: urn, Olds: made.GetProperties(), News: properties(t, news)})
		must(t, err)
		return response
	}
	if got := diff(in); got.GetChanges() != pulumirpc.DiffResponse_DIFF_NONE {
		t.Errorf("the same is %v", got)
	}
	changed := in.Copy()
	changed["imageName"] = resource.NewProperty("r.example/a:2")
	if got := diff(changed); got.GetChanges() != pulumirpc.DiffResponse_DIFF_SOME || len(got.GetReplaces()) > 0 || got.GetDetailedDiff()["imageName"].GetKind() != pulumirpc.PropertyDiff_UPDATE {
		t.Errorf("another name is %v", got)
	}

	read, err := p.Read(t.Context(), &pulumirpc.ReadRequest{Id: "r.example/a:1", Urn: urn, Properties: made.GetProperties()})
	must(t, err)
	if read.GetId() != "r.example/a:1" {
		t.Errorf("it looked, and found %v", read)
	}
	d.built = nil
	updated, err := p.Update(t.Context(), &pulumirpc.UpdateRequest{Urn: urn, News: properties(t, changed)})
	must(t, err)
	if after, err := unmarshal(updated.GetProperties()); err != nil || text(after, "imageName") != "r.example/a:2" || d.built == nil {
		t.Errorf("updated to %v, %v", after, err)
	}
	if _, err := p.Delete(t.Context(), &pulumirpc.DeleteRequest{Urn: urn, Id: "r.example/a:1"}); err != nil {
		t.Error(err)
	}
}

// TestPush logs in by the inputs, or by Docker's configuration.
func TestPush(t *testing.T) {
	config := t.TempDir()
	must(t, os.WriteFile(filepath.Join(config, "config.json"), []byte(`{"auths":{"r.example":{"auth":"`+base64.StdEncoding.EncodeToString([]byte("ada:kept"))+`"}}}`), 0o600))
	t.Setenv("DOCKER_CONFIG", config)
	for name, c := range map[string]struct {
		registry resource.PropertyMap
		want     string
	}{
		"by configuration": {nil, "kept"},
		"by inputs":        {resource.PropertyMap{"server": resource.NewProperty("r.example"), "username": resource.NewProperty("ada"), "password": resource.NewProperty("given")}, "given"},
	} {
		d := &daemon{}
		p := d.start(t)
		more := resource.PropertyMap{"skipPush": resource.NewProperty(false)}
		if c.registry != nil {
			more["registry"] = resource.NewProperty(c.registry)
		}
		made, err := p.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urn, Properties: properties(t, checked(t, p, inputs(t, more)))})
		must(t, err)
		login, err := base64.URLEncoding.DecodeString(d.pushed)
		must(t, err)
		var auth struct{ Username, Password string }
		must(t, json.Unmarshal(login, &auth))
		state, err := unmarshal(made.GetProperties())
		must(t, err)
		if auth.Username != "ada" || auth.Password != c.want || text(state, "repoDigest") != "r.example/a@sha256:0a" {
			t.Errorf("%s: %+v, %v", name, auth, state["repoDigest"])
		}
	}
}

// engine notes what it is told.
type engine struct {
	pulumirpc.EngineClient
	said strings.Builder
}

func (e *engine) Log(_ context.Context, r *pulumirpc.LogRequest, _ ...grpc.CallOption) (*emptypb.Empty, error) {
	e.said.WriteString(r.GetMessage() + "\n")
	return &emptypb.Empty{}, nil
}

// TestFailedBuild shows what the build printed and returns the daemon's error.
func TestFailedBuild(t *testing.T) {
	field := func(number protowire.Number, content string) string {
		return string(protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), content))
	}
	trace := field(vertexesField, field(vertexDigest, "sha256:0a")+field(vertexName, "[2/2] RUN false")) + field(logsField, field(logText, "E: no such package"))
	aux, err := json.Marshal([]byte(trace))
	must(t, err)
	for name, c := range map[string]struct{ answer, said, err string }{
		"BuildKit": {
			`{"id":"moby.buildkit.trace","aux":` + string(aux) + `}` + "\n" + `{"errorDetail":{"message":"exit code: 1"}}`,
			"digest: sha256:0a\n[2/2] RUN false\nE: no such package", "exit code: 1",
		},
		"nobody logged in":  {`{"errorDetail":{"code":401,"message":"no"}}`, "", "authentication is required"},
		"another's login":   {`{"errorDetail":{"message":"EOF"}}`, "", "incorrect or mismatched registry credentials"},
		"what isn't Docker": {`<html>`, "", "encountered error unmarshalling"},
	} {
		d, e := &daemon{answer: c.answer}, &engine{}
		p := d.start(t)
		p.engine = e
		_, err := p.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urn, Properties: properties(t, checked(t, p, inputs(t, nil)))})
		if err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(e.said.String(), c.said) {
			t.Errorf("%s: %v, said %s", name, err, e.said.String())
		}
	}
}
