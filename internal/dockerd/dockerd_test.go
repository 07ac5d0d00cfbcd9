package dockerd

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	version20 = `{"Version":"20.10.24","ApiVersion":"1.41","Os":"linux"}`
	windows   = `{"Version":"28.0.1","ApiVersion":"1.48","Os":"windows"}`
)

// engine answers as Docker's daemon does when it is asked for its version.
func engine(status int, body string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
	return mux
}

// socketDir returns a folder whose name leaves room for a socket's: a path of more
// than 104 bytes is none.
func socketDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "doctor")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// daemon starts one at a socket of its own.
func daemon(t *testing.T, handler http.Handler) (address string) {
	t.Helper()
	socket := filepath.Join(socketDir(t), "docker.sock")
	listener, err := net.Listen("unix", socket)
	must(t, err)
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: handler}}
	server.Start()
	t.Cleanup(server.Close)
	return "unix://" + socket
}

func TestFindDaemon(t *testing.T) {
	t.Parallel()
	none := "unix://" + filepath.Join(socketDir(t), "docker.sock")
	tcp := httptest.NewServer(engine(200, version20))
	t.Cleanup(tcp.Close)
	for name, c := range map[string]struct {
		addresses []string
		status    string
		wants     []string
	}{
		"one":                   {[]string{daemon(t, engine(200, version20))}, there, []string{"version 20.10.24, at unix:///"}},
		"one over TCP":          {[]string{"tcp://" + tcp.Listener.Addr().String()}, there, []string{"version 20.10.24, at tcp://127.0.0.1:"}},
		"one as Compose has it": {[]string{"tcp://" + tcp.Listener.Addr().String() + "/"}, there, []string{"version 20.10.24"}},
		"at the second place":   {[]string{none, daemon(t, engine(200, version20))}, there, []string{"version 20.10.24"}},
		"none": {[]string{none, "unix:///nowhere/docker.sock"}, absent, []string{
			"no Docker daemon answers", none, "no such file", "sudo systemctl start docker", "DOCKER_HOST=", "coldstart:image out of Pulumi.master.yaml",
		}},
		"none any more":        {[]string{abandoned(t)}, absent, []string{"refused", "Docker Desktop"}},
		"one that fails":       {[]string{daemon(t, engine(500, version20))}, absent, []string{"500 Internal Server Error"}},
		"something else":       {[]string{daemon(t, engine(200, "<html>"))}, absent, []string{"isn't Docker"}},
		"something else, JSON": {[]string{daemon(t, engine(200, "{}"))}, absent, []string{"isn't Docker"}},
		"one for Windows":      {[]string{daemon(t, engine(200, windows))}, absent, []string{"images for windows", "Linux containers"}},
		"behind SSH":           {[]string{"ssh://ada@build.acme.example"}, unasked, []string{"isn't looked at", "docker -H ssh://ada@build.acme.example version"}},
		"at no address":        {[]string{"localhost"}, unasked, []string{"localhost isn't looked at"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, text := found(t.Context(), c.addresses, clientTLS{})
			check(t, status, text, c.status, c.wants...)
		})
	}
}

// abandoned is a socket that a dead daemon has left.
func abandoned(t *testing.T) (address string) {
	t.Helper()
	socket := filepath.Join(socketDir(t), "docker.sock")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket})
	must(t, err)
	listener.SetUnlinkOnClose(false)
	must(t, listener.Close())
	return "unix://" + socket
}

// What becomes of looking for a daemon.
const (
	there   = "there"
	absent  = "absent"
	unasked = "unasked"
)

// found returns which of these it is, and what is said.
func found(ctx context.Context, addresses []string, t clientTLS) (status, text string) {
	daemon, err := findDaemon(ctx, addresses, t)
	p := (*Problem)(nil)
	switch {
	case err == nil:
		return there, "version " + daemon.Version + ", at " + daemon.Address
	case errors.As(err, &p) && p.Unasked:
		return unasked, err.Error()
	}
	return absent, err.Error()
}

func check(t *testing.T, status, text, want string, wants ...string) {
	t.Helper()
	if status != want {
		t.Fatalf("it is %s, not %s: %s", status, want, text)
	}
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
}

// A daemon that says nothing is given up when the check is.
func TestFindDaemonThatHangs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	address := daemon(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	status, text := found(ctx, []string{address}, clientTLS{})
	check(t, status, text, absent, "context canceled")
}

// root, as which tests may run, is let in everywhere, so the error is made here.
func TestDaemonThatLetsNobodyIn(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("unix:///var/run/docker.sock: %w", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EACCES)})
	if remedy := withDaemon(err); !strings.Contains(remedy, "usermod -aG docker") {
		t.Errorf("the remedy is %q", remedy)
	}
}

// With certificates, docker's clients speak TLS and show their own.
func TestFindDaemonWithCertificates(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(engine(200, version20))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	certs := t.TempDir()
	pair := server.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	must(t, err)
	writePEM(t, filepath.Join(certs, "cert.pem"), "CERTIFICATE", pair.Certificate[0])
	writePEM(t, filepath.Join(certs, "key.pem"), "PRIVATE KEY", key)
	for _, c := range []struct {
		name   string
		tls    clientTLS
		ca     []byte
		status string
		want   string
	}{
		{"verified", clientTLS{certs, true}, pair.Certificate[0], there, "version 20.10.24"},
		{"another's, verified", clientTLS{certs, true}, authority(t), absent, "certificate"},
		{"another's, trusted", clientTLS{certs, false}, authority(t), there, "version 20.10.24"},
		{"in clear text", clientTLS{}, nil, absent, "400 Bad Request"},
		{"no certificates", clientTLS{"/nowhere", true}, nil, absent, "/nowhere/ca.pem: no such file"},
	} {
		if c.ca != nil {
			writePEM(t, filepath.Join(certs, "ca.pem"), "CERTIFICATE", c.ca)
		}
		status, text := found(t.Context(), []string{"tcp://" + server.Listener.Addr().String()}, c.tls)
		t.Log(c.name)
		check(t, status, text, c.status, c.want)
	}
	must(t, os.WriteFile(filepath.Join(certs, "ca.pem"), []byte("none"), 0o600))
	status, text := found(t.Context(), []string{"tcp://127.0.0.1:1"}, clientTLS{certs, true})
	check(t, status, text, absent, "ca.pem has no certificate")
}

func writePEM(t *testing.T, file, kind string, content []byte) {
	t.Helper()
	must(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600))
}

// authority returns the certificate of an authority that has signed nothing.
func authority(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	return cert
}

func TestDockerAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		configured, home string
		want             []string
	}{
		{"tcp://build:2376", "/home/ada", []string{"tcp://build:2376"}},
		{"", "/home/ada", []string{
			"unix:///var/run/docker.sock", "unix:///home/ada/.docker/run/docker.sock", "unix:///home/ada/.docker/desktop/docker.sock",
		}},
		{"", "", []string{"unix:///var/run/docker.sock"}},
	} {
		if diff := cmp.Diff(c.want, addresses(c.configured, c.home)); diff != "" {
			t.Errorf("%q, %q: (-want +got)\n%s", c.configured, c.home, diff)
		}
	}
}
