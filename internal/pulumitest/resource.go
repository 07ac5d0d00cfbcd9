package pulumitest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Resource is a registered resource with the options that it was given or has
// inherited.
type Resource struct {
	Type, Name, URN string
	// Parent is a URN.
	Parent string
	Inputs map[string]any
	// Secrets are the paths of the inputs that are secrets, such as .registry.password.
	Secrets []string
	// Custom tells a provider's resource from a component.
	Custom bool
	// Read is set for what was read and not registered, such as a StackReference.
	Read bool
	// Provider is the logical name of the explicit provider, or empty.
	Provider       string
	Protect        bool
	RetainOnDelete bool
	// DeletedWith is the URN of the resource with which this one is gone anyway.
	DeletedWith   string
	ImportID      string
	IgnoreChanges []string
	// Aliases are what the resource was known by, as URNs or as names.
	Aliases []string
	// DependsOn are the URNs of all that this one waits for, by option or by input.
	DependsOn []string
	// BeforeCreate, BeforeUpdate and BeforeDelete are the names of the hooks that the engine calls before it does that.
	BeforeCreate, BeforeUpdate, BeforeDelete []string
}

// AWS reports whether the AWS provider manages the resource.
func (r Resource) AWS() bool {
	return r.Custom && strings.HasPrefix(r.Type, "aws:")
}

// Is reports whether the resource has the given type and name.
func (r Resource) Is(typ, name string) bool {
	return r.Type == typ && r.Name == name
}

// Waits reports whether the resource waits for another.
func (r Resource) Waits(other Resource) bool {
	return slices.Contains(r.DependsOn, other.URN)
}

// At returns an input, and nil if there is none: At("rules", 0, "id").
func (r Resource) At(path ...any) any {
	var v any = r.Inputs
	for _, step := range path {
		switch at := v.(type) {
		case map[string]any:
			key, ok := step.(string)
			if !ok {
				return nil
			}
			v = at[key]
		case []any:
			i, ok := step.(int)
			if !ok || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// Resource returns the resource with the given type and name; the test fails if
// there isn't exactly one.
func (r *Result) Resource(t testing.TB, typ, name string) Resource {
	t.Helper()
	var found []Resource
	for _, res := range r.Resources {
		if res.Is(typ, name) {
			found = append(found, res)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d resources of type %s named %s among\n%s", len(found), typ, name, strings.Join(r.URNs(), "\n"))
	}
	return found[0]
}

// OfType returns the resources of a type in the order of their URNs.
func (r *Result) OfType(typ string) []Resource {
	return slices.DeleteFunc(slices.Clone(r.Resources), func(res Resource) bool { return res.Type != typ })
}

// Children returns "type name" of the resources right below one.
func (r *Result) Children(parent Resource) []string {
	var children []string
	for _, res := range r.Resources {
		if res.Parent == parent.URN {
			children = append(children, res.Type+" "+res.Name)
		}
	}
	slices.Sort(children)
	return children
}

// CheckProviders checks that the named provider manages every AWS resource.
func (r *Result) CheckProviders(t testing.TB, name string) {
	t.Helper()
	for _, res := range r.Resources {
		if res.AWS() && res.Provider != name {
			t.Errorf("%s has provider %q, not %q", res.URN, res.Provider, name)
		}
	}
}

// CheckProtected checks that every AWS resource is protected, but for those of
// the given types, which must not be.
func (r *Result) CheckProtected(t testing.TB, except ...string) {
	t.Helper()
	for _, res := range r.Resources {
		if want := !slices.Contains(except, res.Type); res.AWS() && res.Protect != want {
			t.Errorf("%s is protected: %t, not %t", res.URN, res.Protect, want)
		}
	}
}

// CheckLanes checks that of n resources of a type no more than atOnce are made
// at the same time: each waits for at most one other, and none is waited for by
// two, so that they form as many lanes as there are that wait for none.
func (r *Result) CheckLanes(t testing.TB, typ string, n, atOnce int) {
	t.Helper()
	all := r.OfType(typ)
	if len(all) != n {
		t.Fatalf("%d resources of type %s, not %d", len(all), typ, n)
	}
	lanes, next := 0, map[string]string{}
	for _, res := range all {
		var after []string
		for _, urn := range res.DependsOn {
			if slices.ContainsFunc(all, func(other Resource) bool { return other.URN == urn }) {
				after = append(after, urn)
			}
		}
		if len(after) == 0 {
			lanes++
			continue
		}
		if len(after) > 1 {
			t.Errorf("%s waits for %v", res.Name, after)
		}
		if other := next[after[0]]; other != "" {
			t.Errorf("both %s and %s wait for %s", other, res.Name, after[0])
		}
		next[after[0]] = res.Name
	}
	if want := min(n, atOnce); lanes != want {
		t.Errorf("%d lanes, not %d", lanes, want)
	}
}

// URNs returns the URNs of all resources in alphabetical order.
func (r *Result) URNs() []string {
	urns := make([]string, len(r.Resources))
	for i, res := range r.Resources {
		urns[i] = res.URN
	}
	return urns
}

func plainMap(m resource.PropertyMap) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		// Pulumi's own bookkeeping in providers' inputs.
		if k != "__internal" {
			out[string(k)] = plain(v)
		}
	}
	return out
}

func plain(v resource.PropertyValue) any {
	switch {
	case v.IsComputed(), v.IsOutput() && !v.OutputValue().Known:
		return Unknown
	case v.IsOutput():
		return plain(v.OutputValue().Element)
	case v.IsSecret():
		return plain(v.SecretValue().Element)
	case v.IsObject():
		return plainMap(v.ObjectValue())
	case v.IsArray():
		out := []any{}
		for _, e := range v.ArrayValue() {
			out = append(out, plain(e))
		}
		return out
	default:
		return v.V
	}
}

// secrets returns the paths of the secrets in a value, in alphabetical order.
func secrets(v resource.PropertyValue, path string) []string {
	var paths []string
	switch {
	case v.IsSecret(), v.IsOutput() && v.OutputValue().Secret:
		return []string{path}
	case v.IsObject():
		for k, e := range v.ObjectValue() {
			paths = append(paths, secrets(e, path+"."+string(k))...)
		}
	case v.IsArray():
		for i, e := range v.ArrayValue() {
			paths = append(paths, secrets(e, fmt.Sprintf("%s[%d]", path, i))...)
		}
	}
	slices.Sort(paths)
	return paths
}
