package automation

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// What stands in diffs and outputs for values that nobody is shown.
const (
	// Secret stands for a value that is secret.
	Secret = "[secret]"
	// Unknown stands for a value that only AWS can tell.
	Unknown = "[unknown]"
)

// DiffKind is how a property changes.
type DiffKind string

// The kinds of changes.
const (
	DiffAdd    DiffKind = "add"
	DiffDelete DiffKind = "delete"
	DiffUpdate DiffKind = "update"
)

// PropertyDiff is one property that changes. Documents, such as policies, are
// compared by what is in them.
type PropertyDiff struct {
	// Path is where it stands: tags.owner, policy.Statement[0].Action[1].
	Path string   `json:"path"`
	Kind DiffKind `json:"kind"`
	// Old and New are JSON values, Secret or Unknown; nil for none.
	Old any `json:"old,omitempty"`
	New any `json:"new,omitempty"`
	// Replaces says that AWS can't change this in place, so that the resource is
	// made again.
	Replaces bool `json:"replaces,omitempty"`
}

// diffOf returns what a step changes: of a new resource all that it is made
// from, of one that goes nothing.
func diffOf(m apitype.StepEventMetadata) []PropertyDiff {
	var d differ
	switch {
	case m.New == nil:
		return nil
	case m.Old == nil:
		d.compare("", nil, shown(m.New.Inputs))
	case m.Op == apitype.OpRefresh || drifted(m):
		// What was read differs from what was noted.
		d.compare("", declaredOnly(m.Old.Outputs, m.Old.Inputs), declaredOnly(m.New.Outputs, m.New.Inputs))
	default:
		d.compare("", shown(m.Old.Inputs), shown(m.New.Inputs))
	}
	d.add(hidden(m, d.diffs)...)
	for i := range d.diffs {
		d.diffs[i].Replaces = replaces(m, d.diffs[i].Path)
	}
	return d.diffs
}

// drifted reports whether a step is a refresh's: it has the same inputs, which a
// refresh doesn't look at, and other outputs.
func drifted(m apitype.StepEventMetadata) bool {
	return m.Op == apitype.OpUpdate && m.Old != nil && m.New != nil && equal(m.Old.Inputs, m.New.Inputs) && len(m.New.Outputs) > 0
}

// hidden returns the properties that Pulumi says differ, and that look alike
// here: secrets, and what only AWS shows.
func hidden(m apitype.StepEventMetadata, seen []PropertyDiff) []PropertyDiff {
	var found []PropertyDiff
	for _, path := range slices.Sorted(maps.Keys(m.DetailedDiff)) {
		kind := DiffUpdate
		switch m.DetailedDiff[path].Kind { //nolint:exhaustive // The rest are updates.
		case apitype.DiffAdd, apitype.DiffAddReplace:
			kind = DiffAdd
		case apitype.DiffDelete, apitype.DiffDeleteReplace:
			kind = DiffDelete
		}
		if repeatedProperties.MatchString(path) || slices.ContainsFunc(seen, func(d PropertyDiff) bool { return within(d.Path, path) || within(path, d.Path) }) {
			continue
		}
		found = append(found, PropertyDiff{Path: path, Kind: kind, Old: topLevel(m.Old, path, kind != DiffAdd), New: topLevel(m.New, path, kind != DiffDelete)})
	}
	return found
}

// repeatedProperties are properties that repeat another: all tags are the tags and the
// provider's own.
var repeatedProperties = regexp.MustCompile(`^(tagsAll|__defaults|__meta)\b`)

// topLevel returns the value of a property at the top, if it is there; what lies
// deeper isn't looked for.
func topLevel(s *apitype.StepEventStateMetadata, path string, there bool) any {
	if s == nil || !there {
		return nil
	}
	for _, values := range []map[string]any{s.Inputs, s.Outputs} {
		if v, ok := values[path]; ok {
			return plain(v)
		}
	}
	return Unknown
}

// within reports whether a path is another or leads into it.
func within(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// replaces reports whether Pulumi says that a property makes the resource be
// made again.
func replaces(m apitype.StepEventMetadata, path string) bool {
	for _, key := range m.Keys {
		if within(path, key) {
			return true
		}
	}
	for key, d := range m.DetailedDiff {
		if strings.HasSuffix(string(d.Kind), "-replace") && (within(path, key) || within(key, path)) {
			return true
		}
	}
	return false
}

// shown returns inputs without Pulumi's own notes in them.
func shown(inputs map[string]any) any {
	values := map[string]any{}
	for key, v := range inputs {
		if !repeatedProperties.MatchString(key) {
			values[key] = plain(v)
		}
	}
	return values
}

// declaredOnly returns those outputs that are inputs as well: the others follow
// from them, or are AWS's own business.
func declaredOnly(outputs, inputs map[string]any) any {
	values := map[string]any{}
	for key, v := range outputs {
		if _, ok := inputs[key]; ok && !repeatedProperties.MatchString(key) {
			values[key] = plain(v)
		}
	}
	return values
}

// plain returns a value of the engine's with words for what isn't shown, and
// documents in place of their text.
func plain(v any) any {
	switch v := v.(type) {
	case string:
		if v == plugin.UnknownStringValue {
			return Unknown
		}
		if document, ok := documentOf(v); ok {
			return document
		}
		return v
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = plain(item)
		}
		return items
	case map[string]any:
		if isSecret(v) {
			return Secret
		}
		if signature, ok := v[resource.SigKey]; ok {
			return fmt.Sprintf("[%v]", signature)
		}
		fields := map[string]any{}
		for key, field := range v {
			if !repeatedProperties.MatchString(key) {
				fields[key] = plain(field)
			}
		}
		return fields
	default:
		return v
	}
}

// isSecret reports whether a value of the engine's is a secret.
func isSecret(v map[string]any) bool { return v[resource.SigKey] == resource.SecretSig }

// documentOf returns what a text of JSON says, if it is an object or a list.
func documentOf(text string) (any, bool) {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return nil, false
	}
	var document any
	if json.Unmarshal([]byte(text), &document) != nil {
		return nil, false
	}
	return plain(document), true
}

// differ collects what differs between two values.
type differ struct{ diffs []PropertyDiff }

func (d *differ) add(diffs ...PropertyDiff) { d.diffs = append(d.diffs, diffs...) }

// compare compares two plain values; nil is none.
func (d *differ) compare(path string, was, is any) {
	oldFields, oldIsObject := was.(map[string]any)
	newFields, newIsObject := is.(map[string]any)
	oldItems, oldIsList := was.([]any)
	newItems, newIsList := is.([]any)
	switch {
	case equal(was, is), consistsOf(oldItems, is), consistsOf(newItems, was):
	case newIsObject && (oldIsObject || was == nil && len(newFields) > 0), oldIsObject && is == nil && len(oldFields) > 0:
		d.fields(path, oldFields, newFields)
	case newIsList && oldIsList:
		d.items(path, oldItems, newItems)
	case was == nil:
		d.add(PropertyDiff{Path: path, Kind: DiffAdd, New: is})
	case is == nil:
		d.add(PropertyDiff{Path: path, Kind: DiffDelete, Old: was})
	default:
		d.add(PropertyDiff{Path: path, Kind: DiffUpdate, Old: was, New: is})
	}
}

// consistsOf reports whether a list has nothing but one string, which is value. In a policy both
// say the same, and AWS returns now the one and now the other.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
func consistsOf(list []any, value any) bool {
	text, ok := value.(string)
	return ok && len(list) == 1 && list[0] == text
}

func (d *differ) fields(path string, was, is map[string]any) {
	all := maps.Clone(was)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, is)
	for _, key := range slices.Sorted(maps.Keys(all)) {
		d.compare(join(path, key), was[key], is[key])
	}
}

// unquotedKey is what can stand in a path without quotes.
var unquotedKey = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

func join(path, key string) string {
	switch {
	case !unquotedKey.MatchString(key):
		return fmt.Sprintf("%s[%q]", path, key)
	case path == "":
		return key
	default:
		return path + "." + key
	}
}

// items compares two lists by their longest common part, so that one that is put
// in or taken out doesn't make all after it differ.
func (d *differ) items(path string, was, is []any) {
	at := func(i int) string { return fmt.Sprintf("%s[%d]", path, i) }
	for _, gap := range gaps(was, is) {
		both := min(gap.oldLen, gap.newLen)
		for i := range both {
			d.compare(at(gap.newAt+i), was[gap.oldAt+i], is[gap.newAt+i])
		}
		// Items come and go as a whole: half a statement says nothing.
		for i := both; i < gap.oldLen; i++ {
			d.add(PropertyDiff{Path: at(gap.oldAt + i), Kind: DiffDelete, Old: was[gap.oldAt+i]})
		}
		for i := both; i < gap.newLen; i++ {
			d.add(PropertyDiff{Path: at(gap.newAt + i), Kind: DiffAdd, New: is[gap.newAt+i]})
		}
	}
}

// gap is a run of items between two that both lists have.
type gap struct{ oldAt, oldLen, newAt, newLen int }

func gaps(was, is []any) []gap {
	// common[i][j] is the length of the longest common part of was[i:] and is[j:].
	common := make([][]int, len(was)+1)
	for i := range common {
		common[i] = make([]int, len(is)+1)
	}
	for i := len(was) - 1; i >= 0; i-- {
		for j := len(is) - 1; j >= 0; j-- {
			if equal(was[i], is[j]) {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var found []gap
	current := gap{}
	i, j := 0, 0
	for i < len(was) || j < len(is) {
		switch {
		case i < len(was) && j < len(is) && equal(was[i], is[j]):
			found = append(found, current)
			i, j = i+1, j+1
			current = gap{oldAt: i, newAt: j}
		case j == len(is) || i < len(was) && common[i+1][j] >= common[i][j+1]:
			i, current.oldLen = i+1, current.oldLen+1
		default:
			j, current.newLen = j+1, current.newLen+1
		}
	}
	return append(found, current)
}

// equal compares JSON values.
func equal(a, b any) bool { return reflect.DeepEqual(a, b) }
