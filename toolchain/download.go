package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// downloader fetches what Pulumi publishes.
type downloader struct {
	site   string // https://get.pulumi.com
	client *http.Client
	stall  time.Duration // how long nothing may arrive
	sums   checksums     // what may be downloaded
}

// newDownloader returns a downloader that gives up soon where there is no
// internet, and that lets a slow download take its time.
func newDownloader(site string, sums checksums) downloader {
	const connect = 5 * time.Second
	return downloader{
		site: site,
		client: &http.Client{Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: connect}).DialContext,
			TLSHandshakeTimeout:   connect,
			ResponseHeaderTimeout: 15 * time.Second,
			ForceAttemptHTTP2:     true,
		}},
		stall: 30 * time.Second,
		sums:  sums,
	}
}

// release downloads Pulumi's release of the CLI for this machine, checks it, and
// writes the programs in files, no others, to dir.
func (d downloader) release(ctx context.Context, dir string, files []string) error {
	arch, ok := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	if !ok {
		return fmt.Errorf("there is no CLI of Pulumi's for %s", runtime.GOARCH)
	}
	name := fmt.Sprintf("pulumi-v%s-%s-%s.tar.gz", cliVersion, runtime.GOOS, arch)
	sum, err := d.sums.of(name)
	if err != nil {
		return err
	}
	archive, err := os.CreateTemp("", name)
	if err != nil {
		return err
	}
	defer os.Remove(archive.Name()) //nolint:errcheck // It is in the folder for temporary files.
	defer archive.Close()           //nolint:errcheck // What was written has been read again.
	return d.get(ctx, d.site+"/releases/sdk/"+name, func(body io.Reader) error {
		hash := sha256.New()
		if _, err := io.Copy(io.MultiWriter(archive, hash), body); err != nil {
			return err
		}
		// Nothing is unpacked before all of it is known to be what was listed.
		if got := hex.EncodeToString(hash.Sum(nil)); got != sum {
			return fmt.Errorf("its SHA-256 is %s, and toolbox/checksums.txt lists %s", got, sum)
		}
		if _, err := archive.Seek(0, io.SeekStart); err != nil {
			return err
		}
		return extract(archive, dir, files)
	})
}

// pluginArchive is what Pulumi publishes a plugin for this machine as.
func pluginArchive(name, version string) string {
	return fmt.Sprintf("pulumi-resource-%s-v%s-%s-%s.tar.gz", name, version, runtime.GOOS, runtime.GOARCH)
}

// reachPlugin returns an error unless a plugin can be downloaded.
func (d downloader) reachPlugin(ctx context.Context, name, version string) error {
	if _, err := d.sums.of(pluginArchive(name, version)); err != nil {
		return err
	}
	// The answer's first bytes tell; the body is dropped.
	return d.get(ctx, d.site+"/releases/plugins/"+pluginArchive(name, version), func(io.Reader) error { return nil })
}

// get hands the body of the answer from url to use.
func (d downloader) get(ctx context.Context, url string, use func(body io.Reader) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, resp.Status)
	}
	stalled := fmt.Errorf("nothing arrived for %s", d.stall)
	timer := time.AfterFunc(d.stall, func() { cancel(stalled) })
	defer timer.Stop()
	err = use(&watchedReader{resp.Body, timer, d.stall})
	if errors.Is(context.Cause(ctx), stalled) {
		err = stalled
	}
	if err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	return nil
}

// watchedReader restarts timer whenever something arrives.
type watchedReader struct {
	r     io.Reader
	timer *time.Timer
	after time.Duration
}

func (w *watchedReader) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	w.timer.Reset(w.after)
	return n, err
}

// extract writes the programs in files from a .tar.gz of Pulumi's, where they
// are in the folder pulumi, to dir.
func extract(r io.Reader, dir string, files []string) error {
	unzipped, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	missing := slices.Clone(files)
	archive := tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		folder, name := path.Split(strings.TrimPrefix(header.Name, "./"))
		i := slices.Index(missing, name)
		if header.Typeflag != tar.TypeReg || folder != "pulumi/" || i < 0 {
			continue
		}
		if err := writeProgram(filepath.Join(dir, name), archive); err != nil {
			return err
		}
		missing = slices.Delete(missing, i, i+1)
	}
	//nolint:gosec // G110: nothing is kept. gzip's own checksum comes last.
	if _, err := io.Copy(io.Discard, unzipped); err != nil {
		return err
	}
	if len(missing) > 0 {
		return fmt.Errorf("it lacks %s", strings.Join(missing, " and "))
	}
	return nil
}

func writeProgram(path string, content io.Reader) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(f, content)
	return err
}

// installPlugin has cli download a plugin into the user's home, and check it.
// https://www.pulumi.com/docs/iac/cli/commands/pulumi_plugin_install/
func (t *toolchain) installPlugin(ctx context.Context, cli, name, version string) error {
	sum, err := t.site.sums.of(pluginArchive(name, version))
	if err != nil {
		return err
	}
	_, err = command{
		args: []string{cli, "plugin", "install", "resource", name, "v" + version, "--checksum", sum},
		env:  []string{"PULUMI_HOME=" + t.home, "PULUMI_SKIP_UPDATE_CHECK=true"},
	}.run(ctx)
	return err
}
