package organization

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxUnitName is how long units' names and keys are. AWS takes any characters in a name;
// the AWS plugin counts bytes where AWS counts characters.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateOrganizationalUnit.html
const maxUnitName = 128

var maxUnits, maxUnitDepth = published.Units.Most, published.UnitDepth.Most

var (
	unitKey  = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9 ._-]*[A-Za-z0-9])?$`)
	notInKey = regexp.MustCompile(`[^a-z0-9]+`)
)

func (o *Organization) checkUnits(ps *Problems) {
	if n := len(o.Units); n > maxUnits {
		ps.Add(prefix+"units", "leave some out, or put accounts of several into one", "%d units, over AWS's %d", n, maxUnits)
	}
	for _, key := range slices.Sorted(maps.Keys(o.Units)) {
		unit, at := o.Units[key], prefix+"units."+key
		o.checkUnitName(ps, at, key)
		checkTags(ps, at+".tags", unit.Tags)
		checkTogether(ps, at+".tags", o.Tags, unit.Tags)
		if _, ok := o.Units[unit.Parent]; unit.Parent != "" && !ok {
			ps.Add(at+".parent", o.unitRemedy(unit.Parent), "unknown unit %q", unit.Parent)
			continue
		}
		switch depth := o.depth(key) + 1; {
		case depth > len(o.Units):
			ps.Add(at+".parent", "let one unit of the cycle have no parent", "%q lies within itself", key)
		case depth > maxUnitDepth:
			ps.Add(at+".parent", "move it up", "%q is %d units deep, over AWS's %d", key, depth, maxUnitDepth)
		}
	}
}

func (o *Organization) checkUnitName(ps *Problems, at, key string) {
	if !unitKey.MatchString(key) || len(key) > maxUnitName {
		ps.Add(at, "write up to 128 letters, digits, spaces, dots, hyphens and underscores as its key, and any other name beside it: "+UnitLine(o.NewUnitKey(key), Unit{Name: key, Parent: o.Units[key].Parent}),
			"%q is not a unit's key", key)
	}
	name := o.Units[key].Name
	switch n := utf8.RuneCountInString(name); {
	case n > maxUnitName:
		ps.Add(at+".name", "shorten the name", "%q has %d characters, over AWS's %d", name, n, maxUnitName)
	case len(name) > maxUnitName:
		ps.Add(at+".name", "shorten the name", "%q has %d bytes in UTF-8, over the AWS plugin's %d", name, len(name), maxUnitName)
	}
	for _, other := range slices.Sorted(maps.Keys(o.Units)) {
		if other < key && o.Units[other].Parent == o.Units[key].Parent && o.UnitName(other) == o.UnitName(key) {
			ps.Add(at+".name", "write another name, or another parent", "%q is the name of unit %q too, which has the same parent", o.UnitName(key), other)
		}
	}
}

// NewUnitKey returns a key for another unit, which has a name in AWS: the name itself if
// it can be a key and none has it yet, or else a short one.
func (o *Organization) NewUnitKey(name string) string {
	if _, taken := o.Units[name]; !taken && unitKey.MatchString(name) && len(name) <= maxUnitName {
		return name
	}
	short := strings.Trim(notInKey.ReplaceAllString(strings.ToLower(name), "-"), "-")
	short = cmp.Or(strings.Trim(short[:min(len(short), maxLabel)], "-"), "unit")
	key := short
	for i := 2; ; i++ {
		if _, taken := o.Units[key]; !taken {
			return key
		}
		key = fmt.Sprintf("%s-%d", short, i)
	}
}

// UnitLine returns a unit's place as a declaration writes it.
func UnitLine(key string, u Unit) string {
	type fields struct {
		Name   string `yaml:"name,omitempty"`
		Parent string `yaml:"parent,omitempty"`
	}
	f := fields{Name: u.Name, Parent: u.Parent}
	if f.Name == key {
		f.Name = ""
	}
	text, err := yaml.Marshal(struct {
		A map[string]fields `yaml:"a,flow"`
	}{map[string]fields{key: f}})
	if err != nil {
		return key + ": {}" // Texts can't fail.
	}
	return strings.TrimSuffix(strings.TrimPrefix(string(text), "a: {"), "}\n")
}

func (o *Organization) unitRemedy(name string) string {
	units := slices.Sorted(maps.Keys(o.Units))
	if near, ok := nearest(name, units); ok {
		return "did you mean " + near + "?"
	}
	if len(units) == 0 {
		return fmt.Sprintf("declare it under %sunits", prefix)
	}
	return fmt.Sprintf("declare it under %sunits; those declared are %s", prefix, strings.Join(units, ", "))
}
