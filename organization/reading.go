package organization

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Pulumi reads the file too, turns each value into one of Go's types, and hands that to
// programs, prints it, and writes it back when a command changes the file. This file says
// what Pulumi makes of a node, so that coldstart takes no value that Pulumi reads in
// another way.
// docs/adr/0034-the-file-is-read-once-and-never-rewritten.md

// field is a key of a mapping and its value, both without aliases.
type field struct{ key, value *yaml.Node }

// fieldsOf returns a mapping's fields: its own, also those that are there twice, and then
// those of the mappings that it merges (`<<: *common`) and that it lacks itself. Of several
// merged mappings the first wins.
// https://yaml.org/type/merge.html
func fieldsOf(mapping *yaml.Node) []field {
	var fields, merged []field
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := resolve(mapping.Content[i]), resolve(mapping.Content[i+1])
		switch {
		case !isMerge(mapping.Content[i]):
			fields = append(fields, field{key, value})
		case value.Kind == yaml.SequenceNode:
			for _, item := range value.Content {
				merged = append(merged, fieldsOf(resolve(item))...)
			}
		default:
			merged = append(merged, fieldsOf(value)...)
		}
	}
	has := make(map[string]bool, len(fields))
	for _, f := range fields {
		has[f.key.Value] = true
	}
	for _, f := range merged {
		if !has[f.key.Value] {
			has[f.key.Value] = true
			fields = append(fields, f)
		}
	}
	return fields
}

func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge"
}

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// isNull reports whether a node has no value.
func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
}

// asRead returns the text that Pulumi has of a scalar: 83 for 0123, which is octal in
// YAML, and the same text for what is quoted.
func asRead(scalar *yaml.Node) string {
	var value any
	if err := scalar.Decode(&value); err != nil {
		return err.Error() // parseYAML has refused the document.
	}
	switch v := value.(type) {
	case time.Time:
		return v.String()
	case uint64: // More than 63 bits.
		return strconv.FormatFloat(float64(v), 'g', -1, 64)
	case float64:
		// Pulumi writes a number in one way as JSON and in another one as YAML.
		text := strconv.FormatFloat(v, 'g', -1, 64)
		if asJSON, err := json.Marshal(v); err == nil && string(asJSON) != text {
			return string(asJSON) + " or " + text
		}
		return text
	default:
		return fmt.Sprint(v)
	}
}

// isText reports whether Pulumi reads a scalar as a string, and not as a number, a boolean,
// a time or nothing.
func isText(node *yaml.Node) bool {
	var value any
	if node.Kind != yaml.ScalarNode || node.Decode(&value) != nil {
		return false
	}
	_, ok := value.(string)
	return ok
}

// asWritten adds a problem if Pulumi doesn't read a scalar as it is written: its author can
// mean the one or the other.
func (d *decoder) asWritten(key string, node *yaml.Node, inList bool) {
	switch read := asRead(node); {
	case isNull(node) && node.Value == "":
		d.problems.Add(key, `write "" for an empty text`, "has no value")
	case isNull(node): // Null is one of IAM's operators, too.
		d.problems.Add(key, "quote it: "+quoted(node.Value), "YAML reads %s as no value", node.Value)
	case read != node.Value:
		d.problems.Add(key, "quote it: "+quoted(node.Value), "YAML reads %s as %s", node.Value, read)
	case !isKept(node, inList):
		d.problems.Add(key, "write it on one line", "Pulumi changes the line breaks of %s when it writes the file anew", quoted(node.Value))
	}
}

// isKept reports whether a text of several lines means the same after YAML's writer has
// written it between others of its mapping or list, in a style of its own and in the one that
// it has. The writer's own style loses line breaks at the beginning, depending on how deep the
// text is and on what follows, and more of them in lists.
func isKept(node *yaml.Node, inList bool) bool {
	switch {
	case strings.ContainsAny(node.Value, "\u0085\u2028\u2029"):
		return false // To the writer they are line breaks, too.
	case strings.HasPrefix(node.Value, "\n"):
		return false
	case !strings.Contains(node.Value, "\n"):
		return true
	}
	among := func(value any) any {
		if inList {
			return map[string]any{"a": []any{"b", value, value, "c"}, "d": []any{value}, "e": "f"}
		}
		return map[string]any{"a": map[string]any{"b": value, "c": value}, "d": "e"}
	}
	styled := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: node.Style, Value: node.Value}
	for _, value := range []any{node.Value, styled} {
		var again any
		content, err := yaml.Marshal(among(value))
		if err != nil || yaml.Unmarshal(content, &again) != nil || !reflect.DeepEqual(again, among(node.Value)) {
			return false
		}
	}
	return true
}

// quoted returns a text as a YAML scalar in double quotes, of which JSON's are some.
func quoted(text string) string {
	content, err := json.Marshal(text)
	if err != nil {
		return strconv.Quote(text)
	}
	return string(content)
}

// isSecret reports whether Pulumi takes a mapping for an encrypted value, or would if the
// value in it were quoted.
func isSecret(node *yaml.Node) bool {
	if node.Kind != yaml.MappingNode {
		return false
	}
	fields := fieldsOf(node)
	return len(fields) == 1 && fields[0].key.Value == "secure" && fields[0].value.Kind == yaml.ScalarNode
}

// configName returns the name of a key of `config:` without the project's namespace, and
// whether the key is in that namespace. Pulumi gives a key without a namespace the
// project's, and takes <namespace>:config:<name> as well.
func configName(key string) (name string, ours bool) {
	if !strings.Contains(key, ":") {
		return key, true
	}
	name, ours = strings.CutPrefix(key, prefix)
	return strings.TrimPrefix(name, "config:"), ours
}

// isConfigKey reports whether Pulumi takes a key under `config:`.
func isConfigKey(node *yaml.Node) bool {
	parts := strings.Split(node.Value, ":")
	return isText(node) && (len(parts) <= 2 || len(parts) == 3 && parts[1] == "config" && parts[0] != "" && parts[2] != "")
}

// isUnwritable reports whether anything in a value is a number that JSON, and with it
// Pulumi, has no form for.
func isUnwritable(node *yaml.Node) bool {
	node = resolve(node)
	var number float64
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!float" && node.Decode(&number) == nil {
		return math.IsInf(number, 0) || math.IsNaN(number)
	}
	return slices.ContainsFunc(node.Content, isUnwritable)
}

// settings are the keys beside `config:` that Pulumi reads, with what each may be.
var settings = map[string]struct {
	kinds []yaml.Kind
	form  string
}{
	"config":          {[]yaml.Kind{yaml.MappingNode}, "an object"},
	"environment":     {[]yaml.Kind{yaml.SequenceNode, yaml.MappingNode}, "a list or an object"},
	"secretsprovider": {[]yaml.Kind{yaml.ScalarNode}, "a string"},
	"encryptedkey":    {[]yaml.Kind{yaml.ScalarNode}, "a string"},
	"encryptionsalt":  {[]yaml.Kind{yaml.ScalarNode}, "a string"},
}

// config returns the fields of the file's `config:`.
func (d *decoder) config(root *yaml.Node) *object {
	file := &object{d: d, root: true, fields: map[string]*yaml.Node{}}
	for _, f := range fieldsOf(root) {
		file.add(f.key.Value, f)
		if !isText(f.key) {
			d.problems.Add(f.key.Value, "quote it: "+quoted(f.key.Value), "Pulumi takes text only as a key")
		}
	}
	for name, value := range file.fields {
		if s, ok := settings[name]; ok && !isNull(value) && !slices.Contains(s.kinds, value.Kind) {
			d.lose(name, "write "+s.form, "%s is not %s", describe(value), s.form)
			delete(file.fields, name)
		}
	}
	d.beside = file.fields
	config, ok := file.fields["config"]
	if !ok {
		config = &yaml.Node{Kind: yaml.MappingNode}
	}
	return d.object("", config)
}

// doneBeside reports keys that the declaration has and that stand beside `config:`. Pulumi
// reads nothing there but its own settings.
func (d *decoder) doneBeside(known []string) {
	for _, key := range slices.Sorted(maps.Keys(d.beside)) {
		name, ours := configName(key)
		if _, setting := settings[key]; !setting && ours && (name != key || slices.Contains(known, name)) {
			d.problems.Add(key, "move it under `config:`, and indent it", "stands beside `config:`, where nobody reads it")
		}
	}
}
