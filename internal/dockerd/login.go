package dockerd

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Login is a login to a registry.
type Login struct {
	// Registry is the registry's host name.
	Registry, User, Password string
}

// LogIn writes a Docker configuration to a new folder that only this user can read. It has the
// user's own configuration and the login. The caller sets DOCKER_CONFIG to the folder for a
// program, and removes the folder afterwards. The user's own configuration doesn't change, so the
// password is gone with the folder.
// https://docs.docker.com/reference/cli/docker/#docker-cli-configuration-file-configjson-properties
func LogIn(getenv func(string) string, login Login) (dir string, err error) {
	config, err := userConfig(getenv)
	if err != nil {
		return "", err
	}
	auth := base64.StdEncoding.EncodeToString([]byte(login.User + ":" + login.Password))
	if err := config.add("auths", login.Registry, map[string]string{"auth": auth}); err != nil {
		return "", err
	}
	// Without this entry Docker would ask only the user's credential store for the registry's
	// password.
	if err := config.add("credHelpers", login.Registry, ""); err != nil {
		return "", err
	}
	content, err := json.Marshal(config)
	if err != nil {
		return "", err
	}
	if dir, err = os.MkdirTemp("", "coldstart-docker-"); err != nil { // MkdirTemp lets only this user enter the folder.
		return "", err
	}
	if err := os.WriteFile(filepath.Join(dir, configFile), content, 0o600); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}

const configFile = "config.json"

// dockerConfig is Docker's config.json. Properties that LogIn doesn't know stay as they are.
type dockerConfig map[string]json.RawMessage

// userDir returns the folder of the user's own configuration; empty if it isn't known.
func userDir(getenv func(string) string) string {
	if dir := getenv("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".docker")
}

// userConfig returns the user's own configuration, which is empty if there is none.
func userConfig(getenv func(string) string) (dockerConfig, error) {
	dir := userDir(getenv)
	if dir == "" {
		return dockerConfig{}, nil // Docker itself then finds no configuration either.
	}
	file, config := filepath.Join(dir, configFile), dockerConfig{}
	content, err := os.ReadFile(file) //nolint:gosec // The user says where.
	if errors.Is(err, fs.ErrNotExist) {
		return config, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading Docker's configuration: %w", err)
	}
	if err := json.Unmarshal(content, &config); err != nil {
		return nil, fmt.Errorf("reading Docker's configuration %s: %w", file, err)
	}
	return config, nil
}

// add adds an entry to a property that is an object.
func (c dockerConfig) add(property, key string, value any) error {
	entries := map[string]any{}
	if raw, ok := c[property]; ok {
		var kept map[string]json.RawMessage
		if err := json.Unmarshal(raw, &kept); err != nil {
			return fmt.Errorf("%s in Docker's configuration: %w", property, err)
		}
		for name, entry := range kept {
			entries[name] = entry
		}
	}
	entries[key] = value
	content, err := json.Marshal(entries)
	if err != nil {
		return err
	}
	c[property] = content
	return nil
}
