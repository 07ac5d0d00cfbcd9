package contract

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/coldstart-aws/coldstart/rehearsal/proxy"
)

// Values are decoded into map[string]any by the names of members or keys, []any, string, json.Number and bool. Numbers and
// truths of protocols that have only texts are strings.

// errUnread is the error of a body that isn't what the protocol has.
var errUnread = errors.New("the body can't be read")

// decode returns the members of a request.
func (m *model) decode(c *proxy.Call, o operation) (map[string]any, error) {
	input := m.Shapes[o.Input.Shape]
	if input == nil {
		return map[string]any{}, nil
	}
	switch c.Protocol { // A service may speak several, as CloudWatch does.
	case proxy.Query:
		return m.structure(form{c.Form, false}, input, ""), nil
	case proxy.QueryEC2:
		return m.structure(form{c.Form, true}, input, ""), nil
	case proxy.JSON:
		return object(c.Body)
	case proxy.RESTXML, proxy.RESTXMLBare, proxy.RESTJSON, proxy.Unknown:
	}
	members, err := m.body(c, input)
	if err != nil {
		return nil, err
	}
	for name, in := range input.Members {
		if value, there := m.located(c, o, name, in); there {
			members[name] = value
		}
	}
	return members, nil
}

// object reads a JSON object. An empty body is one without members.
func object(body []byte) (map[string]any, error) {
	members := map[string]any{}
	if len(bytes.TrimSpace(body)) == 0 {
		return members, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&members) != nil {
		return nil, errUnread
	}
	if members == nil {
		members = map[string]any{}
	}
	return members, nil
}

// body reads the members in the body of a request of a REST protocol.
func (m *model) body(c *proxy.Call, input *shape) (map[string]any, error) {
	if payload := input.Members[input.Payload]; input.Payload != "" {
		of := m.Shapes[payload.Shape]
		switch {
		case len(bytes.TrimSpace(c.Body)) == 0:
			return map[string]any{}, nil
		case of.Type != "structure":
			return map[string]any{input.Payload: string(c.Body)}, nil
		case m.Protocol == "rest-json":
			value, err := object(c.Body)
			return map[string]any{input.Payload: renamed(value, of)}, err
		}
		root, err := parse(c.Body)
		if err != nil {
			return nil, err
		}
		return map[string]any{input.Payload: m.element(root, of)}, nil
	}
	if m.Protocol == "rest-json" {
		value, err := object(c.Body)
		return renamed(value, input), err
	}
	if len(bytes.TrimSpace(c.Body)) == 0 {
		return map[string]any{}, nil
	}
	root, err := parse(c.Body)
	if err != nil {
		return nil, err
	}
	return m.element(root, input).(map[string]any), nil
}

// renamed gives the members of a JSON object the names that the model has for them.
func renamed(value map[string]any, of *shape) map[string]any {
	for name, in := range of.Members {
		if in.LocationName != "" && in.Location == "" && in.LocationName != name {
			if v, there := value[in.LocationName]; there {
				value[name] = v
			}
		}
	}
	return value
}

// located returns a member that is in a request's path, query or headers.
func (m *model) located(c *proxy.Call, o operation, name string, in member) (value any, there bool) {
	at := cmp.Or(in.LocationName, name)
	switch in.Location {
	case "uri":
		return inPath(o.HTTP.RequestURI, c.URL, at)
	case "querystring":
		values, there := c.URL.Query()[at]
		if m.Shapes[in.Shape].Type == "list" {
			all := make([]any, len(values))
			for i, v := range values {
				all[i] = v
			}
			return all, there
		}
		return strings.Join(values, ","), there
	case "header":
		values := c.Header.Values(at)
		return strings.Join(values, ","), len(values) > 0
	}
	return nil, false
}

// inPath returns the part of a path that a template has a label for. A greedy label, {Key+}, takes the rest.
func inPath(template string, u *url.URL, label string) (any, bool) {
	template, _, _ = strings.Cut(template, "?")
	parts := strings.Split(strings.Trim(u.EscapedPath(), "/"), "/")
	labels := strings.Split(strings.Trim(template, "/"), "/")
	for i, l := range labels {
		greedy := l == "{"+label+"+}"
		if !greedy && l != "{"+label+"}" || i >= len(parts) {
			continue
		}
		last := i + 1
		if greedy {
			last = max(last, len(parts)-(len(labels)-last))
		}
		text, err := url.PathUnescape(strings.Join(parts[i:last], "/"))
		return text, err == nil && text != ""
	}
	return nil, false
}

// form are the parameters of a query protocol. EC2's differs from the others.
// https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
// https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
type form struct {
	values url.Values
	ec2    bool
}

// has reports whether there are parameters of that name or below it.
func (f form) has(name string) bool {
	if f.values.Has(name) {
		return true
	}
	for parameter := range f.values {
		if strings.HasPrefix(parameter, name+".") {
			return true
		}
	}
	return false
}

// nameOf returns the name of a member's parameter.
func (f form) nameOf(name string, in member) string {
	if !f.ec2 {
		return cmp.Or(in.LocationName, name)
	}
	if in.QueryName != "" {
		return in.QueryName
	}
	name = cmp.Or(in.LocationName, name)
	return strings.ToUpper(name[:1]) + name[1:]
}

// structure reads the parameters whose names begin with a prefix as a structure.
func (m *model) structure(f form, s *shape, prefix string) map[string]any {
	members := map[string]any{}
	for name, in := range s.Members {
		if at := prefix + f.nameOf(name, in); f.has(at) {
			members[name] = m.parameter(f, in, at)
		}
	}
	return members
}

// parameter reads a parameter, or those below it.
func (m *model) parameter(f form, in member, at string) any {
	s := m.Shapes[in.Shape]
	switch s.Type {
	case "structure":
		return m.structure(f, s, at+".")
	case "list":
		if !f.ec2 && !s.Flattened && !in.Flattened {
			at += "." + cmp.Or(s.Member.LocationName, "member")
		}
		all := []any{}
		for i := 1; f.has(at + "." + strconv.Itoa(i)); i++ {
			all = append(all, m.parameter(f, *s.Member, at+"."+strconv.Itoa(i)))
		}
		return all
	case "map":
		if !s.Flattened && !in.Flattened {
			at += ".entry"
		}
		all := map[string]any{}
		for i := 1; f.has(at + "." + strconv.Itoa(i)); i++ {
			entry := at + "." + strconv.Itoa(i) + "."
			all[f.values.Get(entry+cmp.Or(s.Key.LocationName, "key"))] = m.parameter(f, *s.Value, entry+cmp.Or(s.Value.LocationName, "value"))
		}
		return all
	}
	return f.values.Get(at)
}

// node is an XML element.
type node struct {
	name     string
	text     string
	children []*node
}

// parse reads an XML document.
func parse(body []byte) (*node, error) {
	decoder := xml.NewDecoder(bytes.NewReader(body))
	top := &node{}
	open := []*node{top}
	for {
		token, err := decoder.Token()
		if token == nil {
			if len(top.children) == 1 && len(open) == 1 && err.Error() == "EOF" {
				return top.children[0], nil
			}
			return nil, errUnread
		}
		last := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			child := &node{name: token.Name.Local}
			last.children, open = append(last.children, child), append(open, child)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			last.text += string(token)
		}
	}
}

func (n *node) named(name string) []*node {
	return slices.DeleteFunc(slices.Clone(n.children), func(c *node) bool { return c.name != name })
}

// element reads an element as a value of a shape.
// https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html
func (m *model) element(n *node, s *shape) any {
	switch s.Type {
	case "structure":
		members := map[string]any{}
		for name, in := range s.Members {
			of, found := m.Shapes[in.Shape], n.named(cmp.Or(in.LocationName, name))
			switch {
			case of.Type == "list" && (of.Flattened || in.Flattened):
				if found = n.named(cmp.Or(in.LocationName, of.Member.LocationName, name)); len(found) > 0 {
					members[name] = m.elements(found, of)
				}
			case len(found) > 0:
				members[name] = m.element(found[0], of)
			}
		}
		return members
	case "list":
		return m.elements(n.named(cmp.Or(s.Member.LocationName, "member")), s)
	case "map":
		return map[string]any{} // No model has one in a request that coldstart makes.
	}
	return n.text
}

func (m *model) elements(all []*node, s *shape) []any {
	values := []any{}
	for _, n := range all {
		values = append(values, m.element(n, m.Shapes[s.Member.Shape]))
	}
	return values
}
