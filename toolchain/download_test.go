package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
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
	for _, name := range slices.Sorted(maps.Keys(files)) { // The same files make the same bytes.
		content := files[name]
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

// archiveName is that of Pulumi's release for this machine.
func archiveName() string {
	return "pulumi-v" + cliVersion + "-" + runtime.GOOS + "-" + map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH] + ".tar.gz"
}

// listing lists content as the release's.
func listing(content []byte) checksums {
	sum := sha256.Sum256(content)
	return checksums{archiveName(): hex.EncodeToString(sum[:])}
}

// serve returns a downloader from a site where every path is served by handle.
func serve(t *testing.T, handle http.HandlerFunc) downloader {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	d := newDownloader(server.URL, listing(tarball(t, release)))
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
	lacking := tarball(t, map[string]string{"pulumi/pulumi": ""})
	const differs = "its SHA-256 is "
	for _, test := range []struct {
		name   string
		handle http.HandlerFunc
		want   string
	}{
		{"not found", http.NotFound, "404 Not Found"},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) { w.Write(whole[:len(whole)/2]) }, differs},
		{"another's", func(w http.ResponseWriter, _ *http.Request) { w.Write(lacking) }, differs},
		{"connection lost", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000000")
			w.Write(whole[:len(whole)/2])
		}, "unexpected EOF"},
		{"a page", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>Please log in</html>") }, differs},
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

// TestReleaseThatIsListed is checked for what has to be in it, too.
func TestReleaseThatIsListed(t *testing.T) {
	t.Parallel()
	whole := tarball(t, release)
	for content, want := range map[string]string{
		string(tarball(t, map[string]string{"pulumi/pulumi": ""})): "it lacks pulumi-language-go",
		string(whole[:len(whole)/2]):                               "unexpected EOF",
		"<html></html>":                                            "invalid header",
	} {
		d := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, content) })
		d.sums = listing([]byte(content))
		err := d.release(t.Context(), t.TempDir(), []string{cliProgram, hostProgram})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v, want %s", err, want)
		}
	}
}

// TestUnlistedIsNotDownloaded doesn't even ask the site.
func TestUnlistedIsNotDownloaded(t *testing.T) {
	t.Parallel()
	d := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) })
	d.sums = checksums{}
	const want = "because toolbox/checksums.txt doesn't list its checksum"
	if err := d.release(t.Context(), t.TempDir(), []string{cliProgram}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the CLI: %v", err)
	}
	if err := d.reachPlugin(t.Context(), "aws", pluginVersion); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the plugin: %v", err)
	}
}

func TestChecksums(t *testing.T) {
	t.Parallel()
	sum := strings.Repeat("0a", 32)
	file := filepath.Join(t.TempDir(), "sums")
	writeFile(t, file, "# comment\n\n"+sum+"  a.tar.gz\n")
	if sums, err := readChecksums(file); err != nil || len(sums) != 1 || sums["a.tar.gz"] != sum {
		t.Errorf("%v, %v", sums, err)
	}
	for _, broken := range []string{sum, sum[1:] + "  a", strings.ToUpper(sum) + "  a", sum + "  a b"} {
		writeFile(t, file, broken)
		if _, err := readChecksums(file); err == nil {
			t.Errorf("%q is taken", broken)
		}
	}
	if _, err := readChecksums(checksumsFile); err != nil {
		t.Error(err)
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
	if err := newDownloader(site, listing(nil)).release(t.Context(), t.TempDir(), []string{cliProgram}); err == nil {
		t.Error("the download succeeded")
	}
}

func TestEnsureDownloads(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	content := tarball(t, release)
	f.toolchain.site.sums = listing(content)
	f.site.HandleFunc("/releases/sdk/", func(w http.ResponseWriter, _ *http.Request) { w.Write(content) })
	if err := f.ensure(t.Context(), f.out); err != nil {
		t.Fatal(err)
	}
	log := f.log.take()
	mustContain(t, log, "pulumi 3.259.0: downloaded in 0s (", "pulumi-language-go 3.259.0: downloaded in 0s (")
	// The plugin is provided beside the CLI, so its line comes before theirs or after.
	mustContain(t, log, "pulumi-resource-aws 6.83.2: built from Go modules")
}
