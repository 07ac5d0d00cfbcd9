package dockerd

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Environment returns the variables by which Pulumi's Docker plugin finds the daemon that the
// docker command uses. Docker Desktop, colima and others write the daemon's address to a Docker
// context, which the plugin doesn't read. Environment returns none if DOCKER_HOST is set or no
// context is in use.
// https://docs.docker.com/engine/manage-resources/contexts/
func Environment(getenv func(string) string) (map[string]string, error) {
	if getenv("DOCKER_HOST") != "" {
		return nil, nil
	}
	name := getenv("DOCKER_CONTEXT")
	if name == "" {
		config, err := userConfig(getenv)
		if err != nil {
			return nil, err
		}
		if raw, ok := config["currentContext"]; ok {
			if err := json.Unmarshal(raw, &name); err != nil {
				return nil, fmt.Errorf("currentContext in Docker's configuration: %w", err)
			}
		}
	}
	if name == "" || name == "default" {
		return nil, nil
	}
	return contextEnvironment(filepath.Join(userDir(getenv), "contexts"), name)
}

// contextEnvironment returns the variables that mean the same as a Docker context. The context's
// files are in folders named by the SHA-256 of the context's name.
func contextEnvironment(dir, name string) (map[string]string, error) {
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	content, err := os.ReadFile(filepath.Join(dir, "meta", id, "meta.json")) //nolint:gosec // The user says where.
	if err != nil {
		return nil, fmt.Errorf("reading Docker's context %s, which is in use (`docker context use default` leaves it): %w", name, err)
	}
	var meta struct {
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	if err := json.Unmarshal(content, &meta); err != nil {
		return nil, fmt.Errorf("reading Docker's context %s: %w", name, err)
	}
	endpoint := meta.Endpoints["docker"]
	if endpoint.Host == "" {
		return nil, nil
	}
	env := map[string]string{"DOCKER_HOST": endpoint.Host}
	certs := filepath.Join(dir, "tls", id, "docker")
	if _, err := os.Stat(filepath.Join(certs, "ca.pem")); err == nil {
		env["DOCKER_CERT_PATH"] = certs
		if !endpoint.SkipTLSVerify {
			env["DOCKER_TLS_VERIFY"] = "1"
		}
	}
	return env, nil
}
