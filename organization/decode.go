package organization

import (
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/texttheater/golang-levenshtein/levenshtein"
	"go.yaml.in/yaml/v3"
)

// prefix is the namespace of the project's keys in a stack configuration file.
const prefix = "coldstart:"

// decoder reads YAML into Go values. Unlike a library's, it goes on after a
// problem, so that all are reported at once, and it remembers on which line
// each key stands, for the rules that are checked afterwards.
type decoder struct {
	problems Problems
	lines    map[string]int
}

// object is a YAML mapping whose fields are taken out one after another; what
// is left at the end is unknown.
type object struct {
	d      *decoder
	key    string
	fields map[string]*yaml.Node
	// known are the fields asked for, to suggest one for a typing error.
	known []string
}

// object returns the fields of a mapping. Anything else, and a key that stands
// there twice, is a problem.
func (d *decoder) object(key string, node *yaml.Node) *object {
	o := &object{d: d, key: key, fields: map[string]*yaml.Node{}}
	node = resolve(node)
	if node.Tag == "!!null" {
		return o
	}
	if node.Kind != yaml.MappingNode {
		d.problems.Add(key, "write it as {key: value, …}", "%s is not an object", describe(node))
		return o
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i].Value, node.Content[i+1]
		if key == "" {
			// Other projects' keys, such as aws:region, are none of our business.
			if !strings.HasPrefix(name, prefix) {
				continue
			}
			name = strings.TrimPrefix(name, prefix)
		}
		full := o.join(name)
		if _, twice := o.fields[name]; twice {
			d.problems.Add(full, "keep one of them", "stands there twice, on lines %d and %d", d.lines[full], node.Content[i].Line)
		}
		o.fields[name] = value
		d.lines[full] = node.Content[i].Line
	}
	return o
}

// join returns the full key of a field.
func (o *object) join(name string) string {
	if o.key == "" {
		return prefix + name
	}
	return o.key + "." + name
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
	return node, node.Tag != "!!null"
}

// scalar takes a field that isn't an object or list.
func (o *object) scalar(name, want string) (*yaml.Node, bool) {
	node, ok := o.take(name)
	if ok && node.Kind != yaml.ScalarNode {
		o.d.problems.Add(o.join(name), "write "+want, "%s is not %s", describe(node), want)
		return nil, false
	}
	return node, ok
}

func (o *object) text(name string, to *string) {
	if node, ok := o.scalar(name, "a string"); ok {
		*to = node.Value
	}
}

func (o *object) number(name string, to *int) {
	node, ok := o.scalar(name, "a whole number")
	if !ok {
		return
	}
	n, err := strconv.Atoi(node.Value)
	if err != nil {
		o.d.problems.Add(o.join(name), "write a whole number, such as 365", "%q is not a whole number", node.Value)
		return
	}
	*to = n
}

func (o *object) boolean(name string, to *bool) {
	node, ok := o.scalar(name, "true or false")
	if !ok {
		return
	}
	switch node.Value {
	case "true":
		*to = true
	case "false":
		*to = false
	default:
		o.d.problems.Add(o.join(name), "write true or false", "%q is neither true nor false", node.Value)
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
		o.d.problems.Add(o.join(name), "write hours or minutes, such as 4h or 90m", "%q is not a length of time", node.Value)
		return
	}
	*to = d
}

func (o *object) prefix(name string, to *netip.Prefix) {
	node, ok := o.scalar(name, "a network")
	if !ok {
		return
	}
	p, err := netip.ParsePrefix(node.Value)
	if err != nil {
		o.d.problems.Add(o.join(name), "write an IPv4 network in CIDR notation, such as 10.100.0.0/16", "%q is not a network", node.Value)
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
		o.d.problems.Add(o.join(name), "write it as [a, b, …]", "%s is not a list", describe(node))
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
			o.d.problems.Add(o.join(name), "write it as [a, b, …]", "%s is not a string", describe(item))
			continue
		}
		values = append(values, item.Value)
	}
	return values
}

// oneOrList takes a string or a list of them.
func (o *object) oneOrList(name string, to *[]string) {
	if node, ok := o.fields[name]; ok && resolve(node).Kind == yaml.ScalarNode && resolve(node).Tag != "!!null" {
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
			values.text(key, &value)
			(*to)[key] = value
		}
	})
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

// resolve follows an alias to what it stands for.
func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
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

// edits counts how many characters to insert, delete or change.
var edits = levenshtein.DefaultOptionsWithSub

// nearest returns the one of names that is at most two typing errors away.
func nearest(name string, names []string) (string, bool) {
	best, distance := "", 3
	for _, n := range names {
		d := levenshtein.DistanceForStrings([]rune(strings.ToLower(name)), []rune(strings.ToLower(n)), edits)
		if d < distance {
			best, distance = n, d
		}
	}
	return best, distance < 3 && distance < len(name)
}
