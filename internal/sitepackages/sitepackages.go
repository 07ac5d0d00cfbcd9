// Package sitepackages finds the Python packages of the emulator, for programs that generate data from them:
//
//	moto, err := sitepackages.Find("moto")
//
// A variable with the package's name in capitals, such as MOTO, names another folder.
package sitepackages

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Find returns the folder of a package. The error says what to run, or to set, if coldstart's cache doesn't have exactly one
// emulator.
func Find(name string) (string, error) {
	variable := strings.ToUpper(name)
	if folder := os.Getenv(variable); folder != "" {
		return folder, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	found, err := filepath.Glob(filepath.Join(cache, "coldstart", "emulator", "*", "lib", "python*", "site-packages", name))
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("the cache has %d emulators: run `coldstart emulator --install`, or set %s", len(found), variable)
	}
	return found[0], nil
}
