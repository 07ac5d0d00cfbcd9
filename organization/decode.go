package organization

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"

	"github.com/coldstart-aws/coldstart/internal/fields"
)

// prefix is the namespace of the project's keys in a stack configuration file.
const prefix = "coldstart:"

// decoder reads YAML into Go values. Unlike a library's, it goes on after a
// problem, so that all are reported at once, and it remembers on which line
// each key stands, for the rules that are checked afterwards.
type decoder struct {
	problems Problems
	lines    map[string]int
	// read reads a file that the declaration names; nil if none is read.
	read func(path string) ([]byte, error)
	// lost are the keys whose values couldn't be read.
	lost []string
	// beside are the fields of the file itself.
	beside map[string]*yaml.Node
}

// lose adds a problem of a value that can't be read.
func (d *decoder) lose(key, remedy, text string, args ...any) {
	d.problems.Add(key, remedy, text, args...)
	d.lost = append(d.lost, key)
}

// object is a YAML mapping whose fields are taken out one after another; what
// is left at the end is unknown.
type object struct {
	d   *decoder
	key string
	// root is set for the file itself.
	root   bool
	fields map[string]*yaml.Node
	// known are the fields asked for, to suggest one for a typing error.
	known []string
}

// object returns the fields of a mapping. Anything else, and a key that stands
// there twice, is a problem.
func (d *decoder) object(key string, node *yaml.Node) *object {
	o := &object{d: d, key: key, fields: map[string]*yaml.Node{}}
	node = resolve(node)
	switch {
	case isNull(node):
	case node.Kind != yaml.MappingNode:
		d.lose(key, "write it as {key: value, …}", "%s is not an object", describe(node))
	case key != "" && isSecret(node):
		d.secret(key)
	case key == "":
		o.addConfig(fieldsOf(node))
	default:
		for _, f := range fieldsOf(node) {
			d.asWritten(o.join(f.key.Value), f.key, false)
			o.add(f.key.Value, f)
		}
	}
	return o
}

// secret adds the problem of an encrypted value, which Pulumi decrypts for its programs.
func (d *decoder) secret(key string) {
	d.lose(key, "write the value itself; a key that is called secure needs another one beside it",
		"Pulumi takes {secure: …} for an encrypted value, and the declaration has none: every stack and pull request reads it")
}

// addConfig adds the project's fields of the file's `config:`.
func (o *object) addConfig(fields []field) {
	for _, f := range fields {
		key := f.key.Value
		name, ours := configName(key)
		switch {
		case !isConfigKey(f.key):
			o.d.lines[key] = f.key.Line
			o.d.problems.Add(key, "write <namespace>:<name>, as text", "Pulumi can't read %s as the key of a configuration", describe(f.key))
		case ours && isText(f.value) && f.value.Value == "":
			// Pulumi makes an empty text of a key that has no value.
			o.add(name, field{f.key, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}})
		case ours:
			o.add(name, f)
		case isUnwritable(f.value):
			// All else of other projects' keys is none of our business.
			o.d.lines[key] = f.key.Line
			o.d.problems.Add(key, "quote the number that is infinite or none", "Pulumi has no form for the value")
		}
	}
}

// add adds a field.
func (o *object) add(name string, f field) {
	full := o.join(name)
	if _, twice := o.fields[name]; twice {
		o.d.problems.Add(full, "keep one of them", "stands there twice, on lines %d and %d", o.d.lines[full], f.key.Line)
	} else {
		o.fields[name] = f.value
	}
	o.d.lines[full] = f.key.Line
}

// join returns the full key of a field.
func (o *object) join(name string) string {
	switch {
	case o.root:
		return name
	case o.key == "":
		return prefix + name
	default:
		return o.key + "." + name
	}
}

// take removes a field and returns its value.
func (o *object) take(name string) (*yaml.Node, bool) {
	o.known = append(o.known, name)
	node, ok := o.fields[name]
	delete(o.fields, name)
	if !ok {
		return nil, false
	}
	node = resolve(node)
	return node, !isNull(node)
}

// scalar takes a field that isn't an object or list.
func (o *object) scalar(name, want string) (*yaml.Node, bool) {
	node, ok := o.take(name)
	switch {
	case ok && isSecret(node):
		o.d.secret(o.join(name))
		return nil, false
	case ok && node.Kind != yaml.ScalarNode:
		o.d.lose(o.join(name), "write "+want, "%s is not %s", describe(node), want)
		return nil, false
	}
	return node, ok
}

func (o *object) text(name string, to *string) {
	if node, ok := o.scalar(name, "a string"); ok {
		o.d.asWritten(o.join(name), node, false)
		*to = node.Value
	}
}

func (o *object) number(name string, to *int) {
	node, ok := o.scalar(name, "a whole number")
	if !ok {
		return
	}
	n, err := strconv.Atoi(node.Value)
	switch {
	case err != nil:
		o.d.lose(o.join(name), "write a whole number, such as 365", "%q is not a whole number", node.Value)
	case strconv.Itoa(n) != node.Value:
		// YAML reads 0123 as 83, and people as 123.
		o.d.lose(o.join(name), fmt.Sprintf("write %d, or the number that is meant, without sign and leading zeros", n), "%s is ambiguous", node.Value)
	default:
		*to = n
	}
}

// numbers takes an object whose values are all whole numbers.
func (o *object) numbers(name string, to *map[string]int) {
	o.nested(name, func(values *object) {
		*to = map[string]int{}
		for _, key := range slices.Sorted(maps.Keys(values.fields)) {
			var value int
			values.number(key, &value)
			(*to)[key] = value
		}
	})
}

func (o *object) boolean(name string, to *bool) {
	node, ok := o.scalar(name, "true or false")
	if !ok {
		return
	}
	switch asRead(node) {
	case "true":
		*to = true
	case "false":
		*to = false
	default:
		o.d.lose(o.join(name), "write true or false", "%q is neither true nor false", node.Value)
	}
}

// duration takes a length of time, such as 1h or 90m.
func (o *object) duration(name string, to *time.Duration) {
	node, ok := o.scalar(name, "a length of time")
	if !ok {
		return
	}
	d, err := time.ParseDuration(node.Value)
	if err != nil {
		o.d.lose(o.join(name), "write hours or minutes, such as 4h or 90m", "%q is not a length of time", node.Value)
		return
	}
	o.d.asWritten(o.join(name), node, false)
	*to = d
}

func (o *object) prefix(name string, to *netip.Prefix) {
	node, ok := o.scalar(name, "a network")
	if !ok {
		return
	}
	p, err := netip.ParsePrefix(node.Value)
	if err != nil {
		o.d.lose(o.join(name), "write an IPv4 network in CIDR notation, such as 10.100.0.0/16", "%q is not a network", node.Value)
		return
	}
	*to = p
}

func (o *object) list(name string, to *[]string) {
	node, ok := o.take(name)
	if !ok {
		return
	}
	if node.Kind != yaml.SequenceNode {
		o.d.lose(o.join(name), "write it as [a, b, …]", "%s is not a list", describe(node))
		return
	}
	*to = o.strings(name, node)
}

// strings returns the items of a list.
func (o *object) strings(name string, list *yaml.Node) []string {
	values := []string{}
	for _, item := range list.Content {
		item = resolve(item)
		if item.Kind != yaml.ScalarNode {
			o.d.lose(o.join(name), "write it as [a, b, …]", "%s is not a string", describe(item))
			continue
		}
		o.d.asWritten(o.join(name), item, true)
		values = append(values, item.Value)
	}
	return values
}

// oneOrList takes a string or a list of them.
func (o *object) oneOrList(name string, to *[]string) {
	if node, ok := o.fields[name]; ok && node.Kind == yaml.ScalarNode && !isNull(node) {
		var one string
		o.text(name, &one)
		*to = []string{one}
		return
	}
	o.list(name, to)
}

// texts takes an object whose values are all strings.
func (o *object) texts(name string, to *map[string]string) {
	o.nested(name, func(values *object) {
		*to = map[string]string{}
		for _, key := range slices.Sorted(maps.Keys(values.fields)) {
			var value string
			if node := values.fields[key]; isNull(node) {
				values.d.asWritten(values.join(key), node, false)
			}
			values.text(key, &value)
			(*to)[key] = value
		}
	})
}

// into takes the fields that a struct lists.
func (o *object) into(s any) {
	for _, f := range fields.Of(s) {
		switch to := f.Value.(type) {
		case *string:
			o.text(f.Key, to)
		case *bool:
			o.boolean(f.Key, to)
		case *netip.Prefix:
			o.prefix(f.Key, to)
		case *[]string:
			o.list(f.Key, to)
		case *map[string]string:
			o.texts(f.Key, to)
		}
	}
}

// nested takes an object and lets read take its fields.
func (o *object) nested(name string, read func(*object)) {
	node, ok := o.take(name)
	if !ok {
		return
	}
	inner := o.d.object(o.join(name), node)
	read(inner)
	inner.done()
}

// each takes an object whose values are objects that read, which is told the
// name of each, turns into values.
func each[T any](o *object, name string, read func(o *object, name string) T) map[string]T {
	values := map[string]T{}
	o.known = append(o.known, name)
	node, ok := o.fields[name]
	delete(o.fields, name)
	if !ok {
		return values
	}
	all := o.d.object(o.join(name), node)
	for _, key := range slices.Sorted(maps.Keys(all.fields)) {
		one := o.d.object(all.join(key), all.fields[key])
		values[key] = read(one, key)
		one.done()
	}
	return values
}

// done reports the fields that nobody took.
func (o *object) done() {
	for _, name := range slices.Sorted(maps.Keys(o.fields)) {
		slices.Sort(o.known)
		remedy := "the keys here are " + strings.Join(o.known, ", ")
		if near, ok := nearest(name, o.known); ok {
			remedy = "did you mean " + near + "?"
			o.d.lost = append(o.d.lost, o.join(near))
		}
		o.d.problems.Add(o.join(name), remedy, "unknown key")
	}
}

// line returns the line of a key, or of the nearest one above it.
func (d *decoder) line(key string) int {
	for key != "" {
		if line, ok := d.lines[key]; ok {
			return line
		}
		key = key[:max(strings.LastIndexByte(key, '.'), 0)]
	}
	return 0
}

// describe names a value in a message.
func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "an object"
	case yaml.SequenceNode:
		return "a list"
	default:
		return strconv.Quote(node.Value)
	}
}

// nearest returns the one of names that is at most two typing errors away.
func nearest(name string, names []string) (string, bool) {
	best, distance := "", 3
	for _, n := range names {
		d := levenshtein.ComputeDistance(strings.ToLower(name), strings.ToLower(n))
		if d < distance {
			best, distance = n, d
		}
	}
	return best, distance < 3 && distance < len(name)
}
