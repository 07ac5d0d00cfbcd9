package backend

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"gocloud.dev/blob"
)

// write puts files into a backend as Pulumi does.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	bucket, err := blob.OpenBucket(t.Context(), "file://"+filepath.ToSlash(dir)+"?no_tmp_dir=true")
	if err != nil {
		t.Fatal(err)
	}
	defer bucket.Close()
	for key, content := range files {
		if err := bucket.WriteAll(t.Context(), key, []byte(content), nil); err != nil {
			t.Fatal(err)
		}
	}
}

func open(t *testing.T, dir string) *Backend {
	t.Helper()
	b, err := Open(t.Context(), "", nil, "file://"+dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func compressed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestBackend(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{
		".pulumi/meta.yaml":                                   "version: 1\n",
		".pulumi/stacks/coldstart/prod.json":                  `{"version":3,"checkpoint":{"latest":{"secrets_providers":{"type":"passphrase","state":{"salt":"v1:x:v1:y:z"}}}}}`,
		".pulumi/stacks/coldstart/prod.json.bak":              `{}`,
		".pulumi/stacks/coldstart/new.json":                   `{"version":3,"checkpoint":{}}`,
		".pulumi/stacks/coldstart/a.b.json.gz":                compressed(t, `{"checkpoint":{"latest":{"secrets_providers":{"type":"cloud","state":{"url":"awskms:///arn?region=x"}}}}}`),
		".pulumi/stacks/coldstart2/other.json":                `{}`,
		".pulumi/locks/organization/coldstart/prod/1b9d.json": `{"pid":7,"username":"ada","hostname":"here","timestamp":"2026-11-24T10:00:00.5Z"}`,
		".pulumi/locks/organization/coldstart/new/2c.json":    `{"pid":`,
	})
	b := open(t, dir)
	names, err := b.Stacks(t.Context(), "coldstart")
	if diff := cmp.Diff([]string{"a.b", "new", "prod"}, names); diff != "" || err != nil {
		t.Errorf("stacks (-want +got)\n%s%v", diff, err)
	}
	if unscoped, err := b.Unscoped(t.Context()); unscoped || err != nil {
		t.Errorf("a stack is outside of projects: %v, %v", unscoped, err)
	}
	write(t, dir, map[string]string{".pulumi/stacks/old.json": `{}`})
	if unscoped, err := b.Unscoped(t.Context()); !unscoped || err != nil {
		t.Errorf("no stack is outside of projects: %v, %v", unscoped, err)
	}
	for stack, want := range map[string]Secrets{
		"prod": {Type: "passphrase", Salt: "v1:x:v1:y:z"},
		"a.b":  {Type: "cloud", URL: "awskms:///arn?region=x"},
		"new":  {},
	} {
		if got, err := b.Secrets(t.Context(), "coldstart", stack); got != want || err != nil {
			t.Errorf("secrets of %s: got %v, %v", stack, got, err)
		}
	}
	if _, err := b.Secrets(t.Context(), "coldstart", "none"); err == nil {
		t.Error("a stack that isn't there has secrets")
	}
	locks, err := b.Locks(t.Context())
	if diff := cmp.Diff([]Lock{
		{Project: "coldstart", Stack: "new"},
		{Project: "coldstart", Stack: "prod", User: "ada", Host: "here", PID: 7, Since: time.Date(2026, 11, 24, 10, 0, 0, 5e8, time.UTC)},
	}, locks, cmpopts.IgnoreUnexported(Lock{})); diff != "" || err != nil {
		t.Errorf("locks (-want +got)\n%s%v", diff, err)
	}
}

// An empty backend stays empty: Pulumi would write to it.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := open(t, dir)
	names, err := b.Stacks(t.Context(), "coldstart")
	locks, lockErr := b.Locks(t.Context())
	if len(names) > 0 || len(locks) > 0 || err != nil || lockErr != nil {
		t.Errorf("got %v, %v, %v, %v", names, locks, err, lockErr)
	}
	if entries, err := os.ReadDir(dir); len(entries) > 0 || err != nil {
		t.Errorf("it wrote %v, %v", entries, err)
	}
}

// What a killed Pulumi leaves is an error that can be told from others.
func TestHalfWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, map[string]string{".pulumi/stacks/coldstart/prod.json": "{}"})
	if err := os.WriteFile(filepath.Join(dir, ".pulumi/stacks/coldstart/prod.json.attrs"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b := open(t, dir)
	if names, err := b.Stacks(t.Context(), "coldstart"); err != nil && !HalfWritten(err) || err == nil && len(names) != 1 {
		t.Errorf("got %v, %v", names, err)
	}
	if got, err := b.Secrets(t.Context(), "coldstart", "prod"); !HalfWritten(err) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	if _, err := Open(t.Context(), "", nil, "gs://bucket"); !errors.Is(err, ErrUnsupported) {
		t.Errorf("gs: %v", err)
	}
	if _, err := Open(t.Context(), "", nil, "file://"+t.TempDir()+"/none"); err == nil {
		t.Error("a folder that isn't there was opened")
	}
	if _, err := Open(t.Context(), "", nil, "s3://bucket/a/b?region=us-west-2&awssdk=v2&disableSSL=true&endpoint=minio:9000"); err != nil {
		t.Errorf("s3: %v", err)
	}
}
