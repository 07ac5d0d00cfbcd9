package organization_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/common/encoding"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/config"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"pgregory.net/rapid"

	"github.com/coldstart-aws/coldstart/organization"
)

var project = &workspace.Project{Name: tokens.PackageName("coldstart")}

// pulumiReads returns what Pulumi's command line makes of a stack's configuration file.
func pulumiReads(content []byte) (*workspace.ProjectStack, error) {
	// The command line takes the byte order mark away before it decodes.
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	return workspace.LoadProjectStackBytes(nil, project, content, organization.File, encoding.YAML)
}

// handedOver returns the file that says what Pulumi hands to a program in the variable
// PULUMI_CONFIG, with each value as a quoted text.
func handedOver(t failer, stack *workspace.ProjectStack) []byte {
	t.Helper()
	all := map[string]any{}
	for key, value := range stack.Config {
		if key.Namespace() != "coldstart" {
			continue
		}
		if value.Secure() {
			t.Errorf("%s is a secret", key)
		}
		text, err := value.Value(config.NopDecrypter)
		if err != nil {
			t.Errorf("%s: %v", key, err)
		}
		var object any = text
		if value.Object() {
			decoder := json.NewDecoder(strings.NewReader(text))
			decoder.UseNumber()
			if err := decoder.Decode(&object); err != nil {
				t.Errorf("%s: %v", key, err)
			}
		}
		all[key.String()] = texts(object)
	}
	content, err := json.Marshal(map[string]any{"config": all})
	if err != nil {
		t.Errorf("%v", err)
	}
	return content
}

// texts replaces numbers and booleans by what they are written as.
func texts(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = texts(item)
		}
		return v
	case []any:
		for i, item := range v {
			v[i] = texts(item)
		}
		return v
	case nil:
		return nil
	default:
		return fmt.Sprint(v)
	}
}

// checkReadAlike checks that coldstart refuses a file, or reads what Pulumi reads, before
// and after Pulumi has written the file anew. It reports whether the file was read.
func checkReadAlike(t failer, content []byte) bool {
	t.Helper()
	org, err := organization.Parse("f", content)
	if err != nil {
		return false
	}
	stack, err := pulumiReads(content)
	if err != nil {
		t.Errorf("Pulumi refuses what coldstart reads: %v\n%s", err, content)
		return true
	}
	for _, key := range slices.Collect(maps.Keys(stack.Config)) {
		if _, err := stack.Config[key].Value(config.NopDecrypter); err != nil {
			t.Errorf("Pulumi can't hand over %s: %v\n%s", key, err, content)
		}
	}
	same := func(what string, other []byte) {
		got, err := organization.Parse("f", other)
		if err != nil {
			t.Errorf("%s is refused: %v\n%s\nof\n%s", what, err, other, content)
		} else if diff := cmp.Diff(org, got, equal...); diff != "" {
			t.Errorf("%s means something else (-coldstart +Pulumi)\n%s\n%s\nof\n%s", what, diff, other, content)
		}
	}
	same("what Pulumi hands over", handedOver(t, stack))
	stack.EncryptionSalt = "v1:x"
	rewritten, err := encoding.YAML.Marshal(stack)
	if err != nil {
		t.Errorf("Pulumi can't write the file anew: %v\n%s", err, content)
		return true
	}
	same("what Pulumi has written anew", rewritten)
	return true
}

// plainScalars are texts that YAML's schemas read as something else, or seem to.
var plainScalars = []string{
	"0123", "0", "00", "-0", "+1", "7", "-7", "08", "0x1F", "0X1F", "0o17", "0b11", "1_000", "1.10", "1.1", "1.0", ".5", "1.", "1e3", "1E3", "1e+3",
	"1.5e300", "1e21", "1000000.5", "0.00001", "123456789012", "012345678901", "9223372036854775808", "18446744073709551616", ".inf", "-.Inf", ".nan", ".NaN",
	"yes", "no", "on", "off", "y", "N", "true", "True", "TRUE", "false", "False", "~", "null", "Null", "NULL", "nil", "",
	"2024-01-01", "2024-1-1", "2024-01-01T00:00:00Z", "2024-01-01 10:00:00", "12:30", "190:20:30", "+15550100", "+1 555 0100",
	"a", "a b", "a:b", "a#b", "acme.example", "12h", "10.0.0.0/8", "1.2.3.4", "<<", "=", "-", "a: ", "!!str 0123", "!!str ~", "!!int 12", "!!float 1",
	"!!binary aGVsbG8=", "!x y", "!!bool true", "!!null ''", "!!timestamp 2024-01-01", "é", "日本", "*missing", "&a b", "%", "@", "`",
	"[]", "{}", "{secure: x}", "{secure: 1}", "{secure: {a: b}}", "[a]", "{a: b}", "*s", "*n", "*d", "*m", "*l",
}

// scalar generates a value in all of YAML's ways to write one. Nested says that it is
// written among others, where no block can be.
func scalar() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(1, 10).Draw(t, "kind") {
		case 1:
			return rapid.SampledFrom(plainScalars).Draw(t, "text")
		case 2:
			return rapid.StringMatching(`[0-9a-fox_.:+-]{1,8}`).Draw(t, "text")
		case 3, 4, 5:
			return rapid.SampledFrom([]string{"a", "x y", "*s", "*n", "12", "true", "1.5", "yes", "!!str 012"}).Draw(t, "text")
		}
		s := rapid.OneOf(rapid.SampledFrom(plainScalars), rapid.StringOf(rapid.SampledFrom([]rune("a 0:#'\"\\\n\t-é{}&*|>%@`~\u2028\u00a0😀")))).Draw(t, "text")
		switch rapid.SampledFrom([]string{"single", "double"}).Draw(t, "style") {
		case "single":
			return "'" + strings.ReplaceAll(s, "'", "''") + "'"
		case "double":
			text, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			return string(text)
		}
		return s
	})
}

// block generates a value that goes on for lines, further in than the given indentation.
func block(indent string) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		head := rapid.SampledFrom([]string{"|", "|-", "|+", ">", ">-", ">+"}).Draw(t, "head")
		lines := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "0123", " in", "", "# none", "b: c", "- d", "\ttab", "'", "end "}), 1, 4).Draw(t, "lines")
		text := head
		for i, line := range lines {
			if i == 0 && line != "a" && line != "0123" {
				line = "x" + line
			}
			text += "\n"
			if line != "" {
				text += indent + line
			}
		}
		return text
	})
}

// anyFile generates files, a part of which is valid.
func anyFile() *rapid.Generator[string] {
	value := scalar()
	key := func(t *rapid.T, name string) string {
		ns := rapid.SampledFrom([]string{"coldstart:", "coldstart:", "coldstart:", "", "", "coldstart:config:"}).Draw(t, "namespace")
		if q := rapid.SampledFrom([]string{"", "", "", "'", `"`}).Draw(t, "quote"); q != "" {
			return q + ns + name + q
		}
		return ns + name
	}
	tags := func(t *rapid.T) string {
		items := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			name := rapid.SampledFrom([]string{"A", "Bb", "Team", "no", "On", "12", "<<: *m", "<<: [*m2, *m]", "<<: {X: y}", "<<", "017", "'017'", "~", "1.0", "secure"}).Draw(t, "name")
			if strings.Contains(name, ": ") {
				return name
			}
			return name + ": " + value.Draw(t, "value")
		}), 0, 3).Draw(t, "tags")
		return "{" + strings.Join(items, ", ") + "}"
	}
	mostly := func(t *rapid.T, name string, usual []string, odd ...string) string {
		if rapid.IntRange(1, 100).Draw(t, "chance") <= 85 {
			odd = usual
		}
		return rapid.SampledFrom(odd).Draw(t, name)
	}
	return rapid.Custom(func(t *rapid.T) string {
		some := func(chance int) bool { return rapid.IntRange(1, 100).Draw(t, "chance") <= chance }
		b := strings.Builder{}
		line := func(format string, args ...any) {
			fmt.Fprintf(&b, format, args...)
			b.WriteString(rapid.SampledFrom([]string{"", "", "", " # comment", " # '"}).Draw(t, "comment") + "\n")
			b.WriteString(rapid.SampledFrom([]string{"", "", "", "", "  # own line\n", "\n", "# far out\n"}).Draw(t, "between"))
		}
		b.WriteString(rapid.SampledFrom([]string{"", "", "", "\ufeff", "---\n", "# top\n", "%YAML 1.1\n---\n", "environment: [a, b]\n", "x-common: &top {Top: x}\n"}).Draw(t, "top"))
		b.WriteString("config:\n")
		line("  other:anchors: {s: &s text, n: &n 12, d: &d 2024-01-01, m: &m {Ma: x, Mb: &deep b}, m2: &m2 {<<: *m, Ma: y}, l: &l [a, b]}")
		for _, r := range required {
			line("  %s: %s", key(t, strings.TrimPrefix(r.key, "coldstart:")), r.value)
		}
		if some(60) {
			line("  %s: %s", key(t, "tags"), tags(t))
		}
		if some(60) {
			line("  %s: {app: &app {tags: %s, protect: %s}, %s: {<<: *app}, last: {tags: {<<: *m}, <<: *app}}", key(t, "accounts"), tags(t),
				mostly(t, "protect", []string{"true", "false", "True", "'true'", "~"}, "yes", "1"),
				mostly(t, "account", []string{"dev", "12", "no", "'012'", "*s"}, "0123", "1e3", "2024-01-01"))
		}
		if some(40) {
			line("  %s: {passwords: {minimumLength: %s, reuse: %s}}", key(t, "baseline"),
				mostly(t, "length", []string{"16", "'16'", "*n"}, "020", "0x14", "0o24", "1_6", "16.0", "1.6e1", "+16"), mostly(t, "reuse", []string{"5", `"5"`, "~", "0"}, "05"))
		}
		if some(60) {
			line("  %s:\n    roles:\n      deployer:\n        statements:\n          - Effect: Allow\n            Action: ['s3:*']\n            Resource: %s\n            Condition:\n              StringEquals:\n                x: %s\n                y: [%s, %s]\n                z: %s",
				key(t, "access"), rapid.SampledFrom([]string{"'*'", `"*"`, "['*']"}).Draw(t, "resource"), value.Draw(t, "x"), value.Draw(t, "y1"), value.Draw(t, "y2"),
				rapid.OneOf(value, block("                    ")).Draw(t, "z"))
		}
		if some(20) {
			line("  %s: %s", mostly(t, "other", []string{"aws:region", "other:key", "users", "<<"}, "a:b:c", "coldstart:x", "12", "~"),
				rapid.SampledFrom([]string{"{users: {ada: {}}}", "{users: {eve: }}", "{ada: {}}", "[{a: 1, a: 2}]", ".inf", "12", "~", "{~: x, 0x1: 017}"}).Draw(t, "value"))
		}
		b.WriteString(mostly(t, "end", []string{"", "", "# end\n", "...\n", "secretsprovider: passphrase\n", "encryptionsalt: 12\n", "<<: {config: {}}\n", "x: y\n"}, "---\nconfig: {}\n", "users: {}\n", "\tx\n"))
		text := b.String()
		if some(10) {
			text = strings.ReplaceAll(text, "\n", "\r\n")
		}
		return text
	})
}

// TestPulumiReadsTheSame compares what coldstart and Pulumi read from files in all of YAML's
// ways to write them.
func TestPulumiReadsTheSame(t *testing.T) {
	t.Parallel()
	read, all := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		all++
		if checkReadAlike(t, []byte(anyFile().Draw(t, "file"))) {
			read++
		}
	})
	if read < all/20 {
		t.Errorf("only %d of %d files were read", read, all)
	}
}

// TestPulumiReadsScalars compares every kind of scalar at every kind of place.
func TestPulumiReadsScalars(t *testing.T) {
	t.Parallel()
	const anchors = "other:a: {s: &s text, n: &n 12, d: &d 2024-01-01, m: &m {Ma: x}, l: &l [a, b]}\n"
	for _, place := range []string{
		"coldstart:namespace: %s", "domain: %s", "coldstart:region: %s", "coldstart:email: %s", "coldstart:audit: %s", "coldstart:tags: {A: %s}",
		"coldstart:tags: {%s: A}", "coldstart:tags: {%s: A, B: c}", "coldstart:tags: %s", "coldstart:accounts: {%s: {}}", "coldstart:accounts: {x: %s}", "coldstart:accounts: {x: {id: %s}}",
		"coldstart:accounts: {x: {protect: %s}}", "coldstart:accounts: {x: {network: %s}}", "coldstart:units: {%s: }", "coldstart:units: {x: {name: %s}}",
		"coldstart:access: {mfaMaxAge: %s}", "coldstart:audit: {trail: none, retentionDays: %s}", "coldstart:organization: {accessRole: %s}",
		"coldstart:access: {roles: {x: {statements: [{Effect: Allow, Action: '*', Resource: [%s], Condition: {StringLike: {a: %[1]s}}}]}}}",
		"coldstart:access: {roles: {x: {statements: [{Effect: Allow, Action: '*', Resource: a, Condition: {StringLike: {%s: [%[1]s, b]}}}]}}}",
		"coldstart:baseline: {contacts: {security: {name: a, title: b, email: c@d.example, phone: %s}}}", "coldstart:guardrails: {defaults: %s}",
		"coldstart:organization: {trustedServices: [%s]}", "other:x: %s", "other:x: {%s: a}", "%s: a", "coldstart:network: {accountPrefix: %s}", "coldstart:image: %s",
	} {
		for _, s := range plainScalars {
			for _, text := range []string{s, "'" + s + "'", `"` + s + `"`, "&x " + s} {
				checkReadAlike(t, file(anchors+fmt.Sprintf(place, text)))
			}
		}
	}
}

// FuzzPulumiReadsTheSame compares the two for any file.
func FuzzPulumiReadsTheSame(f *testing.F) {
	for _, name := range []string{filepath.Join("..", organization.File), filepath.Join("testdata", "everything.yaml")} {
		content, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	for i := range 50 {
		f.Add([]byte(anyFile().Example(i)))
	}
	f.Fuzz(func(t *testing.T, content []byte) { checkReadAlike(t, content) })
}

// TestPulumiReadsTheShippedFile keeps the files that people start from alike.
func TestPulumiReadsTheShippedFile(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(filepath.Join("..", organization.File))
	if err != nil {
		t.Fatal(err)
	}
	if !checkReadAlike(t, content) {
		t.Error("it was refused")
	}
}
