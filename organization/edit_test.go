package organization_test

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/coldstart-aws/coldstart/internal/fields"
	"github.com/coldstart-aws/coldstart/organization"
)

// added is what the tests add.
var added = organization.Account{
	Unit: "u", Network: netip.MustParsePrefix("10.9.0.0/16"), Protect: true,
	Tags: map[string]string{"Team": "on", "Cost": "1e3"},
}

const addedText = `new: {unit: u, network: 10.9.0.0/16, protect: true, tags: {Cost: "1e3", Team: "on"}}`

func TestAddAccount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, want string }{
		"block": {
			"  coldstart:accounts:\n    # The first.\n    a: {}\n\n    b:\n      email: b@acme.example # its own\n  # Next.\n  coldstart:tags: {}\n",
			"  coldstart:accounts:\n    # The first.\n    a: {}\n\n    b:\n      email: b@acme.example # its own\n    NEW\n  # Next.\n  coldstart:tags: {}\n",
		},
		"comments of the last account": {
			"  coldstart:accounts:\n    a:\n      email: a@acme.example\n      # protect: true\n    # The end.\n",
			"  coldstart:accounts:\n    a:\n      email: a@acme.example\n      # protect: true\n    NEW\n    # The end.\n",
		},
		"no final newline":   {"  coldstart:accounts:\n   a:", "  coldstart:accounts:\n   a:\n   NEW"},
		"comment at the end": {"  coldstart:accounts:\n    a: {} # }", "  coldstart:accounts:\n    a: {} # }\n    NEW"},
		"value that goes on": {
			"  coldstart:accounts:\n    a: {\n      protect: true # }\n    }\n    b:\n      tags:\n        A: >-\n          b\n          c\n\n\n  # Next.\n",
			"  coldstart:accounts:\n    a: {\n      protect: true # }\n    }\n    b:\n      tags:\n        A: >-\n          b\n          c\n    NEW\n\n\n  # Next.\n",
		},
		"flow":                 {"  coldstart:accounts: {a: {}, b: {protect: true}} # }\n", "  coldstart:accounts: {a: {}, b: {protect: true}, NEW} # }\n"},
		"flow with spaces":     {"  coldstart:accounts: { a: {} }\n", "  coldstart:accounts: { a: {}, SPACED }\n"},
		"flow with a comma":    {"  coldstart:accounts: {a: {},}\n", "  coldstart:accounts: {a: {}, NEW}\n"},
		"flow after flow":      {"  coldstart:accounts: {a: {email: '}@aa.b'}, b: {email: \"}@bb.b\"}}\n", "  coldstart:accounts: {a: {email: '}@aa.b'}, b: {email: \"}@bb.b\"}, NEW}\n"},
		"lines of flow":        {"  coldstart:accounts: {\n    a: {},\n    b: {}\n  }\n", "  coldstart:accounts: {\n    a: {},\n    b: {},\n    NEW\n  }\n"},
		"lines with commas":    {"  coldstart:accounts: {\n    a: {},\n    b: {},\n  }\n", "  coldstart:accounts: {\n    a: {},\n    b: {},\n    NEW,\n  }\n"},
		"lines with comments":  {"  coldstart:accounts: {\n    a: {}, # A.\n    b: {} # B}\n  }\n", "  coldstart:accounts: {\n    a: {}, # A.\n    b: {}, # B}\n    NEW\n  }\n"},
		"lines, comma comment": {"  coldstart:accounts: {\n    b: {}, # B}\n  }\n", "  coldstart:accounts: {\n    b: {}, # B}\n    NEW,\n  }\n"},
		"empty":                {"  coldstart:accounts: {} # {}\n", "  coldstart:accounts: {NEW} # {}\n"},
		"empty lines":          {"  coldstart:accounts: { # {}\n    # }\n  }\n", "  coldstart:accounts: { # {}\n    # }\n  SPACED}\n"},
		"nothing":              {"  coldstart:accounts: # none yet\n    # a: {}\n  coldstart:tags: {}\n", "  coldstart:accounts: # none yet\n    NEW\n    # a: {}\n  coldstart:tags: {}\n"},
		"no accounts":          {"  coldstart:tags:\n    A: b\n    # C: d\n\n# The end.\n", "  coldstart:tags:\n    A: b\n    # C: d\n  coldstart:accounts:\n    NEW\n\n# The end.\n"},
		"quoted":               {"  \"coldstart:accounts\":\n    'a': {}\n    \"b\": ~\n", "  \"coldstart:accounts\":\n    'a': {}\n    \"b\": ~\n    NEW\n"},
		"anchors":              {"  coldstart:accounts:\n    a: &a\n      protect: true\n    ? b\n    : *a\n", "  coldstart:accounts:\n    a: &a\n      protect: true\n    ? b\n    : *a\n    NEW\n"},
		"other accounts":       {"  other:accounts: {a: {}}\n  coldstart:accounts: {}\n  x:y: {}\n", "  other:accounts: {a: {}}\n  coldstart:accounts: {NEW}\n  x:y: {}\n"},
		"end of the document":  {"  coldstart:accounts:\n    a: {}\n...\n# b: {}\n", "  coldstart:accounts:\n    a: {}\n    NEW\n...\n# b: {}\n"},
		"bare key":             {"  accounts:\n    a: {}\n", "  accounts:\n    a: {}\n    NEW\n"},
		"merged":               {"  x:y: &x {protect: true}\n  coldstart:accounts:\n    a: {<<: *x}\n", "  x:y: &x {protect: true}\n  coldstart:accounts:\n    a: {<<: *x}\n    NEW\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spaced := strings.TrimSuffix(strings.Replace(addedText, ": {", ": { ", 1), "}") + " }"
			for _, newline := range []string{"\n", "\r\n"} {
				before := strings.ReplaceAll(head+c.before, "\n", newline)
				want := strings.ReplaceAll(head+strings.NewReplacer("NEW", addedText, "SPACED", spaced).Replace(c.want), "\n", newline)
				got, err := organization.AddAccount("f", []byte(before), "new", added)
				if err != nil {
					t.Fatal(err)
				}
				if diff := gocmp.Diff(want, string(got)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
		})
	}
}

// TestEveryKeyIsWrittenAndRead adds an account for each key that accounts have.
func TestEveryKeyIsWrittenAndRead(t *testing.T) {
	t.Parallel()
	for i, f := range fields.Of(&organization.Account{}) {
		account := organization.Account{}
		switch value := fields.Of(&account)[i].Value.(type) {
		case *string:
			*value = cmp.Or(map[string]string{"unit": "u", "email": "a@acme.example", "id": "012345678901"}[f.Key], "Some")
		case *bool:
			*value = true
		case *netip.Prefix:
			*value = netip.MustParsePrefix("10.9.0.0/16")
		case *[]string:
			*value = []string{"quarantine"}
		case *map[string]string:
			*value = map[string]string{"Team": "on"}
		default:
			t.Fatalf("%s is of type %T, which organization/decode.go doesn't read into accounts: add it to object.into", f.Key, value)
		}
		text, err := organization.AddAccount("f", []byte(head+"  coldstart:accounts: {}\n"), "new", account)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "{new: {"+f.Key+": ") {
			t.Errorf("%s isn't written:\n%s", f.Key, text)
		}
		if diff := gocmp.Diff(account, parse(t, text).Accounts["new"], equal...); diff != "" {
			t.Errorf("%s is read back otherwise (-want +got)\n%s", f.Key, diff)
		}
	}
}

func ExampleAddAccount() {
	before := []byte(`config:
  coldstart:namespace: acme
  coldstart:domain: acme.example
  coldstart:region: us-west-2
  coldstart:email: aws+%s@acme.example
  coldstart:audit: none
  coldstart:accounts:
    prod: {protect: true} # ours
  # The end.
`)
	after, err := organization.AddAccount("Pulumi.master.yaml", before, "dev", organization.Account{Tags: map[string]string{"Team": "core"}})
	if err != nil {
		fmt.Println(err) // One line a problem.
		return
	}
	fmt.Println(string(after))
	// Output:
	// config:
	//   coldstart:namespace: acme
	//   coldstart:domain: acme.example
	//   coldstart:region: us-west-2
	//   coldstart:email: aws+%s@acme.example
	//   coldstart:audit: none
	//   coldstart:accounts:
	//     prod: {protect: true} # ours
	//     dev: {tags: {Team: core}}
	//   # The end.
}

// head is a declaration without accounts.
const head = "config:\n  coldstart:namespace: acme\n  coldstart:domain: acme.example\n  coldstart:region: us-west-2\n" +
	"  coldstart:email: aws+%s@acme.example\n  coldstart:audit: none\n  coldstart:units: {u: {}}\n"

func TestAddAccountToFlow(t *testing.T) {
	t.Parallel()
	const (
		quoted = `{"config": {"coldstart:namespace": "acme", "coldstart:domain": "acme.example", "coldstart:region": "us-west-2", ` +
			`"coldstart:email": "%s@acme.example", "coldstart:audit": "none"`
		plain = `{config: {"coldstart:namespace": acme, coldstart:domain: acme.example, coldstart:region: us-west-2, ` +
			`coldstart:email: "%s@acme.example", coldstart:audit: none`
	)
	for before, want := range map[string]string{
		quoted + `, "coldstart:accounts": {"a": {}}}}`: quoted + `, "coldstart:accounts": {"a": {}, new: {}}}}`,
		plain + `}}`: plain + `, coldstart:accounts: {new: {}}}}`,
	} {
		got, err := organization.AddAccount("f", []byte(before), "new", organization.Account{})
		if err != nil || string(got) != want {
			t.Errorf("got %v\n%s\nnot\n%s", err, got, want)
		}
	}
}

func TestAddAccountToShippedFile(t *testing.T) {
	t.Parallel()
	before, err := os.ReadFile(filepath.Join("..", organization.File))
	if err != nil {
		t.Fatal(err)
	}
	got, err := organization.AddAccount("f", before, "lab", organization.Account{Unit: "sandbox"})
	if err != nil {
		t.Fatal(err)
	}
	identity := "    identity: { unit: security, network: 10.109.0.0/16 }\n"
	want := strings.Replace(string(before), identity, identity+"    lab: { unit: sandbox }\n", 1)
	if diff := gocmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAddAccountRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text    string
		account organization.Account
		want    []string
	}{
		"not YAML":      {"config: [", organization.Account{}, []string{"f: yaml: "}},
		"unknown key":   {head + "  coldstart:acounts: {}\n", organization.Account{}, []string{"f:8: coldstart:acounts: unknown key; did you mean accounts?"}},
		"all problems":  {"config:\n  coldstart:region: x\n", organization.Account{Unit: "sand"}, []string{"coldstart:namespace: is missing", "f:2: coldstart:region", `unknown unit "sand"`}},
		"overlap":       {head + "  coldstart:accounts: {a: {network: 10.9.0.0/16}}\n", added, []string{"coldstart:accounts.new.network", "10.9.0.0/16 is the network of account \"a\" too"}},
		"an alias":      {head + "  x:y: &y {a: {}}\n  coldstart:accounts: *y\n", added, []string{"write this under coldstart:accounts yourself:\n    " + addedText}},
		"an alias's":    {head + "  coldstart:accounts: &y {a: {}}\n  x:y: *y\n", added, []string{"can't be added to", addedText}},
		"null in words": {head + "  coldstart:accounts: ~\n", added, []string{"can't be added to", addedText}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := organization.AddAccount("f", []byte(c.text), "new", c.account)
			if got != nil || err == nil {
				t.Fatalf("got %s, %v", got, err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error doesn't say %q:\n%v", want, err)
				}
			}
		})
	}
	_, err := organization.AddAccount("f", []byte(head+"  coldstart:accounts:\n    new:\n"), "new", added)
	if !errors.Is(err, organization.ErrDeclared) || err.Error() != `f: account "new" is declared already, on line 9` {
		t.Errorf("got %v", err)
	}
}

// awkwardNames are accounts' names that YAML takes for something else.
var awkwardNames = []string{"no", "on", "y", "null", "true", "1e3", "0x1", "0o7", "0b1", "007", "1", "9lives", "0new", "2001-01-01", "inf", "nan", "e1"}

// TestAwkwardNames adds one account after another to an empty declaration.
func TestAwkwardNames(t *testing.T) {
	t.Parallel()
	for _, start := range []string{"", "  coldstart:accounts: {}\n", "  coldstart:accounts:\n"} {
		content := []byte(head + start)
		for i, name := range awkwardNames {
			var err error
			if content, err = organization.AddAccount("f", content, name, organization.Account{}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if org := parse(t, content); len(org.Accounts) != i+1 {
				t.Fatalf("%d accounts after adding %s to\n%s", len(org.Accounts), name, content)
			}
		}
		for _, quoted := range []string{`"no"`, `"on"`, `"null"`, `"1e3"`, `"0x1"`, `"2001-01-01"`} {
			if !bytes.Contains(content, []byte(quoted+": {")) {
				t.Errorf("no %s in\n%s", quoted, content)
			}
		}
	}
}

// writtenByHand generates declarations in all kinds of layout.
func writtenByHand() *rapid.Generator[string] {
	comment := rapid.SampledFrom([]string{"", "", " # x", " # }", " # {a: {}}", ` # "`, " # '"})
	own := func(indent string) *rapid.Generator[string] {
		return rapid.SampledFrom([]string{"", "", "\n", indent + "# between\n", "  # out\n", indent + "    # in\n", "# far out: {\n"})
	}
	return rapid.Custom(func(t *rapid.T) string {
		b := strings.Builder{}
		b.WriteString(rapid.SampledFrom([]string{"", "# {}\n", "---\n", "encryptionsalt: v1:x\n", "\ufeff"}).Draw(t, "top"))
		b.WriteString(head)
		if rapid.Bool().Draw(t, "more before") {
			b.WriteString("  aws:region: x # }\n  other:accounts:\n    a: {}\n")
		}
		names := rapid.SliceOfNDistinct(rapid.OneOf(rapid.SampledFrom(awkwardNames), rapid.StringMatching(`[a-z]{1,4}`)), 0, 4, rapid.ID).Draw(t, "names")
		flow, indent := rapid.Bool().Draw(t, "flow"), strings.Repeat(" ", rapid.IntRange(3, 8).Draw(t, "indent"))
		value := rapid.SampledFrom([]string{"{}", "{unit: u}", "{ unit: u, tags: {A: ':', B: \"a b\"} }", "&x {unit: u}", "!!map {}", "{\n" + indent + "  unit: 'u',\n" + indent + "  }"})
		if !flow {
			value = rapid.OneOf(value, rapid.SampledFrom([]string{
				"", "~", "\n" + indent + " unit: u", "\n" + indent + "  unit:\n" + indent + "    u",
				"\n" + indent + "  tags:\n" + indent + "    A: >-\n" + indent + "      text\n" + indent + "      - x",
				"\n" + indent + "  tags: {A: \"b\n" + indent + "    c\"}",
			}))
		}
		b.WriteString("  coldstart:accounts:")
		if flow {
			b.WriteString(" {")
		}
		b.WriteString(comment.Draw(t, "comment") + "\n")
		for i, name := range names {
			b.WriteString(own(indent).Draw(t, "line") + indent + fmt.Sprintf("%q: ", name) + value.Draw(t, "value"))
			if flow && (i < len(names)-1 || rapid.Bool().Draw(t, "comma")) {
				b.WriteString(",")
			}
			b.WriteString(comment.Draw(t, "comment") + "\n")
		}
		b.WriteString(own(indent).Draw(t, "line"))
		if flow {
			b.WriteString(rapid.SampledFrom([]string{"  }", "   }"}).Draw(t, "brace") + comment.Draw(t, "comment") + "\n")
		}
		b.WriteString(rapid.SampledFrom([]string{"", "\n\n", "  coldstart:tags: {A: b}\n", "  # end\n", "other: [{}]\n", "...\n"}).Draw(t, "end"))
		text := b.String()
		if rapid.Bool().Draw(t, "no final newline") {
			text = strings.TrimRight(text, "\n")
		}
		if rapid.Bool().Draw(t, "CRLF") {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		return text
	})
}

// TestAddAccountKeepsTheRest adds to whatever people may write.
func TestAddAccountKeepsTheRest(t *testing.T) {
	t.Parallel()
	done, tried := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		before := writtenByHand().Draw(t, "text")
		if _, err := organization.Parse("f", []byte(before)); err != nil {
			return // Such as an anchor that an alias doesn't follow.
		}
		tried++
		after, err := organization.AddAccount("f", []byte(before), "new", added)
		if err != nil {
			t.Fatalf("%v\n%s", err, before)
		}
		done++
		checkAdded(t, []byte(before), after, "new", added)
	})
	if done < 50 {
		t.Errorf("only %d of %d texts were valid", done, tried)
	}
}

type failer interface {
	Helper()
	Errorf(format string, args ...any)
}

var lineBreaks = regexp.MustCompile(`\r?\n`)

// checkAdded checks that a text declares what it did before and the account, and
// that it is the text from before with at most two insertions: the account, and
// a comma.
func checkAdded(t failer, before, after []byte, name string, account organization.Account) {
	t.Helper()
	want, err := organization.Parse("f", before)
	if err != nil {
		// The account may be what the declaration lacked.
		want = nil
	}
	got, err := organization.Parse("f", after)
	if err != nil {
		t.Errorf("%v\n%s", err, after)
		return
	}
	if want != nil {
		want.Accounts[name] = account
		if diff := gocmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("(-want +got)\n%s\n%s", diff, after)
		}
	}
	lines, newLines := lineBreaks.Split(string(before), -1), lineBreaks.Split(string(after), -1)
	if n := len(newLines) - len(lines); n < 0 || n > 2 {
		t.Errorf("%d lines more\n%s", n, after)
	}
	head := 0
	for head < len(before) && before[head] == after[head] {
		head++
	}
	tail := 0
	for tail < len(before)-head && before[len(before)-1-tail] == after[len(after)-1-tail] {
		tail++
	}
	// Between a comma and the account there may stand a comment.
	between := string(before[head : len(before)-tail])
	if between != "" && !strings.HasPrefix(strings.TrimLeft(between, " "), "#") {
		t.Errorf("%q was changed\n%s", between, after)
	}
}

// FuzzAddAccount checks that an account is added right or not at all.
func FuzzAddAccount(f *testing.F) {
	for _, s := range []string{
		head, head + "  coldstart:accounts: {a: {}, b: &b {}}\n", head + "  coldstart:accounts:\n    a: |\n", "config: {coldstart:accounts: }",
		head + "  ? coldstart:accounts\n  : a:\n      unit: u\n", head + "  coldstart:accounts: &a\n    b: {tags: {A: b}}\n  x: *a\n",
		head + "  coldstart:accounts: {\n    a: {} # x\n\n  # y\n  }", "\xff\xfec\x00", head + "  coldstart:accounts:\r    a: {}\r",
	} {
		f.Add([]byte(s), "new", "u", "A", "b")
	}
	f.Fuzz(func(t *testing.T, before []byte, name, unit, tag, value string) {
		account := organization.Account{Unit: unit, Tags: map[string]string{tag: value}}
		after, err := organization.AddAccount("f", before, name, account)
		if err == nil {
			checkAdded(t, before, after, name, account)
		}
	})
}
