package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/coldstart-aws/coldstart/internal/replace"
)

// replaceProfiles writes an organization's profiles into the user's configuration of AWS.
// https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html
func (o *AWSConfigOptions) replaceProfiles(namespace, profiles string) error {
	file := o.getenv("AWS_CONFIG_FILE")
	if file == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return fmt.Errorf("looking for ~/.aws/config: %w", err)
		}
		file = filepath.Join(home, ".aws", "config")
	}
	content, err := readOrMake(file)
	if err != nil {
		return err
	}
	merged, err := mergeProfiles(string(content), namespace, profiles)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if merged != string(content) {
		if err := replace.File(file, []byte(merged)); err != nil {
			return err
		}
	}
	fmt.Fprintf(o.streams.Err, "coldstart: %s has %s of organization %s\n", file, countOf(len(profileHeadings.FindAllString(profiles, -1)), "profile"), namespace)
	return nil
}

// readOrMake reads a file, and makes an empty one for this user alone if there is none.
func readOrMake(file string) ([]byte, error) {
	content, err := os.ReadFile(file)
	if !errors.Is(err, fs.ErrNotExist) {
		return content, err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, err
	}
	return nil, os.WriteFile(file, nil, 0o600)
}

// profileHeadings are the headings of a configuration.
var profileHeadings = regexp.MustCompile(`(?m)^[ \t]*\[([^\]\n]*)\]`)

// mergeProfiles puts an organization's profiles in place of those that are between the
// organization's two lines, or at the end if there are none. Nothing else changes. A
// profile must not be there twice, or the AWS CLI takes none of the file.
func mergeProfiles(content, namespace, profiles string) (string, error) {
	begin := "# >>> coldstart " + namespace + ": written by coldstart aws-config --write\n"
	end := "# <<< coldstart " + namespace + "\n"
	block := begin + profiles + end
	before, rest, found := strings.Cut(content, begin)
	after := ""
	if found {
		var closed bool
		if _, after, closed = strings.Cut(rest, end); !closed {
			return "", fmt.Errorf("the line %q is missing; write it where coldstart's profiles end", strings.TrimSpace(end))
		}
	} else if before != "" {
		before = strings.TrimRight(before, "\n") + "\n\n"
	}
	own := map[string]bool{}
	for _, section := range profileHeadings.FindAllStringSubmatch(profiles, -1) {
		own[strings.Join(strings.Fields(section[1]), " ")] = true
	}
	for _, section := range profileHeadings.FindAllStringSubmatch(before+"\n"+after, -1) {
		if name := strings.Join(strings.Fields(section[1]), " "); own[name] {
			return "", fmt.Errorf("[%s] is there already, outside of what coldstart has written; delete it, and run this again", name)
		}
	}
	return before + block + after, nil
}
