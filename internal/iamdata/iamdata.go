package iamdata

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Action is an action of a service.
type Action struct {
	// Name is the action as policies name it: s3:GetObject.
	Name  string
	Level Level
	// Resources are the types of resources that the action is on. If there are none, only
	// statements about the resource * apply to the action.
	Resources []Target
	// Keys are the names of all condition keys that AWS lists for the action: those that don't
	// depend on a resource, and the Keys of all Resources. Global keys are among them only if
	// AWS lists them for each action, as aws:RequestTag/${TagKey}.
	Keys []string
}

// Target is a type of resources that an action is on.
type Target struct {
	// Type is a name for Resource.
	Type string
	// Required is whether AWS marks the type as required: a statement that allows the action has
	// to cover a resource of this type. The mark can't be relied on where an action has several
	// required types: AWS marks alternatives too.
	Required bool
	// Keys are the keys that AWS lists for the action on this type, and for the type itself.
	Keys []string
}

// Level is an access level. AWS's levels aren't precise: iam:CreateAccessKey is a Write.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_understand-policy-summary-access-level-summaries.html
type Level string

// The access levels.
const (
	List                  Level = "List"
	Read                  Level = "Read"
	Write                 Level = "Write"
	Tagging               Level = "Tagging"
	PermissionsManagement Level = "Permissions management"
)

// ResourceType is a type of resources.
type ResourceType struct {
	Name string
	// ARN is the pattern of ARNs, with variables: arn:${Partition}:s3:::${BucketName}. The value
	// of a variable may have slashes.
	ARN string
	// Keys are the keys that AWS may send with every action on this type.
	Keys []string
}

// Find returns an action. It reports false if the table hasn't the service or the action.
func Find(action string) (Action, bool) {
	s, name, found := find(action)
	if !found {
		return Action{}, false
	}
	listed := s.Actions[name]
	out := Action{Name: s.prefix + ":" + name, Level: listed.Level, Keys: slices.Clone(listed.Keys)}
	for _, on := range slices.Sorted(maps.Keys(listed.On)) {
		typ, required := strings.CutSuffix(on, "*")
		keys := union(listed.On[on], s.Types[typ].Keys)
		out.Resources = append(out.Resources, Target{typ, required, keys})
		out.Keys = append(out.Keys, keys...)
	}
	out.Keys = union(out.Keys)
	return out, true
}

// action matches the name of one action.
var action = regexp.MustCompile(`^[a-zA-Z0-9-]+:[a-zA-Z0-9]+$`)

// IsAction reports whether a text has the form of one action, <service>:<action>, without wildcards. AWS may have no
// such action.
func IsAction(text string) bool { return action.MatchString(text) }

// On reports whether an ARN may be that of a resource that an action is on, by the patterns of the action's
// resource types. It reports false for an action that Find doesn't know.
func On(action, arn string) bool {
	a, _ := Find(action)
	service, _, _ := strings.Cut(a.Name, ":")
	return slices.ContainsFunc(a.Resources, func(on Target) bool {
		typ, found := Resource(service, on.Type)
		return found && matches(variable.ReplaceAllString(typ.ARN, "*"), arn)
	})
}

// variable matches a variable in the pattern of an ARN.
var variable = regexp.MustCompile(`\$\{\w+\}`)

// union returns what any of the lists has, in order.
func union(lists ...[]string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(lists...))))
}

// Known reports whether the table has a service: s3.
func Known(prefix string) bool {
	_, known := services()[strings.ToLower(prefix)]
	return known
}

// Matching returns the names of the actions that a pattern of a policy covers, in order: s3:Get*,
// or * for all actions of the table's services.
func Matching(pattern string) []string {
	prefix, _, _ := strings.Cut(pattern, ":")
	var names []string
	for candidate, reader := range services() {
		if !matches(prefix, candidate) {
			continue
		}
		for name := range reader().Actions {
			if name = candidate + ":" + name; matches(pattern, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names
}

// matches reports whether a pattern with * and ? covers a text, as IAM compares actions.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
func matches(pattern, text string) bool {
	pattern, text = strings.ToLower(pattern), strings.ToLower(text)
	star, from := -1, 0 // The last * in the pattern, and where in the text what follows it began.
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// Resource returns a type of resources of a service: s3, bucket.
func Resource(service, name string) (ResourceType, bool) {
	s, known := load(service)
	if !known {
		return ResourceType{}, false
	}
	for typ, listed := range s.Types {
		if strings.EqualFold(typ, name) {
			return ResourceType{typ, listed.ARN, slices.Clone(listed.Keys)}, true
		}
	}
	return ResourceType{}, false
}
