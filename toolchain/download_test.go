package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tarball is a release of Pulumi's with files, name to content.
func tarball(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	zipper := gzip.NewWriter(&b)
	archive := tar.NewWriter(zipper)
	for name, content := range files {
		err := archive.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content))})
		if err == nil {
			_, err = io.WriteString(archive, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), zipper.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var release = map[string]string{
	"pulumi/pulumi":                 "the CLI",
	"pulumi/pulumi-language-go":     strings.Repeat("the host ", 10_000),
	"pulumi/pulumi-language-python": "another host",
	"pulumi/../../escaped":          "",
	"elsewhere/pulumi":              "",
}

// serve returns a downloader from a site where every path is served by handle.
func serve(t *testing.T, handle http.HandlerFunc) downloader {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	d := newDownloader(server.URL)
	t.Cleanup(d.client.CloseIdleConnections)
	return d
}

func TestRelease(t *testing.T) {
	t.Parallel()
	content := tarball(t, release)
	var asked string
	d := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Path
		w.Write(content)
	})
	dir := t.TempDir()
	if err := d.release(t.Context(), dir, []string{cliProgram, hostProgram}); err != nil {
		t.Fatal(err)
	}
	mustContain(t, asked, "/releases/sdk/pulumi-v3.259.0-", ".tar.gz")
	for _, name := range []string{cliProgram, hostProgram} {
		path := filepath.Join(dir, name)
		if readFile(t, path) != release["pulumi/"+name] {
			t.Errorf("%s has other content", name)
		}
		if !executable(path) {
			t.Errorf("%s isn't executable", name)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("there are %v (%v), want the two programs alone", entries, err)
	}
}

func TestReleaseThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	whole := tarball(t, release)
	corrupt := bytes.Clone(whole)
	corrupt[len(corrupt)-8] ^= 1 // in the checksum
	for _, test := range []struct {
		name   string
		handle http.HandlerFunc
		want   string
	}{
		{"not found", http.NotFound, "404 Not Found"},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) { w.Write(whole[:len(whole)/2]) }, "unexpected EOF"},
		{"truncated in the checksum", func(w http.ResponseWriter, _ *http.Request) { w.Write(whole[:len(whole)-4]) }, "unexpected EOF"},
		{"corrupt", func(w http.ResponseWriter, _ *http.Request) { w.Write(corrupt) }, "invalid checksum"},
		{"connection lost", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000")
			w.Write(whole[:len(whole)/2])
		}, "unexpected EOF"},
		{"a page", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>Please log in</html>") }, "invalid header"},
		{"without the host", func(w http.ResponseWriter, _ *http.Request) {
			w.Write(tarball(t, map[string]string{"pulumi/pulumi": ""}))
		}, "it lacks pulumi-language-go"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := serve(t, test.handle)
			err := d.release(t.Context(), t.TempDir(), []string{cliProgram, hostProgram})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error = %v, want %s", err, test.want)
			}
		})
	}
}

func TestReleaseSlowButProgressing(t *testing.T) {
	t.Parallel()
	content := tarball(t, release)
	d := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for chunk := range bytesInChunks(content, 10) {
			w.Write(chunk)
			w.(http.Flusher).Flush()
			time.Sleep(300 * time.Millisecond)
		}
	})
	d.stall = 2500 * time.Millisecond // less than all takes, and much more than a part
	if err := d.release(t.Context(), t.TempDir(), []string{cliProgram}); err != nil {
		t.Error(err)
	}
}

// bytesInChunks yields b in n chunks.
func bytesInChunks(b []byte, n int) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for i := range n {
			if !yield(b[i*len(b)/n : (i+1)*len(b)/n]) {
				return
			}
		}
	}
}

func TestReleaseStalled(t *testing.T) {
	t.Parallel()
	content := tarball(t, release)
	d := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write(content[:len(content)/2])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	d.stall = 100 * time.Millisecond
	err := d.release(t.Context(), t.TempDir(), []string{cliProgram})
	if err == nil || !strings.Contains(err.Error(), "nothing arrived for 100ms") {
		t.Errorf("error = %v, want that nothing arrived", err)
	}
}

func TestReleaseInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	d := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if err := d.release(ctx, t.TempDir(), []string{cliProgram}); !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want context.Canceled", err)
	}
}

func TestReleaseWithoutInternet(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	site := "http://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := newDownloader(site).release(t.Context(), t.TempDir(), []string{cliProgram}); err == nil {
		t.Error("the download succeeded")
	}
}

func TestEnsureDownloads(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	content := tarball(t, release)
	f.site.HandleFunc("/releases/sdk/", func(w http.ResponseWriter, _ *http.Request) { w.Write(content) })
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	mustContain(t, f.log.take(),
		"pulumi 3.259.0: downloaded in 0s (", "pulumi-language-go 3.259.0: downloaded in 0s (",
		"pulumi-resource-aws 6.83.2: built from Go modules")
}
