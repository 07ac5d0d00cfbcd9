package toolbox

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// imageFiles are the build context of every image.
//
//go:embed image
var imageFiles embed.FS

// imageChecksums lists what is downloaded from Pulumi, in the format of sha256sum.
//
//go:embed checksums.txt
var imageChecksums string

// Checksum returns the SHA-256 of an archive that Pulumi publishes, in hexadecimal; empty
// if nobody has listed one, and then the archive may not be used.
func Checksum(archive string) string {
	for line := range strings.Lines(imageChecksums) {
		if sum, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok && name == archive {
			return sum
		}
	}
	return ""
}

// contextDir is where contexts lie, below the folder that the engine runs in.
const contextDir = ".coldstart/toolbox"

// context returns the files of the build context, by name.
func context() (map[string][]byte, error) {
	entries, err := fs.ReadDir(imageFiles, "image")
	if err != nil {
		return nil, err
	}
	context := map[string][]byte{}
	for _, e := range entries {
		if context[e.Name()], err = fs.ReadFile(imageFiles, "image/"+e.Name()); err != nil {
			return nil, err
		}
	}
	return context, nil
}

// writeContext writes the build context below dir and returns its path there, with
// slashes. It is named after what is in it: builds that run side by side find it
// whole, nothing of an earlier version lies in it, and the same version of
// coldstart has the same path on each machine.
func writeContext(dir string) (path string, err error) {
	context, err := context()
	if err != nil {
		return "", err
	}
	path = contextDir + "/" + digest(context)
	whole := filepath.Join(dir, filepath.FromSlash(path))
	if _, err := os.Stat(whole); err == nil {
		return path, nil
	}
	parent := filepath.Dir(whole)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", fmt.Errorf("the images' build context: %w", err)
	}
	part, err := os.MkdirTemp(parent, "part-")
	if err != nil {
		return "", fmt.Errorf("the images' build context: %w", err)
	}
	defer func() { _ = os.RemoveAll(part) }() // Nothing of it is left if it was renamed.
	for name, content := range context {
		if err := write(filepath.Join(part, name), content, 0o644); err != nil {
			return "", fmt.Errorf("the images' build context: %w", err)
		}
	}
	if err := os.Chmod(part, 0o755); err != nil {
		return "", fmt.Errorf("the images' build context: %w", err)
	}
	if err := os.Rename(part, whole); err != nil {
		// Another stack's program was faster.
		if _, statErr := os.Stat(whole); statErr == nil {
			return path, nil
		}
		return "", fmt.Errorf("the images' build context: %w", err)
	}
	return path, nil
}

// write writes a file with exactly these permissions: they are part of what
// Pulumi recognises a changed context by, whatever a person's umask is.
func write(name string, content []byte, mode fs.FileMode) error {
	if err := os.WriteFile(name, content, mode); err != nil {
		return err
	}
	return os.Chmod(name, mode)
}

// digest returns a short name for contents by their names.
func digest[V string | []byte](contents map[string]V) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(contents)) {
		// Lengths keep one name's end apart from its content's beginning.
		fmt.Fprintf(sum, "%d %s %d ", len(name), name, len(contents[name]))
		sum.Write([]byte(contents[name]))
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}
