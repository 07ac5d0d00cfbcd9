package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// dockerVersion is the Docker plugin's that the programs ask for: the SDK's.
const dockerVersion = "4.10.0"

const withoutImages = "or take coldstart:image out of Pulumi.master.yaml"

// imageChecks are those of a declaration with images.
func (x *examiner) imageChecks() []*check {
	return []*check{
		{topic: toolchain, name: "Docker plugin", run: x.dockerPlugin},
		{topic: toolchain, name: "Docker daemon", run: x.dockerDaemon},
	}
}

func (x *examiner) dockerPlugin(context.Context) []Finding {
	return x.findPlugin("docker", dockerVersion, ", "+withoutImages)
}

func (x *examiner) dockerDaemon(ctx context.Context) []Finding {
	home, _ := os.UserHomeDir() // Without one there are fewer places to look.
	c := dockerTLS{certs: x.getenv("DOCKER_CERT_PATH"), verify: x.getenv("DOCKER_TLS_VERIFY") != ""}
	return findDaemon(ctx, dockerAddresses(x.getenv("DOCKER_HOST"), home), c)
}

// dockerAddresses returns where the Docker plugin looks for the daemon: at
// DOCKER_HOST, or else at the system's socket and at those of Docker Desktop.
func dockerAddresses(configured, home string) []string {
	if configured != "" {
		return []string{configured}
	}
	addresses := []string{"unix:///var/run/docker.sock"}
	if home != "" {
		addresses = append(addresses, "unix://"+home+"/.docker/run/docker.sock", "unix://"+home+"/.docker/desktop/docker.sock")
	}
	return addresses
}

// findDaemon asks the daemons at addresses for their version, by the Engine API,
// until one answers. The docker command isn't asked: it need not be there, and it
// goes by the contexts of its own, of which the plugin knows nothing.
// https://docs.docker.com/reference/api/engine/
func findDaemon(ctx context.Context, addresses []string, t dockerTLS) []Finding {
	var failed error
	for _, address := range addresses {
		if !strings.HasPrefix(address, "unix://") && !strings.HasPrefix(address, "tcp://") {
			return warning(fmt.Sprintf("look whether `docker -H %s version` answers, %s", address, withoutImages),
				"whether a daemon answers at %s isn't looked at: only unix:// and tcp:// are", address)
		}
		version, err := askDaemon(ctx, address, t)
		switch {
		case err != nil && failed == nil:
			failed = fmt.Errorf("%s: %w", address, err) // The others are fallbacks.
		case err == nil && version.OS != "linux":
			return failure("switch it to Linux containers, "+withoutImages, "%s builds images for %s, and ours are for linux", address, version.OS)
		case err == nil:
			return ok("version %s, at %s", version.Number, address)
		}
	}
	return failure(withDaemon(failed)+"; or, if `docker version` shows one, `export DOCKER_HOST=$(docker context inspect --format '{{.Endpoints.docker.Host}}')`; "+withoutImages,
		"no daemon answers, and images are built by one: %v", failed)
}

// withDaemon says how to have a daemon that couldn't be asked.
func withDaemon(err error) string {
	if errors.Is(err, fs.ErrPermission) {
		return "let yourself in (`sudo usermod -aG docker $USER`, then log in again)"
	}
	return "start it (Docker Desktop, or `sudo systemctl start docker`)"
}

// engineVersion is what a daemon says about itself.
type engineVersion struct {
	Number string `json:"Version"`
	OS     string `json:"Os"`
}

// askDaemon asks the daemon at an address for its version.
func askDaemon(ctx context.Context, address string, t dockerTLS) (v engineVersion, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout/4) // There are up to three addresses.
	defer cancel()
	transport, err := t.transport(address)
	if err != nil {
		return v, err
	}
	defer transport.CloseIdleConnections()
	network, target, _ := strings.Cut(address, "://")
	at := url.URL{Scheme: "http", Host: strings.TrimSuffix(target, "/"), Path: "/version"}
	if network == "unix" {
		at.Host = "docker"
	}
	if transport.TLSClientConfig != nil {
		at.Scheme = "https"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return v, err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return v, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return v, fmt.Errorf("it answers %s", response.Status)
	}
	if err := json.NewDecoder(response.Body).Decode(&v); err != nil || v.Number == "" {
		return v, errors.New("what answers isn't Docker")
	}
	return v, nil
}

// dockerTLS is how docker's clients reach a daemon over TCP: in clear text, unless
// there is a folder with certificates. They trust any daemon that isn't to be verified.
// https://docs.docker.com/engine/security/protect-access/
type dockerTLS struct {
	certs  string // DOCKER_CERT_PATH
	verify bool   // DOCKER_TLS_VERIFY
}

// transport returns what reaches the daemon at an address.
func (t dockerTLS) transport(address string) (*http.Transport, error) {
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
