package organization

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/coldstart-aws/coldstart/internal/fields"
)

// ErrDeclared is returned by AddAccount for an account that is declared already.
var ErrDeclared = errors.New("is declared already")

// AddAccount adds an account to the text of a declaration and returns the new
// text. All that stands there stays as it is: order, comments, formatting. File
// stands in the positions of problems.
//
// The declaration with the account has to be valid; else the error holds every
// problem, each a Problem. A text in which nothing can be inserted without
// changing what else it says is refused, with the line to write by hand.
func AddAccount(file string, content []byte, name string, account Account) ([]byte, error) {
	root, err := parseYAML(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	d := &decoder{lines: map[string]int{}}
	want := d.organization(root)
	if _, ok := want.Accounts[name]; ok {
		return nil, fmt.Errorf("%s: account %q %w, on line %d", file, name, ErrDeclared, d.line(prefix+"accounts."+name))
	}
	want.Accounts[name] = account.withoutEmpty()
	if err := d.check(file, want).Err(); err != nil {
		return nil, err
	}
	e := &edit{content: content, root: root, name: name}
	if e.entry, err = renderAccount(name, account, bytes.Contains(content, []byte(": { "))); err != nil {
		return nil, err
	}
	for _, c := range e.candidates() {
		if changed := c.apply(content); e.proves(changed, want) {
			return changed, nil
		}
	}
	return nil, fmt.Errorf("%s is written in a way that an account can't be added to without changing what else it says; "+
		"write this under %saccounts yourself:\n    %s", file, prefix, e.entry)
}

// withoutEmpty returns the account as it is read: what is empty isn't there.
func (a Account) withoutEmpty() Account {
	for _, f := range fields.Of(&a) {
		if f.Empty() {
			f.Clear()
		}
	}
	return a
}

// renderAccount returns an account as one line of YAML, in flow style, with
// spaces inside its braces if the rest of the text has them.
func renderAccount(name string, a Account, spaced bool) (string, error) {
	line, err := inFlow(name, struct{}{})
	var values []string
	for _, f := range fields.Of(&a) {
		if f.Empty() {
			continue
		}
		value, problem := inFlow(f.Key, f.Value)
		values, err = append(values, value), errors.Join(err, problem)
	}
	if err != nil {
		return "", fmt.Errorf("writing account %q as YAML: %w", name, err)
	}
	inside := strings.Join(values, ", ")
	if spaced && inside != "" {
		inside = " " + inside + " "
	}
	return strings.TrimSuffix(line, "}") + inside + "}", nil
}

// inFlow returns a key and its value as they stand in a mapping in flow style.
func inFlow(key string, value any) (string, error) {
	text, err := yaml.Marshal(struct {
		A map[string]any `yaml:"a,flow"`
	}{map[string]any{key: value}})
	return strings.TrimPrefix(strings.TrimSuffix(string(text), "}\n"), "a: {"), err
}

// edit is the insertion of an account into a text.
//
// YAML's nodes say where they start and not where they end, so it inserts at
// the likely places one after another, and takes the first result that says
// exactly what the text said before, and the account.
type edit struct {
	content []byte
	root    *yaml.Node
	name    string
	entry   string
}

// candidate is what may be inserted, in the order of its places.
type candidate []insertion

type insertion struct {
	at   int
	text string
}

func (c candidate) apply(content []byte) []byte {
	var changed []byte
	from := 0
	for _, i := range c {
		changed = append(append(changed, content[from:i.at]...), i.text...)
		from = i.at
	}
	return append(changed, content[from:]...)
}

// candidates returns ways to insert the account, the likeliest first.
func (e *edit) candidates() []candidate {
	config := configOf(e.root)
	accounts := accountsOf(config)
	switch {
	case e.aliased(config) || e.aliased(accounts):
		return nil // What says the same elsewhere would get the account too.
	case accounts == nil:
		return e.insert(config, prefix+"accounts: {"+e.entry+"}", prefix+"accounts:", e.entry)
	case accounts.Kind == yaml.ScalarNode:
		return e.under(config)
	default:
		return e.insert(accounts, e.entry, e.entry)
	}
}

// insert adds to a mapping: flow in flow style, and lines, each further in than
// the one before, in block style.
func (e *edit) insert(mapping *yaml.Node, flow string, lines ...string) []candidate {
	switch {
	case mapping.Kind != yaml.MappingNode:
		return nil
	case mapping.Style&yaml.FlowStyle != 0:
		return e.beforeBrace(mapping, flow)
	case len(mapping.Content) == 0:
		return nil
	}
	last := mapping.Content[len(mapping.Content)-2]
	return e.after(lastLine(mapping), e.indent(last.Line), lines...)
}

// under adds the account to the key of accounts, which has no value.
func (e *edit) under(config *yaml.Node) []candidate {
	for i := 0; i+1 < len(config.Content); i += 2 {
		if key := config.Content[i]; isAccounts(key) && config.Style&yaml.FlowStyle == 0 {
			return e.after(key.Line, e.indent(key.Line)+2, e.entry)
		}
	}
	return nil
}

// after adds lines behind the given one, or behind a later one if a value goes
// on there. Comments that are further in belong to what stands above them.
func (e *edit) after(line, indent int, lines ...string) []candidate {
	text := strings.Builder{}
	for i, l := range lines {
		text.WriteString(e.newline() + strings.Repeat(" ", indent+2*i) + l)
	}
	ends, next := e.lineEnds(), e.nextLine(line)
	for line < len(ends) && isComment(e.content[ends[line-1]:ends[line]], indent) {
		line++
	}
	var all []candidate
	for ; line < next && line <= len(ends); line++ {
		all = append(all, candidate{{ends[line-1], text.String()}})
	}
	return all
}

// isComment reports whether a line has nothing but a comment that is further in
// than the given indentation.
func isComment(line []byte, indent int) bool {
	text := bytes.TrimLeft(line, "\r\n")
	trimmed := bytes.TrimLeft(text, " ")
	return bytes.HasPrefix(trimmed, []byte("#")) && len(text)-len(trimmed) > indent
}

// beforeBrace adds to a mapping in flow style, behind what stands before one of
// the closing braces that come after its last value's start.
func (e *edit) beforeBrace(mapping *yaml.Node, entry string) []candidate {
	ends, line := e.lineEnds(), lastLine(mapping)
	if line > len(ends) {
		return nil
	}
	var all []candidate
	to := ends[min(e.nextLine(line), len(ends))-1]
	for at := bytes.LastIndexByte(e.content[:ends[line-1]], '\n') + 1; at < to; at++ {
		if e.content[at] != '}' {
			continue
		}
		end := len(bytes.TrimRight(e.content[:at], " \r\n"))
		if len(mapping.Content) == 0 {
			all = append(all, candidate{{end, entry}}, candidate{{at, entry}})
			continue
		}
		if bytes.ContainsRune(e.content[end:at], '\n') {
			all = append(all, e.asLine(mapping, end, entry)...)
		}
		all = append(all,
			candidate{{end, ", " + entry}},
			candidate{{end, " " + entry}}, // There is a comma.
			candidate{{at, ", " + entry}}, // There is a comment.
		)
	}
	return all
}

// asLine adds an entry as a line of its own to a mapping in flow style whose
// brace stands on a line of its own. End is where what stands before it ends.
func (e *edit) asLine(mapping *yaml.Node, end int, entry string) []candidate {
	last := mapping.Content[len(mapping.Content)-2]
	line := e.newline() + strings.Repeat(" ", last.Column-1) + entry
	begin := bytes.LastIndexByte(e.content[:end], '\n') + 1
	value := end
	if comment := bytes.Index(e.content[begin:end], []byte(" #")); comment >= 0 {
		value = begin + len(bytes.TrimRight(e.content[begin:begin+comment], " "))
	}
	return []candidate{
		{{value, ","}, {end, line}},
		{{end, line + ","}}, // There is a comma.
	}
}

// proves reports whether a text says what is wanted, and otherwise what the
// text said before.
func (e *edit) proves(changed []byte, want *Organization) bool {
	root, err := parseYAML(changed)
	if err != nil {
		return false
	}
	d := &decoder{lines: map[string]int{}}
	got := d.organization(root)
	if len(d.problems) > 0 || !reflect.DeepEqual(got, want) {
		return false
	}
	// What isn't coldstart's, such as other projects' keys, is compared as YAML.
	before, err := parseYAML(e.content)
	return err == nil && sameContent(without(before, e.name), without(root, e.name))
}

// without takes an account out of a document, so that what is left can be
// compared. A document without accounts gets the key, with nothing in it.
func without(root *yaml.Node, name string) *yaml.Node {
	config := configOf(root)
	accounts := accountsOf(config)
	switch {
	case accounts == nil:
		config.Content = append(config.Content,
			&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: prefix + "accounts"}, &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"})
	case accounts.Kind == yaml.ScalarNode:
		*accounts = yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	default:
		for i := 0; i+1 < len(accounts.Content); i += 2 {
			if accounts.Content[i].Value == name {
				accounts.Content = slices.Delete(accounts.Content, i, i+2)
				break
			}
		}
	}
	return root
}

// sameContent reports whether two documents say the same, in the same order.
func sameContent(a, b *yaml.Node) bool {
	return a.Kind == b.Kind && a.Tag == b.Tag && a.Value == b.Value && a.Anchor == b.Anchor &&
		slices.EqualFunc(a.Content, b.Content, sameContent)
}

// aliased reports whether the document refers to a node from elsewhere.
func (e *edit) aliased(node *yaml.Node) bool {
	var refers func(n *yaml.Node) bool
	refers = func(n *yaml.Node) bool {
		return n == node && n.Kind == yaml.AliasNode || n.Alias == node || slices.ContainsFunc(n.Content, refers)
	}
	return node != nil && refers(e.root)
}

// configOf returns the value of the file's own `config:`.
func configOf(root *yaml.Node) *yaml.Node {
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "config" {
			return root.Content[i+1]
		}
	}
	return &yaml.Node{Kind: yaml.MappingNode}
}

// accountsOf returns the value of the accounts' key in `config:`, or nil.
func accountsOf(config *yaml.Node) *yaml.Node {
	for i := 0; i+1 < len(config.Content); i += 2 {
		if isAccounts(config.Content[i]) {
			return config.Content[i+1]
		}
	}
	return nil
}

func isAccounts(key *yaml.Node) bool {
	name, ours := configName(key.Value)
	return ours && name == "accounts"
}

// lastLine returns the last line on which anything in a node starts.
func lastLine(node *yaml.Node) int {
	line := node.Line
	for _, n := range node.Content {
		line = max(line, lastLine(n))
	}
	return line
}

// nextLine returns the first line behind the given one on which anything
// starts, and one behind the last if nothing does.
func (e *edit) nextLine(line int) int {
	next := len(e.lineEnds()) + 1
	var look func(n *yaml.Node)
	look = func(n *yaml.Node) {
		if n.Line > line {
			next = min(next, n.Line)
		}
		for _, c := range n.Content {
			look(c)
		}
	}
	look(e.root)
	return next
}

// lineEnds returns where each line ends, before its line break.
func (e *edit) lineEnds() []int {
	var ends []int
	at := 0
	for line := range bytes.Lines(e.content) {
		ends = append(ends, at+len(bytes.TrimRight(line, "\r\n")))
		at += len(line)
	}
	return ends
}

// indent returns how many spaces a line starts with.
func (e *edit) indent(line int) int {
	ends := e.lineEnds()
	if line > len(ends) {
		return 0
	}
	text := e.content[:ends[line-1]]
	text = text[bytes.LastIndexByte(text, '\n')+1:]
	return len(text) - len(bytes.TrimLeft(text, " "))
}

// newline returns the line break that the text uses.
func (e *edit) newline() string {
	if bytes.Contains(e.content, []byte("\r\n")) {
		return "\r\n"
	}
	return "\n"
}
