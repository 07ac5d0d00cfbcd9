package organization

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ConformancePack is a conformance pack of AWS Config: rules by which AWS Config judges the resources of every account.
// https://docs.aws.amazon.com/config/latest/developerguide/conformance-packs.html
type ConformancePack struct {
	// Template is the text of the pack's template, as YAML or JSON.
	Template string
	// File is the path of the file that Load reads Template from, from the folder of the declaration; empty for a declaration that a program
	// makes itself. Parse reads no other file, so it leaves Template empty.
	File string
	// Parameters are the values of the template's parameters, by name.
	Parameters map[string]string
	// Exclude are the accounts that don't get the pack: names of declared accounts, master, or ids of accounts that aren't declared.
	Exclude []string
}

// readConformancePack reads one pack, and its template if files are read.
func readConformancePack(p *object, _ string) ConformancePack {
	var pack ConformancePack
	p.text("template", &pack.File)
	p.texts("parameters", &pack.Parameters)
	p.list("exclude", &pack.Exclude)
	if p.d.read == nil || pack.File == "" {
		return pack
	}
	switch content, err := p.d.read(pack.File); {
	case err != nil:
		p.d.lose(p.join("template"), "write the path of a conformance pack's template, from the folder of "+File, "it can't be read: %v", err)
	case len(content) == 0:
		p.d.lose(p.join("template"), "write a conformance pack's template into it", "%s is empty", pack.File)
	default:
		pack.Template = string(content)
	}
	return pack
}

// ConformanceName begins the names of the resources that declare conformance packs.
const ConformanceName = "conformance"

// ConformanceAccount returns the member that deploys conformance packs to all accounts; empty if the organization has none.
func (o *Organization) ConformanceAccount() string {
	if !o.conforms() {
		return ""
	}
	return o.Security.Account
}

// PackNames returns the names of the conformance packs in the declaration, sorted. In AWS a name begins with the namespace.
func (o *Organization) PackNames() []string {
	return slices.Sorted(maps.Keys(o.Security.ConformancePacks))
}

// PackName returns the name that a conformance pack has in AWS.
func (o *Organization) PackName(name string) string { return o.Namespace + "-" + name }

// conforms reports whether a member deploys conformance packs, which may be none at the moment.
func (o *Organization) conforms() bool { return o.Security.ConformancePacks != nil }

// packName is how AWS has names of conformance packs.
// https://docs.aws.amazon.com/config/latest/APIReference/API_PutOrganizationConformancePack.html
var packName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

const maxPackName = 128

// checkConformance checks the conformance packs.
func (o *Organization) checkConformance(ps *Problems) {
	const key = prefix + "security.conformancePacks"
	if !o.conforms() {
		return
	}
	if o.Security.Account == "" {
		ps.Add(prefix+"security.account", "write the member that is to deploy conformance packs, such as security", "is missing")
	}
	if !o.Recorded() {
		ps.Add(key, "write config: daily or config: continuous beside them", "AWS deploys a conformance pack only where AWS Config records")
	}
	if other := o.Settings.DelegatedAdministrators[ConfigSetupService]; other != "" && other != o.Security.Account {
		ps.Add(prefix+"organization.delegatedAdministrators", "leave the service out, or write "+o.Security.Account,
			"%q administers %s, and coldstart:security.account deploys conformance packs", other, ConfigSetupService)
	}
	if n := len(o.Security.ConformancePacks); n > published.ConformancePacks.Most {
		ps.Add(key, "merge some of them", "%d are too many: AWS has %d in an organization", n, published.ConformancePacks.Most)
	}
	rules := map[string]int{}
	for _, name := range o.PackNames() {
		rules[name] = o.checkPack(ps, key+"."+name, name)
	}
	o.checkRules(ps, key, rules)
}

// checkRules checks that no account gets more rules by all packs together than AWS has.
func (o *Organization) checkRules(ps *Problems, key string, rules map[string]int) {
	for _, account := range append([]string{Master}, o.AccountNames()...) {
		n := 0
		for name, of := range rules {
			if !slices.Contains(o.Security.ConformancePacks[name].Exclude, account) {
				n += of
			}
		}
		if n > published.RulesOfPacks.Most {
			ps.Add(key, "leave some rules out, or write accounts under exclude",
				"account %s gets %d rules, and AWS has %d in an account by all conformance packs of the organization", account, n, published.RulesOfPacks.Most)
			return
		}
	}
}

// checkPack checks one pack, and returns how many rules it has.
func (o *Organization) checkPack(ps *Problems, key, name string) int {
	pack := o.Security.ConformancePacks[name]
	switch {
	case !packName.MatchString(name):
		ps.Add(key, "write letters, digits and hyphens, and a letter first", "%q can't be the name of a conformance pack", name)
	case len(o.PackName(name)) > maxPackName:
		ps.Add(key, "shorten it", "%q is too long: with the namespace it passes AWS's %d characters", name, maxPackName)
	}
	for i, account := range pack.Exclude {
		_, declared := o.Accounts[account]
		switch {
		case slices.Contains(pack.Exclude[:i], account):
			ps.Add(key+".exclude", "keep one of them", "%q stands there twice", account)
		case !declared && account != Master && !accountID.MatchString(account):
			ps.Add(key+".exclude", "write names of accounts, master, or 12-digit ids of accounts that the file doesn't declare", "%q isn't an account", account)
		}
	}
	switch {
	case pack.Template != "":
		return checkTemplate(ps, key, pack)
	case pack.File == "":
		ps.Add(key+".template", "write the path of a file that has a conformance pack's template", "is missing")
	}
	return 0
}

// packTemplate is what a template has.
type packTemplate struct {
	// rules are how many rules of AWS Config it has, and types the types of all resources by their names.
	rules int
	types map[string]string
	// optional are the names of its parameters. True says that a parameter has a default.
	optional map[string]bool
}

// packTypes are the types of resources that a template may have.
// https://docs.aws.amazon.com/config/latest/developerguide/custom-conformance-pack.html
// https://docs.aws.amazon.com/config/latest/developerguide/conformancepack-sample-templates.html
var packTypes = []string{configRule, "AWS::Config::RemediationConfiguration"}

const configRule = "AWS::Config::ConfigRule"

// readTemplate reads the template of a conformance pack, which is a template of AWS CloudFormation.
func readTemplate(text string) (packTemplate, error) {
	t := packTemplate{types: map[string]string{}, optional: map[string]bool{}}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return t, fmt.Errorf("it isn't YAML: %w", err)
	}
	if len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return t, errors.New("it isn't an object")
	}
	sections := map[string]*yaml.Node{}
	for _, f := range fieldsOf(document.Content[0]) {
		sections[f.key.Value] = f.value
	}
	for _, name := range []string{"Parameters", "Resources"} {
		if s := sections[name]; s != nil && s.Kind != yaml.MappingNode {
			return t, fmt.Errorf("%s isn't an object", name)
		}
	}
	for _, parameter := range fieldsIn(sections["Parameters"]) {
		_, t.optional[parameter.key.Value] = valueIn(parameter.value, "Default")
	}
	for _, resource := range fieldsIn(sections["Resources"]) {
		typ, _ := valueIn(resource.value, "Type")
		t.types[resource.key.Value] = typ
		if typ == configRule {
			t.rules++
		}
	}
	return t, nil
}

// fieldsIn returns the fields of a mapping; none of anything else.
func fieldsIn(node *yaml.Node) []field {
	if node == nil || node.Kind != yaml.MappingNode {
		return nil
	}
	return fieldsOf(node)
}

// valueIn returns the text of a mapping's field, and whether there is one.
func valueIn(mapping *yaml.Node, name string) (string, bool) {
	for _, f := range fieldsIn(mapping) {
		if f.key.Value == name {
			return f.value.Value, true
		}
	}
	return "", false
}

// checkTemplate checks a pack's template and the values of its parameters, and returns how many rules it has.
func checkTemplate(ps *Problems, key string, pack ConformancePack) int {
	at := key + ".template"
	if n := len(pack.Template); n > published.PackTemplateSize.Most {
		ps.Add(at, "cut it into two packs", "the template has %d bytes, and AWS takes %d", n, published.PackTemplateSize.Most)
	}
	t, err := readTemplate(pack.Template)
	if err != nil {
		ps.Add(at, "write a template of AWS CloudFormation, as AWS's samples of conformance packs are", "the template can't be read: %v", err)
		return 0
	}
	for _, name := range slices.Sorted(maps.Keys(t.types)) {
		if !slices.Contains(packTypes, t.types[name]) {
			ps.Add(at, "keep resources of the types "+strings.Join(packTypes, " and ")+" only", "the template's resource %s has the type %q", name, t.types[name])
		}
	}
	switch {
	case t.rules == 0:
		ps.Add(at, "write at least one resource of the type "+configRule, "the template has no rule")
	case t.rules > published.RulesPerPack.Most:
		ps.Add(at, "cut it into two packs", "the template has %d rules, and AWS takes %d", t.rules, published.RulesPerPack.Most)
	}
	checkParameters(ps, key+".parameters", pack.Parameters, t.optional)
	return t.rules
}

// The sizes of what AWS calls input parameters.
// https://docs.aws.amazon.com/config/latest/APIReference/API_ConformancePackInputParameter.html
const (
	maxParameters     = 60
	maxParameterName  = 255
	maxParameterValue = 4096
)

// checkParameters checks that each parameter is the template's, and that each of the template's that has no default has a value.
func checkParameters(ps *Problems, key string, values map[string]string, optional map[string]bool) {
	if len(values) > maxParameters {
		ps.Add(key, "let some have their defaults", "%d are too many: AWS takes %d", len(values), maxParameters)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if _, known := optional[name]; !known {
			ps.Add(key+"."+name, "take it out, or write it under Parameters of the template", "the template has no such parameter")
		}
		if len(name) > maxParameterName || len(values[name]) > maxParameterValue {
			ps.Add(key+"."+name, "shorten it", "AWS takes names of up to %d characters and values of up to %d", maxParameterName, maxParameterValue)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(optional)) {
		if _, given := values[name]; !given && !optional[name] {
			ps.Add(key, "write "+name+", or give it a default in the template", "the template's parameter %s has no value", name)
		}
	}
}
