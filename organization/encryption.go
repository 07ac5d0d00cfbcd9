package organization

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Encryption is how Pulumi encrypts a stack's secrets, as a stack's configuration file says.
// https://www.pulumi.com/docs/iac/concepts/secrets/
type Encryption struct {
	// Provider is the URL of a key management service's key, such as
	// awskms://alias/state?region=us-west-2; empty or passphrase for a passphrase.
	Provider string
	// Key is the data key, encrypted by the provider's key, in base64.
	Key string
	// Salt is what the key of a passphrase is derived with.
	Salt string
}

// lines are the keys beside `config:`, in the order in which Pulumi writes them.
func (e *Encryption) lines() []encryptionLine {
	return []encryptionLine{{"secretsprovider", &e.Provider}, {"encryptedkey", &e.Key}, {"encryptionsalt", &e.Salt}}
}

type encryptionLine struct {
	key   string
	value *string
}

// Complete reports whether Pulumi needs nothing more to encrypt. If it does, it writes the
// whole file anew to add it.
func (e Encryption) Complete() bool {
	if e.Provider == "" || e.Provider == "default" || e.Provider == "passphrase" {
		return e.Salt != ""
	}
	return e.Key != ""
}

// EncryptionOf reads how a stack's secrets are encrypted from the content of its configuration
// file. File stands in errors.
func EncryptionOf(file string, content []byte) (e Encryption, err error) {
	root, err := parseYAML(content)
	if err != nil {
		return e, fmt.Errorf("%s: %w", file, err)
	}
	for _, f := range fieldsOf(root) {
		for _, line := range e.lines() {
			if f.key.Value == line.key && f.value.Kind == yaml.ScalarNode && !isNull(f.value) {
				*line.value = f.value.Value
			}
		}
	}
	return e, nil
}

// SetEncryption returns the content of a stack's configuration file with how its secrets are
// encrypted. Only the lines that say so are changed, added or taken away: Pulumi itself would
// write the whole file anew. A content that these lines can't be put into is refused, with the
// lines to write by hand.
func SetEncryption(file string, content []byte, e Encryption) ([]byte, error) {
	root, err := parseYAML(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if now, err := EncryptionOf(file, content); err == nil && now == e {
		return content, nil
	}
	newline := (&edit{content: content}).newline()
	kept, added := content, ""
	for _, line := range e.lines() {
		text := ""
		if *line.value != "" {
			value, err := yaml.Marshal(*line.value)
			if err != nil {
				return nil, fmt.Errorf("writing %s as YAML: %w", line.key, err)
			}
			text = line.key + ": " + strings.TrimSuffix(string(value), "\n")
		}
		there := regexp.MustCompile(`(?m)^` + line.key + `:[^\r\n]*(\r?\n|\z)`)
		switch {
		case !there.Match(kept):
			if text != "" {
				added += text + newline
			}
		case text == "":
			kept = there.ReplaceAllLiteral(kept, nil)
		default:
			kept = there.ReplaceAllLiteral(kept, []byte(text+newline))
		}
	}
	for _, changed := range placed(kept, added, newline) {
		if e.isAll(root, changed) {
			return changed, nil
		}
	}
	return nil, fmt.Errorf("%s is written in a way that lines can't be added to without changing what else it says; write these beside `config:` yourself:\n%s",
		file, strings.TrimRight(added, "\r\n"))
}

// placed returns a content with lines behind the rest, or else before a line that may begin a
// key of the file, or before the rest. A line may also be the end of a text.
func placed(content []byte, lines, newline string) [][]byte {
	end := content
	if len(end) > 0 && end[len(end)-1] != '\n' && lines != "" {
		end = append(slices.Clone(end), newline...)
	}
	all := [][]byte{slices.Concat(end, []byte(lines))}
	for at := 0; at < len(content); {
		line := content[at:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		if text := bytes.TrimPrefix(line, []byte("\ufeff")); len(bytes.TrimSpace(text)) > 0 && !bytes.ContainsRune([]byte("#%- \t\r"), rune(text[0])) && at > 0 {
			all = append(all, slices.Concat(content[:at], []byte(lines), content[at:]))
		}
		at += len(line)
	}
	return append(all, slices.Concat([]byte(lines), content))
}

// isAll reports whether a content has the encryption, and all else that the document has.
func (e Encryption) isAll(before *yaml.Node, content []byte) bool {
	after, err := parseYAML(content)
	if err != nil {
		return false
	}
	var value any // A key that is there twice is an error.
	got, err := EncryptionOf("", content)
	return err == nil && got == e && after.Decode(&value) == nil && sameContent(withoutEncryption(before), withoutEncryption(after))
}

// withoutEncryption returns a document's mapping less what says how secrets are encrypted.
func withoutEncryption(root *yaml.Node) *yaml.Node {
	rest := &yaml.Node{Kind: yaml.MappingNode, Anchor: root.Anchor}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i].Value
		if !slices.ContainsFunc((&Encryption{}).lines(), func(l encryptionLine) bool { return l.key == key }) {
			rest.Content = append(rest.Content, root.Content[i], root.Content[i+1])
		}
	}
	return rest
}
