package main

import (
	"fmt"
	"os"
	"strings"
)

// checksumsFile lists the archives of Pulumi's that may be downloaded. Images are built
// with the CLI by the same list.
const checksumsFile = "../toolbox/checksums.txt"

// checksums are the SHA-256 of archives, in hexadecimal, by the archives' names.
type checksums map[string]string

// readChecksums reads a file in the format of sha256sum. Lines that begin with # are
// comments.
func readChecksums(file string) (checksums, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the checksums of downloads: %w", err)
	}
	sums := checksums{}
	for line := range strings.Lines(string(content)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		if len(fields) != 2 || len(fields[0]) != 64 || strings.Trim(fields[0], "0123456789abcdef") != "" {
			return nil, fmt.Errorf("%s: %q isn't a line of sha256sum's", file, strings.TrimSpace(line))
		}
		sums[fields[1]] = fields[0]
	}
	return sums, nil
}

// of returns the checksum of an archive, and an error if nobody has listed one.
func (s checksums) of(archive string) (string, error) {
	sum, ok := s[archive]
	if !ok {
		return "", fmt.Errorf("%s isn't downloaded, because toolbox/checksums.txt doesn't list its checksum", archive)
	}
	return sum, nil
}
