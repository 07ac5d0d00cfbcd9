// Package dockerd finds what building images needs: the Docker daemon, Pulumi's Docker plugin, and
// the logins to registries.
//
//	daemon, err := dockerd.Find(ctx, os.Getenv)
//	var problem *dockerd.Problem
//	if errors.As(err, &problem) { … } // no daemon answers
package dockerd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// timeout is how long a daemon may take to answer, at each address.
const timeout = 5 * time.Second

// Daemon is a Docker daemon that answers.
type Daemon struct {
	Version, Address string

	tls clientTLS
}

// Has reports whether the daemon has an image of this name.
// https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Image/operation/ImageInspect
func (d Daemon) Has(ctx context.Context, name string) (bool, error) {
	err := d.tls.get(ctx, d.Address, "/images/"+name+"/json", func(io.Reader) error { return nil })
	var status statusError
	if errors.As(err, &status) && status.code == http.StatusNotFound {
		return false, nil
	}
	return err == nil, err
}

// Problem says why there is no daemon to build images with, and what to do.
type Problem struct {
	Text, Remedy string
	// Unasked says that there may be a daemon, and that it couldn't be asked.
	Unasked bool
}

func (p *Problem) Error() string { return p.Text + "; " + p.Remedy }

const withoutImages = "or take coldstart:image out of Pulumi.master.yaml"

// Find returns the first daemon that answers at the addresses where Pulumi's Docker plugin looks
// for one. It calls the Engine API and not the docker command, which may not be installed and which
// uses contexts. The plugin finds the daemon of a context only through the variables of
// Environment. The error is a *Problem.
// https://docs.docker.com/reference/api/engine/
func Find(ctx context.Context, getenv func(string) string) (Daemon, error) {
	home, _ := os.UserHomeDir() // Without a home there are fewer addresses.
	t := clientTLS{certs: getenv("DOCKER_CERT_PATH"), verify: getenv("DOCKER_TLS_VERIFY") != ""}
	return findDaemon(ctx, addresses(getenv("DOCKER_HOST"), home), t)
}

// Check returns an error if Find finds no daemon. The error says that no image can be built.
func Check(ctx context.Context, getenv func(string) string) error {
	_, err := Find(ctx, getenv)
	if p := (*Problem)(nil); errors.As(err, &p) && p.Unasked {
		return nil
	}
	return err
}

// addresses returns where the Docker plugin looks for the daemon: at DOCKER_HOST, or else at the
// system's socket and the sockets of Docker Desktop.
func addresses(configured, home string) []string {
	if configured != "" {
		return []string{configured}
	}
	all := []string{"unix:///var/run/docker.sock"}
	if home != "" {
		all = append(all, "unix://"+home+"/.docker/run/docker.sock", "unix://"+home+"/.docker/desktop/docker.sock")
	}
	return all
}

func findDaemon(ctx context.Context, addresses []string, t clientTLS) (Daemon, error) {
	var failed error
	for _, address := range addresses {
		if !strings.HasPrefix(address, "unix://") && !strings.HasPrefix(address, "tcp://") {
			return Daemon{}, &Problem{
				Text:    fmt.Sprintf("whether a daemon answers at %s isn't looked at: only unix:// and tcp:// are", address),
				Remedy:  fmt.Sprintf("look whether `docker -H %s version` answers, %s", address, withoutImages),
				Unasked: true,
			}
		}
		version, err := askVersion(ctx, address, t)
		switch {
		case err != nil && failed == nil:
			failed = fmt.Errorf("%s: %w", address, err) // The other addresses are fallbacks, so the first error counts.
		case err == nil && version.OS != "linux":
			return Daemon{}, &Problem{
				Text:   fmt.Sprintf("%s builds images for %s, and ours are for linux", address, version.OS),
				Remedy: "switch it to Linux containers, " + withoutImages,
			}
		case err == nil:
			return Daemon{Version: version.Number, Address: address, tls: t}, nil
		}
	}
	return Daemon{}, &Problem{
		Text: fmt.Sprintf("no Docker daemon answers, and images are built by one: %v", failed),
		Remedy: withDaemon(failed) + "; or, if `docker version` shows one, " +
			"`export DOCKER_HOST=$(docker context inspect --format '{{.Endpoints.docker.Host}}')`; " + withoutImages,
	}
}

// withDaemon says how to get a daemon, if none could be asked.
func withDaemon(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "let yourself in (`sudo usermod -aG docker $USER`, then log in again)"
	}
	return "start it (Docker Desktop, or `sudo systemctl start docker`)"
}

// engineVersion is a daemon's answer about its version.
type engineVersion struct {
	Number string `json:"Version"`
	OS     string `json:"Os"`
}

// askVersion asks the daemon at an address for its version.
func askVersion(ctx context.Context, address string, t clientTLS) (v engineVersion, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err = t.get(ctx, address, "/version", func(body io.Reader) error {
		if err := json.NewDecoder(body).Decode(&v); err != nil || v.Number == "" {
			return errors.New("what answers isn't Docker")
		}
		return nil
	})
	return v, err
}

// statusError is an answer that isn't OK.
type statusError struct {
	code int
	text string
}

func (e statusError) Error() string { return "it answers " + e.text }

// get gets the path of the Engine API from the daemon at an address.
func (t clientTLS) get(ctx context.Context, address, path string, read func(io.Reader) error) error {
	transport, err := t.transport(address)
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()
	network, target, _ := strings.Cut(address, "://")
	at := url.URL{Scheme: "http", Host: strings.TrimSuffix(target, "/"), Path: path}
	if network == "unix" {
		at.Host = "docker"
	}
	if transport.TLSClientConfig != nil {
		at.Scheme = "https"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return statusError{response.StatusCode, response.Status}
	}
	return read(response.Body)
}

// clientTLS says how a client reaches a daemon over TCP. Without a folder with certificates the
// connection is in clear text. Without verify the client trusts any daemon, as docker's own clients
// do.
// https://docs.docker.com/engine/security/protect-access/
type clientTLS struct {
	certs  string // DOCKER_CERT_PATH
	verify bool   // DOCKER_TLS_VERIFY
}

// transport returns the HTTP transport to the daemon at an address.
func (t clientTLS) transport(address string) (*http.Transport, error) {
	if socket, local := strings.CutPrefix(address, "unix://"); local {
		return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}}, nil
	}
	if t.certs == "" {
		return &http.Transport{Proxy: http.ProxyFromEnvironment}, nil
	}
	ca, err := os.ReadFile(filepath.Join(t.certs, "ca.pem"))
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s has no certificate", filepath.Join(t.certs, "ca.pem"))
	}
	own, err := tls.LoadX509KeyPair(filepath.Join(t.certs, "cert.pem"), filepath.Join(t.certs, "key.pem"))
	if err != nil {
		return nil, err
	}
	return &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: roots, Certificates: []tls.Certificate{own},
		InsecureSkipVerify: !t.verify, //nolint:gosec // As the plugin does: nothing secret is said here.
	}}, nil
}
